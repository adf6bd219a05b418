import { IN, OUT, type Side } from "../resident/adjacency.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import { BATCH, type NeighborhoodRequest } from "../resident/loader.ts";
import { DELETED, PENDING } from "../resident/record-table.ts";
import { NOW } from "../unit/pending.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, isPromise, type MaybePromise } from "../util/maybe-async.ts";
import { youngArray, youngArrayOf } from "../util/young-array.ts";
import { largestPage } from "./neighbor-cursor.ts";
import type { HopStep, Output } from "./plan.ts";
import { PageWanted, pageLimit, pushMissing, readsEdgeFields } from "./run-hop.ts";
import { arranged, cut, hopOf, hopResult, type Selection } from "./select.ts";
import type { Hop } from "./shape.ts";

/**
 * Follows the steps from each of the nodes by itself, so that what is found, limited, ordered and guarded is each
 * node's own. What several of them lack is read together beforehand: lists of {@link BATCH} of them at once, then the
 * fields that decide about their neighbours. Where that does not suffice, as in long lists of which few edges pass,
 * each node's own read goes on.
 *
 * @param most results of each node wanted at most
 * @param handsOut whether fields of the results will be looked at
 * @returns for each node, in order, what was found
 */
export function followEach(
  unit: Unit,
  nodes: readonly number[],
  steps: readonly HopStep[],
  output: Output,
  most: number,
  handsOut: boolean,
): MaybePromise<readonly Selection[]> {
  const next = (at: number, groups: readonly Selection[]): MaybePromise<readonly Selection[]> => {
    const step = steps[at];
    if (step === undefined) return groups;
    const isLast = at === steps.length - 1;
    const limit = Math.min(step.limit ?? Number.POSITIVE_INFINITY, isLast ? most : Number.POSITIVE_INFINITY);
    return andThen(
      new HopOfEach(unit, step, groups, isLast ? output : "nodes", limit, isLast && handsOut).run(),
      (found) => next(at + 1, found),
    );
  };
  const groups = youngArray<Selection>();
  for (let i = 0; i < nodes.length; i++) groups.push({ nodes: youngArrayOf(nodes[i]!), edges: undefined });
  return next(0, groups);
}

class HopOfEach {
  readonly #unit: Unit;
  readonly #step: HopStep;
  readonly #hop: Hop;
  readonly #groups: readonly Selection[];
  readonly #output: Output;
  readonly #limit: number;
  readonly #handsOut: boolean;
  /** What is read at once, so that L1 can hold it. */
  readonly #batch: number;
  /** Groups up to here have had their lists read, and the fields of their neighbours. */
  #listsTo = 0;
  #fieldsTo = 0;

  constructor(
    unit: Unit,
    step: HopStep,
    groups: readonly Selection[],
    output: Output,
    limit: number,
    handsOut: boolean,
  ) {
    this.#unit = unit;
    this.#step = step;
    this.#hop = hopOf(unit, step);
    this.#groups = groups;
    this.#output = output;
    this.#limit = limit;
    this.#handsOut = handsOut;
    this.#batch = Math.min(BATCH, Math.max(16, unit.runtime.resident.bounds.maxEntries >> 2));
  }

