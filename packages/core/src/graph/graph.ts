import { GraphError } from "../errors.ts";
import { type Id, isId } from "../model/id.ts";
import { describeKind } from "../model/value-kind.ts";
import type { Query } from "../query/query.ts";
import { findRecord } from "../query/select.ts";
import { NODE } from "../resident/change-log.ts";
import { type Entity, NodeEntity } from "../schema/entity.ts";
import { andThen } from "../util/maybe-async.ts";
import { GraphSession, type SessionCore } from "./session.ts";
import { extentQuery } from "./tx.ts";

/** Records of a deleted root that go in one unit of work. */
const DELETE_BATCH = 500;

interface ClosableCore extends SessionCore {
  readonly closing: { isClosed: boolean; running: number; idle: (() => void) | undefined };
}

/** An open graph: the session of the system root, and what concerns the graph as a whole. */
export class GraphObject extends GraphSession {
  readonly #core: ClosableCore;
  readonly #systemRootId: Id;
  #closed: Promise<void> | undefined;

  constructor(core: ClosableCore, systemRootId: Id) {
    super(core, systemRootId);
    this.#core = core;
    this.#systemRootId = systemRootId;
  }

  as(root: unknown): GraphSession {
    return new GraphSession(this.#core, rootIdOf(root, "as"));
  }

  async createRoot(): Promise<Entity> {
    const { catalog } = this.#core.runtime;
    return this.run(({ unit }) => unit.createNode(catalog.definition(catalog.rootNumber), {}));
  }

  roots(): Query {
    const { catalog } = this.#core.runtime;
    return this.nodes(catalog.definition(catalog.rootNumber).cls).except(this.#systemRootId);
  }

  async deleteRoot(root: unknown): Promise<void> {
    const id = rootIdOf(root, "deleteRoot");
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
  status(): object {
    const { runtime } = this.#core;
    const { resident, store, counts } = runtime;
    return {
      store: { name: store.name, supports: store.supports, counters: { ...store.counters } },
      cache: {
        ...resident.statistics,
        nodes: resident.nodes.size,
        edges: resident.edges.size,
        bytes: resident.bytes,
        bounds: resident.bounds,
      },
      units: { open: resident.openUnits, ...counts },
    };
  }

  /** Applies what other processes have committed until now. */
  async refresh(): Promise<void> {
    await this.#core.runtime.loader.follower.catchUp();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { closing, runtime } = this.#core;
    closing.isClosed = true;
    if (closing.running > 0) {
      await new Promise<void>((resolve) => {
        closing.idle = resolve;
      });
    }
    await runtime.purger.stop();
    await runtime.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function rootIdOf(root: unknown, what: string): Id {
  const id = root instanceof NodeEntity ? root.id : root;
  if (!isId(id)) throw new TypeError(`${what} takes a root or its id, got ${describeKind(root)}`);
  return id;
}
