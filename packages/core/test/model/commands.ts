import type fc from "fast-check";
import { z } from "zod";
import {
  type AnyEdge,
  type AnyNode,
  type EdgeClass,
  edge,
  eq,
  type Graph,
  GraphError,
  gte,
  type Id,
  lt,
  type NodeClass,
  type NodeQuery,
  node,
  Root,
  type Tx,
  via,
  walker,
} from "../../src/index.ts";
import type { Store } from "../../src/store.ts";
import { sourceText } from "../../src/testing/source-text.ts";
import { checkModel, type ModelReport, type ModelTest, type ModelWorld } from "../../src/testing.ts";
import {
  type EdgeType,
  type Find,
  type Hop,
  type LevelName,
  levels,
  type Principal,
  Reference,
  type RefRecord,
  Refused,
} from "./reference.ts";

class Item extends node(
  "Item",
  {
    name: z.string(),
    rank: z.int().optional(),
    tags: z.array(z.object({ text: z.string() })).default([]),
  },
  { unique: ["name"], index: ["rank"] },
) {}
class Special extends Item.extend("Special", { level: z.int().default(0) }) {}
class Place extends node("Place", { code: z.string() }, { unique: [{ fields: ["code"], per: "owner" }] }) {}
class Link extends edge("Link", { weight: z.int() }) {}
class Strong extends Link.extend("Strong", {}) {}
class Near extends edge("Near", { weight: z.int() }, { undirected: true }) {}
export const types = [Item, Special, Place, Link, Strong, Near];
const nodeClasses: Record<string, NodeClass> = { Item, Special, Place, Root };
const edgeClasses: Record<string, EdgeClass> = { Link, Strong, Near };

/** Adds 1 to the rank of where it is and of what that links to, each kept by a checkpoint, until it is told to throw. */
const raise = walker("raise", { input: { throwAt: z.int() }, report: z.string(), once: true }).entry(
  Item,
  (w, item) => {
    item.rank = (item.rank ?? 0) + 1;
    w.report(item.id);
    if (item.rank === w.throwAt) throw new Error("as it was told");
    w.commit();
    w.visit(item.out(Link).ofType(Item));
  },
);

// ---- what can be done in a unit of work. Records are chosen by number among all that there are.

type Op =
  | {
      readonly do: "create";
      readonly type: "Item" | "Special" | "Place";
      readonly name: string;
      readonly rank: number | undefined;
    }
  | { readonly do: "createMany"; readonly names: readonly string[] }
  | {
      readonly do: "connect";
      readonly from: number;
      readonly name: string;
      readonly by: EdgeType;
      readonly weight: number;
    }
  | {
      readonly do: "link";
      readonly from: number;
      readonly to: number;
      readonly by: EdgeType;
      readonly weight: number;
    }
  | { readonly do: "set"; readonly at: number; readonly rank: number | undefined }
  | { readonly do: "rename"; readonly at: number; readonly name: string }
  | { readonly do: "tag"; readonly at: number; readonly text: string }
  | { readonly do: "weigh"; readonly at: number; readonly weight: number }
  | { readonly do: "remove"; readonly at: number }
  | { readonly do: "removeEdge"; readonly at: number }
  | {
      readonly do: "disconnect";
      readonly from: number;
      readonly to: number;
      readonly by: EdgeType | undefined;
    }
  | { readonly do: "updateAll"; readonly find: Find; readonly rank: number }
  | { readonly do: "deleteAll"; readonly find: Find }
  | { readonly do: "disconnectAll"; readonly from: number; readonly hop: Hop }
  | { readonly do: "ensure"; readonly code: string }
  | { readonly do: "grant"; readonly at: number; readonly isEdge: boolean; readonly level: LevelName }
  | {
      readonly do: "allow";
      readonly at: number;
      readonly isEdge: boolean;
      readonly root: number;
      readonly level: LevelName | undefined;
    }
  | { readonly do: "grantRoot"; readonly root: number | undefined; readonly level: LevelName }
  | { readonly do: "find"; readonly find: Find }
  | { readonly do: "pages"; readonly find: Find; readonly size: number }
  | {
      readonly do: "hop";
      readonly from: number;
      readonly hops: readonly Hop[];
      readonly limit: number | undefined;
    }
  | { readonly do: "around"; readonly from: number; readonly hop: Hop }
  | { readonly do: "edges"; readonly by: EdgeType };

