import { describe, expect, test } from "vitest";
import { median, medianInterval, quantile } from "./statistics.ts";

test("the median of an even number of values lies between the two in the middle", () => {
  expect(median([4, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("a quantile between two ranks is interpolated", () => {
  expect(quantile([10, 20, 30, 40, 50], 0.99)).toBeCloseTo(49.6);
});

describe("medianInterval", () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  test.each([
    // Coverages from the binomial distribution: 93.75 %, 98.4 %, 93.0 %, 96.1 %, 93.5 %.
    [5, { low: 1, high: 5 }],
    [7, { low: 1, high: 7 }],
    [8, { low: 2, high: 7 }],
    [9, { low: 2, high: 8 }],
    [11, { low: 3, high: 9 }],
  ])("of %i values is the narrowest that holds the median with 90 %%", (count, interval) => {
    expect(medianInterval(upTo(count))).toEqual(interval);
  });

  test("of one value is that value", () => {
    expect(medianInterval([7])).toEqual({ low: 7, high: 7 });
  });
});
