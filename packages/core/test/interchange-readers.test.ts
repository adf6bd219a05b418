// GraphML and GEXF as the readers of others take them: networkx, and graphology itself.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { DirectedGraph, MultiGraph, MultiUndirectedGraph } from "graphology";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { edge, node, openGraph, type Graph as Rootwalk, via } from "../src/index.ts";
import { exportGexf, exportGraphML, fromGraphology, toGraphology } from "../src/interchange.ts";
import { storedValues, texts } from "./arbitraries.ts";

class Thing extends node("Thing", {
  name: z.string().optional(),
  value: z.any().optional(),
  count: z.number().optional(),
  big: z.bigint().optional(),
  flag: z.boolean().optional(),
  when: z.date().optional(),
}) {}
class Special extends Thing.extend("Special", {}) {}
class Line extends edge("Line", { weight: z.number().optional(), note: z.string().optional() }) {}
class Tie extends edge("Tie", {}, { undirected: true }) {}
const types = [Thing, Special, Line, Tie];

async function text(pieces: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of pieces) all += piece;
  return all;
}

const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import networkx"]).status === 0,
);

/** Reads the files by networkx and prints what it has of them. */
const script = `
import json, sys, networkx
for path in sys.argv[1:]:
    read = networkx.read_gexf if path.endswith("gexf") else networkx.read_graphml
    g = read(path)
    print(json.dumps({
        "directed": g.is_directed(),
        "nodes": {n: d for n, d in g.nodes(data=True)},
        "edges": [[u, v, d] for u, v, d in g.edges(data=True)],
    }))
`;

interface Read {
  readonly directed: boolean;
  readonly nodes: Record<string, Record<string, unknown>>;
  readonly edges: [string, string, Record<string, unknown>][];
}

