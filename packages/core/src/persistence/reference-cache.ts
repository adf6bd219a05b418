import { GraphError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import type {
  Cache,
  CacheAnswer,
  CacheCounters,
  CacheListener,
  CacheSupports,
  CacheVersion,
  FillLease,
  Invalidation,
} from "./cache.ts";
import { copyEdgeRows, copyNodeRows, pushRow } from "./copy-rows.ts";
import { EdgeRows, NodeRows } from "./rows.ts";

/** Options of `referenceCache`. */
export interface ReferenceCacheOptions {
  /** Default: a minute */
  readonly ttlMs?: number;
  /** Default: two seconds */
  readonly leaseMs?: number;
  /** Records held at most; the one that was put there first goes first. Default: 100,000 */
  readonly maxRecords?: number;
  /** Milliseconds on a clock. Default: `Date.now` */
  readonly now?: () => number;
}

/** What several clients share, as processes share a server. */
export interface ReferenceCacheServer {
  /** Another client. */
  connect(): Cache;
  /** The connection of a client breaks: its calls fail and its messages are lost, until it is mended. */
  cut(cache: Cache): void;
  mend(cache: Cache): void;
}

/**
 * A cache in this process's memory that does what the contract says and no more: for tests of what stands above caches,
 * and to be read by whoever writes one. Clients share records, leases and messages as processes share a server.
 */
export function referenceCache(options: ReferenceCacheOptions = {}): ReferenceCacheServer {
  return new Server(options);
}

interface Timed<T> {
  readonly value: T;
  readonly until: number;
}

class Server implements ReferenceCacheServer {
  readonly ttlMs: number;
  readonly leaseMs: number;
  readonly now: () => number;
  readonly clients: Set<Client> = new Set();
  readonly #maxRecords: number;
  // By incarnation, kind and id, in the order in which they were put there.
  readonly #rows: Map<string, Timed<NodeRows | EdgeRows>> = new Map();
  readonly #floors: Map<string, Timed<CacheVersion | "gone">> = new Map();
  readonly #leases: Map<string, Timed<string>> = new Map();
  #leasesMade = 0;

  constructor(options: ReferenceCacheOptions) {
    const { ttlMs = 60_000, leaseMs = 2_000, maxRecords = 100_000, now = Date.now } = options;
    this.ttlMs = ttlMs;
    this.leaseMs = leaseMs;
    this.now = now;
    this.#maxRecords = maxRecords;
  }

  connect(): Cache {
    const client = new Client(this);
    this.clients.add(client);
    return client;
  }

  cut(cache: Cache): void {
    (cache as Client).isCut = true;
  }

  mend(cache: Cache): void {
    (cache as Client).mend();
  }

  get(key: string): NodeRows | EdgeRows | undefined {
    return this.#current(this.#rows, key);
  }

  set(key: string, row: NodeRows | EdgeRows, lease: FillLease | undefined): void {
    if (lease !== undefined && this.#current(this.#leases, key) !== lease.token) return;
    const version = { dataVersion: row.dataVersions[0]!, accessVersion: row.accessVersions[0]! };
    const floor = this.#current(this.#floors, key);
    const order = floor === undefined ? 1 : compare(version, floor);
    // What was named by an invalidation is not there yet.
    if (order < 0 || (order === 0 && this.get(key) !== undefined)) return;
    this.#raise(key, version);
    this.#rows.set(key, { value: row, until: this.now() + this.ttlMs });
    if (this.#rows.size > this.#maxRecords) this.#rows.delete(this.#rows.keys().next().value!);
  }

  invalidate(key: string, version: CacheVersion | "gone"): void {
    // Whoever read before this may have read what is older.
    this.#leases.delete(key);
    const floor = this.#current(this.#floors, key);
    if (floor === undefined || compare(version, floor) > 0) this.#raise(key, version);
  }

  lease(id: Id, key: string): FillLease | undefined {
    if (this.#current(this.#leases, key) !== undefined) return undefined;
    this.#leasesMade += 1;
    const token = `${this.#leasesMade}`;
    this.#leases.set(key, { value: token, until: this.now() + this.leaseMs });
    return { id, token };
  }

  tell(incarnation: string, records: readonly Invalidation[]): void {
    for (const client of this.clients) client.tell(incarnation, records);
  }

  /** Nothing older is taken from now on, until whatever is on its way has arrived, and what is held was put there again. */
  #raise(key: string, version: CacheVersion | "gone"): void {
    const now = this.now();
    this.#rows.delete(key);
    this.#leases.delete(key);
    this.#floors.delete(key);
    this.#floors.set(key, { value: version, until: now + 2 * this.ttlMs });
    for (const [oldest, { until }] of this.#floors) {
      if (until > now) break;
      this.#floors.delete(oldest);
    }
  }

  #current<T>(all: ReadonlyMap<string, Timed<T>>, key: string): T | undefined {
    const found = all.get(key);
    return found !== undefined && found.until > this.now() ? found.value : undefined;
  }
}

class Client implements Cache {
  readonly name: string = "reference cache";
  readonly supports: CacheSupports = Object.freeze({ shared: true });
  readonly counters: CacheCounters = { commands: 0, hits: 0, misses: 0 };
  isCut = false;
  readonly #server: Server;
  readonly #listeners: Set<CacheListener> = new Set();
  #incarnation = "";

  constructor(server: Server) {
    this.#server = server;
  }

  get ttlMs(): number {
    return this.#server.ttlMs;
  }

  get leaseMs(): number {
    return this.#server.leaseMs;
  }

  async open(incarnation: string): Promise<void> {
    this.#command();
    this.#incarnation = incarnation;
  }

  async getMany(nodes: readonly Id[], edges: readonly Id[]): Promise<CacheAnswer> {
    this.#command();
    const answer = { nodes: new NodeRows(), edges: new EdgeRows(), leases: [] as FillLease[] };
    for (const [kind, ids] of [
      ["node", nodes],
      ["edge", edges],
    ] as const) {
      for (const id of ids) {
        const key = this.#key(kind, id);
        const row = this.#server.get(key);
        this.counters[row === undefined ? "misses" : "hits"] += 1;
        if (row instanceof EdgeRows) pushRow(answer.edges, copyEdgeRows(row), 0);
        else if (row !== undefined) pushRow(answer.nodes, copyNodeRows(row), 0);
        else {
          const lease = this.#server.lease(id, key);
          if (lease !== undefined) answer.leases.push(lease);
        }
      }
    }
    return answer;
  }

  async setMany(nodes: NodeRows, edges: EdgeRows, leases: readonly FillLease[] = []): Promise<void> {
    this.#command();
    const byId = new Map(leases.map((lease) => [lease.id, lease]));
    for (const rows of [nodes, edges]) {
      for (let i = 0; i < rows.length; i++) {
        const row = rows instanceof EdgeRows ? new EdgeRows() : new NodeRows();
        pushRow(row, rows, i);
        const id = rows.ids.at(i);
        const copy = row instanceof EdgeRows ? copyEdgeRows(row) : copyNodeRows(row);
        this.#server.set(this.#key(rows === nodes ? "node" : "edge", id), copy, byId.get(id));
      }
    }
  }

  async invalidate(records: readonly Invalidation[]): Promise<void> {
    this.#command();
    for (const { id, version } of records)
      for (const kind of ["node", "edge"] as const) this.#server.invalidate(this.#key(kind, id), version);
    this.#server.tell(this.#incarnation, records);
  }

  async subscribe(listener: CacheListener): Promise<() => void> {
    this.#command();
    // The same listener twice is two subscriptions.
    const own = bound(listener);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#server.clients.delete(this);
  }

  tell(incarnation: string, records: readonly Invalidation[]): void {
    if (this.isCut || incarnation !== this.#incarnation) return;
    for (const listener of this.#listeners) quietly(() => listener.onInvalidated(records));
  }

  mend(): void {
    if (!this.isCut) return;
    this.isCut = false;
    for (const listener of this.#listeners) quietly(() => listener.onLost());
  }

  #key(kind: "node" | "edge", id: Id): string {
    return `${this.#incarnation} ${kind} ${id}`;
  }

  #command(): void {
    if (this.isCut)
      throw new GraphError({ code: "RW_TIER_UNAVAILABLE", message: `${this.name}: the connection is lost` });
    this.counters.commands += 1;
  }
}

function bound(listener: CacheListener): CacheListener {
  return {
    onInvalidated: (records) => listener.onInvalidated(records),
    onLost: () => listener.onLost(),
  };
}

function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // What a listener throws is its own affair.
  }
}

/** Order of two versions of one record. */
function compare(left: CacheVersion | "gone", right: CacheVersion | "gone"): number {
  if (left === "gone" || right === "gone") return Number(left === "gone") - Number(right === "gone");
  return left.dataVersion - right.dataVersion + (left.accessVersion - right.accessVersion);
}
