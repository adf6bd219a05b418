import { Graphviz } from "@hpcc-js/wasm-graphviz";
import DOMPurify from "dompurify";

/** What a parser has understood. Nodes by name; edges as `from > to` or, without a direction, `from - to`. */
export interface Parsed {
  readonly direction: string;
  readonly nodes: Readonly<Record<string, string>>;
  readonly edges: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
}

interface FlowDb {
  getDirection(): string;
  getVertices(): Map<string, { readonly text: string }>;
  getEdges(): {
    readonly start: string;
    readonly end: string;
    readonly text: string;
    readonly type: string;
  }[];
}

/** By mermaid itself, whose labels are entities until they are shown. */
export async function parseMermaid(text: string): Promise<Parsed> {
  // Without a DOM there is nothing to clean the labels of: what is asked here is how they parse.
  Object.assign(DOMPurify, { sanitize: (label: string) => label, addHook() {}, removeAllHooks() {} });
  const { default: mermaid } = await import("mermaid");
  mermaid.initialize({ startOnLoad: false, suppressErrorRendering: true });
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
  const flow = db as unknown as FlowDb;
  const all = [...flow.getVertices()].map(([name, vertex]) => [name, shown(vertex.text)] as const);
  return {
    direction: flow.getDirection(),
    nodes: Object.fromEntries(all.filter(([name]) => !name.startsWith("note"))),
    notes: all.filter(([name]) => name.startsWith("note")).map(([, label]) => label),
    edges: flow
      .getEdges()
      .map(({ start, end, text, type }) => [
        `${start} ${type === "arrow_open" ? "-" : ">"} ${end}`,
        shown(text),
      ]),
  };
}

/** What a browser makes of a label. */
function shown(label: string): string {
  return label
    .replaceAll("<br/>", "\n")
    .replaceAll(/ﬂ°°(\d+)¶ß/g, (_entity, code) => String.fromCodePoint(Number(code)));
}

interface Laid {
  readonly rankdir: string;
  readonly objects?: readonly { readonly _gvid: number; readonly name: string; readonly label: string }[];
  readonly edges?: readonly {
    readonly tail: number;
    readonly head: number;
    readonly label?: string;
    readonly dir?: string;
  }[];
}

/** By Graphviz itself. */
export async function parseDot(text: string): Promise<Parsed> {
  const graphviz = await Graphviz.load();
  let json: string;
  try {
    json = graphviz.layout(text, "json", "dot");
  } catch (error) {
    // After an error it understands nothing any more.
    Graphviz.unload();
    throw error;
  }
  const { rankdir, objects = [], edges = [] } = JSON.parse(json) as Laid;
  const nameOf = (gvid: number): string => objects.find(({ _gvid }) => _gvid === gvid)?.name ?? "";
  const all = objects.map(({ name, label }) => [name, unescaped(label)] as const);
  return {
    direction: rankdir,
    nodes: Object.fromEntries(all.filter(([name]) => !name.startsWith("note"))),
    notes: all.filter(([name]) => name.startsWith("note")).map(([, label]) => label),
    edges: edges.map(({ tail, head, label = "", dir }) => [
      `${nameOf(tail)} ${dir === "none" ? "-" : ">"} ${nameOf(head)}`,
      unescaped(label),
    ]),
  };
}

/** An escString as Graphviz shows it. */
function unescaped(label: string): string {
  return label
    .replaceAll(/\\(.)/g, (_escape, character) => (character === "n" ? "\n" : character))
    .replaceAll("&amp;", "&");
}
