import type { Principal } from "../access/principal.ts";
import { Entity } from "../schema/entity.ts";
import type { LiveUpdate } from "../types/changes.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import type { ChangeHub } from "./change-hub.ts";
import { dependOn } from "./depend-on.ts";
import { equalResults } from "./equal-results.ts";
import { liveOptions, readFollowOptions } from "./follow-options.ts";
import { KeptRead } from "./kept-read.ts";
import { type Item, listChanges } from "./list-changes.ts";
import { LiveResult, type Succession } from "./live-result.ts";

/** A value that is told whole. */
const values: Succession<{ readonly value: unknown }, unknown> = {
  next: (before, read) => (before !== undefined && equalResults(before.value, read.value) ? before : read),
  update: (_, { value }) => value,
  show: ({ value }) => value,
};

/** A list, told with the steps that lead to it. */
class ListState {
  readonly items: readonly Item<unknown>[];
  readonly results: readonly unknown[];

  constructor(items: readonly Item<unknown>[]) {
    this.items = items;
    this.results = Object.freeze(items.map(({ result }) => result));
  }
}

const lists: Succession<ListState, LiveUpdate<unknown>> = {
  next(before, read) {
    if (before === undefined) return read;
    const known = new Map(before.items.map((item) => [item.key, item]));
    // What did not change stays the same object.
    const items = read.items.map((item) => {
      const was = known.get(item.key);
      return was !== undefined && equalResults(was.result, item.result) ? was : item;
    });
    const isSame = items.length === before.items.length && items.every((item, i) => item === before.items[i]);
    return isSame ? before : new ListState(items);
  },
  update: (before, now) =>
    Object.freeze({
      results: now.results,
      changes: Object.freeze(listChanges(before?.items ?? [], now.items)),
    }),
  show: ({ results }) => results,
};

/** The results of a query that is run again when it must be. @param read gives its results */
export function liveList(
  hub: ChangeHub,
  principal: Principal,
  read: (unit: Unit) => MaybePromise<readonly unknown[]>,
  options: unknown,
): LiveResult<ListState, LiveUpdate<unknown>> {
  const { pollMs, signal } = readFollowOptions("live", options, liveOptions);
  const body = (unit: Unit): MaybePromise<ListState> =>
    andThen(read(unit), (results) => {
      dependOn(unit, results);
      return new ListState(itemsOf(results));
    });
  return new LiveResult(hub, new KeptRead(hub, principal, body), lists, pollMs, signal);
}

/** Whatever a function reads. */
export function liveValue(
  hub: ChangeHub,
  principal: Principal,
  read: (unit: Unit) => MaybePromise<unknown>,
  options: unknown,
): LiveResult<{ readonly value: unknown }, unknown> {
  const { pollMs, signal } = readFollowOptions("live", options, liveOptions);
  const body = (unit: Unit): MaybePromise<{ readonly value: unknown }> =>
    andThen(read(unit), (value) => {
      dependOn(unit, value);
      return { value };
    });
  return new LiveResult(hub, new KeptRead(hub, principal, body), values, pollMs, signal);
}

/** A list may have a result several times: each of them has its own key. */
function itemsOf(results: readonly unknown[]): Item<unknown>[] {
  const met = new Map<string, number>();
  return results.map((result) => {
    const id = keyOf(result);
    const times = met.get(id) ?? 0;
    met.set(id, times + 1);
    if (!(result instanceof Entity)) Object.freeze(result);
    return { key: times === 0 ? id : `${id} ${times}`, result };
  });
}

function keyOf(result: unknown): string {
  if (result instanceof Entity) return result.id;
  // Rows have their id; pairs are an edge and a node.
  const { id, edge, node } = result as { id?: string; edge: { id: string }; node: { id: string } };
  return id ?? `${edge.id} ${node.id}`;
}
