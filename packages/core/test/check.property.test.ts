import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { z } from "zod";
import { edge, type FindingKind, type Graph, node, openGraph, via } from "../src/index.ts";
import type { Id } from "../src/model/id.ts";
import { awkwardBase } from "../src/persistence/awkward-store.ts";
import { memory } from "../src/persistence/memory-store.ts";
import { AdjacencyRows, EdgeRows, NodeRows, RowDamage } from "../src/persistence/rows.ts";
import type { AdjacencyAnswer, EdgePage, NodePage, Store } from "../src/persistence/store.ts";

// Laws:
// - damage that a store's reads show is found, at the record that has it, and nothing else is
// - a sound graph is clean, whatever others commit while it is looked at
// - what a repair says it has done holds

class Room extends node("Room", { name: z.string(), rank: z.int() }, { unique: ["name"], index: ["rank"] }) {}
class Near extends edge("Near", {}, { from: Room, to: Room }) {}
class Beside extends edge("Beside", {}, { from: Room, to: Room, undirected: true }) {}
const types = [Room, Near, Beside];

/** What a store has lost or confused, behind everybody's back. */
type Damage =
  | { readonly kind: "unreadable"; readonly record: "node" | "edge"; readonly pick: number }
  /** The node is gone and its edges are not. */
  | { readonly kind: "dangling"; readonly pick: number }
  /** An index does not have the node under its key. */
  | { readonly kind: "index"; readonly index: "Room.name" | "Room.rank"; readonly pick: number }
  /** The edge is not in the neighbourhoods that it hangs on. */
  | { readonly kind: "adjacency"; readonly pick: number }
  /** The edge is in neighbourhoods alone. */
  | { readonly kind: "ghost"; readonly pick: number };

const pick = fc.nat({ max: 1_000_000 });
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant("unreadable"), record: fc.constantFrom("node", "edge"), pick } as const),
  fc.record({ kind: fc.constant("dangling"), pick } as const),
  fc.record({ kind: fc.constant("index"), index: fc.constantFrom("Room.name", "Room.rank"), pick } as const),
  fc.record({ kind: fc.constant("adjacency"), pick } as const),
  fc.record({ kind: fc.constant("ghost"), pick } as const),
);

/** A memory store whose answers are damaged. */
class DamagedStore {
  readonly unreadable: Set<Id> = new Set();
  readonly gone: Set<Id> = new Set();
  readonly unfiled: Map<string, Set<Id>> = new Map();
  readonly unlinked: Set<Id> = new Set();
  readonly ghosts: Set<Id> = new Set();
  readonly store: Store;

