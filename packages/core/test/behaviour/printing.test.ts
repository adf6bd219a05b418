import assert from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  CorruptRecordError,
  edge,
  eq,
  type Graph,
  gte,
  type Id,
  node,
  not,
  oneOf,
  openGraph,
  or,
  Root,
  startsWith,
  via,
  walker,
} from "../../src/index.ts";
import { forEachStore, type Open } from "./stores.ts";

class Room extends node("Room", { name: z.string(), size: z.number().default(1) }) {
  get title(): string {
    return `#${this.name}`;
  }
}
class Message extends node("Message", { text: z.string() }) {}
class Posted extends edge("Posted", { at: z.number() }, { from: Room, to: Message }) {}
class Kinds extends node("Kinds", {
  big: z.bigint(),
  bytes: z.instanceof(Uint8Array),
  map: z.map(z.string(), z.bigint()),
  set: z.set(z.number()),
  when: z.date(),
  deep: z.object({ list: z.array(z.bigint()) }),
  absent: z.string().optional(),
}) {}
const types = [Room, Message, Posted, Kinds];

const kinds = {
  big: 5n,
  bytes: new Uint8Array([1, 2, 3]),
  map: new Map([["x", 1n]]),
  set: new Set([7, 8]),
  when: new Date(5),
  deep: { list: [9n] },
};

async function opened(open: Open): Promise<{ graph: Graph; room: Room; roomId: Id }> {
  const graph = await open({ types });
  const roomId = await graph.transaction((tx) => {
    const room = tx.root.connect(Room, { name: "general" });
    room.connect(Message, { text: "hi" }, via(Posted, { at: 3 }));
    return room.id;
  });
  return { graph, roomId, room: await graph.require(Room, roomId) };
}

forEachStore("what a record shows", (open) => {
  it("is id, type and fields, in console.log too, at any depth and after its unit", async () => {
    const { graph, room, roomId } = await opened(open);
    const shown = `Room { id: '${roomId}', name: 'general', size: 1 }`;
    const oneLine = { breakLength: Number.POSITIVE_INFINITY };
    expect(inspect(room, oneLine)).toBe(shown);
    expect(inspect({ found: [room] }, oneLine)).toBe(`{ found: [ ${shown} ] }`);
    expect(inspect({ found: [room] }, { depth: 1 })).toBe("{ found: [ [Room] ] }");
    expect(inspect(new Map([["a", room]]), oneLine)).toBe(`Map(1) { 'a' => ${shown} }`);
    expect(`${room}`).toBe(`Room ${roomId}`);
    await graph.transaction(async (tx) => {
      const mine = await tx.require(Room, roomId);
      mine.size = 2;
      expect(inspect(mine, oneLine)).toBe(shown.replace("size: 1", "size: 2"));
      const fresh = tx.create(Room, { name: "new" });
      expect(inspect(fresh, oneLine)).toBe(`Room { id: '${fresh.id}', name: 'new', size: 1 }`);
      mine.delete();
      expect(inspect(mine, oneLine)).toBe(
        shown.replace("Room", "Room (deleted)").replace("size: 1", "size: 2"),
      );
    });
    expect(inspect(graph.root, oneLine)).toBe(`Root { id: '${graph.root.id}' }`);
    expect(inspect(Room.prototype)).toBe("Room {}");
    expect(Object.prototype.toString.call(Room.prototype)).toBe("[object Room]");
  });

  it("of an edge names both ends", async () => {
    const { graph, roomId } = await opened(open);
    const posted = await graph.edges(Posted).one();
    const { id, targetId } = posted;
    expect(JSON.parse(JSON.stringify(posted))).toEqual({
      id,
      type: "Posted",
      sourceId: roomId,
      targetId,
      at: 3,
    });
    expect(inspect(posted, { breakLength: 1000 })).toBe(
      `Posted { id: '${id}', sourceId: '${roomId}', targetId: '${targetId}', at: 3 }`,
    );
  });

  it("is JSON for values of every kind, and $data can be cloned", async () => {
    const graph = await open({ types });
    const id = await graph.transaction((tx) => tx.create(Kinds, kinds).id);
    const record = await graph.require(Kinds, id);
    expect(JSON.parse(JSON.stringify([record]))).toEqual([
      {
        id,
        type: "Kinds",
        big: "5",
        bytes: "AQID",
        map: [["x", "1"]],
        set: [7, 8],
        when: "1970-01-01T00:00:00.005Z",
        deep: { list: ["9"] },
      },
    ]);
    const big: string = record.toJSON().big;
    const when: Date = record.toJSON().when;
    expect([big, when]).toEqual(["5", new Date(5)]);
    expect(structuredClone(record.$data)).toEqual(kinds);
    expect(inspect(record)).toContain("map: Map(1) { 'x' => 1n }");
  });

  it("of one whose fields cannot be read is why, without throwing", async () => {
    const place = open.place();
    const first = await place({ types: [Room, Message, Posted] });
    const id = await first.transaction((tx) => tx.create(Message, { text: "short" }).id);
    await first.close();
    class Strict extends node("Message", { text: z.string(), by: z.string("who?") }) {}
    const graph = await place({ types: [Strict] });
    const record = await graph.require(Strict, id);
    expect(inspect(record)).toBe(`Message (unreadable: by: who?) { id: '${id}' }`);
    expect(`${record} ${Object.prototype.toString.call(record)}`).toContain(id);
    expect(() => JSON.stringify(record)).toThrow(CorruptRecordError);
  });

  it("costs nothing: who prints a record does not depend on its fields", async () => {
    const { graph, roomId } = await opened(open);
    let runs = 0;
    await graph.transaction(async (tx) => {
      runs += 1;
      const room = await tx.require(Room, roomId);
      inspect(room);
      if (runs === 1) {
        await graph.transaction(async (other) => {
          (await other.require(Room, roomId)).size = 9;
        });
        await graph.refresh();
        expect(inspect(room)).toContain(roomId);
      }
      tx.create(Room, { name: "other" });
    });
    expect(runs).toBe(1);
  });

  it("in a run is what was reported", async () => {
    const { graph, roomId } = await opened(open);
    const look = walker("look", {})
      .entry(Root, (w, here) => w.visit(here.out(Room)))
      .entry(Room, (w, room) => w.report(room));
    const run = await graph.spawn(look);
    expect(inspect(run, { breakLength: 1000, compact: 5 })).toBe(
      `{ reports: [ Room { id: '${roomId}', name: 'general', size: 1 } ], state: {}, visits: 2, disengaged: false }`,
    );
    expect(JSON.parse(JSON.stringify(run)).reports[0].name).toBe("general");
  });
});

