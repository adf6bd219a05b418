import type { Principal } from "../access/principal.ts";
import type { ChangeHub } from "../changes/change-hub.ts";
import { liveList, liveValue } from "../changes/live-queries.ts";
import { type Watcher, watch, watched } from "../changes/watch.ts";
import { ValidationError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import { parseId } from "../model/id.ts";
import type { Query, QueryContext } from "../query/query.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { Entity, NodeEntity } from "../schema/entity.ts";
import type { AccessExplanation } from "../types/access.ts";
import type { Changes, Watching } from "../types/changes.ts";
import type { TraceOptions } from "../types/walk-trace.ts";
import type { Attempt, Body, Runner } from "../unit/runner.ts";
import type { Runtime } from "../unit/runtime.ts";
import { andThen, isPromise, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Checkpoint } from "../walker/checkpoint.ts";
import { GraphWalkUnit } from "../walker/graph-walk-unit.ts";
import type { HandlerTable } from "../walker/handler-table.ts";
import { checkInput } from "../walker/input.ts";
import { relocated } from "../walker/relocate.ts";
import { readSpawnOptions, runWalk, type WalkRun } from "../walker/walk.ts";
import type { WalkHost, WalkVerbs } from "../walker/walk-host.ts";
import { FinishedTrace } from "../walker/walk-trace.ts";
import { TraceLog } from "../walker/walk-tracer.ts";
import { requireWalker } from "../walker/walker.ts";
import { explainAccess } from "./explain-access.ts";
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
  readonly hub: ChangeHub;
}

/** What a session is made of, for parts of the library that are built on sessions. `undefined` for anything else. */
export let partsOf: (session: unknown) => { core: SessionCore; principal: Principal } | undefined;

/** What one principal can do with a graph. */
export class GraphSession {
  readonly #core: SessionCore;
  readonly #principal: Principal;
  readonly #context: QueryContext;
  #root: NodeEntity | undefined;

