import { type FieldData, RowDamage } from "../persistence/rows.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { type FieldIssue, tryField } from "../schema/field.ts";
import type { RecordState } from "./record-table.ts";

/** What a record holds that its type no longer declares: kept, and stored again with every write. */
const aside: WeakMap<RecordState, FieldData> = new WeakMap();

/** Why a record's fields cannot be read. */
const damages: WeakMap<RecordState, RowDamage> = new WeakMap();

/** How many damaged records were ever seen, so that nobody asks while there is none. */
export const damageCount = { seen: 0 };

/**
 * The state that a stored row stands for.
 * @param isCurrent whether the row was written under the shape that the code has now; an older one is validated again,
 *   so that new fields get their defaults
 */
export function stateOf(
  definition: TypeDefinition,
  fields: FieldData | RowDamage,
  isCurrent: boolean,
): RecordState {
  if (fields instanceof RowDamage) return damaged(definition, fields);
  const { fieldNames } = definition;
  const state = definition.emptyState();
  let known = 0;
  for (const name of fieldNames) {
    const value = fields[name];
    if (value !== undefined) {
      state[name] = value;
      known += 1;
    } else if (name in fields) known += 1;
  }
  if (!isCurrent) {
    const reason = validateAgain(definition, state);
    if (reason !== undefined) return damaged(definition, new RowDamage(reason));
  }
  let stored = 0;
  for (const name in fields) {
    void name;
    stored += 1;
  }
  if (stored > known) {
    const rest: Record<string, unknown> = {};
    for (const name of Object.keys(fields)) if (!definition.hasField(name)) rest[name] = fields[name];
    aside.set(state, rest);
  }
  return state;
}

function validateAgain(definition: TypeDefinition, state: Record<string, unknown>): string | undefined {
  const issues: FieldIssue[] = [];
  for (const field of definition.fields) {
    try {
      state[field.name] = tryField(field, state[field.name], issues);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return issues.length === 0
    ? undefined
    : issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
}

function damaged(definition: TypeDefinition, damage: RowDamage): RecordState {
  const state = definition.emptyState();
  damages.set(state, damage);
  damageCount.seen += 1;
  return state;
}

export function damageOf(state: RecordState): RowDamage | undefined {
  return damageCount.seen === 0 ? undefined : damages.get(state);
}

export function asideOf(state: RecordState): FieldData | undefined {
  return aside.get(state);
}

/** A new state of the same record keeps aside what the old one did. */
export function inheritAside(before: RecordState, after: RecordState): void {
  const rest = aside.get(before);
  if (rest !== undefined) aside.set(after, rest);
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
