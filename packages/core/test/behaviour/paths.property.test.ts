import fc from "fast-check";
import { MultiDirectedGraph } from "graphology";
import { connectedComponents as componentsOf } from "graphology-components";
import { hasCycle } from "graphology-dag";
import { dijkstra, unweighted } from "graphology-shortest-path";
import { allSimpleEdgeGroupPaths } from "graphology-simple-path";
import { expect, it } from "vitest";
import {
  type AnyAlong,
  connectedComponents,
  shortestPath,
  simplePaths,
  topologicalOrder,
} from "../../src/algorithms.ts";
import {
  type AnyEdge,
  type AnyNode,
  type Graph,
  gte,
  type HopQuery,
  type Id,
  type Level,
  type NodeQuery,
  systemRootId,
  type Tx,
  via,
} from "../../src/index.ts";
import { type HopQuestion, levels, type ReferenceGraph } from "../access-reference.ts";
import {
  Door,
  emptyReference,
  makeRoot,
  mirror,
  Notice,
  Room,
  Suite,
  undone,
  Wall,
  Wire,
  worldTypes,
} from "./access-world.ts";
import { forEachStore } from "./stores.ts";

// For random graphs, owners, grants and rules, each of three principals, and random hops to follow:
//   shortest paths, simple paths and components are those that graphology finds in the graph of what the naive
//   reference says the principal may follow, and every path that is found leads over edges of it;
//   a topological order puts nothing before what leads to it, and there is one unless graphology finds a cycle;
//   all of it in units of their own, and in one that has written before.

const nodeTypes = { Room, Suite, Notice } as const;
const edgeTypes = { Door, Wire, Wall } as const;
type EdgeName = keyof typeof edgeTypes;

const level = fc.oneof({ weight: 3, arbitrary: fc.constant<Level>("read") }, fc.constantFrom(...levels));
const says = fc.oneof({ weight: 3, arbitrary: fc.constant("") }, fc.constantFrom("none", "read"));
const locked = fc.option(fc.nat(1), { nil: undefined, freq: 4 });
const spot = fc.nat(9);
const edgeName = fc.constantFrom<EdgeName>("Door", "Door", "Wire", "Wall");

