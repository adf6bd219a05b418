import type { IdColumn } from "../../model/id.ts";
import { nextCapacity, widened } from "../../util/growth.ts";
import { firstIndex } from "./ordered-slots.ts";
import type { EdgeTable, NodeTable } from "./record-table.ts";

/** Which end of its edges a list hangs on. An undirected edge hangs on both ends alike, of a self-loop once. */
export type Side = "out" | "in" | "both";
const SIDES = { out: 0, in: 1, both: 2 } as const;

/**
 * The edges of each node, one list for each side and edge type, in edge id order. A list is one run of edge slots in a
 * single Int32Array, in a block of a power of two: paging is a binary search and a million-edge hub costs four bytes
 * an edge.
 */
export class EdgeLists {
  readonly #nodes: NodeTable;
  readonly #edges: EdgeTable;
  #slots: Int32Array = new Int32Array(256);
  #top = 0;
  /** Offsets of free blocks by their size's exponent. */
  readonly #freeBlocks: number[][] = [];

  /** `type * 3 + side` of each list. */
  #kinds: Int32Array = new Int32Array(16);
  /** The next list of the same node, or -1. */
  #next: Int32Array = new Int32Array(16);
  #blocks: Int32Array = new Int32Array(16);
  /** Capacity as an exponent of two. */
  #sizes: Uint8Array = new Uint8Array(16);
  /** Where in its block the list begins: removing from the front moves nothing. */
  #heads: Int32Array = new Int32Array(16);
  #lengths: Int32Array = new Int32Array(16);
  #listTop = 0;
  readonly #freeLists: number[] = [];

  constructor(nodes: NodeTable, edges: EdgeTable) {
    this.#nodes = nodes;
    this.#edges = edges;
  }

  /** The node's list, or -1. */
  find(node: number, side: Side, type: number): number {
    const kind = type * 3 + SIDES[side];
    let list = this.#nodes.lists[node]!;
    while (list >= 0 && this.#kinds[list] !== kind) list = this.#next[list]!;
    return list;
  }

  /** Adds to `found` the node's lists of one direction, undirected edges included. */
  findAll(node: number, direction: "out" | "in", found: number[]): void {
    for (let list = this.#nodes.lists[node]!; list >= 0; list = this.#next[list]!) {
      const side = this.#kinds[list]! % 3;
      if (side === SIDES[direction] || side === SIDES.both) found.push(list);
    }
  }

  /** Some list of the node, or -1 where it has no edges. */
  any(node: number): number {
    return this.#nodes.lists[node]!;
  }

  length(list: number): number {
    return this.#lengths[list]!;
  }

  at(list: number, index: number): number {
    return this.#slots[this.#blocks[list]! + this.#heads[list]! + index]!;
  }

  /** The index of the first edge that comes after the id (under `desc`: that does not come before it). */
  indexBeyond(list: number, ids: IdColumn, id: number, order: "asc" | "desc"): number {
    const least = order === "asc" ? 1 : 0;
    const table = this.#edges.ids;
    return firstIndex(this.#lengths[list]!, (at) => table.compareWith(this.at(list, at), ids, id) >= least);
  }

  add(node: number, side: Side, type: number, edge: number): void {
    let list = this.find(node, side, type);
    if (list < 0) list = this.#newList(node, type * 3 + SIDES[side]);
    this.#makeRoom(list);
    const length = this.#lengths[list]!;
    const ids = this.#edges.ids;
    // Edge ids ascend with time, so that the place is nearly always the end.
    const appends = length === 0 || ids.compare(this.at(list, length - 1), edge) < 0;
    const at = appends ? length : this.#indexOf(list, edge);
    const begin = this.#blocks[list]! + this.#heads[list]!;
    if (!appends) this.#slots.copyWithin(begin + at + 1, begin + at, begin + length);
    this.#slots[begin + at] = edge;
    this.#lengths[list] = length + 1;
  }

  /** The edge must be in the list. */
  remove(node: number, side: Side, type: number, edge: number): void {
    const list = this.find(node, side, type);
    const length = this.#lengths[list]!;
    if (length === 1) {
      this.#dropList(node, list);
      return;
    }
    const at = this.#indexOf(list, edge);
    const begin = this.#blocks[list]! + this.#heads[list]!;
    if (at < length >> 1) {
      this.#slots.copyWithin(begin + 1, begin, begin + at);
      this.#heads[list] = this.#heads[list]! + 1;
    } else {
      this.#slots.copyWithin(begin + at, begin + at + 1, begin + length);
    }
    this.#lengths[list] = length - 1;
  }

  #indexOf(list: number, edge: number): number {
    const ids = this.#edges.ids;
    return firstIndex(this.#lengths[list]!, (at) => ids.compare(this.at(list, at), edge) >= 0);
  }

  #newList(node: number, kind: number): number {
    const list = this.#freeLists.pop() ?? this.#listTop++;
    if (list >= this.#kinds.length) {
      const capacity = nextCapacity(this.#kinds.length, list + 1);
      this.#kinds = widened(this.#kinds, capacity);
      this.#next = widened(this.#next, capacity);
      this.#blocks = widened(this.#blocks, capacity);
      this.#sizes = widened(this.#sizes, capacity);
      this.#heads = widened(this.#heads, capacity);
      this.#lengths = widened(this.#lengths, capacity);
    }
    this.#kinds[list] = kind;
    this.#next[list] = this.#nodes.lists[node]!;
    this.#nodes.lists[node] = list;
    this.#sizes[list] = 0;
    this.#blocks[list] = this.#takeBlock(0);
    this.#heads[list] = 0;
    this.#lengths[list] = 0;
    return list;
  }

  #dropList(node: number, list: number): void {
    const lists = this.#nodes.lists;
    if (lists[node] === list) {
      lists[node] = this.#next[list]!;
    } else {
      let previous = lists[node]!;
      while (this.#next[previous] !== list) previous = this.#next[previous]!;
      this.#next[previous] = this.#next[list]!;
    }
    this.#freeBlock(this.#blocks[list]!, this.#sizes[list]!);
    this.#freeLists.push(list);
  }

  /** Sees to it that one more edge fits behind the last one. */
  #makeRoom(list: number): void {
    const length = this.#lengths[list]!;
    const head = this.#heads[list]!;
    const size = this.#sizes[list]!;
    const block = this.#blocks[list]!;
    if (head + length < 1 << size) return;
    // Moving to the front of its own block pays only where that frees a fair part of it.
    const wider = length * 4 > 3 << size ? this.#takeBlock(size + 1) : block;
    this.#slots.copyWithin(wider, block + head, block + head + length);
    this.#heads[list] = 0;
    if (wider === block) return;
    this.#freeBlock(block, size);
    this.#blocks[list] = wider;
    this.#sizes[list] = size + 1;
  }

  #takeBlock(size: number): number {
    const free = this.#freeBlocks[size]?.pop();
    if (free !== undefined) return free;
    const block = this.#top;
    this.#top += 1 << size;
    if (this.#top > this.#slots.length) {
      this.#slots = widened(this.#slots, nextCapacity(this.#slots.length, this.#top));
    }
    return block;
  }

  #freeBlock(block: number, size: number): void {
    while (this.#freeBlocks.length <= size) this.#freeBlocks.push([]);
    this.#freeBlocks[size]!.push(block);
  }
}
