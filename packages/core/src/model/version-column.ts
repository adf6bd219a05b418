const BITS = 9;
const PAGE: number = 1 << BITS;

/**
 * Versions by slot. Most records are written once and stay at version 1, so a page of them takes room only once one of
 * its records has changed.
 */
export class VersionColumn {
  readonly #pages: (Int32Array | undefined)[] = [];

  at(slot: number): number {
    const page = this.#pages[slot >> BITS];
    return page === undefined ? 1 : page[slot & (PAGE - 1)]!;
  }

  set(slot: number, version: number): void {
    const number = slot >> BITS;
    let page = this.#pages[number];
    if (page === undefined) {
      if (version === 1) return;
      while (this.#pages.length < number) this.#pages.push(undefined);
      page = new Int32Array(PAGE).fill(1);
      this.#pages[number] = page;
    }
    page[slot & (PAGE - 1)] = version;
  }
}
