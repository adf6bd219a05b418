import { expect, it } from "vitest";
import { z } from "zod";
import { edge, type Graph, type NodeQuery, node, type Tx, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

// Sums, extremes and groups: of which records they are, what of them a unit depends on, and what has no answer.

class Sale extends node("Sale", {
  shop: z.string().optional(),
  price: z.number().nullable().optional(),
  cents: z.bigint().optional(),
  day: z.date().optional(),
  code: z.instanceof(Uint8Array).optional(),
  paid: z.boolean().default(false),
  note: z.string().default(""),
}) {}
class Shop extends node("Shop", { name: z.string() }) {}
class Log extends node("Log", { n: z.int() }) {}
class Sold extends edge("Sold", { count: z.int(), note: z.string().optional() }, { from: Shop, to: Sale }) {}
const types = [Sale, Shop, Log, Sold];

const day = (n: number): Date => new Date(n * 86_400_000);

forEachStore("aggregates", (open) => {
  const { isShared } = open.store;

  it("add up, and leave out what is absent or null", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) =>
      tx.create(Sale, [{ price: 1.5 }, { price: null }, {}, { price: 4 }, { price: -1 }]),
    );
    const sales = graph.nodes(Sale);
    expect(await sales.sum("price")).toBe(4.5);
    expect(await sales.avg("price")).toBe(1.5);
    expect(await sales.min("price")).toBe(-1);
    expect(await sales.max("price")).toBe(4);
    expect(await sales.orderBy("price", "desc").limit(2).sum("price")).toBe(5.5);
    expect(await sales.filter({ price: 4 }).count()).toBe(1);
    expect(await sales.filter({ price: 4 }).avg("price")).toBe(4);
  });

  it("of nothing are 0, undefined and empty", async () => {
    const graph = await open({ types });
    const none = graph.nodes(Sale);
    await graph.transaction((tx) => tx.create(Sale, { shop: "a" }));
    for (const sales of [none, none.filter({ shop: "b" })]) {
      expect(await sales.sum("price")).toBe(0);
      expect(await sales.sum("cents")).toBe(0);
      expect(await sales.avg("price")).toBeUndefined();
      expect(await sales.min("day")).toBeUndefined();
      expect(await sales.max("code")).toBeUndefined();
    }
    expect(await none.filter({ shop: "b" }).countBy("shop")).toEqual(new Map());
    expect(await none.filter({ shop: "b" }).groupBy("shop")).toEqual(new Map());
  });

  it("keep bigints exact, and average them to a number", async () => {
    const graph = await open({ types });
    const large = 2n ** 62n;
    await graph.transaction((tx) => tx.create(Sale, [{ cents: large }, { cents: large }, { cents: 1n }, {}]));
    expect(await graph.nodes(Sale).sum("cents")).toBe(2n ** 63n + 1n);
    expect(await graph.nodes(Sale, { cents: 1n }).avg("cents")).toBe(1);
    await graph.nodes(Sale, { cents: large }).updateAll((draft) => {
      draft.cents = 2n;
    });
    expect(await graph.nodes(Sale).avg("cents")).toBe(5 / 3);
  });

  it("compare every kind that has an order, and hand out copies", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) =>
      tx.create(Sale, [
        { shop: "b", day: day(2), code: Uint8Array.of(1, 2), paid: true },
        { shop: "\u{1f600}", day: day(1), code: Uint8Array.of(1) },
        { shop: "\uffff", day: day(3), code: Uint8Array.of(2) },
      ]),
    );
    const sales = graph.nodes(Sale);
    expect(await sales.min("shop")).toBe("b");
    expect(await sales.max("shop")).toBe("\u{1f600}");
    expect(await sales.min("paid")).toBe(false);
    expect(await sales.max("code")).toEqual(Uint8Array.of(2));
    expect(await sales.min("code")).toEqual(Uint8Array.of(1));
    const first = await sales.min("day");
    first!.setTime(0);
    expect(await sales.min("day")).toEqual(day(1));
  });

  it("group in the order of the query, equal dates and bytes together, what is absent by itself", async () => {
    const graph = await open({ types });
    const ids = await graph.transaction((tx) =>
      tx
        .create(Sale, [
          { shop: "b", day: day(1), code: Uint8Array.of(1) },
          { shop: "a", day: day(1), code: Uint8Array.of(1) },
          { day: day(2), code: Uint8Array.of(2) },
          { shop: "b" },
        ])
        .map(({ id }) => id),
    );
    const sales = graph.nodes(Sale);
    expect([...(await sales.countBy("shop"))]).toEqual([
      ["b", 2],
      ["a", 1],
      [undefined, 1],
    ]);
    expect([...(await sales.orderBy("shop").countBy("shop")).keys()]).toEqual(["a", "b", undefined]);
    expect([...(await sales.reverse().countBy("shop")).keys()]).toEqual(["b", undefined, "a"]);
    const byDay = await sales.groupBy("day");
    expect([...byDay].map(([key, some]) => [key, some.map(({ id }) => id)])).toEqual([
      [day(1), [ids[0], ids[1]]],
      [day(2), [ids[2]]],
      [undefined, [ids[3]]],
    ]);
    expect([...(await sales.countBy("code")).values()]).toEqual([2, 1, 1]);
    await graph.transaction(async (tx) => {
      const groups = await tx.nodes(Sale).groupBy("shop");
      for (const sale of groups.get("b") ?? []) sale.paid = true;
      expect([...(await tx.nodes(Sale).countBy("paid"))]).toEqual([
        [true, 2],
        [false, 2],
      ]);
    });
  });

  it("are of edges too", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const shop = tx.create(Shop, { name: "s" });
      for (const count of [3, 1, 3]) shop.connect(Sale, {}, via(Sold, { count }));
    });
    const sold = graph.nodes(Shop).out(Sold).edges();
    expect(await sold.sum("count")).toBe(7);
    expect(await sold.reverse().limit(2).avg("count")).toBe(2);
    expect([...(await graph.edges(Sold).countBy("count"))]).toEqual([
      [3, 2],
      [1, 1],
    ]);
    expect((await sold.groupBy("count")).get(3)).toHaveLength(2);
  });

  it("are of what the principal may read", async () => {
    const graph = await open({ types });
    const ann = await graph.createRoot();
    const bob = await graph.createRoot();
    await graph.as(ann).transaction((tx) => {
      const shop = tx.create(Shop, { name: "s" });
      const shown = shop.connect(Sale, { price: 1, shop: "x" }, via(Sold, { count: 1 }));
      shop.connect(Sale, { price: 100, shop: "y" }, via(Sold, { count: 100 }));
      for (const each of [shop, shown]) each.allowRoot(bob, "read");
    });
    const sales = graph.as(bob).nodes(Sale);
    expect(await sales.sum("price")).toBe(1);
    expect(await sales.max("price")).toBe(1);
    expect([...(await sales.countBy("shop"))]).toEqual([["x", 1]]);
    expect([...(await sales.groupBy("shop")).keys()]).toEqual(["x"]);
    expect(await graph.as(bob).nodes(Shop).out(Sold).edges().sum("count")).toBe(1);
  });

  it("count what the unit has written", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => tx.create(Sale, [{ price: 1 }, { price: 2 }, { price: 3 }]));
    await graph.transaction(async (tx) => {
      const [one, two] = await tx.nodes(Sale).all();
      one!.price = 10;
      two!.delete();
      tx.create(Sale, { price: 20 });
      expect(await tx.nodes(Sale).sum("price")).toBe(33);
      expect([...(await tx.nodes(Sale).countBy("price")).keys()]).toEqual([10, 3, 20]);
    });
  });

  it("make no records of what they read, and read none of it twice", async () => {
    const graph = await open({ types, cache: { maxEntries: 10_000 } });
    await graph.transaction((tx) =>
      tx.create(
        Sale,
        Array.from({ length: 300 }, (_, price) => ({ price })),
      ),
    );
    const ask = (): Promise<number> =>
      graph.transaction(async (tx) => {
        const sales = await tx.nodes(Shop).out(Sold).sum("price");
        return sales + (await tx.nodes(Sale).sum("price"));
      });
    const before = graph.status().store.counters;
    expect(await ask()).toBe((299 * 300) / 2);
    const { rowsRead } = graph.status().store.counters;
    expect(rowsRead - before.rowsRead).toBeLessThanOrEqual(302);
  });

  const verbs: Record<string, (sales: NodeQuery<Sale>) => Promise<unknown>> = {
    sum: (sales) => sales.sum("price"),
    avg: (sales) => sales.avg("price"),
    min: (sales) => sales.min("price"),
    max: (sales) => sales.max("price"),
    countBy: (sales) => sales.countBy("price"),
    groupBy: async (sales) =>
      [...(await sales.groupBy("price"))].map(([price, some]) => [price, some.map(({ id }) => id)]),
  };
  const change = async (tx: Tx, edit: (sale: Sale) => void): Promise<void> => {
    for (const sale of await tx.nodes(Sale, { shop: "x" }).all()) edit(sale);
  };
  const changes: Record<string, { isSeen: boolean; write: (tx: Tx) => Promise<void> }> = {
    "another value": {
      isSeen: true,
      write: (tx) =>
        change(tx, (sale) => {
          sale.price = 50 + (sale.price ?? 0);
        }),
    },
    "a new record": {
      isSeen: true,
      write: async (tx) => {
        const shop = await tx.nodes(Shop).one();
        for (const price of [0, 99]) shop.connect(Sale, { price, shop: "x" }, via(Sold, { count: 1 }));
      },
    },
    "a record that is gone": { isSeen: true, write: (tx) => change(tx, (sale) => sale.delete()) },
    "another field": {
      isSeen: false,
      write: (tx) =>
        change(tx, (sale) => {
          sale.note = "other";
        }),
    },
  };

  async function fill(graph: Graph): Promise<void> {
    await graph.transaction((tx) => {
      const shop = tx.create(Shop, { name: "s" });
      for (const price of [1, 5, 5]) shop.connect(Sale, { price, shop: "x" }, via(Sold, { count: 1 }));
      shop.connect(Sale, { price: 4, shop: "z" }, via(Sold, { count: 1 }));
    });
  }

  for (const [verb, ask] of Object.entries(verbs)) {
    for (const [what, { isSeen, write }] of Object.entries(changes)) {
      for (const isOther of isShared ? [false, true] : [false]) {
        const does = isSeen ? "ends" : "does not touch";
        it(`${what}, of ${isOther ? "another process" : "this one"}, ${does} a unit that asked for ${verb}`, async () => {
          const openHere = open.place();
          const graph = await openHere({ types });
          const other = isOther ? await openHere({ types }) : graph;
          await fill(graph);
          for (const from of ["hop", "type"]) {
            let runs = 0;
            let last: unknown;
            const sales = (tx: Tx): NodeQuery<Sale> =>
              from === "hop" ? tx.nodes(Shop).out(Sold) : tx.nodes(Sale);
            await graph.transaction(async (tx) => {
              runs += 1;
              last = await ask(sales(tx));
              if (runs === 1) await other.transaction(write);
              tx.create(Log, { n: runs });
            });
            expect(last).toEqual(await graph.transaction((tx) => ask(sales(tx))));
            // Records that are handed out depend on no field either. Of what another process wrote less is known.
            if (isSeen || !isOther) expect(runs).toBe(isSeen ? 2 : 1);
            if (what === "a record that is gone") await fill(graph);
          }
        });
      }
    }
  }

  it("refuse what has no answer", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      tx.create(Shop, { name: "s" }).connect(Sale, { shop: "a" }, via(Sold, { count: 1 }));
    });
    type Loose = Record<string, (field?: unknown) => Promise<unknown>>;
    const sales = graph.nodes(Sale) as unknown as Loose;
    await expect(sales.sum!("nope")).rejects.toThrow('sum: Sale has no field "nope"');
    await expect(sales.max!()).rejects.toThrow(TypeError);
    await expect(sales.sum!("shop")).rejects.toThrow("sum of Sale.shop is for numbers, and a record has");
    const pairs = graph.nodes(Shop).out(Sold).pairs() as unknown as Loose;
    await expect(pairs.sum!("count")).rejects.toThrow("sum goes with nodes or edges");
    class Mixed extends node("Mixed", { value: z.any() }) {}
    const mixed = await open({ types: [Mixed] });
    await mixed.transaction((tx) => tx.create(Mixed, [{ value: 1 }, { value: 1n }]));
    await expect(mixed.nodes(Mixed).sum("value")).rejects.toThrow("the records have both");
    await mixed.transaction((tx) => tx.create(Mixed, { value: [1] }));
    for (const verb of ["min", "countBy", "groupBy"])
      await expect((mixed.nodes(Mixed) as unknown as Loose)[verb]!("value")).rejects.toThrow(
        "compares values",
      );
    expect(() => (graph.nodes(Sale).select("price") as unknown as Loose).sum!("price")).toThrow(
      "sum() goes before select()",
    );
  });
});
