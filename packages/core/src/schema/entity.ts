import type { AccessRecord } from "../model/access-record.ts";
import { formatId, type Id } from "../model/id.ts";
import type { Level } from "../model/level.ts";
import { canonicalText, toPlainJson } from "../model/plain-json.ts";
import { UnknownValue } from "../model/unknown-value.ts";
import { handOut } from "../model/value.ts";
import { generate, quoted } from "../util/generated-code.ts";
import type { MaybePromise } from "../util/maybe-async.ts";

/** The fields of one record, each present as a property in the order of the definition; absent is `undefined`. */
export type State = Readonly<Record<string, unknown>>;

/** A side of an edge. */
export type End = "source" | "target";

/** Which edges of a node a hop follows. */
export type Direction = "out" | "in" | "both";

/**
 * What records ask of the unit of work that handed them out. Everything a record does beyond reading its own fields
 * goes through its host, where access is checked and reads and writes are noted.
 *
 * Arguments come from users as they are; the host checks them.
 */
export interface EntityHost {
  /** Tells the records of one open graph from those of another. */
  readonly graph: object;
  /** The first read of a field of this entity. Called once an entity. */
  noteDataRead(entity: Entity): void;
  writeField(entity: Entity, field: string, value: unknown): void;
  updateEntity(entity: Entity, edit: unknown): void;
  deleteEntity(entity: Entity): void;
  grant(entity: Entity, level: Level): void;
  revoke(entity: Entity): void;
  allowRoot(entity: Entity, root: NodeEntity | Id, level: Level): void;
  disallowRoot(entity: Entity, root: NodeEntity | Id): void;
  accessOf(entity: Entity): AccessRecord;
  ownerIdOf(entity: Entity): Id;
  hop(node: NodeEntity, direction: Direction, type?: unknown, filter?: unknown, options?: unknown): unknown;
  connect(node: NodeEntity, type: unknown, fields: unknown, via: unknown): unknown;
  link(node: NodeEntity, other: unknown, via: unknown): unknown;
  disconnect(node: NodeEntity, other: unknown, type: unknown, filter: unknown): unknown;
  edgeEndId(edge: EdgeEntity, end: End): Id;
  /** What is to be said of a record that is shown to people: `deleted`, or why its fields cannot be read. Reads nothing. */
  remarkOn(entity: Entity): string | undefined;
  edgeEnd(edge: EdgeEntity, end: End): MaybePromise<NodeEntity>;
}

/** What the class of an entity carries; `schema/definition.ts` has the rest of it. */
interface NamedDefinition {
  readonly name: string;
  readonly kind: "node" | "edge";
}

/** Static property of entity classes that holds their definition. */
export const definitionKey: unique symbol = Symbol("rootwalk.definition");

// Only who has the seal can construct an entity: `new Room()` would be a node that is in no graph.
const seal: unique symbol = Symbol("seal");

/** Own property of every entity, and the only one. */
const core: unique symbol = Symbol("record");

/**
 * What an entity is made of, apart from the entity itself. A class without subclasses is built in one go, whereas
 * each further property of the many entity classes costs about 8 ns an instance (31 ns against 96 ns with ten).
 *
 * Its enumerable properties are what tells two records apart: deep equality, in tests and elsewhere, finds them
 * through the entity's own property and sees neither the host nor the slot.
 */
class EntityCore {
  state: State;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly #host: EntityHost;
  #slot: number;
  #isRead: boolean;
  #id: Id | undefined;

  constructor(host: EntityHost, slot: number, state: State, a: number, b: number, c: number, d: number) {
    this.state = state;
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
    this.#host = host;
    this.#slot = slot;
    this.#isRead = false;
    this.#id = undefined;
  }

  get host(): EntityHost {
    return this.#host;
  }

  get slot(): number {
    return this.#slot;
  }

  set slot(slot: number) {
    this.#slot = slot;
  }

  get isRead(): boolean {
    return this.#isRead;
  }

  set isRead(isRead: boolean) {
    this.#isRead = isRead;
  }

  get id(): Id {
    this.#id ??= formatId(this.a, this.b, this.c, this.d);
    return this.#id;
  }

