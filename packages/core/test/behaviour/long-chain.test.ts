import { expect, it } from "vitest";
import { z } from "zod";
import { edge, node, via, walker } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Link extends node("Link", { n: z.int() }) {}
class Next extends edge("Next", {}, { from: Link, to: Link }) {}
const types = [Link, Next];

/** All million nodes by command (`CHAIN=1000000`); a part of them shows the same in every run. */
const LENGTH = Number(process.env.CHAIN ?? 20_000);
const BATCH = 5_000;

forEachStore("a chain of very many nodes", (open) => {
  // The bounds of L1 are those that a graph has where nothing is said.
  const isElsewhere = open.store.cache !== undefined || open.store.name === "awkward";

  it.skipIf(isElsewhere)(
    "is walked from end to end, with exits on the way back",
    { timeout: LENGTH > 100_000 ? 900_000 : 60_000 },
    async () => {
      const openHere = open.place();
      const graph = await openHere({ types });
      const { id } = await graph.transaction((tx) => tx.root.connect(Link, { n: 0 }));
      let last = id;
      let nearEnd = id;
      for (let from = 1; from < LENGTH; from += BATCH) {
        nearEnd = last;
        last = await graph.transaction(async (tx) => {
          let link = await tx.require(Link, last);
          for (let n = from; n < Math.min(from + BATCH, LENGTH); n++)
            link = link.connect(Link, { n }, via(Next));
          return link.id;
        });
      }
      const chain = walker("chain", { state: () => ({ first: -1, met: 0, left: 0, isInOrder: true }) })
        .entry(Link, (w, here) => {
          if (w.state.met === 0) w.state.first = here.n;
          w.state.isInOrder &&= here.n === w.state.first + w.state.met;
          w.state.met += 1;
          w.visit(here.out(Next));
        })
        .exit(Link, (w) => {
          w.state.left += 1;
        });
      const whole = await graph.spawn(chain, {}, { at: await graph.require(Link, id) });
      expect(whole.visits).toBe(LENGTH);
      expect(whole.state).toEqual({ first: 0, met: LENGTH, left: LENGTH, isInOrder: true });
      await graph.close();

      // The last stretch once more by a graph that has nothing in L1.
      const again = await openHere({ types });
      const { state } = await again.spawn(chain, {}, { at: await again.require(Link, nearEnd) });
      const rest = LENGTH - state.first;
      expect(state).toEqual({ first: state.first, met: rest, left: rest, isInOrder: true });
      expect(rest).toBeLessThanOrEqual(BATCH);
    },
  );
});
