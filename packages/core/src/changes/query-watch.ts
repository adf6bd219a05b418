import type { Principal } from "../access/principal.ts";
import { ClosedError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { handOut, type Query } from "../query/query.ts";
import { type AppliedChange, CREATED, EDGE, NODE, REMOVED } from "../resident/change-log.ts";
import type { RecordState } from "../resident/record-table.ts";
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
import { changedFields, idOf, type KnownRecord, knownRecord, recordChange } from "./record-change.ts";

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
  readonly #stream: ChangeStream;
  readonly #read: KeptRead<readonly unknown[]>;
  readonly #followed: FollowedRead<readonly unknown[]>;
  #members: Map<Id, Member> | undefined;
  #born = new Set<Id>();
  #gone = new Set<Id>();
  #seen = -1;

  constructor(hub: ChangeHub, principal: Principal, stream: ChangeStream, query: Query, pollMs: number) {
    this.#hub = hub;
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
    for (const change of changes) {
      const noted =
        (change.op & CREATED) !== 0 ? this.#born : (change.op & REMOVED) !== 0 ? this.#gone : undefined;
      if (noted !== undefined && noted.size < MOST_NOTED) noted.add(idOf(resident, change));
    }
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
        isGone: this.#gone.has(id),
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
