import type { Principal } from "../access/principal.ts";
import { CommitUnknownError, ConflictError, NotFoundError, UniqueViolationError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { andThen, isPromise, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Committer, Hold } from "./committer.ts";
import { UnitConflict } from "./conflict.ts";
import type { KeyQueue } from "./key-queue.ts";
import type { Runtime } from "./runtime.ts";
import { Unit } from "./unit.ts";

/** What one call of `run` carries from attempt to attempt. */
class Course {
  number = 1;
  /** The line that it held went on without it: it waits for a unit that waits for it. */
  isNested = false;
  /** Every attempt so far lost to a unit that began later. */
  lostToLater: boolean | undefined = undefined;
  /** Gives up the place in line. */
  leave: (() => void) | undefined = undefined;
  unitId: Id | undefined = undefined;
  /** No further attempt follows: others of this process wait for this one. */
  hold: Hold | undefined = undefined;
  release: (() => MaybePromise<void>) | undefined = undefined;
}

/** The attempt is over: others may go on. */
function leave(course: Course): MaybePromise<void> {
  course.hold?.end();
  course.leave?.();
  course.leave = undefined;
  const { release } = course;
  course.release = undefined;
  return release?.();
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

/**
 * The trace of what a commit found out would show the commit, possibly one that another unit began: what its reader
 * looks for is the unit.
 */
function traceFromHere(error: Error): void {
  // Engines without it give the trace of where the error was made.
  const { captureStackTrace } = Error as { captureStackTrace?(error: Error, below: unknown): void };
  captureStackTrace?.(error, traceFromHere);
}

/** How long a shared store may be held for the last attempt of a unit that keeps losing to other processes. */
const LEASE_MS = 2000;

/** How long a last attempt waits for those of other processes, and how often it asks. */
const LEASE_PATIENCE_MS = 3 * LEASE_MS;
const LEASE_RETRY_MS = 2;

/** The line of those that make their last attempt. */
const lastAttempts = "last attempts";

/** The slot of the principal's root, loaded and judged; negative where there is none (any more). */
export type FindRoot = (unit: Unit) => MaybePromise<number>;

/** Sees to it that the unit's principal is a root. @returns a promise only where it must be waited for */
export function actAsRoot(unit: Unit, findRoot: FindRoot): Promise<void> | undefined {
  const found = findRoot(unit);
  if (isPromise(found)) return found.then((slot) => act(unit, slot));
  act(unit, found);
  return undefined;
}

function act(unit: Unit, slot: number): void {
  const { catalog, resident } = unit.runtime;
  if (slot < 0 || resident.nodes.types[slot] !== catalog.rootNumber) {
    throw new NotFoundError({
      message: `there is no root ${unit.principal.id}: it was deleted, or its id is of something else`,
      remedy: "Act as a root that graph.createRoot() made and that graph.deleteRoot() has not deleted.",
    });
  }
  unit.actAs(slot);
}

/** One run of a body: the unit it works in, which a checkpoint replaces. */
export class Attempt {
  unit: Unit;
  /** Whether each unit begins by finding the principal's root. */
  readonly needsRoot: boolean;
  readonly #runner: Runner;
  /** `undefined` as long as this is the first attempt. */
  readonly course: Course | undefined;

  constructor(runner: Runner, unit: Unit, needsRoot: boolean, course: Course | undefined) {
    this.#runner = runner;
    this.unit = unit;
    this.needsRoot = needsRoot;
    this.course = course;
  }

  /**
   * Commits what the unit has done so far and goes on in a new one. A conflict in a later unit replays the body, which
   * can tell by what it kept where to begin.
   * @throws {UnitConflict} where the unit lost; the attempt is over
   */
  checkpoint(): MaybePromise<void> {
    return this.#runner.checkpoint(this);
  }
}

/** What is run in a unit of work; it may run several times, each time with a fresh unit. */
export type Body<T> = (attempt: Attempt) => MaybePromise<T>;

/**
 * Runs bodies as units of work: opens the unit, runs the body, commits; after a conflict everything of the attempt is
 * dropped and the body runs again from the start.
 *
 * Nearly every unit is short, over loaded data and at its first attempt, so that way makes no closure and no promise.
 */
export class Runner {
  readonly #runtime: Runtime;
  readonly #committer: Committer;
  readonly #queue: KeyQueue;
  readonly #findRoot: FindRoot;

  constructor(runtime: Runtime, committer: Committer, queue: KeyQueue, findRoot: FindRoot) {
    this.#runtime = runtime;
    this.#committer = committer;
    this.#queue = queue;
    this.#findRoot = findRoot;
  }

  /**
   * @param needsRoot whether the body uses the principal's root; those but the system root are looked up anyway, for
   *   nobody acts who is no root
   * @throws whatever the body throws while its reads hold; then nothing is written
   * @throws {NotFoundError} where the principal is no root (any more)
   * @throws {ConflictError} after the last attempt
   */
  run<T>(principal: Principal, body: Body<T>, needsRoot: boolean): MaybePromise<T> {
    const unit = new Unit(this.#runtime, principal, undefined);
    const attempt = new Attempt(this, unit, needsRoot || !principal.isSystem, undefined);
    return this.#attempt(principal, body, attempt);
  }

  #attempt<T>(principal: Principal, body: Body<T>, attempt: Attempt): MaybePromise<T> {
    const { course } = attempt;
    if (course?.hold !== undefined) course.hold.unit = attempt.unit;
    let result: MaybePromise<T>;
    try {
      const begun = attempt.needsRoot ? actAsRoot(attempt.unit, this.#findRoot) : undefined;
      result = begun === undefined ? body(attempt) : begun.then(() => body(attempt));
      if (isThenable(result)) return this.#settle(principal, body, attempt, result as Promise<T>);
      const finished = this.#finish(attempt.unit);
      if (isPromise(finished))
        return this.#settle(
          principal,
          body,
          attempt,
          finished.then(() => result),
          true,
        );
    } catch (error) {
      return this.#failed(principal, body, attempt, error);
    }
    if (course === undefined) return result;
    return andThen(leave(course), () => result);
  }

  async #settle<T>(
    principal: Principal,
    body: Body<T>,
    attempt: Attempt,
    pending: Promise<T>,
    isFinished = false,
  ): Promise<T> {
    let result: T;
    try {
      result = await pending;
      if (!isFinished) {
        const finished = this.#finish(attempt.unit);
        if (isPromise(finished)) await finished;
      }
    } catch (error) {
      return this.#failed(principal, body, attempt, error);
    }
    if (attempt.course !== undefined) await leave(attempt.course);
    return result;
  }

  #failed<T>(principal: Principal, body: Body<T>, attempt: Attempt, error: unknown): MaybePromise<T> {
    const { unit, needsRoot } = attempt;
    const isConflict = this.#isConflict(unit, error);
    unit.close(false);
    const course = attempt.course ?? new Course();
    if (error instanceof UniqueViolationError) traceFromHere(error);
    return andThen(leave(course), () => {
      if (!isConflict) throw error;
      return this.#replay(principal, body, needsRoot, course, unit);
    });
  }

  /** See {@link Attempt.checkpoint}. */
  checkpoint(attempt: Attempt): MaybePromise<void> {
    const { unit, course } = attempt;
    return andThen(this.#finish(unit), () => {
      if (course !== undefined) {
        course.number = 1;
        // The lease was for the unit that has just committed.
        course.hold?.end();
      }
      return andThen(course?.release?.(), () => {
        if (course !== undefined) course.release = undefined;
        attempt.unit = new Unit(this.#runtime, unit.principal, undefined);
        return attempt.needsRoot ? actAsRoot(attempt.unit, this.#findRoot) : undefined;
      });
    });
  }

  /** Commits the unit and closes it. */
  #finish(unit: Unit): MaybePromise<void> {
    if (unit.conflict !== undefined) throw unit.conflict;
    if (unit.isDoomed) throw unit.doomedBy;
    const committed = this.#committer.commit(unit);
    if (isPromise(committed)) return committed.then(() => this.#finished(unit));
    this.#finished(unit);
  }

  #finished(unit: Unit): void {
    unit.close(true);
    if (unit.pending !== undefined) this.#runtime.counts.commits += 1;
    this.#announce(unit);
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
    body: Body<T>,
    needsRoot: boolean,
    course: Course,
    lost: Unit,
  ): MaybePromise<T> {
    const { counts, attempts } = this.#runtime;
    const { key } = lost.conflict!;
    counts.conflicts += 1;
    const number = course.number;
    // A unit that always loses to one which began after it, and ended before, has most likely opened it itself.
    const isNested = course.isNested || (lost.lostToLater && (number === 1 || course.lostToLater === true));
    if (number >= attempts) {
      counts.lost += 1;
      throw tooManyConflicts(number, key, isNested);
    }
    const next = new Course();
    next.number = number + 1;
    next.isNested = course.isNested;
    next.lostToLater = lost.lostToLater && course.lostToLater !== false;
    const again = (): MaybePromise<T> => {
      counts.replays += 1;
      const unit = new Unit(this.#runtime, principal, next.unitId);
      return this.#attempt(principal, body, new Attempt(this, unit, needsRoot, next));
    };
    const enter = this.#queue.enter(key, () => {
      next.isNested = true;
    });
    return andThen(enter, (leave) => {
      next.leave = leave;
      if (next.number < attempts) return again();
      // Last attempts go one after another: each loses to nobody in this process, and by the lease to no other either.
      const enterLast = this.#queue.enter(lastAttempts, () => {
        next.isNested = true;
      });
      return andThen(enterLast, (leaveLast) => {
        next.leave = () => {
          leaveLast();
          leave();
        };
        const until = this.#runtime.scheduler.now() + LEASE_PATIENCE_MS;
        return andThen(this.#takeTurn(next, until), again);
      });
    });
  }

  /** Holds back the others of this process and then, by the lease, those of all others. */
  #takeTurn(course: Course, until: number): MaybePromise<void> {
    const { store, ids, scheduler } = this.#runtime;
    const hold = this.#committer.hold(LEASE_MS);
    course.hold = hold;
    return andThen(this.#committer.arrived(), () => {
      if (store.lease === undefined || store.supports.readOnly) return;
      // The lease is the unit's own, so that its commit passes where all others wait.
      return andThen(this.#lease(ids.nextId(), course), (isTaken) => {
        // Another process is at its last attempt: without the lease this one would lose to it.
        if (!isTaken || course.isNested || scheduler.now() >= until) return;
        hold.end();
        const free = new Promise<void>((resolve) => {
          scheduler.after(LEASE_RETRY_MS, resolve, true);
        });
        return free.then(() => this.#takeTurn(course, until));
      });
    });
  }

  /**
   * Without the lease the last attempt is one like the others, so nothing that goes wrong with it matters.
   *
   * @returns whether another process has it
   */
  #lease(holder: Id, course: Course): MaybePromise<boolean> {
    const { store, reportError } = this.#runtime;
    const take = (isHeld: boolean): boolean => {
      if (!isHeld) return true;
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
      return false;
    };
    const fail = (error: unknown): boolean => {
      reportError(error);
      return false;
    };
    try {
      const held = store.lease!(holder, LEASE_MS);
      return isThenable(held) ? (held as Promise<boolean>).then(take, fail) : take(held as boolean);
    } catch (error) {
      return fail(error);
    }
  }

  #announce(unit: Unit): void {
    const callbacks = unit.committedCallbacks;
    if (callbacks === undefined) return;
    for (const callback of callbacks) {
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
