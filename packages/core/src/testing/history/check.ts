import { type Choice, type Interval, type Item, itemsOf, type Option, optionsOfAbsence } from "./choices.ts";
import {
  anomalyOf,
  Dependencies,
  PREDICATE_RW,
  REAL_TIME,
  RW,
  SESSION,
  type Step,
  WR,
  WW,
} from "./dependencies.ts";
import type { Noted, NotedFind, NotedState, NotedUnit } from "./history.ts";
import { type Chain, type Flaw, Versions } from "./versions.ts";

/** What no serial order of the units explains. */
export interface Anomaly {
  /** By the names of Adya and elle: `G0`, `G1a`, `G1b`, `G1c`, `G-single`, `G2-item`, `G2-predicate`, `internal`, … */
  readonly name: string;
  /** Those that have a part in it. */
  readonly units: readonly NotedUnit[];
  /** In words: each unit, each value, and why one must come before the other. */
  readonly text: string;
}

/** What becomes of a history. */
export interface HistoryVerdict {
  /** `undefined` where some serial order explains everything. */
  readonly anomaly: Anomaly | undefined;
  /** Reads that more than one order would explain, and of which it was not decided whether one explains all. */
  readonly undecided: number;
}

/** So many orders are tried to explain what two or more units may be the reason for; fewer where each takes long. */
const MOST_TRIES = 2_000;
const MOST_TRIES_OF_MANY = 20;
const MANY_UNITS = 100;

/** Units of unknown outcome of which every combination is tried. */
const MOST_UNKNOWN = 6;

/**
 * Looks for what no serial order explains: units of work that each must come before the other, by what they wrote,
 * read and searched, by the order in one process, and by the clock.
 *
 * What a search found or did not find often has several explanations (not there yet, or gone by then); each that
 * contradicts the rest is given up, and where none is left, that is the anomaly.
 */
export function checkHistory(units: readonly NotedUnit[]): HistoryVerdict {
  const unknown = units.filter(({ outcome }) => outcome === "unknown").slice(0, MOST_UNKNOWN);
  let first: HistoryVerdict | undefined;
  // Whether such a unit is in the store nobody has said: whatever explains the others is how it was.
  for (let bits = 2 ** unknown.length - 1; bits >= 0; bits--) {
    const landed = new Set(unknown.filter((_, i) => (bits & (1 << i)) !== 0));
    const verdict = checkWith(units, (unit) => unit.outcome === "committed" || landed.has(unit));
    if (verdict.anomaly === undefined) return verdict;
    first ??= verdict;
  }
  return first!;
}

function checkWith(units: readonly NotedUnit[], counts: (unit: NotedUnit) => boolean): HistoryVerdict {
  return new Check(units, counts).verdict();
}

/** Units by when they ended. */
class Sequence {
  readonly #units: readonly NotedUnit[];
  readonly #byEnd: readonly number[];
  /** When the last one began, of those up to each place that others come after. */
  readonly #lastBegan: number[] = [];

  constructor(units: readonly NotedUnit[], byEnd: readonly number[], leads: (unit: number) => boolean) {
    this.#units = units;
    this.#byEnd = byEnd;
    let last = Number.NEGATIVE_INFINITY;
    for (const i of byEnd) {
      if (leads(i)) last = Math.max(last, units[i]!.began);
      this.#lastBegan.push(last);
    }
  }

  /** Those that had ended by then, but for those after which came others that had ended by then. */
  *justBefore(time: number): Generator<number> {
    let low = 0;
    for (let high = this.#byEnd.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#units[this.#byEnd[middle]!]!.ended < time) low = middle + 1;
      else high = middle;
    }
    const since = low === 0 ? Number.POSITIVE_INFINITY : this.#lastBegan[low - 1]!;
    for (let at = low - 1; at >= 0 && this.#units[this.#byEnd[at]!]!.ended >= since; at--)
      yield this.#byEnd[at]!;
  }
}

interface Counted {
  readonly unit: number;
  readonly find: NotedFind;
  readonly items: readonly Item[];
}

class Check {
  readonly #units: readonly NotedUnit[];
  readonly #counts: (unit: NotedUnit) => boolean;
  readonly #versions: Versions;
  readonly #dependencies: Dependencies;
  readonly #open: Choice[] = [];
  #flaw: Flaw | undefined;
  /** Searches of which only the number of results is known. */
  readonly #counted: Counted[] = [];
  #tries: number;

