import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { type CompiledFilter, compileFilter, type Filter, interpretFilter } from "../model/filter.ts";
import { generate, quoted } from "./generated-code.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test("a name is a string of the source, whatever it is made of", () => {
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom('"', "\\", "\n", "\u2028", '"]; throw 1; s["', "$\u007b1}", "__proto__"),
  );
  fc.assert(
    fc.property(names, (name) => {
      const read = generate<(s: object) => unknown>("", `(s) => s[${quoted(name)}]`, []);
      const state = Object.create(null) as Record<string, unknown>;
      state[name] = 7;
      expect(read?.(state)).toBe(7);
    }),
  );
});

const fields = ["a", "b", 'c"d'];
const scalar = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom("", "a", "b", true, null, 1n, 0.5, -0),
);
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.constant(new Date(1)));

const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      kind: fc.constant("field" as const),
      field: fc.constantFrom(...fields),
      op: fc.constantFrom("eq", "ne", "gt", "gte", "lt", "lte", "contains"),
      value,
    }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      parts: fc.array(tie("filter"), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), part: tie("filter") }),
  ) as fc.Arbitrary<Filter>,
})).filter;

const states = fc.record(
  Object.fromEntries(fields.map((field) => [field, fc.option(value, { nil: undefined })])),
) as fc.Arbitrary<Parameters<CompiledFilter>[0]>;

test("a generated filter answers as the interpreted one", () => {
  fc.assert(
    fc.property(filters, fc.array(states, { minLength: 1, maxLength: 5 }), (filter, some) => {
      const compiled = compileFilter(filter);
      const interpreted = interpretFilter(filter);
      for (const state of some) expect(compiled(state)).toBe(interpreted(state));
    }),
    { numRuns: 1_000 },
  );
});

test("where code may be made of strings only while the program starts, closures take over", async () => {
  const { generate: early } = await import("./generated-code.ts");
  expect(early<number>("", "1", [])).toBe(1);
  vi.stubGlobal("Function", () => {
    throw new EvalError("Code generation from strings disallowed for this context");
  });
  expect(early("", "2", [])).toBeUndefined();
});

test("where no code may be made of strings, closures do the same", async () => {
  vi.stubGlobal("Function", () => {
    throw new EvalError("Code generation from strings disallowed for this context");
  });
  const [{ generate: refused }, core] = await Promise.all([
    import("./generated-code.ts"),
    import("../index.ts"),
  ]);
  expect(refused("", "1", [])).toBeUndefined();

  const { z } = await import("zod");
  class Room extends core.node("Room", { name: z.string(), size: z.number() }) {}
  const graph = await core.openGraph({ types: [Room] });
  await graph.transaction((tx) =>
    tx.create(Room, [
      { name: "a", size: 1 },
      { name: "b", size: 2 },
    ]),
  );
  const [found] = await graph.nodes(Room, { size: core.gt(1) }).all();
  expect(found?.name).toBe("b");
  // More rows than are made before they get code of their own.
  await graph.transaction((tx) =>
    tx.create(
      Room,
      Array.from({ length: 100 }, (_, size) => ({ name: "c", size })),
    ),
  );
  const rows = graph.nodes(Room, { name: "c" }).select("size");
  expect((await rows.all()).map(({ size }) => size)).toEqual(Array.from({ length: 100 }, (_, size) => size));
  await graph.close();
});
