/**
 * Law: whatever units run at the same time, in whatever order things happen, some serial order of those that committed
 * explains what each of them saw, lost attempts included; and after that every graph shows what they left behind.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serialOrder, type Tally } from "./histories.ts";
import { awkward, awkwardAndSmall, forgetful, inMemory, inMemoryFromAfar } from "./places.ts";

const runs = [
  { place: inMemory, numRuns: 500 },
  { place: inMemoryFromAfar, numRuns: 500 },
  { place: awkward, numRuns: 500 },
  { place: awkwardAndSmall, numRuns: 500 },
  { place: forgetful, numRuns: 300 },
];

describe("histories of concurrent units have a serial order", () => {
  it.each(runs)("in $place.name", async ({ place, numRuns }) => {
    const tally: Tally = { histories: 0, contended: 0, units: 0 };
    await fc.assert(serialOrder(place, tally), { numRuns });
    expect(tally.histories).toBeGreaterThanOrEqual(numRuns);
    expect(tally.contended / tally.histories).toBeGreaterThanOrEqual(0.3);
  });
});