interface Unit {
  /** A root by its number; undefined is the system root. */
  readonly who: number | undefined;
  readonly ops: readonly Op[];
  readonly isThrown: boolean;
}

interface Walk {
  readonly who: number | undefined;
  readonly at: number;
  readonly throwAt: number;
}

/** The model of one run, and the library's graph beside it. */
interface Model {
  state: Reference;
}

type World = ModelWorld<Model>;

function oneOf<T>(all: readonly T[], at: number): T | undefined {
  return all[at % all.length];
}

/** The principal of this number among the roots that there are. */
function principal(state: Reference, who: number | undefined): Principal {
  if (who === undefined) return undefined;
  const roots = [...state.nodes.values()].filter(({ id, type }) => type === "Root" && id !== state.system);
  return oneOf(roots, who)?.id;
}

const sessionOf = (graph: Graph, me: Principal) => (me === undefined ? graph : graph.as(me));

const asked = (
  { type, rank, order, isReverse, limit }: Find,
  start: (type: NodeClass, filter: object) => unknown,
) => {
  const test = rank && { eq, gte, lt }[rank[0]](rank[1]);
  let query = start(nodeClasses[type]!, test === undefined ? {} : { rank: test }) as NodeQuery<Item>;
  if (order !== undefined) query = query.orderBy("rank", order);
  if (isReverse) query = query.reverse();
  return limit === undefined ? query : query.limit(limit);
};

const stepOf = (
  from: AnyNode | NodeQuery<AnyNode>,
  { direction, edge: by, minWeight, node: to, minRank }: Hop,
) => {
  const filter = minWeight === undefined ? {} : { weight: gte(minWeight) };
  const hop =
    by === undefined
      ? from[direction as "out"]()
      : from[direction as "out"](edgeClasses[by]! as typeof Link, filter as { weight?: number });
  if (to === undefined) return hop;
  return hop.ofType(nodeClasses[to]! as typeof Item, minRank === undefined ? {} : { rank: gte(minRank) });
};

function equal(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  for (const key in left) if (!equal(left[key], right[key])) return false;
  for (const key in right) if (left[key] === undefined && right[key] !== undefined) return false;
  return true;
}

/** What is absent and what is undefined are the same. */
function agree(actual: unknown, wanted: unknown): void {
  if (equal(actual, wanted)) return;
  throw new Disagreement(`the graph gave ${sourceText(actual)}\n  and the model ${sourceText(wanted)}`);
}

class Disagreement extends Error {}

/** What a record shows of itself, for comparison. */
const shown = (record: AnyNode | AnyEdge) => ({
  id: record.id,
  type: record.$type,
  owner: record.$ownerId,
  ...record.$data,
});
const expected = ({ id, type, owner, fields }: RefRecord) => ({ id, type, owner, ...fields });

