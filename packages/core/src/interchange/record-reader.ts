import { GraphError, NewerShapeError, ValidationError } from "../errors.ts";
import { type AccessRecord, accessRecord, newEdgeAccess, newNodeAccess } from "../model/access-record.ts";
import { type Id, isId } from "../model/id.ts";
import { isLevel, type Level } from "../model/level.ts";
import { fromTaggedJson } from "../model/tagged-json.ts";
import { requireRecordSize, takeIn } from "../model/value.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import type { FieldData } from "../persistence/rows.ts";
import { damageOf, stateOf, storedFields } from "../resident/states.ts";
import type { Catalog } from "../schema/catalog.ts";
import {
  type CatalogDescription,
  emptyCatalog,
  equalShapes,
  type FieldDescription,
  type HistoryDescription,
  type IndexDescription,
  type ShapeDescription,
  type StepDescription,
  type TypeDescription,
} from "../schema/catalog-description.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { type FieldDefinition, type FieldIssue, invalidFields, tryField } from "../schema/field.ts";
import { type IndexDefinition, requireIndexable } from "../schema/index-definition.ts";
import { requireName } from "../schema/names.ts";
import { type Reading as OtherReading, readingOf } from "../schema/reading.ts";
import { formatVersion } from "./jsonl-format.ts";

/** A line's record, checked by itself. */
export interface ReadRecord {
  readonly kind: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  readonly owner: Id;
  readonly access: AccessRecord;
  readonly shape: number;
  readonly fields: FieldData;
  /** Of an edge. */
  readonly source: Id;
  readonly target: Id;
}

const nodeKeys: ReadonlySet<string> = new Set(["node", "type", "owner", "access", "shape", "fields"]);
const edgeKeys: ReadonlySet<string> = new Set([
  "edge",
  "source",
  "target",
  "type",
  "owner",
  "access",
  "shape",
  "fields",
]);

/** How records of one type and shape are read. */
interface Reading {
  readonly definition: TypeDefinition;
  /** Whether the code knows the type: only then are there validators. */
  readonly isInCode: boolean;
  /** How a record of another shape than the code's is read. */
  readonly other: OtherReading | undefined;
  /** The version of the record's shape in the target, 0 where it has none such. */
  readonly shape: number;
  /** The fields of the type, by their names in stored records. */
  readonly byKey: ReadonlyMap<string, FieldDefinition>;
  /** Names that fields of the type have or once had in stored records. */
  readonly keys: ReadonlySet<string>;
  readonly indexes: readonly IndexDescription[];
}

/** Reads lines as records of a graph with these types: everything is checked that one line tells. */
export class RecordReader {
  readonly #header: CatalogDescription;
  readonly #catalog: Catalog;
  readonly #defaultOwner: Id;
  readonly #readings: Map<string, Reading> = new Map();

  /** @param defaultOwner who owns what names no owner */
  constructor(header: CatalogDescription, catalog: Catalog, defaultOwner: Id) {
    this.#header = header;
    this.#catalog = catalog;
    this.#defaultOwner = defaultOwner;
  }

  /**
   * @returns `undefined` for a record that the export could not read itself
   * @throws {ValidationError} {CorruptRecordError} for what is wrong with it
   */
  read(text: string): ReadRecord | undefined {
    const json = parseObject(text);
    const kind = "edge" in json ? "edge" : "node" in json ? "node" : undefined;
    if (kind === undefined) throw wrong('it has neither "node" nor "edge"');
    if (json.unreadable !== undefined) {
      idOf(json, kind);
      return undefined;
    }
    for (const key of Object.keys(json))
      if (!(kind === "node" ? nodeKeys : edgeKeys).has(key))
        throw wrong(`a line of ${kind === "node" ? "a node" : "an edge"} has no ${JSON.stringify(key)}`);
    const id = idOf(json, kind);
    const type = textOf(json, "type");
    const reading = this.#reading(kind, type, json.shape);
    const owner = json.owner === undefined ? this.#defaultOwner : idOf(json, "owner");
    if (type === "Root" && owner !== id) throw wrong("a root owns itself");
    return {
      kind,
      id,
      type,
      owner,
      access: accessOf(json.access, kind),
      shape: reading.shape === 0 ? (reading.other?.shape ?? reading.definition.shape) : reading.shape,
      fields: fieldsOf(reading, json.fields ?? {}),
      source: kind === "edge" ? idOf(json, "source") : id,
      target: kind === "edge" ? idOf(json, "target") : id,
    };
  }

