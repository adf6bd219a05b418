import { memory } from "../../src/index.ts";
import { awkwardBase } from "../../src/persistence/awkward-store.ts";
import type { ModelPlace } from "./commands.ts";

const onePlace = () => {
  const store = memory();
  return () => store;
};

/** Runs of every continuous integration, over all stores together. */
export const allRuns = 2000;

/** The stores of this package, with the share of the runs that each gets. */
export const places: readonly (ModelPlace & { readonly share: number })[] = [
  { name: "memory", share: 0.3, place: onePlace },
  { name: "memory, L1 of 16 entries", share: 0.45, cache: { maxEntries: 16 }, place: onePlace },
  {
    name: "awkward, L1 of 16 entries",
    share: 0.15,
    cache: { maxEntries: 16 },
    place: () => {
      const base = awkwardBase();
      return () => base.connect();
    },
  },
];
