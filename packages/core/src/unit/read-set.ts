import type { NumberRange } from "../model/filter.ts";
import { compareIdWords, type Id, parseId } from "../model/id.ts";
import { type Adjacency, COMPLETE, IN, OUT, type Side } from "../resident/adjacency.ts";
import {
  ACCESS,
  type AppliedChange,
  CREATED,
  DATA,
  EDGE,
  NODE,
  REMOVED,
  REWRITTEN,
  type SeenNode,
} from "../resident/change-log.ts";
import { type EdgeTable, IN_KNOWN, OUT_KNOWN, type RecordState } from "../resident/record-table.ts";
import { EDGE_FIELDS, FAR_END, type ResidentGraph, type Watching } from "../resident/resident-graph.ts";
import { youngArray } from "../util/young-array.ts";
import type { ChangeWindow } from "./change-window.ts";

/** A filter as the executor runs it; `same` tells two equal ones. */
export interface Predicate {
  readonly test: (state: RecordState) => boolean;
  readonly key: string;
  /** Fields that it looks at. */
  readonly fields: readonly string[];
  /** Where it compares one field with a number, and does nothing else: what passes. */
  readonly range: NumberRange | undefined;
}

/** Whether a type number is meant: 1 where it is. `undefined` stands for every type. */
export type TypeMask = Uint8Array | undefined;

/** What a hop asks of each neighbourhood: together with the nodes it starts from, the predicate that guards it. */
export interface HopShape {
  readonly direction: "out" | "in" | "both";
  readonly edgeTypes: TypeMask;
  readonly edgeFilter: Predicate | undefined;
  readonly nodeTypes: TypeMask;
  readonly nodeFilter: Predicate | undefined;
}

/** How much of a neighbourhood was read where a limit ended it: nothing beyond this edge matters. */
export interface Boundary {
  readonly order: "asc" | "desc";
  readonly edge: number;
}

/** A hop that is still being read. */
export interface HopProgress {
  /** Whether it has given this node, or decided that it will, by what it has read so far. */
  mayHaveFound(node: number): boolean;
}

/** Nothing yet: what a unit never needs it does not make. */
const none: never[] = [];

export class HopGuard {
  readonly shape: HopShape;
  /** The field that the result was ordered by, which is then part of the outcome. */
  readonly orderedBy: string | undefined;
  readonly boundary: Boundary | undefined;
  #singles: number[] = none;
  /** Whole frontiers as they are: copying a million nodes to guard them took as long as finding them. */
  #lists: ArrayLike<number>[] = none;
  #set: Set<number> | undefined;
  #singlesInSet = 0;
  #listsInSet = 0;
  /** What the hop gave, as the lists that it was given in; `undefined` where somebody did not keep it. */
  #found: ArrayLike<number>[] | undefined = none;
  /** The same of short lists, once there are many. */
  #foundOfMany: number[] = none;
  readonly #progress: HopProgress | undefined;

  /** @param progress of a hop that is still being read, in the place of what it gave */
  constructor(
    shape: HopShape,
    orderedBy: string | undefined,
    boundary: Boundary | undefined,
    progress: HopProgress | undefined = undefined,
  ) {
    this.shape = shape;
    this.orderedBy = orderedBy;
    this.boundary = boundary;
    this.#progress = progress;
  }

