import { NotFoundError, startsWith, via } from "@rootwalk/core";
import { describe, expect, it } from "vitest";
import {
  addComment,
  Commented,
  createChannel,
  createPost,
  deletePost,
  Follows,
  feed,
  follow,
  joinChannel,
  Likes,
  listComments,
  listLikes,
  listMembers,
  openSocial,
  Post,
  Posted,
  Profile,
  setPrivacy,
  showOnePost,
  signUp,
  toggleLike,
  trending,
  unfollow,
} from "../src/index.ts";
import { newFile, overEachStore, type User } from "./network.ts";

overEachStore("at the same time", (open) => {
  it("a hundred users like a post, and all of them count", async () => {
    const network = await open();
    const ann = await network.signUp("ann");
    const post = (await ann.do(createPost, { text: "hi" })).id;
    const crowd = await Promise.all(Array.from({ length: 100 }, (_, i) => network.signUp(`user${i}`)));
    const before = network.graph.status().units.conflicts;
    await Promise.all(crowd.map((user) => user.do(toggleLike, { post })));
    // Nobody's like depends on anybody else's.
    expect(network.graph.status().units.conflicts).toBe(before);
    await network.reopen();
    expect(await ann.do(showOnePost, { post })).toMatchObject({ likes: 100 });
  });

  it("one user toggles a like many times: who is told that it is there is right in the end", async () => {
    const network = await open();
    const ann = await network.signUp("ann");
    const post = (await ann.do(createPost, { text: "hi" })).id;
    for (const taps of [2, 7]) {
      const before = (await ann.do(showOnePost, { post })).isLiked;
      const told = await Promise.all(Array.from({ length: taps }, () => ann.do(toggleLike, { post })));
      const likes = told.filter(({ isLiked }) => isLiked).length;
      // One after another in some order: each tap found what the one before it left.
      expect([Math.floor(taps / 2), Math.ceil(taps / 2)]).toContain(likes);
      const now = taps % 2 === 0 ? before : !before;
      expect(await ann.do(showOnePost, { post })).toMatchObject({ isLiked: now, likes: now ? 1 : 0 });
    }
  });

  it("following and unfollowing leave one edge or none", async () => {
    const network = await open();
    const ann = await network.signUp("ann");
    const bob = await network.signUp("bob");
    await bob.do(createPost, { text: "hi" });
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        [follow, unfollow, follow, follow, unfollow].map((walker) => ann.do(walker, { username: "bob" })),
      );
      const edges = await network.graph.edges(Follows).count();
      expect([0, 1]).toContain(edges);
      expect((await ann.do(feed)).items).toHaveLength(edges);
    }
  });

  it("signing up twice makes one profile, and one name goes to one user", async () => {
    const network = await open();
    const root = await network.graph.createRoot();
    const twice = await Promise.allSettled(
      ["ann", "anna"].map((username) => network.graph.as(root).spawn(signUp, { username })),
    );
    expect(twice.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const same = await Promise.allSettled(Array.from({ length: 5 }, () => network.signUp("bob")));
    expect(same.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await network.graph.nodes(Profile).count()).toBe(2);
  });

  it("a post is deleted while others like it and comment on it: nothing of it stays", async () => {
    const network = await open();
    const ann = await network.signUp("ann");
    const users = await Promise.all(Array.from({ length: 10 }, (_, i) => network.signUp(`user${i}`)));
    for (let round = 0; round < 3; round++) {
      const post = (await ann.do(createPost, { text: "hi #tag" })).id;
      const actions = users.flatMap((user, i) => [
        user.do(addComment, { post, text: "hm" }),
        ...(i === 5 ? [ann.do(deletePost, { post })] : []),
        user.do(toggleLike, { post }),
      ]);
      for (const result of await Promise.allSettled(actions))
        if (result.status === "rejected") expect(result.reason).toBeInstanceOf(NotFoundError);
      expect((await ann.do(feed)).items).toEqual([]);
      expect(await ann.all(trending)).toEqual([]);
      expect(await network.graph.edges(Commented).count()).toBe(0);
      expect(await network.graph.edges(Likes).count()).toBe(0);
    }
  });

  it("a post that is made while its author becomes private is hidden too", async () => {
    const network = await open();
    const ann = await network.signUp("ann");
    const bob = await network.signUp("bob");
    await bob.do(follow, { username: "ann" });
    await Promise.all([
      ann.do(createPost, { text: "1" }),
      ann.do(setPrivacy, { isPrivate: true }),
      ann.do(createPost, { text: "2" }),
    ]);
    expect((await bob.do(feed)).items).toEqual([]);
    expect((await ann.do(feed)).items).toHaveLength(2);
  });

  it("one user joins a channel twice, many users once", async () => {
    const network = await open();
    const ann = await network.signUp("ann");
    await ann.do(createChannel, { channel: "tea" });
    const users = await Promise.all(Array.from({ length: 10 }, (_, i) => network.signUp(`user${i}`)));
    await Promise.all([...users, ...users].map((user: User) => user.do(joinChannel, { channel: "tea" })));
    expect((await ann.do(listMembers, { channel: "tea" })).items).toHaveLength(11);
  });

  it("a user leaves while others like and follow: nothing of theirs counts any more", async () => {
    const network = await open();
    const ann = await network.signUp("ann");
    const bob = await network.signUp("bob");
    const post = (await bob.do(createPost, { text: "bob's" })).id;
    const results = await Promise.allSettled([
      ann.do(toggleLike, { post }),
      ann.do(addComment, { post, text: "bye" }),
      bob.do(follow, { username: "ann" }),
      network.graph.deleteRoot(ann.root),
      ann.do(createPost, { text: "too late" }),
      ann.do(addComment, { post, text: "bye" }),
    ]);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "RW_NOT_FOUND" });
    await network.reopen();
    expect((await bob.do(feed)).items).toMatchObject([{ text: "bob's", likes: 0, comments: 0 }]);
    expect((await bob.do(listComments, { post })).items).toEqual([]);
    expect((await bob.do(listLikes, { post })).items).toEqual([]);
  });
});

