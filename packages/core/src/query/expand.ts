import { BY_RULE, UNKNOWN_LEVEL } from "../resident/access-classes.ts";
import { MIXED_CLASSES } from "../resident/adjacency.ts";
import { EDGE, NODE } from "../resident/change-log.ts";
import { NEEDS_STATE, type Unit } from "../unit/unit.ts";
import { findLists, MISSING } from "./neighbor-lists.ts";
import type { Hop } from "./shape.ts";

/** What a hop has found so far, in order. */
export interface Found {
  readonly nodes: number[];
  /** Parallel to `nodes` where edges are wanted; then nodes repeat. */
  readonly edges: number[] | undefined;
}

/**
 * The hop over resident lists of a unit that has written nothing: the loop that decides how fast traversals are.
 *
 * Everything it tests lies in typed arrays, one lookup each: is the edge's access class visible (known at once for a
 * list whose edges share one), was the neighbour met in this hop, is its class visible, its type meant.
 */
export class Expansion {
  readonly #unit: Unit;
  readonly #hop: Hop;
  readonly #found: Found;
  readonly #reverse: boolean;
  readonly #most: number;
  readonly #lists: number[] = [];
  readonly #known: ArrayLike<number>[] = [];
  /** Marks what this hop has met; set anew after every pause, since other hops mark too. */
  stamp = 0;
  /** The last edge looked at, where `most` ended the hop. */
  lastEdge = -1;

  /** @param most stops once so many are found */
  constructor(unit: Unit, hop: Hop, found: Found, reverse: boolean, most: number) {
    this.#unit = unit;
    this.#hop = hop;
    this.#found = found;
    this.#reverse = reverse;
    this.#most = most;
    this.restamp();
  }

  get isFull(): boolean {
    return this.#found.nodes.length >= this.#most;
  }

