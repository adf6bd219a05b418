import { expect, it } from "vitest";
import { type Graph, gte, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";
import { Knows, Leads, Lives, names, Person, Place, types } from "./town.ts";

// What random graphs and queries have brought to light, each as small as it could be made.

/** A ring of places, each with two streets to the next ones and a loop. */
async function ring(graph: Graph, size: number): Promise<void> {
  await graph.transaction((tx) => {
    const places = tx.root.connect(
      Place,
      Array.from({ length: size }, (_, i) => ({ name: `p${i}`, size: i })),
    );
    places.forEach((place, i) => {
      place.link(places[(i + 1) % size]!, via(Leads, { meters: i }));
      place.link(places[(i + 2) % size]!, via(Leads, { meters: -i }));
      place.link(place, via(Leads, { meters: 1000 + i }));
    });
  });
}

forEachStore("queries, once wrong", (open) => {
  it("an order on the way to edges is one of nodes", async () => {
    const graph = await open({ types });
    await ring(graph, 3);
    const edges = graph.root.out(Place).orderBy("size", "desc").limit(1).out(Leads).edges();
    expect((await edges.all()).map(({ meters }) => meters)).toEqual([2, -2, 1002]);
  });

  it("an edge that is met from both ends is listed once, and deleted once", async () => {
    const graph = await open({ types });
    await ring(graph, 4);
    const edges = graph.root.out(Place).both(Leads).edges();
    expect(await edges.count()).toBe(12);
    expect(await edges.limit(5).count()).toBe(5);
    expect(await graph.root.out(Place).both(Leads).pairs().count()).toBe(20);
    expect(await edges.deleteAll()).toBe(12);
    expect(await graph.edges(Leads).count()).toBe(0);
  });

  it("pages of pairs by a field list both ways of an edge", async () => {
    const graph = await open({ types });
    await ring(graph, 4);
    const pairs = graph.root.out(Place).both(Leads).orderBy("size").pairs();
    const whole = (await pairs.all()).map(({ edge, node }) => `${edge.id} ${node.id}`);
    const paged: string[] = [];
    let page = await pairs.limit(3).page();
    for (;;) {
      paged.push(...page.items.map(({ edge, node }) => `${edge.id} ${node.id}`));
      if (page.next === undefined) break;
      page = await pairs.limit(3).after(page.next).page();
    }
    expect(paged.sort()).toEqual(whole.sort());
  });

  it("for await over several origins goes beyond a hundred", async () => {
    const graph = await open({ types });
    await ring(graph, 130);
    let count = 0;
    for await (const _ of graph.nodes(Place).out(Leads)) count += 1;
    expect(count).toBe(130);
  });

  it("an order by an index is right where the unit has changed what the index knows", async () => {
    const graph = await open({ types });
    await ring(graph, 6);
    await graph.transaction(async (tx) => {
      const [first, second] = await tx.nodes(Place).orderBy("size").limit(2).all();
      first!.size = 100;
      second!.size = 3;
      expect(names(await tx.nodes(Place).orderBy("size").limit(3).all())).toEqual(["p2", "p1", "p3"]);
      expect(
        names(
          await tx
            .nodes(Place, { size: gte(0) })
            .orderBy("size", "desc")
            .limit(3)
            .all(),
        ),
      ).toEqual(["p0", "p5", "p4"]);
    });
  });

  it("a graph that is opened again at once goes on behind what is there", async () => {
    const openHere = open.place();
    for (let round = 0; round < 20; round++) {
      const graph = await openHere({ types });
      await graph.transaction((tx) => void tx.root.connect(Place, { name: `p${round}` }));
      await graph.close();
    }
    const graph = await openHere({ types });
    expect(names(await graph.root.out(Place).all())).toEqual(Array.from({ length: 20 }, (_, i) => `p${i}`));
  });

  for (const maxEntries of [4, 8, 32]) {
    it(`results are whole where L1 holds ${maxEntries} entries only`, async () => {
      const openHere = open.place();
      const graph = await openHere({ types });
      await ring(graph, 40);
      await graph.transaction(async (tx) => {
        const ann = tx.create(Person, { name: "ann" });
        for (const place of await tx.nodes(Place).all())
          ann.link(place, via(Lives, { since: place.size ?? 0 }));
        ann.link(ann, via(Knows, {}));
      });
      await graph.close();
      const small = await openHere({ types, cache: { maxEntries } });
      const ask = async (of: Pick<Graph, "nodes">): Promise<void> => {
        const all = Array.from({ length: 40 }, (_, i) => `p${i}`);
        const ann = of.nodes(Person, { name: "ann" });
        expect(names(await ann.out(Lives).all())).toEqual(all);
        expect(
          names(
            await ann
              .out(Lives, { since: gte(20) })
              .filter({ size: gte(30) })
              .all(),
          ),
        ).toEqual(all.slice(30));
        expect(names(await ann.out(Lives).out(Leads).orderBy("size").limit(4).all())).toEqual(
          all.slice(0, 4),
        );
        expect(await ann.out(Lives).both(Leads).pairs().count()).toBe(200);
        expect(await ann.both(Place, undefined, { depth: [1, 3] }).count()).toBe(40);
        expect(await of.nodes(Place).out(Leads).edges().count()).toBe(120);
      };
      await ask(small);
      await small.transaction(async (tx) => {
        tx.create(Person, { name: "bob" });
        await ask(tx);
      });
      await ask(small);
    });
  }
});
