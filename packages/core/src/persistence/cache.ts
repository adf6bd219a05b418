import type { Id } from "../model/id.ts";
import type { MaybePromise } from "../util/maybe-async.ts";
import type { EdgeRows, NodeRows } from "./rows.ts";

/** What a cache holds of one record besides its row: enough to know which of two is newer. */
export interface CacheVersion {
  readonly dataVersion: number;
  readonly accessVersion: number;
}

/** Permission to fill one missing record; void once anybody has written or invalidated the record since. */
export interface FillLease {
  readonly id: Id;
  /** Opaque, made by the cache. */
  readonly token: string;
}

/** What a cache holds of the records it was asked for. */
export interface CacheAnswer {
  readonly nodes: NodeRows;
  readonly edges: EdgeRows;
  /** For each asked record that is not held: the lease to fill it, or nothing where another reader has it already. */
  readonly leases: readonly FillLease[];
}

/** A record that changed elsewhere. Without a version it is gone, or nobody said how far it came. */
export interface Invalidation {
  readonly id: Id;
  readonly version: CacheVersion | undefined;
}

/**
 * The partial role of a backend: records by id, any of which may be missing at any time, between L1 and the store.
 *
 * A cache is never authoritative. What it promises is that it never goes backwards:
 * - **Versions win.** `setMany` leaves a record alone where what is held is as new or newer, and says nothing about it.
 * - **A slow reader cannot bring back the past.** A fill (`setMany` with a lease) takes effect only while its lease
 *   does: a write, an invalidation or the end of its time voids it.
 * - **Order of a commit**: the store first, then `setMany` with what was committed, then `invalidate`, which tells all
 *   subscribers. Whoever is told drops what is older than the version named.
 * - **A lost channel is told**: after `onLost` the subscriber knows nothing of what it holds and drops everything.
 * - **Failure is fast.** A cache that cannot answer rejects at once; the tier above goes to the store and tries the
 *   cache again later. Nothing a cache does or fails to do may fail a read or a commit.
 *
 * What callers guarantee: at most 256 ids a call, rows of committed records alone.
 */
export interface Cache {
  /** For messages: what this is and where, such as `redis 127.0.0.1:6379`. */
  readonly name: string;

  getMany(nodes: readonly Id[], edges: readonly Id[]): MaybePromise<CacheAnswer>;

  /** @param leases of records that are filled after a miss; records of a commit have none and need none */
  setMany(nodes: NodeRows, edges: EdgeRows, leases?: readonly FillLease[]): MaybePromise<void>;

  /** Drops what is older than the version and tells every subscriber, this process's own too. */
  invalidate(records: readonly Invalidation[]): MaybePromise<void>;

  /** @returns what ends the subscription */
  subscribe(
    onInvalidated: (records: readonly Invalidation[]) => void,
    onLost: () => void,
  ): MaybePromise<() => void>;

  /** Idempotent. */
  close(): MaybePromise<void>;
}