  constructor(units: readonly NotedUnit[], counts: (unit: NotedUnit) => boolean) {
    this.#units = units;
    this.#counts = counts;
    this.#versions = new Versions(units, counts);
    this.#dependencies = new Dependencies(units.length);
    this.#tries = units.length > MANY_UNITS ? MOST_TRIES_OF_MANY : MOST_TRIES;
    this.#flaw = this.#versions.flaws[0];
  }

  verdict(): HistoryVerdict {
    if (this.#flaw === undefined) {
      for (const chain of this.#versions.chains.values()) this.#writes(chain);
      for (let i = 0; i < this.#units.length && this.#flaw === undefined; i++) this.#reads(i);
    }
    if (this.#flaw !== undefined) return { anomaly: this.#ofFlaw(this.#flaw), undecided: 0 };
    this.#order();
    return this.#solve();
  }

  // ---- what follows from what each unit did --------------------------------------------------------------------------

  #writes({ record, versions }: Chain): void {
    for (let at = 1; at + 1 < versions.length; at++) {
      const before = versions[at]!;
      const after = versions[at + 1]!;
      this.#dependencies.add(before.writer, after.writer, WW, () =>
        after.state === undefined
          ? `${this.#name(before.writer)} wrote ${record} in version ${before.stamp}, and ${this.#name(after.writer)} deleted it`
          : `${this.#name(before.writer)} wrote ${record} in version ${before.stamp}, and ${this.#name(after.writer)} replaced it by ${shown(after.stamp, after.state)}`,
      );
    }
  }

  #reads(unit: number): void {
    const own = new Map<string, NotedState | null>();
    const ownStamps = new Map<string, number | null>();
    for (const each of this.#units[unit]!.did) {
      if (this.#flaw !== undefined) return;
      if (each.do === "write") {
        own.set(each.record, each.state ?? null);
        ownStamps.set(each.record, each.to);
      } else if (each.do === "find") this.#find(unit, each, own);
      else if (ownStamps.has(each.record)) this.#ownRead(unit, each, ownStamps.get(each.record)!);
      else this.#read(unit, each.record, each.version);
    }
  }

  #ownRead(unit: number, { record, version }: Extract<Noted, { do: "read" }>, own: number | null): void {
    if (version === own) return;
    const is = (stamp: number | null): string => (stamp === null ? "absent" : `in version ${stamp}`);
    this.#flaw = {
      anomaly: "internal",
      text: `${this.#name(unit)} left ${record} ${is(own)} and then read it ${is(version)}`,
      units: [unit],
    };
  }

