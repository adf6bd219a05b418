type Column = Int32Array | Uint16Array | Uint8Array | Float64Array;

/**
 * The next capacity of a column that must hold `needed` entries: doubled while that is cheap, then an eighth more, so
 * that tables of millions of records are not half empty.
 */
export function nextCapacity(current: number, needed: number): number {
  const next = current < 16_384 ? current * 2 : current + (current >> 3);
  return Math.max(next, needed, 16);
}

/** The column with room for more entries. */
export function widened<C extends Column>(column: C, capacity: number): C {
  const wider = new (column.constructor as new (length: number) => C)(capacity);
  wider.set(column);
  return wider;
}
