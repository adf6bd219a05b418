import type { Attempt } from "../unit/runner.ts";
import type { Runtime } from "../unit/runtime.ts";
import type { MaybePromise } from "../util/maybe-async.ts";

/** What going over all records needs of the graph around it. */
export interface EvolutionHost {
  readonly runtime: Runtime;
  /** Runs a unit of work of the system root. */
  run<T>(body: (attempt: Attempt) => MaybePromise<T>): Promise<T>;
  /** @throws {ClosedError} where the graph was closed meanwhile */
  requireOpen(): void;
}
