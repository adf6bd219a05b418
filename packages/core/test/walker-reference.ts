/*
 * The walker semantics of DESIGN, section 2, as naively as they can be written: recursive, synchronous, over arrays.
 * Written from that text alone; imports nothing of the library. What handlers do is data (`Action`), so that the same
 * scripts run here and over a real engine (`walker-script.ts`), and the two traces can be compared.
 */

/** Names of types; `b` extends `a`, `f` extends `e`. */
export type NodeType = "a" | "b" | "c";
export type EdgeType = "e" | "f";
export type TypeName = NodeType | EdgeType;

export const lineages: Readonly<Record<TypeName, readonly TypeName[]>> = {
  a: ["a"],
  b: ["a", "b"],
  c: ["c"],
  e: ["e"],
  f: ["e", "f"],
};

/** Edges in connection order, which is that of the array. */
export interface GraphScript {
  readonly nodes: readonly NodeType[];
  readonly edges: readonly { readonly type: EdgeType; readonly from: number; readonly to: number }[];
}

export interface QueryScript {
  readonly direction: "out" | "in" | "both";
  readonly edge?: EdgeType | undefined;
  readonly node?: NodeType | undefined;
  /** Stops at the edges: each, then its far node. */
  readonly asEdges: boolean;
}

/** A record by kind and number. */
export type Ref = `n${number}` | `e${number}`;

export type TargetScript =
  | { readonly kind: "query"; readonly query: QueryScript }
  /** A list; what does not exist (any more) is left out. One entry alone is visited bare. */
  | { readonly kind: "refs"; readonly refs: readonly Ref[] };

export type Action =
  | {
      readonly do: "visit";
      readonly target: TargetScript;
      readonly at?: number | undefined;
      readonly else?: readonly Action[] | undefined;
    }
  | { readonly do: "ignore"; readonly ref: Ref }
  | { readonly do: "skip" | "disengage" | "deleteHere" | "pause" | "commit" }
  | { readonly do: "delete"; readonly ref: Ref }
  | { readonly do: "connect"; readonly node: NodeType; readonly edge: EdgeType }
  | {
      readonly do: "spawn";
      readonly walker: number;
      readonly target: TargetScript;
      /** Whether the handler waits for it, and so learns what it gave. */
      readonly isAwaited: boolean;
    };

export interface HandlerScript {
  /** Of a walker's handler: undefined is untyped. */
  readonly types?: readonly TypeName[] | undefined;
  readonly actions: readonly Action[];
}

export interface WalkerScript {
  readonly once: boolean;
  readonly entries: readonly HandlerScript[];
  readonly exits: readonly HandlerScript[];
}

/** A handler that belongs to a type; for any walker where none is given. */
export interface TypeHandlerScript {
  readonly type: TypeName;
  readonly side: "entry" | "exit";
  readonly walker?: number | undefined;
  readonly actions: readonly Action[];
}

/** One run: walker 0 is spawned at the target, on which `here` does not exist (a query starts at node 0). */
export interface Scenario {
  readonly graph: GraphScript;
  readonly walkers: readonly WalkerScript[];
  readonly typeHandlers: readonly TypeHandlerScript[];
  readonly target: TargetScript;
  /** How many actions are carried out before handlers do nothing any more, so that every walk ends. */
  readonly fuel: number;
}

export interface Outcome {
  /** Each handler that ran, where, and each `else`. */
  readonly trace: readonly string[];
  readonly visits: number;
  readonly disengaged: boolean;
}

interface Node {
  readonly type: NodeType;
  deleted: boolean;
}

interface Edge {
  readonly type: EdgeType;
  readonly from: number;
  readonly to: number;
  deleted: boolean;
}

interface PendingVisit {
  readonly found: readonly Ref[];
  readonly at: number;
  readonly otherwise: readonly Action[] | undefined;
}

/** A handler with its name for the trace. */
interface Named {
  readonly name: string;
  readonly actions: readonly Action[];
}

