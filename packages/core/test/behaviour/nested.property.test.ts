// Laws:
// 1. What `select` reads from each record is what asking each record by itself gives, whatever is asked, at any depth.
// 2. That holds for every principal, from a fresh L1 and from a used one, and inside a unit with writes of its own.

import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, gte, type NodeQuery, node, type Session, type Tx, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Thing extends node("Thing", { group: z.string(), rank: z.int().optional() }) {}
class Special extends Thing.extend("Special", {}) {}
class Ruled extends Thing.extend(
  "Ruled",
  {},
  { access: (record) => (record.rank === 1 ? "read" : undefined) },
) {}
class Link extends edge("Link", { rank: z.int().optional() }, { from: Thing, to: Thing }) {}
class StrongLink extends Link.extend("StrongLink", {}) {}
class Near extends edge("Near", { rank: z.int().optional() }, { from: Thing, to: Thing, undirected: true }) {}
const types = [Thing, Special, Ruled, Link, StrongLink, Near];
const nodeClasses = { Thing, Special, Ruled };
const edgeClasses = { Link, StrongLink, Near };

// ---- what happens --------------------------------------------------------------------------------------------

const at = fc.nat({ max: 20 });
const rank = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const nodeName = fc.constantFrom("Thing" as const, "Special" as const, "Ruled" as const);
const edgeName = fc.constantFrom("Link" as const, "StrongLink" as const, "Near" as const);
const creation = fc.record({
  do: fc.constant("node" as const),
  type: nodeName,
  group: fc.constantFrom("a", "b"),
  rank,
});
const link = fc.record({ do: fc.constant("link" as const), from: at, to: at, type: edgeName, rank });
const growth = fc.oneof({ weight: 1, arbitrary: creation }, { weight: 3, arbitrary: link });
const change = fc.oneof(
  { weight: 3, arbitrary: growth },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("set" as const), at, rank }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("unlink" as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("share" as const), at }) },
);
type Write = typeof change extends fc.Arbitrary<infer W> ? W : never;

async function write(tx: Tx, writes: readonly Write[], reader: string): Promise<void> {
  for (const each of writes) {
    const things = await tx.nodes(Thing).all();
    const thing = (i: number): Thing | undefined => things[i % Math.max(1, things.length)];
    switch (each.do) {
      case "node":
        tx.create(nodeClasses[each.type], { group: each.group, rank: each.rank });
        break;
      case "link":
        thing(each.from)?.link(
          thing(each.to)!,
          via(edgeClasses[each.type] as typeof Link, { rank: each.rank }),
        );
        break;
      case "set": {
        const found = thing(each.at);
        if (found !== undefined) found.rank = each.rank;
        break;
      }
      case "delete":
        thing(each.at)?.delete();
        break;
      case "unlink":
        await thing(each.at)?.out(Link).limit(1).disconnectAll();
        break;
      default:
        thing(each.at)?.allowRoot(reader, "read");
    }
  }
}

// ---- what is asked -------------------------------------------------------------------------------------------

interface Hop {
  readonly direction: "out" | "in" | "both";
  readonly edge: keyof typeof edgeClasses | undefined;
  readonly node: keyof typeof nodeClasses | undefined;
  readonly edgeFilter: number | undefined;
  readonly depth: readonly [number, number] | undefined;
}
interface Asked {
  readonly hops: readonly Hop[];
  readonly filter: number | undefined;
  readonly order: "asc" | "desc" | undefined;
  readonly reverse: boolean;
  readonly limit: number | undefined;
  readonly output: "nodes" | "edges" | "pairs";
  readonly verb:
    | "rows"
    | "records"
    | "first"
    | "count"
    | "exists"
    | "ids"
    | "sum"
    | "max"
    | "countBy"
    | "groupBy";
  /** Of rows of nodes: what is read from each of them in turn. */
  readonly within: Asked | undefined;
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq });
const small = fc.integer({ min: 0, max: 3 });
const hop: fc.Arbitrary<Hop> = fc.record({
  direction: fc.constantFrom("out" as const, "in" as const, "both" as const),
  edge: fc.option(edgeName, { nil: undefined, freq: 5 }),
  node: maybe(nodeName),
  edgeFilter: maybe(small),
  depth: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom([1, 2] as const, [0, 2] as const, [2, 2] as const) },
  ),
});
const { asked } = fc.letrec<{ asked: Asked }>((tie) => ({
  asked: fc.record({
    hops: fc.array(hop, { minLength: 1, maxLength: 2 }),
    filter: maybe(small),
    order: maybe(fc.constantFrom("asc" as const, "desc" as const)),
    reverse: fc.boolean(),
    limit: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 3 }),
    output: fc.constantFrom("nodes" as const, "nodes" as const, "edges" as const, "pairs" as const),
    verb: fc.constantFrom(
      "rows" as const,
      "rows" as const,
      "rows" as const,
      "records" as const,
      "first" as const,
      "count" as const,
      "exists" as const,
      "ids" as const,
      "sum" as const,
      "max" as const,
      "countBy" as const,
      "groupBy" as const,
    ),
    within: fc.option(tie("asked"), { nil: undefined, depthSize: "small" }),
  }),
}));

// The public types follow what is written in the code; here it comes from data.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyQuery = any;

