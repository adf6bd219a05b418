import { nextCapacity, widened } from "../util/growth.ts";
import { compareIdWords, formatId, type Id, IdColumn } from "./id.ts";

/** Who holds a slot, as bits: of a table that a store lends to L1, both may. */
export const STORE = 1;
export const RESIDENT = 2;
export type Holder = typeof STORE | typeof RESIDENT;

/** Among the holders of a slot: its id leads to it. */
const INDEXED = 128;
const HASHES = 0x1000_0000;

/**
 * Ids in numbered slots, found again by an open-addressed hash: some 23 bytes an id, where a `Map` by text takes over
 * a hundred. Slots are dense, and one that nobody holds any more is the next to be used.
 */
export class IdTable {
  /** Four words a slot. Replaced as the table grows. */
  words: Int32Array = new Int32Array(0);
  /** By slot; 0 where it is free. */
  #holders: Uint8Array = new Uint8Array(0);
  /**
   * 0 where nothing is, else slot + 1 in the low bits and as much of the id's hash as fits above them: it tells nearly
   * all strangers apart without a look at their words, so that the table may be four fifths full.
   */
  #hash: Int32Array = new Int32Array(16);
  /** Places for each of the values that the upper 28 bits of an id's hash may have. */
  #spread: number = 16 / HASHES;
  #slotMask = 0xffff;
  #indexed = 0;
  #size = 0;
  #top = 0;
  /** The first free slot, or -1; the first word of a free slot is the next one. */
  #free = -1;
  readonly #parsed: IdColumn = new IdColumn(1);

  /** Slots in use. */
  get size(): number {
    return this.#size;
  }

  /** How many slots there is room for, free ones included. */
  get capacity(): number {
    return this.#holders.length;
  }

  get bytes(): number {
    return this.words.byteLength + this.#holders.byteLength + this.#hash.byteLength;
  }

