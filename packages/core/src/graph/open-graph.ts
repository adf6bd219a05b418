import { Principal } from "../access/principal.ts";
import { ChangeHub } from "../changes/change-hub.ts";
import { ClosedError, GraphError, ValidationError } from "../errors.ts";
import { fillKeys } from "../evolution/fill-keys.ts";
import { newNodeAccess } from "../model/access-record.ts";
import { type Id, IdSource, parseId } from "../model/id.ts";
import { readOptions } from "../model/options.ts";
import { checkedStore } from "../persistence/checked-store.ts";
import { memory } from "../persistence/memory-store.ts";
import { EdgeRows, NodeRows } from "../persistence/rows.ts";
import type { CommitOutcome, OpenedStore, Store } from "../persistence/store.ts";
import { handOut, hopFrom, hopStep } from "../query/query.ts";
import { findRoot } from "../query/select.ts";
import { Follower } from "../resident/follower.ts";
import { Loader } from "../resident/loader.ts";
import { ResidentGraph } from "../resident/resident-graph.ts";
import { buildCatalog, Catalog, type CatalogDescription, emptyCatalog } from "../schema/catalog.ts";
import { type Entity, type EntityClass, slotOf } from "../schema/entity.ts";
import { storedTypes } from "../schema/stored-types.ts";
import type { Graph, OpenOptions, UntypedGraph, UntypedOptions } from "../types/session.ts";
import { Committer } from "../unit/committer.ts";
import { KeyQueue } from "../unit/key-queue.ts";
import { Purger } from "../unit/purger.ts";
import { Runner } from "../unit/runner.ts";
import type { Runtime } from "../unit/runtime.ts";
import { type Scheduler, systemScheduler } from "../unit/scheduler.ts";
import { andThen, isThenable } from "../util/maybe-async.ts";
import { HandlerTable } from "../walker/handler-table.ts";
import type { HandlersDefinition } from "../walker/handlers.ts";
import { type GraphCore, GraphObject } from "./graph.ts";

/** The root that everything begins with and that may do everything. */
export const systemRootId: Id = "00000000-0000-7000-8000-000000000000";

/** Every graph of this process takes its ids from here, so one opened again goes on behind what the last one made. */
const processIds: IdSource = new IdSource();

const DEFAULT_ENTRIES = 2_000_000;
const DEFAULT_BYTES = 512 * 1024 * 1024;
const DEFAULT_ATTEMPTS = 5;
/** How long a unit waits behind one that does not move. */
const PATIENCE_MS = 2000;
const PRINCIPALS = 256;
/** How long what a synchronous shared store said stays good within one turn of the event loop. */
const FRESH_MS = 8;
/** Calls between two looks at the clock, as long as so many take less than this. */
const MOST_CALLS = 16;
const SHORT_MS = 0.5;
/** How long a graph over an asynchronous shared store may be in use without asking for the commits of others. */
const FOLLOW_MS = 50;

/**
 * Opens a graph.
 *
 * ```ts
 * const graph = await openGraph({ types: [Room, Message, Posted], store: sqlite("chat.db") });
 * ```
 *
 * @param options.types every node and edge type
 * @param options.store where records are kept; without it in this process's memory
 * @param options.cache bounds of L1: `maxEntries` (nodes and edges; two million) and `maxBytes` (512 MiB)
 * @throws {ValidationError} for definitions that do not fit together and options that are none
 * @throws {GraphError} for a store that cannot be opened
 */
export function openGraph(options: OpenOptions): Promise<Graph> {
  return openWithin(defaultLimits, options);
}

/** What one unit of work may grow to. */
export interface Limits {
  readonly mostWrites: number;
}

const defaultLimits: Limits = Object.freeze({ mostWrites: 4_000_000 });

/** Stores on which graphs are open. One serves one graph at a time: what it remembers is about that graph's reads. */
const serving = new WeakSet<Store>();

/**
 * Takes a store on which no graph is open. @returns what gives it back
 * @throws {ValidationError} `RW_OPTION_INVALID` where one is
 */
export function takeStore(what: string, store: Store): () => void {
  if (serving.has(store))
    throw new ValidationError({
      code: "RW_OPTION_INVALID",
      message: `${what}: a graph is open on this store (${store.name})`,
      remedy: "Close that graph first, or make a store for each graph.",
    });
  serving.add(store);
  return () => void serving.delete(store);
}

