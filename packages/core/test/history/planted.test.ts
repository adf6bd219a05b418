/** Each mistake that is planted is found, as what it is; and what found it passes without it. */
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { serialOrder, type Tally } from "./histories.ts";
import { allKinds, type OperationKind } from "./operations.ts";
import { planted } from "./planted.ts";
import type { Place } from "./play.ts";

const SEED = 7;
const MOST = 150;

/** Without those that say by an error of their own what they saw: the checker is to find it. */
const noted = allKinds.filter((kind) => kind !== "compare twins");

afterEach(() => {
  vi.restoreAllMocks();
});

function check(place: Place, kinds: readonly OperationKind[], path?: string) {
  const tally: Tally = { histories: 0, contended: 0, units: 0 };
  return fc.check(serialOrder(place, tally, kinds), {
    seed: SEED,
    numRuns: path === undefined ? MOST : 1,
    endOnFailure: true,
    ...(path !== undefined && { path }),
  });
}

it("are twenty at least", () => {
  expect(planted.length).toBeGreaterThanOrEqual(20);
});

for (const { mistake, place, plant, kinds = noted, foundAs, without = place } of planted)
  it(mistake, async () => {
    plant?.();
    const found = await check(place, kinds);
    expect(found.failed).toBe(true);
    expect((found.errorInstance as Error).message).toMatch(foundAs);
    vi.restoreAllMocks();
    const healthy = await check(without, kinds, found.counterexamplePath!);
    expect(healthy.numRuns).toBe(1);
    expect(healthy.errorInstance ?? undefined).toBeUndefined();
  });
