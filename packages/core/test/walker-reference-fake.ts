import { buildCatalog, type Catalog } from "../src/schema/catalog.ts";
import { definitionOf } from "../src/schema/definition.ts";
import { edge } from "../src/schema/edge.ts";
import type { Entity } from "../src/schema/entity.ts";
import { node } from "../src/schema/node.ts";
import type { MaybePromise } from "../src/util/maybe-async.ts";
import type { Checkpoint } from "../src/walker/checkpoint.ts";
import { HandlerTable } from "../src/walker/handler-table.ts";
import type { HandlersDefinition } from "../src/walker/handlers.ts";
import { checkInput } from "../src/walker/input.ts";
import { runWalk, type WalkRun } from "../src/walker/walk.ts";
import type { WalkHost, WalkVerbs } from "../src/walker/walk-host.ts";
import { type Located, type Location, NOWHERE, type WalkUnit } from "../src/walker/walk-unit.ts";
import { requireWalker } from "../src/walker/walker.ts";
import type { EdgeType, GraphScript, NodeType, Ref, TypeName } from "./walker-reference.ts";

export class A extends node("A", {}) {}
export class B extends A.extend("B", {}) {}
export class C extends node("C", {}) {}
export class E extends edge("E", {}) {}
export class F extends E.extend("F", {}) {}

export const classes = { a: A, b: B, c: C, e: E, f: F } as const satisfies Record<TypeName, unknown>;

const catalog: Catalog = buildCatalog(Object.values(classes));

function numberOf(cls: unknown): number {
  return catalog.numberOf((definitionOf(cls) as { name: string }).name);
}

const numbers = Object.fromEntries(
  Object.entries(classes).map(([name, cls]) => [name, numberOf(cls)]),
) as Record<TypeName, number>;

/** Thrown where a unit has lost to another, to be replayed. */
export class FakeConflict extends Error {}

const never = Number.POSITIVE_INFINITY;

interface Life {
  readonly type: number;
  readonly born: number;
  died: number;
}

interface EdgeLife extends Life {
  readonly from: number;
  readonly to: number;
}

/** A graph whose records know when they were made and deleted, so that it can be seen as it was. */
export class FakeGraph {
  readonly nodes: Life[] = [];
  readonly edges: EdgeLife[] = [];
  readonly edgesOf: number[][] = [];
  now = 0;

  constructor(script?: GraphScript) {
    for (const type of script?.nodes ?? []) this.addNode(numbers[type]);
    for (const { type, from, to } of script?.edges ?? []) this.addEdge(numbers[type], from, to);
  }

  addNode(type: number): number {
    this.edgesOf.push([]);
    return this.nodes.push({ type, born: ++this.now, died: never }) - 1;
  }

  addEdge(type: number, from: number, to: number): number {
    const number = this.edges.push({ type, from, to, born: ++this.now, died: never }) - 1;
    (this.edgesOf[from] as number[]).push(number);
    if (to !== from) (this.edgesOf[to] as number[]).push(number);
    return number;
  }

  exists(location: Location, at: number = this.now): boolean {
    const number = location >> 1;
    if ((location & 1) === 0) return isAlive(this.nodes[number], at);
    const edge = this.edges[number];
    if (edge === undefined || !isAlive(edge, at)) return false;
    return isAlive(this.nodes[edge.from], at) && isAlive(this.nodes[edge.to], at);
  }

  typeOf(location: Location): number {
    return ((location & 1) === 0 ? this.nodes[location >> 1] : this.edges[location >> 1])?.type as number;
  }

  copy(): FakeGraph {
    const copy = new FakeGraph();
    copy.now = this.now;
    for (const life of this.nodes) copy.nodes.push({ ...life });
    for (const life of this.edges) copy.edges.push({ ...life });
    for (const list of this.edgesOf) copy.edgesOf.push([...list]);
    return copy;
  }
}

function isAlive(life: Life | undefined, at: number): boolean {
  return life !== undefined && life.born <= at && life.died > at;
}

type Direction = "out" | "in" | "both";

/** What `out`, `in` and `both` of a fake node give. */
export class FakeQuery {
  readonly from: FakeEntity;
  readonly direction: Direction;
  readonly types: readonly number[];
  readonly asEdges: boolean;

