import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineField, requireSynchronous, type Schema, validateField, withDefault } from "./field.ts";

function field(schema: unknown) {
  return defineField("Room", "name", schema);
}

/** One schema of each library, for the same thing. */
const libraries: [
  string,
  { text: Schema; short: Schema; tags: Schema; optional: Schema; withDefault: Schema },
][] = [
  [
    "zod",
    {
      text: z.string(),
      short: z.string().max(3),
      tags: z.array(z.string()),
      optional: z.string().optional(),
      withDefault: z.array(z.string()).default([]),
    },
  ],
  [
    "valibot",
    {
      text: v.string(),
      short: v.pipe(v.string(), v.maxLength(3)),
      tags: v.array(v.string()),
      optional: v.optional(v.string()),
      withDefault: v.optional(v.array(v.string()), []),
    },
  ],
  [
    "arktype",
    {
      text: type("string"),
      short: type("string <= 3"),
      tags: type("string[]"),
      optional: type("string | undefined"),
      withDefault: withDefault(type("string[]"), () => []),
    },
  ],
];

describe.each(libraries)("with %s", (_library, schemas) => {
  test("what the schema puts out is stored", () => {
    expect(validateField(field(schemas.text), "general")).toBe("general");
    expect(validateField(field(schemas.tags), ["a"])).toEqual(["a"]);
  });

  test("nested data is frozen and is not the caller's", () => {
    const given = ["a"];
    const stored = validateField(field(schemas.tags), given);
    expect(Object.isFrozen(stored)).toBe(true);
    given.push("b");
    expect(stored).toEqual(["a"]);
  });

  test("the schema's message is heard, with the path of the field", () => {
    expect(() => validateField(field(schemas.short), "much too long")).toThrow(
      expect.objectContaining({
        code: "RW_FIELD_INVALID",
        path: ["name"],
        valueKind: "string",
        message: expect.stringMatching(/^Room\.name: .*3/),
      }),
    );
    expect(() => validateField(field(schemas.tags), ["a", 5])).toThrow(/^Room\.name\[1\]: ./);
  });

  test("a missing value is refused, left out or filled in", () => {
    expect(() => validateField(field(schemas.text), undefined)).toThrow(/^Room\.name: /);
    expect(validateField(field(schemas.optional), undefined)).toBeUndefined();
    expect(validateField(field(schemas.withDefault), undefined)).toEqual([]);
  });

  test("nothing of it is asynchronous", () => {
    for (const schema of Object.values(schemas)) requireSynchronous(field(schema));
  });
});

test("a default is made anew each time", () => {
  let calls = 0;
  const counted = field(z.number().default(() => ++calls));
  expect([validateField(counted, undefined), validateField(counted, undefined)]).toEqual([1, 2]);
  const list = field(withDefault(z.array(z.number()), () => [++calls]));
  expect(validateField(list, undefined)).toEqual([3]);
  expect(validateField(list, undefined)).toEqual([4]);
});

test("a default is validated like any input", () => {
  expect(() => validateField(field(withDefault(z.string().max(1), "too long")), undefined)).toThrow(
    /^Room\.name: /,
  );
});

describe("a schema that changes values", () => {
  test("is fine where it takes its own output", () => {
    expect(validateField(field(z.string().trim()), " a ")).toBe("a");
    expect(validateField(field(z.coerce.number()), "5")).toBe(5);
    expect(
      validateField(
        field(
          z
            .string()
            .or(z.date())
            .transform((at) => new Date(at)),
        ),
        "2026-01-31",
      ),
    ).toEqual(new Date("2026-01-31"));
  });

  test("is refused where it does not", () => {
    expect(() => validateField(field(z.string().transform(Number)), "5")).toThrow(
      expect.objectContaining({
        code: "RW_FIELD_UNSTABLE",
        path: ["name"],
        message: expect.stringMatching(
          /^Room\.name: the schema makes number of string and does not take that as input: ./,
        ),
      }),
    );
    expect(() =>
      validateField(
        field(
          v.pipe(
            v.string(),
            v.transform((text) => text.split(",")),
          ),
        ),
        "a,b",
      ),
    ).toThrow(expect.objectContaining({ code: "RW_FIELD_UNSTABLE" }));
    expect(() => validateField(field(type("string").pipe((text) => text.length)), "abc")).toThrow(
      expect.objectContaining({ code: "RW_FIELD_UNSTABLE" }),
    );
  });
});

describe("a field is refused", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["a name of a type", "string"],
    ["a class", String],
    ["a plain object", {}],
    ["something that poses as a schema", { "~standard": {} }],
  ])("when its schema is %s", (_what, schema) => {
    expect(() => field(schema)).toThrow(
      expect.objectContaining({ code: "RW_DEFINITION_FIELD", path: ["name"] }),
    );
  });

  test("when its schema shows itself to be asynchronous", () => {
    for (const schema of [
      z.string().refine(async () => true),
      z.string().refine(async () => false),
      z.number().transform(async (n) => n),
      v.pipeAsync(
        v.string(),
        v.checkAsync(async () => true),
      ),
      v.optionalAsync(v.string()),
    ]) {
      expect(() => requireSynchronous(field(schema))).toThrow(
        expect.objectContaining({
          code: "RW_DEFINITION_ASYNC",
          message: "Room.name: the validator is asynchronous",
        }),
      );
      // A second graph is told the same.
      expect(() => requireSynchronous(field(schema))).toThrow();
    }
  });

  test("at the first such write when only some values are checked asynchronously", () => {
    const hidden = field(z.array(z.string()).refine(async () => true));
    requireSynchronous(hidden);
    expect(() => validateField(hidden, ["a"])).toThrow(
      expect.objectContaining({ code: "RW_DEFINITION_ASYNC" }),
    );
  });
});

test("a validator that throws is named with its exception", () => {
  const cause = new Error("out of order");
  const broken = field(
    z.string().refine(() => {
      throw cause;
    }),
  );
  requireSynchronous(broken);
  expect(() => validateField(broken, "a")).toThrow(
    expect.objectContaining({
      code: "RW_FIELD_FAILED",
      cause,
      message: "Room.name: the validator threw: out of order",
    }),
  );
});

test("what cannot be stored is refused though the schema takes it", () => {
  expect(() => validateField(field(z.any()), { run: () => 1 })).toThrow(
    expect.objectContaining({ code: "RW_VALUE_KIND", path: ["name", "run"], valueKind: "function" }),
  );
});
