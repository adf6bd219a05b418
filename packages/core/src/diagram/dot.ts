import type { Diagram } from "./diagram.ts";

/** A text as the label of a node or edge, without the quotes. */
function dotText(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("&", "&amp;")
    .replaceAll("\n", "\\n");
}

/** A diagram in Graphviz's language. */
export function writeDot({ direction, nodes, edges, notes }: Diagram): string {
  const lines = ["digraph {", `  rankdir=${direction};`, "  node [shape=box];"];
  nodes.forEach((label, place) => {
    lines.push(`  n${place + 1} [label="${dotText(label)}"];`);
  });
  for (const { from, to, label, isUndirected } of edges) {
    const attributes = [label === "" ? "" : `label="${dotText(label)}"`, isUndirected ? "dir=none" : ""];
    const given = attributes.filter((attribute) => attribute !== "").join(", ");
    lines.push(`  n${from + 1} -> n${to + 1}${given === "" ? "" : ` [${given}]`};`);
  }
  notes.forEach((note, place) => {
    lines.push(`  note${place + 1} [shape=note, label="${dotText(note)}"];`);
  });
  return `${lines.join("\n")}\n}\n`;
}
