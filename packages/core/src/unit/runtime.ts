import type { Principal } from "../access/principal.ts";
import type { Id, IdSource } from "../model/id.ts";
import type { Store } from "../persistence/store.ts";
import type { Loader } from "../resident/loader.ts";
import type { ResidentGraph } from "../resident/resident-graph.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { NodeEntity } from "../schema/entity.ts";
import type { MaybePromise } from "../util/maybe-async.ts";
import type { Purger } from "./purger.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Unit } from "./unit.ts";

/** Makes the lazy references that an entity's `out`, `in` and `both` give; they live above units. */
export type HopFactory = (
  unit: Unit,
  entity: NodeEntity,
  direction: "out" | "in" | "both",
  type: unknown,
  filter: unknown,
  options: unknown,
) => unknown;

/** For `graph.status()`. */
export interface RuntimeCounts {
  commits: number;
  /** Attempts that lost: each is replayed, or was the last. */
  conflicts: number;
  replays: number;
  lost: number;
}

/** What all units of one open graph share. */
export interface Runtime {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly resident: ResidentGraph;
  readonly loader: Loader;
  readonly ids: IdSource;
  /** Writes of one unit at most: all of them are in memory twice when it commits. */
  readonly mostWrites: number;
  readonly scheduler: Scheduler;
  readonly hop: HopFactory;
  /** What the layer above makes once and uses for every hop. */
  readonly scratch: { expansion: unknown };
  principal(root: Id): Principal;
  /**
   * Sees to it that what other processes committed before this turn of the event loop is known. At once over a
   * synchronous store; over others L1 follows in the background, and this does nothing.
   */
  freshen(): void;
  /** Deletes edges between two nodes, as an entity's `disconnect` asks. */
  disconnect(unit: Unit, from: NodeEntity, to: number, type: unknown, filter: unknown): MaybePromise<number>;
  /** How often a unit is tried before it ends in a ConflictError. */
  readonly attempts: number;
  readonly counts: RuntimeCounts;
  /** Told when nodes were deleted, whose rows the store then removes bit by bit. */
  readonly purger: Purger;
  /** Told of errors that belong to nobody's call. */
  reportError(error: unknown): void;
}
