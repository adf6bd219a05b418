// Laws:
// 1. Whatever is asked, by whatever combination of steps, the answer is that of loops over arrays.
// 2. That holds for what was committed, from a fresh L1 and from a used one, and inside a unit with writes of its own.
// 3. count, exists, first, ids, select, aggregates, explain and `for await` say the same as all; pages put together do too.

import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import {
  and,
  type EdgeClass,
  edge,
  eq,
  type Graph,
  gt,
  gte,
  lt,
  lte,
  type NodeClass,
  ne,
  node,
  not,
  oneOf,
  or,
  startsWith,
  type Tx,
  via,
} from "../../src/index.ts";
import {
  type EdgeType,
  type Fields,
  type NodeType,
  onceEachNode,
  ReferenceGraph,
  type RefFilter,
  type RefHop,
  type RefLimits,
  type RefPair,
  type RefQuery,
} from "./reference-graph.ts";
import { forEachStore } from "./stores.ts";

class Thing extends node(
  "Thing",
  { group: z.string(), rank: z.int().optional() },
  { index: ["rank", { fields: ["group", "rank"] }] },
) {}
class Special extends Thing.extend("Special", { level: z.int().optional() }) {}
class Other extends node("Other", { group: z.string(), rank: z.int() }, { index: ["rank"] }) {}
class Link extends edge("Link", { rank: z.int().optional() }) {}
class StrongLink extends Link.extend("StrongLink", {}) {}
class Near extends edge("Near", { rank: z.int().optional() }, { undirected: true }) {}
const types = [Thing, Special, Other, Link, StrongLink, Near];
const nodeClasses: Record<NodeType, NodeClass> = { Thing, Special, Other };
const edgeClasses: Record<Exclude<EdgeType, "Edge">, EdgeClass> = { Link, StrongLink, Near };

// ---- what happens to the graph -------------------------------------------------------------------------------

type Write =
  | {
      readonly do: "node";
      readonly type: NodeType;
      readonly group: string;
      readonly rank: number | undefined;
    }
  | {
      readonly do: "connect";
      readonly from: number;
      readonly edge: EdgeType;
      readonly weight: number | undefined;
      readonly type: NodeType;
      readonly rank: number | undefined;
    }
  | {
      readonly do: "link";
      readonly from: number;
      readonly to: number;
      readonly edge: EdgeType;
      readonly weight: number | undefined;
    }
  | { readonly do: "setNode"; readonly at: number; readonly group: string; readonly rank: number | undefined }
  | { readonly do: "setEdge"; readonly at: number; readonly weight: number | undefined }
  | { readonly do: "deleteNode"; readonly at: number }
  | { readonly do: "deleteEdge"; readonly at: number };

const nodeType = fc.constantFrom<NodeType>("Thing", "Special", "Other");
const edgeType = fc.constantFrom<EdgeType>("Edge", "Link", "StrongLink", "Near");
const group = fc.constantFrom("a", "ab", "b");
const rank = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 5 });
const at = fc.nat({ max: 30 });

const growth: fc.Arbitrary<Write> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("node" as const), type: nodeType, group, rank }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("connect" as const),
      from: at,
      edge: edgeType,
      weight: rank,
      type: nodeType,
      rank,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("link" as const),
      from: at,
      to: at,
      edge: edgeType,
      weight: rank,
    }),
  },
);
const change: fc.Arbitrary<Write> = fc.oneof(
  { weight: 3, arbitrary: growth },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("setNode" as const), at, group, rank }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("setEdge" as const), at, weight: rank }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteNode" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteEdge" as const), at }) },
);

/** The same graph twice: the library's by ids, and the reference. */
class Twin {
  reference: ReferenceGraph = new ReferenceGraph();
  nodeIds: string[] = [];
  edgeIds: string[] = [];

  copy(): Twin {
    const copy = new Twin();
    copy.reference = this.reference.copy();
    copy.nodeIds = [...this.nodeIds];
    copy.edgeIds = [...this.edgeIds];
    return copy;
  }

  async write(tx: Tx, writes: readonly Write[]): Promise<void> {
    for (const write of writes) await this.#write(tx, write);
  }

