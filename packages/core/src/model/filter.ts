import { ValidationError } from "../errors.ts";
import { generate, quoted } from "../util/generated-code.ts";
import { nextNumber } from "../util/next-number.ts";
import { stableJson } from "../util/stable-json.ts";
import { compareValues, equalValues } from "./compare.ts";
import type { FieldRange } from "./index-key.ts";
import { FieldTest, type FilterOp, RecordTest } from "./operator.ts";
import { toTaggedJson } from "./tagged-json.ts";
import { takeIn } from "./value.ts";
import { describeKind, kindOf, type StoredValue, type ValueKind } from "./value-kind.ts";

/**
 * A filter as plain data, normalised: what stores are given, guards are made of and `compileFilter` runs.
 *
 * Every test is false for an absent field and for values of another kind (`ne` too), with one exception:
 * `eq` with `value: undefined` is true for an absent field alone. Strings compare by code point.
 */
export type Filter =
  | { readonly kind: "and"; readonly parts: readonly Filter[] }
  | { readonly kind: "or"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter }
  | FieldFilter;

/** One test of one field. The value of `oneOf` is an array, without doubles, in canonical order. */
export interface FieldFilter {
  readonly kind: "field";
  readonly field: string;
  readonly op: FilterOp;
  readonly value: StoredValue | undefined;
}

/** What filters are checked against. */
export interface FilterScope {
  /** Names the type in errors. */
  readonly name: string;
  hasField(field: string): boolean;
  readonly fieldNames: readonly string[];
}

/**
 * Checks what a caller gave as a filter and gives it as plain data.
 *
 * `{ name: "x", at: gte(5) }` is a conjunction, in which a plain value means `eq` and `undefined` absence;
 * `and`, `or` and `not` combine such objects. Nested conjunctions and disjunctions are merged.
 *
 * @returns undefined for a filter that every record passes.
 * @throws {ValidationError} `RW_UNKNOWN_FIELD`, `RW_FILTER_INVALID`, or what `takeIn` says of a value.
 */
export function normalizeFilter(input: unknown, scope: FilterScope): Filter | undefined {
  if (input === undefined) return undefined;
  const filter = normalizeRecord(input, scope, 0);
  return filter.kind === "and" && filter.parts.length === 0 ? undefined : filter;
}

function invalid(scope: FilterScope, fact: string, field?: string, value?: unknown): ValidationError {
  return new ValidationError({
    code: "RW_FILTER_INVALID",
    message: `Filter on ${scope.name}${field === undefined ? "" : `.${field}`}: ${fact}`,
    path: field === undefined ? [] : [field],
    valueKind: describeKind(value),
  });
}

/** Levels of `and`, `or` and `not`; what runs filters, here and in stores, calls itself for each. */
const maxDepth = 90;

function normalizeRecord(input: unknown, scope: FilterScope, depth: number): Filter {
  if (input instanceof RecordTest) {
    if (depth === maxDepth) throw invalid(scope, `it is nested more than ${maxDepth} levels deep`);
    if (input.kind === "not") {
      if (input.parts.length !== 1) throw invalid(scope, "not() takes one filter");
      return Object.freeze({ kind: "not", part: normalizeRecord(input.parts[0], scope, depth + 1) });
    }
    return combine(
      input.kind,
      input.parts.map((part) => normalizeRecord(part, scope, depth + 1)),
    );
  }
  if (input instanceof FieldTest) {
    throw invalid(scope, `${input.op}() tests a field: write { field: ${input.op}(…) }`, undefined, input);
  }
  if (kindOf(input) !== "object") {
    throw invalid(scope, `expected an object of fields, got ${describeKind(input)}`, undefined, input);
  }
  const parts: Filter[] = [];
  const tests = Object.entries(input as object);
  // Symbols are not read, as JSON does not; a filter of nothing else was not meant to let everything pass.
  const [symbol] = tests.length > 0 ? [] : Object.getOwnPropertySymbols(input as object);
  if (symbol !== undefined)
    throw invalid(scope, `its only key is ${String(symbol)}, and no field is a symbol`);
  for (const [field, test] of tests) {
    if (!scope.hasField(field)) {
      const known = scope.fieldNames.length === 0 ? "it has none" : `it has ${scope.fieldNames.join(", ")}`;
      throw new ValidationError({
        code: "RW_UNKNOWN_FIELD",
        message: `${scope.name} has no field "${field}"; ${known}`,
        path: [field],
      });
    }
    parts.push(normalizeField(field, test, scope));
  }
  return combine("and", parts);
}

