import { compareForOrder } from "../model/compare.ts";
import type { Filter } from "../model/filter.ts";
import { compareIdWords, type Id, parseId } from "../model/id.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import { BATCH } from "../resident/loader.ts";
import type { Catalog } from "../schema/catalog.ts";
import { NOW } from "../unit/pending.ts";
import { NEEDS_STATE, type Unit } from "../unit/unit.ts";
import { andThen, isPromise, type MaybePromise } from "../util/maybe-async.ts";
import { SlotTable } from "../util/slot-table.ts";
import { youngArrayOf, youngPair } from "../util/young-array.ts";
import { type Place, readCursor } from "./cursor.ts";
import { type Found, followDepths } from "./expand.ts";
import { runExtent } from "./extent.ts";
import { type HopStep, invalidQuery, NodeStep, type Output, Plan, type Step } from "./plan.ts";
import { everyNode, HopOptions, hasWritten, runHop } from "./run-hop.ts";
import { type Hop, numbersIn, predicate } from "./shape.ts";
import { withStates } from "./with-states.ts";

/** A plan's result by slots: nodes, or edges each with its far node. */
export type Selection = Readonly<Found>;

/**
 * Runs a plan in a unit, as the unit is at `mark`.
 * @param most results wanted at most, beside the plan's own limits
 * @param handsOut whether records are handed out: edges then come with their fields
 */
export function select(
  unit: Unit,
  plan: Plan,
  most: number,
  mark: number,
  handsOut: boolean,
): MaybePromise<Selection> {
  unit.begin();
  return runFrom(unit, plan, 0, [], most, mark, handsOut);
}

/** As `select`, of one hop from one node of the unit: by far the most frequent question. */
export function selectHop(
  unit: Unit,
  origin: number,
  step: HopStep,
  output: Output,
  most: number,
  mark: number,
  handsOut: boolean,
): MaybePromise<Selection> {
  unit.begin();
  if (step.order !== undefined || unit.sees(origin, mark) <= 0) {
    const plan = new Plan(youngPair<Step>(new NodeStep(origin), step), output);
    return runFrom(unit, plan, 0, [], most, mark, handsOut);
  }
  const limit = step.limit === undefined ? most : Math.min(step.limit, most);
  const found = hopResult(unit, step, youngArrayOf(origin), output, limit, mark, handsOut);
  if (isPromise(found))
    return found.then((selection) => {
      cut(selection, limit);
      return selection;
    });
  cut(found as Selection, limit);
  return found;
}

function runFrom(
  unit: Unit,
  plan: Plan,
  from: number,
  given: readonly number[],
  most: number,
  mark: number,
  handsOut: boolean,
): MaybePromise<Selection> {
  const { steps, output } = plan;
  let origins = given;
  for (let at = from; ; at++) {
    const step = steps[at]!;
    const isLast = at === steps.length - 1;
    const { observer } = unit;
    if (observer !== undefined) observer.stepBegun(plan, at, origins.length);
    if (!isLast && step.kind === "given" && step.slots !== undefined && seesAll(unit, step.slots, mark)) {
      // What is not the result is read alone, so the step's own array will do.
      origins = step.slots;
      if (observer !== undefined) observer.stepDone(plan, at, origins.length);
      continue;
    }
    const wanted = isLast ? output : "nodes";
    const limit = Math.min(step.limit ?? Number.POSITIVE_INFINITY, isLast ? most : Number.POSITIVE_INFINITY);
    const found = runStep(unit, plan, step, origins, wanted, limit, mark, handsOut);
    if (isPromise(found)) {
      return found.then((selection) => {
        cut(selection, limit);
        if (observer !== undefined) observer.stepDone(plan, at, selection.nodes.length);
        return isLast ? selection : runFrom(unit, plan, at + 1, selection.nodes, most, mark, handsOut);
      });
    }
    const selection = found as Selection;
    cut(selection, limit);
    if (observer !== undefined) observer.stepDone(plan, at, selection.nodes.length);
    if (isLast) return selection;
    origins = selection.nodes;
  }
}

function seesAll(unit: Unit, slots: readonly number[], mark: number): boolean {
  for (let i = 0; i < slots.length; i++) if (unit.sees(slots[i]!, mark) <= 0) return false;
  return true;
}

