import { ValidationError } from "../errors.ts";
import { describeKind } from "../model/value-kind.ts";
import { definitionOf } from "../schema/definition.ts";
import type { EntityClass } from "../schema/entity.ts";

/** One handler as it was registered with a walker. */
export interface Registration {
  /** The types it is for, of which each matches its subtypes too; undefined is an untyped handler of the walker. */
  readonly types: readonly EntityClass[] | undefined;
  readonly handler: (w: never, here: never) => unknown;
}

function refuse(message: string): never {
  throw new ValidationError({ code: "RW_DEFINITION_WALKER", message });
}

/** @throws {ValidationError} `RW_DEFINITION_WALKER` */
export function requireHandler(where: string, handler: unknown): Registration["handler"] {
  if (typeof handler !== "function" || definitionOf(handler) !== undefined) {
    const given =
      typeof handler === "function" ? `the type ${handler.name} and no handler` : describeKind(handler);
    refuse(`${where}: expected a handler function, got ${given}`);
  }
  return handler as Registration["handler"];
}

/** @throws {ValidationError} `RW_DEFINITION_TYPE` */
export function requireType(where: string, type: unknown): EntityClass {
  if (definitionOf(type) === undefined) {
    const given = typeof type === "function" ? `the function ${type.name}` : describeKind(type);
    throw new ValidationError({
      code: "RW_DEFINITION_TYPE",
      message: `${where}: expected a node or edge type, got ${given}`,
    });
  }
  return type as EntityClass;
}

/** Reads `(handler)`, `(Type, handler)` and `([Types], handler)`. */
export function readRegistration(where: string, args: readonly unknown[]): Registration {
  if (args.length < 2) return Object.freeze({ types: undefined, handler: requireHandler(where, args[0]) });
  const [types, handler] = args;
  const list: readonly unknown[] = Array.isArray(types) ? types : [types];
  if (list.length === 0) refuse(`${where}: the list of types is empty`);
  return Object.freeze({
    types: Object.freeze(list.map((type) => requireType(where, type))),
    handler: requireHandler(where, handler),
  });
}
