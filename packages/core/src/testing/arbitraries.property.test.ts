// Laws:
// 1. Everything that is made of a schema passes it and can be stored: `create` takes it.
// 2. What is worth trying is tried: each branch, each bound, presence and absence.

import { type } from "arktype";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { edge, node, openGraph, walker, withDefault } from "../index.ts";
import { definitionOf } from "../schema/definition.ts";
import type { Schema } from "../schema/field.ts";
import { arbitraries } from "./arbitraries.ts";
import { populate } from "./graph-sketch.ts";

const arbitrary = arbitraries(fc);
const RUNS = 500;

// biome-ignore lint/suspicious/noExplicitAny: values of any schema
type Seen = Readonly<Record<string, (value: any) => boolean>>;

const isAbsent = (value: unknown): boolean => value === undefined;
const length = (count: number) => (value: { length: number }) => value?.length === count;
const size = (count: number) => (value: { size: number }) => value?.size === count;
const is = (expected: unknown) => (value: unknown) => Object.is(value, expected);

interface Tree {
  name: string;
  children: Tree[];
}
const tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) });
const Family = z.object({
  name: z.string().max(3),
  get child() {
    return Family.optional();
  },
});
const valibotTree: v.GenericSchema<Tree> = v.object({
  name: v.string(),
  children: v.lazy(() => v.array(valibotTree)),
});

