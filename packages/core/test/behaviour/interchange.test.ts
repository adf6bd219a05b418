import { describe, expect, it, test } from "vitest";
import { z } from "zod";
import {
  edge,
  type Graph,
  GraphError,
  memory,
  node,
  openGraph,
  type Session,
  type ValidationError,
  via,
} from "../../src/index.ts";
import { exportGexf, exportGraphML, exportJsonl, importJsonl } from "../../src/interchange.ts";
import { forEachStore } from "./stores.ts";

class Person extends node(
  "Person",
  { name: z.string(), age: z.int().optional(), tags: z.array(z.string()).default([]) },
  { unique: ["name"] },
) {}
class Employee extends Person.extend("Employee", { badge: z.bigint().default(7n) }) {}
class Place extends node("Place", { name: z.string() }) {}
class Knows extends edge("Knows", { since: z.date().optional() }, { from: Person, to: Person }) {}
class Near extends edge("Near", {}, { from: Place, to: Place, undirected: true }) {}
const types = [Person, Employee, Place, Knows, Near];

async function text(lines: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of lines) all += piece;
  return all;
}

async function linesOf(session: Session): Promise<string[]> {
  return (await text(exportJsonl(session))).trimEnd().split("\n");
}

/** Ann and Bob, what they own and grant, and edges of every kind. */
async function fill(graph: Graph): Promise<{ ann: string; bob: string }> {
  const ann = (await graph.createRoot()).id;
  const bob = (await graph.createRoot()).id;
  await graph.as(ann).transaction((tx) => {
    const eve = tx.root.connect(Person, { name: "eve", tags: ["a\nb", "\u2028"] });
    const max = eve.connect(Employee, { name: "max", age: 3 }, via(Knows, { since: new Date(0) }));
    eve.link(eve, via(Knows, {}));
    eve.link(max, via(Knows, {}));
    eve.link(max, via(Knows, {}));
    max.grant("read");
    eve.allowRoot(bob, "connect");
  });
  await graph.transaction((tx) => {
    const here = tx.create(Place, { name: "here" });
    here.link(tx.create(Place, { name: "there" }), via(Near, {}));
    here.grant("read");
    tx.root.allowRoot(ann, "read");
  });
  return { ann, bob };
}

async function refusal(work: Promise<unknown>): Promise<GraphError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GraphError);
  return error as GraphError;
}

