import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  CorruptRecordError,
  edge,
  type Graph,
  gt,
  gte,
  lt,
  type NodeQuery,
  node,
  oneOf,
  type RecordClass,
  via,
} from "../../src/index.ts";
import { forEachStore, type Open } from "./stores.ts";

// The same data, opened by code whose types have changed meanwhile.

const first = (() => {
  class Book extends node("Book", { title: z.string(), shelf: z.string(), stars: z.int().optional() }) {}
  class Comic extends Book.extend("Comic", { artist: z.string() }) {}
  class Shelf extends node("Shelf", { name: z.string() }) {}
  class Holds extends edge("Holds", { at: z.int() }, { from: Shelf, to: Book }) {}
  return { Book, Comic, Shelf, Holds, types: [Book, Comic, Shelf, Holds] };
})();

async function fill(graph: Graph): Promise<void> {
  await graph.transaction((tx) => {
    const shelf = tx.root.connect(first.Shelf, { name: "s" });
    shelf.connect(first.Book, { title: "a", shelf: "s", stars: 3 }, via(first.Holds, { at: 1 }));
    shelf.connect(first.Comic, { title: "b", shelf: "s", artist: "x" }, via(first.Holds, { at: 2 }));
  });
}

/** Runs each body against the same data with its own types, one after another. */
async function runs(
  open: Open,
  ...each: readonly [types: readonly RecordClass[], body: (graph: Graph) => Promise<void>][]
): Promise<void> {
  const openHere = open.place();
  for (const [types, body] of each) {
    const graph = await openHere({ types });
    await body(graph);
    await graph.close();
  }
}

