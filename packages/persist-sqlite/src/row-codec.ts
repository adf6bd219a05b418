import {
  type AccessRecord,
  accessRecord,
  type FieldData,
  fromTaggedJson,
  type Id,
  isLevel,
  type Level,
  newEdgeAccess,
  newNodeAccess,
  RowDamage,
  toTaggedJson,
} from "@rootwalk/core/store";
import type { SqlValue } from "./drivers.ts";

// What nearly every row has in common travels as one number instead of five columns, each of which costs as much as a
// step of the index: type (12 bits), shape (8), data version (13), owner (20). Other rows send a JSON array.

/** SQL for the head of a row of `nodes` or `edges`. */
export function headSql(row: string): string {
  const { isUsual, number, array } = headParts(row);
  return `CASE WHEN ${isUsual} THEN CAST(${number} AS REAL) ELSE ${array} END`;
}

/** SQL for the head of a far end: type (12 bits) and owner (41). Of a tombstone it has a seventh element. */
export function farHeadSql(row: string): string {
  const { isUsual, number, array } = farHeadParts(row);
  return `CASE WHEN ${isUsual} THEN CAST(${number} AS REAL) ELSE ${array} END`;
}

/** SQL for whether a head is one number, for that number, and for the array that stands for it otherwise. */
export interface HeadParts {
  readonly isUsual: string;
  readonly number: string;
  readonly array: string;
}

export function headParts(row: string): HeadParts {
  return {
    isUsual:
      `${row}.access IS NULL AND ${row}.access_version = 1 AND ${row}.owner < 1048576 ` +
      `AND ${row}.data_version < 8192 AND ${row}.shape < 256 AND ${row}.type < 4096`,
    number: `((${row}.owner << 33) | (${row}.data_version << 20) | (${row}.shape << 12) | ${row}.type)`,
    array: `json_array(${row}.type, ${row}.owner, ${row}.data_version, ${row}.access_version, ${row}.shape, ${row}.access)`,
  };
}

export function farHeadParts(row: string): HeadParts {
  return {
    isUsual:
      `${row}.access IS NULL AND ${row}.access_version = 1 AND ${row}.gone IS NULL ` +
      `AND ${row}.owner < 2199023255552 AND ${row}.type < 4096`,
    number: `((${row}.owner << 12) | ${row}.type)`,
    array: `json_array(${row}.type, ${row}.owner, 1, ${row}.access_version, 1, ${row}.access, ${row}.gone)`,
  };
}

/** What `farHeadSql` gives for a record with the default access; `undefined` where it would give an array. */
export function farHead(type: number, owner: number): number | undefined {
  return type < 4096 && owner < 2 ** 41 ? owner * 4096 + type : undefined;
}

/** A row's head, decoded. One object is used again and again. */
export class Head {
  type = 0;
  owner = 0;
  dataVersion = 1;
  accessVersion = 1;
  shape = 1;
  /** As stored; null for the default. */
  access: string | null = null;
  isGone = false;

  /** @param value what `headSql` gave */
  read(value: SqlValue | undefined): void {
    if (typeof value !== "number") {
      this.#readArray(value);
      return;
    }
    const upper = Math.floor(value / 2 ** 20);
    const lower = value - upper * 2 ** 20;
    this.type = lower & 4095;
    this.shape = lower >>> 12;
    this.owner = Math.floor(upper / 2 ** 13);
    this.dataVersion = upper - this.owner * 2 ** 13;
    this.accessVersion = 1;
    this.access = null;
    this.isGone = false;
  }

  /** @param value what `farHeadSql` gave */
  readFar(value: SqlValue | undefined): void {
    if (typeof value !== "number") {
      this.#readArray(value);
      return;
    }
    this.owner = Math.floor(value / 2 ** 12);
    this.type = value - this.owner * 2 ** 12;
    this.accessVersion = 1;
    this.access = null;
    this.isGone = false;
  }

  #readArray(value: SqlValue | undefined): void {
    const [type, owner, dataVersion, accessVersion, shape, access, gone] = JSON.parse(value as string) as [
      number | null,
      number,
      number,
      number,
      number,
      string | null,
      number | null | undefined,
    ];
    // A far end whose row is missing has nothing at all.
    this.isGone = type === null || (gone !== null && gone !== undefined);
    this.type = type ?? 0;
    this.owner = owner;
    this.dataVersion = dataVersion;
    this.accessVersion = accessVersion;
    this.shape = shape;
    this.access = access;
  }
}

/** Access records remembered at most; most records of a graph share a few. */
const knownRecords = 4_096;

