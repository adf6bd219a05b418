import type { AccessRecord } from "../model/access-record.ts";
import type { RecordState } from "../resident/record-table.ts";
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
  readonly nodes: Map<number, PendingRecord> = new Map();
  readonly edges: Map<number, PendingRecord> = new Map();
  /** New edges by node and side (`node * 2 + side`), in id order. */
  readonly lists: Map<number, number[]> = new Map();
  /** How many records of each kind are removed: while none is, nobody needs to look. */
  removedNodes = 0;
  removedEdges = 0;
  #position = 0;
  readonly #marks: Map<number, Mark> = new Map();
  #nextMark = 0;

  get isEmpty(): boolean {
    return this.#position === 0;
  }

  /** How many writes there were. */
  get writes(): number {
    return this.#position;
  }

  /** Lays a change over what is pending for the record. */
  change(records: Map<number, PendingRecord>, slot: number, change: Partial<PendingRecord>): void {
    const before = records.get(slot);
    this.#position += 1;
    const previous = this.#marks.size > 0 ? before : undefined;
    const merged = before === undefined ? change : { ...before, ...change };
    records.set(slot, new PendingRecord(this.#position, merged, previous));
    if (change.removed === true && before?.removed !== true) {
      if (records === this.nodes) this.removedNodes += 1;
      else this.removedEdges += 1;
    }
  }

  addNode(slot: number): void {
    this.#position += 1;
    this.createdNodes.push(slot);
  }

  /** @param keys `node * 2 + side` of every list the edge belongs to */
  addEdge(slot: number, ...keys: readonly number[]): void {
    this.#position += 1;
    this.createdEdges.push(slot);
    for (const key of keys) {
      const list = this.lists.get(key);
      if (list === undefined) this.lists.set(key, youngArrayOf(slot));
      else list.push(slot);
    }
  }

  at(records: ReadonlyMap<number, PendingRecord>, slot: number, mark: number): PendingRecord | undefined {
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

  /** Remembers how things stand now; values overwritten from here on are kept until `releaseMarks`. */
  mark(): number {
    const mark = this.#nextMark++;
    this.#marks.set(mark, {
      position: this.#position,
      nodes: this.createdNodes.length,
      edges: this.createdEdges.length,
    });
    return mark;
  }

  releaseMarks(): void {
    this.#marks.clear();
  }
}
