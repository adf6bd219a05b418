import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { type Graph, isId, node, openGraph, Root, walker } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import type { StandardSchemaV1 } from "@standard-schema/spec";

const text: StandardSchemaV1<string> = {
  "~standard": {
    version: 1,
    vendor: "app",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "expected a string" }] },
  },
};
class Note extends node("Note", { text }) {}
const count = walker("count", { state: () => ({ notes: 0 }) })
  .entry(Root, (w, here) => w.visit(here.out(Note)))
  .entry(Note, (w) => {
    w.state.notes += 1;
  });

let graph: Graph;
beforeEach(async () => {
  graph = await openGraph({ types: [Note], store: sqlite("jest.db") });
});
afterEach(() => graph.close());

test("a record compares by its data, and is handed to mocks", async () => {
  const told = jest.fn();
  const note = await graph.transaction((tx) => {
    tx.onCommit(told);
    return tx.root.connect(Note, { text: "kept" });
  });
  expect(told).toHaveBeenCalledTimes(1);
  expect(note.toJSON()).toEqual({ id: expect.any(String), type: "Note", text: "kept" });
  expect(note.$data).toEqual({ text: "kept" });
  expect(isId(note.id)).toBe(true);
});

test("the next test finds what the file kept", async () => {
  expect((await graph.spawn(count)).state.notes).toBe(1);
});

test("a refusal is an error with a code", async () => {
  const create = (): Promise<unknown> =>
    graph.transaction((tx) => tx.create(Note, { text: 1 as unknown as string }));
  await expect(create()).rejects.toMatchObject({ code: "RW_FIELD_INVALID" });
});
