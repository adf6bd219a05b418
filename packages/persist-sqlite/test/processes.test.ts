import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Id } from "@rootwalk/core/store";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { GuardList, session, temporaryFile } from "./support.ts";

interface Other {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Resolves when it has said something that begins so. */
  says(beginning: string): Promise<void>;
  readonly ended: Promise<void>;
}

/** Starts another process on a file; see process.ts. */
function start(path: string, durability: string, root: Id, ...work: string[]): Other {
  const script = fileURLToPath(new URL("process.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=@rootwalk/source", script, path, durability, root, ...work],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  const waiting: { beginning: string; resolve: () => void }[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() as string;
    lines.push(...parts);
    for (const { beginning, resolve } of waiting)
      if (lines.some((line) => line.startsWith(beginning))) resolve();
  });
  return {
    process: child,
    lines,
    says: (beginning) =>
      new Promise((resolve, reject) => {
        if (lines.some((line) => line.startsWith(beginning))) resolve();
        else waiting.push({ beginning, resolve });
        child.on("close", (code) => reject(new Error(`the other process ended with ${code}`)));
      }),
    ended: new Promise((resolve) => child.on("close", () => resolve())),
  };
}

describe("several processes on one file", () => {
  test("lose nothing of each other", { timeout: 60_000 }, async () => {
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

    const edges = others.flatMap(({ lines }) =>
      lines.filter((line) => line.startsWith("edge")).map((line) => line.slice(5)),
    );
    expect(edges).toHaveLength(2 * times);
    const found = await client.around(hub, { limit: 1_000 });
    expect(found.edges).toEqual([...own, ...edges].toSorted());
    expect((await client.node(hub))?.fields).toEqual({ rank: 3 * times });
    const rooms = await client.scan({ type: "Room", limit: 1_000 });
    expect(rooms.ids).toHaveLength(3 * times);
  });

  test("validate finely: a unit of 50 ms beside another process's commits succeeds", {
    timeout: 60_000,
  }, async () => {
    const path = temporaryFile();
    const client = await session(path);
    const id = await client.newNode("Person", { rank: 0 });
    const other = start(path, "normal", client.bob, "write");
    await other.says("unit");
    let beside = 0;
    let succeeded = 0;
    for (let i = 0; i < 40; i++) {
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
    other.process.kill("SIGKILL");
    await other.ended;
    expect(beside).toBeGreaterThan(20);
    expect(succeeded / beside).toBeGreaterThanOrEqual(0.99);
  });

  test("wait for one that holds the file for a while, and their event loops go on", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const other = start(path, "normal", client.ann, "write");
    await other.says("unit");
    const holder = new Database(path, { timeout: 5_000 });
    holder.exec("BEGIN IMMEDIATE");
    const seen = other.lines.length;
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const write = client.newNode("Person");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ticks).toBeGreaterThan(10);
    expect(other.lines.length - seen).toBeLessThanOrEqual(1);
    holder.exec("COMMIT");
    holder.close();
    const id = await write;
    clearInterval(timer);
    expect(await client.nodes(id)).toHaveLength(1);
    const before = other.lines.length;
    await expect.poll(() => other.lines.length).toBeGreaterThan(before);
  });

  test.each(["full", "normal"])(
    "keep what one of them acknowledged before it was killed (%s)",
    { timeout: 60_000 },
    async (durability) => {
      const path = temporaryFile();
      const client = await session(path);
      const acknowledged = new Map<Id, Id>();
      for (let round = 0; round < 4; round++) {
        const other = start(path, durability, client.bob, "write");
        await other.says("unit");
        await new Promise((resolve) => setTimeout(resolve, 20 + round * 13));
        other.process.kill("SIGKILL");
        await other.ended;
        for (const line of other.lines) {
          const [word, unit, node] = line.split(" ");
          if (word === "unit") acknowledged.set(unit as Id, node as Id);
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
