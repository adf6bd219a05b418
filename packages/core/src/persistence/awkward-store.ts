import { ClosedError } from "../errors.ts";
import { type Id, IdColumn } from "../model/id.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type { Token } from "./change.ts";
import { copyAdjacencyRows, copyBatch, copyColumn, copyEdgeRows, copyNodeRows } from "./copy-rows.ts";
import { memory } from "./memory-store.ts";
import type { EdgeRows, NodeRows } from "./rows.ts";
import type {
  AdjacencyAnswer,
  AdjacencyRequest,
  ChangePage,
  CommitBatch,
  CommitOutcome,
  EdgePage,
  LookupRequest,
  NodePage,
  OpenedStore,
  ScanRequest,
  Store,
  StoreCounters,
  StoreSnapshot,
  StoreSupports,
  Tally,
  TallyRequest,
} from "./store.ts";

/** Options of `awkwardBase`. */
export interface AwkwardOptions {
  /** Decides in which order things happen; the same seed and calls give the same order. Default 1. */
  readonly seed?: number;
  /** Calls back in a later task. Default: the platform's `setImmediate`, else a timer. */
  readonly defer?: (callback: () => void) => void;
  /** Milliseconds on a clock, for leases. Default `Date.now`. */
  readonly now?: () => number;
}

/** Data that several clients share as processes share a database. */
export interface AwkwardBase {
  /** Another client. The change feed is all that links it to the others. */
  connect(): Store;
  /** As after a restore from a backup: every token that was given out belongs to another incarnation. */
  reincarnate(): void;
}

/**
 * A deliberately awkward store for tests: whatever passes over it is ready for a database across a network.
 *
 * - Every call answers in a later task, and calls that are under way at the same time take place and are answered in
 *   random order. Each still answers of one moment, which lies between the call and its answer.
 * - Rows are fresh copies each time, on their way in and out.
 * - Several clients share it (`connect`); it has leases, and tokens with an incarnation.
 */
export function awkwardBase(options: AwkwardOptions = {}): AwkwardBase {
  return new Base(options);
}

interface Call {
  readonly run: () => void;
  readonly answer: () => void;
  hasRun: boolean;
}

class Base implements AwkwardBase {
  readonly store: Store = memory();
  readonly now: () => number;
  readonly #defer: (callback: () => void) => void;
  readonly #calls: Call[] = [];
  #random: number;
  #isDeferred = false;
  #incarnation = 1;
  #lease: { readonly unitId: Id; readonly until: number } | undefined;

  constructor({ seed = 1, defer = nextTask, now = Date.now }: AwkwardOptions) {
    this.#random = seed;
    this.#defer = defer;
    this.now = now;
  }

  connect(): Store {
    return new AwkwardStore(this);
  }

  reincarnate(): void {
    this.#incarnation += 1;
  }

  /** Does `work` at a moment of its own, and answers some time after it. */
  later<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let answer = (): void => {};
      const run = (): void => {
        try {
          const value = work();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
      };
      this.#calls.push({ run, answer: () => answer(), hasRun: false });
      this.#wake();
    });
  }

  token(token: Token): Token {
    return `${String(this.#incarnation).padStart(4, "0")}-${token}`;
  }

  /** The base's own token, `undefined` for one of another incarnation. */
  inner(token: Token): Token | undefined {
    const prefix = this.token("");
    return token.startsWith(prefix) ? token.slice(prefix.length) : undefined;
  }

  /** Milliseconds for which a commit of this unit must wait. */
  leaseAgainst(unitId: Id): number {
    const lease = this.#lease;
    return lease === undefined || lease.unitId === unitId ? 0 : Math.max(0, lease.until - this.now());
  }

  lease(unitId: Id, ttlMs: number): boolean {
    if (this.leaseAgainst(unitId) > 0) return false;
    this.#lease = { unitId, until: this.now() + ttlMs };
    return true;
  }

  release(unitId: Id): void {
    if (this.#lease?.unitId === unitId) this.#lease = undefined;
  }

  #wake(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#defer(() => {
      this.#isDeferred = false;
      this.#step();
      if (this.#calls.length > 0) this.#wake();
    });
  }

  /** One thing happens: a call takes place, or one that has taken place is answered. */
  #step(): void {
    const at = this.#below(this.#calls.length);
    const call = this.#calls[at]!;
    if (!call.hasRun) {
      call.hasRun = true;
      call.run();
      return;
    }
    this.#calls.splice(at, 1);
    call.answer();
  }

  /** A pseudo-random integer from 0 to `limit` - 1 (a linear congruential generator, its upper bits). */
  #below(limit: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * limit);
  }
}

