import type { Principal } from "../access/principal.ts";
import { ClosedError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import type { Query } from "../query/query.ts";
import { findRecord } from "../query/select.ts";
import { withStates } from "../query/with-states.ts";
import {
  type AppliedChange,
  CREATED,
  DATA,
  EDGE,
  NODE,
  REMOVED,
  type RecordKind,
} from "../resident/change-log.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { RecordChange } from "../types/changes.ts";
import { NOW } from "../unit/pending.ts";
import type { Predicate } from "../unit/read-set.ts";
import { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import type { ChangeHub, Follower } from "./change-hub.ts";
import type { ChangeStream } from "./change-stream.ts";
import { FollowedRead, type Reader } from "./followed-read.ts";
import { KeptRead } from "./kept-read.ts";
import {
  changedFields,
  idOf,
  type KnownRecord,
  knownRecord,
  mayClose,
  mayCloseOwned,
  recordChange,
  wholeChange,
} from "./record-change.ts";

/** The records of a type and its subtypes, those that pass. */
export interface WatchedType {
  readonly kind: RecordKind;
  readonly type: number;
  readonly passes: Predicate | undefined;
  /** The same, to be read. */
  readonly query: Query;
}

function isWatched(hub: ChangeHub, targets: readonly WatchedType[], { kind, type }: AppliedChange): boolean {
  const { catalog } = hub.runtime;
  return targets.some((target) => target.kind === kind && catalog.membersOf(target.type)[type] === 1);
}

/** Everything of some types, watched by the system root, which sees it all: what a commit says is what is told. */
export class WholeWatch implements Follower {
  readonly pollMs: number;
  readonly #hub: ChangeHub;
  readonly #stream: ChangeStream;
  readonly #targets: readonly WatchedType[];
  readonly #hasEdges: boolean;

  constructor(hub: ChangeHub, stream: ChangeStream, targets: readonly WatchedType[], pollMs: number) {
    this.#hub = hub;
    this.#stream = stream;
    this.#targets = targets;
    this.#hasEdges = targets.some(({ kind }) => kind === EDGE);
    this.pollMs = pollMs;
    hub.add(this);
    stream.begun();
  }

  applied(changes: readonly AppliedChange[]): void {
    const told: RecordChange[] = [];
    for (const change of changes) {
      // What came and went between two looks is told by neither.
      if (change.op === 0) continue;
      // With a node its edges go, whatever type it is of.
      const takesEdges = this.#hasEdges && change.kind === NODE && (change.op & REMOVED) !== 0;
      if (takesEdges || isWatched(this.#hub, this.#targets, change))
        told.push(wholeChange(this.#hub.runtime.resident, change));
    }
    this.#stream.push(told);
  }

  lost(): void {
    this.#stream.loseFeed();
  }

  turn(): void {
    this.#stream.wake();
  }

  ended(): void {
    this.#stream.finish();
  }

  stop(): void {
    this.#hub.remove(this);
  }
}

/** What a commit did to a record that may be watched. */
interface Touched {
  readonly kind: RecordKind;
  readonly id: Id;
  readonly op: number;
  readonly fields: readonly string[] | undefined;
  readonly after: RecordState | undefined;
  /** Whether it may have closed the record. */
  readonly mayClose: boolean;
  /** Whether it deleted a record that no earlier commit may have closed: others are told no more than that it left. */
  readonly isGone: boolean;
}

/** Beyond this many changes to look at, everything is looked at instead. */
const MOST_PENDING = 10_000;

const UNKNOWN: unique symbol = Symbol("not known");

/**
 * Records of some types as one principal may see them, of which some may be closed to it or not pass. It remembers what
 * it has told, so that what leaves is told to those who knew it and to nobody else.
 *
 * A commit of this process is judged as it is applied. One of another process, of which L1 has no rows, is judged when
 * these were read, and everything is read again where a commit opens or closes what it does not name: grants of a root,
 * and the ends of edges. Until that is done, later commits wait in line.
 */
export class TypeWatch implements Follower, Reader<unknown> {
  readonly pollMs: number;
  readonly #hub: ChangeHub;
  readonly #principal: Principal;
  readonly #stream: ChangeStream;
  readonly #targets: readonly WatchedType[];
  readonly #hasEdges: boolean;
  readonly #followed: FollowedRead<unknown>;
  #known = new Map<Id, KnownRecord>();
  #isBegun = false;
  /** Commits that have not been judged yet. */
  #pending: (readonly Touched[])[] = [];
  #pendingCount = 0;
  /** Whether everything is to be read again. */
  #isAll = true;
  /** Whether what has not been told yet may have closed records that it does not name. */
  #mayBeClosed = false;
  /** The same of edges alone, of which a node at an end may have been closed. */
  #mayEdgesBeClosed = false;
  /** Records that this reading has looked for: those that are not at hand are not there. */
  #looked = new Set<string>();
  /** What was found when everything was read. */
  #found: { readonly kind: RecordKind; readonly slots: readonly number[] }[] | undefined;

  constructor(
    hub: ChangeHub,
    principal: Principal,
    stream: ChangeStream,
    targets: readonly WatchedType[],
    pollMs: number,
  ) {
    this.#hub = hub;
    this.#principal = principal;
    this.#stream = stream;
    this.#targets = targets;
    this.#hasEdges = targets.some(({ kind }) => kind === EDGE);
    this.pollMs = pollMs;
    const read = new KeptRead<unknown>(hub, principal, (unit) => this.#look(unit), false);
    this.#followed = new FollowedRead(hub, read, this);
    hub.add(this);
    this.#followed.turn();
  }

  // ---- commits -------------------------------------------------------------------------------------------------

  applied(changes: readonly AppliedChange[], isOwn: boolean): void {
    const { resident } = this.#hub.runtime;
    const touched: Touched[] = [];
    const nodesWereOpen = !this.#mayBeClosed;
    const edgesWereOpen = nodesWereOpen && !this.#mayEdgesBeClosed;
    for (const change of changes) {
      if (change.op === 0) continue;
      if (this.#opensOthers(change)) this.#isAll = true;
      if (!isWatched(this.#hub, this.#targets, change)) continue;
      const { kind, op, before, after } = change;
      const fields = (op & DATA) === 0 ? noFields : changedFields(before, after);
      touched.push({
        kind,
        id: idOf(resident, change),
        op,
        fields,
        after,
        mayClose: mayClose(resident, this.#principal, change),
        isGone: (kind === NODE ? nodesWereOpen : edgesWereOpen) && (op & REMOVED) !== 0,
      });
    }
    if (touched.length === 0) return;
    this.#pending.push(touched);
    this.#pendingCount += touched.length;
    if (this.#pendingCount > MOST_PENDING) {
      this.#isAll = true;
      this.#mayBeClosed = !this.#principal.isSystem;
      this.#forgetPending();
    }
    if (isOwn && !this.#isAll && this.#pending.length === 1) this.#judgeNow();
  }

  /** Whether the change may open or close other records than the one it is of. */
  #opensOthers(change: AppliedChange): boolean {
    if (change.kind === EDGE) return false;
    const { resident } = this.#hub.runtime;
    const principal = this.#principal;
    const closesOwned = mayCloseOwned(resident, principal, change);
    const closesEdges = this.#hasEdges && mayClose(resident, principal, change);
    if (closesOwned) this.#mayBeClosed = true;
    if (closesEdges) this.#mayEdgesBeClosed = true;
    if (closesOwned || closesEdges) return true;
    return (change.op & REMOVED) !== 0 && (this.#hasEdges || change.grants !== undefined);
  }

  lost(): void {
    this.#isAll = true;
    this.#mayBeClosed = !this.#principal.isSystem;
    this.#forgetPending();
  }

  #forgetPending(): void {
    this.#pending = [];
    this.#pendingCount = 0;
  }

  turn(): void {
    this.#followed.turn();
    this.#stream.wake();
  }

  ended(): void {
    this.#followed.stop();
    this.#stream.finish();
  }

  stop(): void {
    this.#followed.stop();
    this.#hub.remove(this);
  }

  // ---- judging -------------------------------------------------------------------------------------------------

  #judgeNow(): void {
    const unit = new Unit(this.#hub.runtime, this.#principal, undefined);
    try {
      this.#judgePending(unit);
    } catch {
      // A rule that throws does so again when the records are read, and then the watch ends with it.
    } finally {
      unit.close(false);
    }
  }

  /** Tells commits in order, as far as their records are at hand. */
  #judgePending(unit: Unit): void {
    const { resident } = this.#hub.runtime;
    for (;;) {
      const [commit] = this.#pending;
      if (commit === undefined) return;
      const seen = commit.map((touched) => this.#see(unit, touched));
      if (seen.includes(UNKNOWN)) return;
      this.#pending.shift();
      this.#pendingCount -= commit.length;
      const told: RecordChange[] = [];
      for (const [i, { id, op, fields, kind, ...touched }] of commit.entries()) {
        const before = this.#known.get(id);
        const after = seen[i] as KnownRecord | undefined;
        // The commit that deletes it follows, and says so: to those to whom this one has not closed it.
        const isRemoved = (op & REMOVED) !== 0;
        if (after === undefined && !isRemoved && !touched.mayClose && this.#isDeletedLater(kind, id))
          continue;
        const change = recordChange(resident, id, before, after, {
          isNew: (op & CREATED) !== 0,
          isGone: touched.isGone,
          fields,
        });
        if (change !== undefined) told.push(change);
        if (after === undefined) this.#known.delete(id);
        else this.#known.set(id, after);
      }
      this.#stream.push(told);
    }
  }

  #isDeletedLater(kind: RecordKind, id: Id): boolean {
    return this.#pending.some((commit) =>
      commit.some((touched) => touched.id === id && touched.kind === kind && (touched.op & REMOVED) !== 0),
    );
  }

  /** The record as the principal may see it now; `undefined` where it is none of those it watches. */
  #see(unit: Unit, { kind, id, op, after }: Touched): KnownRecord | undefined | typeof UNKNOWN {
    if ((op & REMOVED) !== 0) return undefined;
    const slot = unit.findResident(kind, id);
    const isLooked = this.#looked.has(lookKey(kind, id));
    if (slot < 0) return isLooked ? undefined : UNKNOWN;
    const level = kind === NODE ? unit.levelOf(NODE, slot) : unit.seesEdge(slot);
    if (level < 0) return UNKNOWN;
    if (level === 0) return undefined;
    const { resident } = this.#hub.runtime;
    const table = unit.table(kind);
    const state = table.states[slot] ?? (this.#pending.length === 1 ? after : undefined);
    for (const target of this.#targets) {
      if (target.kind !== kind || resident.catalog.membersOf(target.type)[table.types[slot]!] !== 1) continue;
      if (target.passes === undefined) return knownRecord(resident, kind, slot);
      if (state === undefined) return UNKNOWN;
      if (target.passes.test(state)) return knownRecord(resident, kind, slot);
    }
    return undefined;
  }

  // ---- reading -------------------------------------------------------------------------------------------------

  isDue(): boolean {
    return this.#isAll || this.#pending.length > 0;
  }

  /** Sees to it that what must be judged is at hand. */
  #look(unit: Unit): MaybePromise<void> {
    this.#found = undefined;
    this.#looked.clear();
    if (this.#isAll) return this.#lookAtAll(unit);
    const wanted = new Map<string, Touched>();
    for (const commit of this.#pending)
      for (const touched of commit)
        if ((touched.op & REMOVED) === 0) wanted.set(lookKey(touched.kind, touched.id), touched);
    const all = [...wanted];
    const next = (at: number): MaybePromise<void> => {
      for (let i = at; i < all.length; i++) {
        const [key, { kind, id }] = all[i]!;
        const looked = andThen(findRecord(unit, kind, id), (slot) => {
          this.#looked.add(key);
          if (slot < 0) return;
          unit.runtime.resident.pin(unit.table(kind), slot);
          return withStates(unit, kind, [slot], NOW, () => {});
        });
        if (looked instanceof Promise) return looked.then(() => next(i + 1));
      }
    };
    return next(0);
  }

  #lookAtAll(unit: Unit): MaybePromise<void> {
    const found: { readonly kind: RecordKind; readonly slots: readonly number[] }[] = [];
    const next = (at: number): MaybePromise<void> => {
      const target = this.#targets[at];
      if (target === undefined) {
        this.#found = found;
        return;
      }
      return andThen(target.query.find(unit, Number.POSITIVE_INFINITY, NOW, false), ({ nodes, edges }) => {
        found.push({ kind: target.kind, slots: target.kind === EDGE ? edges! : nodes });
        return next(at + 1);
      });
    };
    return next(0);
  }

  arrived(_: unknown, unit: Unit): void {
    if (this.#found !== undefined) this.#compareAll();
    else {
      const [first] = this.#pending;
      this.#judgePending(unit);
      // One look finds what there is; where it does not tell, all of it does.
      if (first !== undefined && this.#pending[0] === first) this.#isAll = true;
    }
    this.#looked.clear();
    this.#stream.wake();
  }

  /** What was read is as of all commits so far, those that wait in line too. */
  #compareAll(): void {
    const { resident } = this.#hub.runtime;
    const now = new Map<Id, KnownRecord>();
    for (const { kind, slots } of this.#found!) {
      const table = kind === NODE ? resident.nodes : resident.edges;
      for (const slot of slots) now.set(table.idOf(slot), knownRecord(resident, kind, slot));
    }
    const before = this.#known;
    this.#known = now;
    this.#found = undefined;
    this.#isAll = false;
    this.#mayBeClosed = false;
    this.#mayEdgesBeClosed = false;
    const born = new Set<Id>();
    const closed = new Set<Id>();
    const gone = new Set<Id>();
    for (const commit of this.#pending)
      for (const { id, op, mayClose, isGone } of commit) {
        if ((op & CREATED) !== 0) born.add(id);
        else if (isGone) {
          if (!closed.has(id)) gone.add(id);
        } else if (mayClose) closed.add(id);
      }
    this.#forgetPending();
    if (!this.#isBegun) {
      this.#isBegun = true;
      this.#stream.begun();
      return;
    }
    const told: RecordChange[] = [];
    const tell = (id: Id): void => {
      const does = { isNew: born.has(id), isGone: gone.has(id), fields: undefined };
      const change = recordChange(resident, id, before.get(id), now.get(id), does);
      if (change !== undefined) told.push(change);
    };
    for (const id of before.keys()) if (!now.has(id)) tell(id);
    for (const id of now.keys()) tell(id);
    this.#stream.push(told);
  }

  failed(error: unknown): void {
    this.#stream.finish(error instanceof ClosedError && this.#isBegun ? undefined : { error });
  }
}

const noFields: readonly string[] = Object.freeze([]);

function lookKey(kind: RecordKind, id: Id): string {
  return kind === NODE ? id : `edge ${id}`;
}
