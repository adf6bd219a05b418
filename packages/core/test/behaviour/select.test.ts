import { inspect } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, node, type Tx, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// Plain data instead of records: what is in it, whom it is shown to, and what a unit that has read it depends on.

class Room extends node(
  "Room",
  {
    name: z.string(),
    topic: z.string().optional(),
    tags: z.array(z.string()).default([]),
    opened: z.date().optional(),
    visits: z.int().default(0),
  },
  { index: ["name"] },
) {}
class Hall extends Room.extend("Hall", { seats: z.int() }) {}
class Log extends node("Log", { n: z.int() }) {}
class Door extends edge("Door", { width: z.int(), note: z.string().optional() }, { from: Room, to: Room }) {}
const types = [Room, Hall, Log, Door];

/** a leads to b and c; c is a hall. */
async function house(graph: Graph): Promise<{ a: string; b: string; c: string }> {
  return graph.transaction((tx) => {
    const a = tx.create(Room, { name: "a" });
    const b = a.connect(Room, { name: "b", topic: "tea", tags: ["x"] }, via(Door, { width: 1 }));
    const c = a.connect(Hall, { name: "c", seats: 9, visits: 3 }, via(Door, { width: 2, note: "wide" }));
    return { a: a.id, b: b.id, c: c.id };
  });
}

const room = (tx: Tx, id: string) => tx.require(Room, id);

