import { IdColumn, missingId } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import { pushId } from "./id-halves.ts";
import type { KnownNodes, Owners } from "./known-ids.ts";

interface Gap {
  readonly column: IdColumn;
  readonly at: number;
  readonly number: number;
}

/**
 * Writes ids into columns by the numbers that rows have. What is not known at once leaves a gap, and all gaps of an
 * answer are filled by one statement.
 */
export class PendingIds {
  readonly #known: KnownNodes;
  readonly #owners: Owners;
  #nodeGaps: Gap[] = [];
  #ownerGaps: Gap[] = [];

  constructor(known: KnownNodes, owners: Owners) {
    this.#known = known;
    this.#owners = owners;
  }

  pushOwner(column: IdColumn, number: number): void {
    const words = this.#owners.find(number);
    if (words === undefined) {
      this.#ownerGaps.push({ column, at: column.pushWords(...nobody), number });
      return;
    }
    column.pushWords(words[0] as number, words[1] as number, words[2] as number, words[3] as number);
  }

  pushNode(column: IdColumn, number: number): void {
    if (this.#known.push(column, number)) return;
    this.#nodeGaps.push({ column, at: column.pushWords(...nobody), number });
  }

  /** Fills the gaps. */
  settle(connection: Connection): void {
    if (this.#ownerGaps.length > 0) this.#settleOwners(connection);
    if (this.#nodeGaps.length > 0) this.#settleNodes(connection);
  }

  #settleOwners(connection: Connection): void {
    const gaps = this.#ownerGaps;
    this.#ownerGaps = [];
    const learnt = this.#owners.learn(connection, new Set(gaps.map(({ number }) => number)));
    for (const { column, at, number } of gaps) {
      const words = learnt.get(number);
      if (words !== undefined) column.words.set(words, at * 4);
    }
  }

  #settleNodes(connection: Connection): void {
    const gaps = this.#nodeGaps;
    this.#nodeGaps = [];
    const numbers = [...new Set(gaps.map(({ number }) => number))];
    const ids = new IdColumn(numbers.length);
    const places = new Map<number, number>();
    for (const [number, key, rest] of connection.all(idsByNumber, `[${numbers.join()}]`)) {
      const place = pushId(ids, key as bigint, rest as bigint);
      places.set(number as number, place);
      this.#known.note(ids.words, place * 4, number as number);
    }
    for (const { column, at, number } of gaps) {
      const place = places.get(number);
      if (place !== undefined) column.words.set(ids.words.subarray(place * 4, place * 4 + 4), at * 4);
    }
  }
}

/** Stands where the row of an end or of an owner is missing, which only damage can bring about. */
const nobody = Array.from(IdColumn.of(missingId).words.subarray(0, 4)) as [number, number, number, number];

const idsByNumber =
  "SELECT CAST(n.nr AS REAL) AS nr, n.key AS key, n.rest AS rest " +
  "FROM json_each(?) r CROSS JOIN nodes n ON n.nr = r.value";
