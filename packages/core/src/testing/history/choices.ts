import { type NotedCondition, type NotedFind, type NotedState, passes } from "./history.ts";
import type { Chain, Version, Versions } from "./versions.ts";

/** The reader saw one of the versions from `low` to `high` of a record. */
export interface Interval {
  readonly chain: Chain;
  readonly low: number;
  readonly high: number;
}

/** The reader saw all of these. */
export type Option = readonly Interval[];

/** The reader saw one of the options; none where nothing that was ever there explains it. */
export interface Choice {
  readonly unit: number;
  /** In words, what it saw. */
  readonly saw: string;
  readonly options: readonly Option[];
}

/** What a unit itself has made of a record by now: `null` where it deleted it. */
export type OwnWrites = ReadonlyMap<string, NotedState | null>;

/** Beyond so many ways to explain one item, nothing is concluded from it. */
const MOST_OPTIONS = 48;

/** One record that decides about an item: the item itself, or what it hangs on. */
interface Part {
  readonly record: string;
  readonly condition: NotedCondition;
}

/** What a search may give, and how it could have been given or not. */
export interface Item {
  readonly name: string;
  /** How the versions must have been that it was found; `undefined` where there are too many ways. */
  readonly isIn: readonly Option[] | undefined;
  readonly isOut: readonly Option[] | undefined;
}

/** Everything that the search could ever have given. */
export function itemsOf(find: NotedFind, versions: Versions, reader: number, own: OwnWrites): Item[] {
  const candidates = new Map<string, { isIn: Option[] | undefined; isOut: Option[] | undefined }>();
  for (const chain of candidatesOf(find, versions, own)) {
    const state = own.get(chain.record) ?? firstState(chain);
    if (state === undefined) continue;
    const parts = partsOf(find, chain.record, state, versions, own);
    if (parts === undefined) continue;
    const name = find.give === undefined ? chain.record : String(state[find.give]);
    const isIn = allOf(parts.map((part) => intervals(part, true, versions, reader, own)));
    const isOut = parts.flatMap((part) => intervals(part, false, versions, reader, own));
    const other = candidates.get(name);
    // Given by whatever leads to it: in by either, out by all.
    if (other === undefined) candidates.set(name, { isIn, isOut });
    else {
      other.isIn = other.isIn === undefined || isIn === undefined ? undefined : [...other.isIn, ...isIn];
      other.isOut = other.isOut === undefined ? undefined : allOf([other.isOut, isOut]);
    }
  }
  return [...candidates].map(([name, { isIn, isOut }]) => ({ name, isIn: few(isIn), isOut: few(isOut) }));
}

/** How the reader, who had not written it, may have seen that the record was not there. */
export function optionsOfAbsence(chain: Chain, reader: number): Option[] {
  const last = chain.versions.length - 1;
  const { state, writer } = chain.versions[last]!;
  const options: Option[] = [[{ chain, low: 0, high: 0 }]];
  if (last > 0 && state === undefined && writer !== reader) options.push([{ chain, low: last, high: last }]);
  return options;
}

function few(options: readonly Option[] | undefined): readonly Option[] | undefined {
  return options === undefined || options.length > MOST_OPTIONS ? undefined : options;
}

function* candidatesOf({ kind, where }: NotedFind, versions: Versions, own: OwnWrites): Generator<Chain> {
  for (const chain of versions.ofKind(kind))
    if (
      chain.versions.some(({ state }) => state !== undefined && passes(state, where)) ||
      own.has(chain.record)
    )
      yield chain;
  // What it made itself, in an attempt that was lost, is in no chain.
  for (const [record, state] of own)
    if (state?.kind === kind && !versions.chains.has(record))
      yield { record, versions: [{ stamp: null, state: undefined, writer: -1 }] };
}

function firstState({ versions }: Chain): NotedState | undefined {
  return versions[1]?.state;
}

/** `undefined` where what it hangs on was never there. */
function partsOf(
  { where, hangingOn = {} }: NotedFind,
  record: string,
  state: NotedState,
  versions: Versions,
  own: OwnWrites,
): Part[] | undefined {
  const parts: Part[] = [{ record, condition: where }];
  for (const way of Object.keys(hangingOn)) {
    let at: NotedState | undefined = state;
    let name = "";
    for (const field of way.split(".")) {
      name = String(at?.[field] ?? "");
      const chain = versions.chains.get(name);
      at = own.get(name) ?? (chain === undefined ? undefined : firstState(chain));
    }
    if (at === undefined) return undefined;
    parts.push({ record: name, condition: hangingOn[way]! });
  }
  return parts;
}

/** An option of no intervals holds by what the unit has written itself. */
function intervals(
  { record, condition }: Part,
  wanted: boolean,
  versions: Versions,
  reader: number,
  own: OwnWrites,
): Option[] {
  const written = own.get(record);
  if (written !== undefined) return (written !== null && passes(written, condition)) === wanted ? [[]] : [];
  const chain = versions.chains.get(record);
  if (chain === undefined) return wanted ? [] : [[]];
  const fits = ({ state }: Version): boolean => (state !== undefined && passes(state, condition)) === wanted;
  // It has not written it yet, so it saw what was there before its own.
  const mine = chain.versions.findIndex(({ writer }) => writer === reader);
  const end = mine < 0 ? chain.versions.length : mine;
  const found: Option[] = [];
  for (let low = 0; low < end; low++) {
    if (!fits(chain.versions[low]!)) continue;
    let high = low;
    while (high + 1 < end && fits(chain.versions[high + 1]!)) high += 1;
    found.push([{ chain, low, high }]);
    low = high;
  }
  return found;
}

/** One option of each. */
function allOf(each: readonly (readonly Option[])[]): Option[] | undefined {
  let all: Option[] = [[]];
  for (const options of each) {
    if (all.length * options.length > MOST_OPTIONS) return undefined;
    all = all.flatMap((before) => options.map((option) => [...before, ...option]));
  }
  return all;
}
