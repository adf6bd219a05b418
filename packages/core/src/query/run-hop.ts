import type { Id } from "../model/id.ts";
import { COMPLETE, HAS_END, HAS_START, IN, OUT, type Side } from "../resident/adjacency.ts";
import { EDGE, NODE } from "../resident/change-log.ts";
import { ANY_TYPE, BATCH, type NeighborhoodRequest } from "../resident/loader.ts";
import { DELETED, IN_KNOWN, OUT_KNOWN, PENDING } from "../resident/record-table.ts";
import { NOW } from "../unit/pending.ts";
import type { HopGuard, HopProgress } from "../unit/read-set.ts";
import { NEEDS_STATE, type Unit } from "../unit/unit.ts";
import { andThen, isPromise, type MaybePromise } from "../util/maybe-async.ts";
import type { SlotTable } from "../util/slot-table.ts";
import { Expansion, Found, STRETCH } from "./expand.ts";
import { largestPage, NeighborCursor } from "./neighbor-cursor.ts";
import { findLists, MISSING } from "./neighbor-lists.ts";
import type { Hop } from "./shape.ts";

export class HopOptions {
  /** Every edge with its far node; without, every far node once. */
  readonly wantEdges: boolean;
  readonly reverse: boolean;
  /** Stop once so many are found. */
  readonly most: number;
  /** Of a single origin: only edges that follow this one. */
  readonly after: Id | undefined;
  /** A position in the unit's pending log; NOW for the present. */
  readonly mark: number;
  /** The field that the caller sorts by. */
  readonly orderedBy: string | undefined;
  /** Whether the fields of its edges will be looked at. */
  readonly withFields: boolean;
  /** Nodes that were met before: edges to them are passed by. */
  readonly met: SlotTable | undefined;

  constructor(
    wantEdges: boolean,
    reverse: boolean,
    most: number,
    after: Id | undefined,
    mark: number,
    orderedBy: string | undefined,
    withFields: boolean,
    met: SlotTable | undefined = undefined,
  ) {
    this.wantEdges = wantEdges;
    this.reverse = reverse;
    this.most = most;
    this.after = after;
    this.mark = mark;
    this.orderedBy = orderedBy;
    this.withFields = withFields;
    this.met = met;
  }
}

/** Every far node of the present, in connection order: what most hops ask for. */
export const everyNode: HopOptions = new HopOptions(
  false,
  false,
  Number.POSITIVE_INFINITY,
  undefined,
  NOW,
  undefined,
  false,
);

/**
 * Follows one hop from each origin, in order: over resident lists at full speed, with one batched read for up to 256
 * origins that are not resident, and page by page through hubs. What was read is guarded.
 */
export function runHop(
  unit: Unit,
  hop: Hop,
  origins: ArrayLike<number>,
  options: HopOptions,
): MaybePromise<Found> {
  return resident(unit, hop, origins, options) ?? new HopRun(unit, hop, origins, options).run();
}

/** The common case in one go: everything that the hop looks at is there. `undefined`, and no trace, where it is not. */
function resident(unit: Unit, hop: Hop, origins: ArrayLike<number>, options: HopOptions): Found | undefined {
  if (options.most <= 0 || options.after !== undefined) return;
  if (options.mark !== NOW || origins.length > STRETCH || hasWritten(unit)) return;
  const found = new Found(options.wantEdges);
  // Nothing that happens within this call can make another hop, so one object serves them all.
  const { scratch } = unit.runtime;
  let expansion = scratch.expansion as Expansion | undefined;
  if (expansion === undefined) {
    expansion = new Expansion(unit, hop, found, options.reverse, options.most, options.met);
    scratch.expansion = expansion;
  } else {
    expansion.reuse(unit, hop, found, options.reverse, options.most, options.met);
  }
  if (expansion.follow(origins, 0, origins.length) < origins.length) return;
  // What a limit leaves out is not guarded either, which takes a closer look.
  if (expansion.isFull) return;
  unit.noteHits(origins.length);
  unit.readSet.addHop(hop, origins, options.orderedBy, undefined, found.nodes);
  return found;
}

/** What is read of a neighbourhood that is not resident. */
export class PageWanted {
  readonly reverse: boolean;
  readonly limit: number;
  readonly edgeFields: boolean;

  constructor(reverse: boolean, limit: number, edgeFields: boolean) {
    this.reverse = reverse;
    this.limit = limit;
    this.edgeFields = edgeFields;
  }
}