export function cut(found: Selection, limit: number): void {
  if (found.nodes.length > limit) found.nodes.length = limit;
  if (found.edges !== undefined && found.edges.length > limit) found.edges.length = limit;
}

function runStep(
  unit: Unit,
  plan: Plan,
  step: Step,
  origins: readonly number[],
  output: Plan["output"],
  limit: number,
  mark: number,
  handsOut: boolean,
): MaybePromise<Selection> {
  switch (step.kind) {
    case "given":
      return given(unit, step, mark);
    case "extent":
      return andThen(runExtent(unit, step, limit, mark), (slots) => extentResult(unit, step, slots));
    case "hop":
      if (step.order === undefined) return hopResult(unit, step, origins, output, limit, mark, handsOut);
      return andThen(hopResult(unit, step, origins, output, limit, mark, handsOut), (found) =>
        arranged(unit, step, found, output, plan.isPaged === true, mark),
      );
  }
}

function extentResult(unit: Unit, step: Step & { kind: "extent" }, slots: number[]): Selection {
  if (step.record === NODE) return { nodes: slots, edges: undefined };
  const { edges } = unit.runtime.resident;
  return { nodes: slots.map((edge) => edges.targets[edge]!), edges: slots };
}

function given(unit: Unit, step: Step & { kind: "given" }, mark: number): MaybePromise<Selection> {
  const visible = (slots: readonly number[]): MaybePromise<Selection> => {
    const levels = slots.map((slot) => (slot < 0 ? 0 : unit.sees(slot, mark)));
    const undecided = slots.filter((_, i) => levels[i] === NEEDS_STATE);
    if (undecided.length > 0)
      return andThen(
        unit.loader.nodes(undecided, () => {
          unit.keepUp();
          return visible(slots);
        }),
        (selection) => selection,
      );
    return { nodes: slots.filter((_, i) => levels[i]! > 0), edges: undefined };
  };
  const { slots } = step;
  if (slots !== undefined) return visible(slots);
  return andThen(all(step.ids.map((id) => findRecord(unit, NODE, id))), (slots) => visible(slots));
}

function all<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  return values.some(isPromise) ? Promise.all(values) : (values as readonly T[]);
}

/**
 * The record of this id, loaded and judged, -1 where there is none that the principal may see. Either answer is
 * guarded.
 */
export function findRecord(unit: Unit, kind: RecordKind, id: Id): MaybePromise<number> {
  unit.begin();
  const slot = unit.findResident(kind, id);
  if (slot < 0 || !unit.hasState(kind, slot)) return loadRecord(unit, kind, id, slot);
  return judgeRecord(unit, kind, id, slot);
}

function loadRecord(unit: Unit, kind: RecordKind, id: Id, slot: number): MaybePromise<number> {
  const { loader } = unit;
  const judge = (): MaybePromise<number> => {
    unit.keepUp();
    const found = unit.findResident(kind, id);
    if (found < 0) {
      unit.readSet.addAbsent(id);
      return -1;
    }
    return unit.hasState(kind, found)
      ? judgeRecord(unit, kind, id, found)
      : loadRecord(unit, kind, id, found);
  };
  const settle = (found: MaybePromise<number>): MaybePromise<number> => found;
  if (slot >= 0)
    return andThen(kind === NODE ? loader.nodes([slot], judge) : loader.edges([slot], judge), settle);
  unit.noteMisses(1);
  return andThen(kind === NODE ? loader.nodesById([id], judge) : loader.edgesById([id], judge), settle);
}

/** Of a record that is resident. */
function judgeRecord(unit: Unit, kind: RecordKind, id: Id, slot: number): MaybePromise<number> {
  unit.runtime.resident.pin(unit.table(kind), slot);
  if (kind === EDGE) unit.noteEnds(slot);
  const level = kind === NODE ? unit.sees(slot) : unit.seesEdge(slot);
  if (level < 0) {
    unit.keepJudged(kind, slot);
    return andThen(keepRuledEnds(unit, [slot]), () => {
      unit.keepUp();
      return findRecord(unit, kind, id);
    });
  }
  // Seen or not, the answer depends on its access record; being handed out is what guards that.
  if (!unit.isRemoved(kind, slot)) {
    if (kind === NODE) unit.node(slot);
    else unit.edge(slot);
  }
  return level > 0 ? slot : -1;
}