/** Does one thing in both, and compares what is said to it. */
async function perform(op: Op, tx: Tx, state: Reference, me: Principal): Promise<void> {
  const nodes = [...state.nodes.values()];
  const things = nodes.filter(({ type }) => type !== "Root");
  const edges = [...state.edges.values()];
  const nodeOf = (record: RefRecord | undefined) =>
    record === undefined
      ? undefined
      : (tx.get(nodeClasses[record.type]!, record.id) as Promise<AnyNode | undefined>);
  const edgeOf = (record: RefRecord | undefined) =>
    record === undefined
      ? undefined
      : (tx.get(edgeClasses[record.type]!, record.id) as Promise<AnyEdge | undefined>);
  const seen = (record: RefRecord | undefined) => record && state.find(me, record.id);
  const same = (record: AnyNode | AnyEdge | undefined, reference: RefRecord | undefined) =>
    agree(record?.id, reference?.id);

  switch (op.do) {
    case "create": {
      if (op.type === "Place") {
        const place = tx.create(Place, { code: op.name });
        return state.addNode(me, place.id, "Place", { code: op.name });
      }
      const fields = { name: op.name, ...(op.rank !== undefined && { rank: op.rank }) };
      const item = tx.create(op.type === "Item" ? Item : Special, fields);
      const extra = op.type === "Special" ? { level: 0 } : {};
      return state.addNode(me, item.id, op.type, { rank: op.rank, tags: [], ...fields, ...extra });
    }
    case "createMany": {
      const made = tx.create(
        Item,
        op.names.map((name) => ({ name })),
      );
      for (const { id, name } of made) state.addNode(me, id, "Item", { name, rank: undefined, tags: [] });
      return;
    }
    case "connect": {
      const at = oneOf(nodes, op.from);
      const from = await nodeOf(at);
      const known = seen(at);
      same(from, known);
      if (from === undefined || known === undefined) return;
      const fields = { name: op.name, rank: op.weight };
      let made: Item | undefined;
      let by: AnyEdge | undefined;
      await both(
        () => state.mayConnect(me, known),
        async () => {
          made = from.connect(Item, fields, via(edgeClasses[op.by]! as typeof Link, { weight: op.weight }));
          by = await made.in(edgeClasses[op.by]!).edges().one();
        },
      );
      if (made === undefined || by === undefined) return;
      state.addNode(me, made.id, "Item", { ...fields, tags: [] });
      return state.addEdge(me, by.id, op.by, known.id, made.id, { weight: op.weight });
    }
    case "link": {
      const [a, b] = [oneOf(nodes, op.from), oneOf(nodes, op.to)];
      const [from, to] = [await nodeOf(a), await nodeOf(b)];
      const [source, target] = [seen(a), seen(b)];
      same(from, source);
      same(to, target);
      if (from === undefined || to === undefined || source === undefined || target === undefined) return;
      let made: AnyEdge | undefined;
      await both(
        () => state.mayConnect(me, source, target),
        () => {
          made = from.link(to, via(edgeClasses[op.by]! as typeof Link, { weight: op.weight }));
        },
      );
      if (made !== undefined) state.addEdge(me, made.id, op.by, source.id, target.id, { weight: op.weight });
      return;
    }
    case "set":
    case "rename":
    case "tag": {
      const at = oneOf(things, op.at);
      const item = await nodeOf(at);
      const known = seen(at);
      same(item, known);
      if (item === undefined || known === undefined) return;
      if (item instanceof Place) {
        const code = op.do === "rename" ? op.name : "c";
        return both(
          () => state.edit(me, known, () => ({ code })),
          () => {
            item.code = code;
          },
        );
      }
      const thing = item as Item;
      return both(
        () =>
          state.edit(me, known, ({ tags }) =>
            op.do === "set"
              ? { rank: op.rank }
              : op.do === "rename"
                ? { name: op.name }
                : { tags: [...(tags as object[]), { text: op.text }] },
          ),
        () => {
          if (op.do === "set") thing.rank = op.rank;
          else if (op.do === "rename") thing.name = op.name;
          else thing.update((draft) => void draft.tags.push({ text: op.text }));
        },
      );
    }
    case "weigh": {
      const at = oneOf(edges, op.at);
      const link = await edgeOf(at);
      const known = seen(at);
      same(link, known);
      if (link === undefined || known === undefined) return;
      return both(
        () => state.edit(me, known, () => ({ weight: op.weight })),
        () => {
          (link as Link).weight = op.weight;
        },
      );
    }
    case "remove":
    case "removeEdge": {
      const at = op.do === "remove" ? oneOf(things, op.at) : oneOf(edges, op.at);
      const record = op.do === "remove" ? await nodeOf(at) : await edgeOf(at);
      const known = seen(at);
      same(record, known);
      if (record === undefined || known === undefined) return;
      return both(
        () => {
          state.mayRemove(me, known);
          state.remove(known);
        },
        () => record.delete(),
      );
    }
    case "disconnect":
    case "disconnectAll": {
      const at = oneOf(nodes, op.from);
      const from = await nodeOf(at);
      if (from === undefined) return;
      const hop: Hop = op.do === "disconnect" ? { direction: "out", edge: op.by } : op.hop;
      const to = op.do === "disconnect" ? oneOf(nodes, op.to)! : undefined;
      const far = to && (await nodeOf(to));
      if (to !== undefined && far === undefined) return;
      const found = state
        .around(me, from.id, hop)
        .filter((each) => to === undefined || each.far === to.id)
        .map(({ edge: each }) => each);
      return both(
        () => {
          for (const each of found) state.mayRemove(me, each);
          for (const each of found) state.remove(each);
        },
        async () => {
          const count =
            far === undefined
              ? await stepOf(from, hop).disconnectAll()
              : op.do === "disconnect" && op.by !== undefined
                ? await from.disconnect(far, edgeClasses[op.by]!)
                : await from.disconnect(far);
          agree(count, new Set(found).size);
        },
      );
    }
    case "updateAll":
    case "deleteAll": {
      const found = state.all(me, op.find);
      const query = asked(op.find, (type, filter) => tx.nodes(type, filter));
      return both(
        () => {
          for (const each of found) state.mayGrant(me, each);
          for (const each of found)
            if (op.do === "deleteAll") state.remove(each);
            else state.edit(me, each, () => (op.find.type === "Place" ? {} : { rank: op.rank }));
        },
        async () => {
          const count =
            op.do === "deleteAll"
              ? await query.deleteAll()
              : await query.updateAll((draft) => {
                  if (op.find.type !== "Place") draft.rank = op.rank;
                });
          agree(count, found.length);
        },
      );
    }
    case "ensure": {
      const [known] = state.all(me, { type: "Place" }).filter(({ fields }) => fields.code === op.code);
      const place = await tx.ensure(Place, { code: op.code });
      if (known !== undefined) {
        same(place, known);
        return;
      }
      agree(state.nodes.has(place.id), false);
      return state.addNode(me, place.id, "Place", { code: op.code });
    }
    case "grant":
    case "allow": {
      const at = op.isEdge ? oneOf(edges, op.at) : oneOf(things, op.at);
      const record = op.isEdge ? await edgeOf(at) : await nodeOf(at);
      const known = seen(at);
      same(record, known);
      if (record === undefined || known === undefined) return;
      if (op.do === "grant")
        return both(
          () => {
            state.mayGrant(me, known);
            known.all = levels.indexOf(op.level);
          },
          () => (op.level === "none" ? record.revoke() : record.grant(op.level)),
        );
      const root = principal(state, op.root);
      if (root === undefined) return;
      return both(
        () => {
          state.mayGrant(me, known);
          const roots = new Map(known.roots);
          if (op.level === undefined) roots.delete(root);
          else roots.set(root, levels.indexOf(op.level));
          known.roots = roots;
        },
        () => (op.level === undefined ? record.disallowRoot(root) : record.allowRoot(root, op.level)),
      );
    }
    case "grantRoot": {
      const own = state.nodes.get(me ?? state.system)!;
      const other = principal(state, op.root);
      if (other === undefined) {
        tx.root.grant(op.level);
        own.all = levels.indexOf(op.level);
      } else {
        tx.root.allowRoot(other, op.level);
        own.roots = new Map(own.roots).set(other, levels.indexOf(op.level));
      }
      return;
    }
    case "find": {
      const found = state.all(me, op.find).map(expected);
      const query = () => asked(op.find, (type, filter) => tx.nodes(type, filter));
      agree((await query().all()).map(shown), found);
      agree(await query().count(), found.length);
      agree(await query().exists(), found.length > 0);
      agree((await query().first())?.id, found[0]?.id);
      if (op.find.type === "Place") return;
      const ranks = found.map((each) => ({ id: each.id, rank: (each as { rank?: number }).rank }));
      agree(await query().select("rank").all(), ranks);
      return;
    }
    case "pages": {
      const { limit: _, isReverse: __, ...find } = op.find;
      const found = state.all(me, find).map(({ id }) => id);
      const ids: Id[] = [];
      let after: string | undefined;
      do {
        const page = await asked(find, (type, filter) => tx.nodes(type, filter))
          .limit(op.size)
          .after(after)
          .page();
        ids.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      agree(ids, found);
      return;
    }
    case "hop": {
      const at = oneOf(nodes, op.from);
      const from = await nodeOf(at);
      same(from, seen(at));
      if (from === undefined) return;
      const found = state.hop(me, from.id, op.hops);
      const [first, ...further] = op.hops;
      const query = further.reduce(stepOf, stepOf(from, first!));
      agree((await query.all()).map(shown), found.map(expected));
      agree(await query.count(), found.length);
      if (op.limit !== undefined)
        agree(
          await query.limit(op.limit).ids(),
          found.slice(0, op.limit).map(({ id }) => id),
        );
      return;
    }
    case "around": {
      const from = await nodeOf(oneOf(nodes, op.from));
      if (from === undefined) return;
      const found = state.around(me, from.id, op.hop);
      const pairs = await stepOf(from, op.hop).pairs().all();
      agree(
        pairs.map(({ edge: each, node: far }) => [shown(each), far.id]),
        found.map(({ edge: each, far }) => [expected(each), far]),
      );
      agree(await stepOf(from, op.hop).edges().ids(), [...new Set(found.map(({ edge: each }) => each.id))]);
      return;
    }
    case "edges": {
      const found = state.edgesOf(me, op.by).map(expected);
      agree((await tx.edges(edgeClasses[op.by]!).all()).map(shown), found);
      agree(await tx.edges(edgeClasses[op.by]!).count(), found.length);
    }
  }
}

/** Does it in both, and compares how that ends. What is refused leaves no trace in either. */
async function both(model: () => void, library: () => unknown): Promise<void> {
  let refusal: string | undefined;
  try {
    model();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refusal = error.code;
  }
  let code: string | undefined;
  try {
    await library();
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    code = error.code;
  }
  agree(code, refusal);
}

const thrown = new Error("thrown by the test");

async function runUnit({ graph, model }: World, { who, ops, isThrown }: Unit): Promise<void> {
  const me = principal(model.state, who);
  const next = model.state.fork();
  let code: string | undefined;
  let hasThrown = false;
  try {
    await sessionOf(graph, me).transaction(async (tx) => {
      for (const op of ops) await perform(op, tx, next, me);
      if (isThrown) throw thrown;
    });
  } catch (error) {
    hasThrown = error === thrown;
    if (!hasThrown && !(error instanceof GraphError)) throw error;
    if (!hasThrown) code = (error as GraphError).code;
  }
  if (hasThrown) return;
  agree(code, next.hasTakenKey() ? "RW_UNIQUE" : undefined);
  if (code === undefined) model.state = next.settled();
}

async function runWalk({ graph, model }: World, { who, at, throwAt }: Walk): Promise<void> {
  const me = principal(model.state, who);
  const items = [...model.state.nodes.values()].filter(({ type }) => type === "Item" || type === "Special");
  const start = oneOf(items, at);
  if (start === undefined) return;
  // What each handler did is kept; what the one that fails did is not.
  const queue = [start.id];
  const met = new Set<string>();
  const visited: string[] = [];
  let refusal: string | undefined;
  for (let id = queue.shift(); id !== undefined && refusal === undefined; id = queue.shift()) {
    const known = model.state.find(me, id);
    if (known === undefined || met.has(id)) continue;
    met.add(id);
    const next = model.state.fork();
    const here = next.find(me, id)!;
    const rank = ((here.fields.rank as number | undefined) ?? 0) + 1;
    try {
      next.edit(me, here, () => ({ rank }));
    } catch (error) {
      refusal = (error as Refused).code;
      break;
    }
    if (rank === throwAt) {
      refusal = "as it was told";
      break;
    }
    visited.push(id);
    model.state = next.settled();
    queue.push(
      ...model.state.hop(me, id, [{ direction: "out", edge: "Link", node: "Item" }]).map((each) => each.id),
    );
  }
  let ended: string | undefined;
  try {
    const { reports } = await sessionOf(graph, me).spawn(raise, { throwAt }, { at: start.id });
    agree(reports, visited);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof Disagreement) throw error;
    ended = error instanceof GraphError ? error.code : error.message;
  }
  agree(ended, refusal);
}

