import { describe, test } from "vitest";
import { type AwkwardBase, awkwardBase, storeConformance } from "../src/conformance.ts";
import { checkedStore } from "../src/persistence/checked-store.ts";
import { memory } from "../src/persistence/memory-store.ts";
import type { Store } from "../src/persistence/store.ts";

describe("the memory store", () => {
  // Its data lives as long as the object: closing takes nothing away.
  storeConformance({ describe, test, create: memory, reopen: (store) => store });
});

describe("a checked store", () => {
  storeConformance({ describe, test, create: () => checkedStore(memory()) });
});

describe.each([1, 2, 3])("the awkward store, seed %i", (seed) => {
  let now = 0;
  const bases = new Map<Store, AwkwardBase>();
  const client = (base: AwkwardBase): Store => {
    const store = checkedStore(base.connect());
    bases.set(store, base);
    return store;
  };
  const another = (store: Store): Store => client(bases.get(store) as AwkwardBase);

  storeConformance({
    describe,
    test,
    create: () => client(awkwardBase({ seed, now: () => now })),
    connect: another,
    reopen: another,
    passTime: (_store, ms) => {
      now += ms;
    },
  });
});
