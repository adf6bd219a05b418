import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, lt, node, type Tx, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// What is read from each record of a query: as one typed object, by few reads, and guarded as if each were asked alone.

class Room extends node("Room", { name: z.string() }) {}
class Member extends node("Member", { name: z.string() }) {}
class Message extends node("Message", { text: z.string(), stars: z.int().default(0) }) {}
class Log extends node("Log", { n: z.int() }) {}
class Posted extends edge("Posted", { at: z.int() }, { from: Room, to: Message }) {}
class Wrote extends edge("Wrote", {}, { from: Member, to: Message }) {}
class Joined extends edge("Joined", { since: z.int() }, { from: Member, to: Room }) {}
const types = [Room, Member, Message, Log, Posted, Wrote, Joined];

/** Rooms `room 0`, …, each with so many messages `0`, `1`, … of which ann wrote every other one, and joined by ann. */
async function chat(graph: Graph, rooms: number, messages: number): Promise<void> {
  const ann = await graph.transaction((tx) => tx.create(Member, { name: "ann" }).id);
  for (let from = 0; from < rooms; from += 100) {
    await graph.transaction(async (tx) => {
      const member = await tx.require(Member, ann);
      for (let i = from; i < Math.min(rooms, from + 100); i++) {
        const room = tx.create(Room, { name: `room ${i}` });
        member.link(room, via(Joined, { since: i }));
        for (let m = 0; m < messages; m++) {
          const message = room.connect(Message, { text: `${m}`, stars: m % 3 }, via(Posted, { at: m }));
          if (m % 2 === 0) member.link(message, via(Wrote, {}));
        }
      }
    });
  }
}

const overview = (tx: Tx) =>
  tx.nodes(Room).select({
    name: true,
    latest: (room) => room.out(Posted).reverse().limit(5).select("text"),
    members: (room) => room.in(Joined).count(),
  });

