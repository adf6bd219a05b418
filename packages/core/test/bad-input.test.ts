import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkedStore, edge, handlers, memory, node, openGraph, walker, withDefault } from "../src/index.ts";

// What is wrong is refused where it is given, in words of the caller.

class Room extends node("Room", { name: z.string(), tags: z.array(z.string()).default([]) }) {}

describe("options of a graph", () => {
  it.each([
    ["a path as store", { store: "rooms.db" }, "store is what"],
    ["an object that is no store", { store: {} }, "store is what"],
    ["null as store", { store: null }, "store is what"],
    ["a number as cache", { cache: 1000 }, "cache: options are an object"],
    ["null as cache", { cache: null }, "cache: options are an object"],
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

  it.each([
    undefined,
    null,
    true,
    { issues: null },
    { issues: [null] },
    { issues: [{ message: "m", path: [null] }] },
  ])("are refused by a validator that answers %j", async (answer) => {
    const schema = { "~standard": { version: 1, vendor: "own", validate: () => answer } };
    class Odd extends node("Odd", { x: schema as never }) {}
    const graph = await openGraph({ types: [Odd] });
    const refused = graph.transaction((tx) => void tx.create(Odd, { x: 1 } as never));
    await expect(refused).rejects.toMatchObject({
      code: "RW_FIELD_FAILED",
      path: ["x"],
      message: "Odd.x: the validator threw: it answered with something that is no Standard Schema result",
    });
    const walk = graph.spawn(walker("odd", { input: { x: schema as never } }), { x: 1 } as never);
    await expect(walk).rejects.toMatchObject({ code: "RW_FIELD_FAILED", path: ["x"] });
    await graph.close();
  });
});

describe("a store", () => {
  it("serves one graph at a time, and another one afterwards", async () => {
    const store = memory();
    const graph = await openGraph({ types: [Room], store });
    await graph.transaction((tx) => void tx.create(Room, { name: "a" }));
    await expect(openGraph({ types: [Room], store })).rejects.toMatchObject({
      code: "RW_OPTION_INVALID",
      message: "openGraph: a graph is open on this store (memory)",
    });
    expect(await graph.nodes(Room).count()).toBe(1);
    await graph.close();
    const again = await openGraph({ types: [Room], store });
    expect(await again.nodes(Room).count()).toBe(1);
    await again.close();
  });

  it("is closed again where the graph cannot be opened on it", async () => {
    let closed = 0;
    const store = Object.assign(memory(), {
      close() {
        closed += 1;
      },
    });
    class Other extends node("Other", {}) {}
    const refused = openGraph({ types: [Room], handlers: [handlers(Other).entry(() => {})], store });
    await expect(refused).rejects.toMatchObject({ code: "RW_UNKNOWN_TYPE" });
    expect(closed).toBe(1);
    await (await openGraph({ types: [Room], store })).close();
  });

  it.each([undefined, null, 5, {}])("is not %j", (given) => {
    expect(() => checkedStore(given as never)).toThrow(/^checkedStore takes a store adapter/);
  });
});

describe("options of a type", () => {
  it.each([undefined, null, 5, {}])("withDefault refuses %j, which is no schema", (schema) => {
    expect(() => withDefault(schema as never, 1)).toThrow(/^withDefault takes a schema and a value/);
  });

  it("are refused where they are unknown", () => {
    const refusal = expect.objectContaining({ code: "RW_OPTION_INVALID" });
    expect(() => node("A", { x: z.string() }, { uniqe: ["x"] } as never)).toThrow(refusal);
    expect(() => edge("B", {}, { form: Room } as never)).toThrow(refusal);
    expect(() => Room.extend("C", {}, { indx: ["name"] } as never)).toThrow(refusal);
  });
});
