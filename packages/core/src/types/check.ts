import type { Id } from "../model/id.ts";
import type { StopSignal } from "./stop-signal.ts";

/** What can be wrong with what a store holds. */
export type FindingKind =
  /** An edge one of whose ends is not there. */
  | "dangling"
  /** An edge and the neighbourhoods of its ends disagree: it is missing in one, or stands in one wrongly or out of order. */
  | "adjacency"
  /** An index, or the list of a type's records, disagrees with a record: it is missing there, or stands in a wrong place. */
  | "index"
  /** Two records have a key that is to be unique. */
  | "unique"
  /** Fields that cannot be read. */
  | "unreadable"
  /** An owner that is no root, or not there: what is left of a deleted root, or damage. */
  | "owner"
  /** A grant to a root that is not there. */
  | "grant"
  /** A record whose type or shape the catalog does not have. */
  | "type"
  /** A node that no path of edges joins to a root, whichever way they point. Looked for on request only. */
  | "orphan";

/**
 * What `check` can mend, and how:
 *
 * | kind | repair |
 * |---|---|
 * | `dangling` | the edge is deleted |
 * | `adjacency` | the store files the edge anew, where it can |
 * | `index` | the record is written again as it is, which files it under its keys |
 * | `unreadable` | the record is deleted, what was in its fields is lost |
 * | `owner` | the record is deleted, as deleting its owner would have |
 * | `grant` | the grant is taken back |
 * | `orphan` | the node is deleted |
 *
 * Which of two records is to keep a key, and what a type was, only people know.
 */
export type RepairKind = Exclude<FindingKind, "unique" | "type">;

/** One thing that is wrong. */
export interface Finding {
  readonly kind: FindingKind;
  readonly record: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  /** Of `index` and `unique`: the index. Without it, the list of the type's records. */
  readonly index?: string;
  /** What else has to do with it: the end that is missing, the owner, the root of a grant, the other record of a key. */
  readonly others: readonly Id[];
  /** In plain words, with type and ids. */
  readonly message: string;
  /** Where its repair was asked for: whether it is mended. */
  readonly isRepaired?: boolean;
  /** Why it is not. */
  readonly unrepaired?: string;
}

/** How far a check has come. */
export interface CheckProgress {
  readonly phase: "nodes" | "edges" | "indexes" | "orphans";
  /** The type or index at hand. */
  readonly at: string;
  /** Records looked at so far; in the phase `orphans`, nodes that roots lead to. */
  readonly nodes: number;
  readonly edges: number;
  /** Findings so far. */
  readonly found: number;
}

/** Options of `graph.check()`. */
export interface CheckOptions {
  /** Whether nodes are reported that no root leads to. They are allowed to be there. Default: false */
  readonly orphans?: boolean;
  /** The kinds of findings that are mended, each as {@link RepairKind} says. Default: none, and nothing is changed */
  readonly repair?: readonly RepairKind[];
  /** Findings of one kind that the report lists; `onFinding` is told of all. Default: 100 */
  readonly listed?: number;
  /** Told of each finding, in order, after its repair. What it gives is awaited; what it throws ends the check. */
  readonly onFinding?: (finding: Finding) => unknown;
  /** Told after each stretch of some hundred records. */
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Ends the check at its next stretch. What was repaired by then stays. */
  readonly signal?: StopSignal | undefined;
}

/** What `graph.check()` has found. As text one line a finding. */
export interface CheckReport {
  /** Nothing was found. */
  readonly isClean: boolean;
  /** Those of each kind that were met first. */
  readonly findings: readonly Finding[];
  /** How many of each kind were found. */
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>;
  /** How many of each kind were repaired. */
  readonly repaired: Readonly<Partial<Record<FindingKind, number>>>;
  /** Suspicions that could not be settled, because others changed the records each time they were looked at. */
  readonly unsettled: number;
  /** Records that were looked at. */
  readonly nodes: number;
  readonly edges: number;
  toString(): string;
}
