import { expect, it } from "vitest";
import { z } from "zod";
import {
  ConflictError,
  edge,
  type Graph,
  type Id,
  memory,
  node,
  openGraph,
  type Tx,
  via,
} from "../../src/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { testClock } from "../../src/testing/test-clock.ts";
import type { Scheduler } from "../../src/unit/scheduler.ts";
import { forEachStore, type StoreUnderTest } from "./stores.ts";

class Counter extends node("Counter", { name: z.string(), value: z.int().default(0) }) {}
class Tag extends node("Tag", { name: z.string() }, { unique: [{ fields: ["name"] }] }) {}
class Mark extends node("Mark", { n: z.int() }) {}
class Has extends edge("Has", { n: z.int().default(0) }, { from: Counter, to: Mark }) {}

const types = [Counter, Tag, Mark, Has];

function times<T>(count: number, task: (i: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => task(i)));
}

/** A store with leases must know the same time as the graph. */
function onItsClock({ isShared, place }: StoreUnderTest, { now }: Scheduler): { store?: Store } {
  return isShared ? { store: place(now)() } : {};
}

async function set(tx: Tx, id: Id, value: number): Promise<void> {
  (await tx.require(Counter, id)).value = value;
}

/** A graph with one counter. */
async function counting(graph: Graph): Promise<Counter> {
  return graph.transaction((tx) => tx.root.connect(Counter, { name: "c" }));
}

forEachStore("units at the same time", (open) => {
  it("finds or creates one node, however many ask for it", async () => {
    const graph = await open({ types });
    const found = await times(100, () => graph.transaction((tx) => tx.ensure(Tag, { name: "blue" })));
    expect(new Set(found.map(({ id }) => id)).size).toBe(1);
    expect(await graph.nodes(Tag).count()).toBe(1);
  });

  it("finds or creates one neighbour without any index", async () => {
    const graph = await open({ types });
    await times(30, () =>
      graph.transaction(async (tx) => {
        const known = await tx.root.out(Counter, { name: "only" }).first();
        if (known === undefined) tx.root.connect(Counter, { name: "only" });
      }),
    );
    expect(await graph.root.out(Counter).count()).toBe(1);
  });

  it("loses none of a thousand increments of one field", async () => {
    const graph = await open({ types });
    const { id } = await counting(graph);
    const count = open.store.name === "awkward" ? 300 : 1000;
    await times(count, () =>
      graph.transaction(async (tx) => {
        const counter = await tx.require(Counter, id);
        counter.value += 1;
      }),
    );
    expect((await graph.require(Counter, id)).value).toBe(count);
  });

  it("connects a thousand times to one node without one conflict", async () => {
    const graph = await open({ types });
    const { id } = await counting(graph);
    await times(1000, (n) =>
      graph.transaction(async (tx) => {
        const counter = await tx.require(Counter, id);
        counter.connect(Mark, { n }, via(Has, { n }));
      }),
    );
    expect(graph.status().units.conflicts).toBe(0);
    const marks = await graph.transaction(async (tx) => (await tx.require(Counter, id)).out(Has).all());
    expect(marks.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });

  it("lets connections and writes to the node's fields pass each other", async () => {
    const graph = await open({ types });
    const { id } = await counting(graph);
    const [, connected] = await Promise.all([
      graph.transaction(async (tx) => {
        (await tx.require(Counter, id)).value = 7;
      }),
      times(20, (n) =>
        graph.transaction(async (tx) => {
          (await tx.require(Counter, id)).connect(Mark, { n });
        }),
      ),
    ]);
    expect(connected).toHaveLength(20);
    expect(graph.status().units.conflicts).toBe(0);
    const counter = await graph.require(Counter, id);
    expect(counter.value).toBe(7);
  });

  it("ends a unit that another one was opened in by mistake with an error that says so", async () => {
    const { scheduler, advanceUntil } = testClock();
    const graph = await open({ types, scheduler, ...onItsClock(open.store, scheduler) });
    const { id } = await counting(graph);
    const mistaken = graph.transaction(async (tx) => {
      const counter = await tx.require(Counter, id);
      const value = counter.value;
      await graph.transaction(async (inner) => {
        (await inner.require(Counter, id)).value += 1;
      });
      counter.value = value + 1;
    });
    const outcome = mistaken.then(
      () => "committed",
      (error: unknown) => error,
    );
    const ended = await advanceUntil(outcome, 30_000);
    expect(ended).toBeInstanceOf(ConflictError);
    expect((ended as ConflictError).code).toBe("RW_CONFLICT_NESTED");
    // The graph goes on.
    await advanceUntil(
      graph.transaction((tx) => set(tx, id, 0)),
      30_000,
    );
    expect((await graph.require(Counter, id)).value).toBe(0);
  });

  it("never lets two units wait for each other for good", async () => {
    const { scheduler, advanceUntil } = testClock();
    const graph = await open({ types, scheduler, attempts: 3, ...onItsClock(open.store, scheduler) });
    const { id } = await counting(graph);
    let attempts = 0;
    const outer = graph.transaction(async (tx) => {
      attempts += 1;
      (await tx.require(Counter, id)).value += 1;
      if (attempts === 1) {
        // Makes the first attempt lose, so that the second one stands in line.
        await graph.transaction((other) => set(other, id, 10));
        return;
      }
      // The inner unit loses once, to one more, and gets into the line behind the unit that waits for it.
      let tries = 0;
      await graph.transaction(async (inner) => {
        const counter = await inner.require(Counter, id);
        const value = counter.value;
        if (tries++ === 0) await graph.transaction((third) => set(third, id, 20));
        counter.value = value + 1;
      });
    });
    const ended = await advanceUntil(
      outer.then(
        () => "committed",
        (error: unknown) => error,
      ),
      60_000,
    );
    expect(ended).toBeInstanceOf(ConflictError);
    expect((ended as ConflictError).code).toBe("RW_CONFLICT_NESTED");
  });

  it("names the type that a scan lost on", async () => {
    const graph = await open({ types, attempts: 1 });
    const counted = graph.transaction(async (tx) => {
      const before = await tx.nodes(Counter).count();
      await graph.transaction((other) => void other.create(Counter, { name: "other" }));
      tx.create(Counter, { name: `${before}` });
    });
    await expect(counted).rejects.toThrow("last on type Counter");
  });
});

it("commits of one turn go to the store in one call", async () => {
  const calls: number[] = [];
  const store = memory();
  const commit = store.commit.bind(store);
  const graph = await openGraph({
    types,
    store: Object.assign(store, {
      commit(batches: Parameters<typeof commit>[0]) {
        calls.push(batches.length);
        return commit(batches);
      },
    }),
  });
  const { id } = await counting(graph);
  calls.length = 0;
  await times(64, (n) =>
    graph.transaction(async (tx) => void (await tx.require(Counter, id)).connect(Mark, { n })),
  );
  expect(calls).toEqual([64]);
  await graph.close();
});

it("a group's members fail alone", async () => {
  const graph = await openGraph({ types });
  await graph.transaction((tx) => void tx.create(Tag, { name: "taken" }));
  const outcomes = await Promise.allSettled(
    ["a", "taken", "b", "a"].map((name) => graph.transaction((tx) => void tx.create(Tag, { name }))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
  expect((await graph.nodes(Tag).all()).map(({ name }) => name).sort()).toEqual(["a", "b", "taken"]);
  await graph.close();
});
