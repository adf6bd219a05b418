import { judgedLevel } from "../access/judged-level.ts";
import type { Deciding } from "../access/policy.ts";
import type { Principal } from "../access/principal.ts";
import {
  AccessDeniedError,
  ClosedError,
  CorruptRecordError,
  GraphError,
  NewerShapeError,
  NotFoundError,
  UnitTooLargeError,
} from "../errors.ts";
import {
  type AccessRecord,
  newEdgeAccess,
  newNodeAccess,
  withAll,
  withoutRoot,
  withRoot,
} from "../model/access-record.ts";
import { formatId, type Id, type IdColumn, parseId, requireId } from "../model/id.ts";
import { type Level, type LevelValue, levelName, levelValue } from "../model/level.ts";
import { describeKind } from "../model/value-kind.ts";
import type { NodeRows } from "../persistence/rows.ts";
import { type AccessClass, BY_RULE } from "../resident/access-classes.ts";
import { type AppliedChange, DATA, EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import type { Loader } from "../resident/loader.ts";
import { DELETED, PENDING, type RecordState, type RecordTable } from "../resident/record-table.ts";
import type { KeptUnit } from "../resident/resident-graph.ts";
import { damageOf, inheritStored, readingOfState, storedFields } from "../resident/states.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { EdgeToMake } from "../schema/edge.ts";
import {
  EdgeEntity,
  Entity,
  type EntityHost,
  hostOf,
  isDataRead,
  markDataRead,
  NodeEntity,
  requireGraph,
  setSlotOf,
  setStateOf,
  slotOf,
  stateOf,
} from "../schema/entity.ts";
import { isThenable, type MaybePromise } from "../util/maybe-async.ts";
import { SlotMap } from "../util/slot-map.ts";
import { youngArray } from "../util/young-array.ts";
import { ChangeWindow } from "./change-window.ts";
import { UnitConflict } from "./conflict.ts";
import { editDraft } from "./draft.ts";
import type { HopListener } from "./hop-listener.ts";
import { NOW, Pending } from "./pending.ts";
import type { ReadObserver } from "./read-observer.ts";
import { type HandedRecords, ReadSet } from "./read-set.ts";
import type { Runtime } from "./runtime.ts";
import type { UnitTracer } from "./unit-tracer.ts";

/** How long a read keeps the event loop to itself. */
const SLICE_MS = 8;

/** The ids of the ends of more edges than this are kept in a typed array. */
const MANY_EDGES = 64;

/** An end of an edge that a unit adds. */
export interface AddedEnd {
  /**
   * -1 for a node that this principal has added, in this unit or an earlier one. It belongs to the principal, who may
   * therefore connect to it whatever is granted to whom, and whether it is still there the store sees.
   */
  readonly slot: number;
  readonly type: number;
  /** Where its id stands. */
  readonly words: Int32Array;
  readonly at: number;
}

/** In place of a level: the type's rule decides, and the record's fields must be read first. */
export const NEEDS_STATE = -1;

/**
 * One unit of work: everything it reads is of one moment, everything it writes is its own until it commits.
 *
 * It is the host of the entities it hands out, and the one place where a principal's rights meet what it asks for
 * (`levelOf`, `demand`): queries, walkers and entities all come through here.
 */
export class Unit implements EntityHost, KeptUnit, HandedRecords {
  readonly runtime: Runtime;
  readonly principal: Principal;
  readonly readSet: ReadSet;
  firstStamp: number;
  position: number;
  pending: Pending | undefined;
  /** Told of every read, while a query explains itself. */
  observer: ReadObserver | undefined = undefined;
  /** The walk that runs in it. */
  hopListener: HopListener | undefined = undefined;
  /** Told of reads and writes, while a walk is traced. */
  tracer: UnitTracer | undefined = undefined;

  readonly #nodes: SlotMap<NodeEntity> = new SlotMap();
  readonly #edges: SlotMap<EdgeEntity> = new SlotMap();
  /** Fields of records that rules judge by, for as long as the unit asks: L1 may evict its own. */
  #judged: Map<number, RecordState> | undefined;
  /** Roots of which this unit has changed what they grant to its principal, by their number as owners. */
  #regranted: Map<number, number> | undefined;
  #committed: (() => unknown)[] | undefined;
  #closed = false;
  #conflict: UnitConflict | undefined = undefined;
  #doom: unknown = undefined;
  #isDoomed = false;

  /** @param unitId given where the store must know the unit beforehand, to lease to it */
  constructor(runtime: Runtime, principal: Principal, unitId?: Id) {
    this.runtime = runtime;
    this.principal = principal;
    this.#id = unitId;
    const { resident } = runtime;
    this.firstStamp = resident.nextStamp();
    this.position = resident.log.end;
    this.readSet = new ReadSet(resident, this);
    resident.enter(this);
  }

  /** Units that only read never need one. */
  get id(): Id {
    this.#id ??= this.runtime.ids.nextId();
    return this.#id;
  }
  #id: Id | undefined;

  // ---- life --------------------------------------------------------------------------------------------------

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The conflict that ended this attempt, where there was one. */
  get conflict(): UnitConflict | undefined {
    return this.#conflict;
  }

  /** Every graph call starts here: the unit is open, and what it has read still holds. */
  begin(): void {
    if (this.#closed) {
      throw new ClosedError({
        code: "RW_CLOSED",
        message:
          "this record, query or tx belongs to a unit of work that has ended: read the record again in a new one, by tx.require(Type, id), or await this call before the unit's body returns",
      });
    }
    if (this.#conflict !== undefined) throw this.#conflict;
    // Since the last call the event loop may have turned many times.
    this.#sliceEnd = 0;
    this.runtime.freshen();
    if (this.runtime.resident.log.end !== this.position) this.validate();
  }

  /**
   * Whether the read of one call had better let the event loop turn. Reads ask after stretches that take a fraction of a
   * millisecond, so that short ones never look at the clock.
   */
  isSliceOver(): boolean {
    const now = this.runtime.scheduler.now();
    if (this.#sliceEnd === 0) this.#sliceEnd = now + SLICE_MS;
    return now >= this.#sliceEnd;
  }
  #sliceEnd = 0;

  /**
   * Lets the event loop turn in the midst of a read, whose guards must be in the read set by now.
   * @throws {ClosedError} {UnitConflict} as `keepUp`, when it goes on
   */
  pause(): Promise<void> {
    const { scheduler } = this.runtime;
    return new Promise<void>((resolve) => scheduler.nextTurn(resolve)).then(() => {
      this.#sliceEnd = scheduler.now() + SLICE_MS;
      this.keepUp();
    });
  }

  /**
   * Between two reads of one call: the unit is still open, and what it has read still holds.
   * @throws {ClosedError} {UnitConflict}
   */
  keepUp(): void {
    if (this.#closed)
      throw new ClosedError({
        message:
          "this unit of work has ended in the midst of a read: await every call before its body returns",
      });
    if (this.#conflict !== undefined) throw this.#conflict;
    if (this.runtime.resident.log.end !== this.position) this.validate();
  }

  /**
   * Checks the read set against what was committed since it was last checked.
   * @throws {UnitConflict} where it no longer holds
   */
  validate(): void {
    const { log } = this.runtime.resident;
    if (log.end === this.position) return;
    const commits = log.since(this.position);
    if (commits === undefined) this.#fail("everything");
    const window = new ChangeWindow(commits!);
    for (const { changes, began } of commits!) {
      if (changes === undefined) this.#fail("everything");
      for (const change of changes!) {
        const key = this.readSet.conflict(change, window);
        if (key !== undefined) this.#fail(key, began);
        if ((change.op & DATA) !== 0) this.#noteNewer(change);
      }
    }
    this.position = log.end;
  }

  /** Of a record that was handed out and not read, the fields as of now are the ones to be read later. */
  #noteNewer({ kind, slot, after }: AppliedChange): void {
    const entity = kind === NODE ? this.#nodes.get(slot) : this.#edges.get(slot);
    // What was read still holds, so the record was only stored anew; the entity may have writes of this unit.
    if (entity === undefined || isDataRead(entity)) return;
    if (after !== undefined) {
      this.#outdated?.delete(entity);
      setStateOf(entity, after);
    } else {
      this.#outdated ??= new Set();
      this.#outdated.add(entity);
    }
  }

  /** Handed out, not read, and written by another process since. */
  #outdated: Set<Entity> | undefined;

  /** Whether a change of these records (`slot * 2 + kind`), or of others, may concern what the unit has read. */
  mayDependOn(touched: ReadonlySet<number>): boolean {
    if (touched.size === 0) return false;
    if (!this.readSet.isEmpty || this.#edges.size > 0 || !this.principal.isSystem) return true;
    if (this.readSet.actor >= 0 && touched.has(this.readSet.actor * 2 + NODE)) return true;
    for (let i = 0; i < this.#nodes.size; i++) if (touched.has(this.#nodes.keyAt(i) * 2 + NODE)) return true;
    return false;
  }

  /** Whether everything read so far still holds. */
  holds(): boolean {
    if (this.#conflict !== undefined) return false;
    try {
      this.validate();
      return true;
    } catch (error) {
      if (error instanceof UnitConflict) return false;
      throw error;
    }
  }

  #fail(key: string, began?: number): never {
    throw this.failOn(key, began);
  }

  /** Marks the attempt as lost to others, by this key. */
  failOn(key: string, winnerBegan = 0): UnitConflict {
    if (this.#conflict === undefined) {
      this.#conflict = new UnitConflict(key);
      this.#lostToLater = winnerBegan > this.firstStamp;
    }
    return this.#conflict;
  }

  /** Whether it lost to a unit of this process that began after it. */
  get lostToLater(): boolean {
    return this.#lostToLater;
  }
  #lostToLater = false;

  /** Nothing of the unit may be committed any more, whatever happens to the error. */
  doom(error: unknown): void {
    if (this.#isDoomed) return;
    this.#isDoomed = true;
    this.#doom = error;
  }

  get isDoomed(): boolean {
    return this.#isDoomed;
  }

  get doomedBy(): unknown {
    return this.#doom;
  }

  onCommit(callback: () => unknown): void {
    if (typeof callback !== "function") throw new TypeError("onCommit takes a function");
    this.begin();
    this.#committed ??= youngArray();
    this.#committed.push(callback);
  }

  get committedCallbacks(): readonly (() => unknown)[] | undefined {
    return this.#committed;
  }

  /**
   * Ends the unit for everybody, but not what it has read: `holds` goes on to tell whether that is as it was, until
   * `letGo`. It has written nothing.
   */
  keep(): void {
    this.#closed = true;
    this.#keepLast();
    this.runtime.resident.keep(this);
  }

  letGo(): void {
    this.runtime.resident.letGo(this);
  }

  forget(): void {
    this.failOn("everything");
  }

  /** Ends the unit. Its entities keep their last state. @param kept whether what it made is in L1 now */
  close(kept: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    const { resident } = this.runtime;
    this.#keepLast();
    const { pending } = this;
    if (pending !== undefined) {
      this.#letGo(resident.edges, pending.createdEdges, kept);
      this.#letGo(resident.nodes, pending.createdNodes, kept);
    }
    resident.leave(this);
  }

  #letGo(table: RecordTable, created: readonly number[], kept: boolean): void {
    const { resident } = this.runtime;
    for (let i = 0; i < created.length; i++) {
      const slot = created[i]!;
      if (!kept) resident.abandon(table, slot);
      // Committed records are not pending any more; what still is was deleted before it was ever stored.
      else if ((table.flags[slot]! & PENDING) !== 0) resident.discard(table, slot);
    }
  }

  /** Access classes of what was handed out. Nearly always it is one, which needs no array. */
  #lastClass: AccessClass | undefined;
  #lastNumber = -1;
  #moreClasses: (AccessClass | undefined)[] | undefined;
  /** The place of each edge's class among them, and the ids of its ends, by the number that replaces its slot. */
  #lastEdges: number[] = none;
  #lastEnds: number[] | Int32Array = none;

  /**
   * Records outlive their unit, slots and numbers of access classes do not: where to find what a record still answers
   * by is kept in the slot's place.
   */
  #keepLast(): void {
    const { edges, nodes } = this.runtime.resident;
    const held = this.#nodes;
    for (let i = 0; i < held.size; i++) setSlotOf(held.valueAt(i), this.#keepClass(NODE, held.keyAt(i)));
    if (this.#edges.size === 0) return;
    // Outside of V8's heap, which takes a microsecond to make, only where the collector would have much to do with it.
    const { size } = this.#edges;
    const few = youngArray<number>();
    const many = size > MANY_EDGES ? new Int32Array(size * 8) : undefined;
    this.#lastEnds = many ?? few;
    this.#lastEdges = youngArray();
    const { ids } = nodes;
    for (let at = 0; at < size; at++) {
      const slot = this.#edges.keyAt(at);
      setSlotOf(this.#edges.valueAt(at), at);
      this.#lastEdges.push(this.#keepClass(EDGE, slot));
      const source = edges.sources[slot]! << 2;
      const target = edges.targets[slot]! << 2;
      // Word by word: a view of the column for each end took longer than all the rest of closing a unit.
      if (many === undefined) {
        few.push(ids[source]!, ids[source + 1]!, ids[source + 2]!, ids[source + 3]!);
        few.push(ids[target]!, ids[target + 1]!, ids[target + 2]!, ids[target + 3]!);
        continue;
      }
      for (let k = 0; k < 4; k++) {
        many[at * 8 + k] = ids[source + k]!;
        many[at * 8 + 4 + k] = ids[target + k]!;
      }
    }
  }

  /** @returns the place of the record's class among those that are kept; records in a row mostly share one */
  #keepClass(kind: RecordKind, slot: number): number {
    const number = this.#classNow(kind, slot);
    if (number === this.#lastNumber) return this.#moreClasses === undefined ? 0 : this.#moreClasses.length;
    const kept = this.runtime.resident.classes.at(number);
    if (this.#lastNumber < 0) {
      this.#lastNumber = number;
      this.#lastClass = kept;
      return 0;
    }
    this.#lastNumber = number;
    this.#moreClasses ??= youngArray();
    return this.#moreClasses.push(kept);
  }

  /** The access class of a record that was handed out, as the unit sees it. */
  #classNow(kind: RecordKind, slot: number, mark: number = NOW): number {
    const { pending } = this;
    if (pending !== undefined) {
      const record = pending.at(kind === NODE ? pending.nodes : pending.edges, slot, mark);
      if (record !== undefined && record.accessClass >= 0) return record.accessClass;
    }
    return this.table(kind).accessClasses[slot]!;
  }

  /** After the unit too, for as long as the record says anything. */
  #classOf(entity: Entity, what: string): AccessClass {
    const kind = entity instanceof EdgeEntity ? EDGE : NODE;
    if (!this.#closed)
      return this.runtime.resident.classes.at(this.#classNow(kind, this.#own(entity, what).slot))!;
    const place = kind === NODE ? slotOf(entity) : this.#lastEdges[slotOf(entity)]!;
    const last = place === 0 ? this.#lastClass : this.#moreClasses![place - 1];
    // Others have deleted it meanwhile.
    if (last === undefined) this.begin();
    return last!;
  }

  // ---- who acts -----------------------------------------------------------------------------------------------

  /** Notes the principal's root, which is there: from here on the unit depends on that. */
  actAs(root: number): void {
    const { nodes } = this.runtime.resident;
    this.readSet.actor = root;
    this.#actorState = nodes.states[root];
    this.runtime.resident.pin(nodes, root);
  }
  #actorState: RecordState | undefined = undefined;

  /** The principal's root as a record. */
  get actor(): NodeEntity {
    const { actor } = this.readSet;
    const handed = this.#nodes.get(actor);
    if (handed !== undefined) return handed;
    this.begin();
    return this.node(actor);
  }

  // ---- reading ------------------------------------------------------------------------------------------------

  /** What brings rows in for its reads. */
  get loader(): Loader {
    return this.observer === undefined ? this.runtime.loader : this.observer.loader;
  }

  /** So many neighbourhoods or keys that a read asked for were resident. */
  noteHits(count: number): void {
    this.runtime.resident.statistics.hits += count;
    if (this.observer !== undefined) this.observer.hit(count);
  }

  /** So many were not. */
  noteMisses(count: number): void {
    this.runtime.resident.statistics.misses += count;
    if (this.observer !== undefined) this.observer.missed(count);
  }

  // ---- the context of the queries made in it ------------------------------------------------------------------

  get catalog(): Catalog {
    return this.runtime.catalog;
  }

  get graph(): object {
    return this.runtime.catalog;
  }

  get unit(): this {
    return this;
  }

  /** What a query does in it begins with `select`, which looks whether the unit is open. */
  within<T>(body: (unit: Unit) => MaybePromise<T>): MaybePromise<T> {
    return body(this);
  }

  // ---- entities ----------------------------------------------------------------------------------------------

  table(kind: RecordKind): RecordTable {
    return kind === NODE ? this.runtime.resident.nodes : this.runtime.resident.edges;
  }

  isRegranted(root: Id, { grants }: AppliedChange): boolean {
    const { classes, nodes, edges } = this.runtime.resident;
    if (grants === undefined || !this.principal.isRegranted(root, grants.before, grants.after)) return false;
    if (this.readSet.isOpenEnded) return true;
    for (const [slot] of this.#nodes)
      if (classes.ownerOf(nodes.accessClasses[slot]!)?.id === root) return true;
    for (const [slot] of this.#edges)
      if (classes.ownerOf(edges.accessClasses[slot]!)?.id === root) return true;
    for (const slot of this.readSet.ends)
      if (classes.ownerOf(nodes.accessClasses[slot]!)?.id === root) return true;
    return false;
  }

  holdsEdgeOf(node: number): boolean {
    const { sources, targets } = this.runtime.resident.edges;
    for (let i = 0; i < this.#edges.size; i++) {
      const edge = this.#edges.keyAt(i);
      if (sources[edge] === node || targets[edge] === node) return true;
    }
    return false;
  }

  held(kind: RecordKind, slot: number): 0 | 1 | 2 {
    const entity = kind === NODE ? this.#nodes.get(slot) : this.#edges.get(slot);
    if (entity === undefined) return 0;
    return isDataRead(entity) ? 2 : 1;
  }

  /** The node as this unit's entity; its state must be resident. */
  node(slot: number): NodeEntity {
    return this.#nodes.get(slot) ?? (this.#hand(NODE, slot) as NodeEntity);
  }

  edge(slot: number): EdgeEntity {
    return this.#edges.get(slot) ?? (this.#hand(EDGE, slot) as EdgeEntity);
  }

  /** Whether the entity can be had without reading. */
  hasState(kind: RecordKind, slot: number): boolean {
    if (this.table(kind).states[slot] !== undefined) return true;
    return (kind === NODE ? this.#nodes : this.#edges).has(slot);
  }

  get entities(): {
    readonly nodes: SlotMap<NodeEntity>;
    readonly edges: SlotMap<EdgeEntity>;
  } {
    return { nodes: this.#nodes, edges: this.#edges };
  }

  #hand(kind: RecordKind, slot: number): Entity {
    const { resident, catalog } = this.runtime;
    const table = this.table(kind);
    // L1 may have let go what the unit noted when it began.
    const state =
      this.stateOf(kind, slot) ??
      (kind === NODE && slot === this.readSet.actor ? this.#actorState : undefined);
    const at = slot << 2;
    const { ids } = table;
    const definition = catalog.definition(table.types[slot]!);
    const entity = definition.instantiate(
      this,
      slot,
      state!,
      ids[at]!,
      ids[at + 1]!,
      ids[at + 2]!,
      ids[at + 3]!,
    );
    resident.pin(table, slot);
    if (kind === NODE) this.#nodes.add(slot, entity as NodeEntity);
    else {
      this.#edges.add(slot, entity as EdgeEntity);
      this.keepJudged(NODE, resident.edges.sources[slot]!);
      this.keepJudged(NODE, resident.edges.targets[slot]!);
    }
    return entity;
  }

  /** The record's fields as this unit sees them, `undefined` where they are not resident. */
  stateOf(kind: RecordKind, slot: number, mark: number = NOW): RecordState | undefined {
    const { pending } = this;
    if (pending !== undefined) {
      const record = pending.at(kind === NODE ? pending.nodes : pending.edges, slot, mark);
      if (record?.state !== undefined) return record.state;
    }
    return this.table(kind).states[slot];
  }

  isRemoved(kind: RecordKind, slot: number, mark: number = NOW): boolean {
    if ((this.table(kind).flags[slot]! & DELETED) !== 0) return true;
    const { pending } = this;
    if (pending === undefined) return false;
    const records = kind === NODE ? pending.nodes : pending.edges;
    if (pending.at(records, slot, mark)?.removed === true) return true;
    if (kind === NODE || pending.removedNodes === 0) return false;
    const { sources, targets } = this.runtime.resident.edges;
    return this.isRemoved(NODE, sources[slot]!, mark) || this.isRemoved(NODE, targets[slot]!, mark);
  }

  /** First field read: from here on the unit depends on the record's data version. */
  noteDataRead(entity: Entity): void {
    if (this.#closed) {
      this.#refuseDamage(entity, stateOf(entity));
      return;
    }
    if (this.#conflict !== undefined) throw this.#conflict;
    if (this.runtime.resident.log.end !== this.position) this.validate();
    if (this.#outdated?.has(entity)) this.#freshState(entity);
    this.#refuseDamage(entity, stateOf(entity));
  }

  /** Fields that cannot be read are not absent: reading one says why, and writing one would lose the others. */
  #refuseDamage(entity: Entity, state: RecordState): void {
    const damage = damageOf(state);
    if (damage === undefined) return;
    markDataRead(entity, false);
    throw damaged(entity.$type, entity.id, damage.reason);
  }

  /** As reading a field does, of a record that is not handed out as an entity. @throws {CorruptRecordError} */
  refuseDamaged(kind: RecordKind, slot: number, state: RecordState): void {
    const damage = damageOf(state);
    if (damage === undefined) return;
    const table = this.table(kind);
    throw damaged(this.runtime.catalog.definition(table.types[slot]!).name, table.idOf(slot), damage.reason);
  }

  /** The fields of a record as they are now: L1 has them, or the unit cannot go on. */
  #freshState(entity: Entity): RecordState {
    const kind = entity instanceof EdgeEntity ? EDGE : NODE;
    const state = this.table(kind).states[slotOf(entity)];
    if (state === undefined) this.#fail(entity.id);
    setStateOf(entity, state!);
    this.#outdated?.delete(entity);
    return state!;
  }

  // ---- access ------------------------------------------------------------------------------------------------

  /**
   * What the principal may do with the record alone, 0 to 3; {@link NEEDS_STATE} where the type's rule must see fields
   * that are not resident.
   *
   * @param principal whom it is about: whoever acts, but where it is to be explained what somebody else may
   * @param deciding is told the step that decided, where that is to be explained
   */
  levelOf(
    kind: RecordKind,
    slot: number,
    mark: number = NOW,
    principal: Principal = this.principal,
    deciding: Deciding | undefined = undefined,
  ): number {
    const table = this.table(kind);
    if (this.isRemoved(kind, slot, mark)) {
      if (deciding !== undefined) deciding.step = "absent";
      return 0;
    }
    if ((table.flags[slot]! & PENDING) !== 0 && principal === this.principal) {
      if (deciding !== undefined) deciding.step = "created-here";
      return 3;
    }
    const accessClass = this.#classNow(kind, slot, mark);
    const level = principal.level(accessClass, deciding);
    if (level === BY_RULE) return this.#ruledLevel(kind, slot, accessClass, mark, principal, deciding);
    if (this.#regranted === undefined && principal === this.principal) return level;
    return this.#regrantedLevel(accessClass, mark, principal, deciding) ?? level;
  }

  #ruledLevel(
    kind: RecordKind,
    slot: number,
    accessClass: number,
    mark: number,
    principal: Principal,
    deciding: Deciding | undefined,
  ): number {
    const state = this.stateOf(kind, slot, mark) ?? this.#judgedState(kind, slot);
    if (state === undefined) return NEEDS_STATE;
    const definition = this.runtime.catalog.definition(this.table(kind).types[slot]!);
    const answer = judgedLevel(definition, state, principal.id, deciding);
    if (answer !== undefined) return answer;
    return (
      this.#regrantedLevel(accessClass, mark, principal, deciding) ??
      principal.levelByGrants(accessClass, undefined, deciding)
    );
  }

  /** What the unit has granted on a root holds for all that the root owns; `undefined` for other owners' records. */
  #regrantedLevel(
    accessClass: number,
    mark: number,
    principal: Principal,
    deciding: Deciding | undefined,
  ): number | undefined {
    const { pending } = this;
    const { classes } = this.runtime.resident;
    const root =
      principal === this.principal
        ? this.#regranted?.get(classes.ownerNumber(accessClass))
        : this.#rootThatGrants(accessClass, principal);
    if (root === undefined || pending === undefined) return undefined;
    const access = pending.at(pending.nodes, root, mark)?.access;
    return access === undefined ? undefined : principal.levelByGrants(accessClass, access, deciding);
  }

  /** The slot of the owner's root, where its grants are what decides about somebody who is not acting. */
  #rootThatGrants(accessClass: number, principal: Principal): number | undefined {
    const owner = this.runtime.resident.classes.ownerOf(accessClass);
    if (owner === undefined || !principal.isRegranted(owner.id, undefined, undefined)) return undefined;
    const slot = this.findResident(NODE, owner.id);
    return slot < 0 ? undefined : slot;
  }

  /** The fields that a rule judged by before L1 let them go. A change of them would have ended the unit. */
  #judgedState(kind: RecordKind, slot: number): RecordState | undefined {
    const entity = kind === NODE ? this.#nodes.get(slot) : this.#edges.get(slot);
    return entity === undefined ? this.#judged?.get(slot * 2 + kind) : stateOf(entity);
  }

  /** Keeps what the rule of this record's type judges by, where there is one; its state must be resident. */
  keepJudged(kind: RecordKind, slot: number): void {
    const table = this.table(kind);
    if (this.principal.isSystem || !this.runtime.catalog.isRuled(table.types[slot]!)) return;
    const state = table.states[slot];
    if (state === undefined) return;
    this.#judged ??= new Map();
    this.#judged.set(slot * 2 + kind, state);
  }

  /** Whether this unit's rights depend on fields at all. */
  get judgesByRule(): boolean {
    return !this.principal.isSystem && this.runtime.catalog.hasRules;
  }

  /** The edge was judged by itself, so what may be done with either end is part of what was read. */
  noteEnds(edge: number): void {
    const { edges, nodes } = this.runtime.resident;
    for (const end of [edges.sources[edge]!, edges.targets[edge]!]) {
      this.runtime.resident.pin(nodes, end);
      this.readSet.addEnd(end);
    }
  }

  /** Whether judging the record needs fields that neither L1 nor the unit has. */
  needsState(kind: RecordKind, slot: number): boolean {
    return this.levelOf(kind, slot) === NEEDS_STATE;
  }

  /** Whether the node may be seen; {@link NEEDS_STATE} as for `levelOf`. */
  sees(slot: number, mark: number = NOW): number {
    return this.levelOf(NODE, slot, mark);
  }

  /** An edge is seen where it and both its ends are. */
  seesEdge(
    slot: number,
    mark: number = NOW,
    principal: Principal = this.principal,
    deciding: Deciding | undefined = undefined,
  ): number {
    const own = this.levelOf(EDGE, slot, mark, principal, deciding);
    if (own === 0) return 0;
    const { sources, targets } = this.runtime.resident.edges;
    const source = this.levelOf(NODE, sources[slot]!, mark, principal);
    const target = source === 0 ? 0 : this.levelOf(NODE, targets[slot]!, mark, principal);
    if (target === 0) {
      if (deciding !== undefined) deciding.step = "end";
      return 0;
    }
    return own < 0 || source < 0 || target < 0 ? NEEDS_STATE : Math.min(own, 3);
  }

  /** @throws {AccessDeniedError} where the principal has less than this level */
  demand(kind: RecordKind, slot: number, required: LevelValue, what: string): void {
    if (this.isRemoved(kind, slot)) throw this.#gone(kind, slot, what);
    const actual = this.levelOf(kind, slot);
    if (actual < required) throw this.#denied(kind, slot, required, Math.max(0, actual) as LevelValue, what);
  }

  #denied(
    kind: RecordKind,
    slot: number,
    required: LevelValue,
    actual: LevelValue,
    what: string,
  ): AccessDeniedError {
    const table = this.table(kind);
    const type = this.runtime.catalog.definition(table.types[slot]!).name;
    return new AccessDeniedError({
      message: `${what} needs ${levelName(required)} on ${type} ${table.idOf(slot)}, and this principal has ${levelName(actual)}`,
      target: table.idOf(slot),
      required: levelName(required),
      actual: levelName(actual),
    });
  }

  #gone(kind: RecordKind, slot: number, what: string): NotFoundError {
    const table = this.table(kind);
    const type = this.runtime.catalog.definition(table.types[slot]!).name;
    return new NotFoundError({
      message: `${what}: ${type} ${table.idOf(slot)} was deleted in this unit of work`,
    });
  }

  /** Remembers how the unit's writes stand now, for reads that come later but must see no more. */
  mark(): number {
    this.pending ??= new Pending();
    return this.pending.mark();
  }

  releaseMarks(): void {
    this.pending?.releaseMarks();
  }

  // ---- writes ------------------------------------------------------------------------------------------------

  #write(): Pending {
    this.pending ??= new Pending();
    const { mostWrites } = this.runtime;
    if (this.pending.writes >= mostWrites) {
      const error = new UnitTooLargeError({
        message: `this unit of work has made ${mostWrites} writes, and one commit takes no more`,
        details: { writes: mostWrites },
      });
      // Half of what a call does may be written already: nothing of the unit is kept, even where this is caught.
      this.doom(error);
      throw error;
    }
    return this.pending;
  }

  /**
   * Makes a node that belongs to the principal; without an edge nothing leads to it.
   * @param id of a caller that has reserved it, else a new one
   */
  createNode(definition: TypeDefinition, fields: unknown, id?: ArrayLike<number>): NodeEntity {
    this.begin();
    this.#refuseRoot(definition);
    return this.#makeNode(definition, definition.create(fields), id);
  }

  /** As `createNode` for each, or for none where one of them is refused. */
  createNodes(definition: TypeDefinition, all: readonly unknown[]): NodeEntity[] {
    this.begin();
    this.#refuseRoot(definition);
    return definition.createAll(all).map((state) => this.#makeNode(definition, state));
  }

  /** For `graph.createRoot`, the one way in which a root is made. */
  createRoot(): NodeEntity {
    this.begin();
    const { catalog } = this.runtime;
    const definition = catalog.definition(catalog.rootNumber);
    return this.#makeNode(definition, definition.create());
  }

  /** A root is somebody who can act, and only the system root says who is there. */
  #refuseRoot(definition: TypeDefinition): void {
    const { catalog } = this.runtime;
    if (definition !== catalog.definition(catalog.rootNumber)) return;
    if (this.principal.isSystem)
      throw new TypeError("a root is not created like another node: use graph.createRoot()");
    throw new AccessDeniedError({
      message: "only the system root makes roots: graph.createRoot()",
      target: this.principal.id,
      required: "write",
      actual: "none",
    });
  }

  #makeNode(definition: TypeDefinition, state: RecordState, id?: ArrayLike<number>): NodeEntity {
    const { resident, catalog, ids } = this.runtime;
    const pending = this.#write();
    const its = id ?? ids.next(words);
    const slot = resident.nodes.take(its[0]!, its[1]!, its[2]!, its[3]!);
    this.#born(NODE, slot, catalog.numberOf(definition.name), state, newNodeAccess);
    pending.addNode(slot);
    if (this.tracer !== undefined) this.tracer.created(NODE, slot);
    return this.#hand(NODE, slot) as NodeEntity;
  }

  #born(kind: RecordKind, slot: number, type: number, state: RecordState, access: AccessRecord): void {
    const { resident, catalog } = this.runtime;
    const table = this.table(kind);
    table.flags[slot]! |= PENDING;
    table.types[slot] = type;
    // A root owns itself; everything else belongs to whoever acts.
    const isRoot = kind === NODE && type === catalog.rootNumber;
    const at = slot << 2;
    const owner = isRoot
      ? resident.classes.owner(table.ids[at]!, table.ids[at + 1]!, table.ids[at + 2]!, table.ids[at + 3]!)
      : this.#ownOwner();
    table.accessClasses[slot] = resident.classes.classOf(owner, access, catalog.isRuled(type));
    table.dataVersions.set(slot, 1);
    table.accessVersions.set(slot, 1);
    resident.setState(table, slot, state);
  }

  #owner = -1;
  #ownOwner(): number {
    if (this.#owner < 0) {
      parseId(this.principal.id, words);
      this.#owner = this.runtime.resident.classes.owner(words[0]!, words[1]!, words[2]!, words[3]!);
    }
    return this.#owner;
  }

  /** Makes an edge; both ends need the connect level. */
  createEdge(definition: TypeDefinition, fields: unknown, source: number, target: number): EdgeEntity {
    this.begin();
    this.demand(NODE, source, 2, `connecting by ${definition.name}`);
    this.demand(NODE, target, 2, `connecting by ${definition.name}`);
    const { resident, catalog } = this.runtime;
    catalog.checkEnds(definition, resident.nodes.types[source]!, resident.nodes.types[target]!);
    return this.#makeEdge(definition, definition.create(fields), source, target);
  }

  #makeEdge(definition: TypeDefinition, state: RecordState, source: number, target: number): EdgeEntity {
    const { resident, catalog, ids } = this.runtime;
    const pending = this.#write();
    ids.next(words);
    const { edges } = resident;
    const slot = edges.take(words[0]!, words[1]!, words[2]!, words[3]!);
    edges.sources[slot] = source;
    edges.targets[slot] = target;
    const type = catalog.numberOf(definition.name);
    this.#born(EDGE, slot, type, state, newEdgeAccess);
    // The ends must be there when this commits; being handed them is what guards that.
    this.node(source);
    this.node(target);
    const out = source * 2;
    const into = catalog.isUndirected(type) ? target * 2 : target * 2 + 1;
    pending.addEdge(slot, out, into);
    if (this.tracer !== undefined) this.tracer.created(EDGE, slot);
    return this.#hand(EDGE, slot) as EdgeEntity;
  }

  /**
   * Adds a node that belongs to the principal, and keeps nothing of it: it is not handed out and does not become
   * resident. A unit that adds records makes none in another way.
   */
  addNode(definition: TypeDefinition, fields: unknown, id: ArrayLike<number>): void {
    this.begin();
    this.#refuseRoot(definition);
    const state = definition.create(fields);
    const { nodes } = this.#write().addition();
    nodes.ids.pushWords(id[0]!, id[1]!, id[2]!, id[3]!);
    this.#pushAdded(nodes, definition, state, newNodeAccess);
  }

  /** Adds an edge, as `addNode` does a node; both ends need the connect level. */
  addEdge(definition: TypeDefinition, fields: unknown, source: AddedEnd, target: AddedEnd): void {
    this.begin();
    if (source.slot >= 0) this.demand(NODE, source.slot, 2, `connecting by ${definition.name}`);
    if (target.slot >= 0) this.demand(NODE, target.slot, 2, `connecting by ${definition.name}`);
    const { catalog, ids } = this.runtime;
    catalog.checkEnds(definition, source.type, target.type);
    const state = definition.create(fields);
    const { edges } = this.#write().addition();
    ids.next(words);
    edges.ids.pushWords(words[0]!, words[1]!, words[2]!, words[3]!);
    this.#pushAddedEnd(edges.sources, source);
    this.#pushAddedEnd(edges.targets, target);
    this.#pushAdded(edges, definition, state, newEdgeAccess);
  }

  #pushAdded(rows: NodeRows, definition: TypeDefinition, state: RecordState, access: AccessRecord): void {
    const owner = this.principal.words;
    rows.owners.pushWords(owner[0]!, owner[1]!, owner[2]!, owner[3]!);
    const fields = definition.hasPlainKeys ? state : storedFields(definition, state);
    rows.push(definition.storedName, access, 1, 1, definition.shape, fields);
  }

  #pushAddedEnd(ends: IdColumn, { slot, words, at }: AddedEnd): void {
    if (slot >= 0) {
      this.runtime.resident.pin(this.runtime.resident.nodes, slot);
      this.readSet.addEnd(slot);
    }
    ends.pushWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** The fields of a node that this unit has made, by id; `undefined` where it has made none of it. */
  ownState(id: Id): RecordState | undefined {
    const slot = this.findResident(NODE, id);
    if (slot >= 0) return this.stateOf(NODE, slot);
    const { additions } = this.pending ?? {};
    const i = additions?.placeOf(id) ?? -1;
    if (i < 0) return undefined;
    const { types, fields, shapes } = additions!.nodes;
    const { catalog, resident } = this.runtime;
    return resident.stateOfRow(catalog.numberOfStored(types[i]!), fields[i]!, shapes[i]!);
  }

  writeField(entity: Entity, field: string, value: unknown): void {
    const { kind, slot, definition } = this.#target(entity, 3, `writing "${field}"`);
    const stored = definition.validateField(field, value);
    const before = this.#stateToWrite(entity, kind, slot);
    if (Object.is(before[field], stored)) return;
    this.#setState(kind, slot, entity, before, { ...before, [field]: stored });
  }

  updateEntity(entity: Entity, edit: unknown): void {
    const { kind, slot, definition } = this.#target(entity, 3, "update");
    const before = this.#stateToWrite(entity, kind, slot);
    const after = editDraft(definition, before, edit);
    if (after !== before) this.#setState(kind, slot, entity, before, after);
  }

  /** The fields that a write starts from, which the unit depends on from here on. */
  #stateToWrite(entity: Entity, kind: RecordKind, slot: number): RecordState {
    markDataRead(entity);
    // L1 may have let go what the entity still holds.
    const state =
      this.stateOf(kind, slot) ?? (this.#outdated?.has(entity) ? this.#freshState(entity) : stateOf(entity));
    this.#refuseDamage(entity, state);
    this.#refuseNewer(entity, kind, slot, state);
    return state;
  }

  /** What newer code has stored in a way that this code does not know would be lost by its write. */
  #refuseNewer(entity: Entity, kind: RecordKind, slot: number, state: RecordState): void {
    const reading = readingOfState(state);
    if (reading === undefined || reading.shape !== undefined) return;
    const type = this.runtime.catalog.definition(this.table(kind).types[slot]!).name;
    const why = reading.isNewer
      ? "was stored by newer code, in a shape that this code may read but not write"
      : "is of a type that is not in the code, and its base type has changed since it was stored in more than its fields";
    throw new NewerShapeError({
      message: `${type} ${entity.id} ${why}`,
      details: { id: entity.id, type },
    });
  }

  /** Stores a record again as it is, in the shape that the code has: its state says that it has another one. */
  rewrite(kind: RecordKind, slot: number, state: RecordState): void {
    const after = { ...state };
    inheritStored(state, after);
    // What others write to it meanwhile must not be lost.
    markDataRead(kind === NODE ? this.node(slot) : this.edge(slot));
    this.#write().change(kind, slot, { state: after });
  }

  #setState(kind: RecordKind, slot: number, entity: Entity, before: RecordState, after: RecordState): void {
    inheritStored(before, after);
    if (this.tracer !== undefined) this.tracer.updated(kind, slot, before, after);
    const table = this.table(kind);
    const isNew = (table.flags[slot]! & PENDING) !== 0;
    const pending = this.#write();
    if (isNew) pending.keepFirst(kind, slot, before);
    pending.change(kind, slot, { state: after });
    // A record of this unit's own making holds its fields in the table, for nobody else can see it.
    if (isNew) this.runtime.resident.setState(table, slot, after);
    setStateOf(entity, after);
  }

  deleteEntity(entity: Entity): void {
    const { slot, kind } = this.#own(entity, "delete");
    if (kind === EDGE) this.deleteEdge(slot);
    else this.deleteNode(slot);
  }

  /** @param asRoot whether this is the one way in which a root may go */
  deleteNode(slot: number, asRoot = false): void {
    this.#demandDeletion(NODE, slot, asRoot);
    this.#remove(NODE, slot);
  }

  deleteEdge(slot: number): void {
    this.#demandDeletion(EDGE, slot);
    this.edge(slot);
    this.#remove(EDGE, slot);
  }

  /** Deletes all of them, or none where one of them may not be deleted. @returns how many there were */
  deleteAll(entities: Iterable<Entity>): number {
    this.begin();
    const records = [...new Set(entities)].map((entity) => this.#own(entity, "delete"));
    for (const { kind, slot } of records) this.#demandDeletion(kind, slot);
    for (const { kind, slot } of records) this.#remove(kind, slot);
    return records.length;
  }

  /** Edits all of them, or none where one of them may not be edited so. @returns how many there were */
  updateAll(entities: Iterable<Entity>, edit: unknown): number {
    this.begin();
    const all = [...new Set(entities)].map((entity) => ({ entity, ...this.#target(entity, 3, "update") }));
    const edits = all.map(({ entity, kind, slot, definition }) => {
      const before = this.#stateToWrite(entity, kind, slot);
      return { entity, kind, slot, before, after: editDraft(definition, before, edit) };
    });
    for (const { entity, kind, slot, before, after } of edits) {
      if (after !== before) this.#setState(kind, slot, entity, before, after);
    }
    return all.length;
  }

  #remove(kind: RecordKind, slot: number): void {
    if (this.tracer !== undefined) this.tracer.deleted(kind, slot);
    this.#write().change(kind, slot, {
      removed: true,
      accessClass: this.#classNow(kind, slot),
    });
  }

  /** Deleting a node needs write on it; removing an edge needs write on it or on either of its ends. */
  #demandDeletion(kind: RecordKind, slot: number, asRoot = false): void {
    if (kind === NODE) {
      this.demand(NODE, slot, 3, "delete");
      const { catalog, resident } = this.runtime;
      if (!asRoot && resident.nodes.types[slot] === catalog.rootNumber)
        throw new GraphError({ code: "RW_ROOT_DELETE", message: "a root is deleted by graph.deleteRoot" });
      return;
    }
    if (this.isRemoved(EDGE, slot)) throw this.#gone(EDGE, slot, "delete");
    const { sources, targets } = this.runtime.resident.edges;
    const actual = this.levelOf(EDGE, slot);
    const may =
      actual === 3 || this.levelOf(NODE, sources[slot]!) === 3 || this.levelOf(NODE, targets[slot]!) === 3;
    if (!may) throw this.#denied(EDGE, slot, 3, Math.max(0, actual) as LevelValue, "removing an edge");
  }

  // ---- grants ------------------------------------------------------------------------------------------------

  grant(entity: Entity, level: Level): void {
    levelValue(level);
    this.#changeAccess(entity, "grant", (access) => withAll(access, level));
  }

  revoke(entity: Entity): void {
    this.#changeAccess(entity, "revoke", (access) => withAll(access, "none"));
  }

  allowRoot(entity: Entity, root: Entity | Id, level: Level): void {
    levelValue(level);
    const id = this.#rootId(root, "allowRoot");
    this.#changeAccess(entity, "allowRoot", (access) => withRoot(access, id, level));
  }

  disallowRoot(entity: Entity, root: Entity | Id): void {
    const id = this.#rootId(root, "disallowRoot");
    this.#changeAccess(entity, "disallowRoot", (access) => withoutRoot(access, id));
  }

  accessOf(entity: Entity): AccessRecord {
    return this.#classOf(entity, "access").record;
  }

  ownerIdOf(entity: Entity): Id {
    return this.#classOf(entity, "owner").owner.id;
  }

  #rootId(root: unknown, what: string): Id {
    if (root instanceof NodeEntity) {
      requireGraph(root, this.graph, what);
      if (root.$type === "Root") return root.id;
      throw new TypeError(`access is given to roots, got a ${root.$type}`);
    }
    requireId(root, "root");
    return root;
  }

  #changeAccess(entity: Entity, what: string, change: (access: AccessRecord) => AccessRecord): void {
    const { kind, slot } = this.#target(entity, 3, what);
    const { resident, catalog } = this.runtime;
    const table = this.table(kind);
    const before = this.accessOf(entity);
    const access = change(before);
    if (access === before) return;
    const isNew = (table.flags[slot]! & PENDING) !== 0;
    if (this.tracer !== undefined) this.tracer.granted(kind, slot);
    const owner = resident.classes.ownerNumber(table.accessClasses[slot]!);
    const accessClass = resident.classes.classOf(owner, access, catalog.isRuled(table.types[slot]!));
    if (isNew) table.accessClasses[slot] = accessClass;
    // The fields of a new record are in the table, where marks do not reach.
    const state = isNew ? table.states[slot] : undefined;
    const write = state === undefined ? { access, accessClass } : { access, accessClass, state };
    this.#write().change(kind, slot, write);
    if (kind === NODE && table.types[slot] === catalog.rootNumber) {
      if (!this.principal.isRegranted(resident.nodes.idOf(slot), undefined, undefined)) return;
      this.#regranted ??= new Map();
      this.#regranted.set(owner, slot);
    }
  }

  // ---- what entities ask of their host ------------------------------------------------------------------------

  hop(
    entity: NodeEntity,
    direction: "out" | "in" | "both",
    type?: unknown,
    filter?: unknown,
    options?: unknown,
  ): unknown {
    this.#own(entity, direction);
    return this.runtime.hop(this, entity, direction, type, filter, options);
  }

  connect(entity: NodeEntity, type: unknown, fields: unknown, via: unknown): NodeEntity | NodeEntity[] {
    const { catalog, resident } = this.runtime;
    const definition = catalog.definitionOf(type, "node");
    const { slot } = this.#target(entity, 2, `connecting a ${definition.name}`);
    const edge = this.#edgeToMake(via);
    // Everything is checked before anything is made, so a refusal leaves no trace.
    this.#refuseRoot(definition);
    catalog.checkEnds(edge.definition, resident.nodes.types[slot]!, catalog.numberOf(definition.name));
    const edgeFields = edge.definition.create(edge.fields);
    if (!Array.isArray(fields)) {
      return this.#connectOne(slot, definition, definition.create(fields), edge.definition, edgeFields);
    }
    const states = definition.createAll(fields);
    return states.map((state) => this.#connectOne(slot, definition, state, edge.definition, edgeFields));
  }

  #connectOne(
    source: number,
    type: TypeDefinition,
    state: RecordState,
    edge: TypeDefinition,
    edgeState: RecordState,
  ): NodeEntity {
    const node = this.#makeNode(type, state);
    this.#makeEdge(edge, edgeState, source, slotOf(node));
    return node;
  }

  link(entity: NodeEntity, other: unknown, via: unknown): EdgeEntity {
    const { slot } = this.#own(entity, "link");
    if (!(other instanceof NodeEntity)) throw new TypeError(`link takes a node, got ${describeKind(other)}`);
    const edge = this.#edgeToMake(via);
    return this.createEdge(edge.definition, edge.fields, slot, this.#adopt(other, "link"));
  }

  #edgeToMake(via: unknown): { definition: TypeDefinition; fields: unknown } {
    const { catalog } = this.runtime;
    if (via === undefined) return { definition: catalog.defaultEdge, fields: {} };
    if (!(via instanceof EdgeToMake))
      throw new TypeError("the edge to make is given as via(EdgeType, fields)");
    return { definition: catalog.definitionOf(via.type, "edge"), fields: via.fields };
  }

  disconnect(entity: NodeEntity, other: unknown, type: unknown, filter: unknown): unknown {
    this.#own(entity, "disconnect");
    if (!(other instanceof NodeEntity))
      throw new TypeError(`disconnect takes a node, got ${describeKind(other)}`);
    return this.runtime.disconnect(this, entity, this.#adopt(other, "disconnect"), type, filter);
  }

  edgeEndId(entity: EdgeEntity, end: "source" | "target"): Id {
    const { edges, nodes } = this.runtime.resident;
    const slot = slotOf(entity);
    if (!this.#closed) return nodes.idOf(end === "source" ? edges.sources[slot]! : edges.targets[slot]!);
    const at = slot * 8 + (end === "source" ? 0 : 4);
    const ids = this.#lastEnds;
    return formatId(ids[at]!, ids[at + 1]!, ids[at + 2]!, ids[at + 3]!);
  }

  remarkOn(entity: Entity): string | undefined {
    const damage = damageOf(stateOf(entity));
    if (damage !== undefined) return `unreadable: ${damage.reason}`;
    if (this.#closed) return undefined;
    return this.isRemoved(entity instanceof EdgeEntity ? EDGE : NODE, slotOf(entity)) ? "deleted" : undefined;
  }

  edgeEnd(entity: EdgeEntity, end: "source" | "target"): MaybePromise<NodeEntity> {
    const { slot } = this.#own(entity, end);
    const { edges, nodes } = this.runtime.resident;
    const node = end === "source" ? edges.sources[slot]! : edges.targets[slot]!;
    const judge = (): NodeEntity => {
      this.begin();
      // The edge was seen with both its ends; this unit may have closed one of them to itself since.
      if (this.hasState(NODE, node) && this.levelOf(NODE, node) > 0) return this.node(node);
      throw new NotFoundError({ message: `${end}: the edge leads to nothing that this principal may read` });
    };
    if (this.hasState(NODE, node)) return judge();
    this.runtime.resident.pin(nodes, node);
    return this.runtime.loader.nodes([node], judge);
  }

  /** The record of an entity of this unit, which must be open. */
  #own(entity: Entity, what: string): { kind: RecordKind; slot: number } {
    this.begin();
    if (!(entity instanceof Entity)) throw new TypeError(`${what} takes a node or an edge`);
    const slot = hostOf(entity) === this ? slotOf(entity) : this.#adopt(entity, what);
    return { kind: entity instanceof EdgeEntity ? EDGE : NODE, slot };
  }

  #target(
    entity: Entity,
    required: LevelValue,
    what: string,
  ): { kind: RecordKind; slot: number; definition: TypeDefinition } {
    const { kind, slot } = this.#own(entity, what);
    this.demand(kind, slot, required, what);
    return { kind, slot, definition: this.runtime.catalog.definition(this.table(kind).types[slot]!) };
  }

  /** The slot of a record that another unit handed out: it is looked at again, as this unit's principal. */
  #adopt(entity: Entity, what: string): number {
    if (!(entity instanceof Entity)) throw new TypeError(`${what} takes a node`);
    if (hostOf(entity) === this) return slotOf(entity);
    requireGraph(entity, this.graph, what);
    const kind = entity instanceof EdgeEntity ? EDGE : NODE;
    const slot = this.findResident(kind, entity.id);
    if (slot >= 0 && this.hasState(kind, slot) && this.levelOf(kind, slot) > 0) {
      if (kind === NODE) this.node(slot);
      else this.edge(slot);
      return slot;
    }
    const loaded =
      kind === NODE
        ? this.runtime.loader.nodesById([entity.id], () => this.findResident(kind, entity.id))
        : -1;
    // Over a store that answers later it is there for the next call; this one cannot wait.
    if (isThenable(loaded)) loaded.then(undefined, () => {});
    else if (loaded >= 0 && this.levelOf(kind, loaded) > 0) {
      this.node(loaded);
      return loaded;
    }
    throw new NotFoundError({
      message: isThenable(loaded)
        ? `${what}: ${entity.$type} ${entity.id} comes from another unit of work and is not in memory any more; get it in this one first`
        : `${what}: ${entity.$type} ${entity.id} comes from another unit of work, and this one finds nothing there that it may read`,
      remedy: `Read it in this unit of work, with await tx.get(…) or a query, before it is given to ${what}.`,
    });
  }

  /** The slot of a record by its public id: this unit's own new ones too; -1 where it is not resident. */
  findResident(kind: RecordKind, id: Id): number {
    if (!parseId(id, words)) requireId(id);
    const found = this.table(kind).find(words[0]!, words[1]!, words[2]!, words[3]!);
    if (found >= 0 || this.pending === undefined) return found;
    const { ids } = this.table(kind);
    for (const slot of kind === NODE ? this.pending.createdNodes : this.pending.createdEdges) {
      const at = slot << 2;
      if (
        ids[at + 3] === words[3] &&
        ids[at + 2] === words[2] &&
        ids[at + 1] === words[1] &&
        ids[at] === words[0]
      )
        return slot;
    }
    return -1;
  }
}

function damaged(type: string, id: Id, reason: string): CorruptRecordError {
  return new CorruptRecordError({
    message: `the fields of ${type} ${id} cannot be read: ${reason}`,
    details: { id, type, reason },
  });
}

const none: number[] = [];

/** Filled and read within one step. */
const words = new Int32Array(4);