const schemas: readonly (readonly [name: string, schema: Schema, seen?: Seen])[] = [
  // zod
  [
    "z text",
    z.string(),
    { empty: is(""), "beyond ASCII": (text) => /[^\0-\x7f]/.test(text), long: (text) => text.length > 5 },
  ],
  ["z bounded text", z.string().min(2).max(5), { least: length(2), most: length(5) }],
  ["z text of one length", z.string().length(3)],
  ["z long text", z.string().max(500), { empty: is(""), most: length(500) }],
  ["z trimmed text", z.string().trim().min(1).max(20), { most: (text) => text.trim().length > 15 }],
  [
    "z lower case with an expression",
    z
      .string()
      .toLowerCase()
      .regex(/^[\p{L}\p{M}\p{N}_]{1,30}$/u),
    { letter: (t) => /\p{L}/u.test(t), digit: (t) => /\p{N}/u.test(t) },
  ],
  [
    "z expression",
    z.string().regex(/^[a-z0-9_]{1,20}$/),
    { one: length(1), more: (text) => text.length > 3 },
  ],
  ["z expression without case", z.string().regex(/^[a-z]{2,4}$/i)],
  ["z look ahead", z.string().regex(/^(?!x)[a-z]{1,3}$/)],
  [
    "z two expressions",
    z
      .string()
      .regex(/^[a-f]+$/)
      .regex(/b/),
  ],
  [
    "z begin and end",
    z.string().startsWith("ab").endsWith("z").max(6),
    { shortest: is("abz"), most: length(6) },
  ],
  ["z includes", z.string().includes("@")],
  ["z email", z.email(), { different: (text) => !/^[a-z]@/.test(text) }],
  ["z older email", z.string().email()],
  ["z uuid", z.uuid()],
  ["z uuid of one version", z.uuidv4()],
  ["z url", z.url()],
  ["z ULID", z.ulid()],
  ["z datetime", z.iso.datetime(), { leap: (text) => Number(text.slice(0, 4)) > 0 }],
  ["z datetime to the second", z.iso.datetime({ precision: 0 })],
  ["z date text", z.iso.date()],
  ["z time text", z.iso.time()],
  ["z duration", z.iso.duration()],
  ["z IPv4", z.ipv4()],
  ["z IPv6", z.ipv6()],
  ["z base64", z.base64()],
  ["z cuid2", z.cuid2()],
  ["z hex", z.hex()],
  [
    "z template",
    z.templateLiteral(["v", z.int().min(0), ".", z.enum(["a", "b"])]),
    { a: (t) => t.endsWith("a"), b: (t) => t.endsWith("b") },
  ],
  ["z number", z.number(), { zero: is(0), negative: (n) => n < 0, fraction: (n) => n % 1 !== 0 }],
  [
    "z bounded number",
    z.number().min(-1.5).max(2.5),
    { least: is(-1.5), most: is(2.5), between: (n) => n > 0 && n < 2 },
  ],
  ["z open range", z.number().gt(0).lt(1), { small: (n) => n < 0.001 }],
  ["z whole", z.int(), { zero: is(0), negative: (n) => n < 0, large: (n) => Math.abs(n) > 2 ** 32 }],
  ["z small whole", z.int().min(3).max(6), { 3: is(3), 4: is(4), 5: is(5), 6: is(6) }],
  ["z positive whole", z.number().int().positive(), { one: is(1), large: (n) => n > 2 ** 32 }],
  ["z int32", z.int32(), { most: is(2 ** 31 - 1), least: is(-(2 ** 31)) }],
  ["z multiple", z.number().multipleOf(5).min(10).max(30), { 10: is(10), 30: is(30) }],
  [
    "z bigint",
    z
      .bigint()
      .min(-(2n ** 63n))
      .max(2n ** 63n - 1n),
    { zero: is(0n), most: is(2n ** 63n - 1n), least: is(-(2n ** 63n)) },
  ],
  ["z bigint of any size", z.bigint()],
  ["z positive bigint", z.bigint().positive().multipleOf(3n), { three: is(3n) }],
  ["z uint64", z.uint64(), { zero: is(0n) }],
  ["z boolean", z.boolean(), { true: is(true), false: is(false) }],
  [
    "z date",
    z.date().min(new Date(1000)).max(new Date(2000)),
    { least: (d) => +d === 1000, most: (d) => +d === 2000 },
  ],
  ["z any date", z.date(), { recent: (d) => +d > 0, early: (d) => +d < 0 }],
  [
    "z union",
    z.union([z.string(), z.int(), z.null()]),
    { text: (x) => typeof x === "string", number: (x) => typeof x === "number", null: is(null) },
  ],
  ["z literals", z.literal(["a", 1, true]), { a: is("a"), 1: is(1), true: is(true) }],
  ["z enum", z.enum(["x", "y"]), { x: is("x"), y: is("y") }],
  ["z optional", z.string().optional(), { absent: isAbsent, there: (x) => typeof x === "string" }],
  ["z nullish", z.int().nullish(), { absent: isAbsent, null: is(null), there: (x) => typeof x === "number" }],
  [
    "z default",
    z.array(z.int()).default([]),
    { absent: isAbsent, empty: length(0), more: (a) => a?.length > 1 },
  ],
  ["z prefault", z.string().trim().prefault("x"), { absent: isAbsent }],
  ["z catch", z.int().catch(1)],
  ["z readonly", z.array(z.int()).readonly()],
  [
    "z array",
    z.array(z.boolean()).min(1).max(4),
    { least: length(1), most: length(4), both: (a) => new Set(a).size === 2 },
  ],
  ["z array of an exact length", z.array(z.int()).length(3)],
  ["z tuple", z.tuple([z.string(), z.int().optional()]), { short: length(1), long: length(2) }],
  ["z tuple with a rest", z.tuple([z.string()], z.int()), { one: length(1), more: (a) => a.length > 2 }],
  [
    "z object",
    z.object({ a: z.int(), b: z.string().optional() }),
    { without: (o) => !("b" in o), with: (o) => "b" in o },
  ],
  ["z strict object", z.strictObject({ a: z.int() })],
  [
    "z object with others",
    z.object({ a: z.int() }).catchall(z.string()),
    { others: (o) => Object.keys(o).length > 1, none: (o) => Object.keys(o).length === 1 },
  ],
  [
    "z nested",
    z.object({ list: z.array(z.object({ to: z.union([z.literal("x"), z.object({ y: z.date() })]) })) }),
    {
      x: (o) => o.list.some((e: { to: unknown }) => e.to === "x"),
      y: (o) => o.list.some((e: { to: unknown }) => e.to !== "x"),
    },
  ],
  [
    "z discriminated union",
    z.discriminatedUnion("is", [
      z.object({ is: z.literal("a"), n: z.int() }),
      z.object({ is: z.literal("b") }),
    ]),
    { a: (o) => o.is === "a", b: (o) => o.is === "b" },
  ],
  ["z intersection", z.intersection(z.object({ a: z.int() }), z.object({ b: z.string() }))],
  [
    "z record",
    z.record(z.string(), z.int()),
    { empty: (o) => Object.keys(o).length === 0, more: (o) => Object.keys(o).length > 1 },
  ],
  ["z record of names", z.record(z.enum(["a", "b"]), z.int())],
  [
    "z partial record",
    z.partialRecord(z.enum(["a", "b"]), z.int()),
    { empty: (o) => Object.keys(o).length === 0, full: (o) => Object.keys(o).length === 2 },
  ],
  ["z map", z.map(z.string(), z.date()), { empty: size(0), more: (m) => m.size > 1 }],
  ["z set", z.set(z.int().min(0).max(3)).min(1).max(4), { least: size(1), most: size(4) }],
  ["z bytes", z.instanceof(Uint8Array), { empty: length(0), more: (b) => b.length > 1 }],
  ["z refined", z.string().refine((text) => text.length % 2 === 0), { long: (text) => text.length > 3 }],
  ["z codec over its own output", z.string().overwrite((text) => text.slice(0, 3))],
  [
    "z lazy tree",
    tree,
    {
      leaf: (t) => t.children.length === 0,
      deep: (t) => t.children.some((c: Tree) => c.children.length > 0),
    },
  ],
  [
    "z tree by a getter",
    Family,
    { leaf: (t) => t.child === undefined, deep: (t) => t.child?.child !== undefined },
  ],
  [
    "z any",
    z.any(),
    { object: (x) => typeof x === "object" && x !== null, text: (x) => typeof x === "string" },
  ],
  ["z JSON", z.json()],
  // valibot
  ["v text", v.pipe(v.string(), v.minLength(2), v.maxLength(5)), { least: length(2), most: length(5) }],
  ["v trimmed", v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(9))],
  ["v email", v.pipe(v.string(), v.email())],
  ["v uuid", v.pipe(v.string(), v.uuid())],
  ["v url", v.pipe(v.string(), v.url())],
  ["v timestamp", v.pipe(v.string(), v.isoTimestamp())],
  ["v date text", v.pipe(v.string(), v.isoDate())],
  ["v expression", v.pipe(v.string(), v.regex(/^[A-Z]{3}$/))],
  ["v values", v.pipe(v.string(), v.values(["a", "b"])), { a: is("a"), b: is("b") }],
  ["v begin", v.pipe(v.string(), v.startsWith("a"), v.maxLength(3)), { most: length(3) }],
  [
    "v whole",
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3)),
    { 1: is(1), 2: is(2), 3: is(3) },
  ],
  ["v open range", v.pipe(v.number(), v.gtValue(1), v.ltValue(2))],
  ["v multiple", v.pipe(v.number(), v.multipleOf(4), v.minValue(0), v.maxValue(8)), { 0: is(0), 8: is(8) }],
  ["v bigint", v.pipe(v.bigint(), v.minValue(5n)), { 5: is(5n) }],
  ["v date", v.pipe(v.date(), v.minValue(new Date(0))), { least: (d) => +d === 0 }],
  ["v union", v.union([v.string(), v.boolean()]), { text: (x) => typeof x === "string", true: is(true) }],
  [
    "v variant",
    v.variant("is", [v.object({ is: v.literal("a") }), v.object({ is: v.literal("b"), n: v.number() })]),
    { a: (o) => o.is === "a", b: (o) => o.is === "b" },
  ],
  ["v picklist", v.picklist(["a", "b"]), { a: is("a"), b: is("b") }],
  ["v enum", v.enum({ A: "a", B: 2 }), { a: is("a"), 2: is(2) }],
  ["v optional", v.optional(v.string(), "x"), { absent: isAbsent }],
  ["v nullish", v.nullish(v.number()), { absent: isAbsent, null: is(null) }],
  [
    "v array",
    v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(2)),
    { least: length(1), most: length(2) },
  ],
  ["v tuple", v.tuple([v.string(), v.number()])],
  [
    "v object",
    v.object({ a: v.optional(v.number()), b: v.exactOptional(v.string()) }),
    { none: (o) => Object.keys(o).length === 0, all: (o) => Object.keys(o).length === 2 },
  ],
  ["v object with others", v.objectWithRest({ a: v.number() }, v.string())],
  ["v record", v.pipe(v.record(v.string(), v.number()), v.minEntries(1))],
  ["v map", v.map(v.string(), v.set(v.number())), { more: (m) => m.size > 1 }],
  ["v set", v.pipe(v.set(v.string()), v.minSize(2)), { least: size(2) }],
  ["v bytes", v.instance(Uint8Array)],
  ["v intersection", v.intersect([v.object({ a: v.string() }), v.object({ b: v.number() })])],
  [
    "v refined",
    v.pipe(
      v.string(),
      v.check((text) => !text.includes("a")),
    ),
  ],
  ["v lazy", valibotTree, { deep: (t) => t.children.some((c: Tree) => c.children.length > 0) }],
  ["v branded", v.pipe(v.string(), v.brand("Name"), v.readonly())],
  // arktype
  ["a text", type("2<=string<=5"), { least: length(2), most: length(5) }],
  ["a exact length", type("string==3")],
  ["a email", type("string.email")],
  ["a uuid", type("string.uuid")],
  ["a url", type("string.url")],
  ["a expression", type(/^[a-c]{2}$/)],
  ["a whole", type("1<=number.integer<=3"), { 1: is(1), 2: is(2), 3: is(3) }],
  ["a open range", type("0<number<5")],
  ["a multiple", type("number%3")],
  ["a bigint", type("bigint")],
  ["a boolean", type("boolean"), { true: is(true), false: is(false) }],
  ["a union", type("'a'|'b'|3|null"), { a: is("a"), b: is("b"), 3: is(3), null: is(null) }],
  ["a optional", type("string|undefined"), { absent: isAbsent }],
  [
    "a object",
    type({ a: "string", "b?": "number", c: "string='x'" }),
    { without: (o) => !("b" in o), with: (o) => "b" in o },
  ],
  ["a strict object", type({ "+": "reject", a: "string" })],
  ["a array", type("(string|number)[]>=1"), { least: length(1) }],
  ["a tuple", type(["string", "number?"]), { short: length(1), long: length(2) }],
  ["a tuple with a rest", type(["string", "...", "number[]"]), { one: length(1), more: (a) => a.length > 2 }],
  ["a record", type("Record<string,number>"), { empty: (o) => Object.keys(o).length === 0 }],
  ["a date", type("Date>=d'2020-01-01'"), { least: (d) => +d === Date.UTC(2020, 0, 1) }],
  ["a bytes", type.instanceOf(Uint8Array)],
  ["a refined", type("string").narrow((text) => text.length > 1)],
  ["a trimmed", type("string.trim")],
  ["a with a default", withDefault(type("string<=3"), "x"), { absent: isAbsent, most: length(3) }],
];

