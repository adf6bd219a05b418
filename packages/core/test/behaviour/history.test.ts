import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  edge,
  type Graph,
  gte,
  NewerShapeError,
  node,
  type RecordClass,
  ValidationError,
  via,
} from "../../src/index.ts";
import { forEachStore, type Open } from "./stores.ts";

// Types that say in their history what has become of the fields that records were stored with.

type Version = readonly [types: readonly RecordClass[], body: (graph: Graph) => Promise<void>];

/** Opens the same data with each version's types, one after another. */
async function versions(open: Open, ...each: readonly Version[]): Promise<void> {
  const openHere = open.place();
  for (const [types, body] of each) {
    const graph = await openHere({ types });
    await body(graph);
    await graph.close();
  }
}

const v1 = (() => {
  class Shelf extends node("Shelf", { name: z.string() }) {}
  class Book extends node(
    "Book",
    { name: z.string(), price: z.string(), first: z.string().optional(), last: z.string().optional() },
    { unique: ["name"], index: ["price"] },
  ) {}
  class Holds extends edge("Holds", { at: z.string() }, { from: Shelf, to: Book }) {}
  return { Shelf, Book, Holds, types: [Shelf, Book, Holds] };
})();

async function fill(graph: Graph): Promise<void> {
  await graph.transaction((tx) => {
    const shelf = tx.root.connect(v1.Shelf, { name: "s" });
    shelf.connect(
      v1.Book,
      { name: "a", price: "7", first: "Jane", last: "Austen" },
      via(v1.Holds, { at: "1" }),
    );
    shelf.connect(v1.Book, { name: "b", price: "9" }, via(v1.Holds, { at: "2" }));
  });
}

const renamed = (() => {
  class Rack extends node("Rack", { name: z.string() }, { history: [{ formerly: "Shelf" }] }) {}
  class Title extends node(
    "Title",
    { title: z.string(), price: z.string(), first: z.string().optional(), last: z.string().optional() },
    { unique: ["title"], index: ["price"], history: [{ formerly: "Book" }, { rename: { name: "title" } }] },
  ) {}
  class Stands extends edge(
    "Stands",
    { place: z.string() },
    { from: Rack, to: Title, history: [{ rename: { at: "place" } }, { formerly: "Holds" }] },
  ) {}
  return { Rack, Title, Stands, types: [Rack, Title, Stands] };
})();

const transformed = (() => {
  class Book extends node(
    "Book",
    { name: z.string(), cents: z.int(), author: z.string().optional() },
    {
      unique: ["name"],
      index: ["cents"],
      history: [
        {
          transform: ["price"],
          into: ["cents"],
          by: (old: { price: string }) => ({ cents: Number(old.price) * 100 }),
        },
        {
          transform: ["first", "last"],
          into: ["author"],
          by: (old: { first?: string; last?: string }) => ({ author: `${old.first} ${old.last}` }),
        },
      ],
    },
  ) {}
  return { Book, types: [v1.Shelf, Book, edge("Holds", { at: z.string() }, { from: v1.Shelf, to: Book })] };
})();

