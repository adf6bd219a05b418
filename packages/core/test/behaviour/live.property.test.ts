// Laws of live results, for each principal, whoever commits, in this process or another:
// 1. When everything has settled, a live result is what the same read gives when it is made again.
// 2. The steps that an update tells lead from what was told before to what it gives.
// 3. An update is told only where something changed.
// 4. What a watch tells adds up to the records that there are and that its principal may see; nothing is told twice, and
//    of nothing that the principal does not know is told that it changed or is gone.

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import {
  type Changes,
  edge,
  type Graph,
  gte,
  type Id,
  type Level,
  type Live,
  type LiveUpdate,
  lt,
  type NestedStart,
  type NodeClass,
  node,
  not,
  type Reading,
  type RecordChange,
  type Session,
  type Tx,
  via,
  type Watchable,
} from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Thing extends node("Thing", { group: z.string(), rank: z.int().optional() }, { index: ["rank"] }) {}
class Special extends Thing.extend("Special", { level: z.int().default(0) }) {}
/** Whose field says who may see it. */
class Notice extends node(
  "Notice",
  { group: z.string(), rank: z.int().optional(), says: z.string().default("") },
  { access: ({ says }) => (says === "" ? undefined : (says as Level)) },
) {}
class Link extends edge("Link", { rank: z.int().optional() }) {}
class Near extends edge("Near", { rank: z.int().optional() }, { undirected: true }) {}
const types = [Thing, Special, Notice, Link, Near];
const nodeTypes = [Thing, Special, Notice] as const;

// ---- what happens ----------------------------------------------------------------------------------------------

const small = fc.nat({ max: 4 });
const levels: readonly Level[] = ["none", "read", "connect", "write"];
const write = fc.record({
  do: fc.constantFrom(
    "create",
    "create",
    "connect",
    "connect",
    "link",
    "link",
    "set",
    "set",
    "set",
    "setEdge",
    "delete",
    "deleteEdge",
    "grant",
    "allow",
    "disallow",
    "grantRoot",
    "allowRoot",
  ),
  who: fc.nat({ max: 2 }),
  at: fc.nat({ max: 40 }),
  to: fc.nat({ max: 40 }),
  type: fc.nat({ max: 2 }),
  level: fc.constantFrom(...levels),
  rank: fc.option(small, { nil: undefined, freq: 5 }),
  group: fc.constantFrom("a", "b"),
});
type Write = typeof write extends fc.Arbitrary<infer W> ? W : never;

/** One commit: by whom, through which graph, of what. */
const commit = fc.record({
  by: fc.nat({ max: 2 }),
  through: fc.nat({ max: 1 }),
  writes: fc.array(write, { minLength: 1, maxLength: 3 }),
});

async function apply(tx: Tx, made: Write, roots: readonly Id[]): Promise<void> {
  const all = async (): Promise<Thing[]> => [
    ...(await tx.nodes(Thing).all()),
    ...((await tx.nodes(Notice).all()) as unknown as Thing[]),
  ];
  const one = async (at: number): Promise<Thing | undefined> => {
    const things = await all();
    return things.length === 0 ? undefined : things[at % things.length];
  };
  const anEdge = async (): Promise<Link | undefined> => {
    const edges = [...(await tx.edges(Link).all()), ...((await tx.edges(Near).all()) as unknown as Link[])];
    return edges.length === 0 ? undefined : edges[made.at % edges.length];
  };
  const fields = {
    group: made.group,
    rank: made.rank,
    ...(made.type === 2 && made.at % 2 === 0 && { says: made.level }),
  };
  const type = nodeTypes[made.type] as NodeClass as typeof Thing;
  const edgeType = (made.at % 2 === 0 ? Link : Near) as typeof Link;
  const record = await one(made.at);
  switch (made.do) {
    case "create":
      tx.create(type, fields);
      return;
    case "connect":
      (record ?? tx.root).connect(type, fields, via(edgeType, { rank: made.rank }));
      return;
    case "link":
      record?.link((await one(made.to))!, via(edgeType, { rank: made.rank }));
      return;
    case "set":
      record?.update((draft) => {
        Object.assign(draft, { group: made.group, rank: made.rank });
        if (record.$type === "Notice") Object.assign(draft, { says: made.at % 2 === 0 ? made.level : "" });
      });
      return;
    case "setEdge":
      (await anEdge())?.update((draft) => {
        draft.rank = made.rank;
      });
      return;
    case "delete":
      record?.delete();
      return;
    case "deleteEdge":
      (await anEdge())?.delete();
      return;
    case "grant":
      record?.grant(made.level);
      return;
    case "allow":
      record?.allowRoot(roots[made.who % roots.length]!, made.level);
      return;
    case "disallow":
      record?.disallowRoot(roots[made.who % roots.length]!);
      return;
    case "grantRoot":
      tx.root.grant(made.level);
      return;
    case "allowRoot":
      tx.root.allowRoot(roots[made.who % roots.length]!, made.level);
  }
}

