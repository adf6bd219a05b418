import { Root, via, walker } from "@rootwalk/core";
import { z } from "zod";
import { profileOf, refuse, toProfile } from "../lookups.ts";
import { pageOf, paging } from "../paging.ts";
import { Follows, Profile, username } from "../types.ts";

// An edge between profiles of different roots: its maker owns it, and needs connect at the other end.

const following = z.object({ username, isFollowed: z.boolean() });

/** Following somebody who is followed already changes nothing. */
export const follow = walker("follow", { input: { username }, report: following })
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const them = await profileOf(w, w.username);
    if (them.id === me.id) refuse("nobody follows themselves");
    // One's own edges, and not those of a user whom thousands follow: this is what another unit must not change.
    const isFollowed = await me.out(Follows).filter({ username: w.username }).exists();
    if (!isFollowed) me.link(them, via(Follows));
    w.report({ username: w.username, isFollowed: true });
  });

export const unfollow = walker("unfollow", { input: { username }, report: following })
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    await me.disconnect(await profileOf(w, w.username), Follows);
    w.report({ username: w.username, isFollowed: false });
  });

const usernames = pageOf(username);

/** Who follows somebody, first ones first. */
export const listFollowers = walker("list_followers", {
  input: { username, ...paging },
  report: usernames,
}).entry(Root, async (w) => {
  const them = await profileOf(w, w.username);
  const page = await them.in(Follows).limit(w.limit).after(w.after).page();
  w.report({ items: page.items.map(({ username }) => username), next: page.next });
});

/** Whom somebody follows, first ones first. */
export const listFollowing = walker("list_following", {
  input: { username, ...paging },
  report: usernames,
}).entry(Root, async (w) => {
  const them = await profileOf(w, w.username);
  const page = await them.out(Follows).limit(w.limit).after(w.after).page();
  w.report({ items: page.items.map(({ username }) => username), next: page.next });
});
