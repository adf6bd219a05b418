import { describe, expect, it } from "vitest";
import { checkHistory } from "./check.ts";
import type { Noted, NotedState, NotedUnit } from "./history.ts";

let clock = 0;

/** Units that ran at the same time, unless they say otherwise. */
function unit(name: string, did: readonly Noted[], more: Partial<NotedUnit> = {}): NotedUnit {
  return { name, process: name, began: 1, ended: 1_000_000, outcome: "committed", did, ...more };
}

const read = (record: string, version: number | null): Noted => ({ do: "read", record, version });
const create = (record: string, to: number, state: NotedState = { kind: "Thing" }): Noted => ({
  do: "write",
  record,
  from: null,
  to,
  state,
});
const write = (record: string, from: number, to: number, state: NotedState = { kind: "Thing" }): Noted => ({
  do: "write",
  record,
  from,
  to,
  state,
});
const remove = (record: string): Noted => ({ do: "write", record, from: undefined, to: null });
const find = (found: readonly string[] | number, where: Record<string, number> = {}): Noted => ({
  do: "find",
  what: `things${"group" in where ? ` of group ${where.group}` : ""}`,
  kind: "Thing",
  where,
  found,
});

/** What was there before all others began. */
const setUp = (...did: Noted[]): NotedUnit => unit("set-up", did, { began: 0, ended: 0.5 });

function verdict(...units: NotedUnit[]): { name: string | undefined; text: string } {
  const { anomaly, undecided } = checkHistory(units);
  expect(undecided).toBe(0);
  return { name: anomaly?.name, text: anomaly?.text ?? "" };
}

