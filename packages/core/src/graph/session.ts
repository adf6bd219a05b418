import type { Principal } from "../access/principal.ts";
import { NotFoundError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { parseId } from "../model/id.ts";
import type { Query, QueryContext } from "../query/query.ts";
import { findRecord } from "../query/select.ts";
import { NODE } from "../resident/change-log.ts";
import type { Entity, NodeEntity } from "../schema/entity.ts";
import type { Attempt, Runner } from "../unit/runner.ts";
import type { Runtime } from "../unit/runtime.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import type { Checkpoint } from "../walker/checkpoint.ts";
import { GraphWalkUnit } from "../walker/graph-walk-unit.ts";
import type { HandlerTable } from "../walker/handler-table.ts";
import { checkInput } from "../walker/input.ts";
import { readSpawnOptions, runWalk, type WalkRun } from "../walker/walk.ts";
import type { WalkHost, WalkVerbs } from "../walker/walk-host.ts";
import { requireWalker } from "../walker/walker.ts";
import { SessionHost } from "./session-host.ts";
import { extentQuery, getRecord, requireRecord, UnitVerbs } from "./tx.ts";

/** What the sessions of one graph share. */
export interface SessionCore {
  readonly runtime: Runtime;
  readonly runner: Runner;
  readonly handlers: HandlerTable;
  /** @throws {ClosedError} once the graph is closed; else counts a call until `leave`. */
  enter(): void;
  leave(): void;
}

/** What one principal can do with a graph. */
export class GraphSession {
  readonly #core: SessionCore;
  readonly #principal: Principal;
  readonly #context: QueryContext;
  #root: NodeEntity | undefined;

  constructor(core: SessionCore, rootId: Id) {
    this.#core = core;
    this.#principal = core.runtime.principal(rootId);
    this.#context = {
      catalog: core.runtime.catalog,
      unit: undefined,
      within: (body) => this.run(({ unit }) => body(unit)),
    };
  }

  get root(): NodeEntity {
    if (this.#root === undefined) {
      const { catalog } = this.#core.runtime;
      const words = new Int32Array(4);
      parseId(this.#principal.id, words);
      const definition = catalog.definition(catalog.rootNumber);
      const host = new SessionHost(this.#context);
      this.#root = definition.instantiate(
        host,
        -1,
        definition.emptyState(),
        words[0]!,
        words[1]!,
        words[2]!,
        words[3]!,
      ) as NodeEntity;
    }
    return this.#root;
  }

  async get(type: unknown, id: unknown): Promise<Entity | undefined> {
    return this.run(({ unit }) => getRecord(unit, type, id));
  }

  async require(type: unknown, id: unknown): Promise<Entity> {
    return this.run(({ unit }) => requireRecord(unit, type, id));
  }

  nodes(type: unknown, filter?: unknown): Query {
    return extentQuery(this.#context, "node", type, filter);
  }

  edges(type: unknown, filter?: unknown): Query {
    return extentQuery(this.#context, "edge", type, filter);
  }

  async transaction<T>(body: (tx: UnitVerbs) => MaybePromise<T>): Promise<T> {
    if (typeof body !== "function") throw new TypeError("transaction takes a function");
    return this.run(({ unit }) => this.#withRoot(unit, (root) => body(new UnitVerbs(unit, () => root))));
  }

  async spawn(walker: unknown, input?: unknown, options?: unknown): Promise<WalkRun> {
    const definition = requireWalker(walker);
    const checked = checkInput(definition, input);
    const { at, maxVisits } = readSpawnOptions(`spawn(${definition.name}, …)`, options);
    const { runtime, handlers } = this.#core;
    let resumeFrom: Checkpoint | undefined;
    // Places that a checkpoint remembers stay valid over the units of one walk.
    let holder: { firstStamp: number; position: number } | undefined;
    const walk = (attempt: Attempt): MaybePromise<WalkRun> =>
      this.#withRoot(attempt.unit, (root) => {
        const host = this.#host(attempt, root, handlers, (checkpoint) => {
          if (holder === undefined) {
            holder = { firstStamp: attempt.unit.firstStamp, position: Number.MAX_SAFE_INTEGER };
            runtime.resident.enter(holder);
          }
          return andThen(attempt.checkpoint(), () => {
            resumeFrom = checkpoint;
          });
        });
        return runWalk(host, {
          walker: definition,
          input: checked,
          target: at ?? root,
          maxVisits,
          resumeFrom,
        });
      });
    try {
      return await this.run(walk);
    } finally {
      if (holder !== undefined) runtime.resident.leave(holder);
    }
  }

  #host(
    attempt: Attempt,
    firstRoot: NodeEntity,
    handlers: HandlerTable,
    commit: (checkpoint: Checkpoint) => MaybePromise<void>,
  ): WalkHost {
    const { runtime } = this.#core;
    let root = firstRoot;
    let unit = new GraphWalkUnit(attempt.unit);
    let verbs = new UnitVerbs(attempt.unit, () => root);
    return {
      get unit() {
        return unit;
      },
      get verbs(): WalkVerbs {
        return verbs;
      },
      handlers,
      clock: runtime.scheduler,
      doom: (error) => attempt.unit.doom(error),
      commit: (checkpoint) =>
        andThen(commit(checkpoint), () =>
          this.#withRoot(attempt.unit, (next) => {
            root = next;
            unit = new GraphWalkUnit(attempt.unit, unit.demands);
            verbs = new UnitVerbs(attempt.unit, () => root);
          }),
        ),
    };
  }

  /**
   * Runs a body as a unit of work of this session's principal.
   * @throws {NotFoundError} where the principal is no root (any more): then it owns nothing and nobody is acting
   */
  run<T>(body: (attempt: Attempt) => MaybePromise<T>): MaybePromise<T> {
    const asRoot = this.#principal.isSystem
      ? body
      : (attempt: Attempt): MaybePromise<T> => this.#withRoot(attempt.unit, () => body(attempt));
    this.#core.enter();
    let result: MaybePromise<T>;
    try {
      result = this.#core.runner.run(this.#principal, asRoot);
    } catch (error) {
      this.#core.leave();
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => this.#core.leave());
    this.#core.leave();
    return result;
  }

  /** As `findRecord`, without reading the id's text again for every unit. */
  #findRoot(unit: Unit): MaybePromise<number> {
    const { nodes } = unit.runtime.resident;
    const { words, id } = this.#principal;
    const slot = nodes.find(words[0]!, words[1]!, words[2]!, words[3]!);
    // A root owns itself, so that it may be seen goes without saying; having been handed it is what guards it.
    const isThere = slot >= 0 && nodes.states[slot] !== undefined && unit.levelOf(NODE, slot) > 0;
    if (isThere) unit.node(slot);
    return isThere ? slot : findRecord(unit, NODE, id);
  }

  /** The principal's root as an entity of the unit. */
  #withRoot<T>(unit: Unit, use: (root: NodeEntity) => MaybePromise<T>): MaybePromise<T> {
    return andThen(this.#findRoot(unit), (slot) => {
      if (slot < 0 || unit.table(NODE).types[slot] !== unit.runtime.catalog.rootNumber) {
        throw new NotFoundError({
          message: `there is no root ${this.#principal.id}: it was deleted, or its id is of something else`,
        });
      }
      return use(unit.node(slot));
    });
  }
}
