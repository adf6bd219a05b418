import type fc from "fast-check";
import type { Id, IdColumn } from "../../src/model/id.ts";
import { copyBatch } from "../../src/persistence/copy-rows.ts";
import type { Store } from "../../src/persistence/store.ts";
import type { Scheduler } from "../../src/unit/scheduler.ts";

/** So many turns of the event loop pass with nothing to do before it is said that a run hangs. */
const PATIENCE = 20_000;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Where a history is played: whatever happens next, fast-check's scheduler has chosen it among all that could. A
 * millisecond goes by with each thing that happens, and more where nothing does.
 */
export class Stage {
  readonly #order: fc.Scheduler;
  #now = 0;
  #timers: Timer[] = [];

  /** Whether the units are being played: what is to go wrong does so between their beginning and the last look. */
  hasBegun = false;

  constructor(order: fc.Scheduler) {
    this.#order = order;
  }

  /** Resolves when it is this one's turn. */
  step(what: string): Promise<unknown> {
    return this.#order.schedule(Promise.resolve(), what);
  }

  /** What graphs are opened with. */
  readonly scheduler: Scheduler = {
    now: () => this.#now,
    nextTurn: (callback) => void this.step("turn").then(callback),
    after: (ms, callback) => {
      const timer = { at: this.#now + ms, callback };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    },
  };

  /** Lets things happen until the work is done. */
  async play<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    for (let idle = 0; idle < PATIENCE; ) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (isDone) return work;
      if (this.#order.count() > 0) {
        idle = 0;
        this.#now += 1;
        await this.#order.waitNext(1);
      } else {
        idle += 1;
        this.#now = Math.max(this.#now, Math.min(...this.#timers.map(({ at }) => at), this.#now + 1000));
      }
      const due = this.#timers.filter(({ at }) => at <= this.#now);
      this.#timers = this.#timers.filter(({ at }) => at > this.#now);
      for (const { callback } of due) this.scheduler.nextTurn(callback);
    }
    throw new Error("nothing is under way any more, and a unit still waits");
  }

  /** Lets everything that is under way come to an end, and time go by. */
  async rest(ms: number): Promise<void> {
    this.#now += ms;
    while (this.#order.count() > 0) {
      await this.#order.waitNext(1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** The store as one that is asked from afar: every call waits before it takes place, and its answer once more. */
  distant(store: Store, who: string): Store {
    const { tally, lease, release } = store;
    const call = async <T>(what: string, run: () => T | PromiseLike<T>): Promise<T> => {
      await this.step(`${who}: ${what}`);
      const answer = await run();
      await this.step(`${who}: ${what} answers`);
      return answer;
    };
    return {
      name: store.name,
      supports: { ...store.supports, synchronous: false },
      counters: store.counters,
      open: (catalog) => store.open(catalog),
      readNodes: (ids) => call("read nodes", () => store.readNodes(ids)),
      readEdges: (ids) => call("read edges", () => store.readEdges(ids)),
      readAdjacency: (nodes: IdColumn, requests) =>
        call("read neighbourhoods", () => store.readAdjacency(nodes, requests)),
      lookup: (request) => call("look up", () => store.lookup(request)),
      scan: ((request: Parameters<Store["scan"]>[0]) =>
        call("scan", () => store.scan(request as never))) as Store["scan"],
      ...(tally !== undefined && { tally: (request) => call("count", () => tally.call(store, request)) }),
      commit: (batches) => {
        const sent = batches.map(copyBatch);
        return call("commit", () => store.commit(sent));
      },
      outcome: (unitId) => call("outcome", () => store.outcome(unitId)),
      current: () => call("current", () => store.current()),
      changes: (since) => call("changes", () => store.changes(since)),
      ...(lease !== undefined && {
        lease: (unitId: Id, ttlMs: number) => call("lease", () => lease.call(store, unitId, ttlMs)),
      }),
      ...(release !== undefined && {
        release: (unitId: Id) => call("release", () => release.call(store, unitId)),
      }),
      purge: (limit) => call("purge", () => store.purge(limit)),
      close: () => store.close(),
    };
  }
}
