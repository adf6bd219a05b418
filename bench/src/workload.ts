import { randomInt, seededRandom } from "./random.ts";
import { drawSources, GROUPS, type GraphData, personName } from "./rmat.ts";

/** A person as every side hands it out; how the id is represented is each side's own affair. */
export interface PersonRecord {
  readonly id: unknown;
  readonly name: string;
  readonly grp: number;
  readonly score: number;
}

/**
 * A person as sides that make their answers in JavaScript make them. A class of its own and no literal: graphology's
 * dictionaries use up the transitions that V8 allows the shape of `{}`, after which a literal of four properties takes
 * 1.4 µs, on every side of the bench.
 */
export class PersonAnswer implements PersonRecord {
  readonly id: unknown;
  readonly name: string;
  readonly grp: number;
  readonly score: number;

  constructor(id: unknown, name: string, grp: number, score: number) {
    this.id = id;
    this.name = name;
    this.grp = grp;
    this.score = score;
  }
}

/** What a filtered hop asks for: edges above a weight that end in one group. */
export interface HopFilter {
  readonly aboveWeight: number;
  readonly group: number;
}

/** One small transaction: a new person, connected from an existing one. */
export interface PairWrite {
  readonly source: number;
  readonly name: string;
  readonly grp: number;
  readonly score: number;
  readonly weight: number;
  readonly ts: number;
}

/** What a walk over the graph sums up; equal sums need the same nodes in the same order. */
export interface WalkTotals {
  readonly visits: number;
  readonly score: number;
}

export interface WalkTask {
  readonly source: number;
  readonly aboveWeight: number;
  /** The walk ends after this many nodes. */
  readonly maxNodes: number;
}

export const filter: HopFilter = { aboveWeight: 0.5, group: 3 };

/** The writes of one round; the same for both sides, different in each round. */
export function pairWrites(data: GraphData, round: number, count: number): PairWrite[] {
  const random = seededRandom(7_000 + round);
  const sources = drawSources(data, Math.min(count, data.nodeCount >> 2), 7_500 + round);
  return Array.from({ length: count }, (_, index) => ({
    source: sources[index % sources.length] as number,
    name: personName(data.nodeCount + index),
    grp: randomInt(random, GROUPS),
    score: random(),
    weight: random(),
    ts: 1_800_000_000 + index,
  }));
}

/** Ids left out: they name the same people on both sides and are never the same. */
export function withoutIds(people: readonly PersonRecord[]): Omit<PersonRecord, "id">[] {
  return people.map(({ name, grp, score }) => ({ name, grp, score }));
}
