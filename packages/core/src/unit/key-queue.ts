import type { Scheduler } from "./scheduler.ts";

/**
 * Lets units that lost to each other go one after another, in the order in which they lost.
 *
 * A place in the queue is a courtesy, not a lock: commits are checked anyway. So waiting may be bounded, and a holder
 * that does not move for that long (it may itself wait for one of those behind it) is overtaken.
 */
export class KeyQueue {
  readonly #lines: Map<string, (() => void)[]> = new Map();
  readonly #scheduler: Scheduler;
  readonly #patienceMs: number;

  constructor(scheduler: Scheduler, patienceMs: number) {
    this.#scheduler = scheduler;
    this.#patienceMs = patienceMs;
  }

  /** @returns what gives the place up; call it once. Resolves at once where nobody stands in line. */
  enter(key: string): Promise<() => void> | (() => void) {
    const line = this.#lines.get(key);
    if (line === undefined) {
      this.#lines.set(key, []);
      return () => this.#leave(key);
    }
    return new Promise((resolve) => {
      let cancel = (): void => {};
      const turn = (): void => {
        cancel();
        resolve(() => this.#leave(key));
      };
      line.push(turn);
      const wait = (): void => {
        const lengthThen = line.length;
        const ahead = line.indexOf(turn);
        cancel = this.#scheduler.after(this.#patienceMs, () => {
          const now = line.indexOf(turn);
          if (now < 0) return;
          // The line moves: stay. It does not: go past the one that holds it up.
          if (now < ahead || line.length < lengthThen) return wait();
          line.splice(now, 1);
          resolve(() => {});
        });
      };
      wait();
    });
  }

  #leave(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    const next = line.shift();
    if (next === undefined) this.#lines.delete(key);
    else next();
  }
}
