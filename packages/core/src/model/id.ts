import { GraphError, ValidationError } from "../errors.ts";

/**
 * The public name of a record: a UUIDv7 (RFC 9562) in canonical lower-case text.
 *
 * Inside the library an id is four signed 32-bit words, most significant first:
 *
 * | word | bits |
 * |---|---|
 * | 0 | milliseconds since 1970, upper 32 of 48 |
 * | 1 | milliseconds, lower 16 · version 7 (4) · counter (12) |
 * | 2 | variant 2 (2) · counter, lower 3 bits · random (27) |
 * | 3 | random (32) |
 *
 * Time and counter alone (63 bits) are unique in one process, so that a store may make an integer key of them.
 */
export type Id = string;

/** Words of one id. */
export const idWords = 4;

// Hexadecimal digit by value and value by character code; 16 marks what is no lower-case digit.
const digitCodes = new Uint8Array(16);
const digitValues = new Uint8Array(128).fill(16);
for (let value = 0; value < 16; value++) {
  const code = "0123456789abcdef".charCodeAt(value);
  digitCodes[value] = code;
  digitValues[code] = value;
}

const hyphen = 45;
const notDigits = 0x10000;

/** Four digits of `text` from `at`; at least 2 ** 16 where one of them is no digit. */
function fourDigits(text: string, at: number): number {
  const c0 = text.charCodeAt(at);
  const c1 = text.charCodeAt(at + 1);
  const c2 = text.charCodeAt(at + 2);
  const c3 = text.charCodeAt(at + 3);
  if ((c0 | c1 | c2 | c3) > 127) return notDigits;
  const v0 = digitValues[c0] as number;
  const v1 = digitValues[c1] as number;
  const v2 = digitValues[c2] as number;
  const v3 = digitValues[c3] as number;
  return (v0 | v1 | v2 | v3) > 15 ? notDigits : (v0 << 12) | (v1 << 8) | (v2 << 4) | v3;
}

/**
 * Reads an id into four words of `out` from `at`.
 *
 * @returns false, with `out` in no particular state, unless `text` is a UUIDv7 in canonical lower-case form.
 */
export function parseId(text: string, out: Int32Array | number[], at = 0): boolean {
  if (typeof text !== "string" || text.length !== 36) return false;
  if (
    text.charCodeAt(8) !== hyphen ||
    text.charCodeAt(13) !== hyphen ||
    text.charCodeAt(18) !== hyphen ||
    text.charCodeAt(23) !== hyphen
  ) {
    return false;
  }
  const g0 = fourDigits(text, 0);
  const g1 = fourDigits(text, 4);
  const g2 = fourDigits(text, 9);
  const g3 = fourDigits(text, 14);
  const g4 = fourDigits(text, 19);
  const g5 = fourDigits(text, 24);
  const g6 = fourDigits(text, 28);
  const g7 = fourDigits(text, 32);
  out[at] = (g0 << 16) | g1;
  out[at + 1] = (g2 << 16) | g3;
  out[at + 2] = (g4 << 16) | g5;
  out[at + 3] = (g6 << 16) | g7;
  return (g0 | g1 | g2 | g3 | g4 | g5 | g6 | g7) < notDigits && g3 >>> 12 === 7 && g4 >>> 14 === 2;
}

function hex(word: number, shift: number): number {
  return digitCodes[(word >>> shift) & 15] as number;
}

// Texts of ids that were looked at last, each in the place that its random word gives it. A record that is handed out
// again and again need not spell its id anew: 5 ns against 45. About 0.8 MB when full.
const textPlaces = 8192;
const textWords = new Int32Array(textPlaces * idWords);
const texts: (Id | undefined)[] = new Array(textPlaces).fill(undefined);

/** The text of an id given as words. */
export function formatId(a: number, b: number, c: number, d: number): Id {
  const place = (d ^ (d >>> 16)) & (textPlaces - 1);
  const at = place * idWords;
  if (textWords[at + 3] === d && textWords[at + 2] === c && textWords[at + 1] === b && textWords[at] === a) {
    const known = texts[place];
    if (known !== undefined) return known;
  }
  const text = spell(a, b, c, d);
  textWords[at] = a;
  textWords[at + 1] = b;
  textWords[at + 2] = c;
  textWords[at + 3] = d;
  texts[place] = text;
  return text;
}

