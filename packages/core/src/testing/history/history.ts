/** What a field of a noted record holds. */
export type NotedValue = string | number | boolean;

/** What a version of a record is, as far as anybody looks for it. Fields that name other records never change. */
export type NotedState = Readonly<Record<string, NotedValue>>;

/**
 * The unit read one record.
 * A record's versions are named by numbers, none of which is given twice, so that what is read says who wrote it.
 */
export interface NotedRead {
  readonly do: "read";
  readonly record: string;
  /** `null` where it was not there. */
  readonly version: number | null;
}

/** The unit created, changed or deleted one record. */
export interface NotedWrite {
  readonly do: "write";
  readonly record: string;
  /** What it replaces: `null` where it creates, `undefined` where it deletes without having looked. */
  readonly from: number | null | undefined;
  /** `null` where it deletes. */
  readonly to: number | null;
  /** What the record is from then on, all of it; with its `kind`. Not of what is deleted. */
  readonly state?: NotedState;
}

/** Values that pass: exactly this one, those between two bounds, which pass too, or texts that have this one in them. */
export type NotedTest =
  | NotedValue
  | { readonly from?: NotedValue; readonly to?: NotedValue }
  | { readonly has: string };

/** What must hold of a record for a search to find it; every field named must pass. */
export type NotedCondition = Readonly<Record<string, NotedTest>>;

/**
 * The unit looked for records: those of a kind that are there, that pass, and of which every record that they hang on
 * is there and passes. A neighbourhood is edges that hang on both their ends; an index or a scan is nodes.
 */
export interface NotedFind {
  readonly do: "find";
  /** In words. */
  readonly what: string;
  readonly kind: string;
  readonly where: NotedCondition;
  /** By the field that names it; `"target.access"` is what the record named by `target` names by `access`. */
  readonly hangingOn?: Readonly<Record<string, NotedCondition>>;
  /** The field that names what was given in the place of the records, such as `"target"` for neighbours of edges. */
  readonly give?: string;
  /** What was found, or how many where it was only counted. */
  readonly found: readonly string[] | number;
}

/** One thing that a unit did. */
export type Noted = NotedRead | NotedWrite | NotedFind;

/** What one unit of work did, or one attempt of it. Plain data: what several processes noted is joined as JSON. */
export interface NotedUnit {
  readonly name: string;
  /** Whose units follow one another: one open graph. */
  readonly process: string;
  /** On a clock that all processes share. */
  readonly began: number;
  readonly ended: number;
  /** Of a lost attempt, too, the reads must be of one moment; its writes must not be seen. */
  readonly outcome: "committed" | "lost" | "unknown";
  /**
   * Whether it sees everything that other processes had committed when it began. What was committed by the same process
   * every unit sees, and what writes is checked as of its commit.
   */
  readonly isFresh?: boolean;
  readonly did: readonly Noted[];
}

export function passes(state: NotedState, condition: NotedCondition): boolean {
  for (const field of Object.keys(condition)) {
    const test = condition[field]!;
    const value = state[field];
    if (typeof test !== "object") {
      if (value !== test) return false;
      continue;
    }
    if (value === undefined) return false;
    if ("has" in test) {
      if (!String(value).includes(test.has)) return false;
      continue;
    }
    if (test.from !== undefined && value < test.from) return false;
    if (test.to !== undefined && value > test.to) return false;
  }
  return true;
}
