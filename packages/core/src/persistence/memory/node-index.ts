import { IdColumn } from "../../model/id.ts";
import type { IdTable } from "../../model/id-table.ts";
import { indexKey, keyRange } from "../../model/index-key.ts";
import type { IndexDescription } from "../../schema/catalog-description.ts";
import type { FieldData } from "../rows.ts";
import type { LookupRequest } from "../store.ts";
import { OrderedSlots, type Place } from "./ordered-slots.ts";

/** A key's bytes as a string of as many code units: compared natively, and one allocation instead of two. */
export type Key = string;

/**
 * One declared index: node slots in the order of their keys, of a unique index or one per owner also for each owner.
 */
export class NodeIndex {
  readonly name: string;
  readonly fields: readonly string[];
  readonly unique: boolean;
  readonly perOwner: boolean;
  readonly #all: OrderedSlots;
  /** Of an index per owner: the same under keys that begin with the owner's number. */
  readonly #byOwner: OrderedSlots;

  constructor(ids: IdTable, { name, fields, unique, per }: IndexDescription) {
    this.name = name;
    this.fields = fields;
    this.unique = unique;
    this.perOwner = per === "owner";
    this.#all = new OrderedSlots(ids, true);
    this.#byOwner = this.perOwner ? new OrderedSlots(ids, true) : this.#all;
  }

  keyOf(fields: FieldData): Key {
    return text(indexKey(this.fields.map((field) => fields[field])));
  }

  /** Whether another record of the same fields would break the index's promise; absent fields exempt a record. */
  isTaken(fields: FieldData, key: Key, owner: number): boolean {
    if (!this.unique || this.fields.some((field) => fields[field] === undefined)) return false;
    return this.#byOwner.firstOf(this.#scoped(key, owner)) >= 0;
  }

  add(slot: number, key: Key, owner: number): void {
    this.#all.insert(slot, key);
    if (this.perOwner) this.#byOwner.insert(slot, this.#scoped(key, owner));
  }

  remove(slot: number, key: Key, owner: number): void {
    this.#all.remove(slot, key);
    if (this.perOwner) this.#byOwner.remove(slot, this.#scoped(key, owner));
  }

  /**
   * The slots that a lookup asks for, in its order, without regard to its limit.
   *
   * @param owner the number of the asked owner, -1 where it owns nothing, `undefined` where none is asked for
   */
  slots(request: LookupRequest, owner: number | undefined): Iterable<number> {
    const { low, lowOpen, high, highOpen } = request.range ?? {};
    const range = keyRange(request.equals, {
      ...(low !== undefined && { lower: { value: low, inclusive: lowOpen !== true } }),
      ...(high !== undefined && { upper: { value: high, inclusive: highOpen !== true } }),
    });
    if (range === undefined || owner === -1) return [];
    const slots = owner === undefined ? this.#all : this.#byOwner;
    const scoped = (key: Uint8Array): Key =>
      owner === undefined ? text(key) : this.#scoped(text(key), owner);
    let from: Place = slots.beforeKey(scoped(range.from));
    let to: Place = slots.beforeKey(scoped(range.to));
    if (request.after !== undefined) {
      const key = scoped(indexKey(request.after.key));
      const after = IdColumn.of(request.after.id);
      if (request.order === "asc") from = later(from, slots.besideEntry(key, after, 0, "after"));
      else to = earlier(to, slots.besideEntry(key, after, 0, "before"));
    }
    return slots.between(from, to, request.order);
  }

  #scoped(key: Key, owner: number): Key {
    return this.perOwner
      ? `${String.fromCharCode(owner >>> 24, (owner >>> 16) & 255, (owner >>> 8) & 255, owner & 255)}${key}`
      : key;
  }
}

function text(key: Uint8Array): Key {
  return String.fromCharCode(...key);
}

function later(left: Place, right: Place): Place {
  return left.block > right.block || (left.block === right.block && left.at > right.at) ? left : right;
}

function earlier(left: Place, right: Place): Place {
  return later(left, right) === left ? right : left;
}
