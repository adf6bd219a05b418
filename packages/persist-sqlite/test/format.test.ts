import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { formatVersion } from "../src/tables.ts";
import { dump, fixtureCatalog } from "./fixture.ts";
import { opened, session, temporaryFile } from "./support.ts";

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
