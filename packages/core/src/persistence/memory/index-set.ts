import { UniqueViolationError } from "../../errors.ts";
import type { CatalogDescription, IndexDescription } from "../../schema/catalog-description.ts";
import type { FieldData } from "../rows.ts";
import type { LookupRequest } from "../store.ts";
import { type Key, NodeIndex } from "./node-index.ts";
import type { Records } from "./records.ts";

/** A record's place in an index. */
export interface IndexEntry {
  readonly index: NodeIndex;
  readonly slot: number;
  readonly owner: number;
  readonly fields: FieldData;
  readonly key: Key;
}

const NONE: readonly NodeIndex[] = [];

/** All declared indexes, by name and by the types whose records they hold. */
export class IndexSet {
  readonly #records: Records;
  #byName: Map<string, NodeIndex> = new Map();
  /** By type number. */
  #byType: readonly (readonly NodeIndex[])[] = [];

  constructor(records: Records) {
    this.#records = records;
  }

  ofType(type: number): readonly NodeIndex[] {
    return this.#byType[type] ?? NONE;
  }

  /** What a lookup asks for, in its order, without regard to its limit. */
  slots(request: LookupRequest): Iterable<number> {
    const index = this.#byName.get(request.index);
    if (index === undefined) return [];
    const owner = request.owner === undefined ? undefined : this.#records.ownerNumber(request.owner);
    return index.slots(request, owner);
  }

  entry(index: NodeIndex, slot: number): IndexEntry {
    const fields = this.#records.nodes.fields[slot] as FieldData;
    return { index, slot, owner: this.#records.nodes.owners[slot]!, fields, key: index.keyOf(fields) };
  }

  /**
   * Holds the indexes of this catalog from now on; new ones are built over the records that exist.
   *
   * @throws {UniqueViolationError} where existing records break a new unique index; nothing has changed then.
   */
  adopt(catalog: CatalogDescription): void {
    const byName = new Map<string, NodeIndex>();
    const byType: NodeIndex[][] = [];
    for (const description of catalog.indexes) {
      const covered = typesOf(description, catalog);
      const index = this.#kept(description) ?? this.#built(description, covered);
      byName.set(index.name, index);
      for (const type of covered) {
        const number = this.#records.typeNumber(type);
        byType[number] = [...(byType[number] ?? NONE), index];
      }
    }
    this.#byName = byName;
    this.#byType = byType;
  }

  /** Takes entries out and puts others in; where a unique key is taken, gives the entry and changes nothing. */
  replace(removed: readonly IndexEntry[], added: readonly IndexEntry[]): IndexEntry | undefined {
    for (const { index, slot, key, owner } of removed) index.remove(slot, key, owner);
    for (let i = 0; i < added.length; i++) {
      const { index, slot, fields, key, owner } = added[i]!;
      if (index.isTaken(fields, key, owner)) {
        for (const undone of added.slice(0, i)) undone.index.remove(undone.slot, undone.key, undone.owner);
        for (const undone of removed) undone.index.add(undone.slot, undone.key, undone.owner);
        return added[i];
      }
      index.add(slot, key, owner);
    }
    return undefined;
  }

  #kept({ name, unique }: IndexDescription): NodeIndex | undefined {
    const index = this.#byName.get(name);
    return index?.unique === unique ? index : undefined;
  }

  #built(description: IndexDescription, types: Iterable<string>): NodeIndex {
    const index = new NodeIndex(this.#records.nodes.ids, description);
    for (const type of types) {
      for (const slot of this.#records.ofType(type, "asc", undefined)) {
        const { fields, key, owner } = this.entry(index, slot);
        if (index.isTaken(fields, key, owner)) throw duplicateKey(description, fields);
        index.add(slot, key, owner);
      }
    }
    return index;
  }
}

/** The type that declares the index and those that extend it. */
function typesOf(index: IndexDescription, catalog: CatalogDescription): Set<string> {
  const types = new Set<string>();
  for (const { name, parent } of catalog.types) {
    if (name === index.type || (parent !== undefined && types.has(parent))) types.add(name);
  }
  return types;
}

function duplicateKey(
  { name, type, fields: names }: IndexDescription,
  fields: FieldData,
): UniqueViolationError {
  return new UniqueViolationError({
    type,
    fields: names,
    values: names.map((field) => fields[field]),
    message: `The index ${name} cannot be unique: several records have the same ${names.join(", ")}`,
    remedy: "Give the records different keys first, or declare the index without `unique`.",
    details: { index: name },
  });
}
