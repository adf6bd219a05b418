import fc from "fast-check";
import {
  CommitUnknownError,
  ConflictError,
  type Graph,
  openGraph,
  Root,
  UniqueViolationError,
  walker,
} from "../../src/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { type Anomaly, checkHistory } from "../../src/testing/history/check.ts";
import type { Noted, NotedUnit } from "../../src/testing/history/history.ts";
import {
  type Acting,
  act,
  keysOf,
  type Operation,
  type OperationKind,
  operation,
  readAll,
  readKinds,
  type Shared,
  type Verbs,
  writeKinds,
} from "./operations.ts";
import { Stage } from "./stage.ts";
import { makeWorld, types, type World, withNames } from "./world.ts";

/** One unit of a history, before it is played. */
export interface Program {
  /** Which of the graphs. */
  readonly process: number;
  /** Whether it acts as a user who may not see everything. */
  readonly isViewer: boolean;
  /** Whether it is a walk that commits after each of its operations. */
  readonly isWalk: boolean;
  readonly operations: readonly Operation[];
}

const oneIn = (n: number): fc.Arbitrary<boolean> => fc.nat(n - 1).map((drawn) => drawn === n - 1);

/** Three to five units of two to five operations, of these kinds. */
export function programsOf(kinds: readonly OperationKind[]): fc.Arbitrary<readonly Program[]> {
  const reads = operation(kinds.filter((kind) => readKinds.includes(kind)));
  const writes = operation(kinds.filter((kind) => writeKinds.includes(kind)));
  const anything = fc.array(fc.oneof(reads, writes), { minLength: 2, maxLength: 5 });
  const onlyReads = fc.array(reads, { minLength: 2, maxLength: 4 });
  return fc.array(
    fc.record({
      process: fc.nat(1),
      isViewer: oneIn(4),
      isWalk: oneIn(6),
      operations: fc.oneof({ weight: 3, arbitrary: anything }, { weight: 1, arbitrary: onlyReads }),
    }),
    { minLength: 3, maxLength: 5 },
  );
}

/** Where histories are played: one store, or several clients of one. */
export interface Place {
  readonly name: string;
  readonly maxEntries?: number;
  /** @param seed for what the store itself decides */
  stores(stage: Stage, seed: number): readonly Store[];
}

export interface Played {
  readonly units: readonly NotedUnit[];
  readonly names: Readonly<Record<string, string>>;
  /** Attempts that lost. */
  readonly conflicts: number;
}

const ATTEMPTS = 6;

/** A walk that commits after each of its handlers, as long as these go on. */
const committing = (run: (w: Verbs, at: number, noted: Noted[]) => Promise<boolean>) =>
  walker("committing", { state: () => ({ at: 0, parts: [] as Noted[][] }) }).entry(Root, async (w, here) => {
    // Kept with the checkpoint, and given back where a later unit is replayed.
    const noted: Noted[] = [];
    const goesOn = await run(w, w.state.at, noted);
    w.state.parts.push(noted);
    w.state.at += 1;
    w.commit();
    if (goesOn) w.visit(here);
  });

/** Plays the units at the same time, in the order that the scheduler chooses. @throws what no unit should have thrown */
export async function play(
  place: Place,
  given: readonly Program[],
  order: fc.Scheduler,
  seed: number,
): Promise<Played> {
  const stage = new Stage(order);
  const graphs: Graph[] = [];
  for (const store of place.stores(stage, seed))
    graphs.push(
      await stage.play(
        openGraph({
          types,
          store,
          attempts: ATTEMPTS,
          cache: { maxEntries: place.maxEntries ?? 10_000 },
          scheduler: stage.scheduler,
          onError: () => {},
        }),
      ),
    );
  let last = 0;
  const stamp = (): number => ++last;
  let clock = 0;
  const began = clock++;
  const world = await stage.play(makeWorld(graphs[0]!, stamp));
  const units: NotedUnit[] = [
    { name: "set-up", process: "process 0", began, ended: clock++, outcome: "committed", did: world.noted },
  ];
  const shared = sharedBy(world, stamp);
  const step = (what: string): Promise<unknown> => stage.step(what);
  const context: Context = { step, world, shared, units, tick: () => clock++ };
  stage.hasBegun = true;
  try {
    await stage.play(
      Promise.all(
        given.map((program, i) => {
          const at = program.process % graphs.length;
          return playProgram(context, graphs[at]!, `process ${at}`, `U${i + 1}`, program);
        }),
      ),
    );
    stage.hasBegun = false;
    await finish(stage, context, graphs);
    const conflicts = graphs.reduce((sum, graph) => sum + graph.status().units.conflicts, 0);
    return { units, names: shared.names, conflicts };
  } finally {
    for (const graph of graphs) await stage.play(graph.close());
  }
}