/** How much is read of each origin's neighbourhood. @param most results wanted at most */
export function pageLimit(unit: Unit, hop: Hop, origins: number, most: number): number {
  const { edgeFilter, nodeFilter, nodeTypes } = hop;
  const largest = largestPage(unit.runtime.resident);
  if (origins > 1) return largest;
  // One origin and a few results wanted: no more is read than they take, unless some will not pass.
  const passesAll = edgeFilter === undefined && nodeFilter === undefined && nodeTypes === undefined;
  return Math.min(largest, passesAll ? most : Math.max(16, most));
}

/** Whether edges are read with their fields. @param withFields whether the caller looks at them */
export function readsEdgeFields({ edgeFilter }: Hop, withFields: boolean): boolean {
  return withFields || edgeFilter !== undefined;
}

/**
 * Adds the requests for those lists of the node that the hop follows and that are not resident at all.
 * @param readsOn whether also for those that are there in part, and end before the page does
 */
export function pushMissing(
  unit: Unit,
  hop: Hop,
  node: number,
  page: PageWanted,
  requests: NeighborhoodRequest[],
  readsOn = false,
): void {
  const { resident } = unit.runtime;
  const { edgeNumbers, direction } = hop;
  if ((resident.nodes.flags[node]! & (PENDING | DELETED)) !== 0) return;
  if (findLists(resident, node, hop, listsAtHand) !== MISSING) return;
  const sides: Side[] = direction === "both" ? [OUT, IN] : [direction === "out" ? OUT : IN];
  for (const side of sides) {
    if (edgeNumbers === undefined) {
      if ((resident.nodes.flags[node]! & (side === OUT ? OUT_KNOWN : IN_KNOWN)) !== 0) continue;
      requests.push(request(node, side, ANY_TYPE, page));
      continue;
    }
    for (const type of edgeNumbers) {
      const isUndirected = resident.catalog.isUndirected(type);
      if (isUndirected && side === IN && direction === "both") continue;
      const hangsOn = isUndirected ? OUT : side;
      const list = resident.adjacency.find(node, hangsOn, type);
      if (list < 0) requests.push(request(node, hangsOn, type, page));
      // Otherwise it is read on where it is needed.
      else if (readsOn) pushRest(unit, list, request(node, hangsOn, type, page), requests);
    }
  }
}

/** Adds the request for what a list lacks of the page. */
function pushRest(
  unit: Unit,
  list: number,
  page: NeighborhoodRequest,
  requests: NeighborhoodRequest[],
): void {
  const { adjacency, edges } = unit.runtime.resident;
  const flags = adjacency.listFlags[list]!;
  if (flags === COMPLETE) return;
  const isAscending = page.order === "asc";
  if ((flags & (isAscending ? HAS_START : HAS_END)) === 0) {
    requests.push(page);
    return;
  }
  if (adjacency.listCounts[list]! >= page.limit) return;
  const last = isAscending ? adjacency.lastEdge(list) : adjacency.firstEdge(list);
  requests.push(last < 0 ? page : { ...page, after: edges.idOf(last) });
}

/** Filled and read within one call. */
const listsAtHand: number[] = [];

function request(
  node: number,
  side: Side,
  type: number,
  { reverse, limit, edgeFields }: PageWanted,
): NeighborhoodRequest {
  return { node, side, type, order: reverse ? "desc" : "asc", after: undefined, limit, edgeFields };
}

export function hasWritten(unit: Unit): boolean {
  return unit.pending !== undefined && !unit.pending.isEmpty;
}

class HopRun implements HopProgress {
  readonly #unit: Unit;
  readonly #hop: Hop;
  readonly #origins: ArrayLike<number>;
  readonly #options: HopOptions;
  readonly #found: Found;
  readonly #expansion: Expansion;
  /** The resident loop sees committed data alone; a unit that has written merges its own in. */
  readonly #mayExpand: boolean;
  #at = 0;
  /** Origins up to here have been loaded together and not expanded yet. */
  #loadedTo = 0;
  #statesTriedFor = -1;
  #pausedAt = -1;
  #met: Set<number> | undefined;
  #lastEdge = -1;
  /** Guards the hop as a whole while it is read. */
  #waiting: HopGuard | undefined;
  /** Pairs of which some are judged and wait for the others to be. */
  #judging: readonly number[] = none;
  #judgingFrom = 0;
  #judgingTo = 0;

  constructor(unit: Unit, hop: Hop, origins: ArrayLike<number>, options: HopOptions) {
    this.#unit = unit;
    this.#hop = hop;
    this.#origins = origins;
    this.#options = options;
    this.#found = new Found(options.wantEdges);
    this.#expansion = new Expansion(unit, hop, this.#found, options.reverse, options.most, options.met);
    this.#mayExpand = !hasWritten(unit) && options.after === undefined && options.mark === NOW;
  }

