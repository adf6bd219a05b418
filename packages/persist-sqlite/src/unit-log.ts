import { type Id, IdColumn } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./drivers.ts";

/** Units remembered at most; half of them are forgotten at a time. */
const remembered = 16_384;

/**
 * Which units were committed, and as what: so that a batch that is offered twice counts once.
 *
 * An index of unit ids would cost every small commit a tenth of its time. Instead the latest are remembered, and
 * `#horizon` is a unit id that none of the others is above: ids ascend with time, so that a new unit is above it and is
 * known to be new without a look. What lies below is looked for in all of the commit records, which takes milliseconds
 * and happens after a restart or an unknown outcome.
 */
export class UnitLog {
  /** In the order of their commits, and the numbers of these. */
  #units: Id[] = [];
  #seqs: number[] = [];
  /** The first so many of them by unit, made when one is looked for: nearly every commit is of a unit above all. */
  readonly #numbers: Map<Id, number> = new Map();
  #numbered = 0;
  #horizon = "";
  /** No unit is above it: nearly every one that is asked for is, which a look into the map would cost more to find out. */
  #newest = "";

  /** Forgets everything; units up to `newest` are then looked for. */
  reset(newest: Id): void {
    this.#units = [];
    this.#seqs = [];
    this.#forgetNumbers();
    this.#horizon = newest;
    this.#newest = newest;
  }

  get length(): number {
    return this.#units.length;
  }

  /** No unit is above it. */
  get newest(): Id {
    return this.#newest;
  }

  note(unitId: Id, seq: number): void {
    this.#units.push(unitId);
    this.#seqs.push(seq);
    if (unitId > this.#newest) this.#newest = unitId;
  }

  /** The units that were noted since there were so many. */
  since(length: number): readonly Id[] {
    return this.#units.slice(length);
  }

  /** Takes back what was noted since there were so many and this was the newest: it was not committed. */
  cut(length: number, newest: Id): void {
    // Everything may have been forgotten since, where looking at the file was what failed.
    if (length >= this.#units.length) return;
    for (; this.#numbered > length; this.#numbered--)
      this.#numbers.delete(this.#units[this.#numbered - 1] as Id);
    this.#units.length = length;
    this.#seqs.length = length;
    this.#newest = newest;
  }

  /** Forgets the older half of them where they are too many. */
  trim(): void {
    if (this.#units.length <= remembered) return;
    const half = this.#units.length - remembered / 2;
    for (let i = 0; i < half; i++) {
      const unit = this.#units[i] as Id;
      if (unit > this.#horizon) this.#horizon = unit;
    }
    this.#units = this.#units.slice(half);
    this.#seqs = this.#seqs.slice(half);
    this.#forgetNumbers();
  }

  /** Takes note of what others committed, from just after `since` up to the newest commit. */
  follow(connection: Connection, since: number, newest: number, newestUnit: Id): void {
    if (newest - since > remembered / 4) {
      if (newestUnit > this.#horizon) this.#horizon = newestUnit;
      if (newestUnit > this.#newest) this.#newest = newestUnit;
      return;
    }
    for (const [seq, unit] of connection.all(unitsSince, since)) {
      if (unit !== null) this.note(unitText(unit as Uint8Array), Number(seq));
    }
    this.trim();
  }

  /** The number of the unit's commit, where the file has it. */
  find(connection: Connection, unitId: Id): number | undefined {
    if (unitId > this.#newest) return undefined;
    const known = this.#numberOf(unitId);
    if (known !== undefined || unitId > this.#horizon) return known;
    const found = connection.get(commitOf, unitBytes(unitId));
    return found === undefined ? undefined : Number(found[0]);
  }

  #numberOf(unitId: Id): number | undefined {
    for (; this.#numbered < this.#units.length; this.#numbered++)
      this.#numbers.set(this.#units[this.#numbered] as Id, this.#seqs[this.#numbered] as number);
    return this.#numbers.get(unitId);
  }

  #forgetNumbers(): void {
    this.#numbers.clear();
    this.#numbered = 0;
  }
}

const unitsSince = "SELECT seq, unit FROM commits WHERE seq > ? ORDER BY seq";
const commitOf = "SELECT seq FROM commits WHERE unit = ?";

const scratch = new IdColumn(1);

/** The 16 bytes of a unit id, as the file has them; into `bytes`, where they are given. */
export function unitBytes(unitId: Id, bytes: Uint8Array = new Uint8Array(16)): Uint8Array {
  scratch.clear();
  scratch.push(unitId);
  scratch.writeBytes(0, bytes);
  return bytes;
}

/** The text of a unit id; the empty text, which is below all others, where there is none. */
export function unitText(bytes: SqlValue | undefined): Id {
  if (!(bytes instanceof Uint8Array) || bytes.length !== 16) return "";
  scratch.clear();
  scratch.pushBytes(bytes);
  return scratch.at(0);
}
