import { ValidationError } from "../errors.ts";
import { type Filter, type FilterScope, normalizeFilter } from "../model/filter.ts";
import type { Id } from "../model/id.ts";
import { kindOf } from "../model/value-kind.ts";
import type { RecordKind } from "../resident/change-log.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { youngArrayOf } from "../util/young-array.ts";
import { RecentFilters } from "./recent-filters.ts";

export interface Order {
  readonly field: string;
  readonly descending: boolean;
}

/** What a query asks of one set of records: of those it begins with, or of those that a hop leads to. */
export interface Constraints {
  /** The node type, or 0 for any. */
  readonly nodeType: number;
  readonly nodeFilter: Filter | undefined;
  readonly edgeFilter: Filter | undefined;
  readonly order: Order | undefined;
  readonly reverse: boolean;
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

/** A step over edges. */
export interface HopStep extends Constraints {
  readonly kind: "hop";
  readonly direction: "out" | "in" | "both";
  /** The edge type, or 0 for any. */
  readonly edgeType: number;
  readonly depth: readonly [min: number, max: number] | undefined;
}

/** Every record of a type. */
export interface ExtentStep extends Constraints {
  readonly kind: "extent";
  readonly record: RecordKind;
  readonly type: number;
  /** All but this one. */
  readonly except?: Id | undefined;
}

/** Nodes that the caller holds. */
export interface GivenStep extends Constraints {
  readonly kind: "given";
  readonly ids: readonly Id[];
  /** Their slots in the unit the query belongs to; `undefined` where they are looked up by id. */
  readonly slots: readonly number[] | undefined;
}

export type Step = HopStep | ExtentStep | GivenStep;

/** What comes out of a query. */
export type Output = "nodes" | "edges" | "pairs";

// Classes and not literals: a walk makes one of each a visit, see `youngArray`.

/** A query as data: where it begins and how it goes on; what comes out in the end. */
export class Plan {
  readonly steps: readonly Step[];
  readonly output: Output;
  /** Whether this is a page of the result, of which others follow: ties of an order then go by id. */
  readonly isPaged: boolean;

  constructor(steps: readonly Step[], output: Output, isPaged = false) {
    this.steps = steps;
    this.output = output;
    this.isPaged = isPaged;
  }
}

/** A hop as it begins; refined by copies. */
export class PlainHop implements HopStep {
  readonly kind = "hop";
  readonly direction: "out" | "in" | "both";
  readonly depth: readonly [min: number, max: number] | undefined;
  readonly edgeType: number;
  readonly nodeType: number;
  // Set once, by whoever copies a step to refine it.
  edgeFilter: Filter | undefined;
  nodeFilter: Filter | undefined;
  order: Order | undefined = undefined;
  reverse = false;
  limit: number | undefined = undefined;
  after: string | undefined = undefined;

  constructor(
    direction: "out" | "in" | "both",
    depth: HopStep["depth"],
    edgeType: number,
    edgeFilter: Filter | undefined,
    nodeType: number,
    nodeFilter: Filter | undefined,
  ) {
    this.direction = direction;
    this.depth = depth;
    this.edgeType = edgeType;
    this.edgeFilter = edgeFilter;
    this.nodeType = nodeType;
    this.nodeFilter = nodeFilter;
  }
}

/** A node of a unit, to begin with. */
export class NodeStep implements GivenStep {
  readonly kind = "given";
  readonly ids: readonly Id[] = noIds;
  readonly slots: readonly number[];
  readonly nodeType: number = 0;
  readonly nodeFilter: Filter | undefined = undefined;
  readonly edgeFilter: Filter | undefined = undefined;
  readonly order: Order | undefined = undefined;
  readonly reverse: boolean = false;
  readonly limit: number | undefined = undefined;
  readonly after: string | undefined = undefined;

  constructor(slot: number) {
    this.slots = youngArrayOf(slot);
  }
}

const noIds: readonly Id[] = [];

export const unconstrained: Constraints = Object.freeze({
  nodeType: 0,
  nodeFilter: undefined,
  edgeFilter: undefined,
  order: undefined,
  reverse: false,
  limit: undefined,
  after: undefined,
});

/** Caches what a filter object that is written once and used often comes down to. */
const normalized: WeakMap<object, WeakMap<object, Filter>> = new WeakMap();

/** The filter as data. Frozen inputs are normalized once, and so is what was asked a moment ago. */
export function readFilter(input: unknown, scope: TypeDefinition | Catalog): Filter | undefined {
  if (input === undefined) return undefined;
  const known = recentFilters(scope).find(input);
  if (known !== undefined) return known;
  if (typeof input === "object" && input !== null && Object.isFrozen(input)) {
    let byScope = normalized.get(input);
    if (byScope === undefined) {
      byScope = new WeakMap();
      normalized.set(input, byScope);
    }
    let filter = byScope.get(scope);
    if (filter === undefined) {
      filter = normalizeFilter(input, namesOf(scope));
      if (filter !== undefined) byScope.set(scope, filter);
    }
    return filter;
  }
  return remember(input, scope);
}

const recent: WeakMap<object, RecentFilters> = new WeakMap();

function recentFilters(scope: TypeDefinition | Catalog): RecentFilters {
  let filters = recent.get(scope);
  if (filters === undefined) {
    filters = new RecentFilters();
    recent.set(scope, filters);
  }
  return filters;
}

function remember(input: unknown, scope: TypeDefinition | Catalog): Filter | undefined {
  const filter = normalizeFilter(input, namesOf(scope));
  if (filter !== undefined) recentFilters(scope).add(input as object, filter);
  return filter;
}

/** What fields the scope of a step has. */
export function namesOf(scope: TypeDefinition | Catalog): FilterScope {
  if (!("definitions" in scope)) return scope;
  // Of nodes of any type: a field that some type has.
  const types = scope.definitions();
  return {
    name: "records of any type",
    hasField: (field) => types.some((type) => type.hasField(field)),
    get fieldNames() {
      return [...new Set(types.flatMap((type) => type.fieldNames))];
    },
  };
}

/** @throws {ValidationError} `RW_QUERY_INVALID` */
export function readDepth(options: unknown): readonly [number, number] | undefined {
  if (options === undefined) return undefined;
  if (kindOf(options) !== "object")
    throw invalidQuery("the options of a hop are an object, such as { depth: [1, 3] }");
  for (const name of Object.keys(options as object))
    if (name !== "depth") throw invalidQuery(`a hop has no option "${name}"; there is depth`);
  const { depth } = options as { depth?: unknown };
  if (depth === undefined) return undefined;
  const [min, max] =
    typeof depth === "number"
      ? [depth, depth]
      : Array.isArray(depth) && depth.length === 2
        ? (depth as unknown[])
        : [];
  const isCount = (value: unknown): value is number =>
    typeof value === "number" &&
    (Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY) &&
    value >= 0;
  if (!isCount(min) || !isCount(max) || min > max || min === Number.POSITIVE_INFINITY) {
    throw invalidQuery("a depth is a number of edges, or [min, max] with 0 <= min <= max");
  }
  return min === 1 && max === 1 ? undefined : [min, max];
}

export function readCount(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw invalidQuery(
      `${what} takes a whole number from 0, got ${typeof value === "number" ? value : typeof value}`,
    );
  }
  return value;
}

export function invalidQuery(fact: string): ValidationError {
  return new ValidationError({ code: "RW_QUERY_INVALID", message: fact });
}
