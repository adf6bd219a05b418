import {
  EdgeRows,
  type Id,
  IdColumn,
  NodeRows,
  type ScanRequest,
  type Tally,
  type TallyRequest,
} from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { keyOf, maxKey, pushId, restOf } from "./id-halves.ts";
import { decodeFields, farHead, Head, headSql } from "./row-codec.ts";

/** Columns of a node's row: key, rest, head, fields, number. */
export const nodeColumns: string = `n.key AS key, n.rest AS rest, ${headSql("n")} AS head, n.data AS data, CAST(n.nr AS REAL) AS nr`;

/** Columns of an edge's row: key, rest, head, fields, numbers of its ends. */
function edgeColumns(key: string): string {
  return `${key} AS key, e.rest AS rest, ${knownEdgeColumns}`;
}

const knownEdgeColumns =
  `${headSql("e")} AS head, e.data AS data, ` +
  "CAST(e.source AS REAL) AS source, CAST(e.target AS REAL) AS target";

/** Neither end is a tombstone. */
const visibleEnds =
  "AND NOT EXISTS (SELECT 1 FROM nodes t WHERE t.nr IN (e.source, e.target) AND t.gone IS NOT NULL)";

// Who asks by id knows key and rest: each of them would cost as much as the rest of the row.
const knownNodeColumns = `${headSql("n")} AS head, n.data AS data, CAST(n.nr AS REAL) AS nr`;
const nodesByNumber =
  `SELECT ${knownNodeColumns}, CAST(r.key AS REAL) AS i FROM json_each(?) r CROSS JOIN nodes n ON n.nr = r.value ` +
  "WHERE n.gone IS NULL";
const nodeByNumber = `SELECT ${knownNodeColumns} FROM nodes n WHERE n.nr = ? AND n.gone IS NULL`;
const nodeById = `SELECT ${knownNodeColumns} FROM nodes n WHERE n.key = ? AND n.rest = ? AND n.gone IS NULL`;
const nodesByKey =
  `SELECT ${nodeColumns}, CAST(r.key AS REAL) AS i FROM json_each(?) r CROSS JOIN nodes n ON n.key = r.value ` +
  "WHERE n.gone IS NULL";

const edgesByKey = (visible: boolean): string =>
  `SELECT ${edgeColumns("e.key")}, CAST(r.key AS REAL) AS i FROM json_each(?) r CROSS JOIN edges e ON e.key = r.value ` +
  `WHERE true ${visible ? visibleEnds : ""}`;
// The ids of the ends come along: to ask for them afterwards would take a statement more.
const edgeById =
  `SELECT ${knownEdgeColumns}, s.key AS source_key, s.rest AS source_rest, t.key AS target_key, t.rest AS target_rest ` +
  "FROM edges e LEFT JOIN nodes s ON s.nr = e.source LEFT JOIN nodes t ON t.nr = e.target " +
  "WHERE e.key = ? AND e.rest = ?";
const visibleEdgeById = `${edgeById} AND s.gone IS NULL AND t.gone IS NULL`;
const movedEdgesByKey =
  `SELECT ${edgeColumns("c.key")}, CAST(r.key AS REAL) AS i FROM json_each(?) r ` +
  `CROSS JOIN edge_collisions c ON c.key = r.value CROSS JOIN edges e ON e.key = -c.nr WHERE true ${visibleEnds}`;

const scanNodes = (order: "asc" | "desc"): string =>
  `SELECT ${nodeColumns} FROM nodes n WHERE n.type = ? AND n.gone IS NULL AND (n.key, n.rest) ${order === "asc" ? ">" : "<"} (?, ?) ` +
  `ORDER BY n.key ${order}, n.rest ${order} LIMIT ?`;
// Edges have no index by type, which would cost a seventh of their size: a scan passes over the edges of other types.
const scanEdges = (order: "asc" | "desc", visible: boolean): string =>
  `SELECT ${edgeColumns("e.key")} FROM edges e WHERE +e.type = ? ` +
  // One bound on the key alone: a comparison of pairs does not tell SQLite where in the table to begin.
  `AND e.key ${order === "asc" ? ">= max(?, 0)" : "BETWEEN 0 AND ?"} AND (e.key, e.rest) ${order === "asc" ? ">" : "<"} (?, ?) ` +
  `${visible ? visibleEnds : ""} ORDER BY e.key ${order} LIMIT ?`;
