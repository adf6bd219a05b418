import { GraphError } from "../errors.ts";

// A catalog as plain data: what a store is opened with and keeps.

/** One shape that the records of a type have had. Version 0 is one that no store has numbered yet. */
export interface ShapeDescription {
  /** Counts up from 1 in one store; every record is stored with the version that it was written under. */
  readonly version: number;
  readonly fields: readonly FieldDescription[];
}

/** A field, as stores keep it. */
export interface FieldDescription {
  readonly name: string;
  /** Whether a record without it is refused. */
  readonly required: boolean;
  /** The library that the schema comes from. Schemas themselves are code and cannot be compared. */
  readonly vendor: string;
}

/** An index, as stores keep it. */
export interface IndexDescription {
  readonly name: string;
  readonly type: string;
  readonly fields: readonly string[];
  readonly unique: boolean;
  readonly per?: "owner" | undefined;
}

/** A type, as stores keep it. */
export interface TypeDescription {
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
    left.fields.length === right.fields.length &&
    left.fields.every((field, i) => {
      const other = right.fields[i];
      return field.name === other?.name && field.required === other.required && field.vendor === other.vendor;
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
 * @throws {GraphError} `RW_STORE_CATALOG` when a type changed its kind, its base type or whether it has a direction.
 */
export function joinCatalogs(stored: CatalogDescription, current: CatalogDescription): CatalogDescription {
  const types = new Map(stored.types.map((type) => [type.name, type]));
  let isNew = false;
  for (const type of current.types) {
    const known = types.get(type.name);
    const joined = joinTypes(known, type);
    isNew ||= joined !== known;
    types.set(type.name, joined);
  }
  const indexes = joinIndexes(stored.indexes, current.indexes);
  if (!isNew && indexes === stored.indexes) return stored;
  return { types: [...types.values()], indexes };
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
  const shapes = joinShapes(stored.shapes, current.shapes);
  return shapes === stored.shapes ? stored : { ...stored, shapes };
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
