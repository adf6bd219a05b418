import type { NodeBase, NodeOptions, RootClass, Root as RootNode } from "../types/graph-types.ts";
import type { CheckFields, CheckTypeName, Fields, ReservedNodeField } from "../types/infer.ts";
import { defineType } from "./define-type.ts";
import { NodeEntity } from "./entity.ts";

/**
 * Describes a node type; a class that extends what it gives is the type, with methods of its own.
 *
 * ```ts
 * class Room extends node("Room", { name: z.string() }, { unique: ["name"] }) {
 *   get title() { return `#${this.name}`; }
 * }
 * ```
 *
 * @param name unique among the types of a graph; stored with every record, so it stays.
 * @param fields Standard Schema validators by name; synchronous.
 * @throws {ValidationError} `RW_DEFINITION_…`
 */
export function node<const N extends string, const F extends Fields>(
  name: N & CheckTypeName<N>,
  fields: F & CheckFields<F, ReservedNodeField>,
  options?: NodeOptions<F>,
): NodeBase<N, F> {
  return defineType({ kind: "node", name, fields, options, base: NodeEntity }) as unknown as NodeBase<N, F>;
}

/**
 * The node type without fields that every graph begins with: one root a user, and the system's own. It has no subtypes:
 * what is known of a user is a node that the user's root is connected to.
 */
export const Root: RootClass = defineType({
  kind: "node",
  name: "Root",
  fields: {},
  options: undefined,
  base: NodeEntity,
  isBuiltIn: true,
}) as never;

export type Root = RootNode;
