import { TierUnavailableError } from "../errors.ts";
import { isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { ChangeHub } from "./change-hub.ts";
import type { KeptRead, Use } from "./kept-read.ts";

/** How long after a store could not be reached it is tried again. */
const RETRY_MS = 1000;

/** Who has something read again and again. */
export interface Reader<V> {
  /** Whether it is to be read again. */
  isDue(): boolean;
  /** What was read, as of the commit that L1 is of. */
  readonly arrived: Use<V>;
  /** It cannot be read any more. */
  failed(error: unknown): void;
}

/** Reads when it is due, one read at a time. While the store is out of reach it waits, and says so once. */
export class FollowedRead<V> {
  readonly #hub: ChangeHub;
  readonly #read: KeptRead<V>;
  readonly #reader: Reader<V>;
  #isRunning = false;
  #isStopped = false;
  #isOut = false;
  #wasReported = false;
  #cancelRetry: (() => void) | undefined;

  constructor(hub: ChangeHub, read: KeptRead<V>, reader: Reader<V>) {
    this.#hub = hub;
    this.#read = read;
    this.#reader = reader;
  }

  turn(): void {
    if (!this.#isRunning && !this.#isStopped && !this.#isOut && this.#reader.isDue()) this.#run();
  }

  #run(): void {
    this.#isRunning = true;
    let running: MaybePromise<void>;
    try {
      running = this.#read.run((value, unit) => this.#reader.arrived(value, unit));
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (isThenable(running)) {
      (running as Promise<void>).then(
        () => this.#ran(),
        (error: unknown) => this.#failed(error),
      );
    } else this.#ran();
  }

  #ran(): void {
    this.#isRunning = false;
    this.#wasReported = false;
    // What was committed meanwhile found it running.
    if (!this.#isStopped && this.#reader.isDue()) this.#hub.runtime.scheduler.nextTurn(() => this.turn());
  }

  #failed(error: unknown): void {
    this.#isRunning = false;
    if (this.#isStopped) return;
    if (!(error instanceof TierUnavailableError)) {
      this.#reader.failed(error);
      return;
    }
    const { runtime } = this.#hub;
    if (!this.#wasReported) runtime.reportError(error);
    this.#wasReported = true;
    this.#isOut = true;
    this.#cancelRetry = runtime.scheduler.after(RETRY_MS, () => {
      this.#isOut = false;
      this.turn();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
    this.#read.stop();
  }
}
