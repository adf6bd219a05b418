import { NotFoundError, Root, via, walker } from "@rootwalk/core";
import { z } from "zod";
import { profileOf, toProfile } from "../lookups.ts";
import { pageOf, paging } from "../paging.ts";
import { Likes, Post, Profile, username } from "../types.ts";

const aPost = { post: z.string() };

/** Likes a post, or takes the like back. */
export const toggleLike = walker("toggle_like", {
  input: aPost,
  report: z.object({ post: z.string(), isLiked: z.boolean() }),
})
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const post = await w.require(Post, w.post);
    // Of the post's own likes nothing is read, so that everybody may like it at the same time without a conflict.
    const isLiked = (await me.disconnect(post, Likes)) === 0;
    if (isLiked) me.link(post, via(Likes));
    w.report({ post: w.post, isLiked });
  });

/** Who likes a post, as far as this user sees them, first ones first. */
export const listLikes = walker("list_likes", {
  input: { ...aPost, ...paging },
  report: pageOf(username),
}).entry(Root, async (w) => {
  const post = await w.require(Post, w.post);
  const page = await post.in(Likes).limit(w.limit).after(w.after).page();
  w.report({ items: page.items.map(({ username }) => username), next: page.next });
});

/**
 * Takes somebody's like off one's own post: who may write to an end of an edge may remove it, whoever owns it.
 *
 * @throws AccessDeniedError on a post that is not one's own
 */
export const removeLike = walker("remove_like", {
  input: { ...aPost, username },
  report: z.object({ post: z.string(), username }),
}).entry(Root, async (w) => {
  const post = await w.require(Post, w.post);
  const liker = await profileOf(w, w.username);
  if ((await liker.disconnect(post, Likes)) === 0)
    throw new NotFoundError({ message: `${w.username} does not like this post` });
  w.report({ post: w.post, username: w.username });
});
