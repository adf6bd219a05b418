import { LRUCache } from "lru-cache";
import type { RecordTable } from "./record-table.ts";

/** Numbers in `#filed` at most. */
const FEW = 128;

/**
 * Which stretch of slots was used longest ago. Reads already mark every record they touch with the number of the hop
 * (`stamps`), so recency costs them nothing: a stretch that comes up for eviction and carries a younger mark than when
 * it was filed is filed again as recent.
 */
export class Recency {
  /** Made when it is needed, see `#filed`. */
  #made: LRUCache<number, number> | undefined = undefined;
  /**
   * What was noted before, stretch and stamp: a process that was started to answer one question notes few stretches and
   * evicts none, and waits half a millisecond for the code of the cache.
   */
  #filed: number[] = [];
  readonly #tables: readonly [RecordTable, RecordTable];
  readonly #bits: number;
  #last = -1;

  /** @param bits a stretch is 2^bits slots: wide for large bounds, single slots for tiny ones */
  constructor(nodes: RecordTable, edges: RecordTable, bits: number) {
    this.#tables = [nodes, edges];
    this.#bits = bits;
  }

  /** Files the slot's stretch as just used. @param table 0 for nodes, 1 for edges */
  note(table: 0 | 1, slot: number, stamp: number): void {
    const stretch = ((slot >> this.#bits) << 1) | table;
    if (stretch === this.#last) return;
    this.#last = stretch;
    if (this.#made !== undefined) this.#made.set(stretch, stamp);
    else if (this.#filed.push(stretch, stamp) >= FEW) this.#make();
  }

  /** Takes out the stretch that was used longest ago; `undefined` once none is filed. */
  pop(stamp: number): { table: 0 | 1; from: number; to: number } | undefined {
    this.#last = -1;
    const order = this.#made ?? this.#make();
    for (let chances = order.size; ; chances--) {
      const stretch = oldest(order);
      if (stretch === undefined) return undefined;
      const filed = order.peek(stretch)!;
      order.delete(stretch);
      const table = (stretch & 1) as 0 | 1;
      const from = (stretch >> 1) << this.#bits;
      const to = Math.min(from + (1 << this.#bits), this.#tables[table].top);
      if (chances > 0 && this.#youngest(table, from, to) > filed) order.set(stretch, stamp);
      else return { table, from, to };
    }
  }

  clear(): void {
    this.#made?.clear();
    this.#filed = [];
    this.#last = -1;
  }

  #make(): LRUCache<number, number> {
    const order = new LRUCache<number, number>({
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: () => 1,
    });
    this.#made = order;
    for (let i = 0; i < this.#filed.length; i += 2) order.set(this.#filed[i]!, this.#filed[i + 1]!);
    this.#filed = [];
    return order;
  }

  #youngest(table: 0 | 1, from: number, to: number): number {
    const stamps = this.#tables[table].stamps;
    let youngest = 0;
    for (let slot = from; slot < to; slot++) if (stamps[slot]! > youngest) youngest = stamps[slot]!;
    return youngest;
  }
}

function oldest(order: LRUCache<number, number>): number | undefined {
  for (const stretch of order.rkeys()) return stretch;
  return undefined;
}