/** Merges parts of the same kind and drops doubles; a single part stands for itself. */
function combine(kind: "and" | "or", parts: readonly Filter[]): Filter {
  const merged = new Map<string, Filter>();
  for (const part of parts) {
    for (const piece of part.kind === kind ? part.parts : [part]) merged.set(filterKey(piece), piece);
  }
  // In the order of their keys: filters that mean the same then are the same.
  const keys = [...merged.keys()].sort();
  if (keys.length === 1) return merged.get(keys[0] as string) as Filter;
  return Object.freeze({ kind, parts: Object.freeze(keys.map((key) => merged.get(key) as Filter)) });
}

function normalizeField(field: string, test: unknown, scope: FilterScope): FieldFilter {
  if (test instanceof RecordTest) {
    throw invalid(scope, `${test.kind}() tests a record, not a field`, field, test);
  }
  const op = test instanceof FieldTest ? test.op : "eq";
  const given = test instanceof FieldTest ? test.value : test;
  if (given === undefined) {
    if (op === "eq") return fieldFilter(field, "eq", undefined);
    throw invalid(scope, `${op}(undefined) is never true; eq(undefined) tests for absence`, field, given);
  }
  if (op === "oneOf") return fieldFilter(field, op, takeChoices(field, given, scope));
  const foreign = test === given ? foreignOperator(given) : undefined;
  if (foreign !== undefined)
    throw invalid(
      scope,
      `there is no operator "${foreign}": write { ${field}: gt(…) }, or eq(…) to compare with such an object`,
      field,
      given,
    );
  const value = takeIn(given, [field]);
  if (
    (op === "gt" || op === "gte" || op === "lt" || op === "lte") &&
    compareValues(value, value) === undefined
  ) {
    throw invalid(scope, `${op}() needs a value with an order, got ${describeKind(value)}`, field, value);
  }
  if (op === "startsWith" && typeof value !== "string") {
    throw invalid(scope, `startsWith() needs a string, got ${describeKind(value)}`, field, value);
  }
  return fieldFilter(field, op, value);
}

/** `{ $gt: 3 }` would be compared with as the object that it is, and so be passed by nothing. */
function foreignOperator(value: unknown): string | undefined {
  if (kindOf(value) !== "object") return undefined;
  return Object.keys(value as object).find((key) => key.startsWith("$"));
}

function fieldFilter(field: string, op: FilterOp, value: StoredValue | undefined): FieldFilter {
  return Object.freeze({ kind: "field", field, op, value });
}

function takeChoices(field: string, given: unknown, scope: FilterScope): StoredValue {
  if (!Array.isArray(given)) {
    throw invalid(scope, `oneOf() needs an array, got ${describeKind(given)}`, field, given);
  }
  const choices = new Map<string, StoredValue>();
  for (const [i, choice] of given.entries()) {
    const taken = takeIn(choice, [field, i]);
    choices.set(stableJson(toTaggedJson(taken)), taken);
  }
  return Object.freeze([...choices].sort(byKey).map(([, choice]) => choice));
}

function byKey(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : 1;
}

const keys = new WeakMap<Filter, string>();

/** Canonical text of a filter: equal exactly for filters that are the same after normalisation. */
export function filterKey(filter: Filter): string {
  let key = keys.get(filter);
  if (key === undefined) {
    key = makeKey(filter);
    keys.set(filter, key);
  }
  return key;
}

function makeKey(filter: Filter): string {
  switch (filter.kind) {
    case "and":
    case "or":
      return `${filter.kind}(${filter.parts.map(filterKey).join(",")})`;
    case "not":
      return `not(${filterKey(filter.part)})`;
    case "field": {
      // Absence has no JSON; an empty text is none either.
      const value = filter.value === undefined ? "" : stableJson(toTaggedJson(filter.value));
      return `${filter.op}(${filter.field},${value})`;
    }
  }
}

/** Names of the fields that a filter tests. */
export function filterFields(filter: Filter, into: Set<string> = new Set()): Set<string> {
  switch (filter.kind) {
    case "and":
    case "or":
      for (const part of filter.parts) filterFields(part, into);
      break;
    case "not":
      filterFields(filter.part, into);
      break;
    case "field":
      into.add(filter.field);
      break;
  }
  return into;
}

/** The field tests that must all hold, whatever else the filter says. */
function conjuncts(filter: Filter | undefined): readonly FieldFilter[] {
  if (filter?.kind === "field") return [filter];
  if (filter?.kind !== "and") return [];
  return filter.parts.filter((part) => part.kind === "field");
}

