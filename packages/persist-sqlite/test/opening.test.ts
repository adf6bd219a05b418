import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openGraph } from "@rootwalk/core";
import { GraphError } from "@rootwalk/core/store";
import { describe, expect, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { Database } from "./database.ts";
import { Note, types } from "./shop.ts";
import { catalog, opened, session, storeOf, temporaryDirectory, temporaryFile } from "./support.ts";

async function refusal(path: string, options = {}): Promise<GraphError> {
  try {
    await opened(path, options);
  } catch (error) {
    expect(error).toBeInstanceOf(GraphError);
    return error as GraphError;
  }
  throw new Error(`${path} was opened`);
}

/** A closed file with some hundred records. */
async function filled(): Promise<string> {
  const path = temporaryFile();
  const client = await session(path);
  const draft = client.draft();
  for (let i = 0; i < 500; i++)
    draft.edge("Knows", draft.node("Person", { name: `person ${i}` }), client.ann, { since: i });
  await client.commit(draft);
  await client.store.close();
  return path;
}

describe("a path that cannot be a file is refused before anything is opened", () => {
  test.each([
    ["", "RW_OPTION_INVALID"],
    ["  ", "RW_OPTION_INVALID"],
    [":memory:", "RW_OPTION_INVALID"],
    ["file:graph.db?mode=ro", "RW_OPTION_INVALID"],
    ["a\0b", "RW_OPTION_INVALID"],
    ["a\ud800", "RW_OPTION_INVALID"],
  ])("%j", (path, code) => {
    expect(() => sqlite(path)).toThrow(expect.objectContaining({ code }));
  });

  test("what is no text is a TypeError", () => {
    expect(() => sqlite(7 as unknown as string)).toThrow(TypeError);
  });

  test("options out of range are named", () => {
    expect(() => sqlite("a.db", { durability: "off" as "full" })).toThrow(/durability.*"off"/);
    expect(() => sqlite("a.db", { cacheMiB: 0 })).toThrow(/cacheMiB/);
  });

  test("a misspelt option is refused, not left out", () => {
    expect(() => sqlite("a.db", { durabilty: "normal" } as never)).toThrow(
      expect.objectContaining({
        code: "RW_OPTION_INVALID",
        message: expect.stringContaining('there is no option "durabilty"; there are durability, driver'),
      }),
    );
  });

  test.each([
    ["null as options", null],
    ["a number as options", 5],
    ["a number as onProgress", { onProgress: 5 }],
    ["an object as onError", { onError: {} }],
    ["a text as driver", { driver: "better-sqlite3" }],
    ["an object without prepare as driver", { driver: {} }],
    ["null as driver", { driver: null }],
  ])("%s is a TypeError", (_what, options) => {
    expect(() => sqlite("a.db", options as never)).toThrow(TypeError);
  });
});

describe("a place that cannot be used says why", () => {
  test("a directory that does not exist", async () => {
    const error = await refusal(join(temporaryDirectory(), "missing", "graph.db"));
    expect(error).toMatchObject({
      code: "RW_STORE_PLACE",
      message: expect.stringContaining("missing does not exist"),
    });
    expect(error.remedy).toContain("mkdir");
  });

  test("a directory", async () => {
    expect(await refusal(temporaryDirectory())).toMatchObject({
      code: "RW_STORE_PLACE",
      message: expect.stringContaining("is a directory"),
    });
  });

  test("a file that may not be written", async () => {
    const path = await filled();
    class ReadOnly extends Database {
      constructor(name: string) {
        super(name, { readonly: true });
      }
    }
    expect(await refusal(path, { driver: ReadOnly })).toMatchObject({
      code: "RW_STORE_PLACE",
      message: expect.stringContaining("cannot be written"),
    });
  });

  test("a full disk: nothing half-written stays, and what was there can be read", async () => {
    const path = await filled();
    class Full extends Database {
      constructor(name: string) {
        super(name);
        this.pragma(`max_page_count = ${Number(this.pragma("page_count", { simple: true })) + 4}`);
      }
    }
    const client = await session(path, { driver: Full });
    const known = await client.scan({ type: "Person" });
    const draft = client.draft();
    for (let i = 0; i < 5_000; i++) draft.node("Person", { name: "x".repeat(100) });
    await expect(async () => client.commit(draft)).rejects.toMatchObject({
      code: "RW_STORE_PLACE",
      message: expect.stringContaining("full"),
    });
    expect(await client.scan({ type: "Person" })).toEqual(known);
    expect(await client.store.outcome(draft.unitId)).toBe("absent");
  });
});

describe("a file that is none of ours is refused and left as it was", () => {
  test("another program's database", async () => {
    const path = temporaryFile();
    const database = new Database(path);
    database.exec("CREATE TABLE customers (id INTEGER PRIMARY KEY)");
    database.close();
    const before = readFileSync(path);
    expect(await refusal(path)).toMatchObject({
      code: "RW_STORE_FORMAT",
      message: expect.stringContaining("another program"),
    });
    expect(readFileSync(path)).toEqual(before);
  });

  test("no database at all", async () => {
    const path = temporaryFile();
    writeFileSync(
      path,
      "Dear diary, this is no database, and it is longer than a hundred bytes, or nearly so. Yes, it is.\n".repeat(
        50,
      ),
    );
    expect(await refusal(path)).toMatchObject({
      code: "RW_STORE_FORMAT",
      message: expect.stringContaining("not a SQLite database"),
    });
  });

  test("a newer format", async () => {
    const path = await filled();
    const database = new Database(path);
    database.exec("UPDATE meta SET value = 99 WHERE name = 'format'");
    database.close();
    expect(await refusal(path)).toMatchObject({
      code: "RW_STORE_FORMAT",
      message: expect.stringContaining("format 99"),
    });
  });

  test("an empty file becomes a new one", async () => {
    const path = temporaryFile();
    writeFileSync(path, "");
    expect((await opened(path)).name).toContain("graph.db");
  });
});

describe("a damaged file says so", () => {
  test("one that lost its end", async () => {
    const path = await filled();
    truncateSync(path, Math.floor(statSync(path).size / 2));
    expect(await refusal(path)).toMatchObject({
      code: "RW_STORE_FORMAT",
      message: expect.stringContaining("damaged"),
    });
  });

  test("one that lost a part of a page", async () => {
    const path = await filled();
    truncateSync(path, statSync(path).size - 100);
    expect(await refusal(path)).toMatchObject({ code: "RW_STORE_FORMAT" });
  });

  test("one that lost a table", async () => {
    const path = await filled();
    const database = new Database(path);
    database.exec("DROP TABLE owners");
    database.close();
    expect(await refusal(path)).toMatchObject({
      code: "RW_STORE_FORMAT",
      message: expect.stringContaining("owners"),
    });
  });

  test("flipped bits: every call answers or fails with an error of the library", async () => {
    const original = await filled();
    const clean = await session(original);
    const names = new Map<string, unknown>();
    for (let after: string | undefined, more = true; more; ) {
      const page = await clean.scan({ type: "Person", after, limit: 200 });
      for (const node of await clean.nodes(...page.ids)) names.set(node.id, node.fields);
      after = page.ids.at(-1);
      more = page.more;
    }
    await clean.store.close();
    const size = statSync(original).size;
    let damaged = 0;
    for (let i = 0; i < 120; i++) {
      const path = temporaryFile();
      copyFileSync(original, path);
      const file = openSync(path, "r+");
      // One byte in each of several places, spread over the file.
      for (let k = 0; k < 4; k++)
        writeSync(file, Uint8Array.of((i * 37 + k * 91) & 255), 0, 1, (i * 7919 + k * 104_729 + 200) % size);
      try {
        const store = storeOf(path);
        await store.open(catalog);
        const { rows } = await store.scan({
          kind: "node",
          type: "Person",
          order: "asc",
          after: undefined,
          limit: 1_000,
        });
        for (const [at, id] of [...rows.ids].entries()) {
          const fields = rows.fields[at] as object;
          if (JSON.stringify(fields) !== JSON.stringify(names.get(id))) damaged += 1;
        }
      } catch (error) {
        damaged += 1;
        expect(error).toBeInstanceOf(GraphError);
        expect((error as GraphError).code).toMatch(/^RW_STORE_(FORMAT|FAILED|CATALOG)$/);
      }
    }
    expect(damaged).toBeGreaterThan(10);
  });
});

describe("opening", () => {
  test("is possible once more after closing, with what was written, and closes again", async () => {
    const path = temporaryFile();
    const store = storeOf(path);
    for (let round = 0; round < 3; round++) {
      const graph = await openGraph({ types, store });
      expect(await graph.nodes(Note).count()).toBe(round);
      await graph.transaction((tx) => void tx.create(Note, { about: "again", text: `${round}` }));
      await graph.close();
      expect(existsSync(`${path}-wal`)).toBe(false);
    }
  });

  test("reads a fixed number of rows, whatever the file holds", async () => {
    const counts: number[] = [];
    for (const size of [10, 5_000]) {
      const path = temporaryFile();
      const client = await session(path);
      const draft = client.draft();
      for (let i = 0; i < size; i++) draft.edge("Knows", client.ann, draft.node("Person"));
      await client.commit(draft);
      await client.store.close();
      const store = await opened(path);
      counts.push(store.counters.rowsRead);
      expect(store.counters.rowsWritten).toBe(0);
    }
    expect(counts[1]).toBe(counts[0]);
  });

  test("a file may be opened twice in one process, and by its other names", async () => {
    const path = temporaryFile();
    mkdirSync(join(path, "..", "other"));
    const one = await session(path);
    const id = await one.newNode("Person", { name: "Ann" });
    const other = await opened(join(path, "..", "other", "..", "graph.db"));
    const { rows } = await other.scan({
      kind: "node",
      type: "Person",
      order: "asc",
      after: undefined,
      limit: 5,
    });
    expect([...rows.ids]).toEqual([id]);
  });

  test("what an operator sees in the shell", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const draft = client.draft();
    const node = draft.node("Person", { name: "Ann", born: new Date(0) });
    const edge = draft.edge("Knows", client.ann, node, { since: 1999 });
    await client.commit(draft);
    const database = new Database(path, { readonly: true });
    expect(database.prepare("SELECT * FROM node WHERE type = 'Person'").get()).toMatchObject({
      id: node,
      owner: client.ann,
      access: '{"all":"none"}',
      data: '{"name":"Ann","born":{"@date":"1970-01-01T00:00:00.000Z"}}',
      data_version: 1,
    });
    const columns = "id, type, source, target, data, access";
    expect(database.prepare(`SELECT ${columns} FROM edge`).get()).toMatchObject({
      id: edge,
      type: "Knows",
      source: client.ann,
      target: node,
      data: '{"since":1999}',
      access: '{"all":"read"}',
    });
    expect(database.pragma("application_id", { simple: true })).toBe(0x52574c4b);
    database.close();
  });
});
