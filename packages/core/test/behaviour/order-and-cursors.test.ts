import { expect, it } from "vitest";
import { type Graph, gte, type Tx, ValidationError, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";
import { House, Leads, names, Person, Place, types } from "./town.ts";

interface Pageable<T> {
  limit(count: number): Pageable<T>;
  after(cursor: string | undefined): Pageable<T>;
  page(): Promise<{ items: T[]; next: string | undefined }>;
}

/** All pages of a query, `size` results each. */
async function pages<T>(query: Pageable<T>, size: number): Promise<T[][]> {
  const found: T[][] = [];
  let next: string | undefined;
  do {
    // Of no cursor it is the first page.
    const page = await query.limit(size).after(next).page();
    found.push(page.items);
    next = page.next;
  } while (next !== undefined);
  return found;
}

async function people(graph: Graph, ...ages: readonly (number | undefined)[]): Promise<void> {
  await graph.transaction((tx) => {
    tx.root.connect(
      Person,
      ages.map((age, i) => ({ name: `p${i}`, age })),
    );
  });
}

forEachStore("order", (open) => {
  it("is connection order where none is asked for, the order of calls within a unit", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const [b, a] = tx.create(Place, [{ name: "b" }, { name: "a" }]);
      tx.root.link(a!);
      tx.root.connect(House, { name: "h" });
      tx.root.link(b!);
    });
    await graph.transaction((tx) => void tx.root.connect(Place, { name: "last" }));
    expect(names(await graph.root.out(Place).all())).toEqual(["a", "h", "b", "last"]);
    expect(names(await graph.root.out(Place).reverse().all())).toEqual(["last", "b", "h", "a"]);
    expect(names(await graph.root.out(Place).reverse().limit(2).all())).toEqual(["last", "b"]);
  });

  it("by a field puts absent values last, both ways, and ties in connection order", async () => {
    const graph = await open({ types });
    await people(graph, 3, undefined, 1, 3, undefined, 2);
    for (const query of [graph.root.out(Person), graph.nodes(Person)]) {
      const up = ["p2", "p5", "p0", "p3", "p1", "p4"];
      const down = ["p0", "p3", "p5", "p2", "p1", "p4"];
      expect(names(await query.orderBy("age").all())).toEqual(up);
      expect(names(await query.orderBy("age", "desc").all())).toEqual(down);
      expect(names(await query.orderBy("age").reverse().all())).toEqual(down);
      expect(names(await query.orderBy("age", "desc").reverse().all())).toEqual(up);
      for (const limit of [1, 2, 3, 5]) {
        expect(names(await query.orderBy("age").limit(limit).all())).toEqual(up.slice(0, limit));
        expect(names(await query.orderBy("age", "desc").limit(limit).all())).toEqual(down.slice(0, limit));
      }
    }
  });

  it("of equal values is connection order of the whole, and by id in pages", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const all = tx.create(
        Person,
        ["a", "b", "c"].map((name) => ({ name, age: 1 })),
      );
      for (const at of [2, 0, 1]) tx.root.link(all[at]!);
    });
    const byAge = graph.root.out(Person).orderBy("age");
    expect(names(await byAge.all())).toEqual(["c", "a", "b"]);
    expect((await pages(byAge, 2)).map(names)).toEqual([["a", "b"], ["c"]]);
    const each: string[] = [];
    for await (const { name } of byAge) each.push(name);
    expect(each).toEqual(["c", "a", "b"]);
  });

  it("of text is by code point", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      tx.root.connect(
        Place,
        ["b", "Z", "ä", "\u{1F600}", "\uFFFD", "a", ""].map((name) => ({ name })),
      );
    });
    const sorted = ["", "Z", "a", "b", "ä", "\uFFFD", "\u{1F600}"];
    expect(names(await graph.root.out(Place).orderBy("name").all())).toEqual(sorted);
  });

  it("of edges is by their own fields", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const [a, b] = tx.create(Place, [{ name: "a" }, { name: "b" }]);
      for (const meters of [5, 1, 3]) a!.link(b!, via(Leads, { meters }));
    });
    const edges = graph.nodes(Place, { name: "a" }).out(Leads).edges().orderBy("meters");
    expect((await edges.all()).map(({ meters }) => meters)).toEqual([1, 3, 5]);
    expect((await edges.reverse().limit(1).all()).map(({ meters }) => meters)).toEqual([5]);
  });

  it("of pairs is by their nodes' fields", async () => {
    const graph = await open({ types });
    await people(graph, 2, 1, 3);
    const pairs = graph.root.out(Person).orderBy("age").pairs();
    expect((await pairs.all()).map(({ node }) => node.age)).toEqual([1, 2, 3]);
  });

  it("on the way decides what a limit leaves", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      for (const [name, size] of [
        ["small", 1],
        ["large", 9],
      ] as const) {
        const place = tx.root.connect(Place, { name, size });
        place.connect(Place, { name: `behind ${name}` }, via(Leads, { meters: 1 }));
      }
    });
    const largest = graph.root.out(Place).orderBy("size", "desc").limit(1);
    expect(names(await largest.out(Leads).all())).toEqual(["behind large"]);
  });

  it("sees the writes of the unit", async () => {
    const graph = await open({ types });
    await people(graph, 1, 2, 3, 4);
    await graph.transaction(async (tx) => {
      const [first, second] = await tx.nodes(Person).all();
      first!.age = 10;
      second!.delete();
      tx.create(Person, { name: "new", age: 3 });
      expect(names(await tx.nodes(Person).orderBy("age").limit(2).all())).toEqual(["p2", "new"]);
      expect(names(await tx.nodes(Person).orderBy("age", "desc").limit(2).all())).toEqual(["p0", "p3"]);
    });
  });
});

