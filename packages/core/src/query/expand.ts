import type { NumberRange } from "../model/filter.ts";
import { BY_RULE, UNKNOWN_LEVEL } from "../resident/access-classes.ts";
import { type Adjacency, COMPLETE } from "../resident/adjacency.ts";
import { EDGE, NODE } from "../resident/change-log.ts";
import { type EdgeTable, IN_KNOWN, OUT_KNOWN } from "../resident/record-table.ts";
import type { HopGuard, HopProgress } from "../unit/read-set.ts";
import { NEEDS_STATE, type Unit } from "../unit/unit.ts";
import type { MaybePromise } from "../util/maybe-async.ts";
import type { SlotTable } from "../util/slot-table.ts";
import { youngArray } from "../util/young-array.ts";
import { findLists, MISSING } from "./neighbor-lists.ts";
import type { Hop } from "./shape.ts";

/** What a hop has found so far, in order. */
export class Found {
  readonly nodes: number[] = youngArray();
  /** Parallel to `nodes` where edges are wanted; then nodes repeat. */
  readonly edges: number[] | undefined;

  constructor(wantEdges: boolean) {
    this.edges = wantEdges ? youngArray() : undefined;
  }
}

const nothingKnown: never[] = [];

/** In the place of what a filter that compares no number compares. */
const anyNumber: NumberRange = { field: "", least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };

function learn(numbers: Float64Array, slot: number, value: unknown): void {
  if (typeof value === "number") numbers[slot] = value;
}

/**
 * The hop over resident lists of a unit that has written nothing: the loop that decides how fast traversals are.
 *
 * Everything it tests lies in typed arrays, one lookup each: is the edge's access class visible (known at once for a
 * list whose edges share one), was the neighbour met in this hop, is its class visible, its type meant.
 */
export class Expansion {
  #unit!: Unit;
  #hop!: Hop;
  #found!: Found;
  #reverse!: boolean;
  #most!: number;
  /** Nodes that other hops have met, which this one passes by. */
  #met: SlotTable | undefined;
  /** The one edge type of a hop that needs no more than marks and levels; 0 for other hops. */
  #plainType!: number;
  /** What the filters compare with numbers, where there is a column of it. */
  #edgeNumbers: Float64Array | undefined;
  #nodeNumbers: Float64Array | undefined;
  #known: ArrayLike<number>[] = nothingKnown;
  /** Marks what this hop has met; set anew after every pause, since other hops mark too. */
  stamp = 0;
  /** The last edge taken, where `most` ended the hop. */
  lastEdge = -1;

  constructor(
    unit: Unit,
    hop: Hop,
    found: Found,
    reverse: boolean,
    most: number,
    met: SlotTable | undefined = undefined,
  ) {
    this.reuse(unit, hop, found, reverse, most, met);
  }

  /** Makes it one for another hop, as new. @param most stops once so many are found */
  reuse(
    unit: Unit,
    hop: Hop,
    found: Found,
    reverse: boolean,
    most: number,
    met: SlotTable | undefined,
  ): void {
    this.#unit = unit;
    this.#hop = hop;
    this.#found = found;
    this.#reverse = reverse;
    this.#most = most;
    this.#met = met;
    this.#known = nothingKnown;
    this.lastEdge = -1;
    this.#plainType = met === undefined ? plainTypeOf(unit, hop, found, reverse, most) : 0;
    this.stamp = unit.runtime.resident.nextStamp();
  }

  get isFull(): boolean {
    return this.#found.nodes.length >= this.#most;
  }