/** Everything, as everybody sees it. */
async function compareAll({ graph, model: { state } }: World): Promise<void> {
  const principals = [
    undefined,
    ...[...state.nodes.values()].flatMap(({ id, type }) => (type === "Root" ? id : [])),
  ];
  for (const me of principals) {
    if (me === state.system) continue;
    await sessionOf(graph, me).transaction(async (tx) => {
      for (const type of ["Item", "Place"] as const)
        await perform({ do: "find", find: { type } }, tx, state, me);
      for (const by of ["Link", "Near"] as const) await perform({ do: "edges", by }, tx, state, me);
      if (me !== undefined) return;
      for (const from of [...state.nodes.keys()].keys())
        await perform({ do: "around", from, hop: { direction: "out" } }, tx, state, me);
    });
  }
}

// ---- arbitraries

function arbitrariesOf({
  constant,
  constantFrom,
  nat,
  integer,
  option,
  oneof,
  record,
  array,
  boolean,
  tuple,
}: typeof fc) {
  const at = nat(40);
  const name = integer({ min: 0, max: 60 }).map((n) => `n${n}`);
  const rank = integer({ min: 0, max: 5 });
  const maybe = option(rank, { nil: undefined, freq: 4 });
  const by = constantFrom<EdgeType>("Link", "Strong", "Near");
  const direction = constantFrom("out", "in", "both");
  const level = constantFrom(...levels, "read", "connect", "write" as const);
  const type = constantFrom("Item", "Special", "Place");
  const find = oneof(
    record({
      type: constantFrom("Item", "Special"),
      rank: option(tuple(constantFrom("eq", "gte", "lt"), rank), { nil: undefined }),
      order: option(constantFrom("asc", "desc"), { nil: undefined }),
      isReverse: boolean(),
      limit: option(nat(6), { nil: undefined }),
    }),
    record({ type: constant("Place"), isReverse: boolean() }),
  ) as fc.Arbitrary<Find>;
  const hop = record({
    direction,
    edge: option(by, { nil: undefined }),
    minWeight: constant(undefined),
    node: option(type, { nil: undefined, freq: 2 }),
    minRank: constant(undefined),
  }).chain((plain) =>
    record({
      ...Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, constant(value)])),
      minWeight: plain.edge === undefined ? constant(undefined) : maybe,
      minRank: plain.node === undefined || plain.node === "Place" ? constant(undefined) : maybe,
    }),
  ) as unknown as fc.Arbitrary<Hop>;
  const is = <D extends Op["do"]>(what: D, weight: number, fields: object) => ({
    weight,
    arbitrary: record({ do: constant(what), ...fields }) as unknown as fc.Arbitrary<Op>,
  });
  const op = oneof(
    is("create", 6, { type, name, rank: maybe }),
    is("createMany", 1, { names: array(name, { minLength: 1, maxLength: 3 }) }),
    is("connect", 5, { from: at, name, by, weight: rank }),
    is("link", 10, { from: at, to: at, by, weight: rank }),
    is("set", 5, { at, rank: maybe }),
    is("rename", 2, { at, name }),
    is("tag", 2, { at, text: name }),
    is("weigh", 2, { at, weight: rank }),
    is("remove", 2, { at }),
    is("removeEdge", 2, { at }),
    is("disconnect", 2, { from: at, to: at, by: option(by, { nil: undefined }) }),
    is("updateAll", 1, { find, rank }),
    is("deleteAll", 1, {
      find: find.map((each) => ({
        ...each,
        rank: each.type === "Place" ? undefined : (["eq", 5] as const),
        limit: 2,
      })),
    }),
    is("disconnectAll", 1, { from: at, hop }),
    is("ensure", 2, { code: name }),
    is("grant", 4, { at, isEdge: boolean(), level }),
    is("allow", 4, { at, isEdge: boolean(), root: at, level: option(level, { nil: undefined }) }),
    is("grantRoot", 2, { root: option(at, { nil: undefined }), level }),
    is("find", 6, { find }),
    is("pages", 2, { find, size: integer({ min: 1, max: 4 }) }),
    is("hop", 6, {
      from: at,
      hops: array(hop, { minLength: 1, maxLength: 3 }),
      limit: option(nat(3), { nil: undefined }),
    }),
    is("around", 3, { from: at, hop }),
    is("edges", 1, { by }),
  );
  const who = option(nat(5), { nil: undefined, freq: 5 });
  return {
    unit: record({
      who,
      ops: array(op, { minLength: 1, maxLength: 3 }),
      isThrown: nat(11).map((n) => n === 11),
    }) as fc.Arbitrary<Unit>,
    walk: record({ who, at, throwAt: nat(9) }) as fc.Arbitrary<Walk>,
    at,
  };
}

