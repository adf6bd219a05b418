import type { Id } from "../model/id.ts";
import { type EdgeIdTable, type IdTable, RESIDENT } from "../model/id-table.ts";
import { VersionColumn } from "../model/version-column.ts";
import { nextCapacity, widened } from "../util/growth.ts";
import { NumberColumns } from "./number-columns.ts";

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
/** The text of an id and the reference to it. */
export const TEXT_BYTES = 64;
const FINDABLE: number = LIVE | PENDING | DELETED;

/**
 * Records by dense integer handles: everything that a traversal tests lies in parallel typed arrays, and fields are
 * one plain object a record, absent where only the stub is resident.
 *
 * A slot is used again only when no resident adjacency refers to it (`refs`) and no open unit may (`stamps`: every
 * unit marks what it keeps with a number at least as great as the one it opened with).
 */
export abstract class RecordTable {
  /** Which slot is which id's; may be the store's own table, whose other slots are nothing to this one. */
  abstract readonly slots: IdTable;
  types: Uint16Array = new Uint16Array(0);
  /** Interned (owner, access record) pairs. */
  accessClasses: Int32Array = new Int32Array(0);
  readonly dataVersions: VersionColumn = new VersionColumn();
  readonly accessVersions: VersionColumn = new VersionColumn();
  flags: Uint8Array = new Uint8Array(0);
  stamps: Int32Array = new Int32Array(0);
  readonly states: (RecordState | undefined)[] = [];
  /** What filters have compared with numbers. */
  readonly numbers: NumberColumns = new NumberColumns();

  readonly #separate: () => void;
  /** Texts of ids that were asked for, by slot. */
  readonly #texts: (Id | undefined)[] = [];
  #textCount = 0;
  /** How many texts are kept at most. */
  mostTexts = 0;
  #top = 0;
  #size = 0;

  /** @param separate gives this table and the other one ids of their own; called where they share a store's */
  constructor(separate: () => void) {
    this.#separate = separate;
  }

  /** Slots in use, stubs and ghosts included. */
  get size(): number {
    return this.#size;
  }

  /** One past the highest slot ever used. */
  get top(): number {
    return this.#top;
  }

  /** Four words a slot. */
  get ids(): Int32Array {
    return this.slots.words;
  }

  /** The slot of a record that everybody may find, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const slot = this.slots.find(a, b, c, d);
    return slot >= 0 && slot < this.#top && (this.flags[slot]! & FINDABLE) === LIVE ? slot : -1;
  }

  /** Takes a slot for this id, which is found unless it is flagged otherwise. */
  take(a: number, b: number, c: number, d: number): number {
    let slot = this.slots.take(RESIDENT, a, b, c, d);
    if (slot < 0) {
      // To the store the id is still the record that is dead to L1, so that both can no longer use one number for it.
      this.#separate();
      slot = this.slots.take(RESIDENT, a, b, c, d);
    }
    if (slot >= this.#top) this.#top = slot + 1;
    if (slot >= this.flags.length) this.grow(nextCapacity(this.flags.length, slot + 1));
    this.flags[slot] = LIVE;
    this.types[slot] = 0;
    this.stamps[slot] = 0;
    while (this.states.length < slot) this.states.push(undefined);
    this.setState(slot, undefined);
    this.#size += 1;
    return slot;
  }

  /** The fields of the record in this slot from here on. */
  setState(slot: number, state: RecordState | undefined): void {
    this.states[slot] = state;
    this.numbers.forget(slot);
  }

  /** Gives a slot back, to which nothing refers any more. */
  release(slot: number): void {
    this.flags[slot] = 0;
    this.setState(slot, undefined);
    if (this.#texts[slot] !== undefined) {
      this.#texts[slot] = undefined;
      this.#textCount -= 1;
    }
    this.slots.release(RESIDENT, slot);
    this.#size -= 1;
  }

  idOf(slot: number): Id {
    return this.slots.text(slot);
  }

  /** As `idOf`, kept for the next time: spelling an id takes longer than all the rest of a row of plain data. */
  textOf(slot: number): Id {
    return this.#texts[slot] ?? this.#keepText(slot);
  }

  /** Estimated bytes of the texts that are kept. */
  get textBytes(): number {
    return this.#textCount * TEXT_BYTES;
  }

  #keepText(slot: number): Id {
    const text = this.slots.text(slot);
    if (this.#textCount >= this.mostTexts) return text;
    while (this.#texts.length <= slot) this.#texts.push(undefined);
    this.#texts[slot] = text;
    this.#textCount += 1;
    return text;
  }

  /** Negative where the id of `left` comes first: ids compare as bytes, which is connection order. */
  compareIds(left: number, right: number): number {
    return this.slots.compare(left, right);
  }

  protected grow(capacity: number): void {
    this.types = widened(this.types, capacity);
    this.accessClasses = widened(this.accessClasses, capacity);
    this.flags = widened(this.flags, capacity);
    this.stamps = widened(this.stamps, capacity);
  }
}

/** Nodes, with the heads of their chains of adjacency lists. */
export class NodeTable extends RecordTable {
  slots: IdTable;
  /** How many resident edges name the slot as an end. */
  refs: Int32Array = new Int32Array(0);
  /** The first list of edges that leave the node (and of undirected ones), or -1. */
  outHeads: Int32Array = new Int32Array(0);
  /** The first list of edges that arrive at it, or -1. */
  inHeads: Int32Array = new Int32Array(0);

  constructor(slots: IdTable, separate: () => void) {
    super(separate);
    this.slots = slots;
  }

  override take(a: number, b: number, c: number, d: number): number {
    const slot = super.take(a, b, c, d);
    this.refs[slot] = 0;
    this.outHeads[slot] = -1;
    this.inHeads[slot] = -1;
    return slot;
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    this.refs = widened(this.refs, capacity);
    this.outHeads = widened(this.outHeads, capacity);
    this.inHeads = widened(this.inHeads, capacity);
  }
}

/** Edges, with the slots of both ends. */
export class EdgeTable extends RecordTable {
  slots: EdgeIdTable;
  /** How many resident lists name the slot: those of one end or of both. */
  refs: Uint8Array = new Uint8Array(0);

  constructor(slots: EdgeIdTable, separate: () => void) {
    super(separate);
    this.slots = slots;
  }

  override take(a: number, b: number, c: number, d: number): number {
    const slot = super.take(a, b, c, d);
    this.refs[slot] = 0;
    return slot;
  }

  get sources(): Int32Array {
    return this.slots.sources;
  }

  get targets(): Int32Array {
    return this.slots.targets;
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    this.refs = widened(this.refs, capacity);
  }
}
