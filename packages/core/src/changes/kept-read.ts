import type { Principal } from "../access/principal.ts";
import { ClosedError } from "../errors.ts";
import { UnitConflict } from "../unit/conflict.ts";
import { actAsRoot } from "../unit/runner.ts";
import { Unit } from "../unit/unit.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { ChangeHub } from "./change-hub.ts";

/**
 * What is done with what was read while the unit is open: nothing that would ask it again. What this gives is done when
 * the unit is over, in the same step, so that what was read is as of L1 still.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: most have nothing more to do
export type Use<T> = (value: T, unit: Unit) => void | (() => void);

/** So often it is tried again in the next turn; after that it waits longer each time, up to a second. */
const TRIES_AT_ONCE = 5;
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 1000;

/**
 * A read whose unit of work is kept when it is over: the predicates that the unit would have been validated by tell,
 * after each commit, whether reading again would give the same.
 *
 * It tries again until nothing comes between or the graph closes, and never holds others back: it writes nothing, and
 * nobody waits for it.
 */
export class KeptRead<T> {
  readonly #hub: ChangeHub;
  readonly #principal: Principal;
  readonly #body: (unit: Unit) => MaybePromise<T>;
  readonly #keeps: boolean;
  #kept: Unit | undefined;
  #isStopped = false;
  /** How often in a row something came between. */
  #conflicts = 0;

  /** @param keeps whether `holds` will be asked */
  constructor(hub: ChangeHub, principal: Principal, body: (unit: Unit) => MaybePromise<T>, keeps = true) {
    this.#keeps = keeps;
    this.#hub = hub;
    this.#principal = principal;
    this.#body = body;
  }

  /** Whether what was read last is what would be read now; false too where that cannot be told. */
  get holds(): boolean {
    return this.#kept?.holds() === true;
  }

  /**
   * @param use is given what was read, as of the commit that L1 is of in that moment, while the unit is still open
   * @throws {ClosedError} {NotFoundError} where the principal is no root (any more), and what the body throws
   */
  run(use: Use<T>): MaybePromise<void> {
    const hub = this.#hub;
    this.#letGo();
    this.#conflicts = 0;
    hub.enter();
    let read: MaybePromise<void>;
    try {
      read = this.#attempt(use);
    } catch (error) {
      hub.leave();
      throw error;
    }
    if (isThenable(read)) return (read as Promise<void>).finally(() => hub.leave());
    hub.leave();
  }

  #attempt(use: Use<T>): MaybePromise<void> {
    const { runtime, findRoot } = this.#hub;
    const unit = new Unit(runtime, this.#principal, undefined);
    let read: MaybePromise<T>;
    try {
      read = andThen<void, T>(actAsRoot(unit, findRoot), () => this.#body(unit));
      if (!isThenable(read)) this.#check(unit);
    } catch (error) {
      return this.#failed(unit, error, use);
    }
    if (!isThenable(read)) {
      this.#end(unit, read as T, use);
      return;
    }
    return (read as Promise<T>).then(
      (value) => {
        try {
          this.#check(unit);
        } catch (error) {
          return this.#failed(unit, error, use);
        }
        this.#end(unit, value, use);
      },
      (error: unknown) => this.#failed(unit, error, use),
    );
  }

  /** @throws {UnitConflict} where something came between */
  #check(unit: Unit): void {
    if (unit.conflict !== undefined) throw unit.conflict;
    unit.validate();
    if (unit.pending?.isEmpty === false)
      throw new TypeError("what is read live only reads: write in a unit of work of its own");
  }

  #end(unit: Unit, value: T, use: Use<T>): void {
    // biome-ignore lint/suspicious/noConfusingVoidType: see `Use`
    let rest: void | undefined | (() => void);
    try {
      if (!this.#isStopped) rest = use(value, unit);
    } finally {
      if (this.#keeps && !this.#isStopped) {
        unit.keep();
        this.#kept = unit;
      } else unit.close(false);
    }
    if (!this.#isStopped) rest?.();
  }

  #failed(unit: Unit, error: unknown, use: Use<T>): MaybePromise<void> {
    const isConflict =
      error instanceof UnitConflict || unit.conflict !== undefined || (!unit.isClosed && !unit.holds());
    unit.close(false);
    if (!isConflict) throw error;
    if (this.#isStopped) return;
    if (this.#hub.isClosing) throw closed();
    return this.#untilNextTry().then(() => {
      if (this.#isStopped) return;
      if (this.#hub.isClosing) throw closed();
      return this.#attempt(use);
    });
  }

  /** What takes longer than others take from commit to commit would otherwise keep the process busy for nothing. */
  #untilNextTry(): Promise<void> {
    this.#conflicts += 1;
    const waits = this.#conflicts - TRIES_AT_ONCE;
    if (waits > 0) return this.#hub.wait(Math.min(FIRST_WAIT_MS * 2 ** (waits - 1), LONGEST_WAIT_MS));
    return new Promise((resolve) => this.#hub.runtime.scheduler.nextTurn(resolve));
  }

  #letGo(): void {
    this.#kept?.letGo();
    this.#kept = undefined;
  }

  stop(): void {
    this.#isStopped = true;
    this.#letGo();
  }
}

function closed(): ClosedError {
  return new ClosedError({ message: "the graph is closed" });
}
