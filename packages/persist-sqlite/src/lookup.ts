import {
  compareKeys,
  IdColumn,
  keyRange,
  type LookupRequest,
  NodeRows,
  RowDamage,
} from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { pushId } from "./id-halves.ts";
import type { KeyIndex } from "./key-index.ts";
import { compareHalves, halvesOf, nodeColumns } from "./reader.ts";
import { decodeFields } from "./row-codec.ts";
import { slotColumn } from "./tables.ts";

/** The stretch of keys that a lookup asks for. */
interface Stretch {
  readonly slot: number;
  /** From `from`, inclusive, to `to`, exclusive. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** Where the page begins: beyond the record that has this key and id. */
  readonly after: { readonly key: Uint8Array; readonly id: readonly [key: bigint, rest: bigint] } | undefined;
}

/**
 * A page of a stretch. Where it begins beyond a record, that takes the place of the stretch's own bound: of two bounds
 * on one side SQLite seeks to the first and passes over the rest. Unique keys do not end with the id, so that of the
 * record itself, or of one that took its key, is compared apart.
 */
const page = (slot: number, order: "asc" | "desc", isAfter: boolean): string => {
  const k = `n.${slotColumn(slot)}`;
  const beyond = order === "asc" ? ">" : "<";
  const high = isAfter && order === "desc" ? "<=" : "<";
  const after = isAfter ? `AND (${k} ${beyond} ? OR (n.key, n.rest) ${beyond} (?, ?))` : "";
  return `SELECT ${nodeColumns} FROM nodes n WHERE ${k} >= ? AND ${k} ${high} ? ${after} ORDER BY ${k} ${order} LIMIT ?`;
};

/** Looks records up by the keys of declared indexes. */
export class Lookup {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  read(connection: Connection, request: LookupRequest): { rows: NodeRows; more: boolean } {
    const index = this.#file.catalog.index(request.index);
    const stretch = this.#stretch(connection, index, request);
    if (stretch === undefined) return { rows: new NodeRows(), more: false };
    const rows = index.isBuilding
      ? this.#scan(connection, index, stretch, request)
      : this.#seek(connection, stretch, request);
    const answer = new NodeRows();
    for (let i = 0; i < rows.length && i < request.limit; i++)
      this.#file.reader.pushNode(answer, rows[i] as SqlRow);
    this.#file.settleIds(connection);
    return { rows: answer, more: rows.length > request.limit };
  }

  #stretch(connection: Connection, index: KeyIndex, request: LookupRequest): Stretch | undefined {
    const { low, lowOpen, high, highOpen } = request.range ?? {};
    const range = keyRange(request.equals, {
      ...(low !== undefined && { lower: { value: low, inclusive: lowOpen !== true } }),
      ...(high !== undefined && { upper: { value: high, inclusive: highOpen !== true } }),
    });
    if (range === undefined) return undefined;
    let owner: number | undefined;
    if (request.owner !== undefined) {
      owner = this.#file.owners.findNumber(connection, IdColumn.of(request.owner), 0);
      if (owner === undefined) return undefined;
    }
    const slot = (owner === undefined ? index.slot : index.ownSlot) as number;
    const { after } = request;
    return {
      slot,
      from: index.bound(range.from, owner),
      to: index.bound(range.to, owner),
      after: after && {
        key: index.key(
          slot,
          Object.fromEntries(index.fields.map((field, i) => [field, after.key[i]])),
          owner ?? 0,
          IdColumn.of(after.id).words,
          0,
        ),
        id: halvesOf(after.id),
      },
    };
  }

  #seek(
    connection: Connection,
    { slot, from, to, after }: Stretch,
    { order, limit }: LookupRequest,
  ): SqlRow[] {
    const isAfter =
      after !== undefined &&
      (order === "asc" ? compareKeys(after.key, from) >= 0 : compareKeys(after.key, to) < 0);
    const sql = page(slot, order, isAfter);
    if (!isAfter) return connection.all(sql, from, to, limit + 1);
    const [low, high] = order === "asc" ? [after.key, to] : [from, after.key];
    return connection.all(sql, low, high, after.key, ...after.id, limit + 1);
  }

  /** The same without the index, which is being built: reads every record that it will hold. */
  #scan(connection: Connection, index: KeyIndex, stretch: Stretch, request: LookupRequest): SqlRow[] {
    const { slot, from, to, after } = stretch;
    const sign = request.order === "asc" ? 1 : -1;
    const found: { key: Uint8Array; row: SqlRow }[] = [];
    const scratch = new IdColumn(1);
    const members = this.#file.catalog.membersOf(index.type).join();
    for (const row of connection.all(indexableNodes(members))) {
      const fields = decodeFields(row[3]);
      if (fields instanceof RowDamage) continue;
      scratch.clear();
      pushId(scratch, row[0] as bigint, row[1] as bigint);
      const key = index.key(slot, fields, row[5] as number, scratch.words, 0);
      if (compareKeys(key, from) < 0 || compareKeys(key, to) >= 0) continue;
      if (after !== undefined) {
        const beyond =
          compareKeys(key, after.key) || compareHalves(row[0] as bigint, row[1] as bigint, ...after.id);
        if (beyond * sign <= 0) continue;
      }
      found.push({ key, row });
    }
    // Until the index is complete two records may have a key that is to be unique.
    found.sort(
      (x, y) =>
        (compareKeys(x.key, y.key) ||
          compareHalves(x.row[0] as bigint, x.row[1] as bigint, y.row[0] as bigint, y.row[1] as bigint)) *
        sign,
    );
    return found.slice(0, request.limit + 1).map(({ row }) => row);
  }
}

const indexableNodes = (members: string): string =>
  `SELECT ${nodeColumns}, CAST(n.owner AS REAL) AS owner FROM nodes n WHERE n.gone IS NULL AND n.type IN (${members})`;
