import {
  type CommitBatch,
  type EdgeRows,
  type FieldData,
  type Id,
  IdColumn,
  type NodeRows,
  type RecordUpdate,
} from "@rootwalk/core/store";
import type { CommitRecordWriter } from "./commit-record.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { keyOf, pushId, restOf } from "./id-halves.ts";
import { keysOf } from "./reader.ts";
import { encodeFields, farHead } from "./row-codec.ts";
import { sqliteFailure } from "./sqlite-error.ts";
import type { StoredType } from "./stored-catalog.ts";
import { slotColumn } from "./tables.ts";

/** How the rows of a batch fared. */
export type Written =
  | { readonly status: "written" | "conflict" }
  /** Something that was taken for granted does not hold: another process has committed. */
  | { readonly status: "stale" }
  | { readonly status: "duplicate"; readonly index: string; readonly record: Id }
  /** One of many rows that went in together was refused: each must go in by itself, to say which. */
  | { readonly status: "singly" };

const WRITTEN: Written = Object.freeze({ status: "written" });
const CONFLICT: Written = Object.freeze({ status: "conflict" });
const STALE: Written = Object.freeze({ status: "stale" });
const SINGLY: Written = Object.freeze({ status: "singly" });

/** So many ends that are not known are looked up one by one; more of them in one statement. */
const fewEnds = 3;
const endsAtOnce = 256;

const edgeColumns =
  "INTO edges (key, rest, type, source, target, owner, data_version, access_version, shape, access, data)";
const edgeRow = "(?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?)";
const edgeValues = 9;
const addEdge = `INSERT ${edgeColumns} VALUES ${edgeRow}`;

/** Edges that go in by one statement where a batch has many: three quarters of the time of as many statements. */
const edgesAtOnce = 16;
// FAIL keeps the rows before the refused one, which saves SQLite a journal of its own for each statement.
const addEdges = `INSERT OR FAIL ${edgeColumns} VALUES ${Array(edgesAtOnce).fill(edgeRow).join()}`;
/** The same of nodes, of one type. */
const nodesAtOnce = 16;
const edgeRest = "SELECT rest FROM edges WHERE key = ?";
const movedEdge = "SELECT nr FROM edge_collisions WHERE key = ? AND rest = ?";
const addMovedEdge = "INSERT INTO edge_collisions (key, rest) VALUES (?, ?)";
const removeMovedEdge = "DELETE FROM edge_collisions WHERE nr = ?";
const nodeNumber = "SELECT CAST(nr AS REAL) AS nr FROM nodes WHERE key = ? AND rest = ? AND gone IS NULL";
const nodeNumbers =
  "SELECT n.key AS key, n.rest AS rest, CAST(n.nr AS REAL) AS nr FROM json_each(?) r CROSS JOIN nodes n ON n.key = r.value " +
  "WHERE n.gone IS NULL";
const greatestNode = "SELECT CAST(ifnull(max(nr), 0) AS REAL) AS nr FROM nodes";
const edgeEnds =
  "SELECT s.key AS source_key, s.rest AS source_rest, t.key AS target_key, t.rest AS target_rest " +
  "FROM edges e JOIN nodes s ON s.nr = e.source JOIN nodes t ON t.nr = e.target WHERE e.key = ?";
const ofEdge = "WHERE key = ? AND rest = ?";
const ofVisibleEdge = `${ofEdge} AND NOT EXISTS (SELECT 1 FROM nodes t WHERE t.nr IN (edges.source, edges.target) AND t.gone IS NOT NULL)`;

/**
 * Writes the rows of one batch, whole or up to the first that fails: the caller then rolls back.
 *
 * The order is such that a unique key that the batch gives up can be taken in it: removals, changes, new records.
 */
export class BatchWriter {
  readonly #file: SqliteFile;
  readonly #record: CommitRecordWriter;
  readonly #id: IdColumn = new IdColumn(1);
  // Used again for each row: short-lived arrays of their own would be a tenth of a bulk load.
  readonly #nodeValues: SqlValue[] = [];
  readonly #edgeValues: SqlValue[] = new Array<SqlValue>(edgeValues).fill(null);
  /** Of the edges of a batch the numbers of their ends, as far as they were known; 0 where they were not. */
  readonly #sources: number[] = [];
  readonly #targets: number[] = [];
  readonly #manyEdgeValues: SqlValue[] = new Array<SqlValue>(edgeValues * edgesAtOnce).fill(null);

  constructor(file: SqliteFile, record: CommitRecordWriter) {
    this.#file = file;
    this.#record = record;
  }

