/**
 * Fills bytes with what follows from a seed alone: what to give as `random` to `openGraph`, so that its ids are the same
 * in each run. (Mulberry32: good for tests, and nothing else.)
 *
 * @param seed a whole number, of which 32 bits count
 */
export function seededRandom(seed: number): (bytes: Uint8Array<ArrayBuffer>) => void {
  if (!Number.isSafeInteger(seed)) throw new TypeError(`seededRandom: a seed is a whole number, got ${seed}`);
  let state = seed | 0;
  return (bytes) => {
    let word = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (i % 4 === 0) {
        state = (state + 0x6d2b79f5) | 0;
        word = Math.imul(state ^ (state >>> 15), state | 1);
        word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
        word ^= word >>> 14;
      }
      bytes[i] = word >>> ((i % 4) * 8);
    }
  };
}
