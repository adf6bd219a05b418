import type { Pair } from "@rootwalk/core";
import { z } from "zod";
import type { Commented, Profile, Said } from "./types.ts";

/** Input of walkers that report one page: how much of it, and what the page before gave as `next`. */
export const paging = {
  limit: z.int().min(1).max(100).default(20),
  after: z.string().optional(),
};

/** The report of such a walker. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    /** For the `after` of the next page; absent on the last one. */
    next: z.string().optional(),
  });
}

/** A comment or message as it is reported: an edge, signed by the profile that it comes from. */
export function signed({ edge: { id, text, at }, node: { username } }: Pair<Profile, Commented | Said>) {
  return { id, author: username, text, at };
}