function byNetworkx(...documents: { name: string; text: string }[]): Read[] {
  if (python === undefined)
    throw new Error("networkx is not here: install python3-networkx, or python3 -m pip install networkx");
  const folder = mkdtempSync(join(tmpdir(), "rootwalk-readers-"));
  try {
    const paths = documents.map(({ name, text }, i) => {
      const path = join(folder, `${i}.${name}`);
      writeFileSync(path, text);
      return path;
    });
    const { status, stdout, stderr } = spawnSync(python, ["-c", script, ...paths], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(stderr);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Read);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function both(graph: Rootwalk, options: object = {}): Promise<{ name: string; text: string }[]> {
  return [
    { name: "graphml", text: await text(exportGraphML(graph, options)) },
    { name: "gexf", text: await text(exportGexf(graph, options)) },
  ];
}

async function small(): Promise<{ graph: Rootwalk; a: string; b: string }> {
  const graph = await openGraph({ types });
  const ids = await graph.transaction((tx) => {
    const a = tx.create(Thing, {
      name: ' <a> & "b"\n\tc\r\n ',
      count: 3,
      big: 2n ** 62n,
      flag: true,
      when: new Date(0),
      value: { deep: [1n, new Set(["x"])] },
    });
    const b = tx.create(Special, { count: 2.5, flag: false, name: "" });
    a.link(b, via(Line, { weight: 0.5 }));
    a.link(b, via(Line, { weight: 2, note: "two" }));
    a.link(a, via(Line, {}));
    return { a: a.id, b: b.id };
  });
  return { graph, ...ids };
}

// On a machine of one's own the reader may be missing; what decides whether a change lands has it.
describe.skipIf(python === undefined && process.env.CI !== "true")("networkx", () => {
  test("reads GraphML and GEXF with types, parallel edges, loops and every character that XML has", async () => {
    const { graph, a, b } = await small();
    const [graphml, gexf] = byNetworkx(...(await both(graph, { types: [Thing, Line], label: "name" }))) as [
      Read,
      Read,
    ];
    for (const read of [graphml, gexf]) {
      expect(read.directed).toBe(true);
      expect(read.nodes[a]).toMatchObject({
        $type: "Thing",
        name: ' <a> & "b"\n\tc\r\n ',
        count: 3,
        big: Number(2n ** 62n),
        flag: true,
        when: "1970-01-01T00:00:00.000Z",
        value: '{"deep":["1",["x"]]}',
      });
      expect(read.nodes[b]).toMatchObject({ $type: "Special", count: 2.5, flag: false });
      // Older versions of networkx leave empty text out.
      expect(read.nodes[b]?.name ?? "").toBe("");
      expect(read.edges.map(([from, to]) => [from, to])).toEqual(
        expect.arrayContaining([
          [a, b],
          [a, b],
          [a, a],
        ]),
      );
      expect(read.edges.map(([, , data]) => data.weight ?? 1)).toEqual(expect.arrayContaining([0.5, 2]));
      expect(read.edges.find(([, , data]) => data.note !== undefined)?.[2].note).toBe("two");
    }
    expect(graphml.nodes[a]?.label).toBe('<a> & "b"\n c');
    expect(gexf.nodes[b]?.label).toBe(`Special ${b.slice(-8)}`);
    await graph.close();
  });

  test("reads graphs of undirected edges, and those that have both kinds, marked", async () => {
    const { graph, a, b } = await small();
    await graph.transaction(async (tx) => {
      (await tx.require(Thing, a)).link(await tx.require(Thing, b), via(Tie, {}));
    });
    const undirected = await both(graph, { types: [Thing, Tie] });
    const mixed = await both(graph, { types: [Thing, Tie, Line] });
    const [one, two, three, four] = byNetworkx(...undirected, ...mixed) as [Read, Read, Read, Read];
    for (const read of [one, two]) expect([read.directed, read.edges.length]).toEqual([false, 1]);
    for (const read of [three, four]) {
      expect([read.directed, read.edges.length]).toEqual([true, 4]);
      expect(read.edges.filter(([, , data]) => data.$undirected === true)).toHaveLength(1);
    }
    // For readers that take both kinds.
    const native = await both(graph, { types: [Thing, Tie, Line], edges: "mixed" });
    expect(native[0]?.text.match(/directed="false"/g)).toHaveLength(1);
    expect(native[1]?.text.match(/type="undirected"/g)).toHaveLength(1);
    await graph.close();
  });

  test("reads any values, hostile text among them", async () => {
    const { seed = 1 } = fc.readConfigureGlobal();
    const values = fc.sample(fc.oneof(storedValues(), texts()), { numRuns: 400, seed });
    const hostile = [
      "]]>",
      "<!--",
      "&#0;",
      "\u0000\u0001\u001f\u007f",
      "\ufffe\uffff",
      "\u2028\u0085",
      "😀",
      "\r",
      " ",
    ];
    const graph = await openGraph({ types });
    const made = await graph.transaction((tx) =>
      [...values, ...hostile].map((value) => ({
        id: tx.create(Thing, typeof value === "string" ? { name: value } : { value }).id,
        value,
      })),
    );
    const legal = (value: string) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 has no way to say
      value.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
    for (const read of byNetworkx(...(await both(graph, { types: [Thing] })))) {
      expect(Object.keys(read.nodes)).toHaveLength(made.length);
      for (const { id, value } of made)
        if (typeof value === "string") expect(read.nodes[id]?.name ?? "").toBe(legal(value));
    }
    await graph.close();
  });
});

describe("toGraphology", () => {
  test("makes a graph of what a session sees, with ids, types and fields", async () => {
    const { graph, a, b } = await small();
    const copy = await toGraphology(graph, MultiGraph, { types: [Thing, Line] });
    expect([copy.order, copy.size, copy.type, copy.multi]).toEqual([2, 3, "mixed", true]);
    expect(copy.getNodeAttributes(a)).toMatchObject({ $type: "Thing", count: 3, when: new Date(0) });
    expect(copy.getNodeAttributes(b)).toEqual({ $type: "Special", count: 2.5, flag: false, name: "" });
    expect(
      copy
        .directedEdges(a, b)
        .map((key) => copy.getEdgeAttribute(key, "weight"))
        .sort(),
    ).toEqual([0.5, 2]);
    const user = await graph.createRoot();
    expect((await toGraphology(graph.as(user), MultiGraph)).order).toBe(1);
    await graph.close();
  });

  test("fills a graph of the caller's, of what queries find", async () => {
    const { graph, a, b } = await small();
    await graph.transaction(async (tx) => {
      (await tx.require(Thing, a)).link(await tx.require(Thing, b), via(Tie, {}));
      const found = await toGraphology({ nodes: tx.nodes(Thing), edges: tx.edges(Tie) }, new MultiGraph());
      expect([found.order, found.undirectedSize, found.directedSize]).toEqual([2, 1, 0]);
      // Edges of which an end was not chosen are left out.
      const part = await toGraphology({ nodes: tx.nodes(Special), edges: tx.edges(Line) }, new MultiGraph());
      expect([part.order, part.size]).toEqual([1, 0]);
    });
    const undirected = await toGraphology(graph, new MultiUndirectedGraph(), { types: [Thing] });
    expect([undirected.order, undirected.size]).toEqual([2, 4]);
    await expect(toGraphology(graph, new DirectedGraph(), { types: [Thing, Tie] })).rejects.toThrow(
      /Tie is undirected/,
    );
    await expect(toGraphology(graph, DirectedGraph)).rejects.toThrow(
      /^toGraphology: DirectedGraph cannot be made with several edges .*; give MultiGraph/,
    );
    await expect(toGraphology(graph, {} as never)).rejects.toThrow(/takes a class of graphology's/);
    await expect(toGraphology(7 as never, MultiGraph)).rejects.toThrow(/takes a session/);
    await expect(toGraphology(graph, MultiGraph, { typse: [] } as never)).rejects.toThrow(
      /no option "typse"/,
    );
    await graph.close();
  });

  test("and fromGraphology leads back, with types and fields as they were", async () => {
    const { graph, a, b } = await small();
    await graph.transaction(async (tx) => {
      (await tx.require(Thing, a)).link(await tx.require(Thing, b), via(Tie, {}));
    });
    const copy = await toGraphology(graph, MultiGraph, { types: [Thing] });
    const other = await openGraph({ types });
    const { idOf, nodes, edges } = await fromGraphology(other, copy);
    expect([nodes, edges]).toEqual([2, 4]);
    const again = await toGraphology(other, MultiGraph, { types: [Thing] });
    expect(again.getNodeAttributes(idOf(a))).toEqual(copy.getNodeAttributes(a));
    expect(again.undirectedSize).toBe(1);
    await graph.close();
    await other.close();
  });

  test("fromGraphology takes any graph, by functions that say what becomes of it", async () => {
    const friends = new MultiGraph();
    friends.addNode("ann", { label: "Ann" });
    friends.addNode("bob", { label: "Bob" });
    friends.addEdge("ann", "bob", { strength: 3 });
    const graph = await openGraph({ types });
    await expect(fromGraphology(graph, friends)).rejects.toThrow(/\$type of node ann is undefined/);
    await fromGraphology(graph, friends, {
      node: (_key, { label }) => [Thing, { name: label }],
      edge: (_key, { strength }) => [Line, { weight: strength }],
    });
    const [line] = await graph.edges(Line).all();
    expect(line?.weight).toBe(3);
    expect(await graph.nodes(Thing).select("name").all()).toMatchObject([{ name: "Ann" }, { name: "Bob" }]);
    await graph.close();
  });
});

test("an export of nothing is a document all the same", async () => {
  const graph = await openGraph({ types });
  expect(await text(exportGraphML({ nodes: [] }))).toContain('<graph edgedefault="directed">\n</graph>');
  expect(await text(exportGexf({ nodes: [] }))).toContain("<nodes>\n</nodes>\n<edges>\n</edges>");
  expect(() => exportGexf(graph, { lable: "x" } as never)).toThrow(/no option "lable"/);
  await graph.close();
});
