import type { AccessRecord } from "../../model/access-record.ts";
import type { IdColumn } from "../../model/id.ts";
import { EdgeIdTable, IdTable, STORE } from "../../model/id-table.ts";
import { VersionColumn } from "../../model/version-column.ts";
import { nextCapacity, widened } from "../../util/growth.ts";
import type { FieldData, NodeRows, RowDamage } from "../rows.ts";
import { RowKinds } from "./row-kinds.ts";

/** Records as parallel columns by slot. Type and owner are numbers that the store gives meaning to. */
export abstract class RecordTable {
  /** Slots that are held by others alone are nothing to this table. */
  abstract readonly ids: IdTable;
  readonly kinds: RowKinds = new RowKinds();
  #kindOf: Int32Array = new Int32Array(0);
  owners: Int32Array = new Int32Array(0);
  readonly dataVersions: VersionColumn = new VersionColumn();
  readonly accessVersions: VersionColumn = new VersionColumn();
  /** The very objects that were committed: records never change, so that a read needs no copy. */
  readonly fields: (FieldData | RowDamage | undefined)[] = [];

  /** The slot of entry `at` of the column, or -1. */
  find(ids: IdColumn, at: number): number {
    const slot = this.ids.findIn(ids, at);
    return slot >= 0 && this.ids.isHeld(slot, STORE) ? slot : -1;
  }

  type(slot: number): number {
    return this.kinds.types[this.#kindOf[slot]!]!;
  }

  shape(slot: number): number {
    return this.kinds.shapes[this.#kindOf[slot]!]!;
  }

  access(slot: number): AccessRecord {
    return this.kinds.access[this.#kindOf[slot]!]!;
  }

  /** Takes a slot for row `at`, whose id is not in the table. */
  take(type: number, owner: number, rows: NodeRows, at: number): number {
    const slot = this.ids.takeIn(STORE, rows.ids, at);
    if (slot >= this.owners.length) this.grow(nextCapacity(this.owners.length, slot + 1));
    this.#kindOf[slot] = this.kinds.take(type, rows.shapes[at]!, rows.access[at]!);
    this.owners[slot] = owner;
    this.dataVersions.set(slot, 1);
    this.accessVersions.set(slot, 1);
    while (this.fields.length < slot) this.fields.push(undefined);
    this.fields[slot] = rows.fields[at];
    return slot;
  }

  setData(slot: number, fields: FieldData, shape: number, version: number): void {
    this.fields[slot] = fields;
    this.dataVersions.set(slot, version);
    this.#setKind(slot, shape, this.access(slot));
  }

  setAccess(slot: number, access: AccessRecord, version: number): void {
    this.accessVersions.set(slot, version);
    this.#setKind(slot, this.shape(slot), access);
  }

  release(slot: number): void {
    this.kinds.release(this.#kindOf[slot]!);
    this.fields[slot] = undefined;
    this.ids.release(STORE, slot);
  }

  protected grow(capacity: number): void {
    this.#kindOf = widened(this.#kindOf, capacity);
    this.owners = widened(this.owners, capacity);
  }

  #setKind(slot: number, shape: number, access: AccessRecord): void {
    const before = this.#kindOf[slot]!;
    this.#kindOf[slot] = this.kinds.take(this.kinds.types[before]!, shape, access);
    this.kinds.release(before);
  }
}

export class NodeTable extends RecordTable {
  readonly ids: IdTable = new IdTable();
  /** The first of the node's edge lists, or -1. */
  lists: Int32Array = new Int32Array(0);
  /** 1 where the node is a tombstone: it and its edges are gone for every read and stay only for the purge. */
  removed: Uint8Array = new Uint8Array(0);

  override take(type: number, owner: number, rows: NodeRows, at: number): number {
    const slot = super.take(type, owner, rows, at);
    this.lists[slot] = -1;
    this.removed[slot] = 0;
    return slot;
  }

  protected override grow(capacity: number): void {
    super.grow(capacity);
    this.lists = widened(this.lists, capacity);
    this.removed = widened(this.removed, capacity);
  }
}

export class EdgeTable extends RecordTable {
  readonly ids: EdgeIdTable = new EdgeIdTable();

  /** Node slots. */
  get sources(): Int32Array {
    return this.ids.sources;
  }

  get targets(): Int32Array {
    return this.ids.targets;
  }
}
