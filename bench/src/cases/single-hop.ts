import { filteredNeighbours, neighbours, people } from "../ours.ts";
import { drawSources, type GraphData } from "../rmat.ts";
import { type Row, row } from "../row.ts";
import { repeated } from "../sample.ts";
import { filter, type PersonRecord, withoutIds } from "../workload.ts";

/** Questions a unit; one after another, each answered before the next is asked. */
const QUESTIONS = 200;

const question = { compare: "speedup", unit: "µs" } as const;

/** Ids differ from side to side, who they name must not. */
const samePeople = (answer: unknown) => (answer as PersonRecord[][]).map(withoutIds);

function asked(data: GraphData, seed: number): number[] {
  return drawSources(data, QUESTIONS, seed);
}

function idsOf<Id>(ids: readonly Id[], nodes: readonly number[]): Id[] {
  return nodes.map((node) => ids[node] as Id);
}

export const singleHopRows: readonly Row[] = [
  row({
    ...question,
    id: "P5",
    what: "warm 1-hop with ids and typed properties",
    peerName: "graphology",
    floor: 1.5,
    target: 2.5,
    uses: ["data", "warm", "graphology"],
    setup({ data, warm, graphology: { peer, ids } }) {
      const sources = asked(data, 31);
      const [mine, theirs] = [idsOf(warm.ids.nodes, sources), idsOf(ids.nodes, sources)];
      return {
        ours: repeated("µs", sources.length, () => neighbours(warm.reader, mine)),
        peer: repeated("µs", sources.length, () => theirs.map((id) => peer.neighbours(id))),
        comparable: samePeople,
      };
    },
  }),
  row({
    ...question,
    id: "P6",
    what: "warm filtered hop (edge > x, node = y)",
    peerName: "graphology",
    floor: 2,
    target: 4,
    uses: ["data", "warm", "graphology"],
    setup({ data, warm, graphology: { peer, ids } }) {
      const sources = asked(data, 32);
      const [mine, theirs] = [idsOf(warm.ids.nodes, sources), idsOf(ids.nodes, sources)];
      return {
        ours: repeated("µs", sources.length, () => filteredNeighbours(warm.reader, mine, filter)),
        peer: repeated("µs", sources.length, () => theirs.map((id) => peer.filteredNeighbours(id, filter))),
        comparable: samePeople,
      };
    },
  }),
  row({
    ...question,
    id: "P6",
    what: "warm filtered hop (edge > x, node = y)",
    peerName: "raw SQLite",
    floor: 4,
    target: 8,
    uses: ["data", "warm", "raw"],
    setup({ data, warm, raw: { graph, ids } }) {
      const sources = asked(data, 32);
      const [mine, theirs] = [idsOf(warm.ids.nodes, sources), idsOf(ids.nodes, sources)];
      return {
        ours: repeated("µs", sources.length, () => filteredNeighbours(warm.reader, mine, filter)),
        peer: repeated("µs", sources.length, () => theirs.map((id) => graph.filteredNeighbours(id, filter))),
        comparable: samePeople,
      };
    },
  }),
  row({
    ...question,
    id: "P7",
    what: "warm point read by public id",
    peerName: "better-sqlite3 .get",
    floor: 3,
    target: 6,
    uses: ["data", "warm", "raw"],
    setup({ data, warm, raw: { graph, ids } }) {
      const asking = asked(data, 33);
      const [mine, theirs] = [idsOf(warm.ids.nodes, asking), idsOf(ids.nodes, asking)];
      return {
        ours: repeated("µs", asking.length, () => people(warm.reader, mine)),
        peer: repeated("µs", asking.length, () => theirs.map((id) => graph.person(id))),
        comparable: (answer) => withoutIds(answer as PersonRecord[]),
      };
    },
  }),
];
