import { compareIdWords, type Id, parseId } from "../model/id.ts";
import { HAS_END, HAS_START, IN, OUT, type Side } from "../resident/adjacency.ts";
import { ANY_TYPE, type NeighborhoodRequest } from "../resident/loader.ts";
import { DELETED, IN_KNOWN, OUT_KNOWN, PENDING } from "../resident/record-table.ts";
import type { ResidentGraph } from "../resident/resident-graph.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import type { Hop } from "./shape.ts";

/** Edges taken from a resident list in one go. */
const STRETCH = 1024;

/** What is read of one neighbourhood at once: L1 holds it whole unless it is a hub. */
export function largestPage({ bounds }: ResidentGraph): number {
  return Math.min(256, Math.max(16, bounds.maxEntries >> 2));
}

/** One list of the neighbourhood, read piece by piece. */
interface Line {
  readonly side: Side;
  readonly type: number;
  readonly skipLoops: boolean;
  /** Ids of the last edge taken; `undefined` before the first. */
  after: Id | undefined;
  /** Pairs (neighbour, edge) taken and not given yet. */
  pairs: number[];
  at: number;
  isDone: boolean;
}

/**
 * A neighbourhood in connection order, page by page, whatever of it is resident: pages of long lists are loaded as
 * they are needed, the lists of several types are merged by edge id, and the unit's own new edges are merged in.
 */
export class NeighborCursor {
  readonly #unit: Unit;
  readonly #node: number;
  readonly #hop: Hop;
  readonly #reverse: boolean;
  #pageSize: number;
  readonly #after: Id | undefined;
  readonly #mark: number;
  readonly #edgeFields: boolean;
  #lines: Line[] | undefined;

  /**
   * @param after only edges that follow this one in the order asked for
   * @param edgeFields whether edges that are read come with their fields
   */
  constructor(
    unit: Unit,
    node: number,
    hop: Hop,
    reverse: boolean,
    pageSize: number,
    after: Id | undefined,
    mark: number,
    edgeFields: boolean,
  ) {
    this.#unit = unit;
    this.#node = node;
    this.#hop = hop;
    this.#reverse = reverse;
    this.#pageSize = pageSize;
    this.#after = after;
    this.#mark = mark;
    this.#edgeFields = edgeFields;
  }

