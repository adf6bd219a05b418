import { expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, node, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Item extends node("Item", { number: z.int() }) {}
class Next extends edge("Next", { at: z.int() }, { from: Item, to: Item }) {}

const BOUND = 64;
const ITEMS = 4 * BOUND;

forEachStore("a unit of work that meets more records than L1 may hold", (open) => {
  async function chain(): Promise<{ graph: Graph; ids: string[] }> {
    const graph = await open({ types: [Item, Next], cache: { maxEntries: BOUND } });
    const ids = await graph.transaction((tx) => {
      let last = tx.create(Item, { number: 0 });
      const made = [last.id];
      while (made.length < ITEMS) {
        last = last.connect(Item, { number: made.length }, via(Next, { at: made.length }));
        made.push(last.id);
      }
      return made;
    });
    return { graph, ids };
  }

  it("keeps what it goes on using", async () => {
    const { graph, ids } = await chain();
    await graph.transaction(async (tx) => {
      const all = await tx.nodes(Item).all();
      expect(all.map(({ number }) => number)).toEqual(ids.map((_, i) => i));
      const few = all.slice(0, 4);
      const ask = async () => {
        for (const [i, item] of few.entries())
          expect((await item.out(Next).all()).map(({ number }) => number)).toEqual([i + 1]);
      };
      await ask();
      const { statements } = graph.status().store.counters;
      for (let times = 0; times < 5; times++) await ask();
      expect(graph.status().store.counters.statements).toBe(statements);
    });
  });

  it("gives all of it back when it ends", async () => {
    const { graph, ids } = await chain();
    await graph.transaction(async (tx) => {
      const first = await tx.require(Item, ids[0] as string);
      const reached = await first.out(Next, {}, { depth: [1, ITEMS] }).all();
      expect(reached).toHaveLength(ITEMS - 1);
      expect(await tx.edges(Next).count()).toBe(ITEMS - 1);
    });
    const { nodes, edges } = graph.status().cache;
    expect(nodes + edges).toBeLessThanOrEqual(BOUND);
  });
});
