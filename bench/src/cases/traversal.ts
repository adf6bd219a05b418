import type { FixtureName, Fixtures } from "../fixtures.ts";
import { countHops, countReachable } from "../ours.ts";
import { drawSources } from "../rmat.ts";
import { type Row, row } from "../row.ts";
import { repeated } from "../sample.ts";

interface Traversal {
  readonly what: string;
  readonly hops: 2 | 3 | "all";
  /** Sources a call, fewer where the peers take long. */
  readonly sources: number;
}

const TWO_HOPS: Traversal = { what: "warm 2-hop distinct count", hops: 2, sources: 64 };
const THREE_HOPS: Traversal = { what: "warm 3-hop distinct count", hops: 3, sources: 16 };
const REACHABLE: Traversal = { what: "warm BFS, reachable nodes", hops: "all", sources: 2 };

/** What a peer offers: counts from a node's number. */
interface Counter {
  countHops(source: number, hops: 2 | 3): number;
  countReachable(source: number): number;
}

interface Against<Used extends FixtureName> {
  readonly id: string;
  readonly peerName: string;
  readonly floor: number;
  readonly target: number;
  readonly uses: readonly Used[];
  counter(fixtures: Pick<Fixtures, Used>): Counter;
}

const againstGraphology: Against<"graphology"> = {
  id: "P1",
  peerName: "graphology",
  floor: 20,
  target: 60,
  uses: ["graphology"],
  counter: ({ graphology: { peer, ids } }) => ({
    countHops: (source, hops) => peer.countHops(ids.nodes[source] as string, hops),
    countReachable: (source) => peer.countReachable(ids.nodes[source] as string),
  }),
};

const againstCsr: Against<"csr"> = {
  id: "P2",
  peerName: "hand-written CSR",
  floor: 0.25,
  target: 0.5,
  uses: ["csr"],
  counter: ({ csr }) => csr,
};

const againstSqlite: Against<"raw"> = {
  id: "P4",
  peerName: "SQLite recursive CTE",
  floor: 20,
  target: 50,
  uses: ["raw"],
  counter: ({ raw: { graph, ids } }) => ({
    countHops: (source, hops) => graph.countHops(ids.nodes[source] as Buffer, hops),
    countReachable: (source) => graph.countReachable(ids.nodes[source] as Buffer),
  }),
};

function traversal<Used extends FixtureName>(
  { what, hops, sources: count }: Traversal,
  { uses, counter, ...facts }: Against<Used>,
): Row {
  return row({
    ...facts,
    what,
    compare: "speedup",
    unit: "ms",
    uses: ["data", "warm", ...uses],
    setup(fixtures) {
      const { data, warm } = fixtures;
      const sources = drawSources(data, count, 21);
      const ids = sources.map((source) => warm.ids.nodes[source] as string);
      const peer = counter(fixtures);
      const [mine, theirs] =
        hops === "all"
          ? [
              () => countReachable(warm.reader, ids),
              () => sources.map((source) => peer.countReachable(source)),
            ]
          : [
              () => countHops(warm.reader, ids, hops),
              () => sources.map((source) => peer.countHops(source, hops)),
            ];
      return { ours: repeated("ms", count, mine), peer: repeated("ms", count, theirs) };
    },
  });
}

export const traversalRows: readonly Row[] = [
  traversal(TWO_HOPS, againstGraphology),
  traversal(THREE_HOPS, againstGraphology),
  traversal(REACHABLE, againstGraphology),
  traversal(TWO_HOPS, againstCsr),
  traversal(THREE_HOPS, againstCsr),
  traversal(REACHABLE, againstCsr),
  traversal(THREE_HOPS, againstSqlite),
];
