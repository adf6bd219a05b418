import { ClosedError } from "../errors.ts";
import { isId } from "../model/id.ts";
import { describeKind } from "../model/value-kind.ts";
import type { Output } from "../query/plan.ts";
import { Query } from "../query/query.ts";
import { hasWritten } from "../query/run-hop.ts";
import { findRecord, hopOf, type Selection } from "../query/select.ts";
import type { Hop } from "../query/shape.ts";
import { IN, OUT, type Side } from "../resident/adjacency.ts";
import { EDGE, NODE } from "../resident/change-log.ts";
import { ANY_TYPE, BATCH, type NeighborhoodRequest } from "../resident/loader.ts";
import { DELETED, IN_KNOWN, OUT_KNOWN, PENDING } from "../resident/record-table.ts";
import { EdgeEntity, Entity, hostOf, NodeEntity, requireGraph, slotOf } from "../schema/entity.ts";
import type { HopListener } from "../unit/hop-listener.ts";
import { NOW } from "../unit/pending.ts";
import { NEEDS_STATE, type Unit } from "../unit/unit.ts";
import { andThen, isPromise, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import { youngArrayOf } from "../util/young-array.ts";
import { Located, type Location, NOWHERE, type WalkUnit } from "./walk-unit.ts";

/** How many kinds of neighbourhood a walk is remembered to have asked for: by visits, and of each type of node. */
const MOST_DEMANDS = 4;
/** In all. */
const MOST_DEMANDS_OF_TYPES = 16;

/** Nodes of any type. */
const ANY_NODE = -1;

/** A neighbourhood that the next locations will be asked for, as this one was. */
export class Demand {
  readonly hop: Hop;
  /** The type of the nodes; {@link ANY_NODE} where a visit went by it. */
  readonly type: number;
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly readsFields: boolean;

  constructor(hop: Hop, type: number, order: "asc" | "desc", limit: number, readsFields: boolean) {
    this.hop = hop;
    this.type = type;
    this.order = order;
    this.limit = limit;
    this.readsFields = readsFields;
  }

  isOf(type: number): boolean {
    return this.type === ANY_NODE || this.type === type;
  }
}

/** What is found where nothing is. */
const nowhere: Located = new Located([]);

/** A unit of work as the walking engine sees it. */
export class GraphWalkUnit implements WalkUnit, HopListener {
  readonly unit: Unit;
  /** The hops that this walk made from single nodes: the next nodes will be asked the same. */
  readonly #demands: Demand[];
  /** The node entered last. */
  #here = -1;

  constructor(unit: Unit, demands: Demand[] = []) {
    this.unit = unit;
    this.#demands = demands;
    unit.hopListener = this;
  }

  get demands(): Demand[] {
    return this.#demands;
  }

  locate(target: unknown, here: Entity | undefined, position: number = NOW): MaybePromise<Located> {
    if (target instanceof Query) return this.#locateQuery(target, position);
    if (target instanceof Entity) return this.#locateEntity(target, here, position);
    if (Array.isArray(target)) return this.#locateList(target, here, position);
    if (isId(target)) {
      return andThen(findRecord(this.unit, NODE, target), (slot) => {
        if (slot >= 0) return new Located([slot * 2]);
        return andThen(findRecord(this.unit, EDGE, target), (edge) =>
          edge < 0 ? nowhere : this.#withFar(edge, undefined),
        );
      });
    }
    const hint = isThenable(target) ? ": give it the query itself, or await the promise" : "";
    throw new TypeError(
      `visit takes a node, an edge, a list of them or a query, got ${describeKind(target)}${hint}`,
    );
  }

  #locateQuery(query: Query, position: number): MaybePromise<Located> {
    const { context } = query;
    if (context.catalog !== this.unit.catalog)
      throw new TypeError("visit: this query belongs to another graph");
    if (context.unit !== undefined && context.unit !== this.unit) {
      throw new ClosedError({
        message: "visit: this query belongs to another unit of work",
        remedy: "Make it in the handler, from `here`, `w.root` or `w.nodes(…)`.",
      });
    }
    const { last, output } = query;
    if (last.kind === "hop") this.#note(hopOf(this.unit, last));
    // A unit that has written nothing is as it was, and reads over resident lists at full speed only as it is now.
    const mark = position !== NOW && !hasWritten(this.unit) ? NOW : position;
    const found = query.locate(this.unit, Number.POSITIVE_INFINITY, mark, true);
    if (isPromise(found)) return found.then((later) => locations(later, output));
    return locations(found as Selection, output);
  }

  #note(hop: Hop): void {
    let visited = 0;
    for (const known of this.#demands) {
      if (known.type !== ANY_NODE) continue;
      if (isSame(known.hop, hop)) return;
      visited += 1;
    }
    if (visited < MOST_DEMANDS)
      this.#demands.push(
        new Demand(hop, ANY_NODE, "asc", Number.POSITIVE_INFINITY, hop.edgeFilter !== undefined),
      );
  }

  /** What a handler reads of the node that it is at, by a query that it does not visit. */
  hopMissed(hop: Hop, node: number, order: "asc" | "desc", limit: number, readsFields: boolean): void {
    if (node !== this.#here) return;
    const demands = this.#demands;
    const type = this.unit.runtime.resident.nodes.types[node]!;
    let ofType = 0;
    for (const known of demands) {
      if (!known.isOf(type)) continue;
      if (isSame(known.hop, hop)) return;
      if (known.type === type) ofType += 1;
    }
    if (ofType < MOST_DEMANDS && demands.length < MOST_DEMANDS_OF_TYPES)
      demands.push(new Demand(hop, type, order, limit, readsFields));
  }

  #locateEntity(entity: Entity, here: Entity | undefined, position: number): MaybePromise<Located> {
    const kind = entity instanceof EdgeEntity ? EDGE : NODE;
    const own = hostOf(entity) === this.unit;
    if (!own) requireGraph(entity, this.unit.graph, "visit");
    const slot = own ? slotOf(entity) : findRecord(this.unit, kind, entity.id);
    return andThen(slot, (found) => {
      if (found < 0) return nowhere;
      if (kind === NODE)
        return this.unit.sees(found, position) === 0 ? nowhere : new Located(youngArrayOf(found * 2));
      return this.unit.seesEdge(found, position) === 0 ? nowhere : this.#withFar(found, here);
    });
  }

  #withFar(edge: number, here: Entity | undefined): Located {
    const { sources, targets } = this.unit.runtime.resident.edges;
    const from = here instanceof NodeEntity && hostOf(here) === this.unit ? slotOf(here) : -1;
    const far = targets[edge] === from ? sources[edge]! : targets[edge]!;
    return new Located(youngArrayOf(edge * 2 + 1), youngArrayOf(far * 2));
  }

  #locateList(list: readonly unknown[], here: Entity | undefined, position: number): MaybePromise<Located> {
    const parts = Array.from(list, (each) => {
      if (!(each instanceof Entity))
        throw new TypeError(`a list to visit holds nodes and edges, got ${describeKind(each)}`);
      return this.#locateEntity(each, here, position);
    });
    const join = (located: readonly Located[]): Located => {
      const locations: Location[] = [];
      const far: Location[] = [];
      for (const part of located) {
        for (const [i, location] of part.locations.entries()) {
          locations.push(location);
          far.push(part.far?.[i] ?? NOWHERE);
        }
      }
      return new Located(locations, far.every((each) => each === NOWHERE) ? undefined : far);
    };
    return parts.some(isPromise) ? Promise.all(parts).then(join) : join(parts as Located[]);
  }

  mark(): number {
    return this.unit.mark();
  }

  release(): void {
    this.unit.releaseMarks();
  }

  enter(location: Location): MaybePromise<Entity | undefined> {
    const { unit } = this;
    unit.begin();
    const slot = location >> 1;
    const kind = (location & 1) as 0 | 1;
    this.#here = kind === NODE ? slot : -1;
    if (unit.isRemoved(kind, slot)) return undefined;
    const level = kind === NODE ? unit.levelOf(NODE, slot) : unit.seesEdge(slot);
    if (level === 0) return undefined;
    if (level !== NEEDS_STATE && unit.hasState(kind, slot))
      return kind === NODE ? unit.node(slot) : unit.edge(slot);
    return this.#load(kind, slot);
  }

  #load(kind: 0 | 1, slot: number): MaybePromise<Entity | undefined> {
    const { unit } = this;
    const { loader, resident } = unit.runtime;
    const judge = (): MaybePromise<Entity | undefined> => {
      unit.keepUp();
      if (unit.isRemoved(kind, slot)) return undefined;
      const level = kind === NODE ? unit.levelOf(NODE, slot) : unit.seesEdge(slot);
      if (level === NEEDS_STATE) {
        const ends = [resident.edges.sources[slot]!, resident.edges.targets[slot]!];
        const missing = ends.filter((node) => resident.nodes.states[node] === undefined);
        return missing.length === 0
          ? undefined
          : andThen(loader.nodes([...new Set(missing)], judge), (entity) => entity);
      }
      if (level === 0 || !unit.hasState(kind, slot)) return undefined;
      return kind === NODE ? unit.node(slot) : unit.edge(slot);
    };
    if (unit.hasState(kind, slot)) return judge();
    return andThen(
      kind === NODE ? loader.nodes([slot], judge) : loader.edges([slot], judge),
      (entity) => entity,
    );
  }

  typeOf(location: Location): number {
    return this.unit.table((location & 1) as 0 | 1).types[location >> 1]!;
  }

  isGone(location: Location): boolean {
    return this.unit.isRemoved((location & 1) as 0 | 1, location >> 1);
  }

  isResident(location: Location): boolean {
    const { unit } = this;
    const slot = location >> 1;
    if ((location & 1) === EDGE)
      return unit.runtime.resident.edges.states[slot] !== undefined || unit.isRemoved(EDGE, slot);
    const { nodes } = unit.runtime.resident;
    if ((nodes.flags[slot]! & (PENDING | DELETED)) !== 0) return true;
    if (nodes.states[slot] === undefined) return false;
    for (const demand of this.#demands)
      if (demand.isOf(nodes.types[slot]!) && !this.#hasNeighborhood(slot, demand.hop)) return false;
    return true;
  }

  #hasNeighborhood(node: number, { direction, edgeNumbers }: Hop): boolean {
    return (
      (direction === "in" || this.#hasSide(node, OUT, edgeNumbers)) &&
      (direction === "out" || this.#hasSide(node, IN, edgeNumbers))
    );
  }

  #hasSide(node: number, side: Side, edgeNumbers: readonly number[] | undefined): boolean {
    const { adjacency, nodes, catalog } = this.unit.runtime.resident;
    if ((nodes.flags[node]! & (side === OUT ? OUT_KNOWN : IN_KNOWN)) !== 0) return true;
    if (edgeNumbers === undefined) return false;
    for (let i = 0; i < edgeNumbers.length; i++) {
      const type = edgeNumbers[i]!;
      if (adjacency.find(node, catalog.isUndirected(type) ? OUT : side, type) < 0) return false;
    }
    return true;
  }

  prefetch(locations: readonly Location[]): MaybePromise<void> {
    const { unit } = this;
    const { resident, loader } = unit.runtime;
    const most = Math.min(BATCH, Math.max(4, resident.bounds.maxEntries >> 3));
    const near = locations.slice(0, most);
    const states = unique(near, NODE).filter(
      (slot) => !unit.hasState(NODE, slot) && this.#isStored(NODE, slot),
    );
    const edges = unique(near, EDGE).filter(
      (slot) => !unit.hasState(EDGE, slot) && this.#isStored(EDGE, slot),
    );
    const nodes = unique(near, NODE).filter((slot) => this.#isStored(NODE, slot));
    unit.noteMisses(states.length + edges.length);
    const done = (): void => {};
    return andThen(states.length === 0 ? undefined : loader.nodes(states, done), () =>
      andThen(edges.length === 0 ? undefined : loader.edges(edges, done), () => {
        const requests = nodes
          .filter((slot) => (resident.nodes.flags[slot]! & DELETED) === 0)
          .flatMap((slot) => this.#requests(slot));
        return requests.length === 0 ? undefined : loader.neighborhoods(requests.slice(0, BATCH), done);
      }),
    );
  }

  #isStored(kind: 0 | 1, slot: number): boolean {
    return (this.unit.table(kind).flags[slot]! & (PENDING | DELETED)) === 0;
  }

  #requests(node: number): NeighborhoodRequest[] {
    const { catalog, bounds, adjacency, nodes } = this.unit.runtime.resident;
    const limit = Math.min(BATCH, Math.max(16, bounds.maxEntries >> 3));
    const requests: NeighborhoodRequest[] = [];
    for (const demand of this.#demands) {
      const { hop } = demand;
      if (!demand.isOf(nodes.types[node]!) || this.#hasNeighborhood(node, hop)) continue;
      const { direction, edgeNumbers } = hop;
      const base = {
        node,
        order: demand.order,
        after: undefined,
        limit: Math.min(limit, demand.limit),
        edgeFields: demand.readsFields,
      } as const;
      const sides: readonly Side[] = direction === "both" ? [OUT, IN] : [direction === "out" ? OUT : IN];
      for (const side of sides) {
        if ((nodes.flags[node]! & (side === OUT ? OUT_KNOWN : IN_KNOWN)) !== 0) continue;
        if (edgeNumbers === undefined) requests.push({ ...base, side, type: ANY_TYPE });
        else {
          for (const type of edgeNumbers) {
            const hangsOn = catalog.isUndirected(type) ? OUT : side;
            if (adjacency.find(node, hangsOn, type) < 0) requests.push({ ...base, side: hangsOn, type });
          }
        }
      }
    }
    return requests;
  }

  textOf(target: unknown): string | undefined {
    return target instanceof Query ? target.toString() : undefined;
  }

  locationOf(entity: Entity): Location {
    if (!(entity instanceof Entity))
      throw new TypeError(`ignore takes nodes and edges, got ${describeKind(entity)}`);
    const kind = entity instanceof EdgeEntity ? EDGE : NODE;
    const own = hostOf(entity) === this.unit;
    if (!own) requireGraph(entity, this.unit.graph, "ignore");
    const slot = own ? slotOf(entity) : this.unit.findResident(kind, entity.id);
    return slot < 0 ? NOWHERE : slot * 2 + kind;
  }
}

function isSame(known: Hop, hop: Hop): boolean {
  return known === hop || (known.direction === hop.direction && known.edgeTypes === hop.edgeTypes);
}

/** In arrays of their own: what a query has found is what its guard goes by. */
function locations({ nodes, edges }: Selection, output: Output): Located {
  if (output === "nodes" || edges === undefined) return new Located(locationsOf(NODE, nodes));
  return new Located(locationsOf(EDGE, edges), locationsOf(NODE, nodes));
}

function locationsOf(kind: 0 | 1, slots: readonly number[]): Location[] {
  const all: Location[] = slots.slice();
  for (let i = 0; i < all.length; i++) all[i] = all[i]! * 2 + kind;
  return all;
}

function unique(locations: readonly Location[], kind: 0 | 1): number[] {
  const slots = new Set<number>();
  for (const location of locations) if ((location & 1) === kind) slots.add(location >> 1);
  return [...slots];
}