forEachStore("the second run", (open) => {
  describe("a field that is new", () => {
    class Book extends node("Book", {
      title: z.string(),
      shelf: z.string(),
      stars: z.int().optional(),
      pages: z.int().default(100),
      isbn: z.string().optional(),
    }) {}

    it("has its default, or is absent, in the records there are", async () => {
      await runs(
        open,
        [first.types, fill],
        [
          [Book],
          async (graph) => {
            const books = await graph.nodes(Book).all();
            expect(books.map(({ title, pages, isbn }) => [title, pages, isbn])).toEqual([
              ["a", 100, undefined],
              ["b", 100, undefined],
            ]);
            expect(await graph.nodes(Book, { pages: 100 }).count()).toBe(2);
            await graph.nodes(Book, { title: "a" }).updateAll((book) => {
              book.isbn = "1";
            });
          },
        ],
        [
          [Book],
          async (graph) => {
            const book = await graph.nodes(Book, { isbn: "1" }).one();
            expect(book.toJSON()).toMatchObject({ title: "a", pages: 100, stars: 3 });
          },
        ],
      );
    });
  });

  it("a field that is new, with a default and an index, is found by it in records that were never rewritten", async () => {
    class Book extends node(
      "Book",
      {
        title: z.string(),
        shelf: z.string(),
        pages: z.int().default(100),
        kind: z.string().default("prose"),
      },
      { index: ["pages", { fields: ["shelf", "kind"] }, { fields: ["kind", "pages"] }] },
    ) {}
    const titles = (books: readonly Book[]): string => books.map(({ title }) => title).join("");
    await runs(
      open,
      [
        first.types,
        async (graph) => {
          await fill(graph);
          await graph.transaction(
            (tx) =>
              void tx.create(
                first.Book,
                ["c", "d", "e"].map((title) => ({ title, shelf: "t" })),
              ),
          );
        },
      ],
      [
        [Book],
        async (graph) => {
          await graph.transaction((tx) => {
            tx.create(Book, { title: "x", shelf: "t", pages: 50 });
            tx.create(Book, { title: "y", shelf: "t", pages: 200, kind: "verse" });
            tx.create(Book, { title: "z", shelf: "t" });
          });
          for (let times = 0; times < 2; times++) {
            const found = async (query: NodeQuery<Book>): Promise<string> => titles(await query.all());
            const books = graph.nodes(Book);
            expect(await found(graph.nodes(Book, { pages: 100 }))).toBe("abcdez");
            expect(await found(graph.nodes(Book, { pages: 100 }).limit(2))).toBe("ab");
            expect(await found(graph.nodes(Book, { pages: 100 }).reverse().limit(2))).toBe("ze");
            expect(await found(graph.nodes(Book, { pages: oneOf([50, 100]) }))).toBe("abcdexz");
            expect(await found(graph.nodes(Book, { pages: lt(150) }))).toBe("abcdexz");
            expect(await found(graph.nodes(Book, { pages: gt(100) }))).toBe("y");
            expect(await found(books.orderBy("pages"))).toBe("xabcdezy");
            expect(await found(books.orderBy("pages").limit(3))).toBe("xab");
            expect(await found(books.orderBy("pages", "desc").limit(3))).toBe("yab");
            expect(await found(graph.nodes(Book, { shelf: "t", kind: "prose" }))).toBe("cdexz");
            expect(await found(graph.nodes(Book, { shelf: "t", kind: "verse" }))).toBe("y");
            expect(await found(graph.nodes(Book, { kind: "prose", pages: gte(100) }))).toBe("abcdez");
            expect(await found(graph.nodes(Book, { kind: "prose" }).orderBy("pages").limit(2))).toBe("xa");
            const { items, next } = await books.orderBy("pages").limit(4).page();
            expect(titles(items)).toBe("xabc");
            expect(await found(books.orderBy("pages").after(next!))).toBe("dezy");
            // Rewritten, or not: it makes no difference.
            await graph.nodes(Book, { title: oneOf(["a", "d"]) }).updateAll((book) => {
              book.pages = 101;
            });
            await graph.nodes(Book, { title: oneOf(["a", "d"]) }).updateAll((book) => {
              book.pages = 100;
            });
          }
        },
      ],
    );
  });

  it("a field that the code no longer has is kept, and stored again when the record is written", async () => {
    class Book extends node("Book", { title: z.string(), shelf: z.string() }) {}
    await runs(
      open,
      [first.types, fill],
      [
        [Book],
        async (graph) => {
          const book = await graph.nodes(Book, { title: "a" }).one();
          expect(book.toJSON()).not.toHaveProperty("stars");
          await graph.nodes(Book).updateAll((each) => {
            each.shelf = "t";
          });
        },
      ],
      [
        first.types,
        async (graph) => {
          const [a, b] = await graph.nodes(first.Book).all();
          expect(a?.toJSON()).toMatchObject({ title: "a", shelf: "t", stars: 3 });
          expect(b?.toJSON()).toMatchObject({ type: "Comic", title: "b", shelf: "t", artist: "x" });
        },
      ],
    );
  });

  it("a type that is new stands beside the others", async () => {
    class Reader extends node("Reader", { name: z.string() }) {}
    class Reads extends edge("Reads", {}, { from: Reader, to: first.Book }) {}
    await runs(
      open,
      [first.types, fill],
      [
        [...first.types, Reader, Reads],
        async (graph) => {
          await graph.transaction(async (tx) => {
            const book = await tx.nodes(first.Book, { title: "a" }).one();
            tx.root.connect(Reader, { name: "r" }).link(book, via(Reads, {}));
          });
          expect((await graph.nodes(first.Book).in(Reads).one()).name).toBe("r");
        },
      ],
      [first.types, async (graph) => expect(await graph.nodes(first.Book).count()).toBe(2)],
    );
  });

  describe("a type that the code no longer has", () => {
    it("comes as the base type that it has, and keeps its name and fields", async () => {
      const { Book, Shelf, Holds } = first;
      await runs(
        open,
        [first.types, fill],
        [
          [Book, Shelf, Holds],
          async (graph) => {
            const books = await graph.nodes(Shelf).out(Holds).all();
            expect(books.map(({ title }) => title)).toEqual(["a", "b"]);
            expect(books[1]).toBeInstanceOf(Book);
            expect(await graph.nodes(Book).count()).toBe(2);
            await graph.nodes(Book, { title: "b" }).updateAll((book) => {
              book.stars = 5;
            });
          },
        ],
        [
          first.types,
          async (graph) => {
            const comic = await graph.nodes(first.Comic).one();
            expect(comic.toJSON()).toMatchObject({ type: "Comic", title: "b", artist: "x", stars: 5 });
          },
        ],
      );
    });

    it("without a base keeps its records out of the way, and they are there again with it", async () => {
      const { Shelf, Holds, Book, Comic } = first;
      await runs(
        open,
        [first.types, fill],
        [
          [Book, Comic],
          async (graph) => {
            expect(await graph.nodes(Book).count()).toBe(2);
            await graph.transaction((tx) => void tx.root.connect(Book, { title: "c", shelf: "" }));
            expect(await graph.root.out(Book).count()).toBe(1);
          },
        ],
        [
          first.types,
          async (graph) => {
            expect((await graph.root.out(Shelf).one()).name).toBe("s");
            expect((await graph.nodes(Shelf).out(Holds).edges().all()).map(({ at }) => at)).toEqual([1, 2]);
          },
        ],
      );
    });
  });

  it("an index that is new finds the records there are", async () => {
    class Book extends node(
      "Book",
      { title: z.string(), shelf: z.string(), stars: z.int().optional() },
      { unique: ["title"], index: ["stars"] },
    ) {}
    await runs(
      open,
      [first.types, fill],
      [
        [Book],
        async (graph) => {
          expect((await graph.nodes(Book, { title: "b" }).one()).shelf).toBe("s");
          expect(await graph.nodes(Book, { stars: 3 }).count()).toBe(1);
          const twice = graph.transaction((tx) => tx.create(Book, { title: "a", shelf: "" }));
          await expect(twice).rejects.toMatchObject({ code: "RW_UNIQUE" });
        },
      ],
    );
  });

  it("a record without a field that is demanded now cannot be read or written, and its neighbours can", async () => {
    class Book extends node("Book", { title: z.string(), shelf: z.string(), artist: z.string() }) {}
    await runs(
      open,
      [first.types, fill],
      [
        [Book],
        async (graph) => {
          await graph.transaction(async (tx) => {
            const [plain, comic] = await tx.nodes(Book).all();
            for (let times = 0; times < 2; times++) expect(() => plain!.title).toThrow(CorruptRecordError);
            expect(() => plain!.toJSON()).toThrow(/artist/);
            expect(() => {
              plain!.artist = "y";
            }).toThrow(CorruptRecordError);
            expect(comic!.artist).toBe("x");
          });
          await expect(graph.nodes(Book).select("title").all()).rejects.toThrow(CorruptRecordError);
          expect(await graph.nodes(Book, { title: "b" }).count()).toBe(1);
        },
      ],
      [first.types, async (graph) => expect(await graph.nodes(first.Book, { stars: 3 }).count()).toBe(1)],
    );
  });

  it("records that cannot be read are listed with the reason, until they can be or are gone", async () => {
    class Book extends node("Book", { title: z.string(), shelf: z.string(), artist: z.string() }) {}
    await runs(
      open,
      [
        first.types,
        async (graph) => {
          await fill(graph);
          await graph.transaction((tx) => void tx.create(first.Book, { title: "c", shelf: "s" }));
        },
      ],
      [
        [Book],
        async (graph) => {
          expect(graph.quarantine()).toEqual([]);
          const books = await graph.nodes(Book).all();
          const [a, , c] = books.map(({ id }) => id);
          const reason = expect.stringMatching(/artist/);
          const listed = (id: unknown) => ({ kind: "node", type: "Book", id, reason, paths: ["artist"] });
          expect(graph.quarantine()).toEqual([listed(a), listed(c)]);
          expect(graph.status().quarantined).toBe(2);
          await graph.transaction(async (tx) => (await tx.require(Book, a!)).delete());
          expect(graph.quarantine()).toEqual([listed(c)]);
        },
      ],
      [
        first.types,
        async (graph) => {
          expect((await graph.nodes(first.Book).all()).map(({ title }) => title)).toEqual(["b", "c"]);
          expect(graph.quarantine()).toEqual([]);
        },
      ],
    );
  });
});
