import {
  type AnyEdge,
  type AnyNode,
  type EdgeClass,
  type EdgeQuery,
  type HopQuery,
  isId,
  type NodeClass,
  type NodeQuery,
  type PairQuery,
  type Reading,
  type RecordClass,
} from "@rootwalk/core";
import { UsageError } from "../status.ts";
import type { WhereFilter } from "./where.ts";

/** A step as the command line has it, in its order there. */
export type Step =
  | { readonly kind: "hop"; readonly direction: "out" | "in" | "both"; readonly type: string | undefined }
  | { readonly kind: "where" | "whereEdge"; readonly filter: WhereFilter }
  | { readonly kind: "ofType"; readonly type: string }
  | { readonly kind: "depth"; readonly depth: readonly [number, number] };

/** What is asked for in the end. */
export interface Asked {
  readonly steps: readonly Step[];
  readonly orderBy: string | undefined;
  readonly isDescending: boolean;
  readonly limit: number;
}

export type Types = ReadonlyMap<string, RecordClass>;
export type AnyRecord = AnyNode | AnyEdge;

type Nodes = HopQuery<AnyNode, AnyEdge>;
type Loose = Record<"out" | "in" | "both", (type?: unknown, filter?: unknown, options?: unknown) => Nodes>;

/** @throws {UsageError} naming the types there are */
export function typeNamed(types: Types, name: string, kind?: "node" | "edge"): RecordClass {
  const type = types.get(name);
  if (type !== undefined && (kind === undefined || type.kind === kind)) return type;
  const known = [...types.values()].filter((each) => kind === undefined || each.kind === kind);
  const what = kind === undefined ? "type" : `${kind} type`;
  throw new UsageError(
    `There is no ${what} ${JSON.stringify(name)}`,
    `There are ${known.map(({ typeName }) => typeName).join(", ")}.`,
  );
}

/** The query for the nodes of a type and what follows; in the end of nodes, or of edges where these are asked for. */
export function nodesQuery(tx: Reading, types: Types, name: string, asked: Asked): NodeQuery<AnyNode> {
  const begin = tx.nodes(typeNamed(types, name, "node") as NodeClass) as Nodes;
  return ordered(follow(begin, types, asked.steps), asked);
}

export function edgesQuery(tx: Reading, types: Types, name: string, asked: Asked): EdgeQuery<AnyEdge> {
  let query = tx.edges(typeNamed(types, name, "edge") as EdgeClass);
  for (const step of asked.steps) {
    if (step.kind !== "where") throw new UsageError("edges are only followed by --where");
    query = query.filter(step.filter as never);
  }
  return ordered(query, asked);
}

/** From one node: the edges of the last hop, each with the node at its end. */
export function neighboursQuery(node: AnyNode, types: Types, asked: Asked): PairQuery<AnyNode, AnyEdge> {
  const hasHop = asked.steps.some(({ kind }) => kind === "hop");
  const steps: Step[] = hasHop
    ? [...asked.steps]
    : [{ kind: "hop", direction: "both", type: undefined }, ...asked.steps];
  if (steps[0]?.kind !== "hop") throw new UsageError("neighbours begin with --out, --in or --both");
  const query = follow(node, types, steps);
  return ordered(query, asked).pairs();
}

/** The record of an id, whatever it is. */
export async function find(tx: Reading, types: Types, id: string): Promise<AnyRecord | undefined> {
  if (!isId(id))
    throw new UsageError(`${JSON.stringify(id)} is no id`, "Give an id as `nodes` and `edges` list them.");
  for (const type of types.values()) {
    const record = await tx.get(type, id);
    if (record !== undefined) return record;
  }
  return undefined;
}

function follow(begin: Nodes | AnyNode, types: Types, steps: readonly Step[]): Nodes {
  let query = begin as Nodes;
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] as Step;
    switch (step.kind) {
      case "hop": {
        // What is said of the hop itself stands next to it.
        let edgeFilter: WhereFilter | undefined;
        let options: { depth: readonly [number, number] } | undefined;
        for (
          let next = steps[at + 1];
          next?.kind === "whereEdge" || next?.kind === "depth";
          next = steps[at + 1]
        ) {
          if (next.kind === "depth") options = { depth: next.depth };
          else if (edgeFilter === undefined) edgeFilter = next.filter;
          else throw new UsageError("--where-edge stands once after a hop: join tests with $and");
          at += 1;
        }
        const type = step.type === undefined ? undefined : typeNamed(types, step.type);
        if (edgeFilter !== undefined && type?.kind !== "edge")
          throw new UsageError(
            `--where-edge needs a hop over a named edge type, such as --${step.direction} TYPE`,
          );
        query = (query as unknown as Loose)[step.direction](type, edgeFilter, options);
        break;
      }
      case "where":
        query = query.filter(step.filter as never);
        break;
      case "ofType":
        query = query.ofType(typeNamed(types, step.type, "node") as NodeClass) as Nodes;
        break;
      default:
        throw new UsageError("--where-edge and --depth follow the hop that they are about");
    }
  }
  return query;
}

interface Ordering {
  orderBy(field: never, direction: "asc" | "desc"): this;
  reverse(): this;
}

function ordered<Q>(query: Q, { orderBy, isDescending }: Asked): Q {
  const ordering = query as Ordering;
  if (orderBy !== undefined) return ordering.orderBy(orderBy as never, isDescending ? "desc" : "asc") as Q;
  return isDescending ? (ordering.reverse() as Q) : query;
}
