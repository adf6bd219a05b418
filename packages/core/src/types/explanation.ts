/**
 * What a query did, as `query.explain()` tells it: the steps in order, what each went over and what it took. Prints as a
 * short plan.
 */
export interface Explanation {
  /** The query, as it prints. */
  readonly query: string;
  readonly of: "all" | "count";
  /** What decided which records were seen: nothing for the system root, grants alone, or `access` rules of types too. */
  readonly access: "everything" | "grants" | "grants and rules";
  readonly steps: readonly ExplainedStep[];
  /** How many records were handed out in the end, whose fields may have had to be read; undefined of a count. */
  readonly handOut: ExplainedHandOut | undefined;
  /** As many as the query gives. */
  readonly results: number;
  /** Milliseconds from beginning to end. */
  readonly ms: number;
  /** Of all steps together; see {@link ExplainedCost}. */
  readonly cost: ExplainedCost | undefined;
  toString(): string;
}

/** One step of a query: where it read, and what became of what it read. */
export interface ExplainedStep {
  readonly over: ExplainedSource;
  /** Every test that a record had to pass beside access, and where it was made. */
  readonly filters: readonly ExplainedFilter[];
  /** Undefined of given nodes and of counts by the store. */
  readonly order: ExplainedOrder | undefined;
  readonly limit: ExplainedLimit | undefined;
  /** Whether it merged in what the unit of work has written and not committed. */
  readonly mergesOwnWrites: boolean;
  readonly results: number;
  readonly cost: ExplainedCost | undefined;
}

/** What a step went over. */
export type ExplainedSource =
  | { readonly kind: "nodes"; readonly count: number }
  | {
      readonly kind: "hop";
      readonly direction: "out" | "in" | "both";
      /** Undefined for edges of every type. */
      readonly edgeType: string | undefined;
      readonly depth: readonly [min: number, max: number] | undefined;
      /** How many nodes it began at. */
      readonly origins: number;
    }
  | {
      readonly kind: "index";
      readonly type: string;
      readonly index: string;
      /** What was looked up, one lookup after another. */
      readonly lookups: readonly ExplainedLookup[];
    }
  | {
      readonly kind: "scan";
      /** The type and its subtypes, each scanned. */
      readonly types: readonly string[];
    }
  | {
      /** What was asked for can be none of these records: a limit of 0, or one of no values. */
      readonly kind: "nothing";
      readonly type: string;
    }
  | {
      readonly kind: "tally";
      /** The type and its subtypes, whose records the store counted without giving them. */
      readonly types: readonly string[];
    };

/** Values for the first fields of an index, then possibly a range over the next one. */
export interface ExplainedLookup {
  readonly equals: Readonly<Record<string, unknown>>;
  readonly range:
    | {
        readonly field: string;
        readonly low?: unknown;
        readonly lowOpen?: boolean;
        readonly high?: unknown;
        readonly highOpen?: boolean;
      }
    | undefined;
}

/** A test, and where it was made. */
export interface ExplainedFilter {
  readonly on: "node" | "edge";
  /** The test, as it prints. */
  readonly test: string;
  /**
   * By the index (its key, or a range of it), by what L1 holds of every record in columns (its type), or by the record's
   * fields, which are read where L1 does not hold them.
   */
  readonly at: "index key" | "index range" | "L1 column" | "fields";
}

/** The order in which a step gave its results. */
export interface ExplainedOrder {
  /** Connection order, creation order (by id) or a field. */
  readonly by: "connection" | "id" | { readonly field: string };
  readonly direction: "asc" | "desc";
  /** Whether records came in it, or were brought into it in memory. */
  readonly from: "reading" | "sorting";
  /** How many were sorted. */
  readonly sorted: number | undefined;
}

/** A limit, and what it saved. */
export interface ExplainedLimit {
  readonly count: number;
  /** Whether reading stopped as soon as so many were found, or everything was read and the rest left out. */
  readonly stops: "reading" | "after reading";
}

/** The making of what the caller got. */
export interface ExplainedHandOut {
  readonly records: number;
  readonly cost: ExplainedCost | undefined;
}

/**
 * What a step took. Told to the system root alone: each of these figures counts records that another principal may not
 * see too, and hidden records show in no count.
 */
export interface ExplainedCost {
  /** Neighbourhoods and keys of indexes that L1 held, and those that it did not hold. */
  readonly hits: number;
  readonly misses: number;
  /** Pages of neighbourhoods, of indexes and of types that were read from the store. */
  readonly pages: number;
  /** Reads of records by id from the store, each of up to 256. */
  readonly fetches: number;
  /** What these took by the store's own counters. Over a store that answers later, others' reads may be in them. */
  readonly statements: number;
  readonly rows: number;
}
