import type { AccessRecord } from "../model/access-record.ts";
import { compareIdWords, type Id, type IdColumn, parseId } from "../model/id.ts";
import { EdgeIdTable, IdTable, RESIDENT } from "../model/id-table.ts";
import type { Token } from "../persistence/change.ts";
import type { EdgeRows, FieldData, NodeRows, RowDamage } from "../persistence/rows.ts";
import type { LentIds } from "../persistence/store.ts";
import type { Catalog } from "../schema/catalog.ts";
import { AccessClasses, DEAD_CLASS } from "./access-classes.ts";
import { AddedRecord, type Additions } from "./additions.ts";
import { Adjacency, COMPLETE, HAS_END, HAS_START, IN, OUT, type Side } from "./adjacency.ts";
import type { AdjacencyIntake } from "./adjacency-intake.ts";
import {
  ACCESS,
  type AppliedChange,
  ChangeLog,
  CREATED,
  DATA,
  EDGE,
  NODE,
  REMOVED,
  type RecordKind,
} from "./change-log.ts";
import { LookupCache } from "./lookup-cache.ts";
import { Quarantine } from "./quarantine.ts";
import { Recency } from "./recency.ts";
import {
  DELETED,
  EdgeTable,
  IN_KNOWN,
  NodeTable,
  OUT_KNOWN,
  PENDING,
  type RecordState,
  type RecordTable,
  TEXT_BYTES,
} from "./record-table.ts";
import { damageOf, noteStored, stateBytes, stateOf } from "./states.ts";

export interface ResidentBounds {
  /** Nodes and edges, stubs included. */
  readonly maxEntries: number;
  /** Estimated bytes of everything resident. */
  readonly maxBytes: number;
}

export interface ResidentStatistics {
  hits: number;
  misses: number;
  evictions: number;
}

/** What L1 must know of a unit that is open. */
export interface OpenUnit {
  /** Marks of at least this number in `stamps` may be this unit's. */
  readonly firstStamp: number;
  /** Up to which commit the unit's reads were checked. */
  position: number;
  readonly readSet?: Watching;
  /** Checks the unit's reads against every commit so far. */
  holds?(): boolean;
}

/** A unit that has ended for everybody, and whose reads go on being checked against commits. */
export interface KeptUnit extends OpenUnit {
  /** L1 is full: what the unit has met is let go, and nothing can be said of its reads any more. */
  forget(): void;
}

/** Who follows what L1 applies. Called in the midst of commits, so it does little, and never throws. */
export interface CommitListener {
  /** L1 is as of one further commit. @param isOwn whether this process made it, and both states of all are known */
  applied(changes: readonly AppliedChange[], isOwn: boolean): void;
  /** L1 begins again from nothing: what was committed meanwhile is not known. */
  lost(): void;
}

export const EDGE_FIELDS = 1;
export const FAR_END = 2;

/** What of other processes' commits must be read, so that guards can tell what concerns them from what does not. */
export interface Watching {
  /** Whether a guard over all records of the type judges by their fields. */
  watchesType(kind: RecordKind, type: number): boolean;
  /** What guards of these neighbourhoods judge a new edge by: bits of {@link EDGE_FIELDS} and {@link FAR_END}. */
  watchesEdge(source: number, target: number, type: number): number;
}

const NODE_BYTES = 80;
const EDGE_BYTES = 112;
/** Of the bytes of L1, for texts of ids of nodes at most, and as much for those of edges. */
const TEXT_SHARE = 1 / 16;
/** As much, for columns of numbers. */
const NUMBER_SHARE = 1 / 16;
const LEAST_CLASSES = 64;
const LAST_STAMP = 0x7fff_fff0;

/**
 * L1: the part of the graph that this process holds, shared by all its units, always as of one commit (`token`).
 *
 * This class keeps the tables true and bounded; it reads nothing from the store by itself (`Loader` does), and it
 * judges nothing (`access` does).
 */
export class ResidentGraph {
  readonly nodes: NodeTable;
  readonly edges: EdgeTable;
  readonly adjacency: Adjacency;
  readonly classes: AccessClasses = new AccessClasses();
  readonly log: ChangeLog = new ChangeLog();
  readonly lookups: LookupCache;
  readonly catalog: Catalog;
  readonly bounds: ResidentBounds;
  readonly quarantine: Quarantine = new Quarantine();
  readonly statistics: ResidentStatistics = { hits: 0, misses: 0, evictions: 0 };
  /** The commit as of which everything here is true. */
  token: Token = "";

  readonly #recency: Recency;
  readonly #observe: (a: number, b: number, c: number, d: number) => void;
  /** In the order in which they began; an array, for nearly always it is one or a few. */
  readonly #open: OpenUnit[] = [];
  /** In the order in which they were kept. There are none without a {@link listener}. */
  readonly #kept: KeptUnit[] = [];
  /** Set while somebody watches the graph. */
  listener: CommitListener | undefined = undefined;
  /** Nobody's any more, but a unit that is open may still refer to it. */
  #retainedNodes: number[] = [];
  #retainedEdges: number[] = [];
  /** What no eviction could let go when room was made last, for open units may refer to it. */
  #heldEntries = 0;
  #heldBytes = 0;
  #stamp = 1;
  /** What pins a record for every unit that is open: no hop marks with it. */
  #pinStamp = 1;
  /** Marks from here on may be an open unit's. */
  #floor = LAST_STAMP + 1;
  #stateBytes = 0;
  #flushes = 0;
  /** Unused access classes are looked for when there are more than so many. */
  #mostClasses: number = LEAST_CLASSES;
  /** Units that began later have not met what was condemned; 0 while nothing is. */
  #sweepStamp = 0;
  /** The store's ids, as long as records are numbered by them. */
  #lent: LentIds | undefined;

