import type { MaybePromise } from "@rootwalk/core/store";
import type { ResolvedOptions } from "./options.ts";
import { isBusy } from "./sqlite-error.ts";

const longestPauseMs = 25;

/**
 * Tries until no other process has the lock that it needs: at once, and then from timers, so that the event loop goes
 * on. Answers without a promise where the first try succeeds.
 *
 * @param failed makes what is thrown of what `attempt` threw, and of SQLite's error once the time to wait is over
 */
export function untilFree<T>(
  attempt: () => T,
  options: ResolvedOptions,
  failed: (error: unknown) => unknown,
): MaybePromise<T> {
  try {
    return attempt();
  } catch (error) {
    if (!isBusy(error)) throw failed(error);
  }
  return keepTrying(attempt, options).catch((error: unknown) => {
    throw failed(error);
  });
}

async function keepTrying<T>(attempt: () => T, options: ResolvedOptions): Promise<T> {
  const { after, random } = options.environment;
  const noise = new Uint8Array(1);
  let waitedMs = 0;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    // Two that wait for each other's lock must not try in step.
    random(noise);
    const delayMs = pauseMs * (0.5 + (noise[0] as number) / 256);
    await new Promise<void>((resolve) => after(delayMs, resolve));
    waitedMs += delayMs;
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || waitedMs > options.busyTimeoutMs) throw error;
    }
  }
}

/** Runs pieces of work one after another: at once where nothing waits, else after what was there before. */
export class Turns {
  #last: Promise<unknown> | undefined;

  get isIdle(): boolean {
    return this.#last === undefined;
  }

  run<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#last !== undefined) return this.#note(this.#last.then(work, work));
    const answer = work();
    return answer instanceof Promise ? this.#note(answer) : answer;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#last !== undefined) await this.#last.catch(() => {});
  }

  #note<T>(answer: Promise<T>): Promise<T> {
    this.#last = answer;
    const done = (): void => {
      if (this.#last === answer) this.#last = undefined;
    };
    answer.then(done, done);
    return answer;
  }
}
