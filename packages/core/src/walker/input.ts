import { ValidationError } from "../errors.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import type { Schema } from "../schema/field.ts";
import { check, type Issue, refused } from "./validation.ts";
import type { WalkerDefinition } from "./walker.ts";

declare const checked: unique symbol;

/** The validated input of one spawn; every attempt gets its own copy by {@link freshInput}. */
export type CheckedInput = Readonly<Record<string, unknown>> & { readonly [checked]?: true };

/**
 * Validates a walker's input as a whole: all fields, all issues at once.
 *
 * @throws {ValidationError} `RW_INPUT_INVALID` with the path of the field, also for fields the walker does not have
 */
export function checkInput(walker: WalkerDefinition, given: unknown): CheckedInput {
  const where = `walker ${walker.name}`;
  const source = given === undefined ? {} : given;
  if (kindOf(source) !== "object") {
    throw new ValidationError({
      code: "RW_INPUT_INVALID",
      message: `${where}: expected an object of input fields, got ${describeKind(source)}`,
      valueKind: describeKind(source),
    });
  }
  const fields = source as Readonly<Record<string, unknown>>;
  const issues: Issue[] = [];
  const known = walker.input;
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(known, name)) {
      const has = walker.inputNames.length === 0 ? "takes no input" : `takes ${walker.inputNames.join(", ")}`;
      issues.push({ path: name, steps: [name], message: `no such input field; the walker ${has}` });
    }
  }
  const input: Record<string, unknown> = {};
  for (const name of walker.inputNames) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    input[name] = check(where, known[name] as Schema, value, [name], issues);
  }
  if (issues.length > 0) {
    const [field] = issues[0]?.steps ?? [];
    throw refused(where, issues, describeKind(fields[field as string]));
  }
  return freshInput(input as CheckedInput);
}

/**
 * A copy that a walk may show its handlers: objects and arrays are frozen, what cannot be frozen (Map, Set, Date,
 * Uint8Array) is nobody else's. Anything but plain data is passed on as it is.
 */
export function freshInput(input: CheckedInput): CheckedInput {
  return copy(input, undefined) as CheckedInput;
}

function copy(value: unknown, seen: Map<object, unknown> | undefined): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen ?? new Map<object, unknown>();
  if (known.has(value)) return known.get(value);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    known.set(value, items);
    for (const item of value) items.push(copy(item, known));
    return Object.freeze(items);
  }
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof Uint8Array && value.constructor === Uint8Array) return value.slice();
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    known.set(value, map);
    for (const [key, item] of value) map.set(copy(key, known), copy(item, known));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set<unknown>();
    known.set(value, set);
    for (const item of value) set.add(copy(item, known));
    return set;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const fields: Record<string, unknown> = Object.create(prototype);
  known.set(value, fields);
  for (const key of Object.keys(value)) fields[key] = copy((value as Record<string, unknown>)[key], known);
  return Object.freeze(fields);
}
