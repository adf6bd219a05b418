import type { Filter } from "../model/filter.ts";
import { filterText, valueText } from "../model/filter-text.ts";
import type { LookupRequest } from "../persistence/store.ts";
import { NODE } from "../resident/change-log.ts";
import type { Loader } from "../resident/loader.ts";
import type {
  ExplainedCost,
  ExplainedFilter,
  ExplainedHandOut,
  ExplainedLookup,
  ExplainedSource,
  ExplainedStep,
  Explanation,
} from "../types/explanation.ts";
import type { ExtentDecision, ReadObserver } from "../unit/read-observer.ts";
import type { Unit } from "../unit/unit.ts";
import { printAs } from "../util/print-as.ts";
import type { Plan, Step } from "./plan.ts";
import { hasWritten } from "./run-hop.ts";

/** What a step was observed to do. */
class Observed {
  origins = 0;
  results = 0;
  stopsEarly = false;
  extent: ExtentDecision | undefined = undefined;
  tallied: readonly number[] | undefined = undefined;
  sorted: number | undefined = undefined;
  readonly cost: Tally = new Tally();
}

class Tally implements ExplainedCost {
  hits = 0;
  misses = 0;
  pages = 0;
  fetches = 0;
  statements = 0;
  rows = 0;
}

/** Watches one run of a plan and tells what it did. All decisions are told by those who make them. */
export class Explainer implements ReadObserver {
  readonly loader: Loader;
  readonly ended: Promise<void>;
  #end!: () => void;
  readonly #unit: Unit;
  readonly #plan: Plan;
  readonly #began: number;
  readonly #mergesOwnWrites: boolean;
  readonly #steps: Observed[] = [];
  readonly #after: Tally = new Tally();
  #now: Tally = this.#after;

  constructor(unit: Unit, plan: Plan) {
    this.#unit = unit;
    this.#plan = plan;
    this.#began = unit.runtime.scheduler.now();
    this.#mergesOwnWrites = hasWritten(unit);
    this.loader = unit.runtime.loader.counted(() => this.#now);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#end();
  }

  /** What is known of a step; of steps of other plans, and of what is read for the results, nothing is kept. */
  #observed(step: object): Observed {
    return this.#steps[this.#plan.steps.indexOf(step as Step)] ?? new Observed();
  }

  hit(count: number): void {
    this.#now.hits += count;
  }

  missed(count: number): void {
    this.#now.misses += count;
  }

