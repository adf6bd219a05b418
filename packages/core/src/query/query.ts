import type { Principal } from "../access/principal.ts";
import { NotFoundError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import type { Catalog } from "../schema/catalog.ts";
import { definitionOf, type TypeDefinition } from "../schema/definition.ts";
import type { EdgeEntity, Entity, NodeEntity } from "../schema/entity.ts";
import type { Explanation } from "../types/explanation.ts";
import { NOW } from "../unit/pending.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, isPromise, type MaybePromise } from "../util/maybe-async.ts";
import { printAs } from "../util/print-as.ts";
import { youngArray, youngArrayOf, youngPair } from "../util/young-array.ts";
import { type AggregateName, columnOf, type FieldOf, folds, grouped } from "./aggregate.ts";
import { requireCursorOf, writeCursor } from "./cursor.ts";
import { Explainer } from "./explain.ts";
import { NestedStart, nestedPart } from "./nested.ts";
import {
  type Constraints,
  type HopStep,
  invalidQuery,
  NodeStep,
  namesOf,
  type Output,
  PlainHop,
  Plan,
  readCount,
  readDepth,
  readFilter,
  type Step,
} from "./plan.ts";
import { queryText } from "./query-text.ts";
import { partOf, RowShape, requireField, rowShape } from "./row-shape.ts";
import { type NestedPart, PairRows, RecordRows, type RowReader } from "./rows.ts";
import { keepRuledEnds, type Selection, select, selectHop } from "./select.ts";
import { type HandOut, SelectQuery } from "./select-query.ts";
import { bothFilters } from "./shape.ts";
import { tally } from "./tally.ts";
import { STRETCH, withStates } from "./with-states.ts";

/** Where a query runs: in the unit it was made in, or, made outside, in a unit of its own for each reading. */
export interface QueryContext {
  readonly catalog: Catalog;
  /** The unit that the query belongs to; `undefined` for one made outside. */
  readonly unit: Unit | undefined;
  within<T>(body: (unit: Unit) => MaybePromise<T>): MaybePromise<T>;
  /** Of queries made outside of units: whose they are, and what makes them follow the graph. */
  readonly following?: Following;
}

/** What a session does for those of its queries that are to follow the graph. */
export interface Following {
  readonly principal: Principal;
  live(read: (unit: Unit) => MaybePromise<readonly unknown[]>, options: unknown): unknown;
}

/** Of the queries within `select`, which are not run by themselves. */
class NestedContext implements QueryContext {
  readonly catalog: Catalog;
  readonly unit: undefined = undefined;

  constructor(catalog: Catalog) {
    this.catalog = catalog;
  }

  within(): never {
    throw invalidQuery("a query within select is run with the whole");
  }
}

const DEFAULT_PAGE = 100;
const noParts: readonly NestedPart[] = [];

interface Page<T> {
  readonly items: T[];
  readonly next: string | undefined;
}

type Result = NodeEntity | EdgeEntity | { readonly edge: EdgeEntity; readonly node: NodeEntity };

/**
 * A lazy reference to records: a plan and where to run it. Reads nothing until asked for results, and is not a
 * thenable. One class serves nodes, edges and pairs; the public interfaces say which steps each has.
 */
export class Query {
  readonly #context: QueryContext;
  /** Of a query over one hop from one node of the unit it is made as late as that; see `hopFrom`. */
  #madePlan: Plan | undefined;
  readonly #origin: number;
  readonly #hopStep: HopStep | undefined;
  readonly #output: Output;

  /**
   * @param plan without it, one `hop` from one node
   * @param origin the slot of that node
   */
  constructor(
    context: QueryContext,
    plan: Plan | undefined,
    origin = -1,
    hop: HopStep | undefined = undefined,
    output: Output = plan!.output,
  ) {
    this.#context = context;
    this.#madePlan = plan;
    this.#origin = origin;
    this.#hopStep = hop;
    this.#output = output;
  }

  get plan(): Plan {
    this.#madePlan ??= new Plan(youngPair<Step>(new NodeStep(this.#origin), this.#hopStep!), this.#output);
    return this.#madePlan;
  }

  /** The last step, or the only hop there is. */
  get last(): Step {
    return this.#hopStep ?? this.plan.steps[this.plan.steps.length - 1]!;
  }

  get output(): Output {
    return this.#output;
  }

  get context(): QueryContext {
    return this.#context;
  }

  // ---- steps -------------------------------------------------------------------------------------------------

  out(type?: unknown, filter?: unknown, options?: unknown): Query {
    return this.#hop("out", type, filter, options);
  }

  in(type?: unknown, filter?: unknown, options?: unknown): Query {
    return this.#hop("in", type, filter, options);
  }

  both(type?: unknown, filter?: unknown, options?: unknown): Query {
    return this.#hop("both", type, filter, options);
  }

  #hop(direction: "out" | "in" | "both", type: unknown, filter: unknown, options: unknown): Query {
    if (this.#output !== "nodes") throw invalidQuery("a hop goes on from nodes, not from edges or pairs");
    const step = hopStep(this.#context.catalog, direction, type, filter, options);
    return new Query(this.#context, new Plan([...this.plan.steps, step], "nodes"));
  }

  ofType(type: unknown, filter?: unknown): Query {
    const { catalog } = this.#context;
    const last = this.last;
    if (this.#output === "edges") {
      const definition = catalog.definitionOf(type, "edge");
      const number = catalog.numberOf(definition.name);
      const edgeFilter = bothFilters(last.edgeFilter, readFilter(filter, definition));
      if (last.kind === "hop")
        return this.#with({ edgeType: this.#narrower(last.edgeType, number), edgeFilter });
      if (last.kind === "extent") return this.#with({ type: this.#narrower(last.type, number), edgeFilter });
      throw invalidQuery("ofType of edges goes with a hop or edges of a type");
    }
    const definition = catalog.definitionOf(type, "node");
    const number = catalog.numberOf(definition.name);
    const nodeFilter = bothFilters(last.nodeFilter, readFilter(filter, definition));
    if (last.kind === "extent") return this.#with({ type: this.#narrower(last.type, number), nodeFilter });
    return this.#with({ nodeType: this.#narrower(last.nodeType, number), nodeFilter });
  }

  /** The one of two types that extends the other; that nothing is both is an answer too, and an empty one. */
  #narrower(known: number, asked: number): number {
    const { catalog } = this.#context;
    if (known === 0 || catalog.isA(asked, known)) return asked;
    if (catalog.isA(known, asked)) return known;
    throw invalidQuery(`no ${catalog.definition(known).name} is a ${catalog.definition(asked).name}`);
  }

  filter(filter: unknown): Query {
    const last = this.last;
    const scope = this.#scope();
    if (this.#output === "edges")
      return this.#set("edgeFilter", bothFilters(last.edgeFilter, readFilter(filter, scope)));
    return this.#set("nodeFilter", bothFilters(last.nodeFilter, readFilter(filter, scope)));
  }

  orderBy(field: unknown, direction: unknown = "asc"): Query {
    if (typeof field !== "string") throw new TypeError(`orderBy takes a field, got ${describeKind(field)}`);
    const scope = this.#scope();
    const known =
      "definitions" in scope
        ? scope.definitions().some((type) => type.hasField(field))
        : scope.hasField(field);
    if (!known) {
      const fields =
        "definitions" in scope ? "" : ` of ${scope.name}, which has ${scope.fieldNames.join(", ")}`;
      throw invalidQuery(`orderBy takes a field, ${JSON.stringify(field)} is none${fields}`);
    }
    if (direction !== "asc" && direction !== "desc") throw invalidQuery('the direction is "asc" or "desc"');
    return this.#set("order", { field, descending: direction === "desc" });
  }

  reverse(): Query {
    return this.#set("reverse", !this.last.reverse);
  }

  /** All records of a type but this one: for the facade, which leaves the system root out of the roots. */
  except(id: Id): Query {
    return this.#with({ except: id });
  }

  limit(count: unknown): Query {
    return this.#set("limit", readCount(count, "limit"));
  }

  after(cursor: unknown): Query {
    if (cursor === undefined) return this.#set("after", undefined);
    if (typeof cursor !== "string") throw new TypeError("after takes a cursor that page() gave");
    if (!this.#isPageable())
      throw invalidQuery(
        "a cursor over several hops, or from several nodes, needs orderBy: say by which field",
      );
    return this.#set("after", cursor);
  }

  edges(): Query {
    if (this.last.kind !== "hop") throw invalidQuery("edges() follows a hop: out, in or both");
    return this.#as("edges");
  }

  pairs(): Query {
    if (this.last.kind !== "hop") throw invalidQuery("pairs() follows a hop: out, in or both");
    return this.#as("pairs");
  }

  #as(output: Output): Query {
    if (this.#hopStep !== undefined)
      return new Query(this.#context, undefined, this.#origin, this.#hopStep, output);
    return new Query(this.#context, new Plan(this.plan.steps, output));
  }

  /** As `#with`, of one constraint: a hop takes it in a tenth of the time. */
  #set<Name extends Exclude<keyof Constraints, "nodeType">>(name: Name, value: PlainHop[Name]): Query {
    const hop = this.#hopStep;
    if (hop === undefined) return this.#with({ [name]: value });
    const step = plainHopOf(hop);
    step[name] = value;
    return new Query(this.#context, undefined, this.#origin, step, this.#output);
  }

  #with(changes: object): Query {
    if (this.#hopStep !== undefined) {
      const step = Object.assign(plainHopOf(this.#hopStep), changes);
      return new Query(this.#context, undefined, this.#origin, step, this.#output);
    }
    const steps = this.plan.steps.slice();
    // One spread and assignments copy a step in 30 ns, two spreads in 300.
    steps[steps.length - 1] = Object.assign({ ...this.last }, changes) as Step;
    return new Query(this.#context, new Plan(steps, this.#output, this.plan.isPaged));
  }

  /** What the fields of the results are: those of a type, or of any. */
  #scope(output: Output = this.#output): TypeDefinition | Catalog {
    const { catalog } = this.#context;
    const last = this.last;
    if (last.kind === "extent") return catalog.definition(last.type);
    if (output === "edges")
      return last.kind === "hop" && last.edgeType !== 0 ? catalog.definition(last.edgeType) : catalog;
    if (last.nodeType !== 0) return catalog.definition(last.nodeType);
    if (last.kind !== "hop" || last.edgeType === 0 || last.direction === "both") return catalog;
    const edge = catalog.definition(last.edgeType);
    const end = edge.undirected
      ? undefined
      : last.direction === "out"
        ? edge.ends?.target()
        : edge.ends?.source();
    const name = end === undefined ? undefined : definitionOf(end)?.name;
    return name === undefined ? catalog : catalog.definition(catalog.numberOf(name));
  }

  select(...fields: unknown[]): SelectQuery {
    return new SelectQuery(this, this.rowsOf(fields));
  }

  /** The rows that `select` with these arguments gives. */
  rowsOf(fields: readonly unknown[]): RowReader {
    if (this.#output !== "pairs") return this.#recordRows(this.#output, fields);
    const [shape] = fields;
    const { edge, node, ...rest } = (kindOf(shape) === "object" ? shape : {}) as Readonly<
      Record<string, unknown>
    >;
    if (
      kindOf(edge) !== "object" ||
      kindOf(node) !== "object" ||
      Object.keys(rest).length + fields.length > 1
    )
      throw new TypeError("select of pairs takes { edge: { field: true }, node: { field: true } }");
    return new PairRows(this.#recordRows("edges", [edge]), this.#recordRows("nodes", [node]));
  }

  #recordRows(output: Output, fields: readonly unknown[]): RecordRows {
    const scope = this.#scope(output);
    const kind = output === "edges" ? EDGE : NODE;
    const [shape] = fields;
    if (fields.length !== 1 || kindOf(shape) !== "object")
      return new RecordRows(kind, rowShape(scope, kind === EDGE, fields), noParts);
    const given = Object.entries(shape as object);
    const nested = given.flatMap(([name, value]) =>
      typeof value === "function" ? [this.#nestedPart(scope, output, name, value)] : [],
    );
    for (const [name, value] of given)
      if (value !== true && typeof value !== "function")
        throw new TypeError(`select takes { ${name}: true } for a field, got ${describeKind(value)}`);
    const names = given.map(([name]) => name);
    if (nested.length === 0) return new RecordRows(kind, rowShape(scope, kind === EDGE, names), noParts);
    const parts = given.map(([name, value]) =>
      typeof value === "function" ? "nested" : partOf(scope, kind === EDGE, name),
    );
    return new RecordRows(kind, new RowShape(namesOf(scope).name, names, parts), nested);
  }

  #nestedPart(scope: TypeDefinition | Catalog, output: Output, name: string, read: unknown): NestedPart {
    if (output === "edges")
      throw invalidQuery(`select: ${name} is read from an edge; read from nodes, or from those of pairs()`);
    if (name === "id" || name === "__proto__" || (!("definitions" in scope) && scope.hasField(name)))
      throw invalidQuery(
        `select: ${name} is a property of the record; give what is read from it another name`,
      );
    const { catalog } = this.#context;
    const origin = new NodeStep(-1);
    const start = new NestedStart((direction, type, filter, options) => {
      const hop = hopStep(catalog, direction, type, filter, options);
      return new Query(new NestedContext(catalog), new Plan(youngPair<Step>(origin, hop), "nodes"));
    });
    return nestedPart(name, read as (each: NestedStart) => unknown, start, origin);
  }

  // ---- results -----------------------------------------------------------------------------------------------

  async all(): Promise<Result[]> {
    const { unit } = this.#context;
    // In a unit, without a closure: a handler asks so at each visit.
    if (unit !== undefined) return this.#read(unit, Number.POSITIVE_INFINITY);
    return this.#context.within((own) => this.#read(own, Number.POSITIVE_INFINITY));
  }

  async first(): Promise<Result | undefined> {
    return this.#context.within((unit) => andThen(this.#read(unit, 1), (results) => results[0]));
  }

  async one(): Promise<Result> {
    return this.oneAs((unit, found) => handOut(unit, found, this.#output));
  }

  /** What its results are, for people. */
  #resultName(): string {
    const scope = this.#scope();
    if (!("definitions" in scope)) return scope.name;
    return this.#output === "edges" ? "edge" : "node";
  }

  async count(): Promise<number> {
    return this.#context.within((unit) => this.#count(unit));
  }

  #count(unit: Unit): MaybePromise<number> {
    const counted = this.#hopStep === undefined ? tally(unit, this.plan) : undefined;
    if (counted === undefined)
      return andThen(this.find(unit, Number.POSITIVE_INFINITY, NOW, false), ({ nodes }) => nodes.length);
    if (unit.tracer === undefined) return counted;
    return andThen(counted, (count) => {
      unit.tracer?.read(this.toString(), count);
      return count;
    });
  }

  async exists(): Promise<boolean> {
    return this.#context.within((unit) =>
      andThen(this.find(unit, 1, NOW, false), ({ nodes }) => nodes.length > 0),
    );
  }

  async sum(field: unknown): Promise<unknown> {
    return this.#aggregate("sum", field);
  }

  async avg(field: unknown): Promise<unknown> {
    return this.#aggregate("avg", field);
  }

  async min(field: unknown): Promise<unknown> {
    return this.#aggregate("min", field);
  }

  async max(field: unknown): Promise<unknown> {
    return this.#aggregate("max", field);
  }

  async countBy(field: unknown): Promise<unknown> {
    return this.#aggregate("countBy", field);
  }

  async groupBy(field: unknown): Promise<Map<unknown, Result[]>> {
    const where = this.fieldOf("groupBy", field);
    return this.#context.within((unit) =>
      andThen(this.find(unit, Number.POSITIVE_INFINITY), (found) =>
        groupsOf(unit, found, this.#output, where),
      ),
    );
  }

  #aggregate(verb: AggregateName, field: unknown): MaybePromise<unknown> {
    const where = this.fieldOf(verb, field);
    return this.#context.within((unit) =>
      andThen(this.find(unit, Number.POSITIVE_INFINITY), (found) => {
        const kind = this.#output === "edges" ? EDGE : NODE;
        const slots = kind === EDGE ? found.edges! : found.nodes;
        return andThen(columnOf(unit, kind, slots, where.field), ({ values }) => folds[verb](values, where));
      }),
    );
  }

  /** @throws {ValidationError} `RW_QUERY_INVALID` {TypeError} for what is no field of the results */
  fieldOf(verb: string, field: unknown): FieldOf {
    if (this.#output === "pairs")
      throw invalidQuery(`${verb} goes with nodes or edges, not with pairs of them`);
    const scope = this.#scope();
    requireField(scope, field, verb);
    return { verb, type: namesOf(scope).name, field };
  }

  async ids(): Promise<Id[]> {
    return this.#context.within((unit) =>
      andThen(this.find(unit, Number.POSITIVE_INFINITY, NOW, false), ({ nodes, edges }) => {
        const { resident } = unit.runtime;
        return edges === undefined
          ? nodes.map((node) => resident.nodes.idOf(node))
          : edges.map((edge) => resident.edges.idOf(edge));
      }),
    );
  }

  async page(): Promise<Page<Result>> {
    return this.pageAs((unit, found) => handOut(unit, found, this.#output));
  }

  [Symbol.asyncIterator](): AsyncGenerator<Result, void, undefined> {
    return this.eachAs((unit, found) => handOut(unit, found, this.#output));
  }

  async allAs<T>(hand: HandOut<T>, most: number): Promise<T[]> {
    return this.#handed(hand, most);
  }

  // Throws in the caller's own turn where it can, so that the error's trace leads to the caller.
  async oneAs<T>(hand: HandOut<T>): Promise<T> {
    return andThen(this.#handed(hand, 2), (results) => {
      if (results.length === 0)
        throw new NotFoundError({ message: `one(): no ${this.#resultName()} matches` });
      if (results.length > 1)
        throw new NotFoundError({
          code: "RW_NOT_SINGLE",
          message: `one(): more than one ${this.#resultName()} matches`,
        });
      return results[0]!;
    });
  }

  #handed<T>(hand: HandOut<T>, most: number): MaybePromise<T[]> {
    return this.#context.within((unit) => {
      const found = this.find(unit, most);
      if (isPromise(found)) return found.then((selection) => hand(unit, selection));
      return hand(unit, found as Selection);
    });
  }

  async pageAs<T>(hand: HandOut<T>): Promise<Page<T>> {
    return this.#context.within((unit) => this.#page(unit, hand));
  }

  async *eachAs<T>(hand: HandOut<T>): AsyncGenerator<T, void, undefined> {
    const last = this.last;
    // To bring neighbours into an order all of them are read anyway.
    const isSorted = last.kind === "hop" && last.order !== undefined;
    if (this.#context.unit !== undefined || isSorted || !this.#isPageable()) {
      yield* await this.allAs(hand, Number.POSITIVE_INFINITY);
      return;
    }
    // Outside a unit each page is of one moment, and what is read is never held whole.
    let left = last.limit ?? Number.POSITIVE_INFINITY;
    let query: Query = this;
    while (left > 0) {
      const { items, next } = await query.limit(Math.min(left, DEFAULT_PAGE)).pageAs(hand);
      yield* items;
      left -= items.length;
      if (next === undefined) return;
      query = this.after(next);
    }
  }

  async explain(of: unknown = "all"): Promise<Explanation> {
    return this.explainAs((unit, found) => handOut(unit, found, this.#output), of, this.toString());
  }

  /** @param text what is explained, as it prints */
  async explainAs(hand: HandOut<unknown>, of: unknown, text: string): Promise<Explanation> {
    if (of !== "all" && of !== "count") throw new TypeError('explain takes "all" or "count"');
    return this.#context.within((unit) => this.#explain(unit, hand, of, text));
  }

  /** Runs the plan by the same calls as `all` and `count` do, and has them observed. */
  async #explain(
    unit: Unit,
    hand: HandOut<unknown>,
    of: "all" | "count",
    text: string,
  ): Promise<Explanation> {
    // One after another: what is read is told to one observer.
    while (unit.observer !== undefined) await unit.observer.ended;
    this.#checkCursors(unit);
    const { plan } = this;
    const explainer = new Explainer(unit, plan);
    unit.observer = explainer;
    try {
      const results = await (of === "count" ? this.#countByPlan(unit) : this.#handedOut(unit, hand));
      return explainer.explanation(text, of, results);
    } finally {
      unit.observer = undefined;
      explainer.end();
    }
  }

  #countByPlan(unit: Unit): MaybePromise<number> {
    const { plan } = this;
    return (
      tally(unit, plan) ??
      andThen(select(unit, plan, Number.POSITIVE_INFINITY, NOW, false), ({ nodes }) => nodes.length)
    );
  }

  #handedOut(unit: Unit, hand: HandOut<unknown>): MaybePromise<number> {
    return andThen(select(unit, this.plan, Number.POSITIVE_INFINITY, NOW, true), (found) =>
      andThen(hand(unit, found), ({ length }) => length),
    );
  }

  live(options?: unknown): unknown {
    return this.liveAs((unit, found) => handOut(unit, found, this.#output), options);
  }

  liveAs(hand: HandOut<unknown>, options: unknown): unknown {
    const { following } = this.#context;
    if (following === undefined)
      throw invalidQuery(
        "live() goes with queries made outside of units of work, such as graph.nodes(Type): a unit is of one moment",
      );
    return following.live(
      (unit) => andThen(this.find(unit, Number.POSITIVE_INFINITY), (found) => hand(unit, found)),
      options,
    );
  }

  async updateAll(edit: unknown): Promise<number> {
    if (typeof edit !== "function") throw new TypeError("updateAll takes a function that edits a draft");
    return this.#change((unit, found) => unit.updateAll(found, edit));
  }

  async deleteAll(): Promise<number> {
    return this.#change((unit, found) => unit.deleteAll(found));
  }

  async disconnectAll(): Promise<number> {
    return this.edges().deleteAll();
  }

  async #change(change: (unit: Unit, found: readonly Entity[]) => number): Promise<number> {
    if (this.#output === "pairs") throw invalidQuery("change the nodes or the edges, not pairs of them");
    return this.#context.within((unit) =>
      andThen(this.#read(unit, Number.POSITIVE_INFINITY), (found) => change(unit, found as Entity[])),
    );
  }

  /**
   * The result by slots.
   * @param most results wanted at most
   * @param handsOut whether its records are handed out
   */
  find(unit: Unit, most: number, mark: number = NOW, handsOut = true): MaybePromise<Selection> {
    const found = this.locate(unit, most, mark, handsOut);
    if (unit.tracer === undefined) return found;
    return andThen(found, (selection) => {
      unit.tracer?.read(this.toString(), selection.nodes.length);
      return selection;
    });
  }

  /** As `find`, without it being told as a read. */
  locate(unit: Unit, most: number, mark: number, handsOut: boolean): MaybePromise<Selection> {
    if (this.#hopStep !== undefined) {
      if (this.#hopStep.after !== undefined) this.#checkCursors(unit);
      return selectHop(unit, this.#origin, this.#hopStep, this.#output, most, mark, handsOut);
    }
    this.#checkCursors(unit);
    return select(unit, this.plan, most, mark, handsOut);
  }

  #read(unit: Unit, most: number): MaybePromise<Result[]> {
    const output = this.#output;
    const selection = this.find(unit, most);
    if (isPromise(selection)) return selection.then((found) => handOut(unit, found, output));
    return handOut(unit, selection as Selection, output);
  }

  /** Pages go on from a place in connection order, which is one node's or one type's, or from one by a field. */
  #isPageable(): boolean {
    const { steps } = this.plan;
    const [first] = steps;
    const last = this.last;
    if (last.kind === "given") return false;
    if (last.order !== undefined || last.kind === "extent") return true;
    const isOne = first!.kind === "given" && (first!.slots ?? first!.ids).length === 1;
    return isOne && steps.length === 2 && last.depth === undefined;
  }

  #page<T>(unit: Unit, hand: HandOut<T>): MaybePromise<Page<T>> {
    const last = this.last;
    if (!this.#isPageable())
      throw invalidQuery("pages over several hops, or from several nodes, need orderBy: say by which field");
    this.#checkCursors(unit);
    const size = last.limit ?? DEFAULT_PAGE;
    const { steps, output } = this.#with({ limit: undefined }).plan;
    const plan = new Plan(steps, output, true);
    // Nodes of a hop are paged by the edges that lead to them.
    const byEdge = last.kind === "hop" && last.order === undefined;
    const wanted: Plan = byEdge && plan.output === "nodes" ? new Plan(steps, "pairs", true) : plan;
    return andThen(select(unit, wanted, size + 1, NOW, output !== "nodes"), (selection) => {
      const { nodes, edges } = selection;
      const kept: Selection = { nodes: [], edges: edges === undefined ? undefined : [] };
      const met = new Set<number>();
      let at = 0;
      for (; at < nodes.length && kept.nodes.length < size; at++) {
        if (plan.output === "nodes" && met.has(nodes[at]!)) continue;
        met.add(nodes[at]!);
        kept.nodes.push(nodes[at]!);
        kept.edges?.push(edges![at]!);
      }
      // Nodes met twice make a page shorter, and none of them the last one.
      if (unit.tracer !== undefined) unit.tracer.read(this.toString(), kept.nodes.length);
      const hasMore = at > 0 && (at < nodes.length || nodes.length > size);
      return andThen(hasMore ? this.#placeOf(unit, nodes[at - 1]!, edges?.[at - 1]) : undefined, (next) =>
        andThen(hand(unit, kept), (items) => ({ items, next })),
      );
    });
  }

  /** Where a page that ends with this node, or with this edge to it, ends. */
  #placeOf(unit: Unit, node: number, edge: number | undefined): MaybePromise<string> {
    const { order } = this.last;
    const kind = edge === undefined ? NODE : EDGE;
    const id = unit.table(kind).idOf(edge ?? node);
    const text = this.#textOf(unit, this.plan.steps.length - 1);
    if (order === undefined) return writeCursor({ kind: kind === NODE ? "node" : "edge", id }, text);
    const ordered = this.#output === "edges" ? EDGE : NODE;
    const far = this.#output === "pairs" ? { far: unit.table(NODE).idOf(node) } : {};
    let value: unknown;
    return andThen(
      withStates(unit, ordered, youngArrayOf(ordered === EDGE ? edge! : node), NOW, (_, state) => {
        value = state[order.field];
      }),
      () => writeCursor({ kind: "order", id, value, isAbsent: value === undefined, ...far }, text),
    );
  }

  #checkCursors(unit: Unit): void {
    const { steps } = this.plan;
    for (let at = 0; at < steps.length; at++) {
      const { after } = steps[at]!;
      if (after !== undefined) requireCursorOf(after, this.#textOf(unit, at));
    }
  }

  /**
   * What a cursor of the query up to this step belongs to: where it begins, over which types it goes, in which order.
   * Filters are not part of it: a place in an order is one whatever passes, and `gte(yesterday)` is another one tomorrow.
   */
  #textOf(unit: Unit, upTo: number): string {
    const { catalog } = this.#context;
    const { steps, output } = this.plan;
    const name = (type: number): string => (type === 0 ? "" : catalog.definition(type).name);
    const isLast = upTo === steps.length - 1;
    const parts = steps.slice(0, upTo + 1).map((step) => {
      const order = [step.order?.field, step.order?.descending, step.reverse];
      if (step.kind === "given") {
        const { nodes } = unit.runtime.resident;
        return [step.slots === undefined ? step.ids : step.slots.map((slot) => nodes.idOf(slot)), ...order];
      }
      if (step.kind === "extent") return [step.record, name(step.type), step.except, ...order];
      return [step.direction, name(step.edgeType), name(step.nodeType), step.depth, ...order];
    });
    return JSON.stringify([isLast ? output : "nodes", ...parts]);
  }

  /** A query prints what it would do. */
  toString(): string {
    const { catalog, unit } = this.#context;
    return queryText(this.plan, catalog, unit);
  }
}

printAs(Query, (query) => `Query ${query.toString()}`);

/** Records by the values of a field; what vanished while it was read is left out. */
function groupsOf(
  unit: Unit,
  found: Selection,
  output: Output,
  where: FieldOf,
): MaybePromise<Map<unknown, Result[]>> {
  const kind = output === "edges" ? EDGE : NODE;
  const slots = kind === EDGE ? found.edges! : found.nodes;
  return andThen(columnOf(unit, kind, slots, where.field), ({ values, places }) => {
    const kept: Selection = {
      nodes: places.map((place) => found.nodes[place]!),
      edges: found.edges === undefined ? undefined : places.map((place) => found.edges![place]!),
    };
    return andThen(handOut(unit, kept, output), (records) => grouped(values, records, where));
  });
}

/** Entities for what was selected, in order; what vanished while it was read is left out. */
export function handOut(unit: Unit, selection: Selection, output: Plan["output"]): MaybePromise<Result[]> {
  if (output === "nodes" || !unit.judgesByRule) return handOutJudged(unit, selection, output);
  return andThen(keepRuledEnds(unit, selection.edges!), () => handOutJudged(unit, selection, output));
}

function handOutJudged(
  unit: Unit,
  { nodes, edges }: Selection,
  output: Plan["output"],
): MaybePromise<Result[]> {
  const results = youngArray<Result>();
  if (output === "nodes") return handOutRecords(unit, NODE, nodes, results);
  if (output === "edges") return handOutRecords(unit, EDGE, edges!, results);
  const ends: (NodeEntity | undefined)[] = new Array(nodes.length);
  return andThen(
    withStates(unit, NODE, nodes, NOW, (at) => {
      ends[at] = unit.node(nodes[at]!);
    }),
    () =>
      andThen(
        withStates(unit, EDGE, edges!, NOW, (at) => {
          const node = ends[at];
          if (node !== undefined) results.push({ edge: unit.edge(edges![at]!), node });
        }),
        () => results,
      ),
  );
}

function handOutRecords(
  unit: Unit,
  kind: RecordKind,
  slots: readonly number[],
  results: Result[],
): MaybePromise<Result[]> {
  const record = (slot: number): Entity => (kind === NODE ? unit.node(slot) : unit.edge(slot));
  // Without a call for each where all are there, as they nearly always are; of many the others look at the clock.
  const few = Math.min(slots.length, STRETCH);
  let at = 0;
  while (at < few && unit.hasState(kind, slots[at]!)) results.push(record(slots[at++]!) as Result);
  if (at === slots.length) return results;
  const rest = slots.slice(at);
  return andThen(
    withStates(unit, kind, rest, NOW, (i) => {
      results.push(record(rest[i]!) as Result);
    }),
    () => results,
  );
}

/** A step over edges, from what the user wrote. */
export function hopStep(
  catalog: Catalog,
  direction: "out" | "in" | "both",
  type: unknown,
  filter: unknown,
  options: unknown,
): HopStep {
  const depth = readDepth(options);
  if (type === undefined) {
    if (filter !== undefined) throw invalidQuery("a filter needs the type whose fields it tests");
    return new PlainHop(direction, depth, 0, undefined, 0, undefined);
  }
  const number = catalog.numberOfClass(type);
  const definition = catalog.definition(number);
  const read = readFilter(filter, definition);
  return definition.kind === "edge"
    ? new PlainHop(direction, depth, number, read, 0, undefined)
    : new PlainHop(direction, depth, 0, undefined, number, read);
}

function plainHopOf(step: HopStep): PlainHop {
  const { direction, depth, edgeType, edgeFilter, nodeType, nodeFilter, order, reverse, limit, after } = step;
  const copy = new PlainHop(direction, depth, edgeType, edgeFilter, nodeType, nodeFilter);
  copy.order = order;
  copy.reverse = reverse;
  copy.limit = limit;
  copy.after = after;
  return copy;
}

/**
 * A query over one hop from a node of the unit. A walk makes one a visit, and most ask for nothing else; so its plan is
 * made only for those that do.
 */
export function hopFrom(context: QueryContext, slot: number, step: HopStep, output: Output): Query {
  return new Query(context, undefined, slot, step, output);
}