  #reading(kind: "node" | "edge", type: string, shape: unknown): Reading {
    if (shape !== undefined && !Number.isSafeInteger(shape)) throw wrong('"shape" is no whole number');
    const key = `${kind} ${type} ${String(shape)}`;
    let reading = this.#readings.get(key);
    if (reading === undefined) {
      reading = this.#prepare(kind, type, shape as number | undefined);
      this.#readings.set(key, reading);
    }
    return reading;
  }

  #prepare(kind: "node" | "edge", type: string, version: number | undefined): Reading {
    const catalog = this.#catalog;
    const number = catalog.findStored(type);
    if (number === 0)
      throw new ValidationError({
        code: "RW_UNKNOWN_TYPE",
        message: `the type ${JSON.stringify(type)} is not among those of the graph`,
        remedy: "Open the graph with that type, or import into a store that no graph is open on.",
        details: { type },
      });
    const definition = catalog.definition(number);
    if (definition.kind !== kind) throw wrong(`${type} is ${aKind(definition.kind)}, not ${aKind(kind)}`);
    const given = this.#header.types.find(({ name }) => name === type);
    const stored = catalog.stored.types.find(({ name }) => name === type);
    const written =
      version === undefined ? given?.shapes.at(-1) : given?.shapes.find((shape) => shape.version === version);
    if (version !== undefined && written === undefined)
      throw wrong(`the first line describes no shape ${version} of ${type}`);
    const isInCode = catalog.isInCode(number);
    const current = stored?.shapes.find((shape) => shape.version === definition.shape);
    const isCurrent = written === undefined || (current !== undefined && equalShapes(current, written));
    return {
      definition,
      isInCode,
      other: isCurrent ? undefined : readingOf(definition, written, stored?.shapes ?? [], isInCode),
      shape: shapeIn(stored, written) ?? (isInCode ? 0 : (stored?.shapes.at(-1)?.version ?? 0)),
      byKey: new Map(definition.fields.map((field) => [field.key, field])),
      keys: new Set([...definition.keys, ...keysOf(given), ...keysOf(stored)]),
      indexes: this.indexesOf(type),
    };
  }

  /** The indexes that records of the type are in, its base types' among them. */
  indexesOf(type: string): readonly IndexDescription[] {
    const { types, indexes } = this.#catalog.stored;
    const line = new Set<string>();
    for (let at: string | undefined = type; at !== undefined; ) {
      line.add(at);
      const wanted: string = at;
      at = types.find(({ name }) => name === wanted)?.parent;
    }
    return indexes.filter((index) => line.has(index.type));
  }
}

/**
 * What the first line says.
 *
 * @throws {ValidationError} `RW_IMPORT_FORMAT`
 */
export function readHeader(text: string): CatalogDescription {
  let json: Record<string, unknown>;
  try {
    json = parseObject(text);
  } catch (cause) {
    throw noExport("the first line is no JSON object", cause);
  }
  if (json.export !== "rootwalk") throw noExport('the first line does not begin {"export":"rootwalk", …');
  const { version } = json;
  if (!Number.isSafeInteger(version) || (version as number) < 1) throw noExport("it has no version");
  if ((version as number) > formatVersion)
    throw noExport(`it has version ${version as number}, and this reads versions up to ${formatVersion}`);
  const { types = emptyCatalog.types, indexes = emptyCatalog.indexes } = json;
  if (!Array.isArray(types) || !types.every(isType)) throw noExport("its types are not as they are written");
  requireBasesFirst(types);
  if (!Array.isArray(indexes) || !indexes.every(isIndex))
    throw noExport("its indexes are not as they are written");
  return { types, indexes };
}

