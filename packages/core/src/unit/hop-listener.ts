import type { HopShape } from "./read-set.ts";

/** Told of what a unit's reads lack in memory: a walk loads the same for the nodes that it enters next. */
export interface HopListener {
  /**
   * A hop from one node is about to be read from the store.
   * @param limit how much of it is read at a time
   * @param readsFields whether the fields of its edges are read too
   */
  hopMissed(hop: HopShape, node: number, order: "asc" | "desc", limit: number, readsFields: boolean): void;
}
