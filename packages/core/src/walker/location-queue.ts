import type { Location } from "./walk-unit.ts";

/** The queue as it was once. Costs nothing to take: the queue never changes what a snapshot covers. */
export interface QueueSnapshot {
  readonly items: readonly Location[];
  readonly from: number;
  readonly to: number;
}

// Below this many used-up places, moving the rest forward is not worth it.
const compactFrom = 1024;

/** Locations first in, first out, with insertion anywhere; cheap at both ends. */
export class LocationQueue {
  #items: Location[];
  #head = 0;
  #isShared = false;

  constructor(from?: QueueSnapshot) {
    this.#items = from === undefined ? [] : from.items.slice(from.from, from.to);
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The next one; the queue is not empty. */
  first(): Location {
    return this.#items[this.#head] as Location;
  }

  shift(): Location {
    const location = this.#items[this.#head] as Location;
    this.#head += 1;
    if (this.#head === this.#items.length) this.#clear();
    else if (this.#head >= compactFrom && this.#head * 2 > this.#items.length) this.#compact();
    return location;
  }

  /** The next ones, as many as `count`. */
  peek(count: number): Location[] {
    return this.#items.slice(this.#head, this.#head + count);
  }

  push(location: Location): void {
    this.#items.push(location);
  }

  /** @param at position over the queue: clamped to its ends; -1 is the end, less counts from there */
  insert(locations: readonly Location[], at = -1): void {
    const { length } = this;
    const position = at >= 0 ? Math.min(at, length) : Math.max(0, length + 1 + at);
    if (position === length) {
      for (let i = 0; i < locations.length; i++) this.#items.push(locations[i] as Location);
    } else if (position === 0) this.#prepend(locations);
    else this.#insertAt(this.#head + position, locations);
  }

  snapshot(): QueueSnapshot {
    this.#isShared = true;
    return { items: this.#items, from: this.#head, to: this.#items.length };
  }

  #prepend(locations: readonly Location[]): void {
    if (this.#isShared || this.#head < locations.length) {
      // Room in front for as many again, so that a depth-first walk does not move the queue at each step.
      const room = locations.length + this.length;
      const items = new Array<Location>(room).fill(0);
      for (let at = this.#head; at < this.#items.length; at++) items.push(this.#items[at] as Location);
      this.#replace(items, room);
    }
    this.#head -= locations.length;
    for (let at = 0; at < locations.length; at++) this.#items[this.#head + at] = locations[at] as Location;
  }

  #insertAt(index: number, locations: readonly Location[]): void {
    const items = this.#items.slice(0, index);
    for (const location of locations) items.push(location);
    for (let at = index; at < this.#items.length; at++) items.push(this.#items[at] as Location);
    this.#replace(items, this.#head);
  }

  #clear(): void {
    if (this.#isShared) this.#replace([], 0);
    this.#items.length = 0;
    this.#head = 0;
  }

  #compact(): void {
    this.#replace(this.#items.slice(this.#head), 0);
  }

  #replace(items: Location[], head: number): void {
    this.#items = items;
    this.#head = head;
    this.#isShared = false;
  }
}
