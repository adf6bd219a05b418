import { ValidationError } from "../errors.ts";
import {
  type CatalogDescription,
  emptyCatalog,
  equalShapes,
  type HistoryDescription,
  nameInCode,
  type ShapeDescription,
  type TypeDescription,
} from "./catalog-description.ts";
import { checkClass } from "./class-checks.ts";
import { definitionOf, TypeDefinition } from "./definition.ts";
import { Edge } from "./edge.ts";
import { definitionKey, EdgeEntity, type EntityClass, NodeEntity } from "./entity.ts";
import { type FieldDefinition, type FieldIssue, isRequired, requireSynchronous, tryField } from "./field.ts";
import type { IndexDefinition } from "./index-definition.ts";
import { Root } from "./node.ts";
import { type Reading, readingOf } from "./reading.ts";

export {
  type CatalogDescription,
  emptyCatalog,
  type FieldDescription,
  type IndexDescription,
  joinCatalogs,
  type ShapeDescription,
  type TypeDescription,
} from "./catalog-description.ts";

/** Number of the type `Root` in every catalog. */
const rootNumber = 1;
/** Number of the untyped edge in every catalog. */
const edgeNumber = 2;

/**
 * The types of one open graph, numbered for use in memory: from 1, base types before their subtypes; 0 is no type.
 * Numbers hold for this object alone; stores know types by name.
 */
export class Catalog {
  readonly rootNumber: number = rootNumber;
  readonly defaultEdgeNumber: number = edgeNumber;
  readonly #definitions: TypeDefinition[] = [];
  readonly #numbers = new Map<string, number>();
  /** By the names that stores know types by. */
  readonly #storedNumbers = new Map<string, number>();
  /** By the names that stores know indexes by. */
  readonly #indexes = new Map<string, IndexDefinition>();
  /** Classes that callers have named, checked once. */
  readonly #classes = new Map<unknown, number>();
  #members: Uint8Array[] = [];
  #undirected: Uint8Array = new Uint8Array(0);
  #ruled: Uint8Array = new Uint8Array(0);
  #ends: (readonly [source: number, target: number])[] = [];
  #nodeNumbers: readonly number[] = [];
  #edgeNumbers: readonly number[] = [];
  /** By type number: all shapes that stored records may have, the one that the code has included. */
  #shapes: (readonly ShapeDescription[])[] = [];
  /** By type number, then by version of a shape. */
  #readings: (Reading | undefined)[][] = [];
  readonly #filledFields = new Map<IndexDefinition, readonly number[]>();

  readonly #known: readonly TypeDefinition[];
  #stored: CatalogDescription = emptyCatalog;