forEachStore("the history of a type", (open) => {
  describe("renamed types and fields", () => {
    it("are read, found, written and unique under their new names", async () => {
      const { Rack, Title, Stands, types } = renamed;
      await versions(
        open,
        [v1.types, fill],
        [
          types,
          async (graph) => {
            const found = await graph.nodes(Rack, { name: "s" }).out(Stands, { place: "2" }).one();
            expect(found.toJSON()).toMatchObject({ type: "Title", title: "b", price: "9" });
            expect((await graph.nodes(Title, { title: "a" }).one()).first).toBe("Jane");
            const twice = graph.transaction((tx) => void tx.create(Title, { title: "a", price: "1" }));
            await expect(twice).rejects.toMatchObject({
              code: "RW_UNIQUE",
              fields: ["title"],
              values: ["a"],
            });
            await graph.nodes(Title, { title: "a" }).updateAll((draft) => {
              draft.title = "c";
            });
            expect((await graph.nodes(Title).orderBy("title").all()).map(({ title }) => title)).toEqual([
              "b",
              "c",
            ]);
          },
        ],
        [
          types,
          async (graph) => {
            expect(await graph.nodes(Title, { title: "c" }).count()).toBe(1);
            expect(await graph.nodes(Title).count()).toBe(2);
          },
        ],
      );
    });

    it("are to code from before the rename what they were", async () => {
      const { Title, types } = renamed;
      await versions(
        open,
        [v1.types, fill],
        [
          types,
          async (graph) => {
            await graph.transaction((tx) => void tx.create(Title, { title: "new", price: "3" }));
            await graph.nodes(Title, { title: "a" }).updateAll((draft) => {
              draft.title = "c";
            });
          },
        ],
        [
          v1.types,
          async (graph) => {
            expect((await graph.nodes(v1.Book).all()).map(({ name }) => name)).toEqual(["c", "b", "new"]);
            expect(await graph.nodes(v1.Book, { name: "new" }).count()).toBe(1);
            await graph.nodes(v1.Book, { name: "new" }).updateAll((draft) => {
              draft.name = "old";
            });
          },
        ],
        [types, async (graph) => expect(await graph.nodes(Title, { title: "old" }).count()).toBe(1)],
      );
    });
  });

  describe("transformed fields", () => {
    it("have their new values in records of the old shape, in queries and indexes too", async () => {
      const { Book, types } = transformed;
      await versions(
        open,
        [v1.types, fill],
        [
          types,
          async (graph) => {
            const rows = async () =>
              (await graph.nodes(Book).all()).map(({ name, cents, author }) => [name, cents, author]);
            const expected = [
              ["a", 700, "Jane Austen"],
              ["b", 900, undefined],
            ];
            expect(await rows()).toEqual(expected);
            expect((await graph.nodes(Book, { cents: 900 }).one()).name).toBe("b");
            await graph.transaction((tx) => void tx.create(Book, { name: "c", cents: 800 }));
            const byPrice = await graph
              .nodes(Book, { cents: gte(700) })
              .orderBy("cents")
              .all();
            expect(byPrice.map(({ name }) => name)).toEqual(["a", "c", "b"]);
            await graph.nodes(Book, { name: "a" }).updateAll((draft) => {
              draft.name = "A";
            });
            expect((await graph.nodes(Book, { cents: 700 }).one()).name).toBe("A");
          },
        ],
        [
          types,
          async (graph) => {
            const all = await graph.nodes(Book).orderBy("cents").all();
            expect(all.map(({ name, cents, author }) => [name, cents, author])).toEqual([
              ["A", 700, "Jane Austen"],
              ["c", 800, undefined],
              ["b", 900, undefined],
            ]);
          },
        ],
      );
    });

    it("are refused to the writes of code from before, which reads the rest and may delete", async () => {
      const { Book, types } = transformed;
      await versions(
        open,
        [v1.types, fill],
        [
          types,
          async (graph) => {
            await graph.nodes(Book, { name: "a" }).updateAll((draft) => {
              draft.cents = 1;
            });
          },
        ],
        [
          v1.types,
          async (graph) => {
            await graph.transaction(async (tx) => {
              const [a, b] = await tx.nodes(v1.Book).all();
              expect(a!.name).toBe("a");
              expect(() => a!.price).toThrow(NewerShapeError);
              expect(() => a!.toJSON()).toThrow(NewerShapeError);
              expect(Object.prototype.toString.call(a)).toMatch(/"price": "\(stored by newer code\)"/);
              expect(() => {
                a!.name = "x";
              }).toThrow(NewerShapeError);
              expect(() =>
                a!.update((draft) => {
                  draft.name = "x";
                }),
              ).toThrow(NewerShapeError);
              expect(a!.name).toBe("a");
              b!.price = "10";
            });
            await expect(
              graph.nodes(v1.Book).updateAll((draft) => {
                draft.name += "!";
              }),
            ).rejects.toThrow(NewerShapeError);
            await expect(graph.nodes(v1.Book).min("price")).rejects.toThrow(NewerShapeError);
            await expect(graph.nodes(v1.Book).select("price").all()).rejects.toThrow(NewerShapeError);
            expect((await graph.nodes(v1.Book).select("name").all()).map(({ name }) => name)).toEqual([
              "a",
              "b",
            ]);
            expect((await graph.nodes(v1.Book, { price: "10" }).one()).name).toBe("b");
          },
        ],
        [
          types,
          async (graph) => {
            expect((await graph.nodes(Book).all()).map(({ name, cents }) => [name, cents])).toEqual([
              ["a", 1],
              ["b", 1000],
            ]);
          },
        ],
        [v1.types, async (graph) => expect(await graph.nodes(v1.Book, { name: "a" }).deleteAll()).toBe(1)],
        [types, async (graph) => expect(await graph.nodes(Book).count()).toBe(1)],
      );
    });

    it("whose transform fails keep their record and leave its neighbours alone", async () => {
      class Book extends node(
        "Book",
        { name: z.string(), cents: z.int() },
        {
          history: [
            {
              transform: ["price"],
              into: ["cents"],
              by: (old: { price: string }) => {
                if (old.price === "7") throw new Error("no sevens");
                return { cents: Number(old.price) };
              },
            },
          ],
        },
      ) {}
      class Mended extends node(
        "Book",
        { name: z.string(), cents: z.int() },
        {
          history: [
            {
              transform: ["price"],
              into: ["cents"],
              by: (old: { price: string }) => ({ cents: Number(old.price) }),
            },
          ],
        },
      ) {}
      await versions(
        open,
        [v1.types, fill],
        [
          [Book],
          async (graph) => {
            const [a, b] = await graph.nodes(Book).all();
            expect(() => a!.name).toThrow(
              /step 1 of the history of Book \(transform price into cents\) threw: no sevens/,
            );
            expect(b!.cents).toBe(9);
            expect(graph.quarantine()).toMatchObject([{ type: "Book", reason: /no sevens/ }]);
          },
        ],
        [
          [Mended],
          async (graph) =>
            expect((await graph.nodes(Mended).all()).map(({ cents }) => cents)).toEqual([7, 9]),
        ],
      );
    });
  });

  it("a subtype that the code does not know is read by the history of its base, and written where that says all", async () => {
    class Comic extends v1.Book.extend("Comic", { artist: z.string() }) {}
    class Book2 extends node(
      "Book",
      { title: z.string(), cents: z.int() },
      {
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
    class Comic2 extends Book2.extend("Comic", { artist: z.string() }) {}
    await versions(
      open,
      [
        [Comic],
        async (graph) => {
          await graph.transaction((tx) => void tx.create(Comic, { name: "c", price: "5", artist: "x" }));
        },
      ],
      [
        [Book2],
        async (graph) => {
          await graph.transaction(async (tx) => {
            const comic = await tx.nodes(Book2).one();
            expect([comic.$type, comic.title, comic.cents]).toEqual(["Comic", "c", 5]);
            // No shape of Comic says that a record has the base's steps behind it.
            expect(() => {
              comic.title = "d";
            }).toThrow(NewerShapeError);
          });
        },
      ],
      [
        [Comic2],
        async (graph) => {
          expect((await graph.nodes(Comic2).one()).toJSON()).toMatchObject({
            title: "c",
            cents: 5,
            artist: "x",
          });
        },
      ],
      [
        [Book2],
        async (graph) => {
          await graph.nodes(Book2).updateAll((draft) => {
            draft.cents = 6;
          });
        },
      ],
      [
        [Comic2],
        async (graph) => {
          expect((await graph.nodes(Comic2).one()).toJSON()).toMatchObject({
            title: "c",
            cents: 6,
            artist: "x",
          });
        },
      ],
    );
  });

  it("a dropped field is gone when its record is rewritten, and its name may be used anew", async () => {
    class Dropped extends node("Book", { name: z.string() }, { history: [{ drop: ["price"] }] }) {}
    class Anew extends node(
      "Book",
      { name: z.string(), price: z.int().default(1) },
      { history: [{ drop: ["price"] }, { add: ["price"] }] },
    ) {}
    await versions(
      open,
      [v1.types, fill],
      [
        [Dropped],
        async (graph) => {
          await graph.nodes(Dropped, { name: "a" }).updateAll((draft) => {
            draft.name = "A";
          });
        },
      ],
      [
        [Anew],
        async (graph) => expect((await graph.nodes(Anew).all()).map(({ price }) => price)).toEqual([1, 1]),
      ],
    );
  });

  it("what a validator refuses by now is found once the history says so", async () => {
    class Strict extends node("Book", { name: z.string(), price: z.string().regex(/^[0-8]$/) }) {}
    class Rechecked extends node(
      "Book",
      { name: z.string(), price: z.string().regex(/^[0-8]$/) },
      { history: [{ recheck: ["price"] }] },
    ) {}
    class V1 extends node("Book", { name: z.string(), price: z.string() }) {}
    await versions(
      open,
      [
        [V1],
        async (graph) =>
          graph.transaction(
            (tx) =>
              void tx.create(V1, [
                { name: "a", price: "7" },
                { name: "b", price: "9" },
              ]),
          ),
      ],
      [
        [Strict],
        async (graph) =>
          expect((await graph.nodes(Strict).all()).map(({ price }) => price)).toEqual(["7", "9"]),
      ],
      [
        [Rechecked],
        async (graph) => {
          const [a, b] = await graph.nodes(Rechecked).all();
          expect(a!.price).toBe("7");
          expect(() => b!.price).toThrow(/price: /);
          expect(graph.quarantine()).toHaveLength(1);
        },
      ],
    );
  });

  describe("is refused, before anything is stored, where it", () => {
    const refusals: [string, readonly RecordClass[], RegExp][] = [
      [
        "differs from that of stored records",
        [
          node(
            "Book",
            { heading: z.string() },
            { history: [{ formerly: "Book0" }, { rename: { name: "heading" } }] },
          ),
        ],
        /rename name to heading.*rename name to title/,
      ],
      [
        "lacks steps that stored records have behind them",
        [node("Book0", { title: z.string(), cents: z.int() })],
        /lacks the step "rename name to title"/,
      ],
      ["lacks the old name of a type", [node("Book", { title: z.string() })], /stored as Book0/],
    ];
    for (const [what, types, message] of refusals) {
      it(what, async () => {
        class Book0 extends node("Book0", { name: z.string() }) {}
        class Book extends node(
          "Book",
          { title: z.string() },
          { history: [{ formerly: "Book0" }, { rename: { name: "title" } }] },
        ) {}
        const openHere = open.place();
        for (const before of [Book0, Book]) await (await openHere({ types: [before] })).close();
        await expect(openHere({ types })).rejects.toMatchObject({
          code: "RW_STORE_CATALOG",
          message: expect.stringMatching(message),
        });
        const graph = await openHere({ types: [Book] });
        await graph.transaction((tx) => void tx.create(Book, { title: "t" }));
      });
    }
  });
});

describe("a history is refused when the type is defined", () => {
  const fields = { title: z.string(), cents: z.int().default(0) };
  const by = () => ({});
  const refused: [what: string, history: unknown, message: RegExp][] = [
    [
      "that renames a field that still exists",
      [{ rename: { title: "name" } }],
      /step 1 .*title is still a field.*add/,
    ],
    [
      "that names one field in two steps",
      [{ rename: { name: "title" } }, { rename: { name: "cents" } }],
      /step 2 .*no field name any more: step 1/,
    ],
    [
      "that makes one field twice",
      [{ rename: { a: "title" } }, { rename: { b: "title" } }],
      /title is what step 1 has made/,
    ],
    ["that drops a field of the type", [{ drop: ["cents"] }], /cents is still a field/],
    ["whose new name is no field's", [{ rename: { a: "titel" } }], /step 1 .*titel is no field .*aside/],
    ["that makes what is no field", [{ transform: ["a"], into: ["cent"], by }], /cent is no field/],
    ["that rechecks what is no field", [{ recheck: ["titel"] }], /titel is no field/],
    [
      "that leaves out what it has done away with",
      [{ drop: ["a"] }, { aside: ["a"] }],
      /no field a any more: step 1/,
    ],
    ["with a step that is none", [{ renamed: { a: "b" } }], /step 1 .*one of formerly, rename/],
    ["with two steps in one", [{ drop: ["a"], add: ["b"] }], /only one/],
    ["with an option that a step has not", [{ drop: ["a"], keep: true }], /drop has no "keep"/],
    [
      "with a transform that is no function",
      [{ transform: ["a"], into: ["cents"], by: 1 }],
      /`by` is not a function/,
    ],
    ["with a transform into nothing", [{ transform: ["a"], into: [], by }], /into names no field/],
    [
      "that keeps what it makes anew",
      [{ transform: ["title"], into: ["title"], by, keep: true }],
      /title is to be kept/,
    ],
    ["that adds what is there", [{ add: ["cents"] }], /cents is free/],
    ["that renames a field to itself", [{ rename: { a: "a" } }], /a is renamed to itself/],
    ["with a name that is none", [{ drop: ["a-b"] }], /"a-b" is not an identifier/],
    ["that repeats the type's name", [{ formerly: "Book" }], /Book is a name that the type has already/],
  ];
  for (const [what, history, message] of refused) {
    it(what, () => {
      const define = () => node("Book", fields, { history: history as [] });
      expect(define).toThrow(ValidationError);
      expect(define).toThrow(message);
    });
  }

  it("with an asynchronous transform, now or when it is first run", () => {
    const define = () =>
      node("Book", fields, { history: [{ transform: ["a"], into: ["cents"], by: async () => ({}) }] });
    expect(define).toThrow(expect.objectContaining({ code: "RW_DEFINITION_ASYNC" }));
  });

  it("that is no array", () => {
    expect(() => node("Book", fields, { history: {} as [] })).toThrow(TypeError);
  });

  it("of an inherited field", () => {
    class Book extends node("Book", fields) {}
    expect(() => Book.extend("Comic", {}, { history: [{ rename: { title: "name" } }] })).toThrow(
      /title is a field that Comic inherits/,
    );
  });
});