forEachStore("an export as lines of JSON", (open) => {
  it("holds everything: imported into an empty store it gives the same lines, and the same to every principal", async () => {
    const graph = await open({ types });
    const { ann, bob } = await fill(graph);
    const lines = await text(exportJsonl(graph));
    expect(await text(exportJsonl(graph))).toBe(lines);

    const connect = open.store.place();
    expect(await importJsonl(connect(), () => [lines], { types })).toEqual({
      nodes: 7,
      edges: 6,
      present: 0,
      leftOut: 0,
    });
    const copy = await openGraph({ types, store: connect() });
    expect(await text(exportJsonl(copy))).toBe(lines);
    for (const root of [ann, bob])
      expect(await text(exportJsonl(copy.as(root)))).toBe(await text(exportJsonl(graph.as(root))));
    const max = await copy.as(bob).nodes(Person, { name: "max" }).one();
    expect(max).toBeInstanceOf(Employee);
    expect((max as Employee).badge).toBe(7n);
    await copy.close();
  });

  it("goes into an open graph, from lines read once or twice, in any pieces", async () => {
    const graph = await open({ types });
    await fill(graph);
    const lines = await text(exportJsonl(graph));
    const bytes = new TextEncoder().encode(lines);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
      bytes.slice(i * 7, i * 7 + 7),
    );
    const stream = new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    for (const source of [pieces, () => pieces, () => lines, stream]) {
      const copy = await open({ types });
      const report = await importJsonl(copy, source, { batch: 3 });
      expect(report).toMatchObject({ nodes: 6, edges: 6, leftOut: 0 });
      expect(await text(exportJsonl(copy))).toBe(lines);
      expect(await copy.nodes(Person).count()).toBe(2);
    }
  });

  it("gives a user what that user may see", async () => {
    const graph = await open({ types });
    const { ann, bob } = await fill(graph);
    const seen = (await linesOf(graph.as(bob))).slice(1).map((line) => JSON.parse(line));
    const nodes = seen.filter((line) => "node" in line);
    expect(nodes.map(({ type, fields }) => [type, fields.name])).toEqual([
      ["Root", undefined],
      ["Person", "eve"],
      ["Employee", "max"],
      ["Place", "here"],
    ]);
    // Her root, from which an edge leads to eve, is not his to see.
    expect(seen.filter((line) => "edge" in line).map(({ type }) => type)).toEqual(Array(4).fill("Knows"));
    expect((await linesOf(graph.as(ann))).length).toBeGreaterThan(seen.length);
    expect(await refusal(text(exportJsonl(graph.as("019a0000-0000-7000-8000-000000000009"))))).toMatchObject({
      code: "RW_NOT_FOUND",
    });
  });

  it("is of one moment, whatever is committed while it is read", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      for (let i = 0; i < 2_500; i++) tx.create(Place, { name: `place ${i}` });
    });
    const before = await text(exportJsonl(graph));
    const reading = exportJsonl(graph);
    let read = (await reading.next()).value as string;
    await graph.transaction(async (tx) => {
      const places = await tx.nodes(Place).all();
      for (const place of places) {
        if (place.name.endsWith("7")) place.delete();
        else place.name = "changed";
      }
      tx.create(Place, { name: "new" });
    });
    for await (const piece of reading) read += piece;
    expect(read).toBe(before);
    expect(await text(exportJsonl(graph))).not.toBe(before);
  });

  it("keeps what the code no longer declares: fields, types and the shape that a record has", async () => {
    const openHere = open.place();
    class OldItem extends node("Thing", { name: z.string(), price: z.string() }) {}
    class Gone extends node("Lost", { what: z.map(z.string(), z.bigint()) }) {}
    const old = await openHere({ types: [OldItem, Gone] });
    await old.transaction((tx) => {
      tx.create(OldItem, { name: "pen", price: "1" }).grant("read");
      tx.create(Gone, { what: new Map([["@date", 5n]]) }).grant("read");
    });
    await old.close();
    class Item extends node("Thing", { name: z.string(), stock: z.int().default(3) }) {}
    const now = await openHere({ types: [Item] });
    await now.transaction((tx) => void tx.create(Item, { name: "ink" }).grant("read"));
    const lines = await text(exportJsonl(now));
    expect(lines).toContain('"shape":1,"fields":{"name":"pen","price":"1"}');
    expect(lines).toContain('{"what":{"@map":[["@date",{"@bigint":"5"}]]}}');

    // A user reads by the code alone: nothing that it does not declare, nor how it came to be.
    const ann = now.as(await now.createRoot());
    const seen = await linesOf(ann);
    const fields = seen.slice(1).map((line) => JSON.parse(line) as { type: string; fields: object });
    expect(fields.filter(({ type }) => type !== "Root").map((line) => [line.type, line.fields])).toEqual([
      ["Thing", { name: "pen", stock: 3 }],
      ["Lost", {}],
      ["Thing", { name: "ink", stock: 3 }],
    ]);
    expect(seen.join()).not.toMatch(/price|what|"shape":/);
    // Such lines can be taken in too, by whoever knows the types or not.
    for (const code of [[Item], []]) {
      const other = open.store.place()();
      expect((await importJsonl(other, () => seen.join("\n"), { types: code })).nodes).toBe(4);
      await other.close();
    }

    const connect = open.store.place();
    await importJsonl(connect(), () => lines, { types: [Item] });
    const copy = await openGraph({ types: [Item, Gone], store: connect() });
    expect(await text(exportJsonl(copy))).toBe(lines);
    expect((await copy.nodes(Item).all()).map(({ name, stock }) => [name, stock])).toEqual([
      ["pen", 3],
      ["ink", 3],
    ]);
    expect((await copy.nodes(Gone).one()).what).toEqual(new Map([["@date", 5n]]));
    await copy.close();
  });

  it("goes through the history of types: renamed and transformed fields read in the copy as they do here", async () => {
    const openHere = open.place();
    class Book1 extends node("Book", { title: z.string(), price: z.string() }, { unique: ["title"] }) {}
    const before = await openHere({ types: [Book1] });
    await before.transaction(
      (tx) =>
        void tx.create(Book1, [
          { title: "Emma", price: "7" },
          { title: "Ada", price: "9" },
        ]),
    );
    await before.close();
    class Book2 extends node(
      "Volume",
      { name: z.string(), cents: z.int() },
      {
        unique: ["name"],
        history: [
          { formerly: "Book" },
          { rename: { title: "name" } },
          {
            transform: ["price"],
            into: ["cents"],
            by: ({ price }: { price: string }) => ({ cents: Number(price) * 100 }),
          },
        ],
      },
    ) {}
    const graph = await openHere({ types: [Book2] });
    await graph.transaction(async (tx) => {
      (await tx.nodes(Book2, { name: "Ada" }).one()).cents += 1;
      tx.create(Book2, { name: "new", cents: 5 });
    });
    const read = async (from: Graph) =>
      (await from.nodes(Book2).all()).map(({ name, cents }) => `${name} ${cents}`);
    const expected = ["Emma 700", "Ada 901", "new 5"];
    expect(await read(graph)).toEqual(expected);
    const lines = await text(exportJsonl(graph));

    // Into a store it comes as it is stored, and into a graph that never knew the old shape as it is now.
    const connect = open.store.place();
    await importJsonl(connect(), () => lines, { types: [Book2] });
    const copy = await openGraph({ types: [Book2], store: connect() });
    expect(await text(exportJsonl(copy))).toBe(lines);
    expect(await read(copy)).toEqual(expected);
    await copy.close();
    const fresh = await open({ types: [Book2] });
    await importJsonl(fresh, () => lines);
    expect(await read(fresh)).toEqual(expected);
    const [header, , , , last] = lines.split("\n");
    const namesake = last?.replace(/[0-9a-f]{4}-[0-9a-f]{12}/, "bfff-ffffffffffff");
    expect((await refusal(importJsonl(fresh, () => `${header}\n${namesake}`))).message).toMatch(
      /^line 2: a record of the graph has the same name, which is unique for Volume/,
    );
  });

  it("goes on over what newer code has stored, and hides what a rule cannot judge by then", async () => {
    const openHere = open.place();
    const access = ({ price }: { price: string }) => (price === "0" ? "none" : "read");
    class Book extends node("Book", { name: z.string(), price: z.string() }, { access }) {}
    class Shelf extends node("Shelf", { name: z.string(), size: z.string() }) {}
    const old = await openHere({ types: [Book, Shelf] });
    await old.transaction((tx) => {
      tx.create(Book, [
        { name: "a", price: "7" },
        { name: "b", price: "9" },
      ]);
      tx.create(Shelf, { name: "s", size: "3" }).grant("read");
    });
    await old.close();
    const into = (from: string, to: string) => [
      { transform: [from], into: [to], by: (was: Record<string, string>) => ({ [to]: Number(was[from]) }) },
    ];
    class Priced extends node(
      "Book",
      { name: z.string(), cents: z.int() },
      { history: into("price", "cents") },
    ) {}
    class Sized extends node(
      "Shelf",
      { name: z.string(), width: z.int() },
      { history: into("size", "width") },
    ) {}
    const newer = await openHere({ types: [Priced, Sized] });
    await newer.transaction(async (tx) => {
      (await tx.nodes(Priced, { name: "a" }).one()).cents = 0;
      (await tx.nodes(Sized).one()).width = 4;
    });
    await newer.close();

    const graph = await openHere({ types: [Book, Shelf] });
    const ann = graph.as(await graph.createRoot());
    expect((await ann.nodes(Book).all()).map(({ name }) => name)).toEqual(["b"]);
    const seen = (await linesOf(ann)).slice(1).map((line) => JSON.parse(line).fields.name);
    expect(seen.filter((name) => name !== undefined)).toEqual(["b", "s"]);
    const shown = await text(exportGraphML(ann));
    expect(shown).toContain(">b<");
    expect(shown).not.toContain(">a<");
    // Of what can be read the rest is there.
    expect(shown).toContain(">s<");
    expect(await text(exportGexf(graph))).toContain('"a"');
    expect(await text(exportGraphML({ nodes: graph.nodes(Shelf) }))).toContain(">s<");
  });

  it("is taken up where it was cut short, by the same call", async () => {
    const graph = await open({ types });
    await fill(graph);
    const lines = await linesOf(graph);
    for (let cut = 0; cut < 4; cut++) {
      const copy = await open({ types });
      let commits = 0;
      const stop = () => {
        if (commits++ === cut) throw new Error("stopped");
      };
      const joined = lines.join("\n");
      await expect(importJsonl(copy, joined, { batch: 3, onProgress: stop })).rejects.toThrow("stopped");
      const { nodes, edges, present } = await importJsonl(copy, joined, { batch: 4 });
      expect(present).toBeGreaterThan(cut * 3);
      expect(nodes + edges + present).toBe(13);
      expect(await linesOf(copy)).toEqual(lines);
    }
  });
});