  /** The state, for a reader of fields: the first one is noted. */
  read(entity: Entity): State {
    if (!this.#isRead) {
      this.#isRead = true;
      this.#host.noteDataRead(entity);
    }
    return this.state;
  }
}

function coreOf(entity: Entity): EntityCore {
  return (entity as unknown as { readonly [core]: EntityCore })[core];
}

/** Base of all nodes and edges as a unit of work hands them out. Fields are getters and setters of the subclasses. */
export abstract class Entity {
  constructor(
    given: typeof seal,
    host: EntityHost,
    slot: number,
    state: State,
    a: number,
    b: number,
    c: number,
    d: number,
  ) {
    if (given !== seal) {
      const { name } = new.target;
      const { kind, name: type } = (new.target as unknown as { [definitionKey]: NamedDefinition })[
        definitionKey
      ];
      const instead =
        type === "Root"
          ? "graph.createRoot()"
          : kind === "edge"
            ? `node.link(other, via(${name}, …))`
            : `node.connect(${name}, …) or tx.create(${name}, …)`;
      throw new TypeError(`${name} is not made with new: use ${instead}, which put it into the graph`);
    }
    (this as unknown as { [core]: EntityCore })[core] = new EntityCore(host, slot, state, a, b, c, d);
  }

  get id(): Id {
    return coreOf(this).id;
  }

  /** Name of the record's type. */
  get $type(): string {
    return typeNameOf(this);
  }

  /** All fields as one frozen object. */
  get $data(): State {
    return Object.freeze(fieldsOf(this));
  }

  /** A copy: access records are shared, and Maps cannot be frozen. */
  get $access(): AccessRecord {
    const { all, roots } = coreOf(this).host.accessOf(this);
    return Object.freeze({ all, roots: new Map(roots) });
  }

  get $ownerId(): Id {
    return coreOf(this).host.ownerIdOf(this);
  }

  toJSON(): Record<string, unknown> {
    const shown: Record<string, unknown> = { id: this.id, type: this.$type, ...endsOf(this) };
    for (const [field, value] of Object.entries(fieldsOf(this))) shown[field] = toPlainJson(value);
    return shown;
  }

  /** Type and id. */
  toString(): string {
    return `${this.$type} ${this.id}`;
  }

  update(edit: unknown): void {
    coreOf(this).host.updateEntity(this, edit);
  }

  delete(): void {
    coreOf(this).host.deleteEntity(this);
  }

  grant(level: Level): void {
    coreOf(this).host.grant(this, level);
  }

  revoke(): void {
    coreOf(this).host.revoke(this);
  }

  allowRoot(root: NodeEntity | Id, level: Level): void {
    coreOf(this).host.allowRoot(this, root, level);
  }

  disallowRoot(root: NodeEntity | Id): void {
    coreOf(this).host.disallowRoot(this, root);
  }
}

/** In the place of a record's contents on the classes' prototypes, whose fields are getters too. */
class NoRecord {
  get state(): never {
    throw noRecord();
  }

  get host(): never {
    throw noRecord();
  }

  get id(): never {
    throw noRecord();
  }

  read(): never {
    throw noRecord();
  }
}

function noRecord(): TypeError {
  return new TypeError("a class's prototype is no record: it has no fields, id or edges");
}

Object.defineProperty(Entity.prototype, core, { value: new NoRecord(), writable: true });

// What `console.log` and Node's `inspect` show. Whoever looks on takes no part in the unit: nothing is noted as read, and
// nothing throws.
Object.defineProperty(Entity.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(
    this: Entity,
    depth: number,
    options: object,
    inspect?: (value: unknown, options: object) => string,
  ): unknown {
    if (isPrototype(this)) return `[prototype of ${this.constructor.name}]`;
    if (depth < 0) return `[${this.$type}]`;
    const shown = { id: this.id, ...endsOf(this), ...shownIn(coreOf(this).state) };
    const remark = coreOf(this).host.remarkOn(this);
    const name = remark === undefined ? this.$type : `${this.$type} (${remark})`;
    return inspect === undefined ? shown : `${name} ${inspect(shown, options)}`;
  },
});