const scanMovedEdges =
  `SELECT ${edgeColumns("c.key")} FROM edge_collisions c CROSS JOIN edges e ON e.key = -c.nr ` +
  `WHERE e.type = ? ${visibleEnds}`;

const allNodes =
  `SELECT ${nodeColumns} FROM nodes n WHERE n.gone IS NULL AND (n.key, n.rest) > (?, ?) ` +
  "ORDER BY n.key, n.rest LIMIT ?";
const allEdges = (visible: boolean): string =>
  `SELECT ${edgeColumns("e.key")} FROM edges e WHERE e.key >= max(?, 0) AND (e.key, e.rest) > (?, ?) ` +
  `${visible ? visibleEnds : ""} ORDER BY e.key LIMIT ?`;
const allMovedEdges =
  `SELECT ${edgeColumns("c.key")} FROM edge_collisions c CROSS JOIN edges e ON e.key = -c.nr ` +
  `WHERE true ${visibleEnds}`;

/** The last row of a scan's stretch, and how many rows that has. */
const tallyOf = (rows: string): string =>
  `WITH p (key, rest) AS MATERIALIZED (${rows}) ` +
  "SELECT (SELECT CAST(count(*) AS REAL) FROM p) AS size, key, rest FROM p ORDER BY key DESC, rest DESC LIMIT 1";
const tallyNodes = tallyOf(
  "SELECT n.key, n.rest FROM nodes n WHERE n.type = ? AND n.gone IS NULL AND (n.key, n.rest) > (?, ?) " +
    "ORDER BY n.key, n.rest LIMIT ?",
);
const tallyEdges = (visible: boolean): string =>
  tallyOf(
    "SELECT e.key, e.rest FROM edges e WHERE +e.type = ? AND e.key >= max(?, 0) AND (e.key, e.rest) > (?, ?) " +
      `${visible ? visibleEnds : ""} ORDER BY e.key LIMIT ?`,
  );

