import type { Id } from "../model/id.ts";
import type { AppliedChange, RecordKind } from "../resident/change-log.ts";
import type { ExtentGuard } from "../unit/read-set.ts";
import type { Unit } from "../unit/unit.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import { forever } from "./extent.ts";
import type { ExtentStep, Plan } from "./plan.ts";
import { hasWritten } from "./run-hop.ts";
import { numbersIn } from "./shape.ts";

/** Records that are counted between two looks at the clock: some 2 ms over SQLite. */
const STRETCH = 16_384;

/**
 * How many records the plan finds, where the store can say so and need not show them: all records of a type, to a
 * principal that sees everything, in a unit that has written nothing. They do not become resident.
 * @returns undefined for every other plan
 */
export function tally(unit: Unit, plan: Plan): MaybePromise<number> | undefined {
  const { steps } = plan;
  const [step] = steps;
  if (step?.kind !== "extent" || steps.length > 1 || !unit.principal.isSystem) return undefined;
  const { nodeFilter, edgeFilter, limit, after, except } = step;
  const isWhole = [nodeFilter, edgeFilter, limit, after, except].every((part) => part === undefined);
  if (!isWhole || unit.runtime.store.tally === undefined || hasWritten(unit)) return undefined;
  unit.begin();
  const { observer } = unit;
  if (observer === undefined) return new TallyRun(unit, step).run();
  observer.stepBegun(plan, 0, 0);
  observer.extentTallied(step, numbersIn(unit.runtime.catalog.membersOf(step.type)));
  return andThen(new TallyRun(unit, step).run(), (count) => {
    observer.stepDone(plan, 0, count);
    return count;
  });
}

class TallyRun {
  readonly #unit: Unit;
  readonly #kind: RecordKind;
  /** Types that are still to be counted, the one at hand first. */
  readonly #types: number[];
  readonly #guard: ExtentGuard;
  /** The last record of the type at hand that was counted. */
  #last: Id | undefined;
  #count = 0;

  constructor(unit: Unit, step: ExtentStep) {
    const { catalog, resident } = unit.runtime;
    this.#unit = unit;
    this.#kind = step.record;
    this.#types = [...numbersIn(catalog.membersOf(step.type))];
    this.#guard = {
      kind: step.record,
      types: catalog.membersOf(step.type),
      filter: undefined,
      orderedBy: undefined,
      evictions: resident.statistics.evictions,
      beyond: undefined,
      between: undefined,
      isCounted: true,
      hasReached: (change) => this.#hasReached(change),
    };
    unit.readSet.addExtent(this.#guard);
  }

  run(): MaybePromise<number> {
    return andThen(
      forever(this.#unit, () => this.#step()),
      () => {
        this.#guard.hasReached = undefined;
        // What was counted last may have brought commits along that broke what was read before.
        this.#unit.keepUp();
        return this.#count;
      },
    );
  }

  #step(): MaybePromise<boolean> {
    const { loader } = this.#unit;
    const [type] = this.#types;
    if (type === undefined) return true;
    return andThen(loader.tally(this.#kind, type, this.#last, STRETCH), ({ count, last, more }) => {
      this.#count += count;
      this.#last = last;
      if (!more || last === undefined) {
        this.#types.shift();
        this.#last = undefined;
      }
      return false;
    });
  }

  /** Whether the record was counted by now, or would have been had it been there. */
  #hasReached({ type, id, slot, kind }: AppliedChange): boolean {
    if (kind !== this.#kind) return this.#count > 0;
    const at = this.#types.indexOf(type);
    if (at > 0 || (at === 0 && this.#last === undefined)) return false;
    const own = id ?? (slot < 0 ? undefined : this.#unit.table(kind).idOf(slot));
    return at < 0 || own === undefined || own <= this.#last!;
  }
}
