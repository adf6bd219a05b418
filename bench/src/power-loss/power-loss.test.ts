import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../child-process.ts";
import { seededRandom } from "../random.ts";
import { Scratch } from "../scratch.ts";
import { Disk, type Files } from "./disk.ts";
import { type LossCounts, powerLosses } from "./losses.ts";
import { type Mark, Told } from "./marks.ts";
import { missingForRecording } from "./recorder.ts";
import { FOLDER, type RecordedEvent } from "./recording.ts";
import { lossReport, lossText } from "./report.ts";
import { shares } from "./shares.ts";

const SECTOR = 512;
const MANY = 200;

/** Everything that the files may hold after a power loss at the end of these events, as text. */
function afterwards(events: readonly RecordedEvent[], before: Files = new Map()): Set<string> {
  const random = seededRandom(7);
  const disk = new Disk(before);
  for (const event of events) disk.apply(event);
  return new Set(Array.from({ length: MANY }, () => shown(disk.afterPowerLoss(random))));
}

function shown(files: Files): string {
  return [...files]
    .map(
      ([name, bytes]) =>
        `${name}=${bytes
          .toString()
          .replaceAll("\0", "")
          .replaceAll(/(.)\1+/g, "$1")}`,
    )
    .sort()
    .join(" ");
}

const created = (file: number, name: string): RecordedEvent => ({ kind: "created", file, name });
const written = (file: number, at: number, letters: string): RecordedEvent => ({
  kind: "written",
  file,
  at,
  bytes: Buffer.from([...letters].map((letter) => letter.repeat(SECTOR)).join("")),
});
/** A sync that nothing else happened during. */
const synced = (file: number, begun: number): RecordedEvent => ({ kind: "sync ended", file, begun });
const begun = (file: number): RecordedEvent => ({ kind: "sync begun", file });
const before: Files = new Map([["f", Buffer.from("x".repeat(2 * SECTOR))]]);
const opened: RecordedEvent = { kind: "opened", file: 1, name: "f" };

describe("a simulated disk", () => {
  test("keeps or loses each sector that was not synced by itself, also of one write", () => {
    expect(afterwards([opened, written(1, 0, "ab")], before)).toEqual(
      new Set(["f=ab", "f=ax", "f=xb", "f=x"]),
    );
  });

  test("keeps what was written before the sync began, and no more for certain", () => {
    const events = [opened, written(1, 0, "a"), begun(1), written(1, SECTOR, "b"), synced(1, 2)];
    expect(afterwards(events, before)).toEqual(new Set(["f=ab", "f=ax"]));
  });

  test("may keep a later write and lose an earlier one", () => {
    expect(afterwards([opened, written(1, 0, "a"), written(1, 0, "b")], before)).toEqual(
      new Set(["f=x", "f=ax", "f=bx"]),
    );
  });

  test("may take back that a file was cut off", () => {
    expect(afterwards([opened, { kind: "truncated", file: 1, size: 0 }], before)).toEqual(
      new Set(["f=x", "f="]),
    );
  });

  test("loses a synced file whose name was not", () => {
    const events = [created(1, "g"), written(1, 0, "a"), begun(1), synced(1, 2)];
    expect(afterwards(events)).toEqual(new Set(["", "g=a"]));
    expect(afterwards([...events, begun(FOLDER), synced(FOLDER, 4)])).toEqual(new Set(["g=a"]));
  });

  test("renames at once or not at all, and may bring back what was removed", () => {
    expect(afterwards([opened, { kind: "renamed", from: "f", to: "g" }], before)).toEqual(
      new Set(["f=x", "g=x"]),
    );
    expect(afterwards([opened, { kind: "unlinked", name: "f" }], before)).toEqual(new Set(["f=x", ""]));
  });
});

