import { ValidationError } from "../errors.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import { invalidQuery } from "../query/plan.ts";
import { withStates } from "../query/with-states.ts";
import { EDGE } from "../resident/change-log.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { NOW } from "../unit/pending.ts";
import type { FieldsRead } from "../unit/read-set.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import type { Search } from "./search.ts";

/** The name of a field of edges, or a function of their fields. */
export type Weight = string | ((edge: object) => unknown);

/** @throws {TypeError} */
export function readWeight(weight: unknown): Weight | undefined {
  if (weight === undefined || typeof weight === "string" || typeof weight === "function")
    return weight as Weight | undefined;
  throw new TypeError(`weight takes a field of the edges or a function of them, got ${describeKind(weight)}`);
}

/** Weighs edges. The fields that it looks at are guarded. */
export class Scale {
  readonly #unit: Unit;
  readonly #search: Search;
  readonly #weight: Weight;
  readonly #weighed: number[] = [];
  readonly #guard: FieldsRead;

  /** @throws {ValidationError} `RW_QUERY_INVALID` for a field that none of the edges has */
  constructor(search: Search, weight: Weight) {
    this.#search = search;
    this.#unit = search.unit;
    this.#weight = weight;
    const types = edgeTypesOf(search);
    if (typeof weight === "string" && !types.some((type) => type.hasField(weight)))
      throw invalidQuery(`weight: no edge that along follows has a field ${JSON.stringify(weight)}`);
    const fields =
      typeof weight === "string" ? [weight] : [...new Set(types.flatMap((type) => type.fieldNames))];
    this.#guard = search.unit.readSet.addFields(EDGE, fields, this.#weighed);
  }

  /**
   * The weights of edges, in order.
   * @throws {ValidationError} `RW_WEIGHT_INVALID` for one that is no number from 0, and what a function throws
   */
  weigh(edges: readonly number[]): MaybePromise<readonly number[]> {
    this.#search.take(edges.length);
    for (const edge of edges) this.#weighed.push(edge);
    this.#guard.count = this.#weighed.length;
    const weights: number[] = new Array<number>(edges.length).fill(Number.POSITIVE_INFINITY);
    return andThen(
      withStates(this.#unit, EDGE, edges, NOW, (at, state) => {
        weights[at] = this.#weightOf(edges[at]!, state);
      }),
      () => weights,
    );
  }

  #weightOf(edge: number, state: RecordState): number {
    const { catalog, resident } = this.#unit.runtime;
    const weight = this.#weight;
    this.#unit.refuseDamaged(EDGE, edge, state);
    const definition = catalog.definition(resident.edges.types[edge]!);
    const value: unknown = typeof weight === "string" ? state[weight] : weight(definition.view(state));
    if (typeof value === "number" && value >= 0) return value;
    const id = resident.edges.idOf(edge);
    const shown = value === undefined ? "absent" : typeof value === "number" ? value : describeKind(value);
    throw new ValidationError({
      code: "RW_WEIGHT_INVALID",
      message: `the weight of ${definition.name} ${id} is ${shown}: a weight is a number from 0`,
      path: typeof weight === "string" ? [weight] : [],
      valueKind: Number.isNaN(value) ? "NaN" : kindOf(value),
      details: { id, type: definition.name },
    });
  }
}

function edgeTypesOf({ unit, hops }: Search): TypeDefinition[] {
  const { catalog } = unit.runtime;
  const numbers = new Set(hops.flatMap((hop) => hop.edgeNumbers ?? catalog.edgeNumbers));
  return [...numbers].map((number) => catalog.definition(number));
}
