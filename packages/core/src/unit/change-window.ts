import { type AppliedChange, DATA, NODE } from "../resident/change-log.ts";
import type { RecordState } from "../resident/record-table.ts";

interface Changes {
  readonly changes: readonly AppliedChange[] | undefined;
}

/**
 * Changes that a read set is judged against together. L1 shows what is before or behind all of them, never what lies
 * between, so whoever judges one of them by another record asks here what was written to that one.
 */
export class ChangeWindow {
  readonly #commits: readonly Changes[];
  /** Writes to nodes, by slot, of so many commits; nearly never asked for. */
  #writes: Map<number, AppliedChange[]> | undefined;
  #indexed = 0;

  /** @param commits may grow meanwhile */
  constructor(commits: readonly Changes[]) {
    this.#commits = commits;
  }

  /** Whether the node had fields within the window that pass, or that are not known. */
  mayHavePassed(node: number, test: (state: RecordState) => boolean): boolean {
    const writes = this.#index().get(node);
    if (writes === undefined) return false;
    return writes.some(
      ({ before, after }) => before === undefined || after === undefined || test(before) || test(after),
    );
  }

  #index(): Map<number, AppliedChange[]> {
    this.#writes ??= new Map();
    for (; this.#indexed < this.#commits.length; this.#indexed++) {
      for (const change of this.#commits[this.#indexed]!.changes ?? []) {
        const { kind, op, slot } = change;
        if (kind !== NODE || (op & DATA) === 0 || slot < 0) continue;
        const writes = this.#writes.get(slot);
        if (writes === undefined) this.#writes.set(slot, [change]);
        else writes.push(change);
      }
    }
    return this.#writes;
  }
}
