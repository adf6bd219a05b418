import { describe, expect, test } from "vitest";
import {
  choicesOn,
  compileFilter,
  equalityOn,
  type Filter,
  type FilterScope,
  filterFields,
  filterKey,
  normalizeFilter,
  rangeOn,
} from "./filter.ts";
import * as operator from "./operator.ts";

const { contains, eq, gt, gte, lt, lte, ne, oneOf, startsWith } = operator;
// These take their types from the query that a filter is written in; here there is none.
const { and, or, not } = operator as Record<"and" | "or" | "not", (...filters: unknown[]) => unknown>;

const fieldNames = ["name", "count", "big", "at", "tags", "set", "data", "bytes", "flag"];
const scope: FilterScope = { name: "Room", fieldNames, hasField: (field) => fieldNames.includes(field) };

function normalize(input: unknown): Filter {
  return normalizeFilter(input, scope) as Filter;
}

function passes(input: unknown, state: Record<string, unknown>): boolean {
  return compileFilter(normalize(input))(state);
}

describe("a test of a field", () => {
  test.each<[string, unknown, Record<string, unknown>, Record<string, unknown>]>([
    ["a plain value means equality", { name: "a" }, { name: "a" }, { name: "b" }],
    ["eq", { count: eq(1) }, { count: 1 }, { count: 2 }],
    ["eq of a Date", { at: new Date(5) }, { at: new Date(5) }, { at: new Date(6) }],
    ["eq of an object", { data: { a: [1] } }, { data: { a: [1] } }, { data: { a: [2] } }],
    ["eq of null", { data: null }, { data: null }, { data: undefined }],
    ["ne", { count: ne(1) }, { count: 2 }, { count: 1 }],
    ["ne of an object", { data: ne({ a: 1 }) }, { data: { a: 2 } }, { data: { a: 1 } }],
    ["gt", { count: gt(1) }, { count: 2 }, { count: 1 }],
    ["gte", { count: gte(1) }, { count: 1 }, { count: 0 }],
    ["lt", { count: lt(1) }, { count: 0 }, { count: 1 }],
    ["lte", { count: lte(1) }, { count: 1 }, { count: 2 }],
    ["gt of strings goes by code point", { name: gt("\uffff") }, { name: "😀" }, { name: "\ufffe" }],
    ["gte of bigints", { big: gte(1n) }, { big: 1n }, { big: 0n }],
    ["lt of Dates", { at: lt(new Date(5)) }, { at: new Date(4) }, { at: new Date(5) }],
    [
      "lte of bytes",
      { bytes: lte(Uint8Array.of(1)) },
      { bytes: Uint8Array.of(1) },
      { bytes: Uint8Array.of(1, 0) },
    ],
    ["gt of booleans", { flag: gt(false) }, { flag: true }, { flag: false }],
    ["oneOf", { count: oneOf([1, 2]) }, { count: 2 }, { count: 3 }],
    ["oneOf objects", { data: oneOf<unknown>([1, { a: 1 }]) }, { data: { a: 1 } }, { data: { a: 2 } }],
    ["startsWith", { name: startsWith("ab") }, { name: "abc" }, { name: "ba" }],
    ["contains in text", { name: contains("b") }, { name: "abc" }, { name: "ac" }],
    ["contains in an array", { tags: contains("b") }, { tags: ["a", "b"] }, { tags: ["ab"] }],
    [
      "contains an object in an array",
      { tags: contains({ a: 1 }) },
      { tags: [{ a: 1 }] },
      { tags: [{ a: 2 }] },
    ],
    ["contains in a Set", { set: contains(1) }, { set: new Set([1]) }, { set: new Set([2]) }],
    [
      "contains a Date in a Set",
      { set: contains(new Date(5)) },
      { set: new Set([new Date(5)]) },
      { set: new Set([5]) },
    ],
    ["eq(undefined) is true for absence alone", { name: eq(undefined) }, { name: undefined }, { name: null }],
    ["undefined means absence", { name: undefined }, {}, { name: "" }],
  ])("%s", (_what, filter, passing, failing) => {
    expect(passes(filter, passing)).toBe(true);
    expect(passes(filter, failing)).toBe(false);
  });

  test.each<[string, unknown]>([
    ["eq", eq(5)],
    ["ne", ne(5)],
    ["gt", gt(5)],
    ["gte", gte(5)],
    ["lt", lt(5)],
    ["lte", lte(5)],
    ["oneOf", oneOf([5])],
  ])("%s is false for absence and for values of other kinds", (_op, operator) => {
    for (const stored of [undefined, null, "5", 5n, true, new Date(5), [5], { a: 5 }]) {
      expect(passes({ count: operator }, { count: stored })).toBe(false);
    }
  });

  test("text operators are false for what is no text", () => {
    for (const stored of [undefined, null, 5, { a: "a" }, new Map([["a", "a"]])]) {
      expect(passes({ name: startsWith("a") }, { name: stored })).toBe(false);
      expect(passes({ name: contains("a") }, { name: stored })).toBe(false);
    }
  });
});

