import { expect, it } from "vitest";
import { z } from "zod";
import { type Graph, node } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Note extends node("Note", { text: z.string() }) {}

const OWNERS = 300;
const BOUND = 32;

forEachStore("owners and grants that come and go", (open) => {
  const small = () => open({ types: [Note], cache: { maxEntries: BOUND } });

  /** A root of its own with a note that it shares with `reader` alone. */
  async function share(graph: Graph, reader: string, text: string): Promise<string> {
    const { id } = await graph.createRoot();
    return graph.as(id).transaction((tx) => {
      const note = tx.create(Note, { text });
      note.allowRoot(reader, "read");
      return note.id;
    });
  }

  it("take no more of L1 than what is resident has of them", async () => {
    const graph = await small();
    const reader = await graph.createRoot();
    let most = 0;
    for (let i = 0; i < OWNERS; i++) {
      await share(graph, reader.id, `note ${i}`);
      most = Math.max(most, graph.status().cache.bytes);
    }
    // Two records and two kinds of access for each owner: of the 300 there is room for a tenth.
    expect(most).toBeLessThan((OWNERS / 2) * 600);
    expect(graph.status().cache.nodes).toBeLessThanOrEqual(2 * BOUND);
  });

  it("leave a record what it answers by after its unit", async () => {
    const graph = await small();
    const reader = await graph.createRoot();
    const { id: owner } = await graph.createRoot();
    const [shared, own] = await graph.as(owner).transaction((tx) => {
      const note = tx.create(Note, { text: "shared" });
      note.allowRoot(reader.id, "connect");
      return [note, tx.create(Note, { text: "own" })] as const;
    });
    for (let i = 0; i < OWNERS; i++) await share(graph, reader.id, `note ${i}`);
    expect([...shared.$access.roots]).toEqual([[reader.id, "connect"]]);
    expect(own.$access.roots.size).toBe(0);
    expect([shared.$ownerId, own.$ownerId]).toEqual([owner, owner]);
  });

  it("leave nobody a level that somebody else's records had", async () => {
    const graph = await small();
    const reader = await graph.createRoot();
    const session = graph.as(reader.id);
    const { id: hermit } = await graph.createRoot();
    for (let i = 0; i < OWNERS / 4; i++) {
      const shared = await share(graph, reader.id, `note ${i}`);
      expect((await session.get(Note, shared))?.text).toBe(`note ${i}`);
      const kept = await graph.as(hermit).transaction((tx) => {
        const note = tx.create(Note, { text: "kept" });
        // Of a kind that no record has had before.
        note.allowRoot(shared, "read");
        return note.id;
      });
      expect(await session.get(Note, kept)).toBeUndefined();
    }
  });

  it("is checked while other units stay open", async () => {
    const graph = await small();
    const reader = await graph.createRoot();
    const { id: owner } = await graph.createRoot();
    const note = await graph.as(owner).transaction(async (tx) => {
      const first = tx.create(Note, { text: "first" });
      first.allowRoot(reader.id, "write");
      for (let i = 0; i < OWNERS / 2; i++) await share(graph, reader.id, `note ${i}`);
      const second = tx.create(Note, { text: "second" });
      expect([...first.$access.roots]).toEqual([[reader.id, "write"]]);
      expect(second.$ownerId).toBe(owner);
      return { first: first.id, second: second.id };
    });
    const session = graph.as(reader.id);
    expect((await session.get(Note, note.first))?.text).toBe("first");
    expect(await session.get(Note, note.second)).toBeUndefined();
  });
});
