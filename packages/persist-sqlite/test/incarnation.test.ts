import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { Database } from "./database.ts";
import { catalog, opened, session, storeOf, temporaryDirectory, temporaryFile } from "./support.ts";

/** The process ends without closing: its store stays open, and another one opens the file. */
const boot = (name: string) => ({ environment: { boot: () => name } });

describe("tokens of a file", () => {
  test("stay good when it is closed and opened again, in both durabilities", async () => {
    for (const durability of ["full", "normal"] as const) {
      const client = await session(temporaryFile(), { durability });
      const since = await client.current();
      await client.newNode("Person");
      const later = await client.reopened();
      expect(await later.changesSince(since)).toHaveLength(1);
    }
  });

  test("stay good when a process ends without closing it: nothing was lost", async () => {
    const path = temporaryFile();
    const gone = await session(path, { durability: "normal", ...boot("monday") });
    const since = await gone.current();
    await gone.newNode("Person");
    const store = await opened(path, { durability: "normal", ...boot("monday") });
    expect(await store.changes(since)).not.toBe("lost");
  });

  test("are lost when the machine was restarted while the file was open below full durability", async () => {
    for (const durability of ["full", "normal"] as const) {
      const path = temporaryFile();
      const gone = await session(path, { durability: "normal", ...boot("monday") });
      const since = await gone.current();
      const store = await opened(path, { durability, ...boot("tuesday") });
      expect(await store.changes(since)).toBe("lost");
      const token = await store.current();
      // Once, and not each time.
      const again = await opened(path, { durability, ...boot("tuesday") });
      expect(await again.current()).toBe(token);
    }
  });

  test("are noted as such on the disk before any commit below full durability could be lost", async () => {
    const client = await (await session(temporaryFile(), { durability: "normal" })).connected();
    const { counters } = client.store;
    expect(counters.syncs).toBe(0);
    await client.newNode("Person");
    expect(counters.syncs).toBe(1);
    await client.newNode("Person");
    expect(counters.syncs).toBe(1);
  });

  test("stay good over a restart that met the file closed, or at full durability", async () => {
    const path = temporaryFile();
    const client = await session(path, { durability: "normal", ...boot("monday") });
    const since = await client.current();
    await client.store.close();
    const full = await opened(path, { durability: "full", ...boot("tuesday") });
    expect(await full.changes(since)).not.toBe("lost");
    const later = await opened(path, { durability: "full", ...boot("wednesday") });
    expect(await later.changes(since)).not.toBe("lost");
  });

  test("of a process that goes on while another one begins a new incarnation are lost, and it goes on", async () => {
    const path = temporaryFile();
    const client = await session(path, { durability: "normal", ...boot("monday") });
    const since = await client.current();
    await opened(path, { durability: "normal", ...boot("tuesday") });
    expect(await client.store.changes(since)).toBe("lost");
    await client.newNode("Person");
    expect((await client.scan({ type: "Person" })).ids).toHaveLength(1);
  });
});

describe("backup", () => {
  test("copies what was committed while the file goes on being used, and tells its progress", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const store = await opened(path);
    const draft = client.draft();
    for (let i = 0; i < 3_000; i++) draft.node("Person", { name: `${i}`.repeat(50) });
    await client.commit(draft);
    const copy = join(temporaryDirectory(), "copy.db");
    const progress: number[] = [];
    const done = store.backup(copy, { onProgress: ({ remainingPages }) => progress.push(remainingPages) });
    const during = await client.newNode("Person");
    await done;
    expect(progress.length).toBeGreaterThan(1);
    const restored = await session(copy, {}).then(
      (other) => other,
      () => undefined,
    );
    expect(restored).toBeDefined();
    expect((await client.scan({ type: "Person", limit: 5_000 })).ids).toContain(during);
    const database = new Database(copy, { readonly: true });
    expect(
      database.prepare("SELECT count(*) FROM node WHERE type = 'Person'").pluck().get(),
    ).toBeGreaterThanOrEqual(3_000);
    database.close();
    expect(readdirSync(dirname(copy)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  test("a copy begins a new incarnation each time it is put in place and opened", async () => {
    const path = temporaryFile();
    const store = await opened(path);
    const since = await store.current();
    const copy = join(temporaryDirectory(), "copy.db");
    await store.backup(copy);
    const { copyFileSync } = await import("node:fs");
    const [first, second] = [`${copy}.1`, `${copy}.2`];
    copyFileSync(copy, first);
    copyFileSync(copy, second);
    const tokens = [since];
    for (const place of [first, second]) {
      const restored = await opened(place);
      expect(await restored.changes(since)).toBe("lost");
      tokens.push(await restored.current());
      expect(await (await opened(place)).current()).toBe(tokens.at(-1));
    }
    expect(new Set(tokens).size).toBe(3);
    expect(await store.current()).toBe(since);
  });

  test("overwrites nothing and leaves nothing behind when it fails", async () => {
    const path = temporaryFile();
    const store = await opened(path);
    await expect(store.backup(path)).rejects.toMatchObject({ code: "RW_STORE_PLACE" });
    const missing = join(temporaryDirectory(), "missing", "copy.db");
    await expect(store.backup(missing)).rejects.toMatchObject({ code: "RW_STORE_PLACE" });
    expect(existsSync(missing)).toBe(false);
  });

  test("refuses what is no path, and a name that the file system does not take", async () => {
    const store = await opened(temporaryFile());
    await expect(store.backup(undefined as never)).rejects.toThrow(TypeError);
    await expect(store.backup("")).rejects.toMatchObject({ code: "RW_OPTION_INVALID" });
    const copy = join(temporaryDirectory(), "copy.db");
    await expect(store.backup(copy, null as never)).rejects.toThrow(TypeError);
    await expect(store.backup(copy, { onprogress() {} } as never)).rejects.toThrow(/no option "onprogress"/);
    const long = join(temporaryDirectory(), "x".repeat(5_000));
    await expect(store.backup(long)).rejects.toMatchObject({ code: "RW_STORE_PLACE" });
  });

  test("is refused where the store is not open, and opens nothing then", async () => {
    const path = temporaryFile();
    const store = storeOf(path);
    const copy = join(temporaryDirectory(), "copy.db");
    await expect(store.backup(copy)).rejects.toMatchObject({ code: "RW_CLOSED" });
    await store.open(catalog);
    await store.close();
    await expect(store.backup(copy)).rejects.toMatchObject({ code: "RW_CLOSED" });
    expect(existsSync(copy) || existsSync(`${path}-wal`)).toBe(false);
  });

  test("is finished before the store is closed", async () => {
    const path = temporaryFile();
    const store = await opened(path);
    const copy = join(temporaryDirectory(), "copy.db");
    const done = store.backup(copy);
    await store.close();
    await done;
    expect((await opened(copy)).name).toContain("copy.db");
  });
});
