import { NotFoundError } from "../errors.ts";
import { equalityOn } from "../model/filter.ts";
import type { Id } from "../model/id.ts";
import { describeKind } from "../model/value-kind.ts";
import { readFilter, unconstrained } from "../query/plan.ts";
import { Query, type QueryContext } from "../query/query.ts";
import { findRecord } from "../query/select.ts";
import { EDGE, NODE } from "../resident/change-log.ts";
import type { Entity, NodeEntity } from "../schema/entity.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";

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
  return new Query(context, { steps: [step], output: kind === "node" ? "nodes" : "edges" });
}

/** The record of this type and id as an entity of the unit; `undefined` where the principal sees none. */
export function getRecord(unit: Unit, type: unknown, id: unknown): MaybePromise<Entity | undefined> {
  const { catalog } = unit.runtime;
  const definition = catalog.definitionOf(type);
  const kind = definition.kind === "node" ? NODE : EDGE;
  return andThen(findRecord(unit, kind, id as Id), (slot) => {
    if (slot < 0) return undefined;
    const isMeant = catalog.isA(unit.table(kind).types[slot]!, catalog.numberOf(definition.name));
    if (!isMeant) return undefined;
    return kind === NODE ? unit.node(slot) : unit.edge(slot);
  });
}

export function requireRecord(unit: Unit, type: unknown, id: unknown): MaybePromise<Entity> {
  return andThen(getRecord(unit, type, id), (record) => {
    if (record !== undefined) return record;
    const { name } = unit.runtime.catalog.definitionOf(type);
    throw new NotFoundError({
      message: `there is no ${name} ${String(id)} that this principal may read`,
      details: { type: name, id },
    });
  });
}

/** What a transaction's body, and a walk, can do in its unit. */
export class UnitVerbs {
  readonly #unit: Unit;
  readonly #root: () => NodeEntity;

  constructor(unit: Unit, root: () => NodeEntity) {
    this.#unit = unit;
    this.#root = root;
  }

  get root(): NodeEntity {
    return this.#root();
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
    const states = fields.map((each) => definition.create(each));
    return states.map((state) => this.#unit.createNode(definition, state));
  }

  async ensure(type: unknown, key: unknown, fields: unknown = {}): Promise<Entity> {
    const definition = this.#unit.runtime.catalog.definitionOf(type, "node");
    const filter = readFilter(key, definition);
    if (filter === undefined || equalityOn(filter).size === 0) {
      throw new TypeError(
        `ensure takes the fields that tell one ${definition.name} from another, got ${describeKind(key)}`,
      );
    }
    const [found] = (await this.nodes(type, key).limit(1).all()) as Entity[];
    return found ?? this.#unit.createNode(definition, { ...(fields as object), ...(key as object) });
  }

  onCommit(callback: () => unknown): void {
    this.#unit.onCommit(callback);
  }
}
