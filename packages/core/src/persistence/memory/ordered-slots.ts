import type { IdColumn } from "../../model/id.ts";
import type { IdTable } from "../../model/id-table.ts";

const BLOCK = 512;

interface Block {
  length: number;
  slots: Int32Array;
  /** Parallel to `slots`; empty where the order is that of the ids alone. */
  readonly keys: string[];
}

/** A place between two entries: before entry `at` of block `block`. */
export interface Place {
  readonly block: number;
  readonly at: number;
}

/**
 * Slots in the order of (key, id), in blocks of at most 512, so that adding the millionth moves a few hundred entries
 * and not a million. Keys compare by code unit; without keys the order is that of the ids.
 */
export class OrderedSlots {
  readonly #ids: IdTable;
  readonly #keyed: boolean;
  readonly #blocks: Block[] = [];

  constructor(ids: IdTable, keyed: boolean) {
    this.#ids = ids;
    this.#keyed = keyed;
  }

  insert(slot: number, key: string): void {
    const blocks = this.#blocks;
    const last = blocks.at(-1);
    if (last === undefined || this.#compare(last, last.length - 1, key, slot) < 0) {
      this.#append(slot, key);
      return;
    }
    let index = this.#blockOf(key, slot);
    if (blocks[index]!.length === BLOCK) {
      this.#split(index);
      if (this.#compare(blocks[index + 1]!, 0, key, slot) < 0) index += 1;
    }
    this.#insertAt(blocks[index]!, this.#offsetOf(blocks[index]!, key, slot), slot, key);
  }

  /** The entry must be there. */
  remove(slot: number, key: string): void {
    const index = this.#blockOf(key, slot);
    const block = this.#blocks[index]!;
    const at = this.#offsetOf(block, key, slot);
    block.slots.copyWithin(at, at + 1, block.length);
    if (this.#keyed) block.keys.splice(at, 1);
    block.length -= 1;
    if (block.length === 0) this.#blocks.splice(index, 1);
    else if (block.length < BLOCK >> 2) this.#joinNext(index);
  }

  /** Before all entries of this key and of greater ones. */
  beforeKey(key: string): Place {
    return this.#search((block, at) => block.keys[at]! >= key);
  }

  /** Just before or just after where (key, id) is or would be. */
  besideEntry(key: string, ids: IdColumn, id: number, side: "before" | "after"): Place {
    return this.#search((block, at) => {
      const held = this.#keyed ? block.keys[at]! : key;
      if (held !== key) return held > key;
      const order = this.#ids.compareWith(block.slots[at]!, ids, id);
      return side === "before" ? order >= 0 : order > 0;
    });
  }

  get start(): Place {
    return { block: 0, at: 0 };
  }

  get end(): Place {
    return { block: this.#blocks.length, at: 0 };
  }

  /** The first entry of this key, or -1. */
  firstOf(key: string): number {
    const { block, at } = this.beforeKey(key);
    const held = this.#blocks[block];
    return held !== undefined && held.keys[at] === key ? held.slots[at]! : -1;
  }

  /** The slots between two places, in order or backwards. The caller must not change anything meanwhile. */
  *between(from: Place, to: Place, order: "asc" | "desc"): Generator<number> {
    if (order === "asc") {
      for (let index = from.block; index <= to.block && index < this.#blocks.length; index++) {
        const block = this.#blocks[index]!;
        const end = index === to.block ? to.at : block.length;
        for (let at = index === from.block ? from.at : 0; at < end; at++) yield block.slots[at]!;
      }
      return;
    }
    for (let index = Math.min(to.block, this.#blocks.length - 1); index >= from.block; index--) {
      const block = this.#blocks[index]!;
      const end = index === from.block ? from.at : 0;
      for (let at = (index === to.block ? to.at : block.length) - 1; at >= end; at--) yield block.slots[at]!;
    }
  }

  /** The first place at which `reached` holds; it must hold from there on. */
  #search(reached: (block: Block, at: number) => boolean): Place {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = this.#blocks[middle]!;
      if (reached(block, block.length - 1)) high = middle;
      else low = middle + 1;
    }
    const block = this.#blocks[low];
    if (block === undefined) return { block: low, at: 0 };
    return { block: low, at: firstIndex(block.length, (at) => reached(block, at)) };
  }

  /** The block whose entries surround (key, slot). */
  #blockOf(key: string, slot: number): number {
    const after = firstIndex(this.#blocks.length, (i) => this.#compare(this.#blocks[i]!, 0, key, slot) > 0);
    return Math.max(0, after - 1);
  }

  #offsetOf(block: Block, key: string, slot: number): number {
    return firstIndex(block.length, (at) => this.#compare(block, at, key, slot) >= 0);
  }

  /** Negative where the entry comes before (key, slot). */
  #compare(block: Block, at: number, key: string, slot: number): number {
    if (this.#keyed && block.keys[at] !== key) return block.keys[at]! < key ? -1 : 1;
    return this.#ids.compare(block.slots[at]!, slot);
  }

  /** A full last block stays full: records that arrive in order fill every block to the end. */
  #append(slot: number, key: string): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.length === BLOCK) {
      block = this.#newBlock(block === undefined ? 8 : BLOCK);
      this.#blocks.push(block);
    }
    this.#insertAt(block, block.length, slot, key);
  }

  #insertAt(block: Block, at: number, slot: number, key: string): void {
    if (block.length === block.slots.length) {
      const wider = new Int32Array(Math.min(BLOCK, block.length * 2));
      wider.set(block.slots);
      block.slots = wider;
    }
    block.slots.copyWithin(at + 1, at, block.length);
    block.slots[at] = slot;
    if (this.#keyed) block.keys.splice(at, 0, key);
    block.length += 1;
  }

  #split(index: number): void {
    const block = this.#blocks[index]!;
    const half = block.length >> 1;
    const next = this.#newBlock(BLOCK);
    next.slots.set(block.slots.subarray(half, block.length));
    next.keys.push(...block.keys.splice(half));
    next.length = block.length - half;
    block.length = half;
    this.#blocks.splice(index + 1, 0, next);
  }

  #joinNext(index: number): void {
    const block = this.#blocks[index]!;
    const next = this.#blocks[index + 1];
    if (next === undefined || block.length + next.length > BLOCK >> 1) return;
    const joined = this.#newBlock(BLOCK);
    joined.slots.set(block.slots.subarray(0, block.length));
    joined.slots.set(next.slots.subarray(0, next.length), block.length);
    joined.keys.push(...block.keys, ...next.keys);
    joined.length = block.length + next.length;
    this.#blocks.splice(index, 2, joined);
  }

  #newBlock(capacity: number): Block {
    return { length: 0, slots: new Int32Array(capacity), keys: [] };
  }
}

/** The least index in `0 ≤ i < length` at which the claim holds, else `length`. It must hold from there on. */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
