import { NotFoundError } from "../errors.ts";
import { requireId } from "../model/id.ts";
import { describeKind } from "../model/value-kind.ts";
import { invalidQuery, readFilter } from "../query/plan.ts";
import { findRecord } from "../query/select.ts";
import { predicate } from "../query/shape.ts";
import { withStates } from "../query/with-states.ts";
import { NODE } from "../resident/change-log.ts";
import type { Catalog } from "../schema/catalog.ts";
import { hostOf, NodeEntity, requireGraph, slotOf } from "../schema/entity.ts";
import { NOW } from "../unit/pending.ts";
import type { FieldsRead, Predicate, TypeMask } from "../unit/read-set.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";

/**
 * The node that was given itself or by its id, as the unit's principal sees it.
 * @throws {NotFoundError} where there is none that the principal may read; {TypeError}
 */
export function findNode(unit: Unit, what: string, node: unknown): MaybePromise<number> {
  let id: unknown = node;
  if (node instanceof NodeEntity) {
    requireGraph(node, unit.graph, what);
    const slot = hostOf(node) === unit ? slotOf(node) : -1;
    if (slot >= 0 && unit.sees(slot) > 0) return slot;
    id = node.id;
  } else if (typeof node !== "string") {
    throw new TypeError(`${what} takes a node or its id, got ${describeKind(node)}`);
  }
  requireId(id);
  return andThen(findRecord(unit, NODE, id), (slot) => {
    if (slot >= 0) return slot;
    throw new NotFoundError({
      message: `${what}: there is no node ${id} that this principal may read`,
      details: { id },
    });
  });
}

/** Which nodes are meant, as data. */
export interface Kind {
  readonly types: TypeMask;
  readonly filter: Predicate | undefined;
}

/** @throws {TypeError} {ValidationError} {GraphError} `RW_UNKNOWN_TYPE` */
export function readKind(catalog: Catalog, type: unknown, where: unknown): Kind {
  const definition = catalog.definitionOf(type, "node");
  const types = catalog.membersOf(catalog.numberOf(definition.name));
  return { types, filter: predicate(readFilter(where, definition)) };
}

/** @throws {ValidationError} `RW_QUERY_INVALID` */
export function refuseWhere(what: string, where: unknown): void {
  if (where !== undefined)
    throw invalidQuery(`${what}: where tests the nodes of a type, and one node was given to go to`);
}

/** Tells nodes that are of the kind from others. What it looked at is guarded by the outcome. */
export class KindTest {
  readonly #unit: Unit;
  readonly #kind: Kind;
  readonly #tested: number[] = [];
  #guard: FieldsRead | undefined;

  constructor(unit: Unit, kind: Kind) {
    this.#unit = unit;
    this.#kind = kind;
  }

  /** @returns their places in the list, in order */
  matching(nodes: readonly number[]): MaybePromise<number[]> {
    const { types, filter } = this.#kind;
    const ofType = this.#unit.runtime.resident.nodes.types;
    const places: number[] = [];
    for (let i = 0; i < nodes.length; i++)
      if (types === undefined || types[ofType[nodes[i]!]!] === 1) places.push(i);
    if (filter === undefined || places.length === 0) return places;
    const slots = places.map((place) => nodes[place]!);
    const { readSet } = this.#unit;
    for (const slot of slots) this.#tested.push(slot);
    this.#guard ??= readSet.addFiltered(filter, this.#tested);
    this.#guard.count = this.#tested.length;
    const found: number[] = [];
    const read = withStates(this.#unit, NODE, slots, NOW, (at, state) => {
      if (filter.test(state)) found.push(places[at]!);
    });
    return andThen(read, () => found);
  }
}
