import fc from "fast-check";
import { gte, type Id, lte, type Tx, via, type WalkControls } from "../../src/index.ts";
import type { Noted, NotedCondition, NotedFind } from "../../src/testing/history/history.ts";
import {
  accessName,
  Bond,
  edgeNoted,
  Hub,
  hubState,
  Leaf,
  Link,
  leafNoted,
  leafState,
  type World,
} from "./world.ts";

/** What a unit is told to do; `at` and `arg` are numbers that each kind reads in its own way. */
export interface Operation {
  readonly kind: OperationKind;
  readonly at: number;
  readonly arg: number;
}

export type Verbs = Pick<Tx, "get" | "create" | "ensure" | "nodes" | "edges"> &
  Partial<Pick<WalkControls<unknown, unknown>, "commit">>;

/** What the operations of one unit share. */
export interface Acting {
  readonly tx: Verbs;
  readonly world: World;
  readonly isViewer: boolean;
  /** What the unit did, as the library told it: nothing of it comes from inside. */
  readonly noted: Noted[];
  readonly shared: Shared;
  /** Lets others go on. */
  pause(): Promise<unknown>;
}

/** What all units of one process share. */
export interface Shared {
  stamp(): number;
  readonly names: Record<string, string>;
  /** Every leaf that was ever made, also where its unit has not committed or never will. */
  readonly made: Id[];
  readonly firstAccess: Record<Id, number>;
  readonly weights: Record<number, Id>;
  /** Whether leaves have weights: of several processes nobody knows the others'. */
  nextWeight: number;
}

type Act = (acting: Acting, at: number, arg: number) => Promise<void>;

/** A unit saw what no moment can show, which it said by an error of its own. */
export class TwoMoments extends Error {}

// ---- searches ----------------------------------------------------------------------------------------------------------

function found(
  { noted, isViewer }: Acting,
  what: string,
  kind: "Leaf" | "Link" | "Bond",
  where: NotedCondition,
  result: readonly string[] | number,
  more: { give?: string; target?: NotedCondition } = {},
): void {
  const access: Record<string, NotedCondition> = {};
  if (kind === "Leaf") access.access = {};
  if (isViewer)
    for (const way of kind === "Leaf"
      ? ["access"]
      : kind === "Link"
        ? ["target.access"]
        : ["source.access", "target.access"])
      access[way] = { viewer: true };
  const ends = kind === "Leaf" ? {} : { source: {}, target: more.target ?? {} };
  const find: NotedFind = {
    do: "find",
    what,
    kind,
    where,
    hangingOn: { ...ends, ...access },
    found: typeof result === "number" ? result : [...new Set(result)],
    ...(more.give !== undefined && { give: more.give }),
  };
  noted.push(find);
}

const ids = (records: readonly { readonly id: Id }[]): Id[] => records.map(({ id }) => id);

/** The record, and its version where it was found; `undefined` where the principal finds none. */
async function hubAt(acting: Acting, at: number): Promise<Hub> {
  const hub = await acting.tx.get(Hub, acting.world.hubs[at % acting.world.hubs.length]!);
  // Hubs are never deleted, and anybody may write them.
  if (hub === undefined) throw new TwoMoments("a hub is gone");
  return hub;
}

function noteRead({ noted }: Acting, record: Hub | Leaf | Link | Bond): number {
  const { id, v } = record;
  noted.push({ do: "read", record: id, version: v });
  return v;
}

async function leafAt(acting: Acting, at: number): Promise<Leaf | undefined> {
  const { made } = acting.shared;
  return leafBy(acting, made[at % made.length]!);
}

async function leafBy(acting: Acting, id: Id): Promise<Leaf | undefined> {
  const leaf = await acting.tx.get(Leaf, id);
  found(acting, `leaf ${id} by its id`, "Leaf", { id }, leaf === undefined ? [] : [id]);
  return leaf;
}

