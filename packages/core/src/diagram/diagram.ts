import { CorruptRecordError } from "../errors.ts";
import { compareIdWords } from "../model/id.ts";
import { readOptions } from "../model/options.ts";
import { describeKind } from "../model/value-kind.ts";
import { invalidQuery, readCount } from "../query/plan.ts";
import { handOut, hopFrom, hopStep, Query } from "../query/query.ts";
import { EDGE } from "../resident/change-log.ts";
import type { Catalog } from "../schema/catalog.ts";
import { EdgeEntity, type Entity, hostOf, NodeEntity, slotOf } from "../schema/entity.ts";
import { NOW } from "../unit/pending.ts";
import { Unit } from "../unit/unit.ts";
import { isThenable } from "../util/maybe-async.ts";
import { labelText } from "./label.ts";

/** What is drawn, whatever it is written as. Nodes and edges stand in the order of the results. */
export interface Diagram {
  readonly direction: Direction;
  readonly nodes: readonly string[];
  readonly edges: readonly DiagramEdge[];
  /** What the picture does not show. */
  readonly notes: readonly string[];
}

export interface DiagramEdge {
  /** Places among the nodes. */
  readonly from: number;
  readonly to: number;
  /** Empty for the edge type that has no name of its own. */
  readonly label: string;
  readonly isUndirected: boolean;
}

export type Direction = "LR" | "RL" | "TB" | "BT";

interface Settings {
  readonly label: string | ((node: NodeEntity) => unknown) | undefined;
  readonly direction: Direction;
  readonly depth: number | undefined;
  readonly maxNodes: number;
  readonly maxEdges: number;
}

const directions: readonly Direction[] = ["LR", "RL", "TB", "BT"];
const optionNames = ["label", "direction", "depth", "maxNodes", "maxEdges"];

/** More cannot be read in a picture; mermaid itself draws no more than 500 edges. */
const MOST_NODES = 100;
const MOST_EDGES = 400;

/** Of a hub so many edges are looked through for those that lead to another node of the picture. */
const MOST_LOOKED_THROUGH = 10_000;

/** Reads what is to be drawn, in the unit of work that the query or record belongs to or in one of its own. */
export async function readDiagram(what: string, source: unknown, options: unknown): Promise<Diagram> {
  if (source instanceof EdgeEntity) {
    const settings = readSettings(what, options, hostOf(source).graph as Catalog);
    refuseDepth(settings);
    return drawEdges(unitOf(source), [source], settings, false);
  }
  const query = source instanceof NodeEntity ? neighbourhood(source) : source;
  if (!(query instanceof Query))
    throw new TypeError(`${what} takes a query, a node or an edge, got ${describeKind(source)}`);
  const { catalog } = query.context;
  const settings = readSettings(what, options, catalog);
  if (query.output === "nodes") {
    const depth = settings.depth ?? (source instanceof NodeEntity ? 1 : 0);
    const wanted = depth === 0 ? query : query.both(undefined, undefined, { depth: [0, depth] });
    return query.context.within((unit) => drawNodes(unit, wanted, settings)) as Promise<Diagram>;
  }
  refuseDepth(settings);
  return query.context.within(async (unit) => {
    const { edges = [] } = await query.find(unit, settings.maxEdges + 1);
    const isCut = edges.length > settings.maxEdges;
    const kept = { nodes: [], edges: edges.slice(0, settings.maxEdges) };
    const handed = (await handOut(unit, kept, "edges")) as EdgeEntity[];
    return drawEdges(unit, handed, settings, isCut);
  }) as Promise<Diagram>;
}

/** The node alone; `depth` says how far around it. */
function neighbourhood(node: NodeEntity): Query {
  return node.both(undefined, undefined, { depth: 0 }) as Query;
}

function unitOf(edge: EdgeEntity): Unit {
  const host = hostOf(edge);
  if (!(host instanceof Unit)) throw new TypeError("an edge belongs to a unit of work");
  host.begin();
  return host;
}

async function drawNodes(unit: Unit, query: Query, settings: Settings): Promise<Diagram> {
  const { maxNodes, maxEdges } = settings;
  const found = await query.find(unit, maxNodes + 1);
  const notes: string[] = [];
  if (found.nodes.length > maxNodes) notes.push(`only the first ${maxNodes} nodes are drawn`);
  const kept = { nodes: found.nodes.slice(0, maxNodes), edges: undefined };
  const nodes = (await handOut(unit, kept, "nodes")) as NodeEntity[];
  const slots = nodes.map(slotOf);
  const among = new Set(slots);
  const edges = new Set<number>();
  const step = hopStep(unit.catalog, "out", undefined, undefined, undefined);
  for (const slot of slots) {
    const { nodes: far, edges: out = [] } = await hopFrom(unit, slot, step, "pairs").find(
      unit,
      MOST_LOOKED_THROUGH + 1,
      NOW,
      false,
    );
    if (out.length > MOST_LOOKED_THROUGH)
      notes.push(`of a node with many edges the first ${MOST_LOOKED_THROUGH} were looked through`);
    for (let i = 0; i < Math.min(out.length, MOST_LOOKED_THROUGH); i++)
      if (among.has(far[i]!)) edges.add(out[i]!);
  }
  const { ids } = unit.table(EDGE);
  const inOrder = [...edges].sort((left, right) => compareIdWords(ids, left << 2, ids, right << 2));
  if (inOrder.length > maxEdges) notes.push(`only the first ${maxEdges} edges are drawn`);
  return diagram(unit, nodes, inOrder.slice(0, maxEdges), settings, notes);
}