  constructor(inner: Store) {
    const alter = <T extends object>(answer: T, change: (answer: T) => T): T => change(answer);
    const nodes = (rows: NodeRows, keep: (id: Id) => boolean): NodeRows => this.#nodes(rows, keep);
    const changed: Partial<Store> = {
      readNodes: (ids) => {
        const { rows, token } = inner.readNodes(ids) as { rows: NodeRows; token: string };
        return { rows: nodes(rows, () => true), token };
      },
      readEdges: (ids) => {
        const { rows, token } = inner.readEdges(ids) as { rows: EdgeRows; token: string };
        return { rows: this.#edges(rows), token };
      },
      scan: ((request: never) =>
        alter(inner.scan(request) as NodePage | EdgePage, (page) => ({
          ...page,
          rows: page.rows instanceof EdgeRows ? this.#edges(page.rows) : nodes(page.rows, () => true),
        }))) as never,
      lookup: (request) => {
        const page = inner.lookup(request) as NodePage;
        const missing = this.unfiled.get(request.index);
        return { ...page, rows: nodes(page.rows, (id) => missing?.has(id) !== true) };
      },
      readAdjacency: (column, requests) => {
        const answer = inner.readAdjacency(column, requests) as AdjacencyAnswer;
        return { ...answer, rows: this.#around(answer.rows) };
      },
      commit: (batches) => {
        const outcomes = inner.commit(batches) as { status: string }[];
        for (const [i, { updates }] of batches.entries()) {
          if (outcomes[i]?.status !== "committed") continue;
          // Writing files anew.
          for (const { id, data } of updates)
            if (data !== undefined) for (const missing of this.unfiled.values()) missing.delete(id);
        }
        return outcomes as never;
      },
      refile: (edges) => {
        for (const id of edges) {
          this.unlinked.delete(id);
          // What no record speaks for goes out of the neighbourhoods.
          if (this.ghosts.has(id)) this.unlinked.add(id);
        }
      },
    };
    this.store = new Proxy(inner, {
      get(target, name) {
        const value = (changed as Record<PropertyKey, unknown>)[name] ?? Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #nodes(rows: NodeRows, keep: (id: Id) => boolean): NodeRows {
    const kept = new NodeRows();
    for (let i = 0; i < rows.length; i++) {
      const id = rows.ids.at(i);
      if (this.gone.has(id) || !keep(id)) continue;
      this.#push(kept, rows, i, id);
    }
    return kept;
  }

  #edges(rows: EdgeRows): EdgeRows {
    const kept = new EdgeRows();
    for (let i = 0; i < rows.length; i++) {
      const id = rows.ids.at(i);
      if (this.ghosts.has(id)) continue;
      this.#push(kept, rows, i, id);
      kept.sources.push(rows.sources.at(i));
      kept.targets.push(rows.targets.at(i));
    }
    return kept;
  }

  #push(kept: NodeRows, rows: NodeRows, i: number, id: Id): void {
    kept.ids.push(id);
    kept.owners.push(rows.owners.at(i));
    const fields = this.unreadable.has(id) ? new RowDamage("its bytes are no fields") : rows.fields[i]!;
    const { types: names, access, dataVersions, accessVersions, shapes } = rows;
    kept.push(names[i]!, access[i]!, dataVersions[i]!, accessVersions[i]!, shapes[i]!, fields);
  }

  #around(rows: AdjacencyRows): AdjacencyRows {
    const kept = new AdjacencyRows();
    let at = 0;
    for (const [request, end] of rows.ends.entries()) {
      for (; at < end; at++) {
        const id = rows.edges.at(at);
        if (this.unlinked.has(id) || this.gone.has(rows.farIds.at(at))) continue;
        kept.edges.push(id);
        kept.edgeOwners.push(rows.edgeOwners.at(at));
        kept.farIds.push(rows.farIds.at(at));
        kept.farOwners.push(rows.farOwners.at(at));
        kept.push(
          rows.edgeTypes[at]!,
          rows.edgeAccess[at]!,
          rows.edgeDataVersions[at]!,
          rows.edgeAccessVersions[at]!,
          rows.edgeShapes[at]!,
          rows.edgeFields[at],
          rows.forward[at] === 1,
          rows.farTypes[at]!,
          rows.farAccess[at]!,
          rows.farAccessVersions[at]!,
        );
      }
      kept.endRequest(rows.more[request]!);
    }
    return kept;
  }
}

interface World {
  readonly nodes: number;
  readonly links: readonly (readonly [number, number, boolean])[];
}

const world: fc.Arbitrary<World> = fc.record({
  nodes: fc.integer({ min: 1, max: 40 }),
  links: fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.boolean()), { maxLength: 60 }),
});

function tie(from: Room, to: Room, directed: boolean): Near | Beside {
  return directed ? from.link(to, via(Near)) : from.link(to, via(Beside));
}

async function fill(graph: Graph, { nodes, links }: World): Promise<{ rooms: Id[]; edges: Id[] }> {
  return graph.transaction((tx) => {
    const rooms = tx.create(
      Room,
      Array.from({ length: nodes }, (_, i) => ({ name: `${i}`, rank: i % 3 })),
    );
    const edges = links.map(([from, to, directed]) =>
      tie(rooms[from % nodes]!, rooms[to % nodes]!, directed),
    );
    return { rooms: rooms.map(({ id }) => id), edges: edges.map(({ id }) => id) };
  });
}

