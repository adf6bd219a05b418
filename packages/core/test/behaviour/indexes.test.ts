import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  eq,
  gt,
  gte,
  lt,
  lte,
  node,
  oneOf,
  startsWith,
  UniqueViolationError,
  ValidationError,
} from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Item extends node(
  "Item",
  {
    code: z.string().optional(),
    shelf: z.string().default("s"),
    row: z.int().optional(),
    price: z.number().optional(),
    due: z.date().optional(),
    serial: z.bigint().optional(),
  },
  {
    unique: ["code", { fields: ["serial"], per: "owner" }],
    index: [{ fields: ["shelf", "row"] }, "price", "due"],
  },
) {}
class Book extends Item.extend("Book", { pages: z.int().default(1) }, { index: ["pages"] }) {}
class Note extends node("Note", { text: z.string() }, { unique: [{ fields: ["text"], per: "owner" }] }) {}
const types = [Item, Book, Note];

function codes(items: readonly { readonly code: string | undefined }[]): (string | undefined)[] {
  return items.map(({ code }) => code);
}

forEachStore("indexes", (open) => {
  it("find by equality, ranges, prefixes and choices what a scan would find", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      tx.create(
        Item,
        [3, 1, undefined, 2, 2.5].map((price, i) => ({ code: `c${i}`, price })),
      );
      tx.create(Book, { code: "d0", price: 2 });
    });
    const by = async (filter: Parameters<typeof graph.nodes<typeof Item>>[1]): Promise<unknown> =>
      codes(await graph.nodes(Item, filter).all());
    expect(await by({ price: 2 })).toEqual(["c3", "d0"]);
    expect(await by({ price: gt(2) })).toEqual(["c0", "c4"]);
    expect(await by({ price: gte(2) })).toEqual(["c0", "c3", "c4", "d0"]);
    expect(await by({ price: lt(2) })).toEqual(["c1"]);
    expect(await by({ price: lte(2) })).toEqual(["c1", "c3", "d0"]);
    expect(await by({ price: oneOf([1, 2.5, 7]) })).toEqual(["c1", "c4"]);
    expect(await by({ price: eq(undefined) })).toEqual(["c2"]);
    expect(await by({ code: startsWith("c") })).toEqual(["c0", "c1", "c2", "c3", "c4"]);
    expect(await by({ code: startsWith("d") })).toEqual(["d0"]);
    expect(await by({ code: "c1" })).toEqual(["c1"]);
    expect(await by({ code: "nothing" })).toEqual([]);
    expect(codes(await graph.nodes(Book, { price: 2 }).all())).toEqual(["d0"]);
  });

  it("over several fields find by the first ones too", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      for (const [code, shelf, row] of [
        ["1", "a", 2],
        ["2", "a", 1],
        ["3", "b", 1],
        ["4", "a", undefined],
      ] as const)
        tx.create(Item, { code, shelf, row });
    });
    expect(codes(await graph.nodes(Item, { shelf: "a" }).all())).toEqual(["1", "2", "4"]);
    expect(codes(await graph.nodes(Item, { shelf: "a", row: 1 }).all())).toEqual(["2"]);
    expect(codes(await graph.nodes(Item, { shelf: "a", row: gte(1) }).all())).toEqual(["1", "2"]);
    expect(codes(await graph.nodes(Item, { shelf: "a" }).orderBy("row").all())).toEqual(["2", "1", "4"]);
    expect(codes(await graph.nodes(Item, { shelf: "a" }).orderBy("row", "desc").all())).toEqual([
      "1",
      "2",
      "4",
    ]);
    expect(codes(await graph.nodes(Item, { row: 1 }).all())).toEqual(["2", "3"]);
  });

  it("of dates and bigints keep their order", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      for (const [code, day, serial] of [
        ["1", 3, 5n],
        ["2", 1, -5n],
        ["3", 2, 9007199254740993n],
      ] as const)
        tx.create(Item, { code, due: new Date(Date.UTC(2020, 0, day)), serial });
    });
    expect(
      codes(
        await graph
          .nodes(Item, { due: gt(new Date(Date.UTC(2020, 0, 1))) })
          .orderBy("due")
          .all(),
      ),
    ).toEqual(["3", "1"]);
    expect(codes(await graph.nodes(Item, { serial: 9007199254740993n }).all())).toEqual(["3"]);
    expect(codes(await graph.nodes(Item, { serial: lt(5n) }).all())).toEqual(["2"]);
    expect(codes(await graph.nodes(Item).orderBy("serial").all())).toEqual(["2", "1", "3"]);
  });

  it("follow every write: changed, deleted and made within the unit and after it", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      tx.create(Item, [
        { code: "1", price: 1 },
        { code: "2", price: 2 },
        { code: "3", price: 3 },
      ]);
    });
    const asked = async (of: Pick<typeof graph, "nodes">): Promise<unknown> => [
      codes(await of.nodes(Item, { price: 9 }).all()),
      codes(await of.nodes(Item, { price: 1 }).all()),
      codes(await of.nodes(Item, { price: gte(3) }).all()),
      codes(await of.nodes(Item, { code: "4" }).all()),
    ];
    const expected = [["1", "4"], [], ["1", "4"], ["4"]];
    await graph.transaction(async (tx) => {
      (await tx.nodes(Item, { code: "1" }).one()).price = 9;
      (await tx.nodes(Item, { code: "3" }).one()).delete();
      tx.create(Item, { code: "4", price: 9 });
      expect(await asked(tx)).toEqual(expected);
    });
    expect(await asked(graph)).toEqual(expected);
  });

  it("a key that was looked up before finds what was written since", async () => {
    const graph = await open({ types });
    const asked = async (): Promise<unknown> => [
      codes(await graph.nodes(Item, { code: "1" }).all()),
      codes(await graph.nodes(Item, { price: 5 }).all()),
      codes(await graph.nodes(Item, { price: 6 }).all()),
    ];
    expect(await asked()).toEqual([[], [], []]);
    await graph.transaction((tx) => void tx.create(Item, { code: "1", price: 5 }));
    expect(await asked()).toEqual([["1"], ["1"], []]);
    await graph.nodes(Item, { code: "1" }).updateAll((item) => {
      item.price = 6;
    });
    expect(await asked()).toEqual([["1"], [], ["1"]]);
    await graph.transaction((tx) => void tx.create(Book, { code: "2", price: 6 }));
    expect(await asked()).toEqual([["1"], [], ["1", "2"]]);
    await graph.nodes(Item, { code: "1" }).deleteAll();
    expect(await asked()).toEqual([[], [], ["2"]]);
  });

  it.skipIf(!open.store.isShared)(
    "a key that was looked up before finds what others have written",
    async () => {
      const openHere = open.place();
      const [graph, other] = [await openHere({ types }), await openHere({ types })];
      const asked = async (): Promise<unknown> => {
        await graph.refresh();
        return [
          codes(await graph.nodes(Item, { code: "1" }).all()),
          codes(await graph.nodes(Item, { price: 5 }).all()),
          codes(await graph.nodes(Item, { price: 6 }).all()),
        ];
      };
      expect(await asked()).toEqual([[], [], []]);
      await other.transaction((tx) => void tx.create(Item, { code: "1", price: 5 }));
      expect(await asked()).toEqual([["1"], ["1"], []]);
      await other.nodes(Item, { code: "1" }).updateAll((item) => {
        item.price = 6;
      });
      expect(await asked()).toEqual([["1"], [], ["1"]]);
      await other.nodes(Item).deleteAll();
      expect(await asked()).toEqual([[], [], []]);
    },
  );

  it("of a subtype alone serve the subtype", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      tx.create(Book, [
        { code: "1", pages: 30 },
        { code: "2", pages: 10 },
      ]);
      tx.create(Item, { code: "3" });
    });
    expect(
      codes(
        await graph
          .nodes(Book, { pages: gt(5) })
          .orderBy("pages")
          .all(),
      ),
    ).toEqual(["2", "1"]);
  });

  describe("unique keys", () => {
    it("hold over a type and its subtypes; absent is exempt", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        tx.create(Item, { code: "a" });
        tx.create(Item, [{}, {}]);
      });
      for (const type of [Item, Book]) {
        const error = await graph
          .transaction((tx) => tx.create(type, { code: "a" }))
          .then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
        expect(error).toBeInstanceOf(UniqueViolationError);
        expect(error).toMatchObject({ code: "RW_UNIQUE", type: "Item", fields: ["code"], values: ["a"] });
      }
      expect(await graph.nodes(Item).count()).toBe(3);
    });

    it("are checked within one unit too", async () => {
      const graph = await open({ types });
      const twice = graph.transaction((tx) => tx.create(Item, [{ code: "a" }, { code: "a" }]));
      await expect(twice).rejects.toThrow(UniqueViolationError);
      expect(await graph.nodes(Item).count()).toBe(0);
    });

    it("are free again after a delete or a change, and may be swapped within a unit", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => tx.create(Item, [{ code: "a" }, { code: "b" }, { code: "c" }]));
      await graph.transaction(async (tx) => {
        const [a, b, c] = await tx.nodes(Item).all();
        a!.code = "b";
        b!.code = "a";
        c!.delete();
        tx.create(Item, { code: "c" });
      });
      expect(codes(await graph.nodes(Item).all())).toEqual(["b", "a", "c"]);
      expect(codes(await graph.nodes(Item, { code: "a" }).all())).toEqual(["a"]);
    });

    it("per owner hold for each owner by itself", async () => {
      const graph = await open({ types });
      const [ann, bob] = [await graph.createRoot(), await graph.createRoot()];
      for (const root of [ann, bob]) {
        const me = graph.as(root.id);
        await me.transaction((tx) => void tx.root.connect(Note, { text: "x" }));
        await expect(me.transaction((tx) => tx.create(Note, { text: "x" }))).rejects.toThrow(
          UniqueViolationError,
        );
        expect(await me.nodes(Note, { text: "x" }).count()).toBe(1);
      }
      expect(await graph.nodes(Note, { text: "x" }).count()).toBe(2);
    });
  });

  it("take scalars up to 1 KiB, and refuse others when they are written", async () => {
    const graph = await open({ types });
    await expect(graph.transaction((tx) => tx.create(Item, { code: "x".repeat(2000) }))).rejects.toThrow(
      ValidationError,
    );
    expect(await graph.nodes(Item, { code: "x".repeat(2000) }).count()).toBe(0);
    await graph.transaction((tx) => tx.create(Item, { code: "x".repeat(1000) }));
    expect(await graph.nodes(Item, { code: "x".repeat(1000) }).count()).toBe(1);
  });
});
