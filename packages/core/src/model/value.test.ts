import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { handOut, isSpecial, kindOf, maxDepth, takeIn } from "./value.ts";

describe("taking a value in", () => {
  test("copies it, so that its giver cannot change it", () => {
    const given = {
      list: [1, { deep: "x" }],
      at: new Date(5),
      tags: new Set(["a"]),
      by: new Map([["k", [1]]]),
    };
    const taken = takeIn(given) as typeof given;
    expect(taken).toEqual(given);
    given.list.push(2);
    given.at.setTime(9);
    given.tags.add("b");
    given.by.get("k")?.push(2);
    expect(taken).toEqual({
      list: [1, { deep: "x" }],
      at: new Date(5),
      tags: new Set(["a"]),
      by: new Map([["k", [1]]]),
    });
  });

  test("freezes plain data at every depth", () => {
    const taken = takeIn({ list: [1, { deep: "x" }] }) as { list: [number, object] };
    expect([taken, taken.list, taken.list[1]].every(Object.isFrozen)).toBe(true);
  });

  test("keeps apart what contains a Map, Set, Date or bytes", () => {
    const taken = takeIn({ plain: { a: 1 }, special: { at: new Date(5) } }) as Record<string, object>;
    expect(isSpecial(taken)).toBe(true);
    expect(isSpecial(taken.special)).toBe(true);
    expect(isSpecial(taken.plain)).toBe(false);
  });

  test("leaves out undefined properties, turns −0 into 0 and loses null prototypes", () => {
    const given = Object.assign(Object.create(null), { a: undefined, b: -0, c: [-0] });
    const taken = takeIn(given) as Record<string, unknown>;
    expect(Object.keys(taken)).toEqual(["b", "c"]);
    expect(Object.is(taken.b, 0)).toBe(true);
    expect(taken.c).toEqual([0]);
    expect(Object.getPrototypeOf(taken)).toBe(Object.prototype);
  });

  test("takes a Buffer as bytes", () => {
    const taken = takeIn(Buffer.from("abc"));
    expect(Object.getPrototypeOf(taken)).toBe(Uint8Array.prototype);
    expect(taken).toEqual(Uint8Array.of(97, 98, 99));
  });

  test("takes data of another realm", () => {
    const foreign = runInNewContext(
      "({ at: new Date(5), by: new Map([['k', { a: [1] }]]), tags: new Set([1]), bytes: new Uint8Array([7]) })",
    );
    expect(takeIn(foreign)).toEqual({
      at: new Date(5),
      by: new Map([["k", { a: [1] }]]),
      tags: new Set([1]),
      bytes: Uint8Array.of(7),
    });
  });

  test("takes a value that stands in two places", () => {
    const shared = { a: 1 };
    expect(takeIn([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
  });
});

class Point {
  x = 1;
}

const cyclic: unknown[] = [];
cyclic.push({ inner: cyclic });

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

describe("a value is refused with its place and kind", () => {
  test.each<
    [string, unknown, { code?: string; path: (string | number)[]; valueKind: string; message: string }]
  >([
    ["NaN", { n: Number.NaN }, { path: ["f", "n"], valueKind: "NaN", message: "f.n: NaN cannot be stored" }],
    ["infinity", -1 / 0, { path: ["f"], valueKind: "-Infinity", message: "f: -Infinity cannot be stored" }],
    [
      "a function",
      [() => 1],
      { path: ["f", 0], valueKind: "function", message: "f[0]: a function cannot be stored" },
    ],
    ["a symbol", Symbol("s"), { path: ["f"], valueKind: "symbol", message: "f: a symbol cannot be stored" }],
    [
      "undefined in an array",
      [undefined],
      { path: ["f", 0], valueKind: "undefined", message: "f[0]: undefined cannot be stored" },
    ],
    [
      "a hole",
      Array(1),
      { path: ["f", 0], valueKind: "hole", message: "f[0]: a hole of a sparse array cannot be stored" },
    ],
    [
      "an instance",
      { p: new Point() },
      {
        path: ["f", "p"],
        valueKind: "instance of Point",
        message: "f.p: an instance of Point cannot be stored",
      },
    ],
    [
      "a subclass of a Map",
      new (class Index extends Map {})(),
      { path: ["f"], valueKind: "instance of Index", message: "f: an instance of Index cannot be stored" },
    ],
    [
      "a thing that poses as a Date",
      Object.create(Date.prototype),
      { path: ["f"], valueKind: "instance of Date", message: "f: an instance of Date cannot be stored" },
    ],
    [
      "other typed arrays",
      new Int32Array(1),
      {
        path: ["f"],
        valueKind: "instance of Int32Array",
        message: "f: an instance of Int32Array cannot be stored",
      },
    ],
    [
      "a regular expression",
      /x/,
      { path: ["f"], valueKind: "instance of RegExp", message: "f: an instance of RegExp cannot be stored" },
    ],
    [
      "a promise",
      Promise.resolve(),
      {
        path: ["f"],
        valueKind: "instance of Promise",
        message: "f: an instance of Promise cannot be stored",
      },
    ],
    [
      "an invalid Date",
      new Date(Number.NaN),
      { path: ["f"], valueKind: "invalid Date", message: "f: an invalid Date cannot be stored" },
    ],
    [
      "a bigint beyond 64 bits",
      2n ** 63n,
      {
        path: ["f"],
        valueKind: "bigint beyond 64 bits",
        message: "f: a bigint beyond 64 bits cannot be stored",
      },
    ],
    [
      "a lone surrogate",
      "a\ud800",
      {
        path: ["f"],
        valueKind: "lone surrogate",
        message: "f: a string with a lone surrogate cannot be stored",
      },
    ],
    [
      "a value of a Map",
      new Map([["k", [Number.NaN]]]),
      { path: ["f", "k", 0], valueKind: "NaN", message: "f.k[0]: NaN cannot be stored" },
    ],
    [
      "a key of a Map",
      new Map([[() => 1, 1]]),
      { path: ["f", 0], valueKind: "function", message: "f[0]: a function cannot be stored" },
    ],
    [
      "a member of a Set",
      new Set([1, Number.NaN]),
      { path: ["f", 1], valueKind: "NaN", message: "f[1]: NaN cannot be stored" },
    ],
    [
      "an own __proto__",
      JSON.parse('{"__proto__": 1}'),
      {
        code: "RW_VALUE_KEY",
        path: ["f", "__proto__"],
        valueKind: "object",
        message: 'f.__proto__: "__proto__" cannot be a stored key',
      },
    ],
    [
      "a key constructor",
      { constructor: 1 },
      {
        code: "RW_VALUE_KEY",
        path: ["f", "constructor"],
        valueKind: "object",
        message: 'f.constructor: "constructor" cannot be a stored key',
      },
    ],
    [
      "a key with NUL",
      { "a\0": 1 },
      {
        code: "RW_VALUE_KEY",
        path: ["f", "a\0"],
        valueKind: "object",
        message: 'f["a\\u0000"]: "a\\u0000" cannot be a stored key',
      },
    ],
    [
      "a symbol as key",
      { [Symbol("s")]: 1 },
      {
        code: "RW_VALUE_KEY",
        path: ["f", "Symbol(s)"],
        valueKind: "symbol",
        message: 'f["Symbol(s)"]: a symbol cannot be a stored key',
      },
    ],
    [
      "an accessor",
      {
        get a() {
          return 1;
        },
      },
      {
        code: "RW_VALUE_KEY",
        path: ["f", "a"],
        valueKind: "accessor",
        message: "f.a: an accessor cannot be stored",
      },
    ],
    [
      "a cycle",
      cyclic,
      {
        code: "RW_VALUE_CYCLE",
        path: ["f", 0, "inner"],
        valueKind: "array",
        message: "f[0].inner: a value that contains itself cannot be stored",
      },
    ],
  ])("%s", (_what, value, { code = "RW_VALUE_KIND", ...expected }) => {
    expect(() => takeIn(value, ["f"])).toThrow(expect.objectContaining({ code, ...expected }));
  });

  test("absurd nesting", () => {
    expect(takeIn(nested(maxDepth))).toBeDefined();
    expect(() => takeIn(nested(maxDepth + 1))).toThrow(expect.objectContaining({ code: "RW_VALUE_DEPTH" }));
    expect(() => takeIn(nested(100_000))).toThrow(expect.objectContaining({ code: "RW_VALUE_DEPTH" }));
  });

  test("a getter is not run", () => {
    let ran = false;
    const trap = {
      get a() {
        ran = true;
        return 1;
      },
    };
    expect(() => takeIn(trap)).toThrow();
    expect(ran).toBe(false);
  });
});

describe("handing a value out", () => {
  test("gives scalars and frozen data themselves", () => {
    const plain = takeIn({ a: [1, 2] });
    expect(handOut(plain)).toBe(plain);
    expect(handOut("x")).toBe("x");
    expect(handOut(null)).toBe(null);
    expect(handOut(undefined)).toBe(undefined);
  });

  test("gives a copy of what can be changed, sharing its frozen parts", () => {
    const held = takeIn({ at: new Date(5), list: [new Set([1])], plain: { a: 1 }, bytes: Uint8Array.of(1) });
    const given = handOut(held) as unknown as {
      at: Date;
      list: Set<number>[];
      plain: object;
      bytes: Uint8Array;
    };
    expect(given).toEqual(held);
    given.at.setTime(9);
    given.list[0]?.add(2);
    given.bytes[0] = 9;
    expect(held).toEqual({ at: new Date(5), list: [new Set([1])], plain: { a: 1 }, bytes: Uint8Array.of(1) });
    expect(given.plain).toBe((held as unknown as { plain: object }).plain);
  });
});

test("every stored value has a kind", () => {
  const values = [null, true, 1, 1n, "x", new Date(), new Uint8Array(), [], {}, new Map(), new Set()];
  expect(values.map(kindOf)).toEqual([
    "null",
    "boolean",
    "number",
    "bigint",
    "string",
    "date",
    "bytes",
    "array",
    "object",
    "map",
    "set",
  ]);
  expect(kindOf(undefined)).toBeUndefined();
});
