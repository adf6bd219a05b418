import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Id } from "../model/id.ts";
import type { AnyEdge, AnyNode, Locations, RecordClass, Root } from "./graph-types.ts";
import type { CreateArgument, DeepReadonly, Fields } from "./infer.ts";
import type { Tx } from "./tx.ts";
import type { TraceOptions, WalkTrace } from "./walk-trace.ts";

/** Where a walk can go: a record, a list of them, or a query. */
export type Target = AnyNode | AnyEdge | readonly (AnyNode | AnyEdge)[] | Locations;

/** What `visit` gives: a place to say what else. Not to be awaited. */
export interface Visit {
  /**
   * What to do when nothing was queued, seen as of the call of `visit`. Runs, awaited, when the handler is done; its
   * visits take this one's place in the order.
   */
  else(f: () => unknown): void;
}

/** The input of a walk as handlers read it. */
export type Input<I extends Fields> = {
  readonly [K in keyof I]: DeepReadonly<StandardSchemaV1.InferOutput<I[K]>>;
};

/** Names that a walker's input cannot have: members of every walk. */
export type CheckInput<I> = {
  [K in keyof I]: K extends
    | keyof WalkControls<unknown, unknown>
    | `$${string}`
    | `__${string}`
    | "then"
    | "constructor"
    | "prototype"
    ? `"${K & string}" is reserved: choose another name for this input`
    : I[K];
};

/** What a handler can do, beside reading its input: walk, and use the unit of work that the walk runs in. */
export interface WalkControls<St, Report>
  extends Pick<Tx, "get" | "require" | "create" | "ensure" | "nodes" | "edges" | "onCommit"> {
  /** Fresh for each attempt of the walk. */
  readonly state: St;
  /** The root of the principal. */
  readonly root: Root;
  /**
   * Queues locations; takes effect in call order when the handler is done.
   *
   * @param options.at position in the remaining queue: 0 is next, −1 (where nothing is said) the end.
   */
  visit(target: Target, options?: { readonly at?: number }): Visit;
  /** Adds to the reports, validated by the walker's `report` schema. */
  report(value: Report): void;
  /** Ends the walk when the running handler is done; no exit handler runs. */
  disengage(): void;
  /** Leaves out the remaining handlers of this phase at this location. */
  skip(): void;
  /** Keeps locations out of this walk, those in the queue too. */
  ignore(...locations: readonly (AnyNode | AnyEdge)[]): void;
  /** Another walk in the same unit of work, with a queue and reports of its own. */
  spawn<F extends Fields, S, T>(
    walker: Walker<F, S, never, T>,
    ...rest: [...input: CreateArgument<F>, options?: InnerSpawnOptions]
  ): Promise<Run<T, S>>;
  /** Asks for a checkpoint when the running handler is done; a later conflict replays from there. */
  commit(): void;
}

/** What a handler is given: the input by name, and the walk's controls. */
export type Walk<I extends Fields, St, ReportIn> = Input<I> & WalkControls<St, ReportIn>;

/** Handlers run one after another, each awaited. */
export type Handler<W, L> = (w: W, here: L) => unknown;

/** The records that a class, or any of several classes, stands for. */
export type Located<C> = C extends readonly (infer U)[]
  ? U extends RecordClass
    ? InstanceType<U>
    : never
  : C extends RecordClass
    ? InstanceType<C>
    : never;

declare const walkMark: unique symbol;

/**
 * A walker: computation that moves through the graph. Inert and frozen; each `entry` and `exit` gives a new one of the
 * same identity.
 */
export interface Walker<I extends Fields, St, ReportIn, ReportOut> {
  readonly name: string;
  readonly input: I;
  // The types of a walk, for inference alone.
  readonly [walkMark]?: {
    readonly walk: Walk<I, St, ReportIn>;
    readonly report: ReportOut;
    readonly state: St;
  };
  /** On entering: anything at the start of the walk, or each location of a type or of one of several types. */
  entry(handler: Handler<Walk<I, St, ReportIn>, AnyNode | AnyEdge>): Walker<I, St, ReportIn, ReportOut>;
  entry<const C extends RecordClass | readonly RecordClass[]>(
    type: C,
    handler: Handler<Walk<I, St, ReportIn>, Located<C>>,
  ): Walker<I, St, ReportIn, ReportOut>;
  /** On leaving, once the queue is empty, last in first out. */
  exit(handler: Handler<Walk<I, St, ReportIn>, AnyNode | AnyEdge>): Walker<I, St, ReportIn, ReportOut>;
  exit<const C extends RecordClass | readonly RecordClass[]>(
    type: C,
    handler: Handler<Walk<I, St, ReportIn>, Located<C>>,
  ): Walker<I, St, ReportIn, ReportOut>;
}

/** A walker of any input, state and reports. */
// biome-ignore lint/suspicious/noExplicitAny: every walker fits
export type AnyWalker = Walker<any, any, any, any>;

/** What handlers of a walker are given. */
export type WalkOf<W> = W extends { readonly [walkMark]?: { readonly walk: infer T } } ? T : never;

/** Options of a walker. */
export interface WalkerOptions<I extends Fields, R extends StandardSchemaV1, St> {
  /** Schemas of the input, by name; handlers read it as `w.name`. */
  readonly input?: I & CheckInput<I>;
  /** Schema of each report. */
  readonly report?: R;
  /** Makes the state of a walk. */
  readonly state?: () => St;
  /** Each location is entered once; without it as often as it is queued. */
  readonly once?: boolean;
  /** Visits that one walk may make, unless its spawn says otherwise; ten million where nothing is said. */
  readonly maxVisits?: number;
}

/** Options of one walk. */
export interface SpawnOptions {
  /** Where it starts; the principal's root where nothing is said. What is gone, or not to be read, is skipped. */
  readonly at?: Target | Id;
  /** Visits it may make; ten million where nothing is said. */
  readonly maxVisits?: number;
  /**
   * Writes down where the walk goes and what its handlers do, as `run.trace`: `true`, or what to label records by and
   * how much to keep. Walks spawned inside are in it. Costs time and memory; a walk without it does nothing for it.
   */
  readonly trace?: boolean | TraceOptions;
}

/** Options of a walk that is spawned in another one, whose trace it is part of. */
export type InnerSpawnOptions = Omit<SpawnOptions, "trace">;

/** What a walk gives. */
export interface Run<T, St = unknown> {
  readonly reports: T[];
  readonly state: St;
  readonly visits: number;
  readonly disengaged: boolean;
  /** Where the spawn asked for it. */
  readonly trace?: WalkTrace;
}

/** Handlers that belong to a node or edge type, for any walker or for one. Given to `openGraph`. */
export interface Handlers<L> {
  entry(handler: (here: L, w: WalkControls<unknown, unknown>) => unknown): Handlers<L>;
  entry<W extends AnyWalker>(walker: W, handler: (here: L, w: WalkOf<W>) => unknown): Handlers<L>;
  exit(handler: (here: L, w: WalkControls<unknown, unknown>) => unknown): Handlers<L>;
  exit<W extends AnyWalker>(walker: W, handler: (here: L, w: WalkOf<W>) => unknown): Handlers<L>;
}
