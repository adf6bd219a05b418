import { describe, onTestFinished } from "vitest";
import { type Graph, memory, type OpenOptions, openGraph } from "../../src/index.ts";
import { awkwardBase } from "../../src/persistence/awkward-store.ts";
import type { Store } from "../../src/persistence/store.ts";

/** One column of the matrix: where the graphs of a run of the suites keep their records. */
export interface StoreUnderTest {
  readonly name: string;
  /** Whether several graphs may be open on one place at a time. */
  readonly isShared: boolean;
  /** Bounds of L1, where the run is about them. */
  readonly cache?: { readonly maxEntries: number };
  /**
   * A new, empty place; each call of what it gives is a store over the same records.
   * @param now the clock of its leases, in milliseconds; the system's where nothing is said
   */
  place(now?: () => number): () => Store;
}

/** Opens graphs on one place: after one another, and where the store is shared also at a time. */
export type OpenHere = (options: OpenOptions) => Promise<Graph>;

export interface Open {
  /** Opens a graph that is empty; it is closed when the test is over. */
  (options: OpenOptions): Promise<Graph>;
  /** A new place, for tests that open it more than once. */
  place(): OpenHere;
  readonly store: StoreUnderTest;
}

/** A store of one process is the same object when it is opened again. */
function onePlace(make: () => Store): () => () => Store {
  return () => {
    const store = make();
    return () => store;
  };
}

const known: StoreUnderTest[] = [
  { name: "memory", isShared: false, place: onePlace(memory) },
  { name: "memory, L1 of 64 entries", isShared: false, cache: { maxEntries: 64 }, place: onePlace(memory) },
  {
    name: "awkward",
    isShared: true,
    place: (now) => {
      const base = awkwardBase(now === undefined ? {} : { now });
      return () => base.connect();
    },
  },
];

let chosen: readonly StoreUnderTest[] = known;

/** Runs the suites over other stores: for the set-up file of a package that has one. */
export function useStores(...stores: readonly StoreUnderTest[]): void {
  chosen = stores;
}

/** A block of tests, once for each store. */
export function forEachStore(name: string, suite: (open: Open) => void): void {
  for (const store of chosen) {
    describe(`${name} (${store.name})`, () => suite(openerFor(store)));
  }
}

function openerFor(store: StoreUnderTest): Open {
  const place = (): OpenHere => {
    const connect = store.place();
    return async (options) => {
      const graph = await openGraph({ store: connect(), ...withCache(store), ...options });
      onTestFinished(() => graph.close());
      return graph;
    };
  };
  const open = (options: OpenOptions): Promise<Graph> => place()(options);
  return Object.assign(open, { place, store });
}

function withCache({ cache }: StoreUnderTest): Pick<OpenOptions, "cache"> {
  return cache === undefined ? {} : { cache };
}
