import type { AccessRecord } from "../model/access-record.ts";
import { Additions } from "../resident/additions.ts";
import { NODE, type RecordKind } from "../resident/change-log.ts";
import { keyOf, keyText } from "../resident/lookup-cache.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { IndexDefinition } from "../schema/definition.ts";
import { youngArray, youngArrayOf } from "../util/young-array.ts";

/** What the unit has written to one record and not committed. */
export class PendingRecord {
  /** Counts the unit's writes; see {@link Pending.mark}. */
  readonly position: number;
  /** The new fields, `undefined` where they are as they were. */
  readonly state: RecordState | undefined;
  readonly access: AccessRecord | undefined;
  /** The interned form of `access`, -1 without one. */
  readonly accessClass: number;
  readonly removed: boolean;
  /** What stood here at a position that somebody still looks at. */
  readonly previous: PendingRecord | undefined;

  constructor(position: number, from: Partial<PendingRecord>, previous: PendingRecord | undefined) {
    this.position = position;
    this.state = from.state;
    this.access = from.access;
    this.accessClass = from.accessClass ?? -1;
    this.removed = from.removed ?? false;
    this.previous = previous;
  }
}

interface Mark {
  readonly position: number;
  readonly nodes: number;
  readonly edges: number;
}

const noEdges: readonly number[] = Object.freeze([]);
/** Most units write to records of one kind at most: a map takes 190 bytes. */
const noRecords: ReadonlyMap<number, PendingRecord> = new Map();
const noMarks: ReadonlyMap<number, Mark> = new Map();

/** Where a unit's own records are found by whole keys of one index. */
class OwnKeys {
  /** Every slot that has, or at some position had, the key. */
  readonly slots: Map<string, Set<number>> = new Map();
  /** How far what the unit has created and written was taken in. */
  created = 0;
  written = 0;
  position = 0;

  add(index: IndexDefinition, state: RecordState, slot: number): void {
    const text = keyText(keyOf(index, state));
    const slots = this.slots.get(text);
    if (slots === undefined) this.slots.set(text, new Set([slot]));
    else slots.add(slot);
  }
}

/** The present, where a position in the pending log is asked for. */
export const NOW = -1;

/**
 * A unit's writes. New records have slots like all others, findable by nobody else; what is written to records that
 * exist lies over them here, and every read looks here first.
 */
export class Pending {
  /** Slots, in the order they were made, which is their id order. */
  readonly createdNodes: number[] = youngArray();
  readonly createdEdges: number[] = youngArray();
  /** What the unit adds without making it resident; a unit that does so makes no records in another way. */
  additions: Additions | undefined = undefined;
  nodes: ReadonlyMap<number, PendingRecord> = noRecords;
  edges: ReadonlyMap<number, PendingRecord> = noRecords;
  /** Of each of `createdEdges` its two lists, see `edgesAt`. */
  readonly #edgeKeys: number[] = youngArray();
  /** By list, as far as somebody has asked: most units never read what they have linked. */
  #lists: Map<number, number[]> | undefined = undefined;
  #listed = 0;
  /** How many records of each kind are removed: while none is, nobody needs to look. */
  removedNodes = 0;
  removedEdges = 0;
  /** Nodes that were written to since the first question for a key, in that order. */
  #written: number[] | undefined;
  #keys: Map<string, OwnKeys> | undefined;
  #position = 0;
  #marks: ReadonlyMap<number, Mark> = noMarks;
  #nextMark = 0;

  get isEmpty(): boolean {
    return this.#position === 0;
  }

  /** How many writes there were. */
  get writes(): number {
    return this.#position;
  }

