import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  edge,
  type Graph,
  gte,
  type NodeQuery,
  node,
  type Reading,
  Root,
  type Tx,
  via,
  walker,
} from "../../src/index.ts";
import { type Scheduler, systemScheduler } from "../../src/unit/scheduler.ts";
import { forEachStore } from "./stores.ts";

// A long read lets the event loop turn about every 8 ms, and is of one moment all the same.

class Spot extends node("Spot", { n: z.int() }, { index: ["n"] }) {}
class Step extends edge("Step", { n: z.int() }, { from: Spot, to: Spot }) {}
class Other extends node("Other", {}) {}
const types = [Spot, Step, Other];

/** More than two stretches between looks at the clock. */
const COUNT = 2200;

/** A scheduler whose clock goes on by so much at each look, and that tells of the turns that are asked for. */
function ticking(): {
  readonly scheduler: Scheduler;
  tickMs: number;
  turns: number;
  /** Called once, in the next turn that is asked for. */
  meanwhile: (() => Promise<unknown>) | undefined;
} {
  const system = systemScheduler();
  let now = 0;
  const state = {
    tickMs: 0,
    turns: 0,
    meanwhile: undefined as (() => Promise<unknown>) | undefined,
    scheduler: {
      now: () => (now += state.tickMs),
      after: system.after,
      nextTurn(callback: () => void) {
        state.turns += 1;
        const { meanwhile } = state;
        state.meanwhile = undefined;
        if (meanwhile === undefined) system.nextTurn(callback);
        else system.nextTurn(() => void meanwhile().then(callback, callback));
      },
    },
  };
  return state;
}

/** Behind the root a spot, behind that one forty, and behind these thousands. */
async function layers(graph: Graph): Promise<void> {
  await graph.transaction((tx) => {
    const first = tx.root.connect(Spot, { n: -1 });
    const middle = first.connect(
      Spot,
      Array.from({ length: 40 }, (_, n) => ({ n: -2 - n })),
      via(Step, { n: 0 }),
    );
    for (let n = 0; n < COUNT; n++) middle[n % 40]!.connect(Spot, { n }, via(Step, { n }));
  });
}

const reads: [what: string, ask: (from: Reading) => Promise<unknown>][] = [
  ["a scan", (from) => from.nodes(Spot).ids()],
  ["a filtered scan", (from) => from.nodes(Spot, { n: gte(100) }).ids()],
  ["an index in its order", (from) => from.nodes(Spot).orderBy("n").ids()],
  ["a scan of edges", (from) => from.edges(Step).ids()],
  ["hops", (from) => from.root.out(Spot).out(Step).out(Step).out(Step).count()],
  [
    "hops back",
    (from) =>
      from
        .nodes(Spot, { n: gte(0) })
        .in(Step)
        .ids(),
  ],
  [
    "filtered hops",
    (from) =>
      from
        .nodes(Spot, { n: gte(0) })
        .in(Step, { n: gte(10) })
        .ids(),
  ],
  ["edges", (from) => from.nodes(Spot).out(Step).edges().ids()],
  [
    "breadth first",
    (from) =>
      from.root
        .out(Spot)
        .out(Step, undefined, { depth: [1, 9] })
        .out(Step)
        .ids(),
  ],
  [
    "breadth first from all",
    (from) =>
      from
        .nodes(Spot)
        .both(Step, undefined, { depth: [2, 4] })
        .count(),
  ],
  ["records", async (from) => (await from.nodes(Spot).all()).map(({ n }) => n)],
  [
    "pairs",
    async (from) =>
      (await (from.nodes(Spot) as NodeQuery<Spot>).out(Step).pairs().all()).map(({ edge: { n } }) => n),
  ],
];

forEachStore("a long read", (open) => {
  describe.each(reads)("%s", (what, ask) => {
    it("lets the event loop turn, and finds what it finds without", async () => {
      const clock = ticking();
      const graph = await open({ types, scheduler: clock.scheduler });
      await layers(graph);
      const turnsOf = async (read: () => Promise<unknown>): Promise<{ found: unknown; turns: number }> => {
        const { turns } = clock;
        return { found: await read(), turns: clock.turns - turns };
      };
      const read = (): Promise<unknown> => graph.transaction((tx) => ask(tx));
      const { found } = await turnsOf(read);
      const atOnce = await turnsOf(read);
      clock.tickMs = 10;
      const paused = await turnsOf(read);
      expect(atOnce.found).toEqual(found);
      expect(paused.found).toEqual(found);
      // Where each page is waited for, the event loop turns by itself.
      if (graph.status().store.supports.synchronous) expect(paused.turns).toBeGreaterThan(atOnce.turns);
    });

    it("runs again where others change what it has read meanwhile, and not for anything else", async () => {
      const clock = ticking();
      const graph = await open({ types, scheduler: clock.scheduler });
      await layers(graph);
      const { synchronous } = graph.status().store.supports;
      const runsWith = async (change: (tx: Tx) => unknown, otherwise: number): Promise<number> => {
        let runs = 0;
        clock.tickMs = 10;
        const found = await graph.transaction(async (tx) => {
          runs += 1;
          if (runs === 1)
            clock.meanwhile = () => graph.transaction(async (other) => void (await change(other)));
          return ask(tx);
        });
        clock.tickMs = 0;
        if (clock.meanwhile !== undefined) {
          // It never had to pause: its pages came one after another, each in a turn of its own.
          expect(synchronous).toBe(false);
          clock.meanwhile = undefined;
          return otherwise;
        }
        expect(found).toEqual(await graph.transaction((tx) => ask(tx)));
        return runs;
      };
      expect(await runsWith((tx) => tx.create(Other, {}), 1)).toBe(1);
      const grow = async (tx: Tx): Promise<unknown> =>
        (await tx.root.out(Spot).one()).connect(Spot, { n: 1_000_000 }, via(Step, { n: 1_000_000 }));
      // What lies ahead is read when it comes to it, as it is by then.
      expect(await runsWith(grow, 1)).toBeLessThanOrEqual(2);
      const before = await graph.transaction((tx) => ask(tx));
      const runs = await runsWith(async (tx) => (await tx.root.out(Spot).one()).delete(), 2);
      const after = await graph.transaction((tx) => ask(tx));
      // Where the read begins there, it had been read when it went.
      if (!what.endsWith("back") && what !== "filtered hops" && !isDeepStrictEqual(before, after))
        expect(runs).toBe(2);
    });
  });

  it("that a walker visits is visited whole, and the walk goes on meanwhile", async () => {
    const clock = ticking();
    const graph = await open({ types, scheduler: clock.scheduler });
    await layers(graph);
    clock.tickMs = 10;
    const visitor = walker("visitor", { state: () => ({ sum: 0 }) })
      .entry(Root, (w) => void w.visit(w.nodes(Spot, { n: gte(0) })))
      .entry(Spot, (w, { n }) => {
        w.state.sum += n;
      });
    const { state, visits } = await graph.spawn(visitor);
    expect([visits, state.sum]).toEqual([COUNT + 1, (COUNT * (COUNT - 1)) / 2]);
  });
});
