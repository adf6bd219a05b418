import { NotFoundError, type Root, type Tx, ValidationError, type WalkControls } from "@rootwalk/core";
import { Channel, Profile } from "./types.ts";

/** What looking something up needs of a walk. */
export type Reader = Pick<Tx, "nodes">;

/** The first step of most walkers: from the user's root to the user's profile. */
export function toProfile(w: Pick<WalkControls<unknown, never>, "visit">, root: Root): void {
  w.visit(root.out(Profile).limit(1)).else(() => {
    throw new NotFoundError({ message: "this user has no profile yet", remedy: "Sign up first." });
  });
}

/** @throws {NotFoundError} the same for a user who is not there and for one whom this one may not see */
export async function profileOf(w: Reader, username: string): Promise<Profile> {
  const profile = await w.nodes(Profile, { username }).first();
  if (profile === undefined) throw new NotFoundError({ message: `there is no user ${username}` });
  return profile;
}

/** @throws {NotFoundError} also for a channel that this user is banned from */
export async function channelOf(w: Reader, name: string): Promise<Channel> {
  const channel = await w.nodes(Channel, { name }).first();
  if (channel === undefined) throw new NotFoundError({ message: `there is no channel ${name}` });
  return channel;
}

/** For input that is well formed and yet makes no sense. */
export function refuse(message: string): never {
  throw new ValidationError({ code: "RW_INPUT_INVALID", message });
}