  restamp(): void {
    const { resident } = this.#unit.runtime;
    this.stamp = resident.nextStamp();
    const { stamps } = resident.nodes;
    for (const nodes of this.#known) for (let i = 0; i < nodes.length; i++) stamps[nodes[i]!] = this.stamp;
    for (const node of this.#found.nodes) stamps[node] = this.stamp;
    if (this.#found.edges !== undefined)
      for (const edge of this.#found.edges) resident.edges.stamps[edge] = this.stamp;
  }

  /** Counts as met what the caller knows already. */
  meet(nodes: ArrayLike<number>): void {
    this.#known.push(nodes);
    const { stamps } = this.#unit.runtime.resident.nodes;
    for (let i = 0; i < nodes.length; i++) stamps[nodes[i]!] = this.stamp;
  }

  /** Follows the hop from one node; false, with nothing found, where something it needs is not resident. */
  node(origin: number): boolean {
    const { resident } = this.#unit.runtime;
    const lists = this.#lists;
    const count = findLists(resident, origin, this.#hop, lists);
    if (count === MISSING) return false;
    if (count === 0) return true;
    const from = this.#found.nodes.length;
    const whole = count === 1 && lists[0]! >= 0 ? this.#list(lists[0]!) : this.#merged(lists, count);
    if (!whole) {
      this.#found.nodes.length = from;
      if (this.#found.edges !== undefined) this.#found.edges.length = from;
      this.restamp();
    }
    return whole;
  }

  #list(list: number): boolean {
    const { adjacency } = this.#unit.runtime.resident;
    const { data } = adjacency;
    const { edgeFilter, nodeFilter } = this.#hop;
    const edgeClass = adjacency.edgeClasses[list]!;
    const plain =
      !this.#reverse &&
      edgeFilter === undefined &&
      nodeFilter === undefined &&
      this.#found.edges === undefined &&
      this.#most === Number.POSITIVE_INFINITY &&
      edgeClass !== MIXED_CLASSES;
    if (plain) {
      const level = this.#unit.principal.level(edgeClass);
      if (level === 0) return true;
      if (level < BY_RULE) return this.#plainList(list);
    }
    if (this.#reverse) {
      for (let chunk = adjacency.listLast[list]!; chunk >= 0; chunk = adjacency.chunkPrev[chunk]!) {
        const first = adjacency.chunkOffsets[chunk]!;
        for (let at = first + adjacency.chunkLengths[chunk]! * 2 - 2; at >= first; at -= 2) {
          if (!this.#pair(data[at]!, data[at + 1]!)) return false;
          if (this.isFull) return true;
        }
      }
      return true;
    }
    for (let chunk = adjacency.listFirst[list]!; chunk >= 0; chunk = adjacency.chunkNext[chunk]!) {
      const first = adjacency.chunkOffsets[chunk]!;
      const end = first + adjacency.chunkLengths[chunk]! * 2;
      for (let at = first; at < end; at += 2) {
        if (!this.#pair(data[at]!, data[at + 1]!)) return false;
        if (this.isFull) return true;
      }
    }
    return true;
  }

  /** No filter, no order, edges all visible: what remains is one mark and one level for each neighbour. */
  #plainList(list: number): boolean {
    const unit = this.#unit;
    const { adjacency, nodes } = unit.runtime.resident;
    const { data } = adjacency;
    const { stamps, accessClasses, types } = nodes;
    const levels = unit.principal.refresh();
    const { nodeTypes } = this.#hop;
    const { stamp } = this;
    const found = this.#found.nodes;
    for (let chunk = adjacency.listFirst[list]!; chunk >= 0; chunk = adjacency.chunkNext[chunk]!) {
      const first = adjacency.chunkOffsets[chunk]!;
      const end = first + adjacency.chunkLengths[chunk]! * 2;
      for (let at = first; at < end; at += 2) {
        const node = data[at]!;
        if (stamps[node] === stamp) continue;
        stamps[node] = stamp;
        if (nodeTypes !== undefined && nodeTypes[types[node]!] !== 1) continue;
        let level = levels[accessClasses[node]!]!;
        if (level >= BY_RULE) {
          if (level === UNKNOWN_LEVEL) level = unit.principal.level(accessClasses[node]!);
          if (level === BY_RULE) {
            level = unit.levelOf(NODE, node);
            if (level === NEEDS_STATE) return false;
          }
        }
        if (level > 0) found.push(node);
      }
    }
    return true;
  }

  /** One neighbour; false where a state that decides is not resident. */
  #pair(node: number, edge: number): boolean {
    const unit = this.#unit;
    const { nodes, edges } = unit.runtime.resident;
    const { edgeFilter, nodeFilter, nodeTypes } = this.#hop;
    const found = this.#found;
    this.lastEdge = edge;
    let level = unit.principal.level(edges.accessClasses[edge]!);
    if (level === 0) return true;
    if (level === BY_RULE) {
      level = unit.levelOf(EDGE, edge);
      if (level === NEEDS_STATE) return false;
      if (level === 0) return true;
    }
    if (edgeFilter !== undefined) {
      const state = edges.states[edge];
      if (state === undefined) return false;
      if (!edgeFilter.test(state)) return true;
    }
    if (found.edges === undefined && nodes.stamps[node] === this.stamp) return true;
    if (nodeTypes !== undefined && nodeTypes[nodes.types[node]!] !== 1) return this.#met(node);
    level = unit.principal.level(nodes.accessClasses[node]!);
    if (level === BY_RULE) level = unit.levelOf(NODE, node);
    if (level === NEEDS_STATE) return false;
    if (level === 0) return this.#met(node);
    if (nodeFilter !== undefined) {
      const state = nodes.states[node];
      if (state === undefined) return false;
      if (!nodeFilter.test(state)) return this.#met(node);
    }
    nodes.stamps[node] = this.stamp;
    found.nodes.push(node);
    if (found.edges !== undefined) {
      edges.stamps[edge] = this.stamp;
      found.edges.push(edge);
    }
    return true;
  }

  #met(node: number): true {
    this.#unit.runtime.resident.nodes.stamps[node] = this.stamp;
    return true;
  }

  /** Several lists, or one without the self-loops: by edge id, which is connection order. */
  #merged(lists: readonly number[], count: number): boolean {
    const { adjacency, edges } = this.#unit.runtime.resident;
    const { data } = adjacency;
    const pairs: { node: number; edge: number }[] = [];
    for (let i = 0; i < count; i++) {
      const skipLoops = lists[i]! < 0;
      const list = skipLoops ? ~lists[i]! : lists[i]!;
      for (let chunk = adjacency.listFirst[list]!; chunk >= 0; chunk = adjacency.chunkNext[chunk]!) {
        const first = adjacency.chunkOffsets[chunk]!;
        const end = first + adjacency.chunkLengths[chunk]! * 2;
        for (let at = first; at < end; at += 2) {
          const edge = data[at + 1]!;
          if (skipLoops && edges.sources[edge] === edges.targets[edge]) continue;
          pairs.push({ node: data[at]!, edge });
        }
      }
    }
    pairs.sort((left, right) => edges.compareIds(left.edge, right.edge));
    if (this.#reverse) pairs.reverse();
    for (const { node, edge } of pairs) {
      if (!this.#pair(node, edge)) return false;
      if (this.isFull) break;
    }
    return true;
  }
}
