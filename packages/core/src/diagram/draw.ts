import type { DiagramOptions, Drawable } from "../types/diagram.ts";
import { readDiagram } from "./diagram.ts";
import { writeDot } from "./dot.ts";
import { writeMermaid } from "./mermaid.ts";

/**
 * A [mermaid](https://mermaid.js.org) flowchart of what a query finds, or of what is around a record: of nodes, they
 * and the edges between them; of edges and pairs, they and the nodes at both ends.
 *
 * Reads as the query or record does: as its principal, in its unit of work or, made outside, in one of its own. Equal
 * graphs give equal text. What is left out is noted in the picture.
 *
 * ```ts
 * await toMermaid(graph.nodes(Room), { label: "name" });
 * await toMermaid(tx.root.out(Room).out(Posted).edges(), { label: "text", direction: "TB" });
 * await toMermaid(graph.nodes(Room, { name: "general" }), { depth: 2 });
 * ```
 *
 * @throws {ValidationError} `RW_QUERY_INVALID` for options that do not fit, `RW_OPTION_INVALID` for those there are not.
 */
export async function toMermaid(source: Drawable, options?: DiagramOptions): Promise<string> {
  return writeMermaid(await readDiagram("toMermaid", source, options));
}

/** The same in the language of [Graphviz](https://graphviz.org); see {@link toMermaid}. */
export async function toDOT(source: Drawable, options?: DiagramOptions): Promise<string> {
  return writeDot(await readDiagram("toDOT", source, options));
}
