import { type Id, IdColumn } from "../model/id.ts";
import type { Token } from "../persistence/change.ts";
import { EdgeRows, type NodeRows } from "../persistence/rows.ts";
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
} from "../persistence/store.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type { MaybePromise } from "../util/maybe-async.ts";

/** The calls that faults can be put on. */
export type StoreMethod = Exclude<keyof Store, "name" | "supports" | "counters">;

/**
 * What can go wrong with one call. The first four can befall any store; the last two break the contract, to show that
 * a test which should notice does.
 *
 * - `fail-before`: nothing was done. Of a commit core does not know that, so its outcome is unknown.
 * - `fail-after`: it was done and nobody was told; of a commit the outcome is unknown.
 * - `hang`: it is neither done nor answered before it is released.
 * - `slow`: it is done, and answered when it is released.
 * - `stale-read`: the answer that the same question had the last time, of the hundred questions that were asked last.
 *   A snapshot is never an old one.
 * - `partial-batch`: of each batch only the nodes are committed.
 */
export type Fault = "fail-before" | "fail-after" | "hang" | "slow" | "stale-read" | "partial-batch";

/** What a fault can be planned for: one kind of call, or whichever reads rows. */
export type FaultyCall = StoreMethod | "read";

/** A fault that a call is to meet. */
export interface PlannedFault {
  /** Fulfilled when the call has come. */
  readonly reached: Promise<void>;
  /** Lets the call that hangs go on, or the slow one answer; before the call has come, it will not wait. */
  release(): void;
}

interface Plan {
  readonly call: FaultyCall;
  readonly fault: Fault;
  readonly meet: () => Promise<void>;
  /** Calls that go well before. */
  before: number;
}

const rowReads: ReadonlySet<StoreMethod> = new Set([
  "readNodes",
  "readEdges",
  "readAdjacency",
  "lookup",
  "scan",
  "tally",
]);

/** Questions of which the last answer is kept. */
const KEPT = 100;

/** Asked at each call; `count` says how many calls of the method there were before. */
export type ChooseFault = (method: StoreMethod, count: number) => Fault | undefined;

/**
 * A store with faults between it and its callers. It is asynchronous, whatever it stands on.
 *
 * ```ts
 * const store = new FaultyStore(memory());
 * const graph = await openGraph({ types, store });
 * store.next("commit", "fail-after"); // done, and its outcome unknown
 * const read = store.next("read", "hang", { nth: 3 });
 * ```
 */
export class FaultyStore implements Store {
  readonly name: string;
  readonly supports: StoreSupports;
  readonly counters: StoreCounters;
  readonly readCatalog?: NonNullable<Store["readCatalog"]>;
  readonly tally?: (request: TallyRequest) => Promise<Tally>;
  readonly snapshot?: () => Promise<StoreSnapshot>;
  readonly lease?: (unitId: Id, ttlMs: number) => Promise<boolean>;
  readonly release?: (unitId: Id) => Promise<void>;
  readonly refile?: (edges: readonly Id[]) => Promise<void>;

  readonly #store: Store;
  readonly #choose: ChooseFault;
  readonly #counts: Map<StoreMethod, number> = new Map();
  readonly #lastAnswers: Map<string, unknown> = new Map();
  readonly #plans: Plan[] = [];
  readonly #waiting: Set<() => void> = new Set();

  /** @param choose asked at each call that no fault is planned for */
  constructor(store: Store, choose: ChooseFault = () => undefined) {
    this.#store = store;
    this.#choose = choose;
    this.name = `faulty ${store.name}`;
    this.supports = Object.freeze({ ...store.supports, synchronous: false });
    this.counters = store.counters;
    if (store.readCatalog !== undefined) this.readCatalog = () => this.#call("readCatalog");
    if (store.tally !== undefined) this.tally = (request) => this.#call("tally", request);
    if (store.snapshot !== undefined)
      this.snapshot = () => this.#call<StoreSnapshot>("snapshot").then(asynchronous);
    if (store.lease !== undefined) this.lease = (unitId, ttlMs) => this.#call("lease", unitId, ttlMs);
    if (store.refile !== undefined) this.refile = (edges) => this.#call("refile", edges);
    if (store.release !== undefined) this.release = (unitId) => this.#call("release", unitId);
  }