  /**
   * @param parked whether changed records give up all their keys first, so that they may exchange them
   * @param singly whether each record is added by a statement of its own
   */
  write(connection: Connection, batch: CommitBatch, parked: boolean, singly: boolean): Written {
    this.#record.begin(batch.nodes.length + batch.edges.length + batch.updates.length);
    let duplicate: Written | undefined;
    if (batch.updates.length > 0) {
      if (parked) this.#park(connection, batch.updates);
      const written = this.#updates(connection, batch.updates);
      if (written.status === "conflict") return written;
      if (written.status === "duplicate") duplicate = written;
    }
    if (batch.nodes.length > 0) {
      const written = this.#nodes(connection, batch, singly);
      if (written.status === "duplicate") duplicate ??= written;
      else if (written !== WRITTEN) return written;
    }
    if (batch.edges.length > 0) {
      const written = this.#edges(connection, batch.edges, singly);
      if (written !== WRITTEN) return written;
    }
    // A conflict anywhere in the batch counts before a key that is taken.
    return duplicate ?? WRITTEN;
  }

  #updates(connection: Connection, updates: readonly RecordUpdate[]): Written {
    // An edge is not visible any more once its end is gone, so edges come first.
    for (const update of updates) {
      if (update.kind === "edge" && !this.#edgeUpdate(connection, update)) return CONFLICT;
    }
    for (const update of updates) {
      if (update.kind === "node" && update.remove === true && !this.#removal(connection, update))
        return CONFLICT;
    }
    let outcome = WRITTEN;
    for (const update of updates) {
      if (update.kind !== "node" || update.remove === true) continue;
      const written = this.#nodeUpdate(connection, update);
      if (written === CONFLICT) return written;
      if (written !== WRITTEN) outcome = written;
    }
    return outcome;
  }

  #edgeUpdate(connection: Connection, update: RecordUpdate): boolean {
    const id = this.#read(update.id);
    let key = keyOf(id, 0);
    const rest = restOf(id, 0);
    let moved: number | undefined;
    if (this.#file.state.hasCollisions) {
      const row = connection.get(movedEdge, key, rest);
      if (row !== undefined) {
        moved = Number(row[0]);
        key = -BigInt(moved);
      }
    }
    const type = this.#file.catalog.typeNamed(update.type);
    const ends = this.#endsOf(connection, update, key);
    if (ends === undefined) return false;
    const { expectations, values } = expected(update);
    const where = this.#file.state.hasTombstones ? ofVisibleEdge : ofEdge;
    if (update.remove === true) {
      const sql = `DELETE FROM edges ${where}${expectations}`;
      if (connection.run(sql, key, rest, ...values) === 0) return false;
      if (moved !== undefined) connection.run(removeMovedEdge, moved);
    } else {
      const { assignments, assigned } = this.#assignments(update, "edge");
      const sql = `UPDATE edges SET ${assignments} ${where}${expectations}`;
      if (connection.run(sql, ...assigned, key, rest, ...values) === 0) return false;
    }
    this.#record.update(update, type.number, ends);
    return true;
  }

