/**
 * Law: what a read finds is what was there at one moment, whatever another process commits while its pages are on
 * their way. One writer makes one change after another and notes what the query gives after each; whatever the reader
 * finds meanwhile is one of these.
 */
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { z } from "zod";
import { edge, gte, lt, node, openGraph, type Tx, via } from "../src/index.ts";
import { awkwardBase } from "../src/persistence/awkward-store.ts";

class Hub extends node("Hub", {}) {}
class Spot extends node("Spot", { n: z.int(), kind: z.int(), score: z.int() }, { index: ["score"] }) {}
class Step extends edge("Step", { kind: z.int() }, { from: Hub, to: Spot }) {}
class Near extends edge("Near", { kind: z.int() }, { from: Spot, to: Spot, undirected: true }) {}
const types = [Hub, Spot, Step, Near];

/** More than one page of a scan and of an index. */
const SPOTS = 300;
/** Several pages of a neighbourhood, where L1 has so few entries. */
const NEIGHBOURS = 60;
const ENTRIES = 24;

const numbers = (spots: readonly Spot[]): number[] => spots.map(({ n }) => n);
const hub = (tx: Tx) => tx.nodes(Hub);

const reads: Record<string, (tx: Tx) => Promise<unknown>> = {
  "a scan": async (tx) => numbers(await tx.nodes(Spot).all()),
  "a filtered scan": async (tx) => numbers(await tx.nodes(Spot, { kind: 1 }).all()),
  "a count of a scan": (tx) => tx.nodes(Spot, { kind: 1 }).count(),
  "a count of all": (tx) => tx.nodes(Spot).count(),
  "a count of all edges": (tx) => tx.edges(Near).count(),
  "the newest of a scan": async (tx) => numbers(await tx.nodes(Spot, { kind: 1 }).reverse().limit(3).all()),
  "a range": (tx) => tx.nodes(Spot, { score: gte(20) }).count(),
  "the first of an order": async (tx) => numbers(await tx.nodes(Spot).orderBy("score").limit(5).all()),
  "a filtered order": async (tx) =>
    numbers(await tx.nodes(Spot, { kind: 1 }).orderBy("score", "desc").limit(5).all()),
  "an order without an index": async (tx) =>
    numbers(
      await tx
        .nodes(Spot, { score: lt(60) })
        .orderBy("n", "desc")
        .limit(4)
        .all(),
    ),
  "edges of a type": (tx) => tx.edges(Near, { kind: 1 }).count(),
  neighbours: async (tx) => numbers(await hub(tx).out(Step).all()),
  "neighbours by their edges": async (tx) => numbers(await hub(tx).out(Step, { kind: 1 }).all()),
  "neighbours by their fields": async (tx) => numbers(await hub(tx).out(Spot, { kind: 1 }).all()),
  "a count of neighbours": (tx) => hub(tx).out(Spot, { kind: 1 }).count(),
  "the newest neighbours": async (tx) =>
    numbers(await hub(tx).out(Spot, { kind: 1 }).reverse().limit(4).all()),
  "neighbours in an order": async (tx) => numbers(await hub(tx).out(Spot).orderBy("score").limit(6).all()),
  "two hops": async (tx) => numbers(await hub(tx).out(Step, { kind: 1 }).both(Near).all()),
  "a depth": (tx) =>
    hub(tx)
      .out(Step)
      .both(Near, undefined, { depth: [1, 4] })
      .count(),
};

type Change = { readonly kind: number; readonly at: number; readonly to: number };
const change = fc.record({ kind: fc.nat(6), at: fc.nat(1_000), to: fc.nat(100) });

/** Two of a kind, far from each other: who sees one of them alone sees no moment that there was. */
async function make(tx: Tx, { kind, at, to }: Change): Promise<void> {
  const all = await tx.nodes(Spot).all();
  const one = await hub(tx).one();
  const steps = kind === 5 ? await one.out(Step).edges().all() : [];
  for (const place of [at, at + (all.length >> 1)]) {
    const spot = all[place % all.length]!;
    if (kind === 0) one.connect(Spot, { n: 1_000 + place, kind: 1, score: to }, via(Step, { kind: 1 }));
    else if (kind === 1) spot.delete();
    else if (kind === 2) spot.kind = spot.kind === 1 ? 0 : 1;
    else if (kind === 3) spot.score = to;
    else if (kind === 4) spot.link(all[to % all.length]!, via(Near, { kind: 1 }));
    else if (kind === 5) steps.splice(place % Math.max(steps.length, 1), 1)[0]?.delete();
    else one.link(spot, via(Step, { kind: 1 }));
  }
}

/** Results that differed from others of their run: the readers did see the writer at work. */
let met = 0;

afterAll(() => expect(met).toBeGreaterThan(20));

it.each(Object.entries(reads))("%s is of one moment", async (_what, ask) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 6, maxLength: 14 }),
      fc.nat(1_000_000),
      async (changes, seed) => {
        const base = awkwardBase({ seed: seed + 1 });
        const writer = await openGraph({ types, store: base.connect() });
        const reader = await openGraph({
          types,
          store: base.connect(),
          attempts: 30,
          cache: { maxEntries: ENTRIES },
        });
        await writer.transaction((tx) => {
          const one = tx.create(Hub, {});
          const spots = Array.from({ length: SPOTS }, (_, n) =>
            tx.create(Spot, { n, kind: n % 3, score: (n * 7) % 50 }),
          );
          for (let n = 0; n < SPOTS; n += SPOTS / NEIGHBOURS) {
            one.link(spots[n]!, via(Step, { kind: n % 2 }));
            spots[n]!.link(spots[(n * 3) % SPOTS]!, via(Near, { kind: n % 4 === 0 ? 1 : 0 }));
          }
        });
        const moments = [JSON.stringify(await writer.transaction((tx) => ask(tx)))];
        const found: string[] = [];
        let isWriting = true;
        const reading = async (): Promise<void> => {
          while (isWriting) found.push(JSON.stringify(await reader.transaction((tx) => ask(tx))));
        };
        const writing = async (): Promise<void> => {
          try {
            for (const each of changes) {
              await writer.transaction((tx) => make(tx, each));
              moments.push(JSON.stringify(await writer.transaction((tx) => ask(tx))));
            }
          } finally {
            isWriting = false;
          }
        };
        await Promise.all([writing(), reading(), reading()]);
        met += new Set(found).size - 1;
        for (const each of found) expect(moments).toContain(each);
        await reader.close();
        await writer.close();
      },
    ),
    { numRuns: 15 },
  );
});
