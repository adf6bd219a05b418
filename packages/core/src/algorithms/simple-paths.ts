import type { Id } from "../model/id.ts";
import { readOptions } from "../model/options.ts";
import type { HopStep } from "../query/plan.ts";
import { invalidQuery, readCount } from "../query/plan.ts";
import type { QueryContext } from "../query/query.ts";
import type { AnyAlong, NodeRef, PathAlong, PathOptions, Reader } from "../types/algorithms.ts";
import type { AnyNode, FieldsOf, Filter, NodeClass } from "../types/graph-types.ts";
import type { Unit } from "../unit/unit.ts";
import { SlotTable } from "../util/slot-table.ts";
import { readAlong } from "./along.ts";
import { findNode, type Kind, KindTest, readKind, refuseWhere } from "./ends.ts";
import { contextOf, type Limits, readLimits, readWhole } from "./options.ts";
import { type FoundPath, handOutPath, type Way } from "./path.ts";
import { Search } from "./search.ts";
import { Tree } from "./tree.ts";

/** What simple paths are asked for. */
export interface SimplePathOptions<A extends AnyAlong> extends PathOptions<A> {
  /** The most edges of a path. */
  readonly maxDepth: number;
  /** So many paths at most. */
  readonly limit?: number;
}

/** What simple paths to nodes of a type are asked for. */
export interface SimplePathsToOptions<A extends AnyAlong, C extends NodeClass> extends SimplePathOptions<A> {
  /** Which nodes of the type are meant; without it all of them. */
  readonly where?: Filter<FieldsOf<C>>;
}

const what = "simplePaths";

/** Paths that are looked for at once. */
const PAGE = 100;

/**
 * Every path of at most `maxDepth` edges from one node to another, or to other nodes of a type, that meets no node twice:
 * depth first, in connection order. Two edges between the same nodes make two paths.
 *
 * Paths are looked for as they are asked for, a hundred at a time; what is held is the neighbourhoods that were met, not
 * the paths. There may be very many: their number grows with the power of `maxDepth`. Inside a unit of work all of them
 * are of its moment, and its own later writes count for those that follow. Outside, each hundred is of one moment: every
 * path that is there throughout is given exactly once.
 *
 * ```ts
 * for await (const path of simplePaths(tx, ann, bob, { along: (person) => person.out(Knows), maxDepth: 4 }))
 *   console.log(path.nodes.map(({ name }) => name).join(" > "));
 * ```
 *
 * @throws {NotFoundError} for an end that the principal may not read; {GraphError} `RW_SEARCH_LIMIT`; {TypeError}
 */
export function simplePaths<S extends AnyNode, C extends NodeClass, const A extends AnyAlong>(
  reader: Reader,
  from: NodeRef<S>,
  to: C,
  options: SimplePathsToOptions<A, C>,
): AsyncIterable<PathAlong<A, S, InstanceType<C>>>;
export function simplePaths<S extends AnyNode, T extends AnyNode, const A extends AnyAlong>(
  reader: Reader,
  from: NodeRef<S>,
  to: NodeRef<T>,
  options: SimplePathOptions<A>,
): AsyncIterable<PathAlong<A, S, T>>;
export function simplePaths(
  reader: unknown,
  from: unknown,
  to: unknown,
  options: unknown,
): AsyncIterable<unknown> {
  const context = contextOf(reader, what);
  const read = readOptions(what, options, ["along", "where", "maxDepth", "limit", "maxEntries", "signal"]);
  const kind = typeof to === "function" ? readKind(context.catalog, to, read.where) : undefined;
  if (kind === undefined) refuseWhere(what, read.where);
  if (read.maxDepth === undefined)
    throw invalidQuery(
      `${what} needs maxDepth, the most edges of a path: without it there is no end of paths`,
    );
  const question: Question = {
    steps: readAlong(context.catalog, read.along),
    from,
    to: kind ?? to,
    isKind: kind !== undefined,
    maxDepth: readWhole(read.maxDepth, "maxDepth"),
    limits: readLimits(what, read),
  };
  const limit = read.limit === undefined ? Number.POSITIVE_INFINITY : readCount(read.limit, "limit");
  return { [Symbol.asyncIterator]: () => pathsOf(context, question, limit) };
}

interface Question {
  readonly steps: readonly HopStep[];
  readonly from: unknown;
  /** A {@link Kind}, or a node or its id. */
  readonly to: unknown;
  readonly isKind: boolean;
  readonly maxDepth: number;
  readonly limits: Limits;
}

/** An edge of a path, so that it is found again in another unit. */
interface Step {
  readonly hop: number;
  readonly id: Id;
}

interface PageOfPaths {
  readonly paths: readonly FoundPath[];
  /** The last path of the page; `undefined` where there are no further ones. */
  readonly last: readonly Step[] | undefined;
}

