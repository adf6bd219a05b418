import type { MaybePromise } from "../util/maybe-async.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { HandlerTable } from "./handler-table.ts";
import type { WalkTracer } from "./walk-tracer.ts";
import type { WalkUnit } from "./walk-unit.ts";

/** What a walk offers of its unit of work beyond walking. Arguments come from users as they are. */
export interface WalkVerbs {
  /** The principal's root, as an entity of the unit. */
  readonly root: unknown;
  get(type: unknown, id: unknown): unknown;
  require(type: unknown, id: unknown): unknown;
  create(type: unknown, fields?: unknown): unknown;
  ensure(type: unknown, key: unknown, fields?: unknown): unknown;
  nodes(type: unknown, filter?: unknown): unknown;
  edges(type: unknown, filter?: unknown): unknown;
  onCommit(f: () => unknown): void;
}

/** Time and turns of the event loop. */
export interface WalkClock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Calls back in a later turn of the event loop. */
  nextTurn(callback: () => void): void;
}

/** Who runs an outermost walk: one attempt of one unit of work. Walks spawned inside share it. */
export interface WalkHost {
  /** The unit of work; after `commit` the one that goes on. */
  readonly unit: WalkUnit;
  /** The verbs of that unit. */
  readonly verbs: WalkVerbs;
  /** The handlers of the graph's types. */
  readonly handlers: HandlerTable;
  readonly clock: WalkClock;
  /** Writes the walk's course down, where somebody asked for it. */
  readonly tracer: WalkTracer | undefined;
  /** An exception left a walk: nothing of the unit may be committed any more. Called at most once. */
  doom(error: unknown): void;
  /**
   * Commits the unit, because a handler asked for it, and goes on with another; called when that handler is done.
   * Whoever fails here has lost the attempt: it is replayed from the checkpoint before this one.
   *
   * @param checkpoint where a later attempt can begin, as `resumeFrom`
   */
  commit(checkpoint: Checkpoint): MaybePromise<void>;
}
