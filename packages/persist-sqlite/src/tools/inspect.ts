import { statSync } from "node:fs";
import type { FieldDescription, Id } from "@rootwalk/core/store";
import type { Connection } from "../connection.ts";
import type { SqlRow } from "../drivers.ts";
import type { SqliteFile } from "../file.ts";
import type { KeyIndex } from "../key-index.ts";
import { formatVersion, slotColumn } from "../tables.ts";
import { lookAt, type ToolOptions } from "./open-tool.ts";
import { isUnreadable, storedBytes, storedEdges, storedNodes } from "./stored-records.ts";

/** What a file holds. What takes a look at every record is left out where `records` is false. */
export interface FileReport {
  readonly path: string;
  readonly format: number;
  /** Begins anew where commits may have been taken back: in a copy, or after a power loss below full durability. */
  readonly incarnation: string;
  readonly fileBytes: number;
  /** The write-ahead log: what was committed and is not in the file itself yet. */
  readonly logBytes: number;
  readonly pageBytes: number;
  readonly pages: number;
  /** Pages that nothing uses, which new records take first. */
  readonly freePages: number;
  /** Number of the newest commit. */
  readonly commit: number;
  /** Deleted nodes that are still to be removed. */
  readonly tombstones?: number;
  readonly types: readonly TypeReport[];
  readonly indexes: readonly IndexReport[];
  /** SQLite's tables and indexes with their bytes, by `dbstat`; absent where the SQLite library has not got that. */
  readonly tables?: readonly TableReport[];
  /** Records whose fields cannot be read, those that were met first. */
  readonly unreadable?: readonly UnreadableReport[];
  readonly unreadableCount?: number;
}

/** One type of a file. */
export interface TypeReport {
  readonly name: string;
  readonly kind: "node" | "edge";
  readonly parent?: string;
  readonly undirected?: true;
  /** As the newest shape has them. */
  readonly fields: readonly FieldDescription[];
  /** Shapes that its records have had. */
  readonly shapes: number;
  /** Its records, without those of types that extend it. */
  readonly count?: number;
  /** Bytes of their fields and access records as stored: what they take in the file is this and what each row adds. */
  readonly bytes?: number;
}

/** One declared index of a file. */
export interface IndexReport {
  readonly name: string;
  readonly type: string;
  readonly fields: readonly string[];
  readonly unique: boolean;
  readonly per?: "owner";
  /** While it is being built, records up to the node number `built` of `total` are in it. */
  readonly state: "complete" | "building";
  readonly built?: number;
  readonly total?: number;
  readonly entries?: number;
}

/** What one of SQLite's own tables or indexes takes. */
export interface TableReport {
  readonly name: string;
  readonly bytes: number;
}

/** A record whose fields cannot be read. */
export interface UnreadableReport {
  readonly kind: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  readonly reason: string;
}

/** Options of `inspectFile`. */
export interface InspectOptions extends ToolOptions {
  /** Whether to look at every record, for counts, sizes and what cannot be read. Default: true */
  readonly records?: boolean;
}

const mostListed = 100;

/**
 * Tells what a file holds, as it is at one moment, without changing it and without the code of the app that wrote it.
 * With `records` it reads the whole file: some seconds for a million records.
 *
 * @throws {GraphError} as a store that is opened for reading only: `RW_STORE_PLACE`, `RW_STORE_FORMAT`
 */
export function inspectFile(path: string, options: InspectOptions = {}): Promise<FileReport> {
  const { records = true, ...rest } = options;
  return lookAt(path, rest, "inspecting it", (file, connection) => report(file, connection, records));
}

function report(file: SqliteFile, connection: Connection, records: boolean): FileReport {
  const { state, catalog, path } = file;
  const found = records ? countRecords(file, connection) : undefined;
  const tables = records ? tableBytes(connection) : undefined;
  return {
    path,
    format:
      numberOf(connection, "SELECT CAST(value AS REAL) AS value FROM meta WHERE name = 'format'") ??
      formatVersion,
    incarnation: state.incarnation,
    fileBytes: sizeOf(path),
    logBytes: sizeOf(`${path}-wal`),
    pageBytes: numberOf(connection, "PRAGMA page_size") ?? 0,
    pages: numberOf(connection, "PRAGMA page_count") ?? 0,
    freePages: numberOf(connection, "PRAGMA freelist_count") ?? 0,
    commit: state.seq,
    types: catalog.description.types.map(({ name, kind, parent, undirected, shapes }) => ({
      name,
      kind,
      ...(parent !== undefined && { parent }),
      ...(undirected && { undirected }),
      fields: shapes.at(-1)?.fields ?? [],
      shapes: shapes.length,
      ...(found && { count: 0, bytes: 0, ...found.types.get(name) }),
    })),
    indexes: catalog.indexes.map((index) => indexReport(connection, index, records)),
    ...(tables && { tables }),
    ...(found && {
      tombstones:
        numberOf(connection, "SELECT CAST(count(*) AS REAL) AS n FROM nodes WHERE gone IS NOT NULL") ?? 0,
      unreadable: found.unreadable,
      unreadableCount: found.unreadableCount,
    }),
  };
}

function countRecords(file: SqliteFile, connection: Connection) {
  const types = new Map<string, { count: number; bytes: number }>();
  const unreadable: UnreadableReport[] = [];
  let unreadableCount = 0;
  for (const records of [storedNodes(file, connection), storedEdges(file, connection)]) {
    for (const record of records) {
      const type = record.type?.description.name ?? `type ${record.typeNumber}`;
      let counted = types.get(type);
      if (counted === undefined) {
        counted = { count: 0, bytes: 0 };
        types.set(type, counted);
      }
      counted.count += 1;
      counted.bytes += storedBytes(record);
      if (!isUnreadable(record)) continue;
      unreadableCount += 1;
      if (unreadable.length < mostListed)
        unreadable.push({ kind: record.kind, id: record.id, type, reason: record.fields.reason });
    }
  }
  return { types, unreadable, unreadableCount };
}

function indexReport(connection: Connection, index: KeyIndex, records: boolean): IndexReport {
  const { name, type, fields, unique, perOwner, built, slot } = index;
  const column = slotColumn(slot);
  const sql = `SELECT CAST(count(*) AS REAL) AS n FROM nodes WHERE ${column} >= ? AND ${column} < ?`;
  const ends = [Uint8Array.of(), Uint8Array.of(0xff)].map((values) => index.bound(values, undefined));
  return {
    name,
    type,
    fields,
    unique,
    ...(perOwner && { per: "owner" as const }),
    ...(built === undefined
      ? { state: "complete" as const }
      : {
          state: "building" as const,
          built,
          total: numberOf(connection, "SELECT CAST(ifnull(max(nr), 0) AS REAL) AS n FROM nodes") ?? 0,
        }),
    ...(records && { entries: connection.get(sql, ...ends)?.[0] as number }),
  };
}

/** Bytes of pages by what they belong to; `undefined` where SQLite was built without its table of them. */
function tableBytes(connection: Connection): TableReport[] | undefined {
  const sql =
    "SELECT name, CAST(sum(pgsize) AS REAL) AS bytes FROM dbstat GROUP BY name ORDER BY bytes DESC, name";
  let rows: SqlRow[];
  try {
    rows = connection.all(sql);
  } catch (error) {
    if (/no such table/.test(String(error))) return undefined;
    throw error;
  }
  return rows.map(([name, bytes]) => ({ name: name as string, bytes: bytes as number }));
}

function numberOf(connection: Connection, sql: string): number | undefined {
  const value = connection.get(sql)?.[0];
  return value === null || value === undefined ? undefined : Number(value);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
