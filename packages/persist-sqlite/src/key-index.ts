import { type FieldData, type IndexDescription, indexKey } from "@rootwalk/core/store";
import type { SqlRow } from "./drivers.ts";

const prefixBytes = 2;
const ownerBytes = 5;
const idBytes = 16;

/**
 * A declared index. Its keys stand in a column of the nodes, a *slot*, which indexes of unrelated types share:
 *
 * | part | bytes |
 * |---|---|
 * | number of the index | 2 |
 * | number of the owner, in the second slot of an index per owner | 5 |
 * | the values, by core's `indexKey`: bytes that order as the values do | up to 1,024 |
 * | id of the record, except where the key is unique | 16 |
 *
 * So SQLite's own unique index over the column keeps keys unique where they must be, and in key order, then id order,
 * everywhere. Expression indexes over `json_extract` were measured beside it: inserts and lookups take as long (4.6 µs
 * and 4 µs) and an indexed record 26 bytes less, but JSON text does not order as the comparison table does (bytes,
 * dates before the year 0, bigints, null beside absence), and `CREATE INDEX` on records that are there can neither
 * tell its progress nor let anyone else write.
 */
export class KeyIndex {
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly fields: readonly string[];
  readonly unique: boolean;
  readonly perOwner: boolean;
  /** The slot of keys in the order of their values. */
  readonly slot: number;
  /** Of an index per owner: the slot of keys by owner, then in the order of their values. */
  readonly ownSlot: number | undefined;
  /** While it is being built: records up to this node number have their keys. */
  readonly built: number | undefined;

  constructor(
    number: number,
    description: IndexDescription,
    slot: number,
    ownSlot: number | undefined,
    built: number | undefined,
  ) {
    this.number = number;
    this.name = description.name;
    this.type = description.type;
    this.fields = description.fields;
    this.unique = description.unique;
    this.perOwner = description.per === "owner";
    this.slot = slot;
    this.ownSlot = ownSlot;
    this.built = built;
  }

  /** @param row columns of the table `indexes` */
  static fromRow([nr, name, type, fields, unique, perOwner, slot, ownSlot, built]: SqlRow): KeyIndex {
    const description: IndexDescription = {
      name: name as string,
      type: type as string,
      fields: JSON.parse(fields as string) as string[],
      unique: unique === 1n,
      ...(perOwner === 1n && { per: "owner" as const }),
    };
    const numberOrNone = (value: unknown) => (value === null ? undefined : Number(value));
    return new KeyIndex(Number(nr), description, Number(slot), numberOrNone(ownSlot), numberOrNone(built));
  }

  get isBuilding(): boolean {
    return this.built !== undefined;
  }

  get description(): IndexDescription {
    const { name, type, fields, unique, perOwner } = this;
    return { name, type, fields, unique, ...(perOwner && { per: "owner" as const }) };
  }

  /** The slot whose keys say that a key is taken. */
  get uniqueSlot(): number | undefined {
    return this.unique ? (this.ownSlot ?? this.slot) : undefined;
  }

  /** Whether it is the index that is described. */
  promises({ name, type, fields, unique, per }: IndexDescription): boolean {
    return (
      this.name === name &&
      this.type === type &&
      this.unique === unique &&
      this.perOwner === (per === "owner") &&
      this.fields.join("\0") === fields.join("\0")
    );
  }

  /**
   * The key of a record in one of the slots.
   *
   * @param words words of the record's id, from `at`
   * @throws {ValidationError} for values that have no place in an index
   */
  key(slot: number, fields: FieldData, owner: number, words: Int32Array, at: number): Uint8Array {
    const values = indexKey(this.fields.map((field) => fields[field]));
    const ofOwner = slot === this.ownSlot;
    const isUnique = slot === this.uniqueSlot && this.fields.every((field) => fields[field] !== undefined);
    const key = this.#begin(ofOwner ? owner : undefined, values, isUnique ? 0 : idBytes);
    if (!isUnique) writeWords(key, key.length - idBytes, words, at);
    return key;
  }

  /** A key, or the beginning of keys, from bytes of values. */
  bound(values: Uint8Array, owner: number | undefined): Uint8Array {
    return this.#begin(owner, values, 0);
  }

  #begin(owner: number | undefined, values: Uint8Array, room: number): Uint8Array {
    const at = prefixBytes + (owner === undefined ? 0 : ownerBytes);
    const key = new Uint8Array(at + values.length + room);
    key[0] = this.number >>> 8;
    key[1] = this.number;
    if (owner !== undefined) {
      key[2] = Math.floor(owner / 2 ** 32);
      key[3] = owner >>> 24;
      key[4] = owner >>> 16;
      key[5] = owner >>> 8;
      key[6] = owner;
    }
    key.set(values, at);
    return key;
  }
}

function writeWords(bytes: Uint8Array, to: number, words: Int32Array, at: number): void {
  for (let k = 0; k < 4; k++) {
    const word = words[at + k] as number;
    bytes[to + k * 4] = word >>> 24;
    bytes[to + k * 4 + 1] = word >>> 16;
    bytes[to + k * 4 + 2] = word >>> 8;
    bytes[to + k * 4 + 3] = word;
  }
}
