const PAGE_BITS = 9;
const PAGE = 1 << PAGE_BITS;
const MASK = PAGE - 1;

/**
 * Numbers above 0 by slot, 0 for those that have none. A hop asks it of each edge, so it answers in two reads; pages of
 * it are made as slots in them are met, so that a search among few of many millions of records stays small.
 */
export class SlotTable {
  readonly #pages: (Int32Array | undefined)[] = [];
  #size = 0;

  /** How many slots have a number. */
  get size(): number {
    return this.#size;
  }

  /** 0 where it has none. */
  get(slot: number): number {
    const page = this.#pages[slot >> PAGE_BITS];
    return page === undefined ? 0 : page[slot & MASK]!;
  }

  has(slot: number): boolean {
    return this.get(slot) !== 0;
  }

  /** @param number above 0 */
  set(slot: number, number: number): void {
    const at = slot >> PAGE_BITS;
    let page = this.#pages[at];
    if (page === undefined) {
      while (this.#pages.length < at) this.#pages.push(undefined);
      page = new Int32Array(PAGE);
      this.#pages[at] = page;
    }
    if (page[slot & MASK] === 0) this.#size += 1;
    page[slot & MASK] = number;
  }
}
