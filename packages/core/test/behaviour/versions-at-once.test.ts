import { expect, test } from "vitest";
import { z } from "zod";
import { edge, type Graph, NewerShapeError, node, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// Two versions of an app at work on one store, as while a new one is rolled out.

class Shelf extends node("Shelf", { name: z.string() }) {}
class Book extends node("Book", { name: z.string(), price: z.string() }, { unique: ["name"] }) {}
class Holds extends edge("Holds", { at: z.int() }, { from: Shelf, to: Book }) {}

class Book2 extends node(
  "Book",
  { title: z.string(), price: z.string(), pages: z.int().default(100) },
  { unique: ["title"], history: [{ rename: { name: "title" } }] },
) {}
class Comic2 extends Book2.extend("Comic", { artist: z.string() }) {}
class Note2 extends node("Note", { text: z.string() }) {}
class Holds2 extends edge("Holds", { at: z.int() }, { from: Shelf, to: Book2 }) {}

class Book3 extends node(
  "Book",
  { title: z.string(), cents: z.int() },
  {
    index: ["cents"],
    history: [
      { rename: { name: "title" } },
      {
        transform: ["price"],
        into: ["cents"],
        by: (old: { price: string }) => ({ cents: Number(old.price) }),
      },
    ],
  },
) {}

forEachStore("two versions of an app on one store", (open) => {
  const it = test.runIf(open.store.isShared);

  it("each see what the other adds, and keep what they do not know", async () => {
    const openHere = open.place();
    const first = await openHere({ types: [Shelf, Book, Holds] });
    await first.transaction((tx) => {
      tx.root.connect(Shelf, { name: "s" }).connect(Book, { name: "a", price: "1" }, via(Holds, { at: 1 }));
    });
    expect((await first.nodes(Shelf).out().all()).map(({ $type }) => $type)).toEqual(["Book"]);
    const second = await openHere({ types: [Shelf, Book2, Comic2, Note2, Holds2] });
    await second.transaction(async (tx) => {
      const shelf = await tx.nodes(Shelf).one();
      shelf.connect(Comic2, { title: "c", price: "2", artist: "x" }, via(Holds2, { at: 2 }));
      shelf.connect(Note2, { text: "n" });
      (await tx.nodes(Book2, { title: "a" }).one()).pages = 7;
    });
    await first.refresh();
    const far = await first.nodes(Shelf).out().all();
    expect(far.map(({ $type }) => $type)).toEqual(["Book", "Comic", "Note"]);
    expect((await first.nodes(Book).orderBy("name").all()).map(({ name }) => name)).toEqual(["a", "c"]);
    expect((await first.nodes(Book, { name: "c" }).one()).$type).toBe("Comic");
    await first.nodes(Book).updateAll((draft) => {
      draft.price = `${draft.price}0`;
    });
    const twice = first.transaction((tx) => void tx.create(Book, { name: "c", price: "" }));
    await expect(twice).rejects.toMatchObject({ code: "RW_UNIQUE" });
    await second.refresh();
    const books = await second.nodes(Book2).orderBy("title").all();
    expect(books.map(({ title, price, pages }) => [title, price, pages])).toEqual([
      ["a", "10", 7],
      ["c", "20", 100],
    ]);
    expect((await second.nodes(Comic2).one()).artist).toBe("x");
  });

  it("the older one is refused the write of what the newer one has transformed, and goes on with the rest", async () => {
    const openHere = open.place();
    const first = await openHere({ types: [Book] });
    const names = async (graph: Graph) => (await graph.nodes(Book).all()).map(({ name }) => name);
    await first.transaction(
      (tx) =>
        void tx.create(Book, [
          { name: "a", price: "1" },
          { name: "b", price: "2" },
        ]),
    );
    expect(await names(first)).toEqual(["a", "b"]);
    const second = await openHere({ types: [Book3] });
    await second.nodes(Book3, { cents: 1 }).updateAll((draft) => {
      draft.title = "A";
    });
    await first.refresh();
    expect(await names(first)).toEqual(["A", "b"]);
    const write = first.nodes(Book, { name: "A" }).updateAll((draft) => {
      draft.name = "lost";
    });
    await expect(write).rejects.toThrow(NewerShapeError);
    await first.nodes(Book, { price: "2" }).updateAll((draft) => {
      draft.price = "3";
    });
    await first.transaction((tx) => void tx.create(Book, { name: "c", price: "4" }));
    await second.refresh();
    const rows = (await second.nodes(Book3).all()).map(({ title, cents }) => [title, cents]);
    expect(rows).toEqual([
      ["A", 1],
      ["b", 3],
      ["c", 4],
    ]);
    expect((await second.nodes(Book3, { cents: 4 }).one()).title).toBe("c");
    await Promise.all([second.sweep(), second.sweep()]);
    await first.refresh();
    expect(await names(first)).toEqual(["A", "b", "c"]);
    expect(await first.nodes(Book, { name: "b" }).deleteAll()).toBe(1);
  });

  it("the older one loses nothing of what the newer one writes to fields that it does not know", async () => {
    const openHere = open.place();
    const first = await openHere({ types: [Book] });
    const second = await openHere({ types: [Book2] });
    await second.transaction((tx) => void tx.create(Book2, { title: "a", price: "0", pages: 1 }));
    await first.refresh();
    const attempts = [0, 0];
    const price = async (at: number, pages: number) => {
      await first.transaction(async (tx) => {
        attempts[at]! += 1;
        const book = await tx.nodes(Book).one();
        book.price += "!";
        if (attempts[at] === 1)
          await second.nodes(Book2).updateAll((draft) => {
            draft.pages = pages;
          });
      });
      await second.refresh();
      return (await second.nodes(Book2).all()).map((book) => [book.price, book.pages]);
    };
    expect(await price(0, 2)).toEqual([["0!", 2]]);
    expect(await price(1, 3)).toEqual([["0!!", 3]]);
    expect(attempts).toEqual([2, 2]);
  });

  it("what the older one has stored is stored again only where it changes", async () => {
    const openHere = open.place();
    const first = await openHere({ types: [Book] });
    const second = await openHere({ types: [Book2] });
    await second.transaction((tx) => void tx.create(Book2, { title: "a", price: "0", pages: 1 }));
    await first.refresh();
    const write = (...prices: readonly string[]) =>
      first.transaction(async (tx) => {
        const book = await tx.nodes(Book).one();
        for (const price of prices) book.price = price;
      });
    await write("1");
    const written = () => first.status().store.counters.rowsWritten;
    const before = written();
    await write("2", "1");
    expect(written()).toBe(before);
    await write("2");
    expect(written()).toBeGreaterThan(before);
    await second.refresh();
    expect((await second.nodes(Book2).one()).pages).toBe(1);
  });

  it("a subtype that the older one does not know is counted by it, and guarded against", async () => {
    const openHere = open.place();
    const first = await openHere({ types: [Book] });
    await first.transaction((tx) => void tx.create(Book, { name: "a", price: "1" }));
    const second = await openHere({ types: [Book2, Comic2] });
    await first.refresh();
    let attempts = 0;
    const found = await first.transaction(async (tx) => {
      attempts += 1;
      const count = await tx.nodes(Book).count();
      if (attempts === 1)
        await second.transaction(
          (other) => void other.create(Comic2, { title: "c", price: "2", artist: "x" }),
        );
      tx.create(Book, { name: `n${count}`, price: "" });
      return count;
    });
    expect([attempts, found]).toEqual([2, 2]);
    expect(await second.nodes(Book2).count()).toBe(3);
  });
});
