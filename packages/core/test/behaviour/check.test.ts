import { expect, test, vi } from "vitest";
import { z } from "zod";
import { edge, type Graph, node, via } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Room extends node(
  "Room",
  { name: z.string(), rank: z.int().optional() },
  {
    unique: ["name"],
    index: ["rank", { fields: ["rank"], per: "owner" }],
  },
) {}
class Hall extends Room.extend("Hall", { seats: z.int() }) {}
class Near extends edge("Near", { at: z.int().optional() }, { from: Room, to: Room }) {}
class Beside extends edge("Beside", {}, { from: Room, to: Room, undirected: true }) {}
const types = [Room, Hall, Near, Beside];

/** Rooms that hang on the system root, tied to one another in all ways there are. */
async function fill(graph: Graph, count: number): Promise<void> {
  await graph.transaction((tx) => {
    const rooms = Array.from({ length: count }, (_, i) =>
      i % 5 === 0
        ? tx.root.connect(Hall, { name: `${i}`, seats: i, ...(i % 2 === 0 && { rank: i % 3 }) })
        : tx.root.connect(Room, { name: `${i}`, ...(i % 2 === 0 && { rank: i % 3 }) }),
    );
    for (const [i, room] of rooms.entries()) {
      room.link(rooms[(i * 7) % count] as Room, via(Near));
      room.link(rooms[(i * 3) % count] as Room, via(Beside));
      room.link(rooms[0] as Room, via(Near, { at: i }));
    }
  });
}

forEachStore("check", (open) => {
  test("finds nothing in a sound graph, and counts what it has looked at", async () => {
    const graph = await open({ types });
    expect(await graph.check({ orphans: true })).toMatchObject({ isClean: true, nodes: 1, edges: 0 });
    await fill(graph, 300);
    const bob = await graph.createRoot();
    await graph.as(bob).transaction((tx) => tx.root.connect(Room, { name: "bob's" }).allowRoot(bob, "write"));
    const report = await graph.check({ orphans: true });
    expect(report).toMatchObject({ isClean: true, findings: [], counts: {}, repaired: {}, unsettled: 0 });
    expect(String(report)).toBe("nothing wrong with 303 nodes and 1201 edges");
    for (const room of await graph.nodes(Room).limit(20).all())
      await graph.transaction(async (tx) => {
        (await tx.require(Room, room.id)).delete();
      });
    expect(String(await graph.check())).toMatch(/^nothing wrong with 283 nodes/);
  });

  test("finds orphans when it is asked to, and deletes them when that is asked for", async () => {
    const graph = await open({ types });
    const bob = await graph.createRoot();
    await graph.transaction((tx) => {
      tx.root.connect(Room, { name: "a" }).connect(Room, { name: "b" }, via(Near));
      // Edges that lead towards a root join as well as those that lead away.
      tx.create(Room, { name: "c" }).link(tx.root);
      const [d, e] = tx.create(Room, [{ name: "d" }, { name: "e" }]) as [Room, Room];
      d.link(e, via(Near));
      e.link(d, via(Beside));
      tx.create(Hall, { name: "f", seats: 1 });
    });
    await graph.as(bob).transaction((tx) => tx.root.connect(Room, { name: "g" }));
    expect((await graph.check()).isClean).toBe(true);

    const found = await graph.check({ orphans: true });
    expect(found.counts).toEqual({ orphan: 3 });
    expect(found.findings.map(({ message }) => message.replace(/ \S{36}/, ""))).toEqual([
      "Room: no root leads to it",
      "Room: no root leads to it",
      "Hall: no root leads to it",
    ]);
    expect(await graph.nodes(Room).count()).toBe(7);

    expect(await graph.check({ repair: ["orphan"] })).toMatchObject({
      counts: { orphan: 3 },
      repaired: { orphan: 3 },
    });
    expect((await graph.nodes(Room).all()).map(({ name }) => name)).toEqual(["a", "b", "c", "g"]);
    expect((await graph.check({ orphans: true })).isClean).toBe(true);
  });

  test("deletes an orphan component of any size, in commits of some hundred nodes", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => {
      const rooms = tx.create(
        Room,
        Array.from({ length: 1_200 }, (_, i) => ({ name: `${i}` })),
      );
      for (const [i, room] of rooms.entries()) if (i > 0) rooms[(i - 1) >> 1]?.link(room, via(Near));
      tx.root.connect(Room, { name: "kept" });
    });
    const { counts, repaired, findings } = await graph.check({ repair: ["orphan"], listed: 3 });
    expect([counts, repaired, findings.length]).toEqual([{ orphan: 1_200 }, { orphan: 1_200 }, 3]);
    expect((await graph.nodes(Room).all()).map(({ name }) => name)).toEqual(["kept"]);
  });

  test("tells of its progress, lets others go on, and can be ended", async () => {
    const graph = await open({ types });
    await fill(graph, 600);
    const phases: string[] = [];
    let commits = 0;
    const checking = graph.check({
      orphans: true,
      onProgress: ({ phase, at, nodes }) => {
        phases.push(phase);
        expect(at).not.toBe("");
        if (phase === "nodes" && nodes > 0 && commits < 3) {
          commits += 1;
          void graph.transaction((tx) => tx.root.connect(Room, { name: `during ${commits}` }));
        }
      },
    });
    expect((await checking).isClean).toBe(true);
    expect(commits).toBe(3);
    expect([...new Set(phases)]).toEqual(["nodes", "edges", "indexes", "orphans"]);

    const stop = new AbortController();
    const reason = new Error("enough");
    const ended = graph.check({ signal: stop.signal, onProgress: () => stop.abort(reason) });
    await expect(ended).rejects.toBe(reason);
    await expect(graph.check({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("ends with what a listener throws, and when the graph is closed", async () => {
    const graph = await open({ types });
    await graph.transaction((tx) => tx.create(Room, { name: "alone" }));
    const onFinding = vi.fn(async () => {
      throw new Error("full");
    });
    await expect(graph.check({ orphans: true, onFinding })).rejects.toThrow("full");
    expect(onFinding).toHaveBeenCalledOnce();
    const checking = graph.check({ onProgress: () => void graph.close() });
    await expect(checking).rejects.toMatchObject({ code: "RW_CLOSED" });
    await expect(graph.check()).rejects.toMatchObject({ code: "RW_CLOSED" });
  });

  test.runIf(open.store.isShared)("judges by the types that other code has added meanwhile", async () => {
    const openHere = open.place();
    const graph = await openHere({ types: [Room, Hall] });
    const newer = await openHere({ types });
    await fill(newer, 3);
    const report = await graph.check({ orphans: true });
    expect(report).toMatchObject({ isClean: true, nodes: 4, edges: 12 });
  });

  test("refuses options that are none", async () => {
    const graph = await open({ types });
    const check = (options: unknown) => graph.check(options as never);
    const invalid = { code: "RW_OPTION_INVALID" };
    await expect(check({ repairs: [] })).rejects.toMatchObject(invalid);
    await expect(check({ repair: ["unique"] })).rejects.toMatchObject(invalid);
    await expect(check({ listed: -1 })).rejects.toMatchObject(invalid);
    for (const options of [null, 1, { repair: "index" }, { orphans: 1 }, { onFinding: 1 }, { signal: {} }])
      await expect(check(options)).rejects.toThrow(TypeError);
  });
});
