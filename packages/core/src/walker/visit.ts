import { ClosedError } from "../errors.ts";
import type { Location } from "./walk-unit.ts";

/**
 * What `w.visit` gives: a visit that takes effect when its handler is done. Not a thenable, so nothing is awaited by
 * mistake. Users see `else`; the rest is the engine's.
 */
export class Visit {
  /** What was found at the call; undefined where finding it takes reading. */
  locations: readonly Location[] | undefined;
  /** Where the locations go in the queue. */
  readonly at: number | undefined;
  /** What to find, and the unit's state to find it in, where that takes reading. */
  readonly target: unknown;
  readonly mark: number;
  /** How many locations were ignored at the call: what is ignored later is dropped at its turn. */
  readonly ignoredBefore: number;
  otherwise: (() => unknown) | undefined;
  isResolved = false;

  constructor(
    locations: readonly Location[] | undefined,
    at: number | undefined,
    target: unknown,
    mark: number,
    ignoredBefore: number,
  ) {
    this.locations = locations;
    this.at = at;
    this.target = target;
    this.mark = mark;
    this.ignoredBefore = ignoredBefore;
    this.otherwise = undefined;
  }

  /**
   * What to do where the visit queues nothing. Runs, awaited, when the handler is done; visits made there take this
   * visit's place in the order.
   *
   * @throws {ClosedError} after the handler was done
   */
  else(f: () => unknown): void {
    if (typeof f !== "function") throw new TypeError("visit(…).else takes a function");
    if (this.isResolved) {
      throw new ClosedError({
        message: "visit(…).else was called when the visit had taken effect",
        remedy: "Call else where the visit is made, before its handler is done.",
      });
    }
    if (this.otherwise !== undefined) throw new TypeError("this visit has an else already");
    this.otherwise = f;
  }
}
