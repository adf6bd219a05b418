import { describe, expect, test } from "vitest";
import { fromTaggedJson, toTaggedJson } from "./tagged-json.ts";

test("what JSON lacks is written with tags that a reader understands", () => {
  const value = {
    at: new Date(Date.UTC(2026, 0, 31, 12)),
    big: -9007199254740993n,
    bytes: Uint8Array.of(1, 2, 3),
    by: new Map<unknown, unknown>([
      ["k", [1]],
      [2n, null],
    ]),
    tags: new Set(["a", 1n]),
  };
  expect(toTaggedJson(value)).toEqual({
    at: { "@date": "2026-01-31T12:00:00.000Z" },
    big: { "@bigint": "-9007199254740993" },
    bytes: { "@bytes": "AQID" },
    by: {
      "@map": [
        ["k", [1]],
        [{ "@bigint": "2" }, null],
      ],
    },
    tags: { "@set": ["a", { "@bigint": "1" }] },
  });
});

test("an object that looks like a tag is wrapped, any other is left alone", () => {
  expect(toTaggedJson({ "@date": "x" })).toEqual({ "@plain": { "@date": "x" } });
  expect(toTaggedJson([{ "@future": 1 }])).toEqual([{ "@plain": { "@future": 1 } }]);
  expect(toTaggedJson({ "@plain": { "@plain": 1 } })).toEqual({
    "@plain": { "@plain": { "@plain": { "@plain": 1 } } },
  });
  expect(toTaggedJson({ "@date": "x", other: 1 })).toEqual({ "@date": "x", other: 1 });
  expect(toTaggedJson({ $date: "x" })).toEqual({ $date: "x" });
});

test("plain data is its own stored form", () => {
  const plain = Object.freeze({ a: [1, "x", null, { b: true }] });
  expect(toTaggedJson(plain)).toBe(plain);
});

test("only what holds a tagged value is copied", () => {
  const plain = [1];
  const value = { plain, list: [1, new Date(0), 2] };
  const json = toTaggedJson(value) as Record<string, unknown>;
  expect(json.plain).toBe(plain);
  expect(value.list[1]).toBeInstanceOf(Date);
});

describe("stored JSON that nobody wrote so is refused", () => {
  test.each<[string, string, string]>([
    ["an unknown tag", '{"@future": 1}', 'unknown tag "@future"'],
    ["a date that is none", '{"@date": "soon"}', "malformed @date"],
    ["a date that is no text", '{"@date": 5}', "malformed @date"],
    ["a bigint that is none", '{"@bigint": "0x1"}', "malformed @bigint"],
    ["a bigint beyond 64 bits", '{"@bigint": "9223372036854775808"}', "malformed @bigint"],
    ["bytes that are none", '{"@bytes": "%"}', "malformed @bytes"],
    ["a Map that is none", '{"@map": {}}', "malformed @map"],
    ["a Map with odd entries", '{"@map": [["k"]]}', "malformed @map"],
    ["a Set that is none", '{"@set": 1}', "malformed @set"],
    ["a wrapped scalar", '{"@plain": 1}', "malformed @plain"],
    ["an unsafe key", '{"a": {"__proto__": {}}}', 'unsafe key "__proto__"'],
    ["absurd nesting", `${"[".repeat(500)}${"]".repeat(500)}`, "nested too deeply"],
  ])("%s", (_what, text, reason) => {
    expect(() => fromTaggedJson(JSON.parse(text))).toThrow(
      expect.objectContaining({ code: "RW_CORRUPT_RECORD", details: { reason } }),
    );
  });
});

test("what is read is frozen where it is plain", () => {
  const value = fromTaggedJson(
    JSON.parse('{"a": [1, {"b": 2}], "at": {"@date": "2026-01-31T12:00:00.000Z"}}'),
  ) as {
    a: [number, object];
  };
  expect(Object.isFrozen(value)).toBe(false);
  expect(Object.isFrozen(value.a)).toBe(true);
  expect(Object.isFrozen(value.a[1])).toBe(true);
});
