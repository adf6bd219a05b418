import type { GraphData } from "../rmat.ts";

/**
 * Compressed sparse rows, written for this one job: the limit that a general graph is measured against.
 * It cannot change, has no ids, no attributes and no permissions.
 */
export class CsrGraph {
  readonly #offsets: Int32Array;
  readonly #targets: Int32Array;
  readonly #seen: Int32Array;
  #stamp = 0;
  #frontier: Int32Array;
  #next: Int32Array;

  constructor(data: GraphData) {
    this.#offsets = data.offsets;
    this.#targets = data.targets;
    this.#seen = new Int32Array(data.nodeCount);
    this.#frontier = new Int32Array(data.nodeCount);
    this.#next = new Int32Array(data.nodeCount);
  }

  /** How many distinct nodes a path of exactly `hops` edges ends at. */
  countHops(source: number, hops: number): number {
    this.#frontier[0] = source;
    let size = 1;
    for (let hop = 0; hop < hops; hop += 1) {
      // A new stamp each hop: a node of an earlier hop may be reached again.
      this.#stamp += 1;
      size = this.#expand(size);
    }
    return size;
  }

  /** How many nodes can be reached from `source` by one edge or more, `source` itself left out. */
  countReachable(source: number): number {
    this.#stamp += 1;
    this.#seen[source] = this.#stamp;
    this.#frontier[0] = source;
    let size = 1;
    let reached = 0;
    while (size > 0) {
      size = this.#expand(size);
      reached += size;
    }
    return reached;
  }

  #expand(size: number): number {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const seen = this.#seen;
    const stamp = this.#stamp;
    const frontier = this.#frontier;
    const next = this.#next;
    let found = 0;
    for (let position = 0; position < size; position += 1) {
      const node = frontier[position] as number;
      const end = offsets[node + 1] as number;
      for (let edge = offsets[node] as number; edge < end; edge += 1) {
        const target = targets[edge] as number;
        if (seen[target] === stamp) continue;
        seen[target] = stamp;
        next[found] = target;
        found += 1;
      }
    }
    this.#frontier = next;
    this.#next = frontier;
    return found;
  }
}
