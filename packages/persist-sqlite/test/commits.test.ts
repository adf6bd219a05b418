import type { Id } from "@rootwalk/core/store";
import { describe, expect, test } from "vitest";
import { Database } from "./database.ts";
import { GuardList, opened, session, temporaryFile } from "./support.ts";

describe("commit records", () => {
  test("are kept for so many commits, and trimmed with the purge", async () => {
    const path = temporaryFile();
    const client = await session(path, { environment: { keptCommits: 20 } });
    const old = client.draft();
    old.node("Person");
    await client.commit(old);
    const since = await client.current();
    const recent: Id[] = [];
    for (let i = 0; i < 30; i++) {
      const draft = client.draft();
      draft.node("Person");
      await client.commit(draft);
      recent.push(draft.unitId);
    }
    expect(await client.changesSince(since)).toHaveLength(30);
    const now = await client.current();
    let steps = 0;
    while (await client.store.purge(4)) steps += 1;
    expect(steps).toBeGreaterThan(2);
    expect(await client.current()).toBe(now);

    for (const open of [async () => client, () => client.reopened()]) {
      const reader = await open();
      expect(await reader.store.changes(since)).toBe("lost");
      expect(await reader.store.outcome(recent.at(-1) as Id)).toBe("committed");
      expect(await reader.store.outcome(reader.newId())).toBe("absent");
      const guarded = reader.draft();
      guarded.node("Room");
      const guards = new GuardList({ kind: "type", record: "node", type: "Root" });
      expect((await reader.offer(guarded, guards, since)).status).toBe("conflict");
    }
    const later = await opened(path);
    expect(await later.outcome(old.unitId)).toBe("expired");
    expect(await later.outcome(recent[0] as Id)).toBe("expired");
  });

  test("do not list what a very large commit did", async () => {
    const client = await session();
    const since = await client.current();
    const [large, small] = [client.draft(), client.draft()];
    for (let i = 0; i < 4_097; i++) large.node("Person");
    for (let i = 0; i < 4_096; i++) small.node("Person");
    await client.commit(large);
    await client.commit(small);
    const [first, second] = await client.changesSince(since);
    expect(first?.changes).toBeUndefined();
    expect(second?.changes).toHaveLength(4_096);
  });

  test("are told in pages, however large they are", async () => {
    const client = await session();
    const since = await client.current();
    for (let i = 0; i < 12; i++) {
      const draft = client.draft();
      for (let k = 0; k < 3_000; k++) draft.node("Person");
      await client.commit(draft);
    }
    const page = await client.store.changes(since);
    if (page === "lost") throw new Error("lost");
    expect(page.more).toBe(true);
    expect(await client.changesSince(since)).toHaveLength(12);
  });

  test("that were damaged say that anything may have changed", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const since = await client.current();
    await client.newNode("Person");
    const database = new Database(path);
    database
      .prepare("UPDATE commits SET changes = x'0102030405' WHERE seq = (SELECT max(seq) FROM commits)")
      .run();
    database.close();
    const [commit] = await client.changesSince(since);
    expect(commit?.changes).toBeUndefined();
  });
});

describe("a batch that is offered again", () => {
  test("is known however many units came after it, before and after reopening", async () => {
    const client = await session();
    const first = client.draft();
    first.node("Person", { email: "a@x" });
    const outcome = await client.offer(first);
    const base = await client.current();
    // More than are remembered in memory.
    for (let i = 0; i < 18; i++) {
      const batches = Array.from({ length: 1_000 }, () => client.draft().batch(base));
      await client.store.commit(batches);
    }
    expect(await client.offer(first)).toEqual(outcome);
    const later = await client.reopened();
    expect(await later.offer(first)).toEqual(outcome);
    expect((await later.scan({ type: "Person" })).ids).toHaveLength(1);
  });

  test("is known where the unit that came before it had a greater id", async () => {
    const client = await session();
    const [early, late] = [client.draft(), client.draft()];
    const other = await client.connected();
    await other.commit(late);
    await client.commit(early);
    const third = await client.connected();
    for (const draft of [early, late]) {
      expect(await third.store.outcome(draft.unitId)).toBe("committed");
      expect((await third.offer(draft)).status).toBe("committed");
    }
    expect(await third.store.outcome(third.newId())).toBe("absent");
  });

  test("twice in one call counts once", async () => {
    const client = await session();
    const draft = client.draft();
    draft.node("Person");
    const base = await client.current();
    const [first, second] = await client.store.commit([draft.batch(base), draft.batch(base)]);
    expect(second).toEqual(first);
    expect((await client.scan({ type: "Person" })).ids).toHaveLength(1);
  });
});

