// A graph as arrays and queries as loops over them: what the library's answers are held against.
// It imports nothing of the library, knows no index, no cache and no unit of work, and is as slow as it likes.

export type NodeType = "Thing" | "Special" | "Other";
export type EdgeType = "Edge" | "Link" | "StrongLink" | "Near";

const bases: Record<string, string | undefined> = { Special: "Thing", StrongLink: "Link" };

export interface Fields {
  readonly [field: string]: string | number | undefined;
}

export interface RefNode {
  readonly key: number;
  readonly type: NodeType;
  fields: Fields;
  isThere: boolean;
}

export interface RefEdge {
  readonly key: number;
  readonly type: EdgeType;
  readonly from: number;
  readonly to: number;
  fields: Fields;
  isThere: boolean;
}

export type RefFilter =
  | { readonly op: "and" | "or"; readonly parts: readonly RefFilter[] }
  | { readonly op: "not"; readonly part: RefFilter }
  | {
      readonly op: "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "startsWith";
      readonly field: string;
      readonly value: string | number;
    }
  | { readonly op: "oneOf"; readonly field: string; readonly value: readonly (string | number)[] }
  | { readonly op: "absent"; readonly field: string };

export interface RefOrder {
  readonly field: string;
  readonly descending: boolean;
}

export interface RefLimits {
  readonly filter?: RefFilter | undefined;
  readonly order?: RefOrder | undefined;
  readonly reverse?: boolean;
  readonly limit?: number | undefined;
}

export type RefStart =
  | ({ readonly kind: "all"; readonly type: NodeType } & RefLimits)
  | { readonly kind: "one"; readonly node: number };

export interface RefHop extends RefLimits {
  readonly direction: "out" | "in" | "both";
  readonly edge?: EdgeType | undefined;
  readonly edgeFilter?: RefFilter | undefined;
  readonly node?: NodeType | undefined;
  readonly depth?: readonly [number, number] | undefined;
}

export interface RefQuery {
  readonly start: RefStart;
  readonly hops: readonly RefHop[];
  /** Of edges, the last hop's `filter`, `order` and `limit` are about the edges. */
  readonly output: "nodes" | "edges" | "pairs";
}

export interface RefPair {
  readonly edge: number;
  readonly node: number;
}

export function isA(type: string | undefined, asked: string | undefined): boolean {
  return asked === undefined || type === asked || (type !== undefined && bases[type] === asked);
}

export function accepts(filter: RefFilter | undefined, fields: Fields): boolean {
  if (filter === undefined) return true;
  switch (filter.op) {
    case "and":
      return filter.parts.every((part) => accepts(part, fields));
    case "or":
      return filter.parts.some((part) => accepts(part, fields));
    case "not":
      return !accepts(filter.part, fields);
    case "absent":
      return fields[filter.field] === undefined;
    case "oneOf":
      return filter.value.some((each) => each === fields[filter.field]);
    default: {
      const is = fields[filter.field];
      const { value } = filter;
      if (typeof is !== typeof value) return false;
      if (filter.op === "eq") return is === value;
      if (filter.op === "ne") return is !== value;
      if (filter.op === "gt") return is! > value;
      if (filter.op === "gte") return is! >= value;
      if (filter.op === "lt") return is! < value;
      if (filter.op === "lte") return is! <= value;
      return String(is).startsWith(String(value));
    }
  }
}

export class ReferenceGraph {
  readonly nodes: RefNode[] = [];
  readonly edges: RefEdge[] = [];

  addNode(type: NodeType, fields: Fields): number {
    return this.nodes.push({ key: this.nodes.length, type, fields, isThere: true }) - 1;
  }

  addEdge(type: EdgeType, from: number, to: number, fields: Fields): number {
    return this.edges.push({ key: this.edges.length, type, from, to, fields, isThere: true }) - 1;
  }

  removeNode(key: number): void {
    this.nodes[key]!.isThere = false;
    for (const edge of this.edges) if (edge.from === key || edge.to === key) edge.isThere = false;
  }

  copy(): ReferenceGraph {
    const copy = new ReferenceGraph();
    for (const node of this.nodes) copy.nodes.push({ ...node });
    for (const edge of this.edges) copy.edges.push({ ...edge });
    return copy;
  }

