import { readOptions } from "../model/options.ts";
import { handOut } from "../query/query.ts";
import type { NodeEntity } from "../schema/entity.ts";
import type { AnyAlong, Members as MemberQuery, SearchLimits } from "../types/algorithms.ts";
import type { Unit } from "../unit/unit.ts";
import { readAlong } from "./along.ts";
import { Members, readMembers } from "./members.ts";
import { readLimits } from "./options.ts";
import { Search } from "./search.ts";

/** What connected components are asked for. */
export interface ComponentOptions extends SearchLimits {
  /** Which edges connect. Two nodes are connected whichever of them such an edge leads from. */
  readonly along: AnyAlong;
}

const what = "connectedComponents";

/**
 * The (weakly) connected components among the nodes of a query, or of several: the largest first, of equally large ones
 * the one whose first node comes first; the nodes of each in the order of the queries. Edges to other nodes do not
 * connect.
 *
 * A read like every other one, which lets the event loop turn about every 8 ms.
 *
 * ```ts
 * const groups = await connectedComponents(graph.nodes(Person), { along: (person) => person.both(Knows) });
 * groups[0]?.length; // how many people the largest group has
 * ```
 *
 * @throws {GraphError} `RW_SEARCH_LIMIT`; {TypeError}
 */
export async function connectedComponents<N>(
  nodes: MemberQuery<N>,
  options: ComponentOptions,
): Promise<N[][]> {
  const { context, queries } = readMembers(what, nodes);
  const read = readOptions(what, options, ["along", "maxEntries", "signal"]);
  const steps = readAlong(context.catalog, read.along);
  const limits = readLimits(what, read);
  const find = async (unit: Unit): Promise<NodeEntity[][]> => {
    const search = new Search(unit, what, steps, limits);
    const members = await Members.of(search, queries);
    const sets = new DisjointSets(members.nodes.length);
    await members.followEach(search, (place, found) => {
      for (const node of found) {
        const other = members.places.get(node) - 1;
        if (other >= 0) sets.join(place, other);
      }
    });
    const components: NodeEntity[][] = [];
    for (const places of await sets.all(search)) {
      const slots = places.map((place) => members.nodes[place]!);
      components.push((await handOut(unit, { nodes: slots, edges: undefined }, "nodes")) as NodeEntity[]);
      const turn = search.breathe();
      if (turn !== undefined) await turn;
    }
    unit.tracer?.read(`${what}(…)`, members.nodes.length);
    return components;
  };
  return context.within(find) as Promise<N[][]>;
}

/** Steps between two looks at the clock. */
const STRETCH = 4096;

/** Numbers from 0, in sets that are joined. The least number of each stands for it. */
class DisjointSets {
  readonly #above: Int32Array;

  constructor(size: number) {
    this.#above = new Int32Array(size);
    for (let i = 0; i < size; i++) this.#above[i] = i;
  }

  join(left: number, right: number): void {
    const a = this.#top(left);
    const b = this.#top(right);
    if (a < b) this.#above[b] = a;
    else this.#above[a] = b;
  }

  #top(number: number): number {
    const above = this.#above;
    let at = number;
    while (above[at] !== at) {
      above[at] = above[above[at]!]!;
      at = above[at]!;
    }
    return at;
  }

  /** The largest first, of equally large ones the one with the least number. */
  async all(search: Search): Promise<number[][]> {
    const sets = new Map<number, number[]>();
    for (let i = 0; i < this.#above.length; i++) {
      const top = this.#top(i);
      const set = sets.get(top);
      if (set === undefined) sets.set(top, [i]);
      else set.push(i);
      if (i % STRETCH === 0) await search.breathe();
    }
    return [...sets.values()].sort((left, right) => right.length - left.length);
  }
}
