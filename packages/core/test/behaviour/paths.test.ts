import { describe, expect, it } from "vitest";
import { z } from "zod";
import { connectedComponents, shortestPath, simplePaths, topologicalOrder } from "../../src/algorithms.ts";
import {
  edge,
  type Graph,
  GraphError,
  gt,
  gte,
  node,
  oneOf,
  Root,
  systemRootId,
  type Tx,
  via,
  walker,
} from "../../src/index.ts";
import { systemScheduler } from "../../src/unit/scheduler.ts";
import { forEachStore } from "./stores.ts";

class Place extends node("Place", { name: z.string(), beds: z.int().default(0) }, { unique: ["name"] }) {}
class Inn extends Place.extend("Inn", { stars: z.int().default(3) }) {}
class Road extends edge(
  "Road",
  { km: z.number().optional(), toll: z.number().default(0) },
  { from: Place, to: Place },
) {}
class Ferry extends edge("Ferry", { hours: z.number() }, { from: Place, to: Place, undirected: true }) {}
class Note extends node("Note", {}) {}
const types = [Place, Inn, Road, Ferry, Note];

/** Places by their names and roads between them: `["a b 3", …]` is a road of 3 km from a to b. */
async function map(graph: Graph, roads: readonly string[], inns: readonly string[] = []): Promise<void> {
  await graph.transaction((tx) => {
    const places = new Map<string, Place>();
    const place = (name: string): Place => {
      const known = places.get(name) ?? tx.create(inns.includes(name) ? Inn : Place, { name });
      places.set(name, known);
      return known;
    };
    for (const road of roads) {
      const [from, to, km] = road.split(" ");
      place(from!).link(place(to!), via(Road, km === undefined ? {} : { km: Number(km) }));
    }
  });
}

const at = (reader: Pick<Tx, "nodes">, name: string): Promise<Place> => reader.nodes(Place, { name }).one();

async function names(paths: AsyncIterable<{ nodes: readonly Place[] }>): Promise<string[]> {
  const found: string[] = [];
  for await (const path of paths) found.push(path.nodes.map(({ name }) => name).join(" "));
  return found;
}

async function count(paths: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const _ of paths) found += 1;
  return found;
}

/** A grid of so many columns and rows of places that roads lead over, to the right and down. */
async function grid(graph: Graph, columns: number, rows = columns): Promise<void> {
  await graph.transaction((tx) => {
    const places = tx.create(
      Place,
      Array.from({ length: columns * rows }, (_, i) => ({
        name: `${i % columns}/${Math.floor(i / columns)}`,
      })),
    );
    for (const [i, place] of places.entries()) {
      if ((i + 1) % columns !== 0) place.link(places[i + 1]!, via(Road, { km: 1 }));
      if (i + columns < places.length) place.link(places[i + columns]!, via(Road, { km: 2 }));
    }
  });
}

