import type { FieldData, IdColumn } from "@rootwalk/core/store";
import { pushHalves } from "./id-halves.ts";
import { farHeadParts, fieldsOf, type HeadArray, headParts, noFields } from "./row-codec.ts";

// A page of edges as one text. A value that SQLite hands over costs as much as the step to its row, and the text of each
// edge's fields as much to parse as all of them together cost half: an edge of six values takes 2.2 times as long.
//
// The text is a JSON array: how many edges there are, then of each edge a string of hexadecimal digits and, where fields
// are asked for, those, unless it has none:
//
// | digits | of |
// |---|---|
// | 16 | key |
// | 16 | rest |
// | 10 | number of the far end |
// | 14 | head |
// | 16, 16, 14 | key, rest and head of the far end, where they are asked for |
//
// An edge of which a head is no number has a shorter string, without heads. Behind it come the head or heads as arrays and,
// where fields are asked for, the stored text, quoted, null for none, or 1 where it is too long to come along.

const restAt = 16;
const farNumberAt = 32;
const headAt = 42;
const farKeyAt = 56;
const farHeadAt = 88;
const usualLength = 56;
const usualFarLength = 102;
const unusualLength = 42;
const unusualFarLength = 74;
const unusualFarKeyAt = 42;

/** A text of fields that is longer comes by itself, so that no page becomes too long a text. */
const longestFields = 16_384;

/** Edges in a page at most. */
export const mostPacked = 4_096;

/**
 * SQL for the text of rows of `edges`, an aggregate over `e`; NULL where there are none.
 *
 * @param key of the edge
 * @param far SQL for the number of the far end
 * @param withFar whether the far end's row is at hand, as `f`
 */
export function packedSql(far: string, fields: boolean, withFar: boolean): string {
  const head = headParts("e");
  const farHead = farHeadParts("f");
  const quoted = `CASE WHEN length(e.data) > ${longestFields} THEN 1 ELSE ifnull(json_quote(e.data), 'null') END`;
  let isUsual = head.isUsual;
  let digits = "%016x%016x%010x";
  let unusualDigits = digits;
  let values = `e.key, e.rest, ${far}`;
  let unusualValues = values;
  let heads = head.array;
  digits += "%014x";
  values += `, ${head.number}`;
  let unusual = ",%s";
  if (withFar) {
    isUsual += ` AND ${farHead.isUsual}`;
    digits += "%016x%016x%014x";
    values += `, f.key, f.rest, ${farHead.number}`;
    unusualDigits += "%016x%016x";
    unusualValues += ", f.key, f.rest";
    heads += `, ${farHead.array}`;
    unusual += ",%s";
  }
  if (fields) {
    heads += `, ${quoted}`;
    unusual += ",%s";
  }
  const alone = `WHEN ${isUsual}${fields ? " AND e.data IS NULL" : ""} THEN printf('"${digits}"', ${values}) `;
  const withFields = fields
    ? `WHEN ${isUsual} AND length(e.data) <= ${longestFields} THEN printf('"${digits}",%s', ${values}, e.data) `
    : "";
  return (
    `'[' || count(*) || ',' || group_concat(CASE ${withFields}${alone}` +
    `ELSE printf('"${unusualDigits}"${unusual}', ${unusualValues}, ${heads}) END) || ']'`
  );
}

/** A page of edges, ascending, as `packedSql` gives it. */
export class PackedPage {
  readonly digits: string[] = [];
  /** One an edge where fields were asked for. */
  readonly fields: FieldData[] = [];
  readonly farNumbers: number[] = [];
  /** Of edges of which a head is no number: both heads, by place. */
  readonly heads: Map<number, readonly HeadArray[]> = new Map();
  more = false;

  get length(): number {
    return this.digits.length;
  }

  pushId(column: IdColumn, place: number): void {
    pushIdAt(column, this.digits[place] as string, 0);
  }

  /** The edge's head, where it is a number. */
  headAt(place: number): number {
    return numberAt(this.digits[place] as string, headAt);
  }

  /** Appends the far end's id. */
  pushFar(column: IdColumn, place: number): void {
    pushIdAt(column, this.digits[place] as string, this.heads.has(place) ? unusualFarKeyAt : farKeyAt);
  }

  /** The far end's head, where it is a number. */
  farHeadAt(place: number): number {
    return numberAt(this.digits[place] as string, farHeadAt);
  }

  /**
   * Reads a text; false where it holds what only reading row by row can tell: damage, and what is too long.
   */
  read(text: string, fields: boolean, withFar: boolean): boolean {
    let parts: readonly unknown[];
    try {
      parts = JSON.parse(text) as readonly unknown[];
      return this.#take(parts, fields, withFar) && this.length === parts[0];
    } catch {
      return false;
    }
  }

  #take(parts: readonly unknown[], fields: boolean, withFar: boolean): boolean {
    const usual = withFar ? usualFarLength : usualLength;
    for (let at = 1; at < parts.length; ) {
      const digits = parts[at++];
      if (typeof digits !== "string") return false;
      if (digits.length !== usual) {
        if (digits.length !== (withFar ? unusualFarLength : unusualLength)) return false;
        const heads = parts.slice(at, at + (withFar ? 2 : 1)) as HeadArray[];
        at += heads.length;
        if (!heads.every(Array.isArray)) return false;
        this.heads.set(this.digits.length, heads);
        if (fields) {
          const stored = parts[at++];
          if (stored === null) this.fields.push(noFields);
          else if (typeof stored !== "string" || !this.#takeFields(JSON.parse(stored))) return false;
        }
      } else if (fields) {
        if (at < parts.length && typeof parts[at] !== "string") {
          if (!this.#takeFields(parts[at++])) return false;
        } else this.fields.push(noFields);
      }
      this.digits.push(digits);
      this.farNumbers.push(byteAt(digits, farNumberAt) * 2 ** 32 + wordAt(digits, farNumberAt + 2));
    }
    return true;
  }

  #takeFields(fields: unknown): boolean {
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return false;
    this.fields.push(fieldsOf(fields as Record<string, unknown>));
    return true;
  }
}

function pushIdAt(column: IdColumn, digits: string, at: number): void {
  const rest = at + restAt;
  pushHalves(
    column,
    wordAt(digits, at),
    wordAt(digits, at + 8),
    wordAt(digits, rest),
    wordAt(digits, rest + 8),
  );
}

/** The number of 14 digits from `at`; heads have no more than 53 bits. */
function numberAt(digits: string, at: number): number {
  const upper = (byteAt(digits, at) << 16) | (byteAt(digits, at + 2) << 8) | byteAt(digits, at + 4);
  return upper * 2 ** 32 + wordAt(digits, at + 6);
}

/** The number of eight digits from `at`. */
function wordAt(digits: string, at: number): number {
  return (
    ((byteAt(digits, at) << 24) |
      (byteAt(digits, at + 2) << 16) |
      (byteAt(digits, at + 4) << 8) |
      byteAt(digits, at + 6)) >>>
    0
  );
}

function byteAt(digits: string, at: number): number {
  return (
    ((digitValues[digits.charCodeAt(at)] as number) << 4) | (digitValues[digits.charCodeAt(at + 1)] as number)
  );
}

const digitValues = new Uint8Array(128);
for (let value = 0; value < 16; value++) digitValues["0123456789abcdef".charCodeAt(value)] = value;
