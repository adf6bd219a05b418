import type { Id } from "../model/id.ts";
import type { AnyEdge, AnyNode, FieldsOfRecord, HopQuery, NodeQuery } from "./graph-types.ts";
import type { State } from "./infer.ts";
import type { StopSignal } from "./stop-signal.ts";
import type { Reading } from "./tx.ts";

/** Where paths are looked for: a graph, a session, a transaction, or the `w` of a walker's handler. */
export type Reader = Pick<Reading, "nodes">;

/**
 * Which edges a path may follow from a node, said as one hop: `(place) => place.out(Road, { open: true })`. It is called
 * once, with a stand-in for the node. A hop that leads to a node type follows edges to such nodes alone.
 */
// biome-ignore lint/suspicious/noExplicitAny: a hop of any types fits
export type Along = (node: AnyNode) => HopQuery<any, any>;

/** One hop, or several of which each edge of a path follows one. */
export type AnyAlong = Along | readonly Along[];

/** The nodes that hops lead to. */
export type NodesAlong<A> = A extends readonly (infer F)[]
  ? NodesAlong<F>
  : A extends (node: AnyNode) => HopQuery<infer N, infer _>
    ? N
    : never;

/** The edges that hops follow. */
export type EdgesAlong<A> = A extends readonly (infer F)[]
  ? EdgesAlong<F>
  : A extends (node: AnyNode) => HopQuery<infer _, infer E>
    ? E
    : never;

/** The fields of an edge, as a weight is made of them. */
export type EdgeData<E> = Readonly<State<FieldsOfRecord<E>>>;

/** Names of fields that may hold a number. */
export type NumberFieldOf<E> = E extends unknown
  ? {
      [K in keyof EdgeData<E> & string]: number extends EdgeData<E>[K] ? K : never;
    }[keyof EdgeData<E> & string]
  : never;

/**
 * What an edge adds to the weight of a path: the name of a field, or a function of the edge's fields. A number from 0;
 * `Infinity` for an edge that is not to be followed.
 */
export type WeightOf<E> = NumberFieldOf<E> | ((edge: EdgeData<E>) => number);

/** How long and how far a search may go. */
export interface SearchLimits {
  /**
   * So many nodes and edges it may take in, two million where nothing is said: each takes some hundred bytes until the
   * unit of work ends. A search that needs more ends in `RW_SEARCH_LIMIT`.
   */
  readonly maxEntries?: number;
  /** Ends the search with the signal's reason. It is looked at about every 8 ms. */
  readonly signal?: StopSignal | undefined;
}

/** What paths are asked for. */
export interface PathOptions<A extends AnyAlong> extends SearchLimits {
  /** Which edges may be followed. */
  readonly along: A;
  /** The most edges of a path; without it as many as it takes. */
  readonly maxDepth?: number;
}

/** A way from one node to another. */
export interface Path<N = AnyNode, E = AnyEdge, Start = N, End = N> {
  readonly start: Start;
  readonly end: End;
  /** Every node in order, both ends included: one more than there are edges. */
  readonly nodes: readonly (Start | N | End)[];
  /** The edge from each node to the next one. */
  readonly edges: readonly E[];
  /** The sum of the weights; where no weight is asked for, the number of edges. */
  readonly weight: number;
}

/** A path as `along` leads from a node. */
export type PathAlong<A, Start, End = NodesAlong<A>> = Path<NodesAlong<A>, EdgesAlong<A>, Start, End>;

/** A node, or its id. */
export type NodeRef<N> = N | Id;

/** Which nodes an algorithm is about: those of a query, or of several. */
export type Members<N> = NodeQuery<N> | readonly NodeQuery<N>[];

/** Every node after those that lead to it, or why there is no such order. */
export type TopologicalOrder<N, E> =
  | { readonly order: N[]; readonly cycle?: undefined }
  | {
      readonly order?: undefined;
      /** Begins and ends at the same node. */
      readonly cycle: Path<N, E>;
    };
