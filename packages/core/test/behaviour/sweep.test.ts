import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  edge,
  type Graph,
  node,
  type RecordClass,
  type SweepProgress,
  type UnreadableRecord,
  via,
} from "../../src/index.ts";
import { testClock } from "../../src/testing/test-clock.ts";
import { forEachStore } from "./stores.ts";

// Records of old shapes: rewritten all at once, and listed where they cannot be read.

class Shelf extends node("Shelf", { name: z.string() }) {}
class Book extends node("Book", { name: z.string(), price: z.string() }, { unique: ["name"] }) {}
class Holds extends edge("Holds", { at: z.int() }, { from: Shelf, to: Book }) {}
const old = [Shelf, Book, Holds];

const priced = {
  transform: ["price"],
  into: ["cents"],
  by: (before: { price: string }) => ({ cents: Number(before.price) }),
};
class Book2 extends node(
  "Book",
  { title: z.string(), cents: z.int(), pages: z.int().default(100) },
  { unique: ["title"], index: ["cents", "pages"], history: [{ rename: { name: "title" } }, priced] },
) {}
class Holds2 extends edge(
  "Holds",
  { at: z.int(), side: z.string().default("l") },
  { from: Shelf, to: Book2 },
) {}
const newer = [Shelf, Book2, Holds2];

async function fill(graph: Graph, prices: readonly string[]): Promise<void> {
  await graph.transaction((tx) => {
    const shelf = tx.root.connect(Shelf, { name: "s" });
    for (const [i, price] of prices.entries())
      shelf.connect(Book, { name: `b${i}`, price }, via(Holds, { at: i }));
  });
}

async function listed(graph: Graph, stored = false): Promise<UnreadableRecord[]> {
  const found: UnreadableRecord[] = [];
  for await (const record of graph.unreadable({ stored })) found.push(record);
  return found;
}