describe("a history", () => {
  it("without units, and one in which each saw what the one before left, has a serial order", () => {
    expect(verdict().name).toBeUndefined();
    expect(
      verdict(
        setUp(create("x", 1)),
        unit("A", [read("x", 1), write("x", 1, 2)]),
        unit("B", [read("x", 2), remove("x")]),
        unit("C", [read("x", null)]),
      ).name,
    ).toBeUndefined();
  });

  it("in which two units replaced one version has lost an update", () => {
    const { name, text } = verdict(
      setUp(create("x", 1)),
      unit("A", [read("x", 1), write("x", 1, 2)]),
      unit("B", [read("x", 1), write("x", 1, 3)]),
    );
    expect(name).toBe("lost update");
    expect(text).toBe(
      "lost update: A and B both replaced x in version 1, by 2 and by 3: one of them is lost",
    );
    expect(verdict(setUp(create("x", 1)), unit("A", [remove("x")]), unit("B", [remove("x")])).text).toBe(
      "lost update: A and B both deleted x",
    );
  });

  it("of writes that go round is G0", () => {
    const { name, text } = verdict(
      setUp(create("x", 1), create("y", 2)),
      unit("A", [write("x", 1, 3), write("y", 6, 4)]),
      unit("B", [write("x", 3, 5), write("y", 2, 6)]),
    );
    expect(name).toBe("G0");
    expect(text).toMatchInlineSnapshot(`
      "G0: each of B (B), A (A) must come before the next, and the last before the first
        B wrote y in version 6, and A replaced it by version 4 [ww]
        A wrote x in version 3, and B replaced it by version 5 [ww]"
    `);
  });

  it("in which a lost attempt's write is read is G1a, and one that was replaced before the commit G1b", () => {
    const lost = verdict(
      setUp(create("x", 1)),
      unit("A", [write("x", 1, 2)], { outcome: "lost" }),
      unit("B", [read("x", 2)]),
    );
    expect(lost.name).toBe("G1a");
    expect(lost.text).toBe("G1a: B read x in version 2, which A wrote and never committed");
    const replaced = verdict(
      setUp(create("x", 1)),
      unit("A", [write("x", 1, 2), write("x", 2, 3)]),
      unit("B", [read("x", 2)]),
    );
    expect(replaced.name).toBe("G1b");
    expect(verdict(setUp(create("x", 1)), unit("B", [read("x", 9)])).text).toBe(
      "read of nothing: B read x in version 9, which nobody wrote",
    );
  });

  it("in which two units read each other's writes is G1c", () => {
    const { name } = verdict(
      setUp(create("x", 1), create("y", 2)),
      unit("A", [write("x", 1, 3), read("y", 4)]),
      unit("B", [write("y", 2, 4), read("x", 3)]),
    );
    expect(name).toBe("G1c");
  });

  it("in which a unit saw two moments is G-single", () => {
    const { name, text } = verdict(
      setUp(create("x", 1), create("y", 2)),
      unit("A", [write("x", 1, 3), write("y", 2, 4)]),
      unit("B", [read("x", 1), read("y", 4)]),
    );
    expect(name).toBe("G-single");
    expect(text).toMatchInlineSnapshot(`
      "G-single: each of B (B), A (A) must come before the next, and the last before the first
        B read x in version 1, which A replaced by version 3 [rw]
        B read y in version 4, which A wrote [wr]"
    `);
  });

  it("in which a lost attempt saw two moments is no better", () => {
    const units = [
      setUp(create("x", 1), create("y", 2)),
      unit("A", [write("x", 1, 3), write("y", 2, 4)]),
      unit("B", [read("x", 1), read("y", 4), write("x", 1, 5)], { outcome: "lost" }),
    ];
    expect(verdict(...units).name).toBe("G-single");
  });

  it("of two units that each read what the other replaced is G2-item", () => {
    const { name } = verdict(
      setUp(create("x", 1), create("y", 2)),
      unit("A", [read("y", 2), write("x", 1, 3)]),
      unit("B", [read("x", 1), write("y", 2, 4)]),
    );
    expect(name).toBe("G2-item");
  });

  it("of two units that each missed what the other added is G2-predicate", () => {
    const { name, text } = verdict(
      unit("A", [find([]), create("x", 1)]),
      unit("B", [find([]), create("y", 2)]),
    );
    expect(name).toBe("G2-predicate");
    expect(text).toMatchInlineSnapshot(`
      "G2-predicate: each of B (B), A (A) must come before the next, and the last before the first
        B did not find x among things, before A had created x as version 1 [rw, by a search]
        A did not find y among things, before B had created y as version 2 [rw, by a search]"
    `);
    expect(
      verdict(unit("A", [find([]), create("x", 1)]), unit("B", [find(["x"]), create("y", 2)])).name,
    ).toBe(undefined);
  });

  it("in which a unit does not see its own writes is internally wrong", () => {
    expect(verdict(setUp(create("x", 1)), unit("A", [remove("x"), read("x", 1)])).text).toBe(
      "internal: A left x absent and then read it in version 1",
    );
    expect(verdict(unit("A", [create("x", 1), find([])])).name).toBe("internal");
    expect(verdict(setUp(create("x", 1)), unit("A", [remove("x"), find(["x"])])).name).toBe("internal");
    expect(verdict(unit("A", [find(["x"])])).text).toBe(
      "read of nothing: A found x among things, where it never was",
    );
  });
});

describe("the order of units", () => {
  const stale = (more: Partial<NotedUnit>): (string | undefined)[] => {
    const units = [
      setUp(create("x", 1)),
      unit("A", [write("x", 1, 2)], { began: 1, ended: 2 }),
      unit("B", [read("x", 1)], { began: 3, ended: 4, ...more }),
    ];
    return [verdict(...units).name, verdict(...units).text.match(/\[(session|real time)\]/)?.[1]];
  };

  it("binds those of one process, and of others those that write or say that they are fresh", () => {
    expect(stale({})).toEqual([undefined, undefined]);
    expect(stale({ process: "A" })).toEqual(["G-single-session", "session"]);
    expect(stale({ isFresh: true })).toEqual(["G-single-real-time", "real time"]);
    expect(stale({ did: [read("x", 1), create("y", 7)] })).toEqual(["G-single-real-time", "real time"]);
  });
});

