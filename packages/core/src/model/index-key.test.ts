import { describe, expect, test } from "vitest";
import { indexKey, keyRange, maxIndexKeyBytes } from "./index-key.ts";

describe("an index key", () => {
  test("holds up to 1 KiB", () => {
    // A kind byte and a terminator surround the text.
    expect(indexKey(["x".repeat(maxIndexKeyBytes - 2)])).toHaveLength(maxIndexKeyBytes);
    for (const values of [
      ["x".repeat(maxIndexKeyBytes - 1)],
      ["é".repeat(600)],
      ["x".repeat(1015), 1],
      [new Uint8Array(600)],
      [new Uint8Array(5000)],
    ]) {
      expect(() => indexKey(values)).toThrow(expect.objectContaining({ code: "RW_INDEX_KEY_TOO_LARGE" }));
    }
  });

  test.each([[[1]], [{ a: 1 }], [new Map()], [new Set()]])(
    "does not hold %o, which has no order",
    (value) => {
      expect(() => indexKey(["a", value])).toThrow(expect.objectContaining({ code: "RW_INDEX_KEY" }));
    },
  );

  test("is not changed by the next one", () => {
    const first = indexKey(["first"]);
    const copy = first.slice();
    indexKey(["second"]);
    expect(first).toEqual(copy);
  });
});

describe("a range of keys is empty", () => {
  test.each<[string, readonly unknown[], Parameters<typeof keyRange>[1]]>([
    ["for a value that no index holds", [[1]], undefined],
    ["for a value beyond the limit", ["x".repeat(2000)], undefined],
    [
      "for bounds of two kinds",
      [],
      { lower: { value: 1, inclusive: true }, upper: { value: "a", inclusive: true } },
    ],
    [
      "for bounds that exclude each other",
      [],
      { lower: { value: 2, inclusive: true }, upper: { value: 1, inclusive: true } },
    ],
    [
      "between a value and itself",
      [],
      { lower: { value: 2, inclusive: false }, upper: { value: 2, inclusive: true } },
    ],
    ["for a bound without an order", [], { lower: { value: {}, inclusive: true } }],
    ["for a prefix and a bound of another kind", [], { prefix: "a", upper: { value: 1, inclusive: true } }],
  ])("%s", (_what, equal, range) => {
    expect(keyRange(equal, range)).toBeUndefined();
  });
});
