import type { Id } from "../model/id.ts";
import type { Explanation } from "../types/explanation.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import { printAs } from "../util/print-as.ts";
import { invalidQuery } from "./plan.ts";
import type { Row } from "./row-shape.ts";
import type { RowReader } from "./rows.ts";
import type { Selection } from "./select.ts";

/** Makes of what was found what the caller gets. */
export type HandOut<T> = (unit: Unit, found: Selection) => MaybePromise<T[]>;

/** The query of records that rows are made of. */
export interface RecordSource {
  limit(count: unknown): RecordSource;
  reverse(): RecordSource;
  orderBy(field: unknown, direction?: unknown): RecordSource;
  filter(filter: unknown): RecordSource;
  after(cursor: unknown): RecordSource;
  count(): Promise<number>;
  exists(): Promise<boolean>;
  ids(): Promise<Id[]>;
  /** At most so many results. */
  allAs<T>(handOut: HandOut<T>, most: number): Promise<T[]>;
  /** @throws {NotFoundError} where there is none, or more than one. */
  oneAs<T>(handOut: HandOut<T>): Promise<T>;
  pageAs<T>(handOut: HandOut<T>): Promise<{ items: T[]; next: string | undefined }>;
  explainAs(handOut: HandOut<unknown>, of: unknown, text: string): Promise<Explanation>;
  eachAs<T>(handOut: HandOut<T>): AsyncGenerator<T, void, undefined>;
  liveAs(handOut: HandOut<unknown>, options: unknown): unknown;
  toString(): string;
}

/** A query whose results are plain data. */
export class SelectQuery {
  readonly #source: RecordSource;
  readonly #reader: RowReader;
  readonly #handOut: HandOut<Row>;

  constructor(source: RecordSource, reader: RowReader) {
    this.#source = source;
    this.#reader = reader;
    this.#handOut = (unit, found) => andThen(reader.read(unit, found), ({ results }) => results);
  }

  #from(source: RecordSource): SelectQuery {
    return new SelectQuery(source, this.#reader);
  }

  limit(count: unknown): SelectQuery {
    return this.#from(this.#source.limit(count));
  }

  reverse(): SelectQuery {
    return this.#from(this.#source.reverse());
  }

  orderBy(field: unknown, direction?: unknown): SelectQuery {
    return this.#from(this.#source.orderBy(field, direction));
  }

  filter(filter: unknown): SelectQuery {
    return this.#from(this.#source.filter(filter));
  }

  after(cursor: unknown): SelectQuery {
    return this.#from(this.#source.after(cursor));
  }

  all(): Promise<Row[]> {
    return this.#source.allAs(this.#handOut, Number.POSITIVE_INFINITY);
  }

  async first(): Promise<Row | undefined> {
    return (await this.#source.allAs(this.#handOut, 1))[0];
  }

  one(): Promise<Row> {
    return this.#source.oneAs(this.#handOut);
  }

  count(): Promise<number> {
    return this.#source.count();
  }

  exists(): Promise<boolean> {
    return this.#source.exists();
  }

  ids(): Promise<Id[]> {
    return this.#source.ids();
  }

  page(): Promise<{ items: Row[]; next: string | undefined }> {
    return this.#source.pageAs(this.#handOut);
  }

  explain(of: unknown = "all"): Promise<Explanation> {
    return this.#source.explainAs(this.#handOut, of, this.toString());
  }

  live(options?: unknown): unknown {
    return this.#source.liveAs(this.#handOut, options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    return this.#source.eachAs(this.#handOut);
  }

  toString(): string {
    return `${this.#source.toString()}, giving ${this.#reader.text}`;
  }
}

// Steps that would ask something else of the records, and changes, which need them.
for (const step of [
  "out",
  "in",
  "both",
  "ofType",
  "edges",
  "pairs",
  "select",
  "updateAll",
  "deleteAll",
  "disconnectAll",
  "sum",
  "avg",
  "min",
  "max",
  "countBy",
  "groupBy",
]) {
  Object.defineProperty(SelectQuery.prototype, step, {
    value(): never {
      throw invalidQuery(`${step}() goes before select(), after which there are rows and no records`);
    },
  });
}

printAs(SelectQuery, (query) => `Query ${query.toString()}`);