  /**
   * @param observe is shown the words of every id that arrives
   * @param lent ids of a store in this process, to number records by until L1 has to hold less than the store does
   */
  constructor(
    catalog: Catalog,
    bounds: ResidentBounds,
    observe: (a: number, b: number, c: number, d: number) => void,
    lent?: LentIds,
  ) {
    const separate = (): void => this.#separate();
    this.nodes = new NodeTable(lent?.nodes ?? new IdTable(), separate);
    this.edges = new EdgeTable(lent?.edges ?? new EdgeIdTable(), separate);
    this.adjacency = new Adjacency(this.nodes, this.edges);
    // What can be made anew at any time is to drive little out.
    this.nodes.mostTexts = Math.floor((bounds.maxBytes * TEXT_SHARE) / TEXT_BYTES);
    this.edges.mostTexts = this.nodes.mostTexts;
    this.nodes.numbers.mostBytes = Math.floor(bounds.maxBytes * NUMBER_SHARE);
    this.edges.numbers.mostBytes = this.nodes.numbers.mostBytes;
    this.#lent = lent;
    this.#observe = observe;
    this.catalog = catalog;
    this.bounds = bounds;
    const bits = Math.max(0, Math.min(6, Math.floor(Math.log2(bounds.maxEntries / 1024))));
    this.#recency = new Recency(this.nodes, this.edges, bits);
    this.lookups = new LookupCache(
      catalog,
      this.nodes,
      Math.min(65_536, Math.max(16, bounds.maxEntries >> 3)),
    );
  }

  // ---- units -------------------------------------------------------------------------------------------------