/** As `findRecord`, for the principal's own root: without reading the id's text again for every unit. */
export function findRoot(unit: Unit): MaybePromise<number> {
  const { nodes } = unit.runtime.resident;
  const { words, id } = unit.principal;
  const slot = nodes.find(words[0]!, words[1]!, words[2]!, words[3]!);
  // A root owns itself, so that it may be seen goes without saying.
  const isThere = slot >= 0 && nodes.states[slot] !== undefined && unit.levelOf(NODE, slot) > 0;
  return isThere ? slot : findRecord(unit, NODE, id);
}

/**
 * Has the unit keep the fields by which rules judge the ends of these edges: whether an edge is seen, and may be
 * removed, depends on them at any later call, which then cannot wait for a read.
 */
export function keepRuledEnds(unit: Unit, edges: readonly number[]): MaybePromise<void> {
  const { loader } = unit;
  const { sources, targets } = unit.runtime.resident.edges;
  const missing = new Set<number>();
  for (const edge of edges) {
    for (const node of [sources[edge]!, targets[edge]!]) {
      if (unit.needsState(NODE, node)) missing.add(node);
      else unit.keepJudged(NODE, node);
    }
  }
  const ends = [...missing];
  const next = (from: number): MaybePromise<void> => {
    if (from >= ends.length) {
      if (from > 0) unit.keepUp();
      return;
    }
    const batch = ends.slice(from, from + BATCH).filter((node) => !unit.isRemoved(NODE, node));
    const keep = (): void => {
      for (const node of batch) unit.keepJudged(NODE, node);
    };
    return batch.length === 0
      ? next(from + BATCH)
      : andThen(loader.nodes(batch, keep), () => next(from + BATCH));
  };
  return next(0);
}

interface RecentHop {
  readonly catalogSize: number;
  readonly edgeType: number;
  readonly nodeType: number;
  readonly edgeFilter: Filter | undefined;
  readonly nodeFilter: Filter | undefined;
  readonly hop: Hop;
}

/** More than walks and loops alternate between. */
const RECENT_HOPS = 8;
const recentHops: WeakMap<Catalog, RecentHop[]> = new WeakMap();

/** The hop of a step in the unit's catalog. One that asks what a recent one asked is the same, and so is its guard. */
export function hopOf(unit: Unit, step: HopStep): Hop {
  const { catalog } = unit.runtime;
  let recent = recentHops.get(catalog);
  if (recent === undefined) {
    recent = [];
    recentHops.set(catalog, recent);
  }
  for (let i = 0; i < recent.length; i++) {
    const known = recent[i]!;
    if (
      known.edgeFilter === step.edgeFilter &&
      known.nodeFilter === step.nodeFilter &&
      known.edgeType === step.edgeType &&
      known.nodeType === step.nodeType &&
      known.hop.direction === step.direction &&
      known.catalogSize === catalog.size
    )
      return known.hop;
  }
  const { edgeType, nodeType, edgeFilter, nodeFilter } = step;
  const hop: Hop = {
    direction: step.direction,
    edgeTypes: edgeType === 0 ? undefined : catalog.membersOf(edgeType),
    edgeNumbers: edgeType === 0 ? undefined : numbersIn(catalog.membersOf(edgeType)),
    edgeFilter: predicate(edgeFilter),
    nodeTypes: nodeType === 0 ? undefined : catalog.membersOf(nodeType),
    nodeFilter: predicate(nodeFilter),
  };
  if (recent.length === RECENT_HOPS) recent.shift();
  recent.push({ catalogSize: catalog.size, edgeType, nodeType, edgeFilter, nodeFilter, hop });
  return hop;
}

