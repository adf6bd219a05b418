import { IdColumn } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./drivers.ts";
import { keyOf, pushId, restOf } from "./id-halves.ts";

const firstSlots = 1 << 10;
const mostSlots = 1 << 19;

/**
 * Node numbers and the ids that they stand for, as far as they were met lately, in both directions, and of each node
 * what is told of it where it is a far end. Bounded: when it is half full and cannot grow, it begins again. Until then
 * nothing that was noted is lost, so that a frontier that has just been read costs no statement to name, and a far end
 * is read once instead of with every edge that leads to it.
 *
 * It is right as long as no other process has committed: what it names then lives. Whoever sees another process's
 * commit clears it, and whoever changes a node's access record or removes it here takes its head out.
 */
export class KnownNodes {
  #slots = firstSlots;
  #noted = 0;
  // Words and number of an id, from the place that the id's hash names on; a number of -1 was forgotten.
  #ids: Int32Array = new Int32Array(firstSlots * 4);
  #numbers: Float64Array = new Float64Array(firstSlots);
  // The same from the place that the number names on.
  #idsByNumber: Int32Array = new Int32Array(firstSlots * 4);
  #numbersByNumber: Float64Array = new Float64Array(firstSlots);
  // What `farHeadSql` says of the node: unknown, in the map, or the number itself.
  #heads: Float64Array = new Float64Array(firstSlots);
  readonly #unusualHeads: Map<number, string> = new Map();

