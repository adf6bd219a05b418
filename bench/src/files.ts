import { statSync } from "node:fs";
import { createRoots, loadEdges, loadNodes, type OursIds, openOurs } from "./ours.ts";
import { RawGraph, type RawIds } from "./peers/raw-sqlite.ts";
import type { GraphData } from "./rmat.ts";

/** A database file that holds the whole graph and is closed. */
export interface LoadedFile<Ids> {
  readonly file: string;
  readonly ids: Ids;
  /** What the edges added to the file, for each of them. */
  readonly bytesPerEdge: number;
}

/** Records a transaction while a graph is loaded, on both sides. */
export const LOAD_CHUNK = 5_000;

export function loadRawFile(file: string, data: GraphData): LoadedFile<RawIds> {
  const withGraph = <T>(work: (graph: RawGraph) => T): T => {
    const graph = new RawGraph(file, "NORMAL");
    try {
      return work(graph);
    } finally {
      graph.close();
    }
  };
  const nodes = withGraph((graph) => graph.loadNodes(data, LOAD_CHUNK));
  const empty = statSync(file).size;
  const edges = withGraph((graph) => graph.loadEdges(data, LOAD_CHUNK));
  return { file, ids: { nodes, edges }, bytesPerEdge: (statSync(file).size - empty) / data.edgeCount };
}

export async function loadOursFile(file: string, data: GraphData): Promise<LoadedFile<OursIds>> {
  // A closed file has no write-ahead log beside it: its size is what is stored.
  let graph = await openOurs(file, "normal");
  const roots = await createRoots(graph);
  const nodes = await loadNodes(graph.as(roots.owner), data, LOAD_CHUNK);
  await graph.close();
  const empty = statSync(file).size;

  graph = await openOurs(file, "normal");
  const edges = await loadEdges(graph.as(roots.owner), data, nodes, LOAD_CHUNK);
  await graph.close();
  return {
    file,
    ids: { ...roots, nodes, edges },
    bytesPerEdge: (statSync(file).size - empty) / data.edgeCount,
  };
}
