import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openGraph } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { describe, expect, test } from "vitest";
import { Database } from "../../persist-sqlite/test/database.ts";
import { command } from "./build.ts";
import {
  answer,
  chat,
  contents,
  jsonLines,
  Message,
  openFile,
  Room,
  rootwalk,
  sharedChat,
  temporaryDirectory,
  types,
} from "./support.ts";

const shared = sharedChat();
const withoutIds = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID");

/** Changes a file behind the library's back. */
function change(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

/** Files that no command takes, each made in a folder. */
const refused: Record<string, { make: (path: string) => void; says: RegExp }> = {
  "that is not there": { make: () => {}, says: /does not exist/ },
  "that is a folder": { make: (path) => mkdirSync(path), says: /is a directory/ },
  "that is empty": { make: (path) => writeFileSync(path, ""), says: /is empty/ },
  "that is no database": {
    make: (path) => writeFileSync(path, "Dear diary, ".repeat(500)),
    says: /not a SQLite database/,
  },
  "of another program": {
    make: (path) => change(path, "CREATE TABLE t (a)"),
    says: /database of another program/,
  },
};

const commands = (path: string): Record<string, string[]> => ({
  inspect: ["inspect", path],
  query: ["query", path, "nodes", "Room"],
  check: ["check", path],
  backup: ["backup", path, `${path}.copy`],
  export: ["export", path, "-o", `${path}.jsonl`],
});

describe.each(Object.entries(refused))("a file %s", (_what, { make, says }) => {
  test("is refused by every command in one sentence, and nothing is written", () => {
    const folder = temporaryDirectory();
    const path = join(folder, "file.db");
    make(path);
    const before = existsSync(path) && !existsSync(join(path, ".")) ? contents(folder) : undefined;
    for (const [name, args] of Object.entries(commands(path))) {
      const { status, stdout, stderr } = rootwalk(...args);
      expect([name, status, stdout]).toEqual([name, 2, ""]);
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(existsSync(`${path}.copy`) || existsSync(`${path}.jsonl`)).toBe(false);
      if (before !== undefined) expect(contents(folder)).toEqual(before);
    }
  });
});

test("a file of a newer format is refused, and one that lost its end is a finding of check", async () => {
  const newer = await chat();
  change(newer, "UPDATE meta SET value = 99 WHERE name = 'format'");
  for (const args of Object.values(commands(newer))) {
    expect(rootwalk(...args)).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining("format 99"),
    });
  }
  const short = await chat();
  truncateSync(short, 20 * 4096);
  const { check, ...others } = commands(short);
  for (const args of Object.values(others))
    expect(rootwalk(...args)).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringContaining("damaged"),
    });
  expect(rootwalk(...(check as string[]))).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("damaged"),
  });
});

test("every command leaves the file and its folder byte for byte as they were", async () => {
  const path = await chat();
  const folder = dirname(path);
  const before = contents(folder);
  const target = join(temporaryDirectory(), "out");
  for (const args of [
    ["inspect", path],
    ["query", path, "nodes", "Room", "--out"],
    ["check", path],
    ["backup", path, target],
    ["export", path],
  ])
    answer(...args);
  expect(contents(folder)).toEqual(before);
});

test("every command works while an app has the file open and has written to it", async () => {
  const path = await chat();
  const graph = await openFile(path);
  await graph.transaction((tx) => void tx.create(Room, { name: "attic" }));
  expect(JSON.parse(answer("inspect", path, "--json"))).toMatchObject({ logBytes: expect.any(Number) });
  expect(answer("query", path, "nodes", "Room", "--count")).toBe("3\n");
  expect(answer("check", path)).toContain("nothing wrong with 7 nodes and 4 edges");
  expect(jsonLines(answer("export", path))).toHaveLength(12);
  answer("backup", path, `${path}.copy`);
  expect(answer("query", `${path}.copy`, "nodes", "Room", "--count")).toBe("3\n");
  await graph.transaction((tx) => void tx.create(Room, { name: "cellar" }));
  expect(await graph.nodes(Room).count()).toBe(4);
});

