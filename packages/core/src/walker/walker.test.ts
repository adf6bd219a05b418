import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ValidationError } from "../errors.ts";
import { node } from "../schema/node.ts";
import { HandlersDefinition, handlers } from "./handlers.ts";
import { checkInput, freshInput } from "./input.ts";
import { requireWalker, WalkerDefinition, walker } from "./walker.ts";

class Room extends node("Room", {}) {}

const define = walker as unknown as (name: unknown, options?: unknown) => WalkerDefinition;

function errorOf(f: () => unknown): ValidationError {
  try {
    f();
  } catch (error) {
    if (error instanceof ValidationError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const codeOf = (f: () => unknown): string => errorOf(f).code;

describe("walker", () => {
  test("each entry and exit gives a new frozen walker of the same identity", () => {
    const base = define("w");
    const more = base.entry(() => {}).exit(Room, () => {});
    expect(more).not.toBe(base);
    expect(base.entries).toHaveLength(0);
    expect([more.entries.length, more.exits.length]).toEqual([1, 1]);
    expect(more.walkerId).toBe(base.walkerId);
    for (const value of [base, more, more.entries, more.entries[0], more.walkerId])
      expect(Object.isFrozen(value)).toBe(true);
    expect(define("w").walkerId).not.toBe(base.walkerId);
  });

  test.each(["1a", "", "$a", "constructor", "a b", undefined, 7])("has no name like %s", (name) => {
    expect(codeOf(() => define(name))).toBe("RW_DEFINITION_NAME");
  });

  test.each([
    "visit",
    "state",
    "root",
    "report",
    "spawn",
    "get",
    "nodes",
    "edges",
    "__proto__",
    "constructor",
    "then",
    "$a",
  ])("has no input named %s", (name) => {
    const input = Object.defineProperty({}, name, { value: z.string(), enumerable: true });
    expect(codeOf(() => define("w", { input }))).toBe("RW_DEFINITION_NAME");
  });

  test("refuses inputs and reports that are no schemas, and options that are none", () => {
    expect(codeOf(() => define("w", { input: { a: "string" } }))).toBe("RW_DEFINITION_FIELD");
    for (const options of [
      7,
      { input: 7 },
      { report: String },
      { state: {} },
      { once: 1 },
      { maxVisits: 0 },
      { inputs: {} },
    ]) {
      expect(codeOf(() => define("w", options))).toBe("RW_DEFINITION_WALKER");
    }
  });

  test("refuses registrations that are none", () => {
    const w = define("w");
    expect(codeOf(() => w.entry())).toBe("RW_DEFINITION_WALKER");
    expect(codeOf(() => w.entry(Room))).toBe("RW_DEFINITION_WALKER");
    expect(codeOf(() => w.entry(Room, "f"))).toBe("RW_DEFINITION_WALKER");
    expect(codeOf(() => w.entry([], () => {}))).toBe("RW_DEFINITION_WALKER");
    expect(codeOf(() => w.exit(Date, () => {}))).toBe("RW_DEFINITION_TYPE");
    expect(codeOf(() => w.exit([Room, "Room"], () => {}))).toBe("RW_DEFINITION_TYPE");
  });

  test("nothing else is one", () => {
    expect(requireWalker(define("w"))).toBeInstanceOf(WalkerDefinition);
    expect(() => requireWalker({ name: "w" })).toThrow(TypeError);
  });
});

describe("handlers", () => {
  test("each entry and exit gives new frozen handlers", () => {
    const base = handlers(Room) as unknown as HandlersDefinition;
    const more = base.entry(() => {}).exit(define("w"), () => {});
    expect(more).toBeInstanceOf(HandlersDefinition);
    expect([base.entries.length, more.entries.length, more.exits.length]).toEqual([0, 1, 1]);
    for (const value of [more, more.entries, more.exits[0]]) expect(Object.isFrozen(value)).toBe(true);
  });

  test("are refused where they are none", () => {
    expect(codeOf(() => handlers(Date as never))).toBe("RW_DEFINITION_TYPE");
    const base = handlers(Room) as unknown as HandlersDefinition;
    expect(codeOf(() => base.entry("w", () => {}))).toBe("RW_DEFINITION_WALKER");
    expect(codeOf(() => base.entry(define("w"), "f"))).toBe("RW_DEFINITION_WALKER");
  });
});

describe("input", () => {
  const w = define("w", {
    input: {
      text: z.string(),
      count: z.int().default(1),
      tags: z.array(z.object({ name: z.string() })).optional(),
    },
  });

  test("is validated, with defaults; the output is what handlers see", () => {
    expect(checkInput(w, { text: "a" })).toEqual({ text: "a", count: 1, tags: undefined });
    const doubled = define("d", { input: { n: z.string().transform((text) => Number(text) * 2) } });
    expect(checkInput(doubled, { n: "4" })).toEqual({ n: 8 });
  });

  test("is refused as a whole, with the path of each field", () => {
    const refused = errorOf(() => checkInput(w, { text: 7, tags: [{ name: "a" }, { name: 1 }], typo: true }));
    expect(refused.code).toBe("RW_INPUT_INVALID");
    const issues = refused.details.issues as readonly { readonly path: string }[];
    expect(issues.map(({ path }) => path)).toEqual(["typo", "text", "tags[1].name"]);
    expect(refused.path).toEqual(["typo"]);
    expect(codeOf(() => checkInput(w, "text"))).toBe("RW_INPUT_INVALID");
    expect(codeOf(() => checkInput(w, undefined))).toBe("RW_INPUT_INVALID");
  });

  test("with a validator that is asynchronous or throws is refused with the reason", () => {
    const late = define("late", { input: { a: z.string().refine(async () => true) } });
    expect(["RW_DEFINITION_ASYNC", "RW_FIELD_FAILED"]).toContain(codeOf(() => checkInput(late, { a: "x" })));
    const standard = { version: 1, vendor: "test", validate: () => Promise.reject(new Error("late")) };
    const promised = define("promised", { input: { a: { "~standard": standard } } });
    expect(codeOf(() => checkInput(promised, { a: "x" }))).toBe("RW_DEFINITION_ASYNC");
  });

  test("is nobody else's: frozen, or a copy for each attempt", () => {
    const any = define("any", { input: { value: z.any() } });
    const given = {
      list: [1],
      when: new Date(0),
      map: new Map([["a", { b: 1 }]]),
      set: new Set([1]),
      bytes: new Uint8Array(1),
    };
    const circular = { given } as { given: unknown; self?: unknown };
    circular.self = circular;
    const checked = checkInput(any, { value: circular });
    const first = freshInput(checked).value as typeof circular & { given: typeof given };
    expect(first).toEqual(circular);
    expect(first.self).toBe(first);
    expect(Object.isFrozen(first.given.list)).toBe(true);
    first.given.map.clear();
    first.given.when.setTime(1);
    expect(freshInput(checked).value).toEqual(circular);
    class Other {}
    const other = new Other();
    expect(checkInput(any, { value: other }).value).toBe(other);
  });
});
