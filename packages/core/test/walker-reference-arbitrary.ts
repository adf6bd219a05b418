import fc from "fast-check";
import type {
  Action,
  EdgeType,
  GraphScript,
  HandlerScript,
  NodeType,
  QueryScript,
  Ref,
  Scenario,
  TargetScript,
  TypeHandlerScript,
  TypeName,
  WalkerScript,
} from "./walker-reference.ts";

const nodeType: fc.Arbitrary<NodeType> = fc.constantFrom("a", "b", "c");
const edgeType: fc.Arbitrary<EdgeType> = fc.constantFrom("e", "f");
const typeName: fc.Arbitrary<TypeName> = fc.oneof(nodeType, edgeType);

const graph: fc.Arbitrary<GraphScript> = fc.array(nodeType, { minLength: 1, maxLength: 7 }).chain((nodes) => {
  const node = fc.nat(nodes.length - 1);
  const edges = fc.array(fc.record({ type: edgeType, from: node, to: node }), { maxLength: 14, size: "max" });
  return edges.map((edges) => ({ nodes, edges }));
});

const ref: fc.Arbitrary<Ref> = fc.oneof(
  fc.nat(8).map((number): Ref => `n${number}`),
  fc.nat(14).map((number): Ref => `e${number}`),
);

const query: fc.Arbitrary<QueryScript> = fc.record({
  direction: fc.constantFrom("out", "out", "in", "both"),
  edge: fc.option(edgeType, { nil: undefined, freq: 3 }),
  node: fc.option(nodeType, { nil: undefined, freq: 2 }),
  asEdges: fc.boolean(),
});

const target: fc.Arbitrary<TargetScript> = fc.oneof(
  { weight: 3, arbitrary: query.map((query) => ({ kind: "query" as const, query })) },
  { weight: 1, arbitrary: fc.array(ref, { maxLength: 4 }).map((refs) => ({ kind: "refs" as const, refs })) },
);

const walkerCount = 3;

const signal = fc.constantFrom(
  "skip" as const,
  "skip" as const,
  "disengage" as const,
  "deleteHere" as const,
  "pause" as const,
  "pause" as const,
  "commit" as const,
);

/** @param depth how deep an `else` may stand in another one */
function actionsOf(depth: number): fc.Arbitrary<readonly Action[]> {
  const otherwise: fc.Arbitrary<readonly Action[] | undefined> =
    depth === 0 ? fc.constant(undefined) : fc.option(actionsOf(depth - 1), { nil: undefined, freq: 2 });
  const visit = fc.record({
    do: fc.constant("visit" as const),
    target,
    at: fc.option(fc.integer({ min: -5, max: 4 }), { nil: undefined, freq: 1 }),
    else: otherwise,
  });
  const spawn = fc.record({
    do: fc.constant("spawn" as const),
    walker: fc.nat(walkerCount - 1),
    target,
    isAwaited: fc.boolean(),
  });
  const connect = fc.record({ do: fc.constant("connect" as const), node: nodeType, edge: edgeType });
  const action: fc.Arbitrary<Action> = fc.oneof(
    { weight: 24, arbitrary: visit },
    { weight: 4, arbitrary: fc.record({ do: signal }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("ignore" as const), ref }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), ref }) },
    { weight: 2, arbitrary: connect },
    { weight: 2, arbitrary: spawn },
  );
  return fc.array(action, { maxLength: 4, size: "max" });
}

const actions = actionsOf(2);

const handler: fc.Arbitrary<HandlerScript> = fc.record({
  types: fc.option(fc.array(typeName, { minLength: 1, maxLength: 3, size: "max" }), {
    nil: undefined,
    freq: 4,
  }),
  actions,
});

const walker: fc.Arbitrary<WalkerScript> = fc.record({
  once: fc.boolean(),
  entries: fc.array(handler, { minLength: 1, maxLength: 5, size: "max" }),
  exits: fc.array(handler, { maxLength: 3, size: "max" }),
});

const typeHandler: fc.Arbitrary<TypeHandlerScript> = fc.record({
  type: typeName,
  side: fc.constantFrom("entry" as const, "exit" as const),
  walker: fc.option(fc.nat(walkerCount - 1), { nil: undefined }),
  actions,
});

/** Small graphs, walkers that do everything a handler can, often to the same records. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  graph,
  walkers: fc.array(walker, { minLength: walkerCount, maxLength: walkerCount }),
  typeHandlers: fc.array(typeHandler, { maxLength: 4, size: "max" }),
  target: fc.oneof(
    fc.constant<TargetScript>({ kind: "refs", refs: ["n0"] }),
    fc.constant<TargetScript>({ kind: "refs", refs: ["n0"] }),
    target,
  ),
  fuel: fc.integer({ min: 5, max: 40 }),
});