forEachStore("a sweep", (open) => {
  const opened = async (types: readonly RecordClass[], prices: readonly string[]): Promise<Graph> => {
    const openHere = open.place();
    const before = await openHere({ types: old });
    await fill(before, prices);
    await before.close();
    return openHere({ types });
  };
  const some = Array.from({ length: 70 }, (_, i) => String(i % 7));
  const many = Array.from({ length: 300 }, (_, i) => String(i % 7));

  it("rewrites every record of another shape, tells how far it has come, and finds nothing to do after it", async () => {
    const graph = await opened(newer, many);
    const told: SweepProgress[] = [];
    const report = await graph.sweep({ onProgress: (progress) => void told.push(progress) });
    expect(report).toEqual({
      records: 600,
      rewritten: 600,
      unreadable: 0,
      newer: 0,
      taken: 0,
      takenKeys: [],
    });
    expect(told.map(({ type, records }) => [type, records])).toEqual([
      ["Book", 256],
      ["Book", 300],
      ["Holds", 556],
      ["Holds", 600],
    ]);
    expect(await graph.sweep()).toMatchObject({ records: 600, rewritten: 0 });
    expect(await graph.nodes(Book2, { cents: 3 }).count()).toBe(43);
    expect(await graph.nodes(Book2, { pages: 100 }).count()).toBe(300);
    expect((await graph.nodes(Shelf).out(Holds2, { side: "l" }).limit(1).one()).title).toBe("b0");
  });

  it("goes on where an earlier one was broken off", async () => {
    const graph = await opened(newer, many);
    const ending = new AbortController();
    let place: string | undefined;
    const broken = graph.sweep({
      signal: ending.signal,
      onProgress: (progress) => {
        place = progress.place;
        ending.abort(new Error("enough"));
      },
    });
    await expect(broken).rejects.toThrow("enough");
    expect(await graph.sweep({ after: place! })).toMatchObject({ records: 344, rewritten: 344 });
    expect(await graph.sweep()).toMatchObject({ rewritten: 0 });
  });

  it("ends no unit that reads what it rewrites, and loses nothing that is written meanwhile", async () => {
    const graph = await opened(newer, some);
    let attempts = 0;
    const conflicts = graph.status().units.conflicts;
    await graph.transaction(async (tx) => {
      attempts += 1;
      const before = await tx.nodes(Book2).sum("cents");
      await graph.sweep();
      expect(await tx.nodes(Book2).sum("cents")).toBe(before);
      tx.create(Shelf, { name: "after" });
    });
    expect([attempts, graph.status().units.conflicts - conflicts]).toEqual([1, 0]);
  });

  it("leaves a unit that has written to what it rewrites with its own writes", async () => {
    const graph = await opened(newer, ["3"]);
    const [id] = await graph.nodes(Book2).ids();
    let attempts = 0;
    await graph.transaction(async (tx) => {
      attempts += 1;
      const book = await tx.require(Book2, id!);
      book.cents += 1;
      await graph.sweep();
      await tx.nodes(Shelf).count();
      expect(book.cents).toBe(4);
      book.cents += 1;
    });
    expect(attempts).toBe(1);
    expect((await graph.nodes(Book2).one()).cents).toBe(5);
    expect(await graph.sweep()).toMatchObject({ rewritten: 0 });
  });

  it("and an app that writes at the same time lose nothing of each other", async () => {
    const graph = await opened(newer, some);
    const ids = await graph.nodes(Book2).ids();
    const raise = async (): Promise<void> => {
      for (let i = 0; i < ids.length; i += 6) {
        await graph.transaction(async (tx) => {
          const book = await tx.require(Book2, ids[i]!);
          book.cents += 1000;
        });
      }
    };
    await Promise.all([graph.sweep(), raise()]);
    expect(await graph.nodes(Book2, { cents: 1000 }).count()).toBeGreaterThan(0);
    expect((await graph.nodes(Book2).all()).filter(({ cents }) => cents >= 1000)).toHaveLength(12);
    expect(await graph.sweep()).toMatchObject({ rewritten: 0 });
  });

  it("leaves alone what cannot be read, which is listed with the reason and what is stored", async () => {
    const graph = await opened(newer, ["1", "x", "3"]);
    expect(await graph.sweep()).toMatchObject({ records: 6, rewritten: 5, unreadable: 1 });
    const [{ id }] = (await listed(graph)) as [UnreadableRecord];
    expect(await listed(graph, true)).toEqual([
      {
        kind: "node",
        id,
        type: "Book",
        reason: expect.stringMatching(/step 2 .*cents: NaN cannot be stored/),
        paths: [],
        stored: { name: "b1", price: "x" },
      },
    ]);
    await graph.transaction(async (tx) => (await tx.require(Book2, id)).delete());
    expect(await listed(graph)).toEqual([]);
  });

  it("reads what could not be read once a later step of the history accepts it", async () => {
    class Strict extends node(
      "Book",
      { name: z.string(), price: z.string().max(1) },
      { history: [{ recheck: ["price"] }] },
    ) {}
    class Mended extends node(
      "Book",
      { name: z.string(), price: z.string().max(1) },
      {
        history: [
          { recheck: ["price"] },
          {
            transform: ["price"],
            into: ["price"],
            by: (before: { price: string }) => ({ price: before.price.slice(0, 1) }),
          },
        ],
      },
    ) {}
    const openHere = open.place();
    const run = async (
      types: readonly RecordClass[],
      body: (graph: Graph) => Promise<void>,
    ): Promise<void> => {
      const graph = await openHere({ types });
      await body(graph);
      await graph.close();
    };
    await run(old, (graph) => fill(graph, ["1", "22"]));
    await run([Strict], async (graph) => {
      expect(await graph.sweep()).toMatchObject({ rewritten: 1, unreadable: 1 });
      expect(await listed(graph)).toMatchObject([{ type: "Book", paths: ["price"] }]);
    });
    await run([Mended], async (graph) => {
      expect((await graph.nodes(Mended).all()).map(({ price }) => price)).toEqual(["1", "2"]);
      expect(await graph.sweep()).toMatchObject({ rewritten: 2, unreadable: 0 });
    });
  });

  describe("over a key that is to be unique", () => {
    const shortened = (length: number) => ({
      transform: ["name"],
      into: ["code"],
      keep: true,
      by: (before: { name: string }) => ({ code: before.name.slice(-length) }),
    });
    class Coded extends node(
      "Book",
      { name: z.string(), price: z.string(), code: z.string() },
      { unique: ["code"], history: [shortened(2)] },
    ) {}
    class Clashing extends node(
      "Book",
      { name: z.string(), price: z.string(), code: z.string() },
      { unique: ["code"], history: [shortened(1)] },
    ) {}

    it("is done before the graph is open, so that no other record gets it", async () => {
      const graph = await opened([Coded], ["1", "2"]);
      const twice = graph.transaction((tx) => void tx.create(Coded, { name: "n", price: "", code: "b1" }));
      await expect(twice).rejects.toMatchObject({ code: "RW_UNIQUE" });
      expect((await graph.nodes(Coded, { code: "b1" }).one()).name).toBe("b1");
    });

    it("is refused where several records come to one key, and the old code goes on", async () => {
      const openHere = open.place();
      const before = await openHere({ types: old });
      await fill(
        before,
        Array.from({ length: 12 }, () => "1"),
      );
      await before.close();
      await expect(openHere({ types: [Clashing] })).rejects.toMatchObject({
        code: "RW_STORE_CATALOG",
        message: expect.stringMatching(/Book.code cannot be unique: 2 stored records/),
      });
      const again = await openHere({ types: [Book] });
      expect(await again.nodes(Book, { name: "b1" }).count()).toBe(1);
    });

    it("is refused without a purge afterwards", async () => {
      const openHere = open.place();
      const { scheduler, advance } = testClock();
      const before = await openHere({ types: old, scheduler });
      await fill(
        before,
        Array.from({ length: 12 }, () => "1"),
      );
      await before.nodes(Shelf).deleteAll();
      await before.close();
      const told: unknown[] = [];
      const opening = openHere({ types: [Clashing], scheduler, onError: (error) => void told.push(error) });
      await expect(opening).rejects.toMatchObject({ code: "RW_STORE_CATALOG" });
      await advance(1000);
      expect(told).toEqual([]);
    });
  });

  it("is refused what is no option, place or signal", async () => {
    const graph = await opened(newer, ["1"]);
    const wrong = (options: object) => graph.sweep(options as never);
    await expect(wrong({ every: 1 })).rejects.toMatchObject({ code: "RW_OPTION_INVALID" });
    await expect(wrong({ after: "Nothing 1" })).rejects.toMatchObject({ code: "RW_OPTION_INVALID" });
    await expect(wrong({ after: 1 })).rejects.toThrow(TypeError);
    await expect(wrong({ onProgress: 1 })).rejects.toThrow(TypeError);
    await expect(wrong({ signal: {} })).rejects.toThrow(TypeError);
    await expect(
      graph
        .unreadable({ data: true } as never)
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toMatchObject({
      code: "RW_OPTION_INVALID",
    });
    await graph.close();
    await expect(graph.sweep()).rejects.toMatchObject({ code: "RW_CLOSED" });
  });
});
