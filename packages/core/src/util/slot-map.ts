/** So many keys are looked through faster than they are hashed. */
const FEW = 8;

/**
 * A map by small integers, in order of insertion, without deletion. A unit notes every record that it hands out: a Map
 * takes 75 ns for that once it holds some thousands, this 20 ns.
 */
export class SlotMap<Value> {
  readonly #keys: number[] = [];
  readonly #values: Value[] = [];
  /** Positions in the arrays, plus one, by hash; 0 is empty. Made when there are more than a few. */
  #table: Int32Array | undefined;

  get size(): number {
    return this.#keys.length;
  }

  get(key: number): Value | undefined {
    const at = this.#find(key);
    return at < 0 ? undefined : this.#values[at];
  }

  has(key: number): boolean {
    return this.#find(key) >= 0;
  }

  set(key: number, value: Value): void {
    const at = this.#find(key);
    if (at >= 0) {
      this.#values[at] = value;
      return;
    }
    this.#keys.push(key);
    this.#values.push(value);
    const size = this.#keys.length;
    if (this.#table === undefined ? size > FEW : size * 2 > this.#table.length) this.#rehash(size);
    else if (this.#table !== undefined) this.#place(this.#table, key, size);
  }

  /** In order of insertion. */
  keys(): readonly number[] {
    return this.#keys;
  }

  /** As `keys`. */
  values(): readonly Value[] {
    return this.#values;
  }

  *[Symbol.iterator](): Generator<[number, Value]> {
    for (let i = 0; i < this.#keys.length; i++) yield [this.#keys[i]!, this.#values[i]!];
  }

  #find(key: number): number {
    const keys = this.#keys;
    const table = this.#table;
    if (table === undefined) return keys.indexOf(key);
    const mask = table.length - 1;
    for (let at = hash(key) & mask; ; at = (at + 1) & mask) {
      const position = table[at]! - 1;
      if (position < 0 || keys[position] === key) return position;
    }
  }

  #place(table: Int32Array, key: number, position: number): void {
    const mask = table.length - 1;
    let at = hash(key) & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = position;
  }

  #rehash(size: number): void {
    let length = 32;
    while (length < size * 4) length *= 2;
    const table = new Int32Array(length);
    for (let i = 0; i < size; i++) this.#place(table, this.#keys[i]!, i + 1);
    this.#table = table;
  }
}

function hash(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
