import { memory } from "../../src/index.ts";
import { awkwardBase } from "../../src/persistence/awkward-store.ts";
import type { Store } from "../../src/persistence/store.ts";
import type { Place } from "./play.ts";

/** In this process, at once: units take turns between their calls, and commit when the scheduler says so. */
export const inMemory: Place = { name: "memory", stores: () => [memory()] };

export const inMemoryFromAfar: Place = {
  name: "memory, answering later",
  stores: (stage) => [stage.distant(memory(), "store")],
};

/** Two graphs as two processes; calls take place and are answered in any order. */
export const awkward: Place = {
  name: "awkward store of two processes",
  stores(stage, seed) {
    const base = awkwardBase({
      seed: seed + 1,
      defer: (callback) => void stage.step("store").then(callback),
      now: () => stage.scheduler.now(),
    });
    return [base.connect(), base.connect()];
  },
};

export const awkwardAndSmall: Place = {
  ...awkward,
  name: "awkward store of two processes, L1 of 8 entries",
  maxEntries: 8,
};

/** One commit in four lands, and nobody is told. */
export const forgetful: Place = {
  name: "awkward store of two processes that loses answers",
  stores(stage, seed) {
    let random = seed + 1;
    return awkward.stores(stage, seed).map((store) =>
      instead(store, {
        async commit(batches) {
          const outcomes = await store.commit(batches);
          random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
          if (stage.hasBegun && random < 2 ** 30) throw new Error("the connection is lost");
          return outcomes;
        },
      }),
    );
  },
};

/** The store, but for these methods. */
export function instead(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof Store];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function wrapped(place: Place, wrap: (store: Store) => Store): Place {
  return { ...place, stores: (stage, seed) => place.stores(stage, seed).map(wrap) };
}
