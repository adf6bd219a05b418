import { expect, it } from "vitest";
import { z } from "zod";
import { ClosedError, edge, type Graph, type Id, node, toDOT, toMermaid, via } from "../../src/index.ts";
import { parseDot, parseMermaid } from "../diagram-parsers.ts";
import { forEachStore, type Open } from "./stores.ts";

class Room extends node("Room", { name: z.string() }) {}
class Message extends node("Message", { text: z.string() }) {}
class Posted extends edge("Posted", {}, { from: Room, to: Message }) {}
class Beside extends edge("Beside", {}, { undirected: true }) {}
const types = [Room, Message, Posted, Beside];

/** Two rooms side by side below the root, two messages in the first, the second of which is posted in both. */
async function rooms(open: Open): Promise<{ graph: Graph; ids: Id[] }> {
  const graph = await open({ types });
  const ids = await graph.transaction((tx) => {
    const hall = tx.root.connect(Room, { name: "hall" });
    const attic = tx.root.connect(Room, { name: "attic" });
    hall.link(attic, via(Beside));
    const first = hall.connect(Message, { text: "first" }, via(Posted));
    const second = hall.connect(Message, { text: "second" }, via(Posted));
    attic.link(second, via(Posted));
    second.link(second);
    return [hall.id, attic.id, first.id, second.id];
  });
  return { graph, ids };
}