/** Access records and their readable text. */
export class AccessCodec {
  readonly #records: Map<string, AccessRecord> = new Map();

  /** The text of a record, null for the default of its kind. */
  encode(access: AccessRecord, kind: "node" | "edge"): string | null {
    const { all, roots } = access;
    if (roots.size > 0) return JSON.stringify({ all, roots: Object.fromEntries(roots) });
    return all === (kind === "node" ? newNodeAccess : newEdgeAccess).all ? null : JSON.stringify({ all });
  }

  decode(text: string | null, kind: "node" | "edge"): AccessRecord {
    if (text === null) return kind === "node" ? newNodeAccess : newEdgeAccess;
    let access = this.#records.get(text);
    if (access === undefined) {
      access = parseAccess(text);
      if (this.#records.size >= knownRecords) this.#records.clear();
      this.#records.set(text, access);
    }
    return access;
  }
}

/** What cannot be read grants nothing. */
function parseAccess(text: string): AccessRecord {
  try {
    const { all, roots = {} } = JSON.parse(text) as { all: Level; roots?: Record<Id, Level> };
    const entries = Object.entries(roots);
    if (isLevel(all) && entries.every(([, level]) => isLevel(level)))
      return accessRecord(all, new Map(entries));
  } catch {
    // As below.
  }
  return accessRecord("none");
}

/** Of a record that has none. */
export const noFields: FieldData = Object.freeze({});

/** Names of fields as JSON with what follows them; there are as many as types declare. */
const names: Map<string, string> = new Map();
const mostNames = 10_000;

/** The JSON text of a record's fields, null where it has none. */
export function encodeFields(fields: FieldData | RowDamage): string | null {
  // Few numbers are put together sooner by hand, and texts by JSON. Only what is neither can need a tag.
  let text = "{";
  for (const name in fields) {
    const value = (fields as FieldData)[name];
    if (value === undefined) continue;
    let part: string;
    if (typeof value === "number") part = Number.isFinite(value) ? `${value}` : "null";
    else if (typeof value === "boolean" || value === null) part = `${value}`;
    else return typeof value === "string" && isPlain(fields) ? JSON.stringify(fields) : encodeAny(fields);
    const key = names.get(name) ?? nameText(name);
    if (key === "") return encodeAny(fields);
    text += text.length === 1 ? key + part : `,${key}${part}`;
  }
  return text.length === 1 ? null : `${text}}`;
}

/** Whether JSON says it as it is. */
function isPlain(fields: FieldData | RowDamage): boolean {
  for (const name in fields) {
    const value = (fields as FieldData)[name];
    if (typeof value === "bigint" || (typeof value === "object" && value !== null)) return false;
    if (name.charCodeAt(0) === 64) return false;
  }
  return true;
}

/** The name as JSON begins a field with it; empty where it may be a tag. */
function nameText(name: string): string {
  if (name.charCodeAt(0) === 64) return "";
  if (names.size >= mostNames) names.clear();
  const text = `${JSON.stringify(name)}:`;
  names.set(name, text);
  return text;
}

function encodeAny(fields: FieldData | RowDamage): string | null {
  const text = JSON.stringify(toTaggedJson(fields));
  return text === "{}" ? null : text;
}

/**
 * The fields of a stored text. What is inside them is frozen as everything that was taken in; the record itself, which
 * L1 takes apart, is not.
 */
export function decodeFields(text: SqlValue | undefined): FieldData | RowDamage {
  if (text === null) return noFields;
  try {
    const fields: unknown = JSON.parse(text as string);
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
      return new RowDamage("its fields are no object", text as string);
    }
    return fieldsOf(fields as Record<string, unknown>);
  } catch (error) {
    return new RowDamage(error instanceof Error ? error.message : String(error), String(text));
  }
}

/** As `decodeFields`, of an object that has just been parsed. Takes it over. @throws for what it cannot be */
export function fieldsOf(record: Record<string, unknown>): FieldData {
  let isPlain = true;
  for (const name in record) {
    // Names of fields are identifiers, so that others are a tag, or damage.
    if (isUnusual(name)) return fromTaggedJson(record) as FieldData;
    const value = record[name];
    isPlain &&= typeof value !== "object" || value === null;
  }
  if (!isPlain) for (const name in record) record[name] = fromTaggedJson(record[name]);
  return record;
}

function isUnusual(name: string): boolean {
  return name.charCodeAt(0) === 64 || name === "__proto__" || name === "constructor" || name === "prototype";
}
