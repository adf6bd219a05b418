import { CommitUnknownError, GraphError, UniqueViolationError } from "../errors.ts";
import type { Token } from "../persistence/change.ts";
import type { CommitBatch, CommitOutcome } from "../persistence/store.ts";
import { type AppliedChange, NODE, REMOVED } from "../resident/change-log.ts";
import { andThen, isPromise, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import { youngArray, youngArrayOf } from "../util/young-array.ts";
import { type PreparedCommit, prepareCommit } from "./batch.ts";
import { ChangeWindow } from "./change-window.ts";
import type { Runtime } from "./runtime.ts";
import type { Unit } from "./unit.ts";

interface Waiting {
  readonly unit: Unit;
  resolve(): void;
  reject(error: unknown): void;
}

/** While it lasts, the commits of no other unit of this process go to the store. */
export interface Hold {
  /** The unit that it is for, once that has begun. */
  unit: Unit | undefined;
  end(): void;
}

type Outcomes = readonly CommitOutcome[];
type Duplicate = CommitOutcome & { readonly status: "duplicate" };

// Classes and not literals: each small commit makes one of each, see `youngArray`.

class Member {
  readonly waiting: Waiting;
  readonly prepared: PreparedCommit;

  constructor(waiting: Waiting, prepared: PreparedCommit) {
    this.waiting = waiting;
    this.prepared = prepared;
  }
}

/** A unit that goes to the store by itself, and whose outcome is nearly always known when the call returns. */
class Alone implements Waiting {
  readonly unit: Unit;
  #isSettled = false;
  #hasFailed = false;
  #failure: unknown = undefined;
  #later: { resolve(): void; reject(error: unknown): void } | undefined = undefined;

  constructor(unit: Unit) {
    this.unit = unit;
  }

  resolve(): void {
    this.#isSettled = true;
    this.#later?.resolve();
  }

  reject(error: unknown): void {
    this.#isSettled = true;
    this.#hasFailed = true;
    this.#failure = error;
    this.#later?.reject(error);
  }

  /** Throws what it was rejected with. */
  outcome(): MaybePromise<void> {
    if (this.#hasFailed) throw this.#failure;
    if (this.#isSettled) return;
    // Another process holds the store for a while.
    return new Promise<void>((resolve, reject) => {
      this.#later = { resolve, reject };
    });
  }
}

/** How often a unit whose reads still hold is offered again after the store saw something near them. */
const OFFERS = 8;

/** Units that go to the store in one call at most. */
const MOST_MEMBERS = 512;

/** Among the touched records: some that nobody has the slot of. */
const NOT_RESIDENT = -1;

/** How often a unit that a lease holds back asks whether it is over. */
const LEASE_POLL_MS = 50;

/**
 * The one way from a unit's writes to the store and to L1. Units that want to commit in the same turn of the event
 * loop go to the store in one call, where one durable sync serves them all; each is judged by itself.
 */
export class Committer {
  readonly #runtime: Runtime;
  #queue: Waiting[] = [];
  #scheduled = false;
  #running: Promise<void> | undefined;
  #hold: Hold | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Commits what the unit wrote, and checks what it read either way.
   * @throws {UnitConflict} where the read set no longer holds
   * @throws {UniqueViolationError} {CommitUnknownError}
   */
  commit(unit: Unit): MaybePromise<void> {
    unit.validate();
    if (unit.pending === undefined || unit.pending.isEmpty) return;
    const { store } = this.#runtime;
    if (store.supports.readOnly) {
      const message = `${store.name} is open for reading only, and the unit of work has written`;
      throw new GraphError({ code: "RW_READ_ONLY", message });
    }
    const alone =
      (this.#hold === undefined || this.#hold.unit === unit) &&
      this.#queue.length === 0 &&
      this.#running === undefined &&
      this.#runtime.resident.openUnits === 1;
    if (alone && store.supports.synchronous) return this.#commitAlone(unit);
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject });
      this.#schedule();
    });
  }

  /**
   * Holds every other commit of this process back, so that a unit in its last attempt loses to none of them. Those that
   * wait are judged when it is over, or after so long: the favoured unit may itself wait for one of them.
   */
  hold(patienceMs: number): Hold {
    const hold: Hold = {
      unit: undefined,
      end: () => {
        cancel();
        if (this.#hold !== hold) return;
        this.#hold = undefined;
        if (this.#queue.length > 0) this.#schedule();
      },
    };
    this.#hold = hold;
    const cancel = this.#runtime.scheduler.after(patienceMs, hold.end, true);
    return hold;
  }

  /** Resolves once what is on its way to the store now has arrived. */
  arrived(): MaybePromise<void> {
    return this.#running;
  }

  /** Resolves once nothing is on its way to the store. */
  idle(): MaybePromise<void> {
    if (this.#running !== undefined) return this.#running.then(() => this.idle());
    if (this.#queue.length > 0)
      return new Promise<void>((resolve) => this.#runtime.scheduler.nextTurn(resolve)).then(() =>
        this.idle(),
      );
  }

  /** The unit has been validated. */
  #commitAlone(unit: Unit): MaybePromise<void> {
    const prepared = prepareCommit(unit, this.#runtime.resident.token);
    if (isEmpty(prepared.batch)) return;
    const alone = new Alone(unit);
    void this.#offer(youngArrayOf(new Member(alone, prepared)), OFFERS);
    return alone.outcome();
  }

  #schedule(): void {
    if (this.#scheduled || this.#running !== undefined) return;
    this.#scheduled = true;
    this.#runtime.scheduler.nextTurn(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const group = this.#takeGroup();
    if (group.length === 0) return;
    const done = this.#group(group);
    const next = (): void => {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#schedule();
    };
    if (isThenable(done)) this.#running = (done as Promise<void>).then(next);
    else next();
  }

  #takeGroup(): Waiting[] {
    const hold = this.#hold;
    if (hold === undefined) return this.#queue.splice(0, MOST_MEMBERS);
    const at = this.#queue.findIndex(({ unit }) => unit === hold.unit);
    return at < 0 ? [] : this.#queue.splice(at, 1);
  }

  /** Sends one group; answers every member. Never throws. */
  #group(group: readonly Waiting[]): MaybePromise<void> {
    const members = this.#admitAll(group);
    if (members.length === 0) return;
    return this.#offer(members, OFFERS);
  }

  #admitAll(group: readonly Waiting[]): Member[] {
    const members = youngArray<Member>();
    const admitted = youngArray<PreparedCommit>();
    // What the members before touch; of the last one nobody asks.
    const touched = group.length > 1 ? new Set<number>() : nothingTouched;
    const window = group.length > 1 ? new ChangeWindow(admitted) : nothingChanged;
    for (let i = 0; i < group.length; i++) {
      const waiting = group[i]!;
      const member = this.#admit(waiting, members, touched, window);
      if (member === undefined) continue;
      if (isEmpty(member.prepared.batch)) {
        waiting.resolve();
        continue;
      }
      members.push(member);
      admitted.push(member.prepared);
      if (i === group.length - 1) break;
      const { changes, additions } = member.prepared;
      for (const { kind, slot } of changes) (touched as Set<number>).add(slot * 2 + kind);
      if (additions !== undefined) (touched as Set<number>).add(NOT_RESIDENT);
    }
    return members;
  }

  /** Judges the unit against everything applied and against the members before it. */
  #admit(
    waiting: Waiting,
    before: readonly Member[],
    touched: ReadonlySet<number>,
    window: ChangeWindow,
  ): Member | undefined {
    const { unit } = waiting;
    try {
      unit.validate();
      // Units that only know single records are compared by these; the others by every change.
      if (unit.mayDependOn(touched)) {
        for (const { prepared, waiting: winner } of before) {
          for (const change of this.#allChanges(prepared)) {
            const key = unit.readSet.conflict(change, window);
            if (key !== undefined) throw unit.failOn(key, winner.unit.firstStamp);
          }
        }
      }
      return new Member(waiting, prepareCommit(unit, this.#runtime.resident.token));
    } catch (error) {
      waiting.reject(error);
      return undefined;
    }
  }

  #allChanges({ changes, additions }: PreparedCommit): readonly AppliedChange[] {
    return additions === undefined ? changes : [...changes, ...this.#runtime.resident.changesOf(additions)];
  }

  /** Never throws. */
  #offer(members: readonly Member[], offers: number): MaybePromise<void> {
    const { store, loader } = this.#runtime;
    let outcomes: MaybePromise<Outcomes>;
    try {
      outcomes = store.commit(batchesOf(members));
    } catch (error) {
      return this.#failed(members, error);
    }
    if (!isPromise(outcomes) && members.length === 1) {
      const outcome = outcomes[0]!;
      // Nobody could learn of it before, so nobody need be told to expect it.
      if (outcome.status === "committed" && loader.follower.isAt(outcome.previous))
        return this.#advance(members[0]!, outcome.token);
    }
    // Whoever learns first that they landed applies them: this, or a read that answers from after them.
    for (const { waiting, prepared } of members)
      loader.follower.expect(
        prepared.batch.unitId,
        prepared.changes,
        waiting.unit.firstStamp,
        prepared.additions,
      );
    if (!isPromise(outcomes)) return this.#settle(members, outcomes, offers);
    return outcomes.then(
      (settled) => this.#settle(members, settled, offers),
      (error: unknown) => {
        for (const { prepared } of members) loader.follower.forget(prepared.batch.unitId);
        return this.#failed(members, error);
      },
    );
  }

  /** L1 is at the commit before this one, which stands. Never throws. */
  #advance({ waiting, prepared }: Member, token: Token): MaybePromise<void> {
    this.#wakePurger(prepared);
    let result = DONE;
    try {
      const { changes, additions } = prepared;
      this.#runtime.resident.advance(changes, token, waiting.unit.firstStamp, additions);
    } catch (error) {
      result = { error: error ?? new Error("L1 failed") };
    }
    return this.#landed(waiting, result);
  }

  #wakePurger({ changes }: PreparedCommit): void {
    for (const { kind, op } of changes) {
      if (kind !== NODE || (op & REMOVED) === 0) continue;
      this.#runtime.purger.wake();
      return;
    }
  }

  /** Never throws. */
  #settle(members: readonly Member[], outcomes: Outcomes, offers: number): MaybePromise<void> {
    const { follower } = this.#runtime.loader;
    const again = youngArray<Waiting>();
    const leased = youngArray<Waiting>();
    let delayMs = 0;
    for (let i = 0; i < members.length; i++) {
      const { waiting, prepared } = members[i]!;
      const outcome = outcomes[i]!;
      if (outcome.status === "committed") continue;
      follower.forget(prepared.batch.unitId);
      if (outcome.status === "leased") {
        delayMs = Math.max(delayMs, outcome.untilMs);
        leased.push(waiting);
        continue;
      }
      if (outcome.status === "duplicate") this.#duplicates.set(waiting.unit, outcome);
      again.push(waiting);
    }
    if (leased.length > 0) this.#afterLease(leased, delayMs);
    const next = (from: number): MaybePromise<void> => {
      for (let at = from; at < members.length; at++) {
        const outcome = outcomes[at]!;
        if (outcome.status !== "committed") continue;
        const { waiting, prepared } = members[at]!;
        this.#wakePurger(prepared);
        const applied = settled(() => follower.own(prepared.batch.unitId, outcome.token, outcome.previous));
        if (isThenable(applied)) {
          return applied.then((result) =>
            andThen(this.#landed(waiting, result), () => next(at + 1)),
          ) as Promise<void>;
        }
        const rest = this.#landed(waiting, applied as Settled);
        if (isThenable(rest)) return (rest as Promise<void>).then(() => next(at + 1));
      }
    };
    return andThen(next(0), () => this.#offerAgain(again, offers));
  }

  /** The commit stands, whether L1 could follow or not; if not, L1 starts again from nothing. */
  #landed(waiting: Waiting, result: Settled): MaybePromise<void> {
    if (result.error === undefined) {
      waiting.resolve();
      return;
    }
    this.#runtime.reportError(result.error);
    return andThen(this.#drop(), () => waiting.resolve());
  }

  /** Something landed between the units' last check and the store's lock. With it applied, the fine check decides. */
  #offerAgain(again: readonly Waiting[], offers: number): MaybePromise<void> {
    if (again.length === 0) return;
    return andThen(
      settled(() => this.#runtime.loader.follower.catchUp()),
      ({ error }) => {
        if (error !== undefined) {
          for (const waiting of again) waiting.reject(error);
          return;
        }
        const members = this.#admitAll(again.filter((waiting) => this.#stillHolds(waiting, offers)));
        return members.length === 0 ? undefined : this.#offer(members, offers - 1);
      },
    );
  }

  /** Those that a lease holds back stand aside: the one that has it may be waiting behind them. */
  #afterLease(waiting: readonly Waiting[], delayMs: number): void {
    const { scheduler } = this.#runtime;
    scheduler.after(
      Math.max(1, Math.min(delayMs, LEASE_POLL_MS)),
      () => {
        this.#queue.push(...waiting);
        this.#schedule();
      },
      true,
    );
  }

  readonly #duplicates: WeakMap<Unit, Duplicate> = new WeakMap();

  #stillHolds(waiting: Waiting, offers: number): boolean {
    const { unit } = waiting;
    if (!unit.holds()) {
      waiting.reject(unit.conflict);
      return false;
    }
    const duplicate = this.#duplicates.get(unit);
    if (duplicate !== undefined) {
      waiting.reject(uniqueViolation(unit, duplicate));
      return false;
    }
    if (offers <= 0) {
      waiting.reject(unit.failOn("commit"));
      return false;
    }
    return true;
  }

  #failed(members: readonly Member[], cause: unknown): MaybePromise<void> {
    const { store } = this.#runtime;
    const isKnown =
      cause instanceof TypeError || (cause instanceof GraphError && !(cause instanceof CommitUnknownError));
    if (isKnown && members.length === 1) {
      // The store says that it did nothing, and why.
      members[0]!.waiting.reject(cause);
      return;
    }
    if (isKnown && cause instanceof TypeError) {
      // One of them is at fault; the others are not to suffer for it.
      const next = (at: number): MaybePromise<void> =>
        at >= members.length ? undefined : andThen(this.#group([members[at]!.waiting]), () => next(at + 1));
      return next(0);
    }
    // What the store holds now is not known, so nothing here may claim to.
    return andThen(this.#drop(), () => {
      for (const { waiting } of members) {
        waiting.reject(
          cause instanceof CommitUnknownError && members.length === 1
            ? cause
            : new CommitUnknownError({
                message: `${store.name} failed while it committed: whether unit ${waiting.unit.id} is stored is not known`,
                details: { unitId: waiting.unit.id },
                cause,
              }),
        );
      }
    });
  }

  /** Forgets everything that L1 holds. Never throws. */
  #drop(): MaybePromise<void> {
    const { resident, loader } = this.#runtime;
    return andThen(
      settled(() => loader.follower.startAfresh()),
      ({ error }) => {
        // It cannot even say where it is; the next read finds out.
        if (error !== undefined) resident.flush(resident.token);
      },
    );
  }
}