forEachStore("a diagram", (open) => {
  it("of nodes shows them and the edges between them", async () => {
    const { graph } = await rooms(open);
    expect(await toMermaid(graph.nodes(Room), { label: "name" })).toBe(
      ["flowchart LR", '  n1["hall"]', '  n2["attic"]', '  n1 ---|"Beside"| n2', ""].join("\n"),
    );
    expect(await toDOT(graph.nodes(Room), { label: "name", direction: "TB" })).toBe(
      [
        "digraph {",
        "  rankdir=TB;",
        "  node [shape=box];",
        '  n1 [label="hall"];',
        '  n2 [label="attic"];',
        '  n1 -> n2 [label="Beside", dir=none];',
        "}",
        "",
      ].join("\n"),
    );
  });

  it("of edges and pairs shows them and their ends, and of one edge too", async () => {
    const { graph } = await rooms(open);
    const expected = {
      direction: "LR",
      nodes: { n1: "hall", n2: "first", n3: "second" },
      edges: [
        ["n1 > n2", "Posted"],
        ["n1 > n3", "Posted"],
      ],
      notes: [],
    };
    await graph.transaction(async (tx) => {
      const label = (each: unknown): string => (each as Room).name ?? (each as Message).text;
      const hall = await tx.nodes(Room, { name: "hall" }).one();
      for (const query of [hall.out(Posted).edges(), hall.out(Posted).pairs()]) {
        expect(await parseMermaid(await toMermaid(query, { label }))).toEqual(expected);
        expect(await parseDot(await toDOT(query, { label }))).toEqual(expected);
      }
      const first = (await hall.out(Posted).edges().first()) as Posted;
      expect(await toMermaid(first, { label })).toBe(
        ["flowchart LR", '  n1["hall"]', '  n2["first"]', '  n1 -->|"Posted"| n2', ""].join("\n"),
      );
    });
  });

  it("of a node shows what is around it, as far as it is told", async () => {
    const { graph, ids } = await rooms(open);
    const [hallId, atticId, firstId, secondId] = ids;
    const label = (each: { id: Id }): string =>
      ids.indexOf(each.id) < 0 ? "root" : String(ids.indexOf(each.id));
    const around = async (from: Id | undefined, depth?: number): Promise<unknown> =>
      graph.transaction(async (tx) => {
        const start =
          from === undefined ? tx.root : ((await tx.get(Room, from)) ?? (await tx.require(Message, from)));
        const options = depth === undefined ? { label } : { label, depth };
        const { nodes, edges } = await parseMermaid(await toMermaid(start, options));
        return { nodes: Object.values(nodes), edges: edges.map(([between]) => between) };
      });
    expect(await around(firstId)).toEqual({ nodes: ["2", "0"], edges: ["n2 > n1"] });
    expect(await around(atticId, 0)).toEqual({ nodes: ["1"], edges: [] });
    expect(await around(secondId)).toEqual({
      nodes: ["3", "0", "1"],
      edges: ["n2 - n3", "n2 > n1", "n3 > n1", "n1 > n1"],
    });
    expect(await around(undefined, 2)).toMatchObject({ nodes: ["root", "0", "1", "2", "3"] });
    const query = await toMermaid(graph.nodes(Room, { name: "hall" }), { label, depth: 1 });
    expect(await parseMermaid(query)).toMatchObject({
      nodes: { n1: "0", n2: "root", n3: "1", n4: "2", n5: "3" },
    });
    expect(await toMermaid(graph.root, { label })).toContain('n1["root"]');
    expect(hallId).toBe(ids[0]);
  });

  it("shows each principal what it may read, and no more", async () => {
    const { graph, ids } = await rooms(open);
    const bob = graph.as((await graph.createRoot()).id);
    expect(await toMermaid(bob.nodes(Room), { label: "name" })).toBe(
      'flowchart LR\n  note1>"nothing to draw"]\n',
    );
    await graph.transaction(async (tx) => {
      (await tx.require(Room, ids[0]!)).grant("read");
      (await tx.require(Message, ids[2]!)).grant("read");
    });
    const seen = await bob.transaction(async (tx) =>
      toMermaid(await tx.require(Room, ids[0]!), { label: "name", depth: 5 }),
    );
    expect(seen).toBe(
      `flowchart LR\n  n1["hall"]\n  n2["Message ${ids[2]!.slice(-8)}"]\n  n1 -->|"Posted"| n2\n`,
    );
  });

  it("is part of its unit of work: it shows what the unit has written, and is of one moment", async () => {
    const { graph } = await rooms(open);
    let runs = 0;
    const drawn = await graph.transaction(async (tx) => {
      runs += 1;
      if (runs === 1) tx.root.connect(Room, { name: "never" });
      const picture = await toMermaid(tx.nodes(Room), { label: "name" });
      if (runs === 1) {
        expect(picture).toContain("never");
        await graph.transaction(async (other) => {
          (await other.nodes(Room, { name: "attic" }).one()).name = "cellar";
        });
        await graph.refresh();
      }
      tx.create(Room, { name: picture.includes("cellar") ? "saw the cellar" : "saw the attic" });
      return picture;
    });
    expect([runs, drawn.includes("cellar")]).toEqual([2, true]);
    const room = await graph.nodes(Room).first();
    await expect(toMermaid(room as Room)).rejects.toThrow(ClosedError);
  });

  it("says so where it is cut, and reads no more than it draws", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const hub = tx.create(Room, { name: "hub" });
      hub.connect(
        Message,
        Array.from({ length: 150 }, (_, i) => ({ text: `m${i}` })),
        via(Posted),
      );
    });
    const parse = async (...args: Parameters<typeof toMermaid>): Promise<unknown> => {
      const { nodes, edges, notes } = await parseMermaid(await toMermaid(...args));
      expect((await parseDot(await toDOT(...args))).notes).toEqual(notes);
      return [Object.keys(nodes).length, edges.length, notes];
    };
    const hub = graph.nodes(Room, { name: "hub" });
    expect(await parse(graph.nodes(Message))).toEqual([100, 0, ["only the first 100 nodes are drawn"]]);
    expect(await parse(hub, { depth: 1, maxNodes: 20 })).toEqual([
      20,
      19,
      ["only the first 20 nodes are drawn"],
    ]);
    expect(await parse(hub, { depth: 1, maxNodes: 20, maxEdges: 3 })).toEqual([
      20,
      3,
      ["only the first 20 nodes are drawn", "only the first 3 edges are drawn"],
    ]);
    expect(await parse(hub.out(Posted).edges(), { maxEdges: 7 })).toEqual([
      8,
      7,
      ["only the first 7 edges are drawn"],
    ]);
    expect(await parse(hub.out(Posted).edges(), { maxNodes: 7 })).toEqual([
      7,
      6,
      ["only edges between 7 nodes are drawn"],
    ]);
    expect(await parse(graph.nodes(Message), { maxNodes: 150 })).toEqual([150, 0, []]);
    expect(await parse(graph.nodes(Room), { maxNodes: 0 })).toEqual([
      0,
      0,
      ["only the first 0 nodes are drawn", "nothing to draw"],
    ]);
  });

  it("refuses what it cannot draw", async () => {
    const { graph } = await rooms(open);
    const draw = toMermaid as (...args: unknown[]) => Promise<string>;
    await expect(draw(graph)).rejects.toThrow("toMermaid takes a query, a node or an edge");
    await expect((toDOT as typeof draw)("Room")).rejects.toThrow("toDOT takes");
    await expect(draw(graph.nodes(Room), "name")).rejects.toThrow(TypeError);
    await expect(draw(graph.nodes(Room), { label: "nmae" })).rejects.toMatchObject({
      code: "RW_QUERY_INVALID",
    });
    await expect(draw(graph.nodes(Room), { labels: "name" })).rejects.toMatchObject({
      code: "RW_OPTION_INVALID",
    });
    await expect(draw(graph.nodes(Room), { direction: "up" })).rejects.toMatchObject({
      code: "RW_QUERY_INVALID",
    });
    await expect(draw(graph.nodes(Room), { maxNodes: -1 })).rejects.toMatchObject({
      code: "RW_QUERY_INVALID",
    });
    await expect(draw(graph.edges(Posted), { depth: 1 })).rejects.toMatchObject({ code: "RW_QUERY_INVALID" });
    await expect(draw(graph.nodes(Room), { label: async () => "later" })).rejects.toThrow(
      "label gives its text at once",
    );
    const fails = () => Promise.reject(new Error("never heard of"));
    await expect(draw(graph.nodes(Room), { label: fails })).rejects.toThrow("label gives its text at once");
  });
});
