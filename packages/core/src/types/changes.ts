import type { Id } from "../model/id.ts";
import type { RecordClass, Results } from "./graph-types.ts";
import type { StopSignal } from "./stop-signal.ts";

/** The versions of a record's fields and of its access record, each 1 at first and one more with each commit that changes it. */
export interface RecordVersions {
  /** Undefined where this process does not know it. */
  readonly data: number | undefined;
  readonly access: number | undefined;
}

/** What a commit did to one record, as the principal that watches may know it. */
export interface RecordChange {
  /**
   * - `created`, `changed`, `deleted`: what the commit did to a record that the principal may read.
   * - `entered`: it was there, and belongs to what is watched from now on: by a grant, or because it passes now.
   * - `left`: it belongs there no more, whether it may not be read or does not pass. That is all that is told.
   */
  readonly op: "created" | "changed" | "deleted" | "entered" | "left";
  readonly kind: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  /** The ends of an edge; undefined of nodes, and where this process does not know. */
  readonly sourceId: Id | undefined;
  readonly targetId: Id | undefined;
  /** Of a node that is deleted: all its edges go with it, and have no entries of their own. */
  readonly withEdges: boolean;
  /** Undefined where it was not there, or not to be seen, and where this process does not know. */
  readonly before: RecordVersions | undefined;
  /** Undefined where it is not there, or not to be seen. */
  readonly after: RecordVersions | undefined;
  /** Of a changed record: the fields that have other values, where this process knows both. */
  readonly fields: readonly string[] | undefined;
  /** Whether its access record changed, where it could be read before and after. */
  readonly access: boolean;
}

/** What one commit changed of what is watched; of a query, what has changed since the last set. */
export interface ChangeSet {
  /** Never empty, but where something was lost. */
  readonly changes: readonly RecordChange[];
  /**
   * Changes before this place are missing: the listener was too slow for its buffer (`overflow`), or the store no longer
   * tells what was committed (`feed`). Read again what you hold; what comes after this set is complete.
   */
  readonly lost: "overflow" | "feed" | undefined;
}

/** What can be watched: a type with its subtypes, several of them, or a query made outside of units of work. */
export type Watchable = RecordClass | readonly RecordClass[] | Results<unknown>;

/** Options of everything that follows a graph. */
export interface FollowOptions {
  /** Ends it, as `stop()` does. */
  readonly signal?: StopSignal | undefined;
  /**
   * How often a store that other processes share is asked for their commits, in milliseconds; 100 where nothing is said.
   * The timer does not keep the process alive.
   */
  readonly pollMs?: number | undefined;
}

/** Options of `watch` and `changes`. */
export interface WatchOptions extends FollowOptions {
  /** How many changes may wait for a slow consumer before they are lost; 10,000 where nothing is said. */
  readonly buffer?: number | undefined;
}

/** A watch that is on. */
export interface Watching extends Disposable {
  /** When it has begun: what is committed from then on is told. Rejects where it cannot begin. */
  readonly ready: Promise<void>;
  /** Ends it at once; what was not told by now is not told. */
  stop(): void;
}

/** Change sets as an async iterator, in commit order. Leaving the loop ends it, and so does `graph.close()`. */
export interface Changes extends Watching, AsyncIterableIterator<ChangeSet> {
  next(): Promise<IteratorResult<ChangeSet, undefined>>;
}

/** A result that follows the graph. */
export interface Live<T, U = T> extends AsyncIterable<U>, Disposable {
  [Symbol.asyncIterator](): AsyncIterator<U, undefined>;
  /** The newest result, the same object until there is another; undefined before the first. */
  readonly value: T | undefined;
  /** When there is a first result. Rejects where there can be none. */
  readonly ready: Promise<void>;
  /**
   * Calls the listener, in a turn of its own, each time there is another result, until what this gives is called. Fit for
   * `useSyncExternalStore(live.subscribe, () => live.value)`.
   */
  readonly subscribe: (listener: (update: U) => unknown) => () => void;
  /** Ends it; `value` stays. Leaving the last `for await` over it does so too where nobody has subscribed. */
  stop(): void;
}

/** One step that makes a list what it is now; each is about the list as the steps before it have left it. */
export type ListChange<T> =
  | { readonly op: "added"; readonly index: number; readonly result: T }
  | { readonly op: "removed"; readonly index: number; readonly result: T }
  | { readonly op: "moved"; readonly from: number; readonly index: number; readonly result: T }
  | { readonly op: "changed"; readonly index: number; readonly result: T };

/** The results of a query, and the steps that lead to them from those that were told before, or from none. */
export interface LiveUpdate<T> {
  readonly results: readonly T[];
  readonly changes: readonly ListChange<T>[];
}

/** The results of a query that follow the graph. */
export interface LiveList<T> extends Live<readonly T[], LiveUpdate<T>> {}
