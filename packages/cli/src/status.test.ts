import { ConflictError, NotFoundError } from "@rootwalk/core";
import { expect, onTestFinished, test, vi } from "vitest";
import { failure } from "./status.ts";

const said: string[] = [];
vi.mock("./output.ts", () => ({ note: (line: string) => said.push(line), safe: (text: string) => text }));

test("a file that is written to faster than it can be read says how to ask it all the same", () => {
  onTestFinished(() => void said.splice(0));
  const status = failure(
    new ConflictError({ code: "RW_CONFLICT", message: "lost, last on type 3", details: {} }),
  );
  expect(status).toBe(2);
  expect(said.join("\n")).toContain("rootwalk backup");
  expect(said.join("\n")).not.toMatch(/type 3|attempts|unit of work/);
});

test("what is not there ends with 1", () => {
  onTestFinished(() => void said.splice(0));
  expect(failure(new NotFoundError({ message: "there is no root 7" }))).toBe(1);
  expect(said[0]).toBe("rootwalk: there is no root 7");
});