  restamp(): void {
    const { resident } = this.#unit.runtime;
    this.stamp = resident.nextStamp();
    const { stamps } = resident.nodes;
    for (const nodes of this.#known) for (let i = 0; i < nodes.length; i++) stamps[nodes[i]!] = this.stamp;
    for (const node of this.#found.nodes) stamps[node] = this.stamp;
    if (this.#found.edges !== undefined)
      for (const edge of this.#found.edges) resident.edges.stamps[edge] = this.stamp;
  }

  /** Counts as met what the caller knows already. */
  meet(nodes: ArrayLike<number>): void {
    if (this.#known === nothingKnown) this.#known = youngArray();
    this.#known.push(nodes);
    const { stamps } = this.#unit.runtime.resident.nodes;
    for (let i = 0; i < nodes.length; i++) stamps[nodes[i]!] = this.stamp;
  }

  /**
   * Follows the hop from the origins at these places, until enough is found.
   * @returns how far it came; where it stopped, something it needs is not resident
   */
  follow(origins: ArrayLike<number>, from: number, to: number): number {
    if (this.#plainType === 0) this.#findNumbers();
    for (let at = from; ; at++) {
      if (this.#plainType !== 0) at = this.#plain(origins, at, to);
      if (at >= to || this.isFull) return at;
      if (!this.#node(origins[at]!)) return at;
    }
  }

  #findNumbers(): void {
    const { nodes, edges } = this.#unit.runtime.resident;
    const ofEdges = this.#hop.edgeFilter?.range;
    const ofNodes = this.#hop.nodeFilter?.range;
    this.#edgeNumbers = ofEdges === undefined ? undefined : edges.numbers.of(ofEdges.field, edges.top);
    this.#nodeNumbers = ofNodes === undefined ? undefined : nodes.numbers.of(ofNodes.field, nodes.top);
  }

  /**
   * No filter, no order, one list an origin: what remains is one mark and one level for each neighbour. All that the
   * loops read is at hand before they begin: fetched anew for each origin, BFS took 1.6 times as long.
   *
   * @returns the place of the first origin that needs the general way
   */
  #plain(origins: ArrayLike<number>, from: number, to: number): number {
    const unit = this.#unit;
    const { adjacency, nodes } = unit.runtime.resident;
    const { data, listTypes, listNext, listFlags, listFirst, edgeClasses } = adjacency;
    const { chunkNext, chunkOffsets, chunkLengths } = adjacency;
    const { stamps, accessClasses, types, flags } = nodes;
    const isOut = this.#hop.direction === "out";
    const heads = isOut ? nodes.outHeads : nodes.inHeads;
    const known = isOut ? OUT_KNOWN : IN_KNOWN;
    const { principal } = unit;
    const levels = principal.refresh();
    const type = this.#plainType;
    const { nodeTypes } = this.#hop;
    const { stamp } = this;
    const found = this.#found.nodes;
    for (let at = from; at < to; at++) {
      const origin = origins[at]!;
      let list = heads[origin]!;
      while (list >= 0 && listTypes[list] !== type) list = listNext[list]!;
      if (list < 0) {
        if ((flags[origin]! & known) === 0) return at;
        continue;
      }
      if (listFlags[list] !== COMPLETE) return at;
      let chunk = listFirst[list]!;
      if (chunk < 0) continue;
      const edgeClass = edgeClasses[list]!;
      if (edgeClass < 0) return at;
      let edgeLevel = levels[edgeClass]!;
      if (edgeLevel === UNKNOWN_LEVEL) edgeLevel = principal.level(edgeClass);
      // By rule: the general way finds out.
      if (edgeLevel >= BY_RULE) return at;
      if (edgeLevel === 0) continue;
      for (; chunk >= 0; chunk = chunkNext[chunk]!) {
        const first = chunkOffsets[chunk]!;
        const end = first + chunkLengths[chunk]! * 2;
        for (let pair = first; pair < end; pair += 2) {
          const node = data[pair]!;
          if (stamps[node] === stamp) continue;
          if (nodeTypes === undefined || nodeTypes[types[node]!] === 1) {
            let level = levels[accessClasses[node]!]!;
            if (level >= BY_RULE) {
              if (level === UNKNOWN_LEVEL) level = principal.level(accessClasses[node]!);
              // What of this origin is found stays found; the general way meets it again and passes it by.
              if (level >= BY_RULE) return at;
            }
            if (level > 0) found.push(node);
          }
          stamps[node] = stamp;
        }
      }
    }
    return to;
  }

  /** Follows the hop from one node; false, with nothing found, where something it needs is not resident. */
  #node(origin: number): boolean {
    const { resident } = this.#unit.runtime;
    const lists = listsAtHand;
    const count = findLists(resident, origin, this.#hop, lists);
    if (count === MISSING) return false;
    if (count === 0) return true;
    const from = this.#found.nodes.length;
    const whole = count === 1 && lists[0]! >= 0 ? this.#list(lists[0]!) : this.#merged(lists, count);
    if (!whole) {
      this.#found.nodes.length = from;
      if (this.#found.edges !== undefined) this.#found.edges.length = from;
      this.restamp();
    }
    return whole;
  }

  #list(list: number): boolean {
    const { adjacency } = this.#unit.runtime.resident;
    const { chunkOffsets, chunkLengths } = adjacency;
    // Known at once for a list whose edges are all of one class, as nearly all are.
    const edgeClass = adjacency.edgeClasses[list]!;
    const edgeLevel = edgeClass < 0 ? BY_RULE : this.#unit.principal.level(edgeClass);
    if (edgeLevel === 0) return true;
    if (this.#reverse) {
      for (let chunk = adjacency.listLast[list]!; chunk >= 0; chunk = adjacency.chunkPrev[chunk]!) {
        const first = chunkOffsets[chunk]!;
        if (!this.#pairs(first + chunkLengths[chunk]! * 2 - 2, first - 2, -2, edgeLevel)) return false;
        if (this.isFull) return true;
      }
      return true;
    }
    for (let chunk = adjacency.listFirst[list]!; chunk >= 0; chunk = adjacency.chunkNext[chunk]!) {
      const first = chunkOffsets[chunk]!;
      if (!this.#pairs(first, first + chunkLengths[chunk]! * 2, 2, edgeLevel)) return false;
      if (this.isFull) return true;
    }
    return true;
  }

  /**
   * The pairs from one place in the blocks up to another; false where a state that decides is not resident.
   * @param edgeLevel of all the edges; {@link BY_RULE} where each is looked at
   */
  #pairs(start: number, stop: number, step: 2 | -2, edgeLevel: number): boolean {
    const unit = this.#unit;
    const { adjacency, nodes, edges } = unit.runtime.resident;
    const { data } = adjacency;
    const { edgeFilter, nodeFilter, nodeTypes } = this.#hop;
    const { nodes: foundNodes, edges: foundEdges } = this.#found;
    const { stamps, types, accessClasses } = nodes;
    const { stamp } = this;
    const most = this.#most;
    const met = this.#met;
    const edgeNumbers = this.#edgeNumbers;
    const nodeNumbers = this.#nodeNumbers;
    const edgeRange = edgeFilter?.range ?? anyNumber;
    const nodeRange = nodeFilter?.range ?? anyNumber;
    const { principal } = unit;
    const levels = principal.refresh();
    for (let at = start; at !== stop; at += step) {
      const node = data[at]!;
      const edge = data[at + 1]!;
      if (met?.has(node)) continue;
      let level = edgeLevel < BY_RULE ? edgeLevel : levels[edges.accessClasses[edge]!]!;
      if (level >= BY_RULE) {
        if (level === UNKNOWN_LEVEL) level = principal.level(edges.accessClasses[edge]!);
        if (level === BY_RULE) level = unit.levelOf(EDGE, edge);
        if (level === NEEDS_STATE) return false;
      }
      if (level === 0) continue;
      if (edgeFilter !== undefined) {
        const number = edgeNumbers === undefined ? Number.NaN : edgeNumbers[edge]!;
        if (Number.isNaN(number)) {
          const state = edges.states[edge];
          if (state === undefined) return false;
          if (edgeNumbers !== undefined) learn(edgeNumbers, edge, state[edgeRange.field]);
          if (!edgeFilter.test(state)) continue;
        } else if (!(number >= edgeRange.least && number <= edgeRange.most)) continue;
      }
      if (foundEdges === undefined && stamps[node] === stamp) continue;
      if (nodeTypes === undefined || nodeTypes[types[node]!] === 1) {
        level = levels[accessClasses[node]!]!;
        if (level >= BY_RULE) {
          if (level === UNKNOWN_LEVEL) level = principal.level(accessClasses[node]!);
          if (level === BY_RULE) level = unit.levelOf(NODE, node);
          if (level === NEEDS_STATE) return false;
        }
        if (level > 0) {
          let matches = true;
          if (nodeFilter !== undefined) {
            const number = nodeNumbers === undefined ? Number.NaN : nodeNumbers[node]!;
            if (Number.isNaN(number)) {
              const state = nodes.states[node];
              if (state === undefined) return false;
              if (nodeNumbers !== undefined) learn(nodeNumbers, node, state[nodeRange.field]);
              matches = nodeFilter.test(state);
            } else matches = number >= nodeRange.least && number <= nodeRange.most;
          }
          if (matches) {
            foundNodes.push(node);
            if (foundEdges !== undefined) {
              edges.stamps[edge] = stamp;
              foundEdges.push(edge);
            }
            if (foundNodes.length >= most) {
              stamps[node] = stamp;
              this.lastEdge = edge;
              return true;
            }
          }
        }
      }
      stamps[node] = stamp;
    }
    return true;
  }

  /** Several lists, or one without the self-loops: by edge id, which is connection order. */
  #merged(lists: readonly number[], count: number): boolean {
    const { adjacency, edges } = this.#unit.runtime.resident;
    const { data } = adjacency;
    const cursors: ListCursor[] = [];
    for (let i = 0; i < count; i++) {
      const skipLoops = lists[i]! < 0;
      const cursor = new ListCursor(adjacency, skipLoops ? ~lists[i]! : lists[i]!, this.#reverse);
      if (skipLoops) cursor.loops = edges;
      if (cursor.next()) cursors.push(cursor);
    }
    const sign = this.#reverse ? -1 : 1;
    while (cursors.length > 0) {
      let least = 0;
      for (let i = 1; i < cursors.length; i++) {
        if (edges.compareIds(data[cursors[i]!.at + 1]!, data[cursors[least]!.at + 1]!) * sign < 0) least = i;
      }
      const cursor = cursors[least]!;
      if (!this.#pairs(cursor.at, cursor.at + 2, 2, BY_RULE)) return false;
      if (this.isFull) return true;
      if (!cursor.next()) cursors.splice(least, 1);
    }
    return true;
  }
}

/** Nodes that are followed between two looks at the clock. */
export const STRETCH = 512;

/**
 * Breadth first over what is resident: every node that is reached by `least` to `most` edges and was not by fewer, the
 * origins left out. Guards it. Of many, lets the event loop turn between them.
 * @returns undefined, with nothing guarded, where something is not resident
 */
export function followDepths(
  unit: Unit,
  hop: Hop,
  origins: readonly number[],
  least: number,
  most: number,
): MaybePromise<readonly number[] | undefined> {
  return new DepthRun(unit, hop, origins, least, most).run();
}

class DepthRun implements HopProgress {
  readonly #unit: Unit;
  readonly #hop: Hop;
  readonly #origins: readonly number[];
  readonly #least: number;
  readonly #most: number;
  readonly #found: Found = new Found(false);
  readonly #expansion: Expansion;
  /** What is followed now was reached by so many edges. */
  #depth = 0;
  /** Where in the origins, or in what they reach, it is, and where their level ends. */
  #at = 0;
  #levelEnd: number;
  #first = 0;
  /** Guards what has been followed while it pauses, and how much of what was reached that is. */
  #waiting: HopGuard | undefined;
  #guarded = 0;

  constructor(unit: Unit, hop: Hop, origins: readonly number[], least: number, most: number) {
    this.#unit = unit;
    this.#hop = hop;
    this.#origins = origins;
    this.#least = least;
    this.#most = most;
    this.#levelEnd = origins.length;
    this.#expansion = new Expansion(unit, hop, this.#found, false, Number.POSITIVE_INFINITY);
    this.#expansion.meet(origins);
  }

  run(): MaybePromise<readonly number[] | undefined> {
    const reached = this.#found.nodes;
    for (;;) {
      while (this.#at < this.#levelEnd) {
        const to = Math.min(this.#levelEnd, this.#at + STRETCH);
        if (this.#expansion.follow(this.#depth === 0 ? this.#origins : reached, this.#at, to) < to)
          return this.#ended(undefined);
        this.#at = to;
        if (to < this.#levelEnd && this.#unit.isSliceOver()) return this.#pause();
      }
      // What one level reaches is the next one's origins: the queue is the result.
      const from = this.#depth === 0 ? 0 : this.#levelEnd;
      this.#depth += 1;
      if (this.#depth >= this.#most || from >= reached.length) return this.#ended(from);
      if (this.#depth < this.#least) this.#first = reached.length;
      this.#at = from;
      this.#levelEnd = reached.length;
    }
  }

  mayHaveFound(node: number): boolean {
    return this.#found.nodes.includes(node);
  }

  #pause(): Promise<readonly number[] | undefined> {
    const { resident } = this.#unit.runtime;
    const reached = this.#found.nodes;
    this.#waiting ??= this.#unit.readSet.openHop(this.#hop, this.#origins, undefined, this);
    const followed = this.#depth === 0 ? 0 : this.#at;
    this.#waiting.add(reached.slice(this.#guarded, followed));
    this.#guarded = followed;
    return this.#unit.pause().then(() => {
      // Unless somebody else has marked nodes meanwhile, the marks of what was met stand.
      if (resident.stamp !== this.#expansion.stamp) this.#expansion.restamp();
      return this.run();
    });
  }

  /** @param followed how many of those reached were followed; undefined where something was not resident */
  #ended(followed: number | undefined): readonly number[] | undefined {
    const { readSet } = this.#unit;
    if (this.#waiting !== undefined) readSet.closeHop(this.#waiting);
    if (followed === undefined) return undefined;
    const reached = this.#found.nodes;
    readSet.addHop(this.#hop, this.#origins);
    readSet.addHop(this.#hop, reached.slice(0, followed));
    this.#unit.noteHits(this.#origins.length + followed);
    return this.#first > 0 ? reached.slice(this.#first) : reached;
  }
}

function plainTypeOf(unit: Unit, hop: Hop, found: Found, reverse: boolean, most: number): number {
  return found.edges === undefined && most === Number.POSITIVE_INFINITY && !reverse
    ? plainType(unit, hop)
    : 0;
}

/** The only edge type of a directed hop that filters nothing; 0 where there is more to look at. */
function plainType(unit: Unit, { direction, edgeNumbers, edgeFilter, nodeFilter }: Hop): number {
  const type = edgeNumbers?.length === 1 ? edgeNumbers[0]! : 0;
  if (type === 0 || direction === "both" || edgeFilter !== undefined || nodeFilter !== undefined) return 0;
  return unit.runtime.catalog.isUndirected(type) ? 0 : type;
}

/** The lists of the node that is being followed; nothing between finding and reading them can be another hop. */
const listsAtHand: number[] = [];

/** A place in a list, from one of its ends to the other. */
class ListCursor {
  /** Where in the blocks the pair stands. */
  at = 0;
  /** Edges among which self-loops are passed by. */
  loops: EdgeTable | undefined = undefined;
  readonly #adjacency: Adjacency;
  readonly #reverse: boolean;
  #chunk: number;
  #left = 0;

  constructor(adjacency: Adjacency, list: number, reverse: boolean) {
    this.#adjacency = adjacency;
    this.#reverse = reverse;
    this.#chunk = reverse ? adjacency.listLast[list]! : adjacency.listFirst[list]!;
  }

  /** Goes to the next pair; false where there is none. */
  next(): boolean {
    for (;;) {
      if (!this.#step()) return false;
      const { loops } = this;
      if (loops === undefined) return true;
      const edge = this.#adjacency.data[this.at + 1]!;
      if (loops.sources[edge] !== loops.targets[edge]) return true;
    }
  }

  #step(): boolean {
    const adjacency = this.#adjacency;
    if (this.#left > 0) {
      this.at += this.#reverse ? -2 : 2;
    } else {
      const chunk = this.#chunk;
      if (chunk < 0) return false;
      this.#chunk = this.#reverse ? adjacency.chunkPrev[chunk]! : adjacency.chunkNext[chunk]!;
      this.#left = adjacency.chunkLengths[chunk]!;
      this.at = adjacency.chunkOffsets[chunk]! + (this.#reverse ? this.#left * 2 - 2 : 0);
    }
    this.#left -= 1;
    return true;
  }
}
