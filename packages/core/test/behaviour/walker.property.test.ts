// Law: over every store, for every graph, walkers and target, the same handlers run at the same places in the same
// order as in the naive reference, and the same visits are counted. The walk's trace tells the same.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnyEdge, type AnyNode, openGraph, type TraceStop, type WalkTrace } from "../../src/index.ts";
import { runReference, type Scenario } from "../walker-reference.ts";
import { scenario } from "../walker-reference-arbitrary.ts";
import { classes } from "../walker-reference-fake.ts";
import { buildScript, type ScriptState, type ScriptWorld } from "../walker-reference-script.ts";
import { forEachStore, type StoreUnderTest } from "./stores.ts";
import { buildGraph } from "./walker-graph.ts";

/** Scripts say at run time which types they follow. */
interface Query {
  ofType(type: unknown): Query;
  edges(): unknown;
}

async function runGraph(scenario: Scenario, { place, cache }: StoreUnderTest) {
  const state: ScriptState = { fuel: scenario.fuel, trace: [] };
  let names: Awaited<ReturnType<typeof buildGraph>>;
  const world: ScriptWorld<never, AnyNode | AnyEdge> = {
    classes,
    isLate: true,
    refOf: (here) => names.refOf(here.id),
    isEdge: (here) => names.refOf(here.id).startsWith("e"),
    find: (w, ref) => names.find(w, ref),
    query(here, { direction, edge, node, asEdges }) {
      const from = here as unknown as Record<typeof direction, (type?: unknown) => Query>;
      let query = edge === undefined ? from[direction]() : from[direction](classes[edge]);
      if (node !== undefined) query = query.ofType(classes[node]);
      return asEdges ? query.edges() : query;
    },
    connect: (w, here, node, edge) => names.connect(w, here as AnyNode, node, edge),
    remove: (here) => here.delete(),
  };
  const { walkers, handlers } = buildScript(scenario, world, state);
  const graph = await openGraph({
    types: Object.values(classes),
    handlers: handlers as never,
    store: place()(),
    ...(cache === undefined ? {} : { cache }),
  });
  try {
    names = await buildGraph(graph, scenario.graph);
    const { target } = scenario;
    const found = target.kind === "refs" ? target.refs.map(names.record) : [names.record("n0")];
    const at = found.filter((record) => record !== undefined);
    const run = await graph.spawn(walkers[0] as never, { number: 0 } as never, {
      at: at.length === 1 ? (at[0] as AnyNode) : at,
      trace: { maxEvents: 1_000_000 },
    });
    expectTraced(run.trace!, state.trace, run.visits, (id) => names.refOf(id));
    return { trace: state.trace, visits: run.visits, disengaged: run.disengaged };
  } finally {
    await graph.close();
  }
}

/** What the walk's trace says is what handlers have noted themselves. */
function expectTraced(
  { stops, isCut }: WalkTrace,
  noted: readonly string[],
  visits: number,
  refOf: (id: string) => string,
): void {
  expect(isCut).toBe(false);
  expect(stops.filter(({ stage }) => stage === "entry").length).toBe(visits);
  const ran: string[] = [];
  let elses = 0;
  let spawns = 0;
  const read = (among: readonly TraceStop[]): void => {
    for (const { location, handlers } of among) {
      for (const { events } of handlers) {
        ran.push(refOf(location.id));
        for (const event of events) {
          if (event.do === "visit" && event.ranElse) elses += 1;
          if (event.do !== "spawn") continue;
          spawns += 1;
          read(event.stops);
        }
      }
    }
  };
  read(stops);
  const handled = noted.filter((line) => line.includes("@") && !line.startsWith("else@"));
  const places = handled.map((line) => line.slice(line.indexOf("@") + 1));
  // Walks that are spawned beside each other take turns.
  if (spawns === 0) expect(ran).toEqual(places);
  else expect(ran.sort()).toEqual(places.sort());
  expect(elses).toBe(noted.filter((line) => line.startsWith("else@")).length);
}

/** A query needs a unit to start in, which a spawn from outside does not have. */
const fromOutside = scenario.map((scenario): Scenario => {
  const { target, ...rest } = scenario;
  return { ...rest, target: target.kind === "refs" ? target : { kind: "refs", refs: ["n0"] } };
});

forEachStore("the order of visits", (open) => {
  test("is that of the reference", async () => {
    await fc.assert(
      fc.asyncProperty(fromOutside, async (scenario) => {
        expect(await runGraph(scenario, open.store)).toEqual(runReference(scenario));
      }),
      { numRuns: open.store.isShared ? 60 : 300 },
    );
  });
});
