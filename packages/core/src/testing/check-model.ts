import { GraphError } from "../errors.ts";
import type { Id } from "../model/id.ts";
import type { Store } from "../persistence/store.ts";
import { definitionOf } from "../schema/definition.ts";
import type { RecordClass } from "../types/graph-types.ts";
import type { Create, Fields } from "../types/infer.ts";
import type { Graph, Session } from "../types/session.ts";
import type { Run, SpawnOptions, Walker } from "../types/walker.ts";
import { requireWalker } from "../walker/walker.ts";
import { arbitraries, type GivenFields } from "./arbitraries.ts";
import type { Arbitrary, FastCheck } from "./fast-check.ts";
import { sourceText, variableName } from "./source-text.ts";
import { type TestGraph, type TestGraphOptions, testGraph } from "./test-graph.ts";

/** Where a run of a model test has got to. */
export interface ModelWorld<M> {
  /** Acts as the system root. After a step that opens it again it is another one. */
  readonly graph: TestGraph;
  readonly model: M;
  /** What a user of the test can do. */
  user(name: string): Promise<Session>;
}

/** What became of one spawn. */
export interface Spawned<M, I, T, S> {
  /** Who spawned it. */
  readonly user: string;
  readonly input: I;
  /** What the walk gave; undefined where it was refused. */
  readonly run: Run<T, S> | undefined;
  /** The reports of the walk; none where it was refused. */
  readonly reports: readonly T[];
  /** Why it was refused. */
  readonly error: Error | undefined;
  readonly world: ModelWorld<M>;
}

/** One thing that can be done. Made by what `steps` is given. */
export interface ModelStep<M> {
  readonly weight: number;
  readonly arbitrary: Arbitrary<PlannedStep<M>>;
}

/** A step with its argument, as a run plans it. */
export interface PlannedStep<M> {
  /** Does it, and gives what makes the line that would do it again. */
  perform(world: ModelWorld<M>, book: RecordBook): Promise<() => string>;
}

/** Finds the records that steps speak of. */
export interface RecordBook {
  idOf(type: RecordClass, pick: number): Promise<Id>;
}

/** The id of some record of a type, chosen when the step is done: mostly one there is, else one that is gone. */
export interface SomeRecord {
  readonly recordOf: RecordClass;
}

/** Options of a step that spawns a walker. */
export interface SpawnStepOptions<M, F extends Fields, T, S> {
  /** Arbitraries for input fields, instead of those derived from their validators; `existing(Type)` gives an id. */
  readonly input?: { readonly [K in keyof F]?: GivenFields<F>[K] | SomeRecord };
  /** Where it starts; the user's root where nothing is said. */
  readonly at?: SomeRecord;
  /** Who may spawn it; all users where nothing is said. */
  readonly by?: readonly string[];
  /** How often it is chosen beside the other steps, which count 1. */
  readonly weight?: number;
  /** Compares what became of it with the model, and changes the model. What it throws is a failure. */
  readonly after?: (model: M, spawned: Spawned<M, Create<F>, T, S>) => unknown;
}

/** What steps are made with. */
export interface ModelSteps<M> {
  /** Spawns a walker as one of the users, with input that passes its validators. */
  spawn<F extends Fields, S, T>(
    walker: Walker<F, S, never, T>,
    options?: SpawnStepOptions<M, F, T, S>,
  ): ModelStep<M>;
  /** Does anything else, with an argument drawn from an arbitrary; of a failure it is printed as a call of that name. */
  act<A>(
    name: string,
    arbitrary: Arbitrary<A>,
    action: (world: ModelWorld<M>, argument: A) => unknown,
    options?: { readonly weight?: number },
  ): ModelStep<M>;
  /** Closes the graph and opens it again over the same records. */
  reopen(options?: { readonly weight?: number }): ModelStep<M>;
  /** In the place of an arbitrary: the id of some node or edge of this type. */
  existing(type: RecordClass): SomeRecord;
}