function made(acting: Acting, name: string, record: Leaf | Link | Bond): void {
  const { shared, noted, isViewer } = acting;
  shared.names[record.id] = name;
  if (!(record instanceof Leaf)) {
    noted.push(edgeNoted(record));
    return;
  }
  shared.made.push(record.id);
  const first = shared.stamp();
  shared.firstAccess[record.id] = first;
  noted.push(...leafNoted(record, null, first, isViewer));
}

function newLeaf(
  { shared }: Acting,
  arg: number,
): { v: number; group: number; score: number; weight: number } {
  const v = shared.stamp();
  const at = shared.nextWeight++;
  return { v, group: arg % 2, score: (arg % 30) + v / 10_000_000, weight: 2 ** (at % 50) };
}

function weigh({ shared }: Acting, leaf: Leaf): void {
  shared.weights[Math.log2(leaf.weight)] = leaf.id;
}

/** Edges of a hub, with the fields of some of them. */
function linksOf(
  acting: Acting,
  hub: Hub,
  edges: readonly Link[],
  more: NotedCondition,
  what: string,
  arg: number,
): void {
  found(acting, `${what} of hub ${hub.id}`, "Link", { source: hub.id, ...more }, ids(edges));
  if (arg % 2 === 1) for (const link of edges) noteRead(acting, link);
}

// ---- what units do -----------------------------------------------------------------------------------------------------