/** The query from a record, or from what stands for each. */
function queryFrom(start: AnyQuery, { hops, filter, order, reverse, limit, output }: Asked): AnyQuery {
  let query = start;
  hops.forEach((each, i) => {
    const options = each.depth === undefined ? undefined : { depth: each.depth };
    if (each.edge === undefined) query = query[each.direction](undefined, undefined, options);
    else {
      const edges = each.edgeFilter === undefined ? undefined : { rank: gte(each.edgeFilter) };
      query = query[each.direction](edgeClasses[each.edge], edges, options);
    }
    if (each.node !== undefined) query = query.ofType(nodeClasses[each.node]);
    else if (each.edge === undefined) query = query.ofType(Thing);
    if (i < hops.length - 1) return;
    if (output === "edges") query = each.edge === undefined ? query.edges().ofType(Link) : query.edges();
  });
  if (filter !== undefined) query = query.filter({ rank: gte(filter) });
  if (order !== undefined) query = query.orderBy("rank", order);
  if (reverse) query = query.reverse();
  if (limit !== undefined) query = query.limit(limit);
  return output === "pairs" ? query.pairs() : query;
}

const hasFields = ({ output }: Asked): boolean => output !== "pairs";

function nested(start: AnyQuery, wanted: Asked): AnyQuery {
  const query = queryFrom(start, wanted);
  switch (wanted.verb) {
    case "records":
      return query;
    case "first":
    case "count":
    case "exists":
      return query[wanted.verb]();
    case "ids":
      return hasFields(wanted) ? query.ids() : query.count();
    case "rows":
      return query.select(rowShape(wanted, (each) => nested(each, wanted.within!)));
    default:
      return hasFields(wanted) ? query[wanted.verb]("rank") : query.count();
  }
}

function rowShape({ output, within }: Asked, read: (each: AnyQuery) => unknown): object {
  const more = within === undefined ? {} : { within: read };
  if (output === "edges") return { rank: true, targetId: true };
  return output === "nodes"
    ? { rank: true, ...more }
    : { edge: { rank: true }, node: { group: true, ...more } };
}

/** The same by asking each record. */
async function byHand(record: AnyQuery, wanted: Asked): Promise<unknown> {
  const query = queryFrom(record, wanted);
  switch (wanted.verb) {
    case "records":
      return query.all();
    case "first":
    case "count":
    case "exists":
      return query[wanted.verb]();
    case "ids":
      return hasFields(wanted) ? query.ids() : query.count();
    case "rows": {
      const rows: object[] = [];
      for (const each of await query.all()) rows.push(await rowByHand(each, wanted));
      return rows;
    }
    default:
      return hasFields(wanted) ? query[wanted.verb]("rank") : query.count();
  }
}

async function rowByHand(each: AnyQuery, { output, within }: Asked): Promise<object> {
  if (output === "edges") return { id: each.id, rank: each.rank, targetId: each.targetId };
  const of = output === "nodes" ? each : each.node;
  const more = within === undefined ? {} : { within: await byHand(of, within) };
  if (output === "nodes") return { id: of.id, rank: of.rank, ...more };
  return {
    edge: { id: each.edge.id, rank: each.edge.rank },
    node: { id: of.id, group: of.group, ...more },
  };
}

/** What two results have to agree in: of records which they are. */
function told(value: AnyQuery): unknown {
  if (Array.isArray(value)) return value.map(told);
  if (value instanceof Map) return [...value].map(([key, each]) => [key, told(each)]);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$type === "string") return value.id;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, told(each)]));
}

async function compare(tx: Tx, wanted: Asked): Promise<void> {
  const parents = tx.nodes(Thing) as AnyQuery;
  const rows = await parents.select({ group: true, found: (each: AnyQuery) => nested(each, wanted) }).all();
  const expected: unknown[] = [];
  for (const each of await (parents as NodeQuery<Thing>).all())
    expected.push({ id: each.id, group: each.group, found: await byHand(each, wanted) });
  expect(told(rows)).toEqual(told(expected));
}

/** A unit's body that is to leave nothing behind. */
class Undone extends Error {}

forEachStore("what select reads from each record", (open) => {
  const runs = Number(process.env.RUNS ?? (open.store.name === "awkward" ? 25 : 80));
  // The graphs are small, so the bound is smaller too.
  const bounds = open.store.cache === undefined ? {} : { cache: { maxEntries: 8 } };

  it("is what each record gives by itself, to everybody", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .tuple(
            fc.array(creation, { minLength: 4, maxLength: 10 }),
            fc.array(link, { minLength: 8, maxLength: 40 }),
          )
          .map(([nodes, edges]) => [...nodes, ...edges]),
        fc.array(change, { maxLength: 15 }),
        fc.array(change, { maxLength: 8 }),
        fc.array(asked, { minLength: 1, maxLength: 4 }),
        async (first, second, third, questions) => {
          const openHere = open.place();
          let graph: Graph = await openHere({ types, ...bounds });
          const owner = await graph.createRoot();
          const reader = await graph.createRoot();
          for (const writes of [first, second])
            await graph.as(owner.id).transaction((tx) => write(tx, writes, reader.id));
          const sessions = (): Session[] => [graph, graph.as(owner.id), graph.as(reader.id)];
          const all = async (): Promise<void> => {
            for (const session of sessions())
              for (const each of questions) await session.transaction((tx) => compare(tx, each));
          };
          await all();
          await graph.close();
          graph = await openHere({ types, ...bounds });
          await all();
          for (const session of [graph, graph.as(owner.id)]) {
            const undone = session.transaction(async (tx) => {
              await write(tx, third, reader.id);
              for (const each of questions) await compare(tx, each);
              throw new Undone();
            });
            await undone.catch((error: unknown) => {
              if (!(error instanceof Undone)) throw error;
            });
          }
          await graph.close();
        },
      ),
      { numRuns: runs },
    );
  });
});
