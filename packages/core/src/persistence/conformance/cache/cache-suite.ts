import { type AccessRecord, newNodeAccess } from "../../../model/access-record.ts";
import { type Id, IdSource } from "../../../model/id.ts";
import type {
  Cache,
  CacheAnswer,
  CacheListener,
  CacheVersion,
  FillLease,
  Invalidation,
} from "../../cache.ts";
import { type RowView, rowsOf, viewsOf } from "../../row-view.ts";
import type { EdgeRows, NodeRows } from "../../rows.ts";
import { ConformanceError } from "../assert.ts";
import { cacheContract } from "./cache-contract.ts";

/** A cache, and the test runner to test it with. */
export interface CacheConformanceOptions {
  /** The runner's: groups tests. */
  readonly describe: (name: string, body: () => void) => void;
  /** The runner's: one test. */
  readonly test: (name: string, body: () => Promise<void>) => void;
  /** A client, not open yet, of an empty cache that no other test uses. The suite opens and closes it. */
  readonly create: () => Cache | Promise<Cache>;
  /** Another client of an open one's cache, not open yet. A cache that is `shared` must have it. */
  readonly connect?: (cache: Cache) => Cache | Promise<Cache>;
  /** How long messages may take that the suite waits for; beyond it they count as lost. Default: 5,000 */
  readonly patienceMs?: number;
  /**
   * Lets time pass on the clock that leases and ages go by. Where that is a server's own, give short times to the cache
   * and wait here. Without it nothing about time is tested.
   */
  readonly passTime?: (cache: Cache, ms: number) => void | Promise<void>;
  /** Breaks the connection of a client, and gives what restores it. Without it nothing about that is tested. */
  readonly cut?: (cache: Cache) => (() => void | Promise<void>) | Promise<() => void | Promise<void>>;
}

const PATIENCE_MS = 5_000;
const POLL_MS = 2;

const incarnation = "0123456789abcdef";

/** Where the suite's parts put their tests: each gets a cache of its own, whose clients are closed after it. */
export class CacheSuite {
  readonly options: CacheConformanceOptions;
  #contract: string | undefined;

  constructor(options: CacheConformanceOptions) {
    this.options = options;
  }

  group(name: string, body: () => void): void {
    this.#contract = cacheContract[name];
    this.options.describe(name, body);
  }

  test(name: string, body: (client: CacheClient) => Promise<void>): void {
    const contract = this.#contract;
    const { create, connect, patienceMs = PATIENCE_MS } = this.options;
    this.options.test(name, async () => {
      const opened: Cache[] = [];
      const open = async (cache: Cache, as: string): Promise<CacheClient> => {
        opened.push(cache);
        await cache.open(as);
        return new CacheClient(cache, ids, patienceMs, async (other = as) => {
          if (connect === undefined) throw new ConformanceError("the suite was given no `connect`");
          return open(await connect(cache), other);
        });
      };
      const ids = new IdSource();
      try {
        await body(await open(await create(), incarnation));
      } catch (error) {
        await Promise.allSettled(opened.map(async (cache) => cache.close()));
        throw error instanceof ConformanceError ? error.under(contract) : error;
      }
      for (const cache of opened) await cache.close();
    });
  }
}

/** What a client was told. */
export interface Heard {
  readonly records: Invalidation[];
  losses: number;
  end: () => void;
}

/** An open client, with the words that tests are written in. */
export class CacheClient {
  readonly cache: Cache;
  /** Another client, of the same incarnation unless another is named. */
  readonly connected: (incarnation?: string) => Promise<CacheClient>;
  readonly #ids: IdSource;
  readonly #patienceMs: number;

  constructor(
    cache: Cache,
    ids: IdSource,
    patienceMs: number,
    connected: (incarnation?: string) => Promise<CacheClient>,
  ) {
    this.#patienceMs = patienceMs;
    this.cache = cache;
    this.#ids = ids;
    this.connected = connected;
  }

  newId(): Id {
    return this.#ids.nextId();
  }

  /** A node as a store would give it. */
  node(id: Id = this.newId(), parts: Partial<RowView> = {}): RowView {
    return {
      id,
      type: "Person",
      owner: id,
      access: newNodeAccess as AccessRecord,
      dataVersion: 1,
      accessVersion: 1,
      shape: 1,
      fields: {},
      ...parts,
    };
  }

  edge(id: Id = this.newId(), parts: Partial<RowView> = {}): RowView {
    return this.node(id, { type: "Knows", source: this.newId(), target: this.newId(), ...parts });
  }

  async set(...views: readonly RowView[]): Promise<void> {
    const { nodes, edges } = split(views);
    await this.cache.setMany(nodes, edges);
  }

  async fill(view: RowView, lease: FillLease): Promise<void> {
    const { nodes, edges } = split([view]);
    await this.cache.setMany(nodes, edges, [lease]);
  }

  async invalidate(id: Id, version: Invalidation["version"]): Promise<void> {
    await this.cache.invalidate([{ id, version }]);
  }

  async getMany(nodes: readonly Id[], edges: readonly Id[] = []): Promise<CacheAnswer> {
    return this.cache.getMany(nodes, edges);
  }

  /** The node, as the cache holds it. */
  async get(id: Id): Promise<RowView | undefined> {
    return viewsOf((await this.getMany([id])).nodes)[0];
  }

  /** How far the cache says that a node has come. */
  async versionOf(id: Id): Promise<CacheVersion | undefined> {
    const held = await this.get(id);
    return held && { dataVersion: held.dataVersion, accessVersion: held.accessVersion };
  }

  /** The lease for a node that is not there, which this reader must get. */
  async lease(id: Id): Promise<FillLease> {
    const { leases } = await this.getMany([id]);
    const [lease] = leases;
    if (lease?.id !== id || leases.length !== 1)
      throw new ConformanceError(
        `who misses a record is the first to: expected a lease for it, got ${leases.length} leases`,
      );
    return lease;
  }

  /** Messages take their time, of which nobody knows how much: asked again and again. */
  async until(holds: () => boolean, claim: string, got: () => string): Promise<void> {
    for (let waited = 0; !holds(); waited += POLL_MS) {
      if (waited > this.#patienceMs)
        throw new ConformanceError(`${claim}: after ${this.#patienceMs} ms got ${got()}`);
      await new Promise<void>((resolve) => void setTimeout(resolve, POLL_MS));
    }
  }

  /** Until the subscriber knows of these records. */
  async told({ records }: Heard, ids: readonly Id[]): Promise<void> {
    const missing = (): number => ids.filter((id) => !records.some((record) => record.id === id)).length;
    const claim = `the subscriber is told of ${ids.length} ${ids.length === 1 ? "record" : "records"}`;
    await this.until(
      () => missing() === 0,
      claim,
      () => `word of ${ids.length - missing()}`,
    );
  }

  async listen(): Promise<Heard> {
    const heard: Heard = { records: [], losses: 0, end: () => {} };
    const listener: CacheListener = {
      onInvalidated: (records) => void heard.records.push(...records),
      onLost: () => {
        heard.losses += 1;
      },
    };
    heard.end = await this.cache.subscribe(listener);
    return heard;
  }
}

export function split(views: readonly RowView[]): { nodes: NodeRows; edges: EdgeRows } {
  return {
    nodes: rowsOf(
      "node",
      views.filter(({ source }) => source === undefined),
    ),
    edges: rowsOf(
      "edge",
      views.filter(({ source }) => source !== undefined),
    ),
  };
}
