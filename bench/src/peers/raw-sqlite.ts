import Database from "better-sqlite3";
import { type GraphData, personName } from "../rmat.ts";
import { IdMaker } from "../time-ordered-id.ts";
import type { HopFilter, PairWrite, PersonRecord, WalkTask, WalkTotals } from "../workload.ts";

export type Synchronous = "FULL" | "NORMAL";

/** Nodes and edges by their number in the data; what they are called in the file. */
export interface RawIds {
  readonly nodes: readonly Buffer[];
  readonly edges: readonly Buffer[];
}

/**
 * The tables that one would write by hand for this one schema: compact integer keys inside, unique 16-byte ids outside,
 * an index for each direction. An index of SQLite ends with the row's key, so the edges of a node come in the order in
 * which they were connected, newest first by walking backwards, without a sort.
 */
export const RAW_DDL = `
  CREATE TABLE node (
    key   INTEGER PRIMARY KEY,
    id    BLOB NOT NULL UNIQUE,
    name  TEXT NOT NULL,
    grp   INTEGER NOT NULL,
    score REAL NOT NULL
  ) STRICT;
  CREATE TABLE edge (
    key    INTEGER PRIMARY KEY,
    id     BLOB NOT NULL UNIQUE,
    source INTEGER NOT NULL,
    target INTEGER NOT NULL,
    weight REAL NOT NULL,
    ts     INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX edge_source ON edge (source);
  CREATE INDEX edge_target ON edge (target);
`;

const INSERT_NODE = "INSERT INTO node (id, name, grp, score) VALUES (?, ?, ?, ?)";
const INSERT_EDGE = "INSERT INTO edge (id, source, target, weight, ts) VALUES (?, ?, ?, ?, ?)";
const NODE_KEY = "SELECT key FROM node WHERE id = ?";

/** Hand-written better-sqlite3: every statement prepared once, write-ahead log, everything else as SQLite has it. */
export class RawGraph {
  readonly db: Database.Database;
  readonly #ids = new IdMaker(1);
  readonly #countHops: Database.Statement<[Buffer, number]>;
  readonly #countReachable: Database.Statement<[Buffer]>;
  readonly #neighbours: Database.Statement<[Buffer]>;
  readonly #filteredNeighbours: Database.Statement<[Buffer, number, number]>;
  readonly #person: Database.Statement<[Buffer]>;
  readonly #nodeByKey: Database.Statement<[number]>;
  readonly #targetsAbove: Database.Statement<[number, number]>;
  readonly #keyOf: Database.Statement<[Buffer]>;
  readonly #addPair: Database.Transaction<(source: Buffer, pair: PairWrite) => void>;
  readonly #countOut: Database.Statement<[Buffer]>;

