import { edge, type FindingKind, type Graph, node, openGraph, type RepairKind, via } from "@rootwalk/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { sqlite } from "../src/index.ts";
import { Database, isBetterSqlite3 } from "./database.ts";
import { temporaryFile } from "./support.ts";

// What `graph.check()` finds in files that were damaged behind the library's back, and mends where it is asked to.

class Room extends node(
  "Room",
  { name: z.string(), rank: z.int().optional() },
  { unique: ["name"], index: ["rank", { fields: ["rank"], per: "owner" }] },
) {}
class Note extends node("Note", { text: z.string() }) {}
class Near extends edge("Near", { at: z.int().optional() }, { from: Room, to: Room }) {}
class Beside extends edge("Beside", {}, { from: Room, to: Room, undirected: true }) {}
const types = [Room, Note, Near, Beside];

async function open(path: string): Promise<Graph> {
  const graph = await openGraph({ types, store: sqlite(path, { durability: "normal" }) });
  onTestFinished(() => graph.close());
  return graph;
}

/** Four rooms in a chain that hang on the system root, and a user with a note. */
async function filled(): Promise<{ path: string; graph: Graph }> {
  const path = temporaryFile();
  const graph = await open(path);
  const ann = await graph.createRoot();
  await graph.transaction((tx) => {
    const rooms = tx.root.connect(
      Room,
      [0, 1, 2, 3].map((rank) => ({ name: `room ${rank}`, rank: rank % 2 })),
    );
    for (let i = 1; i < rooms.length; i++) {
      rooms[i - 1]?.link(rooms[i] as Room, via(Near));
      rooms[i - 1]?.link(rooms[i] as Room, via(Beside));
    }
  });
  await graph.as(ann).transaction((tx) => {
    tx.root.connect(Note, { text: "kept" });
  });
  return { path, graph };
}

function change(path: string, ...statements: readonly string[]): void {
  const database = new Database(path);
  for (const sql of statements) database.exec(sql);
  database.close();
}

/** Counts up whenever anybody writes to the file. */
function writesTo(path: string): number {
  const database = new Database(path);
  const count = Number(database.prepare("SELECT max(seq) FROM commits").pluck().get());
  database.close();
  return count;
}

const room = (rank: number): string => `data LIKE '%"room ${rank}"%'`;

interface Damage {
  readonly what: string;
  readonly sql: readonly string[];
  readonly counts: Partial<Record<FindingKind, number>>;
  readonly says: RegExp;
  /** What makes it whole again; where it is missing, people must. */
  readonly repair?: readonly RepairKind[];
}

const id = "[0-9a-f-]{36}";

