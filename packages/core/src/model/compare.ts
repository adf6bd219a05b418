import { kindOf, objectKind, type ValueKind } from "./value-kind.ts";

// A surrogate stands for a code point above every single unit, yet its unit is below U+E000 to U+FFFF.
function codePointRank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Order of strings by code point, which is also the order of their UTF-8 bytes. */
export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const x = left.charCodeAt(i);
    const y = right.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? codePointRank(x) - codePointRank(y) : x - y;
  }
  return left.length - right.length;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/**
 * The comparison table, the same in every store. Less than, equal to or greater than zero;
 * undefined where two values do not compare: different kinds (bigint and number are different kinds),
 * absence, and arrays, objects, Maps and Sets, which have equality alone.
 *
 * | kind | order |
 * |---|---|
 * | null | equal to itself |
 * | boolean | false, true |
 * | number, bigint | by size |
 * | string | by code point |
 * | Date | by time |
 * | Uint8Array | byte by byte, the shorter first |
 */
export function compareValues(left: unknown, right: unknown): number | undefined {
  switch (typeof left) {
    case "string":
      return typeof right === "string" ? compareStrings(left, right) : undefined;
    case "number":
      return typeof right === "number" ? left - right : undefined;
    case "bigint":
      return typeof right === "bigint" ? (left < right ? -1 : left > right ? 1 : 0) : undefined;
    case "boolean":
      return typeof right === "boolean" ? Number(left) - Number(right) : undefined;
    case "object":
      return typeof right === "object" ? compareObjects(left, right) : undefined;
    default:
      return undefined;
  }
}

function compareObjects(left: object | null, right: object | null): number | undefined {
  if (left === null || right === null) return left === right ? 0 : undefined;
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right);
  return undefined;
}

/**
 * Whether two stored values are the same data: by kind and contents, absence equal to absence.
 * Keys of objects, entries of Maps and members of Sets are compared in any order.
 */
export function equalValues(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  const kind = objectKind(left);
  if (kind !== objectKind(right)) return false;
  switch (kind) {
    case "date":
      return (left as Date).getTime() === (right as Date).getTime();
    case "bytes":
      return compareBytes(left as Uint8Array, right as Uint8Array) === 0;
    case "array":
      return equalArrays(left as unknown[], right as unknown[]);
    case "object":
      return equalObjects(left as Record<string, unknown>, right as Record<string, unknown>);
    case "map":
      return equalMaps(left as Map<unknown, unknown>, right as Map<unknown, unknown>);
    case "set":
      return equalSets(left as Set<unknown>, right as Set<unknown>);
    default:
      return false;
  }
}

function equalArrays(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (!equalValues(left[i], right[i])) return false;
  return true;
}

function equalObjects(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(right, key) || !equalValues(left[key], right[key])) return false;
  }
  return true;
}

function equalMaps(left: ReadonlyMap<unknown, unknown>, right: ReadonlyMap<unknown, unknown>): boolean {
  if (left.size !== right.size) return false;
  const rest: [unknown, unknown][] = [];
  for (const entry of left) {
    if (typeof entry[0] === "object" && entry[0] !== null) rest.push(entry);
    else if (!right.has(entry[0]) || !equalValues(entry[1], right.get(entry[0]))) return false;
  }
  return rest.length === 0 || equalInAnyOrder(rest, [...right].filter(hasObjectKey));
}

function hasObjectKey([key]: [unknown, unknown]): boolean {
  return typeof key === "object" && key !== null;
}

function equalSets(left: ReadonlySet<unknown>, right: ReadonlySet<unknown>): boolean {
  if (left.size !== right.size) return false;
  const rest: unknown[] = [];
  for (const member of left) {
    if (typeof member === "object" && member !== null) rest.push(member);
    else if (!right.has(member)) return false;
  }
  if (rest.length === 0) return true;
  return equalInAnyOrder(
    rest,
    [...right].filter((member) => typeof member === "object" && member !== null),
  );
}

/** Objects as keys and members are rare and few: each is looked for among those not yet matched. */
function equalInAnyOrder(left: readonly unknown[], right: unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (const item of left) {
    const at = right.findIndex((other) => equalValues(item, other));
    if (at < 0) return false;
    right.splice(at, 1);
  }
  return true;
}

const kindRanks: Readonly<Record<ValueKind, number>> = {
  null: 0,
  boolean: 1,
  number: 2,
  bigint: 3,
  string: 4,
  date: 5,
  bytes: 6,
  // These have no order of their own: they come together, in connection order.
  array: 7,
  object: 7,
  map: 7,
  set: 7,
};
const absentRank = 8;

function rankOf(value: unknown): number {
  const kind = kindOf(value);
  return kind === undefined ? absentRank : kindRanks[kind];
}

/**
 * The order of `orderBy`: total over all values. Kinds that do not compare follow each other as in the table of
 * `compareValues`; absence comes last in both directions; zero leaves the decision to the connection order.
 */
export function compareForOrder(left: unknown, right: unknown, descending = false): number {
  const order = compareValues(left, right);
  if (order !== undefined) return descending ? -order : order;
  const leftRank = rankOf(left);
  const rightRank = rankOf(right);
  if (leftRank === absentRank || rightRank === absentRank || !descending) return leftRank - rightRank;
  return rightRank - leftRank;
}