/** A test of walkers against a model. */
export interface ModelTest<M> extends Omit<TestGraphOptions, "store"> {
  /** A place for the records of one run, which may be opened more than once; memory where nothing is said. */
  readonly store?: () => Store | (() => Store);
  /** Who spawns walkers; each has a root. */
  readonly users: readonly string[];
  /** Makes the model of a graph without records. */
  readonly model: () => M;
  /** What each run begins with. */
  readonly begin?: (graph: TestGraph, model: M) => unknown;
  readonly steps: (make: ModelSteps<M>) => readonly ModelStep<M>[];
  /** What holds after each step: throws where it does not. */
  readonly invariant?: (world: ModelWorld<M>) => unknown;
  /** Whether an error is a refusal, which the model is to expect, and no failure; where nothing is said, what a
   * `GraphError` says of the input or of the data. */
  readonly isRefusal?: (error: unknown) => boolean;
  /** What holds when a run is over. */
  readonly end?: (world: ModelWorld<M>) => unknown;
  /** Steps of a run at least; 0 where nothing is said. A failure is shrunk to fewer all the same. */
  readonly minSteps?: number;
  /** Steps of a run at most; 30, or as many as at least, where nothing is said. */
  readonly maxSteps?: number;
  /** 100 where nothing is said. */
  readonly runs?: number;
  /** Of a failure that was reported: does the same again. */
  readonly propertySeed?: number;
  readonly path?: string;
  /** Further parameters of `fc.check`, such as `endOnFailure` where nothing is to be shrunk. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** What a model test did. */
export interface ModelReport {
  readonly runs: number;
  readonly steps: number;
}

/** A step failed, or the invariant after it. The message has the spawns that lead there, to be pasted as a test. */
export class ModelFailure extends Error {
  override readonly name: string = "ModelFailure";
  /** The lines of a test that does it again. */
  readonly lines: readonly string[];
  readonly propertySeed: number;
  readonly path: string;