describe("a test of a record", () => {
  const state = { name: "a", count: 5 };

  test("fields of one object must all pass", () => {
    expect(passes({ name: "a", count: 5 }, state)).toBe(true);
    expect(passes({ name: "a", count: 6 }, state)).toBe(false);
  });

  test("and, or and not combine, at any depth", () => {
    expect(passes(or({ name: "b" }, { count: gt(4) }), state)).toBe(true);
    expect(passes(or({ name: "b" }, { count: gt(5) }), state)).toBe(false);
    expect(passes(and({ name: "a" }, or({ count: 5 }, { count: 6 }), { count: ne(6) }), state)).toBe(true);
    expect(passes(not(or({ name: "a" }, { name: "b" })), state)).toBe(false);
    expect(passes(not({ name: "b", count: 5 }), state)).toBe(true);
  });

  test("a negation passes what its test fails, absence too", () => {
    expect(passes(not({ name: gt("a") }), {})).toBe(true);
    expect(passes(not({ name: undefined }), {})).toBe(false);
  });

  test("nothing to test is no filter, and an empty disjunction passes nothing", () => {
    expect(normalizeFilter(undefined, scope)).toBeUndefined();
    expect(normalizeFilter({}, scope)).toBeUndefined();
    expect(normalizeFilter(and({}, {}), scope)).toBeUndefined();
    expect(passes(or(), state)).toBe(false);
    expect(passes(or({}, { name: "b" }), state)).toBe(true);
    expect(passes(not({}), state)).toBe(false);
  });
});

