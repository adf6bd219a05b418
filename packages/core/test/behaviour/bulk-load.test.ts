import { expect, it, test, vi } from "vitest";
import { z } from "zod";
import { edge, type Graph, node, openGraph, type Session } from "../../src/index.ts";
import {
  BulkLoad,
  bulkLoad,
  edgeRow,
  type LoadRow,
  nodeRow,
  type RefusedRow,
} from "../../src/interchange.ts";
import { forEachStore } from "./stores.ts";

class Person extends node("Person", { name: z.string(), age: z.int().optional() }, { unique: ["name"] }) {}
class Place extends node("Place", { name: z.string() }) {}
class Knows extends edge("Knows", { since: z.int().default(1) }, { from: Person, to: Person }) {}
class Near extends edge("Near", {}, { from: Place, to: Place, undirected: true }) {}
const types = [Person, Place, Knows, Near, BulkLoad];

/** Twelve people in a ring, and then everybody knows the first one. */
function* ring(): Generator<LoadRow> {
  for (let i = 0; i < 12; i++) {
    yield nodeRow(Person, `p${i}`, { name: `person ${i}` });
    if (i > 0) yield edgeRow(Knows, `p${i - 1}`, `p${i}`, { since: i });
  }
  for (let i = 0; i < 12; i++) yield edgeRow(Knows, `p${i}`, "p0");
}
const rowsInRing = 12 + 11 + 12;

/** What is there, without ids. */
async function contents(session: Session): Promise<string[]> {
  return session.transaction(async (tx) => {
    const names = new Map((await tx.nodes(Person).all()).map(({ id, name }) => [id, name]));
    const edges = await tx.edges(Knows).all();
    return [
      ...names.values(),
      ...edges.map(
        ({ sourceId, targetId, since }) => `${names.get(sourceId)} ${since} ${names.get(targetId)}`,
      ),
    ];
  });
}

async function refusal(work: Promise<unknown>): Promise<Error & Record<string, never>> {
  return work.then(
    () => expect.unreachable(),
    (thrown) => thrown,
  );
}