  constructor(from: FakeEntity, direction: Direction, types: readonly number[], asEdges: boolean) {
    this.from = from;
    this.direction = direction;
    this.types = types;
    this.asEdges = asEdges;
  }

  ofType(type: unknown): FakeQuery {
    return new FakeQuery(this.from, this.direction, [...this.types, numberOf(type)], this.asEdges);
  }

  edges(): FakeQuery {
    return new FakeQuery(this.from, this.direction, this.types, true);
  }
}

/** A node or an edge as a fake unit hands it out. */
export class FakeEntity {
  readonly unit: FakeUnit;
  readonly location: Location;

  constructor(unit: FakeUnit, location: Location) {
    this.unit = unit;
    this.location = location;
  }

  get id(): Ref {
    return refOf(this.location);
  }

  out(type?: unknown): FakeQuery {
    return this.#query("out", type);
  }

  in(type?: unknown): FakeQuery {
    return this.#query("in", type);
  }

  both(type?: unknown): FakeQuery {
    return this.#query("both", type);
  }

  connect(type: unknown, through: unknown = E): FakeEntity {
    const { graph } = this.unit;
    const number = graph.addNode(numberOf(type));
    graph.addEdge(numberOf(through), this.location >> 1, number);
    return this.unit.entity(number * 2);
  }

  delete(): void {
    const { graph } = this.unit;
    const life =
      (this.location & 1) === 0 ? graph.nodes[this.location >> 1] : graph.edges[this.location >> 1];
    if (graph.exists(this.location)) (life as Life).died = ++graph.now;
  }

  #query(direction: Direction, type: unknown): FakeQuery {
    return new FakeQuery(this, direction, type === undefined ? [] : [numberOf(type)], false);
  }
}

export function refOf(location: Location): Ref {
  return (location & 1) === 0 ? `n${location >> 1}` : `e${location >> 1}`;
}

export function locationOfRef(ref: Ref): Location {
  return Number(ref.slice(1)) * 2 + (ref.startsWith("e") ? 1 : 0);
}

export interface FakeOptions {
  readonly graph?: GraphScript | FakeGraph | undefined;
  readonly handlers?: readonly unknown[] | undefined;
  /** Draws a number from 0 below `n`; with it, much is answered later, and much is not resident. */
  readonly draw?: ((n: number) => number) | undefined;
  /** Milliseconds that go by between two looks at the clock. */
  readonly tickMs?: number | undefined;
  /** After how many calls of the unit the attempt loses, each once. */
  readonly conflictsAfter?: readonly number[] | undefined;
  readonly onReplay?: ((isFirst: boolean) => void) | undefined;
  readonly onCheckpoint?: ((checkpoint: Checkpoint) => void) | undefined;
}

/** The port to a unit of work over arrays: late, forgetful and strict where it is told to be. */
export class FakeUnit implements WalkUnit {
  readonly graph: FakeGraph;
  readonly #draw: ((n: number) => number) | undefined;
  readonly #count: () => void;
  readonly #entities = new Map<Location, FakeEntity>();
  readonly #marks = new Map<number, number>();
  readonly #resident = new Set<Location>();
  #nextMark = 0;
  isClosed = false;
  readonly prefetches: number[] = [];

  constructor(graph: FakeGraph, draw: ((n: number) => number) | undefined, count: () => void) {
    this.graph = graph;
    this.#draw = draw;
    this.#count = count;
  }

  entity(location: Location): FakeEntity {
    let entity = this.#entities.get(location);
    if (entity === undefined) {
      entity = new FakeEntity(this, location);
      this.#entities.set(location, entity);
    }
    return entity;
  }

