import type { Principal } from "../access/principal.ts";
import { CommitUnknownError, ConflictError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Committer } from "./committer.ts";
import { UnitConflict } from "./conflict.ts";
import type { KeyQueue } from "./key-queue.ts";
import type { Runtime } from "./runtime.ts";
import { Unit } from "./unit.ts";

/** How long a shared store may be held for the last attempt of a unit that keeps losing to other processes. */
const LEASE_MS = 2000;

/** One run of a body: the unit it works in, which a checkpoint replaces. */
export interface Attempt {
  readonly unit: Unit;
  /**
   * Commits what the unit has done so far and goes on in a new one. A conflict in a later unit replays the body, which
   * can tell by what it kept where to begin.
   * @throws {UnitConflict} where the unit lost; the attempt is over
   */
  checkpoint(): MaybePromise<void>;
}

/**
 * Runs bodies as units of work: opens the unit, runs the body, commits; after a conflict everything of the attempt is
 * dropped and the body runs again from the start.
 */
export class Runner {
  readonly #runtime: Runtime;
  readonly #committer: Committer;
  readonly #queue: KeyQueue;

  constructor(runtime: Runtime, committer: Committer, queue: KeyQueue) {
    this.#runtime = runtime;
    this.#committer = committer;
    this.#queue = queue;
  }

  /**
   * @param body may run several times, each time with a fresh unit
   * @throws whatever the body throws while its reads hold; then nothing is written
   * @throws {ConflictError} after the last attempt
   */
  run<T>(principal: Principal, body: (attempt: Attempt) => MaybePromise<T>): MaybePromise<T> {
    return this.#attempt(principal, body, 1, undefined, undefined);
  }

  #attempt<T>(
    principal: Principal,
    body: (attempt: Attempt) => MaybePromise<T>,
    number: number,
    leave: (() => void) | undefined,
    unitId: Id | undefined,
  ): MaybePromise<T> {
    let count = number;
    const attempt = {
      unit: new Unit(this.#runtime, principal, unitId),
      checkpoint: (): MaybePromise<void> =>
        andThen(this.#finish(attempt.unit), () => {
          count = 1;
          attempt.unit = new Unit(this.#runtime, principal);
        }),
    };
    const failed = (error: unknown): MaybePromise<T> => {
      const { unit } = attempt;
      const isConflict = this.#isConflict(unit, error);
      unit.close(false);
      leave?.();
      if (!isConflict) throw error;
      return this.#replay(principal, body, count, unit.conflict!);
    };
    const finished = (result: T): T => {
      leave?.();
      return result;
    };
    let outcome: MaybePromise<T>;
    try {
      outcome = andThen(body(attempt), (result) =>
        andThen(this.#finish(attempt.unit), () => finished(result)),
      );
    } catch (error) {
      return failed(error);
    }
    return isThenable(outcome) ? (outcome as Promise<T>).catch(failed) : (outcome as T);
  }

  /** Commits the unit and closes it. */
  #finish(unit: Unit): MaybePromise<void> {
    if (unit.conflict !== undefined) throw unit.conflict;
    if (unit.isDoomed) throw unit.doomedBy;
    return andThen(this.#committer.commit(unit), () => {
      unit.close(true);
      if (unit.pending !== undefined) this.#runtime.counts.commits += 1;
      this.#announce(unit);
    });
  }

  /** An error of a unit that saw two moments is a conflict, whatever it looks like. */
  #isConflict(unit: Unit, error: unknown): boolean {
    if (error instanceof CommitUnknownError) return false;
    if (unit.conflict !== undefined) return true;
    if (error instanceof UnitConflict) {
      unit.failOn(error.key);
      return true;
    }
    return !unit.isClosed && !unit.holds();
  }

  #replay<T>(
    principal: Principal,
    body: (attempt: Attempt) => MaybePromise<T>,
    number: number,
    conflict: UnitConflict,
  ): MaybePromise<T> {
    this.#runtime.counts.conflicts += 1;
    if (number >= this.#runtime.attempts) {
      throw new ConflictError({
        message: `the unit of work lost to others ${number} times, last on ${conflict.key}. Where its body opens a unit of its own (graph where tx was meant), the two wait for each other`,
        details: { attempts: number, key: conflict.key },
      });
    }
    const { store } = this.#runtime;
    return andThen(this.#queue.enter(conflict.key), (leave) => {
      const isLast = number + 1 >= this.#runtime.attempts;
      if (!isLast || store.lease === undefined)
        return this.#attempt(principal, body, number + 1, leave, undefined);
      return this.#withLease((unitId) => this.#attempt(principal, body, number + 1, leave, unitId));
    });
  }

  #withLease<T>(run: (unitId: Id) => MaybePromise<T>): MaybePromise<T> {
    const { store, ids } = this.#runtime;
    // The lease is the unit's own, so that its commit passes where all others wait.
    const holder = ids.nextId();
    return andThen(store.lease!(holder, LEASE_MS), (held) => {
      if (!held) return run(holder);
      const release = (): MaybePromise<void> => store.release?.(holder);
      let result: MaybePromise<T>;
      try {
        result = run(holder);
      } catch (error) {
        return andThen(release(), () => {
          throw error;
        });
      }
      return isThenable(result)
        ? (result as Promise<T>).finally(async () => release())
        : andThen(release(), () => result as T);
    });
  }

  #announce(unit: Unit): void {
    for (const callback of unit.committedCallbacks) {
      try {
        const result = callback();
        if (isThenable(result))
          (result as Promise<unknown>).catch((error: unknown) => this.#runtime.reportError(error));
      } catch (error) {
        this.#runtime.reportError(error);
      }
    }
  }
}