class AwkwardStore implements Store {
  readonly name: string = "awkward";
  readonly supports: StoreSupports = Object.freeze({ durable: false, shared: true, synchronous: false });
  readonly counters: StoreCounters = {
    statements: 0,
    rowsRead: 0,
    rowsWritten: 0,
    transactions: 0,
    syncs: 0,
  };

  readonly #base: Base;
  readonly #underWay: Set<Promise<unknown>> = new Set();
  #closing: Promise<void> | undefined;

  constructor(base: Base) {
    this.#base = base;
  }

  open(catalog: CatalogDescription): Promise<OpenedStore> {
    const given = structuredClone(catalog);
    return this.#call((store) => {
      const opened = store.open(given) as OpenedStore;
      const { catalog, catalogVersion, token, hasLeftovers = true } = opened;
      const version = catalogVersion === undefined ? {} : { catalogVersion };
      return { catalog: structuredClone(catalog), ...version, token: this.#base.token(token), hasLeftovers };
    });
  }

  readCatalog(): Promise<{ catalog: CatalogDescription; version: number }> {
    return this.#call((store) => {
      const { catalog, version } = store.readCatalog!() as { catalog: CatalogDescription; version: number };
      return { catalog: structuredClone(catalog), version };
    });
  }

  readNodes(ids: IdColumn): Promise<{ rows: NodeRows; token: Token }> {
    const asked = copied(ids);
    return this.#call((store) => {
      const { rows, token } = store.readNodes(asked) as { rows: NodeRows; token: Token };
      return { rows: copyNodeRows(rows), token: this.#base.token(token) };
    });
  }

  readEdges(ids: IdColumn): Promise<{ rows: EdgeRows; token: Token }> {
    const asked = copied(ids);
    return this.#call((store) => {
      const { rows, token } = store.readEdges(asked) as { rows: EdgeRows; token: Token };
      return { rows: copyEdgeRows(rows), token: this.#base.token(token) };
    });
  }

  readAdjacency(nodes: IdColumn, requests: readonly AdjacencyRequest[]): Promise<AdjacencyAnswer> {
    const asked = copied(nodes);
    const wanted = [...requests];
    return this.#call((store) => {
      const { rows, token } = store.readAdjacency(asked, wanted) as AdjacencyAnswer;
      return { rows: copyAdjacencyRows(rows), token: this.#base.token(token) };
    });
  }

  lookup(request: LookupRequest): Promise<NodePage> {
    return this.#call((store) => {
      const { rows, more, token } = store.lookup(request) as NodePage;
      return { rows: copyNodeRows(rows), more, token: this.#base.token(token) };
    });
  }

  scan(request: ScanRequest & { kind: "node" }): Promise<NodePage>;
  scan(request: ScanRequest & { kind: "edge" }): Promise<EdgePage>;
  scan(request: ScanRequest): Promise<NodePage | EdgePage> {
    const { kind } = request;
    return this.#call<NodePage | EdgePage>((store) => {
      if (kind === "node") {
        const { rows, more, token } = store.scan({ ...request, kind }) as NodePage;
        return { rows: copyNodeRows(rows), more, token: this.#base.token(token) };
      }
      const { rows, more, token } = store.scan({ ...request, kind }) as EdgePage;
      return { rows: copyEdgeRows(rows), more, token: this.#base.token(token) };
    });
  }

  tally(request: TallyRequest): Promise<Tally> {
    return this.#call((store) => {
      const tally = store.tally!(request) as Tally;
      return { ...tally, token: this.#base.token(tally.token) };
    });
  }

  async snapshot(): Promise<StoreSnapshot> {
    const held = await this.#call((store) => store.snapshot!() as StoreSnapshot);
    return {
      token: this.#base.token(held.token),
      catalog: structuredClone(held.catalog),
      nodes: (after, limit) =>
        this.#call(() => {
          const { rows, more } = held.nodes(after, limit) as NodePage;
          return { rows: copyNodeRows(rows), more };
        }),
      edges: (after, limit) =>
        this.#call(() => {
          const { rows, more } = held.edges(after, limit) as EdgePage;
          return { rows: copyEdgeRows(rows), more };
        }),
      close: () => held.close(),
    };
  }

  commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> {
    const sent = batches.map(copyBatch);
    return this.#call((store) => this.#commit(store, sent));
  }

  outcome(unitId: Id): Promise<"committed" | "absent" | "expired"> {
    return this.#call((store) => store.outcome(unitId) as "committed" | "absent" | "expired");
  }

  current(): Promise<Token> {
    return this.#call((store) => this.#base.token(store.current() as Token));
  }

  changes(since: Token): Promise<ChangePage | "lost"> {
    return this.#call((store) => {
      const from = this.#base.inner(since);
      const page = from === undefined ? "lost" : (store.changes(from) as ChangePage | "lost");
      if (page === "lost") return page;
      const commits = page.commits.map((commit) => ({
        token: this.#base.token(commit.token),
        unitId: commit.unitId,
        changes: commit.changes?.map((change) => ({ ...change })),
      }));
      return { ...page, commits, token: this.#base.token(page.token) };
    });
  }

  lease(unitId: Id, ttlMs: number): Promise<boolean> {
    return this.#call(() => this.#base.lease(unitId, ttlMs));
  }

  release(unitId: Id): Promise<void> {
    return this.#call(() => this.#base.release(unitId));
  }

  purge(limit: number): Promise<boolean> {
    return this.#call((store) => store.purge(limit) as boolean);
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => {});
    return this.#closing;
  }

  #call<T>(work: (store: Store) => T): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(new ClosedError());
    const answer = this.#base.later(() => this.#counted(work));
    this.#underWay.add(answer);
    const done = (): void => void this.#underWay.delete(answer);
    answer.then(done, done);
    return answer;
  }

  #commit(store: Store, batches: readonly CommitBatch[]): CommitOutcome[] {
    const base = this.#base;
    const outcomes: (CommitOutcome | undefined)[] = [];
    const admitted: CommitBatch[] = [];
    for (const batch of batches) {
      const from = base.inner(batch.base);
      const waitMs = base.leaseAgainst(batch.unitId);
      if (waitMs > 0) outcomes.push({ status: "leased", untilMs: waitMs });
      else if (from === undefined) outcomes.push({ status: "conflict" });
      else {
        outcomes.push(undefined);
        admitted.push({ ...batch, base: from });
      }
    }
    const answers = store.commit(admitted) as readonly CommitOutcome[];
    let next = 0;
    return outcomes.map((outcome) => outcome ?? this.#outward(answers[next++]!));
  }

  #outward(outcome: CommitOutcome): CommitOutcome {
    if (outcome.status !== "committed") return outcome;
    const { status, token, previous } = outcome;
    return { status, token: this.#base.token(token), previous: this.#base.token(previous) };
  }

  /** The base counts for all its clients; what it counts during this call is this client's. */
  #counted<T>(work: (store: Store) => T): T {
    const { store } = this.#base;
    const before = { ...store.counters };
    try {
      return work(store);
    } finally {
      for (const key of Object.keys(before) as (keyof StoreCounters)[]) {
        this.counters[key] += store.counters[key] - before[key];
      }
    }
  }
}

function copied(ids: IdColumn): IdColumn {
  const copy = new IdColumn();
  copyColumn(ids, copy);
  return copy;
}

function nextTask(callback: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  if (setImmediate === undefined) setTimeout(callback, 0);
  else setImmediate(callback);
}