// ---- what is read ----------------------------------------------------------------------------------------------

// biome-ignore lint/suspicious/noExplicitAny: queries of every kind in one list
type AnyQuery = any;

/** Queries of every kind, each with numbers of its own. */
const lists: readonly ((from: Session, n: number) => AnyQuery)[] = [
  (from) => from.nodes(Thing),
  (from, n) => from.nodes(Thing, { rank: gte(n) }),
  (from, n) => from.nodes(Thing).orderBy("rank", n % 2 === 0 ? "asc" : "desc"),
  (from, n) => from.nodes(Thing).orderBy("rank").limit(n),
  (from, n) =>
    from
      .nodes(Notice)
      .reverse()
      .limit(n + 1),
  (from) => from.nodes(Special, { group: "a" }),
  (from) =>
    from
      .nodes(Notice)
      .filter(not({ group: "b" }))
      .orderBy("group"),
  (from, n) => from.edges(Link, { rank: lt(n) }),
  (from) => from.edges(Near).reverse(),
  (from) => from.root.out(),
  (from, n) => from.root.out(Link).limit(n),
  (from, n) => from.root.out(undefined as never, undefined, { depth: [1, n + 1] }),
  (from) => from.nodes(Thing, { group: "a" }).out(Thing),
  (from, n) =>
    from
      .nodes(Thing)
      .both(Near, { rank: gte(n) })
      .edges(),
  (from, n) =>
    from
      .nodes(Thing)
      .out(Link)
      .pairs()
      .limit(n + 2),
  (from, n) => from.nodes(Thing).out(Thing, { rank: n }).in(Link),
  (from) => from.nodes(Thing).select("rank"),
  (from) => from.edges(Link).select("rank", "sourceId"),
  (from, n) =>
    from
      .nodes(Thing)
      .orderBy("group")
      .select({
        group: true,
        near: (each) => each.both(Near).limit(n).select("rank"),
        next: (each) => each.out(Link).ofType(Thing).orderBy("rank").first(),
        links: (each) => each.out(Link).count(),
        sum: (each) => each.out(Thing).sum("rank"),
      }),
  (from) =>
    from
      .nodes(Thing)
      .out(Link)
      .pairs()
      .select({ edge: { rank: true }, node: { fresh: (each: NestedStart) => each.in().count() } } as never),
];

const values: readonly ((tx: Reading, n: number) => Promise<unknown>)[] = [
  (tx) => tx.nodes(Thing).count(),
  (tx, n) => tx.nodes(Thing, { rank: gte(n) }).count(),
  (tx) => tx.edges(Link).count(),
  (tx) => tx.nodes(Thing).sum("rank"),
  (tx) => tx.nodes(Thing).max("rank"),
  (tx) => tx.nodes(Thing).countBy("group"),
  (tx) => tx.nodes(Thing).groupBy("rank"),
  (tx, n) => tx.nodes(Notice, { rank: n }).exists(),
  (tx, n) =>
    tx
      .nodes(Thing)
      .out(Link, { rank: gte(n) })
      .ids(),
  async (tx, n) => ({
    first: await tx.nodes(Thing).orderBy("rank").first(),
    roots: await tx.root.out().count(),
    n,
  }),
];

