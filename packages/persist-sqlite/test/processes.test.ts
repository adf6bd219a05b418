import type { Id } from "@rootwalk/core/store";
import { describe, expect, onTestFinished, test } from "vitest";
import { Database } from "./database.ts";
import { OtherProcess } from "./other-process.ts";
import { GuardList, session, temporaryFile } from "./support.ts";

/** What a reader counted; see shop-process.ts. */
type Counts = Record<"units" | "beside" | "first" | "totalMs", number>;

/** Another process on a file; see process.ts. */
function start(path: string, durability: string, root: Id, ...work: string[]): OtherProcess {
  return new OtherProcess("process.ts", path, durability, root, ...work);
}

test("a process that ends fails what waits for its words, before and after", async () => {
  const other = start(temporaryFile(), "normal", "nobody", "nothing");
  await other.says("open");
  const waiting = other.says("unit");
  await expect(waiting).rejects.toThrow(/process\.ts ended with status 0 .* last line was "closed"/);
  await expect(other.says("unit")).rejects.toThrow(/before it said "unit"/);
  expect(await other.says("closed")).toBe("closed");
  const broken = start("/", "normal", "nobody", "nothing");
  await expect(broken.says("open")).rejects.toThrow(/status 1 .*\n(?:.*\n)*?.*is a directory/);
});

/** How many units each reader makes. */
const units = Number(process.env.SHOP_UNITS ?? 60);

describe("several graphs in processes of their own on one file", () => {
  test("validate finely: of the units of 50 ms beside 20 commits of others 99 % succeed the first time", {
    timeout: 240_000,
  }, async () => {
    const path = temporaryFile();
    const writers = ["ann", "bob"].map((name) => new OtherProcess("shop-process.ts", path, "write", name));
    await Promise.all(writers.map((writer) => writer.says("writing")));
    const readers = ["cid", "dee"].map(
      (name) => new OtherProcess("shop-process.ts", path, "read", name, String(units)),
    );
    // A writer that ended would leave the readers alone.
    const alone = writers.map((writer) => writer.says("nothing that it ever says"));
    const lines = await Promise.race([Promise.all(readers.map((reader) => reader.says("counts"))), ...alone]);
    for (const writer of writers) writer.kill();
    await Promise.allSettled(alone);
    const counts = [lines].flat().map((line) => JSON.parse(line.slice("counts ".length)) as Counts);
    const sum = (key: keyof Counts): number => counts.reduce((all, each) => all + each[key], 0);
    console.info(
      `${sum("units")} units of ${Math.round(sum("totalMs") / sum("units"))} ms, ${sum("beside")} beside 20 commits of ` +
        `others or more: ${((100 * sum("first")) / sum("beside")).toFixed(1)} % succeeded the first time`,
    );
    expect(sum("beside")).toBe(2 * units);
    expect(sum("first") / sum("beside")).toBeGreaterThanOrEqual(0.99);
  });
});

describe("several processes on one file", () => {
  test("lose nothing of each other", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const hub = await client.newNode("Person", { rank: 0 });
    const times = 150;
    const others = [1, 2].map(() => start(path, "normal", client.ann, "count", hub, String(times)));
    await Promise.all(others.map((other) => other.says("open")));
    const own: Id[] = [];
    for (let i = 0; i < times; i++) {
      const draft = client.draft();
      own.push(draft.edge("Knows", hub, draft.node("Room")));
      await client.commit(draft);
      await client.increment(hub);
    }
    await Promise.all(others.map((other) => other.ended));
    expect(others.map(({ lines }) => lines.at(-1))).toEqual(["closed", "closed"]);

    const edges = others.flatMap((other) => other.told("edge"));
    expect(edges).toHaveLength(2 * times);
    const found = await client.around(hub, { limit: 1_000 });
    expect(found.edges).toEqual([...own, ...edges].toSorted());
    expect((await client.node(hub))?.fields).toEqual({ rank: 3 * times });
    const rooms = await client.scan({ type: "Room", limit: 1_000 });
    expect(rooms.ids).toHaveLength(3 * times);
  });

  test("validate finely: a unit of 50 ms beside another process's commits succeeds", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const id = await client.newNode("Person", { rank: 0 });
    const other = start(path, "normal", client.bob, "write");
    await other.says("unit");
    let beside = 0;
    let succeeded = 0;
    // As many as it takes: a machine at other work lets the other process commit fewer in one of them.
    for (let i = 0; beside < 30; i++) {
      const base = await client.current();
      const node = await client.node(id);
      const seen = other.lines.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      const draft = client.draft().write("Person", id, node?.dataVersion as number, { rank: i });
      const guards = new GuardList(
        { kind: "record", record: "node", id, dataVersion: node?.dataVersion as number, accessVersion: 1 },
        { kind: "adjacency", node: id, direction: "out", edgeType: undefined },
        { kind: "type", record: "node", type: "Employee" },
      );
      const { status } = await client.offer(draft, guards, base);
      if (other.lines.length - seen >= 20) {
        beside += 1;
        if (status === "committed") succeeded += 1;
      }
    }
    other.kill();
    await other.ended;
    expect(succeeded / beside).toBeGreaterThanOrEqual(0.99);
  });

  test("wait for one that holds the file for a while, and their event loops go on", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const other = start(path, "normal", client.ann, "write");
    await other.says("unit");
    const holder = new Database(path, { timeout: 5_000 });
    holder.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    onTestFinished(() => clearInterval(timer));
    const write = client.newNode("Person");
    // What it had said before the file was held has been read by then: our loop had been waiting for the lock too.
    await expect.poll(() => ticks, { timeout: 10_000 }).toBeGreaterThan(10);
    const seen = other.lines.length;
    await expect.poll(() => ticks, { timeout: 10_000 }).toBeGreaterThan(50);
    expect(other.lines.length).toBe(seen);
    holder.exec("COMMIT");
    holder.close();
    const id = await write;
    expect(await client.nodes(id)).toHaveLength(1);
    const before = other.lines.length;
    await expect.poll(() => other.lines.length).toBeGreaterThan(before);
  });

  test.each(["full", "normal"])(
    "keep what one of them acknowledged before it was killed (%s)",
    async (durability) => {
      const path = temporaryFile();
      const client = await session(path);
      const acknowledged = new Map<Id, Id>();
      for (let round = 0; round < 4; round++) {
        const other = start(path, durability, client.bob, "write");
        await other.says("unit");
        await new Promise((resolve) => setTimeout(resolve, 20 + round * 13));
        other.kill();
        await other.ended;
        for (const told of other.told("unit")) {
          const [unit, node] = told.split(" ");
          acknowledged.set(unit as Id, node as Id);
        }
      }
      const later = await client.connected();
      for (const [unit, node] of acknowledged) {
        expect(await later.store.outcome(unit)).toBe("committed");
        expect((await later.node(node))?.fields).toEqual({ name: `room of ${unit}` });
      }
      // Each room has its edge, and each edge its room: no commit is there in part.
      const rooms = await later.scan({ type: "Room", limit: 100_000 });
      const edges = await later.around(client.bob, { limit: 100_000 });
      expect(edges.far.toSorted()).toEqual(rooms.ids);
      expect(rooms.ids.length).toBeGreaterThanOrEqual(acknowledged.size);
      expect(acknowledged.size).toBeGreaterThan(4);
    },
  );
});
