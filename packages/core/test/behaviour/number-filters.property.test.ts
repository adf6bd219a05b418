// L1 keeps numbers that are compared again and again in columns. Law: filters go by what the records are now, however
// often they were asked before, whatever was written meanwhile, and whatever else but numbers a field holds.

import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import { edge, eq, type Graph, gt, gte, lt, lte, node, Root, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

type Value = number | string | undefined;
const field = z.union([z.number(), z.string()]).optional();
class Thing extends node("Thing", { size: field }) {}
class Holds extends edge("Holds", { size: field }, { from: Root, to: Thing }) {}
const types = [Thing, Holds];

/** More often than a field must be compared to get its column. */
const OFTEN = 300;

const numbers = [-1.5, 0, Number.MIN_VALUE, 0.1, 0.1 + Number.EPSILON / 8, 1, 2, Number.MAX_VALUE];
const value: fc.Arbitrary<Value> = fc.constantFrom<Value>(undefined, "1", ...numbers);
const operators = {
  eq: { of: (bound: number) => eq(bound), passes: (a: number, b: number) => a === b },
  gt: { of: (bound: number) => gt(bound), passes: (a: number, b: number) => a > b },
  gte: { of: (bound: number) => gte(bound), passes: (a: number, b: number) => a >= b },
  lt: { of: (bound: number) => lt(bound), passes: (a: number, b: number) => a < b },
  lte: { of: (bound: number) => lte(bound), passes: (a: number, b: number) => a <= b },
};

type Write =
  | { readonly do: "add"; readonly edge: Value; readonly node: Value }
  | { readonly do: "edge" | "node"; readonly at: number; readonly to: Value }
  | { readonly do: "drop"; readonly at: number };

const at = fc.nat({ max: 40 });
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ do: fc.constant("add" as const), edge: value, node: value }),
  fc.record({ do: fc.constantFrom("edge" as const, "node" as const), at, to: value }),
  fc.record({ do: fc.constant("drop" as const), at }),
);

/** What the root holds, in order of connection: sizes of each edge and of the node behind it. */
interface Held {
  edge: Value;
  node: Value;
}

forEachStore("filters that compare numbers", (open) => {
  it("go by what the records are now", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ edge: value, node: value }), { minLength: 1, maxLength: 30 }),
        fc.array(write, { maxLength: 12 }),
        fc.constantFrom(...numbers),
        async (first, writes, bound) => {
          const graph = await open({ types });
          const held: Held[] = [];
          await graph.transaction(async (tx) => {
            for (const item of first) await perform(tx, held, { do: "add", ...item });
          });
          await graph.transaction(async (tx) => {
            for (let i = 0; i < OFTEN; i++) {
              await tx.root.out(Holds, { size: gt(bound) }).count();
              await tx.root
                .out(Holds)
                .filter({ size: gt(bound) })
                .count();
            }
          });
          await compare(graph, held, bound);
          for (const each of writes) {
            await graph.transaction(async (tx) => {
              await perform(tx, held, each);
              // A unit sees its own write, and leaves no trace of it in what others are told before it commits.
              await compare(tx, held, bound);
            });
            await compare(graph, held, bound);
          }
          await graph.close();
        },
      ),
      { numRuns: 10 },
    );
  });
});

type Tx = Parameters<Parameters<Graph["transaction"]>[0]>[0];

async function perform(tx: Tx, held: Held[], write: Write): Promise<void> {
  if (write.do === "add") {
    tx.root.connect(Thing, { size: write.node }, via(Holds, { size: write.edge }));
    held.push({ edge: write.edge, node: write.node });
    return;
  }
  if (held.length === 0) return;
  const place = write.at % held.length;
  const { edge: found, node: far } = (await tx.root.out(Holds).pairs().all())[place]!;
  if (write.do === "drop") {
    found.delete();
    held.splice(place, 1);
  } else if (write.do === "edge") {
    found.size = write.to;
    held[place]!.edge = write.to;
  } else {
    far.size = write.to;
    held[place]!.node = write.to;
  }
}

async function compare(graph: Pick<Graph, "root">, held: readonly Held[], bound: number): Promise<void> {
  for (const { of, passes } of Object.values(operators)) {
    const expected = (of: "edge" | "node") =>
      held.filter((item) => typeof item[of] === "number" && passes(item[of], bound));
    const byEdge = await graph.root
      .out(Holds, { size: of(bound) })
      .pairs()
      .all();
    expect(byEdge.map((pair) => pair.edge.size)).toEqual(expected("edge").map((item) => item.edge));
    const byNode = await graph.root
      .out(Holds)
      .filter({ size: of(bound) })
      .all();
    expect(byNode.map((far) => far.size)).toEqual(expected("node").map((item) => item.node));
  }
}
