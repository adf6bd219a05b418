import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { openWithin } from "../../src/graph/open-graph.ts";
import { edge, type Graph, node, Root, UnitTooLargeError, via, walker } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Page extends node("Page", { title: z.string() }) {}
class Links extends edge("Links", { at: z.int() }, { from: Page, to: Page }) {}

const MOST = 10;
const titles = Array.from({ length: MOST }, (_, i) => ({ title: `page ${i}` }));

forEachStore("a unit of work with more writes than one commit takes", (open) => {
  async function small(): Promise<Graph> {
    const { store } = open;
    const place = store.place();
    const graph = await openWithin(
      { mostWrites: MOST },
      { types: [Page, Links], store: place(), ...(store.cache && { cache: store.cache }) },
    );
    onTestFinished(() => graph.close());
    return graph;
  }

  /** What anybody can find, and what L1 holds for units that are over. */
  async function contents(graph: Graph): Promise<object> {
    const pages = await graph.nodes(Page).all();
    return { titles: pages.map(({ title }) => title), links: await graph.edges(Links).count() };
  }

  it("commits what just fits", async () => {
    const graph = await small();
    await graph.transaction((tx) => {
      for (const title of titles) tx.create(Page, title);
    });
    expect(await graph.nodes(Page).count()).toBe(MOST);
  });

  it("ends in an error that says how many are too many, and none of them is kept", async () => {
    const graph = await small();
    await graph.transaction((tx) => tx.create(Page, { title: "before" }));
    const before = graph.status().cache;
    const failing = graph.transaction(async (tx) => {
      const first = await tx.nodes(Page).one();
      first.title = "changed";
      for (const title of titles) tx.create(Page, title);
    });
    await expect(failing).rejects.toThrow(UnitTooLargeError);
    await expect(failing).rejects.toMatchObject({ code: "RW_UNIT_TOO_LARGE", details: { writes: MOST } });
    expect(await contents(graph)).toEqual({ titles: ["before"], links: 0 });
    expect(graph.status().cache.nodes).toBeLessThanOrEqual(before.nodes);
    await graph.transaction((tx) => tx.create(Page, { title: "after" }));
    expect(await contents(graph)).toEqual({ titles: ["before", "after"], links: 0 });
  });

  it("keeps nothing where the error was caught, be it in the middle of a call", async () => {
    const graph = await small();
    const caught = graph.transaction((tx) => {
      const hub = tx.create(Page, { title: "hub" });
      // Each is a node and an edge: the fifth one's node is the last write that there is room for.
      expect(() => hub.connect(Page, titles, via(Links, { at: 1 }))).toThrow(UnitTooLargeError);
    });
    await expect(caught).rejects.toThrow(UnitTooLargeError);
    expect(await contents(graph)).toEqual({ titles: [], links: 0 });
    expect(graph.status().cache).toMatchObject({ edges: 0 });
  });

  it("refuses every kind of write", async () => {
    const graph = await small();
    const id = await graph.transaction((tx) => {
      const page = tx.create(Page, { title: "page" });
      page.link(page, via(Links, { at: 1 }));
      return page.id;
    });
    const kinds: ((page: Page) => unknown)[] = [
      (page) => page.link(page, via(Links, { at: 2 })),
      (page) => {
        page.title = "too late";
      },
      (page) => page.grant("read"),
      (page) => page.delete(),
    ];
    for (const write of kinds) {
      const full = graph.transaction(async (tx) => {
        const page = await tx.require(Page, id);
        for (const title of titles) tx.create(Page, title);
        write(page);
      });
      await expect(full).rejects.toThrow(UnitTooLargeError);
    }
    expect(await contents(graph)).toEqual({ titles: ["page"], links: 1 });
    const page = await graph.require(Page, id);
    expect(page.$access.all).toBe("none");
  });

  it("keeps what a walk committed before", async () => {
    const graph = await small();
    const twice = walker("twice", { state: () => ({ visits: 0 }) }).entry(Root, (w, root) => {
      w.state.visits += 1;
      const count = w.state.visits === 1 ? 1 : MOST + 1;
      for (let i = 0; i < count; i++) root.connect(Page, { title: `${w.state.visits}.${i}` });
      w.commit();
      w.visit(root);
    });
    await expect(graph.spawn(twice)).rejects.toThrow(UnitTooLargeError);
    expect(await contents(graph)).toEqual({ titles: ["1.0"], links: 0 });
  });
});
