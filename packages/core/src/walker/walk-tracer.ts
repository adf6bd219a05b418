import { labelText } from "../diagram/label.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import { damageOf } from "../resident/states.ts";
import type { TracedRecord, TraceEvent, TraceOptions, TraceStop } from "../types/walk-trace.ts";
import type { Unit } from "../unit/unit.ts";
import type { UnitTracer } from "../unit/unit-tracer.ts";
import type { Stage } from "./checkpoint.ts";
import type { HandlerLabel } from "./handler-table.ts";
import type { TraceFacts } from "./walk-trace.ts";
import type { Location } from "./walk-unit.ts";

const MOST_EVENTS = 10_000;

/** So many of what one visit queues are named; the others are counted. */
const MOST_QUEUED = 100;

type Changing<T> = { -readonly [K in keyof T]: T[K] };
type VisitEvent = Changing<Extract<TraceEvent, { do: "visit" }>>;

/** A run of a handler, as long as it may go on. */
class Running {
  readonly name: string;
  readonly phase: number | undefined;
  readonly events: TraceEvent[] = [];
  /** When it began; then how long it took. */
  ms: number;
  error: string | undefined = undefined;
  isOver = false;
  /** What spawned its walk. */
  readonly parent: Running | undefined;

  constructor({ name, phase }: HandlerLabel, now: number, parent: Running | undefined) {
    this.name = name;
    this.phase = phase;
    this.ms = now;
    this.parent = parent;
  }
}

interface Stop extends TraceStop {
  readonly handlers: Running[];
}

/** What is kept of the trace when an attempt is lost: nothing, or all up to the last checkpoint. */
interface Kept {
  readonly stops: number;
  /** Handlers of the last of these stops. */
  readonly handlers: number;
  readonly events: number;
  readonly isCut: boolean;
}

/** Writes down the course of a spawn: of its walk, of those spawned inside, of one attempt after another. */
export class TraceLog implements UnitTracer {
  readonly #walker: string;
  readonly #options: TraceOptions;
  readonly #most: number;
  readonly #now: () => number;
  readonly #began: number;
  readonly #stops: Stop[] = [];
  readonly #conflicts: string[] = [];
  #attempts = 0;
  #events = 0;
  #isCut = false;
  #kept: Kept = { stops: 0, handlers: 0, events: 0, isCut: false };
  #unit: Unit | undefined;
  #current: Running | undefined;

  constructor(walker: string, options: TraceOptions, now: () => number) {
    this.#walker = walker;
    this.#options = options;
    this.#most = options.maxEvents ?? MOST_EVENTS;
    this.#now = now;
    this.#began = now();
  }

  // ---- attempts ----------------------------------------------------------------------------------------------------

  /** An attempt begins; what the one before it did is forgotten, up to the last checkpoint. */
  begin(unit: Unit): void {
    if (this.#attempts > 0) this.#conflicts.push(conflictOf(this.#unit!));
    this.#attempts += 1;
    const { stops, handlers, events, isCut } = this.#kept;
    this.#stops.length = stops;
    if (stops > 0) this.#stops[stops - 1]!.handlers.length = handlers;
    this.#events = events;
    this.#isCut = isCut;
    this.#current = undefined;
    this.follow(unit);
  }

  /** The walk goes on in this unit. */
  follow(unit: Unit): void {
    this.#unit = unit;
    unit.tracer = this;
  }

  /** A checkpoint is made: what was done so far stays done. */
  keep(): void {
    this.#kept = {
      stops: this.#stops.length,
      handlers: this.#stops.at(-1)?.handlers.length ?? 0,
      events: this.#events,
      isCut: this.#isCut,
    };
  }

