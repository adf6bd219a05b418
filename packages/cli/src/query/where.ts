import {
  and,
  contains,
  eq,
  gt,
  gte,
  lt,
  lte,
  ne,
  not,
  oneOf,
  or,
  type RecordOp,
  startsWith,
} from "@rootwalk/core";
import { fromTaggedJson } from "@rootwalk/core/store";
import { UsageError } from "../status.ts";

// Filters as a shell can say them: FIELD=VALUE for one test, or JSON for all that there is.

/** A filter as the library takes it, for types that are not known before the program runs. */
export type WhereFilter = RecordOp<Record<string, unknown>> | Record<string, unknown>;

const operators: Readonly<Record<string, (value: never) => unknown>> = {
  $eq: eq,
  $ne: ne,
  $gt: gt,
  $gte: gte,
  $lt: lt,
  $lte: lte,
  $oneOf: (values: never) => oneOf(values as never),
  $startsWith: startsWith,
  $contains: contains,
};

const signs: readonly (readonly [sign: string, operator: string])[] = [
  ["!=", "$ne"],
  [">=", "$gte"],
  ["<=", "$lte"],
  ["^=", "$startsWith"],
  ["~=", "$contains"],
  ["=", "$eq"],
  [">", "$gt"],
  ["<", "$lt"],
];

/** @throws {UsageError} for what is no filter */
export function parseWhere(text: string): WhereFilter {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return filterOf(parseJson(trimmed));
  const found = /^([\p{L}_][\p{L}\p{N}_]*)\s*(!=|>=|<=|\^=|~=|=|>|<)\s*(.*)$/su.exec(trimmed);
  if (found === null) {
    throw new UsageError(
      `--where ${text}: neither a test nor JSON`,
      `Write FIELD=VALUE (or ${signs.map(([sign]) => sign).join(" ")}), or JSON such as {"visits":{"$gte":10}}.`,
    );
  }
  const [, field = "", sign, value = ""] = found;
  const operator = signs.find(([known]) => known === sign)?.[1] as string;
  return { [field]: apply(operator, readValue(value)) };
}

/** What is JSON is that, `@2026-01-31` a date, `10n` a bigint as it is printed, everything else text as it stands. */
function readValue(text: string): unknown {
  if (text.startsWith("@")) {
    const date = new Date(text.slice(1));
    if (!Number.isNaN(date.getTime())) return date;
  }
  if (/^-?\d+n$/.test(text)) return BigInt(text.slice(0, -1));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return text;
  }
  return untagged(json);
}

function filterOf(json: unknown): WhereFilter {
  if (!isObject(json)) throw new UsageError(`--where: ${JSON.stringify(json)} is no object of tests`);
  const parts = Object.entries(json).flatMap(([key, value]) => partsOf(key, value));
  return parts.length === 1 ? (parts[0] as WhereFilter) : and(...(parts as never[]));
}

function partsOf(key: string, value: unknown): WhereFilter[] {
  switch (key) {
    case "$and":
      return [and(...(listOf(key, value) as never[]))];
    case "$or":
      return [or(...(listOf(key, value) as never[]))];
    case "$not":
      return [not(filterOf(value) as never)];
    default:
      if (isObject(value) && value.$absent === false && Object.keys(value).length === 1)
        return [not({ [key]: eq(undefined) })];
      return testsOf(key, value).map((test) => ({ [key]: test }));
  }
}

function listOf(key: string, value: unknown): WhereFilter[] {
  if (Array.isArray(value)) return value.map(filterOf);
  throw new UsageError(`--where: ${key} takes an array of filters`);
}

function testsOf(field: string, value: unknown): unknown[] {
  const isTests = isObject(value) && Object.keys(value).some((name) => name.startsWith("$"));
  if (!isTests) return [eq(untagged(value) as never)];
  return Object.entries(value).map(([name, operand]) => {
    if (name === "$absent") return eq(undefined);
    if (!Object.hasOwn(operators, name)) {
      const known = [...Object.keys(operators), "$absent"].join(", ");
      throw new UsageError(`--where: ${field} has the test ${name}; there are ${known}`);
    }
    if (name === "$oneOf" && !Array.isArray(operand))
      throw new UsageError(`--where: $oneOf of ${field} takes an array of values`);
    return apply(name, untagged(operand));
  });
}

function apply(operator: string, value: unknown): unknown {
  return (operators[operator] as (value: unknown) => unknown)(value);
}

function untagged(json: unknown): unknown {
  try {
    return fromTaggedJson(json);
  } catch (error) {
    throw new UsageError(`--where: ${(error as Error).message}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--where: no valid JSON: ${(error as Error).message}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
