import type { ListChange } from "../types/changes.ts";

/** A result and what it is known by; keys are unique in a list. */
export interface Item<T> {
  readonly key: string;
  readonly result: T;
}

/**
 * The steps from one list to another: what is gone, from the end; as few moves as there can be; what is new, from the
 * beginning; what changed in its place. Results that did not change are the same objects in both lists.
 */
export function listChanges<T>(before: readonly Item<T>[], after: readonly Item<T>[]): ListChange<T>[] {
  const changes: ListChange<T>[] = [];
  const wanted = new Set(after.map(({ key }) => key));
  const kept: Item<T>[] = [];
  for (let index = before.length - 1; index >= 0; index--) {
    const item = before[index]!;
    if (wanted.has(item.key)) kept.push(item);
    else changes.push({ op: "removed", index, result: item.result });
  }
  kept.reverse();
  const known = new Map(kept.map(({ key, result }) => [key, result]));
  move(
    kept,
    after.filter(({ key }) => known.has(key)),
    changes,
  );
  for (let index = 0; index < after.length; index++) {
    const { key, result } = after[index]!;
    if (!known.has(key)) changes.push({ op: "added", index, result });
  }
  for (let index = 0; index < after.length; index++) {
    const { key, result } = after[index]!;
    if (known.has(key) && known.get(key) !== result) changes.push({ op: "changed", index, result });
  }
  return changes;
}

/** Brings `list` into the order of `target`, which has the same keys. */
function move<T>(list: readonly Item<T>[], target: readonly Item<T>[], changes: ListChange<T>[]): void {
  const places = new Map(list.map(({ key }, place) => [key, place]));
  const order = target.map(({ key }) => places.get(key)!);
  const stays = longestRise(order);
  if (stays.size === order.length) return;
  const working = list.map(({ key }) => key);
  for (let at = target.length - 1; at >= 0; at--) {
    if (stays.has(at)) continue;
    const { key, result } = target[at]!;
    const from = working.indexOf(key);
    working.splice(from, 1);
    const next = target[at + 1];
    const index = next === undefined ? working.length : working.indexOf(next.key);
    working.splice(index, 0, key);
    if (from !== index) changes.push({ op: "moved", from, index, result });
  }
}

/** The places of a longest rising subsequence. */
function longestRise(values: readonly number[]): Set<number> {
  /** At `k` the place of the smallest value that ends a rise of length `k + 1`. */
  const ends: number[] = [];
  const previous: number[] = [];
  for (let at = 0; at < values.length; at++) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]!]! < values[at]!) low = middle + 1;
      else high = middle;
    }
    previous[at] = low === 0 ? -1 : ends[low - 1]!;
    ends[low] = at;
  }
  const rise = new Set<number>();
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at]!) rise.add(at);
  return rise;
}