const reading = fc.record({ as: fc.nat({ max: 2 }), n: small, list: fc.nat({ max: lists.length - 1 }) });
const asking = fc.record({ as: fc.nat({ max: 2 }), n: small, value: fc.nat({ max: values.length - 1 }) });

// ---- comparing -------------------------------------------------------------------------------------------------

/** Results as data: of records what can be seen of them. */
function plain(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(plain);
  if (result instanceof Map) return [...result].map(plain);
  if (typeof result !== "object" || result === null) return result;
  if ("$data" in result) {
    const { id, $type, $data, $access, $ownerId } = result as Thing;
    return { id, $type, $data, access: [$access.all, [...$access.roots]], $ownerId };
  }
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, plain(value)]));
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A live result beside what was told of it. */
class Watched {
  readonly live: Live<unknown, unknown>;
  readonly again: () => Promise<unknown>;
  told: unknown;
  updates = 0;
  readonly done: Promise<void>;

  constructor(live: Live<unknown, unknown>, again: () => Promise<unknown>, isList: boolean) {
    this.live = live;
    this.again = again;
    this.done = this.#follow(isList);
  }

  async #follow(isList: boolean): Promise<void> {
    for await (const update of this.live) {
      const before = this.told;
      if (isList) {
        const list = [...((before as unknown[] | undefined) ?? [])];
        for (const change of (update as LiveUpdate<unknown>).changes) {
          const { index } = change;
          if (change.op === "removed") list.splice(index, 1);
          else if (change.op === "added") list.splice(index, 0, plain(change.result));
          else if (change.op === "changed") list[index] = plain(change.result);
          else list.splice(index, 0, ...list.splice(change.from, 1));
        }
        const { results } = update as LiveUpdate<unknown>;
        expect(list).toEqual(plain(results));
        this.told = list;
      } else this.told = plain(update);
      if (this.updates > 0) expect(this.told, "an update tells something new").not.toEqual(before);
      this.updates += 1;
    }
  }

  /** Waits until it is what a fresh run gives. */
  async settle(): Promise<void> {
    let fresh: unknown;
    for (let turns = 0; turns < 400; turns++) {
      fresh = plain(await this.again());
      if (isDeepStrictEqual(this.told, fresh) && isDeepStrictEqual(plain(this.live.value), fresh)) return;
      await turn();
    }
    expect(this.told).toEqual(fresh);
    expect(plain(this.live.value)).toEqual(fresh);
  }
}

const watches: readonly ((from: Session, n: number) => readonly [Watchable, (() => AnyQuery)[]])[] = [
  (from) => [Thing, [() => from.nodes(Thing)]],
  (from) => [
    [Notice, Special],
    [() => from.nodes(Notice), () => from.nodes(Special)],
  ],
  (from) => [Link, [() => from.edges(Link)]],
  (from) => [
    [Thing, Near],
    [() => from.nodes(Thing), () => from.edges(Near)],
  ],
  (from, n) => {
    const query = from.nodes(Thing, { rank: gte(n) });
    return [query, [() => query]];
  },
  (from) => {
    const query = from.nodes(Notice, { group: "a" });
    return [query, [() => query]];
  },
  (from, n) => {
    const query = from.edges(Near, { rank: lt(n) });
    return [query, [() => query]];
  },
  (from, n) => {
    const query = from.nodes(Thing).orderBy("rank").limit(n);
    return [query, [() => query]];
  },
  (from) => {
    const query = from.nodes(Thing, { group: "b" }).out(Link).edges();
    return [query, [() => query]];
  },
];
const watching = fc.record({ as: fc.nat({ max: 2 }), n: small, watch: fc.nat({ max: watches.length - 1 }) });

/** What a watch has told, put together. */
class Told {
  readonly changes: Changes;
  readonly #queries: readonly (() => AnyQuery)[];
  readonly known = new Map<Id, RecordChange["after"]>();
  readonly done: Promise<void>;

  constructor(session: Session, watch: number, n: number) {
    const [target, queries] = watches[watch]!(session, n);
    this.changes = session.changes(target);
    this.#queries = queries;
    this.done = this.#follow();
  }

