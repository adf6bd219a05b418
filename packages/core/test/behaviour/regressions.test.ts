/** The bugs that systems of this kind have had, each as a test over every store. */
import { expect, it, test } from "vitest";
import { z } from "zod";
import {
  AccessDeniedError,
  edge,
  type Graph,
  type Id,
  memory,
  node,
  openGraph,
  Root,
  via,
  walker,
} from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Doc extends node(
  "Doc",
  { title: z.string(), views: z.int().default(0), body: z.string().default("") },
  { index: ["title"] },
) {}
class Refers extends edge("Refers", { n: z.int() }, { from: Doc, to: Doc }) {}
const types = [Doc, Refers];

async function doc(graph: Graph, title: string): Promise<Id> {
  return graph.transaction((tx) => tx.root.connect(Doc, { title }).id);
}

forEachStore("named regressions", (open) => {
  it("concurrent connects on one node lose no edges", async () => {
    const graph = await open({ types });
    const id = await doc(graph, "hub");
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        graph.transaction(async (tx) => {
          (await tx.require(Doc, id)).connect(Doc, { title: `${n}` }, via(Refers, { n }));
        }),
      ),
    );
    const seen = await graph.transaction(async (tx) => (await tx.require(Doc, id)).out(Refers).edges().all());
    expect(seen.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it("a slow walker that only reads writes nothing back", async () => {
    const graph = await open({ types });
    const id = await doc(graph, "old");
    let isFirst = true;
    const slow = walker("slow").entry(Doc, async (w, here) => {
      void w;
      void here.title;
      if (!isFirst) return;
      isFirst = false;
      await graph.transaction(async (tx) => {
        (await tx.require(Doc, id)).title = "new";
      });
    });
    await graph.spawn(slow, {}, { at: await graph.require(Doc, id) });
    expect((await graph.require(Doc, id)).title).toBe("new");
  });

  it("a commit leaves the fields alone that it never touched", async () => {
    const graph = await open({ types });
    const id = await doc(graph, "t");
    await Promise.all([
      graph.transaction(async (tx) => {
        (await tx.require(Doc, id)).body = "text";
      }),
      graph.transaction(async (tx) => {
        (await tx.require(Doc, id)).views = 5;
      }),
    ]);
    expect((await graph.require(Doc, id)).$data).toEqual({ title: "t", views: 5, body: "text" });
  });

  it("the cache keeps no edges that the store has lost, across restarts", async () => {
    const here = open.place();
    const first = await here({ types });
    const id = await doc(first, "a");
    await first.transaction(async (tx) => {
      const a = await tx.require(Doc, id);
      a.connect(Doc, { title: "b" }, via(Refers, { n: 1 }));
      a.connect(Doc, { title: "c" }, via(Refers, { n: 2 }));
    });
    await first.nodes(Doc, { title: "b" }).deleteAll();
    expect(await first.transaction(async (tx) => (await tx.require(Doc, id)).out(Refers).count())).toBe(1);
    await first.close();
    const second = await here({ types });
    const left = await second.transaction(async (tx) =>
      (await tx.require(Doc, id)).out(Refers).edges().all(),
    );
    expect(left.map(({ n }) => n)).toEqual([2]);
    expect(await second.edges(Refers).count()).toBe(1);
  });

  it.skipIf(!open.store.isShared)("another process hears of every write", async () => {
    const here = open.place();
    const [one, two] = [await here({ types }), await here({ types })];
    const id = await doc(one, "a");
    await two.refresh();
    expect((await two.require(Doc, id)).title).toBe("a");
    for (const title of ["b", "c", "d"]) {
      await one.transaction(async (tx) => {
        (await tx.require(Doc, id)).title = title;
      });
      await two.refresh();
      expect((await two.require(Doc, id)).title).toBe(title);
      expect(await two.nodes(Doc, { title }).ids()).toEqual([id]);
    }
  });

  it("the cache does not grow without bound", async () => {
    const graph = await open({ types, cache: { maxEntries: 100 } });
    const hub = await doc(graph, "hub");
    for (let round = 0; round < 10; round++) {
      await graph.transaction(async (tx) => {
        const from = await tx.require(Doc, hub);
        for (let n = 0; n < 40; n++) from.connect(Doc, { title: `${round}.${n}` }, via(Refers, { n }));
      });
      const { nodes, edges } = graph.status().cache;
      expect(nodes + edges).toBeLessThanOrEqual(100);
    }
    expect(await graph.nodes(Doc).count()).toBe(401);
    expect(await graph.transaction(async (tx) => (await tx.require(Doc, hub)).out(Refers).count())).toBe(400);
    const { nodes, edges, bytes } = graph.status().cache;
    expect(nodes + edges).toBeLessThanOrEqual(100);
    expect(bytes).toBeLessThan(100_000);
  });

  it("a commit reads and writes what it changes, whatever is loaded", async () => {
    const graph = await open({ types, cache: { maxEntries: 10_000 } });
    const ids = await graph.transaction((tx) =>
      Array.from({ length: 1000 }, (_, n) => tx.create(Doc, { title: `${n}` }).id),
    );
    const { counters } = graph.status().store;
    const before = { ...counters };
    await graph.transaction(async (tx) => {
      (await tx.require(Doc, ids[500]!)).views = 1;
    });
    const after = graph.status().store.counters;
    expect(after.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(2);
    expect(after.rowsRead - before.rowsRead).toBeLessThanOrEqual(2);
  });

  it("a deleted node does not come back within the unit", async () => {
    const graph = await open({ types });
    const hub = await doc(graph, "hub");
    await graph.transaction(async (tx) => {
      const from = await tx.require(Doc, hub);
      const old = from.connect(Doc, { title: "x" }, via(Refers, { n: 1 }));
      old.delete();
      expect(await from.out(Refers).ids()).toEqual([]);
      expect(await tx.get(Doc, old.id)).toBeUndefined();
      expect(await tx.nodes(Doc, { title: "x" }).count()).toBe(0);
    });
    expect(await graph.nodes(Doc).count()).toBe(1);
  });

  it("a denied write is told at the call and leaves no trace", async () => {
    const graph = await open({ types });
    const id = await doc(graph, "mine");
    const alice = await graph.createRoot();
    await graph.transaction(async (tx) => (await tx.require(Doc, id)).allowRoot(alice, "read"));
    await graph.as(alice).transaction(async (tx) => {
      const seen = await tx.require(Doc, id);
      expect(() => {
        seen.title = "hers";
      }).toThrow(AccessDeniedError);
      expect(() => seen.connect(Doc, { title: "x" })).toThrow(AccessDeniedError);
      expect(seen.title).toBe("mine");
    });
    expect((await graph.require(Doc, id)).title).toBe("mine");
    expect(await graph.nodes(Doc).count()).toBe(1);
  });

  it("no index and no viewer's path goes around access", async () => {
    const graph = await open({ types });
    const id = await doc(graph, "secret");
    const as = graph.as(await graph.createRoot());
    expect(await as.get(Doc, id)).toBeUndefined();
    expect(await as.nodes(Doc, { title: "secret" }).count()).toBe(0);
    expect(await as.nodes(Doc).ids()).toEqual([]);
    expect(await as.edges(Refers).count()).toBe(0);
  });

  it("a walk of a long chain does not overflow the stack", async () => {
    const graph = await open({ types });
    const length = open.store.name === "awkward" ? 300 : 10_000;
    const start = await graph.transaction((tx) => {
      const first = tx.root.connect(Doc, { title: "0" });
      let last = first;
      for (let n = 1; n < length; n++) last = last.connect(Doc, { title: `${n}` }, via(Refers, { n })) as Doc;
      return first;
    });
    const chain = walker("chain").entry(Doc, (w, here) => w.visit(here.out(Refers)));
    expect((await graph.spawn(chain, {}, { at: start })).visits).toBe(length);
  });

  it("nothing of a unit is committed after an exception", async () => {
    const graph = await open({ types });
    const failing = walker("failing").entry(Root, (_w, here) => {
      here.connect(Doc, { title: "half" });
      throw new Error("no");
    });
    await expect(graph.spawn(failing)).rejects.toThrow("no");
    expect(await graph.nodes(Doc).count()).toBe(0);
  });

  it("what is deleted is purged in the background, and closing does not wait for the rest", async () => {
    const due: (() => void)[] = [];
    const graph = await open({
      types,
      scheduler: {
        now: () => 0,
        nextTurn: (callback) => void setImmediate(callback),
        after(_ms, callback) {
          due.push(callback);
          return () => void due.splice(due.indexOf(callback), 1);
        },
      },
    });
    const id = await doc(graph, "a");
    expect(due).toHaveLength(0);
    await graph.transaction(async (tx) => (await tx.require(Doc, id)).delete());
    expect(due).toHaveLength(1);
    due.shift()!();
    await graph.transaction(async (tx) => void tx.create(Doc, { title: "next" }));
    expect(await graph.nodes(Doc).count()).toBe(1);
  });

  it("where there is a single type of edges, hops that name none are read from the store", async () => {
    class Stop extends node("Stop", { n: z.int() }, { index: ["n"] }) {}
    class Track extends edge("Track", {}, { from: Stop, to: Stop }) {}
    const openHere = open.place();
    const first = await openHere({ types: [Stop, Track] });
    await first.transaction((tx) => {
      const [a, b, c] = [0, 1, 2].map((n) => tx.create(Stop, { n }));
      a!.link(b!, via(Track));
      a!.link(c!, via(Track));
    });
    await first.close();
    const again = await openHere({ types: [Stop, Track] });
    expect((await again.nodes(Stop, { n: 0 }).out(Stop).all()).map(({ n }) => n)).toEqual([1, 2]);
    const last = again.nodes(Stop, { n: 2 });
    expect((await last.in(Stop).all()).map(({ n }) => n)).toEqual([0]);
    expect(await last.out(Stop).count()).toBe(0);
  });
});

test("what a read finds to be gone is still known to units that depend on it", async () => {
  const store = memory();
  const maker = await openGraph({ types, store });
  const hub = await doc(maker, "hub");
  const leaves = await maker.transaction(async (tx) => {
    const from = await tx.require(Doc, hub);
    return [1, 2].map((n) => from.connect(Doc, { title: `${n}` }, via(Refers, { n })).id);
  });
  await maker.close();

  // The fields of edges come when they are let through.
  let isReading = (): void => {};
  let letThrough = (): void => {};
  const reading = new Promise<void>((resolve) => {
    isReading = resolve;
  });
  const through = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const slow = new Proxy(store, {
    get(target, name) {
      if (name === "supports") return { ...target.supports, synchronous: false };
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      // Only what answers at once lends its ids.
      if (name === "open") return (catalog: never) => ({ ...target.open(catalog), ids: undefined });
      if (name !== "readEdges") return value.bind(target);
      return async (ids: never) => {
        isReading();
        await through;
        return target.readEdges(ids);
      };
    },
  });
  const graph = await openGraph({ types, store: slow });
  const seen: [number, number][] = [];
  const reader = graph.transaction(async (tx) => {
    const from = await tx.require(Doc, hub);
    const oldest = await from.out(Refers).edges().limit(2).ids();
    const newest = await from.out(Refers).edges().reverse().limit(2).all();
    seen.push([oldest.length, newest.length]);
  });
  await reading;
  await graph.transaction(async (tx) => (await tx.require(Doc, leaves[0]!)).delete());
  letThrough();
  await reader;
  expect(seen).toEqual([[1, 1]]);
  await graph.close();
});