describe("rootwalk inspect", () => {
  test("shows what there is", () => {
    const shown = answer("inspect", shared())
      .replace(/^.*chat\.db/, "chat.db")
      .replace(/incarnation \w+/, "incarnation X")
      .replace(/[\d.]+ KiB in \d+ pages/, "N in N pages")
      .replace(/\nin the file[\s\S]*/, "\nin the file …\n");
    expect(shown).toMatchInlineSnapshot(`
      "chat.db: rootwalk graph, format 1
      N in N pages of 4,096, 0 of them free; write-ahead log 0 bytes
      commit 5 of incarnation X

      type     kind             extends  count  data       fields
      Root     node                          1  0 bytes
      Edge     edge                          0  0 bytes
      Room     node                          1  27 bytes   name visits? topic?
      Suite    node             Room         1  50 bytes   name visits? topic? beds
      Message  node                          3  192 bytes  text sent
      Posted   edge                          3  27 bytes   at
      Near     undirected edge               1  0 bytes
      data: fields and access records as stored, without what each row adds

      index                 entries  state
      Room.name     unique        2  complete
      Message.sent                3  complete

      in the file …
      "
    `);
  });

  test("tells programs all of it, and with --quick only what needs no look at records", () => {
    const whole = JSON.parse(answer("inspect", shared(), "--json"));
    expect(whole).toMatchObject({
      format: 1,
      incarnation: expect.stringMatching(/^[0-9a-f]{16}$/),
      types: expect.arrayContaining([
        expect.objectContaining({ name: "Suite", kind: "node", parent: "Room", count: 1, shapes: 1 }),
        expect.objectContaining({ name: "Near", kind: "edge", undirected: true, count: 1 }),
      ]),
      indexes: [
        expect.objectContaining({ name: "Room.name", unique: true, state: "complete", entries: 2 }),
        expect.objectContaining({ name: "Message.sent", unique: false, state: "complete", entries: 3 }),
      ],
      unreadable: [],
      tombstones: 0,
    });
    const room = whole.types.find(({ name }: { name: string }) => name === "Room");
    expect(room.bytes).toBe('{"name":"lobby","visits":3}'.length);
    const quick = JSON.parse(answer("inspect", shared(), "--json", "--quick"));
    expect(quick).not.toHaveProperty("unreadable");
    expect(quick.types[2]).not.toHaveProperty("count");
  });

  test("lists records that cannot be read, with the reason, and ends with 1; so does a query that meets them", async () => {
    const path = await chat();
    change(path, "UPDATE nodes SET data = '{\"text\":' WHERE data LIKE '%message 2%'");
    const { status, stdout } = rootwalk("inspect", path);
    expect(status).toBe(1);
    expect(withoutIds(stdout)).toMatch(/unreadable \(1\) {2}id +reason\nMessage +ID {2}\S.*JSON/);
    const asked = rootwalk("query", path, "nodes", "Message", "--json");
    expect(asked).toMatchObject({ status: 1, stderr: "1 of these cannot be read.\n" });
    expect(jsonLines(asked.stdout)).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ text: "message 1" }) }),
      expect.objectContaining({ type: "Message", fields: {}, unreadable: expect.stringContaining("JSON") }),
      expect.objectContaining({ fields: expect.objectContaining({ text: "message 3" }) }),
    ]);
  });
});

describe("rootwalk check", () => {
  test("finds nothing in a sound file", () => {
    expect(rootwalk("check", shared())).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(answer("check", shared(), "--json"))).toMatchObject({
      findings: [],
      counts: {},
      nodes: 6,
      edges: 4,
    });
  });

  test("names what is wrong, and ends with 1", async () => {
    const path = await chat();
    change(path, "DELETE FROM nodes WHERE data LIKE '%message 2%'");
    const { status, stdout } = rootwalk("check", path);
    expect(status).toBe(1);
    expect(withoutIds(stdout)).toMatch(
      /^dangling {4}Posted ID: its target is not there\n.*: 1 finding in 5 nodes and 4 edges\n$/,
    );
  });
});

