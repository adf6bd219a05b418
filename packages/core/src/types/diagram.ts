import type { AnyEdge, AnyNode, Locations, PairQuery } from "./graph-types.ts";

/** What can be drawn. */
export type Drawable = AnyNode | AnyEdge | Locations | PairQuery<AnyNode, AnyEdge>;

/** Options of `toMermaid` and `toDOT`. */
export interface DiagramOptions {
  /**
   * What nodes are labelled by: a field, or a function of the node. Nodes without it, or where nothing is said, have
   * their type and the last eight digits of their id.
   */
  readonly label?: string | ((node: AnyNode) => unknown);
  /** Where edges point: to the right (`LR`, where nothing is said), left, down or up. */
  readonly direction?: "LR" | "RL" | "TB" | "BT";
  /**
   * How many edges around the nodes to go: 1 around a record, 0 around the nodes of a query where nothing is said. Not
   * for edges.
   */
  readonly depth?: number;
  /** Nodes drawn at most, the first ones; 100 where nothing is said. */
  readonly maxNodes?: number;
  /** Edges drawn at most, the first ones; 400 where nothing is said. */
  readonly maxEdges?: number;
}