  async begin(): Promise<void> {
    await this.changes.ready;
    for (const id of await this.#fresh()) this.known.set(id, undefined);
  }

  async #fresh(): Promise<Id[]> {
    const found = await Promise.all(this.#queries.map((query) => query().ids()));
    return [...new Set((found as Id[][]).flat())].sort();
  }

  async #follow(): Promise<void> {
    for await (const { changes, lost } of this.changes) {
      expect(lost).toBeUndefined();
      expect(changes.length).toBeGreaterThan(0);
      for (const { id, op, before, after } of changes) {
        const isKnown = this.known.has(id);
        if (op === "created" || op === "entered") {
          expect(isKnown, `${op} ${id}`).toBe(false);
          expect(before).toBeUndefined();
        } else expect(isKnown, `${op} ${id}`).toBe(true);
        if (op === "deleted" || op === "left") {
          expect(after).toBeUndefined();
          this.known.delete(id);
        } else {
          const known = this.known.get(id);
          if (known !== undefined && after?.data !== undefined && known.data !== undefined)
            expect(after).not.toEqual(known);
          this.known.set(id, after);
        }
      }
    }
  }

  async settle(): Promise<void> {
    let fresh: Id[] = [];
    for (let turns = 0; turns < 400; turns++) {
      fresh = await this.#fresh();
      if (isDeepStrictEqual([...this.known.keys()].sort(), fresh)) return;
      await turn();
    }
    expect([...this.known.keys()].sort()).toEqual(fresh);
  }
}

forEachStore("live results", (open) => {
  const runs = Number(process.env.RUNS ?? (open.store.name === "memory" ? 60 : 25));

  it("are what the same read gives again, and tell nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(commit, { minLength: 2, maxLength: 5 }),
        fc.array(commit, { minLength: 1, maxLength: 10 }),
        fc.array(reading, { minLength: 1, maxLength: 6 }),
        fc.array(asking, { minLength: 1, maxLength: 3 }),
        fc.array(watching, { minLength: 1, maxLength: 3 }),
        async (first, then, readings, askings, watchings) => {
          const openHere = open.place();
          const bounds = open.store.cache === undefined ? {} : { cache: { maxEntries: 12 } };
          const graph = await openHere({ types, ...bounds });
          const other = open.store.isShared ? await openHere({ types, ...bounds }) : graph;
          const graphs: readonly Graph[] = [graph, other];
          const [alice, bob] = [await graph.createRoot(), await graph.createRoot()];
          await other.refresh();
          const roots = [alice!.id, bob!.id];
          const as = (of: Graph, who: number): Session => (who === 0 ? of : of.as(roots[who - 1]!));
          const work = async ({ by, through, writes }: (typeof first)[number]): Promise<void> => {
            await as(graphs[through]!, by)
              .transaction(async (tx) => {
                for (const each of writes) await apply(tx, each, roots);
              })
              .catch((error: { code?: string }) => {
                // What this principal may not do is none of this test's business.
                if (error.code !== "RW_ACCESS_DENIED") throw error;
              });
          };
          for (const each of first) await work(each);
          const watched = [
            ...readings.map(({ as: who, n, list }) => {
              const query = lists[list]!(as(graph, who), n);
              return new Watched(query.live(), () => query.all(), true);
            }),
            ...askings.map(({ as: who, n, value }) => {
              const read = (tx: Reading): Promise<unknown> => values[value]!(tx, n);
              const session = as(graph, who);
              return new Watched(session.live(read), () => session.transaction(read), false);
            }),
          ];
          for (const each of watched) await each.settle();
          const told = watchings.map(({ as: who, n, watch }) => {
            // Edges that go with a node have no entries of their own for who sees everything.
            const isWhole = who === 0 && (watch === 2 || watch === 3);
            return new Told(as(graph, who), isWhole ? 0 : watch, n);
          });
          for (const each of told) await each.begin();
          for (const each of then) {
            await work(each);
            await graph.refresh();
            for (const one of watched) await one.settle();
            for (const one of told) await one.settle();
          }
          await graph.close();
          await Promise.all([...watched, ...told].map(({ done }) => done));
          if (other !== graph) await other.close();
        },
      ),
      { numRuns: runs },
    );
  });
});
