// Law: whatever is done, by whomever and in whatever order, over every store and with hardly any cache, a graph is what
// a few Maps say. Runs of fifty steps; persist-sqlite runs the same over files, and `npm run model` as many as wanted.

import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { Principal } from "../../src/access/principal.ts";
import { memory } from "../../src/index.ts";
import { EdgeLists } from "../../src/persistence/memory/edge-lists.ts";
import { NodeIndex } from "../../src/persistence/memory/node-index.ts";
import type { Store } from "../../src/store.ts";
import { FaultyStore, ModelFailure } from "../../src/testing.ts";
import { Pending } from "../../src/unit/pending.ts";
import { Unit } from "../../src/unit/unit.ts";
import { runModel } from "./commands.ts";
import { allRuns, places } from "./places.ts";

test.each(places)(
  "a graph is what the model says ($name)",
  async ({ share, ...place }) => {
    const runs = share * allRuns;
    const report = await runModel(fc, place, { runs });
    expect(report.runs).toBe(runs);
    expect(report.steps).toBeGreaterThan(runs * 49);
  },
  900_000,
);

// ---- what the model is worth: mistakes of every part are found within some runs

let undo: (() => void) | undefined;
afterEach(() => undo?.());

/** Puts another method in the place of one, until the test is over. */
function plant<C extends object, K extends keyof C>(
  of: { prototype: C },
  name: K,
  make: (right: C[K]) => C[K],
) {
  const { prototype } = of;
  const right = prototype[name];
  prototype[name] = make(right);
  undo = () => {
    prototype[name] = right;
    undo = undefined;
  };
}

const stores = (make: () => Store) => () => {
  const store = make();
  return () => store;
};

/** A store that says it has committed and leaves out every tenth change. */
function forgetful(): Store {
  const store = memory();
  let changes = 0;
  const { commit } = store;
  store.commit = (batches) =>
    commit.call(
      store,
      batches.map((batch) => ({ ...batch, updates: batch.updates.filter(() => ++changes % 10 !== 0) })),
    );
  return store;
}

const mistakes: readonly (readonly [name: string, plant: () => void, make?: () => Store])[] = [
  ["rights to write are not asked for", () => plant(Unit, "demand", () => () => {})],
  [
    "everybody may read everything",
    () =>
      plant(
        Principal,
        "level",
        (right) =>
          function (this: Principal, ...all) {
            return Math.max(1, right.apply(this, all));
          },
      ),
  ],
  ["a unit still sees what it has deleted", () => plant(Unit, "isRemoved", () => () => false)],
  ["a unit does not see its own edges", () => plant(Pending, "edgesAt", () => () => [])],
  [
    "an index misses records",
    () =>
      plant(
        NodeIndex,
        "slots",
        (right) =>
          function (this: NodeIndex, ...all) {
            return [...right.apply(this, all)].filter((slot) => slot % 3 !== 0);
          },
      ),
  ],
  ["keys are never taken", () => plant(NodeIndex, "isTaken", () => () => false)],
  ["edges stay where they were removed", () => plant(EdgeLists, "remove", () => () => {})],
  [
    "edges are not stored",
    () => {},
    () =>
      new FaultyStore(memory(), (method, count) =>
        method === "commit" && count > 9 ? "partial-batch" : undefined,
      ),
  ],
  ["a commit leaves out a change", () => {}, forgetful],
];

const RUNS = 20;

function fewRuns(make: () => Store) {
  return runModel(
    fc,
    { name: "mistaken", cache: { maxEntries: 16 }, place: stores(make) },
    { runs: RUNS, parameters: { endOnFailure: true, seed: 1 } },
  );
}

describe("the model finds it when", () => {
  test.each(mistakes.map(([name, plantIt, make = memory]) => ({ name, plantIt, make })))(
    "$name",
    async ({ plantIt, make }) => {
      plantIt();
      const failure = await fewRuns(make).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ModelFailure);
      // Not by something that the mistake breaks on its way.
      expect((failure as ModelFailure).message).toMatch(/^the graph gave .*\n {2}and the model /);
    },
  );

  test("and finds nothing where there is none", async () => {
    expect(await fewRuns(memory)).toMatchObject({ runs: RUNS });
  });
});
