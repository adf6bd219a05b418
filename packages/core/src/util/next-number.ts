const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The least number that is greater; NaN after infinity, where there is none. */
export function nextNumber(value: number): number {
  if (value === Number.POSITIVE_INFINITY) return Number.NaN;
  if (value === 0) return Number.MIN_VALUE;
  double[0] = value;
  bits[0] = bits[0]! + (value > 0 ? 1n : -1n);
  return double[0]!;
}
