import fc from "fast-check";
import { expect, test } from "vitest";
import { orderedValues, storedValues, texts } from "../../test/arbitraries.ts";
import { compareKeys } from "./index-key.ts";
import {
  compareForOrder,
  compareStrings,
  compareValues,
  equalValues,
  fromTaggedJson,
  handOut,
  indexKey,
  keyRange,
  measureBytes,
  takeIn,
  toTaggedJson,
} from "./value.ts";

// Laws:
// - what was taken in equals what was given, shares nothing with it that can change, and so does what is handed out
// - the stored form gives the value back, through JSON text
// - strings order by code point; comparison is a total order among values of one kind, orderBy among all
// - the bytes of index keys order as orderBy does, for any number of values; ranges hold exactly what compares so

/** Every object in a value that can be changed. */
function changeable(value: unknown, into: Set<object> = new Set()): Set<object> {
  if (typeof value !== "object" || value === null) return into;
  if (!Object.isFrozen(value)) into.add(value);
  if (value instanceof Map) for (const entry of value) for (const part of entry) changeable(part, into);
  else if (value instanceof Set) for (const member of value) changeable(member, into);
  else if (!(value instanceof Date || value instanceof Uint8Array)) {
    for (const part of Object.values(value)) changeable(part, into);
  }
  return into;
}

function shareNothing(left: unknown, right: unknown): boolean {
  const objects = changeable(right);
  return [...changeable(left)].every((object) => !objects.has(object));
}

test("a value taken in is a copy of its own, and so is one handed out", () => {
  fc.assert(
    fc.property(storedValues(), (value) => {
      const taken = takeIn(value);
      expect(equalValues(taken, value)).toBe(true);
      expect(shareNothing(taken, value)).toBe(true);
      const given = handOut(taken);
      expect(equalValues(given, taken)).toBe(true);
      expect(shareNothing(given, taken)).toBe(true);
    }),
  );
});

test("the stored form gives the value back, as it was taken in", () => {
  fc.assert(
    fc.property(storedValues(), (value) => {
      const taken = takeIn(value);
      const back = fromTaggedJson(JSON.parse(JSON.stringify(toTaggedJson(taken))));
      expect(back).toStrictEqual(taken);
      expect(equalValues(back, taken)).toBe(true);
      // The invariant by which values are handed out holds again.
      expect(shareNothing(handOut(back), back)).toBe(true);
      expect(changeable(back).size).toBe(changeable(taken).size);
    }),
    { numRuns: 500 },
  );
});

test("making the stored form changes nothing", () => {
  fc.assert(
    fc.property(storedValues(), (value) => {
      const taken = takeIn(value);
      toTaggedJson(taken);
      expect(equalValues(taken, value)).toBe(true);
    }),
  );
});

test("strings order by code point, as their UTF-8 bytes do", () => {
  fc.assert(
    fc.property(texts(), texts(), (left, right) => {
      const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareStrings(left, right))).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

const orderable = fc.oneof(orderedValues(), fc.constant(undefined));

test("orderBy is a total order with absence last, in both directions", () => {
  fc.assert(
    fc.property(orderable, orderable, orderable, fc.boolean(), (a, b, c, descending) => {
      // Adding 0 makes 0 of −0, which assertions tell apart.
      const compare = (x: unknown, y: unknown) => Math.sign(compareForOrder(x, y, descending)) + 0;
      expect(compare(a, a)).toBe(0);
      expect(compare(a, b)).toBe(-compare(b, a) + 0);
      if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      if (a !== undefined) expect(compare(a, undefined)).toBe(-1);
    }),
    { numRuns: 500 },
  );
});

test("values compare equal exactly when they are equal", () => {
  fc.assert(
    fc.property(orderedValues(), orderedValues(), (a, b) => {
      expect(compareValues(a, b) === 0).toBe(equalValues(a, b));
      expect(compareValues(a, a)).toBe(0);
    }),
  );
});

test("index keys order as their values do, one after another", () => {
  const tuples = fc.array(orderable, { maxLength: 3 });
  fc.assert(
    fc.property(tuples, tuples, (left, right) => {
      let expected = 0;
      for (let i = 0; i < Math.min(left.length, right.length) && expected === 0; i++) {
        expected = Math.sign(compareForOrder(left[i], right[i]));
      }
      if (expected === 0) expected = Math.sign(left.length - right.length);
      expect(Math.sign(compareKeys(indexKey(left), indexKey(right)))).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

test("a range of keys holds exactly the values that compare so", () => {
  const bound = fc.option(fc.record({ value: orderedValues(), inclusive: fc.boolean() }), { nil: undefined });
  fc.assert(
    fc.property(orderedValues(), orderable, bound, bound, orderable, (first, value, lower, upper, last) => {
      const range = keyRange([first], { ...(lower && { lower }), ...(upper && { upper }) });
      const key = indexKey([first, value, last]);
      const inRange =
        range !== undefined && compareKeys(range.from, key) <= 0 && compareKeys(key, range.to) < 0;
      const above = (order: number | undefined, inclusive: boolean) =>
        order !== undefined && (order > 0 || (inclusive && order === 0));
      const expected =
        (lower === undefined || above(compareValues(value, lower.value), lower.inclusive)) &&
        (upper === undefined || above(compareValues(upper.value, value), upper.inclusive));
      expect(inRange).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

test("a prefix holds exactly the strings that start so", () => {
  fc.assert(
    fc.property(texts(), orderable, (prefix, value) => {
      const range = keyRange([], { prefix });
      const key = indexKey([value]);
      const inRange =
        range !== undefined && compareKeys(range.from, key) <= 0 && compareKeys(key, range.to) < 0;
      expect(inRange).toBe(typeof value === "string" && value.startsWith(prefix));
    }),
    { numRuns: 1000 },
  );
});

test("the measure of a value is near the bytes of its stored form", () => {
  fc.assert(
    fc.property(storedValues(), (value) => {
      const bytes = Buffer.byteLength(JSON.stringify(toTaggedJson(takeIn(value))));
      const measured = measureBytes(value);
      // Escapes are not counted (six bytes for one), numbers count 8, bigints 32.
      expect(measured).toBeGreaterThanOrEqual(bytes / 6 - 20);
      expect(measured).toBeLessThanOrEqual(bytes * 8 + 20);
    }),
  );
});
