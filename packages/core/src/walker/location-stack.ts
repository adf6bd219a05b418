import type { Location } from "./walk-unit.ts";

/** The stack as it was once. Costs nothing to take: the stack never changes what a snapshot covers. */
export interface StackSnapshot {
  readonly items: readonly Location[];
  readonly length: number;
}

/** Locations last in, first out: where exit handlers are still to run. */
export class LocationStack {
  #items: Location[];
  #length: number;
  /** How many of the lowest places some snapshot covers. */
  #shared = 0;

  constructor(from?: StackSnapshot) {
    this.#items = from === undefined ? [] : from.items.slice(0, from.length);
    this.#length = this.#items.length;
  }

  get length(): number {
    return this.#length;
  }

  /** The one on top; the stack is not empty. */
  top(): Location {
    return this.#items[this.#length - 1] as Location;
  }

  push(location: Location): void {
    if (this.#length < this.#shared) {
      this.#items = this.#items.slice(0, this.#length);
      this.#shared = 0;
    }
    this.#items[this.#length] = location;
    this.#length += 1;
  }

  pop(): Location {
    this.#length -= 1;
    return this.#items[this.#length] as Location;
  }

  /** The next ones to be popped, as many as `count`. */
  peek(count: number): Location[] {
    return this.#items.slice(Math.max(0, this.#length - count), this.#length).reverse();
  }

  snapshot(): StackSnapshot {
    this.#shared = Math.max(this.#shared, this.#length);
    return { items: this.#items, length: this.#length };
  }
}
