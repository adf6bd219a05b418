import { COMPLETE, IN, OUT, type Side } from "../resident/adjacency.ts";
import { IN_KNOWN, OUT_KNOWN } from "../resident/record-table.ts";
import type { ResidentGraph } from "../resident/resident-graph.ts";
import type { Hop } from "./shape.ts";

/** A list was needed that is not resident as a whole. */
export const MISSING = -1;

/**
 * Finds the node's lists that the hop follows. They are written to `into`; a list of edges that arrive gets its
 * complement (`~list`) where a self-loop in it was met among those that leave.
 *
 * @returns how many there are, {@link MISSING} where one of them is not resident as a whole
 */
export function findLists(resident: ResidentGraph, node: number, hop: Hop, into: number[]): number {
  const { direction, edgeNumbers } = hop;
  let count = 0;
  if (direction !== "in") {
    count =
      edgeNumbers === undefined
        ? wholeSide(resident, node, OUT, into, 0)
        : typed(resident, node, OUT, edgeNumbers, into, 0, false);
    if (count === MISSING) return MISSING;
  }
  if (direction !== "out") {
    const skipLoops = direction === "both";
    if (edgeNumbers !== undefined) return typed(resident, node, IN, edgeNumbers, into, count, skipLoops);
    const from = count;
    count = wholeSide(resident, node, IN, into, count);
    if (count === MISSING) return MISSING;
    if (skipLoops) for (let i = from; i < count; i++) into[i] = ~into[i]!;
    else count = undirected(resident, node, into, count);
  }
  return count;
}

function wholeSide(resident: ResidentGraph, node: number, side: Side, into: number[], count: number): number {
  const { adjacency, nodes } = resident;
  if ((nodes.flags[node]! & (side === OUT ? OUT_KNOWN : IN_KNOWN)) === 0) return MISSING;
  let at = count;
  for (let list = adjacency.head(node, side); list >= 0; list = adjacency.listNext[list]!) {
    if (adjacency.listFlags[list] !== COMPLETE) return MISSING;
    if (adjacency.listFirst[list]! >= 0) into[at++] = list;
  }
  return at;
}

/** Undirected edges hang on the out side; asked for what arrives, they are part of the answer. */
function undirected(resident: ResidentGraph, node: number, into: number[], count: number): number {
  const { adjacency, catalog } = resident;
  let at = count;
  for (let list = adjacency.head(node, OUT); list >= 0; list = adjacency.listNext[list]!) {
    if (!catalog.isUndirected(adjacency.listTypes[list]!)) continue;
    if (adjacency.listFlags[list] !== COMPLETE) return MISSING;
    if (adjacency.listFirst[list]! >= 0) into[at++] = list;
  }
  return at;
}

function typed(
  resident: ResidentGraph,
  node: number,
  side: Side,
  types: readonly number[],
  into: number[],
  count: number,
  isSecondSide: boolean,
): number {
  const { adjacency, nodes, catalog } = resident;
  let at = count;
  for (const type of types) {
    const hangsOn = catalog.isUndirected(type) ? OUT : side;
    // Of both sides the first one has had the undirected edges already.
    if (isSecondSide && hangsOn !== side) continue;
    const list = adjacency.find(node, hangsOn, type);
    if (list < 0) {
      const known = hangsOn !== side ? OUT_KNOWN | IN_KNOWN : hangsOn === OUT ? OUT_KNOWN : IN_KNOWN;
      if ((nodes.flags[node]! & known) === 0) return MISSING;
    } else {
      if (adjacency.listFlags[list] !== COMPLETE) return MISSING;
      if (adjacency.listFirst[list]! >= 0) into[at++] = isSecondSide ? ~list : list;
    }
  }
  return at;
}