/** `openGraph` under other limits than everybody's: how a test gets to what lies beyond them. */
export async function openWithin(limits: Limits, options: OpenOptions): Promise<Graph> {
  const settings = readSettings(options);
  return openOn(settings, limits, options, buildCatalog(options.types));
}

/**
 * Opens what a store holds without the code of the app that wrote it, to look at it: the types are those of the store,
 * with their fields, parents and indexes. Access control applies as ever, except that access rules of types are code
 * and therefore not known.
 *
 * ```ts
 * const { graph, types } = await openUntyped({ store: sqlite("chat.db", { readOnly: true }) });
 * const rooms = await graph.nodes(types.get("Room") as NodeClass).limit(5).all();
 * ```
 *
 * @param options.store opened for reading only: types that are made from what is stored know no validators
 * @throws {ValidationError} `RW_OPTION_INVALID` for a store that can be written to, and as `openGraph`
 */
export async function openUntyped(options: UntypedOptions): Promise<UntypedGraph> {
  const settings = readSettings({ ...options, types: [] });
  if (!settings.store.supports.readOnly)
    throw new ValidationError({
      code: "RW_OPTION_INVALID",
      message: `openUntyped: ${settings.store.name} can be written to, which takes the types of the app`,
      remedy: "Give a store that is open for reading only, such as sqlite(path, { readOnly: true }).",
    });
  let types: ReadonlyMap<string, EntityClass> | undefined;
  let catalog: CatalogDescription | undefined;
  const graph = await openOn(settings, defaultLimits, { ...options, types: [] }, (stored) => {
    catalog = stored;
    types = storedTypes(stored);
    return buildCatalog(types.values());
  });
  return Object.freeze({ graph, types, catalog }) as unknown as UntypedGraph;
}

async function openOn(
  settings: Settings,
  limits: Limits,
  options: OpenOptions,
  catalog: Catalog | ((stored: CatalogDescription) => Catalog),
): Promise<Graph> {
  const given = settings.store;
  const release = takeStore("openGraph", given);
  const store = checkedStore(given);
  try {
    const isMade = catalog instanceof Catalog;
    const opened = await store.open(isMade ? catalog.describe() : emptyCatalog);
    const made = isMade ? catalog : catalog(opened.catalog);
    return await compose(store, opened, made, limits, options, settings, release);
  } catch (error) {
    release();
    try {
      await store.close();
    } catch {
      // Why it could not be opened says more.
    }
    throw error;
  }
}

async function compose(
  store: Store,
  opened: OpenedStore,
  catalog: Catalog,
  limits: Limits,
  options: OpenOptions,
  settings: Settings,
  closed: () => void,
): Promise<Graph> {
  catalog.adopt(opened.catalog);
  const handlers = new HandlerTable(
    catalog,
    (options.handlers ?? []) as unknown as readonly HandlersDefinition[],
  );
  const ids = options.clock || options.random ? new IdSource(settings.clock, settings.random) : processIds;
  const observe = (a: number, b: number, c: number, d: number): void => ids.observe(a, b, c, d);
  // Between a commit and its answer from elsewhere the two would not agree on who holds what.
  const lent = store.supports.synchronous ? opened.ids : undefined;
  const resident = new ResidentGraph(catalog, settings.bounds, observe, lent);
  resident.token = opened.token;
  resident.log.skip(opened.token);
  const follower = new Follower(resident, store, opened.catalogVersion);
  const loader = new Loader(resident, store, store, follower);
  const { scheduler } = settings;
  const principals = new Map<Id, Principal>();
  const refreshing = freshness(store, loader, scheduler);
  const runtime: Runtime = {
    catalog,
    store,
    resident,
    loader,
    ids,
    mostWrites: limits.mostWrites,
    scheduler,
    attempts: settings.attempts,
    counts: { commits: 0, conflicts: 0, replays: 0, lost: 0 },
    scratch: { expansion: undefined },
    purger: new Purger(store, scheduler, (error) => runtime.reportError(error)),
    reportError(error) {
      try {
        const told: unknown = settings.onError(error);
        if (isThenable(told)) Promise.resolve(told).catch(() => undefined);
      } catch {
        // Nobody is left to be told.
      }
    },
    freshen: refreshing,
    principal(id) {
      let known = principals.get(id);
      if (known === undefined) {
        if (principals.size >= PRINCIPALS) principals.delete(principals.keys().next().value!);
        known = new Principal(id, id === systemRootId, resident.classes);
        principals.set(id, known);
      }
      return known;
    },
    hop: (unit, entity, direction, type, filter, hopOptions) => {
      const step = hopStep(catalog, direction, type, filter, hopOptions);
      return hopFrom(unit, slotOf(entity), step, "nodes");
    },
    disconnect,
  };
  await ensureSystemRoot(runtime);
  const committer = new Committer(runtime);
  const runner = new Runner(runtime, committer, new KeyQueue(scheduler, PATIENCE_MS), findRoot);
  const hub = new ChangeHub(
    runtime,
    findRoot,
    () => core.enter(),
    () => core.leave(),
  );
  const core: GraphCore = {
    runtime,
    hub,
    runner,
    handlers,
    closing: { isClosed: false, running: 0, idle: undefined },
    closed,
    enter() {
      if (this.closing.isClosed) throw new ClosedError({ message: "the graph is closed" });
      this.closing.running += 1;
    },
    leave() {
      this.closing.running -= 1;
      if (this.closing.running === 0) this.closing.idle?.();
    },
  };
  if (!store.supports.readOnly) {
    const system = runtime.principal(systemRootId);
    try {
      await fillKeys({
        runtime,
        run: async (body) => runner.run(system, body, false),
        requireOpen() {},
      });
    } catch (error) {
      resident.close();
      throw error;
    }
  }
  // A process that was killed leaves its purge to the next one.
  if (opened.hasLeftovers !== false) runtime.purger.wake();
  return new GraphObject(core, systemRootId) as unknown as Graph;
}

