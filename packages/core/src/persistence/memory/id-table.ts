import { compareIdWords, formatId, type Id, IdColumn } from "../../model/id.ts";
import { nextCapacity, widened } from "./growth.ts";

/**
 * Ids in numbered slots, found again by an open-addressed hash: some 24 bytes an id, where a `Map` by text takes over
 * a hundred. Slots are dense, and a released one is the next to be used.
 */
export class IdTable {
  /** Four words a slot. */
  #words: Int32Array = new Int32Array(0);
  /** Slot + 1; 0 where nothing is. Its length is a power of two. */
  #hash: Int32Array = new Int32Array(32);
  readonly #free: number[] = [];
  #top = 0;
  #size = 0;
  readonly #parsed: IdColumn = new IdColumn();

  get size(): number {
    return this.#size;
  }

  /** How many slots there are, free ones included. */
  get capacity(): number {
    return this.#words.length >> 2;
  }

  /** The slot of entry `at` of the column, or -1. */
  find(column: IdColumn, at: number): number {
    const words = column.words;
    const from = at << 2;
    return this.#find(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
  }

  findText(id: Id): number {
    return this.find(this.#parse(id), 0);
  }

  /** Takes a slot for entry `at` of the column, which must not be in the table. */
  add(column: IdColumn, at: number): number {
    const slot = this.#free.pop() ?? this.#top++;
    if (slot >= this.capacity) this.#words = widened(this.#words, nextCapacity(this.capacity, slot + 1) << 2);
    const from = at << 2;
    const to = slot << 2;
    for (let i = 0; i < 4; i++) this.#words[to + i] = column.words[from + i]!;
    this.#size += 1;
    if (this.#size * 3 > this.#hash.length * 2) this.#rehash();
    else this.#place(slot);
    return slot;
  }

  addText(id: Id): number {
    return this.add(this.#parse(id), 0);
  }

  release(slot: number): void {
    const hash = this.#hash;
    const mask = hash.length - 1;
    let hole = this.#home(slot);
    while (hash[hole] !== slot + 1) hole = (hole + 1) & mask;
    // What collided with the released id moves up, so that a search may go on stopping at the first empty place.
    for (let at = (hole + 1) & mask; hash[at] !== 0; at = (at + 1) & mask) {
      const home = this.#home(hash[at]! - 1);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      hash[hole] = hash[at]!;
      hole = at;
    }
    hash[hole] = 0;
    this.#free.push(slot);
    this.#size -= 1;
  }

  /** Negative where the id in slot `left` comes first. Ids compare as bytes. */
  compare(left: number, right: number): number {
    return compareIdWords(this.#words, left << 2, this.#words, right << 2);
  }

  /** Negative where the id in the slot comes before entry `at` of the column. */
  compareWith(slot: number, column: IdColumn, at: number): number {
    return compareIdWords(this.#words, slot << 2, column.words, at << 2);
  }

  pushTo(column: IdColumn, slot: number): void {
    const words = this.#words;
    const from = slot << 2;
    column.pushWords(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
  }

  copyTo(words: Int32Array, at: number, slot: number): void {
    for (let i = 0; i < 4; i++) words[at + i] = this.#words[(slot << 2) + i]!;
  }

  text(slot: number): Id {
    const words = this.#words;
    const from = slot << 2;
    return formatId(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
  }

  #parse(id: Id): IdColumn {
    this.#parsed.clear();
    this.#parsed.push(id);
    return this.#parsed;
  }

  #find(a: number, b: number, c: number, d: number): number {
    const words = this.#words;
    const hash = this.#hash;
    const mask = hash.length - 1;
    for (let at = mix(a, b, c, d) & mask; ; at = (at + 1) & mask) {
      const slot = hash[at]! - 1;
      if (slot < 0) return -1;
      const from = slot << 2;
      if (words[from + 3] === d && words[from + 2] === c && words[from + 1] === b && words[from] === a)
        return slot;
    }
  }

  #home(slot: number): number {
    const words = this.#words;
    const from = slot << 2;
    return mix(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!) & (this.#hash.length - 1);
  }

  #place(slot: number): void {
    const hash = this.#hash;
    const mask = hash.length - 1;
    let at = this.#home(slot);
    while (hash[at] !== 0) at = (at + 1) & mask;
    hash[at] = slot + 1;
  }

  #rehash(): void {
    const free = new Set(this.#free);
    this.#hash = new Int32Array(this.#hash.length * 2);
    for (let slot = 0; slot < this.#top; slot++) if (!free.has(slot)) this.#place(slot);
  }
}

function mix(a: number, b: number, c: number, d: number): number {
  let h = d ^ Math.imul(c, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(a, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b5);
  return h ^ (h >>> 15);
}
