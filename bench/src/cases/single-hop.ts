import { filteredNeighbours, neighbours, people } from "../ours.ts";
import { drawSources, type GraphData } from "../rmat.ts";
import { type Row, row } from "../row.ts";
import { repeated } from "../sample.ts";
import { filter, type PersonRecord, withoutIds } from "../workload.ts";

const QUESTIONS = 200;
/** Questions a unit, one after another, each answered before the next is asked. What is answered is looked at and dropped. */
const PER_UNIT = 20;

const question = { compare: "speedup", unit: "µs" } as const;

/** Ids differ from side to side, who they name must not. */
const samePeople = (answer: unknown) => (answer as PersonRecord[][]).map(withoutIds);

function asked(data: GraphData, seed: number): number[] {
  return drawSources(data, QUESTIONS, seed);
}

/** Asks all questions, a unit after another. @returns the answers of the last one, which stand for all */
async function inUnits<Id>(ids: readonly Id[], ask: (some: readonly Id[]) => unknown): Promise<unknown> {
  let answers: unknown;
  for (let from = 0; from < ids.length; from += PER_UNIT)
    answers = await ask(ids.slice(from, from + PER_UNIT));
  return answers;
}

/** As `inUnits`, of a peer that answers at once: nobody waits for what is there. */
function inTurn<Id>(ids: readonly Id[], ask: (id: Id) => unknown): unknown {
  let answers: unknown;
  for (let from = 0; from < ids.length; from += PER_UNIT)
    answers = ids.slice(from, from + PER_UNIT).map((id) => ask(id));
  return answers;
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
        ours: repeated("µs", sources.length, () => inUnits(mine, (some) => neighbours(warm.reader, some))),
        peer: repeated("µs", sources.length, () => inTurn(theirs, (id) => peer.neighbours(id))),
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
        ours: repeated("µs", sources.length, () =>
          inUnits(mine, (some) => filteredNeighbours(warm.reader, some, filter)),
        ),
        peer: repeated("µs", sources.length, () =>
          inTurn(theirs, (id) => peer.filteredNeighbours(id, filter)),
        ),
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
        ours: repeated("µs", sources.length, () =>
          inUnits(mine, (some) => filteredNeighbours(warm.reader, some, filter)),
        ),
        peer: repeated("µs", sources.length, () =>
          inTurn(theirs, (id) => graph.filteredNeighbours(id, filter)),
        ),
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
