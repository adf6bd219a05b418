import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CommitUnknownError, memory, node, walker } from "../index.ts";
import { FaultyStore } from "./faulty-store.ts";
import { seededRandom } from "./seeded-random.ts";
import { testClock, testStart } from "./test-clock.ts";
import { testGraph } from "./test-graph.ts";

class Note extends node("Note", { text: z.string() }, { unique: ["text"] }) {}
const types = [Note];
const write = walker("write", { input: { text: z.string() }, report: z.string() }).entry((w) =>
  w.report(w.create(Note, { text: w.text }).id),
);

describe("a test graph", () => {
  test("makes the same ids in each run, and others from another seed", async () => {
    const idsOf = async (seed?: number) => {
      const graph = await testGraph({ types, ...(seed !== undefined && { seed }) });
      const ann = await graph.user("ann");
      const { reports } = await ann.spawn(write, { text: "a" });
      await graph.close();
      return [ann.root.id, ...reports];
    };
    expect(await idsOf()).toEqual(await idsOf(0));
    expect(await idsOf(1)).not.toEqual(await idsOf(2));
    expect(await idsOf(7)).toMatchInlineSnapshot(`
      [
        "019b76da-a800-72a5-ad7d-6fe767d044f4",
        "019b76da-a800-72a5-bda6-bf2dbad59ed8",
      ]
    `);
  });

  test("gives each name one root, also when it is asked for twice at once", async () => {
    const graph = await testGraph({ types });
    const [one, two, other] = await Promise.all(["ann", "ann", "bob"].map((name) => graph.user(name)));
    expect(one!.root.id).toBe(two!.root.id);
    expect(other!.root.id).not.toBe(one!.root.id);
    expect(await graph.roots().count()).toBe(2);
    await graph.close();
  });

  test("opens again over the same records, with the same users and later ids", async () => {
    const graph = await testGraph({ types });
    const ann = await graph.user("ann");
    const [first] = (await ann.spawn(write, { text: "a" })).reports;
    const again = await graph.reopen();
    expect(graph.status().state).toBe("closed");
    expect((await again.nodes(Note).all()).map(({ text }) => text)).toEqual(["a"]);
    const [second] = (await (await again.user("ann")).spawn(write, { text: "b" })).reports;
    expect(second! > first!).toBe(true);
    expect((await again.user("ann")).root.id).toBe(ann.root.id);
    expect(again.clock.now()).toBe(testStart + 1000);
    await expect(graph.reopen()).rejects.toMatchObject({ code: "RW_CLOSED" });
    await again.close();
  });

  test("goes on after a commit whose outcome is unknown", async () => {
    const store = new FaultyStore(memory());
    const graph = await testGraph({ types, store });
    store.next("commit", "fail-after");
    await expect(graph.spawn(write, { text: "a" })).rejects.toThrow(CommitUnknownError);
    await expect(graph.spawn(write, { text: "a" })).rejects.toMatchObject({ code: "RW_UNIQUE" });
    await graph.close();
  });

  test("makes a user whom a fault kept from being made", async () => {
    const store = new FaultyStore(memory());
    const graph = await testGraph({ types, store });
    store.next("commit", "fail-before");
    await expect(graph.user("ann")).rejects.toThrow(CommitUnknownError);
    const ann = await graph.user("ann");
    const again = await graph.reopen();
    expect((await again.user("ann")).root.id).toBe(ann.root.id);
    await again.close();
  });

  test("ends a unit that waits for itself, when its clock comes to where an app would give up", async () => {
    const clock = testClock();
    const graph = await testGraph({ types, clock });
    const { id } = await graph.transaction((tx) => tx.create(Note, { text: "0" }));
    const nested = (): Promise<unknown> =>
      graph.transaction(async (tx) => {
        const note = await tx.require(Note, id);
        // Meant was `tx.require`: each attempt waits for a unit that waits for it.
        await graph.transaction(async (inner) => {
          (await inner.require(Note, id)).text += "1";
        });
        note.text += "2";
      });
    await expect(clock.advanceUntil(nested())).rejects.toMatchObject({ code: "RW_CONFLICT_NESTED" });
    await graph.close();
  });
});

describe("a test clock", () => {
  test("fires timers in the order in which they fall due, when it is moved", async () => {
    const clock = testClock(new Date(1000));
    const fired: string[] = [];
    const at = (name: string) => () => fired.push(`${name} ${clock.now()}`);
    clock.scheduler.after(300, at("c"));
    clock.scheduler.after(100, () => {
      at("a")();
      clock.scheduler.after(50, at("b"));
    });
    const cancel = clock.scheduler.after(10, at("never"));
    cancel();
    await clock.advance(200);
    expect(fired).toEqual(["a 1100", "b 1150"]);
    expect(clock.now()).toBe(1200);
    await clock.advance(100);
    expect(fired.at(-1)).toBe("c 1300");
  });

  test("does not go back", async () => {
    await expect(testClock().advance(-1)).rejects.toThrow(TypeError);
    expect(() => testClock(Number.NaN)).toThrow(TypeError);
  });

  test("says when what is waited for does not come", async () => {
    const clock = testClock();
    await expect(clock.advanceUntil(new Promise(() => {}))).rejects.toThrow("waits for good");
    clock.scheduler.after(500, () => {}, true);
    await expect(clock.advanceUntil(new Promise(() => {}), 100)).rejects.toThrow("more than 100 ms");
  });
});

test("seeded bytes follow from the seed", () => {
  const draw = (seed: number) => {
    const bytes = new Uint8Array(1000);
    seededRandom(seed)(bytes);
    return bytes;
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(new Set(draw(3)).size).toBeGreaterThan(240);
  expect(() => seededRandom(0.5)).toThrow(TypeError);
});
