import type { Selection } from "../query/select.ts";
import type { Hop } from "../query/shape.ts";
import { BATCH } from "../resident/loader.ts";
import { isPromise } from "../util/maybe-async.ts";
import { SlotTable } from "../util/slot-table.ts";
import { KindTest } from "./ends.ts";
import type { Search } from "./search.ts";

/**
 * Breadth first from a node: every node that was reached, with the edge that led there first and the place of the node
 * that it led from.
 */
export class Tree {
  readonly nodes: number[];
  readonly edges: number[] = [-1];
  readonly parents: number[] = [-1];
  /** The place of each node in these, plus one. */
  readonly places: SlotTable = new SlotTable();
  readonly #search: Search;
  readonly #hops: readonly Hop[];
  /** By hop: which nodes it may be followed from, where that is not all of them. */
  readonly #origins: readonly (KindTest | undefined)[];
  /** Where the level that was reached last begins. */
  #levelStart = 0;

  /** @param isBackward whether it goes from the end of paths towards their start */
  constructor(search: Search, root: number, isBackward: boolean) {
    this.#search = search;
    this.nodes = [root];
    this.places.set(root, 1);
    search.take(1);
    this.#hops = isBackward ? search.hops.map(backward) : search.hops;
    // What a hop asks of the nodes that it leads to is, seen from its end, asked of those that it begins at.
    this.#origins = search.hops.map((hop) => (isBackward ? arrivalTest(search, hop) : undefined));
  }

  /** How many nodes the next level is reached from. */
  get frontier(): number {
    return this.nodes.length - this.#levelStart;
  }

  /**
   * Reaches the next level.
   * @param found is told the place from which on nodes are new, after each stretch of them; what it answers from 0 on
   * ends the level there
   * @returns that answer; -1 where there was none
   */
  async grow(found: (from: number) => number | Promise<number>): Promise<number> {
    const { nodes } = this;
    const levelEnd = nodes.length;
    for (let at = this.#levelStart; at < levelEnd; at += BATCH) {
      const origins = nodes.slice(at, Math.min(levelEnd, at + BATCH));
      const from = nodes.length;
      for (let i = 0; i < this.#hops.length; i++) {
        const followed = this.#follow(i, origins);
        if (isPromise(followed)) await followed;
      }
      if (nodes.length > from) {
        const answer = found(from);
        const place = typeof answer === "number" ? answer : await answer;
        if (place >= 0) return place;
      }
      const turn = this.#search.breathe();
      if (turn !== undefined) await turn;
    }
    this.#levelStart = levelEnd;
    return -1;
  }

  #follow(hop: number, origins: readonly number[]): Promise<void> | undefined {
    const test = this.#origins[hop];
    if (test !== undefined) return this.#followFrom(hop, origins, test);
    const selection = this.#search.follow(this.#hops[hop]!, origins, this.places, false);
    if (isPromise(selection)) return selection.then((found) => this.#add(found));
    this.#add(selection as Selection);
    return undefined;
  }

  async #followFrom(hop: number, origins: readonly number[], test: KindTest): Promise<void> {
    const places = await test.matching(origins);
    if (places.length === 0) return;
    const chosen = places.map((place) => origins[place]!);
    this.#add(await this.#search.follow(this.#hops[hop]!, chosen, this.places, false));
  }

  #add({ nodes, edges }: Selection): void {
    const { sources, targets } = this.#search.unit.runtime.resident.edges;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (this.places.has(node)) continue;
      const edge = edges![i]!;
      const origin = sources[edge] === node ? targets[edge]! : sources[edge]!;
      this.parents.push(this.places.get(origin) - 1);
      this.edges.push(edge);
      this.places.set(node, this.nodes.push(node));
      this.#search.take(1);
    }
  }

  /** The nodes and edges between the root and the node at this place, from the root on. */
  pathTo(place: number): { nodes: number[]; edges: number[] } {
    const nodes: number[] = [];
    const edges: number[] = [];
    for (let at = place; at >= 0; at = this.parents[at]!) {
      nodes.push(this.nodes[at]!);
      if (at > 0) edges.push(this.edges[at]!);
    }
    return { nodes: nodes.reverse(), edges: edges.reverse() };
  }
}

/** The same edges from their other end. */
function backward(hop: Hop): Hop {
  const direction = hop.direction === "both" ? "both" : hop.direction === "out" ? "in" : "out";
  return { ...hop, direction, nodeTypes: undefined, nodeFilter: undefined };
}

function arrivalTest({ unit }: Search, { nodeTypes, nodeFilter }: Hop): KindTest | undefined {
  if (nodeTypes === undefined && nodeFilter === undefined) return undefined;
  return new KindTest(unit, { types: nodeTypes, filter: nodeFilter });
}
