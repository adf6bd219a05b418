import { ValidationError } from "../errors.ts";
import { indexKey } from "../model/index-key.ts";
import type { IndexDefinition } from "./definition.ts";
import type { State } from "./entity.ts";

// Text of so many units fits into a key whatever it is: at most three bytes each, doubled where they are escaped.
const surelyFits = 128;

/**
 * Refuses a record that one of its indexes could not hold, before it reaches a store.
 *
 * @throws {ValidationError} `RW_INDEX_KEY`, `RW_INDEX_KEY_TOO_LARGE`, naming the index.
 */
export function requireIndexable(index: IndexDefinition, state: State): void {
  if (index.fields.every((field) => needsNoLook(state[field], index.fields.length))) return;
  try {
    indexKey(index.fields.map((field) => state[field]));
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError({
      code: error.code,
      message: `${index.type}: the index ${index.name} cannot hold this record: ${error.message}`,
      path: index.fields.slice(0, 1),
      valueKind: error.valueKind,
      details: { ...error.details, type: index.type, index: index.name },
    });
  }
}

function needsNoLook(value: unknown, parts: number): boolean {
  switch (typeof value) {
    case "object":
      return value === null;
    case "string":
      return value.length * parts <= surelyFits;
    default:
      return true;
  }
}