/** What the units of one process are played with. */
export interface Context {
  /** Resolves when this may happen. */
  step(what: string): Promise<unknown>;
  readonly world: World;
  readonly shared: Shared;
  readonly units: NotedUnit[];
  tick(): number;
}

export function sharedBy(world: World, stamp: () => number): Shared {
  return {
    stamp,
    names: { ...world.names },
    made: [...world.leaves],
    firstAccess: { ...world.firstAccess },
    weights: { ...world.weights },
    nextWeight: world.leaves.length,
  };
}

/** @throws {fc.PreconditionFailure} where nobody can tell what it has done */
export function playProgram(
  context: Context,
  graph: Graph,
  process: string,
  name: string,
  program: Program,
): Promise<void> {
  return (program.isWalk ? playWalk : playUnit)(context, graph, process, name, program);
}

/** What a unit may end in: it lost, or the key was taken. */
function isExpected(error: unknown): boolean {
  return error instanceof ConflictError || error instanceof UniqueViolationError;
}

async function playUnit(
  { step, world, shared, units, tick }: Context,
  graph: Graph,
  process: string,
  name: string,
  { isViewer, operations }: Program,
): Promise<void> {
  const session = isViewer ? graph.as(world.viewer) : graph;
  await step(`${name} begins`);
  const first = tick();
  let attempts = 0;
  let began = first;
  let noted: Noted[] = [];
  const note = (outcome: NotedUnit["outcome"], as: string): void => {
    const did = outcome === "committed" ? [...noted, ...keysOf(noted)] : noted;
    units.push({ name: as, process, began, ended: tick(), outcome, did });
  };
  try {
    await session.transaction(async (tx) => {
      if (attempts++ > 0) note("lost", `${name}, attempt ${attempts - 1}`);
      began = tick();
      noted = [];
      const pause = (): Promise<unknown> => step(`${name} goes on`);
      const acting: Acting = { tx, world, isViewer, noted, shared, pause };
      for (const each of operations) {
        await step(`${name}: ${each.kind}`);
        await act(acting, each);
      }
    });
    note("committed", name);
  } catch (error) {
    if (error instanceof CommitUnknownError) note("unknown", name);
    else if (isExpected(error)) note("lost", name);
    else throw error;
  }
}

async function playWalk(
  { step, world, shared, units, tick }: Context,
  graph: Graph,
  process: string,
  name: string,
  { isViewer, operations }: Program,
): Promise<void> {
  const session = isViewer ? graph.as(world.viewer) : graph;
  await step(`${name} begins`);
  const began: number[] = [];
  const ended: number[] = [];
  const run = async (w: Verbs, at: number, noted: Noted[]): Promise<boolean> => {
    began[at] ??= tick();
    if (at > 0) ended[at - 1] ??= tick();
    await step(`${name}: ${operations[at]!.kind}`);
    const pause = (): Promise<unknown> => step(`${name} goes on`);
    await act({ tx: w, world, isViewer, noted, shared, pause }, operations[at]!);
    return at + 1 < operations.length;
  };
  try {
    const { state } = await session.spawn(committing(run));
    ended[operations.length - 1] = tick();
    for (const [at, did] of state.parts.entries())
      units.push({
        name: `${name}, part ${at + 1}`,
        process,
        // It began when the part before it had committed.
        began: began[at]!,
        ended: ended[at]!,
        outcome: "committed",
        did: [...did, ...keysOf(did)],
      });
  } catch (error) {
    if (!isExpected(error) && !(error instanceof CommitUnknownError)) throw error;
    // What it had committed by then only its own state knew.
    throw new fc.PreconditionFailure();
  }
}

/** Once everything has come to an end, each graph must show all of it. */
async function finish(stage: Stage, context: Context, graphs: readonly Graph[]): Promise<void> {
  await stage.rest(1000);
  for (const [at, graph] of graphs.entries()) await stage.play(lastUnit(context, graph, `process ${at}`));
}

/** Reads everything, once the graph has heard of everything. */
export async function lastUnit(
  { world, shared, units, tick }: Context,
  graph: Graph,
  process: string,
): Promise<void> {
  await graph.refresh();
  const began = tick();
  let did: Noted[] = [];
  await graph.transaction((tx) => {
    did = [];
    return readAll({ tx, world, isViewer: false, noted: did, shared, pause: async () => {} });
  });
  const name = `the last unit in ${process}`;
  units.push({ name, process, began, ended: tick(), outcome: "committed", isFresh: true, did });
}

/** @returns the anomaly with the records by their names */
export function anomalyIn({ units, names }: Pick<Played, "units" | "names">): Anomaly | undefined {
  const { anomaly } = checkHistory(units);
  return anomaly === undefined ? undefined : { ...anomaly, text: withNames(anomaly.text, names) };
}
