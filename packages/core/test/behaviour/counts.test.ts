import { createHook } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, gte, node, via, walker } from "../../src/index.ts";
import { forEachStore, type Open } from "./stores.ts";

// What the library asks of a store, counted: counts have no noise.

class Person extends node(
  "Person",
  { name: z.string(), mail: z.string(), age: z.int() },
  { unique: ["mail"], index: ["age"] },
) {}
class Knows extends edge("Knows", { since: z.int() }, { from: Person, to: Person }) {}
const types = [Person, Knows];

interface Cost {
  readonly statements: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly transactions: number;
}

async function costOf(graph: Graph, body: () => Promise<unknown>): Promise<Cost> {
  const before = { ...graph.status().store.counters };
  await body();
  const after = graph.status().store.counters;
  return {
    statements: after.statements - before.statements,
    rowsRead: after.rowsRead - before.rowsRead,
    rowsWritten: after.rowsWritten - before.rowsWritten,
    transactions: after.transactions - before.transactions,
  };
}

const SIZE = 2000;
const FAN_OUT = 4;

/** People in a tree: each knows the next four. */
async function tree(graph: Graph, size: number): Promise<void> {
  await graph.transaction((tx) => {
    const made = [tx.root.connect(Person, { name: "p0", mail: "0@x", age: 0 })];
    for (let i = 1; i < size; i++) {
      const parent = made[Math.floor((i - 1) / FAN_OUT)]!;
      made.push(
        parent.connect(Person, { name: `p${i}`, mail: `${i}@x`, age: i % 100 }, via(Knows, { since: i })),
      );
    }
  });
}

/** The tree, opened anew: L1 holds nothing of it. */
async function cold(open: Open, size: number): Promise<Graph> {
  const openHere = open.place();
  const graph = await openHere({ types });
  await tree(graph, size);
  await graph.close();
  return openHere({ types });
}

const visitAll = walker("visit_all", {}).entry(Person, (w, person) => {
  w.visit(person.out(Knows));
});
const begin = walker("begin", {}).entry(Person, (w, person) => {
  w.visit(person.out(Knows, { since: gte(0) }));
});