/** One call of `fromCharCode` is twice as fast as joining pieces. */
function spell(a: number, b: number, c: number, d: number): Id {
  // biome-ignore format: one line four digits
  return String.fromCharCode(
    hex(a, 28), hex(a, 24), hex(a, 20), hex(a, 16),
    hex(a, 12), hex(a, 8), hex(a, 4), hex(a, 0), hyphen,
    hex(b, 28), hex(b, 24), hex(b, 20), hex(b, 16), hyphen,
    hex(b, 12), hex(b, 8), hex(b, 4), hex(b, 0), hyphen,
    hex(c, 28), hex(c, 24), hex(c, 20), hex(c, 16), hyphen,
    hex(c, 12), hex(c, 8), hex(c, 4), hex(c, 0),
    hex(d, 28), hex(d, 24), hex(d, 20), hex(d, 16),
    hex(d, 12), hex(d, 8), hex(d, 4), hex(d, 0),
  );
}

const scratch: number[] = [0, 0, 0, 0];

/** Whether a value is an id: a UUIDv7 in canonical lower-case text. */
export function isId(value: unknown): value is Id {
  return typeof value === "string" && parseId(value, scratch);
}

/**
 * @throws {ValidationError} `RW_ID_INVALID` that names what was given and where.
 */
export function requireId(value: unknown, where = "id"): asserts value is Id {
  if (!isId(value)) throw invalidId(value, where);
}

/**
 * The last id of the moment before that of this one: of the same millisecond and one less on the counter, or of the
 * millisecond before. `undefined` where there is none. Between the two lie only ids of the same moment, which other
 * processes may have made.
 */
export function idBefore(id: Id): Id | undefined {
  requireId(id);
  parseId(id, scratch);
  const [a, b, c] = scratch as [number, number, number, number];
  const random = c | 0x7ffffff;
  if ((c & 0x38000000) !== 0) return formatId(a, b, random - 0x8000000, -1);
  const counter = random | 0x38000000;
  if ((b & 0xfff) !== 0) return formatId(a, b - 1, counter, -1);
  if (b >>> 16 !== 0) return formatId(a, (b - 0x10000) | 0xfff, counter, -1);
  return a === 0 ? undefined : formatId((a - 1) | 0, -0x8001, counter, -1);
}

function invalidId(value: unknown, where: string): ValidationError {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(typeof value);
  return new ValidationError({ code: "RW_ID_INVALID", message: `${where}: ${shown} is not a record id` });
}

/**
 * Order of two ids given as words, `xAt` and `yAt` being positions of their first words:
 * less than, equal to or greater than zero. It is the order of their texts and of their bytes.
 */
