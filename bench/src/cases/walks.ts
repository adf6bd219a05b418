import { openOurs, walk } from "../ours.ts";
import { RawGraph } from "../peers/raw-sqlite.ts";
import { type GraphData, outDegree } from "../rmat.ts";
import { type Row, row } from "../row.ts";
import { repeated, timed } from "../sample.ts";
import type { WalkTask, WalkTotals } from "../workload.ts";

const ABOVE_WEIGHT = 0.5;
const COLD_NODES = 5_000;

const warmWalk = {
  what: "warm walker, typed sync handlers, edge filter",
  compare: "speedup",
  unit: "µs",
} as const;

/** From the node with the most edges, so that the walk goes on. */
function walkTask(data: GraphData, maxNodes: number): WalkTask {
  let source = 0;
  for (let node = 1; node < data.nodeCount; node += 1) {
    if (outDegree(data, node) > outDegree(data, source)) source = node;
  }
  return { source, aboveWeight: ABOVE_WEIGHT, maxNodes };
}

function everyNode(data: GraphData): WalkTask {
  return walkTask(data, data.nodeCount + 1);
}

export const walkRows: readonly Row[] = [
  row({
    id: "P9",
    what: "walker over SQLite, L1 empty",
    peerName: "per-node better-sqlite3 loop",
    compare: "speedup",
    unit: "µs",
    floor: 1.3,
    target: 2.2,
    uses: ["data", "oursFile", "rawFile"],
    setup({ data, oursFile, rawFile }) {
      const { source, ...task } = walkTask(data, Math.min(COLD_NODES, data.nodeCount >> 3));
      return {
        // Both sides start each round with a connection that has read nothing yet.
        async ours() {
          const graph = await openOurs(oursFile.file);
          try {
            const reader = graph.as(oursFile.ids.reader);
            const at = oursFile.ids.nodes[source] as string;
            const { cost, result } = await timed("µs", task.maxNodes, () => walk(reader, at, task));
            return { cost, answer: result };
          } finally {
            await graph.close();
          }
        },
        async peer() {
          const graph = new RawGraph(rawFile.file, "FULL");
          try {
            const at = rawFile.ids.nodes[source] as Buffer;
            const { cost, result } = await timed("µs", task.maxNodes, () => graph.walk(at, task));
            return { cost, answer: result };
          } finally {
            graph.close();
          }
        },
      };
    },
  }),
  row({
    ...warmWalk,
    id: "P17",
    peerName: "sync loop over JS objects",
    floor: 0.7,
    target: 1.3,
    uses: ["data", "warm", "objects"],
    setup({ data, warm, objects }) {
      const { source, ...task } = everyNode(data);
      const { visits } = objects.walk({ source, ...task });
      const at = warm.ids.nodes[source] as string;
      return {
        ours: repeated("µs", visits, () => walk(warm.reader, at, task)),
        peer: repeated("µs", visits, () => objects.walk({ source, ...task })),
      };
    },
  }),
  row({
    ...warmWalk,
    id: "P17",
    peerName: "async loop over JS objects",
    floor: 0.8,
    target: 1.6,
    uses: ["data", "warm", "objects"],
    setup({ data, warm, objects }) {
      const { source, ...task } = everyNode(data);
      const { visits } = objects.walk({ source, ...task });
      const at = warm.ids.nodes[source] as string;
      return {
        ours: repeated("µs", visits, () => walk(warm.reader, at, task)),
        peer: repeated("µs", visits, () => objects.walkAsync({ source, ...task })),
      };
    },
  }),
  row({
    id: "P17c",
    what: "the same walk as a user root",
    peerName: "as the system root",
    compare: "speedup",
    unit: "ms",
    floor: 0.8,
    target: 0.9,
    uses: ["data", "warm"],
    setup({ data, warm }) {
      const { source, ...task } = everyNode(data);
      const at = warm.ids.nodes[source] as string;
      return {
        ours: repeated("ms", 1, () => walk(warm.reader, at, task)),
        peer: repeated("ms", 1, () => walk(warm.graph, at, task)),
        comparable: (answer) => answer as WalkTotals,
      };
    },
  }),
];
