import { expect, test } from "vitest";
import { benchArguments } from "./arguments.ts";
import { jsonRow, significant, tableRow } from "./report.ts";

const ids = ["P1", "P7", "P15b"];

test("without arguments every row runs at scale 16", () => {
  expect(benchArguments([], ids)).toEqual({ json: false, scale: 16 });
});

test("rows are chosen by id", () => {
  expect(benchArguments(["--json", "--only", "P1, P15b", "--scale", "12"], ids)).toEqual({
    json: true,
    scale: 12,
    only: new Set(["P1", "P15b"]),
  });
});

test.each([
  [["--only", "P1,P99"], '--only does not know "P99"; the rows are P1, P7, P15b.'],
  [["--only", ""], '--only does not know ""; the rows are P1, P7, P15b.'],
  [["--scale", "huge"], '--scale takes a whole number from 8 to 20, not "huge".'],
  [["--scale", "40"], '--scale takes a whole number from 8 to 20, not "40".'],
  [["--fast"], "Unknown option '--fast'"],
  [["P1"], "Unexpected argument 'P1'"],
])("%j is refused with a sentence", (args, message) => {
  expect(() => benchArguments(args, ids)).toThrow(message);
});

const result = {
  id: "P1",
  what: "hop",
  peerName: "peer",
  compare: "speedup",
  unit: "ms",
  floor: 20,
  target: 60,
  ours: 0.5,
  peer: 20,
  ratio: 40.04,
  interval: { low: 38, high: 41 },
  pass: true,
} as const;

test("a row of the table shows both sides, the ratio and its bounds", () => {
  expect(tableRow(result).replace(/ +/g, " ")).toBe(
    "P1 hop peer 0.500 ms 20.0 ms 40.0× 38.0 … 41.0 ≥ 20× ≥ 60×",
  );
  expect(tableRow({ ...result, pass: false, reason: "it threw" })).toContain("FAILED\n       it threw");
});

test("a row of the JSON has the promised keys; what could not be had is null", () => {
  expect(Object.keys(jsonRow(result))).toEqual(
    expect.arrayContaining(["id", "what", "ours", "peer", "peerName", "ratio", "floor", "target", "pass"]),
  );
  const { ours: _ours, ratio: _ratio, ...broken } = result;
  expect(jsonRow({ ...broken, pass: false })).toMatchObject({ ours: null, ratio: null, pass: false });
});

test.each([
  [1234.5, "1235"],
  [40.04, "40.0"],
  [0.012345, "0.0123"],
  [0, "0"],
])("%d is shown as %s", (value, text) => {
  expect(significant(value)).toBe(text);
});
