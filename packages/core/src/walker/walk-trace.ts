import type { Diagram } from "../diagram/diagram.ts";
import { writeMermaid } from "../diagram/mermaid.ts";
import { valueText } from "../model/filter-text.ts";
import type { TracedHandler, TracedRecord, TraceEvent, TraceStop, WalkTrace } from "../types/walk-trace.ts";
import { printAs } from "../util/print-as.ts";

/** A trace without its looks. */
export type TraceFacts = Omit<WalkTrace, "toString" | "toMermaid">;

/** More cannot be read in a picture; mermaid itself draws no more than 500 arrows. */
const MOST_PLACES = 100;
const MOST_ARROWS = 400;

/** The trace of a walk that is over. */
export class FinishedTrace implements WalkTrace {
  readonly walker: string;
  readonly outcome: "committed" | "failed";
  readonly error: string | undefined;
  readonly attempts: number;
  readonly conflicts: readonly string[];
  readonly ms: number;
  readonly stops: readonly TraceStop[];
  readonly isCut: boolean;

  constructor(facts: TraceFacts) {
    this.walker = facts.walker;
    this.outcome = facts.outcome;
    this.error = facts.error;
    this.attempts = facts.attempts;
    this.conflicts = facts.conflicts;
    this.ms = facts.ms;
    this.stops = facts.stops.map(finished);
    this.isCut = facts.isCut;
    Object.freeze(this);
  }

  toString(): string {
    const { walker, outcome, error, attempts, conflicts, stops, isCut } = this;
    const lines: string[] = [];
    const tries = attempts === 1 ? "" : ` at attempt ${attempts}, after conflicts on ${conflicts.join("; ")}`;
    const end = outcome === "committed" ? `committed${tries}` : `failed${tries}: ${error}`;
    lines.push(`walk ${walker}, ${timeText(this.ms)}: ${end}`);
    for (const stop of stops) writeStop(stop, "", lines);
    if (isCut) lines.push("… the trace is cut here: maxEvents keeps no more");
    return lines.join("\n");
  }

  toMermaid(): string {
    const picture = new Picture();
    picture.draw(this.stops, this.walker);
    return writeMermaid(picture.diagram(this.isCut));
  }
}

printAs(FinishedTrace);

/** Plain data, without what only the tracer needs. */
function finished({ stage, location, visit, passed, handlers }: TraceStop): TraceStop {
  return {
    stage,
    location,
    visit,
    passed,
    handlers: handlers.map(({ name, phase, ms, events, error }) => ({
      name,
      phase,
      ms,
      events: events.map((event) =>
        event.do === "spawn" ? { ...event, stops: event.stops.map(finished) } : event,
      ),
      error,
    })),
  };
}

// ---- as text -------------------------------------------------------------------------------------------------------

/** The end of the id, which tells records apart; data has it whole. */
function recordText({ type, id, label }: TracedRecord): string {
  const what = `${type} …${id.slice(-8)}`;
  return label === undefined ? what : `${what} ${JSON.stringify(label)}`;
}

function timeText(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}

function writeStop(stop: TraceStop, indent: string, lines: string[]): void {
  const { stage, location, visit, passed, handlers } = stop;
  const head = stage === "entry" ? `${visit} enter` : stage === "exit" ? "leave" : stage;
  lines.push(`${indent}${head} ${recordText(location)}${passed === undefined ? "" : `: ${passed}`}`);
  for (const handler of handlers) writeHandler(handler, `${indent}  `, lines);
}

function writeHandler({ name, ms, events, error }: TracedHandler, indent: string, lines: string[]): void {
  lines.push(`${indent}${name} ${timeText(ms)}`);
  for (const event of events) writeEvent(event, `${indent}  `, lines);
  if (error !== undefined) lines.push(`${indent}  threw ${error}`);
}

function writeEvent(event: TraceEvent, indent: string, lines: string[]): void {
  lines.push(indent + eventText(event));
  if (event.do === "visit") {
    for (const record of event.queued) lines.push(`${indent}  ${recordText(record)}`);
    if (event.count > event.queued.length)
      lines.push(`${indent}  … and ${event.count - event.queued.length} more`);
  } else if (event.do === "spawn") {
    for (const stop of event.stops) writeStop(stop, `${indent}  `, lines);
  }
}

