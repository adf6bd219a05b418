import type { Store } from "../persistence/store.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Scheduler } from "./scheduler.ts";

/** Rows that one step removes at most: about as long as a small commit. */
const STEP_ROWS = 512;
const PAUSE_MS = 20;

/**
 * Has the store remove what is logically gone, in small steps beside the traffic. It is begun by each deletion of this
 * process, and when a graph is opened on what a crash left.
 */
export class Purger {
  readonly #store: Store;
  readonly #scheduler: Scheduler;
  readonly #report: (error: unknown) => void;
  #cancel: (() => void) | undefined;
  #step: Promise<void> | undefined;
  #isStopped = false;

  constructor(store: Store, scheduler: Scheduler, report: (error: unknown) => void) {
    this.#store = store;
    this.#scheduler = scheduler;
    this.#report = report;
  }

  /** There is something to remove. */
  wake(): void {
    if (this.#isStopped || this.#cancel !== undefined || this.#step !== undefined) return;
    this.#cancel = this.#scheduler.after(PAUSE_MS, () => {
      this.#cancel = undefined;
      const step = this.#run();
      if (!isThenable(step)) return;
      this.#step = (step as Promise<boolean>).then((more) => {
        this.#step = undefined;
        if (more) this.wake();
      });
    });
  }

  /** Begins nothing new. Resolves when the step under way is done. */
  stop(): MaybePromise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
    return this.#step;
  }

  #run(): MaybePromise<boolean> {
    const failed = (error: unknown): boolean => {
      // The next deletion tries again.
      if (!this.#isStopped) this.#report(error);
      return false;
    };
    try {
      const more = andThen(this.#store.purge(STEP_ROWS), (left) => left);
      if (isThenable(more)) return (more as Promise<boolean>).catch(failed);
      if (more === true) this.wake();
      return false;
    } catch (error) {
      return failed(error);
    }
  }
}
