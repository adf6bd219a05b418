import { toTaggedJson } from "../model/tagged-json.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { IndexDefinition } from "../schema/definition.ts";
import { stableJson } from "../util/stable-json.ts";
import { type AppliedChange, CREATED, DATA, NODE, REMOVED } from "./change-log.ts";
import { DELETED, type RecordState, type RecordTable } from "./record-table.ts";

/** What one key of an index finds: slots, and beside them the ids they had. */
interface Found {
  readonly slots: readonly number[];
  readonly words: Int32Array;
}

/** Keys that find more are looked up each time: remembering them costs more than it saves. */
const MOST_FOUND = 16;

/**
 * Remembers what whole keys of indexes found, nothing included, as of the commit that L1 is at: a commit forgets the
 * keys that it touches. Slots are remembered with their ids, so that one evicted or used anew since is told.
 */
export class LookupCache {
  readonly #catalog: Catalog;
  readonly #nodes: RecordTable;
  readonly #most: number;
  /** By index, then by key. */
  readonly #found: Map<string, Map<string, Found>> = new Map();
  #size = 0;

  /** @param most keys kept at most */
  constructor(catalog: Catalog, nodes: RecordTable, most: number) {
    this.#catalog = catalog;
    this.#nodes = nodes;
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** The slots that have the key, in id order; `undefined` where that is not known, or not all of them are resident. */
  get(index: string, key: readonly unknown[]): readonly number[] | undefined {
    const found = this.#found.get(index)?.get(keyText(key));
    if (found === undefined) return undefined;
    const { ids, flags, states } = this.#nodes;
    for (let i = 0; i < found.slots.length; i++) {
      const slot = found.slots[i]!;
      if (flags[slot] === 0 || (flags[slot]! & DELETED) !== 0 || states[slot] === undefined) return undefined;
      for (let k = 0; k < 4; k++) if (ids[slot * 4 + k] !== found.words[i * 4 + k]) return undefined;
    }
    return found.slots;
  }

  /** @param slots everything that has the key */
  set(index: string, key: readonly unknown[], slots: readonly number[]): void {
    if (slots.length > MOST_FOUND) return;
    let keys = this.#found.get(index);
    if (keys === undefined) {
      keys = new Map();
      this.#found.set(index, keys);
    }
    const words = new Int32Array(slots.length * 4);
    for (let i = 0; i < slots.length; i++)
      words.set(this.#nodes.ids.subarray(slots[i]! * 4, slots[i]! * 4 + 4), i * 4);
    const text = keyText(key);
    if (!keys.has(text)) {
      if (this.#size >= this.#most) this.clear();
      this.#size += 1;
    }
    keys.set(text, { slots: [...slots], words });
  }

  /** Forgets what these changes may have made untrue. */
  forget(changes: readonly AppliedChange[]): void {
    if (this.#size === 0) return;
    for (const change of changes) {
      if (change.kind !== NODE || (change.op & (CREATED | DATA | REMOVED)) === 0) continue;
      for (const index of this.#catalog.definition(change.type).indexes) this.#forget(index, change);
    }
  }

  #forget(index: IndexDefinition, { op, before, after }: AppliedChange): void {
    const keys = this.#found.get(index.stored.name);
    if (keys === undefined || keys.size === 0) return;
    const isKnown =
      ((op & CREATED) !== 0 || before !== undefined) && ((op & REMOVED) !== 0 || after !== undefined);
    if (!isKnown) {
      this.#size -= keys.size;
      keys.clear();
      return;
    }
    for (const state of [before, after]) {
      if (state !== undefined && keys.delete(keyText(keyOf(index, state)))) this.#size -= 1;
    }
  }

  clear(): void {
    this.#found.clear();
    this.#size = 0;
  }
}

/** The key that a record of these fields has in an index. */
export function keyOf({ fields }: IndexDefinition, state: RecordState): unknown[] {
  return fields.map((field) => state[field]);
}

/** Keys that are equal have the same text. */
export function keyText(key: readonly unknown[]): string {
  if (key.length === 1 && typeof key[0] === "string") return `"${key[0]}`;
  return stableJson(key.map((value) => (value === undefined ? [] : [toTaggedJson(value as never)])));
}
