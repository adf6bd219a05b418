import { nextCapacity, widened } from "../util/growth.ts";
import type { EdgeTable, NodeTable } from "./record-table.ts";

/** Edges that leave the node, and undirected ones, which hang on both ends alike. */
export const OUT = 0;
/** Edges that arrive at the node. */
export const IN = 1;
export type Side = typeof OUT | typeof IN;

/** The list begins with the node's first edge of its type. */
export const HAS_START = 1;
/** The list ends with the node's last edge of its type, so a new one is appended to it. */
export const HAS_END = 2;
export const COMPLETE: number = HAS_START | HAS_END;

/** In `edgeClasses`: no edge yet; edges of several access classes. */
export const NO_CLASS = -1;
export const MIXED_CLASSES = -2;

/** A block holds 2^size pairs; long lists are chains of the largest blocks, so growing never copies a neighbourhood. */
const LARGEST_BLOCK = 9;

/**
 * Neighbourhoods as pairs (neighbour, edge) in blocks of one Int32Array with free lists: one list for each node, side
 * and edge type, in connection order. A list is one gapless run of the neighbourhood; of a hub it may be a part
 * (`flags` says whether it reaches either end).
 *
 * Everything is public to the executor's loops, which must not pay a call for each edge.
 */
export class Adjacency {
  /** Pairs: neighbour slot, edge slot. */
  data: Int32Array = new Int32Array(1024);

  listTypes: Uint16Array = new Uint16Array(64);
  /** The next list of the same node and side, or -1. */
  listNext: Int32Array = new Int32Array(64);
  listFirst: Int32Array = new Int32Array(64);
  listLast: Int32Array = new Int32Array(64);
  listCounts: Int32Array = new Int32Array(64);
  listFlags: Uint8Array = new Uint8Array(64);
  /** The access class that all edges of the list have, or one of the constants above. */
  edgeClasses: Int32Array = new Int32Array(64);
  /** How many edges are about to be added to one list; an empty one begins with as much room. */
  expected = 0;

  /** Where the chunk's pairs begin in `data`. */
  chunkOffsets: Int32Array = new Int32Array(64);
  chunkLengths: Uint16Array = new Uint16Array(64);
  chunkSizes: Uint8Array = new Uint8Array(64);
  chunkNext: Int32Array = new Int32Array(64);
  chunkPrev: Int32Array = new Int32Array(64);

  readonly #nodes: NodeTable;
  readonly #edges: EdgeTable;
  #dataTop = 0;
  readonly #freeBlocks: number[] = new Array(LARGEST_BLOCK + 1).fill(-1);
  #listTop = 0;
  #freeLists: number[] = [];
  #chunkTop = 0;
  #freeChunks: number[] = [];

  constructor(nodes: NodeTable, edges: EdgeTable) {
    this.#nodes = nodes;
    this.#edges = edges;
  }

  get bytes(): number {
    return this.data.byteLength + this.listTypes.length * 23 + this.chunkOffsets.length * 15;
  }

  head(node: number, side: Side): number {
    return side === OUT ? this.#nodes.outHeads[node]! : this.#nodes.inHeads[node]!;
  }

  /** The node's list of this type, or -1. */
  find(node: number, side: Side, type: number): number {
    let list = this.head(node, side);
    while (list >= 0 && this.listTypes[list] !== type) list = this.listNext[list]!;
    return list;
  }

  /** The node's list of this type; a new one is empty and has the given flags. */
  ensure(node: number, side: Side, type: number, flags: number): number {
    const found = this.find(node, side, type);
    if (found >= 0) return found;
    const list = this.#freeLists.pop() ?? this.#listTop++;
    if (list >= this.listTypes.length) this.#growLists();
    this.listTypes[list] = type;
    this.listFirst[list] = -1;
    this.listLast[list] = -1;
    this.listCounts[list] = 0;
    this.listFlags[list] = flags;
    this.edgeClasses[list] = NO_CLASS;
    const heads = side === OUT ? this.#nodes.outHeads : this.#nodes.inHeads;
    this.listNext[list] = heads[node]!;
    heads[node] = list;
    return list;
  }