describe("records are equal", () => {
  async function versions(): Promise<Readonly<Record<"room" | "same" | "changed" | "other", Room>>> {
    const graph = await openGraph({ types });
    const id = await graph.transaction((tx) => {
      tx.create(Room, { name: "general" });
      return tx.create(Room, { name: "general" }).id;
    });
    const [other, room] = (await graph.nodes(Room).all()) as [Room, Room];
    const same = await graph.require(Room, id);
    await graph.transaction(async (tx) => {
      (await tx.require(Room, id)).size = 2;
    });
    const changed = await graph.require(Room, id);
    await graph.close();
    return { room, same, changed, other };
  }

  const passes = (compare: () => unknown): boolean => {
    try {
      return compare() !== false;
    } catch {
      return false;
    }
  };
  const comparisons: [string, (left: unknown, right: unknown) => unknown][] = [
    ["vitest's and jest's toEqual", (left, right) => expect(left).toEqual(right)],
    ["toStrictEqual", (left, right) => expect(left).toStrictEqual(right)],
    ["toEqual in lists", (left, right) => expect([left]).toEqual([right])],
    ["node:assert's deepEqual", (left, right) => assert.deepEqual(left, right)],
    ["deepEqual in lists", (left, right) => assert.deepEqual([{ a: left }], [{ a: right }])],
    ["deepStrictEqual", (left, right) => assert.deepStrictEqual(left, right)],
    ["isDeepStrictEqual", isDeepStrictEqual],
    ["chai's deep equal", (left, right) => expect(left).to.deep.equal(right)],
  ];
  it.each(comparisons)("by %s where type, id and fields are", async (_name, compare) => {
    const { room, same, changed, other } = await versions();
    expect([same, changed, other, {}].map((each) => passes(() => compare(room, each)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(room.title).toBe("#general");
    expect(passes(() => compare(room, same))).toBe(true);
  });

  it("to plain objects by toMatchObject, toJSON and $data", async () => {
    const { room } = await versions();
    expect(room).toMatchObject({ name: "general" });
    expect(passes(() => expect(room).toMatchObject({ name: "other" }))).toBe(false);
    expect(room).toEqual(expect.objectContaining({ name: "general", size: 1 }));
    expect(room.toJSON()).toEqual({ id: room.id, type: "Room", name: "general", size: 1 });
    assert.deepStrictEqual({ ...room.$data }, { name: "general", size: 1 });
  });

  it("and where they are not, a failure shows the fields", async () => {
    const { room, changed } = await versions();
    const message = (): string => {
      try {
        assert.deepEqual(room, changed);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(message()).toContain(`Room ${room.id} {"name": "general", "size": 1}`);
    expect(message()).toContain(`Room ${room.id} {"name": "general", "size": 2}`);
  });
});

describe("a query prints what it would do", () => {
  it("as one line, before anything is read", async () => {
    const graph = await openGraph({ types });
    const rootId = graph.root.id;
    const queries: [unknown, string][] = [
      [graph.nodes(Room), "Room"],
      [graph.nodes(Room, { name: "general" }), 'Room {name = "general"}'],
      [
        graph
          .nodes(Room)
          .out(Posted, { at: gte(5) })
          .reverse()
          .limit(5),
        "Room -out Posted {at >= 5}-> Message, newest first, limit 5",
      ],
      [graph.nodes(Message).in(Posted), "Message <-in Posted- Room"],
      [graph.root.both(), `Root ${rootId} -both- any node`],
      [graph.root.out(Room, { size: oneOf([1, 2]) }), `Root ${rootId} -out-> Room {size one of [1,2]}`],
      [
        graph.nodes(Room).orderBy("name", "desc").limit(3).out(Posted).edges(),
        "edges of (Room, by name descending, limit 3) -out Posted-> Message",
      ],
      [graph.nodes(Room).orderBy("name").reverse(), "Room, by name descending"],
      [
        graph
          .nodes(Room)
          .out(Room, {}, { depth: [1, 3] })
          .pairs(),
        "pairs of Room -out, depth 1 to 3-> Room",
      ],
      [
        graph.root.out(Room, {}, { depth: [2, Number.POSITIVE_INFINITY] }),
        `Root ${rootId} -out, depth 2 or more-> Room`,
      ],
      [
        graph.nodes(Room, or({ name: startsWith("a") }, not({ size: eq(undefined) }))),
        'Room {not (size is absent) or name starts with "a"}',
      ],
      [graph.edges(Posted, { at: 1 }), "Posted {at = 1}"],
      [graph.roots(), `Root but ${rootId}`],
      [graph.nodes(Room).select("name"), "Room, giving name"],
    ];
    for (const [query, text] of queries) {
      expect(String(query)).toBe(text);
      expect(inspect(query)).toBe(`Query ${text}`);
    }
    await graph.transaction((tx) => {
      const room = tx.create(Room, { name: "a" });
      expect(String(room.out(Posted))).toBe(`Room ${room.id} -out Posted-> Message`);
    });
    const [late] = [
      await graph.transaction(async (tx) => ({ of: (await tx.nodes(Room).one()).out(Posted) })),
    ];
    expect(String(late.of)).toBe("node -out Posted-> Message");
    await graph.close();
  });
});

forEachStore("graphs, sessions and transactions in print", (open) => {
  it("say what they are, and whether they have ended", async () => {
    const graph = await open({ types });
    const { name } = graph.status().store;
    expect(inspect(graph)).toBe(`Graph over ${name}`);
    const root = await graph.createRoot();
    expect(inspect(graph.as(root))).toBe(`Session as root ${root.id}`);
    const tx = await graph.transaction((unit) => {
      expect(inspect({ unit })).toBe("{ unit: Tx }");
      return { unit };
    });
    expect(inspect(tx.unit)).toBe("Tx (ended)");
    expect([graph, graph.as(root), tx.unit].map((one) => inspect(Object.create(one)))).toEqual([
      "Graph",
      "Session",
      "Tx",
    ]);
    await graph.close();
    expect(inspect(graph)).toBe(`Graph over ${name} (closed)`);
  });
});
