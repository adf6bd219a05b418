import { describe, expect, it } from "vitest";
import { z } from "zod";
import { edge, node, openGraph } from "../../src/index.ts";

// What is wrong is refused where it is given, in words of the caller.

class Room extends node("Room", { name: z.string(), tags: z.array(z.string()).default([]) }) {}

describe("options of a graph", () => {
  it.each([
    ["a path as store", { store: "rooms.db" }, "store is what"],
    ["an object that is no store", { store: {} }, "store is what"],
    ["null as store", { store: null }, "store is what"],
    ["a number as cache", { cache: 1000 }, "cache is an object"],
    ["null as cache", { cache: null }, "cache is an object"],
    ["an unknown bound", { cache: { maxEntrys: 10 } }, 'no option "maxEntrys"'],
    ["an object as handlers", { handlers: {} }, "handlers is an array"],
    ["a number as onError", { onError: 1 }, "onError is a function"],
    ["a number as clock", { clock: 1 }, "clock is a function"],
    ["a clock that gives NaN", { clock: () => Number.NaN }, "clock gives milliseconds"],
    ["a scheduler without methods", { scheduler: { now: () => 0 } }, "nextTurn is missing"],
    ["null as scheduler", { scheduler: null }, "now is missing"],
    ["a number as random", { random: 1 }, "random is a function"],
  ])("refuse %s", async (_what, options, message) => {
    await expect(openGraph({ types: [Room], ...options } as never)).rejects.toThrow(message);
  });
});

describe("fields of a record", () => {
  it("are named by the error that refuses them", async () => {
    const graph = await openGraph({ types: [Room] });
    const refused = graph.transaction((tx) => void tx.create(Room, { name: "a", tags: [3] as never }));
    await expect(refused).rejects.toMatchObject({ code: "RW_FIELD_INVALID", path: ["tags"] });
    await graph.close();
  });

  it.each([undefined, null, true])("are refused by a validator that answers %s", async (answer) => {
    const schema = { "~standard": { version: 1, vendor: "own", validate: () => answer } };
    class Odd extends node("Odd", { x: schema as never }) {}
    const graph = await openGraph({ types: [Odd] });
    const refused = graph.transaction((tx) => void tx.create(Odd, { x: 1 } as never));
    await expect(refused).rejects.toMatchObject({ code: "RW_FIELD_FAILED", path: ["x"] });
    await graph.close();
  });
});

describe("options of a type", () => {
  it("are refused where they are unknown", () => {
    const refusal = expect.objectContaining({ code: "RW_OPTION_INVALID" });
    expect(() => node("A", { x: z.string() }, { uniqe: ["x"] } as never)).toThrow(refusal);
    expect(() => edge("B", {}, { form: Room } as never)).toThrow(refusal);
    expect(() => Room.extend("C", {}, { indx: ["name"] } as never)).toThrow(refusal);
  });
});
