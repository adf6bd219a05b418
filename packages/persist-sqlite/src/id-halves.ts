import type { IdColumn } from "@rootwalk/core/store";

// An id has 122 bits that vary. The file keeps them as two integers: the *key*, 48 bits of time and 15 of counter,
// which is in connection order and may name a row; and the *rest*, 59 random bits.
//
// | integer | bits |
// |---|---|
// | key | milliseconds (48) · counter (15) |
// | rest | random (59) |

/** The greatest key; keys are never negative. */
export const maxKey: bigint = 2n ** 63n - 1n;

const scratch = new BigInt64Array(1);
const halves = new Int32Array(scratch.buffer);
const low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const high = 1 - low;

/** The key of the id whose words stand in `words` from `at`. */
export function keyOf(words: ArrayLike<number>, at: number): bigint {
  const a = words[at] as number;
  const b = words[at + 1] as number;
  const c = words[at + 2] as number;
  halves[high] = a >>> 1;
  halves[low] = (a << 31) | ((b >>> 16) << 15) | ((b & 0xfff) << 3) | ((c >>> 27) & 7);
  return scratch[0] as bigint;
}

/** The rest of the id whose words stand in `words` from `at`. */
export function restOf(words: ArrayLike<number>, at: number): bigint {
  halves[high] = (words[at + 2] as number) & 0x7ffffff;
  halves[low] = words[at + 3] as number;
  return scratch[0] as bigint;
}

/** Appends the id of a key and a rest. A hundred nanoseconds a row less than four numbers from SQLite. */
export function pushId(column: IdColumn, key: bigint, rest: bigint): number {
  scratch[0] = key;
  const keyHigh = halves[high] as number;
  const keyLow = halves[low] as number;
  scratch[0] = rest;
  return pushHalves(column, keyHigh, keyLow, halves[high] as number, halves[low] as number);
}

/** Appends the id of a key and a rest that are given as two words each. */
export function pushHalves(
  column: IdColumn,
  keyHigh: number,
  keyLow: number,
  restHigh: number,
  restLow: number,
): number {
  return column.pushWords(
    (keyHigh << 1) | (keyLow >>> 31),
    (((keyLow >>> 15) & 0xffff) << 16) | 0x7000 | ((keyLow >>> 3) & 0xfff),
    0x80000000 | ((keyLow & 7) << 27) | (restHigh & 0x7ffffff),
    restLow,
  );
}

/** SQL for the text of an id. */
export function idTextSql(key: string, rest: string): string {
  return (
    `printf('%08x-%04x-7%03x-%04x-%012x', ${key} >> 31, (${key} >> 15) & 65535, (${key} >> 3) & 4095, ` +
    `32768 | ((${key} & 7) << 11) | (${rest} >> 48), ${rest} & 281474976710655)`
  );
}