forEachStore("an import", (open) => {
  const ids = Array.from({ length: 9 }, (_, i) => `019a0000-0000-7000-8000-00000000000${i}`);
  const header = '{"export":"rootwalk","version":1}';
  const person = (i: number, fields: object = { name: `p${i}` }) =>
    JSON.stringify({ node: ids[i], type: "Person", fields });
  const knows = (i: number, source: number, target: number, more: object = {}) =>
    JSON.stringify({ edge: ids[i], source: ids[source], target: ids[target], type: "Knows", ...more });

  it("takes lines that say no more than they must", async () => {
    const graph = await open({ types });
    await importJsonl(graph, [header, person(1), person(2), knows(3, 1, 2)].join("\r\n"));
    const [one] = await graph.nodes(Person).all();
    expect(one?.$data).toEqual({ name: "p1", age: undefined, tags: [] });
    expect(one?.$ownerId).toBe(graph.root.id);
    await graph.transaction(async (tx) => {
      const p1 = await tx.require(Person, ids[1] as string);
      expect((await p1.out(Knows).one()).name).toBe("p2");
      // Later ids come after those that were taken in.
      expect(tx.create(Place, { name: "later" }).id > (ids[8] as string)).toBe(true);
    });
  });

  const wrong: Record<string, { lines: string[]; says: RegExp; line?: number; path?: string[] }> = {
    "that is no JSON": { lines: [person(1), "{oops"], says: /line 3: it is no JSON/, line: 3 },
    "with a value that its validator refuses": {
      lines: [person(1), person(2, { name: "p2", age: 1.5 })],
      says: /line 3: Person\.age: .*int/i,
      line: 3,
      path: ["age"],
    },
    "without a field that it must have": { lines: [person(1, {})], says: /Person\.name/, path: ["name"] },
    "with a field that there never was": {
      lines: [person(1, { nmae: "x" })],
      says: /Person has no field "nmae", and never had one/,
      path: ["nmae"],
    },
    "with a key that lines have not": {
      lines: [JSON.stringify({ node: ids[1], type: "Person", onwer: ids[1] })],
      says: /a line of a node has no "onwer"/,
    },
    "of a type that nobody knows": {
      lines: [JSON.stringify({ node: ids[1], type: "Dragon" })],
      says: /the type "Dragon" is not among those of the graph/,
    },
    "of a node with an edge's type": {
      lines: [JSON.stringify({ node: ids[1], type: "Knows" })],
      says: /Knows is an edge type, not a node type/,
    },
    "with an id that is none": {
      lines: ['{"node":"1","type":"Person"}'],
      says: /"node" is "1", which is no id/,
    },
    "with an id that was there before": {
      lines: [person(2), person(2)],
      says: /there is a line of .* before/,
    },
    "that is out of order": { lines: [person(2), person(1)], says: /comes after .*, which is greater/ },
    "with a root that something else owns": {
      lines: [JSON.stringify({ node: ids[1], type: "Root", owner: ids[2] })],
      says: /a root owns itself/,
    },
    "with a level that is none": {
      lines: [
        JSON.stringify({ node: ids[1], type: "Person", fields: { name: "x" }, access: { all: "all" } }),
      ],
      says: /"access.all" is "all", which is no access level/,
    },
    "with an unknown tag": {
      lines: [person(1, { name: { "@regexp": "x" } })],
      says: /name: .*unknown tag "@regexp"/,
      path: ["name"],
    },
    "of an edge to nowhere": {
      lines: [person(1), knows(2, 1, 3)],
      says: /line 3: its target .* is neither on a line before it nor in the graph/,
    },
    "of an edge before its node": {
      lines: [person(1), knows(2, 1, 3), person(3)],
      says: /line 3: its target/,
    },
    "of an edge between the wrong types": {
      lines: [
        JSON.stringify({ node: ids[1], type: "Place", fields: { name: "x" } }),
        person(2),
        knows(3, 1, 2),
      ],
      says: /line 4: Knows leads from Person to Person, not from Place to Person/,
    },
    "with a unique key that another line has": {
      lines: [person(1, { name: "same" }), person(2, { name: "same" })],
      says: /line 3: .* has the same name/,
      path: ["name"],
    },
    "with a key that no index can hold": {
      lines: [person(1, { name: "x".repeat(2_000) })],
      says: /line 2: .*Person\.name/,
    },
    "that could not be read when it was exported": {
      lines: [JSON.stringify({ node: ids[1], type: "Person", unreadable: "torn", stored: "{" })],
      says: /line 2: the export could not read this record: torn/,
    },
    "that could not be read when it was exported, and has no id": {
      lines: ['{"node":7,"unreadable":"torn"}'],
      says: /line 2: "node" is 7, which is no id/,
    },
  };

  describe.each(Object.entries(wrong))("of a line %s", (_what, { lines, says, line, path }) => {
    it("is refused with the line's number, and nothing is written", async () => {
      const graph = await open({ types });
      const before = await linesOf(graph);
      const given = [header, ...lines].join("\n");
      for (const source of [given, () => given]) {
        const error = await refusal(importJsonl(graph, source));
        expect(error).toMatchObject({ code: "RW_IMPORT_LINE", message: expect.stringMatching(says) });
        if (line !== undefined) expect(error.details.line).toBe(line);
        if (path !== undefined) expect((error as ValidationError).path).toEqual(path);
        expect(await linesOf(graph)).toEqual(before);
      }
    });
  });

  it("says how many records are in the graph where it wrote as it read, and is mended by the same call", async () => {
    const graph = await open({ types });
    const lines = [header, person(1), person(2), person(3), person(4), person(5, { name: 5 })];
    const error = await refusal(importJsonl(graph, lines.join("\n"), { batch: 2 }));
    expect(error.message).toMatch(/^line 6: Person.name/);
    expect(error.details).toMatchObject({ line: 6, written: { nodes: 4, edges: 0 } });
    expect(error.remedy).toContain("4 records");
    expect(await graph.nodes(Person).count()).toBe(4);
    expect(await importJsonl(graph, [...lines.slice(0, 5), person(5)].join("\n"))).toEqual({
      nodes: 1,
      edges: 0,
      present: 4,
      leftOut: 0,
    });
    // Read twice, the same lines leave nothing behind.
    const other = await open({ types });
    await refusal(importJsonl(other, () => lines.join("\n"), { batch: 2 }));
    expect(await other.nodes(Person).count()).toBe(0);
  });

  it("refuses an id that the graph has for something else, and a unique key that is taken there", async () => {
    const graph = await open({ types });
    await importJsonl(graph, [header, person(1), person(2)].join("\n"));
    const before = await linesOf(graph);
    for (const [lines, says] of [
      [[person(3), person(4), person(5, { name: "p1" })], /line 4: .* has the same name/],
      [[person(1, { name: "other" })], /line 2: .* is in the graph already, and is not as this line has it/],
    ] as const) {
      for (const source of [() => [header, ...lines].join("\n"), [header, ...lines].join("\n")]) {
        expect((await refusal(importJsonl(graph, source))).message).toMatch(says);
        expect(await linesOf(graph)).toEqual(before);
      }
    }
  });

  it("leaves the types of a store alone where what it holds has the lines refused", async () => {
    // With the index that has the key, and without: then the import would make it.
    class Unindexed extends node("Person", Person.fields) {}
    for (const known of [[Person], [Unindexed]]) {
      const connect = open.store.place();
      const there = await openGraph({ types: known, store: connect() });
      await importJsonl(there, [header, person(1)].join("\n"));
      const before = await linesOf(there);
      await there.close();
      for (const [lines, says] of [
        [[person(3), person(4, { name: "p1" })], /line 3: .* has the same name/],
        [[person(1, { name: "other" })], /line 2: .* is not as this line has it/],
        [[person(3), knows(4, 3, 5)], /line 3: its target/],
      ] as const) {
        const given = [header, ...lines].join("\n");
        const error = await refusal(importJsonl(connect(), () => given, { types }));
        expect(error.message).toMatch(says);
        expect(error.remedy).toMatch(/nothing was written/);
        const same = await openGraph({ types: known, store: connect() });
        expect(await linesOf(same)).toEqual(before);
        await same.close();
      }
      // What is right goes in, with the types.
      const given = [header, person(1), person(2), knows(3, 1, 2)].join("\n");
      expect(await importJsonl(connect(), () => given, { types })).toMatchObject({ nodes: 1, present: 1 });
    }
  });

  it("hangs edges on nodes that are in the graph", async () => {
    const graph = await open({ types });
    await importJsonl(graph, [header, person(1), person(2)].join("\n"));
    await importJsonl(graph, () => [header, knows(3, 1, 2), knows(4, 2, 2)].join("\n"));
    expect(await graph.edges(Knows).count()).toBe(2);
  });

  it("leaves out what could not be exported, where that is asked for, with the edges on it", async () => {
    const graph = await open({ types });
    const torn = JSON.stringify({ node: ids[2], type: "Person", unreadable: "torn" });
    const lines = [header, person(1), torn, knows(3, 1, 2), knows(4, 1, 1)].join("\n");
    expect(await importJsonl(graph, () => lines, { unreadable: "leave out" })).toEqual({
      nodes: 1,
      edges: 1,
      present: 0,
      leftOut: 2,
    });
  });

  it("grants on the system root what its line says, whoever grants there meanwhile", async () => {
    const store = open.store.place()();
    const graph = await openGraph({ types, store });
    const ann = await graph.createRoot();
    const root = graph.root.id;
    const access = { all: "none", roots: { [ann.id]: "read" } };
    const lines = [header, JSON.stringify({ node: root, type: "Root", owner: root, access }), person(1)];
    const commit = store.commit.bind(store);
    // Twice: at first the root's row is in the batch, and then no longer.
    const levels: ("read" | "none")[] = ["read", "none"];
    let isWithin = false;
    store.commit = async (batches) => {
      const level = isWithin ? undefined : levels.shift();
      if (level !== undefined) {
        isWithin = true;
        await graph.transaction((tx) => void tx.root.grant(level));
        isWithin = false;
      }
      return commit(batches);
    };
    expect(await importJsonl(graph, lines.join("\n"))).toMatchObject({ nodes: 1, present: 1 });
    expect(JSON.parse((await linesOf(graph))[1] as string)).toMatchObject({ node: root, access });
    await graph.close();
  });

  it("takes an id again whose record was deleted", async () => {
    const graph = await open({ types });
    const lines = [header, person(1), person(2), knows(3, 1, 2)].join("\n");
    await importJsonl(graph, lines);
    await graph.transaction(async (tx) => (await tx.require(Person, ids[1] as string)).delete());
    expect(await importJsonl(graph, lines)).toMatchObject({ nodes: 1, edges: 1, present: 1 });
    expect(await graph.edges(Knows).count()).toBe(1);
  });

  it("is seen by units that are open on the graph as a commit of others", async () => {
    const graph = await open({ types });
    let runs = 0;
    await graph.transaction(async (tx) => {
      runs += 1;
      const count = await tx.nodes(Person).count();
      if (runs === 1) await importJsonl(graph, [header, person(1)].join("\n"));
      tx.create(Place, { name: `${count} people` });
    });
    expect(runs).toBe(2);
    expect(await graph.nodes(Place).select("name").all()).toMatchObject([{ name: "1 people" }]);
  });

  it("tells how far it has come", async () => {
    const graph = await open({ types });
    const told: object[] = [];
    const lines = [header, person(1), person(2), knows(3, 1, 2)].join("\n");
    await importJsonl(graph, () => lines, { batch: 2, onProgress: (progress) => told.push(progress) });
    expect(told).toEqual([
      { step: "checking", lines: 3, nodes: 2, edges: 0 },
      { step: "checking", lines: 4, nodes: 2, edges: 1 },
      { step: "writing", lines: 3, nodes: 2, edges: 0 },
      { step: "writing", lines: 4, nodes: 2, edges: 1 },
    ]);
  });
});

