import { LOAD_CHUNK } from "../files.ts";
import { fold, LinkBenchMix, type LinkOperation } from "../linkbench.ts";
import {
  createRoots,
  type Durability,
  type Graph,
  loadEdges,
  loadNodes,
  type OursIds,
  openOurs,
  performLink,
} from "../ours.ts";
import { GraphologyGraph } from "../peers/graphology.ts";
import { GraphologyLinkBench } from "../peers/graphology-linkbench.ts";
import { RawLinkBench } from "../peers/raw-linkbench.ts";
import { RawGraph } from "../peers/raw-sqlite.ts";
import type { GraphData } from "../rmat.ts";
import { type Row, row } from "../row.ts";
import { type Sample, type Side, WARM_UP } from "../sample.ts";
import { quantile } from "../statistics.ts";

const OPERATIONS = 8_000;
/** Before anything is timed, so that everything an operation runs is compiled. */
const WARM_UP_OPERATIONS = 24_000;
const ROUNDS = 7;
const CALLERS = 64;

/** What a run costs: the mean time of an operation, or the 99th percentile of their latencies. */
type Figure = "mean" | "p99";

const WHAT: Readonly<Record<Figure, string>> = { mean: "time per operation", p99: "p99 latency" };

/** The same operations for both sides, round by round. */
function rounds(data: GraphData): (round: number) => readonly LinkOperation[] {
  const mix = new LinkBenchMix(data);
  const drawn: LinkOperation[][] = [];
  return (round) => {
    while (drawn.length <= round)
      drawn.push(mix.take(drawn.length === WARM_UP ? WARM_UP_OPERATIONS : OPERATIONS));
    return drawn[round] as LinkOperation[];
  };
}

/** One operation after another, each timed; the answer is a checksum over all of them in order. */
function sequential(
  operations: (round: number) => readonly LinkOperation[],
  figure: Figure,
  perform: (operation: LinkOperation) => number | Promise<number>,
): Side {
  return async (round): Promise<Sample> => {
    const latencies: number[] = [];
    let checksum = 0;
    let before = performance.now();
    const started = before;
    for (const operation of operations(round)) {
      const answer = perform(operation);
      checksum = fold(checksum, typeof answer === "number" ? answer : await answer);
      const now = performance.now();
      latencies.push(now - before);
      before = now;
    }
    const cost = figure === "mean" ? (before - started) / latencies.length : quantile(latencies, 0.99);
    return { cost: cost * 1_000, answer: checksum };
  };
}

/** Many callers at once: what each operation answers depends on their order, what they leave behind does not. */
function concurrent(
  operations: (round: number) => readonly LinkOperation[],
  callers: number,
  perform: (operation: LinkOperation) => number | Promise<number>,
): Side {
  return async (round): Promise<Sample> => {
    const list = operations(round);
    let next = 0;
    const done = { nodesAdded: 0, nodesDeleted: 0 };
    const started = performance.now();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (next < list.length) {
          const operation = list[next] as LinkOperation;
          next += 1;
          const answer = perform(operation);
          const changed = typeof answer === "number" ? answer : await answer;
          if (operation.kind === "addNode") done.nodesAdded += changed;
          if (operation.kind === "deleteNode") done.nodesDeleted += changed;
        }
      }),
    );
    return { cost: ((performance.now() - started) * 1_000) / list.length, answer: done };
  };
}

async function inMemory(data: GraphData): Promise<{ graph: Graph; ids: OursIds }> {
  const graph = await openOurs();
  const roots = await createRoots(graph);
  const owner = graph.as(roots.owner);
  const nodes = await loadNodes(owner, data, LOAD_CHUNK);
  const edges = await loadEdges(owner, data, nodes, LOAD_CHUNK);
  return { graph, ids: { ...roots, nodes, edges } };
}

interface AgainstSqlite {
  readonly id: string;
  readonly durability: Durability;
  readonly callers: number;
  readonly figure: Figure;
  readonly compare: "speedup" | "cost";
  readonly floor: number;
  readonly target: number;
}

function againstSqlite({ id, durability, callers, figure, ...facts }: AgainstSqlite): Row {
  const synchronous = durability === "full" ? "FULL" : "NORMAL";
  return row({
    ...facts,
    id,
    what: `LinkBench, ${synchronous}, ${callers === 1 ? "one caller" : `${callers} callers`}, ${WHAT[figure]}`,
    peerName: callers === 1 ? "raw better-sqlite3" : "raw, one caller",
    unit: "µs",
    rounds: ROUNDS,
    uses: ["data", "scratch", "oursFile", "rawFile"],
    async setup({ data, scratch, oursFile, rawFile }) {
      const operations = rounds(data);
      const graph = await openOurs(scratch.copyOf(oursFile.file), durability);
      const raw = new RawGraph(scratch.copyOf(rawFile.file), synchronous);
      const bench = new RawLinkBench(raw, rawFile.ids);
      const mine = (operation: LinkOperation) => performLink(graph, oursFile.ids, operation);
      const theirs = (operation: LinkOperation) => bench.perform(operation);
      return {
        ours: callers === 1 ? sequential(operations, figure, mine) : concurrent(operations, callers, mine),
        peer: callers === 1 ? sequential(operations, figure, theirs) : concurrent(operations, 1, theirs),
        async close() {
          raw.close();
          await graph.close();
        },
      };
    },
  });
}

export const linkBenchRows: readonly Row[] = [
  againstSqlite({
    id: "P15",
    durability: "normal",
    callers: 1,
    figure: "mean",
    compare: "speedup",
    floor: 1.2,
    target: 2,
  }),
  againstSqlite({
    id: "P15",
    durability: "normal",
    callers: 1,
    figure: "p99",
    compare: "cost",
    floor: 1.5,
    target: 1,
  }),
  againstSqlite({
    id: "P15b",
    durability: "full",
    callers: CALLERS,
    figure: "mean",
    compare: "speedup",
    floor: 2.5,
    target: 4,
  }),
  row({
    id: "P15c",
    what: "LinkBench, memory only, time per operation",
    peerName: "graphology",
    compare: "speedup",
    unit: "µs",
    floor: 1,
    target: 2,
    rounds: ROUNDS,
    uses: ["data"],
    async setup({ data }) {
      const operations = rounds(data);
      const { graph, ids } = await inMemory(data);
      // Its own: the mix changes it, and other rows share theirs.
      const peer = new GraphologyGraph();
      const bench = new GraphologyLinkBench(peer, peer.load(data));
      return {
        ours: sequential(operations, "mean", (operation) => performLink(graph, ids, operation)),
        peer: sequential(operations, "mean", (operation) => bench.perform(operation)),
        close: () => graph.close(),
      };
    },
  }),
];
