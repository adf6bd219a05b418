/**
 * An open-addressed hash from 16-byte ids to slots. The ids themselves stay in the owner's column, so an entry costs
 * 6 to 12 bytes where a `Map` by text costs over 100.
 */
export class IdIndex {
  #table: Int32Array = new Int32Array(64);
  #mask = 63;
  #size = 0;
  /** Four words a slot; replaced by the owner when its column grows. */
  ids: Int32Array;

  constructor(ids: Int32Array) {
    this.ids = ids;
  }

  get size(): number {
    return this.#size;
  }

  /** The slot that holds this id, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const table = this.#table;
    const mask = this.#mask;
    const ids = this.ids;
    let at = hash(b, c, d) & mask;
    for (;;) {
      const slot = table[at]! - 1;
      if (slot < 0) return -1;
      const base = slot << 2;
      // The last word is random: it tells nearly all strangers apart at the first comparison.
      if (ids[base + 3] === d && ids[base + 2] === c && ids[base + 1] === b && ids[base] === a) return slot;
      at = (at + 1) & mask;
    }
  }

  /** @param slot holds an id that is not in the index */
  add(slot: number): void {
    if (this.#size * 3 >= this.#mask * 2) this.#grow();
    this.#place(slot);
    this.#size += 1;
  }

  delete(slot: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let hole = this.#home(slot);
    while (table[hole] !== slot + 1) {
      if (table[hole] === 0) return;
      hole = (hole + 1) & mask;
    }
    // Entries that were pushed past the hole move back into it, so no marker of deletion is ever needed.
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#home(table[at]! - 1);
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = table[at]!;
        hole = at;
      }
    }
    table[hole] = 0;
    this.#size -= 1;
  }

  clear(): void {
    this.#table = new Int32Array(64);
    this.#mask = 63;
    this.#size = 0;
  }

  get bytes(): number {
    return this.#table.byteLength;
  }

  #home(slot: number): number {
    const base = slot << 2;
    return hash(this.ids[base + 1]!, this.ids[base + 2]!, this.ids[base + 3]!) & this.#mask;
  }

  #place(slot: number): void {
    const table = this.#table;
    let at = this.#home(slot);
    while (table[at] !== 0) at = (at + 1) & this.#mask;
    table[at] = slot + 1;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    this.#mask = this.#table.length - 1;
    for (let i = 0; i < old.length; i++) if (old[i] !== 0) this.#place(old[i]! - 1);
  }
}

function hash(b: number, c: number, d: number): number {
  let h = d ^ Math.imul(c, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}