  /** @internal */
  constructor(failure: Failure, seed: number, path: string, shrinks: number) {
    const cause = failure.error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const again = `{ propertySeed: ${seed}, path: ${JSON.stringify(path)} }`;
    super(
      `${reason}\n\nafter ${failure.steps} steps (found with ${again}, shrunk ${shrinks} times):\n\n${failure.lines.join("\n")}\n`,
      { cause },
    );
    this.lines = failure.lines;
    this.propertySeed = seed;
    this.path = path;
  }
}

interface Failure {
  readonly error: unknown;
  readonly lines: readonly string[];
  readonly steps: number;
}

const nobodyId: Id = "00000000-0000-7000-8000-00000000dead";
const STEPS = 30;

/**
 * Lets users spawn walkers at random, compares what becomes of each with a model, and checks an invariant after each
 * step. A failure is shrunk to as few and as simple steps as lead to it.
 *
 * ```ts
 * await checkModel(fc, {
 *   types,
 *   users: ["ann", "bob"],
 *   model: () => new Set<string>(),
 *   steps: ({ spawn }) => [
 *     spawn(join, { after: (members, { user }) => members.add(user) }),
 *     spawn(leave, { after: (members, { user }) => members.delete(user) }),
 *   ],
 *   invariant: async ({ graph, model }) => assert.equal(await graph.edges(Joined).count(), model.size),
 * });
 * ```
 *
 * @param fc fast-check
 * @throws {ModelFailure} with the spawns that lead to it, to be pasted as a test
 */
export async function checkModel<M>(fc: FastCheck, test: ModelTest<M>): Promise<ModelReport> {
  const { users, model, begin, steps, invariant, end, runs, propertySeed, path, store } = test;
  const { isRefusal = saysNo, minSteps = 0, maxSteps = Math.max(minSteps, STEPS), ...others } = test;
  if (users.length === 0) throw new TypeError("checkModel: users has at least one name");
  const graphOptions = pick(others, ["types", "handlers", "cache", "attempts", "onError", "seed", "clock"]);
  const made = steps(stepsOf(fc, users, isRefusal));
  // Seldom drawn, but what any step shrinks to first: so runs of a fixed length get shorter too.
  const nothing = { weight: 1, arbitrary: fc.constant(undefined) };
  const plan: Arbitrary<(PlannedStep<M> | undefined)[]> = fc.array(
    fc.oneof(
      { withCrossShrink: true },
      nothing,
      ...made.map(({ weight, arbitrary }) => ({ weight: weight * 1000, arbitrary })),
    ),
    { minLength: minSteps, maxLength: maxSteps, size: "max" },
  );
  let failure: Failure | undefined;
  let performed = 0;
  const run = async (planned: readonly (PlannedStep<M> | undefined)[]): Promise<void> => {
    const done: (() => string)[] = [];
    const beginning = [
      "let graph = await testGraph({ types });",
      ...users.map((name) => `let ${variableName(name)} = await graph.user(${sourceText(name)});`),
      ...(begin === undefined ? [] : ["await begin(graph);"]),
    ];
    let graph = await testGraph({ ...graphOptions, ...(store !== undefined && { store: store() }) });
    const world: ModelWorld<M> & { reopened(again: TestGraph): void } = {
      get graph() {
        return graph;
      },
      model: model(),
      user: (name) => graph.user(name),
      reopened(again) {
        graph = again;
      },
    };
    let count = 0;
    try {
      for (const name of users) await graph.user(name);
      await begin?.(graph, world.model);
      const book = recordBook(() => graph);
      for (const step of planned) {
        if (step === undefined) continue;
        count += 1;
        performed += 1;
        try {
          done.push(await step.perform(world, book));
        } catch (error) {
          if (error instanceof StepFailure) {
            done.push(error.line);
            throw error.cause;
          }
          throw error;
        }
        await invariant?.(world);
      }
      await end?.(world);
    } catch (error) {
      const lines = [...beginning, ...done.map((line) => line())];
      const declare = lines.some((line) => line.startsWith("graph = ")) ? "let " : "const ";
      failure = { error, lines: lines.map((line) => line.replace(/^let /, declare)), steps: count };
      throw error;
    } finally {
      await graph.close();
    }
  };
  const details = await fc.check(fc.asyncProperty(plan, run), {
    ...test.parameters,
    ...(runs !== undefined && { numRuns: runs }),
    ...(propertySeed !== undefined && { seed: propertySeed }),
    ...(path !== undefined && { path }),
  });
  if (!details.failed) return Object.freeze({ runs: details.numRuns, steps: performed });
  if (failure === undefined) throw details.errorInstance ?? new Error("checkModel: no run was finished");
  throw new ModelFailure(failure, details.seed, details.counterexamplePath ?? "", details.numShrinks);
}

function pick<O extends object, K extends keyof O>(options: O, names: readonly K[]): Pick<O, K> {
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as Pick<O, K>;
}

/** What was asked for cannot be: of the input or of the data, not of the library or the store. */
function saysNo(error: unknown): boolean {
  return error instanceof GraphError && error.category !== "system";
}

/** What a step throws, with the line that does the step. */
class StepFailure extends Error {
  readonly line: () => string;

  constructor(line: () => string, cause: unknown) {
    super("a step failed", { cause });
    this.line = line;
  }
}

function recordBook(graph: () => Graph): RecordBook {
  const everything = new Map<RecordClass, Set<Id>>();
  return {
    async idOf(type, pick) {
      const isNode = definitionOf(type)?.kind === "node";
      const now: Id[] = isNode
        ? await graph()
            .nodes(type as never)
            .ids()
        : await graph()
            .edges(type as never)
            .ids();
      let ever = everything.get(type);
      if (ever === undefined) {
        ever = new Set();
        everything.set(type, ever);
      }
      for (const id of now) ever.add(id);
      const all = [...ever];
      // One time in eight whatever there ever was: what is gone can be asked for too.
      const from = pick % 8 === 7 || now.length === 0 ? all : now;
      return from.length === 0 ? nobodyId : from[Math.floor(pick / 8) % from.length]!;
    },
  };
}

function isSomeRecord(value: unknown): value is SomeRecord {
  return typeof value === "object" && value !== null && "recordOf" in value;
}

/** A record to be chosen, as a generated value. */
class Choice {
  readonly type: RecordClass;
  readonly pick: number;

