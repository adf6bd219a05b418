import { isDeepStrictEqual } from "node:util";
import { type Sample, type Side, type Unit, WARM_UP } from "./sample.ts";
import { type Interval, median, medianInterval } from "./statistics.ts";

/**
 * How a row is judged. `speedup`: the peer's cost over ours, at least the floor. `cost`: our cost over the peer's, at
 * most the floor. `absolute`: our cost itself, at most the floor, in the row's unit.
 */
export type Comparison = "speedup" | "cost" | "absolute";

export interface RowFacts {
  readonly id: string;
  readonly what: string;
  /** `undefined` where the comparison is absolute. */
  readonly peerName?: string;
  readonly compare: Comparison;
  readonly unit: Unit;
  readonly floor: number;
  readonly target: number;
  /** Rounds that count. Default: {@link DEFAULT_ROUNDS} */
  readonly rounds?: number;
}

/** Both sides of a row, ready to run. */
export interface Sides {
  readonly ours: Side;
  readonly peer?: Side;
  /** What of an answer both sides must agree on. Default: all of it. */
  readonly comparable?: (answer: unknown) => unknown;
  readonly close?: () => void | Promise<void>;
}

export interface Result extends RowFacts {
  readonly ours?: number;
  readonly peer?: number;
  /** The median of the ratios of the rounds, or our cost itself where the comparison is absolute. */
  readonly ratio?: number;
  /** The 90 % interval of that ratio. */
  readonly interval?: Interval;
  readonly pass: boolean;
  /** Why it failed, where that is not the floor. */
  readonly reason?: string;
}

export const DEFAULT_ROUNDS = 9;

/**
 * Runs a row in rounds that interleave both sides, so that what disturbs the machine disturbs both, and judges the
 * ratios of the rounds. A row fails when the 90 % interval of its ratios lies beyond its floor, not on one bad round;
 * and always when the answers differ.
 */
export async function measure(facts: RowFacts, sides: Sides): Promise<Result> {
  const { peer } = sides;
  const rounds = facts.rounds ?? DEFAULT_ROUNDS;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = WARM_UP; round <= rounds; round += 1) {
    // Whoever runs second may inherit the other one's garbage: they take turns.
    const oursFirst = round % 2 === 0;
    let mine: Sample | undefined;
    if (oursFirst) mine = await sides.ours(round);
    const other = peer === undefined ? undefined : await peer(round);
    mine ??= await sides.ours(round);
    if (other !== undefined && !agree(mine, other, sides)) {
      return {
        ...facts,
        pass: false,
        reason: `the answers differ in round ${round}: ${difference(mine, other, sides)}`,
      };
    }
    if (round === WARM_UP) continue;
    ours.push(mine.cost);
    if (other !== undefined) theirs.push(other.cost);
  }
  return judge(facts, ours, theirs);
}

export function judge(facts: RowFacts, ours: readonly number[], theirs: readonly number[]): Result {
  const ratios = ours.map((cost, round) => {
    if (facts.compare === "absolute") return cost;
    const other = theirs[round] ?? Number.NaN;
    return facts.compare === "speedup" ? other / cost : cost / other;
  });
  const interval = medianInterval(ratios);
  const measured = {
    ...facts,
    ours: median(ours),
    ...(theirs.length > 0 && { peer: median(theirs) }),
    ratio: median(ratios),
    interval,
  };
  if (ratios.some(Number.isNaN)) return { ...measured, pass: false, reason: "a side gave no number" };
  const pass = facts.compare === "speedup" ? interval.high >= facts.floor : interval.low <= facts.floor;
  return { ...measured, pass };
}

function agree(mine: Sample, other: Sample, { comparable = (answer) => answer }: Sides): boolean {
  return isDeepStrictEqual(comparable(mine.answer), comparable(other.answer));
}

function difference(mine: Sample, other: Sample, { comparable = (answer) => answer }: Sides): string {
  return `${excerpt(comparable(mine.answer))} is not the peer's ${excerpt(comparable(other.answer))}`;
}

function excerpt(answer: unknown): string {
  const text = JSON.stringify(answer) ?? String(answer);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