function eventText(event: TraceEvent): string {
  switch (event.do) {
    case "visit": {
      const what = event.query === undefined ? "visit" : `visit ${event.query}`;
      const where = event.at === undefined ? "" : ` at ${event.at}`;
      if (event.count > 0) return `${what}: queued ${event.count}${where}`;
      return `${what}: queued nothing${event.ranElse ? ", else ran" : ""}`;
    }
    case "read":
      return `read ${event.what}: ${event.results}`;
    case "report":
      return `report ${reportText(event.value)}`;
    case "create": {
      const [source, target] = event.ends ?? [];
      if (source === undefined || target === undefined) return `create ${recordText(event.record)}`;
      return `link ${recordText(source)} to ${recordText(target)} by ${recordText(event.record)}`;
    }
    case "update":
      return `update ${recordText(event.record)}: ${event.fields.join(", ")}`;
    case "delete":
      return `delete ${recordText(event.record)}`;
    case "grant":
      return `grant on ${recordText(event.record)}`;
    case "ignore":
      return `ignore ${recordText(event.record)}`;
    case "spawn":
      return `spawn ${event.walker}`;
    default:
      return event.do;
  }
}

/** Reports are whatever the walker's schema lets through, or anything. */
function reportText(value: unknown): string {
  try {
    return valueText(value);
  } catch {
    return String(value);
  }
}

// ---- as a picture --------------------------------------------------------------------------------------------------

/** What a record is in the picture. */
interface Place {
  /** Among the nodes. */
  readonly at: number;
  readonly record: TracedRecord;
  /** By walker. */
  readonly visits: Map<string, number[]>;
  reports: number;
}

interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  times: number;
}

class Picture {
  readonly #places: Map<string, Place> = new Map();
  readonly #arrows: Map<string, Arrow> = new Map();
  #left = 0;

  draw(stops: readonly TraceStop[], walker: string): void {
    for (const { location, visit, handlers } of stops) {
      const here = this.#place(location);
      if (here === undefined) {
        this.#left += 1;
        continue;
      }
      if (visit !== undefined) {
        const visits = here.visits.get(walker);
        if (visits === undefined) here.visits.set(walker, [visit]);
        else visits.push(visit);
      }
      for (const { events } of handlers) for (const event of events) this.#event(here, event);
    }
  }

  #place(record: TracedRecord): Place | undefined {
    let place = this.#places.get(record.id);
    if (place === undefined && this.#places.size < MOST_PLACES) {
      place = { at: this.#places.size, record, visits: new Map(), reports: 0 };
      this.#places.set(record.id, place);
    }
    return place;
  }

  #arrow(from: Place, record: TracedRecord, text: string): void {
    const to = this.#place(record);
    const key = `${from.at} ${to?.at} ${text}`;
    const known = this.#arrows.get(key);
    if (known !== undefined) known.times += 1;
    else if (to !== undefined && this.#arrows.size < MOST_ARROWS)
      this.#arrows.set(key, { from: from.at, to: to.at, text, times: 1 });
    else this.#left += 1;
  }

  #event(here: Place, event: TraceEvent): void {
    switch (event.do) {
      case "visit":
        for (const record of event.queued) this.#arrow(here, record, "");
        this.#left += event.count - event.queued.length;
        break;
      case "create":
        if (event.ends === undefined) this.#arrow(here, event.record, "creates");
        break;
      case "update":
      case "delete":
        if (event.record.id !== here.record.id) this.#arrow(here, event.record, `${event.do}s`);
        break;
      case "report":
        here.reports += 1;
        break;
      case "spawn": {
        const [first] = event.stops;
        if (first !== undefined) this.#arrow(here, first.location, `spawns ${event.walker}`);
        this.draw(event.stops, event.walker);
        break;
      }
      default:
    }
  }

  diagram(isCut: boolean): Diagram {
    return {
      direction: "TB",
      nodes: [...this.#places.values()].map(placeText),
      edges: [...this.#arrows.values()].map(({ from, to, text, times }) => ({
        from,
        to,
        label: [text, times > 1 ? `${times} times` : ""].filter((part) => part !== "").join(", "),
        isUndirected: false,
      })),
      notes: [
        ...(this.#left > 0 ? [`${this.#left} more are not drawn`] : []),
        ...(isCut ? ["the trace is cut here"] : []),
      ],
    };
  }
}

function placeText({ record, visits, reports }: Place): string {
  const { type, id, label } = record;
  return [
    `${type} ${label ?? `…${id.slice(-8)}`}`,
    ...[...visits].map(([walker, numbers]) => `${walker} ${numbers.join(", ")}`),
    ...(reports > 0 ? [`${reports} ${reports === 1 ? "report" : "reports"}`] : []),
  ].join("\n");
}
