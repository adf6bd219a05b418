import { compareForOrder } from "../model/compare.ts";
import { choicesOn, equalityOn, rangeOn } from "../model/filter.ts";
import type { Id } from "../model/id.ts";
import type { LookupRequest } from "../persistence/store.ts";
import { NODE, type RecordKind } from "../resident/change-log.ts";
import { BATCH } from "../resident/loader.ts";
import { PENDING, type RecordState } from "../resident/record-table.ts";
import type { IndexDefinition } from "../schema/definition.ts";
import { type FieldDefinition, type FieldIssue, tryField } from "../schema/field.ts";
import { NEEDS_STATE, type Unit } from "../unit/unit.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import { readCursor } from "./cursor.ts";
import type { ExtentStep } from "./plan.ts";
import { numbersIn, predicate } from "./shape.ts";

/** How records of a type are found. */
interface Access {
  /** One lookup after another; without, every type is scanned. */
  readonly lookups: readonly LookupRequest[] | undefined;
  /** Whether what is found comes in the order that was asked for. */
  readonly isOrdered: boolean;
}

/**
 * Every record of a type and its subtypes that the filter accepts and the principal may see: by an index where one
 * fits, else by a scan; with the unit's own writes merged in. In id order, or as `order` says.
 */
export function runExtent(unit: Unit, step: ExtentStep, most: number, mark: number): MaybePromise<number[]> {
  return new ExtentRun(unit, step, most, mark).run();
}

class ExtentRun {
  readonly #unit: Unit;
  readonly #step: ExtentStep;
  readonly #most: number;
  readonly #mark: number;
  readonly #kind: RecordKind;
  readonly #types: readonly number[];
  readonly #test: ((state: RecordState) => boolean) | undefined;
  readonly #met: Set<number> = new Set();
  /** Committed records that were accepted, in the order found. */
  readonly #found: number[] = [];

  constructor(unit: Unit, step: ExtentStep, most: number, mark: number) {
    this.#unit = unit;
    this.#step = step;
    this.#most = most;
    this.#mark = mark;
    this.#kind = step.record;
    const { catalog } = unit.runtime;
    this.#types = numbersIn(catalog.membersOf(step.type));
    const filter = predicate(step.record === NODE ? step.nodeFilter : step.edgeFilter);
    this.#test = filter?.test;
    unit.readSet.extents.push({
      kind: step.record,
      types: catalog.membersOf(step.type),
      filter,
      orderedBy: step.order?.field,
      beyond: undefined,
    });
  }

  run(): MaybePromise<number[]> {
    if (this.#most <= 0) return [];
    const access = this.#kind === NODE ? this.#chooseAccess() : { lookups: undefined, isOrdered: false };
    const mayStop = access.isOrdered || (this.#step.order === undefined && access.lookups === undefined);
    const read =
      access.lookups === undefined ? this.#scanAll(mayStop) : this.#lookupAll(access.lookups, mayStop);
    return andThen(read, () => this.#arranged(access));
  }

  /** What the unit itself has written may come before what was found, so nothing is cut off until it is merged. */
  #isEnough(mayStop: boolean): boolean {
    return mayStop && this.#found.length >= this.#most;
  }

  // ---- choosing ----------------------------------------------------------------------------------------------

  #chooseAccess(): Access {
    const { catalog } = this.#unit.runtime;
    const { nodeFilter: filter, type } = this.#step;
    const equal = equalityOn(filter);
    let best: Access | undefined;
    let bestScore = 0;
    for (const index of catalog.indexes()) {
      if (!catalog.isA(type, catalog.numberOf(index.type))) continue;
      const access = this.#fit(index, equal);
      if (access !== undefined && access.score > bestScore) {
        best = access;
        bestScore = access.score;
      }
    }
    return best ?? { lookups: undefined, isOrdered: false };
  }

  #fit(
    index: IndexDefinition,
    equal: ReadonlyMap<string, unknown>,
  ): (Access & { score: number }) | undefined {
    const { nodeFilter: filter, order, reverse } = this.#step;
    const keys: unknown[] = [];
    for (const field of index.fields) {
      const value = equal.get(field);
      // Absence is no key: records without the field are not in the index.
      if (value === undefined) break;
      keys.push(value);
    }
    const descending = order === undefined ? reverse : order.descending !== reverse;
    const base = {
      index: index.name,
      order: descending ? "desc" : "asc",
      after: undefined,
      limit: BATCH,
    } as const;
    if (keys.length === index.fields.length) {
      // One key: what it finds comes in id order, which is the order of nobody's asking too.
      return {
        lookups: [{ ...base, equals: keys }],
        isOrdered: order === undefined,
        score: 100 + (index.unique ? 10 : 0),
      };
    }
    const next = index.fields[keys.length]!;
    const choices = choicesOn(filter, next);
    if (choices !== undefined && keys.length + 1 === index.fields.length) {
      return {
        lookups: choices.map((value) => ({ ...base, equals: [...keys, value] })),
        isOrdered: false,
        score: 60,
      };
    }
    const range = rangeOn(filter, next);
    // Absent values are not in the index but come last in the order: an index orders those that a filter demands.
    const demanded = range !== undefined || this.#isRequired(next);
    const isOrdered = order?.field === next && index.fields.length === keys.length + 1 && demanded;
    if (range !== undefined || isOrdered) {
      const bounds =
        range === undefined
          ? undefined
          : {
              low: range.lower?.value ?? range.prefix,
              lowOpen: range.lower?.inclusive === false,
              high: range.upper?.value,
              highOpen: range.upper?.inclusive === false,
            };
      return {
        lookups: [{ ...base, equals: keys, range: bounds }],
        isOrdered,
        score: keys.length * 20 + (isOrdered ? 30 : 0) + (range === undefined ? 0 : 15),
      };
    }
    return keys.length > 0
      ? { lookups: [{ ...base, equals: keys }], isOrdered: false, score: keys.length * 20 }
      : undefined;
  }

