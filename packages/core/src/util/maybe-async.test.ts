import { expect, test } from "vitest";
import { andThen, isThenable } from "./maybe-async.ts";

test("a value that is there goes on at once", () => {
  expect(andThen(2, (n) => n + 1)).toBe(3);
  expect(andThen(undefined, () => "done")).toBe("done");
});

test("a value that comes later goes on when it is there", async () => {
  const later = andThen(Promise.resolve(2), (n) => n + 1);
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe(3);
  expect(await andThen(2, async (n) => n + 1)).toBe(3);
});

test("what throws at once throws at once, what fails later fails later", async () => {
  const fail = (): never => {
    throw new Error("no");
  };
  expect(() => andThen(1, fail)).toThrow("no");
  await expect(andThen(Promise.resolve(1), fail)).rejects.toThrow("no");
});

test("only what has a then method must be awaited", () => {
  // biome-ignore lint/suspicious/noThenProperty: what a promise of another library looks like
  expect([Promise.resolve(), { then: () => {} }].map(isThenable)).toEqual([true, true]);
  // biome-ignore lint/suspicious/noThenProperty: a field that happens to have this name
  expect([undefined, null, 1, "then", {}, { then: 1 }, () => {}].map(isThenable)).toEqual(
    Array(7).fill(false),
  );
});