async function* pathsOf(
  context: QueryContext,
  question: Question,
  limit: number,
): AsyncGenerator<FoundPath, void, undefined> {
  let after: readonly Step[] | undefined;
  let open: { readonly unit: Unit; readonly writes: number; readonly search: DepthFirst } | undefined;
  for (let left = limit; left > 0; ) {
    const most = Math.min(left, PAGE);
    const page: PageOfPaths = await context.within(async (unit) => {
      const writes = unit.pending?.writes ?? 0;
      // What was found out holds as long as the unit does, and as it has not written itself.
      const goesOn = open !== undefined && open.unit === unit && open.writes === writes;
      if (goesOn) unit.begin();
      const search = goesOn ? open!.search : await DepthFirst.begin(unit, question, after);
      const ways = await search.next(most);
      const paths: FoundPath[] = [];
      for (const way of ways) paths.push(await handOutPath(unit, way));
      unit.tracer?.read(`${what}(…)`, paths.length);
      if (context.unit !== undefined) open = { unit, writes, search };
      return { paths, last: ways.length < most ? undefined : search.last };
    });
    yield* page.paths;
    if (page.last === undefined) return;
    after = page.last;
    left -= page.paths.length;
  }
}

/** Neighbours of a node as threes: place of the node, edge, number of the hop. */
type Neighbors = Int32Array;

/** Steps between two looks at the clock. */
const STRETCH = 256;

/** Every path from a node, depth first: at any moment one of them, and the neighbourhoods that were met so far. */
class DepthFirst {
  readonly #search: Search;
  readonly #maxDepth: number;
  readonly #slots: number[] = [];
  /** The place of each slot in these, plus one. */
  readonly #places: SlotTable = new SlotTable();
  readonly #neighbors: (Neighbors | undefined)[] = [];
  /** By place: whether paths end there. */
  readonly #isEnd: boolean[] = [];
  readonly #isOnWay: boolean[] = [];
  /** Where paths end at one node: how far it is from there. */
  #distances: Distances | undefined;
  /** Where they end at nodes of a kind. */
  #test: KindTest | undefined;
  // The way from the start: places, the edges between them with their hops, and where each one's neighbours were left.
  readonly #way: number[] = [];
  readonly #edges: number[] = [];
  readonly #hops: number[] = [];
  readonly #at: number[] = [];
  /** The node that is both ends, whose path has no edges; -1 where there is none. */
  #onlyNode = -1;

  private constructor(search: Search, maxDepth: number) {
    this.#search = search;
    this.#maxDepth = maxDepth;
  }

