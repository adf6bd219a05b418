import { inspect } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
import { ConflictError, type Graph, type Id, node } from "../../src/index.ts";
import { forEachStore, type Open } from "./stores.ts";

class Counter extends node("Counter", { value: z.number().default(0) }) {}

async function counter(open: Open, attempts = 5): Promise<{ graph: Graph; id: Id }> {
  const graph = await open({ types: [Counter], attempts });
  const id = await graph.transaction((tx) => tx.create(Counter, {}).id);
  return { graph, id };
}

/** Changes the counter in the midst of a unit that has read it, as often as told. */
async function disturbed(graph: Graph, id: Id, times: number): Promise<void> {
  let runs = 0;
  await graph.transaction(async (tx) => {
    const mine = await tx.require(Counter, id);
    const before = mine.value;
    runs += 1;
    if (runs <= times) {
      await graph.transaction(async (other) => {
        (await other.require(Counter, id)).value += 1;
      });
    }
    mine.value = before + 1;
  });
}

forEachStore("status()", (open) => {
  it("counts units that are open, and those that were committed", async () => {
    const { graph, id } = await counter(open);
    const before = graph.status().units;
    expect(before.open).toBe(0);
    await graph.transaction(async (tx) => {
      await tx.require(Counter, id);
      expect(graph.status().units.open).toBe(1);
      await graph.transaction(async (other) => {
        expect(graph.status().units.open).toBe(2);
        (await other.get(Counter, id))?.$data;
      });
      expect(graph.status().units).toEqual({ ...before, open: 1 });
      tx.create(Counter, {});
    });
    expect(graph.status().units).toEqual({ ...before, commits: before.commits + 1 });
  });

  it("counts conflicts, the replays that follow them, and units that lose in the end", async () => {
    const { graph, id } = await counter(open, 3);
    await disturbed(graph, id, 2);
    expect(graph.status().units).toMatchObject({ open: 0, conflicts: 2, replays: 2, lost: 0 });
    await expect(disturbed(graph, id, 3)).rejects.toThrow(ConflictError);
    expect(graph.status().units).toMatchObject({ open: 0, conflicts: 5, replays: 4, lost: 1 });
    expect((await graph.require(Counter, id)).value).toBe(6);
  });

  it("tells what L1 holds and found, and what the store was asked", async () => {
    const { graph, id } = await counter(open);
    await graph.get(Counter, id);
    const { cache, store } = graph.status();
    expect(cache.nodes).toBeGreaterThanOrEqual(2);
    expect(cache.bytes).toBeGreaterThan(0);
    await graph.get(Counter, "01900000-0000-7000-8000-0000000000ff" as Id);
    const after = graph.status();
    expect(after.cache.misses).toBe(cache.misses + 1);
    expect(after.store.counters.statements).toBeGreaterThan(store.counters.statements);
    // What was handed out before stays as it was.
    expect(graph.status().cache).toEqual(after.cache);
  });

  it("names the tiers, and what the store leaves to be done without", async () => {
    const { graph } = await counter(open);
    const { tiers, store } = graph.status();
    expect(tiers.map(({ tier }) => tier)).toEqual(["L1", "store"]);
    expect(tiers[1]?.name).toBe(store.name);
    const lacks = tiers[1]?.without.join("; ") ?? "";
    expect(lacks.includes("not durable")).toBe(!store.supports.durable);
    expect(lacks.includes("not shared")).toBe(!store.supports.shared);
    expect(lacks.includes("answers later")).toBe(!store.supports.synchronous);
  });

  it("counts quarantined records once they are met", async () => {
    const place = open.place();
    const first = await place({ types: [Counter] });
    await first.transaction((tx) => tx.create(Counter, {}).id);
    await first.close();
    class Strict extends node("Counter", { value: z.number(), by: z.string() }) {}
    const graph = await place({ types: [Strict] });
    expect(graph.status().quarantined).toBe(0);
    await graph.nodes(Strict).all();
    expect(graph.status().quarantined).toBe(1);
  });

  it("says whether the graph is open, closing or closed", async () => {
    const { graph, id } = await counter(open);
    let closing: Promise<void> | undefined;
    await graph.transaction(async (tx) => {
      await tx.require(Counter, id);
      expect(graph.status().state).toBe("open");
      closing = graph.close();
      expect(graph.status().state).toBe("closing");
    });
    await closing;
    expect(graph.status().state).toBe("closed");
  });

  it("prints as a table", async () => {
    const { graph } = await counter(open);
    const status = graph.status();
    const lines = String(status).split("\n");
    expect(inspect(status)).toBe(String(status));
    expect(lines.slice(0, 2)).toEqual([
      "graph  open, 0 records quarantined",
      "units  0 open, 1 commit, 0 conflicts, 0 replays, 0 lost",
    ]);
    expect(lines[2]).toMatch(/^L1 {5}\d+ nodes, 0 edges, \d+\.\d MiB \(at most \d+ records, 512\.0 MiB\)$/);
    expect(lines[4]).toContain(`store  ${status.store.name}: ${status.store.counters.statements} statement`);
    expect(lines.slice(5)).toEqual(status.tiers[1]?.without.map((lack) => `       ${lack}`));
    expect(JSON.parse(JSON.stringify(status)).units.commits).toBe(1);
  });
});
