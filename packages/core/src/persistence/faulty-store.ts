import { type Id, IdColumn } from "../model/id.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type { MaybePromise } from "../util/maybe-async.ts";
import type { Token } from "./change.ts";
import { EdgeRows, type NodeRows } from "./rows.ts";
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
  StoreSupports,
  Tally,
  TallyRequest,
} from "./store.ts";

/** The calls that faults can be put on. */
export type StoreMethod = Exclude<keyof Store, "name" | "supports" | "counters">;

/**
 * What can go wrong with one call. The first four can befall any store; the last two break the contract, to show that
 * a test which should notice does.
 *
 * - `fail-before`: nothing was done.
 * - `fail-after`: it was done and nobody was told; of a commit the outcome is unknown.
 * - `hang`: it is neither done nor answered.
 * - `slow`: it is done, and answered when the slow calls are released.
 * - `stale-read`: the answer that the same question had the last time.
 * - `partial-batch`: of each batch only the nodes are committed.
 */
export type Fault = "fail-before" | "fail-after" | "hang" | "slow" | "stale-read" | "partial-batch";

/** Asked at each call; `count` says how many calls of the method there were before. */
export type ChooseFault = (method: StoreMethod, count: number) => Fault | undefined;

/** A store with faults between it and its callers. It is asynchronous, whatever it stands on. */
export class FaultyStore implements Store {
  readonly name: string;
  readonly supports: StoreSupports;
  readonly counters: StoreCounters;
  readonly tally?: (request: TallyRequest) => Promise<Tally>;
  readonly lease?: (unitId: Id, ttlMs: number) => Promise<boolean>;
  readonly release?: (unitId: Id) => Promise<void>;

  readonly #store: Store;
  readonly #choose: ChooseFault;
  readonly #counts: Map<StoreMethod, number> = new Map();
  readonly #lastAnswers: Map<string, unknown> = new Map();
  #slow: (() => void)[] = [];

  constructor(store: Store, choose: ChooseFault) {
    this.#store = store;
    this.#choose = choose;
    this.name = `faulty ${store.name}`;
    this.supports = Object.freeze({ ...store.supports, synchronous: false });
    this.counters = store.counters;
    if (store.tally !== undefined) this.tally = (request) => this.#call("tally", request);
    if (store.lease !== undefined) this.lease = (unitId, ttlMs) => this.#call("lease", unitId, ttlMs);
    if (store.release !== undefined) this.release = (unitId) => this.#call("release", unitId);
  }

  /** Lets every slow call so far answer. */
  releaseSlow(): void {
    const slow = this.#slow;
    this.#slow = [];
    for (const answer of slow) answer();
  }

  open(catalog: CatalogDescription): Promise<OpenedStore> {
    return this.#call("open", catalog);
  }

  readNodes(ids: IdColumn): Promise<{ rows: NodeRows; token: Token }> {
    return this.#call("readNodes", ids);
  }

  readEdges(ids: IdColumn): Promise<{ rows: EdgeRows; token: Token }> {
    return this.#call("readEdges", ids);
  }

  readAdjacency(nodes: IdColumn, requests: readonly AdjacencyRequest[]): Promise<AdjacencyAnswer> {
    return this.#call("readAdjacency", nodes, requests);
  }

  lookup(request: LookupRequest): Promise<NodePage> {
    return this.#call("lookup", request);
  }

  scan(request: ScanRequest & { kind: "node" }): Promise<NodePage>;
  scan(request: ScanRequest & { kind: "edge" }): Promise<EdgePage>;
  scan(request: ScanRequest): Promise<NodePage | EdgePage> {
    return this.#call("scan", request);
  }

  commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> {
    return this.#call("commit", batches);
  }

  outcome(unitId: Id): Promise<"committed" | "absent" | "expired"> {
    return this.#call("outcome", unitId);
  }

  current(): Promise<Token> {
    return this.#call("current");
  }

  changes(since: Token): Promise<ChangePage | "lost"> {
    return this.#call("changes", since);
  }

  purge(limit: number): Promise<boolean> {
    return this.#call("purge", limit);
  }

  close(): Promise<void> {
    return this.#call("close");
  }

  async #call<T>(method: StoreMethod, ...args: readonly unknown[]): Promise<T> {
    const count = this.#counts.get(method) ?? 0;
    this.#counts.set(method, count + 1);
    const fault = this.#choose(method, count);
    if (fault === "fail-before") throw new Error(`injected: ${method} failed, and nothing was done`);
    if (fault === "hang") return new Promise(() => {});

    // What is committed may be large, and the same commit is not asked twice.
    const question = method === "commit" ? "" : JSON.stringify([method, args], asText);
    const known = this.#lastAnswers.get(question);
    if (fault === "stale-read" && known !== undefined) return known as T;
    const given = fault === "partial-batch" ? [(args[0] as readonly CommitBatch[]).map(nodesOnly)] : args;
    const run = this.#store[method] as (...args: unknown[]) => MaybePromise<T>;
    const answer = await run.apply(this.#store, given as unknown[]);
    this.#lastAnswers.set(question, answer);

    if (fault === "fail-after") throw new Error(`injected: ${method} failed, and everything was done`);
    if (fault === "slow") await new Promise<void>((resolve) => this.#slow.push(resolve));
    return answer;
  }
}

function nodesOnly(batch: CommitBatch): CommitBatch {
  return { ...batch, edges: new EdgeRows(), updates: [] };
}

/** For `JSON.stringify`: what it would leave out or refuse. */
function asText(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof IdColumn ? [...value] : value;
}