forEachStore("what is asked of the store", (open) => {
  const isTiny = open.store.cache !== undefined;

  describe.skipIf(isTiny)("for what L1 holds", () => {
    it.each<[string, (graph: Graph) => Promise<unknown>]>([
      ["hops", (graph) => graph.root.out(Person).out(Knows).out(Knows).all()],
      [
        "filtered hops",
        (graph) =>
          graph.root
            .out(Person)
            .out(Knows, { since: gte(2) })
            .filter({ age: gte(1) })
            .all(),
      ],
      ["edges and pairs", (graph) => graph.root.out(Person).out(Knows).pairs().all()],
      [
        "depths",
        (graph) =>
          graph.root
            .out(Person)
            .out(Knows, undefined, { depth: [1, 9] })
            .count(),
      ],
      ["orders", (graph) => graph.root.out(Person).out(Knows).orderBy("age").limit(2).all()],
      ["a point read", async (graph) => graph.get(Person, (await graph.root.out(Person).ids())[0]!)],
      ["a lookup of a unique key", (graph) => graph.nodes(Person, { mail: "7@x" }).one()],
      ["a lookup that finds nothing", (graph) => graph.nodes(Person, { mail: "nobody" }).first()],
      ["a lookup in an index", (graph) => graph.nodes(Person, { age: 7 }).out(Knows).all()],
      [
        "a walk",
        async (graph) => {
          const [person] = await graph.root.out(Person).all();
          return graph.spawn(visitAll, {}, { at: person! });
        },
      ],
    ])("%s: no statement", async (_, body) => {
      const graph = await open({ types });
      await tree(graph, 200);
      await body(graph);
      expect(await costOf(graph, () => body(graph))).toEqual({
        statements: 0,
        rowsRead: 0,
        rowsWritten: 0,
        transactions: 0,
      });
    });
  });

  it("a lookup of a unique key reads two rows at most", async () => {
    const graph = await cold(open, SIZE);
    const { rowsRead } = await costOf(graph, () => graph.nodes(Person, { mail: "77@x" }).one());
    expect(rowsRead).toBeLessThanOrEqual(2);
  });

  it("the first twenty in the order of an index read forty rows at most", async () => {
    const graph = await cold(open, SIZE);
    const by = graph.nodes(Person).orderBy("age").limit(20);
    expect((await costOf(graph, () => by.all())).rowsRead).toBeLessThanOrEqual(40);
    const down = graph.nodes(Person).orderBy("age", "desc").limit(20);
    // Everyone of the same age is wanted in connection order, and twenty people are as old as that.
    expect((await costOf(graph, () => down.all())).rowsRead).toBeLessThanOrEqual(40);
  });

  it.skipIf(isTiny)("a cold walk of N nodes reads in batches of 256", async () => {
    const graph = await cold(open, SIZE);
    const person = await graph.nodes(Person, { mail: "0@x" }).one();
    const { statements } = await costOf(graph, async () => {
      expect((await graph.spawn(visitAll, {}, { at: person })).visits).toBe(SIZE);
    });
    const depth = 1 + Math.ceil(Math.log(SIZE) / Math.log(FAN_OUT));
    // A store that others share is asked for their commits too.
    const asked = open.store.isShared ? 1 : 0;
    expect(statements).toBeLessThanOrEqual(2 * Math.ceil(SIZE / 256) + depth + asked);
  });

  it("a cold list of edges comes with their fields, in one statement", async () => {
    const graph = await cold(open, SIZE);
    const person = await graph.nodes(Person, { mail: "0@x" }).one();
    const { statements } = await costOf(graph, () =>
      graph.transaction(async (tx) => {
        const found = await tx.require(Person, person.id);
        expect(await found.out(Knows).edges().all()).toHaveLength(FAN_OUT);
      }),
    );
    expect(statements).toBeLessThanOrEqual(open.store.isShared ? 2 : 1);
  });

  it("records of a type are counted where they are", async () => {
    const graph = await cold(open, SIZE);
    const { nodes } = graph.status().cache;
    const { rowsRead } = await costOf(graph, async () =>
      expect(await graph.nodes(Person).count()).toBe(SIZE),
    );
    expect(rowsRead).toBeLessThanOrEqual(1);
    expect(await graph.edges(Knows).count()).toBe(SIZE - 1);
    expect(graph.status().cache.nodes).toBe(nodes);
  });

  it("a small write is one transaction of three rows at most", async () => {
    const graph = await open({ types });
    await tree(graph, 3);
    const [person] = await graph.root.out(Person).all();
    const cost = await costOf(graph, () =>
      graph.transaction(async (tx) => {
        const found = await tx.require(Person, person!.id);
        found.connect(Person, { name: "new", mail: "new@x", age: 1 }, via(Knows, { since: 1 }));
      }),
    );
    expect(cost.transactions).toBe(1);
    expect(cost.rowsWritten).toBeLessThanOrEqual(3);
    const update = await costOf(graph, () =>
      graph.transaction(async (tx) => {
        (await tx.require(Person, person!.id)).age += 1;
      }),
    );
    expect(update.transactions).toBe(1);
    expect(update.rowsWritten).toBeLessThanOrEqual(3);
  });

  it("a unit that only reads, or writes what is there already, writes nothing", async () => {
    const graph = await open({ types });
    await tree(graph, 20);
    const cost = await costOf(graph, () =>
      graph.transaction(async (tx) => {
        for (const person of await tx.nodes(Person).all()) person.name = String(person.name);
        await tx.edges(Knows).count();
      }),
    );
    expect([cost.rowsWritten, cost.transactions]).toEqual([0, 0]);
  });
});

forEachStore("promises", (open) => {
  it.skipIf(open.store.name === "awkward" || open.store.cache !== undefined)(
    "a walk with synchronous handlers over what L1 holds makes none for each step",
    async () => {
      const graph = await open({ types });
      await tree(graph, SIZE);
      const person = await graph.nodes(Person, { mail: "0@x" }).one();
      for (const each of [visitAll, begin]) {
        await graph.spawn(each, {}, { at: person });
        let promises = 0;
        const hook = createHook({
          init: (_id, type) => {
            if (type === "PROMISE") promises += 1;
          },
        }).enable();
        const { visits } = await graph.spawn(each, {}, { at: person });
        hook.disable();
        expect(visits).toBe(SIZE);
        // The call itself takes a handful; a long walk gives way to others now and then.
        expect(promises).toBeLessThan(SIZE / 20);
      }
    },
  );
});
