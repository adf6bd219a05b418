import { z } from "zod";
import { isThenable, type MaybePromise } from "../src/util/maybe-async.ts";
import { handlers } from "../src/walker/handlers.ts";
import { walker } from "../src/walker/walker.ts";
import type {
  Action,
  EdgeType,
  HandlerScript,
  NodeType,
  QueryScript,
  Ref,
  Scenario,
  TargetScript,
  TypeName,
} from "./walker-reference.ts";

/** A graph that scripts can run over: the fake one, or a real one. */
export interface ScriptWorld<Walk, Here> {
  readonly classes: Readonly<Record<TypeName, unknown>>;
  /** Answers later, so that walks which nobody waits for would run at some other moment. */
  readonly isLate: boolean;
  refOf(here: Here): Ref;
  isEdge(here: Here): boolean;
  /** The record as an entity of the walk's unit; undefined where it does not exist. */
  find(w: Walk, ref: Ref): MaybePromise<Here | undefined>;
  query(here: Here, script: QueryScript): unknown;
  connect(w: Walk, here: Here, node: NodeType, edge: EdgeType): void;
  remove(here: Here): void;
}

/** What all handlers of one run share. Restored when the run is replayed. */
export interface ScriptState {
  fuel: number;
  trace: string[];
}

interface ScriptWalk {
  readonly number: number;
  visit(target: unknown, options?: { at?: number | undefined }): { else(f: () => unknown): void };
  ignore(...here: unknown[]): void;
  skip(): void;
  disengage(): void;
  commit(): void;
  spawn(walker: unknown, input: object, options: object): Promise<{ visits: number; disengaged: boolean }>;
}

interface Chain {
  entry(...args: unknown[]): Chain;
  exit(...args: unknown[]): Chain;
}

/** The scenario as walkers and handlers of the library; `state` tells afterwards what they did. */
export function buildScript<Walk, Here>(
  scenario: Scenario,
  world: ScriptWorld<Walk, Here>,
  state: ScriptState,
): { readonly walkers: readonly unknown[]; readonly handlers: readonly unknown[] } {
  const identities = scenario.walkers.map(
    // Handlers of types run for any walker; by its input they know for which.
    (script, number) =>
      walker(`w${number}`, { once: script.once, input: { number: z.int() } }) as unknown as Chain,
  );
  const walkers: Chain[] = [];

  function handler(name: string, { actions }: { readonly actions: readonly Action[] }) {
    return (w: Walk & ScriptWalk, here: Here): MaybePromise<void> => {
      state.trace.push(`${name}@${world.refOf(here)}`);
      return drive(act(actions, w, here));
    };
  }

  function* targetOf(
    target: TargetScript,
    w: Walk & ScriptWalk,
    here: Here,
  ): Generator<unknown, unknown, unknown> {
    if (target.kind === "query") return world.query(here, target.query);
    const found: Here[] = [];
    for (const ref of target.refs) {
      const entity = (yield world.find(w, ref)) as Here | undefined;
      if (entity !== undefined) found.push(entity);
    }
    return found.length === 1 ? found[0] : found;
  }

  function* act(
    actions: readonly Action[],
    w: Walk & ScriptWalk,
    here: Here,
  ): Generator<unknown, void, unknown> {
    for (const action of actions) {
      if (state.fuel === 0) return;
      state.fuel -= 1;
      const exists = (yield world.find(w, world.refOf(here))) !== undefined;
      const canQuery = exists && !world.isEdge(here);
      switch (action.do) {
        case "visit": {
          if (action.target.kind === "query" && !canQuery) break;
          const target = yield* targetOf(action.target, w, here);
          const visit = w.visit(target, action.at === undefined ? undefined : { at: action.at });
          const otherwise = action.else;
          if (otherwise !== undefined) {
            visit.else(() => {
              state.trace.push(`else@${world.refOf(here)}`);
              return drive(act(otherwise, w, here));
            });
          }
          break;
        }
        case "ignore": {
          const entity = yield world.find(w, action.ref);
          if (entity !== undefined) w.ignore(entity);
          break;
        }
        case "skip":
          w.skip();
          break;
        case "disengage":
          w.disengage();
          break;
        case "commit":
          w.commit();
          break;
        case "pause":
          if (world.isLate) yield Promise.resolve();
          break;
        case "deleteHere":
          if (exists) world.remove(here);
          break;
        case "delete": {
          const entity = (yield world.find(w, action.ref)) as Here | undefined;
          if (entity !== undefined) world.remove(entity);
          break;
        }
        case "connect":
          if (canQuery) world.connect(w, here, action.node, action.edge);
          break;
        case "spawn": {
          if (action.target.kind === "query" && !canQuery) break;
          const at = yield* targetOf(action.target, w, here);
          const spawned = w.spawn(walkers[action.walker], { number: action.walker }, { at });
          if (action.isAwaited) {
            const run = (yield spawned) as { visits: number; disengaged: boolean };
            state.trace.push(`run ${run.visits} ${run.disengaged}`);
          } else if (world.isLate) yield spawned;
          break;
        }
      }
    }
  }

  for (const [number, script] of scenario.walkers.entries()) {
    const register = (chain: Chain, side: "entry" | "exit", list: readonly HandlerScript[]): Chain =>
      list.reduce((chain, { types, actions }, i) => {
        const run = handler(`w${number}.${side}${i}`, { actions });
        return types === undefined
          ? chain[side](run)
          : chain[side](
              types.map((type) => world.classes[type]),
              run,
            );
      }, chain);
    const entries = register(identities[number] as Chain, "entry", script.entries);
    walkers.push(register(entries, "exit", script.exits));
  }

  const byType = scenario.typeHandlers.map(({ type, side, walker: number, actions }, i) => {
    const chain = handlers(world.classes[type] as never) as unknown as Chain;
    if (number !== undefined) {
      const run = handler(`t${i}(w${number})`, { actions });
      return chain[side](identities[number], (here: Here, w: Walk & ScriptWalk) => run(w, here));
    }
    return chain[side]((here: Here, w: Walk & ScriptWalk) =>
      handler(`t${i}(w${w.number})`, { actions })(w, here),
    );
  });
  return { walkers, handlers: byType };
}

/** Runs steps that may have to wait; without a promise where none of them has to. */
function drive<T>(steps: Generator<unknown, T, unknown>): MaybePromise<T> {
  let next = steps.next();
  while (!next.done) {
    if (isThenable(next.value)) return driveLater(steps, next.value);
    next = steps.next(next.value);
  }
  return next.value;
}

async function driveLater<T>(steps: Generator<unknown, T, unknown>, first: PromiseLike<unknown>): Promise<T> {
  let next = steps.next(await first);
  while (!next.done) next = steps.next(isThenable(next.value) ? await next.value : next.value);
  return next.value;
}