  stepBegun(plan: object, at: number, origins: number): void {
    if (plan !== this.#plan) return;
    const step = new Observed();
    step.origins = origins;
    this.#steps[at] = step;
    this.#now = step.cost;
  }

  stepDone(plan: object, at: number, results: number): void {
    if (plan !== this.#plan) return;
    this.#steps[at]!.results = results;
    this.#now = this.#after;
  }

  hopDecided(step: object, stopsEarly: boolean): void {
    this.#observed(step).stopsEarly = stopsEarly;
  }

  extentDecided(step: object, decision: ExtentDecision): void {
    const observed = this.#observed(step);
    observed.extent = decision;
    observed.stopsEarly = decision.isOrdered;
  }

  extentTallied(step: object, types: readonly number[]): void {
    this.#observed(step).tallied = types;
  }

  sorted(step: object, count: number): void {
    this.#observed(step).sorted = count;
  }

  /** @param results what the query gave; @param query as it prints */
  explanation(query: string, of: "all" | "count", results: number): Explanation {
    const { principal, judgesByRule, runtime } = this.#unit;
    const steps = this.#steps.map((observed, at) => this.#explained(observed, this.#plan.steps[at]!));
    const total = new Tally();
    for (const cost of [...this.#steps.map((step) => step.cost), this.#after]) {
      for (const name of Object.keys(total) as (keyof Tally)[]) total[name] += cost[name];
    }
    return new QueryExplanation({
      query,
      of,
      access: principal.isSystem ? "everything" : judgesByRule ? "grants and rules" : "grants",
      steps,
      handOut: of === "count" ? undefined : { records: results, cost: this.#told(this.#after) },
      results,
      ms: runtime.scheduler.now() - this.#began,
      cost: this.#told(total),
    });
  }

  /** What is read says how many there are of what the principal may not see, so that is for the system root alone. */
  #told(cost: Tally): ExplainedCost | undefined {
    return this.#unit.principal.isSystem ? Object.freeze({ ...cost }) : undefined;
  }

  #explained(observed: Observed, step: Step): ExplainedStep {
    const { order, reverse, limit } = step;
    const isTallied = observed.tallied !== undefined;
    return {
      over: this.#source(observed, step),
      filters: this.#filters(observed, step),
      order:
        step.kind === "given" || isTallied
          ? undefined
          : {
              by: order !== undefined ? { field: order.field } : step.kind === "hop" ? "connection" : "id",
              direction: (order?.descending === true) !== reverse ? "desc" : "asc",
              from: observed.sorted === undefined ? "reading" : "sorting",
              sorted: observed.sorted,
            },
      limit:
        limit === undefined
          ? undefined
          : { count: limit, stops: observed.stopsEarly ? "reading" : "after reading" },
      mergesOwnWrites: this.#mergesOwnWrites && step.kind !== "given",
      results: observed.results,
      cost: this.#told(observed.cost),
    };
  }

  #source({ origins, extent, tallied, results }: Observed, step: Step): ExplainedSource {
    const { catalog } = this.#unit.runtime;
    const name = (type: number): string => catalog.definition(type).name;
    if (step.kind === "given") {
      // How many of them there are and may not be seen is nobody's business.
      return { kind: "nodes", count: results };
    }
    if (step.kind === "hop") {
      const { direction, edgeType, depth } = step;
      return {
        kind: "hop",
        direction,
        edgeType: edgeType === 0 ? undefined : name(edgeType),
        depth,
        origins,
      };
    }
    if (tallied !== undefined) return { kind: "tally", types: tallied.map(name) };
    // A limit of none, or one of no values.
    if (extent === undefined || extent.lookups?.length === 0)
      return { kind: "nothing", type: name(step.type) };
    const { lookups, types } = extent;
    const [first] = lookups ?? [];
    if (lookups === undefined || first === undefined) return { kind: "scan", types: types.map(name) };
    const { name: index, fields } = catalog.index(first.index);
    return {
      kind: "index",
      type: name(step.type),
      index,
      lookups: lookups.map((lookup) => explainedLookup(lookup, fields)),
    };
  }

  #filters({ extent }: Observed, step: Step): ExplainedFilter[] {
    const { catalog } = this.#unit.runtime;
    const found: ExplainedFilter[] = [];
    if (step.nodeType !== 0)
      found.push({ on: "node", test: `is a ${catalog.definition(step.nodeType).name}`, at: "L1 column" });
    for (const test of conjuncts(step.edgeFilter))
      found.push({ on: "edge", test: filterText(test), at: "fields" });
    const lookups = step.kind === "extent" && step.record === NODE ? extent?.lookups : undefined;
    const [first] = lookups ?? [];
    const fields = first === undefined ? [] : catalog.index(first.index).fields;
    for (const test of conjuncts(step.nodeFilter))
      found.push({ on: "node", test: filterText(test), at: placeOf(test, lookups, fields) });
    return found;
  }
}

function explainedLookup({ equals, range }: LookupRequest, fields: readonly string[]): ExplainedLookup {
  return {
    equals: Object.fromEntries(equals.map((value, at) => [fields[at]!, value])),
    range: range === undefined ? undefined : { field: fields[equals.length]!, ...range },
  };
}

/** Where a test of an extent's records was made: which of them the lookups stand for. */
function placeOf(
  test: Filter,
  lookups: readonly LookupRequest[] | undefined,
  fields: readonly string[],
): ExplainedFilter["at"] {
  const [first] = lookups ?? [];
  if (test.kind !== "field" || first === undefined) return "fields";
  const { equals, range } = first;
  const at = fields.indexOf(test.field);
  if (at >= 0 && at < equals.length && (test.op === "eq" || test.op === "oneOf")) return "index key";
  if (at !== equals.length || range === undefined) return "fields";
  switch (test.op) {
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return "index range";
    case "startsWith":
      return range.low === test.value ? "index range" : "fields";
    default:
      return "fields";
  }
}

function conjuncts(filter: Filter | undefined): readonly Filter[] {
  if (filter === undefined) return [];
  return filter.kind === "and" ? filter.parts.flatMap(conjuncts) : [filter];
}

class QueryExplanation implements Explanation {
  readonly query: string;
  readonly of: "all" | "count";
  readonly access: Explanation["access"];
  readonly steps: readonly ExplainedStep[];
  readonly handOut: ExplainedHandOut | undefined;
  readonly results: number;
  readonly ms: number;
  readonly cost: ExplainedCost | undefined;

