import type { Id } from "../../model/id.ts";
import type { Store } from "../store.ts";
import { ConformanceError } from "./assert.ts";
import { StoreClient } from "./store-client.ts";
import { storeContract } from "./store-contract.ts";

/** A store, and the test runner to test it with. */
export interface StoreConformanceOptions {
  /** The runner's: groups tests. */
  readonly describe: (name: string, body: () => void) => void;
  /** The runner's: one test. */
  readonly test: (name: string, body: () => Promise<void>) => void;
  /** A new store that is empty and not open yet. The suite opens and closes it. */
  readonly create: () => Store | Promise<Store>;
  /** The data of a store that was closed, in a store that is not open yet. A store that is `durable` must have it. */
  readonly reopen?: (store: Store) => Store | Promise<Store>;
  /** Another client of an open store's data. A store that is `shared` must have it. */
  readonly connect?: (store: Store) => Store | Promise<Store>;
  /** Makes the stored fields of a record undecodable, behind the store's back. */
  readonly damage?: (store: Store, kind: "node" | "edge", id: Id) => void | Promise<void>;
  /** Makes an index lose the keys of a node, behind the store's back. */
  readonly misfile?: (store: Store, index: string, id: Id) => void | Promise<void>;
  /** Lets time pass on the clock that leases go by. */
  readonly passTime?: (store: Store, ms: number) => void | Promise<void>;
}

/** Where the suite's parts put their tests: each gets a store of its own, which is closed after it. */
export class Suite {
  readonly options: StoreConformanceOptions;
  #contract: string | undefined;

  constructor(options: StoreConformanceOptions) {
    this.options = options;
  }

  group(name: string, body: () => void): void {
    this.#contract = storeContract[name];
    this.options.describe(name, body);
  }

  test(name: string, body: (session: StoreClient) => Promise<void>): void {
    const contract = this.#contract;
    const { create, reopen, connect } = this.options;
    this.options.test(name, async () => {
      const opened: Store[] = [];
      const adopt = async (made: Store | Promise<Store>): Promise<Store> => {
        const store = await made;
        opened.push(store);
        return store;
      };
      try {
        const client = await StoreClient.start({
          create: () => adopt(create()),
          reopen: reopen && ((store) => adopt(reopen(store))),
          connect: connect && ((store) => adopt(connect(store))),
        });
        await body(client);
      } catch (error) {
        // What the test found matters more than whether its store can still be closed.
        await Promise.allSettled(opened.map(async (store) => store.close()));
        throw error instanceof ConformanceError ? error.under(contract) : error;
      }
      for (const store of opened) await store.close();
    });
  }
}
