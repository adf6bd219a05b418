import { describe, expect, it } from "vitest";
import {
  and,
  contains,
  eq,
  gt,
  gte,
  lt,
  NotFoundError,
  not,
  oneOf,
  or,
  startsWith,
  ValidationError,
  via,
} from "../../src/index.ts";
import { forEachStore } from "./stores.ts";
import { House, Knows, Leads, Lives, names, Owns, Person, Place, streets, types } from "./town.ts";

forEachStore("queries", (open) => {
  describe("one hop", () => {
    it("follows an edge type out, in and both ways", async () => {
      const graph = await open({ types });
      await streets(graph);
      const a = graph.nodes(Place, { name: "a" });
      expect(names(await a.out(Leads).all())).toEqual(["b"]);
      expect(names(await a.in(Leads).all())).toEqual(["square"]);
      expect(names(await a.both(Leads).all())).toEqual(["square", "b"]);
    });

    it("follows any edge to a node type", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect(names(await graph.nodes(Place, { name: "a" }).out(House).all())).toEqual(["b"]);
      expect(names(await graph.nodes(Place, { name: "a" }).both(Place).all())).toEqual(["square", "b"]);
      expect(await graph.nodes(Place, { name: "a" }).out(Person).count()).toBe(0);
    });

    it("without a type follows every edge to every node", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect(await graph.nodes(Place, { name: "square" }).both().count()).toBe(3);
    });

    it("tests the fields of the edge, or of the node", async () => {
      const graph = await open({ types });
      await streets(graph);
      const square = graph.nodes(Place, { name: "square" });
      expect(names(await square.out(Leads, { meters: gt(80) }).all())).toEqual(["a"]);
      expect(names(await square.out(Place, { size: lt(2) }).all())).toEqual(["c"]);
      expect(
        names(
          await square
            .out(Leads, { meters: lt(80) })
            .ofType(Place, { size: 1 })
            .all(),
        ),
      ).toEqual(["c"]);
      expect(
        await square
          .out(Leads, { meters: lt(80) })
          .filter({ size: 3 })
          .exists(),
      ).toBe(false);
    });

    it("takes subtypes of edges and nodes where their base is named", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const ann = tx.create(Person, { name: "ann" });
        ann.connect(Place, { name: "tent" }, via(Lives, { since: 1 }));
        ann.connect(House, { name: "villa" }, via(Owns, { since: 2 }));
      });
      const ann = graph.nodes(Person);
      expect(names(await ann.out(Lives).all())).toEqual(["tent", "villa"]);
      expect(names(await ann.out(Owns).all())).toEqual(["villa"]);
      expect(names(await ann.out(House).all())).toEqual(["villa"]);
      expect(names(await ann.out(Place).all())).toEqual(["tent", "villa"]);
      expect((await ann.out(Lives).edges().ofType(Owns).all()).map(({ share }) => share)).toEqual([1]);
      expect(names(await ann.out(Lives).ofType(House).all())).toEqual(["villa"]);
    });

    it("gives each node once, each edge, or pairs of them", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const [a, b] = tx.create(Place, [{ name: "a" }, { name: "b" }]);
        for (const meters of [1, 2]) a!.link(b!, via(Leads, { meters }));
      });
      const hop = graph.nodes(Place, { name: "a" }).out(Leads);
      expect(names(await hop.all())).toEqual(["b"]);
      expect((await hop.edges().all()).map(({ meters }) => meters)).toEqual([1, 2]);
      expect((await hop.pairs().all()).map(({ edge, node }) => [edge.meters, node.name])).toEqual([
        [1, "b"],
        [2, "b"],
      ]);
    });
  });

  describe("several hops", () => {
    it("go on from the nodes of the one before, each once", async () => {
      const graph = await open({ types });
      await streets(graph);
      const square = graph.nodes(Place, { name: "square" });
      expect(names(await square.out(Leads).out(Leads).all())).toEqual(["b"]);
      expect(names(await square.out(Leads).both(Leads).all())).toEqual(["square", "b"]);
      expect(names(await square.out(Leads).out(Leads).out(Leads).all())).toEqual(["c"]);
    });

    it("list the edges of the last one", async () => {
      const graph = await open({ types });
      await streets(graph);
      const edges = await graph.nodes(Place, { name: "square" }).out(Leads).out(Leads).edges().all();
      expect(edges.map(({ meters }) => meters)).toEqual([50]);
    });

    it("go in the order of their origins", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const [x, y] = tx.root.connect(Place, [{ name: "x" }, { name: "y" }]);
        y!.connect(Place, { name: "y1" }, via(Leads, { meters: 1 }));
        x!.connect(Place, { name: "x1" }, via(Leads, { meters: 1 }));
        y!.connect(Place, { name: "y2" }, via(Leads, { meters: 1 }));
      });
      expect(names(await graph.root.out(Place).out(Leads).all())).toEqual(["x1", "y1", "y2"]);
      expect(names(await graph.root.out(Place).out(Leads).reverse().all())).toEqual(["x1", "y2", "y1"]);
      expect(names(await graph.root.out(Place).reverse().out(Leads).all())).toEqual(["y1", "y2", "x1"]);
    });

    it("may be limited on the way", async () => {
      const graph = await open({ types });
      await streets(graph);
      const square = graph.nodes(Place, { name: "square" });
      expect(names(await square.out(Leads).limit(1).out(Leads).all())).toEqual(["b"]);
      expect(names(await square.out(Leads).reverse().limit(1).out(Leads).all())).toEqual([]);
    });
  });

  describe("depths", () => {
    it("give each node once, at its smallest distance", async () => {
      const graph = await open({ types });
      await streets(graph);
      const square = graph.nodes(Place, { name: "square" });
      expect(names(await square.out(Leads, undefined, { depth: [1, 2] }).all())).toEqual(["a", "c", "b"]);
      expect(names(await square.out(Leads, undefined, { depth: 2 }).all())).toEqual(["b"]);
      expect(names(await square.out(Leads, undefined, { depth: [0, 1] }).all())).toEqual([
        "square",
        "a",
        "c",
      ]);
      expect(
        names(await square.out(Leads, undefined, { depth: [2, Number.POSITIVE_INFINITY] }).all()),
      ).toEqual(["b"]);
    });

    it("end in circles", async () => {
      const graph = await open({ types });
      await streets(graph);
      const all = graph.nodes(Place, { name: "c" }).both(Leads, undefined, { depth: [1, 99] });
      expect(names(await all.all())).toEqual(["b", "square", "a"]);
    });

    it("choose by type and filter among what is reached, whatever lies between", async () => {
      const graph = await open({ types });
      await streets(graph);
      const reached = graph.nodes(Place, { name: "square" }).out(Leads, undefined, { depth: [1, 9] });
      expect(names(await reached.ofType(House).all())).toEqual(["b"]);
      expect(names(await reached.filter({ size: gte(1) }).all())).toEqual(["a", "c"]);
    });

    it("follow only edges that pass", async () => {
      const graph = await open({ types });
      await streets(graph);
      const near = graph.nodes(Place, { name: "square" }).out(Leads, { meters: lt(80) }, { depth: [1, 9] });
      expect(names(await near.all())).toEqual(["c"]);
    });

    it("that make no sense are refused", async () => {
      const graph = await open({ types });
      for (const depth of [-1, 1.5, [2, 1], [1], "2", [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]]) {
        expect(() => graph.root.out(Leads, undefined, { depth: depth as never })).toThrow(ValidationError);
      }
    });
  });

  describe("filters", () => {
    it("of a record combine with and, or and not", async () => {
      const graph = await open({ types });
      await streets(graph);
      const places = graph.nodes(Place);
      expect(names(await places.filter(or({ size: 9 }, { name: "b" })).all())).toEqual(["square", "b"]);
      expect(names(await places.filter(not({ size: gte(2) })).all())).toEqual(["b", "c"]);
      expect(names(await places.filter(and({ size: gte(2) }, not({ name: "a" }))).all())).toEqual(["square"]);
    });

    it("follow one another, and all must pass", async () => {
      const graph = await open({ types });
      await streets(graph);
      const found = graph
        .nodes(Place, { size: gte(1) })
        .filter({ size: lt(9) })
        .filter({ name: startsWith("a") });
      expect(names(await found.all())).toEqual(["a"]);
    });

    it("test for absence, choices and contents", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect(names(await graph.nodes(Place, { size: eq(undefined) }).all())).toEqual(["b"]);
      expect(names(await graph.nodes(Place, { size: undefined }).all())).toEqual(["b"]);
      expect(names(await graph.nodes(Place, { size: oneOf([1, 9]) }).all())).toEqual(["square", "c"]);
      expect(await graph.nodes(Place, { size: oneOf([] as number[]) }).count()).toBe(0);
      expect(names(await graph.nodes(Place, { name: contains("qua") }).all())).toEqual(["square"]);
    });

    it("on fields that the type has not are refused", async () => {
      const graph = await open({ types });
      expect(() => graph.nodes(Place, { floors: 1 } as never)).toThrow(ValidationError);
      expect(() => graph.root.out(Leads, { feet: 3 } as never)).toThrow(ValidationError);
      expect(() => graph.root.out(undefined as never, { name: "a" } as never)).toThrow(ValidationError);
    });
  });

  describe("scans", () => {
    it("give all nodes of a type and its subtypes in the order they were made", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect(names(await graph.nodes(Place).all())).toEqual(["square", "a", "b", "c"]);
      expect(names(await graph.nodes(House).all())).toEqual(["b"]);
      expect(names(await graph.nodes(Place).reverse().all())).toEqual(["c", "b", "a", "square"]);
      expect(names(await graph.nodes(Place).ofType(House).all())).toEqual(["b"]);
    });

    it("give all edges of a type, with their filters", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect((await graph.edges(Leads).all()).map(({ meters }) => meters)).toEqual([100, 50, 10, 70]);
      const near = graph.edges(Leads, { meters: lt(60) }).orderBy("meters");
      expect((await near.all()).map(({ meters }) => meters)).toEqual([10, 50]);
      expect((await graph.edges(Leads).reverse().limit(1).all()).map(({ meters }) => meters)).toEqual([70]);
    });

    it("go on from there", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect(
        names(
          await graph
            .nodes(Place, { size: gte(3) })
            .out(Leads)
            .all(),
        ),
      ).toEqual(["a", "c", "b"]);
    });
  });

  describe("results", () => {
    it("nothing is read before one is asked for, and a query is no thenable", async () => {
      const graph = await open({ types });
      await streets(graph);
      const { statements } = graph.status().store.counters;
      const query = graph.nodes(Place).out(Leads).orderBy("name").limit(3);
      expect("then" in query).toBe(false);
      expect(graph.status().store.counters.statements).toBe(statements);
    });

    it("all, first, one, count, exists, ids and for await agree", async () => {
      const graph = await open({ types });
      await streets(graph);
      const query = graph.nodes(Place, { size: lt(9) });
      const all = await query.all();
      expect(names(all)).toEqual(["a", "c"]);
      expect((await query.first())?.name).toBe("a");
      expect(await query.count()).toBe(2);
      expect(await query.exists()).toBe(true);
      expect(await query.ids()).toEqual(all.map(({ id }) => id));
      const streamed: string[] = [];
      for await (const { name } of query) streamed.push(name);
      expect(streamed).toEqual(["a", "c"]);
    });

    it("of nothing are nothing", async () => {
      const graph = await open({ types });
      const none = graph.nodes(Place);
      expect(await none.all()).toEqual([]);
      expect(await none.first()).toBeUndefined();
      expect(await none.count()).toBe(0);
      expect(await none.exists()).toBe(false);
      expect(await none.ids()).toEqual([]);
      expect(await none.page()).toEqual({ items: [], next: undefined });
      await expect(none.one()).rejects.toThrow(NotFoundError);
      await expect(none.one()).rejects.toThrow("no Place matches");
    });

    it("one refuses several", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect((await graph.nodes(Place, { name: "a" }).one()).size).toBe(3);
      await expect(graph.nodes(Place).one()).rejects.toMatchObject({
        code: "RW_NOT_SINGLE",
        message: "one(): more than one Place matches",
      });
    });

    it("a limit of 0 gives nothing", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect(await graph.nodes(Place).limit(0).all()).toEqual([]);
      expect(await graph.root.out(Place).limit(0).count()).toBe(0);
      expect(() => graph.nodes(Place).limit(-1)).toThrow(ValidationError);
      expect(() => graph.nodes(Place).limit(1.5)).toThrow(ValidationError);
    });

    it("count respects the limit", async () => {
      const graph = await open({ types });
      await streets(graph);
      expect(await graph.nodes(Place).limit(3).count()).toBe(3);
      expect(await graph.nodes(Place).out(Leads).limit(2).count()).toBe(2);
    });

    it("a query can be asked again and says the present", async () => {
      const graph = await open({ types });
      const places = graph.root.out(Place);
      expect(await places.count()).toBe(0);
      await graph.transaction((tx) => void tx.root.connect(Place, { name: "a" }));
      expect(await places.count()).toBe(1);
    });

    it("for await inside a unit and outside gives hundreds", async () => {
      const graph = await open({ types });
      const wanted = Array.from({ length: 350 }, (_, i) => `p${i}`);
      await graph.transaction((tx) => {
        tx.root.connect(
          Place,
          wanted.map((name) => ({ name })),
        );
      });
      const outside: string[] = [];
      for await (const { name } of graph.root.out(Place)) outside.push(name);
      expect(outside).toEqual(wanted);
      const inside = await graph.transaction(async (tx) => {
        const found: string[] = [];
        for await (const { name } of tx.nodes(Place)) found.push(name);
        return found;
      });
      expect(inside).toEqual(wanted);
      const limited: string[] = [];
      for await (const { name } of graph.nodes(Place).limit(120)) limited.push(name);
      expect(limited).toEqual(wanted.slice(0, 120));
    });
  });

  describe("inside a unit", () => {
    it("every kind of read sees what the unit has written", async () => {
      const graph = await open({ types });
      await streets(graph);
      await graph.transaction(async (tx) => {
        const square = await tx.nodes(Place, { name: "square" }).one();
        const c = await tx.nodes(Place, { name: "c" }).one();
        const d = square.connect(Place, { name: "d", size: 5 }, via(Leads, { meters: 1 }));
        c.size = 100;
        (await tx.nodes(Place, { name: "a" }).one()).delete();
        expect(names(await square.out(Leads).all())).toEqual(["c", "d"]);
        expect(names(await square.out(Leads).reverse().all())).toEqual(["d", "c"]);
        expect(names(await square.out(Leads).orderBy("size").all())).toEqual(["d", "c"]);
        expect(names(await square.out(Leads).filter({ size: 100 }).all())).toEqual(["c"]);
        expect((await square.out(Leads).edges().all()).map(({ meters }) => meters)).toEqual([70, 1]);
        expect(names(await tx.nodes(Place, { size: gte(5) }).all())).toEqual(["square", "c", "d"]);
        expect(names(await tx.nodes(Place, { size: 100 }).all())).toEqual(["c"]);
        expect(await tx.nodes(Place, { size: 1 }).exists()).toBe(false);
        expect(names(await tx.nodes(Place).orderBy("size", "desc").limit(2).all())).toEqual(["c", "square"]);
        expect(await tx.nodes(Place).count()).toBe(4);
        expect((await tx.edges(Leads).all()).map(({ meters }) => meters)).toEqual([10, 70, 1]);
        expect(names(await d.in(Leads).all())).toEqual(["square"]);
        expect(names(await square.out(Leads, undefined, { depth: [1, 5] }).all())).toEqual(["c", "d"]);
      });
      expect(names(await graph.nodes(Place, { size: gte(5) }).all())).toEqual(["square", "c", "d"]);
    });

    it("changed edges are judged by what they are now", async () => {
      const graph = await open({ types });
      await streets(graph);
      await graph.transaction(async (tx) => {
        const far = await tx.edges(Leads, { meters: 100 }).one();
        far.meters = 5;
        expect(
          names(
            await tx
              .nodes(Place, { name: "square" })
              .out(Leads, { meters: lt(10) })
              .all(),
          ),
        ).toEqual(["a"]);
        expect(await tx.edges(Leads, { meters: 100 }).exists()).toBe(false);
      });
    });

    it("a unit that fails leaves nothing", async () => {
      const graph = await open({ types });
      const failing = graph.transaction((tx) => {
        tx.root.connect(Place, { name: "a" });
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await graph.root.out().count()).toBe(0);
      expect(await graph.nodes(Place).count()).toBe(0);
    });
  });

  it("answers are the same after the graph was opened again", async () => {
    const openHere = open.place();
    const graph = await openHere({ types });
    await streets(graph);
    await graph.transaction((tx) => {
      const people = tx.root.connect(Person, [{ name: "ann" }, { name: "bob" }]);
      people[1]!.link(people[0]!, via(Knows, {}));
    });
    const asked = async (of: typeof graph): Promise<unknown> => [
      await of.nodes(Place).ids(),
      await of.edges(Leads).ids(),
      await of.root.both().ids(),
      await of.nodes(Place).both(Leads).edges().ids(),
      await of.nodes(Person).both(Knows).ids(),
      await of.nodes(Place).orderBy("size").ids(),
    ];
    const before = await asked(graph);
    await graph.close();
    const again = await openHere({ types });
    expect(await asked(again)).toEqual(before);
  });

  it("steps that do not fit are refused", async () => {
    const graph = await open({ types });
    expect(() => (graph.nodes(Place) as never as { edges(): void }).edges()).toThrow(ValidationError);
    expect(() => (graph.root.out(Leads).edges() as never as { out(): void }).out()).toThrow(ValidationError);
    expect(() => graph.nodes(House).ofType(Person)).toThrow(ValidationError);
    expect(() => graph.nodes(Place).orderBy("floors" as never)).toThrow(ValidationError);
    expect(() => graph.nodes(Place).orderBy("size", "down" as never)).toThrow(ValidationError);
    expect(() => graph.nodes(Leads as never)).toThrow();
    expect(() => graph.edges(Place as never)).toThrow();
  });
});
