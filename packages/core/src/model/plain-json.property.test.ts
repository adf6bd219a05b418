import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedValues } from "../../test/arbitraries.ts";
import { canonicalText, toPlainJson } from "./plain-json.ts";

// canonicalText: equal texts exactly for values that are deeply equal, whatever the order of their keys and members.
// toPlainJson: JSON.stringify can write all of it, and changes nothing of what JSON can say itself.

/** The same value in another order: members of objects, Maps and Sets turned round. */
function turned(value: unknown): unknown {
  if (value instanceof Map)
    return new Map([...value].reverse().map(([key, item]) => [turned(key), turned(item)]));
  if (value instanceof Set) return new Set([...value].reverse().map(turned));
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array)
    return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, turned(item)]),
  );
}

describe("canonicalText", () => {
  it("is that of the same value in another order", () => {
    fc.assert(
      fc.property(
        storedValues(),
        (value) => void expect(canonicalText(turned(value))).toBe(canonicalText(value)),
      ),
    );
  });

  it("is another for another value", () => {
    fc.assert(
      fc.property(storedValues(), storedValues(), (left, right) => {
        fc.pre(!isDeepStrictEqual(left, right) && !Object.is(left, -0) && !Object.is(right, -0));
        expect(canonicalText(left)).not.toBe(canonicalText(right));
      }),
    );
  });
});

describe("toPlainJson", () => {
  it("gives what JSON.stringify can write", () => {
    fc.assert(
      fc.property(
        storedValues(),
        (value) => void expect(JSON.stringify(toPlainJson(value))).toBeTypeOf("string"),
      ),
    );
  });

  it("leaves what JSON can say as it is", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => void expect(JSON.stringify(toPlainJson(value))).toBe(JSON.stringify(value)),
      ),
    );
  });
});
