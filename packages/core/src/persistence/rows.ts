import type { AccessRecord } from "../model/access-record.ts";
import { type Id, IdColumn } from "../model/id.ts";
import { youngArray, youngArrayOf } from "../util/young-array.ts";

/** The fields of one record as plain data, one property a field; what the type no longer declares is kept in it too. */
export type FieldData = Readonly<Record<string, unknown>>;

/**
 * Stands where a record's fields should be when the store holds the row but cannot decode it.
 * The row keeps its place, its id and its ends: damage is reported, never dropped and never fatal to its neighbours.
 */
export class RowDamage {
  readonly reason: string;
  /** What is stored in their place, where it is text. */
  readonly stored: string | undefined;
  /** Where in the record the values stand that are refused, as far as that is known. */
  readonly paths: readonly string[];

  constructor(reason: string, stored?: string, paths: readonly string[] = []) {
    this.reason = reason;
    this.stored = stored;
    this.paths = paths;
  }
}

/**
 * Stands for an end of an edge, or an owner, of which a store can no longer tell which record it was. No record has this
 * id, so that whoever looks for it finds that it is not there.
 */
export const missingId: Id = "00000000-0000-7fff-bfff-ffffffffffff";

/**
 * Node records as columns: what `readNodes`, `lookup` and `scan` answer and what a commit creates.
 *
 * Columns rather than objects because a cold read is bounded by what is allocated for each row; ids stay 16 bytes
 * (four 32-bit words) from the store to L1 and become text only where somebody looks at them.
 */
export class NodeRows {
  readonly ids: IdColumn = new IdColumn();
  /** Type names; the constant strings of the catalog, so that comparing them is comparing pointers. */
  readonly types: string[] = youngArray();
  /** The owner root of each. A root owns itself. */
  readonly owners: IdColumn = new IdColumn();
  readonly access: AccessRecord[] = youngArray();
  readonly dataVersions: number[] = youngArray();
  readonly accessVersions: number[] = youngArray();
  /** The version of the type's shape that the fields were written under. */
  readonly shapes: number[] = youngArray();
  readonly fields: (FieldData | RowDamage)[] = youngArray();

  get length(): number {
    return this.types.length;
  }

  /** Appends everything but `ids` and `owners`, which the caller pushes in whichever form it has them. */
  push(
    type: string,
    access: AccessRecord,
    dataVersion: number,
    accessVersion: number,
    shape: number,
    fields: FieldData | RowDamage,
  ): void {
    if (this.types.length === 0) {
      begin(this, type, access, dataVersion, accessVersion, shape, fields);
      return;
    }
    this.types.push(type);
    this.access.push(access);
    this.dataVersions.push(dataVersion);
    this.accessVersions.push(accessVersion);
    this.shapes.push(shape);
    this.fields.push(fields);
  }
}

/** The first row. V8 makes room for 17 at the first push to a column, and what a small commit creates is mostly one. */
function begin(
  rows: { -readonly [Column in keyof NodeRows]: NodeRows[Column] },
  type: string,
  access: AccessRecord,
  dataVersion: number,
  accessVersion: number,
  shape: number,
  fields: FieldData | RowDamage,
): void {
  rows.types = youngArrayOf(type);
  rows.access = youngArrayOf(access);
  rows.dataVersions = youngArrayOf(dataVersion);
  rows.accessVersions = youngArrayOf(accessVersion);
  rows.shapes = youngArrayOf(shape);
  rows.fields = youngArrayOf(fields);
}

/** Edge records as columns: {@link NodeRows} with both ends. */
export class EdgeRows extends NodeRows {
  readonly sources: IdColumn = new IdColumn();
  readonly targets: IdColumn = new IdColumn();
}

/**
 * The answer to a batch of adjacency requests: for each request its edges in connection order (edge id order), and of
 * each far end what is needed to know whether it may be seen. Requests follow one another in the order they were made;
 * `ends[i]` is the index one past the last row of request `i`.
 *
 * The far end is the end opposite to the requested node; of a self-loop the node itself.
 *
 * Rows may share what they have in common: many edges lead to one node, and nearly all have the same owner and versions.
 * A store that knows appends each far end and each head of an edge once, and rows by `pushShared`. Row `i` then has its
 * head at `headAt(i)` and its far end at `farAt(i)`; of rows that were appended by `push` that is `i`.
 */
