import { GraphError } from "../errors.ts";
import { firstDifference, type HistoryDescription, planOfStored, stepText } from "./history.ts";

export type { HistoryDescription, StepDescription } from "./history.ts";

// A catalog as plain data: what a store is opened with and keeps.

/** One shape that the records of a type have had. Version 0 is one that no store has numbered yet. */
export interface ShapeDescription {
  /** Counts up from 1 in one store; every record is stored with the version that it was written under. */
  readonly version: number;
  /** What the code called the type, where that is not the name under which it is stored. */
  readonly name?: string | undefined;
  readonly fields: readonly FieldDescription[];
  /** The steps that its records have behind them, of each type of the line that has some, base types first. */
  readonly history?: readonly HistoryDescription[] | undefined;
}

/** A field, as stores keep it. */
export interface FieldDescription {
  readonly name: string;
  /** The name that its values have in stored records, where that is another one. */
  readonly key?: string | undefined;
  /** Whether a record without it is refused. */
  readonly required: boolean;
  /** The library that the schema comes from. Schemas themselves are code and cannot be compared. */
  readonly vendor: string;
}

/** An index, as stores keep it: of keys of stored records. */
export interface IndexDescription {
  readonly name: string;
  readonly type: string;
  readonly fields: readonly string[];
  readonly unique: boolean;
  readonly per?: "owner" | undefined;
}

/** A type, as stores keep it. */
export interface TypeDescription {
  /** The first name that the type had; stores know it by this one for good. */
  readonly name: string;
  readonly kind: "node" | "edge";
  readonly parent?: string | undefined;
  readonly undirected: boolean;
  /** Ascending by version. */
  readonly shapes: readonly ShapeDescription[];
}

/** All types and indexes, as stores keep them. */
export interface CatalogDescription {
  /** Base types come before the types that extend them. */
  readonly types: readonly TypeDescription[];
  /** Each covers its type and the types that extend that one. */
  readonly indexes: readonly IndexDescription[];
}

/** What a new store holds. */
export const emptyCatalog: CatalogDescription = Object.freeze({
  types: Object.freeze([]),
  indexes: Object.freeze([]),
});

/** Whether two shapes are the same, whatever their versions. */
export function equalShapes(left: ShapeDescription, right: ShapeDescription): boolean {
  return (
    left.name === right.name &&
    left.fields.length === right.fields.length &&
    left.fields.every((field, i) => {
      const other = right.fields[i];
      return (
        field.name === other?.name &&
        field.key === other.key &&
        field.required === other.required &&
        field.vendor === other.vendor
      );
    }) &&
    (left.history === right.history || equalHistories(left.history ?? none, right.history ?? none))
  );
}

const none: readonly HistoryDescription[] = [];

function equalHistories(left: readonly HistoryDescription[], right: readonly HistoryDescription[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ type, steps }, i) => {
      const other = right[i]!;
      return (
        type === other.type && steps.length === other.steps.length && firstDifference(steps, other.steps) < 0
      );
    })
  );
}

/**
 * What a store keeps when code with the catalog `current` opens it: everything that is `stored`, and what is new. Types,
 * shapes and indexes are added and never dropped, for other programs may rely on them; where both declare an index,
 * `current` says whether it is unique. New shapes get the next version.
 *
 * The result equals `stored`, by identity, when there is nothing new.
 *
 * @throws {GraphError} `RW_STORE_CATALOG` when a type changed its kind, its base type or whether it has a direction, and
 *   where the history of a type is not that of its stored records, or the beginning of it.
 */
export function joinCatalogs(stored: CatalogDescription, current: CatalogDescription): CatalogDescription {
  const types = new Map(stored.types.map((type) => [type.name, type]));
  let isNew = false;
  for (const type of current.types) {
    const known = types.get(type.name);
    requireOwnName(type, stored.types);
    const joined = isStored(type, known) ? known : joinTypes(known, type);
    isNew ||= joined !== known;
    types.set(type.name, joined);
  }
  const indexes = joinIndexes(stored.indexes, current.indexes);
  if (!isNew && indexes === stored.indexes) return stored;
  return { types: [...types.values()], indexes };
}

/**
 * Whether a store holds the type as the code has it and never had it otherwise. So it is at nearly every opening: one
 * comparison of texts then says what `joinTypes` would find out part by part.
 */
function isStored(current: TypeDescription, stored: TypeDescription | undefined): stored is TypeDescription {
  const [shape, ...earlier] = stored?.shapes ?? [];
  if (shape === undefined || earlier.length > 0) return false;
  return JSON.stringify({ ...stored, shapes: [{ ...shape, version: 0 }] }) === JSON.stringify(current);
}

