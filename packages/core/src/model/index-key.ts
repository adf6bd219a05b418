import { ValidationError } from "../errors.ts";
import { describeKind, kindOf, type ValueKind } from "./value-kind.ts";

/** The longest index key, in bytes. */
export const maxIndexKeyBytes = 1024;

/** What a filter says about the order of one field; all that is present holds together. */
export interface FieldRange {
  readonly lower?: { readonly value: unknown; readonly inclusive: boolean };
  readonly upper?: { readonly value: unknown; readonly inclusive: boolean };
  /** The field is a string that starts so. */
  readonly prefix?: string;
}

/** The keys from `from` (inclusive) to `to` (exclusive), by bytes. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

// A first byte for each kind, in the order of compareForOrder; kinds without an order have no key.
const kindBytes: Readonly<Partial<Record<ValueKind, number>>> = {
  null: 0x10,
  boolean: 0x20,
  number: 0x30,
  bigint: 0x40,
  string: 0x50,
  date: 0x60,
  bytes: 0x70,
};
const absentByte = 0xf0;

// Text and bytes end with 0. The bytes 0 and 1 inside are written as 1 1 and 1 2, so that order is kept.
const terminator = 0;
const escapeByte = 1;

const scratch = new Uint8Array(maxIndexKeyBytes);
const number = new DataView(new ArrayBuffer(8));
const encoder = new TextEncoder();
let length = 0;

class KeyTooLong extends Error {}

function put(byte: number): void {
  if (length === maxIndexKeyBytes) throw new KeyTooLong();
  scratch[length++] = byte;
}

function putEscapedByte(byte: number): void {
  if (byte <= escapeByte) {
    put(escapeByte);
    put(byte + 1);
  } else put(byte);
}

function putEscaped(bytes: Uint8Array): void {
  for (const byte of bytes) putEscapedByte(byte);
}

function putWord(): void {
  for (let i = 0; i < 8; i++) put(number.getUint8(i));
}

/** A double whose bytes order like numbers: the sign bit flipped, and all bits where it is negative. */
function putNumber(value: number): void {
  number.setFloat64(0, value);
  const negative = number.getUint8(0) >= 0x80;
  number.setInt32(0, number.getInt32(0) ^ (negative ? -1 : -0x80000000));
  if (negative) number.setInt32(4, ~number.getInt32(4));
  putWord();
}

/** Appends one value; false where its kind has no place in an index. */
function putValue(value: unknown): boolean {
  if (value === undefined) {
    put(absentByte);
    return true;
  }
  const kind = kindOf(value);
  const first = kind === undefined ? undefined : kindBytes[kind];
  if (first === undefined) return false;
  put(first);
  switch (kind) {
    case "boolean":
      put(value === true ? 1 : 0);
      break;
    case "number":
      putNumber(value as number);
      break;
    case "bigint":
      number.setBigInt64(0, value as bigint);
      number.setUint8(0, number.getUint8(0) ^ 0x80);
      putWord();
      break;
    case "string":
      putText(value as string);
      put(terminator);
      break;
    case "date":
      putNumber((value as Date).getTime());
      break;
    case "bytes":
      if ((value as Uint8Array).length > maxIndexKeyBytes) throw new KeyTooLong();
      putEscaped(value as Uint8Array);
      put(terminator);
      break;
  }
  return true;
}

function putText(text: string): void {
  if (text.length > maxIndexKeyBytes) throw new KeyTooLong();
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Most text is ASCII, which needs no encoder.
    if (unit > 0x7f) {
      putEscaped(encoder.encode(text.slice(i)));
      return;
    }
    putEscapedByte(unit);
  }
}

/**
 * The key of an index entry: bytes that order like the values do, one after another, by `compareForOrder`
 * (absence last). Keys of different numbers of values never equal, and no key is the beginning of another
 * unless its values are.
 *
 * @throws {ValidationError} `RW_INDEX_KEY` for arrays, objects, Maps and Sets, `RW_INDEX_KEY_TOO_LARGE` beyond 1 KiB.
 */
export function indexKey(values: readonly unknown[]): Uint8Array {
  length = 0;
  try {
    for (const value of values) {
      if (!putValue(value)) {
        const valueKind = describeKind(value);
        throw new ValidationError({
          code: "RW_INDEX_KEY",
          message: `A value of kind ${valueKind} cannot be part of an index key`,
          valueKind,
        });
      }
    }
  } catch (error) {
    if (!(error instanceof KeyTooLong)) throw error;
    throw new ValidationError({
      code: "RW_INDEX_KEY_TOO_LARGE",
      details: { limit: maxIndexKeyBytes },
    });
  }
  return scratch.slice(0, length);
}

/**
 * The keys whose first values equal `equal` and whose next value lies in `range`.
 *
 * @returns undefined where no key can be in it: a bound without a place in an index, or bounds of two kinds.
 */
export function keyRange(equal: readonly unknown[], range: FieldRange = {}): KeyRange | undefined {
  length = 0;
  try {
    for (const value of equal) if (!putValue(value)) return undefined;
    return withinRange(range);
  } catch (error) {
    if (error instanceof KeyTooLong) return undefined;
    throw error;
  }
}

function withinRange(range: FieldRange): KeyRange | undefined {
  const start = length;
  let from: Uint8Array = scratch.slice(0, start);
  let to: Uint8Array = successor(from);
  const kinds = new Set<number>();
  const bound = (value: unknown): Uint8Array | undefined => {
    length = start;
    if (value === undefined || !putValue(value)) return undefined;
    const key = scratch.slice(0, length);
    kinds.add(key[start] as number);
    // Values of other kinds lie outside: the bound's own kind limits both ends.
    const kind = key.subarray(0, start + 1);
    from = later(from, kind.slice());
    to = earlier(to, successor(kind));
    return key;
  };
  if (range.lower !== undefined) {
    const key = bound(range.lower.value);
    if (key === undefined) return undefined;
    from = later(from, range.lower.inclusive ? key : successor(key));
  }
  if (range.upper !== undefined) {
    const key = bound(range.upper.value);
    if (key === undefined) return undefined;
    to = earlier(to, range.upper.inclusive ? successor(key) : key);
  }
  if (range.prefix !== undefined) {
    const key = bound(range.prefix);
    if (key === undefined) return undefined;
    const open = key.slice(0, -1);
    from = later(from, open);
    to = earlier(to, successor(open));
  }
  return kinds.size > 1 || compareKeys(from, to) >= 0 ? undefined : { from, to };
}

/** The first key after all that begin with `key`. The first byte of a key is never 0xff, so there is one. */
function successor(key: Uint8Array): Uint8Array {
  let end = key.length;
  while (end > 0 && key[end - 1] === 0xff) end--;
  if (end === 0) return Uint8Array.of(0xff);
  const next = key.slice(0, end);
  next[end - 1] = (next[end - 1] as number) + 1;
  return next;
}

function later<T extends Uint8Array>(left: T, right: T): T {
  return compareKeys(left, right) >= 0 ? left : right;
}

function earlier<T extends Uint8Array>(left: T, right: T): T {
  return compareKeys(left, right) <= 0 ? left : right;
}

/** Order of keys: byte by byte, the shorter first. */
export function compareKeys(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
