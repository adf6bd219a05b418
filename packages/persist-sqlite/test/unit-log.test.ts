import type { Id } from "@rootwalk/core/store";
import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import { UnitLog } from "../src/unit-log.ts";

/** Ascending, as ids do with time. */
function units(count: number): Id[] {
  return Array.from(
    { length: count },
    (_, i) => `01930000-0000-7000-8000-${i.toString(16).padStart(12, "0")}`,
  );
}

/** A file that has no unit, and counts how often it was looked into. */
function emptyFile(): { connection: Connection; looks: () => number } {
  let looks = 0;
  const get = (): undefined => {
    looks += 1;
  };
  return { connection: { get } as unknown as Connection, looks: () => looks };
}

test("a unit above all others is new without a look, and one that was noted is found", () => {
  const { connection, looks } = emptyFile();
  const log = new UnitLog();
  const [first, second, third, fourth] = units(4) as [Id, Id, Id, Id];
  log.note(first, 1);
  log.note(third, 2);
  expect(log.find(connection, first)).toBe(1);
  expect(log.find(connection, second)).toBeUndefined();
  expect(log.find(connection, third)).toBe(2);
  expect(log.find(connection, fourth)).toBeUndefined();
  expect(looks()).toBe(0);
});

test("what is taken back was never noted, whether it had been looked for or not", () => {
  const { connection } = emptyFile();
  const log = new UnitLog();
  const [kept, lost, again] = units(3) as [Id, Id, Id];
  log.note(kept, 1);
  const { length, newest } = log;
  log.note(lost, 2);
  log.note(again, 3);
  expect(log.since(length)).toEqual([lost, again]);
  expect(log.find(connection, lost)).toBe(2);
  log.cut(length, newest);
  expect(log.find(connection, lost)).toBeUndefined();
  expect(log.find(connection, again)).toBeUndefined();
  expect(log.find(connection, kept)).toBe(1);
  log.note(again, 2);
  expect(log.find(connection, again)).toBe(2);
});

test("what was forgotten altogether is not taken back", () => {
  const { connection, looks } = emptyFile();
  const log = new UnitLog();
  const [first, second] = units(2) as [Id, Id];
  log.note(first, 1);
  const { length, newest } = log;
  log.reset(second);
  log.cut(length, newest);
  expect(log.length).toBe(0);
  expect(log.find(connection, first)).toBeUndefined();
  expect(looks()).toBe(1);
});

test("of very many the oldest are looked for in the file", () => {
  const { connection, looks } = emptyFile();
  const log = new UnitLog();
  const all = units(40_000);
  for (const [seq, unit] of all.entries()) {
    log.note(unit, seq);
    log.trim();
  }
  expect(log.length).toBeLessThanOrEqual(16_384);
  expect(log.find(connection, all.at(-1) as Id)).toBe(39_999);
  expect(log.find(connection, all.at(-log.length) as Id)).toBe(40_000 - log.length);
  expect(looks()).toBe(0);
  expect(log.find(connection, all[0] as Id)).toBeUndefined();
  expect(looks()).toBe(1);
});
