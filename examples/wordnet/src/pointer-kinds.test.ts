import { describe, expect, it } from "vitest";
import { pointerKind, pointerKinds } from "./pointer-kinds.ts";

describe("a pointer symbol", () => {
  it("names 27 kinds in all", () => {
    expect(pointerKinds).toHaveLength(27);
    expect(new Set(pointerKinds).size).toBe(27);
  });

  it.each([
    ["n", "pertainym"],
    ["a", "pertainym"],
    ["r", "derivedFromAdjective"],
    ["v", undefined],
  ] as const)("\\ of part of speech %s means %s", (pos, kind) => {
    expect(pointerKind("\\", pos)).toBe(kind);
  });

  it("means the same in every part of speech that has it otherwise", () => {
    expect([pointerKind("@", "n"), pointerKind("@", "v")]).toEqual(["hypernym", "hypernym"]);
    expect([pointerKind("^", "v"), pointerKind("^", "a")]).toEqual(["alsoSee", "alsoSee"]);
  });

  it("means nothing where that part of speech does not have it", () => {
    expect(pointerKind("@i", "v")).toBeUndefined();
    expect(pointerKind("%p", "a")).toBeUndefined();
    expect(pointerKind("constructor", "n")).toBeUndefined();
  });
});
