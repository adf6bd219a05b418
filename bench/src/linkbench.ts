import { permutation, type Random, randomInt, seededRandom, zipfRank } from "./random.ts";
import { GROUPS, type GraphData, outDegree, personName } from "./rmat.ts";

/**
 * One operation of the mix as data, so that every side performs exactly the same ones.
 * Nodes and links are those of the loaded graph, by number; links are addressed by their own id, as a caller of
 * LinkBench's store addresses them by their primary key.
 */
export type LinkOperation =
  | {
      readonly kind: "addLink";
      readonly source: number;
      readonly target: number;
      readonly weight: number;
      readonly ts: number;
    }
  | { readonly kind: "deleteLink"; readonly link: number }
  | { readonly kind: "updateLink"; readonly link: number; readonly weight: number }
  | { readonly kind: "countLinks"; readonly source: number }
  | { readonly kind: "getLinks"; readonly links: readonly number[] }
  | { readonly kind: "listLinks"; readonly source: number }
  | { readonly kind: "getNode"; readonly node: number }
  | { readonly kind: "addNode"; readonly name: string; readonly grp: number; readonly score: number }
  | { readonly kind: "updateNode"; readonly node: number; readonly score: number }
  | { readonly kind: "deleteNode"; readonly node: number };

export type LinkOperationKind = LinkOperation["kind"];

/** A link as a list hands it out. */
export interface LinkRecord {
  readonly id: unknown;
  readonly target: unknown;
  readonly weight: number;
  readonly ts: number;
}

/** As `PersonAnswer` in workload.ts: made by sides that make their answers in JavaScript. */
export class LinkAnswer implements LinkRecord {
  readonly id: unknown;
  readonly target: unknown;
  readonly weight: number;
  readonly ts: number;

  constructor(id: unknown, target: unknown, weight: number, ts: number) {
    this.id = id;
    this.target = target;
    this.weight = weight;
    this.ts = ts;
  }
}

/**
 * Facebook's published percentages: config/FBWorkload.properties of facebookarchive/linkbench; the paper (Armstrong et
 * al., "LinkBench: a Database Benchmark Based on the Facebook Social Graph", SIGMOD 2013) rounds them.
 */
export const OPERATION_PERCENTAGES: Readonly<Record<LinkOperationKind, number>> = {
  addLink: 8.9886601,
  deleteLink: 2.9907664,
  updateLink: 8.0122125,
  countLinks: 4.8863567,
  getLinks: 0.5261142,
  listLinks: 50.7119145,
  getNode: 12.9326683,
  addNode: 2.5732789,
  updateNode: 7.366437,
  deleteNode: 1.0115914,
};

/** A list answers the newest links only. */
export const LIST_LIMIT = 100;

// The same file: Zipf shapes of each class of access, and how much of it does not follow the degree.
const READ_SHAPE = 0.8;
const READ_UNCORRELATED = 0.995;
const WRITE_SHAPE = 0.741;
const WRITE_UNCORRELATED = 0.95;
const NODE_READ_SHAPE = 0.625;
const NODE_UPDATE_SHAPE = 0.606;
const MULTIGET_STOP = 0.382;
const MULTIGET_MAX = 128;

const FIRST_NEW_TIMESTAMP = 1_900_000_000;

/** Draws the mix endlessly; the same seed gives the same operations, whoever performs them. */
export class LinkBenchMix {
  readonly #data: GraphData;
  readonly #random: Random;
  readonly #kinds = Object.keys(OPERATION_PERCENTAGES) as LinkOperationKind[];
  /** Which node has which rank of popularity. Low numbers of an R-MAT graph have the high degrees. */
  readonly #byRank: Int32Array;
  readonly #toDelete: Int32Array;
  #deleted = 0;
  #added = 0;

  constructor(data: GraphData, seed = 1) {
    this.#data = data;
    this.#random = seededRandom(11_000 + seed);
    this.#byRank = permutation(this.#random, data.nodeCount);
    this.#toDelete = permutation(this.#random, data.nodeCount);
  }

  take(count: number): LinkOperation[] {
    return Array.from({ length: count }, () => this.#draw());
  }

  #draw(): LinkOperation {
    const random = this.#random;
    const kind = this.#drawKind();
    switch (kind) {
      case "addLink":
        this.#added += 1;
        return {
          kind,
          source: this.#linkWriteSource(),
          target: randomInt(random, this.#data.nodeCount),
          weight: random(),
          ts: FIRST_NEW_TIMESTAMP + this.#added,
        };
      case "deleteLink":
        return { kind, link: this.#link(this.#linkWriteSource()) };
      case "updateLink":
        return { kind, link: this.#link(this.#linkWriteSource()), weight: random() };
      case "countLinks":
        return { kind, source: this.#linkReadSource() };
      case "getLinks": {
        const source = this.#linkReadSource();
        return { kind, links: Array.from({ length: this.#multigetSize() }, () => this.#link(source)) };
      }
      case "listLinks":
        return { kind, source: this.#linkReadSource() };
      case "getNode":
        return { kind, node: this.#ranked(NODE_READ_SHAPE) };
      case "addNode":
        this.#added += 1;
        return {
          kind,
          name: personName(this.#data.nodeCount + this.#added),
          grp: randomInt(random, GROUPS),
          score: random(),
        };
      case "updateNode":
        return { kind, node: this.#ranked(NODE_UPDATE_SHAPE), score: random() };
      case "deleteNode": {
        // Uniform, and each node once: LinkBench does not delete what is read most either.
        const node = this.#toDelete[this.#deleted % this.#toDelete.length] as number;
        this.#deleted += 1;
        return { kind, node };
      }
    }
  }

  #drawKind(): LinkOperationKind {
    let left = this.#random() * 100;
    for (const kind of this.#kinds) {
      left -= OPERATION_PERCENTAGES[kind];
      if (left < 0) return kind;
    }
    return "listLinks";
  }

  #ranked(shape: number): number {
    return this.#byRank[zipfRank(this.#random, this.#data.nodeCount, shape)] as number;
  }

  #linkReadSource(): number {
    return this.#blended(READ_SHAPE, READ_UNCORRELATED);
  }

  #linkWriteSource(): number {
    return this.#blended(WRITE_SHAPE, WRITE_UNCORRELATED);
  }

  #blended(shape: number, uncorrelated: number): number {
    if (this.#random() < uncorrelated) return this.#ranked(shape);
    return zipfRank(this.#random, this.#data.nodeCount, shape);
  }

  /** One of the loaded links of `source`, or of the next node that has some. */
  #link(source: number): number {
    let node = source;
    while (outDegree(this.#data, node) === 0) node = (node + 1) % this.#data.nodeCount;
    return (this.#data.offsets[node] as number) + randomInt(this.#random, outDegree(this.#data, node));
  }

  #multigetSize(): number {
    let size = 1;
    while (size < MULTIGET_MAX && this.#random() >= MULTIGET_STOP) size += 1;
    return size;
  }
}

/** Folds an answer into a checksum; the order counts. */
export function fold(checksum: number, answer: number): number {
  return (Math.imul(checksum, 31) + answer) | 0;
}

/** One number for a list of links, in its order. */
export function listChecksum(links: readonly Pick<LinkRecord, "ts">[]): number {
  let checksum = links.length;
  for (const link of links) checksum = fold(checksum, link.ts);
  return checksum;
}
