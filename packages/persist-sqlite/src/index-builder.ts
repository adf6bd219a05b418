import { GraphError, IdColumn, isThenable, type MaybePromise, RowDamage } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlValue } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { pushId } from "./id-halves.ts";
import type { KeyIndex } from "./key-index.ts";
import { idOf } from "./reader.ts";
import { decodeFields } from "./row-codec.ts";
import { sqliteFailure } from "./sqlite-error.ts";
import { slotColumn } from "./tables.ts";

/** Duplicates that an error lists. */
const listedDuplicates = 20;
/** Stretches of other types' records that one step passes over. */
const emptyStretches = 32;

const complete = Number.POSITIVE_INFINITY;

interface Duplicate {
  readonly values: readonly unknown[];
  readonly ids: readonly string[];
}

const nodesBetween = (members: string): string =>
  "SELECT CAST(nr AS REAL) AS nr, key, rest, CAST(owner AS REAL) AS owner, data FROM nodes " +
  `WHERE nr > ? AND nr <= ? AND gone IS NULL AND type IN (${members}) ORDER BY nr`;
const greatestNode = "SELECT CAST(ifnull(max(nr), 0) AS REAL) AS nr FROM nodes";

/**
 * Gives the records that were there before an index their keys, in short transactions between which others write.
 * Meanwhile new and changed records get theirs from whoever writes them, and lookups read all records.
 *
 * An index that is to be unique is complete before the store is open; others are completed in the background.
 */
export class IndexBuilder {
  readonly #file: SqliteFile;
  #isStopped = false;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** Inside the transaction that adds them: what can be done at once. @throws {GraphError} listing duplicates */
  begin(connection: Connection): void {
    for (const index of this.#building()) {
      const duplicates: Duplicate[] = [];
      const done = this.#step(connection, index, index.built ?? 0, duplicates);
      if (done === complete && duplicates.length > 0) throw refused(index, duplicates);
    }
  }

  /** Completes unique indexes, and goes on with the others in the background. */
  complete(): MaybePromise<void> {
    const unique = this.#building().find((index) => index.unique);
    if (unique !== undefined) return this.#completeUnique(unique).then(() => this.complete());
    if (this.#building().length > 0) this.#continueLater();
  }

  start(): void {
    this.#isStopped = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  #building(): KeyIndex[] {
    return this.#file.catalog.indexes.filter((index) => index.isBuilding);
  }

  async #completeUnique(index: KeyIndex): Promise<void> {
    const duplicates: Duplicate[] = [];
    for (let done = index.built ?? 0; done !== complete; ) {
      await nextTurn();
      done = await this.#write((connection) => this.#step(connection, index, done, duplicates));
    }
    if (duplicates.length === 0) return;
    await this.#remove(index);
    throw refused(index, duplicates);
  }

  #continueLater(): void {
    nextTurn()
      .then(async () => {
        const [index] = this.#building();
        if (index === undefined || this.#isStopped) return;
        await this.#write((connection) => this.#step(connection, index, index.built ?? 0, []));
        this.#continueLater();
      })
      .catch((error: unknown) => {
        if (!this.#isStopped) this.#file.options.onError(error);
      });
  }

  async #write<T>(work: (connection: Connection) => T): Promise<T> {
    const answer = this.#file.write("building an index", work);
    return isThenable(answer) ? await answer : answer;
  }

  /**
   * Gives the records from a node number on their keys; gives up to which, or `complete`. Beyond a key that is there
   * already, which is added to `duplicates`, the file takes no note of how far it is: whoever goes on finds it again.
   */
  #step(connection: Connection, index: KeyIndex, from: number, duplicates: Duplicate[]): number {
    // Another process may have completed it.
    if (!this.#building().some(({ number }) => number === index.number)) return complete;
    const { indexStep } = this.#file.options.environment;
    const total = connection.get(greatestNode)?.[0] as number;
    const members = this.#file.catalog.membersOf(index.type).join();
    let done = from;
    for (
      let stretch = 0, keyed = 0;
      done < total && keyed < indexStep && stretch < emptyStretches;
      stretch++
    ) {
      const rows = connection.all(nodesBetween(members), done, done + indexStep);
      for (const row of rows) this.#addKey(connection, index, row, duplicates);
      keyed += rows.length;
      done += indexStep;
    }
    const isComplete = done >= total;
    if (duplicates.length === 0) {
      if (isComplete) {
        this.#finish(connection, index);
        this.#file.announceCatalog(connection);
      } else {
        connection.run("UPDATE indexes SET built = ? WHERE nr = ?", done, index.number);
        this.#file.catalog.load(connection);
      }
    }
    this.#file.options.onProgress?.({ index: index.name, done: Math.min(done, total), total });
    return isComplete ? complete : done;
  }

