/**
 * Law: whatever units run at the same time, in whatever order things happen, some serial order of those that committed
 * explains what each of them saw, lost attempts included; and after that every graph shows what they left behind.
 */
import { describe, expect, it } from "vitest";
import { expectSerialOrder } from "./histories.ts";
import { awkward, awkwardAndSmall, forgetful, inMemory, inMemoryFromAfar } from "./places.ts";
import { runs } from "./runs.ts";

describe("histories of concurrent units have a serial order", () => {
  for (const [place, numRuns] of [
    [inMemory, runs.memory],
    [inMemoryFromAfar, runs.memoryFromAfar],
    [awkward, runs.awkward],
    [awkwardAndSmall, runs.awkwardAndSmall],
    [forgetful, runs.forgetful],
  ] as const)
    it(`in ${place.name}`, () => expectSerialOrder(place, numRuns), 900_000);

  it("five thousand of them", () => {
    expect(Object.values<number>(runs).reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(5000);
  });
});
