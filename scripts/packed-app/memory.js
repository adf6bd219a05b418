// Without a file, for runtimes that have no driver for one.
import { node, Root, walker } from "@rootwalk/core";
import { storeConformance } from "@rootwalk/core/conformance";
import { IdColumn } from "@rootwalk/core/store";
import { testGraph } from "@rootwalk/core/testing";

class Thing extends node("Thing", {}) {}
const count = walker("count", { state: () => ({ things: 0 }) })
  .entry(Root, (w, here) => w.visit(here.out(Thing)))
  .entry(Thing, (w) => {
    w.state.things += 1;
  });

const graph = await testGraph({ types: [Thing] });
await graph.transaction((tx) => tx.root.connect(Thing, [{}, {}]));
const { things } = (await graph.spawn(count)).state;
await graph.close();
if (things !== 2 || typeof storeConformance !== "function" || new IdColumn().length !== 0)
  throw new Error(`${things} things`);
console.log(`${things} things in memory`);
