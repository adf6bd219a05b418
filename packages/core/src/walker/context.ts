import type { Entity } from "../schema/entity.ts";
import type { CheckedInput } from "./input.ts";
import type { Visit } from "./visit.ts";
import type { WalkVerbs } from "./walk-host.ts";

/** What the engine does for handlers. */
export interface WalkControls {
  readonly input: CheckedInput;
  readonly state: unknown;
  readonly verbs: WalkVerbs;
  visit(target: unknown, options: unknown): Visit;
  report(value: unknown): void;
  disengage(): void;
  skip(): void;
  ignore(locations: readonly Entity[]): void;
  spawn(walker: unknown, input: unknown, options: unknown): Promise<unknown>;
  commit(): void;
}

let readInput: (context: WalkContext, name: string) => unknown;

/**
 * What a handler is given: the input by name, the walk's controls and the verbs of its unit of work. One for a whole
 * walk; frozen, like the input.
 */
export class WalkContext {
  readonly #controls: WalkControls;

  constructor(controls: WalkControls) {
    this.#controls = controls;
    Object.freeze(this);
  }

  static {
    readInput = (context, name) => context.#controls.input[name];
  }

  get state(): unknown {
    return this.#controls.state;
  }

  get root(): unknown {
    return this.#controls.verbs.root;
  }

  visit(target: unknown, options?: unknown): Visit {
    return this.#controls.visit(target, options);
  }

  report(value: unknown): void {
    this.#controls.report(value);
  }

  disengage(): void {
    this.#controls.disengage();
  }

  skip(): void {
    this.#controls.skip();
  }

  ignore(...locations: readonly Entity[]): void {
    this.#controls.ignore(locations);
  }

  spawn(walker: unknown, input?: unknown, options?: unknown): Promise<unknown> {
    return this.#controls.spawn(walker, input, options);
  }

  commit(): void {
    this.#controls.commit();
  }

  onCommit(f: () => unknown): void {
    this.#controls.verbs.onCommit(f);
  }

  get(type: unknown, id: unknown): unknown {
    return this.#controls.verbs.get(type, id);
  }

  require(type: unknown, id: unknown): unknown {
    return this.#controls.verbs.require(type, id);
  }

  create(type: unknown, fields?: unknown): unknown {
    return this.#controls.verbs.create(type, fields);
  }

  ensure(type: unknown, key: unknown, fields?: unknown): unknown {
    return this.#controls.verbs.ensure(type, key, fields);
  }

  nodes(type: unknown, filter?: unknown): unknown {
    return this.#controls.verbs.nodes(type, filter);
  }

  edges(type: unknown, filter?: unknown): unknown {
    return this.#controls.verbs.edges(type, filter);
  }
}

/** Whether a walk has a member of this name. */
export function isControlName(name: string): boolean {
  return name in WalkContext.prototype;
}

/**
 * The context of one walker: input fields are getters of its prototype, made once, so that a spawn defines nothing.
 * Assigning to one is a TypeError, as to everything on a frozen object.
 */
export function contextClass(inputNames: readonly string[]): new (controls: WalkControls) => WalkContext {
  class Context extends WalkContext {}
  for (const name of inputNames) {
    Object.defineProperty(Context.prototype, name, {
      get(this: WalkContext) {
        return readInput(this, name);
      },
      enumerable: true,
    });
  }
  return Context;
}
