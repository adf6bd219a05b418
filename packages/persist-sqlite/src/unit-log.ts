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
  readonly #latest: Map<Id, number> = new Map();
  #horizon = "";
  /** No unit is above it: nearly every one that is asked for is, which a look into the map would cost more to find out. */
  #newest = "";

  /** Forgets everything; units up to `newest` are then looked for. */
  reset(newest: Id): void {
    this.#latest.clear();
    this.#horizon = newest;
    this.#newest = newest;
  }

  note(unitId: Id, seq: number): void {
    this.#latest.set(unitId, seq);
    if (unitId > this.#newest) this.#newest = unitId;
    if (this.#latest.size <= remembered) return;
    for (const known of this.#latest.keys()) {
      if (this.#latest.size <= remembered / 2) break;
      if (known > this.#horizon) this.#horizon = known;
      this.#latest.delete(known);
    }
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
  }

  /** The number of the unit's commit, where the file has it. */
  find(connection: Connection, unitId: Id): number | undefined {
    if (unitId > this.#newest) return undefined;
    const known = this.#latest.get(unitId);
    if (known !== undefined || unitId > this.#horizon) return known;
    const found = connection.get(commitOf, unitBytes(unitId));
    return found === undefined ? undefined : Number(found[0]);
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
