import type { Id } from "../model/id.ts";
import type { Store, StoreCounters, StoreSupports } from "../persistence/store.ts";
import type { Scheduler } from "../unit/scheduler.ts";
import type { NodeQuery, RecordClass, Root } from "./graph-types.ts";
import type { CreateArgument, Fields } from "./infer.ts";
import type { Reading, Tx } from "./tx.ts";
import type { Handlers, Run, SpawnOptions, Walker } from "./walker.ts";

export type { EnsureArgument, Reading, Tx } from "./tx.ts";

/** What one principal can do with a graph. */
export interface Session extends Reading {
  /** Runs a walker as one unit of work. */
  spawn<F extends Fields, S, T>(
    walker: Walker<F, S, never, T>,
    ...rest: [...input: CreateArgument<F>, options?: SpawnOptions]
  ): Promise<Run<T, S>>;
  /**
   * Runs `body` as one unit of work and gives what it gives. After a conflict `body` runs again from its start.
   *
   * @throws {ConflictError} when every attempt met a conflict; what `body` throws, and then nothing is written.
   */
  transaction<T>(body: (tx: Tx) => T | Promise<T>): Promise<T>;
}

/** An open graph. Acts as the system root. */
export interface Graph extends Session, AsyncDisposable {
  /** The same graph as a user sees it. */
  as(root: Root | Id): Session;
  /** A new root, for a new user; what is created as that user belongs to it. */
  createRoot(): Promise<Root>;
  /** Deletes a root and then, in batches, what it owns. */
  deleteRoot(root: Root | Id): Promise<void>;
  /** All roots but the system's. */
  roots(): NodeQuery<Root>;
  /** Applies what other processes have committed until now. */
  refresh(): Promise<void>;
  /** The store, L1 and units in figures. */
  status(): GraphStatus;
  /** Waits for the running units of work and closes the store. Can be called twice. */
  close(): Promise<void>;
}

/** What `graph.status()` tells. */
export interface GraphStatus {
  readonly store: {
    readonly name: string;
    readonly supports: StoreSupports;
    readonly counters: StoreCounters;
  };
  readonly cache: {
    readonly hits: number;
    readonly misses: number;
    readonly evictions: number;
    readonly nodes: number;
    readonly edges: number;
    /** Estimated bytes of everything resident. */
    readonly bytes: number;
    readonly bounds: { readonly maxEntries: number; readonly maxBytes: number };
  };
  readonly units: { readonly open: number; readonly commits: number; readonly conflicts: number };
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
