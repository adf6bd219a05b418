import { LIST_LIMIT, LinkAnswer, type LinkOperation, type LinkRecord, listChecksum } from "../linkbench.ts";
import { IdMaker } from "../time-ordered-id.ts";
import type { GraphologyGraph, GraphologyIds } from "./graphology.ts";

/** The LinkBench mix over graphology, in memory. */
export class GraphologyLinkBench {
  readonly #graph: GraphologyGraph["graph"];
  readonly #ids: GraphologyIds;
  readonly #newIds = new IdMaker(4);

  constructor(peer: GraphologyGraph, ids: GraphologyIds) {
    this.#graph = peer.graph;
    this.#ids = ids;
  }

  /** Performs one operation and answers with a number that both sides must agree on. */
  perform(operation: LinkOperation): number {
    const graph = this.#graph;
    switch (operation.kind) {
      case "addLink": {
        const source = this.#node(operation.source);
        const target = this.#node(operation.target);
        if (!graph.hasNode(source) || !graph.hasNode(target)) return 0;
        graph.addEdgeWithKey(this.#newIds.text(), source, target, {
          weight: operation.weight,
          ts: operation.ts,
        });
        return 1;
      }
      case "deleteLink": {
        const link = this.#edge(operation.link);
        if (!graph.hasEdge(link)) return 0;
        graph.dropEdge(link);
        return 1;
      }
      case "updateLink": {
        const link = this.#edge(operation.link);
        if (!graph.hasEdge(link)) return 0;
        graph.setEdgeAttribute(link, "weight", operation.weight);
        return 1;
      }
      case "countLinks": {
        const source = this.#node(operation.source);
        return graph.hasNode(source) ? graph.outDegree(source) : 0;
      }
      case "getLinks":
        return listChecksum(operation.links.flatMap((link) => this.#link(this.#edge(link)) ?? []));
      case "listLinks":
        return listChecksum(this.#newest(this.#node(operation.source)));
      case "getNode": {
        const node = this.#node(operation.node);
        return graph.hasNode(node) ? graph.getNodeAttributes(node).grp : -1;
      }
      case "addNode": {
        const { name, grp, score } = operation;
        graph.addNode(this.#newIds.text(), { name, grp, score });
        return 1;
      }
      case "updateNode": {
        const node = this.#node(operation.node);
        if (!graph.hasNode(node)) return 0;
        graph.setNodeAttribute(node, "score", operation.score);
        return 1;
      }
      case "deleteNode": {
        const node = this.#node(operation.node);
        if (!graph.hasNode(node)) return 0;
        graph.dropNode(node);
        return 1;
      }
    }
  }

  #newest(source: string): LinkRecord[] {
    if (!this.#graph.hasNode(source)) return [];
    const links: LinkRecord[] = [];
    this.#graph.forEachOutEdge(source, (id, { weight, ts }, _source, target) => {
      links.push(new LinkAnswer(id, target, weight, ts));
    });
    // graphology groups edges by neighbour; timestamps follow the order of connection, so they restore it.
    return links.sort((a, b) => b.ts - a.ts).slice(0, LIST_LIMIT);
  }

  #link(id: string): LinkRecord | undefined {
    if (!this.#graph.hasEdge(id)) return undefined;
    const { weight, ts } = this.#graph.getEdgeAttributes(id);
    return new LinkAnswer(id, this.#graph.target(id), weight, ts);
  }

  #node(node: number): string {
    return this.#ids.nodes[node] as string;
  }

  #edge(edge: number): string {
    return this.#ids.edges[edge] as string;
  }
}