  constructor(file: string, synchronous: Synchronous) {
    const db = new Database(file);
    this.db = db;
    db.pragma("journal_mode = WAL");
    db.pragma(`synchronous = ${synchronous}`);
    if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'node'").get() === undefined) db.exec(RAW_DDL);

    // UNION drops a node that this hop reached already, and keeps one that an earlier hop reached.
    this.#countHops = db
      .prepare<[Buffer, number]>(
        `WITH RECURSIVE
           params (start, hops) AS (SELECT (SELECT key FROM node WHERE id = ?), ?),
           hop (node, depth) AS (
             SELECT start, 0 FROM params
             UNION
             SELECT edge.target, hop.depth + 1
               FROM hop JOIN edge ON edge.source = hop.node
              WHERE hop.depth < (SELECT hops FROM params)
           )
         SELECT count(*) FROM hop WHERE depth = (SELECT hops FROM params)`,
      )
      .pluck();
    this.#countReachable = db
      .prepare<[Buffer]>(
        `WITH RECURSIVE reached (node) AS (
           SELECT key FROM node WHERE id = ?
           UNION
           SELECT edge.target FROM reached JOIN edge ON edge.source = reached.node
         )
         SELECT count(*) - 1 FROM reached`,
      )
      .pluck();
    this.#neighbours = db.prepare(
      `SELECT far.id, far.name, far.grp, far.score
         FROM node AS near JOIN edge ON edge.source = near.key JOIN node AS far ON far.key = edge.target
        WHERE near.id = ? ORDER BY edge.key`,
    );
    this.#filteredNeighbours = db.prepare(
      `SELECT far.id, far.name, far.grp, far.score
         FROM node AS near JOIN edge ON edge.source = near.key JOIN node AS far ON far.key = edge.target
        WHERE near.id = ? AND edge.weight > ? AND far.grp = ? ORDER BY edge.key`,
    );
    this.#person = db.prepare("SELECT id, name, grp, score FROM node WHERE id = ?");
    this.#nodeByKey = db.prepare("SELECT id, name, grp, score FROM node WHERE key = ?");
    this.#targetsAbove = db.prepare("SELECT target FROM edge WHERE source = ? AND weight > ? ORDER BY key");
    this.#targetsAbove.pluck();
    this.#keyOf = db.prepare<[Buffer]>(NODE_KEY).pluck();
    this.#countOut = db
      .prepare<[Buffer]>("SELECT count(*) FROM edge WHERE source = (SELECT key FROM node WHERE id = ?)")
      .pluck();

    const insertNode = db.prepare(INSERT_NODE);
    const insertEdge = db.prepare(INSERT_EDGE);
    this.#addPair = db.transaction((source, pair) => {
      const from = this.#keyOf.get(source);
      const made = insertNode.run(this.#ids.bytes(), pair.name, pair.grp, pair.score);
      insertEdge.run(this.#ids.bytes(), from, made.lastInsertRowid, pair.weight, pair.ts);
    });
  }

  /** Loads the whole graph, `perTransaction` records at a time. */
  load(data: GraphData, perTransaction: number, onNodes?: () => void): RawIds {
    const ids = this.loadNodes(data, perTransaction);
    onNodes?.();
    return { nodes: ids, edges: this.loadEdges(data, perTransaction) };
  }

  loadNodes(data: GraphData, perTransaction: number): Buffer[] {
    const insert = this.db.prepare(INSERT_NODE);
    const ids: Buffer[] = [];
    this.#inTransactions(data.nodeCount, perTransaction, (node) => {
      const id = this.#ids.bytes();
      ids.push(id);
      insert.run(id, personName(node), data.groups[node], data.scores[node]);
    });
    return ids;
  }

  loadEdges(data: GraphData, perTransaction: number): Buffer[] {
    const insert = this.db.prepare(INSERT_EDGE);
    const ids: Buffer[] = [];
    this.#inTransactions(data.edgeCount, perTransaction, (edge) => {
      const id = this.#ids.bytes();
      ids.push(id);
      // Nodes were numbered by insertion, so their keys are known: a bulk load by hand looks nothing up.
      const source = (data.sources[edge] as number) + 1;
      const target = (data.targets[edge] as number) + 1;
      insert.run(id, source, target, data.weights[edge], data.timestamps[edge]);
    });
    return ids;
  }

  countHops(source: Buffer, hops: number): number {
    return this.#countHops.get(source, hops) as number;
  }

  countReachable(source: Buffer): number {
    return this.#countReachable.get(source) as number;
  }

  neighbours(source: Buffer): PersonRecord[] {
    return this.#neighbours.all(source) as PersonRecord[];
  }

  filteredNeighbours(source: Buffer, { aboveWeight, group }: HopFilter): PersonRecord[] {
    return this.#filteredNeighbours.all(source, aboveWeight, group) as PersonRecord[];
  }

  person(id: Buffer): PersonRecord | undefined {
    return this.#person.get(id) as PersonRecord | undefined;
  }

  countOut(source: Buffer): number {
    return this.#countOut.get(source) as number;
  }

  /** Breadth first, each node once, handed over whole; one statement for the node and one for its edges. */
  walk(source: Buffer, { aboveWeight, maxNodes }: Omit<WalkTask, "source">): WalkTotals {
    const queue: number[] = [this.#keyOf.get(source) as number];
    const seen = new Set<number>();
    let score = 0;
    for (let next = 0; next < queue.length && seen.size < maxNodes; next += 1) {
      const key = queue[next] as number;
      if (seen.has(key)) continue;
      seen.add(key);
      const person = this.#nodeByKey.get(key) as PersonRecord;
      score += person.score;
      for (const target of this.#targetsAbove.all(key, aboveWeight) as number[]) queue.push(target);
    }
    return { visits: seen.size, score };
  }

  /** One transaction: a new node and an edge to it. */
  addPair(source: Buffer, pair: PairWrite): void {
    this.#addPair.immediate(source, pair);
  }

  close(): void {
    this.db.close();
  }

  #inTransactions(count: number, perTransaction: number, write: (index: number) => void): void {
    const chunk = this.db.transaction((from: number, to: number) => {
      for (let index = from; index < to; index += 1) write(index);
    });
    for (let from = 0; from < count; from += perTransaction) {
      chunk.immediate(from, Math.min(count, from + perTransaction));
    }
  }
}
