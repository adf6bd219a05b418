import { describeKind } from "../model/value-kind.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import { type AggregateName, columnOf, type FieldOf, folds, grouped } from "./aggregate.ts";
import { followEach } from "./follow-each.ts";
import { type HopStep, invalidQuery, type Output, type Plan, type Step } from "./plan.ts";
import { recordsOf } from "./records.ts";
import type { NestedPart, ResultReader, RowReader } from "./rows.ts";
import type { Selection } from "./select.ts";

/** The query that a nested one is made of: it begins at a step that stands for each record. */
export interface NestedSource {
  readonly plan: Plan;
  readonly output: Output;
  out(type?: unknown, filter?: unknown, options?: unknown): NestedSource;
  in(type?: unknown, filter?: unknown, options?: unknown): NestedSource;
  both(type?: unknown, filter?: unknown, options?: unknown): NestedSource;
  ofType(type: unknown, filter?: unknown): NestedSource;
  filter(filter: unknown): NestedSource;
  orderBy(field: unknown, direction?: unknown): NestedSource;
  limit(count: unknown): NestedSource;
  reverse(): NestedSource;
  edges(): NestedSource;
  pairs(): NestedSource;
  rowsOf(fields: readonly unknown[]): RowReader;
  /** @throws {ValidationError} `RW_QUERY_INVALID` {TypeError} */
  fieldOf(verb: string, field: unknown): FieldOf;
}

type Direction = "out" | "in" | "both";

/** In the place of each record, for the function that says what to read from it. */
export class NestedStart {
  readonly #hop: (direction: Direction, type: unknown, filter: unknown, options: unknown) => NestedSource;

  constructor(hop: (direction: Direction, type: unknown, filter: unknown, options: unknown) => NestedSource) {
    this.#hop = hop;
  }

