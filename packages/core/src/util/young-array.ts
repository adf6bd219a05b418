const empty: readonly unknown[] = [];

/**
 * A new empty array, for what is made once a unit, a hop or a row.
 *
 * V8 learns for each literal of the source whether what it made has lived long, and from then on makes it among the old
 * objects. One long unit is enough to teach it so for the literals of all units; the arrays of short ones then live,
 * with everything they hold, until the next full collection: a point read by id took 2.3 times as long. An array that a
 * builtin makes is always young.
 */
export function youngArray<T>(): T[] {
  return empty.slice() as T[];
}

const onePlace: readonly unknown[] = [undefined];
const twoPlaces: readonly unknown[] = [undefined, undefined];

/** As `youngArray`, holding one value. */
export function youngArrayOf<T>(value: T): T[] {
  const array = onePlace.slice() as T[];
  array[0] = value;
  return array;
}

/** As `youngArray`, holding two values. */
export function youngPair<T>(first: T, second: T): T[] {
  const array = twoPlaces.slice() as T[];
  array[0] = first;
  array[1] = second;
  return array;
}