  #endsOf(connection: Connection, update: RecordUpdate, key: bigint): readonly [Id, Id] | undefined {
    if (update.source !== undefined && update.target !== undefined) return [update.source, update.target];
    const row = connection.get(edgeEnds, key);
    if (row === undefined) return undefined;
    const ends = new IdColumn(2);
    pushId(ends, row[0] as bigint, row[1] as bigint);
    pushId(ends, row[2] as bigint, row[3] as bigint);
    return [ends.at(0), ends.at(1)];
  }

  #removal(connection: Connection, update: RecordUpdate): boolean {
    const id = this.#read(update.id);
    const { expectations, values } = expected(update);
    const slots = this.#clearedSlots();
    const sql =
      `UPDATE nodes SET gone = 1, data = NULL, access = NULL${slots} ` +
      `WHERE key = ? AND rest = ? AND gone IS NULL${expectations}`;
    if (connection.run(sql, keyOf(id, 0), restOf(id, 0), ...values) === 0) return false;
    this.#file.known.forget(id, 0);
    // What follows in this transaction must look too.
    this.#file.state.hasTombstones = true;
    this.#record.update(update, this.#file.catalog.typeNamed(update.type).number, undefined);
    return true;
  }

  #nodeUpdate(connection: Connection, update: RecordUpdate): Written {
    const id = this.#read(update.id);
    const key = keyOf(id, 0);
    const rest = restOf(id, 0);
    const type = this.#file.catalog.typeNamed(update.type);
    const { expectations, values } = expected(update);
    const { assignments, assigned } = this.#assignments(update, "node");
    let keys = "";
    const keyValues: SqlValue[] = [];
    if (update.data !== undefined && type.indexes.length > 0) {
      const owner = type.indexes.some((index) => index.perOwner) ? this.#ownerOf(connection, key, rest) : 0;
      for (const [slot, bytes] of keysOfRecord(type, update.data.fields, owner, id, 0)) {
        keys += `, ${slotColumn(slot)} = ?`;
        keyValues.push(bytes);
      }
    }
    const sql = `UPDATE nodes SET ${assignments}${keys} WHERE key = ? AND rest = ? AND gone IS NULL${expectations}`;
    try {
      if (connection.run(sql, ...assigned, ...keyValues, key, rest, ...values) === 0) return CONFLICT;
    } catch (error) {
      const index = takenIndex(error, type);
      if (index === undefined) throw error;
      return { status: "duplicate", index, record: update.id };
    }
    if (update.access !== undefined) this.#file.known.forgetHead(id, 0);
    this.#record.update(update, type.number, undefined);
    return WRITTEN;
  }

  #ownerOf(connection: Connection, key: bigint, rest: bigint): number {
    const row = connection.get("SELECT owner FROM nodes WHERE key = ? AND rest = ?", key, rest);
    return row === undefined ? 0 : Number(row[0]);
  }

  /** Lets go of all keys of the records that are to be changed. */
  #park(connection: Connection, updates: readonly RecordUpdate[]): void {
    const slots = this.#clearedSlots().slice(2);
    if (slots === "") return;
    for (const { kind, id: text, data } of updates) {
      if (kind !== "node" || data === undefined) continue;
      const id = this.#read(text);
      connection
        .statement(`UPDATE nodes SET ${slots} WHERE key = ? AND rest = ?`)
        .run(keyOf(id, 0), restOf(id, 0));
    }
  }

  #clearedSlots(): string {
    let sql = "";
    for (let slot = 1; slot <= this.#file.catalog.slots; slot++) sql += `, ${slotColumn(slot)} = NULL`;
    return sql;
  }

  #assignments(update: RecordUpdate, kind: "node" | "edge"): { assignments: string; assigned: SqlValue[] } {
    const { data, access } = update;
    const parts: string[] = [];
    const assigned: SqlValue[] = [];
    if (data !== undefined) {
      parts.push("data = ?, shape = ?, data_version = data_version + 1");
      assigned.push(encodeFields(data.fields), data.shape);
    }
    if (access !== undefined) {
      parts.push("access = ?, access_version = access_version + 1");
      assigned.push(this.#file.access.encode(access.record, kind));
    }
    return { assignments: parts.join(", "), assigned };
  }

  #nodes(connection: Connection, { nodes }: CommitBatch, singly: boolean): Written {
    const { state, catalog } = this.#file;
    let outcome = WRITTEN;
    for (let i = 0; i < nodes.length; ) {
      const type = catalog.typeNamed(nodes.types[i] as string);
      const count = !singly && isRun(nodes.types, i, nodesAtOnce) ? nodesAtOnce : 1;
      state.nextNode ??= (connection.get(greatestNode)?.[0] as number) + 1;
      const first = state.nextNode;
      const values = this.#nodeValues;
      values.length = 0;
      for (let k = 0; k < count; k++) this.#nodeRow(connection, nodes, i + k, type, first + k, values);
      try {
        connection.run(addNodesSql(type, count), ...values);
      } catch (error) {
        if (count > 1 && sqliteFailure(error) === "constraint") return SINGLY;
        const failed = refusal(error, type, nodes.ids, i);
        if (failed === undefined) throw error;
        if (failed.status !== "duplicate") return failed;
        outcome = failed;
      }
      // Also where the key is taken: the rest of the batch is still to be judged, and nothing of it will stay.
      state.nextNode = first + count;
      i += count;
    }
    return outcome;
  }

  /** Appends the values of a node's row, and takes note of it: where it is refused, that is undone with the rest. */
  #nodeRow(
    connection: Connection,
    nodes: NodeRows,
    i: number,
    type: StoredType,
    number: number,
    values: SqlValue[],
  ): void {
    const { owners, known, access } = this.#file;
    const at = i * 4;
    const { words } = nodes.ids;
    const fields = nodes.fields[i] as FieldData;
    const owner = owners.numberOf(connection, nodes.owners, i);
    const accessText = access.encode(nodes.access[i] as NodeRows["access"][number], "node");
    values.push(number, keyOf(words, at), restOf(words, at), type.number, owner, nodes.shapes[i] as number);
    values.push(accessText, encodeFields(fields));
    if (type.indexes.length > 0) {
      for (const [, key] of keysOfRecord(type, fields, owner, words, at)) values.push(key);
    }
    known.note(words, at, number, accessText === null ? farHead(type.number, owner) : undefined);
    this.#record.node("create", type.number, words, at, 1, 1);
  }

  #edges(connection: Connection, edges: EdgeRows, singly: boolean): Written {
    this.#learnEnds(connection, edges);
    const { words } = edges.ids;
    const sources = edges.sources.words;
    const targets = edges.targets.words;
    const isMany = !singly && edges.length >= edgesAtOnce && !this.#file.state.hasCollisions;
    const together = isMany ? edges.length - (edges.length % edgesAtOnce) : 0;
    const many = this.#manyEdgeValues;
    const one = this.#edgeValues;
    for (let i = 0; i < edges.length; i++) {
      const at = i * 4;
      const place = i < together ? (i % edgesAtOnce) * edgeValues : 0;
      const type = this.#edgeRow(connection, edges, i, i < together ? many : one, place);
      if (type < 0) return CONFLICT;
      if (i >= together) {
        if (!this.#edge(connection, one)) return CONFLICT;
      } else if (place === many.length - edgeValues && !this.#addTogether(connection, many)) {
        return SINGLY;
      }
      this.#record.edge("create", type, words, at, sources, at, targets, at, 1, 1);
    }
    return WRITTEN;
  }

  /** Writes the values of an edge's row into `values` from `place`; gives its type, -1 where an end is not there. */
  #edgeRow(connection: Connection, edges: EdgeRows, i: number, values: SqlValue[], place: number): number {
    const { owners, known, catalog, access } = this.#file;
    const at = i * 4;
    const { number: type } = catalog.typeNamed(edges.types[i] as string);
    const source =
      this.#sources[i] ||
      known.find(edges.sources.words, at) ||
      this.#numberOf(connection, edges.sources, at);
    const target =
      this.#targets[i] ||
      known.find(edges.targets.words, at) ||
      this.#numberOf(connection, edges.targets, at);
    if (source === 0 || target === 0) return -1;
    values[place] = keyOf(edges.ids.words, at);
    values[place + 1] = restOf(edges.ids.words, at);
    values[place + 2] = type;
    values[place + 3] = source;
    values[place + 4] = target;
    values[place + 5] = owners.numberOf(connection, edges.owners, i);
    values[place + 6] = edges.shapes[i] as number;
    values[place + 7] = access.encode(edges.access[i] as EdgeRows["access"][number], "edge");
    values[place + 8] = encodeFields(edges.fields[i] as FieldData);
    return type;
  }

  /** False where one of the edges is refused; those before it are there then, and the transaction is to be undone. */
  #addTogether(connection: Connection, values: readonly SqlValue[]): boolean {
    try {
      connection.run(addEdges, ...values);
      return true;
    } catch (error) {
      if (sqliteFailure(error) !== "constraint") throw error;
      return false;
    }
  }

  /** Adds an edge under its key, or beside it where an edge of another id has the key. False where the id is taken. */
  #edge(connection: Connection, values: SqlValue[]): boolean {
    const { state } = this.#file;
    const [key, rest] = values as [bigint, bigint];
    if (state.hasCollisions && connection.get(movedEdge, key, rest) !== undefined) return false;
    try {
      connection.run(addEdge, ...values);
      return true;
    } catch (error) {
      if (sqliteFailure(error) !== "constraint") throw error;
    }
    if (connection.get(edgeRest, key)?.[0] === rest) return false;
    connection.run(addMovedEdge, key, rest);
    const moved = connection.get(movedEdge, key, rest) as readonly SqlValue[];
    values[0] = -(moved[0] as bigint);
    connection.run(addEdge, ...values);
    state.hasCollisions = true;
    return true;
  }

  #numberOf(connection: Connection, ids: IdColumn, at: number): number {
    const row = connection.get(nodeNumber, keyOf(ids.words, at), restOf(ids.words, at));
    if (row === undefined) return 0;
    const number = row[0] as number;
    this.#file.known.note(ids.words, at, number);
    return number;
  }

  /** Looks many ends up at once. */
  #learnEnds(connection: Connection, edges: EdgeRows): void {
    this.#sources.length = 0;
    this.#targets.length = 0;
    if (edges.length * 2 <= fewEnds) return;
    const { known } = this.#file;
    const unknown = new IdColumn();
    const flush = (): void => {
      if (unknown.length <= fewEnds) return;
      const ids = new IdColumn();
      for (const [key, rest, number] of connection.all(nodeNumbers, keysOf(unknown))) {
        const at = pushId(ids, key as bigint, rest as bigint);
        known.note(ids.words, at * 4, number as number);
      }
      unknown.clear();
    };
    for (const { words } of [edges.sources, edges.targets]) {
      const numbers = words === edges.sources.words ? this.#sources : this.#targets;
      for (let at = 0; at < edges.length * 4; at += 4) {
        const number = known.find(words, at);
        numbers.push(number);
        if (number !== 0) continue;
        unknown.pushWords(
          words[at] as number,
          words[at + 1] as number,
          words[at + 2] as number,
          words[at + 3] as number,
        );
        if (unknown.length === endsAtOnce) flush();
      }
    }
    flush();
  }

  #read(id: Id): Int32Array {
    this.#id.clear();
    this.#id.push(id);
    return this.#id.words;
  }
}