export function hopResult(
  unit: Unit,
  step: HopStep,
  origins: readonly number[],
  output: Plan["output"],
  limit: number,
  mark: number,
  handsOut: boolean,
): MaybePromise<Selection> {
  const wantEdges = output !== "nodes";
  const hop = hopOf(unit, step);
  if (step.depth !== undefined) return deepHop(unit, step, hop, origins, wantEdges, mark);
  if (step.after !== undefined && step.order === undefined && origins.length > 1) {
    throw invalidQuery("a cursor over several origins needs orderBy: connection order is each origin's own");
  }
  const repeats = output === "edges" && origins.length > 1 && mayMeetTwice(unit, hop);
  const { order, after } = step;
  const most = order === undefined && !repeats ? limit : Number.POSITIVE_INFINITY;
  if (unit.observer !== undefined) unit.observer.hopDecided(step, most < Number.POSITIVE_INFINITY);
  const isPlain =
    !wantEdges &&
    !step.reverse &&
    most === Number.POSITIVE_INFINITY &&
    order === undefined &&
    after === undefined &&
    mark === NOW;
  const options = isPlain
    ? everyNode
    : new HopOptions(
        wantEdges,
        step.reverse && order === undefined,
        most,
        after !== undefined && order === undefined ? readCursor(after, "edge").id : undefined,
        mark,
        order?.field,
        wantEdges && handsOut,
      );
  const found = runHop(unit, hop, origins, options);
  return repeats ? andThen(found, onceEachEdge) : found;
}

/** Whether the hop can follow one edge from either end. */
function mayMeetTwice(unit: Unit, hop: Hop): boolean {
  const { catalog } = unit.runtime;
  return (
    hop.direction === "both" ||
    (hop.edgeNumbers ?? catalog.edgeNumbers).some((type) => catalog.isUndirected(type))
  );
}

function onceEachEdge({ nodes, edges }: Selection): Selection {
  const met = new Set<number>();
  const kept = [...edges!.keys()].filter((i) => !met.has(edges![i]!) && met.add(edges![i]!));
  return { nodes: kept.map((i) => nodes[i]!), edges: kept.map((i) => edges![i]!) };
}

/**
 * Breadth first: each node once, at the smallest number of edges that leads to it; the origins are at 0.
 * What lies between is passed through whatever its type and fields; these choose among the results.
 */
function deepHop(
  unit: Unit,
  step: HopStep,
  hop: Hop,
  origins: readonly number[],
  wantEdges: boolean,
  mark: number,
): MaybePromise<Selection> {
  const [min, max] = step.depth!;
  const passing: Hop = { ...hop, nodeTypes: undefined, nodeFilter: undefined };
  if (!wantEdges && max > 0 && mark === NOW && !hasWritten(unit)) {
    return andThen(followDepths(unit, passing, origins, min, max), (reached) => {
      if (reached === undefined) return deepHopInGeneral(unit, step, hop, passing, origins, wantEdges, mark);
      const nodes = min > 0 ? (reached as number[]) : [...origins, ...reached];
      return finished(unit, step, hop, { nodes, edges: undefined }, mark);
    });
  }
  return deepHopInGeneral(unit, step, hop, passing, origins, wantEdges, mark);
}

function deepHopInGeneral(
  unit: Unit,
  step: HopStep,
  hop: Hop,
  passing: Hop,
  origins: readonly number[],
  wantEdges: boolean,
  mark: number,
): MaybePromise<Selection> {
  const [min, max] = step.depth!;
  const met = new SlotTable();
  for (const origin of origins) met.set(origin, 1);
  const nodes: number[] = min === 0 && !wantEdges ? [...origins] : [];
  const edges: number[] = [];
  let frontier: number[] = [...origins];
  let level = 0;
  const next = (): MaybePromise<Selection> => {
    while (level < max && frontier.length > 0) {
      level += 1;
      const options = new HopOptions(
        wantEdges,
        false,
        Number.POSITIVE_INFINITY,
        undefined,
        mark,
        undefined,
        false,
        met,
      );
      const step = runHop(unit, passing, frontier, options);
      const advance = (found: Found): void => {
        if (found.edges === undefined) frontier = found.nodes;
        else {
          frontier = [];
          for (let i = 0; i < found.nodes.length; i++) {
            const node = found.nodes[i]!;
            if (met.has(node)) continue;
            met.set(node, 1);
            frontier.push(node);
            if (level >= min) edges.push(found.edges[i]!);
          }
        }
        for (const node of frontier) met.set(node, 1);
        if (level >= min) append(nodes, frontier);
      };
      if (isPromise(step)) {
        return step.then((found) => {
          advance(found);
          return next();
        });
      }
      advance(step as Found);
    }
    return { nodes, edges: wantEdges ? edges : undefined };
  };
  return andThen(next(), (found) => finished(unit, step, hop, found, mark));
}