const disconnect: Runtime["disconnect"] = (unit, from, to, type, filter) => {
  const { catalog } = unit.runtime;
  if (type !== undefined) catalog.definitionOf(type, "edge");
  const step = hopStep(catalog, "out", type, filter, undefined);
  const query = hopFrom(unit, slotOf(from), step, "pairs");
  return andThen(query.find(unit, Number.POSITIVE_INFINITY), ({ nodes, edges }) => {
    const between = edges!.filter((_, i) => nodes[i] === to);
    const selection = { nodes: between.map(() => to), edges: between };
    return andThen(handOut(unit, selection, "edges"), (handed) => unit.deleteAll(handed as Entity[]));
  });
};

interface Settings {
  readonly store: Store;
  readonly bounds: { readonly maxEntries: number; readonly maxBytes: number };
  readonly scheduler: Scheduler;
  readonly clock: () => number;
  readonly random: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  readonly attempts: number;
  readonly onError: (error: unknown) => void;
}

const optionNames = [
  "types",
  "handlers",
  "store",
  "cache",
  "attempts",
  "onError",
  "scheduler",
  "clock",
  "random",
];

function readSettings(options: OpenOptions): Settings {
  if (typeof options !== "object" || options === null || !Array.isArray(options.types)) {
    throw new TypeError("openGraph takes an object with `types`, the node and edge types of the graph");
  }
  readOptions("openGraph", options, optionNames);
  const { attempts = DEFAULT_ATTEMPTS } = options;
  const cache: NonNullable<OpenOptions["cache"]> = readOptions("cache", options.cache, [
    "maxEntries",
    "maxBytes",
  ]);
  if (options.scheduler !== undefined) requireScheduler(options.scheduler);
  for (const name of ["onError", "clock", "random"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw new TypeError(`openGraph: ${name} is a function`);
  }
  if (options.handlers !== undefined && !Array.isArray(options.handlers))
    throw new TypeError("openGraph: handlers is an array of what handlers(Type).entry(…) gives");
  if (options.store !== undefined && typeof (options.store as Partial<Store> | null)?.open !== "function")
    throw new TypeError("openGraph: store is what memory(), sqlite(path) or another store adapter gives");
  const bound = (value: unknown, name: string, fallback: number): number => {
    if (value === undefined) return fallback;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
    throw invalid(`cache.${name} is a positive whole number, got ${String(value)}`);
  };
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw invalid(`attempts is a positive whole number, got ${String(attempts)}`);
  if (options.clock !== undefined && !Number.isFinite(options.clock()))
    throw invalid("openGraph: clock gives milliseconds since 1970, and gave no such number");
  return {
    store: options.store ?? memory(),
    bounds: {
      maxEntries: bound(cache.maxEntries, "maxEntries", DEFAULT_ENTRIES),
      maxBytes: bound(cache.maxBytes, "maxBytes", DEFAULT_BYTES),
    },
    scheduler: options.scheduler ?? systemScheduler(),
    clock: options.clock ?? Date.now,
    random: options.random,
    attempts,
    onError: options.onError ?? ((error) => console.error(error)),
  };
}

function requireScheduler(scheduler: Partial<Scheduler> | null): void {
  for (const name of ["now", "nextTurn", "after"] as const)
    if (typeof scheduler?.[name] !== "function")
      throw new TypeError(`openGraph: scheduler has the methods now, nextTurn and after; ${name} is missing`);
}

function invalid(message: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message });
}