describe("many new nodes in one commit", () => {
  test("are numbered behind those that another process has added meanwhile", async () => {
    const client = await session();
    const other = await client.connected();
    const ids: Id[] = [];
    for (const writer of [client, other, client]) {
      const draft = writer.draft();
      for (let i = 0; i < 40; i++) ids.push(draft.node("Person", { rank: ids.length }));
      await writer.commit(draft);
    }
    const { rows } = await client.store.scan({
      kind: "node",
      type: "Person",
      order: "asc",
      after: undefined,
      limit: 200,
    });
    const ranks = new Map([...rows.ids].map((id, i) => [id, rows.fields[i]]));
    expect(ids.map((id) => ranks.get(id))).toEqual(ids.map((_, rank) => ({ rank })));
  });

  test("are refused together where the id of one of them is there", async () => {
    const client = await session();
    const known = await client.newNode("Person");
    const draft = client.draft();
    for (let i = 0; i < 40; i++) draft.node("Person", {}, i === 25 ? { id: known } : {});
    expect((await client.offer(draft)).status).toBe("conflict");
    expect((await client.scan({ type: "Person" })).ids).toEqual([known]);
  });
});

describe("a call with many batches", () => {
  test("of which many fail answers each by itself, in one transaction", async () => {
    const client = await session();
    const known = await client.newNode("Person", { email: "taken" });
    const base = await client.current();
    const drafts = Array.from({ length: 60 }, (_, i) => {
      const draft = client.draft();
      if (i % 3 === 0) draft.node("Person", { rank: i });
      if (i % 3 === 1) draft.node("Person", { email: "taken" });
      if (i % 3 === 2) draft.write("Person", known, 9, {});
      return draft;
    });
    const before = client.store.counters.transactions;
    const outcomes = await client.store.commit(drafts.map((draft) => draft.batch(base)));
    expect(outcomes.map(({ status }) => status)).toEqual(
      drafts.map((_, i) => ["committed", "duplicate", "conflict"][i % 3]),
    );
    expect(client.store.counters.transactions - before).toBe(1);
    expect((await client.scan({ type: "Person" })).ids).toHaveLength(21);
    expect(await client.changesSince(base)).toHaveLength(20);
  });

  test("that all fail write nothing", async () => {
    const client = await session();
    const { counters } = client.store;
    const before = { ...counters };
    const base = await client.current();
    const batches = [0, 1].map(() => client.draft().remove("Person", client.newId()).batch(base));
    expect((await client.store.commit(batches)).map(({ status }) => status)).toEqual([
      "conflict",
      "conflict",
    ]);
    expect([counters.transactions, counters.rowsWritten]).toEqual([before.transactions, before.rowsWritten]);
  });

  test("goes on with keys that others in it gave up", async () => {
    const client = await session();
    const [a, b] = [
      await client.newNode("Person", { email: "a" }),
      await client.newNode("Person", { email: "b" }),
    ];
    const base = await client.current();
    const swap = client.draft().write("Person", a, 1, { email: "b" }).write("Person", b, 1, { email: "a" });
    const fails = client.draft().remove("Person", client.newId());
    const takes = client.draft();
    takes.node("Person", { email: "a" });
    const outcomes = await client.store.commit([swap, fails, takes].map((draft) => draft.batch(base)));
    expect(outcomes.map(({ status }) => status)).toEqual(["committed", "conflict", "duplicate"]);
  });
});
