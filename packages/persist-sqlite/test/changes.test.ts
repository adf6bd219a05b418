import { type Graph, type Id, openGraph } from "@rootwalk/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { Note, types } from "./notes.ts";
import { OtherProcess } from "./other-process.ts";
import { temporaryFile } from "./support.ts";

const script = "changes-process.ts";

async function opened(path: string): Promise<Graph> {
  const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
  onTestFinished(() => graph.close());
  return graph;
}

describe("what processes on one file commit", () => {
  test("is told to those who watch in another one, each commit once, and makes live results true", async () => {
    const path = temporaryFile();
    const graph = await opened(path);
    const alice = await graph.createRoot();
    const times = 40;
    const options = { pollMs: 5 };
    const whole = graph.changes(Note, options);
    const hers = graph.as(alice).changes(Note, options);
    const live = graph.as(alice).nodes(Note).orderBy("n").live(options);
    const count = graph.live((tx) => tx.nodes(Note).count(), options);
    await Promise.all([whole.ready, hers.ready, live.ready]);
    const writers = ["ann", "bob"].map(
      (name) => new OtherProcess(script, path, "write", name, String(times), alice.id),
    );
    const own: Id[] = [];
    for (let n = 0; n < times; n++) {
      own.push(await graph.transaction((tx) => tx.create(Note, { by: "own", n }).id));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const told: Id[] = [];
    for await (const { changes, lost } of whole) {
      expect(lost).toBeUndefined();
      expect(changes.map(({ op }) => op)).toEqual(["created"]);
      told.push(...changes.map(({ id }) => id));
      if (told.length === 3 * times) break;
    }
    const seen: Id[] = [];
    for await (const { changes } of hers) {
      for (const { op, id } of changes) {
        expect(op).toBe("created");
        seen.push(id);
      }
      if (seen.length === times) break;
    }
    for await (const value of count) if (value === 3 * times) break;
    for await (const { results } of live) if (results.length === times) break;
    await Promise.all(writers.map((writer) => writer.says("closed")));
    const [ann, bob] = writers.map((writer) => writer.told("note"));
    const of = (all: readonly Id[], some: readonly Id[]): Id[] => all.filter((id) => some.includes(id));
    expect(new Set(told).size).toBe(3 * times);
    for (const mine of [own, ann!, bob!]) expect(of(told, mine)).toEqual(mine);
    for (const theirs of [ann!, bob!]) expect(of(seen, theirs)).toEqual(theirs.filter((_, n) => n % 2 === 0));
    expect(live.value!.map(({ id }) => id)).toEqual(await graph.as(alice).nodes(Note).orderBy("n").ids());
  });

  test("reaches a session in another process as its user may see it", async () => {
    const path = temporaryFile();
    const graph = await opened(path);
    const alice = await graph.createRoot();
    const note = await graph.transaction((tx) => tx.create(Note, { by: "own", n: 1 }).id);
    const watcher = new OtherProcess(script, path, "watch", alice.id);
    await watcher.says("watching");
    const change = (body: (note: Note) => void): Promise<void> =>
      graph.transaction(async (tx) => body(await tx.require(Note, note)));
    await change((it) => it.allowRoot(alice, "read"));
    expect(await watcher.says("entered")).toBe(`entered ${note}`);
    await change((it) => {
      it.text = "seen";
    });
    expect(await watcher.says("changed")).toBe(`changed ${note}`);
    await change((it) => it.disallowRoot(alice));
    expect(await watcher.says("left")).toBe(`left ${note}`);
    await change((it) => {
      it.text = "hidden";
    });
    await graph.as(alice).transaction((tx) => void tx.create(Note, { by: "alice", n: 2 }));
    await watcher.says("created");
    await graph.as(alice).transaction(async (tx) => (await tx.nodes(Note, { by: "alice" }).one()).delete());
    expect((await watcher.ended).code).toBe(0);
    expect(watcher.lines.map((line) => line.split(" ")[0])).toEqual([
      "watching",
      "entered",
      "changed",
      "left",
      "created",
      "deleted",
      "closed",
    ]);
  });

  test("keeps no process alive that only waits for it", async () => {
    const idle = new OtherProcess(script, temporaryFile(), "idle");
    await idle.says("waiting");
    expect((await idle.ended).code).toBe(0);
    expect(idle.lines).toEqual(["waiting"]);
  });
});
