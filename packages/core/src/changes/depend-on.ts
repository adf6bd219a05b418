import { CorruptRecordError } from "../errors.ts";
import { hostOf, markDataRead } from "../schema/entity.ts";
import type { Unit } from "../unit/unit.ts";
import { eachRecord } from "./equal-results.ts";

/** Whoever gets the records will read their fields later, when the unit is over: it depends on them all. */
export function dependOn(unit: Unit, value: unknown): void {
  eachRecord(value, (record) => {
    if (hostOf(record) !== unit) return;
    try {
      unit.noteDataRead(record);
    } catch (error) {
      // What is damaged is found by who reads it, and may be repaired.
      if (!(error instanceof CorruptRecordError)) throw error;
    }
    markDataRead(record);
  });
}
