import { GraphError } from "@rootwalk/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addComment,
  createChannel,
  createPost,
  deleteChannel,
  deleteComment,
  deleteMessage,
  deletePost,
  directory,
  editPost,
  feed,
  follow,
  joinChannel,
  leaveChannel,
  listChannels,
  listComments,
  listLikes,
  listMembers,
  readChannel,
  removeLike,
  say,
  setAccess,
  setPrivacy,
  setRole,
  toggleLike,
  trending,
  unfollow,
  viewProfile,
} from "../src/index.ts";
import { Model, type ModelChannel, type ModelUser } from "./model.ts";
import { type Network, newFile, openNetwork, type User } from "./network.ts";

// Law: whatever some users do, in whatever order, each of them sees and may do what the naive model says.

const names = ["ann", "bob", "cat", "dan"];
const channelNames = ["milk", "tea"];
const words = ["#tea", "#milk", "hello"];

const kinds = [
  ["post", 6],
  ["editPost", 2],
  ["deletePost", 2],
  ["toggleLike", 6],
  ["removeLike", 2],
  ["comment", 4],
  ["deleteComment", 2],
  ["follow", 6],
  ["unfollow", 2],
  ["setPrivacy", 3],
  ["setAccess", 4],
  ["createChannel", 3],
  ["join", 4],
  ["leave", 2],
  ["say", 5],
  ["deleteMessage", 2],
  ["setRole", 4],
  ["deleteChannel", 1],
  ["deleteUser", 1],
  ["reopen", 1],
] as const;

/** One action: who does what, to which of the things there are, with what text and which of the choices there are. */
const action = fc.record({
  kind: fc.oneof(...kinds.map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) }))),
  actor: fc.nat(names.length - 1),
  other: fc.nat(names.length - 1),
  which: fc.nat(5),
  text: fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }).map((all) => all.join(" ")),
  choice: fc.nat(2),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** What every run begins with: an empty network refuses nearly everything. */
const opening: readonly Action[] = (
  [
    ["createChannel", 0, 0],
    ["join", 1, 0],
    ["join", 2, 0],
    ["say", 1, 0],
    ["follow", 1, 0],
    ["follow", 2, 1],
    ["post", 0, 0],
    ["toggleLike", 1, 0],
    ["comment", 2, 0],
  ] as const
).map(([kind, actor, other]) => ({ kind, actor, other, which: 0, text: "hello #tea", choice: 0 }));

class Comparison {
  readonly #network: Network;
  readonly #model = new Model();
  readonly #users = new Map<ModelUser, User>();
  readonly #everybody: ModelUser[] = [];
  // Everything there ever was: what is gone can be asked for too.
  readonly #posts: Model["posts"] = [];
  readonly #comments: Model["comments"] = [];
  readonly #messages: Model["messages"] = [];

  constructor(network: Network) {
    this.#network = network;
  }

  async begin(): Promise<void> {
    for (const name of names) {
      const user: ModelUser = { name, isPrivate: false, exceptions: new Map() };
      this.#users.set(user, await this.#network.signUp(name));
      this.#model.users.push(user);
      this.#everybody.push(user);
    }
    for (const each of opening) await this.perform(each);
  }

