import type { ChangeSet, Changes, RecordChange } from "../types/changes.ts";
import type { StopSignal } from "../types/stop-signal.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import type { ChangeHub } from "./change-hub.ts";
import type { FollowSettings } from "./follow-options.ts";

const overflowed: ChangeSet = Object.freeze({ changes: Object.freeze([]), lost: "overflow" });
const feedLost: ChangeSet = Object.freeze({ changes: Object.freeze([]), lost: "feed" });

/**
 * Change sets between those who find them, in the midst of commits, and a consumer who takes them when it likes. What
 * waits is bounded: beyond that it is dropped, and the consumer told that it was.
 */
export class ChangeStream implements Changes {
  readonly ready: Promise<void>;
  readonly #most: number;
  readonly #signal: StopSignal | undefined;
  readonly #settleReady: Deferred;
  #sets: ChangeSet[] = [];
  /** Changes in them. */
  #size = 0;
  /** Those who wait for the next set. */
  #waiting: (() => void)[] = [];
  #isOver = false;
  #isStopped = false;
  #failure: { readonly error: unknown } | undefined;
  #stopped: (() => void) | undefined;

  constructor({ buffer, signal }: FollowSettings) {
    this.#most = buffer;
    this.#signal = signal;
    // Whoever does not ask is told by the stream.
    this.#settleReady = deferred();
    this.ready = this.#settleReady.promise;
    if (signal?.aborted === true) this.stop();
    else signal?.addEventListener("abort", this.#stop, { once: true });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the consumer wants no more, not even what waits. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** @param stopped is called once, when nobody takes sets any more or none come */
  onStop(stopped: () => void): void {
    if (this.#isOver) stopped();
    else this.#stopped = stopped;
  }

  begun(): void {
    this.#settleReady.resolve();
  }

  /** Adds what one commit did. The consumer is woken by `wake`, not by the commit. */
  push(changes: readonly RecordChange[]): void {
    if (changes.length === 0 || this.#isOver) return;
    if (this.#size > 0 && this.#size + changes.length > this.#most) {
      this.#drop(overflowed);
      return;
    }
    this.#sets.push(Object.freeze({ changes: Object.freeze(changes), lost: undefined }));
    this.#size += changes.length;
  }

  loseFeed(): void {
    if (!this.#isOver) this.#drop(feedLost);
  }

  #drop(notice: ChangeSet): void {
    this.#sets = [notice];
    this.#size = 0;
  }

  wake(): void {
    if (this.#sets.length === 0 && !this.#isOver) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** No further sets come; those that wait can still be taken. */
  finish(failure?: { readonly error: unknown }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#signal?.removeEventListener("abort", this.#stop);
    if (failure === undefined) this.#settleReady.resolve();
    else this.#settleReady.reject(failure.error);
    this.#stopped?.();
    this.wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#sets = [];
    this.#size = 0;
    this.#failure = undefined;
    this.finish();
  }

  readonly #stop = (): void => this.stop();

  async next(): Promise<IteratorResult<ChangeSet, undefined>> {
    for (;;) {
      const set = this.#sets.shift();
      if (set !== undefined) {
        this.#size -= set.changes.length;
        return { done: false, value: set };
      }
      if (this.#isOver) {
        const failure = this.#failure;
        this.#failure = undefined;
        if (failure !== undefined) throw failure.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async return(): Promise<IteratorResult<ChangeSet, undefined>> {
    this.stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/**
 * Calls the listener with one set after another, each in a turn of the event loop of its own, and when what it gave for
 * the one before is settled.
 */
export async function tellListener(
  hub: ChangeHub,
  stream: ChangeStream,
  listener: (set: ChangeSet) => unknown,
): Promise<void> {
  const { runtime } = hub;
  try {
    for await (const set of stream) {
      await new Promise<void>((resolve) => runtime.scheduler.nextTurn(resolve));
      if (stream.isStopped) return;
      try {
        await listener(set);
      } catch (error) {
        runtime.reportError(error);
      }
    }
  } catch (error) {
    runtime.reportError(error);
  }
}
