import { ClosedError, WalkLimitError } from "../errors.ts";
import { readOptions } from "../model/options.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import type { Entity } from "../schema/entity.ts";
import type { TraceOptions, WalkTrace } from "../types/walk-trace.ts";
import { andThen, isPromise, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import { type Checkpoint, cloneState, firstOf, type Stage } from "./checkpoint.ts";
import type { WalkContext, WalkControls } from "./context.ts";
import { placeError, type WalkPlace } from "./error-place.ts";
import type { Dispatch, Handler, HandlerLabel } from "./handler-table.ts";
import { type CheckedInput, checkInput, freshInput } from "./input.ts";
import { LocationQueue } from "./location-queue.ts";
import { LocationSet } from "./location-set.ts";
import { LocationStack } from "./location-stack.ts";
import { UnitWalks } from "./unit-walks.ts";
import { check, type Issue, refused } from "./validation.ts";
import { Visit } from "./visit.ts";
import type { WalkHost, WalkVerbs } from "./walk-host.ts";
import type { WalkTracer } from "./walk-tracer.ts";
import { type Located, type Location, NOWHERE, type WalkUnit } from "./walk-unit.ts";
import { requireMaxVisits, requireWalker, type WalkerDefinition } from "./walker.ts";

const defaultMaxVisits = 10_000_000;

/** How many queued locations are loaded together. */
const maxWindow = 256;

/** How many steps go by between looks at the clock. */
const stepsPerLook = 16;

/** What to walk. */
export interface WalkOptions {
  readonly walker: WalkerDefinition;
  /** From `checkInput`, once for all attempts. */
  readonly input: CheckedInput;
  /** What the unit's `locate` takes. */
  readonly target: unknown;
  readonly maxVisits?: number | undefined;
  /** Goes on from there instead of from the target. */
  readonly resumeFrom?: Checkpoint | undefined;
}

/** What a walk gives. */
export interface WalkRun {
  readonly reports: unknown[];
  readonly state: unknown;
  readonly visits: number;
  readonly disengaged: boolean;
  readonly trace?: WalkTrace;
}

/**
 * Runs one outermost walk as one attempt of a unit of work: answers at once where nothing had to be waited for.
 * The unit is the caller's to commit or to discard.
 *
 * @throws what a handler throws, also where a walk spawned inside threw and the exception was caught;
 *   {@link WalkLimitError} after `maxVisits`; `TypeError` for a target that cannot be visited
 */
export function runWalk(host: WalkHost, options: WalkOptions): MaybePromise<WalkRun> {
  return new Walk(new UnitWalks(host), options, host.tracer, true).run();
}

/** What the options of a spawn say. */
export interface SpawnSettings {
  /** Where to start; the principal's root where undefined. */
  readonly at: unknown;
  readonly maxVisits: number | undefined;
  readonly trace: TraceOptions | undefined;
}

export function readSpawnOptions(where: string, given: unknown): SpawnSettings {
  if (given === undefined) return { at: undefined, maxVisits: undefined, trace: undefined };
  if (kindOf(given) !== "object") {
    throw new TypeError(`${where}: expected options such as { at: node }, got ${describeKind(given)}`);
  }
  const { at, maxVisits, trace, ...rest } = given as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new TypeError(`${where}: there is no option ${unknown}; there are at, maxVisits, trace`);
  return {
    at,
    maxVisits: maxVisits === undefined ? undefined : requireMaxVisits(where, maxVisits),
    trace: readTraceOptions(where, trace),
  };
}

function readTraceOptions(where: string, given: unknown): TraceOptions | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return {};
  const { label, maxEvents, onEnd } = readOptions(`${where}: trace`, given, ["label", "maxEvents", "onEnd"]);
  if (label !== undefined && typeof label !== "string")
    throw new TypeError(`${where}: trace.label is the name of a field, got ${describeKind(label)}`);
  if (maxEvents !== undefined && !(Number.isSafeInteger(maxEvents) && (maxEvents as number) > 0))
    throw new TypeError(`${where}: trace.maxEvents is a positive integer, got ${String(maxEvents)}`);
  if (onEnd !== undefined && typeof onEnd !== "function")
    throw new TypeError(`${where}: trace.onEnd is a function, got ${describeKind(onEnd)}`);
  return given as TraceOptions;
}

