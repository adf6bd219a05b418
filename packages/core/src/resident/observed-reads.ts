import type { EdgePage, Store, StoreCounters } from "../persistence/store.ts";
import { isPromise, type MaybePromise } from "../util/maybe-async.ts";

/** What a loader asks of a store. */
export type StoreReads = Pick<
  Store,
  "readNodes" | "readEdges" | "readAdjacency" | "lookup" | "scan" | "tally"
>;

/** What was read from a store. */
export interface ReadCounts {
  /** Pages of neighbourhoods, of an index or of a type. */
  pages: number;
  /** Calls for records by id, each for up to 256. */
  fetches: number;
  statements: number;
  rows: number;
}

/**
 * The store's reads, counted: what statements and rows they take is what the store's own counters go up by while one
 * is under way.
 */
export class ObservedReads implements StoreReads {
  readonly #store: Store;
  readonly #counts: () => ReadCounts;
  #underWay = 0;
  #statements = 0;
  #rows = 0;

  /** @param counts where the next call is counted */
  constructor(store: Store, counts: () => ReadCounts) {
    this.#store = store;
    this.#counts = counts;
  }

  readonly readNodes: Store["readNodes"] = (ids) => this.#fetch(() => this.#store.readNodes(ids));
  readonly readEdges: Store["readEdges"] = (ids) => this.#fetch(() => this.#store.readEdges(ids));
  readonly readAdjacency: Store["readAdjacency"] = (nodes, requests) =>
    this.#page(requests.length, () => this.#store.readAdjacency(nodes, requests));
  readonly lookup: Store["lookup"] = (request) => this.#page(1, () => this.#store.lookup(request));
  readonly tally: NonNullable<Store["tally"]> = (request) => this.#page(1, () => this.#store.tally!(request));
  // Overloads of a function go by the argument, which is passed on as it is.
  readonly scan: Store["scan"] = ((request: Parameters<Store["scan"]>[0]) =>
    this.#page<EdgePage>(1, () => this.#store.scan(request))) as unknown as Store["scan"];

  #page<A>(pages: number, read: () => MaybePromise<A>): MaybePromise<A> {
    const counts = this.#counts();
    counts.pages += pages;
    return this.#counted(counts, read);
  }

  #fetch<A>(read: () => MaybePromise<A>): MaybePromise<A> {
    const counts = this.#counts();
    counts.fetches += 1;
    return this.#counted(counts, read);
  }

  #counted<A>(counts: ReadCounts, read: () => MaybePromise<A>): MaybePromise<A> {
    const { counters } = this.#store;
    if (this.#underWay === 0) this.#take(counters);
    else this.#add(counts, counters);
    this.#underWay += 1;
    const done = (): void => {
      this.#add(counts, counters);
      this.#underWay -= 1;
    };
    let answer: MaybePromise<A>;
    try {
      answer = read();
    } catch (error) {
      done();
      throw error;
    }
    if (isPromise(answer)) return answer.finally(done);
    done();
    return answer;
  }

  /** Several reads under way at a time count what they take once. */
  #add(counts: ReadCounts, counters: StoreCounters): void {
    counts.statements += counters.statements - this.#statements;
    counts.rows += counters.rowsRead - this.#rows;
    this.#take(counters);
  }

  #take({ statements, rowsRead }: StoreCounters): void {
    this.#statements = statements;
    this.#rows = rowsRead;
  }
}