describe("a feed of many posts by many authors", () => {
  it("is read from a cold file in a few statements, however many there are", async () => {
    const statements: number[] = [];
    for (const authors of [5, 50]) {
      const file = newFile();
      const graph = await openSocial(file);
      const reader = await graph.createRoot();
      await graph.as(reader).spawn(signUp, { username: "reader" });
      await Promise.all(
        Array.from({ length: authors }, async (_, i) => {
          const root = await graph.createRoot();
          await graph.as(root).transaction((tx) => {
            tx.root.grant("connect");
            const profile = tx.root.connect(Profile, { username: `author${i}` });
            for (const at of [i, i + authors]) {
              const post = profile.connect(Post, { text: `${i}`, at }, via(Posted));
              profile.link(post, via(Likes));
              profile.link(post, via(Commented, { text: "me first", at }));
            }
          });
        }),
      );
      await graph.as(reader).transaction(async (tx) => {
        const me = await tx.root.out(Profile).one();
        for (const other of await tx.nodes(Profile, { username: startsWith("author") }).all())
          me.link(other, via(Follows));
      });
      await graph.close();

      const cold = await openSocial(file);
      try {
        const count = (): number => cold.status().store.counters.statements;
        const read = async (): Promise<void> => {
          const { reports } = await cold.as(reader.id).spawn(feed, { limit: 2 * authors });
          expect(reports[0]!.items).toHaveLength(2 * authors);
          const last = `${authors - 1}`;
          expect(reports[0]!.items[0]).toMatchObject({
            author: `author${last}`,
            text: last,
            likes: 1,
            comments: 1,
          });
        };
        const opened = count();
        await read();
        const first = count();
        statements.push(first - opened);
        // And once it is in memory, from there.
        await read();
        expect(count()).toBe(first);
      } finally {
        await cold.close();
      }
    }
    // Neighbourhoods are read up to 256 at a time; one by one it would take some for each post.
    expect(statements[1]! - statements[0]!).toBeLessThan(10);
  });
});
