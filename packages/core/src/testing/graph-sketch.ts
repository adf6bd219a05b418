import { toTaggedJson } from "../model/tagged-json.ts";
import { describeKind } from "../model/value-kind.ts";
import { definitionOf, type TypeDefinition } from "../schema/definition.ts";
import { via } from "../schema/edge.ts";
import type { AnyEdge, AnyNode, EdgeClass, NodeClass, RecordClass } from "../types/graph-types.ts";
import type { Tx } from "../types/tx.ts";
import { stableJson } from "../util/stable-json.ts";
import type { Arbitrary, FastCheck } from "./fast-check.ts";

/** A graph that is still to be created. */
export interface GraphSketch {
  readonly nodes: readonly { readonly type: NodeClass; readonly fields: object }[];
  /** `from` and `to` are places in `nodes`. */
  readonly edges: readonly {
    readonly type: EdgeClass;
    readonly from: number;
    readonly to: number;
    readonly fields: object;
  }[];
}

/** Options of an arbitrary graph. */
export interface SketchOptions {
  /** 10 where nothing is said. */
  readonly maxNodes?: number;
  /** 20 where nothing is said. */
  readonly maxEdges?: number;
  /** Arbitraries for fields by the name of their type, as the second argument of `arbitraries(fc).fields`. */
  readonly given?: Readonly<Record<string, Readonly<Record<string, Arbitrary<unknown>>>>>;
}

type FieldsOfType = (
  type: TypeDefinition,
  given: Readonly<Record<string, Arbitrary<unknown>>> | undefined,
) => Arbitrary<unknown>;

interface DrawnNode {
  readonly definition: TypeDefinition;
  readonly fields: object;
}

interface DrawnEdge extends DrawnNode {
  readonly from: number;
  readonly to: number;
}

export function sketchArbitrary(
  fc: FastCheck,
  types: readonly RecordClass[],
  options: SketchOptions,
  fieldsOf: FieldsOfType,
): Arbitrary<GraphSketch> {
  const { maxNodes = 10, maxEdges = 20, given = {} } = options;
  const definitions = types.map((type) => {
    const definition = definitionOf(type);
    if (definition === undefined)
      throw new TypeError(`arbitraries.graph takes node and edge types, got ${describeKind(type)}`);
    return definition;
  });
  const ofKind = (kind: "node" | "edge"): TypeDefinition[] =>
    definitions.filter((definition) => definition.kind === kind && definition.name !== "Root");
  const classOf = new Map(definitions.map((definition, i) => [definition, types[i]!]));
  const [nodeTypes, edgeTypes] = [ofKind("node"), ofKind("edge")];
  if (nodeTypes.length === 0) throw new TypeError("arbitraries.graph takes at least one node type");
  const nodes: Arbitrary<DrawnNode[]> = fc.array(
    fc.oneof(
      ...nodeTypes.map((definition) =>
        fieldsOf(definition, given[definition.name]).map((fields) => ({ definition, fields })),
      ),
    ),
    { maxLength: maxNodes, size: "max" },
  );
  const edges: Arbitrary<DrawnEdge[]> =
    edgeTypes.length === 0
      ? fc.constant([])
      : fc.array(
          fc.oneof(
            ...edgeTypes.map((definition) =>
              fc
                .tuple(fieldsOf(definition, given[definition.name]), fc.nat(0x7fffffff), fc.nat(0x7fffffff))
                .map(([fields, from, to]: [object, number, number]) => ({ definition, fields, from, to })),
            ),
          ),
          { maxLength: maxEdges, size: "max" },
        );
  return (fc.tuple(nodes, edges) as Arbitrary<[DrawnNode[], DrawnEdge[]]>).map(([drawn, between]) => {
    const kept = withoutTakenKeys(drawn);
    return {
      nodes: kept.map(({ definition, fields }) => ({ type: classOf.get(definition) as NodeClass, fields })),
      edges: between.flatMap(({ definition, fields, from, to }) => {
        const sources = placesOf(kept, definition.ends?.source());
        const targets = placesOf(kept, definition.ends?.target());
        // An edge whose type fits nowhere in this graph is left out.
        if (sources.length === 0 || targets.length === 0) return [];
        return {
          type: classOf.get(definition) as EdgeClass,
          from: sources[from % sources.length]!,
          to: targets[to % targets.length]!,
          fields,
        };
      }),
    };
  });
}

function placesOf(nodes: readonly DrawnNode[], end: unknown): number[] {
  const wanted = end === undefined ? undefined : definitionOf(end)?.name;
  return nodes.flatMap(({ definition }, place) => {
    for (let type: TypeDefinition | undefined = definition; type !== undefined; type = type.parent)
      if (wanted === undefined || type.name === wanted) return place;
    return [];
  });
}

/** Of nodes with the same unique key the first. */
function withoutTakenKeys(nodes: readonly DrawnNode[]): DrawnNode[] {
  const taken = new Set<string>();
  return nodes.filter(({ definition, fields }) => {
    const state = definition.create(fields);
    const keys = definition.indexes
      .filter(({ unique, fields: names }) => unique && names.every((name) => state[name] !== undefined))
      .map(({ name, fields: names }) =>
        stableJson([name, ...names.map((each) => toTaggedJson(state[each] as never))]),
      );
    if (keys.some((key) => taken.has(key))) return false;
    for (const key of keys) taken.add(key);
    return true;
  });
}

/**
 * Creates what a sketch says, within a unit of work; gives the records in the order of the sketch.
 *
 * @throws as `create` and `link`
 */
export function populate(
  tx: Pick<Tx, "create">,
  sketch: GraphSketch,
): { nodes: AnyNode[]; edges: AnyEdge[] } {
  const nodes = sketch.nodes.map(({ type, fields }) => tx.create(type, fields as never) as AnyNode);
  const edges = sketch.edges.map(({ type, from, to, fields }) =>
    nodes[from]!.link(nodes[to]! as never, via(type, fields as never)),
  );
  return { nodes, edges: edges as AnyEdge[] };
}
