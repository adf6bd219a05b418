import fc from "fast-check";
import { expect, test } from "vitest";
import { orderedValues, storedValues } from "../../test/arbitraries.ts";
import { compareValues, equalValues } from "./compare.ts";
import { compileFilter, filterKey, normalizeFilter, rangeOn } from "./filter.ts";
import { compareKeys, indexKey, keyRange } from "./index-key.ts";
import { and, contains, eq, gt, gte, lt, lte, ne, not, oneOf, or, startsWith } from "./operator.ts";
import { kindOf } from "./value-kind.ts";

// Laws:
// - a compiled filter answers as the definition of each test does, read naively
// - filters with the same key answer alike
// - what passes a filter lies in the range that the planner is told

const scope = {
  name: "T",
  fieldNames: ["a", "b"],
  hasField: (field: string) => field === "a" || field === "b",
};

type Test = { op: string; value: unknown };
type Tree = { field: string; test: Test } | { kind: "and" | "or" | "not"; parts: Tree[] };

const values = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(0, 1, 2, "", "a", "ab", 1n, null, true) },
  { weight: 1, arbitrary: storedValues() },
);
const ordered = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(0, 1, 2, "", "a", "ab", 1n, true) },
  { weight: 1, arbitrary: orderedValues() },
);

const tests: fc.Arbitrary<Test> = fc.oneof(
  fc.record({ op: fc.constantFrom("eq", "ne", "contains"), value: values }),
  fc.record({ op: fc.constantFrom("gt", "gte", "lt", "lte"), value: ordered }),
  fc.record({ op: fc.constant("oneOf"), value: fc.array(values, { maxLength: 3 }) }),
  fc.record({ op: fc.constant("startsWith"), value: fc.constantFrom("", "a", "ab") }),
  fc.constant({ op: "eq", value: undefined }),
);

const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: fc.record({ field: fc.constantFrom("a", "b"), test: tests }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        parts: fc.array(tie("tree"), { maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("not" as const),
        parts: fc.tuple(tie("tree")).map(([part]) => [part]),
      }),
    },
  ),
})).tree;

const states = fc.record({
  a: fc.option(values, { nil: undefined }),
  b: fc.option(values, { nil: undefined }),
});

const operators: Record<string, (value: never) => unknown> = {
  eq,
  ne,
  gt,
  gte,
  lt,
  lte,
  oneOf,
  startsWith,
  contains,
};

function toFilter(tree: Tree): never {
  if ("field" in tree) {
    const operator = operators[tree.test.op] as (value: unknown) => unknown;
    return { [tree.field]: operator(tree.test.value) } as never;
  }
  const parts = tree.parts.map(toFilter);
  return (
    tree.kind === "not" ? not(parts[0] as never) : tree.kind === "and" ? and(...parts) : or(...parts)
  ) as never;
}

/** The definition, word by word. */
function holds(tree: Tree, state: Record<string, unknown>): boolean {
  if (!("field" in tree)) {
    if (tree.kind === "not") return !holds(tree.parts[0] as Tree, state);
    return tree.kind === "and"
      ? tree.parts.every((part) => holds(part, state))
      : tree.parts.some((part) => holds(part, state));
  }
  const stored = state[tree.field];
  const { op, value } = tree.test;
  if (value === undefined) return stored === undefined;
  if (stored === undefined) return false;
  const order = compareValues(stored, value);
  switch (op) {
    case "eq":
      return equalValues(stored, value);
    case "ne":
      return kindOf(stored) === kindOf(value) && !equalValues(stored, value);
    case "gt":
      return order !== undefined && order > 0;
    case "gte":
      return order !== undefined && order >= 0;
    case "lt":
      return order !== undefined && order < 0;
    case "lte":
      return order !== undefined && order <= 0;
    case "oneOf":
      return (value as unknown[]).some((choice) => equalValues(stored, choice));
    case "startsWith":
      return typeof stored === "string" && stored.startsWith(value as string);
    default:
      if (typeof stored === "string") return typeof value === "string" && stored.includes(value);
      if (!Array.isArray(stored) && !(stored instanceof Set)) return false;
      return [...stored].some((item) => equalValues(item, value));
  }
}

test("a compiled filter answers as its definition does", () => {
  fc.assert(
    fc.property(trees, states, (tree, state) => {
      const filter = normalizeFilter(toFilter(tree), scope);
      expect(filter === undefined || compileFilter(filter)(state)).toBe(holds(tree, state));
    }),
    { numRuns: 3000 },
  );
});

test("filters with the same key answer alike", () => {
  fc.assert(
    fc.property(trees, trees, states, (left, right, state) => {
      const [one, two] = [normalizeFilter(toFilter(left), scope), normalizeFilter(toFilter(right), scope)];
      if (one === undefined || two === undefined || filterKey(one) !== filterKey(two)) return;
      expect(compileFilter(one)(state)).toBe(compileFilter(two)(state));
    }),
    { numRuns: 2000 },
  );
});

test("what passes a filter lies in the range that it says", () => {
  fc.assert(
    fc.property(trees, fc.record({ a: ordered }), (tree, state) => {
      const filter = normalizeFilter(toFilter(tree), scope);
      const range = rangeOn(filter, "a");
      if (filter === undefined || range === undefined || !compileFilter(filter)(state)) return;
      const keys = keyRange([], range);
      const key = indexKey([state.a]);
      expect(keys !== undefined && compareKeys(keys.from, key) <= 0 && compareKeys(key, keys.to) < 0).toBe(
        true,
      );
    }),
    { numRuns: 3000 },
  );
});