export function runReference(scenario: Scenario): Outcome {
  const nodes: Node[] = scenario.graph.nodes.map((type) => ({ type, deleted: false }));
  const edges: Edge[] = scenario.graph.edges.map((edge) => ({ ...edge, deleted: false }));
  const trace: string[] = [];
  let fuel = scenario.fuel;

  const numberOf = (ref: Ref): number => Number(ref.slice(1));
  const isEdge = (ref: Ref): boolean => ref.startsWith("e");
  const edgeOf = (ref: Ref): Edge | undefined => edges[numberOf(ref)];
  const typeOf = (ref: Ref): TypeName =>
    isEdge(ref) ? (edgeOf(ref) as Edge).type : (nodes[numberOf(ref)] as Node).type;

  function exists(ref: Ref): boolean {
    if (!isEdge(ref)) return nodes[numberOf(ref)]?.deleted === false;
    const edge = edgeOf(ref);
    return edge?.deleted === false && exists(`n${edge.from}`) && exists(`n${edge.to}`);
  }

  function query(from: number, script: QueryScript): { nodes: Ref[]; edges: Ref[] } {
    const found: Ref[] = [];
    const through: Ref[] = [];
    for (const [number, edge] of edges.entries()) {
      if (!exists(`e${number}`)) continue;
      const goesOut = edge.from === from && script.direction !== "in";
      const comesIn = edge.to === from && script.direction !== "out";
      if (!goesOut && !comesIn) continue;
      if (script.edge !== undefined && !lineages[edge.type].includes(script.edge)) continue;
      const far = edge.from === from ? edge.to : edge.from;
      const node: Ref = `n${far}`;
      if (script.node !== undefined && !lineages[typeOf(node)].includes(script.node)) continue;
      through.push(`e${number}`);
      if (!found.includes(node)) found.push(node);
    }
    return { nodes: found, edges: through };
  }

  /** The node that follows an edge: opposite to where the query came from, else to `here`, else the target. */
  function farOf(ref: Ref, origin: Ref | undefined): Ref {
    const { from, to } = edgeOf(ref) as Edge;
    return origin === `n${to}` ? `n${from}` : `n${to}`;
  }

  function locate(target: TargetScript, here: Ref | undefined): Ref[] {
    let list: Ref[];
    if (target.kind === "refs") list = target.refs.filter(exists);
    else {
      const origin = here ?? "n0";
      if (!exists(origin)) return [];
      const found = query(numberOf(origin), target.query);
      if (!target.query.asEdges) return found.nodes;
      list = found.edges;
      here = origin;
    }
    const locations: Ref[] = [];
    const followed = new Set<Ref>();
    for (const ref of list) {
      locations.push(ref);
      if (!isEdge(ref)) continue;
      const far = farOf(ref, here);
      if (!followed.has(far)) locations.push(far);
      followed.add(far);
    }
    return locations;
  }

  function spawn(number: number, target: TargetScript, origin: Ref | undefined): Omit<Outcome, "trace"> {
    const script = scenario.walkers[number] as WalkerScript;
    const ignored = new Set<Ref>();
    const entered = new Set<Ref>();
    const queue = locate(target, origin);
    let lastEntered: Ref | undefined;
    let visits = 0;
    let disengaged = false;
    let skipped = false;

    function act(actions: readonly Action[], here: Ref, pending: PendingVisit[]): void {
      for (const action of actions) {
        if (fuel === 0) return;
        fuel -= 1;
        switch (action.do) {
          case "visit": {
            // Queries start where the walk is, and only nodes have neighbours.
            if (action.target.kind === "query" && (isEdge(here) || !exists(here))) break;
            const found = locate(action.target, here).filter((ref) => !ignored.has(ref));
            pending.push({ found, at: action.at ?? -1, otherwise: action.else });
            break;
          }
          case "ignore":
            if (exists(action.ref)) ignored.add(action.ref);
            break;
          case "skip":
            skipped = true;
            break;
          case "disengage":
            disengaged = true;
            break;
          case "deleteHere":
            remove(here);
            break;
          case "delete":
            remove(action.ref);
            break;
          case "connect":
            if (isEdge(here) || !exists(here)) break;
            nodes.push({ type: action.node, deleted: false });
            edges.push({
              type: action.edge,
              from: numberOf(here),
              to: nodes.length - 1,
              deleted: false,
            });
            break;
          case "spawn": {
            if (action.target.kind === "query" && (isEdge(here) || !exists(here))) break;
            const spawned = action.target.kind === "query" ? here : undefined;
            const run = spawn(action.walker, action.target, spawned);
            if (action.isAwaited) trace.push(`run ${run.visits} ${run.disengaged}`);
            break;
          }
          case "pause":
          case "commit":
            break;
        }
      }
    }

    function remove(ref: Ref): void {
      if (!exists(ref)) return;
      const record = isEdge(ref) ? (edgeOf(ref) as Edge) : (nodes[numberOf(ref)] as Node);
      record.deleted = true;
    }

    function takeEffect(pending: readonly PendingVisit[], here: Ref): void {
      for (const { found, at, otherwise } of pending) {
        if (disengaged) return;
        if (found.length > 0) {
          const position = at >= 0 ? Math.min(at, queue.length) : Math.max(0, queue.length + 1 + at);
          queue.splice(position, 0, ...found);
        } else if (otherwise !== undefined) {
          trace.push(`else@${here}`);
          const inner: PendingVisit[] = [];
          act(otherwise, here, inner);
          takeEffect(inner, here);
        }
      }
    }

    function runHandlers(list: readonly Named[], here: Ref): void {
      for (const { name, actions } of list) {
        if (disengaged || !exists(here)) return;
        trace.push(`${name}@${here}`);
        const pending: PendingVisit[] = [];
        act(actions, here, pending);
        takeEffect(pending, here);
        if (skipped) {
          skipped = false;
          return;
        }
      }
    }

    function untyped(side: "entry" | "exit"): Named[] {
      const handlers = side === "entry" ? script.entries : script.exits;
      return named(handlers, (i) => `w${number}.${side}${i}`).filter(
        (_, i) => handlers[i]?.types === undefined,
      );
    }

    function named(handlers: readonly HandlerScript[], name: (i: number) => string): Named[] {
      return handlers.map(({ actions }, i) => ({ name: name(i), actions }));
    }

    function phases(side: "entry" | "exit", type: TypeName): Named[] {
      const lineage = lineages[type];
      const handlers = side === "entry" ? script.entries : script.exits;
      const typed = named(handlers, (i) => `w${number}.${side}${i}`).filter((_, i) =>
        handlers[i]?.types?.some((name) => lineage.includes(name)),
      );
      const ofType = (walker: number | undefined): Named[] =>
        lineage.flatMap((name) =>
          scenario.typeHandlers.flatMap((handler, i) =>
            handler.type === name && handler.side === side && handler.walker === walker
              ? [{ name: `t${i}(w${number})`, actions: handler.actions }]
              : [],
          ),
        );
      return side === "entry"
        ? [...typed, ...ofType(undefined), ...ofType(number)]
        : [...ofType(number), ...ofType(undefined), ...typed];
    }

    function visit(here: Ref): void {
      visits += 1;
      lastEntered = here;
      entered.add(here);
      const type = typeOf(here);
      runHandlers(phases("entry", type), here);
      visitQueued();
      runHandlers(phases("exit", type), here);
    }

    function visitQueued(): void {
      while (!disengaged) {
        const next = queue.shift();
        if (next === undefined) return;
        if (!exists(next) || ignored.has(next) || (script.once && entered.has(next))) continue;
        visit(next);
      }
    }

    const first = queue[0];
    if (first !== undefined) runHandlers(untyped("entry"), first);
    visitQueued();
    if (lastEntered !== undefined) runHandlers(untyped("exit"), lastEntered);
    return { visits, disengaged };
  }

  const { visits, disengaged } = spawn(0, scenario.target, undefined);
  return { trace, visits, disengaged };
}
