import { inspect, isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  and,
  ClosedError,
  edge,
  eq,
  type Graph,
  gt,
  type NodeQuery,
  node,
  not,
  oneOf,
  or,
  Root,
  type Tx,
  UniqueViolationError,
  via,
  type WalkControls,
  walker,
} from "../../src/index.ts";
import { testClock } from "../../src/testing/test-clock.ts";
import { forEachStore } from "./stores.ts";

// What callers get wrong is refused where it happens, in words that say how to do it right.

class Room extends node(
  "Room",
  { name: z.string(), size: z.int().default(0), tags: z.array(z.string()).default([]) },
  { index: ["size"] },
) {}
class Badge extends node("Badge", { code: z.string() }, { unique: ["code"] }) {}
class Door extends edge("Door", { width: z.int().default(1) }, { from: Room, to: Room }) {}
const types = [Room, Badge, Door];

/** Visits every node it is sent to. */
const stroll = walker("stroll", {}).entry(Room, (w, room) => w.report(room.name));

/** A hall with three rooms behind it. */
async function house(graph: Graph): Promise<Room> {
  return graph.transaction((tx) => {
    const hall = tx.root.connect(Room, { name: "hall", size: 9 });
    for (const [size, name] of ["a", "b", "c"].entries()) hall.connect(Room, { name, size }, via(Door, {}));
    return hall;
  });
}

/** Runs a walker with this handler at the principal's root. */
function atRoot(
  graph: Graph,
  handler: (w: WalkControls<unknown, unknown>, here: Root) => unknown,
): Promise<unknown> {
  return graph.spawn(walker("at_root", {}).entry(Root, handler));
}

