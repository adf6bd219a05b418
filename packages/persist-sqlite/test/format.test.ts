import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openGraph } from "@rootwalk/core";
import { describe, expect, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { formatVersion } from "../src/tables.ts";
import { Database } from "./database.ts";
import { dump, fixtureCatalog } from "./fixture.ts";
import { opened, session, temporaryFile } from "./support.ts";
import { versions } from "./versions.ts";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const formats = readdirSync(fixtures).flatMap((name) => /^format-(\d+)\.db$/.exec(name)?.[1] ?? []);

describe("a file of every format that a version has written", () => {
  test("is kept, one of today's too", () => {
    expect(formats).toContain(String(formatVersion));
  });

  test.each(formats)("reads as when it was written, and goes on being used: format %s", async (format) => {
    const path = temporaryFile();
    copyFileSync(`${fixtures}/format-${format}.db`, path);
    const store = await opened(path, {}, fixtureCatalog);
    const expected: unknown = JSON.parse(readFileSync(`${fixtures}/format-${format}.json`, "utf8"));
    expect(JSON.parse(JSON.stringify(await dump(store)))).toEqual(expected);

    const client = await session(path);
    const id = await client.newNode("Person", { email: "new@x", value: 1 });
    const taken = client.draft();
    taken.node("Person", { email: "anna@x" });
    expect(await client.offer(taken)).toMatchObject({ status: "duplicate", index: "Person.email" });
    expect((await client.lookup({ index: "Person.email", equals: ["new@x"] })).ids).toEqual([id]);
    await client.purgeAll();
    expect(await client.store.purge(1)).toBe(false);
  });
});

describe("a file in which rows of two versions of an app lie beside each other", () => {
  const histories = readdirSync(fixtures).filter((name) => /^histories-\d+\.db$/.test(name));

  test.each(histories)("is read by both of them: %s", async (name) => {
    const path = temporaryFile();
    copyFileSync(`${fixtures}/${name}`, path);
    const { old, current } = versions;
    const now = await openGraph({ types: current.types, store: sqlite(path) });
    expect(await now.nodes(current.Account).orderBy("cents").select("cents").all()).toMatchObject([
      { cents: 100 },
      { cents: 250 },
    ]);
    const tally = await now.nodes(current.Tally, { title: "all" }).one();
    expect([tally.count, tally.unit]).toEqual([1, "piece"]);
    expect(await now.nodes(current.Tally).out(current.Made).countBy("code")).toEqual(
      new Map([
        ["old", 1],
        ["new", 1],
      ]),
    );
    expect((await now.nodes(current.Parcel).one()).size).toBe(1);
    await now.close();
    const before = await openGraph({ types: old.types, store: sqlite(path) });
    expect((await before.nodes(old.Counter, { name: "all" }).one()).count).toBe(1);
    expect(await before.nodes(old.Account, { euros: "1" }).count()).toBe(1);
    await before.close();
    expect(Object.keys(readJson(path))).toEqual(["euros", "cents@Account:1"]);
  });
});

/** The keys that the fields of accounts have in the file. */
function readJson(path: string): Record<string, unknown> {
  const database = new Database(path, { readonly: true });
  try {
    const rows = database.prepare("SELECT data FROM node WHERE type = 'Account' ORDER BY id").pluck().all();
    return Object.assign({}, ...(rows as string[]).map((data) => JSON.parse(data) as object));
  } finally {
    database.close();
  }
}
