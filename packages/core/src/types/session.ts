import type { Id } from "../model/id.ts";
import type { Store, StoreCounters, StoreSupports } from "../persistence/store.ts";
import type { QuarantinedRecord } from "../resident/quarantine.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type { Scheduler } from "../unit/scheduler.ts";
import type {
  ChangeSet,
  Changes,
  FollowOptions,
  Live,
  Watchable,
  Watching,
  WatchOptions,
} from "./changes.ts";
import type { CheckOptions, CheckReport } from "./check.ts";
import type { SweepOptions, SweepReport, UnreadableOptions, UnreadableRecord } from "./evolution.ts";
import type { NodeQuery, RecordClass, Root } from "./graph-types.ts";
import type { CreateArgument, Fields } from "./infer.ts";
import type { Reading, Tx } from "./tx.ts";
import type { Handlers, Run, SpawnOptions, Walker } from "./walker.ts";

export type { QuarantinedRecord } from "../resident/quarantine.ts";
export type { AccessExplanation, AccessStep, AskedLevel, ExplainAccessOptions } from "./access.ts";
export type { EnsureArgument, Reading, Tx } from "./tx.ts";

/** What one principal can do with a graph. */
export interface Session extends Reading {
  /**
   * Runs a walker as one unit of work, from `options.at` or from the principal's root.
   *
   * A place to start at that is deleted, or that this principal may not read, is skipped like any queued location: a walk
   * with nowhere else to go makes no visits.
   *
   * @throws {TypeError} for a record or query of another graph.
   */
  spawn<F extends Fields, S, T>(
    walker: Walker<F, S, never, T>,
    ...rest: [...input: CreateArgument<F>, options?: SpawnOptions]
  ): Promise<Run<T, S>>;
  /**
   * Runs `body` as one unit of work and gives what it gives. After a conflict `body` runs again from its start.
   *
   * @throws {ConflictError} when every attempt met a conflict; {UniqueViolationError} at commit; what `body` throws. Then
   * nothing is written.
   */
  transaction<T>(body: (tx: Tx) => T | Promise<T>): Promise<T>;
  /**
   * Tells the listener what becomes of the records of a type with its subtypes, of several types, or of the result of a
   * query: after each commit, of this process or another on the same store, in their order, as this principal may see it.
   * It is called in a turn of its own, once what it gave for the set before is settled; what it throws goes to `onError`.
   *
   * ```ts
   * const watching = graph.as(alice).watch(Note, ({ changes }) => changes.forEach(show));
   * ```
   *
   * @throws {ValidationError} `RW_QUERY_INVALID`, `RW_OPTION_INVALID`, `RW_UNKNOWN_TYPE`; {ClosedError}
   */
  watch(target: Watchable, listener: (set: ChangeSet) => unknown, options?: WatchOptions): Watching;
  /** The same as an async iterator. What is committed before it is first asked waits for it. */
  changes(target: Watchable, options?: WatchOptions): Changes;
  /**
   * What `read` gives, read again whenever a commit has changed something that it depends on. `read` writes nothing.
   *
   * ```ts
   * const open = graph.live((tx) => tx.nodes(Task, { done: false }).count());
   * ```
   */
  live<T>(read: (tx: Reading) => T | Promise<T>, options?: FollowOptions): Live<T>;
}

/** An open graph. Acts as the system root. */
export interface Graph extends Session, AsyncDisposable {
  /**
   * The same graph as a user sees it. Whether an id is a root's is found out at the first use: `RW_NOT_FOUND` where it
   * is not, or not any more.
   *
   * @throws {TypeError} for a node that is no root of this graph.
   */
  as(root: Root | Id): Session;
  /** A new root, for a new user; what is created as that user belongs to it. */
  createRoot(): Promise<Root>;
  /** Deletes a root and then, in batches, what it owns. */
  deleteRoot(root: Root | Id): Promise<void>;
  /** All roots but the system's. */
  roots(): NodeQuery<Root>;
  /** Applies what other processes have committed until now. */
  refresh(): Promise<void>;
  /**
   * The records, ten thousand at most, that reads of this graph have met so far and whose fields cannot be read, each
   * with the reason. They keep their place: queries lead to them and past them, reading a field throws
   * `CorruptRecordError`, and they can be deleted. `unreadable()` looks for them all.
   */
  quarantine(): QuarantinedRecord[];
  /**
   * Rewrites every record that is stored in another shape than the types have now, so that nothing old is left: defaults
   * and the steps of histories are then in the store, and indexes have them. Takes many small units of work, between
   * which others go on; units that read what is rewritten do not notice. It may be broken off and run again.
   *
   * ```ts
   * await graph.sweep({ onProgress: ({ type, records, rewritten }) => console.log(type, records, rewritten) });
   * ```
   *
   * @throws the reason of `signal`; {ClosedError} when the graph is closed meanwhile; {GraphError} `RW_READ_ONLY`
   */
  sweep(options?: SweepOptions): Promise<SweepReport>;
  /**
   * Looks through the whole store for records whose fields cannot be read, each with the reason. They can be deleted, or
   * are read again once a step of their type's history, or a validator, accepts what is stored.
   *
   * ```ts
   * for await (const { type, id, reason, stored } of graph.unreadable({ stored: true })) console.log(type, id, reason, stored);
   * ```
   */
  unreadable(options?: UnreadableOptions): AsyncIterable<UnreadableRecord>;
  /**
   * Looks for what is wrong with the whole of the stored graph: edges without their ends, neighbourhoods and indexes that
   * disagree with the records, records that cannot be read, owners and grants that name nobody. In a sound graph there is
   * nothing to find. It reads every record, in stretches between which others go on; what it reports was so at one moment.
   *
   * Changes nothing unless `repair` names what is to be mended.
   *
   * @throws what `signal` was aborted with; {ValidationError} `RW_OPTION_INVALID`; {GraphError} `RW_READ_ONLY` where
   * something is to be repaired in a store that was opened for reading
   */
  check(options?: CheckOptions): Promise<CheckReport>;
  /** The store, L1 and units in figures. */
  status(): GraphStatus;
  /**
   * Refuses new units of work, waits for the running ones and closes the store. Can be called twice. Call it outside of
   * units: awaited in the body of one it waits for itself.
   *
   * @throws {ClosedError} `RW_CLOSE_WAITS` when no running unit has done anything for 10 seconds; the graph closes once
   * they have ended all the same.
   */
  close(): Promise<void>;
}

