import { ClosedError } from "../errors.ts";
import type { Live } from "../types/changes.ts";
import type { StopSignal } from "../types/stop-signal.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { isThenable } from "../util/maybe-async.ts";
import type { ChangeHub, Follower } from "./change-hub.ts";
import { FollowedRead, type Reader } from "./followed-read.ts";
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

/** Somebody who takes one update after another; what comes meanwhile is one update in the end. */
interface Waiter<V> {
  told: V | undefined;
  wake: (() => void) | undefined;
}

/** A result that is read again whenever a commit may have changed it. */
export class LiveResult<V, U> implements Follower, Reader<V>, Live<unknown, U> {
  readonly pollMs: number;
  readonly ready: Promise<void>;
  readonly #hub: ChangeHub;
  readonly #read: KeptRead<V>;
  readonly #followed: FollowedRead<V>;
  readonly #succession: Succession<V, U>;
  readonly #loops = new Set<Waiter<V>>();
  readonly #listeners = new Set<{ told: V | undefined }>();
  readonly #settleReady: Deferred;
  readonly #signal: StopSignal | undefined;
  #now: V | undefined;
  /** Commits that the newest result has in it. */
  #seen = -1;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    hub: ChangeHub,
    read: KeptRead<V>,
    succession: Succession<V, U>,
    pollMs: number,
    signal: StopSignal | undefined,
  ) {
    this.#hub = hub;
    this.#read = read;
    this.#followed = new FollowedRead(hub, read, this);
    this.#succession = succession;
    this.pollMs = pollMs;
    this.#signal = signal;
    // Whoever does not ask is told by the results.
    this.#settleReady = deferred();
    this.ready = this.#settleReady.promise;
    if (signal?.aborted === true) {
      this.#end();
      return;
    }
    signal?.addEventListener("abort", this.#stop, { once: true });
    hub.add(this);
    this.#followed.turn();
  }

  get value(): unknown {
    return this.#now === undefined ? undefined : this.#succession.show(this.#now);
  }

  turn(): void {
    this.#followed.turn();
  }

  isDue(): boolean {
    // L1 may have let go what was kept to tell: that alone is no reason to read again.
    return this.#seen !== this.#hub.commits && !this.#read.holds;
  }

  /** Records are compared when their unit is over: until then they would ask it. */
  arrived(read: V): () => void {
    this.#seen = this.#hub.commits;
    return () => this.#take(read);
  }

  #take(read: V): void {
    const before = this.#now;
    this.#now = this.#succession.next(before, read);
    if (before === undefined) this.#settleReady.resolve();
    if (this.#now !== before) this.#tell();
  }

  #tell(): void {
    for (const { wake } of [...this.#loops]) wake?.();
    if (this.#listeners.size > 0) this.#hub.runtime.scheduler.nextTurn(this.#call);
  }

  readonly #call = (): void => {
    // It may have ended in the turn between.
    if (this.#isEnded) return;
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

  failed(error: unknown): void {
    // A graph that closes ends it; one that was closed before cannot be read.
    if (!(error instanceof ClosedError) || this.#now === undefined) this.#failure = { error };
    if (this.#failure !== undefined && this.#listeners.size > 0) this.#hub.runtime.reportError(error);
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
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#followed.stop();
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
