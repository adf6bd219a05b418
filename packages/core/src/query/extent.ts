import { compareForOrder } from "../model/compare.ts";
import { choicesOn, equalityOn, rangeOn } from "../model/filter.ts";
import { compareIdWords, type Id, parseId } from "../model/id.ts";
import type { FieldRange } from "../model/index-key.ts";
import { type NodeRows, RowDamage } from "../persistence/rows.ts";
import type { EdgePage, LookupRequest, NodePage } from "../persistence/store.ts";
import { type AppliedChange, EDGE, NODE, REMOVED, type RecordKind } from "../resident/change-log.ts";
import { BATCH } from "../resident/loader.ts";
import { PENDING, type RecordState } from "../resident/record-table.ts";
import type { IndexDefinition } from "../schema/definition.ts";
import { type FieldDefinition, type FieldIssue, tryField } from "../schema/field.ts";
import type { Pending } from "../unit/pending.ts";
import type { ExtentGuard } from "../unit/read-set.ts";
import { NEEDS_STATE, type Unit } from "../unit/unit.ts";
import { andThen, isPromise, type MaybePromise } from "../util/maybe-async.ts";
import { type Place, readCursor } from "./cursor.ts";
import type { ExtentStep } from "./plan.ts";
import { numbersIn, predicate } from "./shape.ts";
import { withStates } from "./with-states.ts";

interface Lookup {
  readonly request: LookupRequest;
  /** Wanted are records that lack this field alone, with which the lookup begins. */
  readonly lacking?: string;
}

/** How records of a type are found. */
interface Access {
  /** One lookup after another; without, every type is scanned. */
  readonly lookups: readonly Lookup[] | undefined;
  /** Whether what is found comes in the order that was asked for. */
  readonly isOrdered: boolean;
  /** Where the filter names whole keys of an index: whatever passes has one of them. */
  readonly keys?: { readonly index: IndexDefinition; readonly values: readonly (readonly unknown[])[] };
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
  readonly #guard: ExtentGuard;
  /** Whether the result goes from the last to the first: by id, or by the order's field. */
  readonly #descending: boolean;
  readonly #place: Place | undefined;
  readonly #placeWords: Int32Array = new Int32Array(4);
  readonly #met: Set<number> = new Set();
  /** Records that were accepted, in the order found, and beside them what they are ordered by. */
  readonly #found: number[] = [];
  readonly #keys: unknown[] = [];
  /** The keys of those among them that lie where the index says they do: the unit has not written to them. */
  readonly #settledKeys: unknown[] = [];
  /** A record that is no part of what was asked for. */
  readonly #except: Int32Array | undefined;
  /** The key of the last record that the index gave. */
  #lastKey: unknown;
  /** Whether a changed record that was not met yet will be: before the first page, whatever it is. */
  #isAhead: (change: AppliedChange) => boolean = () => true;