  out(type?: unknown, filter?: unknown, options?: unknown): NestedQuery {
    return new NestedQuery(this.#hop("out", type, filter, options), undefined);
  }

  in(type?: unknown, filter?: unknown, options?: unknown): NestedQuery {
    return new NestedQuery(this.#hop("in", type, filter, options), undefined);
  }

  both(type?: unknown, filter?: unknown, options?: unknown): NestedQuery {
    return new NestedQuery(this.#hop("both", type, filter, options), undefined);
  }
}

/** What comes of what was found from each record, all of it at once. */
type Answer = (unit: Unit, found: readonly Selection[], output: Output) => MaybePromise<readonly unknown[]>;

/** Something that is read from each record. */
export class NestedRead {
  readonly #source: NestedSource;
  readonly #most: number;
  /** Whether fields are looked at. */
  readonly #readsFields: boolean;
  readonly #answer: Answer;

  constructor(source: NestedSource, most: number, readsFields: boolean, answer: Answer) {
    this.#source = source;
    this.#most = most;
    this.#readsFields = readsFields;
    this.#answer = answer;
  }

  get origin(): Step {
    return this.#source.plan.steps[0]!;
  }

  read(unit: Unit, nodes: readonly number[]): MaybePromise<readonly unknown[]> {
    if (nodes.length === 0) return [];
    const { plan, output } = this.#source;
    const steps = plan.steps.slice(1) as HopStep[];
    return andThen(followEach(unit, nodes, steps, output, this.#most, this.#readsFields), (found) =>
      this.#answer(unit, found, output),
    );
  }
}

/** A query that is asked of each record; by itself it stands for the list of its results. */
export class NestedQuery extends NestedRead {
  readonly #source: NestedSource;
  readonly #rows: RowReader | undefined;

  /** @param rows without it the records themselves */
  constructor(source: NestedSource, rows: RowReader | undefined) {
    super(source, Number.POSITIVE_INFINITY, true, listOf(rows ?? recordsOf[source.output]));
    this.#source = source;
    this.#rows = rows;
  }

  #records(step: string): NestedSource {
    if (this.#rows === undefined) return this.#source;
    throw invalidQuery(`${step}() goes before select(), after which there are rows and no records`);
  }

  out(type?: unknown, filter?: unknown, options?: unknown): NestedQuery {
    return new NestedQuery(this.#records("out").out(type, filter, options), undefined);
  }

  in(type?: unknown, filter?: unknown, options?: unknown): NestedQuery {
    return new NestedQuery(this.#records("in").in(type, filter, options), undefined);
  }

  both(type?: unknown, filter?: unknown, options?: unknown): NestedQuery {
    return new NestedQuery(this.#records("both").both(type, filter, options), undefined);
  }

  ofType(type: unknown, filter?: unknown): NestedQuery {
    return new NestedQuery(this.#records("ofType").ofType(type, filter), undefined);
  }

  edges(): NestedQuery {
    return new NestedQuery(this.#records("edges").edges(), undefined);
  }

  pairs(): NestedQuery {
    return new NestedQuery(this.#records("pairs").pairs(), undefined);
  }

  select(...fields: unknown[]): NestedQuery {
    return new NestedQuery(this.#source, this.#records("select").rowsOf(fields));
  }

  filter(filter: unknown): NestedQuery {
    return new NestedQuery(this.#source.filter(filter), this.#rows);
  }

  orderBy(field: unknown, direction?: unknown): NestedQuery {
    return new NestedQuery(this.#source.orderBy(field, direction), this.#rows);
  }

  limit(count: unknown): NestedQuery {
    return new NestedQuery(this.#source.limit(count), this.#rows);
  }

  reverse(): NestedQuery {
    return new NestedQuery(this.#source.reverse(), this.#rows);
  }

  first(): NestedRead {
    const list = listOf(this.#rows ?? recordsOf[this.#source.output]);
    return new NestedRead(this.#source, 1, true, (unit, found, output) =>
      andThen(list(unit, found, output), (lists) => lists.map((results) => (results as unknown[])[0])),
    );
  }

  count(): NestedRead {
    return this.#counted((nodes) => nodes.length);
  }

  exists(): NestedRead {
    return new NestedRead(this.#source, 1, false, (_, found) => found.map(({ nodes }) => nodes.length > 0));
  }

  #counted(value: (nodes: readonly number[]) => unknown): NestedRead {
    return new NestedRead(this.#source, Number.POSITIVE_INFINITY, false, (_, found) =>
      found.map(({ nodes }) => value(nodes)),
    );
  }

  ids(): NestedRead {
    if (this.#source.output === "pairs")
      throw invalidQuery("pairs have no ids; ask for the edges or the nodes");
    return new NestedRead(this.#source, Number.POSITIVE_INFINITY, false, (unit, found, output) => {
      const table = unit.table(output === "edges" ? EDGE : NODE);
      return found.map(({ nodes, edges }) => (edges ?? nodes).map((slot) => table.idOf(slot)));
    });
  }

  sum(field: unknown): NestedRead {
    return this.#aggregate("sum", field);
  }

  avg(field: unknown): NestedRead {
    return this.#aggregate("avg", field);
  }

  min(field: unknown): NestedRead {
    return this.#aggregate("min", field);
  }

  max(field: unknown): NestedRead {
    return this.#aggregate("max", field);
  }

  countBy(field: unknown): NestedRead {
    return this.#aggregate("countBy", field);
  }

  #aggregate(verb: AggregateName, field: unknown): NestedRead {
    const where = this.#records(verb).fieldOf(verb, field);
    return new NestedRead(this.#source, Number.POSITIVE_INFINITY, true, (unit, found, output) => {
      const joined = new Joined(found);
      const kind = output === "edges" ? EDGE : NODE;
      return andThen(columnOf(unit, kind, joined.slots(kind), where.field), ({ values, places }) =>
        joined.apart(values, places).map((some) => folds[verb](some, where)),
      );
    });
  }

  groupBy(field: unknown): NestedRead {
    const where = this.#records("groupBy").fieldOf("groupBy", field);
    return new NestedRead(this.#source, Number.POSITIVE_INFINITY, true, (unit, found, output) => {
      const joined = new Joined(found);
      const kind = output === "edges" ? EDGE : NODE;
      return andThen(columnOf(unit, kind, joined.slots(kind), where.field), (column) =>
        andThen(recordsOf[output].read(unit, joined), ({ results, places }) => {
          const known = new Map(column.places.map((place, i) => [place, column.values[i]]));
          const ofEach = joined.apart(results, places);
          const valuesOfEach = joined.apart(
            (places ?? [...results.keys()]).map((place) => known.get(place)),
            places,
          );
          return ofEach.map((records, i) => grouped(valuesOfEach[i]!, records, where));
        }),
      );
    });
  }
}

// What else a query has, and is not asked of each record.
for (const [verb, instead] of [
  ["all", "the query itself stands for the list"],
  ["one", "ask for first()"],
  ["page", "a list of each record has a limit and no pages"],
  ["after", "a list of each record has a limit and no pages"],
  ["explain", "explain() the whole query"],
  ["live", "live() the whole query"],
  ["updateAll", "select only reads"],
  ["deleteAll", "select only reads"],
  ["disconnectAll", "select only reads"],
] as const) {
  Object.defineProperty(NestedQuery.prototype, verb, {
    value(): never {
      throw invalidQuery(`there is no ${verb}() within select: ${instead}`);
    },
  });
}

function listOf(reader: ResultReader<unknown>): Answer {
  return (unit, found) => {
    const joined = new Joined(found);
    return andThen(reader.read(unit, joined), ({ results, places }) => joined.apart(results, places));
  };
}

/** What was found from each record, in a row. */
class Joined implements Selection {
  readonly nodes: number[] = [];
  readonly edges: number[] | undefined;
  /** Where in the row what was found from each record ends. */
  readonly #ends: number[] = [];

  constructor(found: readonly Selection[]) {
    this.edges = found[0]?.edges === undefined ? undefined : [];
    for (const { nodes, edges } of found) {
      for (let i = 0; i < nodes.length; i++) {
        this.nodes.push(nodes[i]!);
        this.edges?.push(edges![i]!);
      }
      this.#ends.push(this.nodes.length);
    }
  }

  slots(kind: RecordKind): readonly number[] {
    return kind === NODE ? this.nodes : this.edges!;
  }

  /** What was made of it, for each record by itself. @param places of what was made; `undefined` where all was */
  apart<T>(made: readonly T[], places: readonly number[] | undefined): T[][] {
    const lists: T[][] = [];
    let at = 0;
    for (const end of this.#ends) {
      const list: T[] = [];
      for (; at < made.length && (places === undefined ? at : places[at]!) < end; at++) list.push(made[at]!);
      lists.push(list);
    }
    return lists;
  }
}

/** Deeper than anybody reads; a function that names itself never ends. */
const MOST_LEVELS = 32;
let level = 0;

/**
 * What a function of `select` says to read from each record.
 * @param start what it is called with; what it gives must begin there
 * @throws {TypeError} {ValidationError} `RW_QUERY_INVALID` for what it gives otherwise, and what it throws
 */
export function nestedPart(
  name: string,
  read: (each: NestedStart) => unknown,
  start: NestedStart,
  origin: Step,
): NestedPart {
  if (level >= MOST_LEVELS)
    throw invalidQuery(
      `select: ${name} is nested deeper than ${MOST_LEVELS} levels; a function that selects by itself never ends`,
    );
  let given: unknown;
  level += 1;
  try {
    given = read(start);
  } finally {
    level -= 1;
  }
  if (!(given instanceof NestedRead)) {
    if (isThenable(given)) given.then(undefined, () => {});
    throw new TypeError(
      `select: the function of ${name} gives what is read from its argument, such as (each) => each.out(Type).count(); ` +
        `got ${isThenable(given) ? "a promise" : given === start ? "the argument itself" : describeKind(given)}`,
    );
  }
  if (given.origin !== origin)
    throw invalidQuery(
      `select: ${name} begins at the record of another select; begin at the function's argument`,
    );
  return { name, read: (unit, nodes) => given.read(unit, nodes) };
}