  /** Does it in both, and compares how that ends. */
  async perform({ kind, actor, other, which, text, choice }: Action): Promise<void> {
    const model = this.#model;
    const who = this.#everybody[actor]!;
    const whom = this.#everybody[other]!;
    const user = this.#users.get(who)!;
    const username = whom.name;
    // What was made last is asked for most.
    const post = this.#posts.at(-1 - which);
    const comment = this.#comments.at(-1 - which);
    const message = this.#messages.at(-1 - which);
    const name = channelNames[which % channelNames.length]!;
    const channel: ModelChannel = model.channels.find((each) => each.name === name) ?? {
      name,
      owner: who,
      roles: new Map(),
    };
    const access = (["allow", "block", "default"] as const)[choice]!;
    const role = (["moderator", "member", "banned"] as const)[choice]!;
    switch (kind) {
      case "post": {
        const made = { author: who, text, id: "" };
        await this.#both(
          () => model.post(who, made),
          async () => {
            made.id = (await user.do(createPost, { text })).id;
          },
        );
        if (made.id !== "") this.#posts.push(made);
        return;
      }
      case "comment": {
        if (post === undefined) return;
        const made = { author: who, post, text, id: "" };
        await this.#both(
          () => model.comment(made),
          async () => {
            made.id = (await user.do(addComment, { post: post.id, text })).id;
          },
        );
        if (made.id !== "") this.#comments.push(made);
        return;
      }
      case "say": {
        const made = { author: who, channel, text, id: "" };
        await this.#both(
          () => model.say(made),
          async () => {
            made.id = (await user.do(say, { channel: name, text })).id;
          },
        );
        if (made.id !== "") this.#messages.push(made);
        return;
      }
      case "editPost":
        if (post !== undefined)
          await this.#both(
            () => model.editPost(who, post, text),
            () => user.do(editPost, { post: post.id, text }),
          );
        return;
      case "deletePost":
        if (post !== undefined)
          await this.#both(
            () => model.deletePost(who, post),
            () => user.do(deletePost, { post: post.id }),
          );
        return;
      case "toggleLike":
        if (post !== undefined)
          await this.#both(
            () => model.toggleLike(who, post),
            () => user.do(toggleLike, { post: post.id }),
          );
        return;
      case "removeLike":
        if (post !== undefined)
          await this.#both(
            () => model.removeLike(who, post, whom),
            () => user.do(removeLike, { post: post.id, username }),
          );
        return;
      case "deleteComment":
        if (comment !== undefined)
          await this.#both(
            () => model.deleteComment(who, comment),
            () => user.do(deleteComment, { comment: comment.id }),
          );
        return;
      case "deleteMessage":
        if (message !== undefined)
          await this.#both(
            () => model.deleteMessage(who, message),
            () => user.do(deleteMessage, { message: message.id }),
          );
        return;
      case "follow":
        return this.#both(
          () => model.follow(who, whom),
          () => user.do(follow, { username }),
        );
      case "unfollow":
        return this.#both(
          () => model.unfollow(who, whom),
          () => user.do(unfollow, { username }),
        );
      case "setPrivacy":
        return this.#both(
          () => model.setPrivacy(who, choice > 0),
          () => user.do(setPrivacy, { isPrivate: choice > 0 }),
        );
      case "setAccess":
        return this.#both(
          () => model.setAccess(who, whom, access),
          () => user.do(setAccess, { username, access }),
        );
      case "createChannel":
        return this.#both(
          () => model.createChannel({ name, owner: who, roles: new Map() }),
          () => user.do(createChannel, { channel: name }),
        );
      case "join":
        return this.#both(
          () => model.join(who, channel),
          () => user.do(joinChannel, { channel: name }),
        );
      case "leave":
        return this.#both(
          () => model.leave(who, channel),
          () => user.do(leaveChannel, { channel: name }),
        );
      case "setRole": {
        // Mostly by somebody who may.
        const by = which > 1 ? channel.owner : who;
        return this.#both(
          () => model.setRole(by, channel, whom, role),
          () => this.#users.get(by)!.do(setRole, { channel: name, username, role }),
        );
      }
      case "deleteChannel":
        return this.#both(
          () => model.deleteChannel(who, channel),
          () => user.do(deleteChannel, { channel: name }),
        );
      case "deleteUser":
        return this.#both(
          () => model.deleteUser(who),
          () => this.#network.graph.deleteRoot(user.root),
        );
      case "reopen":
        return this.#network.reopen();
    }
  }

  async #both(expected: () => void, done: () => Promise<unknown>): Promise<void> {
    const refusal = this.#model.attempt(expected);
    const code = await done().then(
      () => undefined,
      (error) => {
        if (error instanceof GraphError) return error.code;
        throw error;
      },
    );
    expect(code).toBe(refusal);
  }

  /** Everything that everybody sees. */
  async compare(): Promise<void> {
    const model = this.#model;
    for (const viewer of model.users) {
      const user = this.#users.get(viewer)!;
      expect(await this.#feed(user)).toEqual(model.feed(viewer));
      expect((await user.do(directory)).items.map(({ username }) => username)).toEqual(
        model.directory(viewer),
      );
      expect(await user.all(trending)).toEqual(model.trending(viewer));
      for (const other of model.users.filter((each) => model.sees(viewer, each)))
        expect(await user.do(viewProfile, { username: other.name })).toMatchObject(
          model.profile(viewer, other),
        );
      for (const post of model.posts.filter((each) => model.seesPost(viewer, each))) {
        expect((await user.do(listLikes, { post: post.id })).items).toEqual(model.likers(viewer, post));
        const comments = (await user.do(listComments, { post: post.id })).items;
        expect(comments.map(({ author, text }) => `${author}: ${text}`)).toEqual(
          model.commentsOn(viewer, post),
        );
      }
      const channels = model.channelsSeen(viewer);
      expect((await user.do(listChannels)).items.map(({ name }) => name)).toEqual(
        channels.map(({ name }) => name),
      );
      for (const channel of channels) {
        const read = (await user.do(readChannel, { channel: channel.name })).items;
        expect(read.map(({ author, text }) => `${author}: ${text}`)).toEqual(
          model.messagesIn(viewer, channel),
        );
        expect((await user.do(listMembers, { channel: channel.name })).items).toEqual(
          model.members(viewer, channel),
        );
      }
    }
  }

  /** In pages of three, which together are the whole. */
  async #feed(user: User): Promise<object[]> {
    const all: object[] = [];
    let after: string | undefined;
    do {
      const page = await user.do(feed, { limit: 3, after });
      for (const { author, text, likes, comments, isLiked } of page.items)
        all.push({ author, text, likes, comments, isLiked });
      after = page.next;
    } while (after !== undefined);
    return all;
  }
}

describe("what several users do in any order", () => {
  it.each([
    ["in memory", (): string | undefined => undefined, 25],
    ["over SQLite, opened again now and then", newFile, 2],
  ] as const)("gives each of them what a naive model gives, %s", async (_name, fileOf, runs) => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 60, size: "max" }), async (actions) => {
        const network = await openNetwork(fileOf());
        try {
          const comparison = new Comparison(network);
          await comparison.begin();
          for (const [i, each] of actions.entries()) {
            await comparison.perform(each);
            if (i % 20 === 19) await comparison.compare();
          }
          await comparison.compare();
        } finally {
          await network.graph.close();
        }
      }),
      { numRuns: runs },
    );
  });
});
