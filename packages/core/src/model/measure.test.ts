import { expect, test } from "vitest";
import { maxRecordBytes, measureBytes, requireRecordSize } from "./measure.ts";

test("text counts as UTF-8", () => {
  expect(["", "a", "é", "€", "😀", "a😀"].map((text) => measureBytes(text) - 2)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("absent fields count nothing", () => {
  expect(measureBytes({ a: 1, b: undefined })).toBe(measureBytes({ a: 1 }));
  expect(measureBytes(undefined)).toBe(0);
});

test("a record has a limit, and the error names its largest field", () => {
  const within = { name: "x", text: "x".repeat(maxRecordBytes - 100) };
  expect(requireRecordSize("Note", within)).toBeLessThanOrEqual(maxRecordBytes);
  expect(() => requireRecordSize("Note", { ...within, text: `${within.text}${"x".repeat(200)}` })).toThrow(
    expect.objectContaining({
      code: "RW_RECORD_TOO_LARGE",
      path: ["text"],
      message: expect.stringMatching(/^Note: the record has about \d+ bytes, \d+ of them in "text"/),
    }),
  );
});