  async #write(tx: Tx, write: Write): Promise<void> {
    const { reference } = this;
    switch (write.do) {
      case "node": {
        const fields = nodeFields(write.type, write.group, write.rank);
        this.nodeIds.push(tx.create(nodeClasses[write.type], fields as never).id);
        reference.addNode(write.type, fields);
        return;
      }
      case "connect": {
        const from = this.#node(write.from);
        if (from === undefined) return;
        const source = await tx.require(nodeClasses[reference.nodes[from]!.type], this.nodeIds[from]!);
        const fields = nodeFields(write.type, "c", write.rank);
        const made =
          write.edge === "Edge"
            ? source.connect(nodeClasses[write.type], fields as never)
            : source.connect(
                nodeClasses[write.type],
                fields as never,
                via(edgeClasses[write.edge] as typeof Link, { rank: write.weight }),
              );
        const to = reference.addNode(write.type, fields);
        this.nodeIds.push((made as { id: string }).id);
        reference.addEdge(write.edge, from, to, edgeFields(write.edge, write.weight));
        const [last] = await source.out().edges().reverse().limit(1).ids();
        this.edgeIds.push(last!);
        return;
      }
      case "link": {
        const from = this.#node(write.from);
        const to = this.#node(write.to);
        if (from === undefined || to === undefined) return;
        const source = await tx.require(nodeClasses[reference.nodes[from]!.type], this.nodeIds[from]!);
        const target = await tx.require(nodeClasses[reference.nodes[to]!.type], this.nodeIds[to]!);
        const made =
          write.edge === "Edge"
            ? source.link(target)
            : source.link(target, via(edgeClasses[write.edge] as typeof Link, { rank: write.weight }));
        this.edgeIds.push(made.id);
        reference.addEdge(write.edge, from, to, edgeFields(write.edge, write.weight));
        return;
      }
      case "setNode": {
        const key = this.#node(write.at);
        if (key === undefined) return;
        const { type } = reference.nodes[key]!;
        const record = (await tx.require(nodeClasses[type], this.nodeIds[key]!)) as unknown as {
          group: string;
          rank: number | undefined;
        };
        const fields = nodeFields(type, write.group, write.rank);
        record.group = write.group;
        record.rank = fields.rank as number | undefined;
        reference.nodes[key]!.fields = fields;
        return;
      }
      case "setEdge": {
        const key = this.#edge(write.at);
        if (key === undefined) return;
        const { type } = reference.edges[key]!;
        if (type === "Edge") return;
        const record = await tx.require(edgeClasses[type] as typeof Link, this.edgeIds[key]!);
        record.rank = write.weight;
        reference.edges[key]!.fields = edgeFields(type, write.weight);
        return;
      }
      case "deleteNode": {
        const key = this.#node(write.at);
        if (key === undefined) return;
        (await tx.require(nodeClasses[reference.nodes[key]!.type], this.nodeIds[key]!)).delete();
        reference.removeNode(key);
        return;
      }
      case "deleteEdge": {
        const key = this.#edge(write.at);
        if (key === undefined) return;
        const { from, type } = reference.edges[key]!;
        if (type === "Edge") {
          const source = await tx.require(nodeClasses[reference.nodes[from]!.type], this.nodeIds[from]!);
          for (const each of await source.out().edges().all())
            if (each.id === this.edgeIds[key]) each.delete();
        } else (await tx.require(edgeClasses[type], this.edgeIds[key]!)).delete();
        reference.edges[key]!.isThere = false;
      }
    }
  }

  #node(at: number): number | undefined {
    return living(this.reference.nodes, at);
  }

  #edge(at: number): number | undefined {
    return living(this.reference.edges, at);
  }
}

function nodeFields(type: NodeType, group: string, rank: number | undefined): Fields {
  return { group, rank: type === "Other" ? (rank ?? 0) : rank };
}

function edgeFields(type: EdgeType, rank: number | undefined): Fields {
  return type === "Edge" ? {} : { rank };
}

function living(records: readonly { key: number; isThere: boolean }[], at: number): number | undefined {
  const there = records.filter((record) => record.isThere);
  return there.length === 0 ? undefined : there[at % there.length]!.key;
}

// ---- what is asked -------------------------------------------------------------------------------------------