forEachStore("paths and components", (open) => {
  it("are found from a graph, a session, a transaction and a walker's handler, by nodes or their ids", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1", "b c 1", "a c 5"]);
    const [a, c] = [await at(graph, "a"), await at(graph, "c")];
    const along = (place: { out: Place["out"] }) => place.out(Road);
    expect((await shortestPath(graph, a, c, { along, weight: "km" }))?.weight).toBe(2);
    expect((await shortestPath(graph.as(systemRootId), a.id, c.id, { along }))?.nodes).toHaveLength(2);
    const inside = await graph.transaction((tx) => shortestPath(tx, a, c.id, { along, weight: "km" }));
    expect(inside?.nodes.map((node) => node.$data)).toMatchObject([
      { name: "a" },
      { name: "b" },
      { name: "c" },
    ]);
    const look = walker("look", { report: z.number() }).entry(Root, async (w) => {
      const path = await shortestPath(w, a, c, { along });
      if (path !== undefined) w.report(path.weight);
    });
    expect((await graph.spawn(look)).reports).toEqual([1]);
    expect(await shortestPath(graph, c, a, { along })).toBeUndefined();
    expect(await shortestPath(graph, a, a, { along, maxDepth: 0 })).toMatchObject({ edges: [], weight: 0 });
  });

  it("see what the unit has written, deleted and changed", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1", "b c 1", "a c 5"]);
    await graph.transaction(async (tx) => {
      const [a, b, c] = [await at(tx, "a"), await at(tx, "b"), await at(tx, "c")];
      const along = (place: { out: Place["out"] }) => place.out(Road);
      const weight = async () => (await shortestPath(tx, a, c, { along, weight: "km" }))?.weight;
      expect(await weight()).toBe(2);
      const direct = a.link(c, via(Road, { km: 1.5 }));
      expect(await weight()).toBe(1.5);
      direct.km = 9;
      expect(await weight()).toBe(2);
      b.delete();
      expect(await weight()).toBe(5);
      await expect(shortestPath(tx, a, b, { along })).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
      const far = tx.create(Inn, { name: "far" });
      expect(await shortestPath(tx, a, Inn, { along })).toBeUndefined();
      c.link(far, via(Road, { km: 1 }));
      expect((await shortestPath(tx, a, Inn, { along, weight: "km" }))?.end.stars).toBe(3);
      expect(await names(simplePaths(tx, a, far, { along, maxDepth: 3 }))).toEqual(["a c far", "a c far"]);
    });
  });

  it("go by filters of edges and nodes, and over undirected edges either way", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1", "b c 1", "c d 1", "a e 1", "e d 9", "d f 1"], ["e"]);
    await graph.transaction(async (tx) => {
      (await at(tx, "f")).link(await at(tx, "a"), via(Ferry, { hours: 2 }));
    });
    const [a, d] = [await at(graph, "a"), await at(graph, "d")];
    const lengthOf = async (along: Parameters<typeof shortestPath>[3]["along"]) =>
      (await shortestPath(graph, a, d, { along }))?.edges.length;
    expect(await lengthOf((place) => place.out(Road))).toBe(2);
    expect(await lengthOf((place) => place.out(Road, { km: 1 }))).toBe(3);
    expect(await lengthOf((place) => place.out(Inn))).toBeUndefined();
    expect(await lengthOf([(place) => place.out(Inn), (place) => place.out(Road)])).toBe(2);
    expect(await lengthOf((place) => place.in(Road))).toBeUndefined();
    expect(await lengthOf([(place) => place.in(Road), (place) => place.in(Ferry)])).toBe(2);
    expect(await lengthOf((place) => place.out())).toBe(2);
    const inn = await shortestPath(graph, d, Inn, {
      along: (place) => place.both(Place),
      where: { stars: gte(3) },
    });
    expect(inn?.end.name).toBe("e");
    expect(
      await shortestPath(graph, d, Inn, { along: (place) => place.both(Place), where: { stars: gt(3) } }),
    ).toBeUndefined();
    // The start itself is not what is looked for.
    const e = await at(graph, "e");
    expect(await shortestPath(graph, e, Inn, { along: (place) => place.both() })).toBeUndefined();
  });

  it("weigh by a field or by a function of the fields, and refuse what is no weight with the edge named", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1", "b c 1", "a c 1.5"]);
    const [a, c] = [await at(graph, "a"), await at(graph, "c")];
    const along = (place: { out: Place["out"] }) => place.out(Road);
    const by = (weight: Parameters<typeof shortestPath>[3]["weight"]) =>
      shortestPath(graph, a, c, { along, weight: weight as "km" });
    expect((await by("km"))?.weight).toBe(1.5);
    expect(
      (await by((({ km }: Road) => (km === 1.5 ? Number.POSITIVE_INFINITY : km)) as never))?.weight,
    ).toBe(2);
    expect((await by((() => 0) as never))?.weight).toBe(0);
    const [road] = await graph.edges(Road, { km: 1.5 }).all();
    for (const [km, shown] of [
      [-1, "is -1"],
      [undefined, "is absent"],
    ] as const) {
      await graph.transaction(async (tx) => {
        (await tx.require(Road, road!.id)).km = km;
      });
      const refused = by("km");
      await expect(refused).rejects.toThrow(
        `the weight of Road ${road!.id} ${shown}: a weight is a number from 0`,
      );
      await expect(refused).rejects.toMatchObject({ code: "RW_WEIGHT_INVALID", details: { id: road!.id } });
    }
    await expect(by((() => Number.NaN) as never)).rejects.toMatchObject({ valueKind: "NaN" });
    await expect(by("kms" as never)).rejects.toMatchObject({ code: "RW_QUERY_INVALID" });
    await expect(
      by(() => {
        throw new RangeError("own");
      }),
    ).rejects.toThrow(RangeError);
  });

  it("depend on what they have read and on nothing else", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1", "b c 1", "a c 5", "x y 1"]);
    const along = (place: { out: Place["out"] }) => place.out(Road);
    const [a, c] = [await at(graph, "a"), await at(graph, "c")];
    const reads: Record<string, (tx: Tx) => Promise<unknown>> = {
      unweighted: (tx) => shortestPath(tx, a, c, { along, maxDepth: 1 }),
      weighted: (tx) => shortestPath(tx, a, c, { along, weight: "km" }),
      function: (tx) => shortestPath(tx, a, c, { along, weight: ({ km }) => km ?? 0 }),
      simple: (tx) => count(simplePaths(tx, a, c, { along, maxDepth: 3 })),
      components: (tx) => connectedComponents(tx.nodes(Place), { along }),
      order: (tx) => topologicalOrder(tx.nodes(Place), { along }),
    };
    let beds = 0;
    const direct = (tx: Tx) => tx.edges(Road, { km: 5 }).one();
    const changes: [what: string, change: (tx: Tx) => unknown, breaks: readonly string[]][] = [
      ["another type", (tx) => tx.create(Note, {}), []],
      ["another field", async (tx) => Object.assign(await direct(tx), { toll: ++beds }), ["function"]],
      ["a field of a node", async (tx) => Object.assign(await at(tx, "b"), { beds: ++beds }), []],
      ["the weight", async (tx) => Object.assign(await direct(tx), { km: 6 }), ["weighted", "function"]],
      [
        "an edge",
        async (tx) => void (await at(tx, "a")).link(await at(tx, "c"), via(Road, { km: 4 })),
        Object.keys(reads),
      ],
    ];
    for (const [what, change, breaks] of changes) {
      for (const [name, read] of Object.entries(reads)) {
        let runs = 0;
        await graph.transaction(async (tx) => {
          runs += 1;
          await read(tx);
          if (runs > 1) return;
          await graph.transaction((other) => change(other) as Promise<void>);
          tx.create(Note, {});
        });
        expect([what, name, runs]).toEqual([what, name, breaks.includes(name) ? 2 : 1]);
        if (what === "the weight")
          await graph.transaction(async (tx) => {
            for (const road of await tx.edges(Road, { km: gt(5) }).all()) road.km = 5;
          });
      }
    }
  });

  it("leave out what the principal may not see", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1", "b c 1", "a d 1", "d e 1", "e c 1"]);
    const bob = graph.as(await graph.createRoot());
    await graph.transaction(async (tx) => {
      for (const place of await tx.nodes(Place).all()) if (place.name !== "b") place.grant("read");
    });
    const along = (place: { both: Place["both"] }) => place.both(Road);
    const [a, b, c] = [await at(graph, "a"), await at(graph, "b"), await at(graph, "c")];
    expect((await shortestPath(graph, a, c, { along }))?.weight).toBe(2);
    expect((await shortestPath(bob, a, c, { along }))?.weight).toBe(3);
    await expect(shortestPath(bob, a, b, { along })).rejects.toMatchObject({ code: "RW_NOT_FOUND" });
    expect((await connectedComponents(bob.nodes(Place), { along })).map((each) => each.length)).toEqual([4]);
    await graph.transaction(async (tx) => (await at(tx, "e")).revoke());
    expect(await shortestPath(bob, a, c, { along })).toBeUndefined();
    expect((await connectedComponents(bob.nodes(Place), { along })).map((each) => each.length)).toEqual([
      2, 1,
    ]);
  });

  it("of a topological order: what leads there first, else a cycle by its nodes and edges", async () => {
    const graph = await open({ types });
    await map(graph, ["d c", "b a", "c a", "d b"]);
    const order = (along: (place: Pick<Place, "in" | "out">) => ReturnType<typeof Place.prototype.out>) =>
      topologicalOrder(graph.nodes(Place), { along: along as never });
    const shown = (nodes: readonly unknown[] | undefined) =>
      (nodes as Place[] | undefined)?.map(({ name }) => name);
    expect(shown((await order((place) => place.out(Road))).order)).toEqual(["d", "c", "b", "a"]);
    expect(shown((await order((place) => place.in(Road))).order)).toEqual(["a", "c", "b", "d"]);
    await map(graph, ["w x", "x y 1", "y z", "z x"]);
    const { order: none, cycle } = await order((place) => place.out(Road));
    expect(none).toBeUndefined();
    expect(shown(cycle?.nodes)).toEqual(["x", "y", "z", "x"]);
    expect(cycle?.edges.map(({ sourceId }) => sourceId)).toEqual(
      cycle?.nodes.slice(0, 3).map(({ id }) => id),
    );
    await graph.transaction(async (tx) => void (await at(tx, "z")).delete());
    await graph.transaction(async (tx) => void (await at(tx, "w")).link(await at(tx, "w"), via(Road, {})));
    expect(shown((await order((place) => place.out(Road))).cycle?.nodes)).toEqual(["w", "w"]);
    expect(
      shown((await topologicalOrder(graph.nodes(Inn), { along: (place) => place.out() })).order),
    ).toEqual([]);
  });

  it("give simple paths as they are asked for, each exactly once beside others' commits", async () => {
    const graph = await open({ types });
    await grid(graph, 6);
    const along = (place: { out: Place["out"] }) => place.out(Road);
    const [from, to] = [await at(graph, "0/0"), await at(graph, "5/5")];
    // Ten steps, five of them down.
    const all = await names(simplePaths(graph, from, to, { along, maxDepth: 10 }));
    expect(new Set(all).size).toBe(252);
    expect(await names(simplePaths(graph, from, to, { along, maxDepth: 9 }))).toEqual([]);
    const inUnit = await graph.transaction((tx) => names(simplePaths(tx, from, to, { along, maxDepth: 10 })));
    expect(inUnit).toEqual(all);
    const beside: string[] = [];
    for await (const path of simplePaths(graph, from, to, { along, maxDepth: 10 })) {
      beside.push(path.nodes.map(({ name }) => name).join(" "));
      if (beside.length === 1)
        // Behind it a way that was not there, and one less.
        await graph.transaction(async (tx) => {
          await (await at(tx, "0/4")).disconnect(await at(tx, "1/4"));
          (await at(tx, "0/1")).link(await at(tx, "0/2"), via(Road, {}));
        });
    }
    const after = await names(simplePaths(graph, from, to, { along, maxDepth: 10 }));
    const throughout = all.filter((path) => after.includes(path));
    expect(beside.filter((path) => all.includes(path) && after.includes(path))).toHaveLength(
      // One of the two parallel roads was there before; each path over the other is a path of its own.
      beside.filter((path) => throughout.includes(path)).length,
    );
    expect(throughout.every((path) => beside.includes(path))).toBe(true);
    expect(new Set(beside.slice(0, 100)).size).toBe(100);
    await graph.transaction(async (tx) => {
      let count = 0;
      for await (const path of simplePaths(tx, from, to, { along, maxDepth: 10 })) {
        count += 1;
        // What the unit itself writes counts from the next hundred on.
        if (count === 100) (await at(tx, "5/4")).delete();
        if (count > 100) expect(path.nodes.map(({ name }) => name)).not.toContain("5/4");
      }
      expect(count).toBeGreaterThan(100);
    });
  });

  it("take in no more than they may, and say what to do", async () => {
    const graph = await open({ types });
    await grid(graph, 8);
    const along = (place: { both: Place["both"] }) => place.both(Road);
    const [from, to] = [await at(graph, "0/0"), await at(graph, "7/7")];
    const limited = { along, maxEntries: 40 };
    const all: Promise<unknown>[] = [
      shortestPath(graph, from, to, limited),
      shortestPath(graph, from, to, { ...limited, weight: "km" }),
      shortestPath(graph, from, Inn, limited),
      names(simplePaths(graph, from, to, { ...limited, maxDepth: 14 })),
      connectedComponents(graph.nodes(Place), limited),
      topologicalOrder(graph.nodes(Place), { ...limited, along: (place) => place.out() }),
    ];
    for (const each of await Promise.allSettled(all)) {
      expect(each).toMatchObject({ status: "rejected", reason: { code: "RW_SEARCH_LIMIT" } });
      const { reason } = each as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(GraphError);
      expect((reason as GraphError).message).toContain("40 nodes and edges");
      expect((reason as GraphError).remedy).toContain("maxEntries");
    }
    expect((await shortestPath(graph, from, to, { along, maxEntries: 200 }))?.weight).toBe(14);
  });

  it("pass nothing by when what they may take in is nearly used up: they find it, or say so", async () => {
    const graph = await open({ types });
    const along = (place: { out: Place["out"] }) => place.out(Road);
    await map(graph, [...Array<string>(150).fill("a x"), "a b"]);
    const [a, b] = [await at(graph, "a"), await at(graph, "b")];
    const tooMany = { code: "RW_SEARCH_LIMIT" };
    for (const weight of [undefined, () => 1]) {
      const options = { along, ...(weight !== undefined && { weight }) };
      await expect(shortestPath(graph, a, b, { ...options, maxEntries: 100 })).rejects.toMatchObject(tooMany);
      expect((await shortestPath(graph, a, b, { ...options, maxEntries: 200 }))?.weight).toBe(1);
    }

    // Places from which the end is too far away are many and are passed by; the last one leads to it.
    const spokes = Array.from({ length: 1200 }, (_, i) => `hub s${i}`);
    await map(graph, [...spokes, "hub last", "last end"]);
    const [hub, end] = [await at(graph, "hub"), await at(graph, "end")];
    const paths = (maxEntries: number) =>
      names(simplePaths(graph, hub, end, { along, maxDepth: 2, maxEntries }));
    await expect(paths(1000)).rejects.toMatchObject(tooMany);
    expect(await paths(5000)).toEqual(["hub last end"]);
  });

  it("know the edges of a cycle, also when they may take in no more", async () => {
    const graph = await open({ types });
    await map(graph, ["p outside", "p outside", "p outside", "p q", "q p"]);
    const members = graph.nodes(Place, { name: oneOf(["p", "q"]) });
    // Two places and the two edges between them.
    const { cycle } = await topologicalOrder(members, { along: (place) => place.out(Road), maxEntries: 4 });
    expect(cycle?.nodes.map(({ name }) => name)).toEqual(["p", "q", "p"]);
    expect(cycle?.edges).toHaveLength(2);
  });

  it("refuse what they do not understand, before they read anything", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1"]);
    const a = await at(graph, "a");
    const path = shortestPath as (...args: unknown[]) => Promise<unknown>;
    const along = (place: Place) => place.out(Road);
    const invalid: [unknown[], string | RegExp][] = [
      [[graph, a, a, {}], /along takes a function/],
      [[graph, a, a, { along: [] }], /names no hop/],
      [[graph, a, a, { along: () => graph.nodes(Place) }], /a hop from the node/],
      [[graph, a, a, { along: (place: Place) => place.out(Road).out(Road) }], /one hop/],
      [[graph, a, a, { along: (place: Place) => place.out(Road, {}, { depth: 2 }) }], /maxDepth/],
      [[graph, a, a, { along: (place: Place) => place.out(Road).limit(1) }], /no order, limit/],
      [[graph, a, a, { along: (place: Place) => place.out(Road).edges() }], /without edges/],
      [[graph, a, a, { along: (place: Place) => place.out(Road).all() }], /not run by itself/],
      [[graph, a, a, { along, maxDept: 1 }], /no option "maxDept"/],
      [[graph, a, a, { along, maxDepth: -1 }], /a whole number from 0, got -1/],
      [[graph, a, a, { along, maxEntries: "many" }], /got string/],
      [[graph, a, a, { along, weight: 3 }], /weight takes a field/],
      [[graph, a, a, { along, where: { beds: 1 } }], /one node was given/],
      [[graph, a, a, { along, signal: {} }], /AbortSignal/],
      [[graph, a, Road, { along }], /Road/],
      [[graph, a, 5, { along }], /a node or its id/],
      [[graph, "nobody", a, { along }], /not a record id/],
      [[undefined, a, a, { along }], /a graph, a session/],
      [[{}, a, a, { along }], /a graph, a session/],
      [[graph, a, a], /along takes a function/],
    ];
    for (const [args, message] of invalid) await expect(path(...args)).rejects.toThrow(message);
    expect(() => (simplePaths as (...args: unknown[]) => unknown)(graph, a, a, { along })).toThrow(
      /needs maxDepth/,
    );
    await expect(connectedComponents([], { along: (place) => place.out() })).rejects.toThrow(/at least one/);
    await expect(connectedComponents(graph as never, { along: (place) => place.out() })).rejects.toThrow(
      /a query/,
    );
    const mixed = graph.transaction((tx) =>
      connectedComponents([tx.nodes(Place), graph.nodes(Place)], { along: (place) => place.out() }),
    );
    await expect(mixed).rejects.toThrow(/of one graph, session or transaction/);
    await expect(
      topologicalOrder(graph.nodes(Place), { along: (place) => place.both() }),
    ).rejects.toMatchObject({ code: "RW_QUERY_INVALID" });
    const elsewhere = await open({ types });
    await expect(path(elsewhere, a, a, { along })).rejects.toThrow(TypeError);
  });

  it("read neighbourhoods by frontiers, and nothing at all once these are in memory", async () => {
    const openHere = open.place();
    const grown = await openHere({ types });
    await grid(grown, 24);
    await grown.close();
    const graph = await openHere({ types, cache: { maxEntries: 100_000 } });
    const [from, to] = [await at(graph, "0/0"), await at(graph, "23/23")];
    const statements = async (read: () => Promise<unknown>): Promise<number> => {
      const before = graph.status().store.counters.statements;
      await read();
      return graph.status().store.counters.statements - before;
    };
    const along = (place: { both: Place["both"] }) => place.both(Road);
    const read = () => shortestPath(graph, from, to, { along, weight: "km" });
    // 576 places; one by one they would take more than a thousand. Ends that are new may take a statement of their own.
    expect(await statements(read)).toBeLessThan(140);
    expect(await statements(read)).toBe(0);
    // Nobody has looked what leads on from the end.
    expect(await statements(() => shortestPath(graph, from, to, { along }))).toBeLessThan(3);
    expect(await statements(() => shortestPath(graph, from, to, { along }))).toBe(0);
    expect(await statements(() => connectedComponents(graph.nodes(Place), { along }))).toBeLessThan(8);
  });

  describe.each(["unweighted", "weighted", "nearest", "simple", "components", "order"])("%s", (kind) => {
    it("lets the event loop turn, ends by a signal, and is of one moment", async () => {
      const system = systemScheduler();
      let now = 0;
      let tickMs = 0;
      let turns = 0;
      let onTurn: (() => unknown) | undefined;
      const scheduler = {
        now: () => (now += tickMs),
        after: system.after,
        nextTurn(callback: () => void) {
          turns += 1;
          void Promise.resolve(onTurn?.()).then(() => system.nextTurn(callback));
        },
      };
      const graph = await open({ types, scheduler });
      await grid(graph, 36, 24);
      const [from, to] = [await at(graph, "0/0"), await at(graph, "35/23")];
      const read = async (tx: Tx | Graph, signal?: AbortSignal): Promise<unknown> => {
        const options = {
          along: (place: { out: Place["out"] }) => place.out(Road),
          ...(signal && { signal }),
        };
        const nodes = tx.nodes(Place);
        if (kind === "unweighted") return (await shortestPath(tx, from, to, options))?.weight;
        if (kind === "weighted")
          return (await shortestPath(tx, from, to, { ...options, weight: "km" }))?.weight;
        if (kind === "nearest") return shortestPath(tx, from, Inn, options);
        if (kind === "simple") return names(simplePaths(tx, from, Inn, { ...options, maxDepth: 9 }));
        if (kind === "components")
          return (await connectedComponents(nodes, options)).map(({ length }) => length);
        return (await topologicalOrder(nodes, options)).order?.map(({ name }) => name);
      };
      const found = await read(graph);
      tickMs = 5;
      turns = 0;
      expect(await read(graph)).toEqual(found);
      const usual = turns;
      expect(usual).toBeGreaterThan(1);

      const controller = new AbortController();
      onTurn = () => controller.abort(new RangeError("enough"));
      await expect(read(graph, controller.signal)).rejects.toThrow("enough");
      await expect(read(graph, controller.signal)).rejects.toThrow("enough");

      // What it has read goes: it runs again, and gives what is there then.
      let left = Math.ceil(usual * 0.8);
      onTurn = () => {
        left -= 1;
        if (left !== 0) return;
        return graph.transaction(async (other) => {
          await (await other.require(Place, from.id)).out(Road).disconnectAll();
        });
      };
      let runs = 0;
      const again = await graph.transaction((tx) => {
        runs += 1;
        return read(tx);
      });
      onTurn = undefined;
      expect(runs).toBe(2);
      expect(again).toEqual(await read(graph));
    });
  });

  it("end with the unit that they belong to", async () => {
    const graph = await open({ types });
    await map(graph, ["a b 1"]);
    const [a, b] = [await at(graph, "a"), await at(graph, "b")];
    const tx = await graph.transaction((own) => own);
    await expect(shortestPath(tx, a, b, { along: (place) => place.out() })).rejects.toMatchObject({
      code: "RW_CLOSED",
    });
  });
});
