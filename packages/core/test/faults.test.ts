import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  ClosedError,
  CommitUnknownError,
  type Graph,
  GraphError,
  memory,
  node,
  openGraph,
  walker,
} from "../src/index.ts";
import { FaultyStore } from "../src/testing/faulty-store.ts";

class Note extends node("Note", { text: z.string(), n: z.int().default(0) }) {}

/** A graph whose store does as it is told from when it is told. */
async function faulty(): Promise<{
  graph: Graph;
  next: FaultyStore["next"];
  errors: unknown[];
}> {
  const store = new FaultyStore(memory());
  const errors: unknown[] = [];
  const graph = await openGraph({
    types: [Note],
    store,
    cache: { maxEntries: 64 },
    onError: (error) => errors.push(error),
  });
  return { graph, errors, next: store.next.bind(store) };
}

describe("a store that fails", () => {
  it("before the commit: the outcome is unknown, nothing is there, and the graph goes on", async () => {
    const { graph, next } = await faulty();
    next("commit", "fail-before");
    await expect(graph.transaction((tx) => void tx.create(Note, { text: "a" }))).rejects.toBeInstanceOf(
      CommitUnknownError,
    );
    expect(await graph.nodes(Note).count()).toBe(0);
    await graph.transaction((tx) => void tx.create(Note, { text: "b" }));
    expect((await graph.nodes(Note).all()).map(({ text }) => text)).toEqual(["b"]);
    expect(graph.status().units.open).toBe(0);
    await graph.close();
  });

  it("after the commit: the outcome is unknown, and what is there is seen", async () => {
    const { graph, next } = await faulty();
    const { id } = await graph.transaction((tx) => tx.create(Note, { text: "old" }));
    next("commit", "fail-after");
    let runs = 0;
    await expect(
      graph.transaction(async (tx) => {
        runs += 1;
        const note = await tx.require(Note, id);
        note.text = "new";
        tx.create(Note, { text: "second" });
      }),
    ).rejects.toMatchObject({ code: "RW_COMMIT_UNKNOWN" });
    // Never repeated blindly.
    expect(runs).toBe(1);
    expect((await graph.require(Note, id)).text).toBe("new");
    expect(await graph.nodes(Note).count()).toBe(2);
    await graph.transaction(async (tx) => {
      (await tx.require(Note, id)).n += 1;
    });
    expect((await graph.require(Note, id)).n).toBe(1);
    await graph.close();
  });

  it("for one group: every member is told, and the units that were reading begin again", async () => {
    const { graph, next } = await faulty();
    const { id } = await graph.transaction((tx) => tx.create(Note, { text: "x" }));
    next("commit", "fail-after");
    const outcomes = await Promise.allSettled(
      ["a", "b", "c"].map((text) => graph.transaction((tx) => void tx.create(Note, { text }))),
    );
    expect(
      outcomes.every((each) => each.status === "rejected" && each.reason instanceof CommitUnknownError),
    ).toBe(true);
    expect(await graph.nodes(Note).count()).toBe(4);
    expect((await graph.require(Note, id)).text).toBe("x");
    await graph.close();
  });

  it.each(["readNodes", "scan", "tally", "current"] as const)(
    "in %s: a typed error, and the next unit works",
    async (method) => {
      const { graph, next } = await faulty();
      const made = await graph.transaction((tx) =>
        Array.from({ length: 200 }, (_, n) => tx.create(Note, { text: "t", n }).id),
      );
      next(method, "fail-before");
      const ask = (): Promise<unknown> =>
        method === "readNodes"
          ? graph.require(Note, made[0]!)
          : method === "scan"
            ? graph.nodes(Note).ids()
            : method === "tally"
              ? graph.nodes(Note).count()
              : graph.refresh();
      await expect(ask()).rejects.toBeInstanceOf(GraphError);
      await ask();
      expect(await graph.nodes(Note).count()).toBe(200);
      expect(graph.status().units.open).toBe(0);
      await graph.close();
    },
  );

  it("while a walk that has a checkpoint goes on: what it had queued, passed and ignored is found again", async () => {
    const { graph, next, errors } = await faulty();
    const [first] = await graph.transaction((tx) => {
      const notes = tx.create(
        Note,
        ["a", "b", "c", "d", "e"].map((text) => ({ text })),
      );
      for (const note of notes.slice(1)) notes[0]!.link(note);
      return notes.map(({ id }) => id);
    });
    let runs = 0;
    const reader = walker("reader", { once: true, state: () => ({ seen: "" }) })
      .entry(Note, async (w, here) => {
        w.state.seen += here.text;
        if (here.text === "a") {
          w.visit(here.out(Note));
          w.visit(here.out(Note));
          w.ignore(await here.out(Note, { text: "d" }).one());
          w.commit();
        }
        if (here.text !== "b") return;
        runs += 1;
        if (runs > 1) return;
        // Its outcome is unknown, so everything that is known of the store is dropped.
        next("commit", "fail-after");
        await graph.transaction((tx) => void tx.create(Note, { text: "other" })).catch(() => {});
        await here.out(Note).count();
      })
      .exit(Note, (w, here) => {
        w.state.seen += here.text.toUpperCase();
      });
    const { state, visits } = await graph.spawn(reader, {}, { at: first! });
    expect(state.seen).toBe("abceECBA");
    expect([visits, runs, errors]).toEqual([4, 2, []]);
    await graph.close();
  });

  it("to close: nothing new begins", async () => {
    const { graph, next } = await faulty();
    next("close", "hang");
    const closing = graph.close();
    expect(graph.close()).toBe(closing);
    await expect(graph.transaction(() => 1)).rejects.toBeInstanceOf(ClosedError);
  });
});
