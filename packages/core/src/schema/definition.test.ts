import { describe, expect, test } from "vitest";
import { z } from "zod";
import { maxRecordBytes } from "../model/value.ts";
import { definitionOf, type TypeDefinition } from "./definition.ts";
import { node } from "./node.ts";

const Room = node("Room", {
  name: z.string(),
  topic: z.string().optional(),
  users: z.array(z.string()).default([]),
  opened: z.date().optional(),
});
const room = definitionOf(Room) as TypeDefinition;

describe("the state of a new record", () => {
  test("has every field in the order of the definition, absent ones too", () => {
    const state = room.create({ users: ["ann"], name: "general" });
    expect(Object.entries(state)).toEqual([
      ["name", "general"],
      ["topic", undefined],
      ["users", ["ann"]],
      ["opened", undefined],
    ]);
  });

  test("has defaults of its own", () => {
    const [one, two] = [room.create({ name: "a" }), room.create({ name: "b" })];
    expect(one.users).toEqual([]);
    expect(Object.isFrozen(one.users)).toBe(true);
    expect(two.users).toEqual([]);
  });

  test("can be empty where nothing is required", () => {
    expect((definitionOf(node("Tag", { label: z.string().optional() })) as TypeDefinition).create()).toEqual({
      label: undefined,
    });
  });

  test("reports all that is wrong with it at once", () => {
    expect(() => room.create({ topic: 5, users: ["a", 7] })).toThrow(
      expect.objectContaining({
        code: "RW_FIELD_INVALID",
        details: {
          type: "Room",
          issues: [
            { path: "name", message: expect.any(String) },
            { path: "topic", message: expect.any(String) },
            { path: "users[1]", message: expect.any(String) },
          ],
        },
        message: expect.stringMatching(/^Room\.name: .*; Room\.topic: .*; Room\.users\[1\]: /),
      }),
    );
  });

  test.each<[string, unknown, string]>([
    ["a field that the type does not have", { name: "a", nmae: "b" }, "RW_UNKNOWN_FIELD"],
    ["no object", "general", "RW_FIELD_INVALID"],
    ["an array", [], "RW_FIELD_INVALID"],
    ["too much", { name: "a", topic: "x".repeat(maxRecordBytes) }, "RW_RECORD_TOO_LARGE"],
    ["what cannot be stored", { name: "a", opened: new Date(Number.NaN) }, "RW_FIELD_INVALID"],
  ])("is refused for %s", (_what, input, code) => {
    expect(() => room.create(input)).toThrow(expect.objectContaining({ code }));
  });

  test("takes nothing from prototypes", () => {
    expect(() => room.create(Object.create({ name: "inherited" }))).toThrow();
  });
});

describe("what no store takes", () => {
  const Note = node(
    "Note",
    { title: z.string(), text: z.string().default(""), tags: z.any(), count: z.number().default(0) },
    { unique: [{ fields: ["title", "count"], per: "owner" }], index: ["tags"] },
  );
  const note = definitionOf(Note) as TypeDefinition;
  const before = note.create({ title: "a" });

  test.each<[string, object, string, string]>([
    [
      "a record beyond 8 MiB",
      { text: "x".repeat(maxRecordBytes) },
      "RW_RECORD_TOO_LARGE",
      "Note: the record has about",
    ],
    [
      "an index key beyond 1 KiB",
      { title: "x".repeat(1020) },
      "RW_INDEX_KEY_TOO_LARGE",
      "Note: the index Note.title+count@owner cannot hold this record",
    ],
    [
      "an index key without an order",
      { tags: ["a"] },
      "RW_INDEX_KEY",
      "Note: the index Note.tags cannot hold this record: A value of kind array",
    ],
  ])("is refused at once: %s", (_what, fields, code, message) => {
    const error = expect.objectContaining({ code, message: expect.stringContaining(message) });
    expect(() => note.create({ title: "a", ...fields })).toThrow(error);
    expect(() => note.requireStorable({ ...before, ...fields }, before)).toThrow(error);
  });

  test("is looked for only in what has changed", () => {
    const held = { ...before, tags: Object.freeze(["a"]) };
    expect(() => note.requireStorable({ ...held, text: "x", count: 1 }, held)).not.toThrow();
    expect(() => note.requireStorable({ ...before, title: "x".repeat(1000) }, before)).not.toThrow();
  });
});

describe("the write of one field", () => {
  test("is validated by that field alone", () => {
    expect(room.validateField("name", "x")).toBe("x");
    expect(room.validateField("topic", undefined)).toBeUndefined();
    expect(room.validateField("users", undefined)).toEqual([]);
    expect(() => room.validateField("name", undefined)).toThrow(/^Room\.name: /);
  });

  test("is refused for a field that the type does not have", () => {
    expect(() => room.validateField("nope", 1)).toThrow(
      expect.objectContaining({
        code: "RW_UNKNOWN_FIELD",
        message: 'Room has no field "nope"; it has name, topic, users, opened',
      }),
    );
  });
});

describe("an access rule", () => {
  const seen: unknown[] = [];
  const ruled = (access: unknown): TypeDefinition =>
    definitionOf(
      node("Ruled", { users: z.array(z.string()), at: z.date() }, { access: access as never }),
    ) as TypeDefinition;
  const state = { users: Object.freeze(["ann"]), at: new Date(5) };

  test("sees the record and who asks, and its answer is a level", () => {
    const rule = (record: { users: string[] }, me: string) =>
      record.users.includes(me) ? "connect" : "none";
    expect(ruled(rule).judge(state, "ann")).toBe(2);
    expect(ruled(rule).judge(state, "bob")).toBe(0);
  });

  test("cannot change the record", () => {
    const rule = (record: { users: string[]; at: Date }): undefined => {
      seen.push(Object.isFrozen(record.users));
      record.at.setTime(9);
      record.users = [];
    };
    expect(() => ruled(rule).judge(state, "ann")).toThrow(TypeError);
    expect(seen).toEqual([true]);
    expect(state.at).toEqual(new Date(5));
  });

  test("is refused for an answer that comes later or is no level", () => {
    expect(() => ruled(() => Promise.resolve("read")).judge(state, "ann")).toThrow(
      expect.objectContaining({ code: "RW_DEFINITION_ASYNC" }),
    );
    expect(() => ruled(() => Promise.reject(new Error("late"))).judge(state, "ann")).toThrow(
      expect.objectContaining({ code: "RW_DEFINITION_ASYNC" }),
    );
    expect(() => ruled(() => true).judge(state, "ann")).toThrow(
      expect.objectContaining({
        code: "RW_ACCESS_LEVEL",
        message: "Ruled: its access rule answered boolean, which is no access level",
      }),
    );
  });
});
