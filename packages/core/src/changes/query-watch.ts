import type { Principal } from "../access/principal.ts";
import { ClosedError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { handOut, type Query } from "../query/query.ts";
import { type AppliedChange, CREATED, EDGE, NODE, REMOVED } from "../resident/change-log.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { ResidentGraph } from "../resident/resident-graph.ts";
import { EdgeEntity, type Entity, slotOf, stateOf } from "../schema/entity.ts";
import type { RecordChange } from "../types/changes.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import type { ChangeHub, Follower } from "./change-hub.ts";
import type { ChangeStream } from "./change-stream.ts";
import { dependOn } from "./depend-on.ts";
import { eachRecord } from "./equal-results.ts";
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
} from "./record-change.ts";

interface Member {
  readonly known: KnownRecord;
  readonly state: RecordState;
}

/** Beyond this many nobody remembers which records are new and which are deleted: they enter and leave. */
const MOST_NOTED = 10_000;

/** The records of a query's result: it is run again whenever a commit may have changed it, and compared. */
export class QueryWatch implements Follower, Reader<readonly unknown[]> {
  readonly pollMs: number;
  readonly #hub: ChangeHub;
  readonly #principal: Principal;
  readonly #stream: ChangeStream;
  readonly #read: KeptRead<readonly unknown[]>;
  readonly #followed: FollowedRead<readonly unknown[]>;
  #members: Map<Id, Member> | undefined;
  #born = new Set<Id>();
  #gone = new Set<Id>();
  /** What may have been closed to the principal before it was deleted: of that it is told no more than that it left. */
  #closed = new Set<Id>();
  #mayAllBeClosed = false;
  #seen = -1;

  constructor(hub: ChangeHub, principal: Principal, stream: ChangeStream, query: Query, pollMs: number) {
    this.#hub = hub;
    this.#principal = principal;
    this.#stream = stream;
    this.pollMs = pollMs;
    this.#read = new KeptRead(hub, principal, (unit) => this.#results(unit, query));
    this.#followed = new FollowedRead(hub, this.#read, this);
    hub.add(this);
    this.#followed.turn();
  }

  #results(unit: Unit, query: Query): MaybePromise<readonly unknown[]> {
    return andThen(query.find(unit, Number.POSITIVE_INFINITY), (found) =>
      andThen(handOut(unit, found, query.output), (results) => {
        dependOn(unit, results);
        return results;
      }),
    );
  }

  applied(changes: readonly AppliedChange[]): void {
    const { resident } = this.#hub.runtime;
    const wereOpen = !this.#mayAllBeClosed;
    for (const change of changes) {
      const { op } = change;
      if (mayCloseOwned(resident, this.#principal, change)) this.#mayAllBeClosed = true;
      if ((op & CREATED) !== 0) note(this.#born, resident, change);
      else if ((op & REMOVED) !== 0) {
        if (wereOpen) note(this.#gone, resident, change);
      } else if (mayClose(resident, this.#principal, change) && !note(this.#closed, resident, change))
        this.#mayAllBeClosed = true;
    }
  }

  lost(): void {
    this.#mayAllBeClosed = !this.#principal.isSystem;
  }

  #isGone(id: Id, was: KnownRecord | undefined): boolean {
    const { sourceId, targetId } = was ?? {};
    // An edge is closed with the node at one of its ends.
    const isClosed = [id, sourceId, targetId].some((each) => each !== undefined && this.#closed.has(each));
    return this.#gone.has(id) && !isClosed;
  }

  turn(): void {
    this.#followed.turn();
    if (this.#seen === this.#hub.commits || this.#read.holds) this.#forgetNoted();
    this.#stream.wake();
  }

  isDue(): boolean {
    return this.#seen !== this.#hub.commits && !this.#read.holds;
  }

  arrived(results: readonly unknown[], unit: Unit): void {
    const { resident } = this.#hub.runtime;
    this.#seen = this.#hub.commits;
    const now = new Map<Id, Member>();
    eachRecord(results, (record: Entity) => {
      const kind = record instanceof EdgeEntity ? EDGE : NODE;
      now.set(record.id, { known: knownRecord(resident, kind, slotOf(record)), state: stateOf(record) });
    });
    const before = this.#members;
    this.#members = now;
    if (before === undefined) this.#stream.begun();
    else this.#stream.push(this.#differences(before, now, unit));
    this.#forgetNoted();
    this.#stream.wake();
  }

  #differences(before: ReadonlyMap<Id, Member>, now: ReadonlyMap<Id, Member>, unit: Unit): RecordChange[] {
    const told: RecordChange[] = [];
    const tell = (id: Id): void => {
      const was = before.get(id);
      const is = now.get(id);
      const change = recordChange(unit.runtime.resident, id, was?.known, is?.known, {
        isNew: this.#born.has(id),
        isGone: this.#isGone(id, was?.known),
        fields: changedFields(was?.state, is?.state),
      });
      if (change !== undefined) told.push(change);
    };
    for (const id of before.keys()) if (!now.has(id)) tell(id);
    for (const id of now.keys()) tell(id);
    return told;
  }

  #forgetNoted(): void {
    if (this.#born.size > 0) this.#born = new Set();
    if (this.#gone.size > 0) this.#gone = new Set();
    if (this.#closed.size > 0) this.#closed = new Set();
    this.#mayAllBeClosed = false;
  }

  failed(error: unknown): void {
    this.#stream.finish(error instanceof ClosedError && this.#members !== undefined ? undefined : { error });
  }

  ended(): void {
    this.#followed.stop();
    this.#stream.finish();
  }

  stop(): void {
    this.#followed.stop();
    this.#hub.remove(this);
  }
}

/** @returns whether there was room for it */
function note(ids: Set<Id>, resident: ResidentGraph, change: AppliedChange): boolean {
  if (ids.size >= MOST_NOTED) return false;
  ids.add(idOf(resident, change));
  return true;
}
