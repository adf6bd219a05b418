import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type Explanation,
  edge,
  type Graph,
  gt,
  gte,
  lt,
  node,
  not,
  oneOf,
  startsWith,
  type Tx,
  toMermaid,
  via,
} from "../../src/index.ts";
import { forEachStore, type Open } from "./stores.ts";

class Person extends node(
  "Person",
  { name: z.string(), city: z.string().optional(), age: z.int() },
  { unique: ["name"], index: ["age", { fields: ["city", "age"] }] },
) {}
class Child extends Person.extend("Child", { toy: z.string().optional() }) {}
class Note extends node(
  "Note",
  { text: z.string(), isOpen: z.boolean() },
  { access: ({ isOpen }) => (isOpen ? "read" : "none") },
) {}
class Knows extends edge("Knows", { since: z.int() }, { from: Person, to: Person }) {}
class Wrote extends edge("Wrote", {}, { from: Person, to: Note }) {}
const types = [Person, Child, Note, Knows, Wrote];

const PEOPLE = 300;

/** Ann knows all the others, who know the next one; every tenth is a child. */
async function people(graph: Graph): Promise<void> {
  await graph.transaction((tx) => {
    const ann = tx.root.connect(Person, { name: "ann", age: 40 });
    let last: Person = ann;
    for (let i = 0; i < PEOPLE; i++) {
      const fields = { name: `p${i}`, city: `c${i % 7}`, age: i % 50 };
      const next =
        i % 10 === 0
          ? ann.connect(Child, fields, via(Knows, { since: i }))
          : ann.connect(Person, fields, via(Knows, { since: i }));
      last.link(next, via(Knows, { since: 1000 + i }));
      last = next;
    }
  });
}

/** The people, in a graph that is opened anew: L1 holds nothing of them. */
async function cold(open: Open): Promise<Graph> {
  const openHere = open.place();
  const graph = await openHere({ types });
  await people(graph);
  await graph.close();
  return openHere({ types });
}

/** What a run of anything adds to the figures of `graph.status()`. */
async function spent<T>(graph: Graph, body: () => Promise<T>) {
  const before = graph.status();
  const counters = { ...before.store.counters };
  const value = await body();
  const { store, cache } = graph.status();
  return {
    value,
    statements: store.counters.statements - counters.statements,
    rows: store.counters.rowsRead - counters.rowsRead,
    hits: cache.hits - before.cache.hits,
    misses: cache.misses - before.cache.misses,
  };
}

interface Explained {
  all(): Promise<readonly unknown[]>;
  count(): Promise<number>;
  explain(of?: "all" | "count"): Promise<Explanation>;
}

const queries: [string, (graph: Graph) => Explained][] = [
  ["a hop", (graph) => graph.root.out(Person)],
  ["two hops", (graph) => graph.root.out(Person).out(Knows)],
  [
    "a hop with filters",
    (graph) =>
      graph.root
        .out(Person)
        .out(Knows, { since: gte(100) })
        .ofType(Child),
  ],
  ["a hop in order", (graph) => graph.root.out(Person).out(Knows).orderBy("age", "desc").limit(4)],
  ["a hop up to a limit", (graph) => graph.root.out(Person).out(Knows).reverse().limit(5)],
  ["pairs", (graph) => graph.root.out(Person).out(Knows).limit(20).pairs()],
  ["depths", (graph) => graph.root.out(Person).out(Knows, undefined, { depth: [1, 3] })],
  ["edges over depths", (graph) => graph.root.out(Person).out(Knows, undefined, { depth: 2 }).edges()],
  ["an unknown edge type", (graph) => graph.root.out(Person).both()],
  ["a unique key", (graph) => graph.nodes(Person, { name: "p7" })],
  ["a range of an index", (graph) => graph.nodes(Person, { age: gte(45) }).orderBy("age")],
  ["several keys", (graph) => graph.nodes(Person, { age: oneOf([3, 4, 5]) })],
  ["an index and a hop", (graph) => graph.nodes(Person, { city: "c1", age: gt(40) }).in(Knows)],
  ["a scan", (graph) => graph.nodes(Person, not({ age: 3 }))],
  ["a scan up to a limit", (graph) => graph.nodes(Person).reverse().limit(3)],
  ["plain rows", (graph) => graph.root.out(Person).out(Knows).limit(9).select("name")],
  [
    "plain rows of pairs",
    (graph) =>
      graph
        .nodes(Person, { age: 3 })
        .out(Knows)
        .pairs()
        .select({ edge: { since: true }, node: { name: true } }),
  ],
  ["a scan of edges", (graph) => graph.edges(Knows, { since: lt(20) })],
];