/** What a deep hop has reached, in the order and of the kind asked for. */
function finished(
  unit: Unit,
  step: HopStep,
  hop: Hop,
  found: Selection,
  mark: number,
): MaybePromise<Selection> {
  if (step.reverse && step.order === undefined) {
    found.nodes.reverse();
    found.edges?.reverse();
  }
  if (step.nodeType === 0 && step.nodeFilter === undefined) return found;
  return chosen(unit, hop, found, mark);
}

function append(into: number[], from: readonly number[]): void {
  for (const value of from) into.push(value);
}

/** Those results of a deep hop that have the type and pass the filter asked for. */
function chosen(unit: Unit, hop: Hop, found: Selection, mark: number): MaybePromise<Selection> {
  const { types } = unit.runtime.resident.nodes;
  const nodes: number[] = [];
  const edges: number[] = [];
  const take = (i: number): void => {
    nodes.push(found.nodes[i]!);
    if (found.edges !== undefined) edges.push(found.edges[i]!);
  };
  const candidates = [...found.nodes.keys()].filter(
    (i) => hop.nodeTypes === undefined || hop.nodeTypes[types[found.nodes[i]!]!] === 1,
  );
  if (hop.nodeFilter === undefined) {
    for (const i of candidates) take(i);
    return { nodes, edges: found.edges === undefined ? undefined : edges };
  }
  unit.readSet.addFiltered(
    hop.nodeFilter,
    candidates.map((i) => found.nodes[i]!),
  );
  return andThen(
    withStates(
      unit,
      NODE,
      candidates.map((i) => found.nodes[i]!),
      mark,
      (at, state) => {
        if (hop.nodeFilter!.test(state)) take(candidates[at]!);
      },
    ),
    () => ({ nodes, edges: found.edges === undefined ? undefined : edges }),
  );
}

/**
 * Sorts where the step has an order, and leaves out what lies before its cursor.
 * @param isPaged whether pages go on from any place, for which ties go by id; else they stay in connection order
 */
export function arranged(
  unit: Unit,
  step: HopStep,
  found: Selection,
  output: Plan["output"],
  isPaged: boolean,
  mark: number,
): MaybePromise<Selection> {
  const { order, after } = step;
  if (order === undefined) return found;
  const keys: unknown[] = new Array(found.nodes.length);
  const isByEdge = output === "edges";
  // Deep hops are guarded by where they lead alone; the others by what is sorted here too.
  if (step.depth !== undefined)
    unit.readSet.addOrdered(isByEdge ? EDGE : NODE, order.field, isByEdge ? found.edges! : found.nodes);
  return andThen(
    withStates(unit, isByEdge ? EDGE : NODE, isByEdge ? found.edges! : found.nodes, mark, (at, state) => {
      keys[at] = state[order.field];
    }),
    () => {
      if (unit.observer !== undefined) unit.observer.sorted(step, found.nodes.length);
      const descending = order.descending !== step.reverse;
      // A pair is told from another one by its edge, and from the one that comes the other way by its node.
      const { nodes } = unit.runtime.resident;
      const table = unit.table(output === "nodes" ? NODE : EDGE);
      const slots = output === "nodes" ? found.nodes : found.edges!;
      const byId = isPaged || after !== undefined;
      let indexes = [...slots.keys()].sort(
        (left, right) =>
          compareForOrder(keys[left], keys[right], descending) ||
          (byId
            ? table.compareIds(slots[left]!, slots[right]!) ||
              nodes.compareIds(found.nodes[left]!, found.nodes[right]!)
            : left - right),
      );
      if (after !== undefined) {
        const place = readCursor(after, "order") as Place & { kind: "order" };
        const words = wordsOf(place.id);
        const farWords = place.far === undefined ? undefined : wordsOf(place.far);
        indexes = indexes.filter(
          (i) =>
            (compareForOrder(keys[i], place.value, descending) ||
              compareIdWords(table.ids, slots[i]! << 2, words, 0) ||
              (farWords === undefined ? 0 : compareIdWords(nodes.ids, found.nodes[i]! << 2, farWords, 0))) >
            0,
        );
      }
      return {
        nodes: indexes.map((i) => found.nodes[i]!),
        edges: found.edges === undefined ? undefined : indexes.map((i) => found.edges![i]!),
      };
    },
  );
}

function wordsOf(id: Id): Int32Array {
  const words = new Int32Array(4);
  parseId(id, words);
  return words;
}