/** Fields that must equal a value (which is undefined where absence is asked for), for matching indexes. */
export function equalityOn(filter: Filter | undefined): ReadonlyMap<string, StoredValue | undefined> {
  const equal = new Map<string, StoredValue | undefined>();
  for (const { field, op, value } of conjuncts(filter)) if (op === "eq") equal.set(field, value);
  return equal;
}

/** The values of which a field must have one, by `oneOf` or `eq`; undefined where the filter does not say so. */
export function choicesOn(filter: Filter | undefined, field: string): readonly StoredValue[] | undefined {
  let choices: readonly StoredValue[] | undefined;
  for (const test of conjuncts(filter)) {
    if (test.field !== field || test.value === undefined) continue;
    if (test.op === "eq") return [test.value];
    if (test.op === "oneOf") choices = test.value as readonly StoredValue[];
  }
  return choices;
}

/** The tightest range in which a field must lie; undefined where the filter does not limit it. */
export function rangeOn(filter: Filter | undefined, field: string): FieldRange | undefined {
  let lower: FieldRange["lower"];
  let upper: FieldRange["upper"];
  let prefix: string | undefined;
  for (const { field: tested, op, value } of conjuncts(filter)) {
    if (tested !== field) continue;
    const bound = { value, inclusive: op === "gte" || op === "lte" };
    if (op === "gt" || op === "gte") lower = tighter(lower, bound, 1);
    else if (op === "lt" || op === "lte") upper = tighter(upper, bound, -1);
    else if (op === "startsWith" && (prefix === undefined || (value as string).length > prefix.length)) {
      prefix = value as string;
    }
  }
  if (lower === undefined && upper === undefined && prefix === undefined) return undefined;
  return { ...(lower && { lower }), ...(upper && { upper }), ...(prefix !== undefined && { prefix }) };
}

type Bound = NonNullable<FieldRange["lower"]>;

/** Of two bounds the one that leaves less; either may stay where they do not compare, the filter is tested anyway. */
function tighter(known: Bound | undefined, bound: Bound, direction: 1 | -1): Bound {
  if (known === undefined) return bound;
  const order = (compareValues(bound.value, known.value) ?? 0) * direction;
  if (order !== 0) return order > 0 ? bound : known;
  return known.inclusive ? bound : known;
}

/** The fields of a record as the library holds them. */
type State = Readonly<Record<string, unknown>>;

/** A filter as a function of a record's state. Made once a query; no checks are left to do. */
export type CompiledFilter = (state: State) => boolean;

export function compileFilter(filter: Filter): CompiledFilter {
  const values: unknown[] = [];
  const code = codeOf(filter, values);
  const names = values.map((_, i) => `v${i}`).join(",");
  return generate<CompiledFilter>(names, `(s) => ${code}`, values) ?? interpretFilter(filter);
}

const signs = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/**
 * The filter as an expression over the state `s`; what it compares with, and tests that are called as they are, become
 * `values`.
 */
function codeOf(filter: Filter, values: unknown[]): string {
  if (filter.kind === "not") return `!(${codeOf(filter.part, values)})`;
  if (filter.kind !== "field") {
    if (filter.parts.length === 0) return String(filter.kind === "and");
    return filter.parts
      .map((part) => `(${codeOf(part, values)})`)
      .join(filter.kind === "and" ? " && " : " || ");
  }
  const { field, op, value } = filter;
  const stored = `s[${quoted(field)}]`;
  if (op === "eq" && !isObject(value)) return `${stored} === v${values.push(value) - 1}`;
  if (typeof value === "number" && (op === "gt" || op === "gte" || op === "lt" || op === "lte"))
    return `typeof ${stored} === "number" && ${stored} ${signs[op]} v${values.push(value) - 1}`;
  return `v${values.push(compileField(filter)) - 1}(s)`;
}

/** A test of one field that numbers from `least` to `most` pass, and nothing else does. */
export interface NumberRange {
  readonly field: string;
  readonly least: number;
  readonly most: number;
}

