import { type FieldData, type Id, RowDamage } from "@rootwalk/core/store";
import type { Connection } from "../connection.ts";
import type { SqlRow } from "../drivers.ts";
import type { SqliteFile } from "../file.ts";
import { compareHalves, idOf } from "../reader.ts";
import { decodeFields } from "../row-codec.ts";
import type { StoredType } from "../stored-catalog.ts";
import { slotColumn } from "../tables.ts";

/** A row as a tool looks at it: nothing is taken for granted that damage could have undone. */
export interface StoredRecord {
  readonly kind: "node" | "edge";
  readonly id: Id;
  readonly key: bigint;
  readonly rest: bigint;
  /** Number of the node; of an edge the key of its row. */
  readonly row: number | bigint;
  readonly typeNumber: number;
  readonly type: StoredType | undefined;
  readonly ownerNumber: number;
  readonly owner: Id | undefined;
  readonly shape: number;
  /** As stored; null for the default of its kind. */
  readonly access: string | null;
  /** As stored; null for none. */
  readonly data: string | null;
  readonly fields: FieldData | RowDamage;
}

export interface StoredNode extends StoredRecord {
  readonly kind: "node";
  /** Keys by slot, from 1. */
  readonly keys: readonly (Uint8Array | null)[];
}

export interface StoredEdge extends StoredRecord {
  readonly kind: "edge";
  /** Where it is missing, the node is. */
  readonly source: Id | undefined;
  readonly target: Id | undefined;
  readonly sourceNumber: number;
  readonly targetNumber: number;
  /** Whether its row is one that was moved aside, and the entry that says of which id is missing. */
  readonly isLost: boolean;
}

const pageRows = 1_000;

/** Columns that nodes and edges have in common, under the names of their table. */
const common = (row: string): string =>
  `CAST(${row}.type AS REAL) AS type, CAST(${row}.owner AS REAL) AS owner, o.key AS owner_key, o.rest AS owner_rest, ` +
  `CAST(${row}.shape AS REAL) AS shape, ${row}.access AS access, ${row}.data AS data`;

/** All nodes but tombstones, in the order of their ids. Inside one read. */
export function* storedNodes(file: SqliteFile, connection: Connection): Generator<StoredNode> {
  let slots = "";
  for (let slot = 1; slot <= file.catalog.slots; slot++)
    slots += `, n.${slotColumn(slot)} AS ${slotColumn(slot)}`;
  const sql =
    `SELECT n.key AS key, n.rest AS rest, CAST(n.nr AS REAL) AS nr, ${common("n")}${slots} ` +
    "FROM nodes n LEFT JOIN owners o ON o.nr = n.owner " +
    "WHERE n.gone IS NULL AND (n.key, n.rest) > (?, ?) ORDER BY n.key, n.rest LIMIT ?";
  let after: readonly [bigint, bigint] = [-(2n ** 63n), 0n];
  for (;;) {
    const rows = connection.all(sql, ...after, BigInt(pageRows));
    for (const row of rows) {
      const keys = [null, ...(row.slice(10) as (Uint8Array | null)[])];
      yield { kind: "node", ...commonOf(file, row), row: row[2] as number, keys };
    }
    const last = rows.at(-1);
    if (rows.length < pageRows || last === undefined) return;
    after = [last[0] as bigint, last[1] as bigint];
  }
}

/** All edges but those of tombstones, in the order of their ids. Inside one read. */
export function* storedEdges(file: SqliteFile, connection: Connection): Generator<StoredEdge> {
  const moved = file.state.hasCollisions ? connection.all(edgesSql("e.key < ?", ""), 0n) : [];
  moved.sort((x, y) => compareHalves(x[0] as bigint, x[1] as bigint, y[0] as bigint, y[1] as bigint));
  const sql = edgesSql("e.key > ?", "LIMIT ?");
  for (let after = -1n; ; ) {
    const rows = connection.all(sql, after, BigInt(pageRows));
    for (const row of rows) {
      while (isBefore(moved[0], row)) yield edgeOf(file, moved.shift() as SqlRow);
      yield edgeOf(file, row);
    }
    if (rows.length < pageRows) break;
    after = rows.at(-1)?.[2] as bigint;
  }
  for (const row of moved) yield edgeOf(file, row);
}

const edgesSql = (which: string, limit: string): string =>
  `SELECT coalesce(c.key, e.key) AS key, e.rest AS rest, e.key AS row, ${common("e")}, ` +
  "s.key AS source_key, s.rest AS source_rest, t.key AS target_key, t.rest AS target_rest, " +
  "CAST(e.source AS REAL) AS source, CAST(e.target AS REAL) AS target, c.nr AS moved " +
  "FROM edges e LEFT JOIN owners o ON o.nr = e.owner LEFT JOIN nodes s ON s.nr = e.source " +
  "LEFT JOIN nodes t ON t.nr = e.target LEFT JOIN edge_collisions c ON e.key < 0 AND c.nr = -e.key " +
  `WHERE ${which} AND s.gone IS NULL AND t.gone IS NULL ORDER BY e.key ${limit}`;

function edgeOf(file: SqliteFile, row: SqlRow): StoredEdge {
  return {
    kind: "edge",
    ...commonOf(file, row),
    row: row[2] as bigint,
    source: row[10] === null ? undefined : idOf(row, 10),
    target: row[12] === null ? undefined : idOf(row, 12),
    sourceNumber: row[14] as number,
    targetNumber: row[15] as number,
    isLost: (row[2] as bigint) < 0n && row[16] === null,
  };
}

function commonOf(file: SqliteFile, row: SqlRow): Omit<StoredRecord, "kind" | "row"> {
  return {
    id: idOf(row, 0),
    key: row[0] as bigint,
    rest: row[1] as bigint,
    typeNumber: row[3] as number,
    type: file.catalog.type(row[3] as number),
    ownerNumber: row[4] as number,
    owner: row[5] === null ? undefined : idOf(row, 5),
    shape: row[7] as number,
    access: row[8] as string | null,
    data: row[9] as string | null,
    fields: decodeFields(row[9]),
  };
}

function isBefore(row: SqlRow | undefined, other: SqlRow): boolean {
  if (row === undefined) return false;
  return compareHalves(row[0] as bigint, row[1] as bigint, other[0] as bigint, other[1] as bigint) < 0;
}

/** Bytes of the record's fields and access record as they are stored. */
export function storedBytes({ data, access }: StoredRecord): number {
  return (data === null ? 0 : Buffer.byteLength(data)) + (access === null ? 0 : Buffer.byteLength(access));
}

export function isUnreadable(record: StoredRecord): record is StoredRecord & { fields: RowDamage } {
  return record.fields instanceof RowDamage;
}
