import { compileFilter, type Filter, filterFields, filterKey, numberRange } from "../model/filter.ts";
import type { HopShape, Predicate } from "../unit/read-set.ts";

/** A hop as the executor runs it: the guarded shape, with the edge types as numbers too. */
export interface Hop extends HopShape {
  /** The edge types that may be followed; `undefined` for every one. */
  readonly edgeNumbers: readonly number[] | undefined;
}

const predicates: WeakMap<Filter, Predicate> = new WeakMap();

/** The filter as a predicate with a name, so that two equal ones can be told. */
export function predicate(filter: Filter | undefined): Predicate | undefined {
  if (filter === undefined) return undefined;
  let known = predicates.get(filter);
  if (known === undefined) {
    known = {
      test: compileFilter(filter),
      key: filterKey(filter),
      fields: [...filterFields(filter)],
      range: numberRange(filter),
    };
    predicates.set(filter, known);
  }
  return known;
}

/** Both filters at once. */
export function bothFilters(left: Filter | undefined, right: Filter | undefined): Filter | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  return { kind: "and", parts: [left, right] };
}

const numbers: WeakMap<Uint8Array, readonly number[]> = new WeakMap();

/** The type numbers that a mask of the catalog's has. */
export function numbersIn(mask: Uint8Array): readonly number[] {
  let known = numbers.get(mask);
  if (known === undefined) {
    known = [...mask.keys()].filter((type) => mask[type] === 1);
    numbers.set(mask, known);
  }
  return known;
}