const script = fc.record({
  nodes: fc.array(
    fc.record({
      type: fc.constantFrom<keyof typeof nodeTypes>("Room", "Room", "Suite", "Notice"),
      owner: fc.nat(2),
      all: level,
      says,
      locked,
      size: fc.nat(4),
    }),
    { minLength: 1, maxLength: 9, size: "max" },
  ),
  edges: fc.array(
    fc.record({ type: edgeName, from: spot, to: spot, all: level, says, locked, size: fc.nat(4) }),
    { maxLength: 22, size: "max" },
  ),
  own: fc.array(fc.record({ type: edgeName, from: spot, to: spot, size: fc.nat(4), deletes: fc.boolean() }), {
    maxLength: 3,
  }),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

const hop = fc.record({
  direction: fc.constantFrom("out" as const, "in" as const, "both" as const),
  edge: fc.option(edgeName, { nil: undefined }),
  edgeSize: fc.option(fc.nat(3), { nil: undefined, freq: 1 }),
  node: fc.option(fc.constantFrom("Room" as const, "Suite" as const), { nil: undefined, freq: 1 }),
  nodeSize: fc.option(fc.nat(3), { nil: undefined, freq: 1 }),
});
type Hop = typeof hop extends fc.Arbitrary<infer T> ? T : never;

const question = fc.record({
  hops: fc.array(hop, { minLength: 1, maxLength: 2 }),
  from: spot,
  to: spot,
  maxDepth: fc.constantFrom(1, 2, 3, 4, Number.POSITIVE_INFINITY),
  where: fc.option(fc.nat(3), { nil: undefined }),
});
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

function alongOf(hops: readonly Hop[]): AnyAlong {
  return hops.map(({ direction, edge, edgeSize, node, nodeSize }) => (from: AnyNode) => {
    const follow = (from[direction] as (...rest: unknown[]) => HopQuery<Room, AnyEdge>).bind(from);
    const filter = edgeSize === undefined ? undefined : { size: gte(edgeSize) };
    let query = edge === undefined ? follow() : follow(edgeTypes[edge], filter);
    if (node !== undefined) query = query.ofType(nodeTypes[node] as typeof Room);
    return node === undefined || nodeSize === undefined ? query : query.ofType(Room, { size: gte(nodeSize) });
  });
}

function questionOf({ direction, edge, edgeSize, node, nodeSize }: Hop): HopQuestion {
  const atLeast = (size: number | undefined) => (fields: Readonly<Record<string, unknown>>) =>
    size === undefined || (typeof fields.size === "number" && fields.size >= size);
  return {
    direction,
    edgeType: edge,
    edgeTest: edge === undefined ? undefined : atLeast(edgeSize),
    nodeType: node,
    nodeTest: node === undefined ? undefined : atLeast(nodeSize),
  };
}

/** Every step that may be taken, as graphology knows it: one edge for each way over an edge. */
class Steps {
  readonly graph = new MultiDirectedGraph<{ type: string; size: number }, { weight: number }>();
  readonly #reference: ReferenceGraph;

  constructor(reference: ReferenceGraph, hops: readonly Hop[], me: Id) {
    this.#reference = reference;
    const nodes = reference.records.filter(({ kind, id }) => kind === "node" && reference.sees(id, me));
    for (const { id, type, fields } of nodes) this.graph.addNode(id, { type, size: Number(fields.size) });
    for (const { id } of nodes) {
      for (const each of hops) {
        for (const { edge, node } of reference.pairsFrom(id, questionOf(each), me)) {
          const weight = Number(reference.find(edge)!.fields.size ?? 1);
          if (!this.graph.hasEdge(`${edge} ${id}`))
            this.graph.addEdgeWithKey(`${edge} ${id}`, id, node, { weight });
        }
      }
    }
  }

  of(type: string, least = 0): string[] {
    return this.graph.filterNodes((_, each) => this.#reference.isA(each.type, type) && each.size >= least);
  }

  /** The least weight, over at most so many edges, to each node: tried out edge by edge. */
  weights(from: string, most: number): Map<string, number> {
    let best = new Map([[from, 0]]);
    for (let i = 0; i < Math.min(most, this.graph.order); i++) {
      const next = new Map(best);
      this.graph.forEachEdge((_, { weight }, source, target) => {
        const known = best.get(source);
        if (known === undefined) return;
        next.set(target, Math.min(next.get(target) ?? Number.POSITIVE_INFINITY, known + weight));
      });
      best = next;
    }
    return best;
  }
}

interface Found {
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly id: string }[];
  readonly weight: number;
}

/** That it leads over edges of the graph, from each node to the next; gives the sum of their weights. */
function walked({ graph }: Steps, { nodes, edges }: Found): number {
  expect(nodes.length).toBe(edges.length + 1);
  let sum = 0;
  for (const [i, { id }] of edges.entries()) {
    const step = `${id} ${nodes[i]!.id}`;
    expect(graph.hasEdge(step)).toBe(true);
    expect(graph.target(step)).toBe(nodes[i + 1]!.id);
    sum += graph.getEdgeAttribute(step, "weight");
  }
  return sum;
}

type Reader = Pick<Tx, "nodes">;
const weight = (edge: { readonly size?: number }): number => edge.size ?? 1;

async function compare(reader: Reader, reference: ReferenceGraph, me: Id, asked: Question): Promise<void> {
  const steps = new Steps(reference, asked.hops, me);
  const along = alongOf(asked.hops);
  const rooms = reference.records.filter(({ kind, type }) => kind === "node" && type !== "Root");
  const from = rooms[asked.from % rooms.length]!.id as Id;
  const to = rooms[asked.to % rooms.length]!.id as Id;
  if (!reference.sees(from, me) || !reference.sees(to, me)) {
    await expect(shortestPath(reader, from, to, { along })).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
  } else {
    await compareShortest(reader, steps, from, to, along, asked);
    await compareNearest(reader, steps, from, along, asked);
    await compareSimple(reader, steps, from, to, along, asked);
  }
  await compareWhole(reader, steps, reference, me, asked);
}

async function compareShortest(
  reader: Reader,
  steps: Steps,
  from: Id,
  to: Id,
  along: AnyAlong,
  { maxDepth }: Question,
): Promise<void> {
  const nodes = unweighted.bidirectional(steps.graph, from, to);
  const length = nodes === null ? Number.POSITIVE_INFINITY : nodes.length - 1;
  const path = await shortestPath(reader, from, to, { along, maxDepth });
  expect(path?.edges.length).toBe(length <= maxDepth && nodes !== null ? length : undefined);
  if (path !== undefined) {
    walked(steps, path);
    expect([path.start.id, path.end.id, path.weight]).toEqual([from, to, length]);
  }

  const lightest = (await shortestPath(reader, from, to, { along, weight })) as Found | undefined;
  const way = dijkstra.singleSource(steps.graph, from, "weight")[to];
  expect(lightest === undefined).toBe(way === undefined);
  if (lightest !== undefined) {
    expect(lightest.weight).toBe(walked(steps, lightest));
    expect(lightest.weight).toBe(lightestOver(steps, way!));
  }
  const bounded = (await shortestPath(reader, from, to, { along, weight, maxDepth })) as Found | undefined;
  expect(bounded?.weight).toBe(steps.weights(from, maxDepth).get(to));
  if (bounded !== undefined) {
    expect(bounded.edges.length).toBeLessThanOrEqual(maxDepth);
    expect(bounded.weight).toBe(walked(steps, bounded));
  }
}

/** The weight of a way over these nodes. */
function lightestOver({ graph }: Steps, nodes: readonly string[]): number {
  let sum = 0;
  for (let i = 1; i < nodes.length; i++) {
    const weights = graph
      .outEdges(nodes[i - 1]!, nodes[i]!)
      .map((edge) => graph.getEdgeAttribute(edge, "weight") as number);
    sum += Math.min(...weights);
  }
  return sum;
}

async function compareNearest(
  reader: Reader,
  steps: Steps,
  from: Id,
  along: AnyAlong,
  { maxDepth, where }: Question,
): Promise<void> {
  const filter = where === undefined ? {} : { where: { size: gte(where) } };
  const targets = steps.of("Room", where).filter((id) => id !== from);
  const lengths = unweighted.singleSourceLength(steps.graph, from);
  const within = targets
    .map((id) => lengths[id])
    .filter((length) => length !== undefined && length <= maxDepth);
  const path = await shortestPath(reader, from, Room, { along, maxDepth, ...filter });
  expect(path?.weight).toBe(within.length === 0 ? undefined : Math.min(...(within as number[])));
  if (path !== undefined) {
    walked(steps, path);
    expect(targets).toContain(path.end.id);
  }
  const weights = steps.weights(from, maxDepth);
  const sums = targets.map((id) => weights.get(id)).filter((sum) => sum !== undefined);
  const options = { along, weight, maxDepth, ...filter };
  const lightest = (await shortestPath(reader, from, Room, options)) as Found | undefined;
  expect(lightest?.weight).toBe(sums.length === 0 ? undefined : Math.min(...sums));
  if (lightest !== undefined) {
    expect(lightest.weight).toBe(walked(steps, lightest));
    expect(targets).toContain(lightest.nodes.at(-1)!.id);
  }
}

async function compareSimple(
  reader: Reader,
  steps: Steps,
  from: Id,
  to: Id,
  along: AnyAlong,
  asked: Question,
): Promise<void> {
  const maxDepth = Math.min(asked.maxDepth, 4);
  // It lists what lies between two nodes together: each choice among them is a path.
  const edgesOf = (target: string): string[] =>
    allSimpleEdgeGroupPaths(steps.graph, from, target, { maxDepth }).flatMap((groups) =>
      groups
        .reduce<string[][]>(
          (paths, group) => paths.flatMap((path) => group.map((edge) => [...path, edge])),
          [[]],
        )
        .map((path) => path.join()),
    );
  const given = async (paths: AsyncIterable<Found>, end: (id: string) => boolean): Promise<string[]> => {
    const found: string[] = [];
    for await (const path of paths) {
      walked(steps, path);
      const ids = path.nodes.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(end(ids.at(-1)!)).toBe(true);
      found.push(path.edges.map(({ id }, i) => `${id} ${ids[i]}`).join());
    }
    return found;
  };
  const all = await given(simplePaths(reader, from, to, { along, maxDepth }), (id) => id === to);
  // Where both ends are one node, graphology gives the cycles.
  expect([...all].sort()).toEqual(from === to ? [""] : edgesOf(to).sort());
  const limit = Math.max(1, all.length - 1);
  const some = await given(simplePaths(reader, from, to, { along, maxDepth, limit }), (id) => id === to);
  expect(some).toEqual(all.slice(0, limit));
  const targets = steps.of("Suite").filter((id) => id !== from);
  const many = await given(simplePaths(reader, from, Suite, { along, maxDepth }), (id) =>
    targets.includes(id),
  );
  expect(many.sort()).toEqual(targets.flatMap(edgesOf).sort());
}

async function compareWhole(
  reader: Reader,
  steps: Steps,
  reference: ReferenceGraph,
  me: Id,
  { hops, where }: Question,
): Promise<void> {
  const along = alongOf(hops);
  const queries: NodeQuery<Room | Notice>[] = [
    reader.nodes(Room, where === undefined ? {} : { size: gte(where) }) as NodeQuery<Room | Notice>,
    reader.nodes(Notice) as NodeQuery<Room | Notice>,
  ];
  const members = [...steps.of("Room", where), ...steps.of("Notice")];
  const among = steps.graph.copy();
  for (const id of steps.graph.nodes()) if (!members.includes(id)) among.dropNode(id);
  const components = await connectedComponents(queries, { along });
  const inOrder = (ids: readonly string[]): string[] => members.filter((id) => ids.includes(id));
  const expected = componentsOf(among)
    .map(inOrder)
    .sort(
      (left, right) => right.length - left.length || members.indexOf(left[0]!) - members.indexOf(right[0]!),
    );
  expect(components.map((nodes) => nodes.map(({ id }) => id))).toEqual(expected);
  expect(reference.extent("Notice", me).every((id) => members.includes(id))).toBe(true);

  if (hops.some(({ direction }) => direction === "both")) {
    await expect(topologicalOrder(queries, { along })).rejects.toMatchObject({ code: "RW_QUERY_INVALID" });
    return;
  }
  const { order, cycle } = await topologicalOrder(queries, { along });
  expect(cycle !== undefined).toBe(hasCycle(among));
  if (cycle !== undefined) {
    walked(steps, cycle);
    expect(cycle.edges.length).toBeGreaterThan(0);
    expect(cycle.start.id).toBe(cycle.end.id);
    const inside = cycle.nodes.slice(1).map(({ id }) => id);
    expect(new Set(inside).size).toBe(inside.length);
    return;
  }
  const places = new Map(order.map(({ id }, place) => [id as string, place]));
  expect([...places.keys()].sort()).toEqual([...members].sort());
  among.forEachEdge((_, __, source, target) => {
    expect(places.get(source)!).toBeLessThan(places.get(target)!);
  });
}

interface World {
  readonly graph: Graph;
  readonly reference: ReferenceGraph;
  readonly principals: readonly Id[];
}

async function build({ nodes, edges }: Script, graph: Graph): Promise<World> {
  const reference = emptyReference();
  const principals = [systemRootId, await makeRoot(graph, reference), await makeRoot(graph, reference)];
  const ids: Id[] = [];
  for (const [owner, id] of principals.entries()) {
    const session = id === systemRootId ? graph : graph.as(id);
    await session.transaction((tx) => {
      for (const [i, each] of nodes.entries()) {
        if (each.owner !== owner) continue;
        const fields = { key: `n${i}`, size: each.size };
        const node =
          each.type === "Notice"
            ? tx.create(Notice, { ...fields, says: each.says })
            : tx.create(nodeTypes[each.type], fields);
        node.grant(each.all);
        if (each.locked !== undefined) node.allowRoot(principals[each.locked + 1]!, "none");
        ids[i] = node.id;
        mirror(reference, node);
      }
    });
  }
  // The order of ids is the order of creation; the reference lists by it.
  reference.records.sort((left, right) => (left.id < right.id ? -1 : 1));
  await graph.transaction(async (tx) => {
    const all = await Promise.all(
      ids.map(async (id) => ((await tx.get(Room, id)) ?? (await tx.get(Notice, id)))!),
    );
    for (const { type, from, to, all: level, says: text, locked: who, size } of edges) {
      const fields = type === "Wire" ? { size, says: text } : { size };
      const ends = [all[from % all.length]!, all[to % all.length]!] as const;
      const edge = ends[0].link(ends[1], via(edgeTypes[type] as typeof Door, fields)) as Door;
      edge.grant(level);
      if (who !== undefined) edge.allowRoot(principals[who + 1]!, "none");
      mirror(reference, edge);
    }
  });
  return { graph, reference, principals };
}

/** What the principal may write of the script, in its unit and in the reference. */
async function writeOwn(tx: Tx, reference: ReferenceGraph, me: Id, { own }: Script): Promise<void> {
  const first = tx.create(Room, { key: "own", size: 3 });
  mirror(reference, first, me);
  for (const { type, from, to, size, deletes } of own) {
    const rooms = reference.records.filter(({ kind, type: each }) => kind === "node" && each !== "Root");
    const [source, target] = [rooms[from % rooms.length]!.id as Id, rooms[to % rooms.length]!.id as Id];
    const [left, right] = [
      (await tx.get(Room, source)) ?? (await tx.get(Notice, source)),
      (await tx.get(Room, target)) ?? (await tx.get(Notice, target)),
    ];
    if (deletes && left !== undefined && source !== first.id && reference.mayChange(source, me)) {
      left.delete();
      reference.remove(source);
    } else if (left !== undefined && right !== undefined) {
      const end = reference.mayConnect(source, target, me) ? right : first;
      if (!reference.mayConnect(source, end.id, me)) continue;
      const edge = left.link(end, via(edgeTypes[type] as typeof Door, { size })) as Door;
      mirror(reference, edge, me);
    }
  }
}

forEachStore("paths and components are those of graphology", (open) => {
  const runs = Number(process.env.RUNS ?? (open.store.name === "awkward" ? 12 : 40));
  // The graphs are small, so the bound is smaller too.
  const bounds = open.store.cache === undefined ? {} : { cache: { maxEntries: 8 } };

  it("for whoever asks, in a unit of its own and beside what the unit has written", async () => {
    await fc.assert(
      fc.asyncProperty(
        script,
        fc.array(question, { minLength: 1, maxLength: 3 }),
        fc.nat(2),
        async (world, questions, actor) => {
          const graph = await open({ types: worldTypes, ...bounds });
          const { reference, principals } = await build(world, graph);
          const me = principals[actor]!;
          const session = me === systemRootId ? graph : graph.as(me);
          for (const asked of questions) {
            await compare(session, reference, me, asked);
            await session.transaction((tx) => compare(tx, reference, me, asked));
          }
          await undone(session, async (tx) => {
            const own = reference.copy();
            await writeOwn(tx, own, me, world);
            for (const asked of questions) await compare(tx, own, me, asked);
          });
          await graph.close();
        },
      ),
      { numRuns: runs },
    );
  });
});