/** The filter as such a test, where it is one. */
export function numberRange(filter: Filter): NumberRange | undefined {
  if (filter.kind !== "field" || typeof filter.value !== "number") return undefined;
  const { field, op, value } = filter;
  switch (op) {
    case "eq":
      return { field, least: value, most: value };
    case "gt":
      return { field, least: nextNumber(value), most: Number.POSITIVE_INFINITY };
    case "gte":
      return { field, least: value, most: Number.POSITIVE_INFINITY };
    case "lt":
      return { field, least: Number.NEGATIVE_INFINITY, most: -nextNumber(-value) };
    case "lte":
      return { field, least: Number.NEGATIVE_INFINITY, most: value };
    default:
      return undefined;
  }
}

/** As compiled, call by call: where no code may be generated. */
export function interpretFilter(filter: Filter): CompiledFilter {
  switch (filter.kind) {
    case "and": {
      const parts = filter.parts.map(interpretFilter);
      const [first, second] = parts;
      if (first !== undefined && second !== undefined && parts.length === 2) {
        return (state) => first(state) && second(state);
      }
      return (state) => {
        for (const part of parts) if (!part(state)) return false;
        return true;
      };
    }
    case "or": {
      const parts = filter.parts.map(interpretFilter);
      return (state) => {
        for (const part of parts) if (part(state)) return true;
        return false;
      };
    }
    case "not": {
      const part = interpretFilter(filter.part);
      return (state) => !part(state);
    }
    case "field":
      return compileField(filter);
  }
}

function compileField({ field, op, value }: FieldFilter): CompiledFilter {
  switch (op) {
    case "eq":
      // Scalars equal as JavaScript has it; only Dates, bytes and containers need a look inside.
      if (typeof value !== "object" || value === null) return (state) => state[field] === value;
      return (state) => equalValues(state[field], value);
    case "ne":
      return compileDifference(field, value as StoredValue);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return compileOrder(field, op, value as StoredValue);
    case "oneOf":
      return compileChoices(field, value as readonly StoredValue[]);
    case "startsWith":
      return (state) => {
        const stored = state[field];
        return typeof stored === "string" && stored.startsWith(value as string);
      };
    case "contains":
      return compileContains(field, value as StoredValue);
  }
}

function compileDifference(field: string, value: StoredValue): CompiledFilter {
  const kind = kindOf(value);
  return (state) => {
    const stored = state[field];
    return kindOf(stored) === kind && !equalValues(stored, value);
  };
}

function compileOrder(field: string, op: "gt" | "gte" | "lt" | "lte", value: StoredValue): CompiledFilter {
  if (typeof value === "number") return compileNumberOrder(field, op, value);
  switch (op) {
    case "gt":
      return (state) => (compareValues(state[field], value) ?? Number.NaN) > 0;
    case "gte":
      return (state) => (compareValues(state[field], value) ?? Number.NaN) >= 0;
    case "lt":
      return (state) => (compareValues(state[field], value) ?? Number.NaN) < 0;
    case "lte":
      return (state) => (compareValues(state[field], value) ?? Number.NaN) <= 0;
  }
}

/** The most frequent test by far, so it compares in place. */
function compileNumberOrder(field: string, op: "gt" | "gte" | "lt" | "lte", value: number): CompiledFilter {
  switch (op) {
    case "gt":
      return (state) => {
        const stored = state[field];
        return typeof stored === "number" && stored > value;
      };
    case "gte":
      return (state) => {
        const stored = state[field];
        return typeof stored === "number" && stored >= value;
      };
    case "lt":
      return (state) => {
        const stored = state[field];
        return typeof stored === "number" && stored < value;
      };
    case "lte":
      return (state) => {
        const stored = state[field];
        return typeof stored === "number" && stored <= value;
      };
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function compileChoices(field: string, choices: readonly StoredValue[]): CompiledFilter {
  const scalars = new Set<unknown>(choices.filter((choice) => !isObject(choice)));
  const others = choices.filter(isObject);
  if (others.length === 0) return (state) => scalars.has(state[field]);
  return (state) => {
    const stored = state[field];
    return scalars.has(stored) || others.some((choice) => equalValues(stored, choice));
  };
}

function compileContains(field: string, value: StoredValue): CompiledFilter {
  const scalar = !isObject(value);
  return (state) => {
    const stored = state[field];
    if (typeof stored === "string") return typeof value === "string" && stored.includes(value);
    const kind: ValueKind | undefined = kindOf(stored);
    if (kind === "array") {
      const items = stored as readonly unknown[];
      return scalar ? items.includes(value) : items.some((item) => equalValues(item, value));
    }
    if (kind !== "set") return false;
    const members = stored as ReadonlySet<unknown>;
    if (scalar) return members.has(value);
    for (const member of members) if (equalValues(member, value)) return true;
    return false;
  };
}