forEachStore("select", (open) => {
  const { isShared } = open.store;

  it("gives plain objects with the id and the fields named, in the query's order", async () => {
    const graph = await open({ types });
    const { a, b, c } = await house(graph);
    const rows = await graph.transaction(async (tx) =>
      (await room(tx, a)).out(Door).select("name", "topic").all(),
    );
    expect(rows).toStrictEqual([
      { id: b, name: "b", topic: "tea" },
      { id: c, name: "c", topic: undefined },
    ]);
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
    expect(Object.keys(rows[0]!)).toEqual(["id", "name", "topic"]);
    expect(structuredClone(rows)).toEqual(rows);
    expect(JSON.stringify(rows[1])).toBe(`{"id":"${c}","name":"c"}`);
    const largest = graph.nodes(Room).select("name", "visits").orderBy("visits", "desc").limit(2);
    expect(await largest.all()).toEqual([
      { id: c, name: "c", visits: 3 },
      { id: a, name: "a", visits: 0 },
    ]);
    expect(await largest.first()).toEqual({ id: c, name: "c", visits: 3 });
    expect(await largest.count()).toBe(2);
    expect(await largest.ids()).toEqual([c, a]);
    expect(await graph.nodes(Hall).select("seats").one()).toEqual({ id: c, seats: 9 });
    await expect(graph.nodes(Room).select("name").one()).rejects.toThrow("one(): more than one Room matches");
    expect(await graph.nodes(Room).select("name").filter({ name: "z" }).exists()).toBe(false);
  });

  it("gives edges with the ids of their ends, and pairs", async () => {
    const graph = await open({ types });
    const { a, b, c } = await house(graph);
    const doors = await graph.edges(Door).ids();
    expect(await graph.edges(Door).select("width", "sourceId", "targetId").all()).toStrictEqual([
      { id: doors[0], width: 1, sourceId: a, targetId: b },
      { id: doors[1], width: 2, sourceId: a, targetId: c },
    ]);
    const pairs = graph
      .nodes(Room, { name: "a" })
      .out(Door)
      .pairs()
      .select({ edge: { note: true }, node: { name: true, tags: true } })
      .reverse();
    expect(await pairs.limit(1).all()).toStrictEqual([
      { edge: { id: doors[1], note: "wide" }, node: { id: c, name: "c", tags: [] } },
    ]);
    expect(await pairs.count()).toBe(2);
  });

  it("pages and streams as records are", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      for (let i = 0; i < 250; i++) tx.create(Room, { name: `room ${i}`, visits: i % 7 });
    });
    const rooms = graph.nodes(Room).select("visits").orderBy("visits");
    const paged: unknown[] = [];
    for (let after: string | undefined, page = 0; page === 0 || after !== undefined; page++) {
      const { items, next } = await (after === undefined ? rooms : rooms.after(after)).limit(40).page();
      paged.push(...items);
      after = next;
    }
    expect(paged).toEqual(await rooms.all());
    const streamed: unknown[] = [];
    for await (const row of graph.nodes(Room).select("name")) streamed.push(row);
    expect(streamed).toEqual((await graph.nodes(Room).all()).map(({ id, name }) => ({ id, name })));
  });

  it("shows what the unit has written, and what it has created", async () => {
    const graph = await open({ types });
    const { a, b, c } = await house(graph);
    await graph.transaction(async (tx) => {
      const start = await room(tx, a);
      (await room(tx, b)).topic = "coffee";
      (await room(tx, c)).delete();
      const d = start.connect(Room, { name: "d" }, via(Door, { width: 5 }));
      expect(await start.out(Door).select("name", "topic").all()).toEqual([
        { id: b, name: "b", topic: "coffee" },
        { id: d.id, name: "d", topic: undefined },
      ]);
    });
  });

  it("shares nothing with the cache that could be changed", async () => {
    const graph = await open({ types });
    const opened = new Date(1000);
    await graph.transaction((tx) => tx.create(Room, { name: "a", tags: ["x"], opened }));
    const { tags, opened: shown } = await graph.nodes(Room).select("tags", "opened").one();
    expect(() => (tags as string[]).push("y")).toThrow(TypeError);
    shown!.setTime(0);
    expect(await graph.nodes(Room).select("tags", "opened").one()).toMatchObject({ tags: ["x"], opened });
  });

  it("shows a principal what it may read, and nothing else", async () => {
    const graph = await open({ types });
    const ann = await graph.createRoot();
    const bob = await graph.createRoot();
    const shared = await graph.as(ann).transaction((tx) => {
      const hub = tx.create(Room, { name: "hub" });
      const shown = hub.connect(Room, { name: "shown" }, via(Door, { width: 1 }));
      hub.connect(Room, { name: "hidden" }, via(Door, { width: 2 }));
      for (const each of [hub, shown]) each.allowRoot(bob, "read");
      return shown.id;
    });
    const seen = graph.as(bob).nodes(Room, { name: "hub" }).out(Door);
    expect(await seen.select("name").all()).toEqual([{ id: shared, name: "shown" }]);
    expect(await seen.edges().select("width").all()).toMatchObject([{ width: 1 }]);
    expect(await graph.as(bob).nodes(Room).select("name").count()).toBe(2);
  });

  it("of what is in memory asks the store nothing", async () => {
    const openHere = open.place();
    // The bound of L1 is this test's own.
    const graph = await openHere({ types, cache: { maxEntries: 10_000 } });
    const { a } = await house(graph);
    const ask = (): Promise<unknown> =>
      graph.transaction(async (tx) => (await room(tx, a)).out(Door).select("name").all());
    await ask();
    const before = graph.status().store.counters.statements;
    await ask();
    // A store that others write to is asked whether they did.
    if (!isShared) expect(graph.status().store.counters.statements).toBe(before);
  });

  /** How often a unit ran that asked and then wrote, while another one changed this after its first asking. */
  async function runsBeside(
    ask: (tx: Tx, ids: { a: string; b: string; c: string }) => Promise<unknown>,
    change: (tx: Tx, ids: { a: string; b: string; c: string }) => Promise<unknown>,
    isOther: boolean,
  ): Promise<{ runs: number; last: unknown; after: unknown }> {
    const openHere = open.place();
    const graph = await openHere({ types });
    const other = isOther ? await openHere({ types }) : graph;
    const ids = await house(graph);
    let runs = 0;
    let last: unknown;
    await graph.transaction(async (tx) => {
      runs += 1;
      last = await ask(tx, ids);
      if (runs === 1) await other.transaction(async (its) => void (await change(its, ids)));
      tx.create(Log, { n: runs });
    });
    return { runs, last, after: await graph.transaction((tx) => ask(tx, ids)) };
  }

  for (const isOther of isShared ? [false, true] : [false]) {
    const by = isOther ? "another process" : "this process";
    const names = async (tx: Tx, { a }: { a: string }): Promise<unknown> =>
      (await room(tx, a)).out(Door).select("name", "tags").all();

    it(`depends on the fields that it shows, changed by ${by}`, async () => {
      const { runs, last, after } = await runsBeside(
        names,
        async (tx, { b }) => {
          (await room(tx, b)).name = "bee";
        },
        isOther,
      );
      expect(runs).toBe(2);
      expect(last).toEqual(after);
    });

    it(`depends on the records that are there, removed and added by ${by}`, async () => {
      for (const change of [
        async (tx: Tx, { c }: { c: string }) => (await room(tx, c)).delete(),
        async (tx: Tx, { a }: { a: string }) =>
          (await room(tx, a)).connect(Room, { name: "new" }, via(Door, { width: 9 })),
      ]) {
        const { runs, last, after } = await runsBeside(names, change, isOther);
        expect(runs).toBe(2);
        expect(last).toEqual(after);
      }
    });

    it(`of edges depends on their fields, changed by ${by}`, async () => {
      const { runs, last, after } = await runsBeside(
        async (tx, { a }) => (await room(tx, a)).out(Door).edges().select("width").all(),
        async (tx, { a }) => {
          for (const door of await (await room(tx, a)).out(Door).edges().all()) door.width = 7;
        },
        isOther,
      );
      expect(runs).toBe(2);
      expect(last).toEqual(after);
    });
  }

  it("does not depend on fields that it does not show", async () => {
    const { runs } = await runsBeside(
      async (tx, { a }) => (await room(tx, a)).out(Door).select("name").all(),
      async (tx, { b }) => {
        (await room(tx, b)).visits += 1;
      },
      false,
    );
    expect(runs).toBe(1);
  });

  it("refuses what it cannot show", async () => {
    const graph = await open({ types });
    const rooms = graph.nodes(Room) as unknown as Record<string, (...given: unknown[]) => never>;
    const doors = graph.edges(Door) as unknown as typeof rooms;
    expect(() => rooms.select!("nope")).toThrow(
      'select: Room has no field "nope"; it has name, topic, tags, opened, visits',
    );
    expect(() => rooms.select!("id")).toThrow("the id is there without being named");
    expect(() => rooms.select!("name", "name")).toThrow('select names "name" twice');
    expect(() => rooms.select!()).toThrow("select takes the names of fields");
    expect(() => rooms.select!(5)).toThrow(TypeError);
    expect(() => rooms.select!("sourceId")).toThrow("no field");
    expect(() => doors.select!("source")).toThrow("no field");
    expect(() => rooms.select!({ name: 1 })).toThrow("select takes { name: true }");
    const pairs = graph.nodes(Room).out(Door).pairs() as unknown as typeof rooms;
    for (const given of ["name", {}, { edge: { width: true } }, { edge: {}, node: {}, more: {} }])
      expect(() => pairs.select!(given), inspect(given)).toThrow(TypeError);
    const rows = graph.nodes(Room).select("name") as unknown as typeof rooms;
    for (const step of ["out", "in", "both", "edges", "pairs", "select", "ofType", "updateAll", "deleteAll"])
      expect(() => rows[step]!(), step).toThrow(`${step}() goes before select()`);
    expect(String(rows)).toBe("Room, giving name");
    expect(inspect(rows)).toBe("Query Room, giving name");
  });
});
