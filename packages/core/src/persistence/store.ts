import type { Id, IdColumn } from "../model/id.ts";
import type { EdgeIdTable, IdTable } from "../model/id-table.ts";
import type { CatalogDescription } from "../schema/catalog.ts";
import type { MaybePromise } from "../util/maybe-async.ts";
import type { CommitRecord, Guards, Token } from "./change.ts";
import type { AdjacencyRows, EdgeRows, NodeRows, RecordUpdate } from "./rows.ts";

/** What a backend can do. Core does without what is `false` and says so in `graph.status()`. */
export interface StoreSupports {
  /** Acknowledged commits survive the process. */
  readonly durable: boolean;
  /** Other processes may commit to the same data; `current` and `changes` tell of it. */
  readonly shared: boolean;
  /** Every method answers at once, without a promise. */
  readonly synchronous: boolean;
  /** It was opened to read: core refuses what a unit writes, and asks it for no commit, lease or purge. */
  readonly readOnly?: boolean;
}

/** What a store did since it was opened. Counts have no noise, so tests assert them. */
export interface StoreCounters {
  /** Statements (SQLite), commands (others). The freshness check is not one of them. */
  statements: number;
  rowsRead: number;
  rowsWritten: number;
  /** Write transactions that were committed. */
  transactions: number;
  /** Times that the store waited for the disk to have what it wrote. */
  syncs: number;
}

/**
 * The ids of a store that keeps its records in this process, for core to number its own records by: every id, and both
 * ends of every edge, are then in memory once and not twice. All that is shared is which slot stands for which id and,
 * of an edge, for which ends; that never changes while anyone holds the slot.
 *
 * The store holds a slot (`STORE`) from when it first writes the record until the row is gone, a tombstone's too, and
 * finds by these tables only what it holds. Core holds slots as `RESIDENT`, also of records that no store knows yet.
 */
export interface LentIds {
  readonly nodes: IdTable;
  readonly edges: EdgeIdTable;
  /** Core holds nothing in the tables any more. */
  giveBack(): void;
}

/** What a store answers when it is opened. */
export interface OpenedStore {
  /** The catalog as the store now holds it: what it held, joined with what it was given. */
  readonly catalog: CatalogDescription;
  /** Which one it is; see `Store.readCatalog`. */
  readonly catalogVersion?: number;
  readonly token: Token;
  /** Lent to one graph at a time, by a synchronous store only. */
  readonly ids?: LentIds | undefined;
  /** Whether a purge has been left unfinished. Where the store does not say, core asks it to purge. */
  readonly hasLeftovers?: boolean;
}

/** A stretch of the edges that hang on one node. */
export interface AdjacencyRequest {
  readonly direction: "out" | "in";
  /**
   * One concrete edge type, or `undefined` for every type. An undirected edge is stored once and is found under both
   * directions from both ends (`forward` still says which end is its source); a self-loop is found once under either
   * direction.
   */
  readonly edgeType: string | undefined;
  readonly order: "asc" | "desc";
  /** Only edges strictly after (`asc`) or before (`desc`) this one. */
  readonly after: Id | undefined;
  /** Edges to give at most. */
  readonly limit: number;
  /** Whether the edges' fields are wanted. */
  readonly edgeFields: boolean;
}

/** What was found for the requests of one call. */
export interface AdjacencyAnswer {
  readonly rows: AdjacencyRows;
  readonly token: Token;
}

/** A range over one declared index: `equals` for its first fields, then optionally a range over the next one. */
export interface LookupRequest {
  readonly index: string;
  readonly equals: readonly unknown[];
  readonly range?:
    | {
        readonly low?: unknown;
        readonly lowOpen?: boolean;
        readonly high?: unknown;
        readonly highOpen?: boolean;
      }
    | undefined;
  /** Of an index per owner: only this owner's records. */
  readonly owner?: Id | undefined;
  /** Order of the keys; records of one key follow in id order, ascending under `asc` and descending under `desc`. */
  readonly order: "asc" | "desc";
  /** Strictly after the record that has this key (the values of all the index's fields) and id. */
  readonly after?: { readonly key: readonly unknown[]; readonly id: Id } | undefined;
  readonly limit: number;
}

