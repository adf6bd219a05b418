export { openSocial } from "./open.ts";
export * from "./types.ts";
export * from "./walkers/accounts.ts";
export * from "./walkers/channels.ts";
export * from "./walkers/comments.ts";
export * from "./walkers/follows.ts";
export * from "./walkers/likes.ts";
export * from "./walkers/posts.ts";
