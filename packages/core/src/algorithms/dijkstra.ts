import { isPromise } from "../util/maybe-async.ts";
import { SlotTable } from "../util/slot-table.ts";
import { type Kind, KindTest } from "./ends.ts";
import { Heap } from "./heap.ts";
import type { Way } from "./path.ts";
import type { Search } from "./search.ts";
import { Scale, type Weight } from "./weights.ts";

/** Nodes that are settled between two looks at the clock. */
const STRETCH = 32;

/**
 * A path of the least weight to a node, or to the nearest other node of a kind (Dijkstra's algorithm).
 *
 * What it goes by are labels: a node, the weight of the way to it and how many edges that has. A node is settled by the
 * lightest label. Where the number of edges is bounded it may be settled again by a heavier one with fewer edges, from
 * which the way can go on for longer.
 */
export function lightest(
  search: Search,
  from: number,
  to: number | Kind,
  weight: Weight,
  maxDepth: number,
): Promise<Way | undefined> {
  return new LightestPath(search, weight, maxDepth).find(from, to);
}

class LightestPath {
  readonly #search: Search;
  readonly #scale: Scale;
  readonly #maxDepth: number;
  // Labels, by number.
  readonly #nodes: number[] = [];
  readonly #weights: number[] = [];
  readonly #depths: number[] = [];
  readonly #edges: number[] = [];
  readonly #parents: number[] = [];
  readonly #open: Heap = new Heap((label) => this.#weights[label]!);
  /** The fewest edges by which a node was settled, plus one. */
  readonly #settled: SlotTable = new SlotTable();
  /** Without a bound: the best label of a node so far, plus one. */
  readonly #best: SlotTable = new SlotTable();

  constructor(search: Search, weight: Weight, maxDepth: number) {
    this.#search = search;
    this.#scale = new Scale(search, weight);
    this.#maxDepth = maxDepth;
  }

  async find(from: number, to: number | Kind): Promise<Way | undefined> {
    const test = typeof to === "number" ? undefined : new KindTest(this.#search.unit, to);
    this.#label(from, 0, 0, -1, -1);
    for (let count = 1; ; count++) {
      const label = this.#open.pop();
      if (label === undefined) return undefined;
      const node = this.#nodes[label]!;
      const depth = this.#depths[label]!;
      const settled = this.#settled.get(node);
      if (settled !== 0 && settled <= depth + 1) continue;
      this.#settled.set(node, depth + 1);
      if (node === to) return this.#way(label);
      if (test !== undefined && node !== from && settled === 0) {
        const matching = test.matching([node]);
        if ((isPromise(matching) ? await matching : matching).length > 0) return this.#way(label);
      }
      if (depth < this.#maxDepth) {
        const followed = this.#follow(label);
        if (isPromise(followed)) await followed;
      }
      if (count % STRETCH !== 0) continue;
      const turn = this.#search.breathe();
      if (turn !== undefined) await turn;
    }
  }

  #follow(label: number, from = 0): Promise<void> | undefined {
    const node = this.#nodes[label]!;
    if (from === 0) {
      const read = this.#search.readAhead(this.#next(node), true);
      if (isPromise(read)) return read.then(() => this.#followHops(label, 0));
    }
    return this.#followHops(label, from);
  }

  #followHops(label: number, from: number): Promise<void> | undefined {
    const { hops } = this.#search;
    for (let i = from; i < hops.length; i++) {
      const node = this.#nodes[label]!;
      // With a bound, a way of fewer edges may go on from what is settled.
      const met = this.#isBounded ? undefined : this.#settled;
      const found = this.#search.follow(hops[i]!, [node], met, true);
      const weighed = isPromise(found)
        ? found.then(({ nodes, edges }) => this.#weigh(label, nodes, edges!))
        : this.#weigh(label, found.nodes, found.edges!);
      if (isPromise(weighed)) return weighed.then(() => this.#followHops(label, i + 1));
    }
    return undefined;
  }

  #weigh(label: number, nodes: readonly number[], edges: readonly number[]): Promise<void> | undefined {
    const weights = this.#scale.weigh(edges);
    if (isPromise(weights)) return weights.then((known) => this.#relax(label, nodes, edges, known));
    this.#relax(label, nodes, edges, weights as readonly number[]);
    return undefined;
  }

  #relax(
    label: number,
    nodes: readonly number[],
    edges: readonly number[],
    weights: readonly number[],
  ): void {
    const weight = this.#weights[label]!;
    const depth = this.#depths[label]! + 1;
    for (let i = 0; i < nodes.length; i++) {
      const total = weight + weights[i]!;
      if (total < Number.POSITIVE_INFINITY) this.#label(nodes[i]!, total, depth, edges[i]!, label);
    }
  }

  #label(node: number, weight: number, depth: number, edge: number, parent: number): void {
    const settled = this.#settled.get(node);
    if (settled !== 0 && settled <= depth + 1) return;
    if (!this.#isBounded) {
      const best = this.#best.get(node) - 1;
      if (best >= 0 && this.#weights[best]! <= weight) return;
      this.#best.set(node, this.#nodes.length + 1);
    }
    this.#search.take(1);
    this.#weights.push(weight);
    this.#depths.push(depth);
    this.#edges.push(edge);
    this.#parents.push(parent);
    this.#open.push(this.#nodes.push(node) - 1);
  }

  get #isBounded(): boolean {
    return this.#maxDepth < Number.POSITIVE_INFINITY;
  }

  /** The node and those that are likely to be followed after it. */
  *#next(node: number): Generator<number> {
    yield node;
    for (const label of this.#open.waiting) yield this.#nodes[label]!;
  }

  #way(label: number): Way {
    const nodes: number[] = [];
    const edges: number[] = [];
    for (let at = label; at >= 0; at = this.#parents[at]!) {
      nodes.push(this.#nodes[at]!);
      if (this.#parents[at]! >= 0) edges.push(this.#edges[at]!);
    }
    return { nodes: nodes.reverse(), edges: edges.reverse(), weight: this.#weights[label]! };
  }
}