const damages: readonly Damage[] = [
  {
    what: "a node that is gone from under its edges",
    sql: [`DELETE FROM nodes WHERE ${room(3)}`],
    counts: { dangling: 3 },
    says: new RegExp(`^(Near|Beside|Edge) ${id}: its target is not there$`),
    repair: ["dangling"],
  },
  {
    what: "an edge both of whose ends are gone",
    sql: [
      "UPDATE edges SET source = 91, target = 92 WHERE key = (SELECT key FROM edge WHERE type = 'Near' LIMIT 1)",
    ],
    counts: { dangling: 1 },
    says: new RegExp(`^Near ${id}: its source and its target are not there$`),
    repair: ["dangling"],
  },
  {
    what: "a key that is missing in a unique index",
    sql: [`UPDATE nodes SET k1 = NULL WHERE ${room(1)}`],
    counts: { index: 1 },
    says: new RegExp(`^Room ${id}: the index Room.name does not have it under its key$`),
    repair: ["index"],
  },
  {
    what: "a key that is missing in an index that is not unique",
    sql: [`UPDATE nodes SET k2 = NULL WHERE ${room(1)}`],
    counts: { index: 1 },
    says: new RegExp(`^Room ${id}: the index Room.rank does not have it under its key$`),
    repair: ["index"],
  },
  {
    what: "a key that is missing among its owner's",
    sql: [`UPDATE nodes SET k4 = NULL WHERE ${room(1)}`],
    counts: { index: 1 },
    says: new RegExp(`^Room ${id}: the index Room.rank@owner of its owner does not have it under its key$`),
    repair: ["index"],
  },
  {
    what: "a key with a byte altered",
    sql: [`UPDATE nodes SET k1 = CAST(substr(k1, 1, 5) || x'7a' || substr(k1, 7) AS BLOB) WHERE ${room(1)}`],
    counts: { index: 2 },
    says: /the index Room.name (does not have it under its key|has it under a key that is not its own)$/,
    repair: ["index"],
  },
  {
    what: "fields that were changed past their index",
    sql: [`UPDATE nodes SET data = replace(data, 'room 1', 'room 9') WHERE ${room(1)}`],
    counts: { index: 2 },
    says: /the index Room.name (does not have it under its key|has it under a key that is not its own)$/,
    repair: ["index"],
  },
  {
    what: "a unique key that two records have",
    sql: [`UPDATE nodes SET data = replace(data, 'room 2', 'room 1') WHERE ${room(2)}`],
    counts: { unique: 1 },
    says: new RegExp(`^Room ${id}: Room ${id} has the same name, which Room.name keeps unique$`),
  },
  {
    what: "a value that no index can hold",
    sql: [`UPDATE nodes SET data = replace(data, '"room 2"', '["room 2"]') WHERE ${room(2)}`],
    counts: { index: 1 },
    says: /the index Room.name cannot hold its name$/,
  },
  {
    what: "a byte of a node's fields flipped",
    sql: ["UPDATE nodes SET data = replace(data, '\"}', '\"|') WHERE data LIKE '%kept%'"],
    counts: { unreadable: 1 },
    says: new RegExp(`^Note ${id}: its fields cannot be read: .*JSON`),
    repair: ["unreadable"],
  },
  {
    what: "fields of an edge that are no JSON",
    sql: ["UPDATE edges SET data = '{' WHERE key = (SELECT key FROM edge WHERE type = 'Near' LIMIT 1)"],
    counts: { unreadable: 1 },
    says: new RegExp(`^Near ${id}: its fields cannot be read: .*JSON`),
    repair: ["unreadable"],
  },
  {
    what: "an owner whose entry is gone",
    sql: ["UPDATE nodes SET owner = 99 WHERE data LIKE '%kept%'"],
    counts: { owner: 1 },
    says: new RegExp(`^Note ${id}: its owner is not there$`),
    repair: ["owner"],
  },
  {
    what: "a user's root that is gone from what it owned and from under its edges",
    sql: [
      "DELETE FROM nodes WHERE nr = (SELECT n.nr FROM node n WHERE n.type = 'Root' AND n.id NOT LIKE '0000%')",
    ],
    counts: { owner: 2, dangling: 1 },
    says: new RegExp(`its owner ${id} is not there$|its source is not there$`),
    repair: ["owner", "dangling"],
  },
  {
    what: "an owner that is no root",
    sql: [
      "UPDATE owners SET (key, rest) = (SELECT key, rest FROM nodes WHERE data LIKE '%kept%') WHERE nr = (SELECT owner FROM nodes WHERE data LIKE '%kept%')",
    ],
    counts: { owner: 3 },
    says: new RegExp(`: its owner ${id} is a Note and no root$`),
  },
  {
    what: "a grant to nobody",
    sql: [
      `UPDATE nodes SET access = '{"all":"none","roots":{"01234567-89ab-7def-8123-456789abcdef":"read"}}' WHERE ${room(2)}`,
    ],
    counts: { grant: 1 },
    says: new RegExp(
      `^Room ${id}: it grants something to 01234567-89ab-7def-8123-456789abcdef, which is no root$`,
    ),
    repair: ["grant"],
  },
];

