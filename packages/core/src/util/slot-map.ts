import { youngArray } from "./young-array.ts";

/** So many keys are looked through faster than they are hashed. */
const FEW = 8;

type Table = number[] | Int32Array;

/** Small tables are plain arrays: V8 copies one in 0.1 us, and makes a typed one, outside of its heap, in 1 us. */
const MOST_PLAIN = 2048;
const zeros: readonly number[] = new Array<number>(MOST_PLAIN).fill(0);

/** No key. */
const NONE = -0x40000000;

/**
 * A map by small integers, in order of insertion, without deletion. A unit notes every record that it hands out: a Map
 * takes 75 ns for that once it holds some thousands, this 20 ns. Most units hand out one record or two, which take no
 * memory beside the map's own.
 */
export class SlotMap<Value> {
  #size = 0;
  // The first two; the arrays hold them too once there are more.
  #firstKey = NONE;
  #secondKey = NONE;
  #first: Value | undefined = undefined;
  #second: Value | undefined = undefined;
  #keys: number[] | undefined = undefined;
  #values: Value[] | undefined = undefined;
  /** Positions in the arrays, plus one, by hash; 0 is empty. Made when there are more than a few. */
  #table: Table | undefined = undefined;

  get size(): number {
    return this.#size;
  }

  get(key: number): Value | undefined {
    if (this.#firstKey === key) return this.#first;
    if (this.#secondKey === key) return this.#second;
    if (this.#size < 3) return undefined;
    const at = this.#find(key);
    return at < 0 ? undefined : this.#values![at];
  }

  has(key: number): boolean {
    return this.#firstKey === key || this.#secondKey === key || (this.#size > 2 && this.#find(key) >= 0);
  }

  /** Adds a key that is not there yet: who adds has looked. @param key from 0 */
  add(key: number, value: Value): void {
    const position = this.#size++;
    if (position === 0) {
      this.#firstKey = key;
      this.#first = value;
      return;
    }
    if (position === 1) {
      this.#secondKey = key;
      this.#second = value;
      return;
    }
    if (position === 2) this.#spread();
    const keys = this.#keys!;
    keys.push(key);
    this.#values!.push(value);
    const table = this.#table;
    if (table === undefined ? keys.length > FEW : keys.length * 2 > table.length) this.#rehash();
    else if (table !== undefined) this.#place(table, key, keys.length);
  }

  /** @param position in order of insertion, below `size` */
  keyAt(position: number): number {
    if (position === 0) return this.#firstKey;
    return position === 1 ? this.#secondKey : this.#keys![position]!;
  }

  /** As `keyAt`. */
  valueAt(position: number): Value {
    if (position === 0) return this.#first!;
    return position === 1 ? this.#second! : this.#values![position]!;
  }

  *[Symbol.iterator](): Generator<[number, Value]> {
    for (let i = 0; i < this.#size; i++) yield [this.keyAt(i), this.valueAt(i)];
  }

  #spread(): void {
    const keys = youngArray<number>();
    const values = youngArray<Value>();
    keys.push(this.#firstKey, this.#secondKey);
    values.push(this.#first!, this.#second!);
    this.#keys = keys;
    this.#values = values;
  }

  #find(key: number): number {
    const keys = this.#keys!;
    const table = this.#table;
    if (table === undefined) return keys.indexOf(key);
    const mask = table.length - 1;
    for (let at = hash(key) & mask; ; at = (at + 1) & mask) {
      const position = table[at]! - 1;
      if (position < 0 || keys[position] === key) return position;
    }
  }

  #place(table: Table, key: number, position: number): void {
    const mask = table.length - 1;
    let at = hash(key) & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = position;
  }

  #rehash(): void {
    const keys = this.#keys!;
    let length = 32;
    while (length < keys.length * 4) length *= 2;
    const table = length <= MOST_PLAIN ? zeros.slice(0, length) : new Int32Array(length);
    for (let i = 0; i < keys.length; i++) this.#place(table, keys[i]!, i + 1);
    this.#table = table;
  }
}

function hash(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
