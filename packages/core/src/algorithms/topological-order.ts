import { readOptions } from "../model/options.ts";
import { invalidQuery } from "../query/plan.ts";
import { handOut } from "../query/query.ts";
import type {
  AnyAlong,
  EdgesAlong,
  Members as MemberQuery,
  SearchLimits,
  TopologicalOrder,
} from "../types/algorithms.ts";
import type { Unit } from "../unit/unit.ts";
import { readAlong } from "./along.ts";
import { Heap } from "./heap.ts";
import { Members, readMembers } from "./members.ts";
import { readLimits } from "./options.ts";
import { handOutPath, type Way } from "./path.ts";
import { Search } from "./search.ts";

/** What a topological order is asked for. */
export interface TopologicalOptions<A extends AnyAlong> extends SearchLimits {
  /** Which edges order: a node comes before those that they lead to from it. */
  readonly along: A;
}

const what = "topologicalOrder";

/**
 * The nodes of a query, or of several, so that each comes before all those that `along` leads to from it; of several
 * that may come next, the first in the order of the queries. Where there is no such order, a cycle that forbids it: a
 * path that ends where it begins. Edges to other nodes order nothing.
 *
 * A read like every other one, which lets the event loop turn about every 8 ms.
 *
 * ```ts
 * // What a task depends on comes before it.
 * const { order, cycle } = await topologicalOrder(tx.nodes(Task), { along: (task) => task.in(DependsOn) });
 * if (cycle) throw new Error(`a circle: ${cycle.nodes.map(({ name }) => name).join(" < ")}`);
 * ```
 *
 * @throws {GraphError} `RW_SEARCH_LIMIT`; {TypeError}
 */
export async function topologicalOrder<N, const A extends AnyAlong>(
  nodes: MemberQuery<N>,
  options: TopologicalOptions<A>,
): Promise<TopologicalOrder<N, EdgesAlong<A>>> {
  const { context, queries } = readMembers(what, nodes);
  const read = readOptions(what, options, ["along", "maxEntries", "signal"]);
  const steps = readAlong(context.catalog, read.along);
  if (steps.some(({ direction }) => direction === "both"))
    throw invalidQuery(`${what} needs a direction: along gives node.out(…) or node.in(…), not both`);
  const limits = readLimits(what, read);
  const find = async (unit: Unit): Promise<unknown> => {
    const search = new Search(unit, what, steps, limits);
    const members = await Members.of(search, queries);
    const sorting = await Sorting.of(search, members);
    const order = await sorting.order();
    unit.tracer?.read(`${what}(…)`, members.nodes.length);
    if (order !== undefined)
      return { order: await handOut(unit, { nodes: order, edges: undefined }, "nodes") };
    return { cycle: await handOutPath(unit, await sorting.cycle()) };
  };
  return (await context.within(find)) as TopologicalOrder<N, EdgesAlong<A>>;
}

/** Steps between two looks at the clock. */
const STRETCH = 1024;

/** Who leads to whom among the members, by places. */
class Sorting {
  readonly #search: Search;
  readonly #members: Members;
  /** The places that each leads to, one member after another, and where each one's end. */
  readonly #next: number[] = [];
  readonly #ends: Int32Array;
  /** How many that are not in the order yet lead to each. */
  readonly #waitingFor: Int32Array;

  private constructor(search: Search, members: Members) {
    this.#search = search;
    this.#members = members;
    this.#ends = new Int32Array(members.nodes.length);
    this.#waitingFor = new Int32Array(members.nodes.length);
  }

  static async of(search: Search, members: Members): Promise<Sorting> {
    const sorting = new Sorting(search, members);
    await sorting.#read();
    return sorting;
  }

  async #read(): Promise<void> {
    const { places } = this.#members;
    await this.#members.followEach(this.#search, (place, found) => {
      for (const node of found) {
        const other = places.get(node) - 1;
        if (other < 0) continue;
        this.#next.push(other);
        this.#waitingFor[other]! += 1;
        this.#search.take(1);
      }
      this.#ends[place] = this.#next.length;
    });
  }

  /** The slots in order; `undefined` where there is a cycle. */
  async order(): Promise<number[] | undefined> {
    const { nodes } = this.#members;
    const ready = new Heap((place) => place);
    for (let place = 0; place < nodes.length; place++) {
      if (this.#waitingFor[place] === 0) ready.push(place);
      if (place % STRETCH === STRETCH - 1) await this.#search.breathe();
    }
    const order: number[] = [];
    for (let place = ready.pop(); place !== undefined; place = ready.pop()) {
      order.push(nodes[place]!);
      for (let at = this.#start(place); at < this.#ends[place]!; at++) {
        const other = this.#next[at]!;
        this.#waitingFor[other]! -= 1;
        if (this.#waitingFor[other] === 0) ready.push(other);
      }
      if (order.length % STRETCH === 0) await this.#search.breathe();
    }
    return order.length === nodes.length ? order : undefined;
  }

  #start(place: number): number {
    return place === 0 ? 0 : this.#ends[place - 1]!;
  }

  /** After `order` found none: depth first among those that are left, until one leads back to where it came from. */
  async cycle(): Promise<Way> {
    const { nodes } = this.#members;
    /** By place: 0 not entered, 1 on the way, 2 done. */
    const state = new Uint8Array(nodes.length);
    const way: number[] = [];
    const at: number[] = [];
    let steps = 0;
    for (let root = 0; root < nodes.length; root++) {
      if (this.#waitingFor[root] === 0 || state[root] !== 0) continue;
      way.push(root);
      at.push(this.#start(root));
      state[root] = 1;
      while (way.length > 0) {
        if (++steps % STRETCH === 0) await this.#search.breathe();
        const place = way[way.length - 1]!;
        const next = at[at.length - 1]!;
        if (next >= this.#ends[place]!) {
          state[place] = 2;
          way.pop();
          at.pop();
          continue;
        }
        at[at.length - 1] = next + 1;
        const other = this.#next[next]!;
        if (this.#waitingFor[other] === 0 || state[other] === 2) continue;
        if (state[other] === 1) return this.#withEdges([...way.slice(way.indexOf(other)), other]);
        state[other] = 1;
        way.push(other);
        at.push(this.#start(other));
      }
    }
    throw new Error("topologicalOrder: of nodes that wait for each other, some lead back to one another");
  }

  async #withEdges(places: readonly number[]): Promise<Way> {
    const nodes = places.map((place) => this.#members.nodes[place]!);
    const edges: number[] = [];
    for (let i = 1; i < nodes.length; i++) edges.push(await this.#edgeBetween(nodes[i - 1]!, nodes[i]!));
    return { nodes, edges, weight: edges.length };
  }

  async #edgeBetween(from: number, to: number): Promise<number> {
    for (const hop of this.#search.hops) {
      const found = await this.#search.followAgain(hop, from);
      const at = found.nodes.indexOf(to);
      if (at >= 0) return found.edges![at]!;
    }
    throw new Error("topologicalOrder: an edge that was there is gone, and the unit still holds");
  }
}