/** A stretch of the records of one type, in id order. */
export interface ScanRequest {
  readonly kind: "node" | "edge";
  /** One concrete type, its subtypes not included. */
  readonly type: string;
  readonly order: "asc" | "desc";
  /** Strictly after (`asc`) or before (`desc`) this id. */
  readonly after: Id | undefined;
  readonly limit: number;
}

/** What a scan in ascending order would go over. */
export interface TallyRequest {
  readonly kind: "node" | "edge";
  /** One concrete type, its subtypes not included. */
  readonly type: string;
  /** Strictly after this id. */
  readonly after: Id | undefined;
  readonly limit: number;
}

/** How many records a stretch has, without giving them. */
export interface Tally {
  /** Records there are after the place asked for, `limit` of them at most. */
  readonly count: number;
  /** The last one that was counted; `undefined` where there was none. */
  readonly last: Id | undefined;
  readonly more: boolean;
  readonly token: Token;
}

/** A stretch of nodes. */
export interface NodePage {
  readonly rows: NodeRows;
  readonly more: boolean;
  readonly token: Token;
}

/** A stretch of edges. */
export interface EdgePage {
  readonly rows: EdgeRows;
  readonly more: boolean;
  readonly token: Token;
}

/** The records of one moment, whatever is committed meanwhile: what a long read, such as an export, goes over. */
export interface StoreSnapshot {
  readonly token: Token;
  /** What the store knew then, types of other programs included. */
  readonly catalog: CatalogDescription;
  /** Nodes of every type in id order, strictly after this id; `limit` of them at most. */
  nodes(after: Id | undefined, limit: number): MaybePromise<Omit<NodePage, "token">>;
  /** Edges likewise. */
  edges(after: Id | undefined, limit: number): MaybePromise<Omit<EdgePage, "token">>;
  /** Idempotent. The moment may cost the store room for as long as it is held. */
  close(): MaybePromise<void>;
}

/** One unit of work's writes: applied whole or not at all. */
export interface CommitBatch {
  readonly unitId: Id;
  /** Every guard held at this token. */
  readonly base: Token;
  readonly guards: Guards;
  readonly nodes: NodeRows;
  readonly edges: EdgeRows;
  readonly updates: readonly RecordUpdate[];
}

/** What became of one batch. */
export type CommitOutcome =
  /**
   * `previous` is the newest token before this commit (of another batch of the same call too): where core knows
   * everything up to it, it applies its own commit without asking for the change feed.
   */
  | { readonly status: "committed"; readonly token: Token; readonly previous: Token }
  /** A guard or an expected version no longer holds; nothing was written. */
  | { readonly status: "conflict" }
  /** A unique key is taken that this record of the batch was to have, and every guard holds; nothing was written. */
  | { readonly status: "duplicate"; readonly index: string; readonly record: Id }
  /** Another unit holds the writer lease; nothing was written. */
  | { readonly status: "leased"; readonly untilMs: number };

/** A stretch of the change feed. */
export interface ChangePage {
  /** In the order in which they became visible, from just after `since`. */
  readonly commits: readonly CommitRecord[];
  /** The version of the catalog that all of these commits were made under, or of a later one; see `Store.readCatalog`. */
  readonly catalogVersion?: number;
  /** Up to where `commits` tells everything. */
  readonly token: Token;
  readonly more: boolean;
}

/**
 * The authoritative role of a backend: graph-shaped, batched, asynchronous where it must be.
 *
 * What callers guarantee (`checkedStore` stands in between and sees to it): arguments are well formed, ids are valid,
 * type and index names are in the catalog that `open` was given, limits are positive, values are in the value domain,
 * `open` has answered before anything else is called, nothing is called after `close`.
 *
 * What a store promises:
 * - **Reads are of one moment.** Every answer carries the token at which all of it was true. Commits that were
 *   acknowledged to this store object before the call are in it.
 * - **Absence is silence.** What is not there, or is tombstoned, or hangs on a tombstoned node, is not in the answer.
 * - **Order.** `readNodes` and `readEdges` answer in any order, each record once. Adjacency is in edge id order,
 *   lookups in key order, scans in id order; ids compare as bytes.
 * - **Commits are atomic**, also across a crash, and are visible to every later read of this store object before they
 *   are acknowledged. Versions start at 1 and an update makes `expected + 1`.
 * - **A unique key** is held by one record of the index's type or its subtypes; where the index is per owner, by one
 *   record of each owner. A record in which one of the key's fields is absent is exempt.
 * - **Failure**: what it throws after a commit was begun means that the outcome is unknown; `outcome` then tells.
 * - **Damage** is never dropped and never fatal to what lies beside it. What
 *   cannot be decoded comes back as a `RowDamage` in its place, and where it cannot be told which record is an end of an
 *   edge or its owner, `missingId` does.
 * - **Writing files anew**: a commit that writes a node's fields puts it under the keys that they make, whatever it was
 *   under before, also where the fields are the same.
 */
