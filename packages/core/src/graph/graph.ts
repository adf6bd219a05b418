import type { CheckHost } from "../check/check-graph.ts";
import { ClosedError, GraphError } from "../errors.ts";
import type { EvolutionHost } from "../evolution/host.ts";
import { type Id, isId } from "../model/id.ts";
import { describeKind } from "../model/value-kind.ts";
import type { Query } from "../query/query.ts";
import { findRecord } from "../query/select.ts";
import { NODE } from "../resident/change-log.ts";
import type { QuarantinedRecord } from "../resident/quarantine.ts";
import { type Entity, NodeEntity, requireGraph } from "../schema/entity.ts";
import type { CheckReport } from "../types/check.ts";
import type { SweepReport, UnreadableRecord } from "../types/evolution.ts";
import type { GraphStatus } from "../types/session.ts";
import { andThen } from "../util/maybe-async.ts";
import { GraphSession, type SessionCore } from "./session.ts";
import { statusOf } from "./status.ts";
import { extentQuery } from "./tx.ts";

/** Records of a deleted root that go in one unit of work. */
const DELETE_BATCH = 500;

/** How long `close` waits while no unit of work gets on. */
const CLOSE_PATIENCE_MS = 10_000;

/** What all sessions of a graph share, and what ends with it. */
export interface GraphCore extends SessionCore {
  readonly closing: { isClosed: boolean; running: number; idle: (() => void) | undefined };
  /** The store is closed, or failed to. */
  closed(): void;
}

/** An open graph: the session of the system root, and what concerns the graph as a whole. */
export class GraphObject extends GraphSession {
  readonly #core: GraphCore;
  readonly #systemRootId: Id;
  #ended: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #isGone = false;

  static {
    Object.defineProperty(GraphObject.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: GraphObject): string {
        // Test runners print copies, which have no private parts.
        if (!(#core in this)) return "Graph";
        const { runtime, closing } = this.#core;
        return `Graph over ${runtime.store.name}${closing.isClosed ? " (closed)" : ""}`;
      },
    });
  }

  constructor(core: GraphCore, systemRootId: Id) {
    super(core, systemRootId);
    this.#core = core;
    this.#systemRootId = systemRootId;
  }

