import type { AppliedChange } from "../resident/change-log.ts";
import type { CommitListener } from "../resident/resident-graph.ts";
import type { FindRoot } from "../unit/runner.ts";
import type { Runtime } from "../unit/runtime.ts";
import { isThenable } from "../util/maybe-async.ts";

/** Something that follows the graph. */
export interface Follower {
  /** How often it wants to know of the commits of other processes. */
  readonly pollMs: number;
  /** L1 is as of one further commit; in the midst of it, so what takes time waits for `turn`. */
  applied?(changes: readonly AppliedChange[], isOwn: boolean): void;
  /** What was committed meanwhile is not known. */
  lost?(): void;
  /** A turn of the event loop after some of these. */
  turn?(): void;
  /** The graph is closed: nothing comes any more. */
  ended(): void;
}

/**
 * Tells those that follow a graph of its commits. While there are none, L1 has no listener, nothing is polled, and
 * commits are as if this did not exist.
 */
export class ChangeHub implements CommitListener {
  readonly runtime: Runtime;
  readonly findRoot: FindRoot;
  /** Counts a unit of work until `leave`, so that the graph is not closed under it. @throws {ClosedError} */
  readonly enter: () => void;
  readonly leave: () => void;
  readonly #followers = new Set<Follower>();
  /** Commits so far that those who follow were told of. */
  commits = 0;
  #isScheduled = false;
  #cancelPoll: (() => void) | undefined;
  #pollMs = Number.POSITIVE_INFINITY;
  #isPolling = false;
  /** An outage is reported once, not at each look. */
  #isOut = false;
  #isClosing = false;
  /** What ends each wait that is under way. */
  readonly #waits = new Set<() => void>();

  constructor(runtime: Runtime, findRoot: FindRoot, enter: () => void, leave: () => void) {
    this.runtime = runtime;
    this.findRoot = findRoot;
    this.enter = enter;
    this.leave = leave;
  }

  add(follower: Follower): void {
    this.#followers.add(follower);
    this.runtime.resident.listener = this;
    if (this.runtime.store.supports.shared && follower.pollMs < this.#pollMs) this.#schedulePoll();
  }

  remove(follower: Follower): void {
    if (!this.#followers.delete(follower)) return;
    if (this.#followers.size > 0) return;
    this.runtime.resident.listener = undefined;
    this.runtime.resident.trimLog();
    this.#stopPolling();
  }

  /** Whether nothing is to be read again: the graph closes as soon as what is read now is read. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** A read that commits keep coming between would hold the graph open for as long as they do. */
  stopReading(): void {
    this.#isClosing = true;
    for (const end of [...this.#waits]) end();
  }

  /** Resolves after so many milliseconds, or as soon as the graph closes. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#waits.delete(end);
        resolve();
      };
      const cancel = this.runtime.scheduler.after(ms, end);
      this.#waits.add(end);
    });
  }

  close(): void {
    for (const follower of [...this.#followers]) {
      this.remove(follower);
      follower.ended();
    }
  }

  applied(changes: readonly AppliedChange[], isOwn: boolean): void {
    this.commits += 1;
    for (const follower of this.#followers) {
      try {
        follower.applied?.(changes, isOwn);
      } catch (error) {
        // A commit that stands must not fail for those that watch it.
        this.runtime.reportError(error);
      }
    }
    this.#schedule();
  }

  lost(): void {
    this.commits += 1;
    for (const follower of this.#followers) follower.lost?.();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.runtime.scheduler.nextTurn(() => {
      this.#isScheduled = false;
      for (const follower of [...this.#followers]) {
        if (!this.#followers.has(follower)) continue;
        try {
          follower.turn?.();
        } catch (error) {
          // Nobody called this: thrown on, it would end the process.
          this.runtime.reportError(error);
        }
      }
      this.runtime.resident.trimLog();
    });
  }

  #schedulePoll(): void {
    this.#stopPolling();
    for (const { pollMs } of this.#followers) if (pollMs < this.#pollMs) this.#pollMs = pollMs;
    this.#cancelPoll = this.runtime.scheduler.after(this.#pollMs, () => this.#poll());
  }

  #stopPolling(): void {
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
    this.#pollMs = Number.POSITIVE_INFINITY;
  }

  #poll(): void {
    if (this.#followers.size === 0) return;
    this.#schedulePoll();
    if (this.#isPolling) return;
    this.#isPolling = true;
    const done = (error?: unknown): void => {
      this.#isPolling = false;
      if (error !== undefined && !this.#isOut && this.#followers.size > 0) this.runtime.reportError(error);
      this.#isOut = error !== undefined;
    };
    try {
      this.enter();
    } catch {
      // Closing: there is nobody left to be told.
      this.#isPolling = false;
      return;
    }
    try {
      const following = this.runtime.loader.follower.catchUp();
      if (!isThenable(following)) {
        this.leave();
        done();
        return;
      }
      following.then(
        () => {
          this.leave();
          done();
        },
        (error: unknown) => {
          this.leave();
          done(error);
        },
      );
    } catch (error) {
      this.leave();
      done(error);
    }
  }
}