  #addKey(connection: Connection, index: KeyIndex, row: SqlRow, duplicates: Duplicate[]): void {
    const [number, key, rest, owner, data] = row as [number, bigint, bigint, number, string | null];
    const fields = decodeFields(data);
    if (fields instanceof RowDamage) return;
    const id = new IdColumn(1);
    pushId(id, key, rest);
    const slots = index.ownSlot === undefined ? [index.slot] : [index.slot, index.ownSlot];
    const keys = slots.map((slot) => index.key(slot, fields, owner, id.words, 0));
    const assignments = slots.map((slot) => `${slotColumn(slot)} = ?`).join(", ");
    try {
      connection.run(`UPDATE nodes SET ${assignments} WHERE nr = ?`, ...keys, number);
    } catch (error) {
      if (sqliteFailure(error) !== "constraint") throw error;
      const values = index.fields.map((field) => fields[field]);
      const taken = keys[slots.indexOf(index.uniqueSlot as number)] as SqlValue;
      const sql = `SELECT key, rest FROM nodes WHERE ${slotColumn(index.uniqueSlot as number)} = ?`;
      const holder = connection.get(sql, taken);
      const ids = [...(holder === undefined ? [] : [idOf(holder, 0)]), id.at(0)];
      if (duplicates.length < listedDuplicates) duplicates.push({ values, ids });
    }
  }

  #finish(connection: Connection, index: KeyIndex): void {
    connection.run("UPDATE indexes SET built = NULL WHERE nr = ?", index.number);
    // An index of this name under other terms has been replaced. Its keys go as their slots are written.
    connection.run("DELETE FROM indexes WHERE name = ? AND nr <> ?", index.name, index.number);
  }

  /** Takes an index that cannot be back, keys and all. */
  async #remove(index: KeyIndex): Promise<void> {
    await this.#write((connection) => {
      connection.run("DELETE FROM indexes WHERE nr = ?", index.number);
      this.#file.announceCatalog(connection);
    });
    for (const slot of index.ownSlot === undefined ? [index.slot] : [index.slot, index.ownSlot]) {
      const k = slotColumn(slot);
      const sql = `UPDATE nodes SET ${k} = NULL WHERE nr IN (SELECT nr FROM nodes WHERE ${k} >= ? AND ${k} < ? LIMIT ?)`;
      const { indexStep } = this.#file.options.environment;
      const [from, to] = [
        index.bound(new Uint8Array(0), undefined),
        index.bound(Uint8Array.of(0xff), undefined),
      ];
      while ((await this.#write((connection) => connection.run(sql, from, to, indexStep))) > 0)
        await nextTurn();
    }
  }
}

function refused(index: KeyIndex, duplicates: readonly Duplicate[]): GraphError {
  const [first] = duplicates as readonly [Duplicate];
  const count =
    duplicates.length < listedDuplicates ? String(duplicates.length) : `${listedDuplicates} or more`;
  return new GraphError({
    code: "RW_STORE_CATALOG",
    message:
      `${index.name} cannot be unique: ${count} stored records have a key that another one has, ` +
      `such as ${first.ids.join(" and ")}`,
    remedy:
      "Change or delete one of each two records in `details.duplicates`, or declare an index that is not unique.",
    details: { index: index.name, fields: index.fields, duplicates },
  });
}

/** A later turn of the event loop, which keeps no process alive. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
