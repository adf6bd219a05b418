import type { AccessRecord } from "../../model/access-record.ts";
import type { IdColumn } from "../../model/id.ts";
import type { FieldData, NodeRows, RowDamage } from "../rows.ts";
import { nextCapacity, widened } from "./growth.ts";
import { IdTable } from "./id-table.ts";

/** Records as parallel columns by slot. Type and owner are numbers that the store gives meaning to. */
export class RecordTable {
  readonly ids: IdTable = new IdTable();
  types: Int32Array = new Int32Array(0);
  owners: Int32Array = new Int32Array(0);
  dataVersions: Int32Array = new Int32Array(0);
  accessVersions: Int32Array = new Int32Array(0);
  shapes: Int32Array = new Int32Array(0);
  readonly access: (AccessRecord | undefined)[] = [];
  /** The very objects that were committed: records never change, so that a read needs no copy. */
  readonly fields: (FieldData | RowDamage | undefined)[] = [];

  /** Takes a slot for the id; what else the record has is not set yet. */
  take(ids: IdColumn, at: number): number {
    const slot = this.ids.add(ids, at);
    if (slot >= this.types.length) this.grow(nextCapacity(this.types.length, slot + 1));
    return slot;
  }

  fill(slot: number, type: number, owner: number, rows: NodeRows, at: number): void {
    this.types[slot] = type;
    this.owners[slot] = owner;
    this.dataVersions[slot] = 1;
    this.accessVersions[slot] = 1;
    this.shapes[slot] = rows.shapes[at]!;
    this.access[slot] = rows.access[at];
    this.fields[slot] = rows.fields[at];
  }

  release(slot: number): void {
    this.ids.release(slot);
    this.access[slot] = undefined;
    this.fields[slot] = undefined;
  }

  protected grow(capacity: number): void {
    this.types = widened(this.types, capacity);
    this.owners = widened(this.owners, capacity);
    this.dataVersions = widened(this.dataVersions, capacity);
    this.accessVersions = widened(this.accessVersions, capacity);
    this.shapes = widened(this.shapes, capacity);
  }
}

export class NodeTable extends RecordTable {
  /** The first of the node's edge lists, or -1. */
  lists: Int32Array = new Int32Array(0);
  /** 1 where the node is a tombstone: it and its edges are gone for every read and stay only for the purge. */
  removed: Int32Array = new Int32Array(0);

  override take(ids: IdColumn, at: number): number {
    const slot = super.take(ids, at);
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
  /** Node slots. */
  sources: Int32Array = new Int32Array(0);
  targets: Int32Array = new Int32Array(0);

  protected override grow(capacity: number): void {
    super.grow(capacity);
    this.sources = widened(this.sources, capacity);
    this.targets = widened(this.targets, capacity);
  }
}
