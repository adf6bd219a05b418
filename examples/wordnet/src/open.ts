import { fileURLToPath } from "node:url";
import { type Graph, openGraph } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { type ImportOptions, importWordNet } from "./import.ts";
import { types } from "./schema.ts";

/** Beside the sources, wherever the command is started from. */
export const databaseFile = fileURLToPath(new URL("../wordnet.db", import.meta.url));

/** Opens the graph, and brings in first what it lacks of WordNet. */
export async function openWordNet(file: string = databaseFile, options: ImportOptions = {}): Promise<Graph> {
  const graph = await openGraph({ types, store: sqlite(file) });
  try {
    await importWordNet(graph, options);
    return graph;
  } catch (error) {
    await graph.close();
    throw error;
  }
}
