import { EdgeRows, type Id, IdColumn, NodeRows, type ScanRequest } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { keyOf, maxKey, pushId, restOf } from "./id-halves.ts";
import { decodeFields, Head, headSql } from "./row-codec.ts";

/** Columns of a node's row: key, rest, head, fields, number. */
export const nodeColumns: string = `n.key AS key, n.rest AS rest, ${headSql("n")} AS head, n.data AS data, CAST(n.nr AS REAL) AS nr`;

/** Columns of an edge's row: key, rest, head, fields, numbers of its ends. */
function edgeColumns(key: string): string {
  return (
    `${key} AS key, e.rest AS rest, ${headSql("e")} AS head, e.data AS data, ` +
    "CAST(e.source AS REAL) AS source, CAST(e.target AS REAL) AS target"
  );
}

/** Neither end is a tombstone. */
const visibleEnds =
  "AND NOT EXISTS (SELECT 1 FROM nodes t WHERE t.nr IN (e.source, e.target) AND t.gone IS NOT NULL)";

const nodesByNumber = `SELECT ${nodeColumns} FROM json_each(?) r CROSS JOIN nodes n ON n.nr = r.value WHERE n.gone IS NULL`;
const nodesByKey =
  `SELECT ${nodeColumns}, CAST(r.key AS REAL) AS i FROM json_each(?) r CROSS JOIN nodes n ON n.key = r.value ` +
  "WHERE n.gone IS NULL";

const edgesByKey = (visible: boolean): string =>
  `SELECT ${edgeColumns("e.key")}, CAST(r.key AS REAL) AS i FROM json_each(?) r CROSS JOIN edges e ON e.key = r.value ` +
  `WHERE true ${visible ? visibleEnds : ""}`;
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
    const numbers: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const number = known.find(ids.words, i * 4);
      if (number === 0) break;
      numbers.push(number);
    }
    if (numbers.length === ids.length) {
      for (const row of connection.all(nodesByNumber, `[${numbers.join()}]`)) this.pushNode(rows, row);
    } else {
      for (const row of connection.all(nodesByKey, keysOf(ids))) {
        // Two ids may share a key.
        if (row[1] === restOf(ids.words, (row[5] as number) * 4)) this.pushNode(rows, row);
      }
    }
    this.#file.settleIds(connection);
    return rows;
  }

  edges(connection: Connection, ids: IdColumn): EdgeRows {
    const { state } = this.#file;
    const rows = new EdgeRows();
    const keys = keysOf(ids);
    const found = connection.all(edgesByKey(state.hasTombstones), keys);
    if (state.hasCollisions) found.push(...connection.all(movedEdgesByKey, keys));
    for (const row of found) {
      if (row[1] === restOf(ids.words, (row[6] as number) * 4)) this.pushEdge(rows, row);
    }
    this.#file.settleIds(connection);
    return rows;
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

  /** Appends a row of `nodeColumns`. */
  pushNode(rows: NodeRows, row: SqlRow): void {
    const { ids, known, access } = this.#file;
    const head = this.#head;
    head.read(row[2]);
    const type = this.#file.catalog.type(head.type);
    if (type === undefined) return;
    const at = pushId(rows.ids, row[0] as bigint, row[1] as bigint);
    known.note(rows.ids.words, at * 4, row[4] as number);
    ids.pushOwner(rows.owners, head.owner);
    rows.push(
      type.description.name,
      access.decode(head.access, "node"),
      head.dataVersion,
      head.accessVersion,
      head.shape,
      decodeFields(row[3]),
    );
  }

  /** Appends a row of `edgeColumns`. */
  pushEdge(rows: EdgeRows, row: SqlRow): void {
    const { ids, access } = this.#file;
    const head = this.#head;
    head.read(row[2]);
    const type = this.#file.catalog.type(head.type);
    if (type === undefined) return;
    pushId(rows.ids, row[0] as bigint, row[1] as bigint);
    ids.pushOwner(rows.owners, head.owner);
    ids.pushNode(rows.sources, row[4] as number);
    ids.pushNode(rows.targets, row[5] as number);
    rows.push(
      type.description.name,
      access.decode(head.access, "edge"),
      head.dataVersion,
      head.accessVersion,
      head.shape,
      decodeFields(row[3]),
    );
  }
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

function startOf({ order, after }: ScanRequest): readonly [key: bigint, rest: bigint] {
  if (after !== undefined) return halvesOf(after);
  return order === "asc" ? [-1n, 0n] : [maxKey, maxKey];
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