describe("rootwalk check, beyond the graph", () => {
  test("reports what only the file shows beside what the graph does", async () => {
    const path = await chat();
    change(path, "UPDATE nodes SET type = 99 WHERE data LIKE '%message 2%'");
    change(path, "UPDATE nodes SET data = '{' WHERE data LIKE '%message 3%'");
    const { stdout } = rootwalk("check", path, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ counts: { type: 1, unreadable: 1 } });
  });

  test("looks for orphans when it is asked to", async () => {
    const path = await chat();
    const graph = await openFile(path);
    await graph.transaction((tx) => void tx.create(Room, { name: "attic" }));
    await graph.close();
    expect(rootwalk("check", path).status).toBe(0);
    const { status, stdout } = rootwalk("check", path, "--orphans");
    expect(status).toBe(1);
    expect(withoutIds(stdout)).toMatch(/^orphan {6}Room ID: no root leads to it\n/);
  });

  test("says where a file is too far gone to be opened as a graph", async () => {
    const path = await chat();
    change(path, "DELETE FROM nodes WHERE key = 0");
    expect(rootwalk("check", path).stdout).toMatch(
      /^root {8}the system root is missing\nthe file cannot be opened as a graph, and was not looked at as one\n/,
    );
  });
});

describe("rootwalk backup", () => {
  test("makes a copy that apps can use", async () => {
    const target = join(temporaryDirectory(), "copy.db");
    expect(answer("backup", shared(), target)).toMatch(/copy\.db: [\d.]+ KiB\n/);
    const graph = await openGraph({ types, store: sqlite(target) });
    expect(await graph.nodes(Message).count()).toBe(3);
    await graph.close();
  });

  test("replaces what is there only with --force, and never what is in use, a folder or the file itself", async () => {
    const folder = temporaryDirectory();
    const target = join(folder, "copy.db");
    writeFileSync(target, "precious");
    expect(rootwalk("backup", shared(), target)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("exists already"),
    });
    expect(readFileSync(target, "utf8")).toBe("precious");
    answer("backup", shared(), target, "--force");
    expect(answer("query", target, "nodes", "Message", "--count")).toBe("3\n");
    expect(Object.keys(contents(folder))).toEqual(["copy.db"]);
    const graph = await openFile(target);
    await graph.transaction((tx) => void tx.create(Room, { name: "attic" }));
    const inUse = rootwalk("backup", shared(), target, "--force");
    expect(inUse).toMatchObject({ status: 2, stderr: expect.stringContaining("is in use") });
    expect(rootwalk("backup", shared(), folder, "--force").status).toBe(2);
    expect(rootwalk("backup", shared(), shared(), "--force").status).toBe(2);
    expect(rootwalk("backup", shared(), join(folder, "no", "copy.db")).stderr).toContain("does not exist");
  });
});

