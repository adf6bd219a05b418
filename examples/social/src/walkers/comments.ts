import { Root, via, walker } from "@rootwalk/core";
import { z } from "zod";
import { now } from "../clock.ts";
import { toProfile } from "../lookups.ts";
import { pageOf, paging, signed } from "../paging.ts";
import { Commented, commentText, Post, Profile, username } from "../types.ts";

const comment = z.object({ id: z.string(), author: username, text: commentText, at: z.int() });
const madeComment = z.object({ id: z.string() });

export const addComment = walker("add_comment", {
  input: { post: z.string(), text: commentText },
  report: madeComment,
})
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const post = await w.require(Post, w.post);
    w.report({ id: me.link(post, via(Commented, { text: w.text, at: now() })).id });
  });

/** Its author alone may: the owner of the post may remove it, not put words into somebody's mouth. */
export const editComment = walker("edit_comment", {
  input: { comment: z.string(), text: commentText },
  report: madeComment,
}).entry(Root, async (w) => {
  const made = await w.require(Commented, w.comment);
  made.text = w.text;
  w.report({ id: made.id });
});

/** For its author, and for the owner of the post. */
export const deleteComment = walker("delete_comment", {
  input: { comment: z.string() },
  report: madeComment,
}).entry(Root, async (w) => {
  (await w.require(Commented, w.comment)).delete();
  w.report({ id: w.comment });
});

/** The comments on a post, oldest first: each edge with the profile that it comes from, in one hop. */
export const listComments = walker("list_comments", {
  input: { post: z.string(), ...paging },
  report: pageOf(comment),
}).entry(Root, async (w) => {
  const post = await w.require(Post, w.post);
  const page = await post.in(Commented).limit(w.limit).after(w.after).pairs().page();
  w.report({ items: page.items.map(signed), next: page.next });
});