describe("what was told before the power went", () => {
  const told = new Told([3, 0]);
  const marks: Mark[] = [
    { kind: "begun", writer: 0, seq: 4 },
    { kind: "acknowledged", writer: 0, seq: 4 },
    { kind: "begun", writer: 1, seq: 1 },
    { kind: "begun", writer: 0, seq: 5 },
    { kind: "acknowledged", writer: 1, seq: 1 },
  ];
  for (const mark of marks) told.hear(mark);

  test("says how far each writer had come", () => {
    expect(told.progress()).toMatchObject([
      { begun: 5, acknowledged: 4 },
      { begun: 1, acknowledged: 1 },
    ]);
  });

  test("finds a unit that is there without one that was acknowledged before it began", () => {
    expect(told.gaps([3, 1])).toHaveLength(1);
    // These two ran at the same time: either may have been first.
    expect(told.gaps([5, 0])).toEqual([]);
    expect(told.gaps([4, 1])).toEqual([]);
    expect(told.gaps([3, 0])).toEqual([]);
  });
});

describe("a run", () => {
  const good: LossCounts = {
    states: 100,
    recordings: 1,
    events: 4_000,
    syncs: 200,
    unsynced: 90,
    losing: 0,
    lost: 0,
    partial: 0,
    damaged: 0,
    badCopies: 0,
    unacknowledgedKept: 5,
  };
  const losing = { ...good, losing: 20, lost: 40 };
  const judged = (
    full: Partial<LossCounts>,
    normal: Partial<LossCounts> = {},
    off: Partial<LossCounts> = {},
  ) =>
    lossReport(
      new Map([
        ["full", { ...good, ...full }],
        ["normal", { ...losing, ...normal }],
        ["off", { ...losing, damaged: 50, ...off }],
      ]),
    );

  test("passes where full durability loses nothing, and less of it is seen to", () => {
    expect(judged({})).toMatchObject({ pass: true, states: 200, reasons: [] });
  });

  test.each<[string, ReturnType<typeof judged>]>([
    ["full durability lost something", judged({ losing: 1 })],
    ["there are units in part", judged({}, { partial: 1 })],
    ["a state cannot be used", judged({}, { damaged: 1 })],
    ["a backup is missing", judged({ badCopies: 1 })],
    ["nothing was at stake", judged({ unsynced: 10 })],
    ["normal durability never lost anything", judged({}, { losing: 0 })],
    ["no loss was seen without syncs", judged({}, {}, { losing: 0 })],
    ["no damage was seen without syncs", judged({}, {}, { damaged: 0 })],
  ])("fails where %s", (_, { pass, reasons }) => {
    expect(pass).toBe(false);
    expect(reasons).toHaveLength(1);
  });
});

const missing = missingForRecording();
// Where changes are judged, what is missing is a failure.
const isRun = missing === undefined || process.env.CI === "true";

describe.runIf(isRun)("power losses of a process that writes", () => {
  const STATES = 2_000;
  const memory = Scratch.inMemory();
  const scratch = new Scratch();
  const problems: string[] = [];
  let report: ReturnType<typeof lossReport>;

  beforeAll(async () => {
    if (missing !== undefined) throw new Error(missing);
    const counts = await powerLosses({
      child: await bundle("power-loss/child.ts", scratch.file("child.mjs")),
      folder: memory.folder,
      states: shares(STATES, "both"),
      random: seededRandom(11),
      onProblem: (mode, problem) => {
        if (mode !== "off") problems.push(problem);
      },
    });
    report = lossReport(counts);
    // By how much it passes is of interest too.
    console.info(lossText(report));
  }, 1_200_000);

  afterAll(() => {
    memory.remove();
    scratch.remove();
  });

  test("full durability loses nothing that was acknowledged, and lower ones are seen to lose", () => {
    expect(problems).toEqual([]);
    expect(report.reasons).toEqual([]);
    expect(report).toMatchObject({ pass: true, states: STATES });
    expect(report.byMode.full).toMatchObject({ losing: 0, partial: 0, damaged: 0, badCopies: 0 });
    expect(report.byMode.normal).toMatchObject({ partial: 0, damaged: 0, badCopies: 0 });
  });
});

if (!isRun) test.skip(`power losses are not simulated: ${missing}`, () => {});