  /** Lays a change over what is pending for the record. */
  change(kind: RecordKind, slot: number, change: Partial<PendingRecord>): void {
    const records = this.#records(kind);
    const before = records.get(slot);
    this.#position += 1;
    const previous = this.#marks.size > 0 ? before : undefined;
    const merged = before === undefined ? change : { ...before, ...change };
    records.set(slot, new PendingRecord(this.#position, merged, previous));
    if (this.#written !== undefined && kind === NODE) this.#written.push(slot);
    if (change.removed === true && before?.removed !== true) {
      if (kind === NODE) this.removedNodes += 1;
      else this.removedEdges += 1;
    }
  }

  #records(kind: RecordKind): Map<number, PendingRecord> {
    if (kind === NODE) {
      if (this.nodes === noRecords) this.nodes = new Map();
      return this.nodes as Map<number, PendingRecord>;
    }
    if (this.edges === noRecords) this.edges = new Map();
    return this.edges as Map<number, PendingRecord>;
  }

  /**
   * Keeps what a new record was made with, where somebody may still look at it as it was then.
   * @param state is held outside of here until the first write to the record
   */
  keepFirst(kind: RecordKind, slot: number, state: RecordState): void {
    if (this.#marks.size === 0) return;
    const records = this.#records(kind);
    if (!records.has(slot)) records.set(slot, new PendingRecord(0, { state }, undefined));
  }

  addNode(slot: number): void {
    this.#position += 1;
    this.createdNodes.push(slot);
  }

  /** Where the next record that does not become resident belongs. */
  addition(): Additions {
    this.#position += 1;
    this.additions ??= new Additions();
    return this.additions;
  }

  /** @param from and `to`: the lists that the edge belongs to, `node * 2 + side`, which may be one and the same */
  addEdge(slot: number, from: number, to: number): void {
    this.#position += 1;
    this.createdEdges.push(slot);
    this.#edgeKeys.push(from, to);
  }

  /** The new edges of a list, in id order. @param key `node * 2 + side` */
  edgesAt(key: number): readonly number[] {
    this.#lists ??= new Map();
    for (; this.#listed < this.createdEdges.length; this.#listed++) {
      const from = this.#edgeKeys[this.#listed * 2]!;
      const to = this.#edgeKeys[this.#listed * 2 + 1]!;
      this.#list(this.#lists, from, this.createdEdges[this.#listed]!);
      if (to !== from) this.#list(this.#lists, to, this.createdEdges[this.#listed]!);
    }
    return this.#lists.get(key) ?? noEdges;
  }

  #list(lists: Map<number, number[]>, key: number, edge: number): void {
    const list = lists.get(key);
    if (list === undefined) lists.set(key, youngArrayOf(edge));
    else list.push(edge);
  }

  at(records: ReadonlyMap<number, PendingRecord>, slot: number, mark: number): PendingRecord | undefined {
    // Asked several times a call of units that have only made new records: even an empty map takes 10 ns to look in.
    if (records.size === 0) return undefined;
    let record = records.get(slot);
    if (mark !== NOW) {
      const { position } = this.#marks.get(mark)!;
      while (record !== undefined && record.position > position) record = record.previous;
    }
    return record;
  }

  /** How many of the created records had been made then. */
  createdCount(kind: "nodes" | "edges", mark: number): number {
    if (mark !== NOW) return this.#marks.get(mark)![kind];
    return kind === "nodes" ? this.createdNodes.length : this.createdEdges.length;
  }

  /**
   * Nodes of the unit's own that may have this key of an index: all that do, at any position that somebody looks at, and
   * some that did. Reading what it has written must not take a unit longer the more it has written.
   *
   * @param states what the created nodes were created with
   */
  nodesWithKey(
    index: IndexDefinition,
    key: readonly unknown[],
    states: readonly (RecordState | undefined)[],
  ): Iterable<number> {
    this.#keys ??= new Map();
    let keys = this.#keys.get(index.name);
    if (keys === undefined) {
      keys = new OwnKeys();
      this.#keys.set(index.name, keys);
      this.#written ??= [...this.nodes.keys()];
    }
    this.#takeIn(keys, index, states);
    return keys.slots.get(keyText(key)) ?? [];
  }

  #takeIn(keys: OwnKeys, index: IndexDefinition, states: readonly (RecordState | undefined)[]): void {
    const { createdNodes, nodes } = this;
    for (; keys.created < createdNodes.length; keys.created++) {
      const slot = createdNodes[keys.created]!;
      keys.add(index, states[slot]!, slot);
    }
    const written = this.#written!;
    for (; keys.written < written.length; keys.written++) {
      const slot = written[keys.written]!;
      let record = nodes.get(slot);
      // What was there before the first change of a created record has the position 0.
      while (record !== undefined && (record.position > keys.position || record.position === 0)) {
        if (record.state !== undefined) keys.add(index, record.state, slot);
        record = record.previous;
      }
    }
    keys.position = this.#position;
  }

  /** Remembers how things stand now; values overwritten from here on are kept until `releaseMarks`. */
  mark(): number {
    const mark = this.#nextMark++;
    if (this.#marks === noMarks) this.#marks = new Map();
    (this.#marks as Map<number, Mark>).set(mark, {
      position: this.#position,
      nodes: this.createdNodes.length,
      edges: this.createdEdges.length,
    });
    return mark;
  }

  releaseMarks(): void {
    this.#marks = noMarks;
  }
}
