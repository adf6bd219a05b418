import type { Id } from "../model/id.ts";
import type { MaybePromise } from "../util/maybe-async.ts";
import type { EdgeRows, NodeRows } from "./rows.ts";

/** What a cache can do. */
export interface CacheSupports {
  /** Other processes use the same cache: what one puts there the others find, and are told of. */
  readonly shared: boolean;
}

/** What a cache did since it was opened. Counts have no noise, so tests assert them. */
export interface CacheCounters {
  /** Questions to the server, each with its answer: a pipeline or a script is one. */
  commands: number;
  /** Records that were asked for and given. */
  hits: number;
  /** Records that were asked for and not given. */
  misses: number;
}

/** How far a record had come: both count up by themselves, and of two states of one record none is behind in one only. */
export interface CacheVersion {
  readonly dataVersion: number;
  readonly accessVersion: number;
}

/** Permission to fill one missing record. */
export interface FillLease {
  readonly id: Id;
  /** Opaque, made by the cache. */
  readonly token: string;
}

/** What a cache holds of the records it was asked for. */
export interface CacheAnswer {
  /** In any order, each record once; copies that nobody else holds. */
  readonly nodes: NodeRows;
  readonly edges: EdgeRows;
  /** For each asked record that is not held: the lease to fill it, or nothing where another reader has it already. */
  readonly leases: readonly FillLease[];
}

/** A record that changed: the version that it has now, or that it is gone for good. */
export interface Invalidation {
  readonly id: Id;
  readonly version: CacheVersion | "gone";
}

/** Who is told of invalidations. What it throws harms nobody else. */
export interface CacheListener {
  onInvalidated(records: readonly Invalidation[]): void;
  /** Messages may have been missed: whoever holds anything drops it all. */
  onLost(): void;
}

/**
 * The partial role of a backend: records by id, any of which may be missing at any time, between L1 and the store.
 *
 * A cache is never authoritative: what version a record has is the store's to say. What it promises is that it never goes
 * backwards:
 * - **Versions win.** `setMany` leaves a record alone where what the cache knows of it is as new or newer, and says
 *   nothing about it; the other records of the call are taken all the same.
 * - **What was named is the floor.** Once a version was set or named by an invalidation, nothing older is given or taken,
 *   whoever is slow. `"gone"` is newer than every version. A floor outlives the record that it was set for by `ttlMs`.
 * - **A slow reader cannot bring back the past.** A lease is given to one reader at a time. A fill (`setMany` with a
 *   lease) is taken only while its lease holds: whatever is set or invalidated of the record since, or the end of the
 *   lease's time, `leaseMs`, voids it. A lease is good once.
 * - **Age is bounded.** Nothing is given `ttlMs` after it was put there: so stale may be what was read while every message
 *   was lost, and no staler.
 * - **One incarnation at a time.** Versions compare within one incarnation of the store. What was put under another one
 *   is not given, does not stand in the way, and its messages are not told.
 * - **Whoever is told finds nothing older.** `invalidate` drops what is older than the version named, and then tells
 *   every subscriber of every client, the caller's own too, of each record at least once.
 * - **A lost channel is told.** Where messages may have been missed, `onLost` says so, once the channel is back at the
 *   latest; the subscription goes on.
 * - **Failure is fast.** A cache that cannot answer rejects at once and does not wait for a connection; it is the same
 *   as before once the connection is back. Nothing a cache does or fails to do may fail a read or a commit.
 * - **What is given is what was set**, to the last bit: ids, type, owner, access record, both versions, shape, ends and
 *   fields of every kind of value. A record that is too large for the cache is left out.
 *
 * What callers guarantee: `open` has answered before anything else is called and nothing is called after `close`; at most
 * 256 nodes and 256 edges a call, each once; rows of committed records alone, none of which is a `RowDamage`. After a
 * commit the store has it first, then `setMany` is called with what was committed, then `invalidate`.
 */
export interface Cache {
  /** For messages: what this is and where, such as `redis 127.0.0.1:6379`. */
  readonly name: string;
  readonly supports: CacheSupports;
  readonly counters: CacheCounters;
  /** How long a record is given after it was put there. */
  readonly ttlMs: number;
  /** How long a reader has to fill what it missed. */
  readonly leaseMs: number;

  /** @param incarnation of the store whose records these are: opaque, new after a restore */
  open(incarnation: string): MaybePromise<void>;

  getMany(nodes: readonly Id[], edges: readonly Id[]): MaybePromise<CacheAnswer>;

  /** @param leases of records that are filled after a miss; records of a commit have none and need none */
  setMany(nodes: NodeRows, edges: EdgeRows, leases?: readonly FillLease[]): MaybePromise<void>;

  /** @param records at most 256 */
  invalidate(records: readonly Invalidation[]): MaybePromise<void>;

  /** @returns what ends the subscription; it may be called twice */
  subscribe(listener: CacheListener): MaybePromise<() => void>;

  /** Idempotent. Nobody is told of anything any more; what is held stays for others. */
  close(): MaybePromise<void>;
}
