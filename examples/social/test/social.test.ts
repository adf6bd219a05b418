import {
  AccessDeniedError,
  NotFoundError,
  Root,
  UniqueViolationError,
  ValidationError,
  via,
} from "@rootwalk/core";
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
  editComment,
  editPost,
  feed,
  follow,
  joinChannel,
  leaveChannel,
  listChannels,
  listComments,
  listFollowers,
  listFollowing,
  listLikes,
  listMembers,
  listPosts,
  listTagged,
  Post,
  Posted,
  Profile,
  readChannel,
  removeLike,
  roster,
  say,
  setAccess,
  setPrivacy,
  setRole,
  setTopic,
  showOnePost,
  signUp,
  tagsOf,
  toggleLike,
  trending,
  unfollow,
  updateProfile,
  viewProfile,
} from "../src/index.ts";
import { type Network, overEachStore, type User } from "./network.ts";

overEachStore("a social network", (open) => {
  const texts = async (user: User): Promise<string[]> => (await user.do(feed)).items.map(({ text }) => text);
  const usernames = async (user: User): Promise<string[]> =>
    (await user.do(directory)).items.map(({ username }) => username);
  const threeUsers = async (): Promise<{ network: Network; ann: User; bob: User; cat: User }> => {
    const network = await open();
    const ann = await network.signUp("ann");
    const bob = await network.signUp("bob");
    const cat = await network.signUp("cat");
    return { network, ann, bob, cat };
  };

  describe("profiles", () => {
    it("are signed up for once, by a username of one's own", async () => {
      const { network, ann, bob } = await threeUsers();
      await expect(ann.do(signUp, { username: "ann2" })).rejects.toThrow("has a profile already");
      await expect(network.signUp("bob")).rejects.toThrow(UniqueViolationError);
      await expect(bob.do(updateProfile, { username: "ann" })).rejects.toThrow(UniqueViolationError);
      expect(await usernames(ann)).toEqual(["ann", "bob", "cat"]);
    });

    it("are changed by their users, and every post shows the new name", async () => {
      const { network, ann, bob } = await threeUsers();
      await ann.do(createPost, { text: "hi" });
      await bob.do(follow, { username: "ann" });
      await ann.do(updateProfile, { username: "anna", bio: " walks " });
      await network.reopen();
      expect(await bob.do(viewProfile, { username: "anna" })).toEqual({
        username: "anna",
        name: "",
        bio: "walks",
        posts: 1,
        followers: 1,
        following: 0,
        isFollowed: true,
      });
      expect((await bob.do(feed)).items[0]!.author).toBe("anna");
      await expect(bob.do(viewProfile, { username: "ann" })).rejects.toThrow("there is no user ann");
    });

    it("come before anything else a user does", async () => {
      const network = await open();
      const nobody = network.graph.as(await network.graph.createRoot());
      await expect(nobody.spawn(createPost, { text: "hi" })).rejects.toMatchObject({
        code: "RW_NOT_FOUND",
        message: "this user has no profile yet",
        remedy: "Sign up first.",
      });
    });

    it("are listed page by page", async () => {
      const { ann } = await threeUsers();
      const first = await ann.do(directory, { limit: 2 });
      expect(first.items.map(({ username }) => username)).toEqual(["ann", "bob"]);
      const rest = await ann.do(directory, { limit: 2, after: first.next });
      expect(rest.items.map(({ username }) => username)).toEqual(["cat"]);
      expect(rest.next).toBeUndefined();
    });

    it("are all in the roster of the system root, the private ones too", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      await bob.do(setPrivacy, { isPrivate: true });
      await network.reopen();
      const listed = await network.graph.spawn(roster, {});
      expect(listed.reports[0]!.items).toEqual([
        { root: ann.root, username: "ann", isPrivate: false },
        { root: bob.root, username: "bob", isPrivate: true },
        { root: cat.root, username: "cat", isPrivate: false },
      ]);
      const asCat = await cat.do(roster, {});
      expect(asCat.items.map(({ username }) => username)).toEqual(["ann", "cat"]);
    });
  });

  describe("feeds", () => {
    it("have one's own posts and those of whom one follows, newest first", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      await ann.do(createPost, { text: "a1" });
      await bob.do(createPost, { text: "b1" });
      await cat.do(createPost, { text: "c1" });
      await bob.do(follow, { username: "ann" });
      expect(await texts(bob)).toEqual(["b1", "a1"]);
      await network.reopen();
      await ann.do(createPost, { text: "a2" });
      expect(await texts(bob)).toEqual(["a2", "b1", "a1"]);
      expect(await texts(ann)).toEqual(["a2", "a1"]);
      await bob.do(unfollow, { username: "ann" });
      expect(await texts(bob)).toEqual(["b1"]);
    });

    it("come in pages that lose nothing and repeat nothing, whatever is posted meanwhile", async () => {
      const { network, ann, bob } = await threeUsers();
      await bob.do(follow, { username: "ann" });
      for (let i = 0; i < 6; i++) {
        await ann.do(createPost, { text: `a${i}` });
        await bob.do(createPost, { text: `b${i}` });
      }
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await bob.do(feed, { limit: 5, after });
        seen.push(...page.items.map(({ text }) => text));
        after = page.next;
        await ann.do(createPost, { text: "later" });
        await network.reopen();
      } while (after !== undefined);
      expect(seen).toEqual([5, 4, 3, 2, 1, 0].flatMap((i) => [`b${i}`, `a${i}`]));
    });

    it("show likes and comments, and whether one likes a post oneself", async () => {
      const { ann, bob, cat } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      await bob.do(toggleLike, { post });
      await cat.do(toggleLike, { post });
      await cat.do(addComment, { post, text: "one" });
      await cat.do(addComment, { post, text: "two" });
      const seen = { id: post, author: "ann", text: "hi", at: expect.any(Number), likes: 2, comments: 2 };
      expect(await bob.do(showOnePost, { post })).toEqual({ ...seen, isLiked: true });
      expect((await ann.do(feed)).items).toEqual([{ ...seen, isLiked: false }]);
    });

    it("lose a deleted post, its likes, comments and tags with it", async () => {
      const { network, ann, bob } = await threeUsers();
      await bob.do(follow, { username: "ann" });
      const post = (await ann.do(createPost, { text: "oops #oops" })).id;
      await bob.do(toggleLike, { post });
      const comment = (await bob.do(addComment, { post, text: "hm" })).id;
      await ann.do(deletePost, { post });
      await network.reopen();
      expect(await texts(ann)).toEqual([]);
      expect(await texts(bob)).toEqual([]);
      expect(await bob.all(trending)).toEqual([]);
      await expect(bob.do(toggleLike, { post })).rejects.toThrow(NotFoundError);
      await expect(bob.do(editComment, { comment, text: "hm?" })).rejects.toThrow(NotFoundError);
    });
  });

  describe("follows", () => {
    it("are there once, and not of oneself", async () => {
      const { ann, bob, cat } = await threeUsers();
      await bob.do(follow, { username: "ann" });
      await bob.do(follow, { username: "ann" });
      await cat.do(follow, { username: "ann" });
      expect((await bob.do(listFollowers, { username: "ann" })).items).toEqual(["bob", "cat"]);
      expect((await ann.do(listFollowing, { username: "bob" })).items).toEqual(["ann"]);
      await expect(ann.do(follow, { username: "ann" })).rejects.toThrow("nobody follows themselves");
      await expect(ann.do(follow, { username: "dan" })).rejects.toThrow("there is no user dan");
    });
  });

  describe("likes", () => {
    it("toggle", async () => {
      const { network, ann, bob } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      expect(await bob.do(toggleLike, { post })).toEqual({ post, isLiked: true });
      await network.reopen();
      expect((await ann.do(listLikes, { post })).items).toEqual(["bob"]);
      expect(await bob.do(toggleLike, { post })).toEqual({ post, isLiked: false });
      expect((await ann.do(listLikes, { post })).items).toEqual([]);
    });

    it("are taken off a post by its owner, and by nobody else but who likes it", async () => {
      const { ann, bob, cat } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      await bob.do(toggleLike, { post });
      await expect(cat.do(removeLike, { post, username: "bob" })).rejects.toThrow(AccessDeniedError);
      await ann.do(removeLike, { post, username: "bob" });
      expect((await bob.do(listLikes, { post })).items).toEqual([]);
      await expect(ann.do(removeLike, { post, username: "bob" })).rejects.toThrow("does not like this post");
    });
  });

  describe("comments", () => {
    it("are read in order, changed by their authors, removed by them and by the post's owner", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      const first = (await bob.do(addComment, { post, text: "first" })).id;
      const second = (await cat.do(addComment, { post, text: "second" })).id;
      await network.reopen();
      await bob.do(editComment, { comment: first, text: "First!" });
      const read = (await ann.do(listComments, { post })).items;
      expect(read.map(({ author, text }) => [author, text])).toEqual([
        ["bob", "First!"],
        ["cat", "second"],
      ]);
      await expect(ann.do(editComment, { comment: first, text: "ann is great" })).rejects.toThrow(
        AccessDeniedError,
      );
      await expect(bob.do(deleteComment, { comment: second })).rejects.toThrow(AccessDeniedError);
      await ann.do(deleteComment, { comment: second });
      await bob.do(deleteComment, { comment: first });
      expect((await ann.do(listComments, { post })).items).toEqual([]);
    });

    it("come in pages", async () => {
      const { ann } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      for (const text of ["1", "2", "3"]) await ann.do(addComment, { post, text });
      const first = await ann.do(listComments, { post, limit: 2 });
      const rest = await ann.do(listComments, { post, limit: 2, after: first.next });
      expect([first, rest].map(({ items }) => items.map(({ text }) => text))).toEqual([["1", "2"], ["3"]]);
    });
  });

  describe("tags", () => {
    it("are read from the text", () => {
      expect(tagsOf("#Graph and #graph, #été! #हिन्दी a#b ##c #")).toEqual([
        "graph",
        "été",
        "हिन्दी",
        "b",
        "c",
      ]);
      expect(tagsOf(`#${"x".repeat(31)}`)).toEqual([]);
      expect(tagsOf(Array.from({ length: 12 }, (_, i) => `#t${i}`).join(" "))).toHaveLength(10);
    });

    it("trend by how many posts use them, and follow what posts become", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      const post = (await ann.do(createPost, { text: "#tea #milk" })).id;
      await bob.do(createPost, { text: "more #Tea, #tea" });
      await network.reopen();
      expect(await cat.all(trending)).toEqual([
        { tag: "tea", posts: 2 },
        { tag: "milk", posts: 1 },
      ]);
      await ann.do(editPost, { post, text: "#milk #honey" });
      expect(await cat.all(trending, { limit: 2 })).toEqual([
        { tag: "honey", posts: 1 },
        { tag: "milk", posts: 1 },
      ]);
      const tagged = await cat.do(listTagged, { tag: "TEA" });
      expect(tagged.items.map(({ text }) => text)).toEqual(["more #Tea, #tea"]);
    });
  });

  describe("what is private", () => {
    it("is seen by nobody but those who are let in, and by no way round", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      for (const user of [bob, cat]) await user.do(follow, { username: "ann" });
      const post = (await ann.do(createPost, { text: "mine #secret" })).id;
      const other = (await cat.do(createPost, { text: "hello" })).id;
      await ann.do(toggleLike, { post: other });
      await ann.do(addComment, { post: other, text: "hm" });
      const comment = (await bob.do(addComment, { post, text: "?" })).id;

      await ann.do(setPrivacy, { isPrivate: true });
      await ann.do(setAccess, { username: "bob", access: "allow" });
      await network.reopen();
      expect(await texts(bob)).toEqual(["mine #secret"]);
      expect(await texts(cat)).toEqual(["hello"]);
      expect(await usernames(bob)).toEqual(["ann", "bob", "cat"]);
      expect(await usernames(cat)).toEqual(["bob", "cat"]);
      expect(await cat.all(trending)).toEqual([]);
      expect((await cat.do(listTagged, { tag: "secret" })).items).toEqual([]);
      expect(await cat.do(showOnePost, { post: other })).toMatchObject({ likes: 0, comments: 0 });
      expect((await cat.do(listLikes, { post: other })).items).toEqual([]);
      expect((await cat.do(listComments, { post: other })).items).toEqual([]);
      expect(await bob.do(showOnePost, { post: other })).toMatchObject({ likes: 1, comments: 1 });
      expect((await cat.do(listFollowing, { username: "cat" })).items).toEqual([]);

      const unknown = "0198e3f0-0000-7000-8000-000000000000";
      const messages = async (post: string, comment: string, username: string): Promise<unknown[]> => {
        const calls = [
          cat.do(showOnePost, { post }),
          cat.do(toggleLike, { post }),
          cat.do(addComment, { post, text: "?" }),
          cat.do(listComments, { post }),
          cat.do(listLikes, { post }),
          cat.do(editPost, { post, text: "?" }),
          cat.do(deletePost, { post }),
          cat.do(deleteComment, { comment }),
          cat.do(viewProfile, { username }),
          cat.do(listPosts, { username }),
          cat.do(follow, { username }),
          cat.do(listFollowers, { username }),
        ];
        return Promise.all(
          calls.map((call) =>
            call.then(
              () => "no error",
              (error) => ({
                ...error.toJSON(),
                message: error.message
                  .replace(post, "POST")
                  .replace(comment, "COMMENT")
                  .replace(username, "USER"),
                details: Object.keys(error.details),
              }),
            ),
          ),
        );
      };
      // To a stranger what is hidden and what never was are one.
      const hidden = await messages(post, comment, "ann");
      expect(hidden).toEqual(await messages(unknown, unknown.replace("8", "9"), "nobody"));
      expect(hidden).not.toContain("no error");

      await ann.do(setPrivacy, { isPrivate: false });
      expect(await texts(cat)).toEqual(["hello", "mine #secret"]);
    });

    it("begins with signing up where one likes", async () => {
      const { network, cat } = await threeUsers();
      const dan = await network.signUp("dan", { isPrivate: true });
      await dan.do(createPost, { text: "psst" });
      expect(await usernames(cat)).toEqual(["ann", "bob", "cat"]);
      expect(await usernames(dan)).toEqual(["ann", "bob", "cat", "dan"]);
    });

    it("is everything, for a user who is blocked", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      await bob.do(follow, { username: "ann" });
      const post = (await ann.do(createPost, { text: "hi" })).id;
      await ann.do(setAccess, { username: "bob", access: "block" });
      await network.reopen();
      expect(await texts(bob)).toEqual([]);
      expect(await usernames(bob)).toEqual(["bob", "cat"]);
      expect(await usernames(cat)).toEqual(["ann", "bob", "cat"]);
      await expect(bob.do(toggleLike, { post })).rejects.toThrow(NotFoundError);
      expect((await ann.do(listFollowers, { username: "ann" })).items).toEqual([]);
      await ann.do(setAccess, { username: "bob", access: "default" });
      await bob.do(follow, { username: "ann" });
      expect(await texts(bob)).toEqual(["hi"]);
      await expect(ann.do(setAccess, { username: "ann", access: "block" })).rejects.toThrow(ValidationError);
    });
  });

  describe("what others have", () => {
    it("is connected to, and changed by nobody but its owner", async () => {
      const { ann, bob } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      for (const call of [bob.do(editPost, { post, text: "bye" }), bob.do(deletePost, { post })])
        await expect(call).rejects.toThrow(AccessDeniedError);
      expect(await ann.do(showOnePost, { post })).toMatchObject({ text: "hi" });
    });

    it("is not changed either by who uses the graph without these walkers", async () => {
      const { network, ann, bob } = await threeUsers();
      await ann.do(createPost, { text: "hi" });
      const asBob = network.graph.as(bob.root);
      await asBob.transaction(async (tx) => {
        const post = await tx.nodes(Post).one();
        const profile = await tx.nodes(Profile, { username: "ann" }).one();
        const root = await tx.require(Root, ann.root);
        expect(() => post.delete()).toThrow(AccessDeniedError);
        expect(() => post.grant("none")).toThrow(AccessDeniedError);
        expect(() => root.allowRoot(bob.root, "write")).toThrow(AccessDeniedError);
        expect(() => {
          profile.bio = "bob was here";
        }).toThrow(AccessDeniedError);
      });
    });

    it("is not signed by others: a post is its owner's, whatever edges lead to it", async () => {
      const { network, ann, bob } = await threeUsers();
      await network.graph.as(bob.root).transaction(async (tx) => {
        const mine = tx.create(Post, { text: "bob is great", at: 1 });
        const profile = await tx.nodes(Profile, { username: "ann" }).one();
        profile.link(mine, via(Posted));
        (await tx.nodes(Profile, { username: "bob" }).one()).link(mine, via(Posted));
      });
      const [post] = (await ann.do(feed)).items;
      expect(post).toMatchObject({ author: "bob", text: "bob is great" });
      // It is on ann's profile, and hers to remove.
      await network.graph.as(ann.root).transaction(async (tx) => {
        await tx.root.out(Profile).out(Posted, {}).filter({ text: "bob is great" }).disconnectAll();
      });
      expect((await ann.do(feed)).items).toEqual([]);
    });
  });

  describe("channels", () => {
    it("are joined, spoken in, and left", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      await ann.do(createChannel, { channel: "tea", topic: "leaves" });
      await bob.do(joinChannel, { channel: "tea" });
      await bob.do(joinChannel, { channel: "tea" });
      await ann.do(say, { channel: "tea", text: "hello" });
      await bob.do(say, { channel: "tea", text: "hi" });
      await network.reopen();
      await expect(cat.do(say, { channel: "tea", text: "me too" })).rejects.toMatchObject({
        code: "RW_ACCESS_DENIED",
        remedy: "Join the channel first.",
      });
      expect((await cat.do(listMembers, { channel: "tea" })).items).toEqual(["ann", "bob"]);
      const read = (await cat.do(readChannel, { channel: "tea" })).items;
      expect(read.map(({ author, text }) => `${author}: ${text}`)).toEqual(["bob: hi", "ann: hello"]);
      await bob.do(leaveChannel, { channel: "tea" });
      await expect(bob.do(say, { channel: "tea", text: "still here" })).rejects.toThrow(AccessDeniedError);
      expect((await cat.do(readChannel, { channel: "tea", limit: 1 })).items).toHaveLength(1);
      expect((await bob.do(listChannels, { joined: true })).items).toEqual([]);
      expect((await bob.do(listChannels)).items).toEqual([{ name: "tea", topic: "leaves" }]);
      await expect(bob.do(createChannel, { channel: "tea" })).rejects.toThrow(UniqueViolationError);
    });

    it("are read page by page, newest first", async () => {
      const { ann } = await threeUsers();
      await ann.do(createChannel, { channel: "tea" });
      for (let i = 1; i <= 5; i++) await ann.do(say, { channel: "tea", text: `${i}` });
      const first = await ann.do(readChannel, { channel: "tea", limit: 3 });
      await ann.do(say, { channel: "tea", text: "6" });
      const rest = await ann.do(readChannel, { channel: "tea", limit: 3, after: first.next });
      const read = [...first.items, ...rest.items].map(({ text }) => text);
      expect(read).toEqual(["5", "4", "3", "2", "1"]);
      expect(rest.next).toBeUndefined();
    });

    it("are looked after by moderators", async () => {
      const { network, ann, bob, cat } = await threeUsers();
      await ann.do(createChannel, { channel: "tea" });
      for (const user of [bob, cat]) await user.do(joinChannel, { channel: "tea" });
      const message = (await cat.do(say, { channel: "tea", text: "buy coffee" })).id;
      const denied = [
        bob.do(setTopic, { channel: "tea", topic: "coffee" }),
        bob.do(deleteMessage, { message }),
        bob.do(setRole, { channel: "tea", username: "cat", role: "banned" }),
        bob.do(deleteChannel, { channel: "tea" }),
      ];
      for (const call of denied) await expect(call).rejects.toThrow(AccessDeniedError);

      await ann.do(setRole, { channel: "tea", username: "bob", role: "moderator" });
      await network.reopen();
      await bob.do(setTopic, { channel: "tea", topic: "only tea" });
      await bob.do(deleteMessage, { message });
      expect((await cat.do(readChannel, { channel: "tea" })).items).toEqual([]);
      await bob.do(setRole, { channel: "tea", username: "cat", role: "banned" });
      await expect(cat.do(readChannel, { channel: "tea" })).rejects.toThrow("there is no channel tea");
      await expect(cat.do(joinChannel, { channel: "tea" })).rejects.toThrow(NotFoundError);
      expect((await cat.do(listChannels)).items).toEqual([]);
      expect((await ann.do(listMembers, { channel: "tea" })).items).toEqual(["ann", "bob"]);
      await expect(bob.do(setRole, { channel: "tea", username: "ann", role: "banned" })).rejects.toThrow(
        "owns this channel",
      );
      await ann.do(setRole, { channel: "tea", username: "bob", role: "member" });
      await expect(bob.do(setTopic, { channel: "tea", topic: "?" })).rejects.toThrow(AccessDeniedError);
      await ann.do(setRole, { channel: "tea", username: "cat", role: "member" });
      await cat.do(joinChannel, { channel: "tea" });
      expect((await cat.do(listChannels)).items).toEqual([{ name: "tea", topic: "only tea" }]);
    });

    it("stay open where their owner is private, whose messages only friends see", async () => {
      const { ann, bob, cat } = await threeUsers();
      await ann.do(createChannel, { channel: "tea" });
      await ann.do(say, { channel: "tea", text: "hello" });
      await ann.do(setPrivacy, { isPrivate: true });
      await ann.do(setAccess, { username: "bob", access: "allow" });
      await bob.do(joinChannel, { channel: "tea" });
      await cat.do(joinChannel, { channel: "tea" });
      const read = async (user: User): Promise<string[]> =>
        (await user.do(readChannel, { channel: "tea" })).items.map(({ text }) => text);
      expect(await read(bob)).toEqual(["hello"]);
      expect(await read(cat)).toEqual([]);
    });
  });

  it("a user who is gone is gone everywhere", async () => {
    const { network, ann, bob, cat } = await threeUsers();
    for (const user of [bob, cat]) await user.do(follow, { username: "ann" });
    await ann.do(follow, { username: "bob" });
    await ann.do(createPost, { text: "mine #gone" });
    const post = (await bob.do(createPost, { text: "bob's" })).id;
    await ann.do(toggleLike, { post });
    await cat.do(toggleLike, { post });
    await ann.do(addComment, { post, text: "nice" });
    await bob.do(createChannel, { channel: "tea" });
    await ann.do(joinChannel, { channel: "tea" });
    await ann.do(say, { channel: "tea", text: "hello" });
    await ann.do(createChannel, { channel: "milk" });

    await network.graph.deleteRoot(ann.root);
    for (const again of [false, true]) {
      if (again) await network.reopen();
      expect(await usernames(bob)).toEqual(["bob", "cat"]);
      expect(await texts(cat)).toEqual([]);
      expect(await bob.all(trending)).toEqual([]);
      expect((await bob.do(feed)).items).toMatchObject([{ text: "bob's", likes: 1, comments: 0 }]);
      expect((await bob.do(listFollowers, { username: "bob" })).items).toEqual([]);
      expect((await bob.do(listMembers, { channel: "tea" })).items).toEqual(["bob"]);
      expect((await bob.do(readChannel, { channel: "tea" })).items).toEqual([]);
      expect((await bob.do(listChannels)).items).toEqual([{ name: "tea", topic: "" }]);
      await expect(ann.do(feed)).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
    }
    // The name is free again.
    const other = await network.signUp("ann");
    expect(await texts(other)).toEqual([]);
  });

  describe("input that makes no sense", () => {
    it("is refused whole, with where and why", async () => {
      const { ann } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      const refused: [Promise<unknown>, string][] = [
        [ann.do(createPost, { text: "   " }), "text"],
        [ann.do(createPost, { text: "x".repeat(501) }), "text"],
        [ann.do(createPost, {} as never), "text"],
        [ann.do(addComment, { post, text: "" }), "text"],
        [ann.do(updateProfile, { username: "Ann!" }), "username"],
        [ann.do(follow, { username: "" }), "username"],
        [ann.do(feed, { limit: 0 }), "limit"],
        [ann.do(feed, { limit: 1_000 }), "limit"],
        [ann.do(createChannel, { channel: "no spaces" }), "channel"],
        [ann.do(setRole, { channel: "tea", username: "bob", role: "king" as never }), "role"],
      ];
      for (const [call, field] of refused)
        await expect(call).rejects.toMatchObject({ code: "RW_INPUT_INVALID", path: [field] });
      await expect(ann.do(toggleLike, { post: "nonsense" })).rejects.toThrow(ValidationError);
      await expect(ann.do(feed, { after: "nonsense" })).rejects.toMatchObject({ code: "RW_CURSOR_INVALID" });
      expect(await texts(ann)).toEqual(["hi"]);
    });

    it("of another kind of record is not found", async () => {
      const { ann } = await threeUsers();
      const post = (await ann.do(createPost, { text: "hi" })).id;
      const comment = (await ann.do(addComment, { post, text: "hi" })).id;
      for (const wrong of [comment, ann.root])
        await expect(ann.do(toggleLike, { post: wrong })).rejects.toThrow(NotFoundError);
    });
  });
});