describe("check", () => {
  test("finds nothing in a sound file, and counts it", async () => {
    const { graph } = await filled();
    const report = await graph.check({ orphans: true });
    expect(report).toMatchObject({
      isClean: true,
      counts: {},
      findings: [],
      unsettled: 0,
      nodes: 7,
      edges: 11,
    });
    expect(String(report)).toBe("nothing wrong with 7 nodes and 11 edges");
  });

  test.each(damages)("finds $what", async ({ sql, counts, says, repair = [] }) => {
    const { path, graph } = await filled();
    await graph.close();
    change(path, ...sql);

    const again = await open(path);
    const before = writesTo(path);
    const report = await again.check();
    expect(report.counts).toEqual(counts);
    for (const { message } of report.findings) expect(message).toMatch(says);
    expect(String(report)).toContain(report.findings[0]?.message);
    expect(writesTo(path), "a check writes nothing").toBe(before);

    const kinds = ["dangling", "adjacency", "index", "unreadable", "owner", "grant"] as const;
    const others = kinds.filter((kind) => !repair.includes(kind) && counts[kind] === undefined);
    expect(await again.check({ repair: others })).toMatchObject({ counts, repaired: {} });
    expect(writesTo(path), "what was not asked for is not repaired").toBe(before);
    if (repair.length === 0) return;

    const repaired = await again.check({ repair });
    expect(repaired.repaired).toEqual(repaired.counts);
    expect(repaired.findings.every(({ isRepaired }) => isRepaired)).toBe(true);
    expect(String(await again.check())).toMatch(/^nothing wrong/);
    await again.close();
    expect(String(await (await open(path)).check())).toMatch(/^nothing wrong/);
  });

  test("a repaired index is at once what every client finds", async () => {
    const { path, graph } = await filled();
    const other = await open(path);
    await graph.close();
    change(path, `UPDATE nodes SET k1 = NULL WHERE ${room(1)}`);
    const again = await open(path);
    for (const each of [again, other])
      expect(await each.nodes(Room, { name: "room 1" }).first()).toBeUndefined();
    await again.check({ repair: ["index"] });
    for (const each of [again, other]) {
      await each.refresh();
      expect(await each.nodes(Room, { name: "room 1" }).count()).toBe(1);
    }
  });

  test("leaves alone what newer code has written since", async () => {
    const { path, graph } = await filled();
    class Suite extends Room.extend("Suite", { beds: z.int() }) {}
    class Longer extends node("Note", { text: z.string(), length: z.int().default(0) }) {}
    const newer = await openGraph({
      types: [Room, Near, Beside, Suite, Longer],
      store: sqlite(path, { durability: "normal" }),
    });
    await newer.transaction((tx) => {
      const suite = tx.root.connect(Suite, { name: "suite", rank: 1, beds: 2 });
      suite.link(suite, via(Near));
      suite.connect(Longer, { text: "of another shape" });
    });
    await newer.close();
    expect(String(await graph.check({ orphans: true }))).toMatch(/^nothing wrong/);
  });

  test.runIf(isBetterSqlite3)("files edges anew that SQLite's own index has lost", async () => {
    const { path, graph } = await filled();
    await graph.close();
    const define = (condition: string) => {
      const database = new Database(path);
      database.unsafeMode(true);
      database.pragma("writable_schema = ON");
      const columns = "edges_source ON edges (source, type)";
      database
        .prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'edges_source'")
        .run(`CREATE INDEX ${columns}${condition}`);
      database.close();
    };
    const lost = "key IN (SELECT key FROM edge WHERE type IN ('Near', 'Beside'))";
    change(
      path,
      `CREATE TABLE moved AS SELECT * FROM edges WHERE ${lost}`,
      `DELETE FROM edges WHERE ${lost}`,
    );
    // While the index is for no row at all, rows go in without an entry.
    define(" WHERE key < 0");
    change(path, "INSERT INTO edges SELECT * FROM moved", "DROP TABLE moved");
    define("");

    const again = await open(path);
    const report = await again.check();
    expect(report.counts).toEqual({ adjacency: 9 });
    expect(report.findings[0]?.message).toMatch(
      new RegExp(`^Near ${id}: it is missing among the edges out of ${id}$`),
    );
    // All of them are filed with the first, as the index is made anew.
    expect(await again.check({ repair: ["adjacency"] })).toMatchObject({ repaired: { adjacency: 3 } });
    expect(String(await again.check())).toBe("nothing wrong with 7 nodes and 11 edges");
  });
});
