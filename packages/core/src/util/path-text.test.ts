import { expect, test } from "vitest";
import { pathText } from "./path-text.ts";

test("a path reads as code would write it", () => {
  expect(pathText(["users", 2, "name"])).toBe("users[2].name");
  expect(pathText(["users", "first name", "größe"])).toBe('users["first name"].größe');
  expect(pathText([0])).toBe("[0]");
  expect(pathText([])).toBe("");
});

test("a path without end is not written to its end", () => {
  const text = pathText(Array.from({ length: 1_000 }, () => "deep"));
  expect(text).toMatch(/^deep(\.deep)+…$/);
  expect(text.length).toBeLessThan(200);
});