export class AdjacencyRows {
  readonly edges: IdColumn = new IdColumn();
  /** The edge's fields where the request asked for them, else `undefined`. */
  readonly edgeFields: (FieldData | RowDamage | undefined)[] = youngArray();
  /** 1 where the requested node is the edge's source, 0 where it is its target. */
  readonly forward: number[] = youngArray();

  readonly edgeTypes: string[] = youngArray();
  readonly edgeOwners: IdColumn = new IdColumn();
  readonly edgeAccess: AccessRecord[] = youngArray();
  readonly edgeDataVersions: number[] = youngArray();
  readonly edgeAccessVersions: number[] = youngArray();
  readonly edgeShapes: number[] = youngArray();

  readonly farIds: IdColumn = new IdColumn();
  readonly farTypes: string[] = youngArray();
  readonly farOwners: IdColumn = new IdColumn();
  readonly farAccess: AccessRecord[] = youngArray();
  readonly farAccessVersions: number[] = youngArray();

  readonly ends: number[] = youngArray();
  /** Whether the store holds further edges of request `i` beyond its limit. */
  readonly more: boolean[] = youngArray();

  /** By row: where its head and its far end stand; empty where each row has its own. */
  readonly headPlaces: number[] = youngArray();
  readonly farPlaces: number[] = youngArray();

  get length(): number {
    return this.forward.length;
  }

  /** Where the six columns of edges hold what row `i` is. */
  headAt(i: number): number {
    return this.headPlaces.length === 0 ? i : this.headPlaces[i]!;
  }

  /** Where the five columns of far ends hold that of row `i`. */
  farAt(i: number): number {
    return this.farPlaces.length === 0 ? i : this.farPlaces[i]!;
  }

  /** Appends everything but the four id columns. */
  push(
    edgeType: string,
    edgeAccess: AccessRecord,
    edgeDataVersion: number,
    edgeAccessVersion: number,
    edgeShape: number,
    edgeFields: FieldData | RowDamage | undefined,
    forward: boolean,
    farType: string,
    farAccess: AccessRecord,
    farAccessVersion: number,
  ): void {
    this.pushHead(edgeType, edgeAccess, edgeDataVersion, edgeAccessVersion, edgeShape);
    this.edgeFields.push(edgeFields);
    this.forward.push(forward ? 1 : 0);
    this.pushFar(farType, farAccess, farAccessVersion);
  }

  /** Appends what rows to come have in common, but for its entry in `edgeOwners`; gives its place. */
  pushHead(
    type: string,
    access: AccessRecord,
    dataVersion: number,
    accessVersion: number,
    shape: number,
  ): number {
    this.edgeAccess.push(access);
    this.edgeDataVersions.push(dataVersion);
    this.edgeAccessVersions.push(accessVersion);
    this.edgeShapes.push(shape);
    return this.edgeTypes.push(type) - 1;
  }

  /** Appends a far end of rows to come, but for its entries in `farIds` and `farOwners`; gives its place. */
  pushFar(type: string, access: AccessRecord, accessVersion: number): number {
    this.farAccess.push(access);
    this.farAccessVersions.push(accessVersion);
    return this.farTypes.push(type) - 1;
  }

  /** Appends a row whose head and far end were appended before, but for its entry in `edges`. All rows, or none. */
  pushShared(head: number, far: number, fields: FieldData | RowDamage | undefined, forward: boolean): void {
    this.headPlaces.push(head);
    this.farPlaces.push(far);
    this.edgeFields.push(fields);
    this.forward.push(forward ? 1 : 0);
  }

  /** Closes the current request. */
  endRequest(more: boolean): void {
    this.ends.push(this.forward.length);
    this.more.push(more);
  }
}

/** One change of a record that exists: at least one of `data`, `access` and `remove` is given. */
export interface RecordUpdate {
  readonly kind: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  /** Of an edge: its ends, so that a store need not read them to say which neighbourhoods are touched. */
  readonly source?: Id | undefined;
  readonly target?: Id | undefined;
  /** Whole new fields and the names of those that differ; the record must still be at `expected`. */
  readonly data?:
    | {
        readonly fields: FieldData;
        readonly changed: readonly string[];
        readonly shape: number;
        readonly expected: number;
      }
    | undefined;
  readonly access?: { readonly record: AccessRecord; readonly expected: number } | undefined;
  /** Of a node: a tombstone; its edges vanish with it logically and its unique keys are free at once. */
  readonly remove?: boolean | undefined;
}