forEachStore("pages and cursors", (open) => {
  it("of a node's neighbours, of edges and of pairs list each once", async () => {
    const graph = await open({ types });
    await people(graph, ...Array.from({ length: 23 }, (_, i) => i));
    const wanted = Array.from({ length: 23 }, (_, i) => `p${i}`);
    const nodes = await pages(graph.root.out(Person), 5);
    expect(nodes.map((page) => page.length)).toEqual([5, 5, 5, 5, 3]);
    expect(names(nodes.flat())).toEqual(wanted);
    expect(names((await pages(graph.root.out(Person).reverse(), 7)).flat())).toEqual([...wanted].reverse());
    expect((await pages(graph.root.out(Person).edges(), 4)).flat()).toHaveLength(23);
    const pairs = (await pages(graph.root.out(Person).pairs(), 4)).flat();
    expect(names(pairs.map(({ node }) => node))).toEqual(wanted);
  });

  it("of a type go over all of its records, and of its subtypes", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      for (let i = 0; i < 21; i++) tx.create(i % 3 === 0 ? House : Place, { name: `p${i}` });
    });
    const wanted = Array.from({ length: 21 }, (_, i) => `p${i}`);
    expect(names((await pages(graph.nodes(Place), 4)).flat())).toEqual(wanted);
    expect(names((await pages(graph.nodes(Place).reverse(), 4)).flat())).toEqual([...wanted].reverse());
    expect(await pages(graph.nodes(House), 7)).toHaveLength(1);
  });

  it("by a field, with an index and without", async () => {
    const graph = await open({ types });
    await people(graph, 3, 1, undefined, 3, 3, 2, undefined, 3, 1);
    const byAge = graph.nodes(Person).orderBy("age");
    expect(names((await pages(byAge, 2)).flat())).toEqual(names(await byAge.all()));
    expect(names((await pages(byAge.reverse(), 2)).flat())).toEqual(names(await byAge.reverse().all()));
    const some = graph.nodes(Person, { age: gte(2) }).orderBy("age", "desc");
    expect(names((await pages(some, 2)).flat())).toEqual(["p0", "p3", "p4", "p7", "p5"]);
    const byName = graph.root.out(Person).orderBy("name", "desc");
    expect(names((await pages(byName, 2)).flat())).toEqual(names(await byName.all()));
  });

  it("of several hops need an order", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      for (const name of ["b", "a"]) {
        const place = tx.root.connect(Place, { name });
        for (const size of [2, 1])
          place.connect(Place, { name: name + size, size }, via(Leads, { meters: 1 }));
      }
    });
    const far = graph.root.out(Place).out(Leads);
    await expect(far.limit(2).page()).rejects.toThrow(ValidationError);
    expect(() => far.after("x")).toThrow(ValidationError);
    expect(names((await pages(far.orderBy("name"), 1)).flat())).toEqual(["a1", "a2", "b1", "b2"]);
    expect(names((await pages(far.orderBy("size"), 3)).flat()).sort()).toEqual(["a1", "a2", "b1", "b2"]);
  });

  it("list a node once a page, and all nodes in the end, where many edges lead to few nodes", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const [a, b, c] = tx.create(Place, [{ name: "a" }, { name: "b" }, { name: "c" }]);
      for (const place of [a, a, a, a, b, b, a, b, c]) tx.root.link(place!);
    });
    const found = await pages(graph.root.out(Place), 2);
    for (const page of found) expect(new Set(names(page)).size).toBe(page.length);
    expect([...new Set(names(found.flat()))]).toEqual(["a", "b", "c"]);
  });

  it("go on where they were, though what they ended with is gone and the graph was opened again", async () => {
    const openHere = open.place();
    const graph = await openHere({ types });
    await people(graph, 1, 2, 3, 4, 5, 6);
    const cursors = [
      (await graph.root.out(Person).limit(3).page()).next!,
      (await graph.nodes(Person).limit(3).page()).next!,
      (await graph.nodes(Person).orderBy("age").limit(3).page()).next!,
    ] as const;
    await graph.nodes(Person, { name: "p2" }).deleteAll();
    await graph.close();
    const again = await openHere({ types });
    const rest = ["p3", "p4", "p5"];
    expect(names(await again.root.out(Person).after(cursors[0]).all())).toEqual(rest);
    expect(names(await again.nodes(Person).after(cursors[1]).all())).toEqual(rest);
    expect(names(await again.nodes(Person).orderBy("age").after(cursors[2]).all())).toEqual(rest);
  });

  it("list what stays throughout exactly once while other records come and go", async () => {
    const graph = await open({ types });
    await people(graph, ...Array.from({ length: 30 }, (_, i) => i));
    const stays = (name: string): boolean => Number(name.slice(1)) % 2 === 0;
    const found: string[] = [];
    let query = graph.root.out(Person).limit(4);
    for (let round = 1; ; round++) {
      const page = await query.page();
      found.push(...names(page.items));
      if (page.next === undefined) break;
      await graph.transaction(async (tx: Tx) => {
        await tx.nodes(Person, { name: `p${((round * 7) % 30) | 1}` }).deleteAll();
        tx.root.connect(Person, { name: `q${round}` });
      });
      query = graph.root.out(Person).limit(4).after(page.next);
    }
    const wanted = Array.from({ length: 30 }, (_, i) => `p${i}`).filter(stays);
    expect(found.filter((name) => name.startsWith("p") && stays(name))).toEqual(wanted);
    expect(new Set(found).size).toBe(found.length);
  });

  it("inside a unit list what it has written", async () => {
    const graph = await open({ types });
    await people(graph, 1, 2, 3);
    await graph.transaction(async (tx) => {
      tx.root.connect(Person, [
        { name: "x", age: 2 },
        { name: "y", age: 0 },
      ]);
      expect(names((await pages(tx.root.out(Person), 2)).flat())).toEqual(["p0", "p1", "p2", "x", "y"]);
      expect(names((await pages(tx.root.out(Person).reverse(), 2)).flat())).toEqual([
        "y",
        "x",
        "p2",
        "p1",
        "p0",
      ]);
      expect(names((await pages(tx.nodes(Person), 2)).flat())).toEqual(["p0", "p1", "p2", "x", "y"]);
      expect(names((await pages(tx.nodes(Person).orderBy("age"), 2)).flat())).toEqual([
        "y",
        "p0",
        "p1",
        "x",
        "p2",
      ]);
    });
  });

  it("page() without a limit gives a hundred", async () => {
    const graph = await open({ types });
    await people(graph, ...Array.from({ length: 130 }, (_, i) => i));
    expect((await graph.root.out(Person).page()).items).toHaveLength(100);
  });

  it("refuse what page() never gave for such a query", async () => {
    const graph = await open({ types });
    await people(graph, 1, 2, 3);
    const ofEdge = (await graph.root.out(Person).limit(1).page()).next!;
    await expect(graph.nodes(Person).after(ofEdge).all()).rejects.toMatchObject({
      code: "RW_CURSOR_INVALID",
    });
    await expect(graph.nodes(Person).after("nonsense").all()).rejects.toThrow(ValidationError);
    await expect(graph.nodes(Person).orderBy("age").after(ofEdge).all()).rejects.toThrow(ValidationError);
    expect(() => graph.nodes(Person).after(1 as never)).toThrow(TypeError);
  });
});
