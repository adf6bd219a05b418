import fc from "fast-check";
import { expect, test } from "vitest";
import type { MaybePromise } from "../src/util/maybe-async.ts";
import { type Outcome, runReference, type Scenario } from "./walker-reference.ts";
import { scenario } from "./walker-reference-arbitrary.ts";
import {
  classes,
  type FakeEntity,
  type FakeOptions,
  FakeQuery,
  type FakeRun,
  walkFake,
} from "./walker-reference-fake.ts";
import { buildScript, type ScriptState, type ScriptWorld } from "./walker-reference-script.ts";

// Laws: for every graph, walkers and target, the engine runs the same handlers at the same places in the same order as
// the reference, and counts the same visits,
//  1. over a unit that answers at once, and then without a promise where no handler waits;
//  2. over a unit that answers late, forgets what was loaded and lets the event loop turn;
//  3. when the unit loses to others at any moment and is replayed, from its checkpoints where it has made some.

interface FakeWalk {
  get(type: unknown, id: unknown): FakeEntity | undefined;
}

function fakeWorld(isLate: boolean): ScriptWorld<FakeWalk, FakeEntity> {
  return {
    classes,
    isLate,
    refOf: (here) => here.id,
    isEdge: (here) => here.id.startsWith("e"),
    find: (w, ref) => w.get(undefined, ref),
    query(here, { direction, edge, node, asEdges }) {
      let query = here[direction]();
      if (edge !== undefined) query = query.ofType(classes[edge]);
      if (node !== undefined) query = query.ofType(classes[node]);
      return asEdges ? query.edges() : new FakeQuery(here, direction, query.types, false);
    },
    connect: (_w, here, node, edge) => void here.connect(classes[node], classes[edge]),
    remove: (here) => here.delete(),
  };
}

function runFake(
  scenario: Scenario,
  isLate: boolean,
  options: FakeOptions,
): MaybePromise<{ fake: FakeRun; outcome: Outcome }> {
  const state: ScriptState = { fuel: scenario.fuel, trace: [] };
  let saved = { fuel: scenario.fuel, length: 0 };
  const world = fakeWorld(isLate);
  const { walkers, handlers } = buildScript(scenario, world, state);
  const run = walkFake(
    walkers[0],
    {
      graph: scenario.graph,
      handlers,
      onCheckpoint: () => {
        saved = { fuel: state.fuel, length: state.trace.length };
      },
      onReplay: () => {
        state.fuel = saved.fuel;
        state.trace.length = saved.length;
      },
      ...options,
    },
    {
      input: { number: 0 },
      at: (unit) => {
        const { target } = scenario;
        if (target.kind === "query") return world.query(unit.entity(0), target.query);
        const found = target.refs
          .map((ref) => Number(ref.slice(1)) * 2 + (ref.startsWith("e") ? 1 : 0))
          .filter((location) => unit.graph.exists(location))
          .map((location) => unit.entity(location));
        return found.length === 1 ? found[0] : found;
      },
    },
  );
  const finish = (fake: FakeRun) => ({
    fake,
    outcome: { trace: state.trace, visits: fake.run.visits, disengaged: fake.run.disengaged },
  });
  return run instanceof Promise ? run.then(finish) : finish(run);
}

const hasAwait = (scenario: Scenario): boolean => /"isAwaited":true/.test(JSON.stringify(scenario));

test("over a unit that answers at once", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      // What nobody waits for has its place in the order only as long as nobody else waits for anything.
      const { fake, outcome } = await runFake(scenario, hasAwait(scenario), {});
      expect(outcome).toEqual(runReference(scenario));
      if (!hasAwait(scenario)) expect(fake.isSync).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

/** Numbers that follow from a seed alone. */
function drawFrom(seed: number): (n: number) => number {
  let state = seed | 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

test("over a unit that answers late", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, fc.nat(), async (scenario, seed) => {
      const { outcome } = await runFake(scenario, true, { draw: drawFrom(seed), tickMs: seed % 3 });
      expect(outcome).toEqual(runReference(scenario));
    }),
    { numRuns: 2000 },
  );
});

test("over a unit that loses to others", async () => {
  const conflictsAfter = fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(scenario, fc.nat(), conflictsAfter, async (scenario, seed, conflictsAfter) => {
      const { outcome } = await runFake(scenario, true, {
        draw: drawFrom(seed),
        conflictsAfter: conflictsAfter.sort((a, b) => a - b),
      });
      expect(outcome).toEqual(runReference(scenario));
    }),
    { numRuns: 2000 },
  );
});
