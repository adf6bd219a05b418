import { type CreateArgument, type Fields, GraphError, type Root, type Walker } from "@rootwalk/core";
import {
  addComment,
  createChannel,
  createPost,
  feed,
  follow,
  joinChannel,
  openSocial,
  readChannel,
  removeLike,
  say,
  setAccess,
  setPrivacy,
  setRole,
  showOnePost,
  signUp,
  toggleLike,
  trending,
  viewProfile,
} from "./index.ts";

// A short scene in memory: everything that somebody does is a walker, spawned as that user.

const graph = await openSocial();
const users = new Map<string, Root>();

/** Lets somebody do something, says so, and gives what it reported first. */
async function act<F extends Fields, S, T>(
  name: string,
  what: string,
  walker: Walker<F, S, never, T>,
  ...input: CreateArgument<F>
): Promise<T> {
  const run = await graph.as(users.get(name)!).spawn(walker, ...input);
  console.log(`  ${name} ${what}`);
  return run.reports[0]!;
}

/** The same for what is to be refused. */
async function attempt(name: string, what: string, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
    throw new Error(`${name} ${what}, and nobody minded`);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    console.log(`  ${name} ${what} → ${error.code}: ${error.message.replaceAll(/[0-9a-f-]{36}/g, "…")}`);
  }
}

async function showFeed(name: string): Promise<void> {
  const { reports } = await graph.as(users.get(name)!).spawn(feed);
  console.log(`\n  ${name}'s feed`);
  for (const { author, text, likes, comments } of reports[0]!.items)
    console.log(`    ${author.padEnd(4)}│ ${text.padEnd(38)} ♥ ${likes}  💬 ${comments}`);
}

console.log("Three users, each with a root of their own");
for (const name of ["ann", "bob", "cat"]) {
  users.set(name, await graph.createRoot());
  await act(name, "signs up", signUp, { username: name });
}

console.log("\nPosts, follows, likes");
const tea = await act("ann", "posts", createPost, { text: "The kettle is on #tea" });
await act("cat", "posts", createPost, { text: "Nobody beats #coffee" });
await act("bob", "follows ann", follow, { username: "ann" });
await act("bob", "follows cat", follow, { username: "cat" });
await act("bob", "likes ann's post", toggleLike, { post: tea.id });
await act("cat", "likes it too", toggleLike, { post: tea.id });
await act("cat", "comments on it", addComment, { post: tea.id, text: "Green or black?" });
await showFeed("bob");

console.log("\nConnect is not write: others attach edges to what is ann's, and change nothing");
await attempt("bob", "takes cat's like off ann's post", () =>
  graph.as(users.get("bob")!).spawn(removeLike, { post: tea.id, username: "cat" }),
);
await act("ann", "takes cat's like off her own post", removeLike, { post: tea.id, username: "cat" });

console.log("\nPrivate: one write to ann's root hides all she has");
await act("ann", "becomes private", setPrivacy, { isPrivate: true });
await act("ann", "lets bob in", setAccess, { username: "bob", access: "allow" });
await attempt("cat", "looks for ann", () =>
  graph.as(users.get("cat")!).spawn(viewProfile, { username: "ann" }),
);
await attempt("cat", "opens ann's post by its id", () =>
  graph.as(users.get("cat")!).spawn(showOnePost, { post: tea.id }),
);
await showFeed("bob");
const forCat = await graph.as(users.get("cat")!).spawn(trending);
console.log(`\n  trending for cat: ${forCat.reports.map(({ tag }) => `#${tag}`).join(" ")}`);
const forBob = await graph.as(users.get("bob")!).spawn(trending);
console.log(`  trending for bob: ${forBob.reports.map(({ tag }) => `#${tag}`).join(" ")}`);

console.log("\nA channel with a moderator");
await act("bob", "opens #cups", createChannel, { channel: "cups" });
await act("cat", "joins", joinChannel, { channel: "cups" });
await act("cat", "speaks", say, { channel: "cups", text: "Mugs are cups too" });
await act("bob", "makes cat a moderator", setRole, { channel: "cups", username: "cat", role: "moderator" });
const { items } = (await graph.as(users.get("bob")!).spawn(readChannel, { channel: "cups" })).reports[0]!;
for (const { author, text } of items) console.log(`    ${author}: ${text}`);

console.log("\nA hundred more users like ann's post at once, and ann leaves");
await graph.as(users.get("ann")!).spawn(setPrivacy, { isPrivate: false });
const crowd = await Promise.all(
  Array.from({ length: 100 }, async (_, i) => {
    const root = await graph.createRoot();
    await graph.as(root).spawn(signUp, { username: `user${i}` });
    return root;
  }),
);
await Promise.all(crowd.map((root) => graph.as(root).spawn(toggleLike, { post: tea.id })));
await showFeed("bob");
await graph.deleteRoot(users.get("ann")!);
console.log("\n  ann's root is deleted");
await showFeed("bob");
await graph.close();