function joinTypes(stored: TypeDescription | undefined, current: TypeDescription): TypeDescription {
  if (stored === undefined) {
    return { ...current, shapes: current.shapes.map((shape, i) => ({ ...shape, version: i + 1 })) };
  }
  for (const property of ["kind", "parent", "undirected"] as const) {
    if (stored[property] === current[property]) continue;
    throw new GraphError({
      code: "RW_STORE_CATALOG",
      message: `${current.name}: ${property} is ${String(stored[property])} in the store and ${String(current[property])} in the code`,
      details: { type: current.name, property, stored: stored[property], current: current[property] },
    });
  }
  for (const shape of stored.shapes) for (const own of current.shapes) requireSameHistory(stored, shape, own);
  const shapes = joinShapes(stored.shapes, current.shapes);
  return shapes === stored.shapes ? stored : { ...stored, shapes };
}

/** What the code calls the type. */
export function nameInCode({ name, shapes }: TypeDescription): string {
  return shapes.at(-1)?.name ?? name;
}

/** A name is one type's for good: that of records which are stored under another name is not free. */
function requireOwnName(current: TypeDescription, stored: readonly TypeDescription[]): void {
  const name = nameInCode(current);
  for (const other of stored) {
    if (other.name === current.name) continue;
    if (other.name === name) throw renamedBeside(name, current.name);
    if (other.shapes.some((shape) => shape.name === name)) throw renamedByNewer(name, other.name);
  }
}

function renamedBeside(name: string, formerly: string): GraphError {
  return new GraphError({
    code: "RW_STORE_CATALOG",
    message: `${name} was ${formerly} before, says its history, and the store holds a type ${name} beside ${formerly}`,
    remedy: "Give the type another name, or leave the step `formerly` out where it is not the same type.",
    details: { type: name, formerly },
  });
}

function renamedByNewer(name: string, formerly: string): GraphError {
  return new GraphError({
    code: "RW_STORE_CATALOG",
    message: `${name} is what newer code calls the type that is stored as ${formerly}`,
    remedy: `Begin the history of ${name} with { formerly: "${formerly}" }, or give a new type another name.`,
    details: { type: name, formerly },
  });
}

/** Of two histories of one type, one is the beginning of the other. */
function requireSameHistory(
  { name: type, shapes }: TypeDescription,
  stored: ShapeDescription,
  own: ShapeDescription,
): void {
  for (const { type: of, steps } of stored.history ?? none) {
    const mine = stepsOf(own, of);
    const differs = firstDifference(steps, mine);
    if (differs >= 0) {
      throw new GraphError({
        code: "RW_STORE_CATALOG",
        message:
          `${of}: step ${differs + 1} of its history is "${stepText(mine[differs]!)}" in the code and ` +
          `"${stepText(steps[differs]!)}" in the store`,
        remedy: "Leave steps that a store has seen as they are, and add new ones at the end.",
        details: { type, step: differs + 1 },
      });
    }
    const { keys } = planOfStored(steps, of);
    const gone = new Set<string>();
    for (const step of steps.slice(mine.length)) {
      for (const name of step.to) {
        // What one of these steps has done away with is still there in code from before it.
        if (gone.has(name)) continue;
        const field = own.fields.find((each) => each.name === name);
        // Code from before the step has the fields that the step begins with; this has what it makes of them.
        if (field === undefined || (field.key ?? name) === keys.get(name)) continue;
        if (own.fields.some((each) => step.from.includes(each.name))) continue;
        // Or it is an earlier field of that name.
        const had = shapes.some(
          (shape) => stepsOf(shape, of).length <= mine.length && hasField(shape, field),
        );
        if (had) continue;
        throw new GraphError({
          code: "RW_STORE_CATALOG",
          message: `${of}: its history lacks the step "${stepText(step)}", which records in the store have behind them`,
          remedy: "Put back the steps of the history that were released: records are read by them.",
          details: { type, field: name },
        });
      }
      for (const name of step.from) gone.add(name);
    }
  }
}

function stepsOf({ history = none }: ShapeDescription, type: string): HistoryDescription["steps"] {
  return history.find((level) => level.type === type)?.steps ?? [];
}

function hasField({ fields }: ShapeDescription, { name, key }: FieldDescription): boolean {
  return fields.some((field) => field.name === name && field.key === key);
}

function joinShapes(
  stored: readonly ShapeDescription[],
  current: readonly ShapeDescription[],
): readonly ShapeDescription[] {
  let shapes = stored;
  for (const shape of current) {
    if (shapes.some((known) => equalShapes(known, shape))) continue;
    const version = 1 + Math.max(0, ...shapes.map((known) => known.version));
    shapes = [...shapes, { ...shape, version }];
  }
  return shapes;
}

function joinIndexes(
  stored: readonly IndexDescription[],
  current: readonly IndexDescription[],
): readonly IndexDescription[] {
  const indexes = new Map(stored.map((index) => [index.name, index]));
  let isNew = false;
  for (const index of current) {
    if (indexes.get(index.name)?.unique === index.unique) continue;
    indexes.set(index.name, index);
    isNew = true;
  }
  return isNew ? [...indexes.values()] : stored;
}