export function compareIdWords(x: ArrayLike<number>, xAt: number, y: ArrayLike<number>, yAt: number): number {
  for (let k = 0; k < idWords; k++) {
    const left = (x[xAt + k] as number) >>> 0;
    const right = (y[yAt + k] as number) >>> 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** A growable column of ids, 16 bytes each. */
export class IdColumn {
  #words: Int32Array;
  #length = 0;

  /**
   * @param capacity ids to make room for at once. Four ids are 64 bytes, which V8 keeps within its own heap: ten times
   *   cheaper to make than any larger array, and a commit makes five columns.
   */
  constructor(capacity = 4) {
    this.#words = new Int32Array(Math.max(1, capacity) * idWords);
  }

  static of(...ids: readonly Id[]): IdColumn {
    return IdColumn.from(ids);
  }

  static from(ids: Iterable<Id>): IdColumn {
    const column = new IdColumn();
    for (const id of ids) column.push(id);
    return column;
  }

  get length(): number {
    return this.#length;
  }

  /** The words behind the column, four an id; longer than the column, and replaced when it grows. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Word `k` (0 to 3) of id `i`. */
  word(i: number, k: number): number {
    return this.#words[i * idWords + k] as number;
  }

  /**
   * Appends an id.
   *
   * @returns its position.
   * @throws {ValidationError} `RW_ID_INVALID`; the column is unchanged.
   */
  push(text: Id): number {
    const at = this.#reserve();
    if (!parseId(text, this.#words, at)) throw invalidId(text, "id");
    return this.#length++;
  }

  /** Appends an id given as words; gives its position. */
  pushWords(a: number, b: number, c: number, d: number): number {
    const at = this.#reserve();
    this.#words[at] = a;
    this.#words[at + 1] = b;
    this.#words[at + 2] = c;
    this.#words[at + 3] = d;
    return this.#length++;
  }

  /** Appends the id in 16 bytes of `bytes` from `offset`; gives its position. */
  pushBytes(bytes: Uint8Array, offset = 0): number {
    const at = this.#reserve();
    for (let k = 0; k < idWords; k++) {
      const from = offset + k * 4;
      this.#words[at + k] =
        ((bytes[from] as number) << 24) |
        ((bytes[from + 1] as number) << 16) |
        ((bytes[from + 2] as number) << 8) |
        (bytes[from + 3] as number);
    }
    return this.#length++;
  }

  /** Id `i` as text. */
  at(i: number): Id {
    const words = this.#words;
    const at = i * idWords;
    return formatId(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    );
  }

  /** Writes id `i` as 16 bytes into `out` from `offset`. */
  writeBytes(i: number, out: Uint8Array, offset = 0): void {
    for (let k = 0; k < idWords; k++) {
      const word = this.word(i, k);
      const to = offset + k * 4;
      out[to] = word >>> 24;
      out[to + 1] = word >>> 16;
      out[to + 2] = word >>> 8;
      out[to + 3] = word;
    }
  }

  /** Of a column in ascending order: the place of the first id that comes after entry `at` of another column. */
  placeAfter(other: IdColumn, at: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareIdWords(this.#words, middle * idWords, other.words, at * idWords) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Empties the column and keeps its room. */
  clear(): void {
    this.#length = 0;
  }

  *[Symbol.iterator](): Generator<Id, void, undefined> {
    for (let i = 0; i < this.#length; i++) yield this.at(i);
  }

  /** Makes room for one more id; gives the position of its first word. */
  #reserve(): number {
    const at = this.#length * idWords;
    if (at === this.#words.length) {
      const grown = new Int32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    return at;
  }
}

// 15 bits count up within a millisecond. Each starts at a random place in their lower half: two processes
// then seldom meet, and at least half of the range is left before the millisecond is used up.
const counterLimit = 1 << 15;
const counterStart = 1 << 14;
const timeLimit = 2 ** 48;
const pooledIds = 256;

/**
 * Makes ids in ascending order that are never behind any id it was shown, whatever the clock does.
 * (RFC 9562, 6.2, method 1 with rand_a as counter, extended by three bits of rand_b.)
 */
export class IdSource {
  readonly #clock: () => number;
  readonly #random: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #pool = new Int32Array(pooledIds * 2);
  readonly #poolBytes: Uint8Array<ArrayBuffer> = new Uint8Array(this.#pool.buffer);
  #poolAt: number = this.#pool.length;
  readonly #made: number[] = [0, 0, 0, 0];
  #ms = -1;
  #counter = counterLimit;
  // Words 0 and 1 of the current millisecond, without the counter.
  #high = 0;
  #low = 0;

  /**
   * @param clock milliseconds since 1970; may stand still or go back.
   * @param random fills the bytes it is given.
   */
  constructor(
    clock: () => number = Date.now,
    random: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => {
      globalThis.crypto.getRandomValues(bytes);
    },
  ) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Makes a new id and writes its words into `out` from `at`.
   *
   * @returns `out`; without one an array that the next call overwrites.
   * @throws {GraphError} `RW_ID_EXHAUSTED` when the clock or an observed id lies at the end of the year 10889.
   */
  next(out: Int32Array | number[] = this.#made, at = 0): ArrayLike<number> {
    const now = Math.floor(this.#clock());
    if (now > this.#ms) this.#advance(now);
    else if (++this.#counter >= counterLimit) this.#advance(this.#ms + 1);
    const pooled = this.#poolAt === this.#pool.length ? this.#refill() : this.#poolAt;
    this.#poolAt = pooled + 2;
    const counter = this.#counter;
    out[at] = this.#high;
    out[at + 1] = this.#low | (counter >>> 3);
    out[at + 2] = 0x80000000 | ((counter & 7) << 27) | ((this.#pool[pooled] as number) & 0x7ffffff);
    out[at + 3] = this.#pool[pooled + 1] as number;
    return out;
  }

  /** A new id as text. */
  nextId(): Id {
    const [a, b, c, d] = this.next(this.#made) as [number, number, number, number];
    return formatId(a, b, c, d);
  }

  /** Takes note of an id from elsewhere: later ids come after it. */
  observe(a: number, b: number, c: number, _d: number): void {
    const ms = (a >>> 0) * 0x10000 + (b >>> 16);
    if (ms < this.#ms) return;
    const counter = ((b & 0xfff) << 3) | ((c >>> 27) & 7);
    if (ms > this.#ms) {
      this.#setTime(ms);
      this.#counter = counter;
    } else if (counter > this.#counter) {
      this.#counter = counter;
    }
  }

  #advance(ms: number): void {
    this.#setTime(ms);
    const pooled = this.#poolAt === this.#pool.length ? this.#refill() : this.#poolAt;
    this.#poolAt = pooled + 2;
    this.#counter = (this.#pool[pooled] as number) & (counterStart - 1);
  }

  #setTime(ms: number): void {
    if (!(ms < timeLimit)) throw new GraphError({ code: "RW_ID_EXHAUSTED", details: { ms } });
    this.#ms = ms;
    this.#high = Math.floor(ms / 0x10000) | 0;
    this.#low = ((ms % 0x10000) << 16) | 0x7000;
  }

  #refill(): number {
    this.#random(this.#poolBytes);
    return 0;
  }
}