  isHeld(slot: number, holder: Holder): boolean {
    return (this.#holders[slot]! & holder) !== 0;
  }

  /** The slot of this id, whoever holds it, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const { words } = this;
    const hash = this.#hash;
    const slotMask = this.#slotMask;
    const h = mix(b, c, d);
    const tag = h << 16;
    for (let at = place(h, this.#spread); ; ) {
      const entry = hash[at]!;
      if (entry === 0) return -1;
      if (((entry ^ tag) & ~slotMask) === 0) {
        const slot = (entry & slotMask) - 1;
        const base = slot << 2;
        if (words[base + 3] === d && words[base + 2] === c && words[base + 1] === b && words[base] === a)
          return slot;
      }
      at += 1;
      if (at === hash.length) at = 0;
    }
  }

  /** As `find`, of entry `at` of the column. */
  findIn(column: IdColumn, at: number): number {
    const { words } = column;
    const from = at << 2;
    return this.find(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
  }

  findText(id: Id): number {
    return this.findIn(this.#parse(id), 0);
  }

  /**
   * The slot of this id, held by `holder` from now on: the one that the other holder has, else a new one.
   * Where `holder` has one already, that keeps its number and is no longer found; where both have it, the answer is -1.
   */
  take(holder: Holder, a: number, b: number, c: number, d: number): number {
    const known = this.find(a, b, c, d);
    if (known >= 0) {
      const holders = this.#holders[known]!;
      if ((holders & holder) === 0) {
        this.#holders[known] = holders | holder;
        return known;
      }
      if (holders !== (holder | INDEXED)) return -1;
      this.#unindex(known);
    }
    const slot = this.#newSlot();
    const base = slot << 2;
    this.words[base] = a;
    this.words[base + 1] = b;
    this.words[base + 2] = c;
    this.words[base + 3] = d;
    this.#holders[slot] = holder;
    this.#size += 1;
    this.#index(slot);
    return slot;
  }

  /** As `take`, of entry `at` of the column. */
  takeIn(holder: Holder, column: IdColumn, at: number): number {
    const { words } = column;
    const from = at << 2;
    return this.take(holder, words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
  }

  takeText(holder: Holder, id: Id): number {
    return this.takeIn(holder, this.#parse(id), 0);
  }

  /** Lets go of the slot; it is free once nobody holds it. */
  release(holder: Holder, slot: number): void {
    const left = this.#holders[slot]! & ~holder;
    this.#holders[slot] = left;
    if ((left & ~INDEXED) !== 0) return;
    this.#unindex(slot);
    this.words[slot << 2] = this.#free;
    this.#free = slot;
    this.#size -= 1;
  }

  /** Lets go of every slot. */
  releaseAll(holder: Holder): void {
    for (let slot = 0; slot < this.#top; slot++) if (this.isHeld(slot, holder)) this.release(holder, slot);
  }

  /** Moves what `holder` has into `to`, an empty table, under the same numbers. */
  moveTo(to: this, holder: Holder): void {
    to.grow(this.capacity);
    to.words.set(this.words);
    to.#top = this.#top;
    for (let slot = this.#top - 1; slot >= 0; slot--) {
      const held = this.#holders[slot]! & (holder | INDEXED);
      if ((held & holder) !== 0) {
        to.#holders[slot] = held;
        to.#size += 1;
        if ((held & INDEXED) !== 0) to.#indexed += 1;
      } else {
        to.words[slot << 2] = to.#free;
        to.#free = slot;
      }
    }
    to.#rehash();
    this.releaseAll(holder);
  }

  /** Negative where the id in slot `left` comes first. Ids compare as bytes. */
  compare(left: number, right: number): number {
    return compareIdWords(this.words, left << 2, this.words, right << 2);
  }

  /** Negative where the id in the slot comes before entry `at` of the column. */
  compareWith(slot: number, column: IdColumn, at: number): number {
    return compareIdWords(this.words, slot << 2, column.words, at << 2);
  }

  pushTo(column: IdColumn, slot: number): void {
    const { words } = this;
    const from = slot << 2;
    column.pushWords(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
  }

  copyTo(words: Int32Array, at: number, slot: number): void {
    for (let i = 0; i < 4; i++) words[at + i] = this.words[(slot << 2) + i]!;
  }

  text(slot: number): Id {
    const { words } = this;
    const from = slot << 2;
    return formatId(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!);
  }

  protected grow(capacity: number): void {
    this.words = widened(this.words, capacity << 2);
    this.#holders = widened(this.#holders, capacity);
  }

  #parse(id: Id): IdColumn {
    this.#parsed.clear();
    this.#parsed.push(id);
    return this.#parsed;
  }

  #newSlot(): number {
    const free = this.#free;
    if (free >= 0) {
      this.#free = this.words[free << 2]!;
      return free;
    }
    const slot = this.#top++;
    if (slot >= this.capacity) this.grow(nextCapacity(this.capacity, slot + 1));
    return slot;
  }

  #index(slot: number): void {
    this.#holders[slot]! |= INDEXED;
    this.#indexed += 1;
    if (this.#indexed * 5 > this.#hash.length * 4 || slot >= this.#slotMask) this.#rehash();
    else this.#place(slot);
  }

  #unindex(slot: number): void {
    if ((this.#holders[slot]! & INDEXED) === 0) return;
    this.#holders[slot]! &= ~INDEXED;
    this.#indexed -= 1;
    const hash = this.#hash;
    const { length } = hash;
    const slotMask = this.#slotMask;
    let hole = place(this.#mix(slot), this.#spread);
    while ((hash[hole]! & slotMask) !== slot + 1) hole = next(hole, length);
    // What collided with the id moves up, so that a search may go on stopping at the first empty place.
    for (let at = next(hole, length); hash[at] !== 0; at = next(at, length)) {
      const home = place(this.#mix((hash[at]! & slotMask) - 1), this.#spread);
      if (distance(home, at, length) < distance(hole, at, length)) continue;
      hash[hole] = hash[at]!;
      hole = at;
    }
    hash[hole] = 0;
  }

  #mix(slot: number): number {
    const { words } = this;
    const base = slot << 2;
    return mix(words[base + 1]!, words[base + 2]!, words[base + 3]!);
  }

  #place(slot: number): void {
    const hash = this.#hash;
    const { length } = hash;
    const h = this.#mix(slot);
    let at = place(h, this.#spread);
    while (hash[at] !== 0) at = next(at, length);
    hash[at] = ((h << 16) & ~this.#slotMask) | (slot + 1);
  }

  /** Half as many places again as are needed: between 5 and 7.5 bytes an id. */
  #rehash(): void {
    this.#hash = new Int32Array(Math.max(16, Math.ceil(this.#indexed * 1.875)));
    this.#spread = this.#hash.length / HASHES;
    this.#slotMask = 0xffff;
    while (this.#top >= this.#slotMask) this.#slotMask = (this.#slotMask << 1) | 1;
    for (let slot = 0; slot < this.#top; slot++)
      if ((this.#holders[slot]! & INDEXED) !== 0) this.#place(slot);
  }
}

/** Edges by id, with the slots of their ends in a table of nodes. */
export class EdgeIdTable extends IdTable {
  sources: Int32Array = new Int32Array(0);
  targets: Int32Array = new Int32Array(0);

  override get bytes(): number {
    return super.bytes + this.sources.byteLength * 2;
  }

  override moveTo(to: this, holder: Holder): void {
    super.moveTo(to, holder);
    to.sources.set(this.sources);
    to.targets.set(this.targets);
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    this.sources = widened(this.sources, capacity);
    this.targets = widened(this.targets, capacity);
  }
}

function mix(b: number, c: number, d: number): number {
  let h = d ^ Math.imul(c, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

/** The hash's high bits choose the place; its low bits are what the entry keeps. */
function place(h: number, spread: number): number {
  return Math.floor((h >>> 4) * spread);
}

function next(at: number, length: number): number {
  return at + 1 === length ? 0 : at + 1;
}

function distance(from: number, to: number, length: number): number {
  return to >= from ? to - from : to - from + length;
}