test.prop([world, fc.array(damage, { maxLength: 6 })], { numRuns: 150 })(
  "damage is found where it is, and repaired",
  async (shape, damages) => {
    const damaged = new DamagedStore(memory());
    const graph = await openGraph({ types, store: damaged.store });
    const { rooms, edges } = await fill(graph, shape);
    const ends = new Map<Id, readonly [Id, Id]>();
    const all = edges.length === 0 ? [] : await graph.edges(Near).all();
    for (const each of [...all, ...(await graph.edges(Beside).all())])
      ends.set(each.id, [each.sourceId, each.targetId]);

    // At most one damage a record, and none next to a node that is gone: what each of them means is then plain.
    const hit = new Set<Id>();
    const expected = new Map<string, FindingKind>();
    const expect1 = (kind: FindingKind, id: Id) => expected.set(`${kind} ${id}`, kind);
    for (const each of damages) {
      const isEdge =
        each.kind === "adjacency" || each.kind === "ghost" || ("record" in each && each.record === "edge");
      const from = isEdge ? edges : rooms;
      const id = from[each.pick % Math.max(1, from.length)];
      if (id === undefined || hit.has(id)) continue;
      const near = isEdge
        ? [id, ...ends.get(id)!]
        : [id, ...[...ends].flatMap(([e, [s, t]]) => (s === id || t === id ? [e, s, t] : []))];
      if (near.some((other) => hit.has(other))) continue;
      for (const other of near) hit.add(other);
      if (each.kind === "unreadable") {
        damaged.unreadable.add(id);
        expect1("unreadable", id);
      } else if (each.kind === "dangling") {
        damaged.gone.add(id);
        for (const [e, pair] of ends) if (pair.includes(id)) expect1("dangling", e);
      } else if (each.kind === "index") {
        damaged.unfiled.set(each.index, (damaged.unfiled.get(each.index) ?? new Set()).add(id));
        expect1("index", id);
      } else if (each.kind === "adjacency") {
        damaged.unlinked.add(id);
        expect1("adjacency", id);
      } else {
        damaged.ghosts.add(id);
        expect1("adjacency", id);
      }
    }

    const findings: string[] = [];
    const report = await graph.check({ onFinding: ({ kind, id }) => findings.push(`${kind} ${id}`) });
    expect(new Set(findings)).toEqual(new Set(expected.keys()));
    expect(report.isClean).toBe(expected.size === 0);

    const repaired = await graph.check({ repair: ["dangling", "adjacency", "index", "unreadable"] });
    expect(repaired.repaired).toEqual(repaired.counts);
    expect((await graph.check()).findings).toEqual([]);
    await graph.close();
  },
);

test.prop(
  [world, fc.array(fc.tuple(fc.nat(5), pick, pick), { minLength: 20, maxLength: 60 }), fc.integer()],
  {
    numRuns: 25,
  },
)("a sound graph is clean while others write to it", async (shape, writes, seed) => {
  const base = awkwardBase({ seed });
  const graph = await openGraph({ types, store: base.connect() });
  const other = await openGraph({ types, store: base.connect() });
  const { rooms } = await fill(graph, shape);
  await graph.transaction(async (tx) => {
    for (const id of rooms) tx.root.link(await tx.require(Room, id));
  });
  let made = 0;
  const write = async ([what, a, b]: readonly [number, number, number]): Promise<void> => {
    await other.transaction(async (tx) => {
      const room = await tx.get(Room, rooms[a % rooms.length]!);
      const second = await tx.get(Room, rooms[b % rooms.length]!);
      if (what === 0) rooms.push(tx.root.connect(Room, { name: `made ${made++}`, rank: b % 3 }).id);
      else if (room === undefined) return;
      else if (what === 1) room.delete();
      else if (what === 2) room.rank = b % 5;
      else if (what === 3) room.name = `renamed ${made++}`;
      else if (what === 4 && second !== undefined) tie(room, second, b % 2 === 0);
      else for (const each of await room.out(Near).edges().all()) each.delete();
    });
  };
  let isDone = false;
  let during = 0;
  const writing = (async () => {
    for (let i = 0; !isDone; i = (i + 1) % writes.length, during++) await write(writes[i]!);
  })();
  const found: string[] = [];
  for (let i = 0; i < 3; i++)
    await graph.check({ orphans: true, onFinding: ({ message }) => found.push(message) });
  isDone = true;
  await writing;
  expect(found).toEqual([]);
  expect(during).toBeGreaterThan(0);
  await graph.close();
  await other.close();
});