  constructor(told: Omit<Explanation, "toString">) {
    this.query = told.query;
    this.of = told.of;
    this.access = told.access;
    this.steps = told.steps;
    this.handOut = told.handOut;
    this.results = told.results;
    this.ms = told.ms;
    this.cost = told.cost;
    Object.freeze(this);
  }

  toString(): string {
    const lines = [`${this.query}.${this.of}()`];
    for (const [at, step] of this.steps.entries()) {
      lines.push(
        `${at + 1} ${sourceText(step.over)}: ${amount(step.results, "result")}${costText(step.cost)}`,
      );
      for (const line of detailsOf(step)) lines.push(`    ${line}`);
    }
    if (this.handOut?.cost !== undefined && this.handOut.cost.fetches > 0)
      lines.push(`then the fields of the results${costText(this.handOut.cost)}`);
    const seen = this.access === "everything" ? "sees everything" : `sees what ${this.access} allow`;
    lines.push(
      `${amount(this.results, "result")} in ${this.ms.toFixed(2)} ms${costText(this.cost)}; the principal ${seen}`,
    );
    return lines.join("\n");
  }
}

printAs(QueryExplanation);

function sourceText(over: ExplainedSource): string {
  switch (over.kind) {
    case "nodes":
      return `from ${amount(over.count, "node")}`;
    case "hop": {
      const depth = over.depth === undefined ? "" : `, depth ${over.depth.join(" to ")}`;
      return `${over.direction}(${over.edgeType ?? "any edge"}${depth}) from ${amount(over.origins, "node")}`;
    }
    case "index": {
      const shown = over.lookups
        .slice(0, 3)
        .map(lookupText)
        .filter((text) => text !== "");
      const rest = over.lookups.length > 3 ? `, and ${over.lookups.length - 3} more` : "";
      return `index ${over.index}${shown.length > 0 ? ` where ${shown.join(", or ")}` : ""}${rest}`;
    }
    case "scan":
      return `scan of ${over.types.join(", ")}`;
    case "nothing":
      return `none of ${over.type}`;
    case "tally":
      return `count of ${over.types.join(", ")} by the store`;
  }
}

function lookupText({ equals, range }: ExplainedLookup): string {
  const parts = Object.entries(equals).map(([field, value]) => `${field} = ${valueText(value)}`);
  if (range !== undefined) {
    const { field, low, lowOpen, high, highOpen } = range;
    if (low !== undefined) parts.push(`${field} ${lowOpen ? ">" : ">="} ${valueText(low)}`);
    if (high !== undefined) parts.push(`${field} ${highOpen ? "<" : "<="} ${valueText(high)}`);
  }
  return parts.join(" and ");
}

const places: Readonly<Record<ExplainedFilter["at"], string>> = {
  "index key": "by the index key",
  "index range": "by the index range",
  "L1 column": "by its type, which L1 holds",
  fields: "by its fields",
};

function detailsOf({ over, filters, order, limit, mergesOwnWrites }: ExplainedStep): string[] {
  const lines = filters.map(({ on, test, at }) => `${on} ${test}: ${places[at]}`);
  if (order !== undefined && (order.from === "sorting" || typeof order.by !== "string")) {
    const by = typeof order.by === "string" ? order.by : order.by.field;
    const how =
      order.from === "sorting"
        ? `${amount(order.sorted!, "record")} sorted in memory`
        : `as the ${over.kind} gives it`;
    lines.push(`order by ${by}${order.direction === "desc" ? ", descending" : ""}: ${how}`);
  }
  if (limit !== undefined)
    lines.push(
      `limit ${limit.count}: ${limit.stops === "reading" ? "reading stops there" : "cut when all are read"}`,
    );
  if (mergesOwnWrites) lines.push("with what the unit of work has written");
  return lines;
}

function costText(cost: ExplainedCost | undefined): string {
  if (cost === undefined) return "";
  const { hits, misses, pages, fetches, statements, rows } = cost;
  const l1 = hits + misses === 0 ? [] : [`L1 ${amount(hits, "hit")} ${amount(misses, "miss")}`];
  const read =
    pages + fetches === 0
      ? ["nothing read from the store"]
      : [
          `store ${[
            ...(pages > 0 ? [amount(pages, "page")] : []),
            ...(fetches > 0 ? [amount(fetches, "fetch")] : []),
            amount(statements, "statement"),
            amount(rows, "row"),
          ].join(" ")}`,
        ];
  return ` (${[...l1, ...read].join("; ")})`;
}

function amount(count: number, noun: string): string {
  const many = /(s|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;
  return `${count} ${count === 1 ? noun : many}`;
}