/**
 * One walk. Works as a machine that goes from step to step in a loop and keeps its place in fields, so that a chain of
 * any length needs no call stack and a walk that must wait goes on where it stood.
 *
 * The order of DESIGN is recursive: a location's exits run when everything queued meanwhile has been visited. Here
 * that is a stack of the locations that have exit handlers: whenever the queue is empty, the one on top is left.
 */
class Walk implements WalkControls {
  readonly input: CheckedInput;
  readonly #walks: UnitWalks;
  readonly #isOutermost: boolean;
  readonly #walker: WalkerDefinition;
  readonly #dispatch: Dispatch;
  readonly #context: WalkContext;
  readonly #maxVisits: number;
  readonly #target: unknown;
  readonly #tracer: WalkTracer | undefined;
  #unit: WalkUnit;

  // Where the walk is.
  #stage: Stage;
  #location: Location = NOWHERE;
  #here: Entity | undefined;
  #handlers: readonly Handler[] = [];
  #handled = 0;
  #lastEntered: Location = NOWHERE;
  readonly #queue: LocationQueue;
  readonly #exits: LocationStack;

  // What it has gathered.
  readonly state: unknown;
  readonly #reports: unknown[];
  /** Each with its number in the order of ignoring. */
  readonly #ignored: Map<Location, number>;
  /** Of walkers with `once` alone. */
  readonly #entered: LocationSet | undefined;
  #visitCount: number;
  #isDisengaged = false;

  // Of the running handler.
  #isHandling = false;
  #isSkipped = false;
  /** What it asked to visit; the array is used again, so its length says nothing. */
  #visits: Visit[] = [];
  #visitsAsked = 0;
  #marks = 0;
  #spawned: Promise<unknown>[] = [];

  #stepsToLook = stepsPerLook;
  #window = maxWindow;
  #loaded: Set<Location> | undefined;
  #loading: Location = NOWHERE;

  constructor(walks: UnitWalks, options: WalkOptions, tracer: WalkTracer | undefined, isOutermost: boolean) {
    const { walker, input, resumeFrom: from } = options;
    this.#walks = walks;
    this.#isOutermost = isOutermost;
    this.#tracer = tracer;
    this.#walker = walker;
    this.#unit = walks.unit;
    this.#dispatch = walks.host.handlers.dispatchOf(walker);
    this.#maxVisits = options.maxVisits ?? walker.walkerId.maxVisits ?? defaultMaxVisits;
    this.#target = options.target;
    this.input = freshInput(input);
    this.#context = new walker.walkerId.Context(this);
    if (from === undefined) {
      this.#stage = "opening";
      this.#queue = new LocationQueue();
      this.#exits = new LocationStack();
      this.#ignored = new Map();
      this.#entered = walker.walkerId.once ? new LocationSet() : undefined;
      this.#reports = [];
      this.#visitCount = 0;
      this.state = walker.walkerId.state === undefined ? {} : walker.walkerId.state();
      return;
    }
    this.#stage = from.stage;
    this.#location = from.location;
    this.#handled = from.handled;
    this.#lastEntered = from.lastEntered;
    this.#queue = new LocationQueue(from.queue);
    this.#exits = new LocationStack(from.exits);
    this.#ignored = new Map(firstOf(from.ignored.order, from.ignored.size));
    this.#entered = from.entered && new LocationSet(from.entered);
    this.#reports = from.reports.values.slice(0, from.reports.length);
    this.#visitCount = from.visits;
    this.state = cloneState(walker.name, from.state);
  }

