import { type Graph, openGraph } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";

export async function count(path: string): Promise<number> {
  await using graph: Graph = await openGraph({ types: [], store: sqlite(path) });
  return graph.roots().count();
}