const reads = {
  async "read hub"(acting, at) {
    noteRead(acting, await hubAt(acting, at));
  },
  async "read leaf"(acting, at) {
    const leaf = await leafAt(acting, at);
    if (leaf !== undefined) noteRead(acting, leaf);
  },
  async "newest leaf by id"(acting) {
    await leafBy(acting, acting.shared.made.at(-1)!);
  },
  async "get leaf"(acting, at) {
    await leafAt(acting, at);
  },
  async "compare twins"(acting, at) {
    const one = await hubAt(acting, at);
    const first = one.twin;
    await acting.pause();
    const other = await hubAt(acting, at + 1);
    if (other.twin !== first) throw new TwoMoments(`twins that are always equal: ${first} and ${other.twin}`);
  },
  async "list links"(acting, at, arg) {
    const hub = await hubAt(acting, at);
    linksOf(acting, hub, await hub.out(Link).edges().all(), {}, "links", arg);
  },
  async "links of a group"(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const group = (arg >> 1) % 2;
    linksOf(
      acting,
      hub,
      await hub.out(Link, { group }).edges().all(),
      { group },
      `links of group ${group}`,
      arg,
    );
  },
  async "oldest links"(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const limit = 1 + (arg % 2);
    const links = await hub.out(Link).edges().limit(limit).ids();
    const until: NotedCondition = links.length === limit ? { id: { to: links.at(-1)! } } : {};
    found(acting, `the first ${limit} links of hub ${hub.id}`, "Link", { source: hub.id, ...until }, links);
  },
  async "newest links"(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const limit = 1 + (arg % 2);
    const edges = await hub.out(Link).edges().reverse().limit(limit).all();
    const until: NotedCondition = edges.length === limit ? { id: { from: edges.at(-1)!.id } } : {};
    linksOf(acting, hub, edges, until, `the last ${limit} links`, arg >> 1);
  },
  async neighbours(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const leaves = await hub.out(Link).all();
    found(acting, `neighbours of hub ${hub.id}`, "Link", { source: hub.id }, ids(leaves), { give: "target" });
    if (arg % 3 === 0) for (const leaf of leaves) noteRead(acting, leaf);
  },
  async "neighbours of a group"(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const group = arg % 2;
    const leaves = await hub.out(Leaf, { group }).ids();
    found(acting, `neighbours of hub ${hub.id} in group ${group}`, "Link", { source: hub.id }, leaves, {
      give: "target",
      target: { group },
    });
  },
  async "count neighbours"(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const group = arg % 2;
    const count = await hub.out(Leaf, { group }).count();
    found(acting, `neighbours of hub ${hub.id} in group ${group}`, "Link", { source: hub.id }, count, {
      give: "target",
      target: { group },
    });
  },
  async "hubs of a leaf"(acting, at) {
    const leaf = await leafAt(acting, at);
    if (leaf === undefined) return;
    const edges = await leaf.in(Link).edges().all();
    found(acting, `links to leaf ${leaf.id}`, "Link", { target: leaf.id }, ids(edges));
  },
  async "bonds of a leaf"(acting, at) {
    const leaf = await leafAt(acting, at);
    if (leaf === undefined) return;
    const edges = await leaf.out(Bond).edges().all();
    found(acting, `bonds of leaf ${leaf.id}`, "Bond", { ends: { has: leaf.id } }, ids(edges));
  },
  async "two hops"(acting, at) {
    const hub = await hubAt(acting, at);
    const pairs = await hub.out(Link).pairs().all();
    linksOf(
      acting,
      hub,
      ids(pairs.map(({ edge }) => edge)).map((id) => ({ id }) as Link),
      {},
      "links, with their leaves,",
      0,
    );
    for (const { node: leaf } of pairs) {
      const edges = await leaf.out(Bond).edges().all();
      found(acting, `bonds of leaf ${leaf.id}`, "Bond", { ends: { has: leaf.id } }, ids(edges));
    }
  },
  async "look up a group"(acting, _at, arg) {
    const group = arg % 2;
    const leaves = await acting.tx.nodes(Leaf, { group }).all();
    found(acting, `leaves of group ${group}`, "Leaf", { group }, ids(leaves));
    if (arg % 3 === 0) for (const leaf of leaves) noteRead(acting, leaf);
  },
  async "range of scores"(acting, _at, arg) {
    const score = arg % 24;
    const isLow = arg % 2 === 0;
    const leaves = await acting.tx.nodes(Leaf, { score: isLow ? lte(score) : gte(score) }).ids();
    const what = `leaves with scores ${isLow ? "up to" : "from"} ${score}`;
    found(acting, what, "Leaf", { score: isLow ? { to: score } : { from: score } }, leaves);
  },
  async "highest scores"(acting, _at, arg) {
    const limit = 1 + (arg % 3);
    const rows = await acting.tx.nodes(Leaf).orderBy("score", "desc").limit(limit).select("score").all();
    const until: NotedCondition = rows.length === limit ? { score: { from: rows.at(-1)!.score } } : {};
    found(acting, `the ${limit} leaves of the highest scores`, "Leaf", until, ids(rows));
  },
  async "rows of a group"(acting, _at, arg) {
    const group = arg % 2;
    const rows = await acting.tx.nodes(Leaf, { group }).select("v").all();
    found(acting, `rows of group ${group}`, "Leaf", { group }, ids(rows));
    for (const { id, v } of rows) acting.noted.push({ do: "read", record: id, version: v });
  },
  async "sum of a group"(acting, _at, arg) {
    const group = arg % 2;
    const sum = await acting.tx.nodes(Leaf, { group }).sum("weight");
    const leaves: Id[] = [];
    for (let rest = sum, bit = 0; rest > 0; bit++, rest = Math.floor(rest / 2))
      if (rest % 2 === 1) leaves.push(acting.shared.weights[bit] ?? `a leaf of weight ${2 ** bit}`);
    found(acting, `leaves in the sum of group ${group}`, "Leaf", { group }, leaves);
  },
  async "scan leaves"(acting, _at, arg) {
    if (arg % 2 === 0) found(acting, "all leaves", "Leaf", {}, await acting.tx.nodes(Leaf).ids());
    else found(acting, "all leaves", "Leaf", {}, await acting.tx.nodes(Leaf).count());
  },
  async "scan links"(acting, _at, arg) {
    if (arg % 2 === 0) found(acting, "all links", "Link", {}, await acting.tx.edges(Link).ids());
    else found(acting, "all links", "Link", {}, await acting.tx.edges(Link).count());
  },
} satisfies Record<string, Act>;

