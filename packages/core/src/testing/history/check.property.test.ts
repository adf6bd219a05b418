/**
 * Law: the checker finds an anomaly exactly where no order of the units, tried one by one against a plain map, shows
 * each of them what it noted. The histories are made by units that see what they like: the newest commit, an old one, or
 * now this and now that.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkHistory } from "./check.ts";
import type { Noted, NotedUnit } from "./history.ts";

interface Thing {
  readonly version: number;
  readonly group: number;
}
type Moment = ReadonlyMap<string, Thing>;

const records = ["x", "y", "z"];
const step = fc.record({
  what: fc.constantFrom("read", "read", "write", "create", "delete", "find", "count"),
  record: fc.constantFrom("x", ...records),
  group: fc.nat(1),
  /** How many commits ago it looks. */
  ago: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
});
const course = fc.record({
  units: fc.array(
    fc.record({
      process: fc.nat(1),
      isLost: fc.nat(7).map((n) => n === 7),
      isFresh: fc.boolean(),
      steps: fc.array(step, { minLength: 2, maxLength: 4 }),
    }),
    { minLength: 3, maxLength: 4 },
  ),
  /** Which unit takes its next step, again and again. */
  turns: fc.array(fc.nat(3), { minLength: 8, maxLength: 20 }),
});
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never;

interface Running {
  readonly noted: Noted[];
  readonly own: Map<string, Thing | null>;
  began: number;
  ended: number;
  at: number;
}

/** Plays the units without any care: what one commits replaces what the others committed meanwhile. */
function played({ units, turns }: Course): NotedUnit[] {
  let version = 0;
  let clock = 1;
  const first = new Map<string, Thing>([["x", { version: ++version, group: 0 }]]);
  const moments: Moment[] = [first];
  const made = new Set(["x"]);
  const running: Running[] = units.map(() => ({ noted: [], own: new Map(), began: 0, ended: 0, at: 0 }));
  const advance = (i: number): void => {
    const { steps, isLost } = units[i]!;
    const unit = running[i]!;
    if (unit.at > steps.length) return;
    if (unit.at === 0) unit.began = clock++;
    const each = steps[unit.at++];
    if (each === undefined) {
      unit.ended = clock++;
      if (isLost) return;
      const next = new Map(moments.at(-1));
      for (const [record, thing] of unit.own)
        if (thing === null) next.delete(record);
        else next.set(record, thing);
      moments.push(next);
      return;
    }
    const view = new Map(moments.at(-1 - Math.min(each.ago, moments.length - 1)));
    for (const [record, thing] of unit.own)
      if (thing === null) view.delete(record);
      else view.set(record, thing);
    const { record, group } = each;
    const seen = view.get(record);
    if (each.what === "find" || each.what === "count") {
      const found = [...view].filter(([, thing]) => thing.group === group).map(([name]) => name);
      const of = { do: "find", what: "things", kind: "Thing", where: { group } } as const;
      unit.noted.push({ ...of, found: each.what === "find" ? found : found.length });
      return;
    }
    const state = { kind: "Thing", group };
    if (each.what === "create") {
      // An id is given once.
      const name = records.find((other) => !made.has(other));
      if (name === undefined) return;
      made.add(name);
      unit.own.set(name, { version: ++version, group });
      unit.noted.push({ do: "write", record: name, from: null, to: version, state });
      return;
    }
    unit.noted.push({ do: "read", record, version: seen?.version ?? null });
    if (seen === undefined || each.what === "read") return;
    if (each.what === "delete") {
      unit.own.set(record, null);
      unit.noted.push({ do: "write", record, from: undefined, to: null });
      return;
    }
    unit.own.set(record, { version: ++version, group });
    unit.noted.push({ do: "write", record, from: seen.version, to: version, state });
  };
  for (const turn of turns) if (turn < units.length) advance(turn);
  for (let i = 0; i < units.length; i++) while (running[i]!.at <= units[i]!.steps.length) advance(i);
  const all: NotedUnit[] = [
    {
      name: "set-up",
      process: "p0",
      began: 0,
      ended: 0.5,
      outcome: "committed",
      did: [{ do: "write", record: "x", from: null, to: 1, state: { kind: "Thing", group: 0 } }],
    },
  ];
  for (const [i, { process, isLost, isFresh }] of units.entries()) {
    const { noted, began, ended } = running[i]!;
    all.push({
      name: `U${i}`,
      process: `p${process}`,
      began,
      ended,
      outcome: isLost ? "lost" : "committed",
      isFresh: isFresh && !isLost,
      did: noted,
    });
  }
  return all;
}

/** Whether the unit can have seen what it noted where this was there, and what it leaves. */
function after(moment: Moment, { did, outcome }: NotedUnit): Moment | undefined {
  const view = new Map(moment);
  for (const each of did) {
    if (each.do === "read") {
      if ((view.get(each.record)?.version ?? null) !== each.version) return undefined;
    } else if (each.do === "find") {
      const found = [...view].filter(([, { group }]) => group === each.where.group).map(([name]) => name);
      if (typeof each.found === "number" ? each.found !== found.length : each.found.length !== found.length)
        return undefined;
      if (typeof each.found !== "number" && !each.found.every((name) => found.includes(name)))
        return undefined;
    } else if (each.to === null) {
      if (!view.delete(each.record)) return undefined;
    } else {
      if ((view.get(each.record)?.version ?? null) !== each.from) return undefined;
      view.set(each.record, { version: each.to, group: each.state!.group as number });
    }
  }
  return outcome === "committed" ? view : moment;
}

function hasOrder(units: readonly NotedUnit[]): boolean {
  const isBound = (unit: NotedUnit): boolean =>
    unit.isFresh === true || (unit.outcome === "committed" && unit.did.some((each) => each.do === "write"));
  const mustPrecede = (a: NotedUnit, b: NotedUnit): boolean =>
    a.ended < b.began && (a.process === b.process || isBound(b));
  const extend = (left: readonly NotedUnit[], moment: Moment): boolean =>
    left.length === 0 ||
    left.some((next) => {
      if (left.some((other) => other !== next && mustPrecede(other, next))) return false;
      const then = after(moment, next);
      return (
        then !== undefined &&
        extend(
          left.filter((other) => other !== next),
          then,
        )
      );
    });
  return extend(units, new Map());
}

it("finds what trying every order finds", () => {
  let anomalies = 0;
  let histories = 0;
  fc.assert(
    fc.property(course, (given) => {
      const units = played(given);
      const { anomaly, undecided } = checkHistory(units);
      expect(undecided).toBe(0);
      expect(anomaly === undefined).toBe(hasOrder(units));
      histories += 1;
      if (anomaly !== undefined) anomalies += 1;
    }),
    { numRuns: 2000 },
  );
  // Else it says little.
  expect(anomalies / histories).toBeGreaterThan(0.15);
  expect(anomalies / histories).toBeLessThan(0.8);
});