  /** Adds an edge at the place that its id gives it; nearly always the end. The list must reach around that place. */
  insert(list: number, neighbor: number, edge: number): void {
    const last = this.listLast[list]!;
    if (last < 0 || this.#edges.compareIds(this.#edgeAt(last, this.chunkLengths[last]! - 1), edge) < 0) {
      this.#append(list, neighbor, edge);
    } else {
      this.#insertInside(list, neighbor, edge);
    }
    this.listCounts[list]! += 1;
    this.#edges.refs[edge]! += 1;
    this.noteClass(list, this.#edges.accessClasses[edge]!);
  }

  /** Adds an edge before all others, for pages that are read from the newest to the oldest. */
  prepend(list: number, neighbor: number, edge: number): void {
    const first = this.listFirst[list]!;
    if (first < 0) {
      this.insert(list, neighbor, edge);
      return;
    }
    if (this.chunkLengths[first]! >= 1 << LARGEST_BLOCK) {
      const chunk = this.#newChunk(LARGEST_BLOCK);
      this.chunkNext[chunk] = first;
      this.chunkPrev[first] = chunk;
      this.listFirst[list] = chunk;
    }
    this.#insertAt(this.listFirst[list]!, 0, neighbor, edge);
    this.listCounts[list]! += 1;
    this.#edges.refs[edge]! += 1;
    this.noteClass(list, this.#edges.accessClasses[edge]!);
  }

  /** Takes the edge out of the list; false where it is not in it. */
  remove(list: number, edge: number): boolean {
    const edges = this.#edges;
    for (let chunk = this.listLast[list]!; chunk >= 0; chunk = this.chunkPrev[chunk]!) {
      if (edges.compareIds(this.#edgeAt(chunk, 0), edge) > 0) continue;
      const at = this.#lowerBound(chunk, edge);
      const length = this.chunkLengths[chunk]!;
      if (at >= length || this.#edgeAt(chunk, at) !== edge) return false;
      const base = this.chunkOffsets[chunk]!;
      this.data.copyWithin(base + at * 2, base + (at + 1) * 2, base + length * 2);
      this.chunkLengths[chunk] = length - 1;
      if (length === 1) this.#dropChunk(list, chunk);
      this.listCounts[list]! -= 1;
      edges.refs[edge]! -= 1;
      return true;
    }
    return false;
  }

  /** Forgets every list of the node on this side; `released` is told of each edge that a list no longer names. */
  drop(node: number, side: Side, released: (edge: number) => void): void {
    const heads = side === OUT ? this.#nodes.outHeads : this.#nodes.inHeads;
    let list = heads[node]!;
    heads[node] = -1;
    while (list >= 0) {
      const next = this.listNext[list]!;
      this.#freeLists.push(list);
      this.#empty(list, released);
      list = next;
    }
  }

  /** Empties the list; it then knows neither end. */
  reset(list: number, released: (edge: number) => void): void {
    this.#empty(list, released);
    this.listFirst[list] = -1;
    this.listLast[list] = -1;
    this.listCounts[list] = 0;
    this.listFlags[list] = 0;
    this.edgeClasses[list] = NO_CLASS;
  }

  noteClass(list: number, accessClass: number): void {
    const known = this.edgeClasses[list]!;
    if (known !== accessClass) this.edgeClasses[list] = known === NO_CLASS ? accessClass : MIXED_CLASSES;
  }

  /** The list's first and last edge, or -1. */
  firstEdge(list: number): number {
    const chunk = this.listFirst[list]!;
    return chunk < 0 ? -1 : this.#edgeAt(chunk, 0);
  }

  lastEdge(list: number): number {
    const chunk = this.listLast[list]!;
    return chunk < 0 ? -1 : this.#edgeAt(chunk, this.chunkLengths[chunk]! - 1);
  }

  /** The index in the chunk of the first edge that does not come before `edge`. */
  #lowerBound(chunk: number, edge: number): number {
    let low = 0;
    let high = this.chunkLengths[chunk]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#edges.compareIds(this.#edgeAt(chunk, middle), edge) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #edgeAt(chunk: number, at: number): number {
    return this.data[this.chunkOffsets[chunk]! + at * 2 + 1]!;
  }

  #append(list: number, neighbor: number, edge: number): void {
    let chunk = this.listLast[list]!;
    if (chunk < 0) {
      chunk = this.#newChunk(
        this.expected > 1 ? Math.min(LARGEST_BLOCK, 32 - Math.clz32(this.expected - 1)) : 0,
      );
      this.listFirst[list] = chunk;
      this.listLast[list] = chunk;
    } else if (this.chunkLengths[chunk]! >= 1 << LARGEST_BLOCK) {
      const next = this.#newChunk(LARGEST_BLOCK);
      this.chunkPrev[next] = chunk;
      this.chunkNext[chunk] = next;
      this.listLast[list] = next;
      chunk = next;
    }
    this.#insertAt(chunk, this.chunkLengths[chunk]!, neighbor, edge);
  }

  #insertInside(list: number, neighbor: number, edge: number): void {
    let chunk = this.listLast[list]!;
    while (this.chunkPrev[chunk]! >= 0 && this.#edges.compareIds(this.#edgeAt(chunk, 0), edge) > 0) {
      chunk = this.chunkPrev[chunk]!;
    }
    if (this.chunkLengths[chunk]! >= 1 << LARGEST_BLOCK) {
      this.#split(list, chunk);
      const next = this.chunkNext[chunk]!;
      if (this.#edges.compareIds(this.#edgeAt(next, 0), edge) < 0) chunk = next;
    }
    this.#insertAt(chunk, this.#lowerBound(chunk, edge), neighbor, edge);
  }

  #insertAt(chunk: number, at: number, neighbor: number, edge: number): void {
    const length = this.chunkLengths[chunk]!;
    const size = this.chunkSizes[chunk]!;
    if (length >= 1 << size) {
      const wider = this.#takeBlock(size + 1);
      const offset = this.chunkOffsets[chunk]!;
      this.data.copyWithin(wider, offset, offset + length * 2);
      this.#freeBlock(offset, size);
      this.chunkOffsets[chunk] = wider;
      this.chunkSizes[chunk] = size + 1;
    }
    const base = this.chunkOffsets[chunk]!;
    const place = base + at * 2;
    if (at < length) this.data.copyWithin(place + 2, place, base + length * 2);
    this.data[place] = neighbor;
    this.data[place + 1] = edge;
    this.chunkLengths[chunk] = length + 1;
  }

  #split(list: number, chunk: number): void {
    const half = 1 << (LARGEST_BLOCK - 1);
    const next = this.#newChunk(LARGEST_BLOCK);
    const from = this.chunkOffsets[chunk]!;
    this.data.copyWithin(this.chunkOffsets[next]!, from + half * 2, from + half * 4);
    this.chunkLengths[next] = half;
    this.chunkLengths[chunk] = half;
    const after = this.chunkNext[chunk]!;
    this.chunkNext[next] = after;
    this.chunkPrev[next] = chunk;
    this.chunkNext[chunk] = next;
    if (after >= 0) this.chunkPrev[after] = next;
    else this.listLast[list] = next;
  }

