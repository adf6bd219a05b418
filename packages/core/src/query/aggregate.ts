import { compareForOrder } from "../model/compare.ts";
import { UnknownValue } from "../model/unknown-value.ts";
import { handOut } from "../model/value.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import type { RecordKind } from "../resident/change-log.ts";
import { NOW } from "../unit/pending.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import { youngArray } from "../util/young-array.ts";
import { invalidQuery } from "./plan.ts";
import { withStates } from "./with-states.ts";

/** A field that something is asked of, for errors too. */
export interface FieldOf {
  readonly verb: string;
  /** The type that has it, or that of any record. */
  readonly type: string;
  readonly field: string;
}

/** What comes out of the values of one field; those of records without it are undefined. */
export type Fold = (values: readonly unknown[], where: FieldOf) => unknown;

export type AggregateName = "sum" | "avg" | "min" | "max" | "countBy";

/** Absent fields and null count for nothing, but as keys of their own. */
export const folds: Readonly<Record<AggregateName, Fold>> = {
  sum: (values, where) => totalOf(values, where).total,
  avg: (values, where) => {
    const { total, count } = totalOf(values, where);
    return count === 0 ? undefined : Number(total) / count;
  },
  min: (values, where) => extreme(values, where, 1),
  max: (values, where) => extreme(values, where, -1),
  countBy: (values, where) => {
    const counts = new Map<unknown, number>();
    const keys = new GroupKeys(where);
    for (const value of values) {
      const key = keys.of(value);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  },
};

/** The items by their values, in the order in which these are met first. */
export function grouped<T>(
  values: readonly unknown[],
  items: readonly T[],
  where: FieldOf,
): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>();
  const keys = new GroupKeys(where);
  for (let i = 0; i < items.length; i++) {
    const key = keys.of(values[i]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [items[i]!]);
    else group.push(items[i]!);
  }
  return groups;
}

function textOf({ verb, type, field }: FieldOf): string {
  return `${verb} of ${type}.${field}`;
}

function totalOf(values: readonly unknown[], where: FieldOf): { total: number | bigint; count: number } {
  let numbers = 0;
  let bigints = 0n;
  let numberCount = 0;
  let bigintCount = 0;
  for (const value of values) {
    if (typeof value === "number") {
      numbers += value;
      numberCount += 1;
    } else if (typeof value === "bigint") {
      bigints += value;
      bigintCount += 1;
    } else if (value !== undefined && value !== null) {
      throw invalidQuery(`${textOf(where)} is for numbers, and a record has ${describeKind(value)} there`);
    }
  }
  if (numberCount > 0 && bigintCount > 0)
    throw invalidQuery(`${textOf(where)} is for numbers or for bigints, and the records have both there`);
  return bigintCount > 0 ? { total: bigints, count: bigintCount } : { total: numbers, count: numberCount };
}

function extreme(values: readonly unknown[], where: FieldOf, sign: 1 | -1): unknown {
  let best: unknown;
  for (const value of values) {
    if (value === undefined || value === null) continue;
    requireOrdered(value, where);
    if (best === undefined || compareForOrder(value, best) * sign < 0) best = value;
  }
  return handOut(best);
}

function requireOrdered(value: unknown, where: FieldOf): void {
  switch (kindOf(value)) {
    case "array":
    case "object":
    case "map":
    case "set":
      throw invalidQuery(`${textOf(where)} compares values, and a record has ${describeKind(value)} there`);
    default:
  }
}

/** One key for all values that are equal: Maps tell Dates and bytes apart by identity. */
class GroupKeys {
  readonly #where: FieldOf;
  readonly #objects: Map<string, unknown> = new Map();

  constructor(where: FieldOf) {
    this.#where = where;
  }

  of(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    requireOrdered(value, this.#where);
    const text = value instanceof Date ? `d${value.getTime()}` : `b${(value as Uint8Array).join()}`;
    let key = this.#objects.get(text);
    if (key === undefined) {
      key = handOut(value);
      this.#objects.set(text, key);
    }
    return key;
  }
}

/** The values of one field. */
export interface Column {
  readonly values: unknown[];
  /** Beside each value the place of its record among the slots; what vanished while it was read has none. */
  readonly places: number[];
}

/**
 * Reads one field of each record, without making entities. Guards what it reads: no more of the record than this field.
 * @param slots must not change any more
 */
export function columnOf(
  unit: Unit,
  kind: RecordKind,
  slots: readonly number[],
  field: string,
): MaybePromise<Column> {
  const values = youngArray<unknown>();
  const places = youngArray<number>();
  const read = unit.readSet.addFields(kind, [field], slots);
  return andThen(
    withStates(unit, kind, slots, NOW, (at, state) => {
      read.count = at + 1;
      unit.refuseDamaged(kind, slots[at]!, state);
      const value = state[field];
      if (UnknownValue.made > 0 && value instanceof UnknownValue) throw value.error();
      values.push(value);
      places.push(at);
    }),
    () => ({ values, places }),
  );
}
