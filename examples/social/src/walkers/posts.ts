import { gte, type NodeQuery, Root, via, type Walk, type WalkControls, walker } from "@rootwalk/core";
import { z } from "zod";
import { now } from "../clock.ts";
import { profileOf, toProfile } from "../lookups.ts";
import { pageOf, paging } from "../paging.ts";
import {
  Commented,
  Follows,
  Likes,
  Post,
  Posted,
  Profile,
  postText,
  Tag,
  Tagged,
  tagName,
  username,
} from "../types.ts";

/** A post as one user sees it: likes and comments of those who are hidden from that user are not counted. */
const postView = z.object({
  id: z.string(),
  author: username,
  text: postText,
  at: z.int(),
  likes: z.int(),
  comments: z.int(),
  isLiked: z.boolean(),
});
export type PostView = z.infer<typeof postView>;

const madePost = z.object({ id: z.string(), tags: z.array(tagName) });
const aPost = { post: z.string() };

/** Root → profile → post → tags: what a user has hangs together, and all of it belongs to the user's root. */
export const createPost = walker("create_post", { input: { text: postText }, report: madePost })
  .entry(Root, toProfile)
  .entry(Profile, (w, me) => {
    const post = me.connect(Post, { text: w.text, at: now() }, via(Posted));
    w.report({ id: post.id, tags: addTags(post) });
  });

/** @throws AccessDeniedError for somebody else's post */
export const editPost = walker("edit_post", { input: { ...aPost, text: postText }, report: madePost }).entry(
  Root,
  async (w) => {
    const post = await w.require(Post, w.post);
    post.text = w.text;
    await post.out(Tagged).deleteAll();
    w.report({ id: post.id, tags: addTags(post) });
  },
);

/** Its likes and comments go with it, being edges, and so it is gone from every feed. */
export const deletePost = walker("delete_post", { input: aPost, report: z.object({ id: z.string() }) }).entry(
  Root,
  async (w) => {
    const post = await w.require(Post, w.post);
    await post.out(Tagged).deleteAll();
    post.delete();
    w.report({ id: w.post });
  },
);

/** The tags of a text, as `#tag`, each once and in lower case; ten at most. */
export function tagsOf(text: string): string[] {
  const found = text.toLowerCase().matchAll(/#([\p{L}\p{M}\p{N}_]{1,30})(?![\p{L}\p{M}\p{N}_])/gu);
  return [...new Set(Array.from(found, ([, tag]) => tag!))].slice(0, 10);
}

function addTags(post: Post): string[] {
  const tags = tagsOf(post.text);
  post.connect(
    Tag,
    tags.map((name) => ({ name, at: post.at })),
    via(Tagged),
  );
  return tags;
}

/** What walkers that report a page of posts have in common, newest first. */
interface Showing {
  /** Usernames by root. */
  readonly authors: Map<string, string>;
  liked: ReadonlySet<string>;
  next: string | undefined;
  readonly items: PostView[];
}
const page = pageOf(postView);
const showing = {
  state: (): Showing => ({ authors: new Map(), liked: new Set(), next: undefined, items: [] }),
  report: page,
};
type ShowingWalk = Pick<WalkControls<Showing, z.input<typeof page>>, "state" | "visit" | "report"> &
  Pick<Walk<typeof paging, Showing, never>, "limit" | "after">;

async function visitPage(w: ShowingWalk, me: Profile, posts: NodeQuery<Post>): Promise<void> {
  const query = posts.orderBy("at", "desc").limit(w.limit).after(w.after);
  await readAbout(w, me, query.in(Posted));
  const { items, next } = await query.page();
  w.state.next = next;
  w.visit(items);
}

/** What is read of all posts at once, in a hop each, however many there are. */
async function readAbout(
  { state }: Pick<ShowingWalk, "state">,
  me: Profile,
  authors: NodeQuery<Profile>,
): Promise<void> {
  state.liked = new Set(await me.out(Likes).ids());
  for (const { $ownerId, username } of await authors.all()) state.authors.set($ownerId, username);
}

async function showPost({ state }: Pick<ShowingWalk, "state">, post: Post): Promise<void> {
  // Who owns a post has written it, whatever edges others may have attached to it.
  const author = state.authors.get(post.$ownerId);
  if (author === undefined) return;
  state.items.push({
    id: post.id,
    author,
    text: post.text,
    at: post.at,
    // Asked of one post these are read for all that the walk will enter next.
    likes: await post.in(Likes).count(),
    comments: await post.in(Commented).edges().count(),
    isLiked: state.liked.has(post.id),
  });
}

function reportPage(w: Pick<ShowingWalk, "state" | "report">): void {
  w.report({ items: w.state.items, next: w.state.next });
}

/** One's own posts and those of everybody one follows. Nothing is kept that could be out of date: it is asked each time. */
export const feed = walker("feed", { input: paging, ...showing })
  .entry(Root, toProfile)
  // Oneself is at no distance, whom one follows at 1.
  .entry(Profile, (w, me) => visitPage(w, me, me.out(Follows, {}, { depth: [0, 1] }).out(Posted)))
  .entry(Post, showPost)
  .exit(Root, reportPage);

export const listPosts = walker("list_posts", { input: { username, ...paging }, ...showing })
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => visitPage(w, me, (await profileOf(w, w.username)).out(Posted)))
  .entry(Post, showPost)
  .exit(Root, reportPage);

export const listTagged = walker("list_tagged", { input: { tag: tagName, ...paging }, ...showing })
  .entry(Root, toProfile)
  .entry(Profile, (w, me) => visitPage(w, me, w.nodes(Tag, { name: w.tag }).in(Tagged)))
  .entry(Post, showPost)
  .exit(Root, reportPage);

export const showOnePost = walker("show_post", { input: aPost, state: showing.state, report: postView })
  .entry(Root, toProfile)
  .entry(Profile, async (w, me) => {
    const post = await w.require(Post, w.post);
    await readAbout(w, me, post.in(Posted));
    w.visit(post);
  })
  .entry(Post, showPost)
  .exit(Root, (w) => {
    for (const post of w.state.items) w.report(post);
  });

/** The tags of the last hours, most used first: of posts that this user may see. */
export const trending = walker("trending", {
  input: {
    hours: z.int().min(1).max(8_760).default(24),
    limit: z.int().min(1).max(100).default(10),
  },
  report: z.object({ tag: tagName, posts: z.int() }),
}).entry(Root, async (w) => {
  const since = now() - w.hours * 3_600_000;
  const counts = await w.nodes(Tag, { at: gte(since) }).countBy("name");
  const most = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, w.limit);
  for (const [tag, posts] of most) w.report({ tag, posts });
});