async function drawEdges(
  unit: Unit,
  edges: readonly EdgeEntity[],
  settings: Settings,
  isCut: boolean,
): Promise<Diagram> {
  const { maxNodes, maxEdges } = settings;
  const { sources, targets } = unit.runtime.resident.edges;
  const notes = isCut ? [`only the first ${maxEdges} edges are drawn`] : [];
  const ends = new Set<number>();
  const kept: number[] = [];
  for (const edge of edges) {
    const slot = slotOf(edge);
    const further = new Set([sources[slot]!, targets[slot]!].filter((end) => !ends.has(end)));
    if (ends.size + further.size > maxNodes) continue;
    for (const end of further) ends.add(end);
    kept.push(slot);
  }
  if (kept.length < edges.length) notes.push(`only edges between ${maxNodes} nodes are drawn`);
  const nodes = (await handOut(unit, { nodes: [...ends], edges: undefined }, "nodes")) as NodeEntity[];
  return diagram(unit, nodes, kept, settings, notes);
}

function diagram(
  unit: Unit,
  nodes: readonly NodeEntity[],
  edges: readonly number[],
  settings: Settings,
  notes: readonly string[],
): Diagram {
  const { catalog, resident } = unit.runtime;
  const { sources, targets, types } = resident.edges;
  const places = new Map(nodes.map((node, place) => [slotOf(node), place]));
  const drawn: DiagramEdge[] = [];
  for (const edge of edges) {
    const from = places.get(sources[edge]!);
    const to = places.get(targets[edge]!);
    // Deleted while the picture was read.
    if (from === undefined || to === undefined) continue;
    const definition = catalog.definition(types[edge]!);
    drawn.push({
      from,
      to,
      label: definition === catalog.defaultEdge ? "" : definition.name,
      isUndirected: catalog.isUndirected(types[edge]!),
    });
  }
  return {
    direction: settings.direction,
    nodes: nodes.map((node) => labelOf(node, settings.label, catalog)),
    edges: drawn,
    notes: nodes.length === 0 ? [...notes, "nothing to draw"] : [...new Set(notes)],
  };
}

/** What the option says, and where that is nothing the type and the end of the id. */
function labelOf(node: NodeEntity, label: Settings["label"], catalog: Catalog): string {
  const plain = `${node.$type} ${node.id.slice(-8)}`;
  try {
    const value = typeof label === "function" ? label(node) : fieldOf(node, label, catalog);
    if (isThenable(value)) {
      Promise.resolve(value).catch(() => undefined);
      throw new TypeError("label gives its text at once, and this function gives a promise");
    }
    return (value === undefined ? "" : labelText(value)) || plain;
  } catch (error) {
    if (error instanceof CorruptRecordError) return `${plain} (unreadable)`;
    throw error;
  }
}

function fieldOf(node: Entity, field: string | undefined, catalog: Catalog): unknown {
  if (field === undefined) return undefined;
  const definition = catalog.definition(catalog.numberOf(node.$type));
  return definition.hasField(field) ? node.$data[field] : undefined;
}

function refuseDepth({ depth }: Settings): void {
  if (depth !== undefined)
    throw invalidQuery("depth says how far around nodes to draw, and this draws edges with their ends");
}

function readSettings(what: string, options: unknown, catalog: Catalog): Settings {
  const {
    label,
    direction = "LR",
    depth,
    maxNodes = MOST_NODES,
    maxEdges = MOST_EDGES,
  } = readOptions(what, options, optionNames);
  if (label !== undefined && typeof label !== "function") {
    const isField = typeof label === "string" && catalog.definitions().some((type) => type.hasField(label));
    if (!isField)
      throw invalidQuery(
        `label is a field or a function, and ${typeof label === "string" ? JSON.stringify(label) : describeKind(label)} is none`,
      );
  }
  if (!directions.includes(direction as Direction))
    throw invalidQuery(`direction is one of ${directions.join(", ")}`);
  return {
    label: label as Settings["label"],
    direction: direction as Direction,
    depth: depth === undefined ? undefined : readCount(depth, "depth"),
    maxNodes: readCount(maxNodes, "maxNodes"),
    maxEdges: readCount(maxEdges, "maxEdges"),
  };
}