describe("what has several explanations", () => {
  const comings = [
    setUp(create("z", 1)),
    unit("A", [create("x", 2)]),
    unit("B", [read("x", 2), remove("x")]),
  ];

  it("is one moment or the other, as long as one of them is left", () => {
    expect(verdict(...comings, unit("C", [find(["z"])])).name).toBeUndefined();
    // It saw what A wrote beside, so x was gone by then.
    const after = [
      setUp(create("z", 1)),
      unit("A", [create("x", 2), write("z", 1, 3)]),
      unit("B", [read("x", 2), remove("x")]),
      unit("C", [find(["z"]), read("z", 3), create("y", 9)]),
    ];
    expect(verdict(...after).name).toBeUndefined();
    const { name, text } = verdict(...after, unit("D", [read("y", 9), read("x", 2)]));
    expect(name).toBe("G-single-predicate");
    expect(text).toContain("did not find x among things");
  });

  it("is an anomaly where each is contradicted, with the reason of each", () => {
    const { name, text } = verdict(
      setUp(create("z", 1), create("w", 10)),
      unit("A", [create("x", 2), write("z", 1, 3)]),
      unit("B", [read("x", 2), remove("x"), write("w", 10, 11)]),
      unit("C", [find(["z", "w"]), read("z", 3), read("w", 10)]),
    );
    expect(name).toBe("G-single-predicate");
    expect(text).toMatchInlineSnapshot(`
      "G-single-predicate: C did not find x among things, and no moment explains it:
        C did not find x among things, before A had created x as version 2 [rw, by a search]
        C read z in version 3, which A wrote [wr]
        or else
        C did not find x among things, after B had deleted x [wr]
        C read w in version 10, which B replaced by version 11 [rw]"
    `);
  });

  it("is tried out where nothing else decides", () => {
    // Each of C and D saw one of the two that came and went, and not the other.
    const units = [
      unit("A", [create("x", 1)]),
      unit("B", [read("x", 1), remove("x")]),
      unit("E", [create("y", 2)]),
      unit("F", [read("y", 2), remove("y")]),
      unit("C", [find(["x"])]),
      unit("D", [find(["y"])]),
    ];
    expect(verdict(...units).name).toBeUndefined();
  });

  it("is a count, of which it is asked how many could have been there", () => {
    const grown = [setUp(create("x", 1)), unit("A", [create("y", 2)], { began: 2, ended: 3 })];
    expect(verdict(...grown, unit("C", [find(1)])).name).toBeUndefined();
    expect(verdict(...grown, unit("C", [find(2)])).name).toBeUndefined();
    const late = { began: 4, ended: 5, isFresh: true };
    expect(verdict(...grown, unit("C", [find(1)], late)).text).toMatchInlineSnapshot(`
      "G-single-predicate-real-time: C counted 1 among things, where there must have been 2: x, y, and no moment explains it:
        C counted 1 among things, where there must have been 2: x, y, before set-up had created x as version 1 [rw, by a search]
        set-up had ended when A began [real time]
        A had ended when C began [real time]"
    `);
    expect(verdict(...grown, unit("C", [find(3)])).name).toBe("internal");
    // Both were there or neither, and it saw a write that came with them.
    const both = [
      setUp(create("z", 1, { kind: "Z" })),
      unit("A", [create("x", 2), create("y", 3), write("z", 1, 4, { kind: "Z" })]),
    ];
    expect(verdict(...both, unit("C", [find(2), read("z", 1)])).name).toBe("G-single");
    expect(verdict(...both, unit("C", [find(0), read("z", 1)])).name).toBeUndefined();
  });
});

