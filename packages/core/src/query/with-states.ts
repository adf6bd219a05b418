import { NODE, type RecordKind } from "../resident/change-log.ts";
import { BATCH } from "../resident/loader.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { Unit } from "../unit/unit.ts";
import { isPromise, type MaybePromise } from "../util/maybe-async.ts";

/** Records between two looks at the clock. */
export const STRETCH = 1024;

/**
 * Calls `use` for each record with its state, in order, reading those that are not resident in batches. What the store
 * no longer has is left out. Of many, lets the event loop turn between them.
 */
export function withStates(
  unit: Unit,
  kind: RecordKind,
  slots: readonly number[],
  mark: number,
  use: (at: number, state: RecordState) => void,
): MaybePromise<void> {
  if (slots.length <= STRETCH) {
    let at = 0;
    for (; at < slots.length; at++) {
      const state = unit.stateOf(kind, slots[at]!, mark);
      if (state !== undefined) use(at, state);
      else if (!unit.isRemoved(kind, slots[at]!, mark)) break;
    }
    return at === slots.length ? undefined : new StateRun(unit, kind, slots, mark, use, at).run();
  }
  return new StateRun(unit, kind, slots, mark, use, 0).run();
}

class StateRun {
  readonly #unit: Unit;
  readonly #kind: RecordKind;
  readonly #slots: readonly number[];
  readonly #mark: number;
  readonly #use: (at: number, state: RecordState) => void;
  #at: number;
  /** Up to where it goes before it looks at the clock. */
  #stop = 0;

  constructor(
    unit: Unit,
    kind: RecordKind,
    slots: readonly number[],
    mark: number,
    use: (at: number, state: RecordState) => void,
    at: number,
  ) {
    this.#unit = unit;
    this.#kind = kind;
    this.#slots = slots;
    this.#mark = mark;
    this.#use = use;
    this.#at = at;
  }

  run(): MaybePromise<void> {
    for (;;) {
      this.#stop = Math.min(this.#slots.length, this.#at + STRETCH);
      while (this.#at < this.#stop) {
        this.#useResident();
        if (this.#at >= this.#stop) break;
        const read = this.#read();
        if (isPromise(read)) return read.then(() => this.run());
      }
      if (this.#at >= this.#slots.length) {
        // What was read last may have brought commits along that broke what was read before.
        this.#unit.keepUp();
        return;
      }
      if (this.#unit.isSliceOver()) return this.#unit.pause().then(() => this.run());
    }
  }

  #useResident(): void {
    for (; this.#at < this.#stop; this.#at++) {
      const slot = this.#slots[this.#at]!;
      const state = this.#unit.stateOf(this.#kind, slot, this.#mark);
      if (state !== undefined) this.#use(this.#at, state);
      else if (!this.#unit.isRemoved(this.#kind, slot, this.#mark)) return;
    }
  }

  /** Reading these may evict what lies between them: it is used only as far as all of it is there. */
  #read(): MaybePromise<void> {
    const { loader } = this.#unit;
    const { resident } = this.#unit.runtime;
    const size = Math.min(BATCH, Math.max(16, resident.bounds.maxEntries >> 1));
    const missing = new Set<number>();
    for (let at = this.#at; at < this.#stop && at < this.#at + BATCH && missing.size < size; at++) {
      const slot = this.#slots[at]!;
      const isMissing = this.#unit.stateOf(this.#kind, slot, this.#mark) === undefined;
      if (isMissing && !this.#unit.isRemoved(this.#kind, slot, this.#mark)) missing.add(slot);
    }
    const use = (): void => this.#useResident();
    return this.#kind === NODE ? loader.nodes([...missing], use) : loader.edges([...missing], use);
  }
}
