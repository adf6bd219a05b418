import { ClosedError, TierUnavailableError } from "../errors.ts";
import type { Live, StopSignal } from "../types/changes.ts";
import { isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { ChangeHub, Follower } from "./change-hub.ts";
import type { KeptRead } from "./kept-read.ts";

/** How results follow one another. */
export interface Succession<V, U> {
  /** What to go on with; the same object as `before` where nobody could tell the two apart. */
  next(before: V | undefined, read: V): V;
  /** What is told to somebody who was told `before` last. */
  update(before: V | undefined, now: V): U;
  /** The result itself. */
  show(value: V): unknown;
}

/** How long after a store could not be reached it is tried again. */
const RETRY_MS = 1000;

/** Somebody who takes one update after another; what comes meanwhile is one update in the end. */
interface Waiter<V> {
  told: V | undefined;
  wake: (() => void) | undefined;
}

/** A result that is read again whenever a commit may have changed it. */
export class LiveResult<V, U> implements Follower, Live<unknown, U> {
  readonly pollMs: number;
  readonly ready: Promise<void>;
  readonly #hub: ChangeHub;
  readonly #read: KeptRead<V>;
  readonly #succession: Succession<V, U>;
  readonly #loops = new Set<Waiter<V>>();
  readonly #listeners = new Set<{ told: V | undefined }>();
  readonly #settleReady: { resolve(): void; reject(error: unknown): void };
  readonly #signal: StopSignal | undefined;
  #now: V | undefined;
  /** Commits that the newest result has in it. */
  #seen = -1;
  #isRunning = false;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(
    hub: ChangeHub,
    read: KeptRead<V>,
    succession: Succession<V, U>,
    pollMs: number,
    signal: StopSignal | undefined,
  ) {
    this.#hub = hub;
    this.#read = read;
    this.#succession = succession;
    this.pollMs = pollMs;
    this.#signal = signal;
    let settle!: { resolve(): void; reject(error: unknown): void };
    this.ready = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Whoever does not ask is told by the results.
    this.ready.catch(() => {});
    this.#settleReady = settle;
    if (signal?.aborted === true) {
      this.#end();
      return;
    }
    signal?.addEventListener("abort", this.#stop, { once: true });
    hub.add(this);
    this.#run();
  }

  get value(): unknown {
    return this.#now === undefined ? undefined : this.#succession.show(this.#now);
  }

  turn(): void {
    // L1 may have let go what was kept to tell: that alone is no reason to read again.
    if (this.#isRunning || this.#seen === this.#hub.commits || this.#read.holds) return;
    this.#run();
  }

  #run(): void {
    this.#isRunning = true;
    let running: MaybePromise<void>;
    try {
      running = this.#read.run((read) => this.#arrived(read));
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (!isThenable(running)) {
      this.#isRunning = false;
      return;
    }
    (running as Promise<void>).then(
      () => {
        this.#isRunning = false;
        // What was committed between its last check and this found it running.
        if (!this.#isEnded) this.turn();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #arrived(read: V): void {
    const before = this.#now;
    this.#seen = this.#hub.commits;
    this.#now = this.#succession.next(before, read);
    if (before === undefined) this.#settleReady.resolve();
    if (this.#now !== before) this.#tell();
  }

  #tell(): void {
    for (const { wake } of [...this.#loops]) wake?.();
    if (this.#listeners.size > 0) this.#hub.runtime.scheduler.nextTurn(this.#call);
  }

  readonly #call = (): void => {
    for (const entry of [...this.#listeners]) {
      const now = this.#now!;
      if (!this.#listeners.has(entry) || entry.told === now) continue;
      const update = this.#succession.update(entry.told, now);
      entry.told = now;
      try {
        const told = (entry as Listening<V, U>).listener(update);
        if (isThenable(told)) told.then(undefined, (error: unknown) => this.#hub.runtime.reportError(error));
      } catch (error) {
        this.#hub.runtime.reportError(error);
      }
    }
  };

  #failed(error: unknown): void {
    this.#isRunning = false;
    if (this.#isEnded) return;
    if (error instanceof ClosedError) {
      if (this.#now === undefined) this.#failure = { error };
      this.#end();
      return;
    }
    if (error instanceof TierUnavailableError) {
      // It is as it was until the store is back.
      this.#hub.runtime.reportError(error);
      this.#cancelRetry = this.#hub.runtime.scheduler.after(RETRY_MS, () => {
        if (!this.#isEnded && !this.#isRunning) this.#run();
      });
      return;
    }
    this.#failure = { error };
    if (this.#listeners.size > 0) this.#hub.runtime.reportError(error);
    this.#end();
  }

  readonly subscribe = (listener: (update: U) => unknown): (() => void) => {
    if (typeof listener !== "function") throw new TypeError("subscribe takes a function");
    const entry: Listening<V, U> = { told: this.#now, listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  [Symbol.asyncIterator](): AsyncIterator<U, undefined> {
    const waiter: Waiter<V> = { told: undefined, wake: undefined };
    this.#loops.add(waiter);
    const leave = (): void => {
      if (!this.#loops.delete(waiter)) return;
      waiter.wake?.();
      if (this.#loops.size === 0 && this.#listeners.size === 0) this.stop();
    };
    let last: Promise<unknown> = Promise.resolve();
    const next = async (): Promise<IteratorResult<U, undefined>> => {
      for (;;) {
        const now = this.#now;
        if (this.#loops.has(waiter) && now !== undefined && now !== waiter.told) {
          const value = this.#succession.update(waiter.told, now);
          waiter.told = now;
          return { done: false, value };
        }
        if (!this.#loops.has(waiter) || this.#isEnded) {
          this.#loops.delete(waiter);
          const failure = this.#failure;
          if (failure !== undefined && waiter.told !== END) {
            waiter.told = END as V;
            throw failure.error;
          }
          return { done: true, value: undefined };
        }
        await new Promise<void>((resolve) => {
          waiter.wake = resolve;
        });
        waiter.wake = undefined;
      }
    };
    return {
      next: () => {
        const answer = last.then(next);
        last = answer.then(
          () => undefined,
          () => undefined,
        );
        return answer;
      },
      return: async () => {
        leave();
        return { done: true, value: undefined };
      },
    };
  }

  readonly #stop = (): void => this.stop();

  stop(): void {
    if (!this.#isEnded) this.#end();
  }

  ended(): void {
    this.stop();
  }

  #end(): void {
    this.#isEnded = true;
    this.#cancelRetry?.();
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#read.stop();
    this.#hub.remove(this);
    if (this.#failure === undefined) this.#settleReady.resolve();
    else this.#settleReady.reject(this.#failure.error);
    for (const { wake } of [...this.#loops]) wake?.();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

interface Listening<V, U> {
  told: V | undefined;
  readonly listener: (update: U) => unknown;
}

/** Told after the failure. */
const END: unknown = Symbol("end");
