import { type Scheduler, systemScheduler } from "../unit/scheduler.ts";

/** Turns of the event loop in which whatever goes on by itself is thought to have come to rest. */
const TURNS = 200;

/** A clock that stands still until it is moved, and the timers that go by it. */
export interface TestClock {
  /** Milliseconds since 1970: what to give as `clock` to `openGraph`. */
  readonly now: () => number;
  /** What to give as `scheduler`: its timers fire when the clock is moved to where they are due. */
  readonly scheduler: Scheduler;
  /** Moves the clock, fires in order what falls due on the way, and lets what that began come to rest. */
  advance(ms: number): Promise<void>;
  /**
   * Moves the clock from one timer to the next until the promise is settled, and gives what it gives.
   *
   * @throws {Error} where it takes longer than `atMostMs`, or waits for what no timer ends.
   */
  advanceUntil<T>(promise: Promise<T>, atMostMs?: number): Promise<T>;
}

/** Where the clock of tests stands at first. */
export const testStart: number = Date.UTC(2026, 0, 1);

/**
 * Makes a clock for tests. Without a time it stands at the beginning of 2026, in UTC.
 *
 * ```ts
 * const clock = testClock();
 * const graph = await openGraph({ types, clock: clock.now, scheduler: clock.scheduler });
 * await clock.advance(2_000);
 * ```
 */
export function testClock(start: number | Date = testStart): TestClock {
  const system = systemScheduler();
  let now = +start;
  if (!Number.isFinite(now)) throw new TypeError("testClock: start is a Date, or milliseconds since 1970");
  const timers = new Set<Timer>();
  const rest = async (isOver: () => boolean): Promise<void> => {
    for (let turns = 0; turns < TURNS && !isOver(); turns++)
      await new Promise<void>((resolve) => system.nextTurn(resolve));
  };
  const earliest = (): Timer | undefined =>
    [...timers].reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
      undefined,
    );
  const fire = (timer: Timer): void => {
    now = Math.max(now, timer.at);
    timers.delete(timer);
    timer.callback();
  };
  const clock: TestClock = Object.freeze({
    now: () => now,
    scheduler: Object.freeze({
      now: () => now,
      nextTurn: system.nextTurn,
      after(ms: number, callback: () => void, isAwaited = false) {
        const timer = { at: now + ms, callback, isAwaited };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    }),
    async advance(ms: number): Promise<void> {
      if (!(ms >= 0 && Number.isFinite(ms)))
        throw new TypeError(`advance takes milliseconds, and time does not go back; got ${ms}`);
      const end = now + ms;
      await rest(() => false);
      for (let next = earliest(); next !== undefined && next.at <= end; next = earliest()) {
        fire(next);
        await rest(() => false);
      }
      now = end;
    },
    async advanceUntil<T>(promise: Promise<T>, atMostMs = 60_000): Promise<T> {
      const end = now + atMostMs;
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (;;) {
        // Time stands still as long as anything goes on by itself.
        await rest(() => isSettled);
        if (isSettled) return promise;
        const next = earliest();
        if (next === undefined) throw new Error("nothing is under way and nothing is due: it waits for good");
        if (![...timers].some(({ isAwaited }) => isAwaited))
          throw new Error("somebody waits, and nothing keeps the process alive until it is over");
        if (next.at > end) throw new Error(`it took more than ${atMostMs} ms`);
        fire(next);
      }
    },
  });
  skips.set(clock, (ms) => {
    now += ms;
  });
  return clock;
}

const skips = new WeakMap<TestClock, (ms: number) => void>();

/** Moves a clock by whose timers nothing goes at the moment: there is nothing to wait for. */
export function skip(clock: TestClock, ms: number): void {
  skips.get(clock)?.(ms);
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  readonly isAwaited: boolean;
}

/**
 * The clock's scheduler, except that a timer which somebody's call waits for also fires when as much time has really
 * gone by: what would wait for good under a clock that nobody moves ends as it does in an app.
 */
export function lenientScheduler(clock: TestClock): Scheduler {
  const system = systemScheduler();
  const { scheduler } = clock;
  // What was waited for has gone by, for whoever compares times with those of timers.
  let waited = 0;
  return {
    now: () => scheduler.now() + waited,
    nextTurn: scheduler.nextTurn,
    after(ms, callback, isAwaited = false) {
      if (!isAwaited) return scheduler.after(ms, callback);
      const due = scheduler.now() + waited + ms;
      const fire = (): void => {
        cancel();
        waited = Math.max(waited, due - scheduler.now());
        callback();
      };
      const cancelHeld = scheduler.after(ms, fire, true);
      const cancelReal = system.after(ms, fire, true);
      const cancel = (): void => {
        cancelHeld();
        cancelReal();
      };
      return cancel;
    },
  };
}
