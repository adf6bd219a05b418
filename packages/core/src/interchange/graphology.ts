import { ValidationError } from "../errors.ts";
import { partsOf } from "../graph/session.ts";
import { readOptions } from "../model/options.ts";
import { describeKind } from "../model/value-kind.ts";
import type { RecordClass } from "../types/graph-types.ts";
import type { Session } from "../types/session.ts";
import { bulkLoad, type LoadOptions, type LoadReport, type LoadRow } from "./bulk-load.ts";
import { type RecordSource, type SelectionOptions, withRecords } from "./plain-records.ts";

/** As much of a graphology graph as is written to. graphology itself is the caller's: nothing here imports it. */
export interface GraphologyTarget {
  readonly type: string;
  addNode(key: string, attributes?: Record<string, unknown>): unknown;
  addEdgeWithKey(key: string, source: string, target: string, attributes?: Record<string, unknown>): unknown;
  addUndirectedEdgeWithKey(
    key: string,
    source: string,
    target: string,
    attributes?: Record<string, unknown>,
  ): unknown;
  addDirectedEdgeWithKey(
    key: string,
    source: string,
    target: string,
    attributes?: Record<string, unknown>,
  ): unknown;
}

/**
 * A graphology graph of records, for its algorithms: keys are ids, attributes are fields and `$type`.
 *
 * ```ts
 * const copy = await toGraphology(graph.as(alice), MultiGraph, { types: [Person, Knows] });
 * ```
 *
 * @param into a class of graphology's, such as `MultiGraph`, which takes both kinds of edges; or a graph of any kind, to which the
 *   records are added. In one of undirected edges every edge is undirected; one of directed edges takes no undirected ones.
 * @returns the graph
 * @throws {TypeError} {ValidationError} for sources and options that are none; as `exportJsonl`; what graphology throws
 */
export async function toGraphology<G extends GraphologyTarget>(
  source: RecordSource,
  into: G | (new (options?: { multi?: boolean }) => G),
  options: SelectionOptions = {},
): Promise<G> {
  readOptions("toGraphology", options, ["types"]);
  const graph = typeof into === "function" ? made(into) : into;
  if (typeof (graph as Partial<G> | null)?.addEdgeWithKey !== "function")
    throw new TypeError(
      "toGraphology takes a class of graphology's, or a graph that was made, as its second argument",
    );
  const filling = withRecords("toGraphology", source, options, async function* (records) {
    for await (const { id, type, fields } of records.nodes()) graph.addNode(id, { $type: type, ...fields });
    for await (const { id, type, fields, source: from, target: to, isUndirected } of records.edges()) {
      const attributes = { $type: type, ...fields };
      if (graph.type !== "mixed") {
        if (isUndirected && graph.type === "directed")
          throw new ValidationError({
            code: "RW_EDGE_ENDS",
            message: `toGraphology: ${type} is undirected, and the graph to fill takes directed edges alone`,
            remedy: "Give graphology's MultiGraph, or MultiUndirectedGraph.",
          });
        graph.addEdgeWithKey(id, from, to, attributes);
      } else if (isUndirected) graph.addUndirectedEdgeWithKey(id, from, to, attributes);
      else graph.addDirectedEdgeWithKey(id, from, to, attributes);
    }
    yield* [];
  });
  for await (const _ of filling);
  return graph;
}

/** Two nodes may have several edges between them. */
function made<G extends GraphologyTarget>(type: new (options?: { multi?: boolean }) => G): G {
  try {
    return new type({ multi: true });
  } catch (cause) {
    throw new TypeError(
      `toGraphology: ${type.name} cannot be made with several edges between two nodes; give MultiGraph, MultiDirectedGraph or MultiUndirectedGraph, or a graph that was made`,
      { cause },
    );
  }
}

/** As much of a graphology graph as is read. */
export interface GraphologySource {
  nodeEntries(): Iterable<{ readonly node: string; readonly attributes: Record<string, unknown> }>;
  edgeEntries(): Iterable<{
    readonly edge: string;
    readonly attributes: Record<string, unknown>;
    readonly source: string;
    readonly target: string;
  }>;
}

/** Options of `fromGraphology`: those of `bulkLoad`, and what becomes of graphology's nodes and edges. */
export interface FromGraphologyOptions extends LoadOptions {
  /**
   * The type and fields of a node. Where nothing is said, the type that its attribute `$type` names, with its other
   * attributes as fields: as `toGraphology` makes them.
   */
  readonly node?: (key: string, attributes: Record<string, unknown>) => TypedFields;
  /** The type and fields of an edge; likewise. */
  readonly edge?: (
    key: string,
    attributes: Record<string, unknown>,
    source: string,
    target: string,
  ) => TypedFields;
}

/** A type and what a record of it is to have. */
export type TypedFields = readonly [type: RecordClass, fields?: object];

/**
 * Makes nodes and edges of those of a graphology graph, by `bulkLoad`: they are new ones, `idOf` of the report gives their
 * ids by graphology's keys.
 *
 * ```ts
 * await fromGraphology(graph, other, {
 *   node: (key, { label }) => [Person, { key, label }],
 *   edge: (_, { weight }) => [Knows, { weight }],
 * });
 * ```
 *
 * @throws {ValidationError} for an attribute `$type` that names no type of the graph; as `bulkLoad`
 */
export async function fromGraphology(
  session: Session,
  source: GraphologySource,
  options: FromGraphologyOptions = {},
): Promise<LoadReport> {
  const parts = partsOf(session);
  if (parts === undefined) throw new TypeError("fromGraphology takes a graph, or what graph.as(root) gives");
  if (typeof (source as Partial<GraphologySource> | null)?.nodeEntries !== "function")
    throw new TypeError(`fromGraphology takes a graphology graph, got ${describeKind(source)}`);
  const { node, edge, ...rest } = options;
  const { catalog } = parts.core.runtime;
  const byType = (what: string, { $type, ...fields }: Record<string, unknown>): TypedFields => {
    const number = typeof $type === "string" ? catalog.findNumber($type) : 0;
    if (number !== 0) return [catalog.definition(number).cls as unknown as RecordClass, fields];
    throw new ValidationError({
      code: "RW_UNKNOWN_TYPE",
      message: `fromGraphology: the attribute $type of ${what} is ${JSON.stringify($type)}, which is no type of the graph`,
      remedy: "Say by the options `node` and `edge` what becomes of nodes and edges.",
    });
  };
  const rows = function* (): Generator<LoadRow> {
    for (const { node: key, attributes } of source.nodeEntries()) {
      const [type, fields] = node?.(key, attributes) ?? byType(`node ${key}`, attributes);
      yield { type, key, fields };
    }
    for (const { edge: key, attributes, source: from, target: to } of source.edgeEntries()) {
      const [type, fields] = edge?.(key, attributes, from, to) ?? byType(`edge ${key}`, attributes);
      yield { type, from, to, fields };
    }
  };
  return bulkLoad(session, rows(), rest);
}