describe("rootwalk export", () => {
  test("writes types, nodes and edges in the order of their ids, with tags for what JSON lacks", () => {
    const [header, ...records] = jsonLines<Record<string, never>>(answer("export", shared()));
    expect(header).toMatchObject({
      export: "rootwalk",
      version: 1,
      types: expect.any(Array),
      indexes: expect.any(Array),
    });
    const ids = (kind: string): string[] => records.flatMap((record) => record[kind] ?? []);
    expect(ids("node")).toEqual(ids("node").toSorted());
    expect(ids("edge")).toEqual(ids("edge").toSorted());
    expect(records.map(({ type }) => type)).toEqual([
      ...["Root", "Room", "Message", "Message", "Message", "Suite"],
      ...["Posted", "Posted", "Posted", "Near"],
    ]);
    expect(records[2]).toEqual({
      node: expect.any(String),
      type: "Message",
      owner: "00000000-0000-7000-8000-000000000000",
      access: { all: "none" },
      fields: { text: "message 1", sent: { "@date": "1970-01-01T00:00:00.001Z" } },
    });
    expect(records[6]).toEqual({
      edge: expect.any(String),
      source: records[1]?.node,
      target: records[2]?.node,
      type: "Posted",
      owner: "00000000-0000-7000-8000-000000000000",
      access: { all: "read" },
      fields: { at: 10 },
    });
  });

  test("writes into a new file only, the same each time", () => {
    const output = join(temporaryDirectory(), "chat.jsonl");
    expect(answer("export", shared(), "-o", output, "--json")).toBe(
      '{"nodes":6,"edges":4,"unreadable":0,"left":0}\n',
    );
    expect(readFileSync(output, "utf8")).toBe(answer("export", shared()));
    expect(rootwalk("export", shared(), "-o", output)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("exists already"),
    });
  });

  test("loses no record that cannot be read: its line has the stored text", async () => {
    const path = await chat();
    change(path, "UPDATE nodes SET data = '{\"text\":' WHERE data LIKE '%message 2%'");
    const { status, stdout, stderr } = rootwalk("export", path);
    expect([status, stderr]).toEqual([1, expect.stringContaining("1 of them cannot be read")]);
    const broken = jsonLines(stdout).filter((record) => "unreadable" in record);
    expect(broken).toEqual([
      expect.objectContaining({ type: "Message", stored: '{"text":', unreadable: expect.any(String) }),
    ]);
  });

  test("writes GraphML and GEXF, labelled by a field", () => {
    const graphml = answer("export", shared(), "--format", "graphml", "--label", "name");
    expect(graphml).toContain('<graph edgedefault="directed">');
    expect(graphml.match(/<node /g)).toHaveLength(6);
    expect(graphml).toContain("lobby");
    const output = join(temporaryDirectory(), "chat.gexf");
    expect(answer("export", shared(), "--format", "gexf", "-o", output)).toBe("");
    expect(readFileSync(output, "utf8").match(/<edge /g)).toHaveLength(4);
  });

  test("ends quietly when nobody reads on", async () => {
    const path = await chat();
    const graph = await openFile(path);
    await graph.transaction(
      (tx) =>
        void tx.create(
          Room,
          Array.from({ length: 3_000 }, (_, i) => ({ name: `room ${i}` })),
        ),
    );
    const script = `"$0" "$1" export "$2" | head -n 1 | cut -c 1-20; echo "$\{PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script, process.execPath, command, path], {
      encoding: "utf8",
    });
    expect([stdout, stderr]).toEqual(['{"export":"rootwalk"\n0\n', ""]);
  });
});

describe("rootwalk import", () => {
  test("makes the same graph of an export, from a file or from stdin, and finds nothing to do the second time", async () => {
    const folder = temporaryDirectory();
    const [lines, copy] = [join(folder, "chat.jsonl"), join(folder, "copy.db")];
    answer("export", shared(), "-o", lines);
    expect(answer("import", copy, lines)).toBe("6 nodes and 4 edges imported\n");
    expect(answer("export", copy)).toBe(readFileSync(lines, "utf8"));
    expect(answer("import", copy, lines, "--json")).toBe('{"nodes":0,"edges":0,"present":10,"leftOut":0}\n');
    const piped = spawnSync(
      "bash",
      ["-c", '"$0" "$1" import "$2" - < "$3"', process.execPath, command, `${copy}2`, lines],
      {
        encoding: "utf8",
      },
    );
    expect([piped.status, piped.stdout]).toEqual([0, "6 nodes and 4 edges imported\n"]);
    const graph = await openFile(copy);
    expect(await graph.nodes(Room, { name: "lobby" }).count()).toBe(1);
    await graph.close();
    expect(answer("check", copy)).toContain("nothing wrong with 6 nodes and 4 edges");
  });

  test("refuses a wrong line by its number, and leaves no file behind", () => {
    const folder = temporaryDirectory();
    const lines = join(folder, "wrong.jsonl");
    writeFileSync(lines, `${answer("export", shared())}{"node":7}\n`);
    const { status, stdout, stderr } = rootwalk("import", join(folder, "new.db"), lines);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('line 12: "node" is 7');
    expect(Object.keys(contents(folder))).toEqual(["wrong.jsonl"]);
    expect(rootwalk("import", join(folder, "new.db"), join(folder, "nothing")).stderr).toContain(
      "is no file",
    );
  });
});

describe("the command line", () => {
  test("helps, with examples, wherever it is asked to", () => {
    for (const name of ["init", "inspect", "query", "check", "backup", "export", "import"]) {
      const { status, stdout, stderr } = rootwalk(name, "--help");
      expect([name, status, stderr]).toEqual([name, 0, ""]);
      expect(stdout).toContain(`  $ rootwalk ${name}`);
    }
    expect(rootwalk("--version")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  test.each([
    ["nothing", [], /Usage: rootwalk/],
    ["a command that is none", ["inspekt"], /unknown command 'inspekt'\n\(Did you mean inspect\?\)/],
    [
      "an option that is none",
      ["check", "a.db", "--jsn"],
      /unknown option '--jsn'\n\(Did you mean --json\?\)/,
    ],
    ["no file", ["check"], /missing required argument 'file'/],
    ["one argument too many", ["check", "a.db", "b.db"], /too many arguments/],
  ])("ends with 2 for %s, and says how it is called", (_what, args, says) => {
    const { status, stdout, stderr } = rootwalk(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(says);
  });
});
