import type { QueueSnapshot } from "./location-queue.ts";
import type { SetSnapshot } from "./location-set.ts";
import type { StackSnapshot } from "./location-stack.ts";
import type { Location } from "./walk-unit.ts";

/** Which handlers a walk is at; a location's entries are phases 1 to 3 of the order, its exits 5 to 7. */
export type Stage = "opening" | "begin" | "between" | "entry" | "exit" | "end" | "done";

/**
 * An outermost walk between two handlers: all that `resumeFrom` needs to go on from there, as often as it must.
 * Collections that only grow are held by reference together with their size then.
 */
export interface Checkpoint {
  readonly stage: Stage;
  /** Where the walk is, and how many of the stage's handlers have had their turn. */
  readonly location: Location;
  readonly handled: number;
  readonly lastEntered: Location;
  readonly queue: QueueSnapshot;
  /** Where exit handlers are still to run. */
  readonly exits: StackSnapshot;
  readonly ignored: { readonly order: ReadonlyMap<Location, number>; readonly size: number };
  readonly entered: SetSnapshot | undefined;
  /** A structured clone. */
  readonly state: unknown;
  readonly reports: { readonly values: readonly unknown[]; readonly length: number };
  readonly visits: number;
}

/** @throws {TypeError} where the state cannot be kept */
export function cloneState(walkerName: string, state: unknown): unknown {
  try {
    return structuredClone(state);
  } catch (cause) {
    throw new TypeError(
      `w.commit() in ${walkerName}: the walk's state cannot be kept, for a part of it is no plain data (${cause instanceof Error ? cause.message : String(cause)}); keep ids instead of records, and no functions`,
      { cause },
    );
  }
}

/** The first `count` of what is iterated, in insertion order. */
export function* firstOf<T>(values: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const value of values) {
    if (left === 0) return;
    left -= 1;
    yield value;
  }
}
