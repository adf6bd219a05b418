import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../child-process.ts";
import { seededRandom } from "../random.ts";
import { Scratch } from "../scratch.ts";
import { check } from "./check.ts";
import { journalLine, type Progress, readJournal } from "./journal.ts";
import { batchSize, KEPT_BATCHES, type LedgerState, type WriterState } from "./ledger.ts";
import { rawSubject } from "./raw-ledger.ts";
import { crashReport } from "./report.ts";
import { type CrashCounts, crashRounds } from "./rounds.ts";
import type { Conduct } from "./writer.ts";

describe("a journal", () => {
  test("tells how far each writer had come", () => {
    const text = [
      journalLine("begun", 0, 4),
      journalLine("begun", 1, 1),
      journalLine("committing", 0, 4),
      journalLine("acknowledged", 0, 4),
      journalLine("begun", 0, 5),
    ].join("");
    expect(readJournal(text, [3, 0, 7])).toEqual([
      { begun: 5, committing: 4, acknowledged: 4 },
      { begun: 1, committing: 0, acknowledged: 0 },
      { begun: 7, committing: 7, acknowledged: 7 },
    ]);
  });

  test("says nothing in a line that the kill cut off", () => {
    expect(readJournal("b 0 1\na 0 1\nb 0 2", [0])).toEqual([{ begun: 1, committing: 0, acknowledged: 1 }]);
  });
});

describe("check", () => {
  /** A writer all of whose units are whole. */
  function whole(number: number, units: number): WriterState {
    const batches = Array.from({ length: Math.min(units, KEPT_BATCHES) }, (_, back) => {
      const seq = units - back;
      const size = batchSize(number, seq);
      return { seq, size, positions: Array.from({ length: size }, (_, position) => position) };
    });
    return { units, batches };
  }

  function ledger(...writers: WriterState[]): LedgerState {
    const batches = writers.flatMap((writer) => writer.batches);
    const itemCount = batches.reduce((sum, { positions }) => sum + positions.length, 0);
    return { writers, batchCount: batches.length, itemCount, balance: 0 };
  }

  const upTo = (acknowledged: number, begun = acknowledged): Progress => ({
    begun,
    committing: begun,
    acknowledged,
  });

  test("finds nothing where what was acknowledged is there", () => {
    expect(check(ledger(whole(0, 9), whole(1, 2)), [upTo(9), upTo(2)])).toMatchObject({
      lost: 0,
      partial: 0,
    });
  });

  test("allows the unit that was begun to be there, and to be absent", () => {
    const found = check(ledger(whole(0, 10), whole(1, 2)), [upTo(9, 10), upTo(2, 3)]);
    expect(found).toMatchObject({ lost: 0, partial: 0, unacknowledged: 1 });
  });

  test("counts units that were acknowledged and are gone", () => {
    expect(check(ledger(whole(0, 7)), [upTo(9)])).toMatchObject({ lost: 2, partial: 0 });
  });

  test("reports what was never begun", () => {
    expect(check(ledger(whole(0, 11)), [upTo(9, 10)])).toMatchObject({ partial: 1 });
  });

  const writer = whole(0, 9);
  const [newest, ...older] = writer.batches;
  if (newest === undefined) throw new Error("a whole writer has batches");
  test.each<[string, LedgerState]>([
    ["a count without its batch", ledger({ ...writer, batches: older })],
    ["a batch without its count", ledger({ ...writer, units: 8 })],
    [
      "a batch that should have been deleted",
      ledger({ ...writer, batches: [...whole(0, 5).batches.slice(0, 1), ...writer.batches] }),
    ],
    [
      "a batch with an item short",
      ledger({ ...writer, batches: [{ ...newest, positions: newest.positions.slice(1) }, ...older] }),
    ],
    ["a batch that is there twice", ledger({ ...writer, batches: [newest, ...writer.batches] })],
    ["a batch that hangs on nobody", { ...ledger(writer), batchCount: 99 }],
    ["an item that hangs on nobody", { ...ledger(writer), itemCount: 99 }],
    ["a debit without its credit", { ...ledger(writer), balance: -3 }],
  ])("finds %s", (_, state) => {
    expect(check(state, [upTo(8, 9)]).partial).toBeGreaterThan(0);
  });
});

describe("a run", () => {
  const good: CrashCounts = {
    rounds: 10,
    acknowledged: 200,
    lost: 0,
    partial: 0,
    corrupt: 0,
    killsInOpenUnit: 5,
    killsInCommit: 3,
    unacknowledgedKept: 1,
  };
  const judged = (counts: Partial<CrashCounts>) =>
    crashReport(new Map([["full", { ...good, ...counts }]]), "honest");

  test("passes where nothing is missing and half of the kills hit an open unit", () => {
    expect(judged({})).toMatchObject({ ...good, pass: true });
  });

  test.each<[string, Partial<CrashCounts>]>([
    ["a unit was lost", { lost: 1 }],
    ["a unit was there in part", { partial: 1 }],
    ["a file was damaged", { corrupt: 1 }],
    ["the kills came between units", { killsInOpenUnit: 4 }],
    ["hardly anything was acknowledged", { acknowledged: 4 }],
  ])("fails where %s", (_, counts) => {
    expect(judged(counts)).toMatchObject({ pass: false, reason: expect.any(String) });
  });
});

describe("killing a process that writes", () => {
  const scratch = new Scratch();
  let child: string;

  beforeAll(async () => {
    child = await bundle("crash/child-raw.ts", scratch.file("child.mjs"));
  });

  afterAll(() => scratch.remove());

  const crash = async (conduct: Conduct, rounds: number) => {
    const random = seededRandom(5);
    const durabilities = ["full", "normal"] as const;
    const { folder } = scratch;
    const counts = await crashRounds({
      subject: rawSubject,
      child,
      folder,
      rounds,
      durabilities,
      conduct,
      random,
    });
    return crashReport(counts, conduct);
  };

  test("loses nothing that SQLite acknowledged and halves no transaction", async () => {
    const report = await crash("honest", 6);
    expect(report).toMatchObject({ pass: true, rounds: 6, lost: 0, partial: 0, corrupt: 0 });
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(report.byDurability.full?.rounds).toBe(3);
  });

  test("catches the control that acknowledges before it commits", async () => {
    expect(await crash("early", 4)).toMatchObject({ pass: true, conduct: "early" });
  });

  test("catches the control that commits units in halves", async () => {
    expect(await crash("split", 4)).toMatchObject({ pass: true, conduct: "split" });
  });
});
