import type { Principal } from "../access/principal.ts";
import { CommitUnknownError, ConflictError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Committer, Hold } from "./committer.ts";
import { UnitConflict } from "./conflict.ts";
import type { KeyQueue } from "./key-queue.ts";
import type { Runtime } from "./runtime.ts";
import { Unit } from "./unit.ts";

/** What one call of `run` carries from attempt to attempt. */
interface Course {
  number: number;
  /** The line that it held went on without it: it waits for a unit that waits for it. */
  isNested: boolean;
  /** Every attempt so far lost to a unit that began later. */
  lostToLater?: boolean;
  /** Gives up the place in line. */
  leave?: (() => void) | undefined;
  unitId?: Id | undefined;
  /** No further attempt follows: others of this process wait for this one. */
  hold?: Hold;
  release?: (() => MaybePromise<void>) | undefined;
}

function tooManyConflicts(attempts: number, key: string, isNested: boolean): ConflictError {
  return new ConflictError({
    code: isNested ? "RW_CONFLICT_NESTED" : "RW_CONFLICT",
    message: isNested
      ? `the unit of work lost ${attempts} times to one that began after it, last on ${key}: its body seems to open a unit of its own, through graph where tx was meant`
      : `the unit of work lost to others ${attempts} times, last on ${key}`,
    details: { attempts, key },
  });
}

/** How long a shared store may be held for the last attempt of a unit that keeps losing to other processes. */
const LEASE_MS = 2000;

/** The line of those that make their last attempt. */
const lastAttempts = "last attempts";

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
    return this.#attempt(principal, body, { number: 1, isNested: false });
  }

  #attempt<T>(
    principal: Principal,
    body: (attempt: Attempt) => MaybePromise<T>,
    course: Course,
  ): MaybePromise<T> {
    const { unitId } = course;
    const attempt = {
      unit: new Unit(this.#runtime, principal, unitId),
      checkpoint: (): MaybePromise<void> =>
        andThen(this.#finish(attempt.unit), () => {
          course.number = 1;
          // The lease was for the unit that has just committed.
          course.hold?.end();
          return andThen(course.release?.(), () => {
            course.release = undefined;
            attempt.unit = new Unit(this.#runtime, principal);
          });
        }),
    };
    if (course.hold !== undefined) course.hold.unit = attempt.unit;
    const leave = (): MaybePromise<void> => {
      course.hold?.end();
      course.leave?.();
      course.leave = undefined;
      const { release } = course;
      course.release = undefined;
      return release?.();
    };
    const failed = (error: unknown): MaybePromise<T> => {
      const { unit } = attempt;
      const isConflict = this.#isConflict(unit, error);
      unit.close(false);
      return andThen(leave(), () => {
        if (!isConflict) throw error;
        return this.#replay(principal, body, course, unit);
      });
    };
    let outcome: MaybePromise<T>;
    try {
      outcome = andThen(body(attempt), (result) => andThen(this.#finish(attempt.unit), () => result));
    } catch (error) {
      return failed(error);
    }
    if (isThenable(outcome)) {
      return (outcome as Promise<T>).then((result) => andThen(leave(), () => result), failed);
    }
    return andThen(leave(), () => outcome as T);
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
    course: Course,
    lost: Unit,
  ): MaybePromise<T> {
    const { counts, attempts, store, ids } = this.#runtime;
    const { key } = lost.conflict!;
    counts.conflicts += 1;
    const number = course.number;
    // A unit that always loses to one which began after it, and ended before, has most likely opened it itself.
    const isNested = course.isNested || (lost.lostToLater && (number === 1 || course.lostToLater === true));
    if (number >= attempts) throw tooManyConflicts(number, key, isNested);
    const next: Course = {
      number: number + 1,
      isNested: course.isNested,
      lostToLater: lost.lostToLater && course.lostToLater !== false,
    };
    const enter = this.#queue.enter(key, () => {
      next.isNested = true;
    });
    return andThen(enter, (leave) => {
      next.leave = leave;
      if (next.number < attempts) return this.#attempt(principal, body, next);
      // Last attempts go one after another: each loses to nobody in this process, and by the lease to no other either.
      const enterLast = this.#queue.enter(lastAttempts, () => {
        next.isNested = true;
      });
      return andThen(enterLast, (leaveLast) => {
        next.leave = () => {
          leaveLast();
          leave();
        };
        next.hold = this.#committer.hold(LEASE_MS);
        return andThen(this.#committer.arrived(), () => {
          if (store.lease === undefined) return this.#attempt(principal, body, next);
          // The lease is the unit's own, so that its commit passes where all others wait.
          const holder = ids.nextId();
          return andThen(this.#lease(holder, next), () => this.#attempt(principal, body, next));
        });
      });
    });
  }

  /** Without the lease the last attempt is one like the others, so nothing that goes wrong with it matters. */
  #lease(holder: Id, course: Course): MaybePromise<void> {
    const { store, reportError } = this.#runtime;
    const take = (held: boolean): void => {
      if (!held) return;
      course.unitId = holder;
      course.release = () => {
        try {
          const released = store.release?.(holder);
          return isThenable(released) ? (released as Promise<void>).catch(reportError) : undefined;
        } catch (error) {
          reportError(error);
          return undefined;
        }
      };
    };
    try {
      const held = store.lease!(holder, LEASE_MS);
      if (!isThenable(held)) {
        take(held as boolean);
        return;
      }
      return (held as Promise<boolean>).then(take, reportError);
    } catch (error) {
      reportError(error);
    }
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
