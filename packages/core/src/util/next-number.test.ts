import fc from "fast-check";
import { expect, it } from "vitest";
import { nextNumber } from "./next-number.ts";

it("gives the number after every other, and no number lies between the two", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, max: Number.MAX_VALUE }), (value) => {
      const next = nextNumber(value);
      expect(next > value).toBe(true);
      // The mean of neighbours is rounded to one of them.
      const mean = value / 2 + next / 2;
      expect(mean <= value || mean >= next || next - value > Number.MAX_VALUE).toBe(true);
    }),
  );
});

it("knows the ends", () => {
  expect(nextNumber(0)).toBe(Number.MIN_VALUE);
  expect(nextNumber(-0)).toBe(Number.MIN_VALUE);
  expect(nextNumber(-Number.MIN_VALUE)).toBe(-0);
  expect(nextNumber(Number.MAX_VALUE)).toBe(Number.POSITIVE_INFINITY);
  expect(nextNumber(Number.NEGATIVE_INFINITY)).toBe(-Number.MAX_VALUE);
  expect(nextNumber(Number.POSITIVE_INFINITY)).toBeNaN();
});