/** The versions that a record must have, as conditions. */
function expected({ data, access }: RecordUpdate): { expectations: string; values: SqlValue[] } {
  let expectations = "";
  const values: SqlValue[] = [];
  if (data !== undefined) {
    expectations += " AND data_version = ?";
    values.push(data.expected);
  }
  if (access !== undefined) {
    expectations += " AND access_version = ?";
    values.push(access.expected);
  }
  return { expectations, values };
}

/** The slots that records of a type have, with the keys of one. */
export function keysOfRecord(
  type: StoredType,
  fields: FieldData,
  owner: number,
  words: Int32Array,
  at: number,
): [slot: number, key: Uint8Array][] {
  const keys: [number, Uint8Array][] = [];
  for (const index of type.indexes) {
    keys.push([index.slot, index.key(index.slot, fields, owner, words, at)]);
    if (index.ownSlot !== undefined)
      keys.push([index.ownSlot, index.key(index.ownSlot, fields, owner, words, at)]);
  }
  return keys;
}

/** Whether `count` names from `from` on are the same. */
function isRun(types: readonly string[], from: number, count: number): boolean {
  if (from + count > types.length) return false;
  for (let i = 1; i < count; i++) if (types[from + i] !== types[from]) return false;
  return true;
}

/** How one node of a type is added, and how many are. */
const addNodeSqls: WeakMap<StoredType, readonly [one: string, many: string]> = new WeakMap();

