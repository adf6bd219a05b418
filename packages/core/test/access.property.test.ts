import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  AccessDeniedError,
  type AccessExplanation,
  type AnyEdge,
  type AnyNode,
  Edge,
  type EdgeClass,
  type Graph,
  gte,
  type Id,
  type Level,
  type NodeClass,
  node,
  openGraph,
  Root,
  type Session,
  systemRootId,
  type Tx,
  via,
  walker,
} from "../src/index.ts";
import { awkwardBase } from "../src/persistence/awkward-store.ts";
import {
  atLeast,
  type HopQuestion,
  levels,
  type ReferenceGraph,
  type ReferenceRecord,
} from "./access-reference.ts";
import {
  Door,
  denied,
  emptyReference,
  makeRoot,
  Notice,
  Room,
  Suite,
  undone,
  Wall,
  Wire,
  worldTypes,
} from "./behaviour/access-world.ts";

// For random graphs, owners, grants and rules, and each of four principals:
//   every path of reading gives what the naive reference gives, no more and no less, in its order;
//   every write succeeds or is denied as the reference says, and a denied one leaves no trace;
//   both hold in a unit that has written before, grants on roots included, and after it has committed;
//   raising a level never takes a right away, and lowering one never adds any.

/** Fills L1 so that everything else is evicted where its bounds are narrow. */
class Dust extends node("Dust", { at: z.number() }) {}

const maybeLevel = fc.option(fc.constantFrom(...levels), { nil: undefined, freq: 2 });
const level = fc.constantFrom(...levels);
const user = fc.nat(2);

interface Access {
  readonly all: Level;
  readonly roots: readonly (Level | undefined)[];
}

const access: fc.Arbitrary<Access> = fc.record({
  all: level,
  roots: fc.tuple(maybeLevel, maybeLevel, maybeLevel),
});

/** A user, or the system root. */
const owner = fc.integer({ min: -1, max: 2 });

const says = fc.oneof(
  fc.constant(""),
  level,
  fc.tuple(user, level).map(([who, what]) => ({ who, what })),
);

type Says = string | { readonly who: number; readonly what: Level };

const nodeTypes = { Room, Suite, Notice } as const;
const edgeTypes = { Edge, Door, Wire, Wall } as const;

const nodeScript = fc.record({
  type: fc.constantFrom("Room" as const, "Suite" as const, "Notice" as const, "Notice" as const),
  owner,
  access,
  says,
  size: fc.nat(4),
});
const edgeScript = fc.record({
  type: fc.constantFrom("Edge" as const, "Door" as const, "Wire" as const, "Wall" as const),
  from: fc.nat(20),
  to: fc.nat(20),
  owner,
  access: fc.option(access, { nil: undefined, freq: 2 }),
  says,
  size: fc.nat(4),
});

type Action =
  | { readonly do: "field"; readonly at: number; readonly size: number }
  | { readonly do: "says"; readonly at: number; readonly says: Says }
  | { readonly do: "grant"; readonly at: number; readonly level: Level }
  | { readonly do: "allow"; readonly at: number; readonly user: number; readonly level: Level }
  | { readonly do: "disallow"; readonly at: number; readonly user: number }
  | { readonly do: "delete"; readonly at: number }
  | {
      readonly do: "connect";
      readonly at: number;
      readonly node: keyof typeof nodeTypes;
      readonly edge: keyof typeof edgeTypes;
    }
  | { readonly do: "link"; readonly at: number; readonly to: number; readonly edge: keyof typeof edgeTypes };

/** Which record an action is about: any there is, by its number in the order of creation. */
const at = fc.nat(60);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant("field" as const), at, size: fc.nat(4) }),
  fc.record({ do: fc.constant("says" as const), at, says }),
  fc.record({ do: fc.constant("grant" as const), at, level }),
  // The first numbers are the roots'.
  fc.record({ do: fc.constant("grant" as const), at: fc.nat(3), level }),
  fc.record({ do: fc.constant("allow" as const), at, user, level }),
  fc.record({ do: fc.constant("allow" as const), at: fc.nat(3), user, level }),
  fc.record({ do: fc.constant("disallow" as const), at, user }),
  fc.record({ do: fc.constant("delete" as const), at }),
  fc.record({
    do: fc.constant("connect" as const),
    at,
    node: fc.constantFrom("Room" as const, "Suite" as const, "Notice" as const),
    edge: fc.constantFrom("Edge" as const, "Door" as const, "Wire" as const, "Wall" as const),
  }),
  fc.record({
    do: fc.constant("link" as const),
    at,
    to: at,
    edge: fc.constantFrom("Edge" as const, "Door" as const, "Wire" as const, "Wall" as const),
  }),
);

