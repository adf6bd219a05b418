export interface Interval {
  readonly low: number;
  readonly high: number;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param share 0.99 for the 99th percentile; values between two ranks are interpolated */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = ascending(values);
  const rank = share * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (rank - below);
}

/**
 * The narrowest interval between two of the values that holds the median with at least this confidence.
 * Order statistics rather than a normal approximation: timings have long tails, and few rounds are run.
 * With five values it is their whole range (93.75 %); with fewer even the range is not sure enough, and is given.
 */
export function medianInterval(values: readonly number[], confidence = 0.9): Interval {
  const sorted = ascending(values);
  const { length } = sorted;
  let cut = 0;
  // The interval without the `cut` values at each end misses the median when at most `cut` values are on one side.
  let missed = 2 * binomialShare(length, 0);
  while (cut + 1 < length / 2) {
    const next = missed + 2 * binomialShare(length, cut + 1);
    if (1 - next < confidence) break;
    missed = next;
    cut += 1;
  }
  return { low: sorted[cut] as number, high: sorted[length - 1 - cut] as number };
}

/** The probability of `hits` heads in `count` tosses. */
function binomialShare(count: number, hits: number): number {
  let share = 0.5 ** count;
  for (let hit = 0; hit < hits; hit += 1) share *= (count - hit) / (hit + 1);
  return share;
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
