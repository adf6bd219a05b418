/** What a cost is counted in. */
export type Unit = "µs" | "ms" | "B";

export type TimeUnit = Exclude<Unit, "B">;

/** One side's part in one round. */
export interface Sample {
  /** What one operation cost, in the row's unit: less is better, always. */
  readonly cost: number;
  /** What came out; both sides' answers must be equal, or the comparison means nothing. */
  readonly answer: unknown;
}

/** Runs one side's part of a round. Round 0 is the warm-up, whose cost is not counted. */
export type Side = (round: number) => Sample | Promise<Sample>;

export const WARM_UP = 0;

const WARM_UP_MS = 200;
const SAMPLE_MS = 40;
const PER_MILLISECOND: Readonly<Record<TimeUnit, number>> = { ms: 1, µs: 1_000 };

/** Times work that changes its subject and so runs once a round. */
export async function timed<T>(
  unit: TimeUnit,
  operations: number,
  work: () => T | Promise<T>,
): Promise<{ cost: number; result: T }> {
  const started = performance.now();
  const pending = work();
  const result = pending instanceof Promise ? await pending : pending;
  return { cost: ((performance.now() - started) * PER_MILLISECOND[unit]) / operations, result };
}

/**
 * A side whose work can be done again and again: the warm-up runs it until it is compiled and finds how often it must
 * run for a sample that the clock and the collector do not blur. Each side for itself: they may differ a hundredfold.
 */
export function repeated(unit: TimeUnit, operations: number, work: () => unknown): Side {
  let repetitions = 1;
  return async (round) => {
    if (round === WARM_UP) {
      const started = performance.now();
      let runs = 0;
      let fastest = Number.POSITIVE_INFINITY;
      while (runs < 2 || performance.now() - started < WARM_UP_MS) {
        fastest = Math.min(fastest, (await timed("ms", 1, work)).cost);
        runs += 1;
      }
      repetitions = Math.max(1, Math.ceil(SAMPLE_MS / fastest));
    }
    const { cost, result } = await timed(unit, operations * repetitions, () => times(repetitions, work));
    return { cost, answer: result };
  };
}

/** Awaits promises only, so that a synchronous peer is not charged for the harness. */
async function times(repetitions: number, work: () => unknown): Promise<unknown> {
  let answer: unknown;
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const pending = work();
    answer = pending instanceof Promise ? await pending : pending;
  }
  return answer;
}
