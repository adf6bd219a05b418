import {
  type CommitBatch,
  type EdgeRows,
  type FieldData,
  type Id,
  IdColumn,
  type RecordUpdate,
} from "@rootwalk/core/store";
import type { CommitRecordWriter } from "./commit-record.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { keyOf, pushId, restOf } from "./id-halves.ts";
import { keysOf } from "./reader.ts";
import { encodeFields } from "./row-codec.ts";
import { sqliteFailure } from "./sqlite-error.ts";
import type { StoredType } from "./stored-catalog.ts";
import { slotColumn } from "./tables.ts";

/** How the rows of a batch fared. */
export type Written =
  | { readonly status: "written" | "conflict" }
  /** Something that was taken for granted does not hold: another process has committed. */
  | { readonly status: "stale" }
  | { readonly status: "duplicate"; readonly index: string };

const WRITTEN: Written = Object.freeze({ status: "written" });
const CONFLICT: Written = Object.freeze({ status: "conflict" });
const STALE: Written = Object.freeze({ status: "stale" });

/** So many ends that are not known are looked up one by one; more of them in one statement. */
const fewEnds = 3;
const endsAtOnce = 256;

const addEdge =
  "INSERT INTO edges (key, rest, type, source, target, owner, data_version, access_version, shape, access, data) " +
  "VALUES (?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?)";
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
const ofVisibleEdge =
  "WHERE key = ? AND rest = ? AND NOT EXISTS (SELECT 1 FROM nodes t WHERE t.nr IN (edges.source, edges.target) AND t.gone IS NOT NULL)";

/**
 * Writes the rows of one batch, whole or up to the first that fails: the caller then rolls back.
 *
 * The order is such that a unique key that the batch gives up can be taken in it: removals, changes, new records.
 */
export class BatchWriter {
  readonly #file: SqliteFile;
  readonly #record: CommitRecordWriter;
  readonly #id: IdColumn = new IdColumn(1);

  constructor(file: SqliteFile, record: CommitRecordWriter) {
    this.#file = file;
    this.#record = record;
  }

  /** @param parked whether changed records give up all their keys first, so that they may exchange them */
  write(connection: Connection, batch: CommitBatch, parked: boolean): Written {
    this.#record.begin();
    let duplicate: Written | undefined;
    if (batch.updates.length > 0) {
      if (parked) this.#park(connection, batch.updates);
      const written = this.#updates(connection, batch.updates);
      if (written.status === "conflict") return written;
      if (written.status === "duplicate") duplicate = written;
    }
    if (batch.nodes.length > 0) {
      const written = this.#nodes(connection, batch);
      if (written.status === "duplicate") duplicate ??= written;
      else if (written !== WRITTEN) return written;
    }
    if (batch.edges.length > 0) {
      const written = this.#edges(connection, batch.edges);
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
    if (update.remove === true) {
      const sql = `DELETE FROM edges ${ofVisibleEdge}${expectations}`;
      if (connection.run(sql, key, rest, ...values) === 0) return false;
      if (moved !== undefined) connection.run(removeMovedEdge, moved);
    } else {
      const { assignments, assigned } = this.#assignments(update, "edge");
      const sql = `UPDATE edges SET ${assignments} ${ofVisibleEdge}${expectations}`;
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
      return { status: "duplicate", index };
    }
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

  #nodes(connection: Connection, { nodes }: CommitBatch): Written {
    const { state, owners, known, catalog, access } = this.#file;
    const { words } = nodes.ids;
    let outcome = WRITTEN;
    for (let i = 0; i < nodes.length; i++) {
      const at = i * 4;
      const type = catalog.typeNamed(nodes.types[i] as string);
      const owner = owners.numberOf(connection, nodes.owners, i);
      state.nextNode ??= (connection.get(greatestNode)?.[0] as number) + 1;
      const number = state.nextNode;
      const values: SqlValue[] = [
        number,
        keyOf(words, at),
        restOf(words, at),
        type.number,
        owner,
        nodes.shapes[i] as number,
        access.encode(nodes.access[i] as CommitBatch["nodes"]["access"][number], "node"),
        encodeFields(nodes.fields[i] as FieldData),
      ];
      if (type.indexes.length > 0) {
        for (const [, key] of keysOfRecord(type, nodes.fields[i] as FieldData, owner, words, at))
          values.push(key);
      }
      try {
        connection.run(addNodeSql(type), ...values);
      } catch (error) {
        const failed = refusal(error, type);
        if (failed === undefined) throw error;
        if (failed.status !== "duplicate") return failed;
        outcome = failed;
      }
      // Also where the key is taken: the rest of the batch is still to be judged, and nothing of it will stay.
      state.nextNode = number + 1;
      known.note(words, at, number);
      this.#record.node("create", type.number, words, at, 1, 1);
    }
    return outcome;
  }

  #edges(connection: Connection, edges: EdgeRows): Written {
    const { owners, known, catalog, access } = this.#file;
    this.#learnEnds(connection, edges);
    const { words } = edges.ids;
    const sources = edges.sources;
    const targets = edges.targets;
    for (let i = 0; i < edges.length; i++) {
      const at = i * 4;
      const type = catalog.typeNamed(edges.types[i] as string);
      const source = known.find(sources.words, at) || this.#numberOf(connection, sources, at);
      const target = known.find(targets.words, at) || this.#numberOf(connection, targets, at);
      if (source === 0 || target === 0) return CONFLICT;
      const key = keyOf(words, at);
      const rest = restOf(words, at);
      const values: SqlValue[] = [
        key,
        rest,
        type.number,
        source,
        target,
        owners.numberOf(connection, edges.owners, i),
        edges.shapes[i] as number,
        access.encode(edges.access[i] as EdgeRows["access"][number], "edge"),
        encodeFields(edges.fields[i] as FieldData),
      ];
      if (!this.#edge(connection, key, rest, values)) return CONFLICT;
      this.#record.edge("create", type.number, words, at, sources.words, at, targets.words, at, 1, 1);
    }
    return WRITTEN;
  }

  /** Adds an edge under its key, or beside it where an edge of another id has the key. False where the id is taken. */
  #edge(connection: Connection, key: bigint, rest: bigint, values: SqlValue[]): boolean {
    const { state } = this.#file;
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
      for (let at = 0; at < edges.length * 4; at += 4) {
        if (known.find(words, at) !== 0) continue;
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

const addNodeSqls: WeakMap<StoredType, string> = new WeakMap();

function addNodeSql(type: StoredType): string {
  let sql = addNodeSqls.get(type);
  if (sql === undefined) {
    const slots = type.indexes.flatMap((index) => [
      index.slot,
      ...(index.ownSlot === undefined ? [] : [index.ownSlot]),
    ]);
    const columns = slots.map((slot) => `, ${slotColumn(slot)}`).join("");
    sql =
      `INSERT INTO nodes (nr, key, rest, type, owner, data_version, access_version, shape, access, data${columns}) ` +
      `VALUES (?, ?, ?, ?, ?, 1, 1, ?, ?, ?${", ?".repeat(slots.length)})`;
    addNodeSqls.set(type, sql);
  }
  return sql;
}

/** What it means that SQLite refused a new node. */
function refusal(error: unknown, type: StoredType): Written | undefined {
  const index = takenIndex(error, type);
  if (index !== undefined) return { status: "duplicate", index };
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