/** A place to run over: each call of what it gives opens the same records. */
export interface ModelPlace {
  readonly name: string;
  readonly cache?: { readonly maxEntries: number };
  place(): () => Store;
}

export type RunOptions = Pick<ModelTest<never>, "runs" | "propertySeed" | "path" | "parameters">;

/** Runs of fifty steps, by the system root and by users who come and go. */
export function runModel(
  fastCheck: typeof fc,
  { cache, place }: ModelPlace,
  options: RunOptions,
): Promise<ModelReport> {
  const { unit, walk, at } = arbitrariesOf(fastCheck);
  return checkModel<Model>(fastCheck, {
    types,
    users: ["ann", "bob"],
    ...(cache !== undefined && { cache }),
    store: place,
    model: () => ({ state: new Reference("") }),
    begin: async (graph, model) => {
      model.state = new Reference(graph.root.id);
      model.state.addRoot(graph.root.id);
      for (const { id } of await graph.roots().all()) model.state.addRoot(id);
    },
    steps: ({ act, reopen }) => [
      act("unit", unit, runUnit, { weight: 40 }),
      act("walk", walk, runWalk, { weight: 4 }),
      act("compare", fastCheck.constant(undefined), compareAll, { weight: 1 }),
      act(
        "createRoot",
        fastCheck.constant(undefined),
        async ({ graph, model }) => model.state.addRoot((await graph.createRoot()).id),
        { weight: 1 },
      ),
      act(
        "deleteRoot",
        at,
        async ({ graph, model }, which) => {
          const root = principal(model.state, which);
          if (root === undefined) return;
          await graph.deleteRoot(root);
          model.state.removeRoot(root);
        },
        { weight: 1 },
      ),
      reopen({ weight: 2 }),
    ],
    end: compareAll,
    minSteps: 50,
    maxSteps: 50,
    ...options,
  });
}