  constructor(unit: Unit, step: ExtentStep, most: number, mark: number) {
    this.#unit = unit;
    this.#step = step;
    this.#most = most;
    this.#mark = mark;
    this.#kind = step.record;
    const { catalog } = unit.runtime;
    this.#types = numbersIn(catalog.membersOf(step.type));
    if (step.except !== undefined) {
      this.#except = new Int32Array(4);
      parseId(step.except, this.#except);
    }
    const filter = predicate(step.record === NODE ? step.nodeFilter : step.edgeFilter);
    this.#test = filter?.test;
    const { order, reverse, after } = step;
    this.#descending = order === undefined ? reverse : order.descending !== reverse;
    if (after !== undefined) {
      this.#place = readCursor(after, order !== undefined ? "order" : step.record === NODE ? "node" : "edge");
      parseId(this.#place.id, this.#placeWords);
    }
    this.#guard = {
      kind: step.record,
      types: catalog.membersOf(step.type),
      filter,
      orderedBy: order?.field,
      evictions: unit.runtime.resident.statistics.evictions,
      beyond: undefined,
      between: undefined,
      isCounted: false,
      hasReached: (change) => this.#hasReached(change),
    };
    if (most > 0) unit.readSet.addExtent(this.#guard);
  }

  run(): MaybePromise<number[]> {
    if (this.#most <= 0) return [];
    const access = this.#kind === NODE ? this.#chooseAccess() : { lookups: undefined, isOrdered: false };
    const mayStop = access.isOrdered || (this.#step.order === undefined && access.lookups === undefined);
    this.#tell(access.lookups, mayStop);
    const read =
      access.lookups === undefined ? this.#scanAll(mayStop) : this.#lookupAll(access.lookups, mayStop);
    return andThen(read, () => {
      this.#mergeOwn(access.keys);
      return andThen(this.#settle(), () => {
        const arranged = this.#arranged();
        const { observer } = this.#unit;
        if (observer !== undefined && !mayStop) observer.sorted(this.#step, arranged.length);
        this.#guard.hasReached = undefined;
        // What was read last may have brought commits along that broke what was read before.
        this.#unit.keepUp();
        return arranged;
      });
    });
  }

  #tell(lookups: Access["lookups"], isOrdered: boolean): void {
    const { observer } = this.#unit;
    if (observer === undefined) return;
    const requests = lookups?.map(({ request }) => request);
    observer.extentDecided(this.#step, { types: this.#types, lookups: requests, isOrdered });
  }

  /** Whether the change is of a record that was judged by now, or would have been had it been there. */
  #hasReached(change: AppliedChange): boolean {
    if (change.slot >= 0 && this.#met.has(change.slot)) return true;
    return (change.op & REMOVED) === 0 && !this.#isAhead(change);
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
    const { nodeFilter: filter, order } = this.#step;
    const keys: unknown[] = [];
    const filled = this.#unit.runtime.catalog.filledFields(index);
    for (const field of index.fields) {
      const value = equal.get(field);
      // Absence is no key: records without the field are not in the index.
      if (value === undefined) break;
      keys.push(value);
    }
    const base = {
      index: index.stored.name,
      order: this.#descending ? "desc" : "asc",
      after: undefined,
      limit: BATCH,
    } as const;
    const place = this.#place;
    /** Records that the index has as lacking one of its first fields, and that have a default there, come on top. */
    const withFilled = (requests: readonly LookupRequest[], fields: number): readonly Lookup[] => [
      ...requests.map((request) => ({ request })),
      ...filled
        .filter((at) => at < fields)
        .map((at) => ({
          request: { ...base, order: "desc" as const, equals: keys.slice(0, at) },
          lacking: index.stored.fields[at]!,
        })),
    ];
    if (keys.length === index.fields.length) {
      // One key: what it finds comes in id order, which is the order that nobody asks for too.
      const isOrdered = order === undefined && filled.length === 0;
      const after = isOrdered && place !== undefined ? { key: keys, id: place.id } : undefined;
      return {
        lookups: withFilled([{ ...base, equals: keys, after }], keys.length),
        isOrdered,
        keys: { index, values: [keys] },
        score: 100 + (index.unique ? 10 : 0),
      };
    }
    const next = index.fields[keys.length]!;
    const choices = choicesOn(filter, next);
    if (choices !== undefined && keys.length + 1 === index.fields.length) {
      const values = choices.map((value) => [...keys, value]);
      return {
        lookups: withFilled(
          values.map((equals) => ({ ...base, equals })),
          keys.length + 1,
        ),
        isOrdered: false,
        keys: { index, values },
        score: 60,
      };
    }
    const range = rangeOn(filter, next);
    // The index has absent values last; read backwards it would give them first, unless there are none.
    const isInOrder = !this.#descending || range !== undefined || this.#isRequired(next);
    const isOrdered =
      order?.field === next && index.fields.length === keys.length + 1 && isInOrder && filled.length === 0;
    if (range !== undefined || isOrdered) {
      const after =
        isOrdered && place?.kind === "order"
          ? // Records of one key follow by id either way, so backwards its key is read from the start.
            { key: [...keys, place.value], id: this.#descending ? GREATEST_ID : place.id }
          : undefined;
      return {
        lookups: withFilled([{ ...base, equals: keys, range: boundsOf(range), after }], keys.length + 1),
        isOrdered,
        score: keys.length * 20 + (isOrdered ? 30 : 0) + (range === undefined ? 0 : 15),
      };
    }
    return keys.length > 0
      ? {
          lookups: withFilled([{ ...base, equals: keys }], keys.length),
          isOrdered: false,
          score: keys.length * 20,
        }
      : undefined;
  }

  /** Whether every record of the type has the field, so that an index over it lists them all. */
  #isRequired(field: string): boolean {
    const definition = this.#unit.runtime.catalog.definition(this.#step.type).field(field);
    return definition !== undefined && isAlwaysPresent(definition);
  }

  // ---- reading -----------------------------------------------------------------------------------------------

  #lookupAll(lookups: readonly Lookup[], mayStop: boolean): MaybePromise<void> {
    const { loader } = this.#unit;
    const { catalog, resident } = this.#unit.runtime;
    const first = (request: LookupRequest): LookupRequest => {
      const { unique, fields } = catalog.index(request.index);
      if (unique && request.equals.length === fields.length) return { ...request, limit: 2 };
      return { ...request, limit: mayStop ? Math.min(BATCH, this.#most + 1) : BATCH };
    };
    let at = 0;
    let request: LookupRequest | undefined;
    return forever(this.#unit, () => {
      if (at >= lookups.length || (mayStop && this.#hasEnoughByKey())) return true;
      const { lacking } = lookups[at]!;
      request ??= first(lookups[at]!.request);
      const asked = request;
      const { index, equals, after } = asked;
      const isWhole = equals.length === catalog.index(index).fields.length && after === undefined;
      const known = isWhole ? resident.lookups.get(index, equals) : undefined;
      if (known !== undefined) {
        this.#unit.noteHits(1);
        this.#takeLoaded(known);
        this.#isAhead = () => false;
        request = undefined;
        at += 1;
        return false;
      }
      this.#unit.noteMisses(1);
      return andThen(
        loader.lookup(asked, (slots, page) => {
          const { fields } = catalog.index(index).stored;
          if (isWhole && !page.more) resident.lookups.set(index, equals, slots);
          const last = placeOfLast(page.rows, fields);
          this.#lastKey = last?.key.at(-1);
          this.#takeLoaded(slots);
          const order = mayStop && page.more && last !== undefined ? this.#step.order : undefined;
          this.#isAhead = ({ after: state }) =>
            order !== undefined &&
            state !== undefined &&
            compareForOrder(state[order.field], this.#lastKey, this.#descending) > 0;
          const goesOn = page.more && (lacking === undefined || allLack(page.rows, lacking));
          request = goesOn && last !== undefined ? { ...asked, limit: BATCH, after: last } : undefined;
          if (request === undefined) at += 1;
        }),
        () => false,
      );
    });
  }

  /** Whether the index has given so many that no later one can be among those that are wanted. */
  #hasEnoughByKey(): boolean {
    if (this.#settledKeys.length < this.#most) return false;
    // Backwards, records of one key come last first, but are wanted first first: the key is read to its end.
    if (this.#step.order === undefined || !this.#descending) return true;
    return compareForOrder(this.#settledKeys[this.#most - 1], this.#lastKey) !== 0;
  }

  /** Scans the types one beside the other, for the result is in id order over all of them. */
  #scanAll(mayStop: boolean): MaybePromise<void> {
    const { loader } = this.#unit;
    const isById = this.#step.order === undefined;
    const order = isById && this.#descending ? "desc" : "asc";
    const from = isById ? this.#place?.id : undefined;
    const scans = this.#types.map((type) => ({
      type,
      number: type,
      after: from,
      isBegun: false,
      isDone: false,
    }));
    this.#isAhead = ({ type, id, slot, kind }) => {
      const scan = scans.find(({ number }) => number === type);
      if (scan === undefined || !scan.isBegun) return true;
      const own = id ?? (slot < 0 ? undefined : this.#unit.table(kind).idOf(slot));
      return !scan.isDone && own !== undefined && isBefore(scan.after, own, order);
    };
    let limit = mayStop ? Math.min(BATCH, Math.max(16, this.#most + 1)) : BATCH;
    return forever(this.#unit, () => {
      let scan: (typeof scans)[number] | undefined;
      for (const each of scans) {
        if (each.isDone) continue;
        if (scan === undefined || isBefore(each.after, scan.after, order)) scan = each;
      }
      if (scan === undefined || (mayStop && this.#hasEnoughBefore(scan.after, order))) return true;
      const next = scan;
      const use = (slots: number[], { rows, more }: NodePage | EdgePage): void => {
        this.#takeLoaded(slots);
        if (more && rows.length > 0) next.after = rows.ids.at(rows.length - 1);
        else next.isDone = true;
        next.isBegun = true;
      };
      const size = limit;
      limit = Math.min(BATCH, limit * 2);
      const read =
        this.#kind === NODE
          ? loader.scanNodes(next.type, order, next.after, size, use)
          : loader.scanEdges(next.type, order, next.after, size, use);
      return andThen(read, () => false);
    });
  }

  /** Whether so many are found up to this id, where the scan that is least far has come. */
  #hasEnoughBefore(horizon: Id | undefined, order: "asc" | "desc"): boolean {
    if (this.#found.length < this.#most || horizon === undefined) return false;
    const table = this.#unit.table(this.#kind);
    let count = 0;
    for (const slot of this.#found) if (!isBefore(horizon, table.idOf(slot), order)) count += 1;
    return count >= this.#most;
  }

  /** Judges records whose rows have just arrived. */
  #takeLoaded(slots: readonly number[]): void {
    for (const slot of slots) if (!this.#met.has(slot)) this.#judge(slot);
  }

  #judge(slot: number): void {
    const unit = this.#unit;
    const table = unit.table(this.#kind);
    this.#met.add(slot);
    unit.runtime.resident.pin(table, slot);
    if (!this.#types.includes(table.types[slot]!)) return;
    if (this.#except !== undefined && compareIdWords(table.ids, slot << 2, this.#except, 0) === 0) return;
    const level = unit.levelOf(this.#kind, slot, this.#mark);
    if (level === 0) return;
    const state = unit.stateOf(this.#kind, slot, this.#mark);
    if (state === undefined || (this.#test !== undefined && !this.#test(state))) return;
    if (this.#kind === EDGE) {
      unit.noteEnds(slot);
      const sees = unit.seesEdge(slot, this.#mark);
      if (sees === NEEDS_STATE) this.#undecided.push({ edge: slot, state });
      if (sees <= 0) return;
    }
    this.#accept(slot, state);
  }

  #accept(slot: number, state: RecordState): void {
    const { order } = this.#step;
    const key = order === undefined ? undefined : state[order.field];
    if (!this.#isAfterPlace(slot, key)) return;
    this.#found.push(slot);
    this.#keys.push(key);
    const isAsRead = state === this.#unit.table(this.#kind).states[slot];
    if (isAsRead) this.#settledKeys.push(key);
  }

  #isAfterPlace(slot: number, key: unknown): boolean {
    const place = this.#place;
    if (place === undefined) return true;
    const byId = compareIdWords(this.#unit.table(this.#kind).ids, slot << 2, this.#placeWords, 0);
    if (place.kind !== "order") return this.#descending ? byId < 0 : byId > 0;
    const byKey = compareForOrder(key, place.value, this.#descending);
    return byKey > 0 || (byKey === 0 && byId > 0);
  }

  /** Edges whose ends are judged by rules that must see fields not read yet. */
  #undecided: { readonly edge: number; readonly state: RecordState }[] = [];

  #settle(): MaybePromise<void> {
    const undecided = this.#undecided;
    this.#undecided = [];
    if (undecided.length === 0) return;
    const { sources, targets } = this.#unit.runtime.resident.edges;
    const ends = [...new Set(undecided.flatMap(({ edge }) => [sources[edge]!, targets[edge]!]))];
    const seen = new Set<number>();
    const read = withStates(this.#unit, NODE, ends, this.#mark, (at) => {
      if (this.#unit.sees(ends[at]!, this.#mark) > 0) seen.add(ends[at]!);
    });
    return andThen(read, () => {
      for (const { edge, state } of undecided) {
        if (seen.has(sources[edge]!) && seen.has(targets[edge]!)) this.#accept(edge, state);
      }
    });
  }

  // ---- arranging ---------------------------------------------------------------------------------------------

  #arranged(): number[] {
    const { order } = this.#step;
    const table = this.#unit.table(this.#kind);
    const found = this.#found;
    if (order === undefined) {
      found.sort((left, right) => table.compareIds(left, right));
      if (this.#descending) found.reverse();
      this.#guardStretch(found[this.#most - 1]);
      return found;
    }
    const keys = this.#keys;
    const descending = this.#descending;
    const byKey = [...found.keys()].sort(
      (left, right) =>
        compareForOrder(keys[left], keys[right], descending) || table.compareIds(found[left]!, found[right]!),
    );
    const last = byKey[this.#most - 1];
    const place = this.#place?.kind === "order" ? this.#place : undefined;
    if (last !== undefined || place !== undefined) {
      const boundary = last === undefined ? undefined : keys[last];
      this.#guard.beyond = (state) => {
        const key = state[order.field];
        return (
          (last !== undefined && compareForOrder(key, boundary, descending) > 0) ||
          (place !== undefined && compareForOrder(key, place.value, descending) < 0)
        );
      };
    }
    return byKey.map((at) => found[at]!);
  }

  /** In id order: what comes after the last record that was wanted, or before the cursor, changes nothing. */
  #guardStretch(last: number | undefined): void {
    if (last === undefined && this.#place === undefined) return;
    const at = (last ?? 0) << 2;
    const end = last === undefined ? undefined : this.#unit.table(this.#kind).ids.slice(at, at + 4);
    const start = this.#place === undefined ? undefined : this.#placeWords;
    this.#guard.between = this.#descending ? { above: end, below: start } : { above: start, below: end };
  }

  /** The unit's own new records, and those that its writes made match. */
  #mergeOwn(keys: Access["keys"]): void {
    const { pending } = this.#unit;
    if (pending === undefined) return;
    if (keys !== undefined) {
      this.#mergeOwnKeys(pending, keys);
      return;
    }
    const created = this.#kind === NODE ? pending.createdNodes : pending.createdEdges;
    const count = pending.createdCount(this.#kind === NODE ? "nodes" : "edges", this.#mark);
    for (let i = 0; i < count; i++) if (!this.#met.has(created[i]!)) this.#judge(created[i]!);
    const table = this.#unit.table(this.#kind);
    for (const slot of (this.#kind === NODE ? pending.nodes : pending.edges).keys()) {
      if ((table.flags[slot]! & PENDING) === 0 && !this.#met.has(slot)) this.#judge(slot);
    }
  }

  #mergeOwnKeys(pending: Pending, { index, values }: NonNullable<Access["keys"]>): void {
    const table = this.#unit.table(NODE);
    // Created since the position that is looked at, and so with a greater id.
    const later = pending.createdNodes[pending.createdCount("nodes", this.#mark)];
    for (const value of values) {
      for (const slot of pending.nodesWithKey(index, value, table.states)) {
        if (this.#met.has(slot)) continue;
        const isLater =
          later !== undefined && (table.flags[slot]! & PENDING) !== 0 && table.compareIds(slot, later) >= 0;
        if (!isLater) this.#judge(slot);
      }
    }
  }
}

/** The greatest id there can be. */
const GREATEST_ID = "ffffffff-ffff-7fff-bfff-ffffffffffff" as Id;

function isBefore(left: Id | undefined, right: Id | undefined, order: "asc" | "desc"): boolean {
  if (left === undefined || right === undefined) return left === undefined && right !== undefined;
  return order === "asc" ? left < right : left > right;
}

function allLack({ fields }: NodeRows, field: string): boolean {
  return fields.every((data) => data instanceof RowDamage || data[field] === undefined);
}

/** What a lookup goes on after. A damaged row has no key, but the one before it has. */
function placeOfLast(rows: NodeRows, fields: readonly string[]): LookupRequest["after"] {
  for (let i = rows.length - 1; i >= 0; i--) {
    const data = rows.fields[i]!;
    if (!(data instanceof RowDamage)) return { key: fields.map((field) => data[field]), id: rows.ids.at(i) };
  }
  return undefined;
}

function boundsOf(range: FieldRange | undefined): LookupRequest["range"] {
  if (range === undefined) return undefined;
  const { lower, upper, prefix } = range;
  const isPrefixLow = prefix !== undefined && lower === undefined;
  const isPrefixHigh = prefix !== undefined && upper === undefined;
  return {
    low: isPrefixLow ? prefix : lower?.value,
    lowOpen: lower?.inclusive === false,
    high: isPrefixHigh ? afterPrefix(prefix) : upper?.value,
    highOpen: isPrefixHigh || upper?.inclusive === false,
  };
}

/** The first text, by code points, after all that start with the prefix; `undefined` where there is none. */
function afterPrefix(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const next = last.codePointAt(0)! + 1;
    // Surrogates are no code points of their own.
    if (next <= 0x10ffff) return points.join("") + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
  }
  return undefined;
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

/**
 * Repeats a step, which reads a page, until it says true: without recursion over synchronous stores, whose pages would
 * keep the event loop for as long as there are any.
 */
export function forever(unit: Unit, step: () => MaybePromise<boolean>): MaybePromise<void> {
  for (;;) {
    const done = step();
    if (isPromise(done)) return done.then((isDone) => (isDone ? undefined : forever(unit, step)));
    if (done === true) return;
    if (unit.isSliceOver()) return unit.pause().then(() => forever(unit, step));
  }
}