forEachStore("explain", (open) => {
  const isTiny = open.store.cache !== undefined;

  describe.each(queries)("of %s", (_, query) => {
    it.each(["all", "count"] as const)("tells what %s gives and takes, from a cold L1", async (of) => {
      const graph = await cold(open);
      const plain = await cold(open);
      const expected = await spent(plain, async () => {
        const { length } = await query(plain).all();
        return length;
      });
      const { value, statements, rows, hits, misses } = await spent(graph, () => query(graph).explain(of));
      expect(value.results).toBe(expected.value);
      expect(value.cost).toMatchObject({ statements, rows, hits, misses });
      if (of === "all")
        expect({ statements, rows, hits, misses }).toEqual({
          statements: expected.statements,
          rows: expected.rows,
          hits: expected.hits,
          misses: expected.misses,
        });
    });

    it("tells what it takes from a warm one, and its steps add up", async () => {
      const graph = await cold(open);
      await query(graph).all();
      const expected = await spent(graph, () => query(graph).all());
      const { value, statements, rows, hits, misses } = await spent(graph, () => query(graph).explain());
      expect(value.results).toBe(expected.value.length);
      expect(value.steps.at(-1)!.results).toBe(expected.value.length);
      expect(value.cost).toMatchObject({ statements, rows, hits, misses });
      if (!isTiny) {
        expect(hits).toBe(expected.hits);
        expect(statements).toBe(expected.statements);
      }
      const parts = [...value.steps.map((step) => step.cost!), value.handOut!.cost!];
      for (const name of ["hits", "misses", "pages", "fetches", "statements", "rows"] as const)
        expect(parts.reduce((sum, part) => sum + part[name], 0)).toBe(value.cost![name]);
    });
  });

  it("names the index that is used, what of the filter it answers, and how often it is asked", async () => {
    const graph = await cold(open);
    const range = await graph
      .nodes(Person, { age: gte(10), name: startsWith("p") })
      .orderBy("age")
      .limit(3)
      .explain();
    expect(range.steps).toMatchObject([
      {
        over: { kind: "index", type: "Person", index: "Person.age" },
        filters: [
          { on: "node", test: "age >= 10", at: "index range" },
          { on: "node", test: 'name starts with "p"', at: "fields" },
        ],
        order: { by: { field: "age" }, direction: "asc", from: "reading", sorted: undefined },
        limit: { count: 3, stops: "reading" },
        results: 3,
      },
    ]);
    const [both] = (await graph.nodes(Person, { city: "c1", age: gte(45) }).explain()).steps;
    expect(both!.over).toEqual({
      kind: "index",
      type: "Person",
      index: "Person.city+age",
      lookups: [
        {
          equals: { city: "c1" },
          range: { field: "age", low: 45, lowOpen: false, high: undefined, highOpen: false },
        },
      ],
    });
    expect(both!.filters.map(({ at }) => at)).toEqual(["index key", "index range"]);
    expect(both!.order).toMatchObject({ by: "id", from: "sorting", sorted: both!.results });
    const [keys] = (await graph.nodes(Person, { age: oneOf([1, 2]) }).explain()).steps;
    expect(keys!.over).toMatchObject({ lookups: [{ equals: { age: 1 } }, { equals: { age: 2 } }] });
  });

  it("says where nothing fits but a scan, of every type that is meant", async () => {
    const graph = await cold(open);
    const { steps } = await graph
      .nodes(Person, { name: startsWith("p") })
      .orderBy("city")
      .explain();
    // The unique key of names serves prefixes.
    expect(steps[0]!.over).toMatchObject({ kind: "index", index: "Person.name" });
    const scan = await graph
      .nodes(Person, not({ name: "ann" }))
      .limit(2)
      .explain();
    expect(scan.steps).toMatchObject([
      {
        over: { kind: "scan", types: ["Person", "Child"] },
        filters: [{ test: 'not (name = "ann")', at: "fields" }],
        order: { by: "id", from: "reading" },
        limit: { stops: "reading" },
      },
    ]);
  });

  it("tells of hops where they begin, what they follow and what stops them", async () => {
    const graph = await cold(open);
    const { steps } = await graph.root
      .out(Person)
      .out(Knows, { since: gte(1000) })
      .filter({ age: gt(1) })
      .orderBy("age", "desc")
      .limit(2)
      .explain();
    expect(steps).toMatchObject([
      { over: { kind: "nodes", count: 1 }, results: 1 },
      {
        over: { kind: "hop", direction: "out", edgeType: undefined, origins: 1 },
        filters: [{ on: "node", test: "is a Person", at: "L1 column" }],
        order: { by: "connection", from: "reading" },
        results: 1,
      },
      {
        over: { kind: "hop", direction: "out", edgeType: "Knows", depth: undefined, origins: 1 },
        filters: [
          { on: "edge", test: "since >= 1000", at: "fields" },
          { on: "node", test: "age > 1", at: "fields" },
        ],
        order: { by: { field: "age" }, direction: "desc", from: "sorting" },
        limit: { count: 2, stops: "after reading" },
        results: 0,
      },
    ]);
    const stopped = await graph.root.out(Person).out(Knows).limit(2).explain();
    expect(stopped.steps.at(-1)).toMatchObject({ limit: { stops: "reading" }, results: 2 });
    const deep = await graph.root
      .out(Person)
      .out(Knows, undefined, { depth: [1, 2] })
      .limit(2)
      .explain();
    expect(deep.steps.at(-1)).toMatchObject({ over: { depth: [1, 2] }, limit: { stops: "after reading" } });
  });

  it("says when the store counts by itself", async () => {
    const graph = await cold(open);
    const { steps, results, cost } = await graph.nodes(Person).explain("count");
    expect(results).toBe(PEOPLE + 1);
    expect(["tally", "scan"]).toContain(steps[0]!.over.kind);
    expect(cost!.rows < PEOPLE).toBe(steps[0]!.over.kind === "tally");
    expect(await graph.nodes(Person).count()).toBe(results);
    expect((await graph.nodes(Person, { age: 3 }).explain("count")).steps[0]!.over.kind).toBe("index");
  });

  it("sees what the unit has written, says so, and guards what it reads", async () => {
    const graph = await cold(open);
    await graph.transaction(async (tx) => {
      const [ann] = await tx.root.out(Person).all();
      expect((await ann!.out(Knows).explain()).steps[1]!.mergesOwnWrites).toBe(false);
      ann!.connect(Person, { name: "new", age: 1 }, via(Knows, { since: 5000 }));
      const explained = await ann!.out(Knows).explain();
      expect(explained.results).toBe(PEOPLE + 1);
      expect(explained.steps[1]!.mergesOwnWrites).toBe(true);
      expect((await ann!.out(Knows).all()).length).toBe(explained.results);
    });
    let attempts = 0;
    await graph.transaction(async (tx) => {
      attempts += 1;
      const { results } = await tx.nodes(Person, { age: 7 }).explain();
      if (attempts === 1)
        await graph.transaction((other) => void other.create(Person, { name: "late", age: 7 }));
      tx.create(Person, { name: `one of ${results}`, age: 99 });
    });
    expect(attempts).toBe(2);
  });

  it("explains several queries of one unit one after another, each by itself", async () => {
    const graph = await cold(open);
    await graph.transaction(async (tx) => {
      const [hop, index] = await Promise.all([
        tx.root.out(Person).explain(),
        tx.nodes(Person, { name: "p5" }).explain(),
      ]);
      expect(hop.steps.map(({ over }) => over.kind)).toEqual(["nodes", "hop"]);
      expect(index.steps.map(({ over }) => over.kind)).toEqual(["index"]);
      expect(index.cost!.pages).toBe(1);
    });
  });

  it("tells its own steps alone, whatever else the unit reads at the same time", async () => {
    const graph = await cold(open);
    const others: ((tx: Tx) => Promise<unknown>)[] = [
      (tx) => tx.nodes(Person).orderBy("name").all(),
      (tx) => tx.nodes(Person).out(Knows).limit(3).out(Knows).count(),
      (tx) => tx.nodes(Person).sum("age"),
      (tx) =>
        tx
          .nodes(Person)
          .limit(5)
          .select({ known: (person) => person.out(Knows).orderBy("age") })
          .all(),
      (tx) => toMermaid(tx.nodes(Person, { age: 3 }), { depth: 1 }),
    ];
    const shape = ({ steps }: Explanation) =>
      steps.map(({ over, order, limit, results }) => ({ over, order, limit, results }));
    const query = (tx: Tx) => tx.nodes(Person, { age: 7 }).out(Knows).orderBy("name").limit(2);
    const alone = shape(await graph.transaction((tx) => query(tx).explain()));
    for (const other of others) {
      for (const isFirst of [true, false]) {
        await graph.transaction(async (tx) => {
          const before = isFirst ? other(tx) : undefined;
          const explained = query(tx).explain();
          await Promise.all([before, isFirst ? undefined : other(tx)]);
          expect(shape(await explained)).toEqual(alone);
        });
      }
    }
    await graph.transaction(async (tx) => {
      const same = query(tx);
      const [first, explained] = await Promise.all([same.all(), same.explain(), same.all(), same.count()]);
      expect(first.length).toBe(2);
      expect(shape(explained)).toEqual(alone);
    });
  });

  it("prints as a plan, and is plain data for programs", async () => {
    const graph = await cold(open);
    const explained = await graph.nodes(Person, { age: 7 }).out(Knows).orderBy("name").limit(2).explain();
    const lines = String(explained).split("\n");
    expect(lines[1]).toMatch(
      /^1 index Person\.age where age = 7: 6 results \(L1 0 hits 1 miss; store 1 page /,
    );
    expect(lines.slice(2)).toEqual([
      "    node age = 7: by the index key",
      expect.stringMatching(/^2 out\(Knows\) from 6 nodes: 2 results \(/),
      "    order by name: 6 records sorted in memory",
      "    limit 2: cut when all are read",
      expect.stringMatching(/^2 results in \d+\.\d\d ms \(.*\); the principal sees everything$/),
    ]);
    expect(JSON.parse(JSON.stringify(explained))).toMatchObject({
      of: "all",
      results: 2,
      access: "everything",
    });
  });

  it("says that nothing is read where nothing can be meant", async () => {
    const graph = await cold(open);
    const ages: number[] = [];
    for (const query of [graph.nodes(Person).limit(0), graph.nodes(Person, { age: oneOf(ages) })]) {
      const { steps, results, cost } = await query.explain();
      expect(steps[0]!.over).toEqual({ kind: "nothing", type: "Person" });
      expect({ results, pages: cost!.pages }).toEqual({ results: 0, pages: 0 });
    }
  });

  it("refuses what it cannot explain", async () => {
    const graph = await open({ types });
    await expect(graph.nodes(Person).explain("first" as never)).rejects.toThrow(TypeError);
  });
});

forEachStore("explain, to a stranger", (open) => {
  /** Alice's three friends and notes that everyone may see, and so many that nobody else may see. */
  async function town(hidden: number) {
    const graph = await open({ types });
    const aliceId = (await graph.createRoot()).id;
    const bobId = (await graph.createRoot()).id;
    await graph.as(aliceId).transaction((tx) => {
      const center = tx.root.connect(Person, { name: "center", age: 1 });
      center.grant("read");
      const friend = (name: string, isShown: boolean) => {
        const person = center.connect(Person, { name, age: 5, city: "x" }, via(Knows, { since: 7 }));
        person.connect(Note, { text: "t", isOpen: isShown }, via(Wrote, {}));
        if (isShown) person.grant("read");
      };
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < hidden / 3; j++) friend(`hidden ${i} ${j}`, false);
        friend(`shown ${i}`, true);
      }
    });
    return { graph, alice: aliceId, bob: graph.as(bobId) };
  }

  it("says nothing about how much is hidden from him", async () => {
    const texts: string[][] = [];
    for (const hidden of [0, 900]) {
      const { bob, alice } = await town(hidden);
      const center = (await bob.nodes(Person, { name: "center" }).one()).id;
      const own = [
        bob.nodes(Person, { age: 5 }).explain(),
        bob.nodes(Person, { age: 5 }).orderBy("name").limit(2).explain(),
        bob.nodes(Person).explain("count"),
        bob.nodes(Note).explain(),
        bob.nodes(Person, { name: "center" }).out(Knows).explain(),
        bob.nodes(Person, { name: "center" }).out(Knows, { since: 7 }).orderBy("name").explain(),
        bob.nodes(Person, { name: "center" }).out(Knows).out(Wrote).explain(),
        bob
          .nodes(Person, { name: "center" })
          .out(Person, undefined, { depth: [1, 2] })
          .edges()
          .explain(),
        bob.edges(Knows).explain("count"),
      ];
      const told = await Promise.all(own);
      expect(told.map(({ results }) => results)).toEqual([3, 2, 4, 3, 3, 3, 3, 3, 3]);
      texts.push(
        told.map((each) => {
          expect(each.cost).toBeUndefined();
          expect(each.access).toBe("grants and rules");
          return JSON.stringify({ ...each, ms: 0 })
            .replaceAll(center, "center")
            .replaceAll(alice, "alice");
        }),
      );
    }
    expect(texts[1]).toEqual(texts[0]);
  });

  it("says it to the system root", async () => {
    const { graph } = await town(21);
    const explained = await graph.nodes(Person, { age: 5 }).explain();
    expect(explained.cost!.rows).toBeGreaterThan(0);
    expect(explained.results).toBe(24);
  });
});
