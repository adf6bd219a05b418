import { ValidationError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { isLevel, type Level, type LevelValue, levelValue } from "../model/level.ts";
import { maxRecordBytes, measureBytes, requireRecordSize, type StoredValue } from "../model/value.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import { isThenable } from "../util/maybe-async.ts";
import {
  definitionKey,
  type Entity,
  type EntityClass,
  type EntityHost,
  type Instantiate,
  instantiate,
  instantiatorOf,
  quickenFieldGetters,
  type State,
} from "./entity.ts";
import { type FieldDefinition, type FieldIssue, invalidFields, tryField, validateField } from "./field.ts";
import { noHistory, type TypeHistory } from "./history.ts";
import { type IndexDefinition, requireIndexable } from "./index-definition.ts";
import { recordView } from "./record-view.ts";

export type { IndexDefinition } from "./index-definition.ts";

/**
 * From this record of a class on its records have code of their own. To generate that takes as long as a thousand reads
 * of a field without it, and a process that has just been started to answer one question waits for it.
 */
const QUICK_FROM = 32;

/** A type's own say about who may do what with a record; undefined leaves it to grants. Must be synchronous. */
export type AccessRule = (record: never, me: Id) => Level | undefined;

/** The ends of an edge type: which node types it connects; undefined is any. Thunks, for types in circles. */
export interface EndsDefinition {
  readonly source: () => EntityClass | undefined;
  readonly target: () => EntityClass | undefined;
}

export interface TypeOptions {
  readonly kind: "node" | "edge";
  readonly name: string;
  readonly parent: TypeDefinition | undefined;
  /** Inherited ones first. */
  readonly fields: readonly FieldDefinition[];
  /** Inherited ones first. */
  readonly indexes: readonly IndexDefinition[];
  readonly access: AccessRule | undefined;
  readonly ends: EndsDefinition | undefined;
  readonly undirected: boolean;
  readonly shape?: number | undefined;
  /** Without the steps of types that it extends. */
  readonly history?: TypeHistory | undefined;
  /** The name under which stores know it, where the history does not tell. */
  readonly storedName?: string | undefined;
  /** Whether it was made of what a store holds, and not by code. */
  readonly isFromStore?: boolean | undefined;
}

/**
 * One node or edge type: inert data, shared by every graph that is opened with it.
 *
 * `definitionOf(cls)` gives it by class. A catalog holds a copy for each graph, bound to the class that this graph was
 * opened with (`catalog.definition(number)`); only that one makes entities of the user's class.
 */
export class TypeDefinition {
  readonly kind: "node" | "edge";
  readonly name: string;
  readonly parent: TypeDefinition | undefined;
  readonly fields: readonly FieldDefinition[];
  readonly fieldNames: readonly string[];
  readonly indexes: readonly IndexDefinition[];
  readonly access: AccessRule | undefined;
  readonly ends: EndsDefinition | undefined;
  readonly undirected: boolean;
  /** The version under which a store keeps records of this definition; 0 before the catalog has met a store. */
  readonly shape: number;
  readonly history: TypeHistory;
  /** The name under which stores know it: the first one that it had. */
  readonly storedName: string;
  readonly isFromStore: boolean;
  /** The keys of its fields in stored records. */
  readonly keys: readonly string[];
  /** Whether each field has its own name in stored records. */
  readonly hasPlainKeys: boolean;
  /** The class that `node`, `edge` or `extend` gave; of a catalog's definition the user's. */
  readonly cls: EntityClass;
  readonly #byName: ReadonlyMap<string, FieldDefinition>;
  readonly #empty: State;
  /** What `measureBytes` counts for a state beside its values. */
  readonly #keyBytes: number;
  #view: ((state: State) => object) | undefined;
  #instantiate: Instantiate | undefined = undefined;
  #handedOut = 0;

  constructor(options: TypeOptions, cls: EntityClass) {
    this.kind = options.kind;
    this.name = options.name;
    this.parent = options.parent;
    this.fields = Object.freeze([...options.fields]);
    this.fieldNames = Object.freeze(this.fields.map((field) => field.name));
    this.indexes = Object.freeze([...options.indexes]);
    this.access = options.access;
    this.ends = options.ends;
    this.undirected = options.undirected;
    this.shape = options.shape ?? 0;
    this.history = options.history ?? noHistory;
    this.storedName = options.storedName ?? this.history.formerNames[0] ?? options.name;
    this.isFromStore = options.isFromStore ?? false;
    this.keys = Object.freeze(this.fields.map(({ key }) => key));
    this.hasPlainKeys = this.fields.every(({ name, key }) => name === key);
    this.cls = cls;
    this.#byName = new Map(this.fields.map((field) => [field.name, field]));
    this.#empty = emptyOf(this.fieldNames);
    const nothing = Object.fromEntries(this.fieldNames.map((name) => [name, null]));
    this.#keyBytes = measureBytes(nothing) - this.fields.length * measureBytes(null);
  }

  /** The same type with another class, parent or name. */
  with(cls: EntityClass, changes: Partial<TypeOptions> = {}): TypeDefinition {
    return new TypeDefinition({ ...this, ...changes }, cls);
  }

  field(name: string): FieldDefinition | undefined {
    return this.#byName.get(name);
  }

  hasField(name: string): boolean {
    return this.#byName.has(name);
  }

  /** A new state object with every field absent. All states of a type share its shape. */
  emptyState(): Record<string, unknown> {
    return { ...this.#empty };
  }

  /**
   * The state of a new record: every field validated, defaults filled in, all issues reported at once. Keys that are
   * symbols are not read, as JSON does not: looking for them took a tenth of making a record.
   *
   * @throws {ValidationError} as `validateField`; `RW_UNKNOWN_FIELD`; as `requireStorable`
   */
  create(input: unknown = {}): State {
    if (kindOf(input) !== "object") {
      throw new ValidationError({
        code: "RW_FIELD_INVALID",
        message: `${this.name}: expected an object of fields, got ${describeKind(input)}`,
        valueKind: describeKind(input),
      });
    }
    // Of a plain object; a field has no name that Object.prototype has, so nothing read here is inherited.
    const given = input as Readonly<Record<string, unknown>>;
    const state = this.emptyState();
    const issues: FieldIssue[] = [];
    let named = 0;
    let refused: string | undefined;
    let bytes = this.#keyBytes;
    // By position: an iterator is a tenth of what making a record leaves to the collector.
    const { fields } = this;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as FieldDefinition;
      const value = given[field.name];
      if (value !== undefined) named += 1;
      const stored = tryField(field, value, issues);
      if (refused === undefined && issues.length > 0) refused = field.name;
      state[field.name] = stored;
      bytes += measureBytes(stored);
    }
    let keys = 0;
    for (const _ in given) keys += 1;
    if (keys !== named)
      for (const name of Object.keys(given)) if (!this.#byName.has(name)) this.#refuseField(name);
    if (refused !== undefined)
      throw invalidFields(this.name, issues, [refused], describeKind(given[refused]));
    if (bytes > maxRecordBytes) requireRecordSize(this.name, state);
    for (let i = 0; i < this.indexes.length; i++) requireIndexable(this.indexes[i] as IndexDefinition, state);
    return state;
  }

  /**
   * As `create` for each of them.
   *
   * @throws {ValidationError} also for a hole in the array, which would be a record that nobody meant
   */
  createAll(inputs: readonly unknown[]): State[] {
    return Array.from(inputs, (input, at) => {
      if (input !== undefined) return this.create(input);
      throw new ValidationError({
        code: "RW_FIELD_INVALID",
        message: `${this.name}: expected an object of fields at ${at}, got undefined`,
        valueKind: "undefined",
      });
    });
  }

  /**
   * Refuses a changed state that no store takes: a record beyond 8 MiB, or a key that its index cannot hold. Looks only
   * at what differs from `before`. New records are checked by `create`.
   *
   * @throws {ValidationError} `RW_RECORD_TOO_LARGE`, `RW_INDEX_KEY`, `RW_INDEX_KEY_TOO_LARGE`
   */
  requireStorable(state: State, before: State): void {
    let grown = 0;
    for (const name of this.fieldNames) {
      if (state[name] !== before[name]) grown += measureBytes(state[name]) - measureBytes(before[name]);
    }
    if (grown > 0) requireRecordSize(this.name, state);
    for (const index of this.indexes) {
      if (index.fields.some((name) => state[name] !== before[name])) requireIndexable(index, state);
    }
  }

  /**
   * The value to store for a write of one field.
   *
   * @throws {ValidationError} as the function `validateField`; `RW_UNKNOWN_FIELD`
   */
  validateField(name: string, value: unknown): StoredValue | undefined {
    return validateField(this.#byName.get(name) ?? this.#refuseField(name), value);
  }

  /** The entity of one record for one unit of work. */
  instantiate(
    host: EntityHost,
    slot: number,
    state: State,
    a: number,
    b: number,
    c: number,
    d: number,
  ): Entity {
    if (this.#instantiate !== undefined) return this.#instantiate(host, slot, state, a, b, c, d);
    this.#handedOut += 1;
    if (this.#handedOut === QUICK_FROM) {
      quickenFieldGetters(this.cls, this.fieldNames);
      this.#instantiate = instantiatorOf(this.cls, this.name);
    }
    return instantiate(this.cls, host, slot, state, a, b, c, d);
  }

  /** The state as functions of the user's see it: its fields, none of which they can change. */
  view(state: State): object {
    this.#view ??= recordView(this.fieldNames);
    return this.#view(state);
  }

  /**
   * The answer of the type's access rule; undefined where it has none or the rule leaves it open.
   *
   * @throws {ValidationError} `RW_DEFINITION_ASYNC` or `RW_ACCESS_LEVEL` for what is no answer, and what the rule throws.
   */
  judge(state: State, me: Id): LevelValue | undefined {
    const rule = this.access;
    if (rule === undefined) return undefined;
    const answer: unknown = rule(this.view(state) as never, me);
    if (answer === undefined) return undefined;
    if (isLevel(answer)) return levelValue(answer);
    if (isThenable(answer)) {
      answer.then(undefined, () => {});
      throw asyncRule(this.name);
    }
    throw new ValidationError({
      code: "RW_ACCESS_LEVEL",
      message: `${this.name}: its access rule answered ${describeKind(answer)}, which is no access level`,
    });
  }

  #refuseField(name: string): never {
    const known = this.fieldNames.length === 0 ? "it has none" : `it has ${this.fieldNames.join(", ")}`;
    throw new ValidationError({
      code: "RW_UNKNOWN_FIELD",
      message: `${this.name} has no field ${JSON.stringify(name)}; ${known}`,
      path: [name],
    });
  }
}

/** The error for an access rule that answers later. */
export function asyncRule(type: string): ValidationError {
  return new ValidationError({
    code: "RW_DEFINITION_ASYNC",
    message: `${type}: its access rule is asynchronous`,
  });
}

/** The definition behind a class that extends `node(…)`, `edge(…)` or `X.extend(…)`; undefined for anything else. */
export function definitionOf(cls: unknown): TypeDefinition | undefined {
  if (typeof cls !== "function") return undefined;
  return (cls as { readonly [definitionKey]?: TypeDefinition })[definitionKey];
}

/**
 * An object with these properties and room for no others. `JSON.parse` allots exactly what it reads, and copies by
 * spread keep that; any other way that needs no generated code reserves up to three words more, in every record.
 */
function emptyOf(names: readonly string[]): State {
  const empty: Record<string, unknown> = JSON.parse(
    `{${names.map((name) => `${JSON.stringify(name)}:null`).join(",")}}`,
  );
  for (const name of names) empty[name] = undefined;
  return empty;
}