/** Records by id and by type. */
export class Reader {
  readonly #file: SqliteFile;
  readonly #head: Head = new Head();

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  nodes(connection: Connection, ids: IdColumn): NodeRows {
    const { known } = this.#file;
    const rows = new NodeRows();
    if (ids.length === 1) {
      this.#node(connection, ids.words, rows);
      return rows;
    }
    const numbers: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const number = known.find(ids.words, i * 4);
      if (number === 0) break;
      numbers.push(number);
    }
    if (numbers.length === ids.length) {
      for (const row of connection.all(nodesByNumber, `[${numbers.join()}]`)) {
        this.#pushNode(rows, row, 0, ids.words, (row[3] as number) * 4);
      }
    } else {
      for (const row of connection.all(nodesByKey, keysOf(ids))) {
        // Two ids may share a key.
        if (row[1] === restOf(ids.words, (row[5] as number) * 4)) this.pushNode(rows, row);
      }
    }
    this.#file.settleIds(connection);
    return rows;
  }

  /** One node, as most reads by id are: a plain statement takes half the time of one that reads a list. */
  #node(connection: Connection, words: Int32Array, rows: NodeRows): void {
    const number = this.#file.known.find(words, 0);
    const row =
      number === 0
        ? connection.get(nodeById, keyOf(words, 0), restOf(words, 0))
        : connection.get(nodeByNumber, number);
    if (row === undefined) return;
    this.#pushNode(rows, row, 0, words, 0);
    this.#file.settleIds(connection);
  }

  edges(connection: Connection, ids: IdColumn): EdgeRows {
    const { state } = this.#file;
    const rows = new EdgeRows();
    if (ids.length === 1 && !state.hasCollisions) {
      this.#edge(connection, ids.words, rows);
      return rows;
    }
    const keys = keysOf(ids);
    const found = connection.all(edgesByKey(state.hasTombstones), keys);
    if (state.hasCollisions) found.push(...connection.all(movedEdgesByKey, keys));
    for (const row of found) {
      if (row[1] === restOf(ids.words, (row[6] as number) * 4)) this.pushEdge(rows, row);
    }
    this.#file.settleIds(connection);
    return rows;
  }

  #edge(connection: Connection, words: Int32Array, rows: EdgeRows): void {
    const { state, known } = this.#file;
    const sql = state.hasTombstones ? visibleEdgeById : edgeById;
    const row = connection.get(sql, keyOf(words, 0), restOf(words, 0));
    if (row === undefined) return;
    connection.countRead(2);
    for (let end = 0; end < 2; end++) {
      const at = 4 + end * 2;
      // An end without a row is what damage has left.
      if (row[at] === null) continue;
      scratch.clear();
      pushId(scratch, row[at] as bigint, row[at + 1] as bigint);
      known.note(scratch.words, 0, row[2 + end] as number);
    }
    this.#pushEdge(rows, row, 0, words, 0);
    this.#file.settleIds(connection);
  }

  scanNodes(connection: Connection, request: ScanRequest): { rows: NodeRows; more: boolean } {
    const { order, limit } = request;
    const type = this.#file.catalog.typeNamed(request.type).number;
    const rows = new NodeRows();
    const [key, rest] = startOf(request);
    const found = connection.all(scanNodes(order), type, key, rest, limit + 1);
    for (let i = 0; i < found.length && i < limit; i++) this.pushNode(rows, found[i] as SqlRow);
    this.#file.settleIds(connection);
    return { rows, more: found.length > limit };
  }

  scanEdges(connection: Connection, request: ScanRequest): { rows: EdgeRows; more: boolean } {
    const { order, limit } = request;
    const { state, catalog } = this.#file;
    const type = catalog.typeNamed(request.type).number;
    const rows = new EdgeRows();
    const [key, rest] = startOf(request);
    let found = connection.all(scanEdges(order, state.hasTombstones), type, key, key, rest, limit + 1);
    if (state.hasCollisions) {
      const moved = connection.all(scanMovedEdges, type);
      found = mergeById(found, moved.filter(isBeyond(order, key, rest)), order);
    }
    for (let i = 0; i < found.length && i < limit; i++) this.pushEdge(rows, found[i] as SqlRow);
    this.#file.settleIds(connection);
    return { rows, more: found.length > limit };
  }

  /** Nodes of every type in id order. */
  allNodes(connection: Connection, after: Id | undefined, limit: number): { rows: NodeRows; more: boolean } {
    const rows = new NodeRows();
    const [key, rest] = after === undefined ? fromStart : halvesOf(after);
    const found = connection.all(allNodes, key, rest, limit + 1);
    for (let i = 0; i < found.length && i < limit; i++) this.pushNode(rows, found[i] as SqlRow);
    this.#file.settleIds(connection);
    return { rows, more: found.length > limit };
  }

  /** Edges of every type in id order. */
  allEdges(connection: Connection, after: Id | undefined, limit: number): { rows: EdgeRows; more: boolean } {
    const { state } = this.#file;
    const rows = new EdgeRows();
    const [key, rest] = after === undefined ? fromStart : halvesOf(after);
    let found = connection.all(allEdges(state.hasTombstones), key, key, rest, limit + 1);
    if (state.hasCollisions)
      found = mergeById(found, connection.all(allMovedEdges).filter(isBeyond("asc", key, rest)), "asc");
    for (let i = 0; i < found.length && i < limit; i++) this.pushEdge(rows, found[i] as SqlRow);
    this.#file.settleIds(connection);
    return { rows, more: found.length > limit };
  }

  /** What a scan in ascending order would give, counted. */
  tally(connection: Connection, { kind, ...request }: TallyRequest): Omit<Tally, "token"> {
    const { state, catalog } = this.#file;
    const asked: ScanRequest = { ...request, kind, order: "asc" };
    if (kind === "edge" && state.hasCollisions) {
      // Edges that were moved aside lie elsewhere: few files have any.
      const { rows, more } = this.scanEdges(connection, asked);
      return { count: rows.length, last: rows.length === 0 ? undefined : rows.ids.at(rows.length - 1), more };
    }
    const type = catalog.typeNamed(request.type).number;
    const [key, rest] = startOf(asked);
    const row =
      kind === "node"
        ? connection.get(tallyNodes, type, key, rest, request.limit)
        : connection.get(tallyEdges(state.hasTombstones), type, key, key, rest, request.limit);
    if (row === undefined) return { count: 0, last: undefined, more: false };
    const count = row[0] as number;
    return { count, last: idOf(row, 1), more: count === request.limit };
  }

  /** Appends a row of `nodeColumns`. */
  pushNode(rows: NodeRows, row: SqlRow): void {
    scratch.clear();
    pushId(scratch, row[0] as bigint, row[1] as bigint);
    this.#pushNode(rows, row, 2, scratch.words, 0);
  }

  /** Appends a row of `edgeColumns`. */
  pushEdge(rows: EdgeRows, row: SqlRow): void {
    scratch.clear();
    pushId(scratch, row[0] as bigint, row[1] as bigint);
    this.#pushEdge(rows, row, 2, scratch.words, 0);
  }

  /** Appends the node whose head, fields and number stand in the row from `from`. */
  #pushNode(rows: NodeRows, row: SqlRow, from: number, words: Int32Array, at: number): void {
    const { ids, known, access, catalog } = this.#file;
    const head = this.#head;
    head.read(row[from]);
    const type = catalog.type(head.type);
    if (type === undefined) return;
    const isUsual = head.access === null && head.accessVersion === 1;
    known.note(words, at, row[from + 2] as number, isUsual ? farHead(head.type, head.owner) : undefined);
    pushWords(rows.ids, words, at);
    ids.pushOwner(rows.owners, head.owner);
    rows.push(
      type.description.name,
      access.decode(head.access, "node"),
      head.dataVersion,
      head.accessVersion,
      head.shape,
      decodeFields(row[from + 1]),
    );
  }

  /** Appends the edge whose head, fields and numbers of its ends stand in the row from `from`. */
  #pushEdge(rows: EdgeRows, row: SqlRow, from: number, words: Int32Array, at: number): void {
    const { ids, access, catalog } = this.#file;
    const head = this.#head;
    head.read(row[from]);
    const type = catalog.type(head.type);
    if (type === undefined) return;
    pushWords(rows.ids, words, at);
    ids.pushOwner(rows.owners, head.owner);
    ids.pushNode(rows.sources, row[from + 2] as number);
    ids.pushNode(rows.targets, row[from + 3] as number);
    rows.push(
      type.description.name,
      access.decode(head.access, "edge"),
      head.dataVersion,
      head.accessVersion,
      head.shape,
      decodeFields(row[from + 1]),
    );
  }
}

