import {
  type CatalogDescription,
  GraphError,
  type IndexDescription,
  joinCatalogs,
  type TypeDescription,
} from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./drivers.ts";
import { KeyIndex } from "./key-index.ts";
import { addSlot, slotColumn } from "./tables.ts";

/** A type as the file numbers it. */
export interface StoredType {
  readonly number: number;
  readonly description: TypeDescription;
  /** Indexes whose keys its records have: those of the type itself and of what it extends. */
  readonly indexes: readonly KeyIndex[];
}

/** The types and indexes of a file, under the numbers that its rows have. */
export class StoredCatalog {
  #description: CatalogDescription = { types: [], indexes: [] };
  #byNumber: (StoredType | undefined)[] = [];
  readonly #byName: Map<string, StoredType> = new Map();
  #indexes: readonly KeyIndex[] = [];
  #slots = 0;
  #edgeTypes: StoredType[] = [];

  /** The catalog as plain data. What is still being made unique is not in it. */
  get description(): CatalogDescription {
    return this.#description;
  }

  /** All indexes, those that are being built included. */
  get indexes(): readonly KeyIndex[] {
    return this.#indexes;
  }

  get edgeTypes(): readonly StoredType[] {
    return this.#edgeTypes;
  }

  /** Key columns that the table of nodes has. */
  get slots(): number {
    return this.#slots;
  }

  /** @throws {GraphError} `RW_STORE_FORMAT` where it cannot be read, which only damage can bring about */
  load(connection: Connection): void {
    try {
      this.#load(connection);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      const message = `The types that the file holds cannot be read: ${cause.message}`;
      const details = { isDamaged: true, isCatalog: true };
      throw new GraphError({ code: "RW_STORE_FORMAT", message, details, cause });
    }
  }

  #load(connection: Connection): void {
    const types: { number: number; description: TypeDescription }[] = [];
    for (const row of connection.all(readTypes)) types.push(typeOfRow(row));
    this.#indexes = connection.all(readIndexes).map(KeyIndex.fromRow);
    this.#slots = connection.all(readColumns).length;
    this.#byName.clear();
    this.#byNumber = [];
    this.#edgeTypes = [];
    const descriptions: TypeDescription[] = [];
    for (const { number, description } of types) {
      const { name, parent, kind } = description;
      const indexes = parent === undefined ? [] : [...(this.#byName.get(parent)?.indexes ?? [])];
      for (const index of this.#indexes) if (index.type === name) indexes.push(index);
      const type = { number, description, indexes };
      this.#byName.set(name, type);
      this.#byNumber[number] = type;
      if (kind === "edge") this.#edgeTypes.push(type);
      descriptions.push(description);
    }
    // While an index is made anew under other terms, the later one counts, unless it may yet turn out to be impossible.
    const described = new Map<string, IndexDescription>();
    for (const index of this.#indexes) {
      if (!(index.unique && index.isBuilding)) described.set(index.name, index.description);
    }
    this.#description = { types: descriptions, indexes: [...described.values()] };
  }

  /** The type of a number; `undefined` where no such type is known, which only damage can bring about. */
  type(number: number): StoredType | undefined {
    return this.#byNumber[number];
  }

  typeNamed(name: string): StoredType {
    return this.#byName.get(name) as StoredType;
  }

  /** The numbers of a type and of all that extend it. */
  membersOf(name: string): number[] {
    const members: number[] = [];
    for (const type of this.#byName.values()) {
      for (let at: StoredType | undefined = type; at !== undefined; at = this.#parent(at)) {
        if (at.description.name === name) members.push(type.number);
      }
    }
    return members;
  }

  /** The index that a lookup means: of two of one name the one that is complete. */
  index(name: string): KeyIndex {
    const named = this.#indexes.filter((index) => index.name === name);
    return (named.find((index) => !index.isBuilding) ?? named[0]) as KeyIndex;
  }

  /** What a file that is opened with `current` holds then; equals `description` by identity where nothing is new. */
  joined(current: CatalogDescription): CatalogDescription {
    const joined = joinCatalogs(this.#description, current);
    for (const { name, shapes } of joined.types) {
      if (shapes.length < 256) continue;
      throw new GraphError({ code: "RW_STORE_CATALOG", message: `${name} has had more than 255 shapes` });
    }
    return joined;
  }

  /** Writes what `joined` has and the file has not. New indexes are there to be built. Inside a write transaction. */
  write(connection: Connection, joined: CatalogDescription): void {
    for (const type of joined.types) {
      const known = this.#byName.get(type.name);
      const shapes = JSON.stringify(type.shapes);
      if (known === undefined) {
        connection.run(addType, type.name, type.kind, type.parent ?? null, type.undirected ? 1 : 0, shapes);
      } else if (known.description.shapes !== type.shapes) {
        connection.run(updateShapes, shapes, known.number);
      }
    }
    this.load(connection);
    for (const description of joined.indexes) {
      if (this.#indexes.some((index) => index.promises(description))) continue;
      this.#addIndex(connection, description);
      this.load(connection);
    }
  }

  #addIndex(connection: Connection, { name, type, fields, unique, per }: IndexDescription): void {
    const taken = new Set<number>();
    for (const index of this.#indexes) {
      if (!this.#share(index.type, type)) continue;
      taken.add(index.slot);
      if (index.ownSlot !== undefined) taken.add(index.ownSlot);
    }
    const take = (): number => {
      let slot = 1;
      while (taken.has(slot)) slot += 1;
      taken.add(slot);
      if (slot > this.#slots) {
        connection.driver.exec(addSlot(slot));
        this.#slots = slot;
      }
      return slot;
    };
    const slot = take();
    const ownSlot = per === "owner" ? take() : null;
    const perOwner = per === "owner" ? 1 : 0;
    connection.run(addIndex, name, type, JSON.stringify(fields), unique ? 1 : 0, perOwner, slot, ownSlot);
  }

  /** Whether records of both types may exist that are of both: one type extends the other or is it. */
  #share(left: string, right: string): boolean {
    return this.#extends(left, right) || this.#extends(right, left);
  }

  #extends(name: string, base: string): boolean {
    for (let at = this.#byName.get(name); at !== undefined; at = this.#parent(at)) {
      if (at.description.name === base) return true;
    }
    return false;
  }

  #parent({ description }: StoredType): StoredType | undefined {
    return description.parent === undefined ? undefined : this.#byName.get(description.parent);
  }
}

function typeOfRow([nr, name, kind, parent, undirected, shapes]: SqlRow): {
  number: number;
  description: TypeDescription;
} {
  return {
    number: Number(nr),
    description: {
      name: name as string,
      kind: kind as "node" | "edge",
      parent: (parent as string | null) ?? undefined,
      undirected: undirected === 1n,
      shapes: JSON.parse(shapes as string) as TypeDescription["shapes"],
    },
  };
}

const readTypes = "SELECT nr, name, kind, parent, undirected, shapes FROM types ORDER BY nr";
const readIndexes =
  "SELECT nr, name, type, fields, is_unique, per_owner, slot, own_slot, built FROM indexes ORDER BY nr";
const readColumns = `SELECT name FROM pragma_table_info('nodes') WHERE name GLOB '${slotColumn(0).slice(0, 1)}[0-9]*'`;
const addType = "INSERT INTO types (name, kind, parent, undirected, shapes) VALUES (?, ?, ?, ?, ?)";
const updateShapes = "UPDATE types SET shapes = ? WHERE nr = ?";
const addIndex =
  "INSERT INTO indexes (name, type, fields, is_unique, per_owner, slot, own_slot, built) VALUES (?, ?, ?, ?, ?, ?, ?, 0)";
