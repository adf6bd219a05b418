import { expect, test } from "vitest";
import { isLevel, type Level, levelName, levels, levelValue } from "./level.ts";

test("levels are ordered and have numbers", () => {
  expect(levels.map(levelValue)).toEqual([0, 1, 2, 3]);
  expect(levels.map((level) => levelName(levelValue(level)))).toEqual(["none", "read", "connect", "write"]);
});

test("what is no level is refused by name", () => {
  expect(isLevel("admin")).toBe(false);
  expect(levels.every(isLevel)).toBe(true);
  expect(() => levelValue("admin" as Level)).toThrow('"admin" is not an access level');
  expect(() => levelValue(7 as unknown as Level)).toThrow(
    expect.objectContaining({ code: "RW_ACCESS_LEVEL" }),
  );
});
