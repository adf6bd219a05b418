import fc from "fast-check";
import { isCutShort } from "../../../../scripts/property-limit.ts";
import { allKinds, type OperationKind } from "./operations.ts";
import { anomalyIn, type Place, type Program, play, programsOf } from "./play.ts";
import { LEAST_CONTENDED } from "./runs.ts";

/** What came of many histories. */
export interface Tally {
  histories: number;
  /** Of those, how many had an attempt that lost to another. */
  contended: number;
  units: number;
}

/** The law: of whatever units run at the same time, some serial order explains what each of them saw. */
export function serialOrder(place: Place, tally: Tally, kinds: readonly OperationKind[] = allKinds) {
  return fc.asyncProperty(
    programsOf(kinds),
    fc.scheduler(),
    fc.nat(1_000_000),
    async (given: readonly Program[], order: fc.Scheduler, seed: number) => {
      const played = await play(place, given, order, seed);
      tally.histories += 1;
      tally.units += played.units.length;
      if (played.conflicts > 0) tally.contended += 1;
      const anomaly = anomalyIn(played);
      if (anomaly !== undefined) throw new Error(anomaly.text);
    },
  );
}

/**
 * @throws where one has none, with the counterexample; or, unless it is cut short, where too few were played or have a
 *   conflict to say anything
 */
export async function expectSerialOrder(place: Place, numRuns: number): Promise<void> {
  const tally: Tally = { histories: 0, contended: 0, units: 0 };
  await fc.assert(serialOrder(place, tally), { numRuns });
  if (isCutShort) return;
  if (tally.histories < numRuns)
    throw new Error(`only ${tally.histories} of ${numRuns} histories were played`);
  if (tally.contended < LEAST_CONTENDED * tally.histories)
    throw new Error(`only ${tally.contended} of ${tally.histories} histories have a conflict`);
}