function pushWords(column: IdColumn, words: Int32Array, at: number): void {
  column.pushWords(
    words[at] as number,
    words[at + 1] as number,
    words[at + 2] as number,
    words[at + 3] as number,
  );
}

/** The keys of ids as a JSON array. */
export function keysOf(ids: IdColumn): string {
  let text = "[";
  for (let i = 0; i < ids.length; i++) text += `${i === 0 ? "" : ","}${keyOf(ids.words, i * 4)}`;
  return `${text}]`;
}

const scratch = new IdColumn(1);

/** Key and rest of an id. */
export function halvesOf(id: Id): readonly [key: bigint, rest: bigint] {
  scratch.clear();
  scratch.push(id);
  return [keyOf(scratch.words, 0), restOf(scratch.words, 0)];
}

/** Before every id. */
const fromStart = [-1n, 0n] as const;

function startOf({ order, after }: ScanRequest): readonly [key: bigint, rest: bigint] {
  if (after !== undefined) return halvesOf(after);
  return order === "asc" ? fromStart : [maxKey, maxKey];
}

/** Whether a row, which has key and rest in column `at` and the next, lies beyond an id. */
export function isBeyond(order: "asc" | "desc", key: bigint, rest: bigint, at = 0): (row: SqlRow) => boolean {
  const sign = order === "asc" ? 1 : -1;
  return (row) => compareHalves(row[at] as bigint, row[at + 1] as bigint, key, rest) * sign > 0;
}

/** Rows that have key and rest in column `at` and the next, in the order of their ids. */
export function mergeById(left: SqlRow[], right: SqlRow[], order: "asc" | "desc", at = 0): SqlRow[] {
  if (right.length === 0) return left;
  const sign = order === "asc" ? 1 : -1;
  return [...left, ...right].sort(
    (x, y) =>
      compareHalves(x[at] as bigint, x[at + 1] as bigint, y[at] as bigint, y[at + 1] as bigint) * sign,
  );
}

/** Order of two ids given as key and rest. */
export function compareHalves(key: bigint, rest: bigint, otherKey: bigint, otherRest: bigint): number {
  if (key !== otherKey) return key < otherKey ? -1 : 1;
  return rest === otherRest ? 0 : rest < otherRest ? -1 : 1;
}

/** The id of a row that has key and rest in column `at` and the next. */
export function idOf(row: SqlRow, at: number): Id {
  scratch.clear();
  pushId(scratch, row[at] as bigint, row[at + 1] as bigint);
  return scratch.at(0);
}
