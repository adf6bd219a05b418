import { describeKind } from "../model/value-kind.ts";
import { invalidQuery } from "../query/plan.ts";
import { Query, type QueryContext } from "../query/query.ts";
import type { Selection } from "../query/select.ts";
import { NOW } from "../unit/pending.ts";
import { isPromise } from "../util/maybe-async.ts";
import { SlotTable } from "../util/slot-table.ts";
import type { Search } from "./search.ts";

/** The queries for the nodes that an algorithm is about, and where they run. */
export interface MemberQueries {
  readonly context: QueryContext;
  readonly queries: readonly Query[];
}

/** @throws {TypeError} {ValidationError} `RW_QUERY_INVALID` */
export function readMembers(what: string, members: unknown): MemberQueries {
  const queries: readonly unknown[] = Array.isArray(members) ? members : [members];
  for (const query of queries) {
    if (!(query instanceof Query))
      throw new TypeError(
        `${what} takes a query for nodes, such as tx.nodes(Type), got ${describeKind(query)}`,
      );
    if (query.output !== "nodes")
      throw invalidQuery(`${what} takes queries for nodes, not for ${query.output}`);
  }
  const [first] = queries as readonly Query[];
  if (first === undefined) throw invalidQuery(`${what} takes at least one query`);
  if ((queries as readonly Query[]).some(({ context }) => context !== first.context))
    throw new TypeError(`${what} takes queries of one graph, session or transaction`);
  return { context: first.context, queries: queries as readonly Query[] };
}

/** The nodes that an algorithm is about, each once, in the order of the queries. */
export class Members {
  readonly nodes: number[] = [];
  /** The place of each, plus one. */
  readonly places: SlotTable = new SlotTable();

  static async of(search: Search, queries: readonly Query[]): Promise<Members> {
    const members = new Members();
    for (const query of queries) {
      const { nodes } = await query.find(search.unit, Number.POSITIVE_INFINITY, NOW, false);
      // They are kept over reads to come, which may evict what no unit has marked.
      const { resident } = search.unit.runtime;
      for (const node of nodes) resident.pin(resident.nodes, node);
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]!;
        if (i % STRETCH === STRETCH - 1) await search.breathe();
        if (members.places.has(node)) continue;
        members.places.set(node, members.nodes.push(node));
        search.take(1);
      }
    }
    return members;
  }

  /**
   * Follows the hops from each of them by itself.
   * @param use is told, for each in turn, its place and the nodes that a hop leads to from it, once for each hop
   */
  async followEach(search: Search, use: (place: number, found: readonly number[]) => void): Promise<void> {
    for (let from = 0; from < this.nodes.length; from += STRETCH) {
      const some = this.nodes.slice(from, from + STRETCH);
      const byHop: (readonly Selection[])[] = [];
      for (let i = 0; i < search.hops.length; i++) {
        const followed = search.followEach(some, i);
        byHop.push(isPromise(followed) ? await followed : followed);
      }
      for (let at = 0; at < some.length; at++) for (const found of byHop) use(from + at, found[at]!.nodes);
      const turn = search.breathe();
      if (turn !== undefined) await turn;
    }
  }
}

/** Nodes that are followed between two looks at the clock. */
const STRETCH = 256;