interface Settled {
  readonly error: unknown;
}

const DONE: Settled = Object.freeze({ error: undefined });

const nothingTouched: ReadonlySet<number> = new Set();
const nothingChanged: ChangeWindow = new ChangeWindow([]);

/** Runs it, and says what it threw, now or later, instead of throwing. */
function settled(run: () => MaybePromise<void>): MaybePromise<Settled> {
  try {
    const result = run();
    if (!isThenable(result)) return DONE;
    return (result as Promise<void>).then(
      () => DONE,
      (error: unknown) => ({ error: error ?? new Error("the store failed") }),
    );
  } catch (error) {
    return { error: error ?? new Error("the store failed") };
  }
}

function batchesOf(members: readonly Member[]): CommitBatch[] {
  if (members.length === 1) return youngArrayOf(members[0]!.prepared.batch);
  return members.map(({ prepared }) => prepared.batch);
}

function isEmpty({ nodes, edges, updates }: PreparedCommit["batch"]): boolean {
  return nodes.length === 0 && edges.length === 0 && updates.length === 0;
}

/** Names the key that the unit wanted, never the record that has it. */
function uniqueViolation(unit: Unit, { index: name, record }: Duplicate): UniqueViolationError {
  // The store may keep up an index that the code no longer has: other programs rely on it.
  const index = unit.runtime.catalog.describeIndex(name) ?? { name, type: "", fields: [] };
  const state = unit.ownState(record);
  return new UniqueViolationError({
    type: index.type,
    fields: index.fields,
    values: index.fields.map((field) => state?.[field]),
    details: { id: record, index: index.name },
  });
}
