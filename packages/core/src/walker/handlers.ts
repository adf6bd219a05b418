import { ValidationError } from "../errors.ts";
import type { EntityClass } from "../schema/entity.ts";
import type { RecordClass } from "../types/graph-types.ts";
import type { Handlers } from "../types/walker.ts";
import { requireHandler, requireType } from "./registration.ts";
import { WalkerDefinition, type WalkerIdentity } from "./walker.ts";

/** One handler that belongs to a type. */
export interface TypeRegistration {
  /** The walker it is for; undefined is any. */
  readonly walkerId: WalkerIdentity | undefined;
  readonly handler: (here: never, w: never) => unknown;
}

/** Handlers of one node or edge type: inert and frozen, given to graphs when they are opened. */
export class HandlersDefinition {
  readonly type: EntityClass;
  readonly entries: readonly TypeRegistration[];
  readonly exits: readonly TypeRegistration[];

  constructor(
    type: EntityClass,
    entries: readonly TypeRegistration[] = [],
    exits: readonly TypeRegistration[] = [],
  ) {
    this.type = type;
    this.entries = Object.freeze(entries);
    this.exits = Object.freeze(exits);
    Object.freeze(this);
  }

  /** @throws {ValidationError} `RW_DEFINITION_WALKER` */
  entry(...args: readonly unknown[]): HandlersDefinition {
    const entry = read(`handlers(${this.type.name}).entry`, args);
    return new HandlersDefinition(this.type, [...this.entries, entry], this.exits);
  }

  /** @throws {ValidationError} `RW_DEFINITION_WALKER` */
  exit(...args: readonly unknown[]): HandlersDefinition {
    const exit = read(`handlers(${this.type.name}).exit`, args);
    return new HandlersDefinition(this.type, this.entries, [...this.exits, exit]);
  }
}

/**
 * Begins handlers that belong to a type: for one walker, `entry(walker, (here, w) => …)`, or for every walker,
 * `entry((here, w) => …)`. They take effect in the graphs that are opened with them; subtypes have them too.
 *
 * @param type a node or edge type
 * @throws {ValidationError} `RW_DEFINITION_TYPE`
 */
export function handlers<C extends RecordClass>(type: C): Handlers<InstanceType<C>> {
  return new HandlersDefinition(requireType("handlers(…)", type)) as never;
}

function read(where: string, args: readonly unknown[]): TypeRegistration {
  if (args.length < 2) return Object.freeze({ walkerId: undefined, handler: requireHandler(where, args[0]) });
  const [walker, handler] = args;
  if (!(walker instanceof WalkerDefinition)) {
    throw new ValidationError({
      code: "RW_DEFINITION_WALKER",
      message: `${where}: the first of two arguments is the walker that the handler is for`,
    });
  }
  return Object.freeze({ walkerId: walker.walkerId, handler: requireHandler(where, handler) });
}
