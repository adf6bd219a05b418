import { MultiDirectedGraph } from "graphology";
import { LOAD_CHUNK } from "../files.ts";
import { createRoots, loadEdges, loadNodes, openOurs } from "../ours.ts";
import { type GraphData, generateRmat, personName } from "../rmat.ts";

// Holds a graph in memory, with or without its edges, and prints what that took: one side in one process.

const [side, content, scale] = process.argv.slice(2) as ["ours" | "graphology", "nodes" | "edges", string];

const data = generateRmat({ scale: Number(scale) });
const before = heapBytes();
const kept = side === "ours" ? await holdOurs(data) : holdGraphology(data);
const bytes = heapBytes() - before;
console.log(JSON.stringify({ bytes, size: await kept.size() }));

/** What is alive on the heap and in the array buffers that it points to. */
function heapBytes(): number {
  // The second run finds what the first one's finalizers let go of.
  for (let run = 0; run < 2; run += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function holdOurs(data: GraphData): Promise<{ size(): Promise<number> }> {
  const graph = await openOurs();
  const owner = graph.as((await createRoots(graph)).owner);
  const nodes = await loadNodes(owner, data, LOAD_CHUNK);
  const edges = content === "edges" ? await loadEdges(owner, data, nodes, LOAD_CHUNK) : [];
  const { length } = edges;
  return {
    async size() {
      await graph.close();
      return data.nodeCount + length;
    },
  };
}

/** Short integer keys and generated edge keys: the least that graphology can be asked to hold. */
function holdGraphology(data: GraphData): { size(): number } {
  const graph = new MultiDirectedGraph();
  for (let node = 0; node < data.nodeCount; node += 1) {
    graph.addNode(node, { name: personName(node), grp: data.groups[node], score: data.scores[node] });
  }
  for (let edge = 0; content === "edges" && edge < data.edgeCount; edge += 1) {
    const attributes = { weight: data.weights[edge], ts: data.timestamps[edge] };
    graph.addEdge(data.sources[edge], data.targets[edge], attributes);
  }
  return { size: () => graph.order + graph.size };
}