  #require(entity: FakeEntity): Location {
    if (entity.unit !== this) throw new Error(`${entity.id} belongs to a unit that has ended`);
    return entity.location;
  }

  #later<T>(answer: () => T): MaybePromise<T> {
    if (this.isClosed) throw new Error("the unit has ended");
    this.#count();
    if (this.#draw === undefined || this.#draw(2) === 0) return answer();
    return tick().then(answer);
  }

  locate(target: unknown, here: Entity | undefined, position?: number): MaybePromise<Located> {
    if (position !== undefined && !this.#marks.has(position)) throw new Error("the mark was released");
    const from = here === undefined ? undefined : this.#require(here as never);
    // Looked up when the answer is given: a late one without a mark sees what was written meanwhile.
    return this.#later(() =>
      this.#find(
        target,
        from,
        position === undefined ? this.graph.now : (this.#marks.get(position) as number),
      ),
    );
  }

  #find(target: unknown, here: Location | undefined, at: number): Located {
    if (target instanceof FakeQuery) {
      const origin = this.#require(target.from);
      const edges = this.#edges(target, origin >> 1, at);
      const far = edges.map((edge) => this.#opposite(edge, origin));
      if (target.asEdges) return { locations: edges, far };
      return { locations: [...new Set(far)] };
    }
    const list = (Array.isArray(target) ? target : [target]) as FakeEntity[];
    if (list.some((entity) => !(entity instanceof FakeEntity))) throw new TypeError("no place to visit");
    const locations = list
      .map((entity) => this.#require(entity))
      .filter((location) => this.graph.exists(location, at));
    if (locations.every((location) => (location & 1) === 0)) return { locations };
    return {
      locations,
      far: locations.map((location) => ((location & 1) === 0 ? NOWHERE : this.#opposite(location, here))),
    };
  }

  #edges(query: FakeQuery, from: number, at: number): Location[] {
    if (!this.graph.exists(from * 2, at)) return [];
    const found: Location[] = [];
    for (const number of this.graph.edgesOf[from] as number[]) {
      const edge = this.graph.edges[number] as EdgeLife;
      if (!this.graph.exists(number * 2 + 1, at)) continue;
      const goesOut = edge.from === from && query.direction !== "in";
      const comesIn = edge.to === from && query.direction !== "out";
      if (!goesOut && !comesIn) continue;
      const far = this.graph.typeOf(this.#opposite(number * 2 + 1, from * 2));
      if (query.types.every((type) => catalog.isA(edge.type, type) || catalog.isA(far, type))) {
        found.push(number * 2 + 1);
      }
    }
    return found;
  }

  #opposite(edge: Location, here: Location | undefined): Location {
    const { from, to } = this.graph.edges[edge >> 1] as EdgeLife;
    return here === to * 2 ? from * 2 : to * 2;
  }

  mark(): number {
    this.#marks.set(this.#nextMark, this.graph.now);
    return this.#nextMark++;
  }

  release(): void {
    this.#marks.clear();
  }

  get openMarks(): number {
    return this.#marks.size;
  }

  enter(location: Location): MaybePromise<Entity | undefined> {
    const answer = (): Entity | undefined =>
      this.graph.exists(location) ? (this.entity(location) as never) : undefined;
    return this.isResident(location) ? answer() : this.#later(answer);
  }

  typeOf(location: Location): number {
    return this.graph.typeOf(location);
  }

  isGone(location: Location): boolean {
    return !this.graph.exists(location);
  }

  isResident(location: Location): boolean {
    return this.#draw === undefined || this.#resident.has(location) || !this.graph.exists(location);
  }

  prefetch(locations: readonly Location[]): MaybePromise<void> {
    this.prefetches.push(locations.length);
    if (locations.length === 0 || locations.length > 256)
      throw new Error("1 to 256 locations are prefetched");
    // Some are forgotten at once, as by a cache that is too small.
    for (const location of locations) if (this.#draw?.(4) !== 0) this.#resident.add(location);
    return this.#later(() => {});
  }

  textOf(): undefined {}

  locationOf(entity: Entity): Location {
    if (!((entity as unknown) instanceof FakeEntity)) throw new TypeError("no node or edge");
    return this.#require(entity as never);
  }
}

function tick(): Promise<void> {
  return Promise.resolve();
}

/** What a fake walk left behind. */
export interface FakeRun {
  readonly run: WalkRun;
  readonly graph: FakeGraph;
  readonly unit: FakeUnit;
  readonly commits: number;
  readonly yields: number;
  /** Whether everything was answered without a promise. */
  readonly isSync: boolean;
}

export interface FakeSpawn {
  readonly input?: unknown;
  /** Where to start: node 0 where nothing is said. */
  readonly at?: ((unit: FakeUnit) => unknown) | undefined;
  readonly maxVisits?: number | undefined;
}

/** Spawns a walker over a fake graph as a runner of units would: replaying after conflicts, from checkpoints too. */
export function walkFake(
  walker: unknown,
  options: FakeOptions = {},
  spawn: FakeSpawn = {},
): MaybePromise<FakeRun> {
  const { graph: given, draw, tickMs = 0, conflictsAfter = [] } = options;
  let graph = given instanceof FakeGraph ? given : new FakeGraph(given);
  const definition = requireWalker(walker);
  const input = checkInput(definition, spawn.input);
  const conflicts = [...conflictsAfter];
  let calls = 0;
  let commits = 0;
  let yields = 0;
  let clock = 0;
  let unit: FakeUnit;
  let saved: FakeGraph | undefined = conflicts.length > 0 ? graph.copy() : undefined;
  let checkpoint: Checkpoint | undefined;
  let doomedBy: { readonly error: unknown } | undefined;

  const count = (): void => {
    calls += 1;
    if (doomedBy !== undefined) throw doomedBy.error;
    if (conflicts.length > 0 && calls >= (conflicts[0] as number)) {
      conflicts.shift();
      throw new FakeConflict();
    }
  };
  const begin = (): void => {
    unit = new FakeUnit(graph, draw, count);
  };
  const table = new HandlerTable(catalog, (options.handlers ?? []) as HandlersDefinition[]);
  const host: WalkHost = {
    get unit() {
      return unit;
    },
    get verbs() {
      return verbsOf(unit);
    },
    handlers: table,
    clock: {
      now: () => (clock += tickMs),
      nextTurn: (callback) => {
        yields += 1;
        setImmediate(callback);
      },
    },
    tracer: undefined,
    doom: (error) => {
      doomedBy = { error };
    },
    commit: (next) => {
      const commit = (): void => {
        count();
        commits += 1;
        checkpoint = next;
        if (conflicts.length > 0) saved = graph.copy();
        unit.isClosed = true;
        options.onCheckpoint?.(next);
        begin();
      };
      return draw === undefined || draw(2) === 0 ? commit() : tick().then(commit);
    },
  };

  const attempt = (): MaybePromise<WalkRun> => {
    doomedBy = undefined;
    begin();
    const target = spawn.at === undefined ? unit.entity(0) : spawn.at(unit);
    return runWalk(host, {
      walker: definition,
      input,
      target,
      maxVisits: spawn.maxVisits,
      resumeFrom: checkpoint,
    });
  };
  const replay = (error: unknown): MaybePromise<WalkRun> => {
    if (!(error instanceof FakeConflict)) throw error;
    unit.isClosed = true;
    graph = (saved as FakeGraph).copy();
    options.onReplay?.(checkpoint === undefined);
    return guarded();
  };
  const guarded = (): MaybePromise<WalkRun> => {
    try {
      const run = attempt();
      return run instanceof Promise ? run.catch(replay) : run;
    } catch (error) {
      return replay(error);
    }
  };

  const finish = (run: WalkRun, isSync: boolean): FakeRun => {
    if (unit.openMarks > 0) throw new Error("a mark was not released");
    return { run, graph, unit, commits, yields, isSync };
  };
  const run = guarded();
  return run instanceof Promise ? run.then((result) => finish(result, false)) : finish(run, true);
}

function verbsOf(unit: FakeUnit): WalkVerbs {
  return {
    get root() {
      return unit.entity(0);
    },
    get: (_type, id) => {
      const location = locationOfRef(id as Ref);
      return unit.graph.exists(location) ? unit.entity(location) : undefined;
    },
    require: (_type, id) => unit.entity(locationOfRef(id as Ref)),
    create: (type) => unit.entity(unit.graph.addNode(numberOf(type)) * 2),
    ensure: () => undefined,
    nodes: () => undefined,
    edges: () => undefined,
    onCommit: () => {},
  };
}

export type { EdgeType, NodeType };
