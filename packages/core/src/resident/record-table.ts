import { formatId, type Id } from "../model/id.ts";
import { IdIndex } from "./id-index.ts";

/** The fields of a record as one plain, never changed object; a change replaces it. */
export type RecordState = Readonly<Record<string, unknown>>;

/** The slot holds a record (or its stub). */
export const LIVE = 1;
/** Created by a unit that is still open: nobody else can find it. */
export const PENDING = 2;

/** Of a node: all its lists in that direction are known, so an absent list is an empty one. */
export const OUT_KNOWN = 16;
export const IN_KNOWN = 32;
/** Deleted by a commit that this process has applied, while an open unit may still refer to it. */
export const DELETED = 64;

/**
 * Records by dense integer handles: everything that a traversal tests lies in parallel typed arrays, and fields are
 * one plain object a record, absent where only the stub is resident.
 *
 * A slot is used again only when no resident adjacency refers to it (`refs`) and no open unit may (`stamps`: every
 * unit marks what it keeps with a number at least as great as the one it opened with).
 */
export class RecordTable {
  ids: Int32Array = new Int32Array(0);
  types: Uint16Array = new Uint16Array(0);
  /** Interned (owner, access record) pairs. */
  accessClasses: Int32Array = new Int32Array(0);
  dataVersions: Int32Array = new Int32Array(0);
  accessVersions: Int32Array = new Int32Array(0);
  flags: Uint8Array = new Uint8Array(0);
  /** How many resident adjacency entries name the slot. */
  refs: Int32Array = new Int32Array(0);
  stamps: Int32Array = new Int32Array(0);
  readonly states: (RecordState | undefined)[] = [];
  readonly index: IdIndex = new IdIndex(this.ids);

  #capacity = 0;
  #top = 0;
  #free: number[] = [];
  #size = 0;

  /** Slots in use, stubs and ghosts included. */
  get size(): number {
    return this.#size;
  }

  /** One past the highest slot ever used. */
  get top(): number {
    return this.#top;
  }

  get bytes(): number {
    return this.#capacity * (16 + 2 + 4 + 4 + 4 + 1 + 4 + 4 + 8) + this.index.bytes;
  }

  find(a: number, b: number, c: number, d: number): number {
    return this.index.find(a, b, c, d);
  }

  /** Takes a slot for this id without making it findable. */
  take(a: number, b: number, c: number, d: number): number {
    const slot = this.#free.length > 0 ? this.#free.pop()! : this.#top++;
    if (slot >= this.#capacity) this.grow(nextCapacity(this.#capacity));
    const base = slot << 2;
    this.ids[base] = a;
    this.ids[base + 1] = b;
    this.ids[base + 2] = c;
    this.ids[base + 3] = d;
    this.flags[slot] = LIVE;
    this.types[slot] = 0;
    this.refs[slot] = 0;
    this.stamps[slot] = 0;
    this.states[slot] = undefined;
    this.#size += 1;
    return slot;
  }

  /** Gives a slot back; it must be neither referred to nor findable any more. */
  release(slot: number): void {
    this.flags[slot] = 0;
    this.states[slot] = undefined;
    this.#free.push(slot);
    this.#size -= 1;
  }

  idOf(slot: number): Id {
    const base = slot << 2;
    const ids = this.ids;
    return formatId(ids[base]!, ids[base + 1]!, ids[base + 2]!, ids[base + 3]!);
  }

  /** Negative where the id of `left` comes first: ids compare as bytes, which is connection order. */
  compareIds(left: number, right: number): number {
    const ids = this.ids;
    const l = left << 2;
    const r = right << 2;
    for (let i = 0; i < 4; i++) {
      if (ids[l + i] !== ids[r + i]) return ids[l + i]! >>> 0 < ids[r + i]! >>> 0 ? -1 : 1;
    }
    return 0;
  }

  protected grow(capacity: number): void {
    this.ids = widened(this.ids, new Int32Array(capacity * 4));
    this.index.ids = this.ids;
    this.types = widened(this.types, new Uint16Array(capacity));
    this.accessClasses = widened(this.accessClasses, new Int32Array(capacity));
    this.dataVersions = widened(this.dataVersions, new Int32Array(capacity));
    this.accessVersions = widened(this.accessVersions, new Int32Array(capacity));
    this.flags = widened(this.flags, new Uint8Array(capacity));
    this.refs = widened(this.refs, new Int32Array(capacity));
    this.stamps = widened(this.stamps, new Int32Array(capacity));
    this.#capacity = capacity;
  }
}

/** Nodes, with the heads of their chains of adjacency lists. */
export class NodeTable extends RecordTable {
  /** The first list of edges that leave the node (and of undirected ones), or -1. */
  outHeads: Int32Array = new Int32Array(0);
  /** The first list of edges that arrive at it, or -1. */
  inHeads: Int32Array = new Int32Array(0);

  override get bytes(): number {
    return super.bytes + this.outHeads.byteLength * 2;
  }

  override take(a: number, b: number, c: number, d: number): number {
    const slot = super.take(a, b, c, d);
    this.outHeads[slot] = -1;
    this.inHeads[slot] = -1;
    return slot;
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    this.outHeads = widened(this.outHeads, new Int32Array(capacity));
    this.inHeads = widened(this.inHeads, new Int32Array(capacity));
  }
}

/** Edges, with the slots of both ends; an end that is not resident is -1. */
export class EdgeTable extends RecordTable {
  sources: Int32Array = new Int32Array(0);
  targets: Int32Array = new Int32Array(0);

  override get bytes(): number {
    return super.bytes + this.sources.byteLength * 2;
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    this.sources = widened(this.sources, new Int32Array(capacity));
    this.targets = widened(this.targets, new Int32Array(capacity));
  }
}

/** Doubled while that is cheap, then a quarter more: one record beyond a power of two had half of the table empty. */
export function nextCapacity(capacity: number): number {
  return capacity < 4096 ? Math.max(64, capacity * 2) : capacity + (capacity >> 2);
}

function widened<T extends Int32Array | Uint16Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
