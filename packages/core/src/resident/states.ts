import { UnknownValue } from "../model/unknown-value.ts";
import { equalValues, handOut, takeIn } from "../model/value.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import { type FieldData, RowDamage } from "../persistence/rows.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { type FieldIssue, tryField } from "../schema/field.ts";
import { stepText } from "../schema/history.ts";
import type { Reading, ReadingStep } from "../schema/reading.ts";
import { isThenable } from "../util/maybe-async.ts";
import type { RecordState } from "./record-table.ts";

/** What a record holds that its type no longer declares: kept, and stored again with every write. */
const aside: WeakMap<RecordState, FieldData> = new WeakMap();

/** Why a record's fields cannot be read. */
const damages: WeakMap<RecordState, RowDamage> = new WeakMap();

/** How many damaged records were ever seen, so that nobody asks while there is none. */
export const damageCount = { seen: 0 };

/** Of a record that is stored under another shape than the code has: how it was read, and may be stored again. */
const readings: WeakMap<RecordState, Reading> = new WeakMap();

/** How many records of other shapes were ever read, so that nobody asks while there is none. */
const readingCount = { made: 0 };

/**
 * The state that a stored row stands for.
 * @param reading how the row is read where it was not written under the shape that the code has now: it is taken through
 *   the steps since, and validated again, so that new fields get their defaults
 */
export function stateOf(
  definition: TypeDefinition,
  fields: FieldData | RowDamage,
  reading: Reading | undefined,
): RecordState {
  if (fields instanceof RowDamage) return damaged(definition, fields);
  return reading === undefined ? ownState(definition, fields) : otherState(definition, fields, reading);
}

/** Of a row of the code's own shape. */
function ownState(definition: TypeDefinition, fields: FieldData): RecordState {
  const state = definition.emptyState();
  return taken(definition, definition.keys, state, fields);
}

/** Copies the fields into the state, and keeps aside what is none. */
function taken(
  { fieldNames }: TypeDefinition,
  keys: readonly string[],
  state: Record<string, unknown>,
  fields: FieldData,
): RecordState {
  let known = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const value = fields[key];
    if (value !== undefined) {
      state[fieldNames[i]!] = value;
      known += 1;
    } else if (key in fields) known += 1;
  }
  let stored = 0;
  for (const name in fields) {
    void name;
    stored += 1;
  }
  if (stored > known) {
    const rest: Record<string, unknown> = {};
    for (const key of Object.keys(fields)) if (!keys.includes(key)) rest[key] = fields[key];
    aside.set(state, rest);
  }
  return state;
}

function otherState(definition: TypeDefinition, fields: FieldData, reading: Reading): RecordState {
  let data = fields;
  if (reading.steps.length > 0) {
    const copy: Record<string, unknown> = { ...fields };
    for (const step of reading.steps) {
      const reason = take(definition, step, copy);
      if (reason !== undefined) return damaged(definition, new RowDamage(reason), reading);
    }
    data = copy;
  }
  const state = definition.emptyState();
  taken(definition, reading.keys, state, data);
  const damage = validateAgain(definition, state, reading);
  if (damage !== undefined) return damaged(definition, damage, reading);
  // What is not known cannot be stored again.
  const isWhole =
    !reading.isNewer || definition.fieldNames.every((name) => !(state[name] instanceof UnknownValue));
  readings.set(state, isWhole ? reading : { ...reading, shape: undefined });
  readingCount.made += 1;
  return state;
}

/** Takes stored fields through a step of the type's history. @returns why that cannot be done, where it cannot */
function take(
  definition: TypeDefinition,
  step: ReadingStep,
  data: Record<string, unknown>,
): string | undefined {
  const { kind, from, to, keep } = step;
  if (kind === "drop") {
    for (const [, key] of from) delete data[key];
    return undefined;
  }
  if (from.length > 0 && from.every(([, key]) => data[key] === undefined)) return undefined;
  const old: Record<string, unknown> = {};
  for (const [name, key] of from) old[name] = handOut(data[key]);
  let made: unknown;
  try {
    made = (step.by as (old: unknown) => unknown)(Object.freeze(old));
  } catch (error) {
    return `${stepOf(definition, step)} threw: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (isThenable(made)) {
    made.then(undefined, () => {});
    return `${stepOf(definition, step)} is asynchronous`;
  }
  if (kindOf(made) !== "object")
    return `${stepOf(definition, step)} gave ${describeKind(made)}, not an object of fields`;
  if (!keep) for (const [, key] of from) delete data[key];
  const values = made as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(values)) {
    if (!to.some(([known]) => known === name))
      return `${stepOf(definition, step)} gave ${name}, which is not in \`into\``;
  }
  try {
    for (const [name, key] of to) {
      if (values[name] !== undefined) data[key] = takeIn(values[name], [name]);
    }
  } catch (error) {
    return `${stepOf(definition, step)} gave what cannot be stored: ${(error as Error).message}`;
  }
  return undefined;
}