// `assert.deepEqual` and others like it compare own string keys, of which a record has none, and before that what
// `Object.prototype.toString` gives. So that no two records are equal to them that are not, it tells them apart.
Object.defineProperty(Entity.prototype, Symbol.toStringTag, {
  get(this: Entity): string {
    if (isPrototype(this)) return this.constructor.name;
    return `${this} ${canonicalText(shownIn(coreOf(this).state))}`;
  },
});

/** Base of all nodes. */
export class NodeEntity extends Entity {
  out(type?: unknown, filter?: unknown, options?: unknown): unknown {
    return coreOf(this).host.hop(this, "out", type, filter, options);
  }

  in(type?: unknown, filter?: unknown, options?: unknown): unknown {
    return coreOf(this).host.hop(this, "in", type, filter, options);
  }

  both(type?: unknown, filter?: unknown, options?: unknown): unknown {
    return coreOf(this).host.hop(this, "both", type, filter, options);
  }

  connect(type: unknown, fields?: unknown, via?: unknown): unknown {
    return coreOf(this).host.connect(this, type, fields, via);
  }

  link(node: unknown, via?: unknown): unknown {
    return coreOf(this).host.link(this, node, via);
  }

  disconnect(node: unknown, type?: unknown, filter?: unknown): unknown {
    return coreOf(this).host.disconnect(this, node, type, filter);
  }
}

/** Base of all edges. */
export class EdgeEntity extends Entity {
  get sourceId(): Id {
    return coreOf(this).host.edgeEndId(this, "source");
  }

  get targetId(): Id {
    return coreOf(this).host.edgeEndId(this, "target");
  }

  async source(): Promise<NodeEntity> {
    return coreOf(this).host.edgeEnd(this, "source");
  }

  async target(): Promise<NodeEntity> {
    return coreOf(this).host.edgeEnd(this, "target");
  }
}

/** A class of nodes or edges, as `node(…)`, `edge(…)` and `extend(…)` make it or a user's class extends it. */
export interface EntityClass {
  readonly name: string;
  readonly prototype: Entity;
  new (
    given: typeof seal,
    host: EntityHost,
    slot: number,
    state: State,
    a: number,
    b: number,
    c: number,
    d: number,
  ): Entity;
}

/**
 * Makes the entity of one record for one unit of work.
 *
 * @param slot the host's handle of the record.
 * @param a first of the four words of its id.
 */
export type Instantiate = (
  host: EntityHost,
  slot: number,
  state: State,
  a: number,
  b: number,
  c: number,
  d: number,
) => Entity;

/** How entities of a class are made: by code of its own, see `generate`, for `new` of any class is three times slower. */
export function instantiatorOf(entityClass: EntityClass, name: string): Instantiate {
  const code = `(${quoted(name)}, (host, slot, state, a, b, c, d) => new cls(seal, host, slot, state, a, b, c, d))`;
  return (
    generate<Instantiate>("cls,seal", code, [entityClass, seal]) ??
    ((host, slot, state, a, b, c, d) => instantiate(entityClass, host, slot, state, a, b, c, d))
  );
}

/** The same by code that all classes share. */
export function instantiate(
  entityClass: EntityClass,
  host: EntityHost,
  slot: number,
  state: State,
  a: number,
  b: number,
  c: number,
  d: number,
): Entity {
  return new entityClass(seal, host, slot, state, a, b, c, d);
}

/** Gives a class the getter and setter of one field. */
export function defineFieldAccessors(prototype: object, field: string): void {
  const get = function get(this: Entity): unknown {
    const value = coreOf(this).read(this)[field];
    return typeof value === "object" && value !== null ? handOut(value) : value;
  };
  slowGetters.add(get);
  defineGetter(prototype, field, get);
}

/** Getters that have no code of their own yet. */
const slowGetters: WeakSet<object> = new WeakSet();

/**
 * Gives the fields of a class getters with code of their own, see `generate`: when its first record is handed out, for
 * most classes of a large schema are not read in most processes.
 */
