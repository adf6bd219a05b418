import { ClosedError, CommitUnknownError, GraphError } from "../errors.ts";
import type { Id, IdColumn } from "../model/id.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Token } from "./change.ts";
import { ArgumentChecks, isAdjacency, isEven } from "./check-arguments.ts";
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

/**
 * The store behind its contract: arguments are checked before it sees them and the form of its answers after, and its
 * errors come in the library's own kinds. An adapter can therefore stay short and check nothing.
 *
 * - A caller's mistake is a `TypeError`; what is called before `open` has answered or after `close` is a `ClosedError`.
 * - A `GraphError` of the store passes as it is. Anything else that it throws in `commit` is a `CommitUnknownError`,
 *   elsewhere a `GraphError` with code `RW_STORE_FAILED`, with the cause. An answer of the wrong form is
 *   `RW_STORE_CONTRACT`.
 * - A synchronous store throws and an asynchronous one rejects, whichever the adapter did. What is answered at once
 *   stays without a promise.
 * - `close` may be called twice, and before `open`.
 */
export function checkedStore(store: Store): Store {
  if (typeof (store as Partial<Store> | null | undefined)?.open !== "function")
    throw new TypeError("checkedStore takes a store adapter, which has a method `open` and more");
  return store instanceof CheckedStore ? store : new CheckedStore(store);
}

class CheckedStore implements Store {
  readonly name: string;
  readonly supports: StoreSupports;
  readonly counters: StoreCounters;
  readonly readCatalog?: NonNullable<Store["readCatalog"]>;
  readonly tally?: (request: TallyRequest) => MaybePromise<Tally>;
  readonly snapshot?: () => MaybePromise<StoreSnapshot>;
  readonly lease?: (unitId: Id, ttlMs: number) => MaybePromise<boolean>;
  readonly release?: (unitId: Id) => MaybePromise<void>;
  readonly refile?: (edges: readonly Id[]) => MaybePromise<void>;

