import type { Id } from "../model/id.ts";

/** A record whose fields cannot be read, with the reason. */
export interface QuarantinedRecord {
  readonly kind: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  readonly reason: string;
  /** Where in the record the values stand that are refused, as code would write it; none where nothing can be told. */
  readonly paths: readonly string[];
}

/** Of more, those that were met first are listed: a damage as wide as that has one cause. */
const MOST_LISTED = 10_000;

/** The records that reads have met and whose fields could not be read, until they can be or are gone. */
export class Quarantine {
  readonly #records: Map<Id, QuarantinedRecord> = new Map();

  get size(): number {
    return this.#records.size;
  }

  add(record: QuarantinedRecord): void {
    if (this.#records.size < MOST_LISTED || this.#records.has(record.id))
      this.#records.set(record.id, Object.freeze(record));
  }

  remove(id: Id): void {
    this.#records.delete(id);
  }

  list(): QuarantinedRecord[] {
    return [...this.#records.values()];
  }
}
