import { nextCapacity, widened } from "../util/growth.ts";

/** So many hops that compare a field pay for its column. */
const ASKED_ENOUGH = 256;

/** Fields of one table that have a column at a time. */
const MOST_COLUMNS = 4;

/** A field and the numbers in it by slot, once it was asked for often enough. */
interface NumberColumn {
  readonly field: string;
  asked: number;
  values: Float64Array;
}

/**
 * Numbers of records by slot, for filters that compare a field with a number: the edges of a node lie beside each
 * other here, whereas each record's fields are an object somewhere on the heap, with each fraction in a place of its
 * own. A warm walk that filters its edges takes a sixth less time.
 *
 * NaN, which no record can hold, stands for what is not here: whoever meets it looks at the record, and may note the
 * number with its slot.
 */
export class NumberColumns {
  /** Bytes that columns may take; those for which that is too little are done without. */
  mostBytes = 0;
  #columns: NumberColumn[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The numbers in a field, for one hop that compares it.
   * @param top one past the highest slot that the hop can meet
   */
  of(field: string, top: number): Float64Array | undefined {
    const columns = this.#columns;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      if (column.field !== field) continue;
      if (column.values.length >= top) return column.values;
      column.asked += 1;
      return column.asked < ASKED_ENOUGH ? undefined : this.#widen(column, top);
    }
    // The one that was there longest makes room: a program compares few fields, and those again and again.
    if (columns.length === MOST_COLUMNS) this.#bytes -= columns.shift()!.values.byteLength;
    columns.push({ field, asked: 1, values: new Float64Array(0) });
    return undefined;
  }

  #widen(column: NumberColumn, top: number): Float64Array | undefined {
    const { values } = column;
    const capacity = nextCapacity(values.length, top);
    const more = (capacity - values.length) * Float64Array.BYTES_PER_ELEMENT;
    if (this.#bytes + more > this.mostBytes) {
      column.asked = 0;
      return undefined;
    }
    this.#bytes += more;
    column.values = widened(values, capacity).fill(Number.NaN, values.length);
    return column.values;
  }

  /** The record in this slot is not what it was. */
  forget(slot: number): void {
    const columns = this.#columns;
    for (let i = 0; i < columns.length; i++) {
      const { values } = columns[i]!;
      if (slot < values.length) values[slot] = Number.NaN;
    }
  }
}
