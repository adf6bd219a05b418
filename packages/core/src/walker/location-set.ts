import type { Location } from "./walk-unit.ts";

/** The set as it was once. Costs nothing to take: the set only grows. */
export interface SetSnapshot {
  readonly order: readonly Location[];
  readonly size: number;
}

// 4,096 locations a page.
const pageBits = 12;

/**
 * Locations that were added once and stay: bits in pages, for a `Set` of a million numbers takes ten times as long to
 * ask.
 */
export class LocationSet {
  readonly #pages: (Uint32Array | undefined)[] = [];
  readonly #order: Location[] = [];

  constructor(from?: SetSnapshot) {
    for (let i = 0; i < (from?.size ?? 0); i++) this.add(from?.order[i] as Location);
  }

  has(location: Location): boolean {
    const page = this.#pages[location >>> pageBits];
    return page !== undefined && ((page[(location >>> 5) & 127] as number) & (1 << (location & 31))) !== 0;
  }

  add(location: Location): void {
    if (this.has(location)) return;
    const number = location >>> pageBits;
    while (this.#pages.length <= number) this.#pages.push(undefined);
    let page = this.#pages[number];
    if (page === undefined) {
      page = new Uint32Array(128);
      this.#pages[number] = page;
    }
    const word = (location >>> 5) & 127;
    page[word] = (page[word] as number) | (1 << (location & 31));
    this.#order.push(location);
  }

  snapshot(): SetSnapshot {
    return { order: this.#order, size: this.#order.length };
  }
}
