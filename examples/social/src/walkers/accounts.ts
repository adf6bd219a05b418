import { Root, walker } from "@rootwalk/core";
import { z } from "zod";
import { profileOf, refuse, toProfile } from "../lookups.ts";
import { pageOf, paging } from "../paging.ts";
import { bio, displayName, Follows, Posted, Profile, username } from "../types.ts";

// Who may see what a user has is said once, on the user's root: it holds for every profile, post and tag that the root
// owns, now and later.

/**
 * Gives a new root its profile. A private user is seen by nobody but those whom `set_access` lets in.
 *
 * @throws UniqueViolationError for a username that is taken, be it by a user who is not to be seen
 */
export const signUp = walker("sign_up", {
  input: {
    username,
    name: displayName.optional(),
    bio: bio.optional(),
    isPrivate: z.boolean().default(false),
  },
  report: z.object({ username }),
}).entry(Root, async (w, root) => {
  if (await root.out(Profile).exists()) refuse("this user has a profile already");
  root.connect(Profile, { username: w.username, name: w.name, bio: w.bio });
  if (!w.isPrivate) root.grant("connect");
  w.report({ username: w.username });
});

export const updateProfile = walker("update_profile", {
  input: { username: username.optional(), name: displayName.optional(), bio: bio.optional() },
  report: z.object({ username, name: displayName, bio }),
})
  .entry(Root, toProfile)
  .entry(Profile, (w, me) => {
    if (w.username !== undefined) me.username = w.username;
    if (w.name !== undefined) me.name = w.name;
    if (w.bio !== undefined) me.bio = w.bio;
    w.report({ username: me.username, name: me.name, bio: me.bio });
  });

/** One write, whatever there is to hide: posts need not be told. */
export const setPrivacy = walker("set_privacy", {
  input: { isPrivate: z.boolean() },
  report: z.object({ isPrivate: z.boolean() }),
}).entry(Root, (w, root) => {
  // What is connect for all may be seen, liked, commented on and followed, and changed by nobody.
  if (w.isPrivate) root.revoke();
  else root.grant("connect");
  w.report({ isPrivate: w.isPrivate });
});

/**
 * An exception for one user: `allow` lets a user see a private one's things, `block` hides everything from that user,
 * `default` takes either back. The user must be one whom this one sees.
 */
export const setAccess = walker("set_access", {
  input: { username, access: z.enum(["allow", "block", "default"]) },
  report: z.object({ username, access: z.enum(["allow", "block", "default"]) }),
})
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const other = await profileOf(w, w.username);
    const otherRoot = other.$ownerId;
    if (otherRoot === w.root.id) refuse("what is yours is yours: name another user");
    if (w.access === "allow") w.root.allowRoot(otherRoot, "connect");
    else if (w.access === "block") {
      w.root.allowRoot(otherRoot, "none");
      await other.disconnect(me, Follows);
    } else w.root.disallowRoot(otherRoot);
    w.report({ username: w.username, access: w.access });
  });

const profileCard = z.object({ username, name: displayName, bio });

/** A user as this one sees them: who and what is hidden is not counted. */
export const viewProfile = walker("view_profile", {
  input: { username },
  report: profileCard.extend({
    posts: z.int(),
    followers: z.int(),
    following: z.int(),
    isFollowed: z.boolean(),
  }),
})
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const them = await profileOf(w, w.username);
    w.report({
      username: them.username,
      name: them.name,
      bio: them.bio,
      posts: await them.out(Posted).count(),
      followers: await them.in(Follows).count(),
      following: await them.out(Follows).count(),
      isFollowed: await me.out(Follows).filter({ username: w.username }).exists(),
    });
  });

/** Everybody whom this user may see, by username. */
export const directory = walker("directory", {
  input: paging,
  report: pageOf(profileCard),
}).entry(Root, async (w) => {
  const cards = w.nodes(Profile).orderBy("username").select("username", "name", "bio");
  w.report(await cards.limit(w.limit).after(w.after).page());
});

const account = z.object({ root: z.string(), username, isPrivate: z.boolean() });

interface Roster {
  /** Where the page after this one begins; null before this one is read. */
  next: string | undefined | null;
  readonly privateRoots: Set<string>;
  readonly accounts: z.infer<typeof account>[];
}

/**
 * All accounts, oldest first, for whoever runs the network: spawned as the system root it walks over every root there
 * is. Spawned as a user it shows that user and the public ones.
 */
export const roster = walker("roster", {
  input: paging,
  state: (): Roster => ({ next: null, privateRoots: new Set(), accounts: [] }),
  report: pageOf(account),
})
  .entry(Root, async (w, root) => {
    const { state } = w;
    if (state.next === null) {
      const page = await w.nodes(Root).limit(w.limit).after(w.after).page();
      state.next = page.next;
      w.visit(page.items);
      return;
    }
    if (root.$access.all === "none") state.privateRoots.add(root.id);
    w.visit(root.out(Profile).limit(1));
  })
  .entry(Profile, ({ state }, { $ownerId, username }) => {
    state.accounts.push({ root: $ownerId, username, isPrivate: state.privateRoots.has($ownerId) });
  })
  .exit((w) => w.report({ items: w.state.accounts, next: w.state.next ?? undefined }));
