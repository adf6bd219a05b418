import { IdColumn } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./drivers.ts";
import { keyOf, pushId, restOf } from "./id-halves.ts";

const firstSlots = 1 << 10;
const mostSlots = 1 << 19;

// A node takes 32 bytes, half of a cache line: the four words of its id, its number and its head as doubles.
const wordsEach = 8;
const doublesEach = 4;
const numberAt = 2;
const headAt = 3;

/**
 * Node numbers and the ids that they stand for, as far as they were met lately, in both directions, and of each node
 * what is told of it where it is a far end. Bounded: when it is half full and cannot grow, it begins again. Until then
 * nothing that was noted is lost, so that a frontier that has just been read costs no statement to name, and a far end
 * is read once instead of with every edge that leads to it.
 *
 * It is right as long as no other process has committed: what it names then lives. Whoever sees another process's
 * commit clears it, and whoever changes a node's access record or removes it here takes its head out.
 *
 * What is told of a node stands together and both tables lead there: these tables are larger than the processor's
 * caches, so that each place that must be looked at is most of what a look costs.
 */
export class KnownNodes {
  #slots = firstSlots;
  #noted = 0;
  #words: Int32Array = new Int32Array((firstSlots / 2) * wordsEach);
  /** The same memory: numbers, and what `farHeadSql` says of the nodes: unknown, in the map, or the number itself. */
  #doubles: Float64Array = new Float64Array(this.#words.buffer);
  /** Nodes, counted from 1, from the place that the id's hash names on; negative where the id was forgotten. */
  #byId: Int32Array = new Int32Array(firstSlots);
  /** The same from the place that the number names on. */
  #byNumber: Int32Array = new Int32Array(firstSlots);
  readonly #unusualHeads: Map<number, string> = new Map();

  /** The number of an id, 0 where it is not known here. */
  find(words: Int32Array, at: number): number {
    const node = this.#byId[this.#placeOf(words, at)] as number;
    return node > 0 ? this.#numberOf(node) : 0;
  }

  /** @param head what `farHeadSql` says of it, where that is at hand */
  note(words: Int32Array, at: number, number: number, head?: SqlValue): void {
    let place = this.#placeOf(words, at);
    let node = this.#byId[place] as number;
    if (node <= 0 || this.#numberOf(node) !== number) {
      // An id that comes back under another number takes a place by that number too.
      if (this.#noted * 2 >= this.#slots) {
        this.#makeRoom();
        place = this.#placeOf(words, at);
      }
      node = this.#add(words, at, number, unknownHead, place);
    }
    if (head !== undefined) this.#noteHead(node, number, head);
  }

  /**
   * Where a node stands of whose number both the id and the head are known here, else 0. It stays there until something
   * is noted or everything is cleared.
   */
  placeOf(number: number): number {
    const node = this.#byNumber[this.#placeOfNumber(number)] as number;
    return node !== 0 && this.#headOf(node) !== unknownHead ? node : 0;
  }

  /** What `farHeadSql` says of the node at a place. */
  headAt(place: number): SqlValue {
    const head = this.#headOf(place);
    return head === unusualHead ? (this.#unusualHeads.get(this.#numberOf(place)) as string) : head;
  }

  /** Appends the id of the node at a place. */
  pushAt(column: IdColumn, place: number): void {
    const words = this.#words;
    const at = (place - 1) * wordsEach;
    column.pushWords(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    );
  }

  /** Takes the id out. */
  forget(words: Int32Array, at: number): void {
    this.forgetHead(words, at);
    const place = this.#placeOf(words, at);
    this.#byId[place] = -Math.abs(this.#byId[place] as number);
  }

  /** Takes out what was known of the node beside its number. */
  forgetHead(words: Int32Array, at: number): void {
    const node = this.#byId[this.#placeOf(words, at)] as number;
    if (node > 0) this.#setHead(node, unknownHead);
  }

  /** Appends the id of a number; false where it is not known here. */
  push(column: IdColumn, number: number): boolean {
    const node = this.#byNumber[this.#placeOfNumber(number)] as number;
    if (node === 0) return false;
    this.pushAt(column, node);
    return true;
  }

  clear(): void {
    if (this.#noted === 0) return;
    this.#unusualHeads.clear();
    if (this.#slots === firstSlots) {
      this.#noted = 0;
      this.#byId.fill(0);
      this.#byNumber.fill(0);
      return;
    }
    // Another process may commit a thousand times a second: small tables are sooner made than large ones emptied.
    this.#resize(firstSlots);
  }

  #numberOf(node: number): number {
    return this.#doubles[(node - 1) * doublesEach + numberAt] as number;
  }

  #headOf(node: number): number {
    return this.#doubles[(node - 1) * doublesEach + headAt] as number;
  }

  #setHead(node: number, head: number): void {
    this.#doubles[(node - 1) * doublesEach + headAt] = head;
  }

  #noteHead(node: number, number: number, head: SqlValue): void {
    if (typeof head === "number") {
      this.#setHead(node, head);
      return;
    }
    this.#setHead(node, unusualHead);
    this.#unusualHeads.set(number, head as string);
  }

  /** @param place of the id; @returns the node */
  #add(words: Int32Array, at: number, number: number, head: number, place: number): number {
    const to = this.#noted * wordsEach;
    for (let k = 0; k < 4; k++) this.#words[to + k] = words[at + k] as number;
    this.#noted += 1;
    const node = this.#noted;
    this.#doubles[(node - 1) * doublesEach + numberAt] = number;
    this.#setHead(node, head);
    this.#byId[place] = node;
    this.#byNumber[this.#placeOfNumber(number)] = node;
    return node;
  }

  /** Where the id is, or the free place where it belongs. */
  #placeOf(words: Int32Array, at: number): number {
    const mask = this.#slots - 1;
    const places = this.#byId;
    let place = hash(words, at) & mask;
    for (;;) {
      const node = Math.abs(places[place] as number);
      if (node === 0 || same(this.#words, (node - 1) * wordsEach, words, at)) return place;
      place = (place + 1) & mask;
    }
  }

  /** Where the number is, or the free place where it belongs. */
  #placeOfNumber(number: number): number {
    const mask = this.#slots - 1;
    const places = this.#byNumber;
    // Numbers come in runs, which would fill long stretches of the table that others then have to pass.
    let place = (Math.imul(number, 0x9e3779b1) >>> 11) & mask;
    for (;;) {
      const node = places[place] as number;
      if (node === 0 || this.#numberOf(node) === number) return place;
      place = (place + 1) & mask;
    }
  }

  #makeRoom(): void {
    if (this.#slots >= mostSlots) {
      this.clear();
      return;
    }
    const words = this.#words;
    const doubles = this.#doubles;
    const isKept = new Uint8Array(this.#noted + 1);
    for (const node of this.#byId) if (node > 0) isKept[node] = 1;
    this.#resize(this.#slots * 8);
    for (let node = 1; node < isKept.length; node++) {
      if (isKept[node] === 0) continue;
      const at = (node - 1) * wordsEach;
      const from = (node - 1) * doublesEach;
      const number = doubles[from + numberAt] as number;
      this.#add(words, at, number, doubles[from + headAt] as number, this.#placeOf(words, at));
    }
  }

  #resize(slots: number): void {
    this.#slots = slots;
    this.#noted = 0;
    this.#words = new Int32Array((slots / 2) * wordsEach);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#byId = new Int32Array(slots);
    this.#byNumber = new Int32Array(slots);
  }
}

const unknownHead = -1;
const unusualHead = -2;

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