const writes = {
  async "write hub"(acting, at) {
    const hub = await hubAt(acting, at);
    const from = noteRead(acting, hub);
    hub.v = acting.shared.stamp();
    acting.noted.push({ do: "write", record: hub.id, from, to: hub.v, state: hubState(hub.v) });
  },
  async "write twins"(acting, at) {
    const one = await hubAt(acting, at);
    const other = await hubAt(acting, at + 1);
    one.twin = other.twin = acting.shared.stamp();
  },
  async "write leaf"(acting, at, arg) {
    const leaf = await leafAt(acting, at);
    // Of others' leaves the viewer may read at most.
    if (leaf === undefined || acting.isViewer) return;
    const from = noteRead(acting, leaf);
    const v = acting.shared.stamp();
    leaf.v = v;
    if (arg % 2 === 0) leaf.group = 1 - leaf.group;
    if (arg % 3 === 0) leaf.score = (arg % 30) + v / 10_000_000;
    acting.noted.push({ do: "write", record: leaf.id, from, to: v, state: leafState(leaf) });
  },
  async connect(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const leaf = hub.connect(
      Leaf,
      newLeaf(acting, arg),
      via(Link, { v: acting.shared.stamp(), group: (arg >> 1) % 2 }),
    );
    weigh(acting, leaf);
    const name = `leaf ${acting.shared.made.length}`;
    made(acting, name, leaf);
    // What it has just made it finds, by the edge's only way to it.
    const [link] = await leaf.in(Link).edges().all();
    if (link === undefined) throw new TwoMoments("an edge that was just made is not there");
    made(acting, `link to ${name}`, link);
  },
  async link(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const leaf = await leafAt(acting, arg);
    if (leaf === undefined || acting.isViewer) return;
    const group = (arg >> 1) % 2;
    const made_ = hub.link(leaf, via(Link, { v: acting.shared.stamp(), group }));
    made(acting, `another link to ${acting.shared.names[leaf.id]}`, made_);
  },
  async bond(acting, at, arg) {
    const one = await leafAt(acting, at);
    const other = await leafAt(acting, arg);
    if (one === undefined || other === undefined || one === other || acting.isViewer) return;
    const { names } = acting.shared;
    made(
      acting,
      `bond of ${names[one.id]} and ${names[other.id]}`,
      one.link(other, via(Bond, { v: acting.shared.stamp() })),
    );
  },
  async unlink(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const edges = await hub.out(Link).edges().all();
    linksOf(acting, hub, edges, {}, "links", 0);
    const link = edges[arg % Math.max(1, edges.length)];
    if (link === undefined) return;
    link.delete();
    acting.noted.push({ do: "write", record: link.id, from: undefined, to: null });
  },
  async disconnect(acting, at, arg) {
    const hub = await hubAt(acting, at);
    const leaf = await leafAt(acting, arg);
    if (leaf === undefined) return;
    const edges = (await hub.out(Link).edges().all()).filter(({ targetId }) => targetId === leaf.id);
    found(
      acting,
      `links of hub ${hub.id} to leaf ${leaf.id}`,
      "Link",
      { source: hub.id, target: leaf.id },
      ids(edges),
    );
    if ((await hub.disconnect(leaf, Link)) !== edges.length)
      throw new TwoMoments("disconnect deleted other edges than were listed");
    for (const { id } of edges) acting.noted.push({ do: "write", record: id, from: undefined, to: null });
  },
  async "delete leaf"(acting, at) {
    const leaf = await leafAt(acting, at);
    if (leaf === undefined || acting.isViewer) return;
    leaf.delete();
    acting.noted.push({ do: "write", record: leaf.id, from: undefined, to: null });
  },
  async "create with a key"(acting, _at, arg) {
    const key = `key ${arg % 2}`;
    // Without a search first: that nobody has the key is for the store to see.
    const leaf = acting.tx.create(Leaf, { ...newLeaf(acting, arg), key });
    weigh(acting, leaf);
    made(acting, `leaf ${acting.shared.made.length} of ${key}`, leaf);
  },
  async "ensure a key"(acting, _at, arg) {
    if (acting.isViewer) return;
    const key = `key ${arg % 2}`;
    const fields = newLeaf(acting, arg);
    const leaf = await acting.tx.ensure(Leaf, { key }, fields);
    const isNew = leaf.v === fields.v;
    // Two may have the key for now: a leaf that the unit has made itself, and somebody's that is in its way.
    if (isNew) found(acting, `leaves of ${key}`, "Leaf", { key }, []);
    else found(acting, `leaf ${leaf.id} by ${key}`, "Leaf", { key, id: leaf.id }, [leaf.id]);
    if (!isNew) return;
    weigh(acting, leaf);
    made(acting, `leaf ${acting.shared.made.length} of ${key}`, leaf);
  },
  async "open or close"(acting, at) {
    const { world, shared, noted } = acting;
    if (acting.isViewer) return;
    const leaf = await leafBy(acting, world.leaves[at % world.leaves.length]!);
    if (leaf === undefined) return;
    const { all, roots } = leaf.$access;
    const [stamped] = roots.keys();
    const from =
      stamped === undefined ? shared.firstAccess[leaf.id]! : Number.parseInt(stamped.slice(-12), 16);
    noted.push({ do: "read", record: accessName(leaf.id), version: from });
    const viewer = all === "none";
    leaf.grant(viewer ? "read" : "none");
    // Names the version: a root that nobody is.
    const to = shared.stamp();
    if (stamped !== undefined) leaf.disallowRoot(stamped);
    leaf.allowRoot(`00000000-0000-7000-8000-${to.toString(16).padStart(12, "0")}`, "read");
    noted.push({ do: "write", record: accessName(leaf.id), from, to, state: { kind: "Access", viewer } });
  },
} satisfies Record<string, Act>;