const scenario = fc.record({
  roots: fc.tuple(access, access, access, access),
  nodes: fc.array(nodeScript, { minLength: 2, maxLength: 8, size: "max" }),
  edges: fc.array(edgeScript, { maxLength: 14, size: "max" }),
  actions: fc.array(action, { maxLength: 6, size: "max" }),
  actor: fc.integer({ min: -1, max: 2 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly graph: Graph;
  readonly reference: ReferenceGraph;
  readonly users: readonly Id[];
  as(me: Id): Session;
  /** Lets L1 forget what it can. */
  readonly forget: (within: { nodes: Session["nodes"] }) => Promise<void>;
}

async function build(script: Scenario, graph: Graph, narrow: boolean): Promise<World> {
  const reference = emptyReference();
  const users: Id[] = [];
  for (let i = 0; i < 3; i++) users.push(await makeRoot(graph, reference));
  const principals = [...users, systemRootId] as const;
  const idOf = (index: number): Id => (index < 0 ? systemRootId : (users[index] as Id));
  const as = (me: Id): Session => (me === systemRootId ? graph : graph.as(me));
  if (narrow)
    await graph.transaction(
      (tx) =>
        void tx.create(
          Dust,
          [...Array(90).keys()].map((at) => ({ at })),
        ),
    );

  // At first everybody may do everything, so that anybody can own an edge between any nodes.
  await graph.transaction(async (tx) => {
    for (const id of principals) (await tx.require(Root, id)).grant("write");
  });
  const nodes: Id[] = [];
  for (const [i, each] of script.nodes.entries()) {
    const key = `n${i}`;
    const id = await as(idOf(each.owner)).transaction(
      (tx) => tx.create(nodeTypes[each.type] as typeof Room, { key, size: each.size }).id,
    );
    nodes.push(id);
    const fields: Record<string, unknown> = { key, size: each.size, tag: "" };
    if (each.type === "Suite") fields.stars = 1;
    if (each.type === "Notice") fields.says = saying(each.says, idOf);
    reference.add({
      id,
      kind: "node",
      type: each.type,
      owner: idOf(each.owner),
      fields,
      ...granted(each.access, idOf),
    });
  }
  const edges: { readonly id: Id; readonly script: Scenario["edges"][number] }[] = [];
  for (const each of script.edges) {
    const source = nodes[each.from % nodes.length] as Id;
    const target = nodes[each.to % nodes.length] as Id;
    const id = await as(idOf(each.owner)).transaction(async (tx) => {
      const from = await anyNode(tx, source, reference);
      const to = await anyNode(tx, target, reference);
      const fields = each.type === "Edge" ? {} : { size: each.size };
      return from.link(to, via(edgeTypes[each.type] as typeof Door, fields)).id;
    });
    edges.push({ id, script: each });
    const fields: Record<string, unknown> = each.type === "Edge" ? {} : { size: each.size };
    if (each.type === "Wire") fields.says = saying(each.says, idOf);
    reference.add({
      id,
      kind: "edge",
      type: each.type,
      owner: idOf(each.owner),
      source,
      target,
      fields,
      ...granted(each.access ?? { all: "read", roots: [] }, idOf),
    });
  }
  // Then it is made to be what the script says.
  for (const [i, each] of principals.entries())
    Object.assign(reference.find(each) as ReferenceRecord, granted(script.roots[i] as Access, idOf));
  await graph.transaction(async (tx) => {
    for (const record of reference.records) {
      const entity = (await get(tx, record)) as AnyNode;
      entity.grant(record.all);
      for (const [id, granted] of Object.entries(record.roots)) entity.allowRoot(id as Id, granted);
      if (record.fields.says !== undefined) (entity as unknown as Notice).says = String(record.fields.says);
    }
  });
  const forget = async (within: { nodes: Session["nodes"] }): Promise<void> => {
    if (narrow) await within.nodes(Dust).count();
  };
  return { graph, reference, users, as, forget };
}

function saying(what: Says, idOf: (index: number) => Id): string {
  return typeof what === "string" ? what : `${idOf(what.who)}=${what.what}`;
}

function granted(
  { all, roots }: Access,
  idOf: (index: number) => Id,
): Pick<ReferenceRecord, "all" | "roots"> {
  const entries: Record<string, Level> = {};
  for (const [i, each] of roots.entries()) if (each !== undefined) entries[idOf(i)] = each;
  return { all, roots: entries };
}

const classes: Readonly<Record<string, NodeClass | EdgeClass>> = { Root, ...nodeTypes, ...edgeTypes };

function get(tx: Pick<Tx, "get">, { id, type }: ReferenceRecord): Promise<AnyNode | AnyEdge | undefined> {
  return tx.get(classes[type] as typeof Room, id as Id);
}

async function anyNode(tx: Tx, id: Id, reference: ReferenceGraph): Promise<AnyNode> {
  return (await get(tx, reference.find(id) as ReferenceRecord)) as AnyNode;
}

function same(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: ${is} instead of ${should}`);
}

/** Pages of so many, until the last. */
async function paged(
  query: {
    limit(n: number): {
      page(): Promise<{ items: { id: Id }[]; next: string | undefined }>;
      after(c: string): { page(): Promise<{ items: { id: Id }[]; next: string | undefined }> };
    };
  },
  size: number,
): Promise<Id[]> {
  const ids: Id[] = [];
  let next: string | undefined;
  for (let count = 0; count === 0 || next !== undefined; count++) {
    const limited = query.limit(size);
    const page = await (next === undefined ? limited : limited.after(next)).page();
    ids.push(...page.items.map(({ id }) => id));
    next = page.next;
  }
  return [...new Set(ids)];
}

const directions = ["out", "in", "both"] as const;

/** The three methods have one face, which TypeScript cannot see in their union. */
function follow(origin: Room, direction: (typeof directions)[number]): Room["out"] {
  return (origin[direction] as Room["out"]).bind(origin);
}

const big = (fields: Readonly<Record<string, unknown>>): boolean =>
  typeof fields.size === "number" && fields.size >= 2;

/** All ways of reading, in a unit or outside. */
async function checkReads(
  tx: Pick<Tx, "get" | "nodes" | "edges" | "explainAccess">,
  world: World,
  reference: ReferenceGraph,
  all: readonly ReferenceRecord[],
  me: Id,
  hops: boolean,
): Promise<void> {
  const { forget } = world;
  await checkExplanations(tx, world, reference, all, me);
  for (const record of all) {
    const seen = reference.sees(record.id, me);
    const entity = await get(tx, record);
    same(`get ${record.type} ${record.id}`, entity?.id, seen ? record.id : undefined);
    if (entity === undefined) continue;
    const now = reference.find(record.id) as ReferenceRecord;
    same(
      `toJSON of ${record.id}`,
      sorted(entity.toJSON()),
      sorted({ id: now.id, type: now.type, ...endsIn(now), ...now.fields }),
    );
    same(
      `access of ${record.id}`,
      [entity.$access.all, sorted(Object.fromEntries(entity.$access.roots)), entity.$ownerId],
      [now.all, sorted(now.roots), now.owner],
    );
    if (record.kind === "edge" && hops) {
      const edge = entity as AnyEdge;
      await forget(tx);
      same(`ends of ${record.id}`, [edge.sourceId, edge.targetId], [record.source, record.target]);
      same("source()", ((await edge.source()) as AnyNode).id, record.source);
      same("target()", ((await edge.target()) as AnyNode).id, record.target);
    }
  }
  await forget(tx);
  for (const type of [Root, Room, Suite, Notice]) {
    const name = type.typeName;
    const expected = reference.extent(name, me);
    const nodes = () => tx.nodes(type as typeof Room);
    same(`ids of ${name}`, await nodes().ids(), expected);
    same(
      `all of ${name}`,
      (await nodes().all()).map(({ id }) => id),
      expected,
    );
    same(`count of ${name}`, await nodes().count(), expected.length);
    same(`exists of ${name}`, await nodes().exists(), expected.length > 0);
    same(`first of ${name}`, (await nodes().first())?.id, expected[0]);
    same(`reverse of ${name}`, await nodes().reverse().ids(), expected.slice().reverse());
    same(`pages of ${name}`, await paged(nodes(), 2), expected);
    const iterated: Id[] = [];
    for await (const each of nodes()) iterated.push(each.id);
    same(`for await of ${name}`, iterated, expected);
    if (type === Root) continue;
    same(
      `range of ${name}`,
      await tx.nodes(type as typeof Room, { size: gte(2) }).ids(),
      reference.extent(name, me, big),
    );
    const bySize = expected
      .map((id) => Number((reference.find(id) as ReferenceRecord).fields.size))
      .sort((left, right) => left - right);
    same(
      `order of ${name}`,
      (await nodes().orderBy("size").all()).map(({ size }) => size),
      bySize,
    );
    same(
      `limit of order of ${name}`,
      (await nodes().orderBy("size").limit(2).all()).map(({ size }) => size),
      bySize.slice(0, 2),
    );
    for (const { id, fields } of all.filter((record) => record.type === name)) {
      const key = String(fields.key);
      const holder = reference.extent(name, me, (each) => each.key === key);
      same(`unique ${key}`, await tx.nodes(type as typeof Room, { key }).ids(), holder);
      same(`unique count of ${id}`, await tx.nodes(type as typeof Room, { key }).count(), holder.length);
    }
  }
  await forget(tx);
  for (const type of Object.values(edgeTypes)) {
    const expected = reference.extent(type.typeName, me);
    same(`edges of ${type.typeName}`, await tx.edges(type as typeof Door).ids(), expected);
    same(`count of ${type.typeName}`, await tx.edges(type as typeof Door).count(), expected.length);
    same(`pages of ${type.typeName}`, await paged(tx.edges(type as typeof Door), 2), expected);
    if (type !== Edge)
      same(
        `filtered ${type.typeName}`,
        await tx.edges(type as typeof Door, { size: gte(2) }).ids(),
        reference.extent(type.typeName, me, big),
      );
  }
  if (hops) await checkHops(tx, world, reference, all, me);
}

function endsIn({ kind, source, target }: ReferenceRecord): object {
  return kind === "edge" ? { sourceId: source, targetId: target } : {};
}

const asked = ["read", "connect", "write"] as const;

/** Each explanation is the decision: level, step and all; and of what is not seen nothing is told. */
async function checkExplanations(
  tx: Pick<Tx, "get" | "explainAccess">,
  { users }: World,
  reference: ReferenceGraph,
  all: readonly ReferenceRecord[],
  me: Id,
): Promise<void> {
  for (const [i, each] of all.entries()) {
    const required = asked[i % 3] as (typeof asked)[number];
    const { id } = each;
    const record = reference.find(id);
    const isSeen = reference.sees(id, me);
    const told = await tx.explainAccess(id as Id, required);
    const where = `${required} on ${id} explained`;
    if (!isSeen || record === undefined) {
      const nothing = await tx.explainAccess(noId, required);
      same(`${where}, which is not seen`, JSON.stringify(told), JSON.stringify(nothing).replaceAll(noId, id));
      same(where, told.step, me === systemRootId ? "absent" : "hidden");
    } else {
      same(where, decided(told), expectedExplanation(reference, record, required, me));
      const entity = (await get(tx, record)) as AnyNode;
      same(`${where} by the record`, await tx.explainAccess(entity, required), told);
    }
    for (const other of users) {
      if (other === me) continue;
      const ends = record?.kind === "edge" ? [record.source, record.target] : [];
      const owners = [record, ...ends.map((end) => reference.find(end as string))];
      const mayAsk =
        me === systemRootId || (isSeen && owners.every((owned) => (owned as ReferenceRecord).owner === me));
      const about = await outcomeOf(() => tx.explainAccess(id as Id, required, { for: other }));
      const at = `${where} for ${other}`;
      if (!mayAsk) same(at, about, denied(id, "write", isSeen ? reference.level(id, me) : "none"));
      else if (record === undefined) same(at, (about as AccessExplanation).step, "absent");
      else same(at, decided(about), expectedExplanation(reference, record, required, other));
    }
  }
}

/** Without the words. */
function decided(told: unknown): unknown {
  return JSON.parse(JSON.stringify(told, (key, value) => (key === "because" ? undefined : value)));
}

/** An id that no record has. */
const noId = "01900000-0000-7000-8000-0000000000ff";

/** The answer, or what was denied. */
async function outcomeOf<T>(call: () => Promise<T>): Promise<T | string> {
  let answer: T | undefined;
  const told = await attempt(async () => {
    answer = await call();
  });
  return answer ?? told;
}

function expectedExplanation(
  reference: ReferenceGraph,
  record: ReferenceRecord,
  required: (typeof asked)[number],
  me: Id,
): object {
  const own = reference.levelOf(record, me);
  const isSeen = reference.sees(record.id, me);
  const level = isSeen ? own : "none";
  const end = (id: string | undefined): object =>
    expectedExplanation(reference, reference.find(id as string) as ReferenceRecord, "read", me);
  return {
    allowed: atLeast(level, required),
    level,
    required,
    step: !isSeen && own !== "none" ? "end" : reference.stepOf(record, me),
    principal: me,
    record: record.id as Id,
    type: record.type,
    ends: record.kind === "edge" ? { source: end(record.source), target: end(record.target) } : undefined,
  };
}

async function checkHops(
  tx: Pick<Tx, "get">,
  world: World,
  reference: ReferenceGraph,
  all: readonly ReferenceRecord[],
  me: Id,
): Promise<void> {
  for (const record of all) {
    if (record.kind === "edge" || !reference.sees(record.id, me)) continue;
    const origin = (await get(tx, record)) as Room;
    await world.forget(tx as Tx);
    for (const direction of directions) {
      const ask = async (
        what: string,
        question: HopQuestion,
        type?: NodeClass | EdgeClass,
        filter?: object,
      ): Promise<void> => {
        const query = () =>
          type === undefined ? origin[direction]() : follow(origin, direction)(type as typeof Door, filter);
        const pairs = reference.pairsFrom(record.id, question, me);
        const ids = [...new Set(pairs.map((pair) => pair.node))];
        const where = `${direction} ${what} of ${record.id}`;
        same(`ids ${where}`, await query().ids(), ids);
        same(`count ${where}`, await query().count(), ids.length);
        same(`first ${where}`, ((await query().first()) as AnyNode | undefined)?.id, ids[0]);
        same(`exists ${where}`, await query().exists(), ids.length > 0);
        same(
          `edges ${where}`,
          await query().edges().ids(),
          pairs.map((pair) => pair.edge),
        );
        same(
          `pairs ${where}`,
          (await query().pairs().all()).map((pair) => ({
            edge: pair.edge.id,
            node: (pair.node as AnyNode).id,
          })),
          pairs,
        );
        same(
          `newest ${where}`,
          await query().edges().reverse().limit(2).ids(),
          pairs
            .map((pair) => pair.edge)
            .reverse()
            .slice(0, 2),
        );
        same(`pages ${where}`, await paged(query() as never, 2), ids);
        same(
          `edge pages ${where}`,
          await paged(query().edges() as never, 2),
          pairs.map((pair) => pair.edge),
        );
      };
      await ask("everything", { direction });
      for (const type of [Door, Wire, Wall])
        await ask(type.typeName, { direction, edgeType: type.typeName }, type);
      for (const type of [Room, Notice])
        await ask(type.typeName, { direction, nodeType: type.typeName }, type);
      await ask("big doors", { direction, edgeType: "Door", edgeTest: big }, Door, { size: gte(2) });
      await ask("big rooms", { direction, nodeType: "Room", nodeTest: big }, Room, { size: gte(2) });
      const next = reference.hop(reference.hop([record.id], { direction }, me), { direction: "both" }, me);
      same(`two hops ${direction} of ${record.id}`, await origin[direction]().both().ids(), next);
      for (const [min, max] of [
        [0, 2],
        [1, 3],
      ] as const) {
        const found = reference.deep(record.id, { direction, nodeType: "Room" }, min, max, me);
        same(
          `deep ${direction} ${min} of ${record.id}`,
          await follow(origin, direction)(Room, {}, { depth: [min, max] }).ids(),
          found,
        );
      }
    }
  }
}

function sorted(fields: object): unknown {
  return Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1));
}

// Walks

let visited: Id[] = [];
const note = (_: unknown, here: AnyNode | AnyEdge): void => {
  visited.push(here.id);
};
const nodeTypesToNote = [Root, Room, Notice] as const;
const edgeTypesToNote = [Edge, Door, Wire, Wall] as const;
const around = walker("around", {})
  .entry((w, here) => void w.visit((here as AnyNode).both()))
  .entry(nodeTypesToNote, note);
const across = walker("across", {})
  .entry((w, here) => void w.visit((here as AnyNode).both().edges()))
  .entry(nodeTypesToNote, note)
  .entry(edgeTypesToNote, note);
const rooms = walker("rooms", {})
  .entry((w) => void w.visit(w.nodes(Room)))
  .entry(nodeTypesToNote, note);

async function checkWalks(world: World, reference: ReferenceGraph, me: Id): Promise<void> {
  const session = world.as(me);
  const run = async (which: typeof around, id: string): Promise<Id[]> => {
    visited = [];
    await world.forget(session);
    await session.spawn(which, {}, { at: id as Id });
    return visited;
  };
  for (const { id, kind } of reference.records) {
    const seen = reference.sees(id, me);
    if (kind === "edge") {
      const edge = reference.find(id) as ReferenceRecord;
      same(
        `walk to edge ${id}`,
        new Set(await run(rooms, id)).has(edge.target as Id),
        seen || (reference.extent("Room", me).includes(edge.target as string) && seen),
      );
      continue;
    }
    const pairs = reference.pairsFrom(id, { direction: "both" }, me);
    same(
      `walk around ${id}`,
      await run(around, id),
      seen ? [id, ...new Set(pairs.map(({ node }) => node))] : [],
    );
    const met = new Set<string>();
    const over = pairs.flatMap(({ edge, node }) => {
      const isNew = !met.has(node);
      met.add(node);
      return isNew ? [edge, node] : [edge];
    });
    same(`walk across from ${id}`, await run(across, id), seen ? [id, ...over] : []);
    same(`walk to rooms from ${id}`, await run(rooms, id), seen ? [id, ...reference.extent("Room", me)] : []);
  }
}

// Writes

/** What a call did, or the denial as text. Where it is denied the record must be as it was. */
async function attempt(call: () => unknown): Promise<string> {
  try {
    await call();
    return "done";
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    return denied(error.target, error.required, error.actual);
  }
}

let made = 0;

/** Does what the actions say in the unit and, where the reference allows it, in the reference too. */
async function act(
  tx: Tx,
  world: World,
  reference: ReferenceGraph,
  actions: readonly Action[],
  me: Id,
): Promise<void> {
  for (const action of actions) {
    const record = reference.records[action.at % reference.records.length] as ReferenceRecord;
    if (!reference.sees(record.id, me)) continue;
    const entity = (await get(tx, record)) as Room;
    await world.forget(tx);
    const actual = reference.level(record.id, me);
    const change = async (what: string, call: () => unknown, apply: () => void): Promise<void> => {
      const allowed = actual === "write";
      same(
        `${what} ${record.id}`,
        await attempt(call),
        allowed ? "done" : denied(record.id, "write", actual),
      );
      if (allowed) apply();
    };
    const size = record.fields.size === undefined ? undefined : action.at % 5;
    switch (action.do) {
      case "field":
        if (size === undefined) break;
        await change(
          "field of",
          () => {
            entity.size = action.size;
          },
          () => {
            record.fields.size = action.size;
          },
        );
        break;
      case "says": {
        if (record.fields.says === undefined) break;
        const text = saying(action.says, (index) => world.users[index] as Id);
        await change(
          "says of",
          () =>
            entity.update((draft) => {
              (draft as unknown as { says: string }).says = text;
            }),
          () => {
            record.fields.says = text;
          },
        );
        break;
      }
      case "grant":
        await change(
          "grant on",
          () => (action.level === "none" ? entity.revoke() : entity.grant(action.level)),
          () => {
            record.all = action.level;
          },
        );
        break;
      case "allow": {
        const id = world.users[action.user] as Id;
        await change(
          "allowRoot on",
          () => entity.allowRoot(id, action.level),
          () => {
            record.roots[id] = action.level;
          },
        );
        break;
      }
      case "disallow": {
        const id = world.users[action.user] as Id;
        await change(
          "disallowRoot on",
          () => entity.disallowRoot(id),
          () => {
            delete record.roots[id];
          },
        );
        break;
      }
      case "delete": {
        if (record.type === "Root") break;
        const may = record.kind === "node" ? actual === "write" : reference.mayRemoveEdge(record.id, me);
        same(
          `delete ${record.id}`,
          await attempt(() => entity.delete()),
          may ? "done" : denied(record.id, "write", actual),
        );
        if (may) reference.remove(record.id);
        break;
      }
      case "connect": {
        if (record.kind === "edge") break;
        made += 1;
        const key = `new ${made}`;
        const may = atLeast(actual, "connect");
        let node: Room | undefined;
        const told = await attempt(() => {
          node = entity.connect(
            nodeTypes[action.node] as typeof Room,
            { key, size: 3 },
            via(edgeTypes[action.edge] as typeof Door, {}),
          );
        });
        same(`connect ${record.id}`, told, may ? "done" : denied(record.id, "connect", actual));
        if (node === undefined) break;
        const fields: Record<string, unknown> = { key, size: 3, tag: "" };
        if (action.node === "Suite") fields.stars = 1;
        if (action.node === "Notice") fields.says = "";
        reference.add({
          id: node.id,
          kind: "node",
          type: action.node,
          owner: me,
          fields,
          all: "none",
          roots: {},
          createdBy: me,
        });
        const [edge] = await node
          .in(edgeTypes[action.edge] as typeof Door)
          .edges()
          .all();
        noteEdge(reference, edge as AnyEdge, action.edge, record.id, node.id, me);
        break;
      }
      case "link": {
        const other = reference.records[action.to % reference.records.length] as ReferenceRecord;
        if (record.kind === "edge" || other.kind === "edge" || !reference.sees(other.id, me)) break;
        const to = (await get(tx, other)) as AnyNode;
        let edge: AnyEdge | undefined;
        const told = await attempt(() => {
          edge = entity.link(to, via(edgeTypes[action.edge] as typeof Door, {}));
        });
        const closed = [record, other].find((end) => !atLeast(reference.level(end.id, me), "connect"));
        same(
          `link ${record.id} to ${other.id}`,
          told,
          closed === undefined ? "done" : denied(closed.id, "connect", reference.level(closed.id, me)),
        );
        if (edge !== undefined) noteEdge(reference, edge, action.edge, record.id, other.id, me);
        break;
      }
    }
  }
}

function noteEdge(
  reference: ReferenceGraph,
  edge: AnyEdge,
  type: keyof typeof edgeTypes,
  source: string,
  target: string,
  me: Id,
): void {
  const fields: Record<string, unknown> = type === "Edge" ? {} : { size: 0 };
  if (type === "Wire") fields.says = "";
  reference.add({
    id: edge.id,
    kind: "edge",
    type,
    owner: me,
    source,
    target,
    fields,
    all: "read",
    roots: {},
    createdBy: me,
  });
}

/** Each write by itself, in a unit that has done the actions before and is undone after it. */
async function checkWrites(world: World, actions: readonly Action[], me: Id): Promise<void> {
  const session = world.as(me);
  const within = async (body: (tx: Tx, reference: ReferenceGraph) => Promise<void>): Promise<void> =>
    undone(session, async (tx) => {
      const reference = world.reference.copy();
      await act(tx, world, reference, actions, me);
      await world.forget(tx);
      await body(tx, reference);
    });
  const names = ["Room", "Suite", "Notice"] as const;
  for (const name of names) {
    await within(async (tx, reference) => {
      const type = nodeTypes[name] as typeof Room;
      const found = reference.extent(name, me);
      const closed = found.find((id) => reference.level(id, me) !== "write");
      const expected = closed === undefined ? "done" : denied(closed, "write", reference.level(closed, me));
      const edit = (draft: { tag: string }): void => {
        draft.tag = "edited";
      };
      let count = -1;
      const update = await attempt(async () => {
        count = await tx.nodes(type).updateAll(edit);
      });
      same(`updateAll of ${name}`, update, expected);
      if (closed === undefined) same(`count of updateAll of ${name}`, count, found.length);
      for (const id of found) {
        const record = reference.find(id) as ReferenceRecord;
        if (closed === undefined) record.fields.tag = "edited";
        same(`tag of ${id}`, ((await get(tx, record)) as Room).tag, record.fields.tag);
      }
      // What was written may have changed what a rule says; nothing here does.
      same(`deleteAll of ${name}`, await attempt(() => tx.nodes(type).deleteAll()), expected);
      same(`left of ${name}`, await tx.nodes(type).ids(), closed === undefined ? [] : found);
    });
  }
  for (const record of world.reference.records) {
    if (record.kind === "edge") continue;
    await within(async (tx, reference) => {
      if (!reference.sees(record.id, me)) return;
      const entity = (await get(tx, record)) as Room;
      const pairs = reference.pairsFrom(record.id, { direction: "out" }, me);
      const closed = pairs.find(({ edge }) => !reference.mayRemoveEdge(edge, me));
      const expected =
        closed === undefined ? "done" : denied(closed.edge, "write", reference.level(closed.edge, me));
      same(`disconnectAll of ${record.id}`, await attempt(() => entity.out().disconnectAll()), expected);
      const left = closed === undefined ? [] : pairs.map(({ edge }) => edge);
      same(`edges left of ${record.id}`, await entity.out().edges().ids(), left);
    });
    await within(async (tx, reference) => {
      if (!reference.sees(record.id, me)) return;
      const entity = (await get(tx, record)) as Room;
      for (const other of reference.hop([record.id], { direction: "out" }, me)) {
        const pairs = reference
          .pairsFrom(record.id, { direction: "out" }, me)
          .filter(({ node }) => node === other);
        const closed = pairs.find(({ edge }) => !reference.mayRemoveEdge(edge, me));
        const to = (await get(tx, reference.find(other) as ReferenceRecord)) as AnyNode;
        let count = -1;
        const told = await attempt(async () => {
          count = await entity.disconnect(to);
        });
        const expected =
          closed === undefined ? "done" : denied(closed.edge, "write", reference.level(closed.edge, me));
        same(`disconnect ${record.id} from ${other}`, told, expected);
        if (closed !== undefined) continue;
        same(`edges between ${record.id} and ${other}`, count, pairs.length);
        for (const { edge } of pairs) reference.remove(edge);
      }
      same(
        `edges of ${record.id}`,
        await entity.out().edges().ids(),
        reference.pairsFrom(record.id, { direction: "out" }, me).map(({ edge }) => edge),
      );
    });
    if (record.type !== "Room") continue;
    await within(async (tx, reference) => {
      const key = String(record.fields.key);
      const [known] = reference.extent("Room", me, (fields) => fields.key === key);
      const ensured = await tx.ensure(Room, { key }, { size: 1 });
      same(`ensure ${key}`, ensured.id === record.id, known !== undefined);
    });
  }
}

async function check(script: Scenario, graph: Graph, narrow: boolean, light: boolean): Promise<void> {
  const world = await build(script, graph, narrow);
  const { reference, users, as } = world;
  const actors = light ? [users[Math.max(0, script.actor)] as Id] : [systemRootId, ...users];
  for (const me of actors) {
    const all = reference.records.slice();
    await checkReads(as(me), world, reference, all, me, false);
    await as(me).transaction((tx) => checkReads(tx, world, reference, all, me, true));
    await checkWalks(world, reference, me);
    await undone(as(me), async (tx) => {
      const own = reference.copy();
      await act(tx, world, own, script.actions, me);
      const known = [...own.records, ...all.filter(({ id }) => own.find(id) === undefined)];
      await checkReads(tx, world, own, known, me, true);
    });
    await checkWrites(world, script.actions, me);
  }
  // What is committed is what was seen before it was.
  const actor = script.actor < 0 ? systemRootId : (users[script.actor] as Id);
  await as(actor).transaction((tx) => act(tx, world, reference, script.actions, actor));
  for (const record of reference.records) record.createdBy = undefined;
  for (const me of actors)
    await as(me).transaction((tx) => checkReads(tx, world, reference, reference.records, me, true));
  // A root goes with everything it owns.
  const [first, ...others] = users as [Id, ...Id[]];
  await graph.deleteRoot(first);
  const all = reference.records.slice();
  for (const { id, owner } of all) if (owner === first) reference.remove(id);
  const left = all.filter(({ type }) => type !== "Root");
  for (const me of light ? [] : [systemRootId, ...others])
    await as(me).transaction((tx) => checkReads(tx, world, reference, left, me, true));
}

const types = [...worldTypes, Dust];

async function withGraph(
  options: Partial<Parameters<typeof openGraph>[0]>,
  body: (graph: Graph) => Promise<void>,
): Promise<void> {
  const graph = await openGraph({ types, ...options });
  try {
    await body(graph);
  } finally {
    await graph.close();
  }
}

describe("access equals the reference on every path", () => {
  it("over memory", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, (script) => withGraph({}, (graph) => check(script, graph, false, false))),
      { numRuns: 25 },
    );
  });

  it("over memory, with L1 of 64 entries", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, (script) =>
        withGraph({ cache: { maxEntries: 64 } }, (graph) => check(script, graph, true, true)),
      ),
      { numRuns: 25 },
    );
  });

  it("over a store that answers late and out of order", async () => {
    let seed = 0;
    await fc.assert(
      fc.asyncProperty(scenario, (script) => {
        seed += 1;
        const store = awkwardBase({ seed }).connect();
        return withGraph({ store, cache: { maxEntries: 64 } }, (graph) => check(script, graph, true, true));
      }),
      { numRuns: 4 },
    );
  });
});

// Laws

/** What somebody may do with each record, told by the library alone. */
async function rights(world: World, me: Id): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  await undone(world.as(me), async (tx) => {
    for (const record of world.reference.records) {
      const entity = (await get(tx, record)) as Room | undefined;
      if (entity === undefined) continue;
      // Denied or done, it changes nothing.
      const told = await attempt(() => entity.disallowRoot(systemRootId));
      const had = told === "done" ? "write" : told.slice(told.lastIndexOf(" ") + 1);
      found.set(record.id, levels.indexOf(had as Level));
    }
  });
  return found;
}

describe("levels", () => {
  it("raised never take a right away, and lowered never add one", async () => {
    const raise = fc.record({ at: fc.nat(40), user: fc.option(user, { nil: undefined }), to: level });
    await fc.assert(
      fc.asyncProperty(scenario, raise, (script, { at, user: who, to }) =>
        withGraph({}, async (graph) => {
          const world = await build(script, graph, false);
          const { reference, users } = world;
          const record = reference.records[at % reference.records.length] as ReferenceRecord;
          const id = who === undefined ? undefined : (users[who] as Id);
          const from = id === undefined ? record.all : record.roots[id];
          // An entry that was not there replaces what was, so only one that is there is raised.
          if (from === undefined) return;
          const before = await Promise.all(users.map((me) => rights(world, me)));
          await graph.transaction(async (tx) => {
            const entity = (await get(tx, record)) as Room;
            if (id === undefined) entity.grant(to);
            else entity.allowRoot(id, to);
          });
          const after = await Promise.all(users.map((me) => rights(world, me)));
          const isRaised = atLeast(to, from);
          const [less, more] = isRaised ? [before, after] : [after, before];
          for (const [i, rightsOf] of less.entries())
            for (const [each, had] of rightsOf)
              expect((more[i] as Map<string, number>).get(each) ?? 0).toBeGreaterThanOrEqual(had);
        }),
      ),
      { numRuns: 60 },
    );
  });
});

// Units that are open while others grant, revoke, write and delete

interface Probe {
  readonly what: string;
  read(tx: Tx): Promise<unknown>;
  expected(reference: ReferenceGraph, me: Id): unknown;
}

/** One way of reading each, so that nothing else guards what it saw. */
function probesOf(reference: ReferenceGraph): Probe[] {
  const probes: Probe[] = [];
  for (const type of [Room, Notice]) {
    const name = type.typeName;
    probes.push(
      {
        what: `count of ${name}`,
        read: (tx) => tx.nodes(type as typeof Room).count(),
        expected: (now, me) => now.extent(name, me).length,
      },
      {
        what: `range of ${name}`,
        read: (tx) => tx.nodes(type as typeof Room, { size: gte(2) }).ids(),
        expected: (now, me) => now.extent(name, me, big),
      },
    );
  }
  for (const type of [Door, Wire, Wall])
    probes.push({
      what: `count of ${type.typeName}`,
      read: (tx) => tx.edges(type as typeof Door).count(),
      expected: (now, me) => now.extent(type.typeName, me).length,
    });
  for (const record of reference.records) {
    probes.push({
      what: `get ${record.id}`,
      read: async (tx) => (await get(tx, record))?.id ?? null,
      expected: (now, me) => (now.sees(record.id, me) ? record.id : null),
    });
    if (record.kind === "edge" || record.type === "Root") continue;
    for (const direction of directions) {
      const from = async (tx: Tx): Promise<Room> => (await get(tx, record)) as Room;
      probes.push(
        {
          what: `count ${direction} of ${record.id}`,
          read: async (tx) => (await from(tx))?.[direction]().count() ?? 0,
          expected: (now, me) => now.hop([record.id], { direction }, me).length,
        },
        {
          what: `edges ${direction} of ${record.id}`,
          read: async (tx) => (await from(tx))?.[direction]().edges().ids() ?? [],
          expected: (now, me) => now.pairsFrom(record.id, { direction }, me).map(({ edge }) => edge),
        },
        {
          what: `big ${direction} of ${record.id}`,
          read: async (tx) => {
            const origin = await from(tx);
            return origin === undefined ? 0 : follow(origin, direction)(Room, { size: gte(2) }).count();
          },
          expected: (now, me) =>
            now.hop([record.id], { direction, nodeType: "Room", nodeTest: big }, me).length,
        },
        {
          what: `two hops ${direction} of ${record.id}`,
          read: async (tx) => (await from(tx))?.[direction]().both().ids() ?? [],
          expected: (now, me) => now.hop(now.hop([record.id], { direction }, me), { direction: "both" }, me),
        },
      );
    }
  }
  return probes;
}

describe("an open unit", () => {
  const disturbed = fc.record({
    script: scenario,
    rounds: fc.array(fc.record({ probe: fc.nat(300), me: user, action }), {
      minLength: 10,
      maxLength: 30,
      size: "max",
    }),
  });

  type Run = typeof disturbed extends fc.Arbitrary<infer T> ? T : never;

  /** @param reader where the open units are: the graph in which things happen, or another one on the same place */
  async function disturb(
    { script, rounds }: Run,
    graph: Graph,
    reader: Graph,
    narrow: boolean,
  ): Promise<void> {
    const world = await build(script, graph, narrow);
    const { reference, users } = world;
    await reader.refresh();
    for (const round of rounds) {
      const me = users[round.me] as Id;
      const probes = probesOf(reference);
      const probe = probes[round.probe % probes.length] as Probe;
      let runs = 0;
      const seen = await reader.as(me).transaction(async (tx) => {
        runs += 1;
        const before = await probe.read(tx);
        if (runs === 1) {
          await graph.transaction((other) => act(other, world, reference, [round.action], systemRootId));
          for (const record of reference.records) record.createdBy = undefined;
          await reader.refresh();
        }
        const after = await probe.read(tx);
        same(`${probe.what}, twice in one unit, around ${JSON.stringify(round.action)}`, after, before);
        return after;
      });
      same(`${probe.what} after ${JSON.stringify(round.action)}`, seen, probe.expected(reference, me));
    }
  }

  it("sees one moment, whatever others grant meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(disturbed, (run) => withGraph({}, (graph) => disturb(run, graph, graph, false))),
      { numRuns: 100 },
    );
  });

  it("sees one moment, with L1 of 64 entries", async () => {
    await fc.assert(
      fc.asyncProperty(disturbed, (run) =>
        withGraph({ cache: { maxEntries: 64 } }, (graph) => disturb(run, graph, graph, true)),
      ),
      { numRuns: 40 },
    );
  });

  it("sees one moment, whatever another process grants meanwhile", async () => {
    let seed = 0;
    await fc.assert(
      fc.asyncProperty(disturbed, (run) => {
        seed += 1;
        const base = awkwardBase({ seed });
        return withGraph({ store: base.connect() }, (graph) =>
          withGraph({ store: base.connect() }, (reader) => disturb(run, graph, reader, false)),
        );
      }),
      { numRuns: 12 },
    );
  });
});