  /** Whether every record of the type has the field, so that an index over it lists them all. */
  #isRequired(field: string): boolean {
    const definition = this.#unit.runtime.catalog.definition(this.#step.type).field(field);
    return definition !== undefined && isAlwaysPresent(definition);
  }

  // ---- reading -----------------------------------------------------------------------------------------------

  #lookupAll(lookups: readonly LookupRequest[], mayStop: boolean): MaybePromise<void> {
    const few = this.#most < BATCH && mayStop ? Math.max(2, this.#most + 1) : BATCH;
    let at = 0;
    let request: LookupRequest | undefined;
    const { loader, catalog } = this.#unit.runtime;
    return forever(() => {
      if (at >= lookups.length || this.#isEnough(mayStop)) return true;
      request ??= {
        ...lookups[at]!,
        limit: catalog.index(lookups[at]!.index).unique && lookups[at]!.range === undefined ? 2 : few,
      };
      const asked = request;
      return andThen(
        loader.lookup(asked, (slots, page) => {
          this.#takeLoaded(slots);
          const last = slots.at(-1);
          if (page.more && last !== undefined) {
            const state = this.#unit.table(NODE).states[last]!;
            const { fields } = catalog.index(asked.index);
            request = {
              ...asked,
              limit: BATCH,
              after: { key: fields.map((field) => state[field]), id: page.rows.ids.at(page.rows.length - 1) },
            };
          } else {
            request = undefined;
            at += 1;
          }
        }),
        () => false,
      );
    });
  }

  /** Scans the types one beside the other, so that the result is in id order over all of them. */
  #scanAll(mayStop: boolean): MaybePromise<void> {
    const { loader, catalog } = this.#unit.runtime;
    const direction = this.#step.reverse && this.#step.order === undefined ? "desc" : "asc";
    const from =
      this.#step.after === undefined || this.#step.order !== undefined
        ? undefined
        : readCursor(this.#step.after, this.#kind === NODE ? "node" : "edge").id;
    const limit = Math.min(BATCH, mayStop && this.#types.length === 1 ? Math.max(16, this.#most + 1) : BATCH);
    const several = this.#types.length > 1;
    let at = 0;
    let after: Id | undefined = from;
    return forever(() => {
      if (at >= this.#types.length || (!several && this.#isEnough(mayStop))) return true;
      const type = catalog.definition(this.#types[at]!).name;
      const use = (
        slots: number[],
        page: { rows: { ids: { at(i: number): Id }; length: number }; more: boolean },
      ): void => {
        this.#takeLoaded(slots);
        after = page.more && page.rows.length > 0 ? page.rows.ids.at(page.rows.length - 1) : from;
        if (!page.more) at += 1;
      };
      const read =
        this.#kind === NODE
          ? loader.scanNodes(type, direction, after, limit, use)
          : loader.scanEdges(type, direction, after, limit, use);
      return andThen(read, () => false);
    });
  }

  /** Judges records whose rows have just arrived. */
  #takeLoaded(slots: readonly number[]): void {
    for (const slot of slots) if (!this.#met.has(slot)) this.#judge(slot);
  }

  #judge(slot: number): void {
    const unit = this.#unit;
    this.#met.add(slot);
    unit.runtime.resident.pin(unit.table(this.#kind), slot);
    if (
      unit.table(this.#kind).types[slot] === 0 ||
      !this.#types.includes(unit.table(this.#kind).types[slot]!)
    )
      return;
    const level = this.#kind === NODE ? unit.sees(slot, this.#mark) : unit.seesEdge(slot, this.#mark);
    if (level === 0) return;
    if (level === NEEDS_STATE) {
      this.#undecided.push(slot);
      return;
    }
    const state = unit.stateOf(this.#kind, slot, this.#mark);
    if (state !== undefined && (this.#test === undefined || this.#test(state))) this.#found.push(slot);
  }

  /** Edges whose ends are judged by rules that must see fields not read yet. */
  #undecided: number[] = [];

  #settle(): MaybePromise<void> {
    const edges = this.#undecided;
    this.#undecided = [];
    if (edges.length === 0) return;
    const { resident, loader } = this.#unit.runtime;
    const ends = new Set<number>();
    for (const edge of edges) ends.add(resident.edges.sources[edge]!).add(resident.edges.targets[edge]!);
    const missing = [...ends].filter((node) => resident.nodes.states[node] === undefined).slice(0, BATCH);
    const again = (): void => {
      for (const edge of edges) this.#judge(edge);
    };
    if (missing.length === 0) return;
    return andThen(loader.nodes(missing, again), () => this.#settle());
  }

  // ---- arranging ---------------------------------------------------------------------------------------------

  #arranged(access: Access): MaybePromise<number[]> {
    return andThen(this.#settle(), () => {
      this.#mergeOwn();
      const { order, reverse } = this.#step;
      const table = this.#unit.table(this.#kind);
      const found = this.#found;
      if (order === undefined) {
        found.sort((left, right) => table.compareIds(left, right));
        if (reverse) found.reverse();
      } else {
        const descending = order.descending !== reverse;
        const value = (slot: number): unknown =>
          this.#unit.stateOf(this.#kind, slot, this.#mark)?.[order.field];
        found.sort(
          (left, right) =>
            compareForOrder(value(left), value(right), descending) || table.compareIds(left, right),
        );
        if (access.isOrdered && found.length > this.#most) found.length = this.#most;
      }
      return found;
    });
  }

  /** The unit's own new records, and those that its writes made match. */
  #mergeOwn(): void {
    const { pending } = this.#unit;
    if (pending === undefined) return;
    const created = this.#kind === NODE ? pending.createdNodes : pending.createdEdges;
    const count = pending.createdCount(this.#kind === NODE ? "nodes" : "edges", this.#mark);
    for (let i = 0; i < count; i++) if (!this.#met.has(created[i]!)) this.#judge(created[i]!);
    const table = this.#unit.table(this.#kind);
    for (const slot of (this.#kind === NODE ? pending.nodes : pending.edges).keys()) {
      if ((table.flags[slot]! & PENDING) === 0 && !this.#met.has(slot)) this.#judge(slot);
    }
  }
}

const present: WeakMap<FieldDefinition, boolean> = new WeakMap();

/** Whether no record can lack the field: its validator refuses absence or fills it. */
function isAlwaysPresent(field: FieldDefinition): boolean {
  let known = present.get(field);
  if (known === undefined) {
    const issues: FieldIssue[] = [];
    known = tryField(field, undefined, issues) !== undefined || issues.length > 0;
    present.set(field, known);
  }
  return known;
}

/** Repeats a step until it says true, without recursion over synchronous stores. */
function forever(step: () => MaybePromise<boolean>): MaybePromise<void> {
  for (;;) {
    const done = step();
    if (isThenable(done))
      return (done as Promise<boolean>).then((isDone) => (isDone ? undefined : forever(step)));
    if (done === true) return;
  }
}
