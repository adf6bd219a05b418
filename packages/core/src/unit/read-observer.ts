import type { LookupRequest } from "../persistence/store.ts";
import type { Loader } from "../resident/loader.ts";

/** How the records of a type are found: by lookups in an index, one after another, or by scans of the types. */
export interface ExtentDecision {
  /** Concrete types by number. */
  readonly types: readonly number[];
  readonly lookups: readonly LookupRequest[] | undefined;
  /** Whether it is found in the order that was asked for, so that reading stops as soon as enough is found. */
  readonly isOrdered: boolean;
}

/**
 * Told what the reads of a unit come down to, by those who decide and do it. Nearly no unit has one. Of all reads of the
 * unit, those of other queries too that go on at the same time: plans and their steps tell them apart.
 */
export interface ReadObserver {
  /** Reads like the runtime's, and tells. */
  readonly loader: Loader;
  /** Resolves when it observes no longer. */
  readonly ended: Promise<void>;
  hit(count: number): void;
  missed(count: number): void;
  /** The plan's step at this place begins, from so many nodes. */
  stepBegun(plan: object, at: number, origins: number): void;
  stepDone(plan: object, at: number, results: number): void;
  hopDecided(step: object, stopsEarly: boolean): void;
  extentDecided(step: object, decision: ExtentDecision): void;
  /** The store counts the records of these types by itself. */
  extentTallied(step: object, types: readonly number[]): void;
  /** So many results were brought into order in memory. */
  sorted(step: object, count: number): void;
}