  /** Nodes, or edges each with the node it leads to (then nodes repeat). */
  run(query: RefQuery): RefPair[] {
    let found: RefPair[] = this.#start(query.start);
    query.hops.forEach((hop, at) => {
      const wanted = at === query.hops.length - 1 ? query.output : "nodes";
      found = this.#hop(
        found.map(({ node }) => node),
        hop,
        wanted,
      );
    });
    return found;
  }

  #start(start: RefStart): RefPair[] {
    if (start.kind === "one") return [{ edge: -1, node: start.node }];
    const found = this.nodes
      .filter((node) => node.isThere && isA(node.type, start.type) && accepts(start.filter, node.fields))
      .map((node) => ({ edge: -1, node: node.key }));
    return this.#arranged(
      start,
      start.reverse && start.order === undefined ? found.reverse() : found,
      "nodes",
    );
  }

  #hop(origins: readonly number[], hop: RefHop, output: "nodes" | "edges" | "pairs"): RefPair[] {
    const nodeFilter = output === "edges" ? undefined : hop.filter;
    const edgeFilter: RefFilter | undefined =
      output === "edges"
        ? { op: "and", parts: [hop.filter, hop.edgeFilter].filter((each) => each !== undefined) }
        : hop.edgeFilter;
    const isMeant = (node: number): boolean =>
      isA(this.nodes[node]!.type, hop.node) && accepts(nodeFilter, this.nodes[node]!.fields);
    const backward = hop.reverse === true && hop.order === undefined;
    let found: RefPair[] = [];
    if (hop.depth === undefined) {
      for (const origin of origins) {
        const pairs = this.#neighbors(origin, hop, edgeFilter).filter(({ node }) => isMeant(node));
        if (backward) pairs.reverse();
        found.push(...pairs);
      }
      if (output === "nodes") found = onceEachNode(found);
      if (output === "edges") found = onceEachEdge(found);
    } else {
      const [min, max] = hop.depth;
      const met = new Set(origins);
      let frontier = [...origins];
      if (min === 0 && output === "nodes") found.push(...origins.map((node) => ({ edge: -1, node })));
      for (let level = 1; level <= max && frontier.length > 0; level++) {
        const next: number[] = [];
        for (const origin of frontier) {
          for (const pair of this.#neighbors(origin, hop, edgeFilter)) {
            if (met.has(pair.node)) continue;
            met.add(pair.node);
            next.push(pair.node);
            if (level >= min) found.push(pair);
          }
        }
        frontier = next;
      }
      if (backward) found.reverse();
      found = found.filter(({ node }) => isMeant(node));
    }
    return this.#arranged(hop, found, output);
  }

  #neighbors(origin: number, hop: RefHop, filter: RefFilter | undefined): RefPair[] {
    const found: RefPair[] = [];
    for (const edge of this.edges) {
      if (!edge.isThere || !isA(edge.type, hop.edge) || !accepts(filter, edge.fields)) continue;
      const isEither = hop.direction === "both" || edge.type === "Near";
      const leaves = edge.from === origin && (isEither || hop.direction === "out");
      const arrives = edge.to === origin && (isEither || hop.direction === "in");
      if (leaves || arrives) found.push({ edge: edge.key, node: edge.from === origin ? edge.to : edge.from });
    }
    return found;
  }

  #arranged({ order, reverse, limit }: RefLimits, found: RefPair[], output: string): RefPair[] {
    if (order !== undefined) {
      const value = (pair: RefPair): string | number | undefined =>
        (output === "edges" ? this.edges[pair.edge]! : this.nodes[pair.node]!).fields[order.field];
      const descending = order.descending !== (reverse === true);
      found = [...found].sort((left, right) => {
        const [l, r] = [value(left), value(right)];
        if (l === undefined || r === undefined) return Number(l === undefined) - Number(r === undefined);
        return (l < r ? -1 : l > r ? 1 : 0) * (descending ? -1 : 1);
      });
    }
    return limit === undefined ? found : found.slice(0, limit);
  }
}

function onceEachEdge(pairs: readonly RefPair[]): RefPair[] {
  const met = new Set<number>();
  return pairs.filter(({ edge }) => !met.has(edge) && met.add(edge));
}

export function onceEachNode(pairs: readonly RefPair[]): RefPair[] {
  const met = new Set<number>();
  return pairs.filter(({ node }) => !met.has(node) && met.add(node));
}
