import type { Id } from "../model/id.ts";

/** What to trace of a walk, and how. */
export interface TraceOptions {
  /** A field; records that have it are told by its value too. */
  readonly label?: string;
  /** Stops, handlers and events kept at most, over all walks of the spawn; 10,000 where nothing is said. */
  readonly maxEvents?: number;
  /** Given the trace when the walk is over, also where it ended in an error and there is no run to ask: `console.log`. */
  readonly onEnd?: (trace: WalkTrace) => void;
}

/**
 * The course of a walk: where it was, which handlers ran and what they did. Of the attempt that committed; of the last
 * one where none did. Prints as text, and as a mermaid flowchart.
 *
 * Shows what the walk's principal has seen or done, nothing else.
 */
export interface WalkTrace {
  readonly walker: string;
  readonly outcome: "committed" | "failed";
  /** The message of the error that the walk ended in. */
  readonly error: string | undefined;
  /** How many attempts there were. */
  readonly attempts: number;
  /** What each attempt before the last one lost on. */
  readonly conflicts: readonly string[];
  /** Milliseconds from the beginning of the first attempt to the end. */
  readonly ms: number;
  /** In order. What was kept by `w.commit()` is told as it was done then. */
  readonly stops: readonly TraceStop[];
  /** Whether there was more than `maxEvents` and the rest is left out. */
  readonly isCut: boolean;
  toString(): string;
  /** A flowchart: the locations with the numbers of their visits, and arrows to what was queued and created there. */
  toMermaid(): string;
}

/** A record as it was when the walk met it. */
export interface TracedRecord {
  readonly kind: "node" | "edge";
  readonly type: string;
  readonly id: Id;
  /** The value of the field that labels; undefined where there is none. */
  readonly label: string | undefined;
}

/** A location's turn. */
export interface TraceStop {
  /**
   * `begin` and `end`: the walker's untyped handlers. `entry` and `exit`: those of the location. `passed`: its turn
   * passed, and none ran.
   */
  readonly stage: "begin" | "entry" | "exit" | "end" | "passed";
  readonly location: TracedRecord;
  /** Which visit of the walk this is; undefined at other stages than `entry`. */
  readonly visit: number | undefined;
  /** Why a turn passed: it was ignored, entered before (`once`), or is deleted or not to be read any more. */
  readonly passed: "ignored" | "entered before" | "gone" | undefined;
  readonly handlers: readonly TracedHandler[];
}

/** One run of a handler. */
export interface TracedHandler {
  /** How it was registered: `post_message.entry(Room)`, `handlers(Room).exit(post_message)`. */
  readonly name: string;
  /** Its phase in the order of a visit, 1 to 3 for entries and 5 to 7 for exits; undefined at the begin and the end. */
  readonly phase: number | undefined;
  /** Milliseconds until it was done, with what it waited for and spawned. */
  readonly ms: number;
  readonly events: readonly TraceEvent[];
  /** The message of what it threw. */
  readonly error: string | undefined;
}

/**
 * What a handler did. Reads and writes are told of the handler that runs; where a handler goes on while a walk that it
 * spawned has not ended, of that walk's.
 */
export type TraceEvent =
  | {
      readonly do: "visit";
      /** The query, as it prints; undefined of records. */
      readonly query: string | undefined;
      /** The first hundred of what was queued. */
      readonly queued: readonly TracedRecord[];
      /** How many were queued. */
      readonly count: number;
      /** The place in the queue that was asked for; undefined is its end. */
      readonly at: number | undefined;
      /** Whether nothing was queued and its `else` ran. */
      readonly ranElse: boolean;
    }
  | { readonly do: "read"; readonly what: string; readonly results: number }
  | { readonly do: "report"; readonly value: unknown }
  | {
      readonly do: "create" | "update" | "delete" | "grant";
      readonly record: TracedRecord;
      /** Which fields an update changed. */
      readonly fields: readonly string[];
      /** The ends of an edge. */
      readonly ends: readonly [source: TracedRecord, target: TracedRecord] | undefined;
    }
  | { readonly do: "ignore"; readonly record: TracedRecord }
  | { readonly do: "skip" | "disengage" | "commit" }
  | { readonly do: "spawn"; readonly walker: string; readonly stops: readonly TraceStop[] };
