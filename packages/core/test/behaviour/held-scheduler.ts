import type { Scheduler } from "../../src/unit/scheduler.ts";

/** A scheduler whose timers fire when the test says so: nothing ever sleeps. */
export function heldScheduler(): {
  readonly scheduler: Scheduler;
  /** Lets time go by until the promise is settled. @throws where it takes longer than `atMostMs` */
  elapse<T>(promise: Promise<T>, atMostMs: number): Promise<T>;
} {
  let now = 0;
  const timers = new Set<{
    readonly at: number;
    readonly callback: () => void;
    readonly isAwaited: boolean;
  }>();
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    scheduler: {
      now: () => now,
      nextTurn: (callback) => void setImmediate(callback),
      after(ms, callback, isAwaited = false) {
        const timer = { at: now + ms, callback, isAwaited };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
    async elapse(promise, atMostMs) {
      const end = now + atMostMs;
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      promise.then(settle, settle);
      while (!isSettled) {
        // Time stands still as long as anything goes on by itself.
        for (let turns = 0; turns < 200 && !isSettled; turns++) await turn();
        if (isSettled) break;
        const next = [...timers].sort((left, right) => left.at - right.at)[0];
        if (next === undefined) throw new Error("nothing is under way and nothing is due: it waits for good");
        if (![...timers].some(({ isAwaited }) => isAwaited))
          throw new Error("somebody waits, and nothing keeps the process alive until it is over");
        if (next.at > end) throw new Error(`it took more than ${atMostMs} ms`);
        now = Math.max(now, next.at);
        timers.delete(next);
        next.callback();
      }
      return promise;
    },
  };
}