  run(): MaybePromise<Found> {
    // What is read may bring others' commits along, and while it waits the unit may look at what they did.
    this.#waiting ??= this.#unit.readSet.openHop(this.#hop, this.#origins, this.#options.orderedBy, this);
    if (this.#options.most > 0) {
      for (;;) {
        const step = this.#step();
        if (step === true) break;
        if (isPromise(step)) {
          return step.then(() => {
            this.#unit.keepUp();
            this.#expansion.restamp();
            return this.run();
          });
        }
      }
    }
    this.#guard();
    this.#unit.readSet.closeHop(this.#waiting);
    // What was read last may have brought commits along that broke what was read before.
    this.#unit.keepUp();
    return this.#found;
  }

  mayHaveFound(node: number): boolean {
    if (this.#found.nodes.includes(node)) return true;
    for (let i = this.#judgingFrom; i < this.#judgingTo; i++) if (this.#judging[i * 2] === node) return true;
    return false;
  }

  #isFull(): boolean {
    return this.#found.nodes.length >= this.#options.most;
  }

  /** Gets on by at least one origin; true when done. */
  #step(): MaybePromise<boolean | undefined> {
    const { loader } = this.#unit;
    const expansion = this.#expansion;
    while (this.#at < this.#origins.length && !this.#isFull()) {
      if (this.#mayExpand && this.#met === undefined) {
        const before = this.#at;
        const to = Math.min(this.#origins.length, before + STRETCH);
        this.#at = expansion.follow(this.#origins, before, to);
        this.#unit.noteHits(this.#at - before);
        if (expansion.isFull) this.#lastEdge = expansion.lastEdge;
        if (this.#at >= this.#origins.length || this.#isFull()) return true;
        if (this.#at === to) {
          if (this.#unit.isSliceOver()) return this.#unit.pause().then(() => undefined);
          continue;
        }
      } else if ((this.#at & 63) === 63 && this.#pausedAt !== this.#at && this.#unit.isSliceOver()) {
        this.#pausedAt = this.#at;
        return this.#unit.pause().then(() => undefined);
      }
      const origin = this.#origins[this.#at]!;
      if (this.#at >= this.#loadedTo) {
        const requests = this.#missing();
        if (requests.length > 0) {
          this.#unit.noteMisses(requests.length);
          if (this.#origins.length === 1)
            this.#unit.hopListener?.hopMissed(
              this.#hop,
              origin,
              this.#options.reverse ? "desc" : "asc",
              this.#pageLimit(),
              this.#readsFields(),
            );
          return loader.neighborhoods(requests, () => undefined);
        }
      }
      if (this.#mayExpand && this.#met === undefined && this.#statesTriedFor !== this.#at) {
        this.#statesTriedFor = this.#at;
        const loading = this.#loadStates();
        if (loading !== undefined) return loading;
      }
      return andThen(this.#readOrigin(origin), () => {
        this.#at += 1;
        return undefined;
      });
    }
    return true;
  }

  /** Requests for the origins from here on that are not resident, as many as one read takes. */
  #missing(): NeighborhoodRequest[] {
    const { edgeNumbers } = this.#hop;
    const requests: NeighborhoodRequest[] = [];
    let at = this.#at;
    const page = new PageWanted(this.#options.reverse, this.#pageLimit(), this.#readsFields());
    for (; at < this.#origins.length && requests.length + 2 * (edgeNumbers?.length ?? 1) <= BATCH; at++)
      pushMissing(this.#unit, this.#hop, this.#origins[at]!, page, requests);
    this.#loadedTo = at;
    return requests;
  }

  #readsFields(): boolean {
    return readsEdgeFields(this.#hop, this.#options.withFields);
  }

  #pageLimit(): number {
    return pageLimit(this.#unit, this.#hop, this.#origins.length, this.#options.most);
  }

  /** States that filters and rules need, for the neighbours of the origins at hand together; `undefined` if none. */
  #loadStates(): MaybePromise<undefined> | undefined {
    const { loader } = this.#unit;
    const { resident } = this.#unit.runtime;
    const { adjacency, edges, nodes, catalog } = resident;
    const { edgeFilter, nodeFilter, nodeTypes } = this.#hop;
    const { met } = this.#options;
    const lists: number[] = [];
    const missingEdges = new Set<number>();
    const missingNodes = new Set<number>();
    const most = Math.min(BATCH, Math.max(16, resident.bounds.maxEntries >> 2));
    for (let at = this.#at; at < Math.max(this.#loadedTo, this.#at + 1) && at < this.#origins.length; at++) {
      const count = findLists(resident, this.#origins[at]!, this.#hop, lists);
      for (let i = 0; i < count && missingEdges.size < most && missingNodes.size < most; i++) {
        const list = lists[i]! < 0 ? ~lists[i]! : lists[i]!;
        for (let chunk = adjacency.listFirst[list]!; chunk >= 0; chunk = adjacency.chunkNext[chunk]!) {
          const from = adjacency.chunkOffsets[chunk]!;
          const to = from + adjacency.chunkLengths[chunk]! * 2;
          for (let pair = from; pair < to; pair += 2) {
            const node = adjacency.data[pair]!;
            const edge = adjacency.data[pair + 1]!;
            if (met?.has(node)) continue;
            const needsEdge = edgeFilter !== undefined || catalog.isRuled(edges.types[edge]!);
            if (needsEdge && edges.states[edge] === undefined && missingEdges.size < most)
              missingEdges.add(edge);
            if (nodeTypes !== undefined && nodeTypes[nodes.types[node]!] !== 1) continue;
            const needsNode = nodeFilter !== undefined || catalog.isRuled(nodes.types[node]!);
            if (needsNode && nodes.states[node] === undefined && missingNodes.size < most)
              missingNodes.add(node);
          }
        }
      }
    }
    if (missingEdges.size === 0 && missingNodes.size === 0) return undefined;
    const done = (): undefined => undefined;
    const readNodes = (): MaybePromise<undefined> =>
      missingNodes.size === 0 ? undefined : loader.nodes(this.#alive(NODE, missingNodes), done);
    return missingEdges.size === 0
      ? readNodes()
      : andThen(loader.edges(this.#alive(EDGE, missingEdges), done), readNodes);
  }

  #alive(kind: 0 | 1, slots: Iterable<number>): number[] {
    const { flags } = this.#unit.table(kind);
    return [...slots].filter((slot) => flags[slot] !== 0 && (flags[slot]! & (DELETED | PENDING)) === 0);
  }

  /** The general way, for one origin: page by page, with the unit's own writes merged in. */
  #readOrigin(origin: number): MaybePromise<undefined> {
    this.#met ??= new Set(this.#found.nodes);
    const { reverse, after, mark } = this.#options;
    const cursor = new NeighborCursor(
      this.#unit,
      origin,
      this.#hop,
      reverse,
      this.#pageLimit(),
      after,
      mark,
      this.#readsFields(),
    );
    // A loop, not a recursion: over a synchronous store a hub's thousands of pages come in one call.
    const pages = (): MaybePromise<undefined> => {
      for (;;) {
        const step = andThen(
          cursor.next((pairs) => pairs),
          (pairs) => (pairs === undefined ? true : andThen(this.#judge(pairs), () => this.#isFull())),
        );
        if (isPromise(step)) return step.then((done) => (done ? undefined : pages()));
        if (step === true) return undefined;
        if (this.#unit.isSliceOver()) return this.#unit.pause().then(pages);
      }
    };
    return pages();
  }

  /** Judges the pairs in order, reading the fields that decide in batches. */
  #judge(pairs: readonly number[]): MaybePromise<undefined> {
    const verdicts = new Int8Array(pairs.length >> 1);
    const slice =
      this.#options.most === Number.POSITIVE_INFINITY
        ? BATCH
        : Math.min(BATCH, Math.max(16, this.#options.most * 2));
    let from = 0;
    const next = (): MaybePromise<undefined> => {
      for (; from < verdicts.length && !this.#isFull(); ) {
        const to = Math.min(verdicts.length, from + slice);
        this.#judging = pairs;
        this.#judgingFrom = from;
        this.#judgingTo = to;
        const missing = this.#decide(pairs, verdicts, from, to);
        if (missing !== undefined) {
          const again = (): void => {
            this.#decide(pairs, verdicts, from, to);
          };
          const { loader } = this.#unit;
          const slots = this.#alive(missing.kind, missing.slots);
          if (slots.length === 0) {
            // What is missing is gone: nobody sees it.
            const waiting = missing.kind === EDGE ? UNDECIDED : EDGE_PASSES;
            for (let i = from; i < to; i++) if (verdicts[i] === waiting) verdicts[i] = REJECTED;
            continue;
          }
          return andThen(
            missing.kind === NODE ? loader.nodes(slots, again) : loader.edges(slots, again),
            next,
          );
        }
        for (let i = from; i < to && !this.#isFull(); i++) {
          this.#lastEdge = pairs[i * 2 + 1]!;
          if (verdicts[i] === ACCEPTED) this.#take(pairs[i * 2]!, pairs[i * 2 + 1]!);
        }
        from = to;
        this.#judgingTo = 0;
      }
      return undefined;
    };
    return next();
  }

  #take(node: number, edge: number): void {
    const { resident } = this.#unit.runtime;
    if (this.#found.edges === undefined) {
      if (this.#met!.has(node)) return;
      this.#met!.add(node);
    } else this.#found.edges.push(edge);
    this.#found.nodes.push(node);
    resident.pin(resident.nodes, node);
    resident.pin(resident.edges, edge);
  }

  /** Settles what can be settled; says what must be read for the rest. */
  #decide(
    pairs: readonly number[],
    verdicts: Int8Array,
    from: number,
    to: number,
  ): { kind: 0 | 1; slots: number[] } | undefined {
    const nodes = new Set<number>();
    const edges = new Set<number>();
    for (let i = from; i < to; i++) {
      // What is decided stays so: the states that decided it may be evicted when others are read.
      if (verdicts[i] === UNDECIDED) verdicts[i] = this.#edgeVerdict(pairs[i * 2]!, pairs[i * 2 + 1]!);
      if (verdicts[i] === UNDECIDED) edges.add(pairs[i * 2 + 1]!);
      if (verdicts[i] === EDGE_PASSES) verdicts[i] = this.#nodeVerdict(pairs[i * 2]!);
      if (verdicts[i] === EDGE_PASSES) nodes.add(pairs[i * 2]!);
    }
    if (edges.size > 0) return { kind: EDGE, slots: [...edges] };
    return nodes.size > 0 ? { kind: NODE, slots: [...nodes] } : undefined;
  }

  /** UNDECIDED where its state must be read first. */
  #edgeVerdict(node: number, edge: number): number {
    const unit = this.#unit;
    const { mark, met } = this.#options;
    const { edgeFilter, nodeTypes } = this.#hop;
    if (met?.has(node)) return REJECTED;
    if (nodeTypes !== undefined && nodeTypes[unit.runtime.resident.nodes.types[node]!] !== 1) return REJECTED;
    const level = unit.isRemoved(EDGE, edge, mark) ? 0 : unit.levelOf(EDGE, edge, mark);
    if (level === 0) return REJECTED;
    if (level === NEEDS_STATE) return UNDECIDED;
    if (edgeFilter === undefined) return EDGE_PASSES;
    const state = unit.stateOf(EDGE, edge, mark);
    if (state === undefined) return UNDECIDED;
    return edgeFilter.test(state) ? EDGE_PASSES : REJECTED;
  }

  /** EDGE_PASSES where the node's state must be read first. */
  #nodeVerdict(node: number): number {
    const unit = this.#unit;
    const { mark } = this.#options;
    const { nodeFilter } = this.#hop;
    const level = unit.levelOf(NODE, node, mark);
    if (level === 0) return REJECTED;
    if (level === NEEDS_STATE) return EDGE_PASSES;
    if (nodeFilter === undefined) return ACCEPTED;
    const state = unit.stateOf(NODE, node, mark);
    if (state === undefined) return EDGE_PASSES;
    return nodeFilter.test(state) ? ACCEPTED : REJECTED;
  }

  #guard(): void {
    const { readSet } = this.#unit;
    const { orderedBy, reverse } = this.#options;
    const origins = this.#origins;
    if (this.#isFull() && this.#lastEdge >= 0 && this.#at <= origins.length && this.#options.most > 0) {
      // The origin in which the limit was reached: it was read up to its last edge, and those behind it not at all.
      const last = Math.min(this.#at, origins.length - 1);
      const reached = this.#expansion.isFull && this.#met === undefined ? this.#at - 1 : last;
      if (reached > 0) readSet.addHop(this.#hop, Array.prototype.slice.call(origins, 0, reached), orderedBy);
      const { resident } = this.#unit.runtime;
      resident.pin(resident.edges, this.#lastEdge);
      readSet.addHop(this.#hop, [origins[Math.max(0, reached)]!], orderedBy, {
        order: reverse ? "desc" : "asc",
        edge: this.#lastEdge,
      });
      return;
    }
    readSet.addHop(this.#hop, origins, orderedBy, undefined, this.#found.nodes);
  }
}

const none: readonly number[] = [];

const UNDECIDED = 0;
const ACCEPTED = 1;
const REJECTED = 2;
/** The edge is accepted, and its far end is to be judged. */
const EDGE_PASSES = 3;