  run(): MaybePromise<WalkRun> {
    let wait: PromiseLike<unknown> | undefined;
    try {
      wait = this.#comeBack() ?? this.#advance();
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    return wait === undefined ? this.#result() : this.#runOn(wait);
  }

  async #runOn(first: PromiseLike<unknown>): Promise<WalkRun> {
    try {
      let wait: PromiseLike<unknown> | undefined = first;
      while (wait !== undefined) {
        await wait;
        wait = this.#advance();
      }
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    return this.#result();
  }

  #failed(error: unknown): void {
    placeError(error, this.#place());
    this.#tracer?.failed(error);
    this.#walks.doom(error);
  }

  /** Where it is. */
  #place(): WalkPlace {
    return {
      walker: this.#walker.name,
      handler: this.#isHandling ? this.#label().name : undefined,
      type: this.#here?.$type,
      id: this.#here?.id,
    };
  }

  #result(): WalkRun {
    return {
      reports: this.#reports,
      state: this.state,
      visits: this.#visitCount,
      disengaged: this.#isDisengaged,
    };
  }

  // ---- from step to step: each gives what it must wait for, or undefined -----------------------------------------

  #advance(): PromiseLike<unknown> | undefined {
    let wait: PromiseLike<unknown> | undefined;
    while (wait === undefined && this.#stage !== "done") wait = this.#step();
    return wait;
  }

  #step(): PromiseLike<unknown> | undefined {
    if (this.#stage === "between") return this.#next();
    if (this.#stage === "opening") return this.#open();
    return this.#handle();
  }

  /** The first step: the queue gets the target, and the walker's untyped entry handlers their turn. */
  #open(): PromiseLike<unknown> | undefined {
    if (this.#queue.length > 0) return this.#begin();
    const located = this.#unit.locate(this.#target, undefined);
    const fill = ({ locations }: { locations: readonly Location[] }): void => {
      this.#queue.insert(locations);
      if (this.#queue.length === 0) this.#stage = "done";
    };
    if (isPromise(located)) return located.then((found) => fill({ locations: this.#expand(found, 0) }));
    fill({ locations: this.#expand(located as Located, 0) });
    return undefined;
  }

  #begin(): PromiseLike<unknown> | undefined {
    if (this.#dispatch.begin.length === 0) {
      this.#stage = "between";
      return undefined;
    }
    const location = this.#queue.first();
    const wait = this.#load(location, this.#queue);
    if (wait !== undefined) return wait;
    return this.#enter(location, (here) => {
      if (here !== undefined) this.#arrive("begin", location, here, this.#dispatch.begin);
      else {
        this.#queue.shift();
        if (this.#queue.length === 0) this.#stage = "done";
      }
    });
  }

  /** Between two locations: the next of the queue, or else the one to leave, or else the end. */
  #next(): PromiseLike<unknown> | undefined {
    this.#walks.requireSound();
    if (--this.#stepsToLook === 0) {
      this.#stepsToLook = stepsPerLook;
      if (this.#walks.isSliceOver()) return this.#walks.yield();
    }
    const queue = this.#queue;
    while (queue.length > 0) {
      const location = queue.first();
      if (this.#isLeftOut(location)) {
        queue.shift();
        if (this.#tracer !== undefined)
          this.#tracer.passed(location, this.#ignored.has(location) ? "ignored" : "entered before");
        continue;
      }
      const wait = this.#load(location, queue);
      if (wait !== undefined) return wait;
      queue.shift();
      const here = this.#unit.enter(location);
      if (isPromise(here)) return here.then((entity) => this.#visitLocation(location, entity));
      this.#visitLocation(location, here as Entity | undefined);
      return undefined;
    }
    if (this.#exits.length > 0) return this.#leave();
    return this.#end();
  }

  #visitLocation(location: Location, here: Entity | undefined): void {
    // Deleted, or not readable any more: its turn passes.
    if (here === undefined) {
      if (this.#tracer !== undefined) this.#tracer.passed(location, "gone");
      return;
    }
    if (this.#visitCount >= this.#maxVisits) throw this.#limit();
    this.#visitCount += 1;
    this.#lastEntered = location;
    if (this.#entered !== undefined) this.#entered.add(location);
    const type = this.#unit.typeOf(location);
    // Where no exit handler can fire nothing is kept, so that a long chain costs no memory.
    if (this.#dispatch.exitsOf(type).length > 0) this.#exits.push(location);
    this.#arrive("entry", location, here, this.#dispatch.entriesOf(type));
  }

  #leave(): PromiseLike<unknown> | undefined {
    const location = this.#exits.top();
    const wait = this.#load(location, this.#exits);
    if (wait !== undefined) return wait;
    this.#exits.pop();
    const here = this.#unit.enter(location);
    if (isPromise(here)) return here.then((entity) => this.#leaveLocation(location, entity));
    this.#leaveLocation(location, here as Entity | undefined);
    return undefined;
  }

  #leaveLocation(location: Location, here: Entity | undefined): void {
    if (here === undefined) return;
    this.#arrive("exit", location, here, this.#dispatch.exitsOf(this.#unit.typeOf(location)));
  }

  #end(): PromiseLike<unknown> | undefined {
    const location = this.#lastEntered;
    if (location === NOWHERE || this.#dispatch.end.length === 0) {
      this.#stage = "done";
      return undefined;
    }
    return this.#enter(location, (here) => {
      if (here === undefined) this.#stage = "done";
      else this.#arrive("end", location, here, this.#dispatch.end);
    });
  }

  #enter(location: Location, arrive: (here: Entity | undefined) => void): PromiseLike<unknown> | undefined {
    const here = this.#unit.enter(location);
    if (isPromise(here)) return here.then(arrive);
    arrive(here as Entity | undefined);
    return undefined;
  }

  #arrive(stage: Stage, location: Location, here: Entity, handlers: readonly Handler[]): void {
    this.#stage = stage;
    this.#location = location;
    this.#here = here;
    this.#handlers = handlers;
    this.#handled = 0;
    if (this.#tracer !== undefined) this.#tracer.arrived(stage, location, this.#visitCount);
  }

  /** Sees to it that entering the location reads nothing: loads it together with what follows. */
  #load(location: Location, ahead: LocationQueue | LocationStack): PromiseLike<unknown> | undefined {
    if (this.#unit.isResident(location)) return undefined;
    if (this.#loading === location) {
      // It was loaded a moment ago; if it is not there, `enter` has to read it or to say that it is gone.
      this.#loading = NOWHERE;
      return undefined;
    }
    // What was loaded ahead and is not there any more tells that the cache is smaller than the window.
    if (this.#loaded?.has(location)) this.#window = Math.max(1, this.#window >> 1);
    else this.#window = Math.min(maxWindow, this.#window + (this.#window >> 3) + 1);
    const locations = ahead
      .peek(this.#window)
      .filter((other) => !this.#unit.isResident(other) && (ahead === this.#exits || !this.#isLeftOut(other)));
    this.#loaded = new Set(locations);
    this.#loading = location;
    const wait = this.#unit.prefetch(locations);
    return isPromise(wait) ? wait : undefined;
  }

  #isLeftOut(location: Location): boolean {
    if (this.#ignored.size > 0 && this.#ignored.has(location)) return true;
    return this.#entered?.has(location) === true;
  }

  #limit(): WalkLimitError {
    return new WalkLimitError({
      message: `walker ${this.#walker.name} made ${this.#maxVisits} visits and had more to make`,
      details: { walker: this.#walker.name, maxVisits: this.#maxVisits },
    });
  }

  // ---- handlers ----------------------------------------------------------------------------------------------------

  /** Runs the remaining handlers of this stage at this location. */
  #handle(): PromiseLike<unknown> | undefined {
    const handlers = this.#handlers;
    while (this.#handled < handlers.length) {
      const handler = handlers[this.#handled] as Handler;
      this.#handled += 1;
      this.#isHandling = true;
      if (this.#tracer !== undefined) this.#tracer.began(this.#label());
      let result: unknown;
      try {
        result = handler(this.#context, this.#here as Entity);
      } catch (error) {
        if (this.#spawned.length === 0) throw error;
        result = Promise.reject(error);
      }
      if (isThenable(result) || this.#spawned.length > 0) return this.#finishLater(this.#settleLater(result));
      if (this.#visitsAsked > 0) {
        const wait = this.#takeEffect();
        if (isPromise(wait)) return this.#finishLater(wait);
      }
      const wait = this.#finish();
      if (isPromise(wait)) return wait;
    }
    this.#stage = this.#stageAfter();
    return undefined;
  }

  #stageAfter(): Stage {
    return this.#stage === "end" || this.#isDisengaged ? "done" : "between";
  }

  /** A handler is done when what it returned is, and the walks that it spawned are, awaited or not. */
  async #settleLater(result: unknown): Promise<void> {
    try {
      await result;
    } catch (error) {
      // Nothing of this attempt may still run when it is replayed: what was spawned stops at its next step.
      this.#walks.doom(error);
      await this.#settleSpawned();
      throw error;
    }
    await this.#settleSpawned();
    this.#walks.requireSound();
    await this.#takeEffect();
  }

  async #settleSpawned(): Promise<void> {
    while (this.#spawned.length > 0) {
      const spawned = this.#spawned;
      this.#spawned = [];
      await Promise.allSettled(spawned);
    }
  }

  async #finishLater(settled: PromiseLike<unknown>): Promise<void> {
    await settled;
    await this.#finish();
  }

  /** What the running handler is called. */
  #label(): HandlerLabel {
    return this.#dispatch.labelsOf(this.#handlers)[this.#handled - 1]!;
  }

  /** The running handler is done, and its visits have taken effect. */
  #finish(): MaybePromise<void> {
    this.#isHandling = false;
    if (this.#tracer !== undefined) this.#tracer.done();
    this.#walks.requireSound();
    if (this.#marks > 0) {
      this.#walks.releaseMarks(this.#marks);
      this.#marks = 0;
    }
    if (this.#isDisengaged || this.#isSkipped || this.#isLast()) {
      this.#handled = this.#handlers.length;
      this.#isSkipped = false;
    }
    if (!this.#isOutermost || !this.#walks.isCommitAsked) return undefined;
    this.#walks.isCommitAsked = false;
    // A walk that is over needs no place to go on from: its unit commits in a moment.
    return this.#isDisengaged ? undefined : this.#commitNow();
  }

  /** Whether no further handler of this stage gets a turn here, as where `here` was deleted. */
  #isLast(): boolean {
    return this.#handled < this.#handlers.length && this.#unit.isGone(this.#location);
  }

  // ---- visits take effect ------------------------------------------------------------------------------------------

  #takeEffect(): MaybePromise<void> {
    for (let at = 0; at < this.#visitsAsked; at++) {
      const wait = this.#resolve(this.#visits[at] as Visit);
      if (isPromise(wait)) return this.#takeEffectLater(wait, at + 1);
    }
    this.#visitsAsked = 0;
    return undefined;
  }

  async #takeEffectLater(first: PromiseLike<unknown>, from: number): Promise<void> {
    await first;
    for (let at = from; at < this.#visitsAsked; at++) await this.#resolve(this.#visits[at] as Visit);
    this.#visitsAsked = 0;
  }

  #resolve(visit: Visit): MaybePromise<void> {
    visit.isResolved = true;
    if (this.#isDisengaged) return undefined;
    if (visit.locations !== undefined) return this.#enqueue(visit, visit.locations);
    return andThen(this.#unit.locate(visit.target, this.#here, visit.mark), (located) =>
      this.#enqueue(visit, this.#expand(located, visit.ignoredBefore)),
    );
  }

  #enqueue(visit: Visit, locations: readonly Location[]): MaybePromise<void> {
    if (this.#tracer !== undefined)
      this.#tracer.queued(visit, locations, locations.length === 0 && visit.otherwise !== undefined);
    if (locations.length > 0) this.#queue.insert(locations, visit.at);
    else if (visit.otherwise !== undefined) return this.#otherwise(visit.otherwise);
    return undefined;
  }

  /** Runs an `else` to its end, so that its visits are in the queue before those that follow it. */
  #otherwise(f: () => unknown): MaybePromise<void> {
    const outer = this.#visits;
    const outerAsked = this.#visitsAsked;
    this.#visits = [];
    this.#visitsAsked = 0;
    let result: unknown;
    try {
      result = f();
    } catch (error) {
      if (this.#spawned.length === 0) throw error;
      result = Promise.reject(error);
    }
    let settled: MaybePromise<void>;
    if (isThenable(result) || this.#spawned.length > 0) settled = this.#settleLater(result);
    else {
      this.#walks.requireSound();
      settled = this.#takeEffect();
    }
    return andThen(settled, () => {
      this.#visits = outer;
      this.#visitsAsked = outerAsked;
    });
  }

  /** The locations of a visit: edges each followed by its far node, without what was ignored by then. */
  #expand({ locations, far }: Located, ignoredBefore: number): readonly Location[] {
    if (far === undefined && ignoredBefore === 0) return locations;
    const expanded: Location[] = [];
    const add = (location: Location): void => {
      const order = this.#ignored.get(location);
      if (order === undefined || order >= ignoredBefore) expanded.push(location);
    };
    const followed = new Set<Location>();
    for (let at = 0; at < locations.length; at++) {
      add(locations[at] as Location);
      const node = far?.[at] ?? NOWHERE;
      if (node === NOWHERE || followed.has(node)) continue;
      followed.add(node);
      add(node);
    }
    return expanded;
  }

  // ---- checkpoints -------------------------------------------------------------------------------------------------

  #commitNow(): MaybePromise<void> {
    const wait = this.#walks.host.commit(this.#checkpoint());
    return isPromise(wait) ? wait.then(() => this.#moveOn()) : this.#moveOn();
  }

  /** Goes on in the unit that follows the committed one. */
  #moveOn(): MaybePromise<void> {
    this.#unit = this.#walks.unit;
    return this.#handled < this.#handlers.length ? (this.#comeBack() as MaybePromise<void>) : undefined;
  }

  #checkpoint(): Checkpoint {
    return {
      stage: this.#handled < this.#handlers.length ? this.#stage : this.#stageAfter(),
      location: this.#location,
      handled: this.#handled,
      lastEntered: this.#lastEntered,
      queue: this.#queue.snapshot(),
      exits: this.#exits.snapshot(),
      ignored: { order: this.#ignored, size: this.#ignored.size },
      entered: this.#entered?.snapshot(),
      state: cloneState(this.#walker.name, this.state),
      reports: { values: this.#reports, length: this.#reports.length },
      visits: this.#visitCount,
    };
  }

  /** In the midst of a stage: makes `here` and its handlers those of the present unit. */
  #comeBack(): PromiseLike<unknown> | undefined {
    const stage = this.#stage;
    if (stage === "opening" || stage === "between" || stage === "done") return undefined;
    return this.#enter(this.#location, (here) => {
      this.#here = here;
      this.#handlers = here === undefined ? [] : this.#handlersOf(stage);
    });
  }

  #handlersOf(stage: Stage): readonly Handler[] {
    if (stage === "begin") return this.#dispatch.begin;
    if (stage === "end") return this.#dispatch.end;
    const type = this.#unit.typeOf(this.#location);
    return stage === "entry" ? this.#dispatch.entriesOf(type) : this.#dispatch.exitsOf(type);
  }

  // ---- what handlers ask for ---------------------------------------------------------------------------------------

  get verbs(): WalkVerbs {
    return this.#walks.host.verbs;
  }

  visit(target: unknown, options: unknown): Visit {
    this.#requireHandling("visit");
    const at = options === undefined ? undefined : readAt(options);
    const ignoredBefore = this.#ignored.size;
    const located = this.#unit.locate(target, this.#here);
    let visit: Visit;
    if (isPromise(located)) {
      // Asked again when the handler is done, for the unit as it is now; a failure shows itself then.
      located.then(undefined, () => {});
      this.#marks += 1;
      visit = new Visit(undefined, at, target, this.#walks.mark(), ignoredBefore);
    } else {
      visit = new Visit(this.#expand(located as Located, ignoredBefore), at, undefined, 0, ignoredBefore);
    }
    if (this.#tracer !== undefined) this.#tracer.asked(visit, at, this.#unit.textOf(target));
    this.#visits[this.#visitsAsked] = visit;
    this.#visitsAsked += 1;
    return visit;
  }

  report(value: unknown): void {
    this.#requireHandling("report");
    const { report } = this.#walker.walkerId;
    if (report === undefined) {
      this.#reports.push(value);
      if (this.#tracer !== undefined) this.#tracer.reported(value);
      return;
    }
    const where = `report of walker ${this.#walker.name}`;
    const issues: Issue[] = [];
    const output = check(where, report, value, [], issues);
    if (issues.length > 0) throw refused(where, issues, describeKind(value));
    this.#reports.push(output);
    if (this.#tracer !== undefined) this.#tracer.reported(output);
  }

  disengage(): void {
    this.#requireHandling("disengage");
    this.#tracer?.controlled("disengage");
    this.#isDisengaged = true;
  }

  skip(): void {
    this.#requireHandling("skip");
    this.#tracer?.controlled("skip");
    this.#isSkipped = true;
  }

  ignore(entities: readonly Entity[]): void {
    this.#requireHandling("ignore");
    for (const entity of entities) {
      const location = this.#unit.locationOf(entity);
      if (location === NOWHERE) continue;
      if (!this.#ignored.has(location)) this.#ignored.set(location, this.#ignored.size);
      this.#tracer?.ignored(location);
    }
  }

  spawn(walker: unknown, input: unknown, options: unknown): Promise<WalkRun> {
    this.#requireHandling("spawn");
    let run: MaybePromise<WalkRun>;
    try {
      const definition = requireWalker(walker);
      const where = `w.spawn(${definition.name}, …)`;
      const { at, maxVisits, trace } = readSpawnOptions(where, options);
      if (trace !== undefined)
        throw new TypeError(
          `${where}: what is spawned in a walk is in that walk's trace, which its own spawn asks for`,
        );
      const target = at === undefined ? this.verbs.root : at;
      const inner = { walker: definition, input: checkInput(definition, input), target, maxVisits };
      run = new Walk(this.#walks, inner, this.#tracer?.spawned(definition.name), false).run();
    } catch (error) {
      this.#walks.doom(error);
      run = Promise.reject(error);
    }
    if (!isThenable(run)) return Promise.resolve(run);
    // A handler need not wait for what it spawns; the engine does, and the failure is not lost on it.
    (run as Promise<WalkRun>).catch(() => {});
    this.#spawned.push(run as Promise<WalkRun>);
    return run as Promise<WalkRun>;
  }

  commit(): void {
    this.#requireHandling("commit");
    this.#tracer?.controlled("commit");
    this.#walks.isCommitAsked = true;
  }

  /** What is asked for when no handler runs would be done at some other handler's place in the order. */
  #requireHandling(control: string): void {
    if (this.#isHandling) return;
    throw new ClosedError({
      message: `w.${control} was called when the handler was done`,
      remedy: "Await in the handler what it starts.",
      details: { walker: this.#walker.name },
    });
  }
}

function readAt(options: unknown): number | undefined {
  if (kindOf(options) !== "object") {
    throw new TypeError(`w.visit: expected options such as { at: 0 }, got ${describeKind(options)}`);
  }
  for (const name of Object.keys(options as object))
    if (name !== "at") throw new TypeError(`w.visit: there is no option ${name}; there is at`);
  const { at } = options as { readonly at?: unknown };
  if (at !== undefined && !Number.isSafeInteger(at)) {
    throw new TypeError(`w.visit: at is an integer, got ${String(at)}`);
  }
  return at as number | undefined;
}