describe("importJsonl", () => {
  const header = '{"export":"rootwalk","version":1}';

  test("refuses what is no export, and one of a later version", async () => {
    const graph = await openGraph({ types });
    const a = { name: "A", kind: "node", undirected: false, shapes: [] };
    const first = (...types: unknown[]): string =>
      JSON.stringify({ export: "rootwalk", version: 1, types, indexes: [] });
    for (const [text, says] of [
      ["", /no JSON object/],
      ["nodes,edges\n", /no JSON object/],
      ["{}", /does not begin/],
      ['{"export":"rootwalk","version":2}', /version 2, and this reads versions up to 1/],
      ['{"export":"rootwalk","version":1,"types":[{"name":"__proto__"}]}', /types are not as/],
      ['{"export":"rootwalk","version":1,"indexes":[7]}', /indexes are not as/],
      [first(7), /types are not as/],
      [first({ ...a, shapes: [null] }), /types are not as/],
      [first({ ...a, shapes: [{ version: 1, fields: [null] }] }), /types are not as/],
      [first({ ...a, shapes: [{ version: 1, fields: [], history: [null] }] }), /types are not as/],
      [
        first({ ...a, shapes: [{ version: 1, fields: [], history: [{ type: "A", steps: [null] }] }] }),
        /types are not as/,
      ],
      [first({ ...a, parent: "A" }), /no node type A comes before A, which extends it/],
      [first({ ...a, parent: "B" }, { ...a, name: "B", parent: "A" }), /no node type B comes before A/],
      [first({ ...a, kind: "edge" }, { ...a, name: "B", parent: "A" }), /no node type A comes before B/],
      [first(a, { ...a, parent: "A" }), /describes the type A twice/],
    ] as const) {
      for (const into of [graph, memory()]) {
        const error = await refusal(importJsonl(into, text));
        expect([error.code, error.message]).toEqual(["RW_IMPORT_FORMAT", expect.stringMatching(says)]);
      }
    }
    const kinds = JSON.stringify({
      export: "rootwalk",
      version: 1,
      types: [{ name: "Person", kind: "edge", undirected: false, shapes: [] }],
    });
    expect((await refusal(importJsonl(graph, kinds))).code).toBe("RW_STORE_CATALOG");
    await graph.close();
  });

  test("refuses wrong arguments before anything is read", async () => {
    const graph = await openGraph({ types });
    const root = await graph.createRoot();
    await expect(importJsonl(graph.as(root) as never, header)).rejects.toThrow(/takes the graph itself/);
    await expect(importJsonl(7 as never, header)).rejects.toThrow(TypeError);
    await expect(importJsonl(graph, 7 as never)).rejects.toThrow(/takes lines/);
    await expect(importJsonl(graph, [7 as never])).rejects.toThrow(/strings or bytes/);
    await expect(importJsonl(graph, header, { batch: 0 })).rejects.toThrow(/positive whole number/);
    await expect(importJsonl(graph, header, { bacth: 1 } as never)).rejects.toThrow(/no option "bacth"/);
    await expect(importJsonl(graph, header, { types })).rejects.toThrow(/`types` is for a store/);
    await expect(text(exportJsonl({} as never))).rejects.toThrow(/exportJsonl takes a graph/);
    await expect(importJsonl(graph, [new Uint8Array([0xff, 0xfe])])).rejects.toThrow(
      /line 1: it is no UTF-8/,
    );
    await graph.close();
    await expect(importJsonl(graph, header)).rejects.toThrow(/closed/);
    await expect(text(exportJsonl(graph))).rejects.toThrow(/closed/);
  });

  test("takes a store that no graph is open on, and leaves none of its types where the lines are wrong", async () => {
    const store = memory();
    const graph = await openGraph({ types, store });
    await fill(graph);
    await expect(importJsonl(store, header)).rejects.toThrow(/a graph is open on this store/);
    const lines = await text(exportJsonl(graph));
    const other = memory();
    await refusal(importJsonl(other, () => `${lines}oops`));
    const empty = await openGraph({ types: [], store: other });
    expect((await linesOf(empty))[0]).not.toContain("Person");
    await empty.close();
    // Without the code's types nothing is validated, and everything is there.
    await importJsonl(other, () => lines);
    const copy = await openGraph({ types, store: other });
    expect(await text(exportJsonl(copy))).toBe(lines);
    await copy.close();
    await graph.close();
  });
});