describe("an arbitrary of a field", () => {
  test.each(schemas.map(([name, schema, seen = {}]) => ({ name, schema, seen })))(
    "$name",
    ({ schema, seen }) => {
      class Thing extends node("Thing", { field: schema }) {}
      const made = fc.sample(arbitrary.fields(Thing), RUNS).map((fields) => {
        definitionOf(Thing)!.create(fields);
        return (fields as { field?: unknown }).field;
      });
      for (const [what, isSeen] of Object.entries(seen)) expect(made.some(isSeen), what).toBe(true);
      if (Object.keys(seen).length === 0)
        expect(new Set(made.map((x) => JSON.stringify(x, text))).size).toBeGreaterThan(1);
    },
  );
});

function text(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

describe("what cannot be derived", () => {
  class Mine {}
  const custom = z.custom<string>((value) => typeof value === "string");

  test.each([
    ["a custom validator", custom, "Thing.field: no values can be derived from z.custom(…)"],
    [
      "one deep inside",
      z.object({ list: z.array(z.object({ x: custom })) }),
      "Thing.field.list[0].x: no values",
    ],
    ["a class", v.instance(Mine), "Thing.field: no values can be derived from v.instance(…)"],
    [
      "a validator that says nothing",
      withoutWords(),
      "Thing.field: no values can be derived from a validator of none",
    ],
    [
      "a refinement that hardly anything passes",
      z.string().refine((text) => text === "open sesame"),
      "Thing.field: its validator took none of 2000 values",
    ],
    ["one that nothing passes", z.never(), "Thing.field: no value passes its validator"],
  ] as const)("%s is named, with its place", (_name, schema, message) => {
    class Thing extends node("Thing", { field: schema as Schema }) {}
    const sample = () => fc.sample(arbitrary.fields(Thing), 1);
    expect(sample).toThrow(TypeError);
    expect(sample).toThrow(message);
    if (schema !== undefined && !message.includes("no value passes"))
      expect(sample).toThrow("{ field: fc.… }");
    class Given extends node("Given", { field: schema as Schema, n: z.int() }) {}
    if (schema === custom)
      expect(fc.sample(arbitrary.fields(Given, { field: fc.constant("mine") }), 5)).toHaveLength(5);
  });

  test("a field that is not there is refused", () => {
    class Thing extends node("Thing", { a: z.int() }) {}
    expect(() => arbitrary.fields(Thing, { b: fc.nat() } as never)).toThrow(
      'Thing has no field "b"; it has a',
    );
    expect(() => arbitrary.fields(class {} as never)).toThrow(TypeError);
    expect(() => arbitraries(undefined as never)).toThrow(TypeError);
  });
});

/** A validator that describes itself neither to us nor by JSON Schema. */
function withoutWords(): Schema {
  return { "~standard": { version: 1, vendor: "none", validate: (value: unknown) => ({ value }) } };
}

test("a validator of any library is asked for its JSON Schema", () => {
  const described = {
    "~standard": {
      version: 1,
      vendor: "other",
      validate: (value: unknown) =>
        typeof value === "string" && value.length >= 2 ? { value } : { issues: [{ message: "no" }] },
      jsonSchema: { input: () => ({ type: "string", minLength: 2 }), output: () => ({}) },
    },
  } as Schema<string>;
  class Thing extends node("Thing", { field: described }) {}
  for (const { field } of fc.sample(arbitrary.fields(Thing), 100))
    expect(field.length).toBeGreaterThanOrEqual(2);
});

test("a walker's input passes its validators, transforms too", () => {
  const parse = walker("parse", {
    input: {
      count: z
        .string()
        .regex(/^\d{1,3}$/)
        .transform(Number),
      on: z.stringbool(),
      tag: z.string().optional(),
    },
  });
  const inputs = fc.sample(arbitrary.input(parse), 200);
  expect(inputs.every(({ count }) => /^\d{1,3}$/.test(count))).toBe(true);
  expect(new Set(inputs.map(({ on }) => on)).size).toBeGreaterThan(4);
  expect(inputs.some((input) => !("tag" in input)) && inputs.some((input) => "tag" in input)).toBe(true);
  const given = fc.sample(arbitrary.input(parse, { count: fc.constant("7") }), 20);
  expect(given.every(({ count }) => count === "7")).toBe(true);
});

test("fields shrink to what is simplest", () => {
  class Thing extends node("Thing", { name: z.string().min(1), tags: z.array(z.string()), n: z.int() }) {}
  const { counterexample } = fc.check(
    fc.property(arbitrary.fields(Thing), ({ tags }) => tags.length < 2),
    { numRuns: 1000 },
  );
  expect(counterexample![0].tags).toEqual(["", ""]);
  expect(counterexample![0].n).toBe(0);
  expect(counterexample![0].name).toHaveLength(1);
});

class Room extends node("Room", { name: z.string().max(2) }, { unique: ["name"] }) {}
class Suite extends Room.extend("Suite", { beds: z.int().min(1).max(3) }) {}
class Guest extends node("Guest", { born: z.date() }) {}
class Sleeps extends edge("Sleeps", { nights: z.int().positive() }, { from: Guest, to: Room }) {}

test("an arbitrary graph keeps to ends and unique keys, and can be created", async () => {
  let [edges, subtypes, most] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(arbitrary.graph([Room, Suite, Guest, Sleeps], { maxNodes: 8 }), async (sketch) => {
      const graph = await openGraph({ types: [Room, Suite, Guest, Sleeps] });
      const made = await graph.transaction((tx) => populate(tx, sketch));
      expect(await graph.edges(Sleeps).count()).toBe(sketch.edges.length);
      expect(made.nodes).toHaveLength(sketch.nodes.length);
      expect(made.nodes.map(({ $type }) => $type)).toEqual(sketch.nodes.map(({ type }) => type.typeName));
      edges += sketch.edges.length;
      most = Math.max(most, sketch.nodes.length);
      for (const { to } of sketch.edges) if (sketch.nodes[to]!.type === Suite) subtypes += 1;
      await graph.close();
    }),
    { numRuns: 50 },
  );
  expect(edges).toBeGreaterThan(50);
  expect(subtypes).toBeGreaterThan(10);
  expect(most).toBeGreaterThan(4);
});