  readonly #store: Store;
  readonly #checks: ArgumentChecks = new ArgumentChecks();
  #opening: MaybePromise<OpenedStore> | undefined;
  #isOpen = false;
  #closing: { done: MaybePromise<void> } | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.name = store.name;
    this.supports = store.supports;
    this.counters = store.counters;
    if (store.readCatalog !== undefined) this.readCatalog = () => this.#readCatalog();
    if (store.tally !== undefined) this.tally = (request) => this.#tally(request);
    if (store.snapshot !== undefined) this.snapshot = () => this.#snapshot();
    if (store.refile !== undefined) this.refile = (edges) => this.#refile(edges);
    if (store.lease !== undefined && store.release !== undefined) {
      this.lease = (unitId, ttlMs) => this.#lease(unitId, ttlMs);
      this.release = (unitId) => this.#release(unitId);
    }
  }

  open(catalog: CatalogDescription): MaybePromise<OpenedStore> {
    if (this.#closing !== undefined) return this.#fail(this.#closedError("open"));
    this.#opening = this.#settle(
      "open",
      () => this.#store.open(catalog),
      (opened) => {
        if (this.#isToken(opened?.token) && opened.catalog !== undefined) {
          this.#checks.learn(opened.catalog);
          this.#isOpen = true;
        }
        return this.#isOpen;
      },
    );
    return this.#opening;
  }

  readNodes(ids: IdColumn): MaybePromise<{ rows: NodeRows; token: Token }> {
    return this.#call(
      "readNodes",
      () => this.#checks.ids("readNodes", ids),
      () => this.#store.readNodes(ids),
      ({ rows, token }) => isEven(rows) && this.#isToken(token) && rows.length <= ids.length,
    );
  }

  readEdges(ids: IdColumn): MaybePromise<{ rows: EdgeRows; token: Token }> {
    return this.#call(
      "readEdges",
      () => this.#checks.ids("readEdges", ids),
      () => this.#store.readEdges(ids),
      ({ rows, token }) => isEven(rows) && this.#isToken(token) && rows.length <= ids.length,
    );
  }

  readAdjacency(nodes: IdColumn, requests: readonly AdjacencyRequest[]): MaybePromise<AdjacencyAnswer> {
    return this.#call(
      "readAdjacency",
      () => this.#checks.adjacency(nodes, requests),
      () => this.#store.readAdjacency(nodes, requests),
      ({ rows, token }) => this.#isToken(token) && isAdjacency(rows, requests),
    );
  }

  lookup(request: LookupRequest): MaybePromise<NodePage> {
    return this.#call(
      "lookup",
      () => this.#checks.lookup(request),
      () => this.#store.lookup(request),
      ({ rows, token }) => isEven(rows) && this.#isToken(token) && rows.length <= request.limit,
    );
  }

  scan(request: ScanRequest & { kind: "node" }): MaybePromise<NodePage>;
  scan(request: ScanRequest & { kind: "edge" }): MaybePromise<EdgePage>;
  scan(request: ScanRequest): MaybePromise<NodePage | EdgePage> {
    return this.#call<NodePage | EdgePage>(
      "scan",
      () => this.#checks.scan(request),
      () => (this.#store.scan as (request: ScanRequest) => MaybePromise<NodePage>).call(this.#store, request),
      ({ rows, token }) => isEven(rows) && this.#isToken(token) && rows.length <= request.limit,
    );
  }

  /** As `#call` does it, without its closures where the store answers at once: every small commit comes by here. */
  commit(batches: readonly CommitBatch[]): MaybePromise<readonly CommitOutcome[]> {
    if (!this.#isOpen || this.#closing !== undefined) return this.#fail(this.#closedError("commit"));
    try {
      this.#checks.batches(batches);
    } catch (mistake) {
      return this.#fail(mistake);
    }
    let answer: MaybePromise<readonly CommitOutcome[]>;
    try {
      answer = this.#store.commit(batches);
    } catch (error) {
      return this.#fail(this.#translated("commit", error));
    }
    const isWellFormed = (outcomes: unknown): boolean =>
      Array.isArray(outcomes) && outcomes.length === batches.length;
    return isWellFormed(answer) ? answer : this.#settle("commit", () => answer, isWellFormed);
  }

  outcome(unitId: Id): MaybePromise<"committed" | "absent" | "expired"> {
    return this.#call(
      "outcome",
      () => this.#checks.id("outcome", unitId),
      () => this.#store.outcome(unitId),
      (outcome) => outcome === "committed" || outcome === "absent" || outcome === "expired",
    );
  }

  current(): MaybePromise<Token> {
    return this.#call(
      "current",
      () => {},
      () => this.#store.current(),
      (token) => this.#isToken(token),
    );
  }

  changes(since: Token): MaybePromise<ChangePage | "lost"> {
    return this.#call(
      "changes",
      () => this.#checks.token("changes", since),
      () => this.#store.changes(since),
      (page) => page === "lost" || (this.#isToken(page.token) && Array.isArray(page.commits)),
    );
  }

  purge(limit: number): MaybePromise<boolean> {
    return this.#call(
      "purge",
      () => this.#checks.amount("purge", limit),
      () => this.#store.purge(limit),
      (more) => typeof more === "boolean",
    );
  }

  close(): MaybePromise<void> {
    if (this.#closing !== undefined) return this.#closing.done;
    this.#closing = { done: undefined };
    const finish = (): MaybePromise<void> => {
      if (this.#isOpen) return this.#settle("close", () => this.#store.close());
    };
    // A store that is still opening is closed when it has opened; one that could not be opened has nothing to close.
    this.#closing.done = isThenable(this.#opening) ? this.#opening.then(finish, finish) : finish();
    return this.#closing.done;
  }

  #readCatalog(): ReturnType<NonNullable<Store["readCatalog"]>> {
    return this.#call(
      "readCatalog",
      () => {},
      () => this.#store.readCatalog!(),
      ({ catalog, version }) => {
        this.#checks.learn(catalog);
        return Number.isSafeInteger(version);
      },
    );
  }

  #tally(request: TallyRequest): MaybePromise<Tally> {
    return this.#call(
      "tally",
      () => this.#checks.tally(request),
      () => this.#store.tally!(request),
      ({ count, last, token }) =>
        this.#isToken(token) &&
        Number.isInteger(count) &&
        count >= 0 &&
        count <= request.limit &&
        (last === undefined) === (count === 0),
    );
  }

  #snapshot(): MaybePromise<StoreSnapshot> {
    const held = this.#call(
      "snapshot",
      () => {},
      () => this.#store.snapshot!(),
      ({ token, catalog, nodes, edges, close }) =>
        this.#isToken(token) &&
        catalog !== undefined &&
        [nodes, edges, close].every((method) => typeof method === "function"),
    );
    return andThen(held, (snapshot) => this.#checkedSnapshot(snapshot));
  }

  #checkedSnapshot(snapshot: StoreSnapshot): StoreSnapshot {
    const page = <T extends { rows: NodeRows }>(
      kind: "nodes" | "edges",
      after: Id | undefined,
      limit: number,
    ): MaybePromise<T> =>
      this.#call<T>(
        "snapshot",
        () => {
          if (after !== undefined) this.#checks.id("snapshot", after);
          this.#checks.amount("snapshot", limit);
        },
        () => snapshot[kind](after, limit) as unknown as MaybePromise<T>,
        ({ rows }) => isEven(rows) && rows.length <= limit,
      );
    return {
      token: snapshot.token,
      catalog: snapshot.catalog,
      nodes: (after, limit) => page("nodes", after, limit),
      edges: (after, limit) => page("edges", after, limit),
      // A store that was closed has let go of it.
      close: () =>
        this.#closing === undefined ? this.#settle("snapshot", () => snapshot.close()) : undefined,
    };
  }

  #lease(unitId: Id, ttlMs: number): MaybePromise<boolean> {
    return this.#call(
      "lease",
      () => {
        this.#checks.id("lease", unitId);
        this.#checks.amount("lease", ttlMs);
      },
      () => this.#store.lease!(unitId, ttlMs),
      (held) => typeof held === "boolean",
    );
  }

  #release(unitId: Id): MaybePromise<void> {
    return this.#call(
      "release",
      () => this.#checks.id("release", unitId),
      () => this.#store.release!(unitId),
    );
  }

  #refile(edges: readonly Id[]): MaybePromise<void> {
    return this.#call(
      "refile",
      () => {
        for (const edge of edges) this.#checks.id("refile", edge);
      },
      () => this.#store.refile!(edges),
    );
  }

  #call<T>(
    method: string,
    check: () => void,
    run: () => MaybePromise<T>,
    isWellFormed?: (answer: T) => boolean,
  ): MaybePromise<T> {
    if (!this.#isOpen || this.#closing !== undefined) return this.#fail(this.#closedError(method));
    try {
      check();
    } catch (mistake) {
      return this.#fail(mistake);
    }
    return this.#settle(method, run, isWellFormed);
  }

  #settle<T>(
    method: string,
    run: () => MaybePromise<T>,
    isWellFormed: (answer: T) => boolean = () => true,
  ): MaybePromise<T> {
    try {
      const answer = run();
      if (!isThenable(answer)) return this.#checked(method, answer, isWellFormed);
      // A promise of the library's own realm, whatever the store's is; see `isPromise`.
      return Promise.resolve(answer as Promise<T>).then(
        (value) => this.#checked(method, value, isWellFormed),
        (error: unknown) => {
          throw this.#translated(method, error);
        },
      );
    } catch (error) {
      return this.#fail(this.#translated(method, error));
    }
  }

  #checked<T>(method: string, answer: T, isWellFormed: (answer: T) => boolean): T {
    let holds = false;
    try {
      holds = isWellFormed(answer);
    } catch {
      // An answer without the parts that the test looks at is of the wrong form too.
    }
    if (holds) return answer;
    const contract = new GraphError({
      code: "RW_STORE_CONTRACT",
      message: `${this.name} answered ${method} in a form that the contract does not allow`,
      details: { store: this.name, method },
    });
    throw method === "commit" ? this.#unknown(contract) : contract;
  }

  #translated(method: string, error: unknown): unknown {
    if (error instanceof GraphError) return error;
    if (method === "commit") return this.#unknown(error);
    return new GraphError({
      code: "RW_STORE_FAILED",
      message: `${this.name}: ${method} failed: ${error instanceof Error ? error.message : String(error)}`,
      details: { store: this.name, method },
      cause: error,
    });
  }

  #unknown(cause: unknown): CommitUnknownError {
    return new CommitUnknownError({
      message: `${this.name} failed in commit: ${cause instanceof Error ? cause.message : String(cause)}`,
      details: { store: this.name },
      cause,
    });
  }

  #fail<T>(error: unknown): MaybePromise<T> {
    if (this.supports.synchronous) throw error;
    return Promise.reject(error as Error);
  }

  #closedError(method: string): ClosedError {
    const state = this.#closing === undefined ? "not open yet" : "closed";
    return new ClosedError({ message: `${method}: ${this.name} is ${state}`, details: { store: this.name } });
  }

  #isToken(token: unknown): boolean {
    return typeof token === "string" && token !== "";
  }
}