function addNodesSql(type: StoredType, count: number): string {
  let sqls = addNodeSqls.get(type);
  if (sqls === undefined) {
    const slots = type.indexes.flatMap((index) => [
      index.slot,
      ...(index.ownSlot === undefined ? [] : [index.ownSlot]),
    ]);
    const columns = slots.map((slot) => `, ${slotColumn(slot)}`).join("");
    const into = `INTO nodes (nr, key, rest, type, owner, data_version, access_version, shape, access, data${columns})`;
    const row = `(?, ?, ?, ?, ?, 1, 1, ?, ?, ?${", ?".repeat(slots.length)})`;
    const rows = Array(nodesAtOnce).fill(row).join();
    // FAIL as for edges.
    sqls = [`INSERT ${into} VALUES ${row}`, `INSERT OR FAIL ${into} VALUES ${rows}`];
    addNodeSqls.set(type, sqls);
  }
  return sqls[count === 1 ? 0 : 1];
}

/** What it means that SQLite refused a new node. */
function refusal(error: unknown, type: StoredType, ids: IdColumn, at: number): Written | undefined {
  const index = takenIndex(error, type);
  if (index !== undefined) return { status: "duplicate", index, record: ids.at(at) };
  if (sqliteFailure(error) !== "constraint") return undefined;
  // Node numbers are counted here, so that one which is taken means that another process has counted too.
  return (error as Error).message.includes("nodes.nr") ? STALE : CONFLICT;
}

/** The index whose key a record took from another one, where that is what SQLite says. */
function takenIndex(error: unknown, type: StoredType): string | undefined {
  if (sqliteFailure(error) !== "constraint") return undefined;
  const slot = /nodes\.k(\d+)/.exec((error as Error).message)?.[1];
  if (slot === undefined) return undefined;
  return type.indexes.find((index) => index.uniqueSlot === Number(slot))?.name;
}
