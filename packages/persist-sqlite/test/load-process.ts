// Loads rows into the file in argv and prints a line after each unit of work: the parent kills it.
import { writeSync } from "node:fs";
import { openGraph } from "@rootwalk/core";
import { bulkLoad } from "@rootwalk/core/interchange";
import { sqlite } from "../src/index.ts";
import { loadTypes, rows } from "./load-rows.ts";

const graph = await openGraph({ types: loadTypes, store: sqlite(process.argv[2] as string) });
const { idOf } = await bulkLoad(graph, rows(), {
  name: "rows",
  batch: 300,
  onProgress: ({ rows }) => writeSync(1, `${rows}\n`),
});
writeSync(1, `done ${idOf(0)}\n`);
await graph.close();