  /** The number of an id, 0 where it is not known here. */
  find(words: Int32Array, at: number): number {
    const slot = this.#placeOf(words, at);
    return Math.max(0, this.#numbers[slot] as number);
  }

  /** @param head what `farHeadSql` says of it, where that is at hand */
  note(words: Int32Array, at: number, number: number, head?: SqlValue): void {
    let slot = this.#placeOf(words, at);
    if (this.#numbers[slot] !== number) {
      // An id that comes back under another number takes a place by that number too.
      if (this.#noted * 2 >= this.#slots) {
        this.#makeRoom();
        slot = this.#placeOf(words, at);
      }
      this.#noted += 1;
      copy(words, at, this.#ids, slot << 2);
      this.#numbers[slot] = number;
      const other = this.#placeOfNumber(number);
      copy(words, at, this.#idsByNumber, other << 2);
      this.#numbersByNumber[other] = number;
      this.#heads[other] = unknownHead;
    }
    if (head !== undefined) this.#noteHead(number, head);
  }

  /** What `farHeadSql` says of the node of a number; `undefined` where it is not known here. */
  headOf(number: number): SqlValue | undefined {
    const slot = this.#placeOfNumber(number);
    if (this.#numbersByNumber[slot] !== number) return undefined;
    const head = this.#heads[slot] as number;
    if (head >= 0) return head;
    return head === unusualHead ? this.#unusualHeads.get(number) : undefined;
  }

  /** Takes the id out. */
  forget(words: Int32Array, at: number): void {
    this.forgetHead(words, at);
    const slot = this.#placeOf(words, at);
    if (this.#numbers[slot] !== 0) this.#numbers[slot] = -1;
  }

  /** Takes out what was known of the node beside its number. */
  forgetHead(words: Int32Array, at: number): void {
    const number = this.find(words, at);
    if (number === 0) return;
    const slot = this.#placeOfNumber(number);
    if (this.#numbersByNumber[slot] === number) this.#heads[slot] = unknownHead;
  }

  /** Appends the id of a number; false where it is not known here. */
  push(column: IdColumn, number: number): boolean {
    const slot = this.#placeOfNumber(number);
    if (this.#numbersByNumber[slot] !== number) return false;
    const ids = this.#idsByNumber;
    const at = slot << 2;
    column.pushWords(ids[at] as number, ids[at + 1] as number, ids[at + 2] as number, ids[at + 3] as number);
    return true;
  }

  clear(): void {
    if (this.#noted === 0) return;
    this.#noted = 0;
    this.#unusualHeads.clear();
    if (this.#slots === firstSlots) {
      this.#numbers.fill(0);
      this.#numbersByNumber.fill(0);
      return;
    }
    // Another process may commit a thousand times a second: small tables are sooner made than large ones emptied.
    this.#resize(firstSlots);
  }

  #noteHead(number: number, head: SqlValue): void {
    const slot = this.#placeOfNumber(number);
    if (typeof head === "number") {
      this.#heads[slot] = head;
      return;
    }
    this.#heads[slot] = unusualHead;
    this.#unusualHeads.set(number, head as string);
  }

  /** Where the id is, or the free place where it belongs. */
  #placeOf(words: Int32Array, at: number): number {
    const mask = this.#slots - 1;
    let slot = hash(words, at) & mask;
    while (this.#numbers[slot] !== 0 && !same(this.#ids, slot << 2, words, at)) slot = (slot + 1) & mask;
    return slot;
  }

  #placeOfNumber(number: number): number {
    return placeOfNumber(this.#numbersByNumber, number);
  }

  #makeRoom(): void {
    if (this.#slots >= mostSlots) {
      this.clear();
      return;
    }
    const ids = this.#ids;
    const numbers = this.#numbers;
    const numbersByNumber = this.#numbersByNumber;
    const heads = this.#heads;
    this.#resize(this.#slots * 8);
    this.#noted = 0;
    for (let slot = 0; slot < numbers.length; slot++) {
      const number = numbers[slot] as number;
      if (number <= 0) continue;
      this.note(ids, slot << 2, number);
      const from = placeOfNumber(numbersByNumber, number);
      this.#heads[this.#placeOfNumber(number)] = heads[from] as number;
    }
  }

  #resize(slots: number): void {
    this.#slots = slots;
    this.#ids = new Int32Array(slots * 4);
    this.#numbers = new Float64Array(slots);
    this.#idsByNumber = new Int32Array(slots * 4);
    this.#numbersByNumber = new Float64Array(slots);
    this.#heads = new Float64Array(slots);
  }
}

const unknownHead = -1;
const unusualHead = -2;

/** Where the number is, or the free place where it belongs. */
function placeOfNumber(numbers: Float64Array, number: number): number {
  const mask = numbers.length - 1;
  // Numbers come in runs, which would fill long stretches of the table that others then have to pass.
  let slot = (Math.imul(number, 0x9e3779b1) >>> 11) & mask;
  while (numbers[slot] !== 0 && numbers[slot] !== number) slot = (slot + 1) & mask;
  return slot;
}

function hash(words: Int32Array, at: number): number {
  const h = Math.imul((words[at + 3] as number) ^ Math.imul(words[at + 1] as number, 0x9e3779b1), 0x85ebca77);
  return (h ^ (h >>> 15)) >>> 0;
}

function same(left: Int32Array, leftAt: number, right: Int32Array, rightAt: number): boolean {
  return (
    left[leftAt + 3] === right[rightAt + 3] &&
    left[leftAt + 2] === right[rightAt + 2] &&
    left[leftAt + 1] === right[rightAt + 1] &&
    left[leftAt] === right[rightAt]
  );
}

function copy(from: Int32Array, fromAt: number, to: Int32Array, toAt: number): void {
  for (let k = 0; k < 4; k++) to[toAt + k] = from[fromAt + k] as number;
}

/** Owners remembered at most. */
const knownOwners = 50_000;

/** The owners of records by the small numbers that rows have. An owner's row is kept for good. */
export class Owners {
  readonly #ids: Map<number, Int32Array> = new Map();
  readonly #numbers: Map<string, number> = new Map();
  #lastNumber = -1;
  #lastWords: Int32Array = new Int32Array(4);

  /** The words of an owner's id. */
  find(number: number): Int32Array | undefined {
    if (number === this.#lastNumber) return this.#lastWords;
    const words = this.#ids.get(number);
    if (words !== undefined) {
      this.#lastNumber = number;
      this.#lastWords = words;
    }
    return words;
  }

  /** The number of owner `i` of a column; makes one where the owner is new. */
  numberOf(connection: Connection, owners: IdColumn, i: number): number {
    const { words } = owners;
    if (this.#lastNumber >= 0 && same(this.#lastWords, 0, words, i * 4)) return this.#lastNumber;
    const text = owners.at(i);
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.find(known);
      return known;
    }
    const number = this.#lookUp(connection, words, i * 4) ?? this.#add(connection, words, i * 4);
    this.#note(number, words.slice(i * 4, i * 4 + 4), text);
    return number;
  }

  /** The number of owner `i` of a column, `undefined` where it has never owned anything. */
  findNumber(connection: Connection, owners: IdColumn, i: number): number | undefined {
    return this.#numbers.get(owners.at(i)) ?? this.#lookUp(connection, owners.words, i * 4);
  }

  /** Learns owners by number, in one statement; gives their ids. */
  learn(connection: Connection, numbers: Iterable<number>): Map<number, Int32Array> {
    const learnt = new Map<number, Int32Array>();
    const column = new IdColumn();
    for (const [nr, key, rest] of connection.all(ownersByNumber, `[${[...numbers].join()}]`)) {
      const at = pushId(column, key as bigint, rest as bigint);
      const words = column.words.slice(at * 4, at * 4 + 4);
      learnt.set(Number(nr), words);
      this.#note(Number(nr), words, column.at(at));
    }
    return learnt;
  }

  clear(): void {
    this.#ids.clear();
    this.#numbers.clear();
    this.#lastNumber = -1;
  }

  #note(number: number, words: Int32Array, text: string): void {
    if (this.#ids.size >= knownOwners) this.clear();
    this.#ids.set(number, words);
    this.#numbers.set(text, number);
    this.#lastNumber = number;
    this.#lastWords = words;
  }

  #lookUp(connection: Connection, words: Int32Array, at: number): number | undefined {
    const row = connection.get(ownerById, keyOf(words, at), restOf(words, at));
    return row === undefined ? undefined : Number(row[0]);
  }

  #add(connection: Connection, words: Int32Array, at: number): number {
    connection.run(addOwner, keyOf(words, at), restOf(words, at));
    return this.#lookUp(connection, words, at) as number;
  }
}

const ownerById = "SELECT nr FROM owners WHERE key = ? AND rest = ?";
const addOwner = "INSERT INTO owners (key, rest) VALUES (?, ?)";
const ownersByNumber =
  "SELECT o.nr AS nr, o.key AS key, o.rest AS rest FROM json_each(?) r CROSS JOIN owners o ON o.nr = r.value";