  constructor(type: RecordClass, pick: number) {
    this.type = type;
    this.pick = pick;
  }
}

type AnyStepOptions<M> = SpawnStepOptions<M, Fields, unknown, unknown>;

function stepsOf<M>(
  fc: FastCheck,
  users: readonly string[],
  isRefusal: (error: unknown) => boolean,
): ModelSteps<M> {
  const choice = ({ recordOf }: SomeRecord): Arbitrary<Choice> =>
    (fc.nat(2 ** 16) as Arbitrary<number>).map((pick) => new Choice(recordOf, pick));
  const resolve = async (value: unknown, book: RecordBook): Promise<unknown> =>
    value instanceof Choice ? book.idOf(value.type, value.pick) : value;

  return Object.freeze({
    existing: (type: RecordClass): SomeRecord => Object.freeze({ recordOf: type }),

    spawn(walker: never, options: AnyStepOptions<M> = {}): ModelStep<M> {
      const { name, inputNames } = requireWalker(walker);
      const { input = {}, at, by = users, weight = 1, after } = options;
      for (const user of by)
        if (!users.includes(user))
          throw new TypeError(`checkModel: ${sourceText(user)} is none of its users`);
      const given = Object.entries(input).map(([field, how]) => [
        field,
        isSomeRecord(how) ? choice(how) : how,
      ]);
      const drawn = fc.tuple(
        fc.constantFrom(...by),
        arbitraries(fc).input(walker, Object.fromEntries(given)),
        at === undefined ? fc.constant(undefined) : choice(at),
      ) as Arbitrary<[string, Record<string, unknown>, Choice | undefined]>;
      const perform = async (
        world: ModelWorld<M>,
        book: RecordBook,
        user: string,
        fields: Readonly<Record<string, unknown>>,
        place: unknown,
      ): Promise<() => string> => {
        const whole: Record<string, unknown> = {};
        for (const [field, value] of Object.entries(fields)) whole[field] = await resolve(value, book);
        const start = (await resolve(place, book)) as Id | undefined;
        const where: SpawnOptions = start === undefined ? {} : { at: start };
        const call = (): string => {
          const args = [variableName(name)];
          if (inputNames.length > 0 || start !== undefined) args.push(sourceText(whole));
          if (start !== undefined) args.push(sourceText(where));
          return `await ${variableName(user)}.spawn(${args.join(", ")})`;
        };
        let run: Run<unknown> | undefined;
        let error: Error | undefined;
        try {
          const session = await world.user(user);
          run = await session.spawn(walker, whole as never, where);
        } catch (thrown) {
          if (!isRefusal(thrown)) throw new StepFailure(() => `${call()};`, thrown);
          error = thrown as Error;
        }
        const line = (): string =>
          error === undefined
            ? `${call()};`
            : `${call()}.catch(() => {}); // ${error.message.split("\n")[0]}`;
        try {
          await after?.(world.model, {
            user,
            input: whole as never,
            run,
            reports: run?.reports ?? [],
            error,
            world,
          });
        } catch (thrown) {
          throw new StepFailure(line, thrown);
        }
        return line;
      };
      return {
        weight,
        arbitrary: drawn.map(([user, fields, place]) => ({
          perform: (world, book) => perform(world, book, user, fields, place),
        })),
      };
    },

    act<A>(
      name: string,
      arbitrary: Arbitrary<A>,
      action: (world: ModelWorld<M>, argument: A) => unknown,
      { weight = 1 }: { readonly weight?: number } = {},
    ): ModelStep<M> {
      return {
        weight,
        arbitrary: arbitrary.map((argument) => ({
          async perform(world) {
            const line = (): string =>
              `await ${name}(${argument === undefined ? "" : sourceText(argument)});`;
            try {
              await action(world, argument);
            } catch (thrown) {
              throw new StepFailure(line, thrown);
            }
            return line;
          },
        })),
      };
    },

    reopen({ weight = 1 }: { readonly weight?: number } = {}): ModelStep<M> {
      return {
        weight,
        arbitrary: fc.constant({
          async perform(world: ModelWorld<M> & { reopened(again: TestGraph): void }) {
            world.reopened(await world.graph.reopen());
            const sessions = users.map((user) => `await graph.user(${sourceText(user)})`).join(", ");
            return () =>
              `graph = await graph.reopen(); [${users.map(variableName).join(", ")}] = [${sessions}];`;
          },
        }),
      };
    },
  }) as ModelSteps<M>;
}