  run(): MaybePromise<readonly Selection[]> {
    const { order } = this.#step;
    const most = order === undefined ? this.#limit : Number.POSITIVE_INFINITY;
    const found = eachInTurn(this.#unit, this.#groups.length, (at) =>
      andThen(this.#readAhead(at, most), () => this.#follow(at, most)),
    );
    return order === undefined ? found : andThen(found, (all) => this.#arrangeEach(all));
  }

  #follow(at: number, most: number): MaybePromise<Selection> {
    const { nodes } = this.#groups[at]!;
    const wantEdges = this.#output !== "nodes";
    const result = hopResult(
      this.#unit,
      this.#step,
      nodes,
      this.#output,
      most,
      NOW,
      wantEdges && this.#handsOut,
    );
    return andThen(result, (found) => {
      cut(found, most);
      return found;
    });
  }

  /** An order by a field: the fields of what all of them have found are read together. */
  #arrangeEach(all: readonly Selection[]): MaybePromise<readonly Selection[]> {
    const kind = this.#output === "edges" ? EDGE : NODE;
    let readTo = 0;
    const readAhead = (from: number): MaybePromise<void> => {
      if (from < readTo) return;
      const missing = new Set<number>();
      for (; readTo < all.length && (readTo === from || missing.size < this.#batch); readTo++) {
        const { nodes, edges } = all[readTo]!;
        for (const slot of kind === EDGE ? edges! : nodes) this.#noteMissing(kind, slot, missing);
      }
      return this.#load(kind, missing);
    };
    return eachInTurn(this.#unit, all.length, (at) =>
      andThen(readAhead(at), () =>
        andThen(arranged(this.#unit, this.#step, all[at]!, this.#output, false, NOW), (found) => {
          cut(found, this.#limit);
          return found;
        }),
      ),
    );
  }

  // ---- reading ahead -----------------------------------------------------------------------------------------

  #readAhead(at: number, most: number): MaybePromise<void> {
    if (most <= 0 || (at < this.#listsTo && at < this.#fieldsTo)) return;
    return andThen(at < this.#listsTo ? undefined : this.#readLists(at, most), () =>
      at < this.#fieldsTo ? undefined : this.#readFields(at, most),
    );
  }

  #readLists(from: number, most: number): MaybePromise<void> {
    const unit = this.#unit;
    const hop = this.#hop;
    // As many as the next node may take.
    const each = 2 * (hop.edgeNumbers?.length ?? 1);
    const edgeFields = readsEdgeFields(hop, this.#output !== "nodes" && this.#handsOut);
    const requests: NeighborhoodRequest[] = [];
    const asked = new Set<number>();
    let at = from;
    for (; at < this.#groups.length && (at === from || requests.length + each <= this.#batch); at++) {
      const { nodes } = this.#groups[at]!;
      const page = new PageWanted(this.#isReversed, this.#pageLimit(nodes.length, most), edgeFields);
      for (const node of nodes) {
        if (asked.has(node) || requests.length + each > BATCH) continue;
        asked.add(node);
        pushMissing(unit, hop, node, page, requests, true);
      }
    }
    this.#listsTo = at;
    if (requests.length === 0) return;
    unit.noteMisses(requests.length);
    // The first page of many is kept until each has been followed, which is before anything else is read.
    return andThen(
      unit.loader.neighborhoods(requests, () => undefined),
      () => unit.keepUp(),
    );
  }

  get #isReversed(): boolean {
    return this.#step.reverse && this.#step.order === undefined;
  }

  #pageLimit(origins: number, most: number): number {
    const { resident } = this.#unit.runtime;
    // Of all types together only whole neighbourhoods can be taken in; ways over several edges follow every list whole.
    if (this.#hop.edgeNumbers === undefined || this.#step.depth !== undefined) return largestPage(resident);
    return pageLimit(this.#unit, this.#hop, origins, most);
  }

  /** Fields that filters and rules will look at. */
  #readFields(from: number, most: number): MaybePromise<void> {
    const { edgeFilter, nodeFilter } = this.#hop;
    const decide = edgeFilter !== undefined || nodeFilter !== undefined || this.#unit.judgesByRule;
    if (this.#step.depth !== undefined || !decide) {
      this.#fieldsTo = this.#groups.length;
      return;
    }
    const edges = new Set<number>();
    const nodes = new Set<number>();
    let at = from;
    for (; at < this.#listsTo && (at === from || edges.size + nodes.size < this.#batch); at++) {
      const group = this.#groups[at]!.nodes;
      for (const node of group) this.#noteNeighbors(node, this.#pageLimit(group.length, most), edges, nodes);
    }
    this.#fieldsTo = at;
    return andThen(this.#load(EDGE, edges), () => this.#load(NODE, nodes));
  }

  #noteNeighbors(node: number, most: number, missingEdges: Set<number>, missingNodes: Set<number>): void {
    const { adjacency, edges, nodes, catalog } = this.#unit.runtime.resident;
    const { direction, edgeTypes, edgeFilter, nodeTypes, nodeFilter } = this.#hop;
    const isReversed = this.#isReversed;
    const { judgesByRule } = this.#unit;
    for (const side of [OUT, IN] as const satisfies readonly Side[]) {
      const isAsked = direction === "both" || (direction === "out") === (side === OUT);
      for (let list = adjacency.head(node, side); list >= 0; list = adjacency.listNext[list]!) {
        const type = adjacency.listTypes[list]!;
        if (edgeTypes !== undefined && edgeTypes[type] !== 1) continue;
        if (!isAsked && !(side === OUT && catalog.isUndirected(type))) continue;
        let left = most;
        let chunk = isReversed ? adjacency.listLast[list]! : adjacency.listFirst[list]!;
        for (
          ;
          chunk >= 0 && left > 0;
          chunk = isReversed ? adjacency.chunkPrev[chunk]! : adjacency.chunkNext[chunk]!
        ) {
          const first = adjacency.chunkOffsets[chunk]!;
          const length = adjacency.chunkLengths[chunk]!;
          for (let i = 0; i < length && left > 0; i++, left--) {
            const pair = first + (isReversed ? length - 1 - i : i) * 2;
            const far = adjacency.data[pair]!;
            const edge = adjacency.data[pair + 1]!;
            if (edgeFilter !== undefined || (judgesByRule && catalog.isRuled(edges.types[edge]!)))
              this.#noteMissing(EDGE, edge, missingEdges);
            if (nodeTypes !== undefined && nodeTypes[nodes.types[far]!] !== 1) continue;
            if (nodeFilter !== undefined || (judgesByRule && catalog.isRuled(nodes.types[far]!)))
              this.#noteMissing(NODE, far, missingNodes);
          }
        }
      }
    }
  }

  #noteMissing(kind: RecordKind, slot: number, missing: Set<number>): void {
    const { flags, states } = this.#unit.table(kind);
    const isThere = flags[slot] !== 0 && (flags[slot]! & (DELETED | PENDING)) === 0;
    if (isThere && states[slot] === undefined) missing.add(slot);
  }

  #load(kind: RecordKind, missing: ReadonlySet<number>): MaybePromise<void> {
    const { loader } = this.#unit;
    const slots = [...missing].slice(0, BATCH);
    if (slots.length === 0) return;
    const done = (): void => {};
    return andThen(kind === NODE ? loader.nodes(slots, done) : loader.edges(slots, done), () =>
      this.#unit.keepUp(),
    );
  }
}

/** Steps between two looks at the clock. */
const STRETCH = 64;

/** Calls `step` for each place, one after another, and lets the event loop turn between many of them. */
export function eachInTurn<T>(
  unit: Unit,
  count: number,
  step: (at: number) => MaybePromise<T>,
): MaybePromise<T[]> {
  const results = youngArray<T>();
  const go = (from: number): MaybePromise<T[]> => {
    for (let at = from; at < count; at++) {
      // Not where it has just come back from a pause: however slow turns are, it gets on by some steps in each.
      if (at % STRETCH === STRETCH - 1 && at > from && unit.isSliceOver())
        return unit.pause().then(() => go(at));
      const result = step(at);
      if (isPromise(result))
        return result.then((value) => {
          results.push(value);
          return go(at + 1);
        });
      results.push(result as T);
    }
    return results;
  };
  return go(0);
}