  #read(unit: number, record: string, version: number | null): void {
    const chain = this.#versions.chains.get(record);
    if (version === null) {
      if (chain !== undefined)
        this.#choose({
          unit,
          saw: `${this.#name(unit)} looked for ${record} and did not find it`,
          options: optionsOfAbsence(chain, unit),
        });
      return;
    }
    const at = this.#versions.find(record, version);
    if (at === undefined) {
      this.#flaw = this.#versions.flawOf(unit, record, version);
      return;
    }
    const { versions } = chain!;
    const saw = shown(version, versions[at]!.state);
    const before = versions[at]!;
    this.#dependencies.add(
      before.writer,
      unit,
      WR,
      () => `${this.#name(unit)} read ${record} in ${saw}, which ${this.#name(before.writer)} wrote`,
    );
    const after = versions[at + 1];
    if (after === undefined) return;
    this.#dependencies.add(
      unit,
      after.writer,
      RW,
      () =>
        `${this.#name(unit)} read ${record} in ${saw}, which ${this.#name(after.writer)} ${after.state === undefined ? "deleted" : `replaced by ${shown(after.stamp, after.state)}`}`,
    );
  }

  #find(unit: number, find: NotedFind, own: ReadonlyMap<string, NotedState | null>): void {
    const items = itemsOf(find, this.#versions, unit, own);
    const { found, what } = find;
    if (typeof found === "number") {
      this.#counted.push({ unit, find, items });
      return;
    }
    const given = new Set(found);
    for (const { name, isIn, isOut } of items) {
      const isGiven = given.delete(name);
      const options = isGiven ? isIn : isOut;
      if (options === undefined) continue;
      const saw = isGiven
        ? `${this.#name(unit)} found ${name} among ${what}`
        : `${this.#name(unit)} did not find ${name} among ${what}`;
      this.#choose({ unit, saw, options });
    }
    for (const name of given) this.#flaw ??= this.#versions.flawOfFound(unit, name, what);
  }

  /** What has one explanation is certain, and the others wait for what becomes of it. */
  #choose(choice: Choice): void {
    const { options, unit, saw } = choice;
    if (options.length === 0) {
      this.#flaw ??= { anomaly: "internal", text: `${saw}, which nothing explains`, units: [unit] };
    } else if (options.some((option) => option.length === 0)) return;
    else if (options.length === 1) this.#take(this.#dependencies, choice, options[0]!);
    else this.#open.push(choice);
  }

  #take(dependencies: Dependencies, { unit, saw }: Choice, option: Option): void {
    for (const interval of option) {
      for (const { from, to, kind, why } of this.#edges(unit, saw, interval))
        dependencies.add(from, to, kind, why);
    }
  }

  *#edges(
    unit: number,
    saw: string,
    { chain: { record, versions }, low, high }: Interval,
  ): Generator<Step & { why: () => string }> {
    const first = versions[low]!;
    const next = versions[high + 1];
    if (low > 0 && first.writer !== unit)
      yield {
        from: first.writer,
        to: unit,
        kind: WR,
        why: () =>
          `${saw}, after ${this.#name(first.writer)} had ${done(record, first.stamp, first.state, low)}`,
      };
    if (next !== undefined && next.writer !== unit)
      yield {
        from: unit,
        to: next.writer,
        kind: PREDICATE_RW,
        why: () =>
          `${saw}, before ${this.#name(next.writer)} had ${done(record, next.stamp, next.state, high + 1)}`,
      };
  }

  #order(): void {
    const units = this.#units;
    // What nobody knows of may land long after its unit has ended.
    const byEnd = units.map((_, i) => i).filter((i) => units[i]!.outcome !== "unknown");
    byEnd.sort((a, b) => units[a]!.ended - units[b]!.ended);
    const isBound = units.map(
      (unit) => unit.isFresh === true || (this.#counts(unit) && unit.did.some((each) => each.do === "write")),
    );
    const all = new Sequence(units, byEnd, (i) => isBound[i]!);
    const sessions = new Map<string, Sequence>();
    for (const [b, { began, process }] of units.entries()) {
      let session = sessions.get(process);
      if (session === undefined) {
        session = new Sequence(
          units,
          byEnd.filter((i) => units[i]!.process === process),
          () => true,
        );
        sessions.set(process, session);
      }
      for (const a of session.justBefore(began)) this.#dependencies.add(a, b, SESSION);
      if (!isBound[b]) continue;
      for (const a of all.justBefore(began))
        if (units[a]!.process !== process) this.#dependencies.add(a, b, REAL_TIME);
    }
  }

  // ---- whether there is an order -------------------------------------------------------------------------------------

  #solve(): HistoryVerdict {
    const left = this.#narrow(this.#dependencies, this.#open);
    if (!Array.isArray(left)) return { anomaly: left, undecided: 0 };
    const anomaly = this.#search(this.#dependencies, left);
    return { anomaly, undecided: this.#tries <= 0 ? Math.max(1, left.length) : 0 };
  }

  /** Gives up every explanation that contradicts what is certain, until nothing changes. @returns what is left open */
  #narrow(dependencies: Dependencies, choices: readonly Choice[]): Choice[] | Anomaly {
    let open = [...choices];
    const counted = new Set(this.#counted);
    for (;;) {
      const cycle = dependencies.cycle();
      if (cycle !== undefined) return this.#ofCycle(dependencies, cycle);
      for (const each of counted) {
        const settled = this.#settleCount(dependencies, each);
        if (settled === undefined) continue;
        if (!Array.isArray(settled)) return settled;
        counted.delete(each);
        open.push(...settled);
      }
      let isChanged = false;
      const left: Choice[] = [];
      for (const choice of open) {
        const options = choice.options.filter((option) => this.#mayHold(dependencies, choice.unit, option));
        if (options.length === 0) return this.#ofChoice(dependencies, choice);
        if (options.some((option) => this.#holds(dependencies, choice.unit, option))) continue;
        if (options.length > 1) left.push({ ...choice, options });
        else {
          this.#take(dependencies, choice, options[0]!);
          isChanged = true;
        }
      }
      open = left;
      if (!isChanged) return open;
    }
  }

  #mayHold(dependencies: Dependencies, unit: number, option: Option): boolean {
    for (const interval of option)
      for (const { from, to } of this.#edges(unit, "", interval))
        if (dependencies.reaches(to, from)) return false;
    return true;
  }

  #holds(dependencies: Dependencies, unit: number, option: Option): boolean {
    for (const interval of option)
      for (const { from, to } of this.#edges(unit, "", interval))
        if (!dependencies.reaches(from, to)) return false;
    return true;
  }

  /** @returns what follows from the number that was counted, once it is enough to say which ones they were */
  #settleCount(dependencies: Dependencies, { unit, find, items }: Counted): Choice[] | Anomaly | undefined {
    const may = (options: readonly Option[] | undefined): boolean => this.#may(dependencies, unit, options);
    const count = find.found as number;
    const possible = items.filter(({ isIn }) => may(isIn));
    const certain = possible.filter(({ isOut }) => !may(isOut));
    const saw = `${this.#name(unit)} counted ${count} among ${find.what}`;
    const wrong = count > possible.length ? possible : count < certain.length ? certain : undefined;
    if (wrong !== undefined) {
      // Each that was there or was not must be explained; the first one's reason stands for all.
      const amiss = count > possible.length ? items.find((item) => !possible.includes(item)) : certain[0];
      const options = (count > possible.length ? amiss?.isIn : amiss?.isOut) ?? [];
      const text = `${saw}, where ${count > possible.length ? "no more could be than" : "there must have been"} ${wrong.length}: ${wrong.map(({ name }) => name).join(", ") || "none"}`;
      return this.#ofChoice(dependencies, { unit, saw: text, options });
    }
    if (count !== possible.length && count !== certain.length) return undefined;
    const choices: Choice[] = [];
    for (const item of possible) {
      if (certain.includes(item) || count === possible.length) {
        if (item.isIn !== undefined)
          choices.push({ unit, saw: `${saw}, ${item.name} among them`, options: item.isIn });
      } else if (item.isOut !== undefined)
        choices.push({ unit, saw: `${saw}, ${item.name} not among them`, options: item.isOut });
    }
    return choices;
  }

  #may(dependencies: Dependencies, unit: number, options: readonly Option[] | undefined): boolean {
    return options === undefined || options.some((option) => this.#mayHold(dependencies, unit, option));
  }

  /** Something of which it is open whether it was counted. */
  #unsettled(dependencies: Dependencies): Choice | undefined {
    for (const { unit, find, items } of this.#counted) {
      for (const { name, isIn, isOut } of items) {
        if (isIn === undefined || isOut === undefined) continue;
        if (!this.#may(dependencies, unit, isIn) || !this.#may(dependencies, unit, isOut)) continue;
        return {
          unit,
          saw: `${this.#name(unit)} counted ${name} or not among ${find.what}`,
          options: [...isIn, ...isOut],
        };
      }
    }
    return undefined;
  }

  /** Tries one explanation after another of what is left. */
  #search(dependencies: Dependencies, open: readonly Choice[]): Anomaly | undefined {
    const [choice = this.#unsettled(dependencies), ...rest] = open;
    if (choice === undefined) return undefined;
    let anomaly: Anomaly | undefined;
    for (const option of choice.options) {
      if (this.#tries-- <= 0) return undefined;
      const tried = dependencies.copy();
      this.#take(tried, choice, option);
      const left = this.#narrow(tried, rest);
      const found = Array.isArray(left) ? this.#search(tried, left) : left;
      if (found === undefined) return undefined;
      anomaly ??= found;
    }
    return anomaly;
  }

  // ---- in words --------------------------------------------------------------------------------------------------------

  #name(unit: number): string {
    return this.#versions.nameOf(unit);
  }

  #ofFlaw({ anomaly, text, units }: Flaw): Anomaly {
    return { name: anomaly, text: `${anomaly}: ${text}`, units: units.map((at) => this.#units[at]!) };
  }

  #ofCycle(dependencies: Dependencies, cycle: readonly Step[]): Anomaly {
    const name = anomalyOf(cycle);
    const units = cycle.map(({ from }) => this.#units[from]!);
    const around = units.map(({ name: unit, process }) => `${unit} (${process})`).join(", ");
    return {
      name,
      units,
      text: `${name}: each of ${around} must come before the next, and the last before the first\n${this.#lines(dependencies, cycle)}`,
    };
  }

  /** No explanation is left: each one's cycle. */
  #ofChoice(dependencies: Dependencies, { unit, saw, options }: Choice): Anomaly {
    const cycles: Step[][] = [];
    const texts: string[] = [];
    const told = new Set<string>();
    for (const option of options) {
      for (const interval of option) {
        let cycle: Step[] | undefined;
        for (const { from, to, kind, why } of this.#edges(unit, saw, interval)) {
          const back = dependencies.path(to, from, -1);
          if (back === undefined) continue;
          cycle = [{ from, to, kind }, ...back];
          if (told.has(`${from} ${to}`)) break;
          told.add(`${from} ${to}`);
          texts.push(
            [`  ${why()} [${dependencies.nameOf(kind)}]`, this.#lines(dependencies, back)].join("\n"),
          );
          break;
        }
        if (cycle === undefined) continue;
        cycles.push(cycle);
        break;
      }
    }
    const units = [...new Set([unit, ...cycles.flat().map(({ from }) => from)])];
    const name = cycles.length === 0 ? "internal" : anomalyOf(cycles[0]!);
    return {
      name,
      units: units.map((at) => this.#units[at]!),
      text: `${name}: ${saw}, and no moment explains it${texts.length > 0 ? `:\n${texts.join("\n  or else\n")}` : ""}`,
    };
  }

  #lines(dependencies: Dependencies, steps: readonly Step[]): string {
    return steps
      .map((step) => {
        const { from, to, kind } = step;
        const why =
          dependencies.why(step) ??
          (kind === SESSION
            ? `${this.#name(from)} had ended in ${this.#units[from]!.process} when ${this.#name(to)} began there`
            : `${this.#name(from)} had ended when ${this.#name(to)} began`);
        return `  ${why} [${dependencies.nameOf(kind)}]`;
      })
      .join("\n");
  }
}

/** What was done to the record that made this version. */
function done(record: string, stamp: number | null, state: NotedState | undefined, at: number): string {
  if (state === undefined) return `deleted ${record}`;
  return at === 1
    ? `created ${record} as ${shown(stamp, state)}`
    : `changed ${record} to ${shown(stamp, state)}`;
}

function shown(stamp: number | null, state: NotedState | undefined): string {
  if (state === undefined) return `version ${stamp}`;
  const fields = Object.entries(state).filter(([field]) => field !== "kind");
  if (fields.length === 0) return `version ${stamp}`;
  return `version ${stamp} (${fields.map(([field, value]) => `${field} ${JSON.stringify(value)}`).join(", ")})`;
}