const rankFilter: fc.Arbitrary<RefFilter> = fc.oneof(
  fc.record({
    op: fc.constantFrom(
      "eq" as const,
      "ne" as const,
      "gt" as const,
      "gte" as const,
      "lt" as const,
      "lte" as const,
    ),
    field: fc.constant("rank"),
    value: fc.integer({ min: 0, max: 4 }),
  }),
  fc.record({
    op: fc.constant("oneOf" as const),
    field: fc.constant("rank"),
    value: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  }),
  fc.constant<RefFilter>({ op: "absent", field: "rank" }),
);
const groupFilter: fc.Arbitrary<RefFilter> = fc.record({
  op: fc.constantFrom("eq" as const, "startsWith" as const),
  field: fc.constant("group"),
  value: group,
});
const combined = (leaf: fc.Arbitrary<RefFilter>): fc.Arbitrary<RefFilter> =>
  fc.oneof(
    { weight: 4, arbitrary: leaf },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constantFrom("and" as const, "or" as const),
        parts: fc.array(leaf, { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: leaf.map((part) => ({ op: "not" as const, part })) },
  );
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const limits = (filter: fc.Arbitrary<RefFilter>): fc.Arbitrary<RefLimits> =>
  fc.record({
    filter: maybe(combined(filter)),
    order: fc.option(fc.record({ field: fc.constant("rank"), descending: fc.boolean() }), {
      nil: undefined,
      freq: 3,
    }),
    reverse: fc.boolean(),
    limit: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined, freq: 3 }),
  });
const nodeLimits = limits(fc.oneof(rankFilter, groupFilter));
const edgeLimits = limits(rankFilter);
const depth = fc
  .tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 }))
  .map(([min, more]) => [min, Math.max(1, min + more)] as const)
  // Exactly one edge is an ordinary hop, which gives its origins too where edges lead back to them.
  .filter(([, max]) => max > 1);

const hop = (ends: fc.Arbitrary<RefLimits>): fc.Arbitrary<RefHop> =>
  fc
    .tuple(
      ends,
      fc.record({
        direction: fc.constantFrom("out" as const, "in" as const, "both" as const),
        edge: maybe(edgeType.filter((type) => type !== "Edge")),
        edgeFilter: maybe(combined(rankFilter)),
        node: maybe(nodeType),
        depth: fc.option(depth, { nil: undefined, freq: 3 }),
      }),
    )
    .map(([given, rest]) => ({
      ...given,
      ...rest,
      // A filter on edges needs their type.
      edgeFilter: rest.edge === undefined ? undefined : rest.edgeFilter,
    }));

const query: fc.Arbitrary<RefQuery> = fc
  .constantFrom("nodes" as const, "edges" as const, "pairs" as const)
  .chain((output) =>
    fc
      .record({
        start: fc.oneof(
          fc.tuple(nodeLimits, nodeType).map(([given, type]) => ({ kind: "all" as const, type, ...given })),
          fc.record({ kind: fc.constant("one" as const), node: at }),
        ),
        hops: fc.array(hop(nodeLimits), { maxLength: 2 }),
        last: hop(output === "edges" ? edgeLimits : nodeLimits),
        hasLast: fc.boolean(),
      })
      .map(({ start, hops, last, hasLast }) => ({
        start,
        // Fields of edges of any type are the default edge's too, which has none.
        hops:
          hasLast || output !== "nodes"
            ? [
                ...hops,
                output === "edges" && last.edge === undefined ? { ...last, edge: "Link" as const } : last,
              ]
            : hops,
        output,
      })),
  );

function filterOf(filter: RefFilter): never {
  const build = (each: RefFilter): unknown => {
    switch (each.op) {
      case "and":
        return and(...(each.parts.map(build) as never[]));
      case "or":
        return or(...(each.parts.map(build) as never[]));
      case "not":
        return not(build(each.part) as never);
      case "absent":
        return { [each.field]: eq(undefined) };
      case "oneOf":
        return { [each.field]: oneOf(each.value as readonly string[]) };
      default: {
        const operators = { eq, ne, gt, gte, lt, lte, startsWith };
        return { [each.field]: operators[each.op](each.value as never) };
      }
    }
  };
  return build(filter) as never;
}

// The public types follow what is written in the code; here it comes from data.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyQuery = any;

function limited(asked: AnyQuery, { filter, order, reverse, limit }: RefLimits): AnyQuery {
  let result = asked;
  if (filter !== undefined) result = result.filter(filterOf(filter));
  if (order !== undefined) result = result.orderBy(order.field, order.descending ? "desc" : "asc");
  if (reverse) result = result.reverse();
  return limit === undefined ? result : result.limit(limit);
}

