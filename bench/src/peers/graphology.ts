import { MultiDirectedGraph } from "graphology";
import { type GraphData, personName } from "../rmat.ts";
import { IdMaker } from "../time-ordered-id.ts";
import { type HopFilter, PersonAnswer, type PersonRecord } from "../workload.ts";

export interface PersonAttributes {
  readonly name: string;
  readonly grp: number;
  score: number;
}

export interface KnowsAttributes {
  weight: number;
  readonly ts: number;
}

/** Nodes and edges by their number in the data; their keys in the graph. */
export interface GraphologyIds {
  readonly nodes: string[];
  readonly edges: string[];
}

/** The same people and edges in graphology: same attributes, same kind of ids as keys, parallel edges allowed. */
export class GraphologyGraph {
  readonly graph = new MultiDirectedGraph<PersonAttributes, KnowsAttributes>();
  readonly #ids = new IdMaker(3);

  load(data: GraphData): GraphologyIds {
    const nodes = this.loadNodes(data);
    return { nodes, edges: this.loadEdges(data, nodes) };
  }

  loadNodes(data: GraphData): string[] {
    return Array.from({ length: data.nodeCount }, (_, node) =>
      this.graph.addNode(this.#ids.text(), {
        name: personName(node),
        grp: data.groups[node] as number,
        score: data.scores[node] as number,
      }),
    );
  }

  loadEdges(data: GraphData, nodes: readonly string[]): string[] {
    return Array.from({ length: data.edgeCount }, (_, edge) =>
      this.graph.addEdgeWithKey(
        this.#ids.text(),
        nodes[data.sources[edge] as number],
        nodes[data.targets[edge] as number],
        { weight: data.weights[edge] as number, ts: data.timestamps[edge] as number },
      ),
    );
  }

  countHops(source: string, hops: number): number {
    let frontier = new Set([source]);
    for (let hop = 0; hop < hops; hop += 1) {
      const next = new Set<string>();
      for (const node of frontier)
        this.graph.forEachOutNeighbor(node, (neighbour) => void next.add(neighbour));
      frontier = next;
    }
    return frontier.size;
  }

  countReachable(source: string): number {
    const reached = new Set([source]);
    // A Set is iterated in the order of insertion, what is added meanwhile included: it is the queue as well.
    for (const node of reached)
      this.graph.forEachOutNeighbor(node, (neighbour) => void reached.add(neighbour));
    return reached.size - 1;
  }

  neighbours(source: string): PersonRecord[] {
    const found: PersonRecord[] = [];
    this.graph.forEachOutNeighbor(source, (id, { name, grp, score }) => {
      found.push(new PersonAnswer(id, name, grp, score));
    });
    return found;
  }

  filteredNeighbours(source: string, { aboveWeight, group }: HopFilter): PersonRecord[] {
    const found: PersonRecord[] = [];
    this.graph.forEachOutEdge(source, (_edge, edge, _source, id, _from, { name, grp, score }) => {
      if (edge.weight > aboveWeight && grp === group) found.push(new PersonAnswer(id, name, grp, score));
    });
    return found;
  }
}
