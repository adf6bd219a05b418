import { CommitUnknownError, UniqueViolationError } from "../errors.ts";
import type { CommitOutcome } from "../persistence/store.ts";
import { NODE } from "../resident/change-log.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import { type PreparedCommit, prepareCommit } from "./batch.ts";
import type { Runtime } from "./runtime.ts";
import type { Unit } from "./unit.ts";

interface Waiting {
  readonly unit: Unit;
  resolve(): void;
  reject(error: unknown): void;
}

interface Member {
  readonly waiting: Waiting;
  readonly prepared: PreparedCommit;
}

/** How often a unit whose reads still hold is offered again after the store saw something near them. */
const OFFERS = 8;

/**
 * The one way from a unit's writes to the store and to L1. Units that want to commit in the same turn of the event
 * loop go to the store in one call, where one durable sync serves them all; each is judged by itself.
 */
export class Committer {
  readonly #runtime: Runtime;
  #queue: Waiting[] = [];
  #scheduled = false;
  #running: Promise<void> | undefined;

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
    const alone =
      this.#queue.length === 0 && this.#running === undefined && this.#runtime.resident.openUnits === 1;
    if (alone && this.#runtime.store.supports.synchronous) return this.#commitAlone(unit);
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves once nothing is on its way to the store. */
  idle(): MaybePromise<void> {
    if (this.#running !== undefined) return this.#running.then(() => this.idle());
    if (this.#queue.length > 0)
      return new Promise<void>((resolve) => this.#runtime.scheduler.nextTurn(resolve)).then(() =>
        this.idle(),
      );
  }

  #commitAlone(unit: Unit): void {
    let failure: unknown;
    let failed = false;
    const waiting: Waiting = {
      unit,
      resolve() {},
      reject(error) {
        failed = true;
        failure = error;
      },
    };
    const done = this.#group([waiting]);
    if (isThenable(done))
      throw new TypeError("a store that calls itself synchronous answered with a promise");
    if (failed) throw failure;
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
    const group = this.#queue;
    this.#queue = [];
    const done = this.#group(group);
    if (!isThenable(done)) return;
    this.#running = (done as Promise<void>).finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  /** Sends one group; answers every member. Never throws. */
  #group(group: readonly Waiting[]): MaybePromise<void> {
    const members: Member[] = [];
    for (const waiting of group) {
      const member = this.#admit(waiting, members);
      if (member !== undefined) members.push(member);
    }
    if (members.length === 0) return;
    return this.#offer(members, OFFERS);
  }

  /** Judges the unit against everything applied and against the members before it. */
  #admit(waiting: Waiting, before: readonly Member[]): Member | undefined {
    const { unit } = waiting;
    try {
      unit.validate();
      for (const { prepared } of before) {
        for (const change of prepared.changes) {
          const key = unit.readSet.conflict(change);
          if (key !== undefined) throw unit.failOn(key);
        }
      }
      return { waiting, prepared: prepareCommit(unit, this.#runtime.resident.token) };
    } catch (error) {
      waiting.reject(error);
      return undefined;
    }
  }

  #offer(members: readonly Member[], offers: number): MaybePromise<void> {
    let outcomes: MaybePromise<readonly CommitOutcome[]>;
    try {
      outcomes = this.#runtime.store.commit(members.map(({ prepared }) => prepared.batch));
    } catch (error) {
      return this.#unknown(members, error);
    }
    if (!isThenable(outcomes)) return this.#settle(members, outcomes as readonly CommitOutcome[], offers);
    return (outcomes as Promise<readonly CommitOutcome[]>).then(
      (settled) => this.#settle(members, settled, offers),
      (error: unknown) => this.#unknown(members, error),
    );
  }

  #settle(
    members: readonly Member[],
    outcomes: readonly CommitOutcome[],
    offers: number,
  ): MaybePromise<void> {
    const { resident, loader, scheduler } = this.#runtime;
    const again: Waiting[] = [];
    let delayMs = 0;
    const next = (i: number): MaybePromise<void> => {
      for (let at = i; at < members.length; at++) {
        const { waiting, prepared } = members[at]!;
        const outcome = outcomes[at]!;
        if (outcome.status === "committed") {
          const applied = loader.follower.own(
            prepared.batch.unitId,
            prepared.changes,
            outcome.token,
            outcome.previous,
          );
          if (isThenable(applied)) {
            return applied.then(
              () => {
                waiting.resolve();
                return next(at + 1);
              },
              (error: unknown) => {
                // The commit stands; L1 could not follow and starts again from nothing.
                this.#runtime.reportError(error);
                resident.flush(outcome.token);
                waiting.resolve();
                return next(at + 1);
              },
            ) as Promise<void>;
          }
          waiting.resolve();
        } else if (outcome.status === "leased") {
          delayMs = Math.max(delayMs, outcome.untilMs);
          again.push(waiting);
        } else {
          if (outcome.status === "duplicate") this.#duplicates.set(waiting.unit, outcome.index);
          again.push(waiting);
        }
      }
    };
    return andThen(next(0), () => {
      if (again.length === 0) return;
      // Something landed between the units' last check and the store's lock. With it applied, the fine check decides.
      return andThen(loader.follower.catchUp(), () => {
        const retry = again.filter((waiting) => this.#stillHolds(waiting, offers));
        if (retry.length === 0) return;
        const offer = (): MaybePromise<void> => {
          const members: Member[] = [];
          for (const waiting of retry) {
            const member = this.#admit(waiting, members);
            if (member !== undefined) members.push(member);
          }
          return members.length === 0 ? undefined : this.#offer(members, offers - 1);
        };
        if (delayMs === 0) return offer();
        return new Promise<void>((resolve) => scheduler.after(Math.min(delayMs, 50), resolve)).then(offer);
      });
    });
  }

  readonly #duplicates: WeakMap<Unit, string> = new WeakMap();

  #stillHolds(waiting: Waiting, offers: number): boolean {
    const { unit } = waiting;
    if (!unit.holds()) {
      waiting.reject(unit.conflict);
      return false;
    }
    const index = this.#duplicates.get(unit);
    if (index !== undefined) {
      waiting.reject(uniqueViolation(unit, index));
      return false;
    }
    if (offers <= 0) {
      waiting.reject(unit.failOn("commit"));
      return false;
    }
    return true;
  }

  /** The store failed after it was asked to commit: what it holds now is not known, so nothing here may claim to. */
  #unknown(members: readonly Member[], cause: unknown): MaybePromise<void> {
    const { resident, store } = this.#runtime;
    const reject = (): void => {
      for (const { waiting } of members) {
        waiting.reject(
          cause instanceof CommitUnknownError
            ? cause
            : new CommitUnknownError({
                message: `${store.name} failed while it committed: whether unit ${waiting.unit.id} is stored is not known`,
                details: { unitId: waiting.unit.id },
                cause,
              }),
        );
      }
    };
    const dropped = (): void => {
      resident.flush(resident.token);
      reject();
    };
    try {
      const current = store.current();
      if (!isThenable(current)) {
        resident.flush(current as string);
        reject();
        return;
      }
      return (current as Promise<string>).then((token) => {
        resident.flush(token);
        reject();
      }, dropped);
    } catch {
      // It cannot even say where it is; the next read finds out.
      dropped();
    }
  }
}

/** Names the key that the unit wanted, never the record that has it. */
function uniqueViolation(unit: Unit, name: string): UniqueViolationError {
  const { catalog } = unit.runtime;
  const index = catalog.index(name);
  const type = catalog.numberOf(index.type);
  const written = [...unit.pending!.createdNodes, ...unit.pending!.nodes.keys()];
  const slot = written.find((node) => catalog.isA(unit.table(NODE).types[node]!, type));
  const state = slot === undefined ? undefined : unit.stateOf(NODE, slot);
  return new UniqueViolationError({
    type: index.type,
    fields: index.fields,
    values: index.fields.map((field) => state?.[field]),
  });
}
