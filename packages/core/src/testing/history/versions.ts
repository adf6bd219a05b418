import type { NotedState, NotedUnit } from "./history.ts";

/** One version of a record, with the unit that made it by its place among the units; -1 for what was before all. */
export interface Version {
  readonly stamp: number | null;
  /** `undefined` where the record is not there. */
  readonly state: NotedState | undefined;
  readonly writer: number;
}

/** A record's versions as they followed one another. The first is that it was not there. */
export interface Chain {
  readonly record: string;
  readonly versions: Version[];
}

/** What makes a history impossible by itself, before anything is put in order. */
export interface Flaw {
  readonly anomaly: string;
  readonly text: string;
  readonly units: readonly number[];
}

interface Written {
  readonly record: string;
  readonly from: number | null | undefined;
  readonly to: number | null;
  readonly state: NotedState | undefined;
  readonly writer: number;
}

/** All versions of all records of the units that committed. */
export class Versions {
  readonly chains: Map<string, Chain> = new Map();
  readonly flaws: Flaw[] = [];
  readonly #byKind: Map<string, Chain[]> = new Map();
  readonly #places: Map<number, { readonly chain: Chain; readonly at: number }> = new Map();
  /** Versions that were replaced by the unit that made them, or lost with it. */
  readonly #unseen: Map<number, { readonly writer: number; readonly isLost: boolean }> = new Map();
  /** Records that only a lost unit made. */
  readonly #neverMade: Map<string, number> = new Map();
  readonly #units: readonly NotedUnit[];

  constructor(units: readonly NotedUnit[], counts: (unit: NotedUnit) => boolean) {
    this.#units = units;
    const next = new Map<string, Map<number | null, Written>>();
    const deletions = new Map<string, Written>();
    for (const [i, unit] of units.entries()) {
      if (!counts(unit)) {
        for (const each of unit.did) {
          if (each.do !== "write" || each.to === null) continue;
          this.#unseen.set(each.to, { writer: i, isLost: true });
          if (each.from === null) this.#neverMade.set(each.record, i);
        }
        continue;
      }
      for (const written of this.#netWrites(unit, i)) {
        if (written.to === null) {
          this.#putOnce(deletions, written.record, written);
        } else {
          const of = next.get(written.record) ?? new Map<number | null, Written>();
          next.set(written.record, of);
          this.#putOnce(of, written.from ?? null, written);
        }
      }
    }
    for (const [record, of] of next) this.#chain(record, of, deletions.get(record));
  }

  nameOf(unit: number): string {
    return unit < 0 ? "nobody" : this.#units[unit]!.name;
  }

  ofKind(kind: string): readonly Chain[] {
    return this.#byKind.get(kind) ?? [];
  }

  /** Where the version is in its record's chain. */
  find(record: string, stamp: number): number | undefined {
    const place = this.#places.get(stamp);
    return place?.chain.record === record ? place.at : undefined;
  }

  /** Why a version that was read is in no chain. */
  flawOf(reader: number, record: string, stamp: number): Flaw {
    const unseen = this.#unseen.get(stamp);
    const name = this.nameOf(reader);
    const what = `${record} in version ${stamp}`;
    if (unseen === undefined)
      return {
        anomaly: "read of nothing",
        text: `${name} read ${what}, which nobody wrote`,
        units: [reader],
      };
    const writer = this.nameOf(unseen.writer);
    const units = [reader, unseen.writer];
    return unseen.isLost
      ? { anomaly: "G1a", text: `${name} read ${what}, which ${writer} wrote and never committed`, units }
      : { anomaly: "G1b", text: `${name} read ${what}, which ${writer} replaced before it committed`, units };
  }

  /** Why something that was found is not among what a search can find. */
  flawOfFound(reader: number, record: string, what: string): Flaw {
    const name = this.nameOf(reader);
    const maker = this.#neverMade.get(record);
    if (maker === undefined) {
      const text = `${name} found ${record} among ${what}, where it never was`;
      return { anomaly: "read of nothing", text, units: [reader] };
    }
    const text = `${name} found ${record} among ${what}, which ${this.nameOf(maker)} made and never committed`;
    return { anomaly: "G1a", text, units: [reader, maker] };
  }

  /** What is left of the unit's writes once it commits. */
  #netWrites(unit: NotedUnit, writer: number): Iterable<Written> {
    const net = new Map<string, Written>();
    for (const each of unit.did) {
      if (each.do !== "write") continue;
      const { record, from, to, state } = each;
      const before = net.get(record);
      if (before === undefined) {
        net.set(record, { record, from, to, state, writer });
        continue;
      }
      if (before.to !== null) this.#unseen.set(before.to, { writer, isLost: false });
      // What it made and deleted again was never there.
      if (to === null && before.from === null) net.delete(record);
      else net.set(record, { record, from: before.from, to, state, writer });
    }
    return net.values();
  }

  #putOnce<K>(of: Map<K, Written>, key: K, written: Written): void {
    const other = of.get(key);
    if (other === undefined) {
      of.set(key, written);
      return;
    }
    const { record, from, to, writer } = written;
    const both = `${this.nameOf(other.writer)} and ${this.nameOf(writer)} both`;
    this.flaws.push({
      anomaly: "lost update",
      text:
        to === null
          ? `${both} deleted ${record}`
          : `${both} replaced ${record} in version ${from}, by ${other.to} and by ${to}: one of them is lost`,
      units: [other.writer, writer],
    });
  }

  #chain(record: string, next: Map<number | null, Written>, deletion: Written | undefined): void {
    const versions: Version[] = [{ stamp: null, state: undefined, writer: -1 }];
    const chain: Chain = { record, versions };
    for (let at = next.get(null); at !== undefined; at = next.get(at.to)) {
      this.#places.set(at.to!, { chain, at: versions.length });
      versions.push({ stamp: at.to, state: at.state, writer: at.writer });
    }
    if (versions.length <= next.size) {
      for (const { from, to, writer } of next.values()) {
        if (to !== null && this.#places.has(to)) continue;
        if (from !== null && this.#places.has(from!)) continue;
        const flaw = this.flawOf(writer, record, from!);
        this.flaws.push(flaw);
        break;
      }
    }
    if (deletion !== undefined) versions.push({ stamp: null, state: undefined, writer: deletion.writer });
    this.chains.set(record, chain);
    const kind = String(versions[1]?.state?.kind ?? "");
    const of = this.#byKind.get(kind);
    if (of === undefined) this.#byKind.set(kind, [chain]);
    else of.push(chain);
  }
}