  /**
   * The next pairs (neighbour, edge), at least one; `undefined` once there are none.
   * @param use is called in the step in which they are resident
   */
  next<R>(use: (pairs: readonly number[] | undefined) => R): MaybePromise<R> {
    if (this.#lines === undefined) {
      return andThen(this.#open(), () => this.next(use));
    }
    return this.#fill(() => use(this.#merge()));
  }

  /** Finds out which lists there are; of types that nobody named, the store is asked once for all of them. */
  #open(): MaybePromise<void> {
    const { runtime } = this.#unit;
    const { resident } = runtime;
    const { direction, edgeNumbers } = this.#hop;
    const sides: Side[] = direction === "both" ? [OUT, IN] : [direction === "out" ? OUT : IN];
    if ((resident.nodes.flags[this.#node]! & (PENDING | DELETED)) !== 0) {
      this.#lines = [];
      this.#addPending();
      return;
    }
    const unknown = edgeNumbers === undefined ? sides.filter((side) => !this.#isKnown(side)) : [];
    const requests = unknown.map((side) => this.#request(side, ANY_TYPE, undefined));
    const ready = (): void => {
      const lines: Line[] = [];
      for (const side of sides) this.#addLines(lines, side, direction === "both" && side === IN);
      this.#lines = lines;
      this.#addPending();
    };
    return requests.length === 0 ? ready() : this.#unit.loader.neighborhoods(requests, ready);
  }

  #isKnown(side: Side): boolean {
    return (
      (this.#unit.runtime.resident.nodes.flags[this.#node]! & (side === OUT ? OUT_KNOWN : IN_KNOWN)) !== 0
    );
  }

  #addLines(lines: Line[], side: Side, skipLoops: boolean): void {
    const { catalog } = this.#unit.runtime;
    const { edgeNumbers, direction } = this.#hop;
    const line = (on: Side, type: number): void => {
      lines.push({ side: on, type, skipLoops, after: this.#after, pairs: [], at: 0, isDone: false });
    };
    // A neighbourhood too long to come whole is asked for type by type.
    const types = edgeNumbers ?? (this.#isKnown(side) ? this.#residentTypes(side) : catalog.edgeNumbers);
    for (const type of types) {
      if (!catalog.isUndirected(type)) line(side, type);
      else if (side === OUT || direction === "in") line(OUT, type);
    }
  }

  #residentTypes(side: Side): number[] {
    const { adjacency, catalog } = this.#unit.runtime.resident;
    const types: number[] = [];
    for (let list = adjacency.head(this.#node, side); list >= 0; list = adjacency.listNext[list]!) {
      types.push(adjacency.listTypes[list]!);
    }
    if (side === IN && this.#hop.direction === "in") {
      for (let list = adjacency.head(this.#node, OUT); list >= 0; list = adjacency.listNext[list]!) {
        if (catalog.isUndirected(adjacency.listTypes[list]!)) types.push(adjacency.listTypes[list]!);
      }
    }
    return types;
  }

  /** The unit's own new edges, as one more list. */
  #addPending(): void {
    const { pending } = this.#unit;
    if (pending === undefined || pending.createdEdges.length === 0) return;
    const { resident, catalog } = this.#unit.runtime;
    const { edges } = resident;
    const { direction, edgeTypes } = this.#hop;
    const last = pending.createdEdges[pending.createdCount("edges", this.#mark) - 1];
    if (last === undefined) return;
    const after = this.#after === undefined ? undefined : words(this.#after);
    const met = new Set<number>();
    const take = (edge: number, side: Side): void => {
      const type = edges.types[edge]!;
      if (edgeTypes !== undefined && edgeTypes[type] !== 1) return;
      if (side === OUT && direction === "in" && !catalog.isUndirected(type)) return;
      if (met.has(edge) || edges.compareIds(edge, last) > 0) return;
      if (after !== undefined) {
        const order = compareIdWords(edges.ids, edge << 2, after, 0);
        if (this.#reverse ? order >= 0 : order <= 0) return;
      }
      met.add(edge);
    };
    for (const edge of pending.edgesAt(this.#node * 2 + OUT)) take(edge, OUT);
    if (direction !== "out") for (const edge of pending.edgesAt(this.#node * 2 + IN)) take(edge, IN);
    if (met.size === 0) return;
    const sorted = [...met].sort((left, right) => edges.compareIds(left, right));
    if (this.#reverse) sorted.reverse();
    const pairs = sorted.flatMap((edge) => [
      edges.sources[edge] === this.#node ? edges.targets[edge]! : edges.sources[edge]!,
      edge,
    ]);
    this.#lines!.push({
      side: OUT,
      type: -1,
      skipLoops: false,
      after: undefined,
      pairs,
      at: 0,
      isDone: true,
    });
  }

  /** Sees to it that every list that goes on has pairs at hand. */
  #fill<R>(use: () => R): MaybePromise<R> {
    const empty = this.#lines!.filter((line) => line.at >= line.pairs.length && !line.isDone);
    const missing = empty.filter((line) => !this.#takeResident(line));
    if (missing.length === 0) return use();
    const { loader } = this.#unit;
    const { resident } = this.#unit.runtime;
    const requests = missing.slice(0, 64).map((line) => this.#request(line.side, line.type, line.after));
    // Small pages were enough for few results; where many edges lead to none, they would be too many.
    this.#pageSize = Math.min(largestPage(resident), this.#pageSize * 2);
    const taken = (): MaybePromise<R> => {
      for (const line of missing.slice(0, 64)) {
        if (!this.#takeResident(line, true)) {
          // The node is gone, or its list was dropped for a reason that the unit's next check will tell.
          line.isDone = (resident.nodes.flags[this.#node]! & DELETED) !== 0;
        }
      }
      return this.#fill(use);
    };
    return andThen(loader.neighborhoods(requests, taken), (result) => result);
  }

  #request(side: Side, type: number, after: Id | undefined): NeighborhoodRequest {
    return {
      node: this.#node,
      side,
      type,
      order: this.#reverse ? "desc" : "asc",
      after,
      limit: this.#pageSize,
      edgeFields: this.#edgeFields,
    };
  }

  /**
   * Takes the next stretch of a list from L1; false where it must be loaded first.
   * @param justRead whether a page that goes on from here has just come in: then nothing is missing before the list
   */
  #takeResident(line: Line, justRead = false): boolean {
    const { resident } = this.#unit.runtime;
    const { adjacency } = resident;
    const list = adjacency.find(this.#node, line.side, line.type);
    if (list < 0) {
      const known = line.side === OUT ? OUT_KNOWN : IN_KNOWN;
      line.isDone = (resident.nodes.flags[this.#node]! & known) !== 0;
      return line.isDone;
    }
    const flags = adjacency.listFlags[list]!;
    const pairs: number[] = [];
    const reached = this.#reverse
      ? takeBackward(resident, list, line.after, pairs, justRead || (flags & HAS_END) !== 0)
      : takeForward(resident, list, line.after, pairs, justRead || (flags & HAS_START) !== 0);
    if (!reached) return false;
    const ends = (flags & (this.#reverse ? HAS_START : HAS_END)) !== 0;
    // They are kept over reads to come, which may evict everything that no unit has marked.
    for (let i = 0; i < pairs.length; i += 2) {
      resident.pin(resident.nodes, pairs[i]!);
      resident.pin(resident.edges, pairs[i + 1]!);
    }
    if (pairs.length > 0) line.after = resident.edges.idOf(pairs[pairs.length - 1]!);
    else if (ends) line.isDone = true;
    else return false;
    if (line.skipLoops) {
      const { sources, targets } = resident.edges;
      line.pairs = [];
      for (let i = 0; i < pairs.length; i += 2) {
        if (sources[pairs[i + 1]!] !== targets[pairs[i + 1]!]) line.pairs.push(pairs[i]!, pairs[i + 1]!);
      }
    } else line.pairs = pairs;
    line.at = 0;
    // Everything taken was self-loops: there may be more behind them.
    return line.pairs.length > 0 || line.isDone ? true : this.#takeResident(line);
  }

  /** Gives pairs in order until one of the lists must be read on. */
  #merge(): readonly number[] | undefined {
    const { edges } = this.#unit.runtime.resident;
    const live = this.#lines!.filter((line) => line.at < line.pairs.length);
    if (live.length === 0) return undefined;
    if (live.length === 1) {
      const line = live[0]!;
      const rest = line.at === 0 ? line.pairs : line.pairs.slice(line.at);
      line.pairs = [];
      line.at = 0;
      return rest;
    }
    const merged: number[] = [];
    for (;;) {
      let first = live[0]!;
      for (let i = 1; i < live.length; i++) {
        const order = edges.compareIds(live[i]!.pairs[live[i]!.at + 1]!, first.pairs[first.at + 1]!);
        if (this.#reverse ? order > 0 : order < 0) first = live[i]!;
      }
      merged.push(first.pairs[first.at]!, first.pairs[first.at + 1]!);
      first.at += 2;
      if (first.at >= first.pairs.length) {
        if (!first.isDone) return merged;
        live.splice(live.indexOf(first), 1);
        if (live.length === 0) return merged;
      }
    }
  }
}

function words(id: Id): Int32Array {
  const out = new Int32Array(4);
  parseId(id, out);
  return out;
}

/** @returns false where the place to go on from is not within the list */
function takeForward(
  resident: ResidentGraph,
  list: number,
  after: Id | undefined,
  into: number[],
  hasStart: boolean,
): boolean {
  const { adjacency, edges } = resident;
  let chunk = adjacency.listFirst[list]!;
  let at = 0;
  if (after === undefined) {
    if (!hasStart) return false;
  } else {
    const place = words(after);
    if (chunk < 0) return hasStart;
    const first = adjacency.firstEdge(list);
    if (!hasStart && compareIdWords(edges.ids, first << 2, place, 0) > 0) return false;
    const last = adjacency.lastEdge(list);
    if (compareIdWords(edges.ids, last << 2, place, 0) < 0)
      return (adjacency.listFlags[list]! & HAS_END) !== 0;
    for (; chunk >= 0; chunk = adjacency.chunkNext[chunk]!) {
      const length = adjacency.chunkLengths[chunk]!;
      const base = adjacency.chunkOffsets[chunk]!;
      const tail = adjacency.data[base + (length - 1) * 2 + 1]!;
      if (compareIdWords(edges.ids, tail << 2, place, 0) <= 0) continue;
      at = 0;
      while (compareIdWords(edges.ids, adjacency.data[base + at * 2 + 1]! << 2, place, 0) <= 0) at += 1;
      break;
    }
  }
  for (; chunk >= 0 && into.length < STRETCH * 2; chunk = adjacency.chunkNext[chunk]!, at = 0) {
    const base = adjacency.chunkOffsets[chunk]!;
    for (const length = adjacency.chunkLengths[chunk]!; at < length; at++) {
      into.push(adjacency.data[base + at * 2]!, adjacency.data[base + at * 2 + 1]!);
    }
  }
  return true;
}

function takeBackward(
  resident: ResidentGraph,
  list: number,
  before: Id | undefined,
  into: number[],
  hasEnd: boolean,
): boolean {
  const { adjacency, edges } = resident;
  let chunk = adjacency.listLast[list]!;
  let at = chunk < 0 ? -1 : adjacency.chunkLengths[chunk]! - 1;
  if (before === undefined) {
    if (!hasEnd) return false;
  } else {
    const place = words(before);
    if (chunk < 0) return hasEnd;
    if (!hasEnd && compareIdWords(edges.ids, adjacency.lastEdge(list) << 2, place, 0) < 0) return false;
    if (compareIdWords(edges.ids, adjacency.firstEdge(list) << 2, place, 0) > 0) {
      return (adjacency.listFlags[list]! & HAS_START) !== 0;
    }
    for (; chunk >= 0; chunk = adjacency.chunkPrev[chunk]!) {
      const base = adjacency.chunkOffsets[chunk]!;
      if (compareIdWords(edges.ids, adjacency.data[base + 1]! << 2, place, 0) >= 0) continue;
      at = adjacency.chunkLengths[chunk]! - 1;
      while (compareIdWords(edges.ids, adjacency.data[base + at * 2 + 1]! << 2, place, 0) >= 0) at -= 1;
      break;
    }
  }
  while (chunk >= 0 && into.length < STRETCH * 2) {
    const base = adjacency.chunkOffsets[chunk]!;
    for (; at >= 0; at--) into.push(adjacency.data[base + at * 2]!, adjacency.data[base + at * 2 + 1]!);
    chunk = adjacency.chunkPrev[chunk]!;
    at = chunk < 0 ? -1 : adjacency.chunkLengths[chunk]! - 1;
  }
  return true;
}
