import { ValidationError } from "../errors.ts";
import { kindOf } from "../model/value-kind.ts";
import type {
  AnyNode,
  EdgeBase,
  EdgeClass,
  EdgeEnd,
  EdgeOptions,
  EdgeStatics,
  Edge as EdgeType,
  FieldsOf,
  NodeAtEnd,
  Sealed,
  Via,
} from "../types/graph-types.ts";
import type {
  CheckFields,
  CheckTypeName,
  CreateArgument,
  Fields,
  NoFields,
  ReservedEdgeField,
} from "../types/infer.ts";
import { defineType } from "./define-type.ts";
import { definitionOf, type EndsDefinition } from "./definition.ts";
import { EdgeEntity, type EntityClass } from "./entity.ts";

/**
 * Describes an edge type; a class that extends what it gives is the type, with methods of its own.
 *
 * ```ts
 * class Posted extends edge("Posted", { at: z.number() }, { from: Room, to: Message }) {}
 * ```
 *
 * @param name unique among the types of a graph; stored with every record, so it stays.
 * @param fields Standard Schema validators by name; synchronous.
 * @param options the ends, as classes or functions that give them, and whether edges have a direction.
 * @throws {ValidationError} `RW_DEFINITION_…`
 */
export function edge<
  const N extends string,
  const F extends Fields,
  A extends EdgeEnd = EdgeEnd,
  B extends EdgeEnd = EdgeEnd,
>(
  name: N & CheckTypeName<N>,
  fields: F & CheckFields<F, ReservedEdgeField>,
  options?: EdgeOptions<F, A, B>,
): EdgeBase<N, F, NodeAtEnd<A>, NodeAtEnd<B>> {
  const { from, to, undirected, ...rest } = readEdgeOptions(name, options);
  return defineType({
    kind: "edge",
    name,
    fields,
    options: rest,
    base: EdgeEntity,
    ends: readEnds(name, from, to),
    undirected,
  }) as never;
}

/** The edge type without fields that `connect` and `link` use where none is named. */
export const Edge: EdgeStatics<NoFields, AnyNode, AnyNode> & {
  new (useConnectOrLinkInstead: Sealed): EdgeType;
} = defineType({
  kind: "edge",
  name: "Edge",
  fields: {},
  options: undefined,
  base: EdgeEntity,
  isBuiltIn: true,
}) as never;

export type Edge = EdgeType;

/** Names the type and gives the fields of the edge that `connect` or `link` is to make. */
export function via<E extends EdgeClass>(type: E, ...fields: CreateArgument<FieldsOf<E>>): Via<E> {
  if (definitionOf(type)?.kind !== "edge") throw new TypeError("via(…) takes an edge type and its fields");
  return Object.freeze(new EdgeToMake(type, fields[0] ?? {})) as Via<E>;
}

/** What `via` makes: a class of its own, so that nothing else is mistaken for it. */
export class EdgeToMake {
  readonly type: unknown;
  readonly fields: unknown;

  constructor(type: unknown, fields: unknown) {
    this.type = type;
    this.fields = fields;
  }
}

interface UncheckedOptions {
  readonly from?: unknown;
  readonly to?: unknown;
  readonly undirected?: boolean;
}

function readEdgeOptions(type: string, options: unknown): UncheckedOptions {
  if (options === undefined) return {};
  if (kindOf(options) !== "object") throw new TypeError(`${type}: its options are not an object`);
  const { undirected, unique, index } = options as Record<string, unknown>;
  if (undirected !== undefined && typeof undirected !== "boolean") {
    throw new TypeError(`${type}: its option \`undirected\` is not a boolean`);
  }
  if (unique !== undefined || index !== undefined) {
    throw new ValidationError({
      code: "RW_DEFINITION_INDEX",
      message: `${type}: only node types have indexes`,
      remedy: "Find edges from a node they hang on, or keep what is looked up in a node.",
    });
  }
  return options as UncheckedOptions;
}

function readEnds(type: string, from: unknown, to: unknown): EndsDefinition {
  return Object.freeze({ source: readEnd(type, "from", from), target: readEnd(type, "to", to) });
}

/** A function of the end's class. A thunk is called late: modules in a circle have it only when all are loaded. */
function readEnd(type: string, option: string, end: unknown): () => EntityClass | undefined {
  if (end === undefined) return () => undefined;
  const refuse = (): ValidationError =>
    new ValidationError({
      code: "RW_DEFINITION_ENDS",
      message: `${type}: its \`${option}\` is not a node type`,
    });
  if (typeof end !== "function") throw refuse();
  const definition = definitionOf(end);
  if (definition !== undefined) {
    if (definition.kind !== "node") throw refuse();
    return () => end as unknown as EntityClass;
  }
  return () => {
    let cls: unknown;
    try {
      cls = (end as () => unknown)();
    } catch (cause) {
      throw new ValidationError({
        code: "RW_DEFINITION_ENDS",
        message: `${type}: its \`${option}\` could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        cause,
      });
    }
    if (definitionOf(cls)?.kind !== "node") throw refuse();
    return cls as EntityClass;
  };
}