/** Lines of base types end: whoever follows them need not look out for a circle. */
function requireBasesFirst(types: readonly TypeDescription[]): void {
  const kinds = new Map<string, string>();
  for (const { name, kind, parent } of types) {
    if (kinds.has(name)) throw noExport(`it describes the type ${name} twice`);
    if (parent !== undefined && kinds.get(parent) !== kind)
      throw noExport(`no ${kind} type ${parent} comes before ${name}, which extends it`);
    kinds.set(name, kind);
  }
}

function isType(given: unknown): boolean {
  if (kindOf(given) !== "object") return false;
  const type = given as TypeDescription;
  return (
    isName(type.name) &&
    (type.kind === "node" || type.kind === "edge") &&
    (type.parent === undefined || isName(type.parent)) &&
    typeof type.undirected === "boolean" &&
    Array.isArray(type.shapes) &&
    type.shapes.every(isShape)
  );
}

function isShape(given: unknown): boolean {
  if (kindOf(given) !== "object") return false;
  const { version, name, fields, history = [] } = given as ShapeDescription;
  return (
    Number.isSafeInteger(version) &&
    (name === undefined || isName(name)) &&
    Array.isArray(fields) &&
    fields.every(isField) &&
    Array.isArray(history) &&
    history.every(isHistory)
  );
}

function isField(given: unknown): boolean {
  if (kindOf(given) !== "object") return false;
  const { name, key, required, vendor } = given as FieldDescription;
  return (
    isName(name) &&
    (key === undefined || isKey(key)) &&
    typeof required === "boolean" &&
    typeof vendor === "string"
  );
}

function isHistory(given: unknown): boolean {
  if (kindOf(given) !== "object") return false;
  const { type, steps } = given as HistoryDescription;
  return isName(type) && Array.isArray(steps) && steps.every(isStep);
}

function isStep(given: unknown): boolean {
  if (kindOf(given) !== "object") return false;
  const { kind, from, to } = given as StepDescription;
  return typeof kind === "string" && isNames(from) && isNames(to);
}

function isNames(names: unknown): boolean {
  return Array.isArray(names) && names.every(isName);
}

/** A name in stored records: of what a step has made it is one that no field has. */
function isKey(key: unknown): boolean {
  return typeof key === "string" && key !== "" && !key.startsWith("@") && !(key in Object.prototype);
}

function isIndex(given: unknown): boolean {
  if (kindOf(given) !== "object") return false;
  const index = given as IndexDescription;
  return (
    typeof index.name === "string" &&
    isName(index.type) &&
    Array.isArray(index.fields) &&
    index.fields.length > 0 &&
    index.fields.every(isKey) &&
    typeof index.unique === "boolean" &&
    (index.per === undefined || index.per === "owner")
  );
}

function isName(name: unknown): boolean {
  try {
    requireName("", name);
    return true;
  } catch {
    return false;
  }
}

function noExport(reason: string, cause?: unknown): ValidationError {
  return new ValidationError({
    code: "RW_IMPORT_FORMAT",
    message: `this is no export of rootwalk: ${reason}`,
    cause,
  });
}

function keysOf(type: TypeDescription | undefined): string[] {
  return (type?.shapes ?? []).flatMap(({ fields }) => fields.map(({ name, key = name }) => key));
}

function shapeIn(
  type: TypeDescription | undefined,
  written: ShapeDescription | undefined,
): number | undefined {
  return written && type?.shapes.find((shape) => equalShapes(shape, written))?.version;
}

function fieldsOf(reading: Reading, json: unknown): FieldData {
  const { definition, indexes } = reading;
  if (kindOf(json) !== "object") throw wrong(`"fields" is ${describeKind(json)}, not an object`);
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json as object)) {
    if (!reading.keys.has(name))
      throw new ValidationError({
        code: "RW_UNKNOWN_FIELD",
        message: `${definition.name} has no field ${JSON.stringify(name)}, and never had one`,
        path: [name],
      });
    given[name] = takeIn(untagged(name, value), [name]);
  }
  const fields = reading.isInCode ? validated(reading, given) : given;
  requireRecordSize(definition.name, fields);
  for (const index of indexes) requireIndexable(index as IndexDefinition, fields);
  return fields;
}

