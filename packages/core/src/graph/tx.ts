import { NotFoundError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { FieldTest } from "../model/operator.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import { Plan, readFilter, unconstrained } from "../query/plan.ts";
import { Query, type QueryContext } from "../query/query.ts";
import { findRecord } from "../query/select.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import type { Entity, NodeEntity } from "../schema/entity.ts";
import type { AccessExplanation } from "../types/access.ts";
import type { Unit } from "../unit/unit.ts";
import { isPromise, type MaybePromise } from "../util/maybe-async.ts";
import { explainAccess } from "./explain-access.ts";

/** Every node, or every edge, of a type. */
export function extentQuery(
  context: QueryContext,
  kind: "node" | "edge",
  type: unknown,
  filter: unknown,
): Query {
  const definition = context.catalog.definitionOf(type, kind);
  const read = readFilter(filter, definition);
  const step = {
    ...unconstrained,
    kind: "extent",
    record: kind === "node" ? NODE : EDGE,
    type: context.catalog.numberOf(definition.name),
    nodeFilter: kind === "node" ? read : undefined,
    edgeFilter: kind === "edge" ? read : undefined,
  } as const;
  return new Query(context, new Plan([step], kind === "node" ? "nodes" : "edges"));
}

/** The record of this type and id as an entity of the unit; `undefined` where the principal sees none. */
export function getRecord(unit: Unit, type: unknown, id: unknown): MaybePromise<Entity | undefined> {
  const { catalog } = unit.runtime;
  const number = catalog.numberOfClass(type);
  const kind = catalog.definition(number).kind === "node" ? NODE : EDGE;
  const found = findRecord(unit, kind, id as Id);
  if (isPromise(found))
    return found.then((slot) => traced(unit, type, id, recordAt(unit, kind, number, slot)));
  return traced(unit, type, id, recordAt(unit, kind, number, found as number));
}

function traced(unit: Unit, type: unknown, id: unknown, record: Entity | undefined): Entity | undefined {
  if (unit.tracer !== undefined) {
    const { name } = unit.catalog.definitionOf(type);
    unit.tracer.read(`get(${name}, ${String(id)})`, record === undefined ? 0 : 1);
  }
  return record;
}

function recordAt(unit: Unit, kind: RecordKind, type: number, slot: number): Entity | undefined {
  if (slot < 0 || !unit.runtime.catalog.isA(unit.table(kind).types[slot]!, type)) return undefined;
  return kind === NODE ? unit.node(slot) : unit.edge(slot);
}

export function requireRecord(unit: Unit, type: unknown, id: unknown): MaybePromise<Entity> {
  const record = getRecord(unit, type, id);
  if (isPromise(record)) return record.then((found) => required(unit, type, id, found));
  return required(unit, type, id, record as Entity | undefined);
}

function required(unit: Unit, type: unknown, id: unknown, record: Entity | undefined): Entity {
  if (record !== undefined) return record;
  const { name } = unit.runtime.catalog.definitionOf(type);
  throw new NotFoundError({
    message: `there is no ${name} ${String(id)} that this principal may read`,
    details: { type: name, id },
  });
}

/** What a transaction's body, and a walk, can do in its unit. */
export class UnitVerbs {
  readonly #unit: Unit;
  #ensured: Promise<Entity> | undefined;

  static {
    Object.defineProperty(UnitVerbs.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: UnitVerbs): string {
        return #unit in this && this.#unit.isClosed ? "Tx (ended)" : "Tx";
      },
    });
  }

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  get root(): NodeEntity {
    return this.#unit.actor;
  }

  async get(type: unknown, id: unknown): Promise<Entity | undefined> {
    return getRecord(this.#unit, type, id);
  }

  async require(type: unknown, id: unknown): Promise<Entity> {
    return requireRecord(this.#unit, type, id);
  }

  nodes(type: unknown, filter?: unknown): Query {
    return extentQuery(this.#unit, "node", type, filter);
  }

  edges(type: unknown, filter?: unknown): Query {
    return extentQuery(this.#unit, "edge", type, filter);
  }

  create(type: unknown, fields?: unknown): NodeEntity | NodeEntity[] {
    const definition = this.#unit.runtime.catalog.definitionOf(type, "node");
    if (!Array.isArray(fields)) return this.#unit.createNode(definition, fields);
    return this.#unit.createNodes(definition, fields);
  }

  async ensure(type: unknown, key: unknown, fields: unknown = {}): Promise<Entity> {
    const definition = this.#unit.runtime.catalog.definitionOf(type, "node");
    if (kindOf(key) !== "object" || Object.keys(key as object).length === 0) {
      throw new TypeError(
        `ensure takes the fields that tell one ${definition.name} from another, got ${describeKind(key)}`,
      );
    }
    // What is not found is created with them.
    for (const [field, value] of Object.entries(key as object))
      if (value instanceof FieldTest)
        throw new TypeError(`ensure takes plain values, and ${field} is given by ${value.op}(…)`);
    if (kindOf(fields) !== "object")
      throw new TypeError(`ensure takes the other fields as an object, got ${describeKind(fields)}`);
    // One after another: between its search and its creation another one would not find it either.
    const before = this.#ensured;
    const ensured = this.#findOrCreate(definition, type, key as object, fields as object, before);
    this.#ensured = ensured;
    return ensured;
  }

  async #findOrCreate(
    definition: TypeDefinition,
    type: unknown,
    key: object,
    fields: object,
    before: Promise<Entity> | undefined,
  ): Promise<Entity> {
    // Whether it succeeds is for its own caller to see.
    await before?.catch(() => {});
    const [found] = (await this.nodes(type, key).limit(1).all()) as Entity[];
    return found ?? this.#unit.createNode(definition, { ...fields, ...key });
  }

  async explainAccess(record: unknown, level: unknown, options?: unknown): Promise<AccessExplanation> {
    return explainAccess(this.#unit, record, level, options);
  }

  onCommit(callback: () => unknown): void {
    this.#unit.onCommit(callback);
  }
}