function stepOf({ name }: TypeDefinition, { at, from, to }: ReadingStep): string {
  const text = stepText({ kind: "transform", from: from.map(([old]) => old), to: to.map(([made]) => made) });
  return `step ${at + 1} of the history of ${name} (${text})`;
}

function validateAgain(
  definition: TypeDefinition,
  state: Record<string, unknown>,
  { isNewer, unknown }: Reading,
): RowDamage | undefined {
  const all: FieldIssue[] = [];
  for (const field of definition.fields) {
    const issues: FieldIssue[] = [];
    let reason: string | undefined;
    if (unknown.has(field.name)) reason = "its values were made into others";
    else
      try {
        const value = tryField(field, state[field.name], issues);
        if (issues.length === 0) state[field.name] = value;
        else reason = issues.map(({ message }) => message).join(", ");
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        issues.push({ path: field.name, message: reason });
      }
    if (reason === undefined) continue;
    // Newer code knows why it is so.
    if (isNewer) state[field.name] = unknownField(definition, field.name, reason);
    else all.push(...issues);
  }
  if (all.length === 0) return undefined;
  const reason = all.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return new RowDamage(reason, undefined, Object.freeze([...new Set(all.map(({ path }) => path))]));
}

function unknownField({ name }: TypeDefinition, field: string, reason: string): UnknownValue {
  return new UnknownValue(
    `${name}.${field} was stored by newer code, and this code cannot read it: ${reason}`,
  );
}

function damaged(definition: TypeDefinition, damage: RowDamage, reading?: Reading): RecordState {
  const state = definition.emptyState();
  damages.set(state, damage);
  damageCount.seen += 1;
  if (reading !== undefined) {
    readings.set(state, reading);
    readingCount.made += 1;
  }
  return state;
}

export function damageOf(state: RecordState): RowDamage | undefined {
  return damageCount.seen === 0 ? undefined : damages.get(state);
}

/** How the record was read, where it is not stored in the shape that the code has. */
export function readingOfState(state: RecordState): Reading | undefined {
  return readingCount.made === 0 ? undefined : readings.get(state);
}

/** A new state of the same record keeps aside what the old one did, and is stored under the same terms. */
export function inheritStored(before: RecordState, after: RecordState): void {
  const rest = aside.get(before);
  if (rest !== undefined) aside.set(after, rest);
  const reading = readingOfState(before);
  if (reading !== undefined) readings.set(after, reading);
}

/** The state is what is stored now: where that is in the code's shape, it is as one that never had another. */
export function noteStored({ shape }: TypeDefinition, state: RecordState): void {
  if (readingOfState(state)?.shape === shape) readings.delete(state);
}

/** The fields as they are stored, with what the type no longer declares. */
export function storedFields({ hasPlainKeys, fields }: TypeDefinition, state: RecordState): FieldData {
  const rest = aside.get(state);
  if (hasPlainKeys) return rest === undefined ? state : { ...rest, ...state };
  const stored: Record<string, unknown> = { ...rest };
  for (let i = 0; i < fields.length; i++) {
    const { name, key } = fields[i]!;
    stored[key] = state[name];
  }
  return stored;
}

/**
 * Whether a record that had another shape was stored again in the code's own and is otherwise as it was, to those who
 * read it and to those who write it: what is kept aside goes with each write.
 */
export function isStoredAnew(before: RecordState, after: RecordState): boolean {
  if (readingOfState(before) === undefined || readingOfState(after) !== undefined) return false;
  if (damageOf(before) !== undefined || damageOf(after) !== undefined) return false;
  return equalFields(before, after) && equalFields(aside.get(before) ?? {}, aside.get(after) ?? {});
}

/** Fields that are undefined are as those that are not there. */
function equalFields(left: FieldData, right: FieldData): boolean {
  for (const name in left) if (!equalValues(left[name], right[name])) return false;
  for (const name in right) if (right[name] !== undefined && left[name] === undefined) return false;
  return true;
}

/** About how many bytes the state takes on the heap. */
export function stateBytes(state: RecordState): number {
  let bytes = 32;
  for (const name in state) {
    const value = state[name];
    bytes += 8;
    if (typeof value === "string") bytes += 24 + value.length;
    else if (typeof value === "number") bytes += 12;
    else if (typeof value === "object" && value !== null) bytes += nestedBytes(value);
  }
  return bytes;
}

function nestedBytes(value: object): number {
  if (value instanceof Uint8Array) return 100 + value.byteLength;
  if (value instanceof Date) return 48;
  let bytes = 48;
  const parts =
    value instanceof Map
      ? [...value].flat()
      : value instanceof Set || Array.isArray(value)
        ? value
        : Object.values(value);
  for (const part of parts) {
    bytes +=
      typeof part === "string"
        ? 32 + part.length
        : typeof part === "object" && part !== null
          ? nestedBytes(part)
          : 16;
  }
  return bytes;
}
