import { describeKind } from "../model/value-kind.ts";
import { invalidQuery } from "../query/plan.ts";
import { Query, type QueryContext } from "../query/query.ts";
import { Root } from "../schema/node.ts";
import type { StopSignal } from "../types/stop-signal.ts";
import { readSignal } from "../util/stop-signal.ts";

/** As many entries as L1 holds where nobody says otherwise. */
const MOST_ENTRIES = 2_000_000;

/** How far a search may go. */
export interface Limits {
  readonly maxEntries: number;
  readonly signal: StopSignal | undefined;
}

export function readLimits(what: string, { maxEntries, signal }: Readonly<Record<string, unknown>>): Limits {
  return {
    maxEntries: maxEntries === undefined ? MOST_ENTRIES : readWhole(maxEntries, "maxEntries"),
    signal: readSignal(what, signal),
  };
}

/** A whole number from 0, or `Infinity`. */
export function readWhole(value: unknown, what: string): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidQuery(
    `${what} takes a whole number from 0, got ${typeof value === "number" ? value : describeKind(value)}`,
  );
}

/** Where a reader's queries run. */
export function contextOf(reader: unknown, what: string): QueryContext {
  const nodes = (reader as { nodes?: unknown } | null | undefined)?.nodes;
  const query: unknown = typeof nodes === "function" ? nodes.call(reader, Root) : undefined;
  if (query instanceof Query) return query.context;
  throw new TypeError(
    `${what} takes a graph, a session, a tx or a walker's w first, got ${describeKind(reader)}`,
  );
}