/** What `graph.status()` tells, in figures since the graph was opened. As text it is a small table. */
export interface GraphStatus {
  /** `closing` from the call of `close()` until the last unit of work has ended. */
  readonly state: "open" | "closing" | "closed";
  /** Where records are, from the fastest place to the one that decides. */
  readonly tiers: readonly TierStatus[];
  readonly store: {
    readonly name: string;
    readonly supports: StoreSupports;
    readonly counters: StoreCounters;
  };
  /** L1, the in-process cache. */
  readonly cache: {
    readonly hits: number;
    readonly misses: number;
    readonly evictions: number;
    /** Nodes and edges in it now. */
    readonly nodes: number;
    readonly edges: number;
    /** Estimated bytes of everything resident. */
    readonly bytes: number;
    readonly bounds: { readonly maxEntries: number; readonly maxBytes: number };
  };
  readonly units: {
    /** Units of work that are open now. */
    readonly open: number;
    /** Units that have written and were committed. */
    readonly commits: number;
    /** Attempts that lost to another unit: each was followed by a replay or by the end of its unit. */
    readonly conflicts: number;
    /** Attempts that ran again after a conflict. */
    readonly replays: number;
    /** Units that lost their last attempt and ended in a ConflictError. */
    readonly lost: number;
  };
  /** Records that were met and cannot be read; `graph.quarantine()` lists them. */
  readonly quarantined: number;
  toString(): string;
}

/** One place where a graph keeps its records. */
export interface TierStatus {
  readonly tier: "L1" | "store";
  readonly name: string;
  /** What it cannot do, and what follows from that; empty where nothing is missing. */
  readonly without: readonly string[];
}

/** Options of `openGraph`. */
export interface OpenOptions {
  /** Every node and edge type of the graph. Types they extend are found by themselves. */
  readonly types: readonly RecordClass[];
  /** Handlers that belong to types. */
  // biome-ignore lint/suspicious/noExplicitAny: handlers of every type fit
  readonly handlers?: readonly Handlers<any>[];
  /** Where records are kept; in this process's memory where nothing is said. */
  readonly store?: Store;
  /** Bounds of the in-process cache (L1). */
  readonly cache?: {
    /** Nodes and edges, stubs included; two million where nothing is said. */
    readonly maxEntries?: number;
    /** Estimated bytes; 512 MiB where nothing is said. */
    readonly maxBytes?: number;
  };
  /** How often a unit of work is tried before it ends in a ConflictError; 5 where nothing is said. */
  readonly attempts?: number;
  /** Told of errors in `onCommit` callbacks and in the background; `console.error` where nothing is said. */
  readonly onError?: (error: unknown) => void;
  /** Time and turns of the event loop, for tests. */
  readonly scheduler?: Scheduler;
  /** Milliseconds since 1970, for ids. */
  readonly clock?: () => number;
  /** Fills bytes at random, for ids. */
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/** Options of `openUntyped`. */
export interface UntypedOptions extends Omit<OpenOptions, "types" | "handlers" | "store"> {
  readonly store: Store;
}

/** What `openUntyped` gives. */
export interface UntypedGraph {
  readonly graph: Graph;
  /** The classes of all types of the store by name, `Root` and `Edge` included; base types come first. */
  readonly types: ReadonlyMap<string, RecordClass>;
  /** The types and indexes as the store keeps them. */
  readonly catalog: CatalogDescription;
}
