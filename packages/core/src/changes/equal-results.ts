import { equalValues } from "../model/compare.ts";
import { damageOf } from "../resident/states.ts";
import { Entity, stateOf } from "../schema/entity.ts";

/** Whether two results are the same to whoever sees them: records by id, fields and access, the rest by contents. */
export function equalResults(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (left instanceof Entity || right instanceof Entity)
    return left instanceof Entity && right instanceof Entity && equalRecords(left, right);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((each, i) => equalResults(each, right[i]));
  if (left instanceof Map && right instanceof Map) return equalMaps(left, right);
  if (isPlain(left) && isPlain(right)) {
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => Object.hasOwn(right, name) && equalResults(left[name], right[name]))
    );
  }
  return equalValues(left, right);
}

function equalRecords(left: Entity, right: Entity): boolean {
  if (left.id !== right.id || left.$type !== right.$type) return false;
  const before = stateOf(left);
  const after = stateOf(right);
  if (before !== after) {
    if (damageOf(before) !== undefined || damageOf(after) !== undefined) return false;
    if (!equalValues(before, after)) return false;
  }
  const { all, roots } = left.$access;
  return (
    left.$access === right.$access || (all === right.$access.all && equalValues(roots, right.$access.roots))
  );
}

/** Groups come in the order of the query, so that order counts. */
function equalMaps(left: ReadonlyMap<unknown, unknown>, right: ReadonlyMap<unknown, unknown>): boolean {
  return left.size === right.size && equalResults([...left].flat(), [...right].flat());
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Calls `use` for each record in a result, however deep. */
export function eachRecord(
  value: unknown,
  use: (record: Entity) => void,
  seen: Set<object> = new Set(),
): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Entity) {
    use(value);
    return;
  }
  const inner = Array.isArray(value)
    ? value
    : value instanceof Map
      ? [...value].flat()
      : isPlain(value)
        ? Object.values(value)
        : undefined;
  if (inner === undefined || seen.has(value)) return;
  seen.add(value);
  for (const each of inner) eachRecord(each, use, seen);
}
