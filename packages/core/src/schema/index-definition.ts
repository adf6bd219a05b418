import { ValidationError } from "../errors.ts";
import { indexKey } from "../model/index-key.ts";
import type { State } from "./entity.ts";
import type { FieldDefinition } from "./field.ts";

/** A declared index. It covers the type that declares it and the types that extend that one. */
export interface IndexDefinition {
  /** `Room.name+topic`, of an index per owner `Room.name@owner`. */
  readonly name: string;
  /** Name of the type that declares it. */
  readonly type: string;
  readonly fields: readonly string[];
  /** What stores know it by: as `name`, `type` and `fields` were at first. */
  readonly stored: StoredIndex;
  readonly unique: boolean;
  /** Keys of each owner by themselves; unique then means so among one owner's records. */
  readonly per?: "owner" | undefined;
}

/** An index as stores have it: renamed types and fields are to them what they were at first. */
export interface StoredIndex {
  readonly name: string;
  readonly type: string;
  readonly fields: readonly string[];
}

/** What a definition may say of a key: a field, or several. */
type IndexKey = string | { readonly fields: readonly string[]; readonly per?: "owner" };

/**
 * Reads the `unique` and `index` options of a type.
 *
 * @param storedType the name under which stores know the type.
 * @param known the type's own and inherited fields.
 * @param inherited declarations that hold already.
 * @throws {ValidationError} `RW_DEFINITION_INDEX`
 */
export function declareIndexes(
  type: string,
  storedType: string,
  options: { readonly unique?: unknown; readonly index?: unknown },
  known: readonly FieldDefinition[],
  inherited: readonly IndexDefinition[],
): IndexDefinition[] {
  const own: IndexDefinition[] = [];
  for (const [option, unique] of [
    ["unique", true],
    ["index", false],
  ] as const) {
    const keys = options[option] ?? [];
    if (!Array.isArray(keys)) throw refuse(type, option, "is not an array of keys");
    for (const key of keys) own.push(declareIndex(type, storedType, option, key, unique, known));
  }
  const names = new Set(inherited.map(contents));
  for (const declaration of own) {
    if (names.has(contents(declaration)))
      throw refuse(type, declaration.fields.join(", "), "is declared twice");
    names.add(contents(declaration));
  }
  return own;
}

/** What makes two declarations the same one, whichever type of a line declares it. */
function contents({ fields, per }: IndexDefinition): string {
  return `${fields.join("+")}@${per ?? ""}`;
}

function declareIndex(
  type: string,
  storedType: string,
  option: string,
  key: IndexKey,
  unique: boolean,
  known: readonly FieldDefinition[],
): IndexDefinition {
  const fields = typeof key === "string" ? [key] : key?.fields;
  const per = typeof key === "string" ? undefined : key?.per;
  if (!Array.isArray(fields) || fields.length === 0) throw refuse(type, option, "has a key without fields");
  if (new Set(fields).size < fields.length) throw refuse(type, fields.join(", "), "names a field twice");
  const keys = fields.map((field) => {
    const found = known.find(({ name }) => name === field);
    if (found === undefined) throw refuse(type, `${option} ${String(field)}`, "names no field of the type");
    return found.key;
  });
  if (per !== undefined && per !== "owner") throw refuse(type, option, 'has a `per` other than "owner"');
  const nameOf = (of: string, parts: readonly string[]): string =>
    `${of}.${parts.join("+")}${per === undefined ? "" : "@owner"}`;
  const name = nameOf(type, fields);
  const stored = Object.freeze({
    name: nameOf(storedType, keys),
    type: storedType,
    fields: Object.freeze(keys),
  });
  return Object.freeze({
    name,
    type,
    fields: Object.freeze([...fields]),
    stored,
    unique,
    ...(per && { per }),
  });
}

function refuse(type: string, what: string, reason: string): ValidationError {
  return new ValidationError({
    code: "RW_DEFINITION_INDEX",
    message: `${type}: the index declaration ${JSON.stringify(what)} ${reason}`,
  });
}

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