  as(root: unknown): GraphSession {
    return new GraphSession(this.#core, this.#rootIdOf(root, "as"));
  }

  async createRoot(): Promise<Entity> {
    return this.run(({ unit }) => unit.createRoot());
  }

  roots(): Query {
    const { catalog } = this.#core.runtime;
    return this.nodes(catalog.definition(catalog.rootNumber).cls).except(this.#systemRootId);
  }

  async deleteRoot(root: unknown): Promise<void> {
    const id = this.#rootIdOf(root, "deleteRoot");
    if (id === this.#systemRootId)
      throw new GraphError({ code: "RW_ROOT_DELETE", message: "the system root cannot be deleted" });
    await this.run(({ unit }) =>
      andThen(findRecord(unit, NODE, id), (slot) => {
        if (slot < 0) return;
        const { catalog } = unit.runtime;
        if (unit.table(NODE).types[slot] !== catalog.rootNumber)
          throw new TypeError(`deleteRoot takes a root or its id, and ${id} is of something else`);
        unit.deleteNode(slot, true);
      }),
    );
    // The root is gone for good; what it owned goes after it, and a second call takes up what a crash left.
    for (const kind of ["edge", "node"] as const) {
      for (const definition of this.#core.runtime.catalog.definitions()) {
        if (definition.kind !== kind || definition.parent !== undefined) continue;
        await this.#deleteOwned(kind, definition.cls, id);
      }
    }
  }

  async #deleteOwned(kind: "node" | "edge", type: unknown, owner: Id): Promise<void> {
    let after: string | undefined;
    do {
      const from = after;
      after = await this.run(async ({ unit }) => {
        const context = {
          catalog: unit.runtime.catalog,
          unit,
          within: <T>(body: (same: typeof unit) => T) => body(unit),
        };
        const all = extentQuery(context, kind, type, undefined).limit(DELETE_BATCH);
        const page = await (from === undefined ? all : all.after(from)).page();
        for (const item of page.items as Entity[])
          if (item.$ownerId === owner && item.$type !== "Root") item.delete();
        return page.next;
      });
    } while (after !== undefined);
  }

  /** L1, units and the store, for people and tests. */
  status(): GraphStatus {
    const { runtime, closing } = this.#core;
    const state = !closing.isClosed ? "open" : this.#isGone ? "closed" : "closing";
    return statusOf(runtime, state);
  }

  quarantine(): QuarantinedRecord[] {
    return this.#core.runtime.resident.quarantine.list();
  }

  async check(options?: unknown): Promise<CheckReport> {
    this.#core.enter();
    try {
      // Few apps ever do it: what it takes is loaded when it is asked for.
      const { checkGraph } = await import("../check/check-graph.ts");
      return await checkGraph(this.#checkHost(), options);
    } finally {
      this.#core.leave();
    }
  }

  async sweep(options?: unknown): Promise<SweepReport> {
    const { sweep } = await import("../evolution/sweep.ts");
    return sweep(this.#evolutionHost(), options);
  }

  async *unreadable(options?: unknown): AsyncGenerator<UnreadableRecord, void, undefined> {
    const { unreadable } = await import("../evolution/unreadable.ts");
    yield* unreadable(this.#evolutionHost(), options);
  }

  #evolutionHost(): EvolutionHost {
    const { runtime, closing } = this.#core;
    return {
      runtime,
      run: async (body) => this.run(body),
      requireOpen() {
        if (closing.isClosed) throw new ClosedError({ message: "the graph is closed" });
      },
    };
  }

  #checkHost(): CheckHost {
    const { runtime, closing } = this.#core;
    const { catalog, store, scheduler, ids, loader, purger } = runtime;
    return {
      store,
      stored: () => catalog.stored,
      isClosed: () => closing.isClosed,
      nextTurn: () => new Promise((resolve) => scheduler.nextTurn(resolve)),
      wait: (ms) => new Promise((resolve) => scheduler.after(ms, resolve, true)),
      newUnitId: () => ids.nextId(),
      follow: () => loader.follower.catchUp(),
      wakePurger: () => purger.wake(),
    };
  }

  /** Applies what other processes have committed until now. */
  async refresh(): Promise<void> {
    this.#core.enter();
    try {
      await this.#core.runtime.loader.follower.catchUp();
    } finally {
      this.#core.leave();
    }
  }

  close(): Promise<void> {
    this.#ended ??= this.#end();
    this.#closed ??= this.#watched(this.#ended);
    return this.#closed;
  }

  /** Takes its course whoever waits for it. */
  async #end(): Promise<void> {
    const { closing, runtime } = this.#core;
    closing.isClosed = true;
    this.#core.hub.stopReading();
    if (closing.running > 0) {
      await new Promise<void>((resolve) => {
        closing.idle = resolve;
      });
    }
    this.#core.hub.close();
    await runtime.purger.stop();
    runtime.resident.close();
    try {
      await runtime.store.close();
    } finally {
      this.#isGone = true;
      this.#core.closed();
    }
  }

  /**
   * Who awaits `close` in the body of a unit waits for itself, and nothing here can tell that call from another. It
   * shows in that no unit gets on, and then the wait ends in an error, which in such a body ends the unit.
   */
  #watched(ended: Promise<void>): Promise<void> {
    const { closing, runtime } = this.#core;
    const { resident, store, scheduler, counts } = runtime;
    if (closing.running === 0) return ended;
    return new Promise((resolve, reject) => {
      let cancel = (): void => {};
      const watch = (before: string): void => {
        cancel = scheduler.after(
          CLOSE_PATIENCE_MS,
          () => {
            if (closing.running === 0) return;
            const now = progress();
            if (now !== before) {
              watch(now);
              return;
            }
            this.#closed = undefined;
            reject(closeWaits(closing.running));
          },
          true,
        );
      };
      const progress = (): string =>
        [closing.running, resident.stamp, store.counters.statements, counts.conflicts].join();
      watch(progress());
      ended.then(resolve, reject).finally(() => cancel());
    });
  }

  #rootIdOf(root: unknown, what: string): Id {
    if (root instanceof NodeEntity) {
      requireGraph(root, this.#core.runtime.catalog, what);
      if (root.$type === "Root") return root.id;
    } else if (isId(root)) return root;
    throw new TypeError(`${what} takes a root or its id, got ${describeKind(root)}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function closeWaits(running: number): ClosedError {
  return new ClosedError({
    code: "RW_CLOSE_WAITS",
    message: `close() waits for ${running} ${running === 1 ? "unit of work" : "units of work"} that did nothing for ${CLOSE_PATIENCE_MS / 1000} s: in the body of a unit it waits for itself`,
    details: { running },
  });
}