  /** The tracer of the outermost walk. */
  walk(): WalkTracer {
    return new WalkTracer(this, this.#stops, undefined);
  }

  facts(outcome: "committed" | "failed", error: unknown): TraceFacts {
    return {
      walker: this.#walker,
      outcome,
      error: outcome === "failed" ? messageOf(error) : undefined,
      attempts: this.#attempts,
      conflicts: this.#conflicts,
      ms: this.#now() - this.#began,
      stops: this.#stops,
      isCut: this.#isCut,
    };
  }

  // ---- what walks tell ---------------------------------------------------------------------------------------------

  get now(): number {
    return this.#now();
  }

  /** Whether one more may be kept. */
  take(): boolean {
    if (this.#events >= this.#most) {
      this.#isCut = true;
      return false;
    }
    this.#events += 1;
    return true;
  }

  ran(running: Running): void {
    this.#current = running;
  }

  over(running: Running, error?: { readonly thrown: unknown }): void {
    if (running.isOver) return;
    running.isOver = true;
    running.ms = this.#now() - running.ms;
    if (error !== undefined) running.error = messageOf(error.thrown);
    while (this.#current?.isOver) this.#current = this.#current.parent;
  }

  at(location: Location): TracedRecord {
    return this.record((location & 1) as RecordKind, location >> 1);
  }

  /** Of a record that the walk has met, or has made. */
  record(kind: RecordKind, slot: number): TracedRecord {
    const unit = this.#unit!;
    const table = unit.table(kind);
    const { label } = this.#options;
    // What was met may be gone by now, or be closed to the principal.
    const isSeen = label !== undefined && unit.levelOf(kind, slot) > 0;
    const state = isSeen ? unit.stateOf(kind, slot) : undefined;
    const value = state === undefined || damageOf(state) !== undefined ? undefined : state[label!];
    return {
      kind: kind === NODE ? "node" : "edge",
      type: unit.catalog.definition(table.types[slot]!).name,
      id: table.idOf(slot),
      label: value === undefined ? undefined : labelText(value),
    };
  }

  // ---- what the unit tells -----------------------------------------------------------------------------------------

  #change(
    what: "create" | "update" | "delete" | "grant",
    kind: RecordKind,
    slot: number,
    fields: readonly string[],
  ): void {
    if (this.#current === undefined || !this.take()) return;
    const { edges } = this.#unit!.runtime.resident;
    const ends =
      what === "create" && kind === EDGE
        ? ([this.record(NODE, edges.sources[slot]!), this.record(NODE, edges.targets[slot]!)] as const)
        : undefined;
    this.#current.events.push({ do: what, record: this.record(kind, slot), fields, ends });
  }

  read(what: string, results: number): void {
    if (this.#current !== undefined && this.take()) this.#current.events.push({ do: "read", what, results });
  }

  created(kind: RecordKind, slot: number): void {
    this.#change("create", kind, slot, []);
  }

  updated(kind: RecordKind, slot: number, before: object, after: object): void {
    const old = before as Readonly<Record<string, unknown>>;
    const new_ = after as Readonly<Record<string, unknown>>;
    const names = new Set([...Object.keys(old), ...Object.keys(new_)]);
    const fields = [...names].filter((name) => !Object.is(old[name], new_[name]));
    this.#change("update", kind, slot, fields);
  }

  deleted(kind: RecordKind, slot: number): void {
    this.#change("delete", kind, slot, []);
  }

  granted(kind: RecordKind, slot: number): void {
    this.#change("grant", kind, slot, []);
  }
}

/** Writes down the course of one walk. */
export class WalkTracer {
  readonly #log: TraceLog;
  readonly #stops: Stop[];
  readonly #parent: Running | undefined;
  #stop: Stop | undefined;
  #running: Running | undefined;
  /** Visits that have not taken effect. */
  readonly #asked: Map<object, VisitEvent> = new Map();

  constructor(log: TraceLog, stops: Stop[], parent: Running | undefined) {
    this.#log = log;
    this.#stops = stops;
    this.#parent = parent;
    // A walk that goes on from a checkpoint may do so in the midst of a stop.
    this.#stop = stops.at(-1);
  }

  arrived(stage: Stage, location: Location, visit: number): void {
    const entry = stage === "entry" ? visit : undefined;
    this.#stop = this.#stopAt(stage as TraceStop["stage"], location, entry, undefined);
  }

  passed(location: Location, why: NonNullable<TraceStop["passed"]>): void {
    this.#stopAt("passed", location, undefined, why);
  }

  #stopAt(
    stage: TraceStop["stage"],
    location: Location,
    visit: number | undefined,
    passed: TraceStop["passed"],
  ): Stop | undefined {
    if (!this.#log.take()) return undefined;
    const stop: Stop = { stage, location: this.#log.at(location), visit, passed, handlers: [] };
    this.#stops.push(stop);
    return stop;
  }

  began(label: HandlerLabel): void {
    const running = new Running(label, this.#log.now, this.#parent);
    if (this.#stop !== undefined && this.#log.take()) this.#stop.handlers.push(running);
    this.#running = running;
    this.#log.ran(running);
  }

  done(): void {
    if (this.#running !== undefined) this.#log.over(this.#running);
    this.#asked.clear();
  }

  failed(thrown: unknown): void {
    if (this.#running !== undefined) this.#log.over(this.#running, { thrown });
  }

  #tell(event: TraceEvent): void {
    if (this.#running !== undefined && this.#log.take()) this.#running.events.push(event);
  }

  asked(visit: object, at: number | undefined, query: string | undefined): void {
    if (this.#running === undefined || !this.#log.take()) return;
    const event: VisitEvent = { do: "visit", query, queued: [], count: 0, at, ranElse: false };
    this.#asked.set(visit, event);
    this.#running.events.push(event);
  }

  /** The visit takes effect. */
  queued(visit: object, locations: readonly Location[], ranElse: boolean): void {
    const event = this.#asked.get(visit);
    if (event === undefined) return;
    event.count = locations.length;
    event.queued = locations.slice(0, MOST_QUEUED).map((location) => this.#log.at(location));
    event.ranElse = ranElse;
  }

  reported(value: unknown): void {
    this.#tell({ do: "report", value });
  }

  controlled(what: "skip" | "disengage" | "commit"): void {
    this.#tell({ do: what });
  }

  ignored(location: Location): void {
    if (this.#running !== undefined && this.#log.take())
      this.#running.events.push({ do: "ignore", record: this.#log.at(location) });
  }

  /** @returns the tracer of the walk that is spawned */
  spawned(walker: string): WalkTracer {
    const stops: Stop[] = [];
    this.#tell({ do: "spawn", walker, stops });
    return new WalkTracer(this.#log, stops, this.#running);
  }
}

/** Names no record that the principal may not see: what a unit loses on can be one. */
function conflictOf({ conflict, catalog, principal }: Unit): string {
  const key = conflict?.key ?? "everything";
  const type = /^type (\d+)$/.exec(key)?.[1];
  if (type !== undefined) return `records of ${catalog.definition(Number(type)).name}`;
  if (principal.isSystem || key.includes(" ") || key === "everything") return key;
  return "a record";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
