import type { Diagram } from "./diagram.ts";

// Inside quotes everything is text but the quote, entities, a backtick at the beginning (markdown) and HTML, which
// some renderers let through. A colon may stand for a style, and a semicolon for the end of one. `ﬂ°` and `¶ß` are what
// mermaid makes of entities itself.
const escaped = /["#&<>`;:\\|[\](){}ﬂ°¶ß]/g;

/** A text as the label of a node or edge, without the quotes. */
export function mermaidText(text: string): string {
  return text.replaceAll(escaped, (character) => `#${character.codePointAt(0)};`).replaceAll("\n", "<br/>");
}

/** A diagram as a mermaid flowchart. */
export function writeMermaid({ direction, nodes, edges, notes }: Diagram): string {
  const lines = [`flowchart ${direction}`];
  nodes.forEach((label, place) => {
    lines.push(`  n${place + 1}["${mermaidText(label)}"]`);
  });
  for (const { from, to, label, isUndirected } of edges) {
    const arrow = isUndirected ? "---" : "-->";
    const text = label === "" ? "" : `|"${mermaidText(label)}"|`;
    lines.push(`  n${from + 1} ${arrow}${text} n${to + 1}`);
  }
  notes.forEach((note, place) => {
    lines.push(`  note${place + 1}>"${mermaidText(note)}"]`);
  });
  return `${lines.join("\n")}\n`;
}
