import { describe, expect, it } from "vitest";
import { z } from "zod";
import { edge, NotFoundError, node, ValidationError, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";
import { House, Knows, Leads, Lives, names, Owns, Person, Place, types } from "./town.ts";

forEachStore("connections", (open) => {
  describe("connect", () => {
    it("makes a node and an edge to it, untyped where none is named", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        expect(tx.root.connect(Place, { name: "square" }).name).toBe("square");
      });
      const [edge] = await graph.root.out(Place).edges().all();
      expect(edge?.$type).toBe("Edge");
      expect(names(await graph.root.out(Place).all())).toEqual(["square"]);
    });

    it("makes many nodes of an array, in its order", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const made = tx.root.connect(Place, [{ name: "a" }, { name: "b" }, { name: "c" }]);
        expect(names(made)).toEqual(["a", "b", "c"]);
      });
      expect(names(await graph.root.out(Place).all())).toEqual(["a", "b", "c"]);
    });

    it("gives the edge its type and fields, with their defaults", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        tx.create(Person, { name: "ann" }).connect(House, { name: "h" }, via(Owns, { since: 1990 }));
      });
      const pair = await graph.nodes(Person).out(Lives).pairs().one();
      expect(pair.edge.toJSON()).toMatchObject({ type: "Owns", since: 1990, share: 1 });
      expect(pair.node.toJSON()).toMatchObject({ type: "House", name: "h", floors: 1 });
    });

    it("refuses ends that the edge type does not join, and leaves nothing behind", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const place = tx.create(Place, { name: "p" });
        // @ts-expect-error Lives leads from a Person
        expect(() => place.connect(House, { name: "h" }, via(Lives, { since: 1 }))).toThrow(ValidationError);
        const person = tx.create(Person, { name: "x" });
        // @ts-expect-error Lives leads to a Place
        expect(() => person.connect(Person, { name: "y" }, via(Lives, { since: 1 }))).toThrow(
          ValidationError,
        );
      });
      expect(await graph.nodes(House).count()).toBe(0);
      expect(names(await graph.nodes(Person).all())).toEqual(["x"]);
    });

    it("refuses fields of which any is wrong, before anything is made", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        // @ts-expect-error a name is text
        expect(() => tx.root.connect(Place, [{ name: "a" }, { name: 2 }])).toThrow(ValidationError);
        const person = tx.create(Person, { name: "ann" });
        // @ts-expect-error since is missing
        expect(() => person.connect(Place, { name: "b" }, via(Lives, {}))).toThrow(ValidationError);
      });
      expect(await graph.nodes(Place).count()).toBe(0);
    });

    it("takes an edge as via(…) alone", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        // @ts-expect-error the edge is given as via(Leads, …)
        expect(() => tx.root.connect(Place, { name: "a" }, Leads)).toThrow(TypeError);
      });
    });
  });

  describe("link", () => {
    it("makes an edge to a node that is there, and gives the edge", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const [a, b] = tx.create(Place, [{ name: "a" }, { name: "b" }]);
        const edge = a!.link(b!, via(Leads, { meters: 5 }));
        expect([edge.sourceId, edge.targetId, edge.meters]).toEqual([a!.id, b!.id, 5]);
      });
      const edge = await graph.edges(Leads).one();
      expect(edge.meters).toBe(5);
    });

    it("makes several edges between the same nodes, and loops", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const [a, b] = tx.create(Place, [{ name: "a" }, { name: "b" }]);
        for (const meters of [1, 2, 3]) a!.link(b!, via(Leads, { meters }));
        a!.link(a!, via(Leads, { meters: 0 }));
      });
      await graph.transaction(async (tx) => {
        const a = await tx.nodes(Place, { name: "a" }).one();
        expect(names(await a.out(Leads).all())).toEqual(["b", "a"]);
        expect((await a.out(Leads).edges().all()).map(({ meters }) => meters)).toEqual([1, 2, 3, 0]);
        expect((await a.in(Leads).edges().all()).map(({ meters }) => meters)).toEqual([0]);
        expect((await a.both(Leads).edges().all()).map(({ meters }) => meters)).toEqual([1, 2, 3, 0]);
      });
    });

    it("takes a node that another unit handed out", async () => {
      const graph = await open({ types });
      const a = await graph.transaction((tx) => tx.create(Place, { name: "a" }));
      await graph.transaction(async (tx) => {
        const b = tx.create(Place, { name: "b" });
        b.link(await tx.require(Place, a.id), via(Leads, { meters: 1 }));
      });
      expect(names(await graph.nodes(Place, { name: "b" }).out(Leads).all())).toEqual(["a"]);
    });

    it("takes nodes alone", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        // @ts-expect-error a node, not its id
        expect(() => tx.root.link(tx.root.id)).toThrow(TypeError);
      });
    });
  });

  it("an undirected edge is one edge, seen from both ends under every direction", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const [ann, bob] = tx.create(Person, [{ name: "ann" }, { name: "bob" }]);
      ann!.link(bob!, via(Knows, {}));
    });
    for (const [me, other] of [
      ["ann", "bob"],
      ["bob", "ann"],
    ] as const) {
      const from = graph.nodes(Person, { name: me });
      for (const hop of [from.out(Knows), from.in(Knows), from.both(Knows)]) {
        expect((await hop.all()).map((node) => node.toJSON())).toMatchObject([{ name: other }]);
      }
    }
    expect(await graph.edges(Knows).count()).toBe(1);
    expect(await graph.nodes(Person).both(Knows).edges().count()).toBe(1);
  });

  it("an undirected loop appears once", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const ann = tx.create(Person, { name: "ann" });
      ann.link(ann, via(Knows, {}));
    });
    const ann = graph.nodes(Person);
    for (const hop of [ann.out(Knows), ann.in(Knows), ann.both(Knows)]) {
      expect(await hop.edges().count()).toBe(1);
      expect(await hop.count()).toBe(1);
    }
  });

  it("an edge knows its ends", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      tx.create(Person, { name: "ann" }).connect(House, { name: "h" }, via(Lives, { since: 1 }));
    });
    await graph.transaction(async (tx) => {
      const edge = await tx.edges(Lives).one();
      expect([(await edge.source()).name, (await edge.target()).name]).toEqual(["ann", "h"]);
      expect(edge.sourceId).toBe((await tx.nodes(Person).one()).id);
    });
  });

  describe("disconnect", () => {
    it("deletes the edges between two nodes, of one type, by a filter or all, and gives their number", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const [a, b, c] = tx.create(Place, [{ name: "a" }, { name: "b" }, { name: "c" }]);
        for (const meters of [1, 2, 3]) a!.link(b!, via(Leads, { meters }));
        a!.link(b!);
        b!.link(a!, via(Leads, { meters: 9 }));
        a!.link(c!, via(Leads, { meters: 1 }));
      });
      await graph.transaction(async (tx) => {
        const a = await tx.nodes(Place, { name: "a" }).one();
        const b = await tx.nodes(Place, { name: "b" }).one();
        expect(await a.disconnect(b, Leads, { meters: 2 })).toBe(1);
        expect(await a.disconnect(b, Leads)).toBe(2);
        expect(await a.disconnect(b)).toBe(1);
        expect(await a.disconnect(b)).toBe(0);
      });
      expect((await graph.edges(Leads).all()).map(({ meters }) => meters)).toEqual([9, 1]);
    });

    it("by a query deletes the edges and leaves the nodes", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => tx.root.connect(Place, [{ name: "a" }, { name: "b" }]));
      await graph.transaction(async (tx) => {
        expect(await tx.root.out(Place, { name: "a" }).disconnectAll()).toBe(1);
        expect(names(await tx.root.out(Place).all())).toEqual(["b"]);
      });
      expect(names(await graph.root.out(Place).all())).toEqual(["b"]);
      expect(await graph.nodes(Place).count()).toBe(2);
    });
  });

  describe("delete", () => {
    it("takes a node with all its edges, at once within the unit", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const [a, b, c] = tx.create(Place, [{ name: "a" }, { name: "b" }, { name: "c" }]);
        a!.link(b!, via(Leads, { meters: 1 }));
        b!.link(c!, via(Leads, { meters: 2 }));
        a!.link(c!, via(Leads, { meters: 3 }));
      });
      await graph.transaction(async (tx) => {
        (await tx.nodes(Place, { name: "b" }).one()).delete();
        expect(names(await tx.nodes(Place, { name: "a" }).out(Leads).all())).toEqual(["c"]);
        expect(await tx.edges(Leads).count()).toBe(1);
      });
      expect(names(await graph.nodes(Place).all())).toEqual(["a", "c"]);
      expect((await graph.edges(Leads).all()).map(({ meters }) => meters)).toEqual([3]);
      expect(names(await graph.nodes(Place, { name: "c" }).in(Leads).all())).toEqual(["a"]);
    });

    it("of one edge leaves the others", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const [a, b] = tx.create(Place, [{ name: "a" }, { name: "b" }]);
        for (const meters of [1, 2, 3]) a!.link(b!, via(Leads, { meters }));
      });
      await graph.transaction(async (tx) => {
        (await tx.edges(Leads, { meters: 2 }).one()).delete();
        expect((await tx.edges(Leads).all()).map(({ meters }) => meters)).toEqual([1, 3]);
      });
      expect((await graph.nodes(Place).out(Leads).edges().all()).map(({ meters }) => meters)).toEqual([1, 3]);
    });

    it("of what the unit has made itself leaves nothing", async () => {
      const graph = await open({ types });
      await graph.transaction(async (tx) => {
        const a = tx.root.connect(Place, { name: "a" });
        const b = a.connect(Place, { name: "b" }, via(Leads, { meters: 1 }));
        b.delete();
        expect(await a.out().count()).toBe(0);
        a.delete();
        expect(await tx.root.out().count()).toBe(0);
      });
      expect(await graph.nodes(Place).count()).toBe(0);
      expect(await graph.edges(Leads).count()).toBe(0);
    });

    it("and update by a query change what it finds, and give the number", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) =>
        tx.root.connect(Place, [{ name: "a", size: 1 }, { name: "b", size: 2 }, { name: "c" }]),
      );
      const grown = graph.nodes(Place).updateAll((place) => {
        place.size = (place.size ?? 0) + 10;
      });
      expect(await grown).toBe(3);
      expect((await graph.nodes(Place).all()).map(({ size }) => size)).toEqual([11, 12, 10]);
      expect(await graph.nodes(Place, { size: 12 }).deleteAll()).toBe(1);
      expect(names(await graph.root.out(Place).all())).toEqual(["a", "c"]);
    });

    it("of a deleted node is a NotFoundError", async () => {
      const graph = await open({ types });
      await graph.transaction((tx) => {
        const a = tx.create(Place, { name: "a" });
        a.delete();
        expect(() => a.delete()).toThrow(NotFoundError);
        expect(() => a.connect(Place, { name: "b" })).toThrow(NotFoundError);
      });
    });
  });

  describe("get and require", () => {
    it("give the record of that id, whatever its subtype", async () => {
      const graph = await open({ types });
      const { id } = await graph.transaction((tx) => tx.create(House, { name: "h" }));
      expect((await graph.get(House, id))?.name).toBe("h");
      expect((await graph.require(Place, id)).$type).toBe("House");
    });

    it("give nothing for another type, for no record and for a deleted one", async () => {
      const graph = await open({ types });
      const { id } = await graph.transaction((tx) => tx.create(Place, { name: "p" }));
      const nowhere = "01890000-0000-7000-8000-000000000000";
      for (const [type, asked] of [
        [House, id],
        [Person, id],
        [Place, nowhere],
      ] as const) {
        expect(await graph.get(type, asked)).toBeUndefined();
        await expect(graph.require(type, asked)).rejects.toThrow(NotFoundError);
      }
      await graph.nodes(Place).deleteAll();
      expect(await graph.get(Place, id)).toBeUndefined();
    });

    it("give one object a record and unit", async () => {
      const graph = await open({ types });
      const { id } = await graph.transaction((tx) => tx.root.connect(Place, { name: "p" }));
      await graph.transaction(async (tx) => {
        const place = await tx.require(Place, id);
        expect(await tx.get(Place, id)).toBe(place);
        expect(await tx.root.out(Place).one()).toBe(place);
        expect(await tx.nodes(Place).one()).toBe(place);
      });
    });

    it("give edges too, with both ends", async () => {
      const graph = await open({ types });
      const { id } = await graph.transaction((tx) => {
        const [a, b] = tx.create(Place, [{ name: "a" }, { name: "b" }]);
        return a!.link(b!, via(Leads, { meters: 7 }));
      });
      expect((await graph.require(Leads, id)).meters).toBe(7);
    });

    it("see what the unit has made and not what it has deleted", async () => {
      const graph = await open({ types });
      await graph.transaction(async (tx) => {
        const made = tx.create(Place, { name: "p" });
        expect(await tx.get(Place, made.id)).toBe(made);
        made.delete();
        expect(await tx.get(Place, made.id)).toBeUndefined();
      });
    });

    it("refuse what is no id", async () => {
      const graph = await open({ types });
      await expect(graph.get(Place, "nobody" as never)).rejects.toThrow(ValidationError);
    });
  });

  describe("ensure", () => {
    it("creates one node for several calls at once in one unit, and each fails for itself", async () => {
      const graph = await open({ types });
      await graph.transaction(async (tx) => {
        const [first, refused, second] = await Promise.allSettled([
          tx.ensure(Person, { name: "twin" }),
          tx.ensure(Person, { name: 5 as never }),
          tx.ensure(Person, { name: "twin" }),
        ]);
        expect(refused).toMatchObject({ status: "rejected", reason: { code: "RW_FIELD_INVALID" } });
        expect(second).toMatchObject({ status: "fulfilled" });
        expect(second).toEqual(first);
      });
      expect(await graph.nodes(Person, { name: "twin" }).count()).toBe(1);
    });

    it("finds by the key, or creates with key and fields", async () => {
      const graph = await open({ types });
      const first = await graph.transaction((tx) => tx.ensure(Person, { mail: "a@x" }, { name: "ann" }));
      const again = await graph.transaction((tx) => tx.ensure(Person, { mail: "a@x" }, { name: "other" }));
      expect([again.id, again.name]).toEqual([first.id, "ann"]);
      expect(await graph.nodes(Person).count()).toBe(1);
    });

    it("finds what the unit has made", async () => {
      const graph = await open({ types });
      await graph.transaction(async (tx) => {
        const made = tx.create(Person, { name: "ann", mail: "a@x" });
        expect(await tx.ensure(Person, { mail: "a@x" }, { name: "b" })).toBe(made);
      });
    });

    it("takes a key with a field at least", async () => {
      const graph = await open({ types });
      await graph.transaction(async (tx) => {
        await expect(tx.ensure(Place, {}, { name: "a" })).rejects.toThrow(TypeError);
      });
    });
  });

  it("nodes that nothing leads to stay", async () => {
    const graph = await open({ types });
    const { id } = await graph.transaction((tx) => tx.create(Place, { name: "alone" }));
    expect((await graph.require(Place, id)).name).toBe("alone");
  });

  it("types that the graph was not opened with are refused", async () => {
    const graph = await open({ types });
    class Ship extends node("Ship", { name: z.string() }) {}
    class Sails extends edge("Sails", {}) {}
    expect(() => graph.nodes(Ship)).toThrow(ValidationError);
    await expect(graph.get(Ship, graph.root.id)).rejects.toThrow(ValidationError);
    await graph.transaction((tx) => {
      expect(() => tx.create(Ship, { name: "s" })).toThrow(ValidationError);
      expect(() => tx.root.out(Ship)).toThrow(ValidationError);
      expect(() => tx.root.connect(Place, { name: "a" }, via(Sails, {}))).toThrow(ValidationError);
      expect(() => tx.create(Lives as never, {} as never)).toThrow();
      expect(() => tx.root.connect(Lives as never, {} as never)).toThrow();
    });
    expect(await graph.nodes(Place).count()).toBe(0);
  });
});
