import fc from "fast-check";
import { expect, test } from "vitest";
import { stopAfter } from "./property-limit.ts";

const plugins = [stopAfter(0)];

test("a property that is out of time passes with the one case that it has tried", async () => {
  const isTrue = () => true;
  const some = { failed: false, interrupted: true, numRuns: 1 };
  expect(fc.check(fc.property(fc.nat(), isTrue), { plugins })).toMatchObject(some);
  const slow = () => new Promise<boolean>((resolve) => setImmediate(resolve, true));
  expect(await fc.check(fc.asyncProperty(fc.nat(), slow), { plugins })).toMatchObject(some);
});

test("it fails where the case does, and where it tries none", () => {
  expect(
    fc.check(
      fc.property(fc.nat(), () => false),
      { plugins },
    ),
  ).toMatchObject({ failed: true });
  expect(
    fc.check(
      fc.property(fc.nat(), () => fc.pre(false)),
      { plugins },
    ),
  ).toMatchObject({ failed: true });
});