function untagged(name: string, value: unknown): unknown {
  try {
    return fromTaggedJson(value);
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new ValidationError({
      code: "RW_FIELD_INVALID",
      message: `${name}: ${cause.message}`,
      path: [name],
      cause,
    });
  }
}

/** Each field as its validator has it, in the order of the line; what the type no longer declares as it is. */
function validated(reading: Reading, given: Record<string, unknown>): FieldData {
  const { definition, byKey, other } = reading;
  if (other !== undefined) return validatedOther(reading, other, given);
  const issues: FieldIssue[] = [];
  const fields: Record<string, unknown> = {};
  let refused: string | undefined;
  for (const [key, value] of Object.entries(given)) {
    const field = byKey.get(key);
    const stored = field === undefined ? value : tryField(field, value, issues);
    if (issues.length > 0) refused ??= key;
    if (stored !== undefined) fields[key] = stored;
  }
  for (const [key, field] of byKey) {
    if (key in given) continue;
    const stored = tryField(field, undefined, issues);
    if (issues.length > 0) refused ??= key;
    if (stored !== undefined) fields[key] = stored;
  }
  if (refused !== undefined) {
    const name = byKey.get(refused)?.name ?? refused;
    throw invalidFields(definition.name, issues, [name], describeKind(given[refused]));
  }
  return fields;
}

/** Of another shape: it must read as the code reads such a record. */
function validatedOther(
  { definition, shape }: Reading,
  other: OtherReading,
  given: Record<string, unknown>,
): FieldData {
  const state = stateOf(definition, given, other);
  const damage = damageOf(state);
  if (damage !== undefined)
    throw new ValidationError({ code: "RW_FIELD_INVALID", message: `${definition.name}: ${damage.reason}` });
  // Where the target knows the shape, the record stays in it, and is read there as it was.
  if (shape !== 0) return given;
  if (other.shape === undefined)
    throw new NewerShapeError({
      message: `this ${definition.name} was written by newer code, in a shape that the graph does not know`,
    });
  const stored = storedFields(definition, state);
  return Object.fromEntries(Object.entries(stored).filter(([, value]) => value !== undefined));
}

function accessOf(json: unknown, kind: "node" | "edge"): AccessRecord {
  if (json === undefined) return kind === "node" ? newNodeAccess : newEdgeAccess;
  if (kindOf(json) !== "object") throw wrong(`"access" is ${describeKind(json)}, not an object`);
  const { all, roots = {}, ...rest } = json as { all?: unknown; roots?: object };
  const [other] = Object.keys(rest);
  if (other !== undefined) throw wrong(`"access" has no ${JSON.stringify(other)}`);
  if (!isLevel(all)) throw wrong(`"access.all" is ${shown(all)}, which is no access level`);
  if (kindOf(roots) !== "object") throw wrong(`"access.roots" is ${describeKind(roots)}, not an object`);
  const entries = new Map<Id, Level>();
  for (const [root, level] of Object.entries(roots)) {
    if (!isId(root)) throw wrong(`"access.roots" names ${JSON.stringify(root)}, which is no id`);
    if (!isLevel(level)) throw wrong(`"access.roots" gives ${shown(level)}, which is no access level`);
    entries.set(root, level);
  }
  return accessRecord(all, entries);
}

function parseObject(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong(`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (kindOf(json) !== "object") throw wrong(`it is ${describeKind(json)}, not a JSON object`);
  return json as Record<string, unknown>;
}

function idOf(json: Record<string, unknown>, key: string): Id {
  const id = json[key];
  if (isId(id)) return id;
  throw new ValidationError({ code: "RW_ID_INVALID", message: `"${key}" is ${shown(id)}, which is no id` });
}

function textOf(json: Record<string, unknown>, key: string): string {
  const text = json[key];
  if (typeof text === "string") return text;
  throw wrong(text === undefined ? `it has no "${key}"` : `"${key}" is ${describeKind(text)}, not text`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  return typeof value === "number" || typeof value === "boolean" ? String(value) : describeKind(value);
}

function aKind(kind: "node" | "edge"): string {
  return kind === "node" ? "a node type" : "an edge type";
}

function wrong(message: string, cause?: unknown): ValidationError {
  return new ValidationError({ code: "RW_IMPORT_LINE", message, cause });
}
