// A graph that nobody closes: the process must end by itself all the same.
import { node, openGraph } from "@rootwalk/core";
import { z } from "zod";

class Thing extends node("Thing", { n: z.int() }) {}

const graph = await openGraph({ types: [Thing] });
await graph.transaction((tx) => tx.create(Thing, { n: 1 }));
console.log(await graph.nodes(Thing).count());
