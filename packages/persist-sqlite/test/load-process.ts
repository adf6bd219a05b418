// `load-process.ts PATH UNITS`: loads rows into the file, and is killed once it has loaded so many units of work.
import { openGraph } from "@rootwalk/core";
import { bulkLoad } from "@rootwalk/core/interchange";
import { sqlite } from "../src/index.ts";
import { loadTypes, rows } from "./load-rows.ts";

const [path = "", units] = process.argv.slice(2);
let left = Number(units);
const graph = await openGraph({ types: loadTypes, store: sqlite(path) });
await bulkLoad(graph, rows(), {
  name: "rows",
  batch: 300,
  onProgress: () => {
    // By itself: how soon a parent would get to it is up to the machine.
    if (--left === 0) process.kill(process.pid, "SIGKILL");
  },
});
await graph.close();