describe("searches", () => {
  const hub = create("hub", 1, { kind: "Hub" });
  const leaf = (group: number): Noted => create("leaf", 2, { kind: "Leaf", group });
  const link = create("link", 3, { kind: "Link", source: "hub", target: "leaf" });
  const neighbours = (found: readonly string[], group: number): Noted => ({
    do: "find",
    what: `neighbours of hub in group ${group}`,
    kind: "Link",
    where: { source: "hub" },
    hangingOn: { source: {}, target: { group } },
    give: "target",
    found,
  });

  it("depend on the far end's fields, and on its being there", () => {
    const begun = setUp(hub, leaf(0), link, create("z", 9));
    const seer = (did: readonly Noted[]): NotedUnit => unit("B", did, { isFresh: true });
    const moved: Noted = write("leaf", 2, 4, { kind: "Leaf", group: 1 });
    expect(verdict(begun, unit("A", [moved]), seer([neighbours(["leaf"], 1), neighbours([], 0)])).name).toBe(
      undefined,
    );
    expect(verdict(begun, unit("A", [moved]), seer([neighbours([], 1), neighbours([], 0)])).name).toBe(
      "G-single-predicate-real-time",
    );
    const gone = unit("A", [remove("leaf"), write("z", 9, 10)]);
    expect(verdict(begun, gone, seer([neighbours([], 0), read("z", 10)])).name).toBeUndefined();
    expect(verdict(begun, gone, seer([neighbours(["leaf"], 0), read("z", 10)])).name).toBe(
      "G-single-predicate",
    );
  });

  it("by bounds say nothing of what lies beyond", () => {
    const until = (found: readonly string[]): Noted => ({
      do: "find",
      what: "the first thing",
      kind: "Thing",
      where: { at: { to: 5 } },
      found,
    });
    const begun = setUp(create("x", 1, { kind: "Thing", at: 5 }));
    const added = (at: number): NotedUnit =>
      unit("A", [create("y", 2, { kind: "Thing", at })], { began: 2, ended: 3 });
    const late = { began: 4, ended: 5, isFresh: true };
    expect(verdict(begun, added(7), unit("B", [until(["x"])], late)).name).toBeUndefined();
    expect(verdict(begun, added(3), unit("B", [until(["x"])], late)).name).toBe(
      "G-single-predicate-real-time",
    );
  });
});

describe("a unit of unknown outcome", () => {
  it("may have committed or not, whichever explains the others", () => {
    const begun = setUp(create("x", 1), create("y", 5));
    const unknown = unit("A", [write("x", 1, 2), write("y", 5, 6)], { outcome: "unknown" });
    expect(verdict(begun, unknown, unit("B", [read("x", 1), write("x", 1, 3)])).name).toBeUndefined();
    expect(verdict(begun, unknown, unit("B", [read("x", 2)])).name).toBeUndefined();
    expect(verdict(begun, unknown, unit("B", [read("x", 2), read("y", 5)])).name).toBe("G-single");
  });
});

it("says which of many units are in it", () => {
  const chain: NotedUnit[] = [setUp(create("x", 1), create("y", 100_000))];
  for (let i = 1; i < 3000; i++)
    chain.push(
      unit(`U${i}`, [read("x", i), write("x", i, i + 1)], {
        process: `${i % 4}`,
        began: ++clock,
        ended: ++clock,
      }),
    );
  expect(checkHistory(chain).anomaly).toBeUndefined();
  const wrong = unit("wrong", [read("x", 1500), read("y", 100_000), write("y", 100_000, 100_001)], {
    began: 0.7,
    ended: ++clock,
  });
  expect(checkHistory([...chain, wrong]).anomaly).toBeUndefined();
  const seen = unit("seen", [read("y", 100_001), read("x", 1400)], { began: 0.7, ended: clock });
  const { anomaly } = checkHistory([...chain, wrong, seen]);
  expect(anomaly?.name).toBe("G-single");
  expect(anomaly?.units.map(({ name }) => name)).toContain("seen");
});