  /** For `buildCatalog`, which has checked the definitions. */
  constructor(definitions: Iterable<TypeDefinition>) {
    this.#known = [...definitions];
    for (const definition of this.#known) this.#add(definition);
    this.#derive();
  }

  /** One more than the highest number. Grows by `adopt`. */
  get size(): number {
    return this.#definitions.length + 1;
  }

  /** The untyped edge. */
  get defaultEdge(): TypeDefinition {
    return this.definition(edgeNumber);
  }

  /** The type of a number, bound to the class that this graph was opened with. */
  definition(number: number): TypeDefinition {
    return this.#definitions[number - 1] as TypeDefinition;
  }

  /** All types, by number. */
  definitions(): readonly TypeDefinition[] {
    return this.#definitions;
  }

  /** @returns 0 when no type has this name. */
  findNumber(name: string): number {
    return this.#numbers.get(name) ?? 0;
  }

  /** @throws {ValidationError} `RW_UNKNOWN_TYPE` */
  numberOf(name: string): number {
    const number = this.#numbers.get(name);
    if (number === undefined) throw this.#unknown(JSON.stringify(name));
    return number;
  }

  /** As `findNumber`, by the name under which stores know the type. */
  findStored(name: string): number {
    return this.#storedNumbers.get(name) ?? 0;
  }

  /** As `numberOf`, by the name under which stores know the type. */
  numberOfStored(name: string): number {
    const number = this.#storedNumbers.get(name);
    if (number === undefined) throw this.#unknown(JSON.stringify(name));
    return number;
  }

  /**
   * The type of a class that a caller names.
   *
   * @param kind refuses types of the other kind.
   * @throws {ValidationError} `RW_UNKNOWN_TYPE`; `TypeError` when it is no type of that kind.
   */
  definitionOf(cls: unknown, kind?: "node" | "edge"): TypeDefinition {
    const given = definitionOf(cls);
    if (given === undefined || (kind !== undefined && given.kind !== kind)) {
      throw new TypeError(
        `Expected a class of ${kind === "edge" ? "an edge" : `a ${kind ?? "node or edge"}`} type, got ${describe(cls)}`,
      );
    }
    const known = this.#definitions[this.findNumber(given.name) - 1];
    // Another type of this name, defined elsewhere, is not this one.
    if (known === undefined) throw this.#unknown(given.name);
    if (definitionOf(known.cls) !== given) throw this.#namesake(given.name);
    return known;
  }

  /** As `definitionOf`, the type's number. Every hop begins with this. */
  numberOfClass(cls: unknown, kind?: "node" | "edge"): number {
    const known = this.#classes.get(cls);
    if (known !== undefined && (kind === undefined || this.definition(known).kind === kind)) return known;
    const number = this.findNumber(this.definitionOf(cls, kind).name);
    this.#classes.set(cls, number);
    return number;
  }

  /** Whether a type is another one or extends it. */
  isA(number: number, ancestor: number): boolean {
    return this.#members[ancestor]?.[number] === 1;
  }

  /** 1 at the number of the type and at each of its subtypes. Replaced by `adopt`. */
  membersOf(number: number): Uint8Array {
    return this.#members[number] as Uint8Array;
  }

  isUndirected(number: number): boolean {
    return this.#undirected[number] === 1;
  }

  /** Whether the type is in the code; others are known from the store alone. */
  isInCode(number: number): boolean {
    return number <= this.#known.length;
  }

  /** Whether any type has an access rule. */
  get hasRules(): boolean {
    return this.#ruled.includes(1);
  }

  /** Whether the type has an access rule. */
  isRuled(number: number): boolean {
    return this.#ruled[number] === 1;
  }

  /** The numbers of all node types. Replaced by `adopt`. */
  get nodeNumbers(): readonly number[] {
    return this.#nodeNumbers;
  }

  /** The numbers of all edge types. Replaced by `adopt`. */
  get edgeNumbers(): readonly number[] {
    return this.#edgeNumbers;
  }

  /** The indexes of all types. */
  indexes(): readonly IndexDefinition[] {
    return [...this.#indexes.values()];
  }

  /** What a store knows by this name and the code may no longer have, as far as errors tell of it. */
  describeIndex(name: string): Pick<IndexDefinition, "name" | "type" | "fields"> | undefined {
    return this.#indexes.get(name) ?? this.#stored.indexes.find((index) => index.name === name);
  }

  /** The index that stores know by this name, which is in a type's `indexes`. */
  index(name: string): IndexDefinition {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new RangeError(`No index ${name}`);
    return index;
  }

  /**
   * The places of the index's fields that stored records may lack though they have a value: written under another shape,
   * they get the field's default when they are read. A store has them in the index as records without the field.
   */
  filledFields(index: IndexDefinition): readonly number[] {
    let filled = this.#filledFields.get(index);
    if (filled === undefined) {
      const type = this.numberOf(index.type);
      const members = [...this.#shapes.keys()].filter((number) => this.isA(number, type));
      const others = members.flatMap((number) => {
        const { shape } = this.definition(number);
        const isOther = ({ version }: ShapeDescription): boolean =>
          version !== shape || !this.isInCode(number);
        return (this.#shapes[number] ?? []).filter(isOther).map((each) => [number, each] as const);
      });
      /** Whether records of a shape may lack the key and still have a value, by default or by a step since. */
      const mayFill = (
        field: FieldDefinition,
        [number, shape]: readonly [number, ShapeDescription],
      ): boolean => {
        const stored = shape.fields.find(({ name, key = name }) => key === field.key);
        if (stored?.required === true) return false;
        const { steps } = this.reading(number, shape.version);
        return hasDefault(field) || steps.some(({ to }) => to.some(([, key]) => key === field.key));
      };
      filled = [...index.fields.keys()].filter((at) => {
        const field = this.definition(type).field(index.fields[at]!);
        return field !== undefined && others.some((each) => mayFill(field, each));
      });
      this.#filledFields.set(index, filled);
    }
    return filled;
  }

  /** @throws {ValidationError} `RW_EDGE_ENDS` unless such edges connect nodes of these types. */
  checkEnds(edge: TypeDefinition, source: number, target: number): void {
    const [from, to] = this.#ends[this.numberOf(edge.name)] as readonly [number, number];
    if (this.#fits(source, from) && this.#fits(target, to)) return;
    // Without a direction neither end is the first.
    if (edge.undirected && this.#fits(source, to) && this.#fits(target, from)) return;
    const name = (number: number) => (number === 0 ? "any node" : this.definition(number).name);
    throw new ValidationError({
      code: "RW_EDGE_ENDS",
      message:
        `${edge.name} leads from ${name(from)} to ${name(to)}, ` +
        `not from ${name(source)} to ${name(target)}`,
      details: { edge: edge.name, source: name(source), target: name(target) },
    });
  }

  /** What the code knows, as plain data, for stores. */
  describe(): CatalogDescription {
    const types = this.#known.map(describeType);
    const indexes = this.#known.flatMap(({ name, indexes }) =>
      indexes
        .filter((index) => index.type === name)
        .map(({ stored, unique, per }) => ({ ...stored, unique, ...(per !== undefined && { per }) })),
    );
    return { types, indexes };
  }

  /** What the store knew as of the last `adopt`, this graph's types included. */
  get stored(): CatalogDescription {
    return this.#stored;
  }

  /** The types of the code whose stored records may have another shape than the code has. */
  sweptNumbers(): readonly number[] {
    return this.#known.map((_, i) => i + 1).filter((number) => (this.#shapes[number] ?? []).length > 1);
  }

  /** How records of a type that were stored under this shape are read. */
  reading(number: number, version: number): Reading {
    this.#readings[number] ??= [];
    const known = this.#readings[number]!;
    let reading = known[version];
    if (reading === undefined) {
      const shapes = this.#shapes[number] ?? [];
      const shape = shapes.find((each) => each.version === version);
      reading = readingOf(this.definition(number), shape, shapes, this.isInCode(number));
      known[version] = reading;
    }
    return reading;
  }

  /**
   * Takes over what a store knows: the versions of shapes, and types that are not in the code. Such a type reads as the
   * nearest base type that is, or as a node or edge without fields, and keeps its name. Again when others have added to
   * it.
   */
  adopt(stored: CatalogDescription): void {
    this.#readings = [];
    this.#filledFields.clear();
    this.#stored = stored;
    const { size } = this;
    for (const type of stored.types) {
      const number = this.#storedNumbers.get(type.name) ?? 0;
      if (number === 0) {
        this.#add(this.#standIn(type));
        this.#shapes[this.#definitions.length] = type.shapes;
        continue;
      }
      this.#shapes[number] = type.shapes;
      if (number > this.#known.length) continue;
      const definition = this.definition(number);
      const [own] = describeType(definition).shapes;
      const shape = type.shapes.find((known) => own !== undefined && equalShapes(known, own))?.version ?? 0;
      // Definitions do not change, so one with another shape takes its place.
      if (shape !== definition.shape) {
        this.#definitions[number - 1] = definition.with(definition.cls, { shape });
      }
    }
    if (this.size > size) this.#derive();
  }

  #add(definition: TypeDefinition): void {
    this.#definitions.push(definition);
    this.#numbers.set(definition.name, this.#definitions.length);
    this.#storedNumbers.set(definition.storedName, this.#definitions.length);
    for (const index of definition.indexes) this.#indexes.set(index.stored.name, index);
  }

  /** Works out the tables that hot loops read. */
  #derive(): void {
    const { size } = this;
    const members: Uint8Array[] = [];
    for (let number = 0; number < size; number++) members.push(new Uint8Array(size));
    const ends: (readonly [number, number])[] = [[0, 0]];
    const nodeNumbers: number[] = [];
    const edgeNumbers: number[] = [];
    this.#undirected = new Uint8Array(size);
    this.#ruled = new Uint8Array(size);
    for (let number = 1; number < size; number++) {
      const definition = this.definition(number);
      for (let at: TypeDefinition | undefined = definition; at !== undefined; at = at.parent)
        members[this.findNumber(at.name)]![number] = 1;
      if (definition.kind === "node") nodeNumbers.push(number);
      else edgeNumbers.push(number);
      this.#undirected[number] = definition.undirected ? 1 : 0;
      this.#ruled[number] = definition.access === undefined ? 0 : 1;
      ends.push([this.#endNumber(definition, "source"), this.#endNumber(definition, "target")]);
    }
    this.#members = members;
    this.#ends = ends;
    this.#nodeNumbers = nodeNumbers;
    this.#edgeNumbers = edgeNumbers;
  }

  #endNumber(edge: TypeDefinition, end: "source" | "target"): number {
    const cls = edge.ends?.[end]();
    if (cls === undefined) return 0;
    const { name } = definitionOf(cls) as TypeDefinition;
    const number = this.findNumber(name);
    if (number !== 0 && definitionOf(this.definition(number).cls) === definitionOf(cls)) return number;
    throw this.#noEnd(edge, end, name);
  }

  #noEnd(edge: TypeDefinition, end: "source" | "target", name: string): ValidationError {
    return new ValidationError({
      code: "RW_DEFINITION_TYPE",
      message: `${edge.name} has ${name} as its ${end}, which is not among the types of the graph`,
      remedy: `Add ${name} to the \`types\` of openGraph.`,
    });
  }

  #fits(number: number, end: number): boolean {
    return end === 0 || this.isA(number, end);
  }

  #standIn(type: TypeDescription): TypeDefinition {
    const parentNumber = type.parent === undefined ? 0 : (this.#storedNumbers.get(type.parent) ?? 0);
    const parent = parentNumber === 0 ? undefined : this.definition(parentNumber);
    const base: EntityClass = parent?.cls ?? (type.kind === "node" ? NodeEntity : EdgeEntity);
    const cls = class extends (base as unknown as new () => object) {} as unknown as EntityClass;
    const definition = new TypeDefinition(
      {
        kind: type.kind,
        name: nameInCode(type),
        storedName: type.name,
        parent,
        fields: parent?.fields ?? [],
        indexes: parent?.indexes ?? [],
        access: parent?.access,
        ends: parent?.ends,
        undirected: type.undirected,
        shape: type.shapes.at(-1)?.version ?? 0,
      },
      cls,
    );
    Object.defineProperty(cls, definitionKey, { value: definition });
    return definition;
  }

  #unknown(name: string): ValidationError {
    return new ValidationError({
      code: "RW_UNKNOWN_TYPE",
      message: `The graph was not opened with the type ${name}`,
      details: { type: name },
    });
  }

  #namesake(name: string): ValidationError {
    return new ValidationError({
      code: "RW_UNKNOWN_TYPE",
      message: `The graph was opened with another class for the type ${name} than this one`,
      remedy:
        "Where a module was evaluated again, use what it exports now, or open the graph again with it; where it was loaded twice, import the graph and its types from one place.",
      details: { type: name },
    });
  }
}

function describe(value: unknown): string {
  return typeof value === "function" ? `the function ${value.name}` : typeof value;
}

const descriptions = new WeakMap<TypeDefinition, TypeDescription>();

function describeType(definition: TypeDefinition): TypeDescription {
  let description = descriptions.get(definition);
  if (description === undefined) {
    const { name, storedName, kind, parent, undirected, fields } = definition;
    const history = historyOf(definition);
    const shape: ShapeDescription = {
      version: 0,
      ...(name !== storedName && { name }),
      fields: fields.map((field) => {
        const { vendor } = field.schema["~standard"];
        const key = field.key === field.name ? undefined : { key: field.key };
        return { name: field.name, ...key, required: isRequired(field), vendor };
      }),
      ...(history.length > 0 && { history }),
    };
    description = { name: storedName, kind, parent: parent?.storedName, undirected, shapes: [shape] };
    descriptions.set(definition, description);
  }
  return description;
}

function historyOf({ parent, storedName, history }: TypeDefinition): HistoryDescription[] {
  const inherited = parent === undefined ? [] : historyOf(parent);
  return history.steps.length === 0 ? inherited : [...inherited, { type: storedName, steps: history.steps }];
}

/** Whether its validator makes something of absence. */
function hasDefault(field: FieldDefinition): boolean {
  const issues: FieldIssue[] = [];
  return tryField(field, undefined, issues) !== undefined && issues.length === 0;
}

/**
 * The catalog of a graph that is opened with these classes. Base types that they extend are added by themselves.
 *
 * @throws {ValidationError} `RW_DEFINITION_…` for the first thing that is wrong with them together or one by one.
 */
export function buildCatalog(classes: Iterable<unknown>): Catalog {
  const given = new Map<string, EntityClass>();
  for (const cls of classes) {
    const definition = definitionOf(cls);
    if (definition === undefined) throw noType(cls);
    const known = given.get(definition.name);
    if (known !== undefined && known !== cls) throw duplicate(definition.name, known, cls as EntityClass);
    given.set(definition.name, cls as EntityClass);
  }

  const bound = new Map<string, TypeDefinition>();
  const bind = (cls: EntityClass): TypeDefinition => {
    const definition = definitionOf(cls) as TypeDefinition;
    const known = bound.get(definition.name);
    if (known !== undefined) {
      if (definitionOf(known.cls) !== definition) throw duplicate(definition.name, known.cls, cls);
      return known;
    }
    const chosen = given.get(definition.name) ?? cls;
    if (definitionOf(chosen) !== definition) throw duplicate(definition.name, chosen, cls);
    const parent = definition.parent === undefined ? undefined : bind(definition.parent.cls);
    const here = definition.with(chosen, { parent });
    checkClass(chosen, here);
    for (const field of here.fields) requireSynchronous(field);
    bound.set(here.name, here);
    return here;
  };
  for (const cls of [Root, Edge, ...given.values()]) bind(cls as unknown as EntityClass);
  requireOwnNames([...bound.values()]);
  return new Catalog(bound.values());
}

/** A name that a type had is that type's for good: records are stored under it. */
function requireOwnNames(definitions: readonly TypeDefinition[]): void {
  const owners = new Map(definitions.map(({ name }) => [name, name]));
  for (const { name, history } of definitions) {
    for (const former of history.formerNames) {
      const owner = owners.get(former);
      if (owner !== undefined && owner !== name) throw formerNameTaken(name, former, owner);
      owners.set(former, name);
    }
  }
}

function formerNameTaken(name: string, former: string, owner: string): ValidationError {
  return new ValidationError({
    code: "RW_DEFINITION_HISTORY",
    message: `${name} was ${former} before, says its history, and ${former === owner ? "that is another type of the graph" : `so was ${owner}`}`,
    details: { type: name, formerly: former },
  });
}

function noType(given: unknown): ValidationError {
  return new ValidationError({
    code: "RW_DEFINITION_TYPE",
    message: `Among the types is ${describe(given)}, which is neither a node nor an edge type`,
  });
}

function duplicate(name: string, first: EntityClass, second: EntityClass): ValidationError {
  const sameType = definitionOf(first) === definitionOf(second);
  return new ValidationError({
    code: "RW_DEFINITION_DUPLICATE",
    message: sameType
      ? `${first.name} and ${second.name} are two classes of the one type "${name}"`
      : `Two types have the name "${name}"`,
    remedy: sameType ? `Give the second one a name of its own: ${name}.extend("…", {}).` : undefined,
    details: { type: name },
  });
}