const acts: Readonly<Record<string, Act>> = { ...reads, ...writes };

export type OperationKind = keyof typeof reads | keyof typeof writes;

export const readKinds = Object.keys(reads) as OperationKind[];
export const writeKinds = Object.keys(writes) as OperationKind[];
export const allKinds: readonly OperationKind[] = [...readKinds, ...writeKinds];

/** What a unit that commits has found besides: that nobody else has the keys of the leaves that it made. */
export function keysOf(noted: readonly Noted[]): Noted[] {
  const made = new Map<string, string>();
  for (const each of noted) {
    if (each.do !== "write") continue;
    if (each.to === null) made.delete(each.record);
    else if (each.from === null && each.state?.key !== undefined)
      made.set(each.record, String(each.state.key));
  }
  return [...made].map(([record, key]) => ({
    do: "find",
    what: `leaves of ${key}, as it committed,`,
    kind: "Leaf",
    where: { key },
    found: [record],
  }));
}

export function act(acting: Acting, { kind, at, arg }: Operation): Promise<void> {
  return acts[kind]!(acting, at, arg);
}

/** Reads all there is. */
export async function readAll(acting: Acting): Promise<void> {
  const everything: Operation[] = [
    { kind: "read hub", at: 0, arg: 0 },
    { kind: "read hub", at: 1, arg: 0 },
    { kind: "list links", at: 0, arg: 1 },
    { kind: "list links", at: 1, arg: 1 },
    { kind: "rows of a group", at: 0, arg: 0 },
    { kind: "rows of a group", at: 0, arg: 1 },
    { kind: "scan leaves", at: 0, arg: 0 },
    { kind: "neighbours", at: 0, arg: 0 },
    { kind: "neighbours of a group", at: 1, arg: 0 },
    { kind: "bonds of a leaf", at: 0, arg: 0 },
    { kind: "range of scores", at: 0, arg: 11 },
  ];
  for (const each of everything) await act(acting, each);
}

export const operation = (kinds: readonly OperationKind[]): fc.Arbitrary<Operation> =>
  fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(5), arg: fc.nat(29) });