async function ask(reader: Tx | Graph, twin: Twin, { start, hops, output }: RefQuery): Promise<AnyQuery> {
  let asked: AnyQuery;
  if (start.kind === "all") asked = limited(reader.nodes(nodeClasses[start.type]), start);
  else {
    const type = nodeClasses[twin.reference.nodes[start.node]!.type];
    asked = await reader.require(type, twin.nodeIds[start.node]!);
  }
  hops.forEach((hop, i) => {
    const options = hop.depth === undefined ? undefined : { depth: hop.depth };
    if (hop.edge !== undefined) {
      const filter = hop.edgeFilter === undefined ? undefined : filterOf(hop.edgeFilter);
      asked = asked[hop.direction](edgeClasses[hop.edge as "Link"], filter, options);
      if (hop.node !== undefined) asked = asked.ofType(nodeClasses[hop.node]);
    } else if (hop.node !== undefined) {
      asked = asked[hop.direction](nodeClasses[hop.node], undefined, options);
    } else asked = asked[hop.direction](undefined, undefined, options);
    const isLast = i === hops.length - 1;
    if (isLast && output === "edges") asked = asked.edges();
    asked = limited(asked, hop);
    if (isLast && output === "pairs") asked = asked.pairs();
  });
  return asked;
}

// ---- the comparison ------------------------------------------------------------------------------------------

/** A query without what cannot be asked of this graph. */
function fitting(reference: ReferenceGraph, asked: RefQuery): RefQuery | undefined {
  if (asked.start.kind === "all") return asked;
  const node = living(reference.nodes, asked.start.node);
  if (node === undefined || asked.hops.length === 0) return undefined;
  return { ...asked, start: { kind: "one", node } };
}

function keysOf(results: readonly AnyQuery[], twin: Twin, { output }: RefQuery): RefPair[] {
  return results.map((result) => {
    if (output === "nodes") return { edge: -1, node: twin.nodeIds.indexOf(result.id) };
    if (output === "edges") return { edge: twin.edgeIds.indexOf(result.id), node: -1 };
    return { edge: twin.edgeIds.indexOf(result.edge.id), node: twin.nodeIds.indexOf(result.node.id) };
  });
}

async function compare(reader: Tx | Graph, twin: Twin, given: RefQuery, isUnit: boolean): Promise<void> {
  const asked = fitting(twin.reference, given);
  if (asked === undefined) return;
  const expected = twin.reference.run(asked).map(({ edge, node }) => ({
    edge: asked.output === "nodes" ? -1 : edge,
    node: asked.output === "edges" ? -1 : node,
  }));
  const real = await ask(reader, twin, asked);
  expect(keysOf(await real.all(), twin, asked)).toEqual(expected);
  expect(await real.count()).toBe(expected.length);
  expect(await real.exists()).toBe(expected.length > 0);
  expect((await real.explain()).results).toBe(expected.length);
  expect((await real.explain("count")).results).toBe(expected.length);
  const first = await real.first();
  expect(first === undefined ? [] : keysOf([first], twin, asked)).toEqual(expected.slice(0, 1));
  if (asked.output !== "pairs") {
    const ids = (await real.ids()) as string[];
    expect(
      ids.map((id) => (asked.output === "nodes" ? twin.nodeIds.indexOf(id) : twin.edgeIds.indexOf(id))),
    ).toEqual(expected.map(({ edge, node }) => (asked.output === "nodes" ? node : edge)));
  }
  expect(await rowsBySelect(real, asked)).toEqual(rowsByHand(await real.all(), asked));
  if (asked.output !== "pairs") await compareAggregates(real);
  const streamed: AnyQuery[] = [];
  for await (const result of real) streamed.push(result);
  expect(keysOf(streamed, twin, asked)).toEqual(expected);
  if (!isUnit) await comparePages(real, twin, asked);
}

/** The field that all nodes, or all edges but the default ones, have. */
function rowsBySelect(real: AnyQuery, { output }: RefQuery): Promise<object[]> {
  if (output !== "pairs") return real.select("rank").all();
  return real.select({ edge: { rank: true }, node: { rank: true } }).all();
}

function rowsByHand(results: readonly AnyQuery[], { output }: RefQuery): object[] {
  const row = ({ id, rank }: AnyQuery): object => ({ id, rank });
  return results.map((result) =>
    output === "pairs" ? { edge: row(result.edge), node: row(result.node) } : row(result),
  );
}