forEachStore("a bulk load", (open) => {
  it("makes the nodes and edges of its rows, in their order, and says what ids they have", async () => {
    const graph = await open({ types });
    const told: number[] = [];
    const report = await bulkLoad(graph, ring(), { batch: 10, onProgress: ({ rows }) => told.push(rows) });
    expect(report).toMatchObject({ rows: rowsInRing, nodes: 12, edges: 23, resumedAt: 0, refused: 0 });
    expect(told).toEqual([10, 20, 30, 35]);
    const all = await contents(graph);
    expect(all.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, i) => `person ${i}`));
    expect(all.slice(12, 14)).toEqual(["person 0 1 person 1", "person 1 2 person 2"]);
    const p7 = await graph.require(Person, report.idOf("p7") as string);
    expect(p7.name).toBe("person 7");
    expect(report.idOf("nobody")).toBeUndefined();
    // What is made later comes later.
    const later = await graph.transaction((tx) => tx.create(Place, { name: "later" }).id);
    for (const { id } of await graph.nodes(Person).all()) expect(later > id).toBe(true);
  });

  it("belongs to its session, under that user's rights", async () => {
    const graph = await open({ types });
    const ann = await graph.createRoot();
    const { idOf } = await bulkLoad(graph, [nodeRow(Person, 1, { name: "system's" })]);
    await bulkLoad(graph.as(ann), [nodeRow(Person, 1, { name: "ann's" })]);
    expect((await graph.nodes(Person, { name: "ann's" }).one()).$ownerId).toBe(ann.id);
    const rows = [nodeRow(Person, 2, { name: "eve" }), edgeRow(Knows, 2, idOf(1) as string)];
    expect((await refusal(bulkLoad(graph.as(ann), rows))).message).toMatch(
      /^row 2: "to" ".*" leads to no node that this session may read/,
    );
    await graph.transaction(async (tx) => (await tx.require(Person, idOf(1) as string)).grant("read"));
    expect((await refusal(bulkLoad(graph.as(ann), rows))).message).toMatch(
      /^row 2: .* needs connect on Person/,
    );
    expect(await graph.nodes(Person).count()).toBe(2);
  });

  it("hangs edges on nodes of the graph by their ids, and on undirected ones", async () => {
    const graph = await open({ types });
    const here = await graph.transaction((tx) => tx.create(Place, { name: "here" }).id);
    await bulkLoad(graph, [nodeRow(Place, 5n, { name: "there" }), edgeRow(Near, 5n, here)]);
    await graph.transaction(async (tx) => {
      const near = await (await tx.require(Place, here)).out(Near).all();
      expect(near.map(({ name }) => name)).toEqual(["there"]);
    });
  });

  const wrong: [what: string, row: LoadRow, says: RegExp][] = [
    ["a value that its validator refuses", nodeRow(Person, "x", { name: 7 } as never), /Person\.name/],
    ["a field that there is not", nodeRow(Person, "x", { name: "x", nmae: 1 } as never), /no field "nmae"/],
    [
      "a key that an earlier row has",
      nodeRow(Person, "p0", { name: "x" }),
      /an earlier row has the key "p0"/,
    ],
    [
      "an end that is nothing",
      edgeRow(Knows, "p0", "px"),
      /"to" "px" is neither the key of an earlier row nor/,
    ],
    ["an end of a later row", edgeRow(Knows, "p1", "last"), /"to" "last" is the key of a later row, 4/],
    ["ends of the wrong types", edgeRow(Near, "p0", "p1"), /Near leads from Place to Place/],
    ["a unique key that is taken", nodeRow(Person, "x", { name: "taken" }), /the same name exists/],
  ];

  it.each(wrong)("refuses a row with %s by its number, and drops its batch", async (_what, row, says) => {
    const graph = await open({ types });
    await bulkLoad(graph, [nodeRow(Person, "t", { name: "taken" })]);
    const rows = [
      nodeRow(Person, "p0", { name: "a" }),
      nodeRow(Person, "p1", { name: "b" }),
      row,
      nodeRow(Person, "last", { name: "c" }),
    ];
    const error = await refusal(bulkLoad(graph, rows));
    expect(error).toMatchObject({ code: "RW_IMPORT_LINE", details: { row: 3, rows: 0 } });
    expect(error.message).toMatch(/^row 3: /);
    expect(error.message).toMatch(says);
    expect(await graph.nodes(Person).count()).toBe(1);

    // Told of it, the load goes on without it.
    const refused: RefusedRow[] = [];
    const report = await bulkLoad(graph, rows, { onRefused: (each) => refused.push(each) });
    expect(report).toMatchObject({ rows: 4, nodes: 3, edges: 0, refused: 1 });
    expect(refused.map((each) => [each.row, says.test(each.error.message)])).toEqual([[3, true]]);
  });

  it("refuses an edge to a row that was refused, in whichever batch", async () => {
    const graph = await open({ types });
    const rows = [
      nodeRow(Person, 0, { name: "a" }),
      nodeRow(Person, 1, { name: 7 } as never),
      edgeRow(Knows, 0, 1),
      edgeRow(Knows, 1, 0),
    ];
    for (const batch of [1, 2, 10]) {
      const told: RefusedRow[] = [];
      const { idOf, refused } = await bulkLoad(
        graph,
        rows.map((row, i) => (i === 0 ? nodeRow(Person, 0, { name: `a${batch}` }) : row)),
        { batch, onRefused: (each) => told.push(each) },
      );
      expect(told.map(({ row }) => row)).toEqual([2, 3, 4]);
      for (const { error } of told.slice(1)) expect(error.message).toMatch(/key of row 2, which was refused/);
      expect([typeof idOf(0), idOf(1), refused]).toEqual(["string", undefined, 3]);
    }
  });

  it("finds out together which rows have keys that are taken", async () => {
    const store = open.store.place()();
    const graph = await openGraph({ types, store });
    const people = Array.from({ length: 40 }, (_, i) => nodeRow(Person, i, { name: `n${i}` }));
    await bulkLoad(graph, people.slice(0, 30));
    const told: RefusedRow[] = [];
    let commits = 0;
    const commit = store.commit.bind(store);
    store.commit = (batches) => {
      commits += 1;
      return commit(batches);
    };
    // The last one has the key of another row.
    const rows = [...people, nodeRow(Person, "x", { name: "n35" })];
    const report = await bulkLoad(graph, rows, { onRefused: (each) => told.push(each) });
    expect(report).toMatchObject({ rows: 41, nodes: 10, refused: 31 });
    expect(told.map(({ row }) => row)).toEqual([...Array.from({ length: 30 }, (_, i) => i + 1), 41]);
    for (const { error } of told)
      expect(error).toMatchObject({ code: "RW_UNIQUE", fields: ["name"], type: "Person" });
    expect(commits).toBeLessThan(6);
    await graph.close();
  });

  it("with a name is taken up by the same call, wherever it was cut short, and makes the same graph", async () => {
    const whole = await open({ types });
    await bulkLoad(whole, ring());
    const expected = await contents(whole);
    const openHere = open.place();
    let stops = 0;
    for (let isDone = false; !isDone; ) {
      const graph: Graph = await openHere({ types });
      let batches = 0;
      try {
        const report = await bulkLoad(graph, ring(), {
          name: "ring",
          batch: 4 + stops,
          onProgress: () => {
            batches += 1;
            if (batches === 1 + (stops % 2)) throw new Error("stopped");
          },
        });
        expect(await contents(graph)).toEqual(expected);
        expect((await graph.require(Person, report.idOf("p3") as string)).name).toBe("person 3");
        expect(report.rows).toBe(rowsInRing);
        isDone = true;
      } catch (error) {
        if ((error as Error).message !== "stopped") throw error;
        stops += 1;
      }
      await graph.close();
    }
    expect(stops).toBeGreaterThan(2);
    // Once more there is nothing to do; with more rows they are loaded, and find the earlier ones by their keys.
    const graph = await openHere({ types });
    expect(await bulkLoad(graph, ring(), { name: "ring" })).toMatchObject({
      nodes: 0,
      edges: 0,
      resumedAt: 35,
    });
    const more = await bulkLoad(graph, [...ring(), edgeRow(Knows, "p11", "p5")], { name: "ring" });
    expect(more).toMatchObject({ nodes: 0, edges: 1, rows: 36 });
    expect((await contents(graph)).at(-1)).toBe("person 11 1 person 5");
    expect((await refusal(bulkLoad(graph, [], { name: "ring" }))).message).toMatch(
      /36 rows of "ring" are in/,
    );
    // Another name is another load.
    expect(await bulkLoad(graph, [nodeRow(Place, 1, { name: "x" })], { name: "other" })).toMatchObject({
      nodes: 1,
    });
    await graph.close();
  });

  it("is mended by the same call after a row was refused", async () => {
    const graph = await open({ types });
    const rows = (age: unknown) => [
      ...Array.from({ length: 4 }, (_, i) => nodeRow(Person, i, { name: `p${i}` })),
      nodeRow(Person, 4, { name: "p4", age: age as number }),
      edgeRow(Knows, 0, 4),
    ];
    const error = await refusal(bulkLoad(graph, rows("old"), { name: "people", batch: 2 }));
    expect(error).toMatchObject({ details: { row: 5, rows: 4 }, path: ["age"] });
    expect(await bulkLoad(graph, rows(4), { name: "people", batch: 2 })).toMatchObject({
      resumedAt: 4,
      nodes: 1,
      edges: 1,
    });
  });

  it("does not get in the way of others who write meanwhile", async () => {
    const graph = await open({ types });
    const others: Promise<void>[] = [];
    await bulkLoad(graph, ring(), {
      batch: 5,
      onProgress: () => {
        const name = `other ${others.length}`;
        others.push(graph.transaction((tx) => void tx.create(Person, { name })));
      },
    });
    await Promise.all(others);
    expect(await graph.nodes(Person).count()).toBe(12 + others.length);
    expect(await graph.edges(Knows).count()).toBe(23);
  });

  it("shows in what was read before: neighbourhoods, keys, extents", async () => {
    const graph = await open({ types });
    const [hub, place] = await graph.transaction((tx) => [
      tx.create(Person, { name: "hub" }).id,
      tx.create(Place, { name: "place" }).id,
    ]);
    const look = (): Promise<unknown> =>
      graph.transaction(async (tx) => {
        const [person, here] = [await tx.require(Person, hub), await tx.require(Place, place)];
        return [
          (await person.out(Knows).all()).map(({ name }) => name),
          (await person.in(Knows).all()).map(({ name }) => name),
          (await here.both(Near).all()).map(({ name }) => name),
          await tx.nodes(Person, { name: "ann" }).count(),
          await tx.edges(Knows).count(),
        ];
      });
    expect(await look()).toEqual([[], [], [], 0, 0]);
    await bulkLoad(graph, [
      nodeRow(Person, "a", { name: "ann" }),
      edgeRow(Knows, hub, "a"),
      edgeRow(Knows, "a", hub),
      edgeRow(Knows, hub, hub),
      edgeRow(Near, place, place),
    ]);
    expect(await look()).toEqual([["ann", "hub"], ["ann", "hub"], ["place"], 1, 3]);
    await bulkLoad(graph, [nodeRow(Place, 1, { name: "near" }), edgeRow(Near, 1, place)]);
    expect(await look()).toEqual([["ann", "hub"], ["ann", "hub"], ["place", "near"], 1, 3]);
  });

  it("is told to those who watch, and ends units that counted without it", async () => {
    const graph = await open({ types });
    const ann = await graph.createRoot();
    const told: Record<string, unknown[]> = { all: [], anns: [] };
    const watches = [graph, graph.as(ann)].map((session, i) =>
      session.watch([Person, Knows], ({ changes }) => {
        for (const change of changes) told[i === 0 ? "all" : "anns"]!.push(change);
      }),
    );
    for (const { ready } of watches) await ready;
    let runs = 0;
    const counted = await graph.transaction(async (tx) => {
      runs += 1;
      const count = await tx.nodes(Person).count();
      if (runs === 1)
        await bulkLoad(graph.as(ann), [
          nodeRow(Person, 1, { name: "a" }),
          nodeRow(Person, 2, { name: "b" }),
          edgeRow(Knows, 1, 2),
        ]);
      tx.create(Place, { name: `${count}` });
      return count;
    });
    expect([counted, runs]).toEqual([2, 2]);
    const [edge] = await graph.edges(Knows).all();
    const expected = [
      { op: "created", kind: "node", type: "Person", after: { data: 1, access: 1 } },
      { op: "created", kind: "node", type: "Person", after: { data: 1, access: 1 } },
      {
        op: "created",
        kind: "edge",
        id: edge!.id,
        sourceId: edge!.sourceId,
        targetId: edge!.targetId,
        after: { data: 1, access: 1 },
      },
    ];
    await vi.waitFor(() => expect(told).toMatchObject({ all: expected, anns: expected }));
    for (const each of watches) each.stop();
  });

  it("is whole or not there in everything that others see who commit at the same time", async () => {
    const graph = await open({ types });
    const others: Promise<number>[] = [];
    const countAndWrite = (): Promise<number> =>
      graph.transaction(async (tx) => {
        const count = await tx.nodes(Person).count();
        tx.create(Place, { name: `${count}` });
        return count;
      });
    const people = Array.from({ length: 40 }, (_, i) => nodeRow(Person, i, { name: `n${i}` }));
    async function* rows(): AsyncGenerator<LoadRow> {
      for (const [i, row] of people.entries()) {
        if (i % 5 === 4) others.push(countAndWrite());
        yield row;
      }
    }
    await bulkLoad(graph, rows(), { batch: 10 });
    const counts = await Promise.all(others);
    expect(counts.map((count) => count % 10)).toEqual(counts.map(() => 0));
  });

  it("leaves what is in memory there, and adds nothing to it", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => void tx.create(Person, { name: "here" }));
    const before = graph.status().cache;
    await bulkLoad(graph, ring(), { batch: 10 });
    const { nodes, edges, evictions } = graph.status().cache;
    expect([nodes, edges, evictions]).toEqual([before.nodes, before.edges, before.evictions]);
  });

  it("refuses edges to nodes that it has made and somebody has deleted since", async () => {
    const graph = await open({ types });
    const rows = [
      ...Array.from({ length: 4 }, (_, i) => nodeRow(Person, i, { name: `p${i}` })),
      ...Array.from({ length: 4 }, (_, i) => edgeRow(Knows, i, (i + 1) % 4)),
    ];
    const told: RefusedRow[] = [];
    async function* pausing(): AsyncGenerator<LoadRow> {
      for (const [i, row] of rows.entries()) {
        if (i === 4)
          await graph.transaction(async (tx) => {
            for (const person of await tx.nodes(Person, { name: "p1" }).all()) person.delete();
          });
        yield row;
      }
    }
    const report = await bulkLoad(graph, pausing(), { batch: 4, onRefused: (refused) => told.push(refused) });
    expect(report).toMatchObject({ nodes: 4, edges: 2, refused: 2 });
    expect(
      told.map(({ row, error }) => [row, /no node that this session may read/.test(error.message)]),
    ).toEqual([
      [5, true],
      [6, true],
    ]);
  });

  it("keeps ids of nodes for who takes it up, whatever else the batches hold", async () => {
    const graph = await open({ types });
    const rows = [
      nodeRow(Person, "a", { name: "a" }),
      nodeRow(Person, undefined, { name: "nobody" }),
      edgeRow(Knows, "a", "a"),
      edgeRow(Knows, "a", "a"),
      nodeRow(Person, "b", { name: "b" }),
      edgeRow(Knows, "b", "a"),
      edgeRow(Knows, "a", "b"),
    ];
    const first = await bulkLoad(graph, rows, { name: "few", batch: 2 });
    const [{ blocks }] = (await graph.nodes(BulkLoad).all()) as [BulkLoad];
    expect(blocks.map(({ row }) => row)).toEqual([0, 4]);
    const again = await bulkLoad(graph, [...rows, edgeRow(Knows, "b", "a", { since: 9 })], { name: "few" });
    expect(again).toMatchObject({ resumedAt: 7, nodes: 0, edges: 1 });
    for (const key of ["a", "b"]) expect(again.idOf(key)).toBe(first.idOf(key));
    expect((await graph.require(Person, again.idOf("b") as string)).name).toBe("b");
  });
});

test("bulkLoad refuses wrong arguments", async () => {
  const graph = await openGraph({ types: [Person, Knows] });
  await expect(bulkLoad({} as never, [])).rejects.toThrow(/bulkLoad takes a graph/);
  await expect(bulkLoad(graph, 7 as never)).rejects.toThrow(/takes rows as an iterable/);
  await expect(bulkLoad(graph, [7 as never])).rejects.toThrow(TypeError);
  await expect(bulkLoad(graph, [], { batch: 0 })).rejects.toThrow(/positive whole number/);
  await expect(bulkLoad(graph, [], { nmae: "x" } as never)).rejects.toThrow(/no option "nmae"/);
  await expect(bulkLoad(graph, [], { name: "x" })).rejects.toThrow(/not opened with the type BulkLoad/);
  await expect(bulkLoad(graph, [nodeRow(Place, 1, { name: "x" })])).rejects.toThrow(/the type Place/);
  expect(await graph.nodes(Person).count()).toBe(0);
  await graph.close();
});
