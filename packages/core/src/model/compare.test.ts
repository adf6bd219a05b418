import { describe, expect, test } from "vitest";
import { compareForOrder, compareValues, equalValues } from "./compare.ts";

describe("the comparison table", () => {
  test.each<[string, unknown, unknown]>([
    ["booleans", false, true],
    ["numbers", -1.5, 2],
    ["bigints", -5n, 5n],
    ["strings", "Z", "a"],
    ["strings beyond the 16-bit plane", "\uffff", "😀"],
    ["a beginning and more", "ab", "abc"],
    ["Dates", new Date(1), new Date(2)],
    ["bytes", Uint8Array.of(1, 255), Uint8Array.of(2)],
    ["fewer bytes and more", Uint8Array.of(1), Uint8Array.of(1, 0)],
  ])("%s", (_kind, less, greater) => {
    expect(compareValues(less, greater)).toBeLessThan(0);
    expect(compareValues(greater, less)).toBeGreaterThan(0);
    expect(compareValues(less, less)).toBe(0);
  });

  test.each<[string, unknown, unknown]>([
    ["number and bigint", 1, 1n],
    ["number and string", 1, "1"],
    ["null and a value", null, 0],
    ["absence and a value", undefined, 0],
    ["absence and absence", undefined, undefined],
    ["Date and number", new Date(1), 1],
    ["arrays", [1], [1]],
    ["objects", {}, {}],
    ["Maps", new Map(), new Map()],
  ])("%s do not compare", (_kinds, left, right) => {
    expect(compareValues(left, right)).toBeUndefined();
    expect(compareValues(right, left)).toBeUndefined();
  });

  test("null equals null", () => {
    expect(compareValues(null, null)).toBe(0);
  });
});

test("orderBy puts kinds after one another and absence last, whatever the direction", () => {
  const ascending = [
    null,
    false,
    true,
    -1,
    2,
    -5n,
    5n,
    "a",
    "b",
    new Date(0),
    Uint8Array.of(0),
    [],
    undefined,
  ];
  const shuffled = [7, 3, 12, 0, 9, 1, 11, 5, 2, 10, 4, 8, 6].map((i) => ascending[i]);
  expect([...shuffled].sort((a, b) => compareForOrder(a, b))).toEqual(ascending);
  // Array.prototype.sort moves undefined by itself, so entries stand for it.
  const boxed = shuffled.map((value) => ({ value })).sort((a, b) => compareForOrder(a.value, b.value, true));
  expect(boxed.map(({ value }) => value)).toEqual([...ascending.slice(0, -1).reverse(), undefined]);
});

test("arrays, objects, Maps and Sets tie in orderBy", () => {
  expect(compareForOrder([2], { a: 1 })).toBe(0);
  expect(compareForOrder(new Map(), [1], true)).toBe(0);
});

describe("equality", () => {
  test.each<[string, unknown, unknown]>([
    ["objects with keys in any order", { a: 1, b: [2] }, { b: [2], a: 1 }],
    [
      "Maps in any order",
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
      new Map([
        ["b", 2],
        ["a", 1],
      ]),
    ],
    [
      "Maps with objects as keys",
      new Map([
        [{ k: 1 }, 1],
        [{ k: 2 }, 2],
      ]),
      new Map([
        [{ k: 2 }, 2],
        [{ k: 1 }, 1],
      ]),
    ],
    ["Sets of objects", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
    ["Dates", new Date(5), new Date(5)],
    ["bytes", Uint8Array.of(1), Uint8Array.of(1)],
    ["absence", undefined, undefined],
  ])("holds for %s", (_what, left, right) => {
    expect(equalValues(left, right)).toBe(true);
  });

  test.each<[string, unknown, unknown]>([
    ["number and bigint", 1, 1n],
    ["null and absence", null, undefined],
    ["an array and an object", [1], { 0: 1 }],
    ["an array and its beginning", [1, 2], [1]],
    ["objects with other keys", { a: 1 }, { b: 1 }],
    ["objects with further keys", { a: 1 }, { a: 1, b: 2 }],
    ["a Map and a Set", new Map(), new Set()],
    ["Maps with other values", new Map([["a", 1]]), new Map([["a", 2]])],
    ["Maps with other object keys", new Map([[{ k: 1 }, 1]]), new Map([[{ k: 2 }, 1]])],
    ["Sets with equal members matched once", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
    ["Dates and their numbers", new Date(5), 5],
  ])("fails for %s", (_what, left, right) => {
    expect(equalValues(left, right)).toBe(false);
    expect(equalValues(right, left)).toBe(false);
  });
});