  enter(unit: OpenUnit): void {
    this.#open.push(unit);
    if (unit.firstStamp > this.#pinStamp) this.#pinStamp = unit.firstStamp;
    if (unit.firstStamp < this.#floor) this.#floor = unit.firstStamp;
  }

  leave(unit: OpenUnit): void {
    const wasFirst = this.#oldest() === unit;
    if (this.#open[this.#open.length - 1] === unit) this.#open.pop();
    else if (this.#open.includes(unit)) this.#open.splice(this.#open.indexOf(unit), 1);
    this.#unpin(unit);
    if (wasFirst || this.log.length > 256) this.trimLog();
    if (this.classes.count > this.#mostClasses || this.#sweepStamp > 0) this.#sweepClasses();
    if (this.#open.length === 0) this.makeRoom();
  }

  #unpin(unit: OpenUnit): void {
    if (unit.firstStamp > this.#floor) return;
    this.#floor = LAST_STAMP + 1;
    for (const other of this.#open) if (other.firstStamp < this.#floor) this.#floor = other.firstStamp;
    for (const other of this.#kept) if (other.firstStamp < this.#floor) this.#floor = other.firstStamp;
    if (this.#retainedNodes.length + this.#retainedEdges.length > 0) this.#releaseRetained();
    this.#heldEntries = 0;
    this.#heldBytes = 0;
  }

  /** Drops the commits that everybody has been checked against. */
  trimLog(): void {
    let position = this.log.end;
    for (const other of this.#open) if (other.position < position) position = other.position;
    for (const other of this.#kept) if (other.position < position) position = other.position;
    this.log.forgetBefore(position);
  }

  /**
   * In the place of `leave`: the unit is over, and what it has read can still be checked, until `letGo` or until L1
   * needs the room.
   */
  keep(unit: KeptUnit): void {
    this.#open.splice(this.#open.indexOf(unit), 1);
    this.#kept.push(unit);
    if (this.#open.length === 0) this.makeRoom();
  }

  letGo(unit: KeptUnit): void {
    const at = this.#kept.indexOf(unit);
    if (at < 0) return;
    this.#kept.splice(at, 1);
    this.#unpin(unit);
  }

  /**
   * Has every unit checked against all commits so far. Whether a node that is gone was part of a neighbourhood is judged
   * by what L1 holds of that, so this comes before any of it is read anew or found to be gone: from then on L1 shows what
   * is after those commits.
   */
  checkUnits(): void {
    const { end } = this.log;
    for (const units of [this.#open, this.#kept])
      for (let i = 0; i < units.length; i++) if (units[i]!.position !== end) units[i]!.holds?.();
  }

  get openUnits(): number {
    return this.#open.length;
  }

  /** Units that commits are checked against: those that are open, and those that are kept. */
  get checkedUnits(): number {
    return this.#open.length + this.#kept.length;
  }

  watchesType(kind: RecordKind, type: number): boolean {
    for (const { readSet } of this.#open) if (readSet?.watchesType(kind, type) === true) return true;
    for (const { readSet } of this.#kept) if (readSet?.watchesType(kind, type) === true) return true;
    return false;
  }

  /** What the guards of open units judge a new edge between these nodes by. */
  watchesEdge(source: number, target: number, type: number): number {
    if (source < 0 && target < 0) return 0;
    let wanted = 0;
    for (const { readSet } of this.#open) wanted |= readSet?.watchesEdge(source, target, type) ?? 0;
    for (const { readSet } of this.#kept) wanted |= readSet?.watchesEdge(source, target, type) ?? 0;
    return wanted;
  }

  /** A number that no earlier hop has marked with. */
  nextStamp(): number {
    if (this.#stamp >= LAST_STAMP) this.#renumber();
    return ++this.#stamp;
  }

  /** Keeps the record's slot from being used for another one while the units that are open now are. */
  pin(table: RecordTable, slot: number): void {
    // Never lowered, and never the mark of a hop that is under way: to that hop it would seem to be met already.
    if (table.stamps[slot]! < this.#pinStamp) table.stamps[slot] = this.#pinStamp;
  }

  /** How often everything was forgotten. What was read before may name slots that nobody finds any more. */
  get flushes(): number {
    return this.#flushes;
  }

  /** Records that only wait for open units to end. */
  get retained(): number {
    return this.#retainedNodes.length + this.#retainedEdges.length;
  }

  get stamp(): number {
    return this.#stamp;
  }

  #oldest(): OpenUnit | undefined {
    return this.#open[0];
  }

  #isPinned(table: RecordTable, slot: number): boolean {
    return table.stamps[slot]! >= this.#floor;
  }

  /** Marks start again at the bottom; what an open unit may have marked stays marked. */
  #renumber(): void {
    const from = this.#floor;
    for (const table of [this.nodes, this.edges]) {
      for (let slot = 0; slot < table.top; slot++) table.stamps[slot] = table.stamps[slot]! >= from ? 1 : 0;
    }
    for (const unit of this.#open) (unit as { firstStamp: number }).firstStamp = 1;
    for (const unit of this.#kept) (unit as { firstStamp: number }).firstStamp = 1;
    this.#stamp = 1;
    this.#pinStamp = 1;
    if (this.#sweepStamp > 0) this.#sweepStamp = 1;
    this.#floor = this.checkedUnits === 0 ? LAST_STAMP + 1 : 1;
  }

  // ---- size --------------------------------------------------------------------------------------------------

  get entries(): number {
    return this.nodes.size + this.edges.size;
  }

  get bytes(): number {
    return (
      this.nodes.size * NODE_BYTES +
      this.edges.size * EDGE_BYTES +
      this.nodes.textBytes +
      this.edges.textBytes +
      this.nodes.numbers.bytes +
      this.edges.numbers.bytes +
      this.#stateBytes +
      this.classes.bytes
    );
  }

  /**
   * Evicts what was used longest ago until the bounds hold. Called before rows are read, never between their arrival
   * and their use, so L1 may be over its bounds by one batch for a moment.
   *
   * What open units hold cannot go, and the bounds are for what comes on top of it: a unit that has met more records
   * than L1 may hold would otherwise have every further one evicted as soon as it is read.
   */
  makeRoom(): void {
    const { maxEntries, maxBytes } = this.bounds;
    while (this.entries - this.#heldEntries > maxEntries || this.bytes - this.#heldBytes > maxBytes) {
      if (this.#kept.length > 0) this.#forgetKept();
      // The columns reach as far as the ids do: of a store's that may be far beyond the bounds.
      this.#separate();
      const stretch = this.#recency.pop(this.#stamp);
      if (stretch === undefined) {
        this.#heldEntries = this.entries;
        this.#heldBytes = this.bytes;
        return;
      }
      for (let slot = stretch.from; slot < stretch.to; slot++) {
        if (stretch.table === NODE) this.#evictNode(slot);
        else this.#evictEdge(slot);
      }
    }
  }

  /** What is kept for convenience goes before what is used: whoever kept it reads again after the next commit. */
  #forgetKept(): void {
    for (const unit of [...this.#kept]) {
      unit.forget();
      this.letGo(unit);
    }
  }

  /**
   * Frees the access classes that nothing resident has any more: first they are condemned, then, when the units are
   * over that may have met them, freed unless one was asked for again.
   */
  #sweepClasses(): void {
    const { classes } = this;
    if (this.#sweepStamp === 0) {
      classes.condemn(this.#usedClasses());
      this.#sweepStamp = this.nextStamp();
    }
    if (this.#floor <= this.#sweepStamp) return;
    classes.free(this.#usedClasses());
    this.#sweepStamp = 0;
    // A sweep looks at every record, so it waits until there is a class for every few of them.
    this.#mostClasses = Math.max(LEAST_CLASSES, classes.count * 2, this.entries >> 5);
  }

  #usedClasses(): Uint8Array {
    const used = new Uint8Array(this.classes.size);
    for (const { top, flags, accessClasses } of [this.nodes, this.edges]) {
      for (let slot = 0; slot < top; slot++) if (flags[slot] !== 0) used[accessClasses[slot]!] = 1;
    }
    return used;
  }

  /** Numbers the records by tables of L1's own from here on. */
  #separate(): void {
    if (this.#lent === undefined) return;
    const nodes = new IdTable();
    const edges = new EdgeIdTable();
    this.nodes.slots.moveTo(nodes, RESIDENT);
    this.edges.slots.moveTo(edges, RESIDENT);
    this.nodes.slots = nodes;
    this.edges.slots = edges;
    this.#giveBack();
  }

  #giveBack(): void {
    this.#lent?.giveBack();
    this.#lent = undefined;
  }

  /** Nothing may be asked of L1 any more. */
  close(): void {
    this.#giveBack();
  }

  #evictNode(slot: number): void {
    const nodes = this.nodes;
    if ((nodes.flags[slot]! & (PENDING | DELETED)) !== 0 || nodes.flags[slot] === 0) return;
    this.statistics.evictions += 1;
    // Dropping its lists may take the node's last reference away; it must outlive this.
    nodes.refs[slot]! += 1;
    this.adjacency.drop(slot, OUT, this.#edgeUnlisted);
    this.adjacency.drop(slot, IN, this.#edgeUnlisted);
    nodes.flags[slot]! &= ~(OUT_KNOWN | IN_KNOWN);
    this.setState(nodes, slot, undefined);
    nodes.refs[slot]! -= 1;
    this.#settleNode(slot);
  }

  #evictEdge(slot: number): void {
    const edges = this.edges;
    if ((edges.flags[slot]! & (PENDING | DELETED)) !== 0 || edges.flags[slot] === 0) return;
    this.statistics.evictions += 1;
    this.setState(edges, slot, undefined);
    if (edges.refs[slot] === 0) this.#dropEdge(slot);
  }

  readonly #edgeUnlisted = (edge: number): void => {
    if (this.edges.refs[edge] === 0 && (this.edges.flags[edge]! & PENDING) === 0) this.#dropEdge(edge);
  };

  /** No list names the edge any more. */
  #dropEdge(edge: number): void {
    const edges = this.edges;
    this.setState(edges, edge, undefined);
    if (this.#isPinned(edges, edge)) {
      this.#retainedEdges.push(edge);
      return;
    }
    this.#releaseEnd(edges.sources[edge]!);
    this.#releaseEnd(edges.targets[edge]!);
    edges.release(edge);
  }

  #releaseEnd(node: number): void {
    this.nodes.refs[node]! -= 1;
    this.#settleNode(node);
  }

  /** Lets the node's slot go where nothing of it is resident and nothing refers to it. */
  #settleNode(slot: number): void {
    const nodes = this.nodes;
    if (nodes.refs[slot] !== 0 || nodes.states[slot] !== undefined || (nodes.flags[slot]! & PENDING) !== 0)
      return;
    if (nodes.outHeads[slot]! >= 0 || nodes.inHeads[slot]! >= 0) return;
    if (this.#isPinned(nodes, slot)) {
      this.#retainedNodes.push(slot);
      return;
    }
    nodes.release(slot);
  }

  #releaseRetained(): void {
    const edges = this.#retainedEdges;
    const nodes = this.#retainedNodes;
    this.#retainedEdges = [];
    this.#retainedNodes = [];
    // Read again meanwhile, or retained twice: then it is not free to go, or gone already.
    for (const edge of edges) {
      const free =
        this.edges.flags[edge] !== 0 && this.edges.refs[edge] === 0 && this.edges.states[edge] === undefined;
      if (free) this.#dropEdge(edge);
    }
    for (const node of nodes) if (this.nodes.flags[node] !== 0) this.#settleNode(node);
  }

  /** Forgets everything. Slots that open units refer to stay theirs; nobody else finds them. */
  flush(token: Token): void {
    const { nodes, edges } = this;
    // To the store the ids go on being those of the records that are forgotten here.
    this.#separate();
    this.lookups.clear();
    for (let slot = 0; slot < nodes.top; slot++) {
      if (nodes.flags[slot] !== 0 && (nodes.flags[slot]! & PENDING) === 0) this.#forget(nodes, slot);
    }
    for (let slot = 0; slot < edges.top; slot++) {
      if (edges.flags[slot] !== 0 && (edges.flags[slot]! & PENDING) === 0) this.#forget(edges, slot);
    }
    for (let slot = 0; slot < nodes.top; slot++) {
      if ((nodes.flags[slot]! & DELETED) === 0) continue;
      nodes.refs[slot]! += 1;
      this.adjacency.drop(slot, OUT, this.#edgeUnlisted);
      this.adjacency.drop(slot, IN, this.#edgeUnlisted);
      nodes.refs[slot]! -= 1;
      this.#settleNode(slot);
    }
    for (let slot = 0; slot < edges.top; slot++) {
      if ((edges.flags[slot]! & DELETED) !== 0 && edges.refs[slot] === 0) this.#dropEdge(slot);
    }
    this.classes.forgetOwners();
    this.#recency.clear();
    this.#flushes += 1;
    const { listener } = this;
    if (this.#open.length > 0 || listener !== undefined) this.log.add({ token, changes: undefined });
    else this.log.skip(token);
    this.token = token;
    if (listener !== undefined) listener.lost();
  }

  #forget(table: RecordTable, slot: number): void {
    if ((table.flags[slot]! & DELETED) !== 0) return;
    table.flags[slot]! |= DELETED;
    table.accessClasses[slot] = DEAD_CLASS;
    this.setState(table, slot, undefined);
  }

  // ---- what the store answered -------------------------------------------------------------------------------

  /** @returns the slot */
  absorbNode(rows: NodeRows, i: number): number {
    const { nodes } = this;
    const slot = this.#nodeSlot(rows.ids.words, i);
    const isNew = nodes.types[slot] === 0;
    if (isNew || nodes.accessVersions.at(slot) !== rows.accessVersions[i]) {
      const type = this.catalog.numberOfStored(rows.types[i]!);
      nodes.types[slot] = type;
      nodes.accessClasses[slot] = this.#classOf(type, rows.owners.words, i, rows.access[i]!);
      nodes.accessVersions.set(slot, rows.accessVersions[i]!);
    }
    if (nodes.states[slot] === undefined || nodes.dataVersions.at(slot) !== rows.dataVersions[i]) {
      this.#absorbState(nodes, slot, rows.fields[i]!, rows.shapes[i]!);
      nodes.dataVersions.set(slot, rows.dataVersions[i]!);
    }
    if (nodes.types[slot] === this.catalog.rootNumber) {
      const at = i << 2;
      const words = rows.ids.words;
      this.classes.setOwnerAccess(
        words[at]!,
        words[at + 1]!,
        words[at + 2]!,
        words[at + 3]!,
        rows.access[i]!,
      );
    }
    this.#recency.note(NODE, slot, this.#stamp);
    return slot;
  }

  /** The ends must be resident. @returns the slot */
  absorbEdge(rows: EdgeRows, i: number): number {
    const type = this.catalog.numberOfStored(rows.types[i]!);
    const edge = this.#edgeRow(
      rows.ids,
      i,
      type,
      this.#classOf(type, rows.owners.words, i, rows.access[i]!),
      rows.dataVersions[i]!,
      rows.accessVersions[i]!,
      rows.fields[i],
      rows.shapes[i]!,
      this.findNode(rows.sources.words, i),
      this.findNode(rows.targets.words, i),
    );
    this.#recency.note(EDGE, edge, this.#stamp);
    return edge;
  }

  findNode(words: Int32Array, i: number): number {
    const at = i << 2;
    return this.nodes.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  findEdge(words: Int32Array, i: number): number {
    const at = i << 2;
    return this.edges.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /**
   * Takes one typed page of the node's neighbourhood in.
   * @param after the edge that the page follows in its order, `undefined` for the first page
   */
  absorbPage(
    node: number,
    side: Side,
    type: number,
    intake: AdjacencyIntake,
    request: number,
    order: "asc" | "desc",
    after: Id | undefined,
  ): void {
    const { adjacency } = this;
    const { rows } = intake;
    const from = request === 0 ? 0 : rows.ends[request - 1]!;
    const to = rows.ends[request]!;
    const more = rows.more[request]!;
    const list = adjacency.ensure(node, side, type, 0);
    if (adjacency.listFlags[list] !== COMPLETE) {
      const ahead = order === "asc";
      const edge = ahead ? adjacency.lastEdge(list) : adjacency.firstEdge(list);
      const joins = after !== undefined && edge >= 0 && after === this.edges.idOf(edge);
      // A neighbourhood that would fill much of L1 is held as the stretch that was read last.
      const tooLong = adjacency.listCounts[list]! > Math.max(1024, this.bounds.maxEntries >> 3);
      if (!joins || tooLong) this.#resetList(list, intake);
      let flags = adjacency.listFlags[list]!;
      if (after === undefined) flags |= ahead ? HAS_START : HAS_END;
      if (!more) flags |= ahead ? HAS_END : HAS_START;
      adjacency.expected = to - from;
      for (let i = from; i < to; i++) {
        const far = this.#farSlot(intake, rows.farAt(i));
        const edge = this.#adjacentEdge(intake, i, node, far);
        if (ahead) adjacency.insert(list, far, edge);
        else adjacency.prepend(list, far, edge);
      }
      adjacency.expected = 0;
      adjacency.listFlags[list] = flags;
    }
    this.#recency.note(NODE, node, this.#stamp);
  }

  /** Takes a whole neighbourhood in, every type of one side. */
  absorbWhole(node: number, side: Side, intake: AdjacencyIntake, request: number): void {
    const { adjacency, nodes, catalog } = this;
    const { rows } = intake;
    const from = request === 0 ? 0 : rows.ends[request - 1]!;
    const to = rows.ends[request]!;
    const fresh = new Set<number>();
    // Lists that were known in part are filled again from the start; those that are complete are true already.
    for (let list = adjacency.head(node, side); list >= 0; list = adjacency.listNext[list]!) {
      if (adjacency.listFlags[list] === COMPLETE) continue;
      this.#resetList(list, intake);
      adjacency.listFlags[list] = COMPLETE;
      fresh.add(list);
    }
    for (let i = from; i < to; i++) {
      const type = this.#edgeType(intake, rows.headAt(i));
      const hangsOn = catalog.isUndirected(type) ? OUT : side;
      let list = adjacency.find(node, hangsOn, type);
      if (list < 0) {
        list = adjacency.ensure(node, hangsOn, type, COMPLETE);
        fresh.add(list);
      } else if (hangsOn !== side && adjacency.listFlags[list] !== COMPLETE && !fresh.has(list)) {
        this.#resetList(list, intake);
        adjacency.listFlags[list] = COMPLETE;
        fresh.add(list);
      }
      if (!fresh.has(list)) continue;
      const far = this.#farSlot(intake, rows.farAt(i));
      adjacency.insert(list, far, this.#adjacentEdge(intake, i, node, far));
    }
    nodes.flags[node]! |= side === OUT ? OUT_KNOWN : IN_KNOWN;
    this.#recency.note(NODE, node, this.#stamp);
  }

  /** Every type of this side has a list now, whole or in part. */
  markKnown(node: number, side: Side): void {
    this.nodes.flags[node]! |= side === OUT ? OUT_KNOWN : IN_KNOWN;
  }

  #resetList(list: number, intake: AdjacencyIntake): void {
    if (this.adjacency.listCounts[list]! > 0) intake.forgetSlots();
    this.adjacency.reset(list, this.#edgeUnlisted);
  }

  /** @param place of a far end in the answer */
  #farSlot({ rows, farSlots }: AdjacencyIntake, place: number): number {
    const known = farSlots[place]!;
    if (known >= 0) return known;
    const { nodes } = this;
    const far = this.#nodeSlot(rows.farIds.words, place);
    if (nodes.types[far] === 0) {
      const type = this.catalog.numberOfStored(rows.farTypes[place]!);
      nodes.types[far] = type;
      nodes.accessClasses[far] = this.#classOf(type, rows.farOwners.words, place, rows.farAccess[place]!);
      nodes.accessVersions.set(far, rows.farAccessVersions[place]!);
    }
    farSlots[place] = far;
    return far;
  }

  /** @param place of a head in the answer; its access class is there too from here on */
  #edgeType({ rows, edgeTypes, edgeClasses }: AdjacencyIntake, place: number): number {
    const known = edgeTypes[place]!;
    if (known > 0) return known;
    const type = this.catalog.numberOfStored(rows.edgeTypes[place]!);
    edgeTypes[place] = type;
    edgeClasses[place] = this.#classOf(type, rows.edgeOwners.words, place, rows.edgeAccess[place]!);
    return type;
  }

  #adjacentEdge(intake: AdjacencyIntake, i: number, node: number, far: number): number {
    const { rows } = intake;
    const head = rows.headAt(i);
    const type = this.#edgeType(intake, head);
    const forward = rows.forward[i] === 1;
    return this.#edgeRow(
      rows.edges,
      i,
      type,
      intake.edgeClasses[head]!,
      rows.edgeDataVersions[head]!,
      rows.edgeAccessVersions[head]!,
      rows.edgeFields[i],
      rows.edgeShapes[head]!,
      forward ? node : far,
      forward ? far : node,
    );
  }

  /** @param accessClass as of this row */
  #edgeRow(
    ids: IdColumn,
    i: number,
    type: number,
    accessClass: number,
    dataVersion: number,
    accessVersion: number,
    fields: FieldData | RowDamage | undefined,
    shape: number,
    source: number,
    target: number,
  ): number {
    const { edges, nodes } = this;
    const words = ids.words;
    const at = i << 2;
    let edge = edges.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    const isNew = edge < 0;
    if (isNew) {
      edge = edges.take(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
      this.#observe(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
      edges.sources[edge] = source;
      edges.targets[edge] = target;
      nodes.refs[source]! += 1;
      nodes.refs[target]! += 1;
      edges.types[edge] = type;
    }
    if (isNew || edges.accessVersions.at(edge) !== accessVersion) {
      edges.accessClasses[edge] = accessClass;
      edges.accessVersions.set(edge, accessVersion);
      if (!isNew) this.#noteEdgeClass(edge);
    }
    if (
      fields !== undefined &&
      (edges.states[edge] === undefined || edges.dataVersions.at(edge) !== dataVersion)
    ) {
      this.#absorbState(edges, edge, fields, shape);
    } else if (edges.dataVersions.at(edge) !== dataVersion) {
      this.setState(edges, edge, undefined);
    }
    edges.dataVersions.set(edge, dataVersion);
    return edge;
  }

  #nodeSlot(words: Int32Array, i: number): number {
    const at = i << 2;
    const found = this.nodes.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    if (found >= 0) return found;
    const slot = this.nodes.take(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    this.#observe(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    return slot;
  }

  #classOf(type: number, owners: Int32Array, i: number, access: AccessRecord): number {
    const at = i << 2;
    const owner = this.classes.owner(owners[at]!, owners[at + 1]!, owners[at + 2]!, owners[at + 3]!);
    return this.classes.classOf(owner, access, this.catalog.isRuled(type));
  }

  #absorbState(table: RecordTable, slot: number, fields: FieldData | RowDamage, shape: number): void {
    const state = this.stateOfRow(table.types[slot]!, fields, shape);
    const damage = damageOf(state);
    if (damage !== undefined) {
      const kind = table === this.nodes ? "node" : "edge";
      const type = this.catalog.definition(table.types[slot]!).name;
      this.quarantine.add({ kind, id: table.idOf(slot), type, reason: damage.reason, paths: damage.paths });
    } else if (this.quarantine.size > 0) this.quarantine.remove(table.idOf(slot));
    this.setState(table, slot, state);
  }

  /** The state that a row of the store stands for, without taking it in. */
  stateOfRow(type: number, fields: FieldData | RowDamage, shape: number): RecordState {
    const definition = this.catalog.definition(type);
    // A type that is not in the code is read by its base, whose fields it may have been written without.
    const isCurrent = shape === definition.shape && this.catalog.isInCode(type);
    return stateOf(definition, fields, isCurrent ? undefined : this.catalog.reading(type, shape));
  }

  setState(table: RecordTable, slot: number, state: RecordState | undefined): void {
    const before = table.states[slot];
    if (before === state) return;
    if (before !== undefined) this.#stateBytes -= stateBytes(before);
    if (state !== undefined) this.#stateBytes += stateBytes(state);
    table.setState(slot, state);
  }

  // ---- commits -----------------------------------------------------------------------------------------------

  /**
   * Advances by one whole commit.
   *
   * @param additions what was added beside the changes
   */
  advance(changes: readonly AppliedChange[], token: Token, began: number, additions?: Additions): void {
    for (const change of changes) {
      if (change.slot < 0) continue;
      if (change.kind === NODE) this.#applyNode(change);
      else this.#applyEdge(change);
    }
    const { listener } = this;
    // Of the open units the committing one is through; only others need to be checked against it.
    const isFollowed = this.#open.length > 1 || listener !== undefined;
    let all = changes;
    if (additions !== undefined) {
      this.#forgetEndsOf(additions.edges);
      if (isFollowed || !this.lookups.isEmpty) all = [...changes, ...this.changesOf(additions)];
    }
    this.lookups.forget(all);
    if (isFollowed) this.log.add({ token, changes: all, began });
    else this.log.skip(token);
    this.token = token;
    if (listener !== undefined) listener.applied(all, additions === undefined);
  }

  /** What was added as those who follow commits are told of it. */
  changesOf({ nodes, edges }: Additions): AppliedChange[] {
    const changes: AppliedChange[] = [];
    const add = (rows: NodeRows, i: number, source: number, target: number): void => {
      const type = this.catalog.numberOfStored(rows.types[i]!);
      const state = this.stateOfRow(type, rows.fields[i]!, rows.shapes[i]!);
      changes.push(new AddedRecord(rows, i, type, state, source, target));
    };
    for (let i = 0; i < nodes.length; i++) add(nodes, i, -1, -1);
    for (let i = 0; i < edges.length; i++)
      add(edges, i, this.#residentNode(edges.sources.words, i), this.#residentNode(edges.targets.words, i));
    return changes;
  }

  /** Lists of nodes that are resident do not reach edges that are not. */
  #forgetEndsOf({ ids, types, sources, targets }: EdgeRows): void {
    const { words } = ids;
    let name: string | undefined;
    let type = 0;
    for (let i = 0; i < types.length; i++) {
      if (types[i] !== name) {
        name = types[i]!;
        type = this.catalog.numberOfStored(name);
      }
      const source = this.#residentNode(sources.words, i);
      const target = this.#residentNode(targets.words, i);
      if (source >= 0 || target >= 0) this.forgetEnds(source, target, type, words, i << 2);
    }
  }

  #residentNode(words: Int32Array, i: number): number {
    const at = i << 2;
    return this.nodes.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** Records a commit of another process, which the caller has applied to the tables. */
  follow(changes: readonly AppliedChange[], token: Token): void {
    this.lookups.forget(changes);
    const { listener } = this;
    if (this.#open.length > 0 || listener !== undefined) this.log.add({ token, changes });
    else this.log.skip(token);
    this.token = token;
    if (listener !== undefined) listener.applied(changes, false);
  }

  /** The record is no longer there: deleted by another process, or unknown to the store. */
  vanish(table: RecordTable, slot: number): readonly number[] | undefined {
    if (table === this.nodes) return this.#removeNode(slot);
    this.#removeEdge(slot);
    return undefined;
  }

  /** Another process wrote newer fields, which nobody here needs yet. */
  outdate(table: RecordTable, slot: number, dataVersion: number): void {
    if (table.states[slot] !== undefined && table.dataVersions.at(slot) >= dataVersion) return;
    table.dataVersions.set(slot, dataVersion);
    this.setState(table, slot, undefined);
  }

  noteMissingOwner(id: Id): void {
    const words = new Int32Array(4);
    parseId(id, words);
    this.classes.setOwnerAccess(words[0]!, words[1]!, words[2]!, words[3]!, null);
  }

  #applyNode(change: AppliedChange): void {
    const { nodes } = this;
    const { slot, op } = change;
    if ((op & CREATED) !== 0) {
      nodes.flags[slot] = (nodes.flags[slot]! & ~PENDING) | OUT_KNOWN | IN_KNOWN;
      this.setState(nodes, slot, change.after);
      this.#recency.note(NODE, slot, this.#stamp);
    } else {
      this.#applyUpdate(nodes, change);
    }
    if ((op & (ACCESS | CREATED)) !== 0 && nodes.types[slot] === this.catalog.rootNumber)
      this.#noteRoot(slot);
    if ((op & REMOVED) !== 0) change.neighbors = this.#removeNode(slot);
  }

  #applyUpdate(table: RecordTable, { slot, op, type, after, accessClass }: AppliedChange): void {
    if ((op & DATA) !== 0) {
      // A type that is not in the code is read by its base for as long as it is not.
      if (this.catalog.isInCode(type)) noteStored(this.catalog.definition(type), after!);
      this.setState(table, slot, after);
      table.dataVersions.set(slot, table.dataVersions.at(slot) + 1);
      // It may have been let go while the unit wrote it; what has fields again must be found when room is made.
      this.#recency.note(table === this.nodes ? NODE : EDGE, slot, this.#stamp);
    }
    if ((op & ACCESS) !== 0) {
      table.accessClasses[slot] = accessClass!;
      table.accessVersions.set(slot, table.accessVersions.at(slot) + 1);
    }
  }

  #noteRoot(slot: number): void {
    const words = this.nodes.ids;
    const at = slot << 2;
    const record = this.classes.recordOf(this.nodes.accessClasses[slot]!) ?? null;
    this.classes.setOwnerAccess(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, record);
  }

  #applyEdge(change: AppliedChange): void {
    const { edges, nodes } = this;
    const { slot, op } = change;
    if ((op & CREATED) !== 0) {
      edges.flags[slot]! &= ~PENDING;
      nodes.refs[edges.sources[slot]!]! += 1;
      nodes.refs[edges.targets[slot]!]! += 1;
      this.setState(edges, slot, change.after);
      this.link(slot);
      if (edges.refs[slot] === 0) this.#recency.note(EDGE, slot, this.#stamp);
    } else {
      this.#applyUpdate(edges, change);
    }
    if ((op & ACCESS) !== 0) this.#noteEdgeClass(slot);
    if ((op & REMOVED) !== 0) this.#removeEdge(slot);
  }

  /** Puts a new edge into those lists of its ends that reach its place. */
  link(edge: number): void {
    const { edges } = this;
    const source = edges.sources[edge]!;
    const target = edges.targets[edge]!;
    const type = edges.types[edge]!;
    this.#linkSide(source, OUT, type, target, edge);
    if (!this.catalog.isUndirected(type)) this.#linkSide(target, IN, type, source, edge);
    else if (source !== target) this.#linkSide(target, OUT, type, source, edge);
  }

  #linkSide(node: number, side: Side, type: number, neighbor: number, edge: number): void {
    const { adjacency, edges } = this;
    let list = adjacency.find(node, side, type);
    if (list < 0) {
      if ((this.nodes.flags[node]! & this.#knownBy(side, type)) === 0) return;
      list = adjacency.ensure(node, side, type, COMPLETE);
    }
    const flags = adjacency.listFlags[list]!;
    if (flags !== COMPLETE) {
      const last = adjacency.lastEdge(list);
      if (last < 0 || edges.compareIds(last, edge) < 0) {
        if ((flags & HAS_END) === 0) return;
      } else if (edges.compareIds(edge, adjacency.firstEdge(list)) < 0 && (flags & HAS_START) === 0) return;
    }
    adjacency.insert(list, neighbor, edge);
  }

  /**
   * An edge was added that is not resident: the lists of its ends that it belongs to no longer reach it.
   *
   * @param source -1, as `target`, where it is not resident
   * @param at where the id of the edge stands in `words`
   */
  forgetEnds(source: number, target: number, type: number, words: Int32Array, at: number): void {
    const far = this.catalog.isUndirected(type) ? OUT : IN;
    if (source >= 0) this.#forgetEnd(source, OUT, type, words, at);
    if (target >= 0 && !(far === OUT && target === source)) this.#forgetEnd(target, far, type, words, at);
  }

  #forgetEnd(node: number, side: Side, type: number, words: Int32Array, at: number): void {
    const { adjacency, edges } = this;
    const list = adjacency.find(node, side, type);
    if (list < 0) {
      this.nodes.flags[node]! &= ~this.#knownBy(side, type);
      return;
    }
    const last = adjacency.lastEdge(list);
    const follows = last < 0 || compareIdWords(edges.ids, last << 2, words, at) < 0;
    if (follows && last >= 0) adjacency.listFlags[list]! &= ~HAS_END;
    else adjacency.reset(list, this.#edgeUnlisted);
  }

  /** Undirected edges hang on the out side and are part of what either side knows. */
  #knownBy(side: Side, type: number): number {
    if (this.catalog.isUndirected(type)) return OUT_KNOWN | IN_KNOWN;
    return side === OUT ? OUT_KNOWN : IN_KNOWN;
  }

  #noteEdgeClass(edge: number): void {
    const { adjacency, edges } = this;
    const accessClass = edges.accessClasses[edge]!;
    const type = edges.types[edge]!;
    const inSide = this.catalog.isUndirected(type) ? OUT : IN;
    const out = adjacency.find(edges.sources[edge]!, OUT, type);
    if (out >= 0) adjacency.noteClass(out, accessClass);
    const into = adjacency.find(edges.targets[edge]!, inSide, type);
    if (into >= 0) adjacency.noteClass(into, accessClass);
  }

  #removeEdge(edge: number): void {
    if (this.quarantine.size > 0) this.quarantine.remove(this.edges.idOf(edge));
    const { edges } = this;
    if ((edges.flags[edge]! & DELETED) !== 0) return;
    edges.flags[edge]! |= DELETED;
    this.#unlink(edge);
    edges.accessClasses[edge] = DEAD_CLASS;
    if (edges.refs[edge] === 0) this.#dropEdge(edge);
    else this.#noteEdgeClass(edge);
  }

  #unlink(edge: number): void {
    const { adjacency, edges } = this;
    const type = edges.types[edge]!;
    const inSide = this.catalog.isUndirected(type) ? OUT : IN;
    const out = adjacency.find(edges.sources[edge]!, OUT, type);
    if (out >= 0) adjacency.remove(out, edge);
    const into = adjacency.find(edges.targets[edge]!, inSide, type);
    if (into >= 0) adjacency.remove(into, edge);
  }

  /** @returns the nodes that it was connected to, as far as that was resident */
  #removeNode(slot: number): readonly number[] | undefined {
    if (this.quarantine.size > 0) this.quarantine.remove(this.nodes.idOf(slot));
    const { nodes, edges, adjacency } = this;
    if ((nodes.flags[slot]! & DELETED) !== 0) return undefined;
    const neighbors: number[] = [];
    nodes.flags[slot]! |= DELETED;
    nodes.accessClasses[slot] = DEAD_CLASS;
    if (nodes.types[slot] === this.catalog.rootNumber) {
      const at = slot << 2;
      this.classes.setOwnerAccess(
        nodes.ids[at]!,
        nodes.ids[at + 1]!,
        nodes.ids[at + 2]!,
        nodes.ids[at + 3]!,
        null,
      );
    }
    nodes.refs[slot]! += 1;
    const gone = (edge: number): void => {
      if ((edges.flags[edge]! & DELETED) === 0) {
        edges.flags[edge]! |= DELETED;
        edges.accessClasses[edge] = DEAD_CLASS;
        neighbors.push(edges.sources[edge] === slot ? edges.targets[edge]! : edges.sources[edge]!);
        this.#unlink(edge);
      }
      this.#edgeUnlisted(edge);
    };
    adjacency.drop(slot, OUT, gone);
    adjacency.drop(slot, IN, gone);
    this.setState(nodes, slot, undefined);
    nodes.refs[slot]! -= 1;
    this.#settleNode(slot);
    return neighbors;
  }

  /** The unit that took this slot gave it up. */
  abandon(table: RecordTable, slot: number): void {
    this.setState(table, slot, undefined);
    table.release(slot);
  }

  /** A record that was made and deleted in one unit: it never was, but what the unit remembers may still name it. */
  discard(table: RecordTable, slot: number): void {
    this.setState(table, slot, undefined);
    table.flags[slot] = (table.flags[slot]! & ~PENDING) | DELETED;
    table.accessClasses[slot] = DEAD_CLASS;
    if (table === this.nodes) {
      this.#settleNode(slot);
      return;
    }
    // An edge holds its ends for as long as it has its slot.
    this.nodes.refs[this.edges.sources[slot]!]! += 1;
    this.nodes.refs[this.edges.targets[slot]!]! += 1;
    this.#dropEdge(slot);
  }
}