  static {
    partsOf = (session) =>
      typeof session === "object" && session !== null && #principal in session
        ? { core: session.#core, principal: session.#principal }
        : undefined;
    Object.defineProperty(GraphSession.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: GraphSession): string {
        return #principal in this ? `Session as root ${this.#principal.id}` : "Session";
      },
    });
  }

  constructor(core: SessionCore, rootId: Id) {
    this.#core = core;
    this.#principal = core.runtime.principal(rootId);
    this.#context = {
      catalog: core.runtime.catalog,
      unit: undefined,
      within: (body) => this.run(({ unit }) => body(unit)),
      following: {
        principal: this.#principal,
        live: (read, options) => liveList(core.hub, this.#principal, read, options),
      },
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

  live(read: unknown, options?: unknown): unknown {
    if (typeof read !== "function") throw new TypeError("live takes a function that reads");
    return liveValue(this.#core.hub, this.#principal, (unit) => read(new UnitVerbs(unit)), options);
  }

  watch(target: unknown, listener: unknown, options?: unknown): Watching {
    return watch(this.#watcher(), target, listener, options);
  }

  changes(target: unknown, options?: unknown): Changes {
    return watched(this.#watcher(), "changes", target, options);
  }

  #watcher(): Watcher {
    const { catalog } = this.#core.runtime;
    return {
      hub: this.#core.hub,
      principal: this.#principal,
      extent: (type) => extentQuery(this.#context, catalog.definitionOf(type).kind, type, undefined),
    };
  }

  async explainAccess(record: unknown, level: unknown, options?: unknown): Promise<AccessExplanation> {
    return this.run(({ unit }) => explainAccess(unit, record, level, options));
  }

  async transaction<T>(body: (tx: UnitVerbs) => MaybePromise<T>): Promise<T> {
    if (typeof body !== "function") throw new TypeError("transaction takes a function");
    const core = this.#core;
    // As `run`, without a promise of its own.
    core.enter();
    try {
      const result = core.runner.run(this.#principal, ({ unit }) => body(new UnitVerbs(unit)), true);
      // Awaited here, and not handed on: so the trace of an error that is about to be thrown leads to the caller.
      return isPromise(result) ? await result : result;
    } finally {
      core.leave();
    }
  }

  async spawn(walker: unknown, input?: unknown, options?: unknown): Promise<WalkRun> {
    const definition = requireWalker(walker);
    const checked = checkInput(definition, input);
    const { at, maxVisits, trace } = readSpawnOptions(`spawn(${definition.name}, …)`, options);
    const { runtime, handlers } = this.#core;
    if (trace?.label !== undefined) requireLabel(runtime.catalog, trace.label);
    const log =
      trace === undefined ? undefined : new TraceLog(definition.name, trace, () => runtime.scheduler.now());
    const { resident } = runtime;
    let resumeFrom: Checkpoint | undefined;
    let resumeFlushes = resident.flushes;
    // Places that a checkpoint remembers stay valid over the units of one walk.
    let holder: { firstStamp: number; position: number } | undefined;
    const walk = (attempt: Attempt): MaybePromise<WalkRun> => {
      log?.begin(attempt.unit);
      const host = this.#host(attempt, handlers, log, (checkpoint) => {
        if (holder === undefined) {
          holder = { firstStamp: attempt.unit.firstStamp, position: Number.MAX_SAFE_INTEGER };
          resident.enter(holder);
        }
        const { flushes } = resident;
        return andThen(attempt.checkpoint(), () => {
          resumeFrom = checkpoint;
          resumeFlushes = flushes;
          // Its places are not where they were: as after a conflict, it goes on from the checkpoint.
          if (resident.flushes !== flushes) throw attempt.unit.failOn("everything");
        });
      });
      const begin = (): MaybePromise<WalkRun> =>
        runWalk(host, {
          walker: definition,
          input: checked,
          target: at === undefined ? attempt.unit.actor : at,
          maxVisits,
          resumeFrom,
        });
      if (resumeFrom === undefined || resumeFlushes === resident.flushes) return begin();
      return andThen(relocated(runtime, resumeFrom), (found) => {
        resumeFrom = found;
        resumeFlushes = resident.flushes;
        return begin();
      });
    };
    try {
      const run = await this.run(walk, true);
      return log === undefined ? run : { ...run, trace: this.#ended(log, trace!, "committed") };
    } catch (error) {
      if (log !== undefined) this.#ended(log, trace!, "failed", error);
      throw error;
    } finally {
      if (holder !== undefined) resident.leave(holder);
    }
  }

  #ended(
    log: TraceLog,
    { onEnd }: TraceOptions,
    outcome: "committed" | "failed",
    error?: unknown,
  ): FinishedTrace {
    const trace = new FinishedTrace(log.facts(outcome, error));
    const { runtime } = this.#core;
    try {
      const told: unknown = onEnd?.(trace);
      if (isThenable(told)) Promise.resolve(told).catch((thrown: unknown) => runtime.reportError(thrown));
    } catch (thrown) {
      runtime.reportError(thrown);
    }
    return trace;
  }

  #host(
    attempt: Attempt,
    handlers: HandlerTable,
    log: TraceLog | undefined,
    commit: (checkpoint: Checkpoint) => MaybePromise<void>,
  ): WalkHost {
    const { runtime } = this.#core;
    let unit = new GraphWalkUnit(attempt.unit);
    let verbs = new UnitVerbs(attempt.unit);
    return {
      get unit() {
        return unit;
      },
      get verbs(): WalkVerbs {
        return verbs;
      },
      handlers,
      clock: runtime.scheduler,
      tracer: log?.walk(),
      doom: (error) => attempt.unit.doom(error),
      commit: (checkpoint) =>
        andThen(commit(checkpoint), () => {
          log?.keep();
          log?.follow(attempt.unit);
          unit = new GraphWalkUnit(attempt.unit, unit.demands);
          verbs = new UnitVerbs(attempt.unit);
        }),
    };
  }

  /**
   * Runs a body as a unit of work of this session's principal.
   * @param usesRoot whether the body uses the principal's root
   * @throws {NotFoundError} where the principal is no root (any more): then it owns nothing and nobody is acting
   */
  run<T>(body: Body<T>, usesRoot = false): MaybePromise<T> {
    const core = this.#core;
    core.enter();
    let result: MaybePromise<T>;
    try {
      result = core.runner.run(this.#principal, body, usesRoot);
    } catch (error) {
      core.leave();
      throw error;
    }
    if (isPromise(result)) return leaving(core, result);
    core.leave();
    return result;
  }
}

/** A label that no type has is a slip: it would be missed in silence, on every record. */
function requireLabel(catalog: Catalog, label: string): void {
  if (catalog.definitions().some((type) => type.hasField(label))) return;
  throw new ValidationError({
    code: "RW_OPTION_INVALID",
    message: `trace.label: no type has a field ${JSON.stringify(label)}`,
  });
}

/** As `finally` does it, with a third of its promises: every transaction comes through here. */
async function leaving<T>(core: SessionCore, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } finally {
    core.leave();
  }
}
