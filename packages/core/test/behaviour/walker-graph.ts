import { type AnyEdge, type AnyNode, type Graph, type Id, type Tx, via } from "../../src/index.ts";
import type { EdgeType, GraphScript, NodeType, Ref } from "../walker-reference.ts";
import { classes } from "../walker-reference-fake.ts";

type Reader = Pick<Tx, "get">;
type Writer = Pick<Tx, "create">;

/** The names that the walker reference gives to records, for those of a real graph. */
export interface NamedRecords {
  /** As the record was handed out when the graph was built, by a unit that is over. */
  record(ref: Ref): AnyNode | AnyEdge;
  /** New records are numbered as they are asked for. */
  refOf(id: string): Ref;
  find(w: Reader, ref: Ref): Promise<AnyNode | AnyEdge | undefined>;
  connect(w: Writer, from: AnyNode, node: NodeType, edge: EdgeType): void;
}

/** Makes the graph of a script, in its order. */
export async function buildGraph(graph: Graph, script: GraphScript): Promise<NamedRecords> {
  const nodes: Id[] = [];
  const edges: Id[] = [];
  const refs = new Map<string, Ref>();
  const records = new Map<Ref, AnyNode | AnyEdge>();
  const add = (ids: Id[], record: AnyNode | AnyEdge, letter: "n" | "e"): Ref => {
    const ref: Ref = `${letter}${ids.push(record.id) - 1}`;
    refs.set(record.id, ref);
    return ref;
  };
  const link = (from: AnyNode, to: AnyNode, type: EdgeType): AnyEdge => from.link(to, via(classes[type]));
  await graph.transaction((tx) => {
    const made = script.nodes.map((type) => tx.create(classes[type]));
    for (const node of made) records.set(add(nodes, node, "n"), node);
    for (const { type, from, to } of script.edges) {
      const edge = link(made[from] as AnyNode, made[to] as AnyNode, type);
      records.set(add(edges, edge, "e"), edge);
    }
  });
  return {
    record: (ref) => records.get(ref) as AnyNode | AnyEdge,
    refOf: (id) => refs.get(id) ?? add(nodes, { id } as AnyNode, "n"),
    async find(w, ref) {
      const id = (ref.startsWith("n") ? nodes : edges)[Number(ref.slice(1))];
      if (id === undefined) return undefined;
      if (ref.startsWith("e")) return w.get(classes.e, id);
      return (await w.get(classes.a, id)) ?? (await w.get(classes.c, id));
    },
    connect(w, from, node, edge) {
      const made = w.create(classes[node]);
      add(nodes, made, "n");
      add(edges, link(from, made, edge), "e");
    },
  };
}
