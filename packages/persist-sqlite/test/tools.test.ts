import { closeSync, openSync, writeSync } from "node:fs";
import { edge, node, openGraph, via } from "@rootwalk/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sqlite } from "../src/index.ts";
import { checkFile, exportFile, inspectFile } from "../src/tools.ts";
import { Database } from "./database.ts";
import { temporaryFile } from "./support.ts";

class Room extends node(
  "Room",
  { name: z.string(), rank: z.int() },
  { unique: ["name"], index: [{ fields: ["rank"], per: "owner" }] },
) {}
class Note extends node("Note", { text: z.string() }) {}
class Near extends edge("Near", {}, { from: Room, to: Room }) {}

/** A closed file with four rooms in a chain. */
async function filled(): Promise<string> {
  const path = temporaryFile();
  const graph = await openGraph({ types: [Room, Note, Near], store: sqlite(path) });
  await graph.transaction((tx) => {
    const rooms = tx.create(
      Room,
      [0, 1, 2, 3].map((rank) => ({ name: `room ${rank}`, rank })),
    );
    for (let i = 1; i < rooms.length; i++) rooms[i - 1]?.link(rooms[i] as Room, via(Near));
    tx.create(Note, { text: "kept" });
  });
  await graph.close();
  return path;
}

function change(path: string, ...statements: string[]): void {
  const database = new Database(path);
  for (const sql of statements) database.exec(sql);
  database.close();
}

const room = (rank: number): string => `data LIKE '%"room ${rank}"%'`;

describe("checkFile", () => {
  test("finds nothing in a sound file", async () => {
    expect(await checkFile(await filled())).toMatchObject({ findings: [], counts: {}, nodes: 6, edges: 3 });
  });

  test.each([
    [
      "an access record that is none",
      { access: 1 },
      /grants nothing/,
      `UPDATE edges SET access = '{"all":"everything"}' WHERE key = (SELECT min(key) FROM edges)`,
    ],
    [
      "a type that is not in the catalog",
      { type: 1 },
      /^type 99 \S+: its type/,
      "UPDATE nodes SET type = 99 WHERE data LIKE '%kept%'",
    ],
    [
      "a node of an edge type",
      { type: 1 },
      /it is stored as a node/,
      "UPDATE nodes SET type = (SELECT nr FROM types WHERE name = 'Near') WHERE data LIKE '%kept%'",
    ],
    [
      "a key of an index at a record of another type",
      { index: 1 },
      /does not cover/,
      "UPDATE nodes SET k1 = (SELECT CAST(k1 || x'00' AS BLOB) FROM nodes WHERE k1 IS NOT NULL) WHERE data LIKE '%kept%'",
    ],
    [
      "a shape that the type never had",
      { shape: 1 },
      /its shape 7/,
      "UPDATE nodes SET shape = 7 WHERE data LIKE '%kept%'",
    ],
    ["no system root", { root: 1 }, /system root is missing/, "DELETE FROM nodes WHERE key = 0"],
    [
      "a base type that is not there",
      { catalog: 1 },
      /Note extends Paper/,
      "UPDATE types SET parent = 'Paper' WHERE name = 'Note'",
    ],
    [
      "types that cannot be read",
      { catalog: 1 },
      /types that the file holds cannot be read/,
      "UPDATE types SET shapes = '[' WHERE name = 'Note'",
    ],
    [
      "an id of an edge that is not there",
      { id: 1 },
      /an id is kept/,
      "INSERT INTO edge_collisions (key, rest) VALUES (1, 1)",
    ],
  ])("finds %s", async (_what, counts, message, sql) => {
    const path = await filled();
    change(path, sql);
    const report = await checkFile(path);
    expect(report.counts).toEqual(counts);
    for (const finding of report.findings) expect(finding.message).toMatch(message);
  });

  test("reports what SQLite's own check finds", async () => {
    const path = await filled();
    const database = new Database(path);
    const sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'edges_target'";
    const page = Number(database.prepare(sql).pluck().get());
    database.close();
    // The page says that it holds an entry less than it does.
    const file = openSync(path, "r+");
    writeSync(file, Uint8Array.of(0, 2), 0, 2, (page - 1) * 4096 + 3);
    closeSync(file);
    const { counts, findings } = await checkFile(path);
    expect(counts.sqlite).toBeGreaterThan(0);
    expect(findings[0]?.kind).toBe("sqlite");
  });

  test("lists so many of each problem, and counts all", async () => {
    const path = await filled();
    change(path, "UPDATE nodes SET access = '{' WHERE data LIKE '%room%'");
    const { counts, findings } = await checkFile(path, { listed: 2 });
    expect(counts).toEqual({ access: 4 });
    expect(findings).toHaveLength(2);
  });

  test("looks past tombstones and edges of them, which are there to be removed", async () => {
    const path = await filled();
    change(path, `UPDATE nodes SET gone = 1, data = NULL, k1 = NULL, k2 = NULL, k3 = NULL WHERE ${room(1)}`);
    expect(await checkFile(path)).toMatchObject({ findings: [], nodes: 5, edges: 1 });
    expect(await inspectFile(path)).toMatchObject({ tombstones: 1 });
  });
});

describe("inspectFile", () => {
  test("tells of an index that is being built how far it is", async () => {
    const path = await filled();
    change(
      path,
      "UPDATE indexes SET built = 2 WHERE name = 'Room.rank@owner'",
      "UPDATE nodes SET k2 = NULL, k3 = NULL WHERE nr > 2",
    );
    const { indexes } = await inspectFile(path);
    expect(indexes).toEqual([
      { name: "Room.name", type: "Room", fields: ["name"], unique: true, state: "complete", entries: 4 },
      {
        name: "Room.rank@owner",
        type: "Room",
        fields: ["rank"],
        unique: false,
        per: "owner",
        state: "building",
        built: 2,
        total: 6,
        entries: 1,
      },
    ]);
    expect((await checkFile(path)).findings).toEqual([]);
  });

  test("has the bytes of SQLite's tables where its library counts them", async () => {
    const { tables, fileBytes } = await inspectFile(await filled());
    if (tables === undefined) return;
    expect(tables.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(fileBytes);
  });
});

describe("exportFile", () => {
  async function exported(path: string): Promise<{ lines: Record<string, string>[]; left: number }> {
    let text = "";
    const { left } = await exportFile(path, (lines) => {
      text += lines;
    });
    return {
      lines: text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
      left,
    };
  }

  test("gives edges whose rows were moved aside their place by id", async () => {
    const path = await filled();
    const before = await exported(path);
    // As if another edge's id had the same key: the row of the second one lies elsewhere.
    change(
      path,
      "INSERT INTO edge_collisions (nr, key, rest) SELECT 5, key, rest FROM edges ORDER BY key LIMIT 1 OFFSET 1",
      "UPDATE edges SET key = -5 WHERE key = (SELECT key FROM edge_collisions)",
    );
    expect(await exported(path)).toEqual(before);
    expect((await checkFile(path)).findings).toEqual([]);
  });

  test("leaves out what has lost its place, and says how much", async () => {
    const path = await filled();
    change(path, `DELETE FROM nodes WHERE ${room(2)}`);
    const { lines, left } = await exported(path);
    expect(left).toBe(2);
    expect(lines.filter((line) => "edge" in line)).toHaveLength(1);
  });

  test("ends with what the writer throws, and closes the file", async () => {
    const path = await filled();
    const full = new Error("the disk is full");
    await expect(
      exportFile(path, () => {
        throw full;
      }),
    ).rejects.toBe(full);
    change(path, "PRAGMA journal_mode = DELETE");
  });
});
