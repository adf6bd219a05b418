import type { Id } from "../model/id.ts";
import type { Store, StoreCounters, StoreSupports } from "../persistence/store.ts";
import type { Scheduler } from "../unit/scheduler.ts";
import type {
  EdgeClass,
  EdgeQuery,
  FieldsOf,
  Filter,
  NodeClass,
  NodeQuery,
  RecordClass,
  Root,
} from "./graph-types.ts";
import type { Create, CreateArgument, Fields, NoFields } from "./infer.ts";
import type { Handlers, Run, SpawnOptions, Walker } from "./walker.ts";

/** Reading, inside a unit of work or as units of its own. */
export interface Reading {
  /** The root of the principal. */
  readonly root: Root;
  /** The record of this id; undefined when there is none of this type that the principal may read. */
  get<C extends RecordClass>(type: C, id: Id): Promise<InstanceType<C> | undefined>;
  /** @throws {NotFoundError} when there is none of this type that the principal may read. */
  require<C extends RecordClass>(type: C, id: Id): Promise<InstanceType<C>>;
  /** All nodes of a type and its subtypes that the principal may read; by an index where one fits the filter. */
  nodes<C extends NodeClass>(type: C, filter?: Filter<FieldsOf<C>>): NodeQuery<InstanceType<C>>;
  /** All edges of a type and its subtypes that the principal may read, by a scan. */
  edges<C extends EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>): EdgeQuery<InstanceType<C>>;
}

/** The key and the other fields of what `ensure` may create, as one argument after the key. */
export type EnsureArgument<F extends Fields, K> =
  NoFields extends Omit<Create<F>, keyof K>
    ? [fields?: Omit<Create<F>, keyof K> & Partial<Create<F>>]
    : [fields: Omit<Create<F>, keyof K> & Partial<Create<F>>];

/** One unit of work: what it reads is consistent, what it writes is committed whole or not at all. */
export interface Tx extends Reading {
  /** Creates a node without edges, or one for each of an array of fields. */
  create<C extends NodeClass>(type: C, ...fields: CreateArgument<FieldsOf<C>>): InstanceType<C>;
  create<C extends NodeClass>(type: C, all: readonly Create<FieldsOf<C>>[]): InstanceType<C>[];
  /**
   * The node whose fields equal `key`, or a new one with `key` and `fields`. Of several callers at once, one creates.
   */
  ensure<C extends NodeClass, const K extends Partial<Create<FieldsOf<C>>>>(
    type: C,
    key: K,
    ...fields: EnsureArgument<FieldsOf<C>, K>
  ): Promise<InstanceType<C>>;
  /** Runs `f` after the commit that won; its errors go to the graph's `onError`. */
  onCommit(f: () => unknown): void;
}

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
