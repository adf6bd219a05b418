import { type AnyEdge, CorruptRecordError } from "@rootwalk/core";
import { toTaggedJson } from "@rootwalk/core/store";
import { safe } from "../output.ts";
import type { AnyRecord } from "./ask.ts";

/** A record as plain data, in the order in which it is shown. */
export interface Row {
  readonly id: string;
  readonly type: string;
  readonly source?: string;
  readonly target?: string;
  readonly owner?: string;
  readonly access?: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Why its fields cannot be read. */
  readonly unreadable?: string;
}

/** @param isWhole with owner and access record. Inside the unit of work that read the record. */
export function rowOf(record: AnyRecord, isWhole = false): Row {
  let fields: Readonly<Record<string, unknown>> = {};
  let unreadable: string | undefined;
  try {
    fields = record.$data;
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error;
    unreadable = error.message;
  }
  const { all, roots } = record.$access;
  return {
    id: record.id,
    type: record.$type,
    ...("sourceId" in record && {
      source: (record as AnyEdge).sourceId,
      target: (record as AnyEdge).targetId,
    }),
    ...(isWhole && {
      owner: record.$ownerId,
      access: roots.size === 0 ? { all } : { all, roots: Object.fromEntries(roots) },
    }),
    fields,
    ...(unreadable !== undefined && { unreadable }),
  };
}

/** As JSON, with tags for what JSON lacks; with `names` only these fields. */
export function jsonOf(row: Row, names: readonly string[] | undefined): unknown {
  const { fields, ...rest } = row;
  return { ...rest, fields: toTaggedJson(picked(fields, names)) };
}

function picked(fields: Row["fields"], names: readonly string[] | undefined): Record<string, unknown> {
  if (names === undefined) return { ...fields };
  return Object.fromEntries(
    names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]),
  );
}

/** The names of all fields of the rows, in the order in which they first come. */
export function fieldNames(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ fields }) => Object.keys(fields)))];
}

/** What a person sees of a value. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "";
    case "string":
      return safe(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value instanceof Date ? value.toISOString() : safe(JSON.stringify(toTaggedJson(value)));
    default:
      return String(value);
  }
}