describe("a filter is refused", () => {
  test.each<[string, unknown, string, string]>([
    ["for an unknown field", { nope: 1 }, "RW_UNKNOWN_FIELD", 'Room has no field "nope"; it has name, count'],
    ["as a scalar", 5, "RW_FILTER_INVALID", "Filter on Room: expected an object of fields, got number"],
    ["as a Map", new Map(), "RW_FILTER_INVALID", "expected an object of fields, got map"],
    ["as a bare operator", gte(5), "RW_FILTER_INVALID", "gte() tests a field: write { field: gte(…) }"],
    [
      "with a record test on a field",
      { name: or({}) },
      "RW_FILTER_INVALID",
      "Filter on Room.name: or() tests a record",
    ],
    [
      "for a test that is never true",
      { name: ne(undefined) },
      "RW_FILTER_INVALID",
      "ne(undefined) is never true",
    ],
    [
      "for an order that is none",
      { data: gt({} as never) },
      "RW_FILTER_INVALID",
      "gt() needs a value with an order, got object",
    ],
    [
      "for a prefix that is no text",
      { name: startsWith(5 as never) },
      "RW_FILTER_INVALID",
      "startsWith() needs a string, got number",
    ],
    [
      "for choices that are no list",
      { name: oneOf("a" as never) },
      "RW_FILTER_INVALID",
      "oneOf() needs an array, got string",
    ],
    [
      "for a value that cannot be stored",
      { data: { f: () => 1 } },
      "RW_VALUE_KIND",
      "data.f: a function cannot be stored",
    ],
    [
      "for a choice that cannot be stored",
      { data: oneOf([1, Number.NaN]) },
      "RW_VALUE_KIND",
      "data[1]: NaN cannot be stored",
    ],
  ])("%s", (_what, filter, code, message) => {
    expect(() => normalize(filter)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("with the name of the type that has no fields at all", () => {
    expect(() => normalizeFilter({ x: 1 }, { name: "Root", fieldNames: [], hasField: () => false })).toThrow(
      'Root has no field "x"; it has none',
    );
  });
});

describe("the key of a filter", () => {
  test.each<[string, unknown, unknown]>([
    ["the order of fields", { name: "a", count: 1 }, { count: 1, name: "a" }],
    ["operators for plain values", { name: "a" }, { name: eq("a") }],
    ["nesting", and({ name: "a" }, and({ count: 1 })), { name: "a", count: 1 }],
    ["doubles", or({ name: "a" }, { name: "a" }), { name: "a" }],
    ["the order of choices", { count: oneOf([1, 2, 1]) }, { count: oneOf([2, 1]) }],
    ["the order of keys in values", { data: { a: 1, b: 2 } }, { data: { b: 2, a: 1 } }],
  ])("does not depend on %s", (_what, left, right) => {
    expect(filterKey(normalize(left))).toBe(filterKey(normalize(right)));
  });

  test("tells filters apart", () => {
    const filters = [
      { count: 1 },
      { count: 1n },
      { count: "1" },
      { count: null },
      { count: undefined },
      { count: ne(1) },
      { count: gt(1) },
      { count: oneOf([1]) },
      { name: 1 },
      not({ count: 1 }),
      or({ count: 1 }, { count: 2 }),
      and({ count: gt(1) }, { count: lt(2) }),
      { at: new Date(1) },
      { at: { "@date": new Date(1).toISOString() } },
    ];
    expect(new Set(filters.map((filter) => filterKey(normalize(filter)))).size).toBe(filters.length);
  });
});

test("a filter cannot be changed, not through the value it was made of either", () => {
  const list = ["a"];
  const filter = normalize({ tags: list, name: "x" });
  list.push("b");
  expect(compileFilter(filter)({ tags: ["a"], name: "x" })).toBe(true);
  expect(Object.isFrozen(filter)).toBe(true);
});

describe("what the planner asks", () => {
  const filter = normalize(
    and(
      { name: "a", big: undefined, count: gte(1) },
      { count: lt(9) },
      { count: gt(2) },
      { tags: oneOf(["x", "y"]) },
      or({ at: new Date(1) }, { flag: true }),
      not({ bytes: ne(Uint8Array.of(1)) }),
    ),
  );

  test("all fields it tests", () => {
    expect([...filterFields(filter)].sort()).toEqual(["at", "big", "bytes", "count", "flag", "name", "tags"]);
  });

  test("fields that must equal a value", () => {
    expect(equalityOn(filter)).toEqual(
      new Map<string, unknown>([
        ["name", "a"],
        ["big", undefined],
      ]),
    );
    expect(equalityOn(undefined).size).toBe(0);
    expect(equalityOn(normalize({ name: "a" }))).toEqual(new Map([["name", "a"]]));
    expect(equalityOn(normalize(or({ name: "a" }, { name: "b" }))).size).toBe(0);
  });

  test("the tightest range of a field", () => {
    expect(rangeOn(filter, "count")).toEqual({
      lower: { value: 2, inclusive: false },
      upper: { value: 9, inclusive: false },
    });
    expect(rangeOn(filter, "name")).toBeUndefined();
    expect(rangeOn(normalize(and({ count: gte(2) }, { count: gt(2) })), "count")).toEqual({
      lower: { value: 2, inclusive: false },
    });
    expect(rangeOn(normalize(and({ count: lte(5) }, { count: lte(3) })), "count")).toEqual({
      upper: { value: 3, inclusive: true },
    });
    expect(rangeOn(normalize(and({ name: startsWith("a") }, { name: startsWith("ab") })), "name")).toEqual({
      prefix: "ab",
    });
  });

  test("the values of which a field must have one", () => {
    expect(choicesOn(filter, "tags")).toEqual(["x", "y"]);
    expect(choicesOn(filter, "name")).toEqual(["a"]);
    expect(choicesOn(filter, "big")).toBeUndefined();
    expect(choicesOn(filter, "count")).toBeUndefined();
    expect(choicesOn(normalize(and({ name: oneOf(["a", "b"]) }, { name: "b" })), "name")).toEqual(["b"]);
  });
});
