import { NODE, type RecordKind } from "../resident/change-log.ts";
import { BATCH } from "../resident/loader.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { Unit } from "../unit/unit.ts";
import { isThenable, type MaybePromise } from "../util/maybe-async.ts";

/**
 * Calls `use` for each record with its state, in order, reading those that are not resident in batches. What the store
 * no longer has is left out.
 */
export function withStates(
  unit: Unit,
  kind: RecordKind,
  slots: readonly number[],
  mark: number,
  use: (at: number, state: RecordState) => void,
): MaybePromise<void> {
  const { loader, resident } = unit.runtime;
  const size = Math.min(BATCH, Math.max(16, resident.bounds.maxEntries >> 1));
  let from = 0;
  const useResident = (): void => {
    for (; from < slots.length; from++) {
      const state = unit.stateOf(kind, slots[from]!, mark);
      if (state !== undefined) use(from, state);
      else if (!unit.isRemoved(kind, slots[from]!, mark)) return;
    }
  };
  for (;;) {
    useResident();
    if (from >= slots.length) return;
    // Reading these may evict what lies between them: it is used only as far as all of it is there.
    const missing = new Set<number>();
    for (let at = from; at < slots.length && at < from + BATCH && missing.size < size; at++) {
      const slot = slots[at]!;
      if (unit.stateOf(kind, slot, mark) === undefined && !unit.isRemoved(kind, slot, mark))
        missing.add(slot);
    }
    const wanted = [...missing];
    const read = kind === NODE ? loader.nodes(wanted, useResident) : loader.edges(wanted, useResident);
    if (isThenable(read)) {
      const rest = (): MaybePromise<void> =>
        withStates(unit, kind, slots.slice(from), mark, (at, state) => use(from + at, state));
      return (read as Promise<void>).then(rest);
    }
  }
}
