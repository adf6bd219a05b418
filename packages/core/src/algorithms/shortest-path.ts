import { readOptions } from "../model/options.ts";
import type {
  AnyAlong,
  EdgesAlong,
  NodeRef,
  PathAlong,
  PathOptions,
  Reader,
  WeightOf,
} from "../types/algorithms.ts";
import type { AnyNode, FieldsOf, Filter, NodeClass } from "../types/graph-types.ts";
import type { Unit } from "../unit/unit.ts";
import { readAlong } from "./along.ts";
import { fewestEdges, nearestByEdges } from "./breadth-first.ts";
import { lightest } from "./dijkstra.ts";
import { findNode, readKind, refuseWhere } from "./ends.ts";
import { contextOf, readLimits, readWhole } from "./options.ts";
import { type FoundPath, handOutPath } from "./path.ts";
import { Search } from "./search.ts";
import { readWeight } from "./weights.ts";

/** What the shortest path is asked for. */
export interface ShortestPathOptions<A extends AnyAlong> extends PathOptions<A> {
  /** What is to be least; without it the number of edges. */
  readonly weight?: WeightOf<EdgesAlong<A>>;
}

/** What the shortest path to some node of a type is asked for. */
export interface NearestOptions<A extends AnyAlong, C extends NodeClass> extends ShortestPathOptions<A> {
  /** Which nodes of the type are meant; without it all of them. */
  readonly where?: Filter<FieldsOf<C>>;
}

const what = "shortestPath";

/**
 * The shortest path from one node to another, or to the nearest other node of a type: with the fewest edges, or of the
 * least `weight`. `undefined` where no path leads there. Which one of several that are as short is not promised.
 *
 * It is a read like every other one: hidden nodes and edges are not there, the unit's own writes are, and a path that
 * others change meanwhile is a conflict. It lets the event loop turn about every 8 ms.
 *
 * ```ts
 * const path = await shortestPath(tx, home, Hospital, {
 *   along: (place) => place.both(Road, { closed: false }),
 *   weight: "km",
 *   where: { beds: gt(0) },
 * });
 * path?.end.name; // path.nodes, path.edges, path.weight
 * ```
 *
 * @throws {NotFoundError} for an end that the principal may not read; {ValidationError} `RW_WEIGHT_INVALID`, which names
 * the edge; {GraphError} `RW_SEARCH_LIMIT`; {TypeError}
 */
export function shortestPath<S extends AnyNode, C extends NodeClass, const A extends AnyAlong>(
  reader: Reader,
  from: NodeRef<S>,
  to: C,
  options: NearestOptions<A, C>,
): Promise<PathAlong<A, S, InstanceType<C>> | undefined>;
export function shortestPath<S extends AnyNode, T extends AnyNode, const A extends AnyAlong>(
  reader: Reader,
  from: NodeRef<S>,
  to: NodeRef<T>,
  options: ShortestPathOptions<A>,
): Promise<PathAlong<A, S, T> | undefined>;
export async function shortestPath(
  reader: unknown,
  from: unknown,
  to: unknown,
  options: unknown,
): Promise<unknown> {
  const context = contextOf(reader, what);
  const read = readOptions(what, options, ["along", "weight", "where", "maxDepth", "maxEntries", "signal"]);
  const steps = readAlong(context.catalog, read.along);
  const weight = readWeight(read.weight);
  const maxDepth =
    read.maxDepth === undefined ? Number.POSITIVE_INFINITY : readWhole(read.maxDepth, "maxDepth");
  const limits = readLimits(what, read);
  const kind = typeof to === "function" ? readKind(context.catalog, to, read.where) : undefined;
  if (kind === undefined) refuseWhere(what, read.where);

  const find = async (unit: Unit): Promise<FoundPath | undefined> => {
    const search = new Search(unit, what, steps, limits);
    const start = await findNode(unit, what, from);
    const end = kind ?? (await findNode(unit, what, to));
    const way =
      weight !== undefined
        ? await lightest(search, start, end, weight, maxDepth)
        : typeof end === "number"
          ? await fewestEdges(search, start, end, maxDepth)
          : await nearestByEdges(search, start, end, maxDepth);
    const path = way === undefined ? undefined : await handOutPath(unit, way);
    unit.tracer?.read(`${what}(…)`, path === undefined ? 0 : path.nodes.length);
    return path;
  };
  return context.within(find);
}