forEachStore("nested reads", (open) => {
  const { isShared } = open.store;

  it("give one object for each record, to any depth", async () => {
    const graph = await open({ types });
    await chat(graph, 2, 3);
    const rooms = await graph
      .nodes(Room)
      .select({
        name: true,
        latest: (room) =>
          room
            .out(Posted)
            .reverse()
            .limit(2)
            .select({
              text: true,
              by: (message) =>
                message
                  .in(Wrote)
                  .select({ name: true, rooms: (member) => member.out(Joined).count() })
                  .first(),
            }),
        stars: (room) => room.out(Posted).sum("stars"),
        best: (room) => room.out(Posted).orderBy("stars", "desc").select("text").first(),
        byStars: (room) => room.out(Posted).countBy("stars"),
        first: (room) => room.out(Posted).edges().min("at"),
        writers: (room) => room.out(Posted).in(Wrote).ids(),
        isEmpty: (room) => room.out(Posted, { at: lt(0) }).exists(),
        groups: (room) => room.out(Posted).groupBy("stars"),
        pairs: (room) =>
          room
            .out(Posted)
            .limit(1)
            .pairs()
            .select({ edge: { at: true }, node: { text: true } }),
        newest: (room) => room.out(Posted).reverse().limit(1),
      })
      .orderBy("name", "desc")
      .all();
    const [ann] = await graph.nodes(Member).ids();
    const [last] = await graph
      .nodes(Room, { name: "room 1" })
      .out(Posted)
      .all()
      .then((all) => all.slice(-1));
    const id = expect.any(String);
    expect(rooms).toHaveLength(2);
    const { groups, newest, ...plain } = rooms[0]!;
    expect(plain).toStrictEqual({
      id,
      name: "room 1",
      latest: [
        { id, text: "2", by: { id: ann, name: "ann", rooms: 2 } },
        { id, text: "1", by: undefined },
      ],
      stars: 3,
      best: { id, text: "2" },
      byStars: new Map([
        [0, 1],
        [1, 1],
        [2, 1],
      ]),
      first: 0,
      writers: [ann],
      isEmpty: false,
      pairs: [{ edge: { id, at: 0 }, node: { id, text: "0" } }],
    });
    expect(Object.keys(rooms[0]!).slice(0, 4)).toEqual(["id", "name", "latest", "stars"]);
    expect(groups.get(2)![0]).toBeInstanceOf(Message);
    expect(newest.map((message) => message.id)).toEqual([last!.id]);
  });

  it("page, stream and stand alone as rows do", async () => {
    const graph = await open({ types });
    await chat(graph, 5, 2);
    const rooms = graph.nodes(Room).select({ posts: (room) => room.out(Posted).count() });
    const all = await rooms.all();
    expect(all.map(({ posts }) => posts)).toEqual([2, 2, 2, 2, 2]);
    const { items, next } = await rooms.limit(2).page();
    expect(items).toEqual(all.slice(0, 2));
    expect((await rooms.after(next!).page()).items).toEqual(all.slice(2));
    const streamed: unknown[] = [];
    for await (const room of rooms) streamed.push(room);
    expect(streamed).toEqual(all);
    expect(await rooms.first()).toEqual(all[0]);
    expect(
      await graph
        .nodes(Room, { name: "none" })
        .select({ posts: (room) => room.out(Posted) })
        .all(),
    ).toEqual([]);
    expect(String(rooms)).toBe("Room, giving posts");
    const { results } = await rooms.explain();
    expect(results).toBe(5);
  });

  it("show a principal what it may read of each", async () => {
    const graph = await open({ types });
    const ann = await graph.createRoot();
    const bob = await graph.createRoot();
    await graph.as(ann).transaction((tx) => {
      for (const name of ["a", "b"]) {
        const room = tx.create(Room, { name });
        room.allowRoot(bob, "read");
        for (let m = 0; m < 6; m++) {
          const message = room.connect(Message, { text: `${name}${m}` }, via(Posted, { at: m }));
          if (m % 2 === 0) message.allowRoot(bob, "read");
        }
      }
    });
    const rooms = await graph.as(bob).transaction((tx) => overview(tx).all());
    expect(rooms.map(({ latest }) => latest.map(({ text }) => text))).toEqual([
      ["a4", "a2", "a0"],
      ["b4", "b2", "b0"],
    ]);
  });

  describe("take few reads", () => {
    // The bound of L1 is these tests' own.
    const cache = { maxEntries: 100_000 };

    /** What a question costs a graph that has just been opened. */
    async function cost(
      rooms: number,
      ask: (tx: Tx) => Promise<unknown>,
    ): Promise<{ statements: number; rows: number }> {
      const openHere = open.place();
      const filled = await openHere({ types, cache });
      await chat(filled, rooms, 20);
      await filled.close();
      const graph = await openHere({ types, cache });
      const before = graph.status().store.counters;
      await graph.transaction(ask);
      const after = graph.status().store.counters;
      const cost = {
        statements: after.statements - before.statements,
        rows: after.rowsRead - before.rowsRead,
      };
      return cost;
    }

    it("whose number does not grow with the records, up to 256 at a time", async () => {
      const ask = (tx: Tx): Promise<unknown> => overview(tx).all();
      const one = await cost(1, ask);
      const many = await cost(50, ask);
      // A scan; the lists of posts, the fields of messages; the lists of members.
      expect(one.statements).toBe(4);
      expect(many.statements).toBe(4);
      // Five of its twenty messages each, their edges, and what tells that there are more; its members.
      expect(many.rows).toBeLessThanOrEqual(50 * (1 + 6 + 5 + 6 + 2) + 2);
      const more = await cost(300, ask);
      expect(more.statements).toBe(2 + 2 + Math.ceil((300 * 5) / 256) + 2);
    });

    it("over several hops, with filters, orders and aggregates", async () => {
      const deep = (tx: Tx): Promise<unknown> =>
        tx
          .nodes(Room)
          .select({
            writers: (room) => room.out(Posted).in(Wrote).count(),
            starred: (room) => room.out(Posted).filter({ stars: 2 }).limit(3).select("text"),
            best: (room) => room.out(Posted).orderBy("stars", "desc").limit(2).select("text"),
            early: (room) =>
              room
                .out(Posted, { at: lt(3) })
                .edges()
                .sum("at"),
            stars: (room) => room.out(Posted).avg("stars"),
          })
          .all();
      const few = await cost(2, deep);
      const many = await cost(10, deep);
      expect(many.statements).toBe(few.statements);
    });

    it("of what was read in part before", async () => {
      const both = (tx: Tx): Promise<unknown> =>
        tx
          .nodes(Room)
          .select({
            latest: (room) => room.out(Posted).reverse().limit(5).select("text"),
            posts: (room) => room.out(Posted).count(),
            first: (room) => room.out(Posted).limit(2).select("text"),
          })
          .all();
      expect((await cost(40, both)).statements).toBe((await cost(1, both)).statements);
    });
  });

  describe("depend on what they read of each record", () => {
    /** How often a unit ran that asked and then wrote, while this happened after its first asking. */
    async function runsBeside(
      ask: (tx: Tx) => Promise<unknown>,
      change: (tx: Tx, room: Room) => unknown,
      isOther: boolean,
    ): Promise<number> {
      const openHere = open.place();
      const graph = await openHere({ types });
      const other = isOther ? await openHere({ types }) : graph;
      await chat(graph, 3, 8);
      let runs = 0;
      let last: unknown;
      await graph.transaction(async (tx) => {
        runs += 1;
        last = await ask(tx);
        if (runs === 1)
          await other.transaction(
            async (its) => void (await change(its, await its.nodes(Room, { name: "room 1" }).one())),
          );
        tx.create(Log, { n: runs });
      });
      expect(last).toEqual(await graph.transaction(ask));
      return runs;
    }

    const ask = (tx: Tx): Promise<unknown> => overview(tx).all();
    const message = async (room: Room, text: string): Promise<Message> =>
      room.out(Posted).filter({ text }).one();

    for (const isOther of isShared ? [false, true] : [false]) {
      const by = isOther ? "another process" : "this process";
      for (const [what, change] of Object.entries<(tx: Tx, room: Room) => unknown>({
        "a new message": (_, room) => room.connect(Message, { text: "new" }, via(Posted, { at: 9 })),
        "a message that is gone": async (_, room) => (await message(room, "5")).delete(),
        "another text": async (_, room) => {
          (await message(room, "7")).text = "other";
        },
        "a member": (tx, room) => tx.create(Member, { name: "bob" }).link(room, via(Joined, { since: 9 })),
        "another name": (_, room) => {
          room.name = "other";
        },
      })) {
        it(`${what}, of ${by}, ends the unit`, async () => {
          expect(await runsBeside(ask, change, isOther)).toBe(2);
        });
      }
    }

    for (const [what, change] of Object.entries<(tx: Tx, room: Room) => unknown>({
      "an old message that is gone": async (_, room) =>
        room.out(Posted).edges().filter({ at: 1 }).deleteAll(),
      "the text of an old message": async (_, room) => {
        (await message(room, "1")).text = "other";
      },
      "the stars of a message": async (_, room) => {
        (await message(room, "7")).stars = 5;
      },
    })) {
      it(`${what} does not touch it`, async () => {
        expect(await runsBeside(ask, change, false)).toBe(1);
      });
    }
  });

  it("refuse what cannot be read of each record", async () => {
    const graph = await open({ types });
    await chat(graph, 1, 1);
    // biome-ignore lint/suspicious/noExplicitAny: what the types refuse
    type Loose = any;
    const rooms = graph.nodes(Room) as Loose;
    const refused = (shape: object, message: string | RegExp): void => {
      expect(() => rooms.select(shape), inspect(shape)).toThrow(message);
    };
    refused({}, "select takes the names of fields");
    refused({ nope: true }, 'Room has no field "nope"');
    refused({ name: "x" }, "select takes { name: true }");
    refused({ name: (room: Loose) => room.out() }, "name is a property of the record");
    refused({ id: (room: Loose) => room.out() }, "id is a property of the record");
    refused({ posts: () => 5 }, "got number");
    refused({ posts: async (room: Loose) => room.out(Posted) }, "got a promise");
    refused({ posts: (room: Loose) => room }, "got the argument itself");
    refused({ posts: () => graph.nodes(Message) }, TypeError as never);
    refused({ posts: (room: Loose) => room.out(Posted).all() }, "there is no all() within select");
    refused({ posts: (room: Loose) => room.out(Posted).limit(1).page() }, "there is no page() within select");
    refused(
      { posts: (room: Loose) => room.out(Posted).select("text").select("text") },
      "goes before select()",
    );
    refused({ posts: (room: Loose) => room.out(Posted).sum("text2") }, "sum: Message has no field");
    refused(
      { posts: (room: Loose) => room.out(Posted).select({ again: () => room.in(Joined) }) },
      "again begins at the record of another select",
    );
    const endless = (each: Loose): unknown => each.out(Posted).in(Posted).select({ endless });
    refused({ endless }, "nested deeper than 32 levels");
    expect(() => (graph.edges(Posted) as Loose).select({ room: (each: Loose) => each.out() })).toThrow(
      "room is read from an edge",
    );
    await expect(
      graph
        .nodes(Room)
        .select({ x: (room: Loose) => room.out(Posted).sum("text") })
        .all(),
    ).rejects.toThrow("sum of Message.text is for numbers");
  });
});
