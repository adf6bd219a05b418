/** A source of numbers in [0, 1), the same for the same seed on every machine. */
export type Random = () => number;

/** mulberry32: 32 bits of state are plenty for workloads, and one multiplication chain keeps generation cheap. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function randomInt(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/**
 * A rank in [0, size) with probability proportional to 1 / (rank + 1) ** shape, for shapes below 1.
 * The inverse of the continuous distribution: exact enough for a skew, and it needs no table of `size` entries.
 */
export function zipfRank(random: Random, size: number, shape: number): number {
  return Math.min(size - 1, Math.floor(size * random() ** (1 / (1 - shape))));
}

/** The numbers 0 to size - 1 in random order (Fisher-Yates). */
export function permutation(random: Random, size: number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, position) => position);
  for (let last = size - 1; last > 0; last -= 1) {
    const other = randomInt(random, last + 1);
    const moved = order[last] as number;
    order[last] = order[other] as number;
    order[other] = moved;
  }
  return order;
}