  /** @param after the path to go on behind */
  static async begin(
    unit: Unit,
    question: Question,
    after: readonly Step[] | undefined,
  ): Promise<DepthFirst> {
    const { steps, limits, maxDepth, isKind } = question;
    const search = new Search(unit, what, steps, limits);
    const found = new DepthFirst(search, maxDepth);
    const from = await findNode(unit, what, question.from);
    const start = found.#placeOf(from);
    if (isKind) found.#test = new KindTest(unit, question.to as Kind);
    else {
      const to = await findNode(unit, what, question.to);
      if (to === from) {
        if (after === undefined) found.#onlyNode = from;
        return found;
      }
      found.#distances = await Distances.to(search, to, maxDepth);
      if (found.#distances.from(from) > maxDepth) return found;
      found.#isEnd[found.#placeOf(to)] = true;
    }
    found.#enter(start, -1, -1);
    if (after !== undefined) await found.#goTo(after);
    return found;
  }

  /** The next paths; fewer than asked for where there are no further ones. */
  async next(most: number): Promise<Way[]> {
    if (this.#onlyNode >= 0) return [{ nodes: [this.#onlyNode], edges: [], weight: 0 }];
    const ways: Way[] = [];
    for (let steps = 1; ways.length < most && this.#way.length > 0; steps++) {
      if (steps % STRETCH === 0) {
        const turn = this.#search.breathe();
        if (turn !== undefined) await turn;
      }
      const top = this.#way.length - 1;
      const place = this.#way[top]!;
      const isOver =
        this.#edges.length >= this.#maxDepth ||
        (this.#distances !== undefined && this.#isEnd[place] === true);
      const neighbors = isOver ? none : (this.#neighbors[place] ?? (await this.#read(place)));
      const at = this.#at[top]!;
      if (at >= neighbors.length) {
        this.#leave();
        continue;
      }
      this.#at[top] = at + 3;
      const next = neighbors[at]!;
      if (!this.#mayEnter(next)) continue;
      this.#enter(next, neighbors[at + 1]!, neighbors[at + 2]!);
      if (this.#isEnd[next] === true) ways.push(this.#path());
    }
    return ways;
  }

  /** The path that was given last, for as long as nothing else was looked for. */
  get last(): readonly Step[] {
    const { edges } = this.#search.unit.runtime.resident;
    return this.#edges.map((edge, i) => ({ hop: this.#hops[i]!, id: edges.idOf(edge) }));
  }

  #path(): Way {
    const nodes = this.#way.map((place) => this.#slots[place]!);
    return { nodes, edges: [...this.#edges], weight: this.#edges.length };
  }

  /** Goes to where this path was given, or would have been: what of it is gone is passed by. */
  async #goTo(path: readonly Step[]): Promise<void> {
    const { edges } = this.#search.unit.runtime.resident;
    for (const { hop, id } of path) {
      const top = this.#way.length - 1;
      const place = this.#way[top]!;
      const neighbors = this.#neighbors[place] ?? (await this.#read(place));
      let at = 0;
      const isBefore = (): boolean => {
        const other = neighbors[at + 2]!;
        return other < hop || (other === hop && edges.idOf(neighbors[at + 1]!) < id);
      };
      while (at < neighbors.length && isBefore()) at += 3;
      this.#at[top] = at;
      const isThere =
        at < neighbors.length && neighbors[at + 2] === hop && edges.idOf(neighbors[at + 1]!) === id;
      if (!isThere) return;
      this.#at[top] = at + 3;
      const next = neighbors[at]!;
      if (!this.#mayEnter(next)) return;
      this.#enter(next, neighbors[at + 1]!, neighbors[at + 2]!);
    }
  }

  #mayEnter(place: number): boolean {
    if (this.#isOnWay[place] === true) return false;
    const left = this.#maxDepth - this.#edges.length - 1;
    return this.#distances === undefined || this.#distances.from(this.#slots[place]!) <= left;
  }

  #enter(place: number, edge: number, hop: number): void {
    this.#isOnWay[place] = true;
    this.#way.push(place);
    this.#at.push(0);
    if (edge < 0) return;
    this.#edges.push(edge);
    this.#hops.push(hop);
  }

  #leave(): void {
    this.#isOnWay[this.#way.pop()!] = false;
    this.#at.pop();
    this.#edges.pop();
    this.#hops.pop();
  }

  #placeOf(slot: number): number {
    const known = this.#places.get(slot) - 1;
    if (known >= 0) return known;
    const place = this.#slots.push(slot) - 1;
    this.#places.set(slot, place + 1);
    this.#neighbors.push(undefined);
    this.#isEnd.push(false);
    this.#isOnWay.push(false);
    this.#search.take(1);
    return place;
  }

  async #read(place: number): Promise<Neighbors> {
    const slot = this.#slots[place]!;
    await this.#search.readAhead(this.#likelyNext(slot), false);
    const neighbors: number[] = [];
    const met = new Set<number>();
    const firstNew = this.#slots.length;
    const { hops } = this.#search;
    for (let hop = 0; hop < hops.length; hop++) {
      const { nodes, edges } = await this.#search.follow(hops[hop]!, [slot], undefined, false);
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]!;
        const edge = edges![i]!;
        // Nobody goes on from a loop, and from where the end is too far.
        if (node === slot || met.has(edge)) continue;
        if (this.#distances !== undefined && this.#distances.from(node) >= this.#maxDepth) continue;
        if (hops.length > 1) met.add(edge);
        neighbors.push(this.#placeOf(node), edge, hop);
        this.#search.take(1);
      }
    }
    if (this.#test !== undefined)
      for (const at of await this.#test.matching(this.#slots.slice(firstNew)))
        this.#isEnd[firstNew + at] = true;
    const kept = Int32Array.from(neighbors);
    this.#neighbors[place] = kept;
    return kept;
  }

  /** The node, and those that will be followed after it where it leads nowhere. */
  *#likelyNext(slot: number): Generator<number> {
    yield slot;
    const top = this.#way.length - 2;
    const siblings = top < 0 ? undefined : this.#neighbors[this.#way[top]!];
    if (siblings === undefined) return;
    for (let at = this.#at[top]!; at < siblings.length; at += 3) yield this.#slots[siblings[at]!]!;
  }
}

const none: Neighbors = new Int32Array(0);

/**
 * How many edges lead from a node to the end of paths, looked up to half the way: from there on the search meets what
 * leads to it, and before that it goes on wherever a path could still be short enough.
 */
class Distances {
  readonly #tree: Tree;
  /** By place in the tree. */
  readonly #distances: number[];
  /** What is not in the tree is at least so far away. */
  readonly #beyond: number;

  private constructor(tree: Tree, distances: number[], beyond: number) {
    this.#tree = tree;
    this.#distances = distances;
    this.#beyond = beyond;
  }

  static async to(search: Search, end: number, maxDepth: number): Promise<Distances> {
    const tree = new Tree(search, end, true);
    const distances = [0];
    const most = maxDepth - (maxDepth < Number.POSITIVE_INFINITY ? maxDepth >> 1 : 0);
    let distance = 0;
    while (distance < most && tree.frontier > 0) {
      distance += 1;
      await tree.grow(() => -1);
      while (distances.length < tree.nodes.length) distances.push(distance);
    }
    return new Distances(tree, distances, tree.frontier === 0 ? Number.POSITIVE_INFINITY : distance + 1);
  }

  from(slot: number): number {
    const place = this.#tree.places.get(slot) - 1;
    return place < 0 ? this.#beyond : this.#distances[place]!;
  }
}