export function quickenFieldGetters(entityClass: EntityClass, fields: readonly string[]): void {
  for (const field of fields) {
    let owner: object | null = entityClass.prototype;
    while (owner !== null && !Object.hasOwn(owner, field)) owner = Object.getPrototypeOf(owner) as object;
    const slow = owner === null ? undefined : Object.getOwnPropertyDescriptor(owner, field)?.get;
    if (owner === null || slow === undefined || !slowGetters.has(slow)) continue;
    const code =
      `function get() { const value = this[core].read(this)[${quoted(field)}]; ` +
      `return typeof value === "object" && value !== null ? handOut(value) : value; }`;
    const get = generate<(this: Entity) => unknown>("core,handOut", code, [core, handOut]);
    if (get === undefined) return;
    defineGetter(owner, field, get);
  }
}

function defineGetter(prototype: object, field: string, get: (this: Entity) => unknown): void {
  Object.defineProperty(prototype, field, {
    get,
    set(this: Entity, value: unknown) {
      coreOf(this).host.writeField(this, field, value);
    },
    enumerable: true,
    configurable: true,
  });
}

function fieldsOf(entity: Entity): Record<string, unknown> {
  return valuesIn(readState(entity));
}

/** Ids of both ends, where it is an edge. */
function endsOf(entity: Entity): { sourceId: Id; targetId: Id } | undefined {
  return entity instanceof EdgeEntity ? { sourceId: entity.sourceId, targetId: entity.targetId } : undefined;
}

function isPrototype(entity: Entity): boolean {
  return !(coreOf(entity) instanceof EntityCore);
}

/** The same for people: what newer code has stored is named as that, where reading it throws. */
function shownIn(state: State): Record<string, unknown> {
  if (UnknownValue.made === 0) return valuesIn(state);
  const known = Object.entries(state).map(([name, value]) => [
    name,
    value instanceof UnknownValue ? "(stored by newer code)" : value,
  ]);
  return valuesIn(Object.fromEntries(known));
}

/** The fields that are there, as they are handed out. */
function valuesIn(state: State): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of Object.keys(state)) {
    const value = handOut(state[field]);
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

function typeNameOf(entity: Entity): string {
  return (entity.constructor as unknown as { readonly [definitionKey]: NamedDefinition })[definitionKey].name;
}

// For the host and the layers above it, past the entity's public face.

/** The fields under the checks of reading them, those that newer code has stored among them. */
export function readState(entity: Entity): State {
  return coreOf(entity).read(entity);
}

export function isNodeEntity(value: unknown): value is NodeEntity {
  return value instanceof NodeEntity;
}

export function isEdgeEntity(value: unknown): value is EdgeEntity {
  return value instanceof EdgeEntity;
}

/** @throws {TypeError} for a record of another open graph: ids alone go from one to the other */
export function requireGraph(entity: Entity, graph: object, what: string): void {
  if (coreOf(entity).host.graph === graph) return;
  throw new TypeError(
    `${what}: ${entity.$type} ${entity.id} belongs to another graph; where both are over the same records, get it here by its id`,
  );
}

export function hostOf(entity: Entity): EntityHost {
  return coreOf(entity).host;
}

export function slotOf(entity: Entity): number {
  return coreOf(entity).slot;
}

export function setSlotOf(entity: Entity, slot: number): void {
  coreOf(entity).slot = slot;
}

/** The state, without noting that it was read. */
export function stateOf(entity: Entity): State {
  return coreOf(entity).state;
}

export function setStateOf(entity: Entity, state: State): void {
  coreOf(entity).state = state;
}

/** Whether a field of it was read in its unit, or `markDataRead` was called. */
export function isDataRead(entity: Entity): boolean {
  return coreOf(entity).isRead;
}

/** Lets later reads pass without a call of the host, as for records that the unit has created. */
export function markDataRead(entity: Entity, isRead = true): void {
  coreOf(entity).isRead = isRead;
}

/** Writes the four words of the entity's id into `out` from `at`. */
export function copyIdWords(entity: Entity, out: Int32Array | number[], at = 0): void {
  const { a, b, c, d } = coreOf(entity);
  out[at] = a;
  out[at + 1] = b;
  out[at + 2] = c;
  out[at + 3] = d;
}