  /** @param nodes belongs to the guard from here on */
  add(nodes: ArrayLike<number>): void {
    if (nodes.length > FEW) {
      if (this.#lists === none) this.#lists = youngArray();
      this.#lists.push(nodes);
      return;
    }
    if (this.#singles === none) this.#singles = youngArray();
    for (let i = 0; i < nodes.length; i++) this.#singles.push(nodes[i]!);
  }

  /** @param nodes what following the hop from the nodes of one `add` gave; belongs to the guard from here on */
  addFound(nodes: ArrayLike<number> | undefined): void {
    if (nodes === undefined || this.#found === undefined) {
      this.#found = undefined;
      return;
    }
    const { length } = nodes;
    if (length === 0) return;
    if (length <= SHORT && this.#found.length >= MANY) {
      if (this.#foundOfMany === none) this.#foundOfMany = youngArray();
      for (let i = 0; i < length; i++) this.#foundOfMany.push(nodes[i]!);
      return;
    }
    if (this.#found === none) this.#found = youngArray();
    this.#found.push(nodes);
  }

  /** Whether the hop certainly did not give this node: its going or changing alters no result. */
  hasNotFound(node: number): boolean {
    if (this.#progress !== undefined) return !this.#progress.mayHaveFound(node);
    if (this.#found === undefined) return false;
    for (const nodes of this.#found) if (Array.prototype.includes.call(nodes, node)) return false;
    return !this.#foundOfMany.includes(node);
  }

  get nodes(): Iterable<number> {
    return this.#nodes();
  }

  *#nodes(): Generator<number> {
    yield* this.#singles;
    for (const nodes of this.#lists) for (let i = 0; i < nodes.length; i++) yield nodes[i]!;
  }

  has(node: number): boolean {
    if (this.#lists.length === 0 && this.#singles.length <= FEW) return this.#singles.includes(node);
    this.#set ??= new Set();
    for (; this.#singlesInSet < this.#singles.length; this.#singlesInSet++)
      this.#set.add(this.#singles[this.#singlesInSet]!);
    for (; this.#listsInSet < this.#lists.length; this.#listsInSet++) {
      const nodes = this.#lists[this.#listsInSet]!;
      for (let i = 0; i < nodes.length; i++) this.#set.add(nodes[i]!);
    }
    return this.#set.has(node);
  }
}

/** So many nodes are looked through faster than a set of them is made. */
const FEW = 8;

/**
 * A walk hops once a visit. Lists that are kept until it ends are what the collector of young objects takes its time
 * for, so from so many on short ones are copied into one.
 */
const MANY = 32;
const SHORT = 64;

/** A scan or an index lookup: every record of these types that the filter accepts. */
export interface ExtentGuard {
  readonly kind: 0 | 1;
  readonly types: Uint8Array;
  readonly filter: Predicate | undefined;
  readonly orderedBy: string | undefined;
  /** How often L1 had evicted anything when it began. */
  readonly evictions: number;
  /** With an order by a field: whether a record with these fields lies outside of the stretch that was read. */
  beyond: ((state: RecordState) => boolean) | undefined;
  /** In id order: the ids between which records were read. */
  between: IdStretch | undefined;
  /** Whether the store counted its records: of edges nobody here knows then which nodes they go with. */
  readonly isCounted: boolean;
  /** While it is being read: whether the change is of a part that has been read by now. */
  hasReached: ((change: AppliedChange) => boolean) | undefined;
}

/** A stretch of ids with its ends, four words each; an end that is open is `undefined`. */
export interface IdStretch {
  readonly above: Int32Array | undefined;
  readonly below: Int32Array | undefined;
}

/** Records that were looked at one by one, and what of them the outcome depends on. */
class Judged {
  readonly kind: 0 | 1;
  readonly filter: Predicate | undefined;
  /** Fields whose values are part of the outcome. */
  readonly fields: readonly string[];
  readonly slots: ArrayLike<number>;
  /** How many of them were looked at by now. */
  count: number;
  #set: Set<number> | undefined;
  #inSet = 0;

  constructor(
    kind: 0 | 1,
    filter: Predicate | undefined,
    fields: readonly string[],
    slots: ArrayLike<number>,
    count: number,
  ) {
    this.kind = kind;
    this.filter = filter;
    this.fields = fields;
    this.slots = slots;
    this.count = count;
  }

  has(slot: number): boolean {
    const { slots, count } = this;
    if (count <= FEW) {
      for (let i = 0; i < count; i++) if (slots[i] === slot) return true;
      return false;
    }
    this.#set ??= new Set();
    for (; this.#inSet < count; this.#inSet++) this.#set.add(slots[this.#inSet]!);
    return this.#set.has(slot);
  }
}

/** A read of fields that is under way: says how far it has come. */
export interface FieldsRead {
  /** How many of the records were read by now. */
  count: number;
}

const noFields: readonly string[] = [];

/** What the unit knows of the records it was handed. */
export interface HandedRecords {
  /** What the unit's hops have marked since it began carries at least this. */
  readonly firstStamp: number;
  /** 0 not handed out, 1 handed out, 2 its fields were read too. */
  held(kind: 0 | 1, slot: number): 0 | 1 | 2;
  /** Whether it was handed an edge that hangs on this node. */
  holdsEdgeOf(node: number): boolean;
  /** Whether the change alters what this root grants to the unit's principal, on records that the unit has judged. */
  isRegranted(root: Id, change: AppliedChange): boolean;
}

/** As `none`: making the sets was a tenth of a point read. */
const nobody: ReadonlySet<never> = new Set();

/**
 * What a unit's outcome depends on, as predicates over neighbourhoods, extents and absent ids, and the records it was
 * handed. A change conflicts only where it alters what a predicate answers.
 */
export class ReadSet implements Watching {
  readonly #resident: ResidentGraph;
  readonly #handed: HandedRecords;
  #hops: HopGuard[] = none;
  /** Of hops that wait for the store. */
  #underWay: ReadonlySet<HopGuard> = nobody;
  #extents: ExtentGuard[] = none;
  absent: ReadonlySet<Id> = nobody;
  /** Nodes at the ends of edges that were judged by themselves, for an edge is seen with both its ends alone. */
  ends: ReadonlySet<number> = nobody;
  /** The principal's root: that it is there and may act is what every unit depends on. -1 before it was looked up. */
  actor = -1;
  #judged: Judged[] = none;

  constructor(resident: ResidentGraph, handed: HandedRecords) {
    this.#resident = resident;
    this.#handed = handed;
  }

  get hops(): readonly HopGuard[] {
    return this.#hops;
  }

  get extents(): readonly ExtentGuard[] {
    return this.#extents;
  }

  addExtent(guard: ExtentGuard): void {
    if (this.#extents === none) this.#extents = youngArray();
    this.#extents.push(guard);
  }

  /**
   * Guards a hop from these nodes. Walks make the same hop over and over, so equal ones share a guard.
   * @param nodes must not change any more
   * @param found every node that the hop gave, where they are at hand; may lose some, and change their order
   */
  addHop(
    shape: HopShape,
    nodes: ArrayLike<number>,
    orderedBy: string | undefined = undefined,
    boundary: Boundary | undefined = undefined,
    found: ArrayLike<number> | undefined = undefined,
  ): void {
    let guard = this.#hops.length === 0 ? undefined : this.#hops[this.#hops.length - 1]!;
    if (
      guard === undefined ||
      boundary !== undefined ||
      guard.boundary !== undefined ||
      guard.orderedBy !== orderedBy ||
      !sameShape(guard.shape, shape)
    ) {
      guard = undefined;
      if (boundary === undefined) {
        // A handful of shapes alternate in one walk; looking further back costs more than a guard too many.
        for (let i = this.#hops.length - 2, tries = 6; i >= 0 && tries > 0; i--, tries--) {
          const other = this.#hops[i]!;
          if (
            other.boundary === undefined &&
            other.orderedBy === orderedBy &&
            sameShape(other.shape, shape)
          ) {
            guard = other;
            break;
          }
        }
      }
      if (guard === undefined) {
        guard = new HopGuard(shape, orderedBy, boundary);
        if (this.#hops === none) this.#hops = youngArray();
        this.#hops.push(guard);
      }
    }
    guard.add(nodes);
    guard.addFound(found);
  }

  /** Guards a hop from before its first read until `closeHop`, when it is guarded by what was really read. */
  openHop(
    shape: HopShape,
    nodes: ArrayLike<number>,
    orderedBy: string | undefined,
    progress: HopProgress,
  ): HopGuard {
    const guard = new HopGuard(shape, orderedBy, undefined, progress);
    guard.add(nodes);
    if (this.#underWay === nobody) this.#underWay = new Set();
    (this.#underWay as Set<HopGuard>).add(guard);
    return guard;
  }

  closeHop(guard: HopGuard): void {
    (this.#underWay as Set<HopGuard>).delete(guard);
  }

  /**
   * Guards how the filter answers for these nodes, by that outcome alone.
   * @param nodes may grow, where what is returned is told so
   */
  addFiltered(filter: Predicate, nodes: readonly number[]): FieldsRead {
    const judged = new Judged(NODE, filter, noFields, nodes, nodes.length);
    this.#addJudged(judged);
    return judged;
  }

  /** Guards what these records are ordered by. */
  addOrdered(kind: 0 | 1, orderedBy: string, slots: readonly number[]): void {
    this.#addJudged(new Judged(kind, undefined, [orderedBy], slots, slots.length));
  }

  /**
   * Guards what these fields of the records are, record by record as they are read; that the records are there and may
   * be seen is for the guard of what found them.
   * @param slots those that are counted as read must not change any more
   */
  addFields(kind: 0 | 1, fields: readonly string[], slots: ArrayLike<number>): FieldsRead {
    const judged = new Judged(kind, undefined, fields, slots, 0);
    this.#addJudged(judged);
    return judged;
  }

  /** The records that were looked at one by one. */
  *judged(): Generator<{ readonly kind: 0 | 1; readonly slot: number }> {
    for (const { kind, slots, count } of this.#judged)
      for (let i = 0; i < count; i++) yield { kind, slot: slots[i]! };
  }

  #addJudged(judged: Judged): void {
    if (this.#judged === none) this.#judged = youngArray();
    this.#judged.push(judged);
  }

  addAbsent(id: Id): void {
    if (this.absent === nobody) this.absent = new Set();
    (this.absent as Set<Id>).add(id);
  }

  addEnd(node: number): void {
    if (this.ends === nobody) this.ends = new Set();
    (this.ends as Set<number>).add(node);
  }

  /** Whether it guards more records than can be told one by one. */
  get isOpenEnded(): boolean {
    return this.hops.length > 0 || this.#underWay.size > 0 || this.extents.length > 0;
  }

  /** Whether there is nothing but the acting root and the records that were handed out. */
  get isEmpty(): boolean {
    return (
      this.hops.length === 0 &&
      this.#underWay.size === 0 &&
      this.extents.length === 0 &&
      this.absent.size === 0 &&
      this.ends.size === 0
    );
  }

  watchesType(kind: 0 | 1, type: number): boolean {
    for (const extent of this.extents) {
      const judges = extent.filter !== undefined || extent.beyond !== undefined;
      if (judges && extent.kind === kind && extent.types[type] === 1) return true;
    }
    return false;
  }

  watchesEdge(source: number, target: number, type: number): number {
    let wanted = 0;
    for (const hop of this.hops) wanted |= this.#watchesEdge(hop, source, target, type);
    for (const hop of this.#underWay) wanted |= this.#watchesEdge(hop, source, target, type);
    return wanted;
  }

  #watchesEdge(hop: HopGuard, source: number, target: number, type: number): number {
    const { edgeTypes, edgeFilter, nodeTypes, nodeFilter } = hop.shape;
    if (edgeFilter === undefined && nodeTypes === undefined && nodeFilter === undefined) return 0;
    if (edgeTypes !== undefined && edgeTypes[type] !== 1) return 0;
    if (!this.#leads(hop, OUT, source, type) && !this.#leads(hop, IN, target, type)) return 0;
    const byFar = nodeTypes !== undefined || nodeFilter !== undefined;
    return (edgeFilter === undefined ? 0 : EDGE_FIELDS) | (byFar ? FAR_END : 0);
  }

  /** Whether the hop follows edges of this type that leave (`OUT`) or reach (`IN`) this node. */
  #leads(hop: HopGuard, side: Side, node: number, type: number): boolean {
    const { direction } = hop.shape;
    const asked = direction === "both" || (direction === "out") === (side === OUT);
    return node >= 0 && (asked || this.#resident.catalog.isUndirected(type)) && hop.has(node);
  }

  /**
   * What of the read set the change breaks, as a key that units queue by; `undefined` where it all still holds.
   * @param window the change and those that are judged with it
   */
  conflict(change: AppliedChange, window: ChangeWindow): string | undefined {
    const { kind, slot, op } = change;
    if ((op & REWRITTEN) !== 0) return undefined;
    if (slot >= 0) {
      const held = this.#handed.held(kind, slot);
      if (held !== 0) {
        if ((op & (REMOVED | ACCESS)) !== 0 || ((op & DATA) !== 0 && (held === 2 || this.#isRuled(change)))) {
          return recordKey(this.#resident, kind, slot);
        }
      }
    }
    if (kind === NODE) {
      const { grants } = change;
      if (grants !== undefined && this.#handed.isRegranted(grants.root, change)) return grants.root;
      const judges = (op & (REMOVED | ACCESS)) !== 0 || ((op & DATA) !== 0 && this.#isRuled(change));
      if (judges && slot >= 0 && (slot === this.actor || this.ends.has(slot)))
        return recordKey(this.#resident, kind, slot);
    }
    if ((op & CREATED) !== 0 && this.absent.size > 0) {
      const id = change.id ?? recordKey(this.#resident, kind, slot);
      if (this.absent.has(id)) return id;
    }
    if ((op & (REMOVED | ACCESS)) !== 0 && kind === NODE && this.#handed.holdsEdgeOf(slot))
      return recordKey(this.#resident, kind, slot);
    for (const extent of this.extents)
      if (this.#breaksExtent(extent, change))
        return `type ${this.#resident.catalog.definition(change.type).name}`;
    if ((op & DATA) !== 0) {
      for (const judged of this.#judged) {
        if (judged.kind !== kind || !judged.has(slot)) continue;
        if (outcomesDiffer(judged, change)) return recordKey(this.#resident, kind, slot);
      }
    }
    const key = this.#breaksHops(this.hops, change, window);
    return key === undefined && this.#underWay.size > 0
      ? this.#breaksHops(this.#underWay, change, window)
      : key;
  }

  #breaksHops(hops: Iterable<HopGuard>, change: AppliedChange, window: ChangeWindow): string | undefined {
    for (const hop of hops) {
      const broken =
        change.kind === NODE
          ? this.#breaksHopByNode(hop, change, window)
          : this.#breaksHopByEdge(hop, change, window);
      if (broken >= 0) return `neighbours ${this.#resident.nodes.idOf(broken)}`;
    }
    return undefined;
  }

  #isRuled(change: AppliedChange): boolean {
    return this.#resident.catalog.isRuled(change.type);
  }

  #breaksExtent(extent: ExtentGuard, change: AppliedChange): boolean {
    const { op, before, after } = change;
    if (extent.kind !== change.kind) {
      const mayTakeEdges = extent.isCounted && extent.kind === EDGE && (op & REMOVED) !== 0;
      return mayTakeEdges && extent.hasReached?.(change) !== false;
    }
    if (extent.types[change.type] !== 1) return false;
    const { filter, beyond, between } = extent;
    if (between !== undefined && this.#isOutside(between, change)) return false;
    if (extent.hasReached?.(change) === false) return false;
    const matches = (state: RecordState | undefined): boolean | undefined =>
      state === undefined
        ? undefined
        : (filter === undefined || filter.test(state)) && !(beyond?.(state) ?? false);
    if ((op & CREATED) !== 0) return matches(after) !== false;
    const judges = filter !== undefined || beyond !== undefined;
    if (judges && before === undefined && this.#isUnjudged(extent, change)) {
      return (op & REMOVED) === 0 && (op & (DATA | ACCESS)) !== 0 && matches(after) !== false;
    }
    if ((op & REMOVED) !== 0) return matches(before) !== false;
    if ((op & ACCESS) !== 0 && matches(before ?? after) !== false) return true;
    if ((op & DATA) === 0) return false;
    if (this.#isRuled(change)) return true;
    const was = matches(before);
    const is = matches(after);
    if (was === undefined || is === undefined) return filter !== undefined || extent.orderedBy !== undefined;
    return was !== is || (is && ordersDiffer(extent.orderedBy, before, after));
  }

  #isOutside({ above, below }: IdStretch, { kind, slot, id }: AppliedChange): boolean {
    const table = kind === NODE ? this.#resident.nodes : this.#resident.edges;
    let ids = table.ids;
    let at = slot << 2;
    if (slot < 0) {
      if (id === undefined) return false;
      parseId(id, words);
      ids = words;
      at = 0;
    }
    return (
      (above !== undefined && compareIdWords(ids, at, above, 0) < 0) ||
      (below !== undefined && compareIdWords(ids, at, below, 0) > 0)
    );
  }

  /** Whether a record of which no fields are known certainly was not among those that the extent gave. */
  #isUnjudged({ evictions }: ExtentGuard, { kind, slot }: AppliedChange): boolean {
    // Fields that were judged stay with the node until it is evicted.
    if (kind === NODE && this.#resident.statistics.evictions === evictions) return true;
    // Every record that was judged carries a mark made since the unit began.
    const table = kind === NODE ? this.#resident.nodes : this.#resident.edges;
    return slot < 0 || table.stamps[slot]! < this.#handed.firstStamp;
  }

  /** @returns the node of the guard whose neighbourhood answers differently, or -1 */
  #breaksHopByNode(hop: HopGuard, change: AppliedChange, window: ChangeWindow): number {
    const { slot, op, before, after } = change;
    const { shape } = hop;
    // Every far end that a hop looked at carries the mark of a hop made since the unit began.
    if (slot < 0 || (op & CREATED) !== 0 || this.#resident.nodes.stamps[slot]! < this.#handed.firstStamp)
      return -1;
    if (shape.nodeTypes !== undefined && shape.nodeTypes[change.type] !== 1) return -1;
    if ((op & REMOVED) !== 0 && hop.hasNotFound(slot)) return -1;
    if ((op & (REMOVED | ACCESS)) === 0) {
      const ruled = this.#isRuled(change);
      if (!ruled && shape.nodeFilter === undefined && hop.orderedBy === undefined) return -1;
      if (!ruled && after !== undefined) {
        const is = shape.nodeFilter?.test(after) ?? true;
        if (!is && hop.hasNotFound(slot)) return -1;
        if (before !== undefined) {
          const was = shape.nodeFilter?.test(before) ?? true;
          if (was === is && !(is && ordersDiffer(hop.orderedBy, before, after))) return -1;
        }
      }
    } else if (
      shape.nodeFilter !== undefined &&
      before !== undefined &&
      !shape.nodeFilter.test(before) &&
      ((op & DATA) === 0 || (after !== undefined && !shape.nodeFilter.test(after))) &&
      !window.mayHavePassed(slot, shape.nodeFilter.test)
    ) {
      return -1;
    }
    // Its edges have gone with it, so the neighbourhoods do not name it any more.
    for (const neighbor of change.neighbors ?? []) if (hop.has(neighbor)) return neighbor;
    return this.#originOf(hop, slot);
  }

  /** A node of the guard that has an edge of its shape to this one; -1 where certainly none has. */
  #originOf(hop: HopGuard, far: number): number {
    const { adjacency, catalog, nodes } = this.#resident;
    const { direction, edgeTypes } = hop.shape;
    const wanted =
      edgeTypes === undefined ? Number.POSITIVE_INFINITY : edgeTypes.reduce((sum, bit) => sum + bit, 0);
    for (const node of hop.nodes) {
      for (const side of [OUT, IN] as const) {
        const asked = direction === "both" || (direction === "out") === (side === OUT);
        let found = 0;
        for (let list = adjacency.head(node, side); list >= 0; list = adjacency.listNext[list]!) {
          const type = adjacency.listTypes[list]!;
          if (edgeTypes !== undefined && edgeTypes[type] !== 1) continue;
          found += 1;
          if (!asked && !catalog.isUndirected(type)) continue;
          if (adjacency.listFlags[list] !== COMPLETE || names(adjacency, list, far)) return node;
        }
        // Evicted since it was read, so it may have named the far end.
        const known = (nodes.flags[node]! & (side === OUT ? OUT_KNOWN : IN_KNOWN)) !== 0;
        if (asked && !known && found < wanted) return node;
      }
    }
    return -1;
  }

  #breaksHopByEdge(hop: HopGuard, change: AppliedChange, window: ChangeWindow): number {
    const { shape, boundary } = hop;
    const { op, before, after, source, target, type, slot } = change;
    if (shape.edgeTypes !== undefined && shape.edgeTypes[type] !== 1) return -1;
    const fromSource = this.#leads(hop, OUT, source, type);
    const fromTarget = this.#leads(hop, IN, target, type);
    if (!fromSource && !fromTarget) return -1;
    const origin = fromSource ? source : target;
    if (boundary !== undefined && (slot >= 0 || change.id !== undefined)) {
      const { edges } = this.#resident;
      const order =
        slot >= 0 ? edges.compareIds(slot, boundary.edge) : -compareTo(edges, boundary.edge, change.id!);
      if (boundary.order === "asc" ? order > 0 : order < 0) return -1;
    }
    const test = (state: RecordState | undefined): boolean | undefined =>
      shape.edgeFilter === undefined ? true : state === undefined ? undefined : shape.edgeFilter.test(state);
    if ((op & DATA) !== 0 && (op & (CREATED | REMOVED | ACCESS)) === 0) {
      if (this.#isRuled(change)) return origin;
      if (shape.edgeFilter === undefined && hop.orderedBy === undefined) return -1;
      const was = test(before);
      const is = test(after);
      const differs =
        was === undefined || is === undefined || was !== is || ordersDiffer(hop.orderedBy, before, after);
      return differs ? origin : -1;
    }
    // Who may see it changed, and it did not pass before nor does now.
    if (
      test((op & CREATED) !== 0 ? after : (before ?? after)) === false &&
      !((op & DATA) !== 0 && test(after) !== false)
    )
      return -1;
    if (fromSource && this.#farMayMatch(shape, target, change.targetSeen, window)) return source;
    return fromTarget && this.#farMayMatch(shape, source, change.sourceSeen, window) ? target : -1;
  }

  #farMayMatch(shape: HopShape, far: number, seen: SeenNode | undefined, window: ChangeWindow): boolean {
    const { nodes } = this.#resident;
    const type = far < 0 ? seen?.type : nodes.types[far]!;
    if (type === undefined) return true;
    if (shape.nodeTypes !== undefined && shape.nodeTypes[type] !== 1) return false;
    const state = (far < 0 ? undefined : nodes.states[far]) ?? seen?.state;
    if (shape.nodeFilter === undefined || state === undefined || shape.nodeFilter.test(state)) return true;
    // It was written beside this edge: what it is as of now says nothing of when the edge came or went.
    return far >= 0 && window.mayHavePassed(far, shape.nodeFilter.test);
  }
}

/** Negative where the edge's id comes before `id`. */
function compareTo(edges: EdgeTable, edge: number, id: Id): number {
  parseId(id, words);
  return compareIdWords(edges.ids, edge << 2, words, 0);
}

/** Filled and read within one step. */
const words = new Int32Array(4);

/** What is not known differs from everything, itself included. */
function outcomesDiffer({ filter, fields }: Judged, { before, after }: AppliedChange): boolean {
  if (before === undefined || after === undefined) return true;
  if (filter !== undefined && filter.test(before) !== filter.test(after)) return true;
  for (const field of fields) if (before[field] !== after[field]) return true;
  return false;
}

function names(adjacency: Adjacency, list: number, far: number): boolean {
  for (let chunk = adjacency.listFirst[list]!; chunk >= 0; chunk = adjacency.chunkNext[chunk]!) {
    const from = adjacency.chunkOffsets[chunk]!;
    const to = from + adjacency.chunkLengths[chunk]! * 2;
    for (let at = from; at < to; at += 2) if (adjacency.data[at] === far) return true;
  }
  return false;
}

function ordersDiffer(
  field: string | undefined,
  before: RecordState | undefined,
  after: RecordState | undefined,
): boolean {
  if (field === undefined) return false;
  return before === undefined || after === undefined || before[field] !== after[field];
}

function sameShape(left: HopShape, right: HopShape): boolean {
  return (
    left === right ||
    (left.direction === right.direction &&
      left.edgeTypes === right.edgeTypes &&
      left.nodeTypes === right.nodeTypes &&
      left.edgeFilter?.key === right.edgeFilter?.key &&
      left.nodeFilter?.key === right.nodeFilter?.key)
  );
}

export function recordKey(resident: ResidentGraph, kind: 0 | 1, slot: number): string {
  return (kind === NODE ? resident.nodes : resident.edges).idOf(slot);
}
