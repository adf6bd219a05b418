import { addPair, countOut, type Durability, type Graph, openOurs } from "../ours.ts";
import { RawGraph, type Synchronous } from "../peers/raw-sqlite.ts";
import { type Row, row } from "../row.ts";
import { timed, WARM_UP } from "../sample.ts";
import { type PairWrite, pairWrites } from "../workload.ts";

const WRITES = 2_000;
/** Before anything is timed: V8 compiles what a commit runs for some ten thousand of them, the peer's C has been. */
const WARM_UP_WRITES = 12_000;
const ROUNDS = 7;
const CALLERS = 64;

interface SmallWrites {
  readonly id: string;
  readonly durability: Durability;
  /** How many of ours write at once; the peer's writes are synchronous, so it has one. */
  readonly callers: number;
  readonly floor: number;
  readonly target: number;
}

const SYNCHRONOUS: Readonly<Record<Durability, Synchronous>> = { full: "FULL", normal: "NORMAL" };

/** `callers` loops over one list of writes, each waiting for its own before it takes the next. */
async function writeConcurrently(
  writes: readonly PairWrite[],
  callers: number,
  write: (pair: PairWrite) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < writes.length) {
        const pair = writes[next] as PairWrite;
        next += 1;
        await write(pair);
      }
    }),
  );
}

function smallWrites({ id, durability, callers, floor, target }: SmallWrites): Row {
  const synchronous = SYNCHRONOUS[durability];
  const who = callers === 1 ? "one caller" : `${callers} callers`;
  return row({
    id,
    what: `1 node + 1 edge per transaction, ${who}, ${synchronous}`,
    peerName: `raw, one caller, ${synchronous}`,
    compare: "speedup",
    unit: "µs",
    floor,
    target,
    rounds: ROUNDS,
    uses: ["data", "scratch", "oursFile", "rawFile"],
    async setup({ data, scratch, oursFile, rawFile }) {
      const graph: Graph = await openOurs(scratch.copyOf(oursFile.file), durability);
      const raw = new RawGraph(scratch.copyOf(rawFile.file), synchronous);
      const mine = oursFile.ids.nodes;
      const theirs = rawFile.ids.nodes;
      return {
        async ours(round) {
          const writes = pairWrites(data, round, countOf(round));
          const write = (pair: PairWrite) => addPair(graph, mine[pair.source] as string, pair);
          const { cost } = await timed("µs", writes.length, () => writeConcurrently(writes, callers, write));
          return { cost, answer: await countOut(graph, sourcesOf(writes, mine)) };
        },
        async peer(round) {
          const writes = pairWrites(data, round, countOf(round));
          const { cost } = await timed("µs", writes.length, () => {
            for (const pair of writes) raw.addPair(theirs[pair.source] as Buffer, pair);
          });
          return { cost, answer: sourcesOf(writes, theirs).map((source) => raw.countOut(source)) };
        },
        async close() {
          raw.close();
          await graph.close();
        },
      };
    },
  });
}

function countOf(round: number): number {
  return round === WARM_UP ? WARM_UP_WRITES : WRITES;
}

/** Who was written to, some of them: their edges are counted afterwards. */
function sourcesOf<Id>(writes: readonly PairWrite[], ids: readonly Id[]): Id[] {
  return [...new Set(writes.slice(0, 100).map(({ source }) => source))].map((source) => ids[source] as Id);
}

export const smallWriteRows: readonly Row[] = [
  smallWrites({ id: "P13", durability: "normal", callers: 1, floor: 0.8, target: 1.2 }),
  smallWrites({ id: "P13", durability: "full", callers: 1, floor: 0.8, target: 1 }),
  smallWrites({ id: "P14", durability: "full", callers: CALLERS, floor: 4, target: 8 }),
  smallWrites({ id: "P14", durability: "normal", callers: CALLERS, floor: 1.5, target: 2.5 }),
];
