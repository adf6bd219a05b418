import type { Principal } from "../access/principal.ts";
import { ValidationError } from "../errors.ts";
import { describeKind } from "../model/value-kind.ts";
import type { ExtentStep } from "../query/plan.ts";
import { Query } from "../query/query.ts";
import { SelectQuery } from "../query/select-query.ts";
import { predicate } from "../query/shape.ts";
import { NODE } from "../resident/change-log.ts";
import type { ChangeSet, Watching } from "../types/changes.ts";
import type { ChangeHub } from "./change-hub.ts";
import { ChangeStream, tellListener } from "./change-stream.ts";
import { readFollowOptions } from "./follow-options.ts";
import { QueryWatch } from "./query-watch.ts";
import { TypeWatch, type WatchedType, WholeWatch } from "./type-watch.ts";

/** Who watches. */
export interface Watcher {
  readonly hub: ChangeHub;
  readonly principal: Principal;
  /** All records of a type. @throws {ValidationError} {TypeError} for what is no type of the graph */
  extent(type: unknown): Query;
}

/** `session.watch` */
export function watch(watcher: Watcher, target: unknown, listener: unknown, options: unknown): Watching {
  if (typeof listener !== "function")
    throw new TypeError(`watch takes a function that is told of changes, got ${describeKind(listener)}`);
  const stream = watched(watcher, "watch", target, options);
  void tellListener(watcher.hub, stream, listener as (set: ChangeSet) => unknown);
  return stream;
}

/** `session.changes` */
export function watched(watcher: Watcher, what: string, target: unknown, options: unknown): ChangeStream {
  const { hub, principal } = watcher;
  const settings = readFollowOptions(what, options);
  const query = target instanceof Query ? target : undefined;
  const types = query === undefined ? typesOf(watcher, what, target) : typeOf(watcher, what, query);
  const stream = new ChangeStream(settings);
  if (stream.isOver) return stream;
  hub.enter();
  hub.leave();
  const { pollMs } = settings;
  const isWhole = principal.isSystem && types?.every(({ passes }) => passes === undefined) === true;
  const follower =
    types === undefined
      ? new QueryWatch(hub, principal, stream, query!, pollMs)
      : isWhole
        ? new WholeWatch(hub, stream, types, pollMs)
        : new TypeWatch(hub, principal, stream, types, pollMs);
  stream.onStop(() => follower.stop());
  return stream;
}

function typesOf(watcher: Watcher, what: string, target: unknown): readonly WatchedType[] {
  if (target instanceof SelectQuery)
    throw invalid(`${what} tells of records: give the query before select(), or follow its rows with live()`);
  const list: readonly unknown[] = Array.isArray(target) ? target : [target];
  if (list.length === 0) throw invalid(`${what} takes a type, several types or a query, got none`);
  return list.map((type) => {
    if (typeof type !== "function")
      throw new TypeError(`${what} takes a type, several types or a query, got ${describeKind(type)}`);
    return extentOf(watcher.extent(type))!;
  });
}

/** The query as a type with a filter; `undefined` where it is more than that. */
function typeOf({ principal }: Watcher, what: string, query: Query): readonly WatchedType[] | undefined {
  const { following } = query.context;
  if (following === undefined)
    throw invalid(`${what} takes queries made outside of units of work, such as graph.nodes(Type)`);
  if (following.principal !== principal)
    throw new TypeError(`${what}: the query is another session's: make it from the session that watches`);
  const type = extentOf(query);
  return type === undefined ? undefined : [type];
}

function extentOf(query: Query): WatchedType | undefined {
  const { steps } = query.plan;
  const [step] = steps as readonly ExtentStep[];
  if (steps.length !== 1 || step?.kind !== "extent") return undefined;
  if (step.limit !== undefined || step.after !== undefined || step.except !== undefined) return undefined;
  const passes = predicate(step.record === NODE ? step.nodeFilter : step.edgeFilter);
  return { kind: step.record, type: step.type, passes, query };
}

function invalid(message: string): ValidationError {
  return new ValidationError({ code: "RW_QUERY_INVALID", message });
}