  /**
   * Plans a fault for the next such call, or for the `nth` one from now. Several plans for the same calls count each for
   * itself, and the one made first goes first.
   *
   * @throws {TypeError} for a call that the store does not have: the fault would never come
   */
  next(call: FaultyCall, fault: Fault, options: { readonly nth?: number } = {}): PlannedFault {
    const { nth = 1 } = options;
    if (!Number.isSafeInteger(nth) || nth < 1)
      throw new TypeError(`FaultyStore.next: nth is 1 or more, got ${nth}`);
    if (call !== "read" && typeof this.#store[call] !== "function")
      throw new TypeError(`FaultyStore.next: ${this.#store.name} has no ${call}`);
    let reach = (): void => {};
    let release = (): void => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const meet = (): Promise<void> => {
      reach();
      return this.#wait(released);
    };
    this.#plans.push({ call, fault, meet, before: nth - 1 });
    return Object.freeze({ reached, release });
  }

  /** Lets every call that hangs so far go on, and every slow one answer. */
  releaseAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
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
    const plan = this.#planned(method);
    const fault = plan === undefined ? this.#choose(method, count) : plan.fault;
    const released = fault === undefined ? undefined : (plan?.meet() ?? this.#wait());
    if (fault === "fail-before") throw new Error(`injected: ${method} failed, and nothing was done`);
    if (fault === "hang") await released;

    // What is committed may be large, and the same commit is not asked twice.
    const question = method === "commit" ? "" : JSON.stringify([method, args], asText);
    const known = this.#lastAnswers.get(question);
    if (fault === "stale-read" && known !== undefined) {
      this.#keep(question, known);
      return known as T;
    }
    const given = fault === "partial-batch" ? [(args[0] as readonly CommitBatch[]).map(nodesOnly)] : args;
    const run = this.#store[method] as (...args: unknown[]) => MaybePromise<T>;
    const answer = await run.apply(this.#store, given as unknown[]);
    // A snapshot is closed by whoever asked for it.
    if (method !== "snapshot") this.#keep(question, answer);

    if (fault === "fail-after") throw new Error(`injected: ${method} failed, and everything was done`);
    if (fault === "slow") await released;
    return answer;
  }

  #keep(question: string, answer: unknown): void {
    this.#lastAnswers.delete(question);
    this.#lastAnswers.set(question, answer);
    if (this.#lastAnswers.size <= KEPT) return;
    const [oldest] = this.#lastAnswers.keys();
    this.#lastAnswers.delete(oldest!);
  }

  /** The plan that this call fulfils; every plan for such calls counts it. */
  #planned(method: StoreMethod): Plan | undefined {
    const isMeant = ({ call }: Plan): boolean => call === method || (call === "read" && rowReads.has(method));
    const due = this.#plans.find((plan) => isMeant(plan) && plan.before === 0);
    for (const plan of this.#plans) if (plan !== due && isMeant(plan) && plan.before > 0) plan.before -= 1;
    if (due !== undefined) this.#plans.splice(this.#plans.indexOf(due), 1);
    return due;
  }

  #wait(released?: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      void released?.then(() => {
        this.#waiting.delete(resolve);
        resolve();
      });
    });
  }
}

function nodesOnly(batch: CommitBatch): CommitBatch {
  return { ...batch, edges: new EdgeRows(), updates: [] };
}

/** The same snapshot, without faults. */
function asynchronous(snapshot: StoreSnapshot): StoreSnapshot {
  return {
    token: snapshot.token,
    catalog: snapshot.catalog,
    nodes: async (after, limit) => snapshot.nodes(after, limit),
    edges: async (after, limit) => snapshot.edges(after, limit),
    close: async () => snapshot.close(),
  };
}

/** For `JSON.stringify`: what it would leave out or refuse. */
function asText(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof IdColumn ? [...value] : value;
}
