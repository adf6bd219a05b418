import type { Scheduler } from "./scheduler.ts";

/** One unit's place in a line. */
interface Place {
  readonly go: () => void;
}

interface Line {
  holder: Place;
  readonly waiting: Place[];
  cancel: () => void;
}

/**
 * Lets units that lost to each other go one after another, in the order in which they lost.
 *
 * A place in the queue is a courtesy, not a lock: commits are checked anyway. So waiting is bounded: a holder that does
 * not move for that long (it may itself wait for one of those behind it) is passed over, and the line goes on.
 */
export class KeyQueue {
  readonly #lines: Map<string, Line> = new Map();
  readonly #scheduler: Scheduler;
  readonly #patienceMs: number;

  constructor(scheduler: Scheduler, patienceMs: number) {
    this.#scheduler = scheduler;
    this.#patienceMs = patienceMs;
  }

  /** How many keys somebody stands in line for. */
  get size(): number {
    return this.#lines.size;
  }

  /**
   * @param passedOver is told when the line goes on without this one
   * @returns what gives the place up. Resolves at once where nobody stands in line.
   */
  enter(key: string, passedOver: () => void): Promise<() => void> | (() => void) {
    const line = this.#lines.get(key);
    if (line === undefined) {
      const place: Place = { go: passedOver };
      this.#lines.set(key, { holder: place, waiting: [], cancel: noop });
      return () => this.#leave(key, place);
    }
    return new Promise((resolve) => {
      let isHolding = false;
      const place: Place = {
        go: () => {
          if (isHolding) {
            passedOver();
            return;
          }
          isHolding = true;
          resolve(() => this.#leave(key, place));
        },
      };
      line.waiting.push(place);
      if (line.waiting.length === 1) this.#watch(key, line);
    });
  }

  /** The holder is given its time. */
  #watch(key: string, line: Line): void {
    line.cancel();
    const { holder } = line;
    line.cancel = this.#scheduler.after(
      this.#patienceMs,
      () => {
        if (line.holder !== holder) return;
        holder.go();
        this.#next(key, line);
      },
      true,
    );
  }

  /** Only the one that holds the line can hand it on; who was passed over has nothing to give up. */
  #leave(key: string, place: Place): void {
    const line = this.#lines.get(key);
    if (line !== undefined && line.holder === place) this.#next(key, line);
  }

  #next(key: string, line: Line): void {
    line.cancel();
    line.cancel = noop;
    const next = line.waiting.shift();
    if (next === undefined) {
      this.#lines.delete(key);
      return;
    }
    line.holder = next;
    if (line.waiting.length > 0) this.#watch(key, line);
    next.go();
  }
}

function noop(): void {}