/** Asks a synchronous shared store once a turn of the event loop whether others have committed. */
function freshness(store: Store, loader: Loader, scheduler: Scheduler): () => void {
  if (!store.supports.shared) return () => {};
  if (!store.supports.synchronous) return inBackground(loader, scheduler);
  let isFresh = false;
  let freshUntil = 0;
  // A turn may be long: then it is asked every 8 ms. The clock takes 40 ns, as much as a look-up, so while calls are
  // short it is looked at only at each 16th.
  let lookedAt = 0;
  let stretch = 1;
  let calls = 0;
  return () => {
    if (isFresh && ++calls < stretch) return;
    const now = scheduler.now();
    calls = 0;
    if (isFresh) {
      stretch = now - lookedAt < SHORT_MS ? Math.min(MOST_CALLS, stretch * 2) : 1;
      lookedAt = now;
      if (now < freshUntil) return;
    } else {
      isFresh = true;
      stretch = 1;
      lookedAt = now;
      scheduler.nextTurn(() => {
        isFresh = false;
      });
    }
    freshUntil = now + FRESH_MS;
    const following = loader.follower.catchUp();
    if (isThenable(following))
      throw new TypeError("a store that calls itself synchronous answered with a promise");
  };
}

/** Of a store that answers later nobody waits for what others did; a graph in use learns of it now and then. */
function inBackground(loader: Loader, scheduler: Scheduler): () => void {
  let next = scheduler.now() + FOLLOW_MS;
  return () => {
    const now = scheduler.now();
    if (now < next) return;
    next = now + FOLLOW_MS;
    const following = loader.follower.catchUp();
    // A store that cannot be reached says so to the next read.
    if (isThenable(following)) following.then(undefined, () => {});
  };
}

/** The system root is in every graph; the first process to open it puts it there. */
async function ensureSystemRoot(runtime: Runtime): Promise<void> {
  const words = new Int32Array(4);
  parseId(systemRootId, words);
  const isThere = (): boolean => runtime.resident.nodes.find(words[0]!, words[1]!, words[2]!, words[3]!) >= 0;
  await runtime.loader.nodesById([systemRootId], () => undefined);
  if (!isThere()) await createSystemRoot(runtime, isThere);
}

async function createSystemRoot(runtime: Runtime, isThere: () => boolean): Promise<void> {
  const { store, loader, resident, catalog, ids } = runtime;
  const noRoot = (message: string): GraphError => new GraphError({ code: "RW_STORE_CONTRACT", message });
  if (store.supports.readOnly)
    throw noRoot(`${store.name} holds no system root, and is open for reading only`);
  for (let tries = 0; tries < 10; tries++) {
    const nodes = new NodeRows();
    nodes.ids.push(systemRootId);
    nodes.owners.push(systemRootId);
    nodes.push("Root", newNodeAccess, 1, 1, catalog.definition(catalog.rootNumber).shape, {});
    const [outcome] = (await store.commit([
      {
        unitId: ids.nextId(),
        base: resident.token,
        guards: {
          isEmpty: false,
          conflictsWith: (commits) =>
            commits.some(({ changes }) => changes?.some(({ id }) => id === systemRootId) ?? true),
          *[Symbol.iterator]() {
            yield { kind: "absent", id: systemRootId } as const;
          },
        },
        nodes,
        edges: new EdgeRows(),
        updates: [],
      },
    ])) as CommitOutcome[];
    if (outcome?.status === "leased")
      await new Promise<void>((resolve) => runtime.scheduler.after(50, resolve, true));
    await loader.follower.catchUp();
    await loader.nodesById([systemRootId], () => undefined);
    if (isThere()) return;
  }
  throw noRoot(`${store.name} does not keep the system root`);
}
