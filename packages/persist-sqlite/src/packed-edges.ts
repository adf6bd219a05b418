import type { FieldData, IdColumn } from "@rootwalk/core/store";
import { pushHalves } from "./id-halves.ts";
import { farHeadParts, fieldsOf, headParts, noFields } from "./row-codec.ts";

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
// | 16 | number of the far end (31 bits), owner (20), data version (6), shape (6) |
// | 16, 16, 14 | key, rest and head of the far end, where they are asked for |
//
// An edge of which that is not all has 14 digits more at the end, and the far end's number alone as the third. Behind them
// come its head and that of the far end, where it is asked for, as arrays and, where fields are asked for, the stored
// text, quoted, null for none, or 1 where it is too long to come along.

const restAt = 16;
const thirdAt = 32;
const farKeyAt = 48;
const farHeadAt = 80;
const usualLength = 48;
const usualFarLength = 94;
const moreDigits = 14;

/** A text of fields that is longer comes by itself, so that no page becomes too long a text. */
const longestFields = 16_384;

/** Numbers of types from here on have no room in a head that is a number. */
export const packedTypes = 4_096;

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
  const more = "0".repeat(moreDigits);
  let isUsual =
    "e.access IS NULL AND e.access_version = 1 AND e.owner < 1048576 AND e.data_version < 64 AND e.shape < 64 " +
    `AND ${far} < 2147483648`;
  const third = `((${far} << 32) | (e.owner << 12) | (e.data_version << 6) | e.shape)`;
  let digits = "";
  let values = "";
  let heads = head.array;
  let unusual = ",%s";
  if (withFar) {
    isUsual += ` AND ${farHead.isUsual}`;
    digits = "%016x%016x%014x";
    values = `, f.key, f.rest, ${farHead.number}`;
    heads += `, ${farHead.array}`;
    unusual += ",%s";
  }
  if (fields) {
    heads += `, CASE WHEN length(e.data) > ${longestFields} THEN 1 ELSE ifnull(json_quote(e.data), 'null') END`;
    unusual += ",%s";
  }
  const usual = `'"%016x%016x%016x${digits}"', e.key, e.rest, ${third}${values}`;
  // What is cut off is no JSON any more, so that nobody takes it for the whole.
  const withFields = usual.replace(`"'`, `",%.${longestFields}s'`);
  return (
    "'[' || count(*) || ',' || group_concat(CASE " +
    (fields ? `WHEN ${isUsual} AND e.data IS NOT NULL THEN printf(${withFields}, e.data) ` : "") +
    `WHEN ${isUsual}${fields ? " AND e.data IS NULL" : ""} THEN printf(${usual}) ` +
    `ELSE printf('"%016x%016x%016x${digits}${more}"${unusual}', e.key, e.rest, ${far}${values}, ${heads}) END) || ']'`
  );
}

/** A page of edges, ascending, as `packedSql` gives it. */
export class PackedPage {
  readonly digits: string[] = [];
  /** One an edge where fields were asked for. */
  readonly fields: FieldData[] = [];
  readonly farNumbers: number[] = [];
  /** Of edges of which a head is no number: both heads, by place. */
  readonly heads: Map<number, readonly unknown[]> = new Map();
  more = false;

  get length(): number {
    return this.digits.length;
  }

  pushId(column: IdColumn, place: number): void {
    pushIdAt(column, this.digits[place] as string, 0);
  }

  /** What `headSql` gives for the edge, of a type below 4,096. */
  headAt(place: number, type: number): number | string {
    if (this.heads.size > 0) {
      const unusual = this.heads.get(place);
      if (unusual !== undefined) return JSON.stringify(unusual[0]);
    }
    const head = wordAt(this.digits[place] as string, thirdAt + 8);
    return (head >>> 12) * 2 ** 33 + (((head >>> 6) & 63) << 20) + ((head & 63) << 12) + type;
  }

  /** Appends the far end's id. */
  pushFar(column: IdColumn, place: number): void {
    pushIdAt(column, this.digits[place] as string, farKeyAt);
  }

  /** What `farHeadSql` gives for the far end. */
  farHeadAt(place: number): number | string {
    const unusual = this.heads.get(place);
    if (unusual !== undefined) return JSON.stringify(unusual[1]);
    const digits = this.digits[place] as string;
    return (wordAt(digits, farHeadAt) >>> 8) * 2 ** 32 + wordAt(digits, farHeadAt + 6);
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
        if (digits.length !== usual + moreDigits) return false;
        const heads = parts.slice(at, at + (withFar ? 2 : 1));
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
      const upper = wordAt(digits, thirdAt);
      const isUsual = digits.length === usual;
      this.digits.push(digits);
      this.farNumbers.push(isUsual ? upper : upper * 2 ** 32 + wordAt(digits, thirdAt + 8));
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
