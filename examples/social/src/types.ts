import { edge, node } from "@rootwalk/core";
import { z } from "zod";

// What the graph holds. A node is what others can refer to and what hangs on something of its own; an edge is what
// exists between two things, is seen by whoever sees both, and goes with either: a like, a comment, a message.

/** Lower case, so that nobody is mistaken for somebody else. */
export const username = z
  .string()
  .regex(/^[a-z0-9_]{1,20}$/, "a username is 1 to 20 of the characters a-z, 0-9 and _");
export const channelName = z
  .string()
  .regex(/^[a-z0-9-]{1,30}$/, "a channel's name is 1 to 30 of the characters a-z, 0-9 and -");
export const tagName = z
  .string()
  .toLowerCase()
  .regex(/^[\p{L}\p{M}\p{N}_]{1,30}$/u, "a tag is 1 to 30 letters, digits and _");

export const displayName = z.string().trim().max(50);
export const bio = z.string().trim().max(160);
export const topic = z.string().trim().max(200);
export const postText = z.string().trim().min(1).max(500);
export const commentText = z.string().trim().min(1).max(300);
export const messageText = z.string().trim().min(1).max(1_000);

/** Milliseconds since 1970. */
const time = z.int();

/** What is known of a user: hangs on the user's root. */
export class Profile extends node(
  "Profile",
  { username, name: displayName.default(""), bio: bio.default("") },
  { unique: ["username"] },
) {}

/** Has no grants of its own: whoever sees its author's things sees it. */
export class Post extends node("Post", { text: postText, at: time }) {}

/**
 * That a post uses a tag, one node for each post. Were there one for all posts, somebody would have to own it, everybody
 * who uses the tag would write to it, and it would show that hidden posts use it.
 */
export class Tag extends node("Tag", { name: tagName, at: time }, { index: ["name", "at"] }) {}

/** Everybody may connect to it, whatever its owner's other things are; moderators may write. */
export class Channel extends node(
  "Channel",
  { name: channelName, topic: topic.default("") },
  { unique: ["name"] },
) {}

export class Posted extends edge("Posted", {}, { from: Profile, to: Post }) {}
export class Tagged extends edge("Tagged", {}, { from: Post, to: Tag }) {}
export class Follows extends edge("Follows", {}, { from: Profile, to: Profile }) {}
export class Likes extends edge("Likes", {}, { from: Profile, to: Post }) {}
export class Commented extends edge(
  "Commented",
  { text: commentText, at: time },
  { from: Profile, to: Post },
) {}
export class Joined extends edge("Joined", {}, { from: Profile, to: Channel }) {}
export class Said extends edge("Said", { text: messageText, at: time }, { from: Profile, to: Channel }) {}

export const types = [Profile, Post, Tag, Channel, Posted, Tagged, Follows, Likes, Commented, Joined, Said];