export interface Store {
  /** For messages: what this is and where, such as `sqlite chat.db`. */
  readonly name: string;
  readonly supports: StoreSupports;
  readonly counters: StoreCounters;

  /** Creates what is missing, joins the catalog with the stored one (additively) and gives both back as one. */
  open(catalog: CatalogDescription): MaybePromise<OpenedStore>;

  /**
   * The catalog as the store holds it now. A shared store has it: where a page of `changes` names another version than
   * was known, other code has opened the data, and core takes its types and shapes in before it reads the records that
   * are stored under them.
   */
  readCatalog?(): MaybePromise<{ readonly catalog: CatalogDescription; readonly version: number }>;

  /** @param ids at most 256, each once */
  readNodes(ids: IdColumn): MaybePromise<{ rows: NodeRows; token: Token }>;
  readEdges(ids: IdColumn): MaybePromise<{ rows: EdgeRows; token: Token }>;

  /** @param nodes the node of request `i` is `nodes.at(i)`; at most 256 requests. A node that is absent has no edges. */
  readAdjacency(nodes: IdColumn, requests: readonly AdjacencyRequest[]): MaybePromise<AdjacencyAnswer>;

  lookup(request: LookupRequest): MaybePromise<NodePage>;
  scan(request: ScanRequest & { kind: "node" }): MaybePromise<NodePage>;
  scan(request: ScanRequest & { kind: "edge" }): MaybePromise<EdgePage>;

  /** Counts what `scan` would give, a stretch at a time. Without it core scans to count. */
  tally?(request: TallyRequest): MaybePromise<Tally>;

  /**
   * Holds the present moment for reading, until the snapshot or the store is closed. Without it a long read is of one
   * moment only while nobody commits.
   */
  snapshot?(): MaybePromise<StoreSnapshot>;

  /**
   * Commits each batch by itself, in order, and answers for each; what one durable sync can serve shares it.
   * No batch of a call touches what another one's guards depend on, so each is checked against what became visible
   * after its `base` by others only. A batch fails alone. A batch whose unit id was committed before answers as then.
   *
   * Checks, in this order: guards and expected versions, then unique keys.
   */
  commit(batches: readonly CommitBatch[]): MaybePromise<readonly CommitOutcome[]>;

  /** Whether the unit's commit is in the store; `"expired"` where the store no longer knows. */
  outcome(unitId: Id): MaybePromise<"committed" | "absent" | "expired">;

  /** The newest token. Asked once a turn of the event loop where the store is shared, so it must be cheap. */
  current(): MaybePromise<Token>;

  /** Commits after `since`, a page of them; `"lost"` where the store cannot tell them all. */
  changes(since: Token): MaybePromise<ChangePage | "lost">;

  /**
   * Holds every other unit's commit back until `release` or for `ttlMs`, whichever is sooner. False where another
   * unit holds it. A shared store has it; for a store of one process core queues by itself.
   */
  lease?(unitId: Id, ttlMs: number): MaybePromise<boolean>;
  release?(unitId: Id): MaybePromise<void>;

  /**
   * Files edges anew, by what their own records say: into the neighbourhoods in which they belong, and out of those in
   * which they do not. Repairs ask for it, where `check` found that the two disagree; a store in which that cannot be, or
   * which has no way of doing it, leaves it out. Nothing that is read of the edges by their ids changes.
   *
   * @param edges ids, also of edges that are not there: entries under them go
   */
  refile?(edges: readonly Id[]): MaybePromise<void>;

  /** Removes at most `limit` rows that are logically gone, outside the change feed. False once nothing is left. */
  purge(limit: number): MaybePromise<boolean>;

  /** Idempotent. Waits for what is under way. */
  close(): MaybePromise<void>;
}
