import { isPromise } from "../util/maybe-async.ts";
import { type Kind, KindTest } from "./ends.ts";
import type { Way } from "./path.ts";
import type { Search } from "./search.ts";
import { Tree } from "./tree.ts";

/**
 * A path with the fewest edges between two nodes: breadth first from both of them, always on from the side that has
 * fewer nodes to go on from, until the two meet.
 */
export async function fewestEdges(
  search: Search,
  from: number,
  to: number,
  maxDepth: number,
): Promise<Way | undefined> {
  if (from === to) return { nodes: [from], edges: [], weight: 0 };
  const forward = new Tree(search, from, false);
  const backward = new Tree(search, to, true);
  for (let depth = 0; depth < maxDepth; depth++) {
    if (forward.frontier === 0 || backward.frontier === 0) return undefined;
    const [grown, other] = forward.frontier <= backward.frontier ? [forward, backward] : [backward, forward];
    // Before this level nothing met, so that all that meet in it are at the same distance.
    const met = await grown.grow((first) => {
      for (let at = first; at < grown.nodes.length; at++) if (other.places.has(grown.nodes[at]!)) return at;
      return -1;
    });
    if (met >= 0) return joined(forward, backward, grown.nodes[met]!);
  }
  return undefined;
}

function joined(forward: Tree, backward: Tree, node: number): Way {
  const there = forward.pathTo(forward.places.get(node) - 1);
  const onward = backward.pathTo(backward.places.get(node) - 1);
  const nodes = [...there.nodes, ...onward.nodes.reverse().slice(1)];
  const edges = [...there.edges, ...onward.edges.reverse()];
  return { nodes, edges, weight: edges.length };
}

/** A path with the fewest edges to another node of a kind; of several that are as near, to the one met first. */
export async function nearestByEdges(
  search: Search,
  from: number,
  kind: Kind,
  maxDepth: number,
): Promise<Way | undefined> {
  const tree = new Tree(search, from, false);
  const test = new KindTest(search.unit, kind);
  for (let depth = 0; depth < maxDepth && tree.frontier > 0; depth++) {
    const met = await tree.grow((first) => {
      const matching = test.matching(first === 0 ? tree.nodes : tree.nodes.slice(first));
      const place = (found: readonly number[]): number => (found.length === 0 ? -1 : first + found[0]!);
      return isPromise(matching) ? matching.then(place) : place(matching as readonly number[]);
    });
    if (met >= 0) {
      const way = tree.pathTo(met);
      return { ...way, weight: way.edges.length };
    }
  }
  return undefined;
}