/** What is asked of a field is what loops over the records say. */
async function compareAggregates(real: AnyQuery): Promise<void> {
  const records: AnyQuery[] = await real.all();
  const ranks: (number | undefined)[] = records.map(({ rank }) => rank);
  const present = ranks.filter((rank) => rank !== undefined);
  const sum = present.reduce((total, rank) => total + rank, 0);
  expect(await real.sum("rank")).toBe(sum);
  expect(await real.avg("rank")).toBe(present.length === 0 ? undefined : sum / present.length);
  expect(await real.min("rank")).toBe(present.length === 0 ? undefined : Math.min(...present));
  expect(await real.max("rank")).toBe(present.length === 0 ? undefined : Math.max(...present));
  const groups = new Map<number | undefined, AnyQuery[]>();
  for (const [i, rank] of ranks.entries()) groups.set(rank, [...(groups.get(rank) ?? []), records[i].id]);
  const counts = (await real.countBy("rank")) as Map<number | undefined, number>;
  expect([...counts]).toEqual([...groups].map(([rank, ids]) => [rank, ids.length]));
  const grouped = (await real.groupBy("rank")) as Map<number | undefined, AnyQuery[]>;
  expect([...grouped].map(([rank, some]) => [rank, some.map(({ id }) => id)])).toEqual([...groups]);
}

/** A node is held within a unit; what begins with a type is asked of the graph itself. */
async function compareOutside(graph: Graph, twin: Twin, asked: RefQuery): Promise<void> {
  if (asked.start.kind === "all") await compare(graph, twin, asked, false);
  else await graph.transaction((tx) => compare(tx, twin, asked, false));
}

/** Where pages can be had: in connection order from one node or of a type, else by a field. */
async function comparePages(real: AnyQuery, twin: Twin, asked: RefQuery): Promise<void> {
  const last = asked.hops.at(-1);
  const constraints = last ?? asked.start;
  const isOrdered = "order" in constraints && constraints.order !== undefined;
  const isPlain =
    asked.hops.length === 0 ||
    (asked.hops.length === 1 && asked.start.kind === "one" && last!.depth === undefined);
  if (!isOrdered && !isPlain) return;
  if (last?.depth !== undefined || asked.hops.some(({ limit }) => limit !== undefined)) return;
  if ("limit" in asked.start && asked.start.limit !== undefined) return;
  const whole = keysOf(await real.all(), twin, asked);
  const paged: RefPair[] = [];
  let page = await real.limit(2).page();
  for (;;) {
    const keys = keysOf(page.items, twin, asked);
    if (asked.output === "nodes") expect(onceEachNode(keys)).toEqual(keys);
    paged.push(...keys);
    if (page.next === undefined) break;
    page = await real.limit(2).after(page.next).page();
  }
  const once = asked.output === "nodes" && !isOrdered ? onceEachNode(paged) : paged;
  // Pages by a field break ties by id, so that they can go on from any place.
  if (isOrdered) expect(sorted(once)).toEqual(sorted(whole));
  else expect(once).toEqual(whole);
}

function sorted(pairs: readonly RefPair[]): RefPair[] {
  return [...pairs].sort((left, right) => left.node - right.node || left.edge - right.edge);
}

/** A unit's body that is to leave nothing behind. */
class Undone extends Error {}

forEachStore("queries are those of the reference", (open) => {
  const runs = Number(process.env.RUNS ?? (open.store.name === "awkward" ? 40 : 120));

  // The graphs are small, so the bound is smaller too.
  const bounds = open.store.cache === undefined ? {} : { cache: { maxEntries: 8 } };

  it("over what was committed and what a unit has written, at any moment", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(growth, { maxLength: 30 }),
        fc.array(change, { maxLength: 12 }),
        fc.array(change, { maxLength: 12 }),
        fc.array(query, { minLength: 1, maxLength: 6 }),
        async (first, second, third, queries) => {
          const openHere = open.place();
          let graph = await openHere({ types, ...bounds });
          let twin = new Twin();
          for (const writes of [first, second]) {
            await graph.transaction(async (tx) => {
              const next = twin.copy();
              await next.write(tx, writes);
              tx.onCommit(() => {
                twin = next;
              });
            });
          }
          for (const each of queries) await compareOutside(graph, twin, each);
          await graph.close();
          graph = await openHere({ types, ...bounds });
          for (const each of queries) await compareOutside(graph, twin, each);
          const undone = graph.transaction(async (tx) => {
            const own = twin.copy();
            await own.write(tx, third);
            for (const each of queries) await compare(tx, own, each, true);
            throw new Undone();
          });
          await undone.catch((error: unknown) => {
            if (!(error instanceof Undone)) throw error;
          });
          for (const each of queries) await compareOutside(graph, twin, each);
          await graph.close();
        },
      ),
      { numRuns: runs },
    );
  });
});