test("a neighbourhood that is out of order, twice in it, or wrong about the far end is found", async () => {
  const store = memory();
  const read = store.readAdjacency.bind(store);
  let alter: (rows: AdjacencyRows) => AdjacencyRows = (rows) => rows;
  const graph = await openGraph({
    types,
    store: Object.assign(store, {
      readAdjacency: (...args: Parameters<Store["readAdjacency"]>) => {
        const answer = read(...args) as AdjacencyAnswer;
        return { ...answer, rows: alter(answer.rows) };
      },
    }),
  });
  await graph.transaction((tx) => {
    const rooms = tx.create(
      Room,
      [0, 1, 2, 3].map((i) => ({ name: `${i}`, rank: i })),
    );
    for (const room of rooms.slice(1)) rooms[0]!.link(room, via(Near));
  });
  const kinds = async (): Promise<(readonly [string, string])[]> => {
    const { findings } = await graph.check();
    return findings.map(({ kind, message }) => [kind, message.replaceAll(/[0-9a-f-]{36}/g, "ID")] as const);
  };
  alter = (rows) => inOrder(rows, [1, 0, 2]);
  expect(await kinds()).toEqual([
    ["adjacency", "Near ID: it stands out of order, or twice, among the edges out of ID"],
  ]);
  alter = (rows) => {
    if (rows.length === 3) rows.farIds.words.copyWithin(0, 4, 8);
    return rows;
  };
  expect(await kinds()).toEqual([
    [
      "adjacency",
      "Near ID: it stands among the edges out of ID, as one to ID, and by its id leads from ID to ID",
    ],
  ]);
  await graph.close();
});

/** Of an answer to several requests the rows of the first three that belong together, in another order. */
function inOrder(rows: AdjacencyRows, order: readonly number[]): AdjacencyRows {
  const from = rows.ends.findIndex((end, i) => end - (i === 0 ? 0 : rows.ends[i - 1]!) === 3);
  if (from < 0) return rows;
  const first = from === 0 ? 0 : rows.ends[from - 1]!;
  const places = Array.from({ length: rows.length }, (_, at) =>
    at >= first && at < first + 3 ? first + order[at - first]! : at,
  );
  const copy = new AdjacencyRows();
  for (const at of places) {
    copy.edges.push(rows.edges.at(at));
    copy.edgeOwners.push(rows.edgeOwners.at(at));
    copy.farIds.push(rows.farIds.at(at));
    copy.farOwners.push(rows.farOwners.at(at));
    copy.push(
      rows.edgeTypes[at]!,
      rows.edgeAccess[at]!,
      rows.edgeDataVersions[at]!,
      rows.edgeAccessVersions[at]!,
      rows.edgeShapes[at]!,
      rows.edgeFields[at],
      rows.forward[at] === 1,
      rows.farTypes[at]!,
      rows.farAccess[at]!,
      rows.farAccessVersions[at]!,
    );
  }
  copy.ends.push(...rows.ends);
  copy.more.push(...rows.more);
  return copy;
}
