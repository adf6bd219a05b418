/**
 * The next capacity of a column that must hold `needed` entries: doubled while that is cheap, then a quarter more, so
 * that a store of millions of records is not half empty.
 */
export function nextCapacity(current: number, needed: number): number {
  const next = current < 65_536 ? current * 2 : current + (current >> 2);
  return Math.max(next, needed, 16);
}

export function widened(column: Int32Array, capacity: number): Int32Array {
  const wider = new Int32Array(capacity);
  wider.set(column);
  return wider;
}
