import { memory } from "../../src/index.ts";
import { awkwardBase } from "../../src/persistence/awkward-store.ts";
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