forEachStore("misuse", (open) => {
  it("an order by what is no field is refused, whatever it is", async () => {
    const graph = await open({ types });
    let deep: object = {};
    for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
    for (const field of [undefined, null, 5n, Symbol("size"), ["size"], deep])
      expect(() => graph.nodes(Room).orderBy(field as never)).toThrow(/orderBy takes a field, got/);
    expect(() => graph.nodes(Room).orderBy("sise" as never)).toThrow('orderBy takes a field, "sise" is none');
  });

  describe("what belongs to another graph", () => {
    it("is refused wherever a record or a query is taken", async () => {
      const graph = await open({ types });
      const other = await open({ types });
      await house(graph);
      const room = await house(other);
      const elsewhere = /belongs to another graph/;
      for (const at of [room, [room], other.nodes(Room), other.root]) {
        await expect(graph.spawn(stroll, {}, { at })).rejects.toThrow(elsewhere);
        await expect(atRoot(graph, (w) => void w.visit(at))).rejects.toThrow(elsewhere);
      }
      await expect(atRoot(graph, (w) => w.ignore(room))).rejects.toThrow(elsewhere);
      const uses: ((tx: Tx) => unknown)[] = [
        (tx) => tx.root.link(room),
        (tx) => tx.root.link(other.root),
        (tx) => tx.root.disconnect(room),
        (tx) => tx.root.allowRoot(other.root, "read"),
        (tx) => tx.root.disallowRoot(other.root),
      ];
      for (const use of uses) await expect(graph.transaction(use)).rejects.toThrow(elsewhere);
      expect(() => graph.as(other.root)).toThrow(elsewhere);
      expect(await graph.root.out().count()).toBe(1);
    });
  });

  describe("what belongs to another unit of work", () => {
    it("a query is not followed: its records are not this unit's", async () => {
      const graph = await open({ types });
      await house(graph);
      const query = await graph.transaction<{ of: NodeQuery<Room> }>((tx) => ({ of: tx.root.out(Room) }));
      await expect(atRoot(graph, (w) => void w.visit(query.of))).rejects.toThrow(ClosedError);
      await expect(graph.spawn(stroll, {}, { at: query.of })).rejects.toThrow(/another unit of work/);
      await expect(query.of.all()).rejects.toThrow(/await this call before the unit.s body returns/);
    });

    it("a place to start at that is gone is skipped", async () => {
      const graph = await open({ types });
      const hall = await house(graph);
      await graph.transaction(async (tx) => (await tx.require(Room, hall.id)).delete());
      for (const at of [hall, [hall], hall.id]) {
        expect((await graph.spawn(stroll, {}, { at })).visits).toBe(0);
      }
    });

    it("a call that nobody waits for says what to do", async () => {
      const graph = await open({ types });
      let late: Promise<unknown> | undefined;
      await graph.transaction((tx) => {
        late = tx.ensure(Room, { name: "never" }).catch((error: unknown) => error);
      });
      expect(await late).toMatchObject({
        code: "RW_CLOSED",
        message: expect.stringMatching(/await this call/),
      });
      expect(await graph.nodes(Room).count()).toBe(0);
    });
  });

  describe("roots", () => {
    it("are made by createRoot alone, and only a root is somebody to act as", async () => {
      const graph = await open({ types });
      const hall = await house(graph);
      await expect(graph.transaction((tx) => tx.create(Root as never, {}))).rejects.toThrow(
        /graph\.createRoot/,
      );
      await expect(graph.transaction((tx) => tx.create(Root as never, [{}, {}]))).rejects.toThrow(TypeError);
      await expect(graph.transaction((tx) => tx.root.connect(Root as never, {}))).rejects.toThrow(TypeError);
      expect(() => new (Root as unknown as new () => unknown)()).toThrow(/use graph\.createRoot\(\)/);
      expect(() => graph.as(hall as never)).toThrow(TypeError);
      await expect(graph.deleteRoot(hall as never)).rejects.toThrow(TypeError);
      await expect(graph.as(hall.id).nodes(Room).count()).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
      expect(await graph.roots().count()).toBe(0);
    });
  });

  describe("close", () => {
    it("in the body of a unit ends in an error that says so, and nothing of the unit is kept", async () => {
      const { scheduler, advanceUntil } = testClock();
      const openHere = open.place();
      const graph = await openHere({ types, scheduler });
      await house(graph);
      const unit = graph.transaction(async (tx) => {
        tx.create(Room, { name: "lost" });
        await graph.close();
      });
      await expect(advanceUntil(unit, 20_000)).rejects.toMatchObject({ code: "RW_CLOSE_WAITS" });
      await advanceUntil(graph.close(), 0);
      await expect(graph.refresh()).rejects.toThrow(/the graph is closed/);
      const again = await openHere({ types });
      expect(await again.nodes(Room, { name: "lost" }).count()).toBe(0);
    });

    it("waits as long as a unit gets on", async () => {
      const { scheduler, advanceUntil } = testClock();
      const graph = await open({ types, scheduler });
      await house(graph);
      const later = (): Promise<void> => new Promise((resolve) => void scheduler.after(7_000, resolve));
      const unit = graph.transaction(async (tx) => {
        for (let times = 0; times < 5; times++) {
          await later();
          await tx.root.out(Room).out(Door).count();
        }
        return "done";
      });
      const closing = graph.close();
      expect(await advanceUntil(unit, 60_000)).toBe("done");
      await advanceUntil(closing, 0);
    });
  });

  describe("a unique key that is taken", () => {
    it("is told with the key and the id of the unit's own record, when the unit commits", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => void tx.create(Badge, { code: "taken" }));
      let wanted: string | undefined;
      const unit = graph.transaction((tx) => {
        tx.create(Badge, { code: "first" });
        wanted = tx.create(Badge, { code: "taken" }).id;
        tx.create(Badge, { code: "last" });
      });
      const error = await unit.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(UniqueViolationError);
      expect(error).toMatchObject({
        type: "Badge",
        fields: ["code"],
        values: ["taken"],
        details: { id: wanted, index: "Badge.code" },
      });
    });

    it("by two records of the unit itself, or by a change, is told the same way", async () => {
      const graph = await open({ types });
      const twice = graph.transaction((tx) => {
        for (const code of ["a", "b", "b", "c"]) tx.create(Badge, { code });
      });
      await expect(twice).rejects.toMatchObject({ code: "RW_UNIQUE", values: ["b"] });
      await graph.transaction((tx) => void tx.create(Badge, [{ code: "x" }, { code: "y" }, { code: "z" }]));
      const changed = graph.transaction(async (tx) => {
        const [x, y] = await tx.nodes(Badge).all();
        x!.code = "free";
        y!.code = "z";
      });
      await expect(changed).rejects.toMatchObject({ code: "RW_UNIQUE", values: ["z"] });
    });
  });

  describe("input", () => {
    it("an array with holes, or with nothing at a place, makes no records", async () => {
      const graph = await open({ types });
      for (const all of [new Array(3), [{ name: "a" }, undefined]] as never[]) {
        await expect(graph.transaction((tx) => tx.create(Room, all))).rejects.toMatchObject({
          code: "RW_FIELD_INVALID",
        });
        await expect(graph.transaction((tx) => tx.root.connect(Room, all))).rejects.toThrow(
          /at \d, got undefined/,
        );
      }
      await expect(graph.spawn(stroll, {}, { at: new Array(2) as never })).rejects.toThrow(/got undefined/);
      expect(await graph.nodes(Room).count()).toBe(0);
    });

    it("ensure takes plain values to find by, and an object to create with", async () => {
      const graph = await open({ types });
      await house(graph);
      const ensure = (key: unknown, ...fields: unknown[]): Promise<unknown> =>
        graph.transaction((tx) => tx.ensure(Room, key as never, ...(fields as [])));
      for (const key of [
        undefined,
        null,
        "hall",
        {},
        { name: eq("hall") },
        { size: gt(3) },
        and({ name: "hall" }),
      ])
        await expect(ensure(key)).rejects.toThrow(TypeError);
      for (const fields of [null, "size", [1]])
        await expect(ensure({ name: "hall" }, fields)).rejects.toThrow(/the other fields as an object/);
    });

    it("an edit that is no function is refused, whether anything matches or not", async () => {
      const graph = await open({ types });
      for (const edit of [undefined, { size: 1 }, "size"])
        await expect(graph.nodes(Room).updateAll(edit as never)).rejects.toThrow(/takes a function/);
    });

    it("options of a hop, a visit and a spawn are those that there are", async () => {
      const graph = await open({ types });
      await house(graph);
      const invalid = { code: "RW_QUERY_INVALID" };
      for (const options of [
        { dept: 2 },
        [2],
        2,
        null,
        { depth: [1, 2, 3] },
        { depth: Number.NaN },
        { depth: "2" },
      ]) {
        const hop = (tx: Tx): unknown => tx.root.out(Room, undefined, options as never);
        await expect(graph.transaction(hop)).rejects.toMatchObject(invalid);
      }
      for (const options of [null, [], 3, { att: 1 }, { at: "0" }, { at: 0.5 }, { at: Number.NaN }])
        await expect(atRoot(graph, (w, here) => void w.visit(here, options as never))).rejects.toThrow(
          /w\.visit/,
        );
      for (const options of [null, [], 3, { att: 1 }])
        await expect(graph.spawn(stroll, {}, options as never)).rejects.toThrow(TypeError);
      for (const at of [null, 3, "x", {}, [null], [[]], () => graph.root, Promise.resolve()])
        await expect(graph.spawn(stroll, {}, { at: at as never })).rejects.toThrow(TypeError);
      for (const target of [undefined, null, 3, "x", Room, new Set(), [undefined]])
        await expect(atRoot(graph, (w) => void w.visit(target as never))).rejects.toThrow(TypeError);
      await expect(graph.spawn(stroll, null as never)).rejects.toMatchObject({ code: "RW_INPUT_INVALID" });
    });
  });

  describe("filters", () => {
    it.each([
      ["an operator of another database", { size: { $gt: 3 } }, /there is no operator "\$gt"/],
      ["nothing but a symbol", { [Symbol("name")]: "a" }, /no field is a symbol/],
      ["deeper than 90 levels", deep(91), /nested more than 90 levels/],
      ["so deep that nothing could follow it", deep(50_000), /nested more than 90 levels/],
      ["NaN", { size: Number.NaN }, /NaN/],
      ["a function", { name: () => "a" }, /function/],
      ["an array", [], /got array/],
      ["a key of Object.prototype", { constructor: "a" }, /has no field "constructor"/],
      ["what JSON.parse makes of __proto__", JSON.parse('{"__proto__":1}'), /has no field "__proto__"/],
      ["an operator without a field", gt(3), /write \{ field: gt/],
      ["a record test on a field", { size: or({ size: 3 }) }, /tests a record/],
    ])("refuse %s", async (_what, filter, message) => {
      const graph = await open({ types });
      expect(() => graph.nodes(Room, filter as never)).toThrow(message);
      expect(() => graph.nodes(Room).filter(filter as never)).toThrow(message);
      expect(() => graph.root.out(Room, filter as never)).toThrow(message);
    });

    it("of nothing let everything pass, or nothing, as logic has it", async () => {
      const graph = await open({ types });
      await house(graph);
      const count = (filter: unknown): Promise<number> => graph.nodes(Room, filter as never).count();
      for (const all of [{}, and(), and({}), or({}), not(or())]) expect(await count(all)).toBe(4);
      for (const none of [or(), not({}), not(and()), { name: oneOf([]) }]) expect(await count(none)).toBe(0);
      expect(await count(deep(90))).toBe(1);
      // As plain data it is asked for by name.
      expect(await count({ tags: eq({ $gt: 3 } as never) })).toBe(0);
    });
  });

  describe("cursors", () => {
    it("of another query are refused, and with other filters go on", async () => {
      const graph = await open({ types });
      const hall = await house(graph);
      const rooms = graph.nodes(Room);
      const next = async (query: NodeQuery<Room>): Promise<string> => (await query.limit(2).page()).next!;
      const inside = <T>(f: (room: Room) => Promise<T>): Promise<T> =>
        graph.transaction(async (tx) => f(await tx.require(Room, hall.id)));
      const cursors = {
        rooms: await next(rooms),
        reverse: await next(rooms.reverse()),
        bySize: await next(rooms.orderBy("size")),
        bySizeDown: await next(rooms.orderBy("size", "desc")),
        byName: await next(rooms.orderBy("name")),
        behind: await inside((room) => next(room.out(Door))),
        behindBySize: await inside((room) => next(room.out(Door).orderBy("size"))),
      };
      const queries: Record<keyof typeof cursors, (cursor: string) => Promise<unknown[]>> = {
        rooms: (cursor) => rooms.after(cursor).all(),
        reverse: (cursor) => rooms.reverse().after(cursor).all(),
        bySize: (cursor) => rooms.orderBy("size").after(cursor).all(),
        bySizeDown: (cursor) => rooms.orderBy("size", "desc").after(cursor).all(),
        byName: (cursor) => rooms.orderBy("name").after(cursor).all(),
        behind: (cursor) => inside((room) => room.out(Door).after(cursor).all()),
        behindBySize: (cursor) => inside((room) => room.out(Door).orderBy("size").after(cursor).all()),
      };
      const refused = { code: "RW_CURSOR_INVALID", message: expect.stringMatching(/for this query/) };
      for (const [name, run] of Object.entries(queries)) {
        for (const [of, cursor] of Object.entries(cursors)) {
          if (of === name) expect((await run(cursor)).length).toBeGreaterThan(0);
          else await expect(run(cursor)).rejects.toMatchObject(refused);
        }
        const own = cursors[name as keyof typeof cursors];
        for (const broken of [
          "",
          "garbage!",
          own.slice(0, -8),
          `${own}A`,
          btoa('["o"]'),
          btoa("[]"),
          btoa("null"),
        ])
          await expect(run(broken)).rejects.toMatchObject(refused);
      }
      expect(
        await rooms
          .filter({ size: gt(0) })
          .after(cursors.rooms)
          .count(),
      ).toBe(2);
      await expect(graph.root.out(Room).after(cursors.behind).all()).rejects.toMatchObject(refused);
    });

    it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null, undefined, 2n])(
      "a limit of %s is refused",
      async (limit) => {
        const graph = await open({ types });
        expect(() => graph.nodes(Room).limit(limit as never)).toThrow(/limit takes a whole number/);
      },
    );
  });

  it("an empty graph answers every query and walk with nothing", async () => {
    const graph = await open({ types });
    const rooms = graph.nodes(Room);
    const queries = [
      rooms,
      graph.root.out(Room),
      rooms.out(Door).in().both(Room),
      rooms.out(Door, undefined, { depth: [0, Number.POSITIVE_INFINITY] }),
      rooms.orderBy("size").reverse(),
    ];
    for (const query of queries) {
      expect(await query.all()).toEqual([]);
      expect(await query.first()).toBeUndefined();
      await expect(query.one()).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
      expect([await query.count(), await query.exists(), await query.ids()]).toEqual([0, false, []]);
      expect(await query.limit(3).all()).toEqual([]);
      for await (const _ of query) throw new Error("there is nothing");
      expect(await query.updateAll(() => {})).toBe(0);
      expect(await query.deleteAll()).toBe(0);
      expect((await graph.spawn(stroll, {}, { at: query })).visits).toBe(0);
    }
    expect(await rooms.page()).toEqual({ items: [], next: undefined });
    expect(await rooms.out(Door).edges().all()).toEqual([]);
    expect(await rooms.out(Door).pairs().all()).toEqual([]);
    expect(await rooms.out(Door).disconnectAll()).toBe(0);
    let elses = 0;
    await atRoot(graph, (w, here) => {
      w.visit(here.out(Room)).else(() => {
        elses += 1;
      });
      w.visit([]).else(() => {
        elses += 1;
      });
    });
    expect(elses).toBe(2);
  });

  it("what a handler, an else or a nested walk throws discards the unit whole", async () => {
    const graph = await open({ types });
    const half = (here: Root): never => {
      here.connect(Room, { name: "half" });
      throw new Error("mine");
    };
    const bad = walker("bad", {}).entry(Root, (_w, here) => half(here));
    const walks: (() => Promise<unknown>)[] = [
      () => atRoot(graph, (_w, here) => half(here)),
      () => atRoot(graph, async (_w, here) => half(here)),
      () => atRoot(graph, (w, here) => w.visit(here.out(Room)).else(() => half(here))),
      () => atRoot(graph, (w, here) => w.visit(here.out(Room)).else(async () => half(here))),
      () => graph.spawn(walker("leaving", {}).exit(Root, (_w, here) => half(here))),
      () =>
        atRoot(graph, async (w) => {
          await w.spawn(bad).catch(() => {});
        }),
    ];
    for (const walk of walks) await expect(walk()).rejects.toThrow("mine");
    expect(await graph.nodes(Room).count()).toBe(0);
  });

  describe("records as values", () => {
    it("show their fields to JSON, inspect and equality; $data is what can be cloned and spread", async () => {
      const graph = await open({ types });
      const { id } = await house(graph);
      const [one, again] = [await graph.require(Room, id), await graph.require(Room, id)];
      const other = await graph.nodes(Room, { name: "a" }).one();
      const fields = { name: "hall", size: 9, tags: [] };
      expect(JSON.parse(JSON.stringify(one))).toEqual({ id, type: "Room", ...fields });
      expect(inspect(one)).toContain("name: 'hall'");
      expect(structuredClone(one.$data)).toEqual(fields);
      expect({ ...one.$data }).toEqual(fields);
      expect(Object.entries(one.$data)).toEqual(Object.entries(fields));
      expect(one).toEqual(again);
      expect(one).toStrictEqual(again);
      expect(isDeepStrictEqual(one, again)).toBe(true);
      expect(one).not.toEqual(other);
      expect(isDeepStrictEqual(one, other)).toBe(false);
    });

    it("a class's prototype is no record, and says so", () => {
      const prototype = Room.prototype as Room;
      const reads: (() => unknown)[] = [
        () => prototype.name,
        () => prototype.id,
        () => prototype.$data,
        () => prototype.toJSON(),
        () => prototype.out(Room),
        () => {
          prototype.name = "x";
        },
      ];
      for (const read of reads) expect(read).toThrow(/a class's prototype is no record/);
    });
  });
});

/** So many negations, an even number of them or not. */
function deep(levels: number): unknown {
  let filter: unknown = { name: "hall" };
  for (let level = 0; level < levels; level++) filter = not(filter as never);
  return filter;
}
