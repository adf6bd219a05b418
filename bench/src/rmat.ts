import { type Random, randomInt, seededRandom } from "./random.ts";

/**
 * A directed graph as columns, the one input of every row and every peer.
 * Nodes are numbered from 0; edges come grouped by source, in the order in which they are to be connected.
 */
export interface GraphData {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly groups: Int32Array;
  readonly scores: Float64Array;
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float64Array;
  readonly timestamps: Int32Array;
  /** The edges of node `n` are those from `offsets[n]` up to, not including, `offsets[n + 1]`. */
  readonly offsets: Int32Array;
}

export interface RmatOptions {
  /** The graph has 2 ** scale nodes. */
  readonly scale: number;
  /** Edges drawn for each node, before duplicates are dropped. Default: 8 */
  readonly edgeFactor?: number;
  /** Default: 1 */
  readonly seed?: number;
}

/** Distinct values of a node's `grp`, uniform. */
export const GROUPS = 10;

const A = 0.57;
const B = 0.19;
const C = 0.19;
const FIRST_TIMESTAMP = 1_700_000_000;

/**
 * Draws a graph by the recursive matrix method (Chakrabarti, Zhan and Faloutsos, "R-MAT", 2004) with the parameters
 * of Graph500. Scale 16 gives 65,536 nodes and some 494,500 distinct edges, self-loops included.
 */
export function generateRmat({ scale, edgeFactor = 8, seed = 1 }: RmatOptions): GraphData {
  const random = seededRandom(seed);
  const nodeCount = 2 ** scale;
  const pairs = drawPairs(random, scale, nodeCount * edgeFactor);
  const edgeCount = pairs.size;

  const offsets = new Int32Array(nodeCount + 1);
  for (const pair of pairs) {
    const following = Math.floor(pair / nodeCount) + 1;
    offsets[following] = at(offsets, following) + 1;
  }
  for (let node = 0; node < nodeCount; node += 1)
    offsets[node + 1] = at(offsets, node) + at(offsets, node + 1);

  const sources = new Int32Array(edgeCount);
  const targets = new Int32Array(edgeCount);
  const next = offsets.slice();
  for (const pair of pairs) {
    const source = Math.floor(pair / nodeCount);
    const place = at(next, source);
    next[source] = place + 1;
    sources[place] = source;
    targets[place] = pair % nodeCount;
  }
  return {
    nodeCount,
    edgeCount,
    groups: Int32Array.from({ length: nodeCount }, () => randomInt(random, GROUPS)),
    scores: Float64Array.from({ length: nodeCount }, random),
    sources,
    targets,
    weights: Float64Array.from({ length: edgeCount }, random),
    timestamps: Int32Array.from({ length: edgeCount }, (_, edge) => FIRST_TIMESTAMP + edge),
    offsets,
  };
}

/** A function and not a column: each store is charged for the string it keeps, none shares it with the input. */
export function personName(node: number): string {
  return `person-${node}`;
}

/** Nodes that have edges to follow, drawn at random, each at most once. */
export function drawSources(data: GraphData, count: number, seed: number): number[] {
  const random = seededRandom(seed);
  const drawn = new Set<number>();
  let left = data.nodeCount * 20;
  while (drawn.size < count && left-- > 0) {
    const node = randomInt(random, data.nodeCount);
    if (outDegree(data, node) > 0) drawn.add(node);
  }
  return [...drawn];
}

export function outDegree(data: GraphData, node: number): number {
  return at(data.offsets, node + 1) - at(data.offsets, node);
}

function drawPairs(random: Random, scale: number, draws: number): Set<number> {
  const nodeCount = 2 ** scale;
  // One number a pair: exact up to scale 26, and a Set of numbers keeps the order of drawing.
  const pairs = new Set<number>();
  for (let draw = 0; draw < draws; draw += 1) {
    let source = 0;
    let target = 0;
    for (let level = 0; level < scale; level += 1) {
      const quadrant = random();
      source *= 2;
      target *= 2;
      if (quadrant < A) continue;
      if (quadrant < A + B) target += 1;
      else if (quadrant < A + B + C) source += 1;
      else {
        source += 1;
        target += 1;
      }
    }
    pairs.add(source * nodeCount + target);
  }
  return pairs;
}

function at(column: Int32Array, index: number): number {
  return column[index] as number;
}