  #empty(list: number, released: (edge: number) => void): void {
    for (let chunk = this.listFirst[list]!; chunk >= 0; ) {
      const base = this.chunkOffsets[chunk]!;
      const end = base + this.chunkLengths[chunk]! * 2;
      for (let at = base; at < end; at += 2) {
        const edge = this.data[at + 1]!;
        this.#edges.refs[edge]! -= 1;
        released(edge);
      }
      const next = this.chunkNext[chunk]!;
      this.#freeBlock(base, this.chunkSizes[chunk]!);
      this.#freeChunks.push(chunk);
      chunk = next;
    }
  }

  #dropChunk(list: number, chunk: number): void {
    const previous = this.chunkPrev[chunk]!;
    const next = this.chunkNext[chunk]!;
    if (previous >= 0) this.chunkNext[previous] = next;
    else this.listFirst[list] = next;
    if (next >= 0) this.chunkPrev[next] = previous;
    else this.listLast[list] = previous;
    this.#freeBlock(this.chunkOffsets[chunk]!, this.chunkSizes[chunk]!);
    this.#freeChunks.push(chunk);
  }

  #newChunk(size: number): number {
    const chunk = this.#freeChunks.pop() ?? this.#chunkTop++;
    if (chunk >= this.chunkOffsets.length) this.#growChunks();
    this.chunkOffsets[chunk] = this.#takeBlock(size);
    this.chunkLengths[chunk] = 0;
    this.chunkSizes[chunk] = size;
    this.chunkNext[chunk] = -1;
    this.chunkPrev[chunk] = -1;
    return chunk;
  }

  #takeBlock(size: number): number {
    const free = this.#freeBlocks[size]!;
    if (free >= 0) {
      this.#freeBlocks[size] = this.data[free]!;
      return free;
    }
    const at = this.#dataTop;
    const end = at + (2 << size);
    if (end > this.data.length) {
      this.data = widened(this.data, nextCapacity(this.data.length, end));
    }
    this.#dataTop = end;
    return at;
  }

  #freeBlock(offset: number, size: number): void {
    this.data[offset] = this.#freeBlocks[size]!;
    this.#freeBlocks[size] = offset;
  }

  #growLists(): void {
    const length = nextCapacity(this.listTypes.length, 0);
    this.listTypes = widened(this.listTypes, length);
    this.listNext = widened(this.listNext, length);
    this.listFirst = widened(this.listFirst, length);
    this.listLast = widened(this.listLast, length);
    this.listCounts = widened(this.listCounts, length);
    this.listFlags = widened(this.listFlags, length);
    this.edgeClasses = widened(this.edgeClasses, length);
  }

  #growChunks(): void {
    const length = nextCapacity(this.chunkOffsets.length, 0);
    this.chunkOffsets = widened(this.chunkOffsets, length);
    this.chunkLengths = widened(this.chunkLengths, length);
    this.chunkSizes = widened(this.chunkSizes, length);
    this.chunkNext = widened(this.chunkNext, length);
    this.chunkPrev = widened(this.chunkPrev, length);
  }
}
