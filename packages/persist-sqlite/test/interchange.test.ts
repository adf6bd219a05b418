import { edge, type Graph, node, openGraph, via } from "@rootwalk/core";
import { exportJsonl, importJsonl } from "@rootwalk/core/interchange";
import { expect, test } from "vitest";
import { z } from "zod";
import { sqlite } from "../src/index.ts";
import { exportFile } from "../src/tools.ts";
import { Database } from "./database.ts";
import { temporaryFile } from "./support.ts";

class OldRoom extends node("Room", { name: z.string(), beds: z.int() }) {}
class Room extends node("Room", { name: z.string(), when: z.date().optional() }) {}
class Near extends edge("Near", {}, { from: Room, to: Room, undirected: true }) {}
const types = [Room, Near];

async function text(graph: Graph): Promise<string> {
  let all = "";
  for await (const piece of exportJsonl(graph)) all += piece;
  return all;
}

async function fileText(path: string): Promise<string> {
  let all = "";
  await exportFile(path, (lines) => {
    all += lines;
  });
  return all;
}

test("a file's export and a graph's are the same lines, of older shapes, grants and unreadable records too", async () => {
  const path = temporaryFile();
  const before = await openGraph({ types: [OldRoom], store: sqlite(path) });
  const { id: ann } = await before.createRoot();
  await before.as(ann).transaction((tx) => {
    for (const name of ["attic", "torn", "cellar"]) tx.root.connect(OldRoom, { name, beds: 1 }).grant("read");
  });
  await before.close();
  const graph = await openGraph({ types, store: sqlite(path) });
  await graph.transaction((tx) => {
    const lobby = tx.create(Room, { name: 'lo"b\\by', when: new Date(5) });
    lobby.allowRoot(ann, "write");
    lobby.link(lobby, via(Near, {})).revoke();
  });
  await graph.close();
  const database = new Database(path);
  database.exec(`UPDATE nodes SET data = '{"name":' WHERE data LIKE '%torn%'`);
  database.close();

  const again = await openGraph({ types, store: sqlite(path) });
  const lines = await text(again);
  await again.close();
  expect(lines).toBe(await fileText(path));
  expect(lines.match(/"shape":1/g)).toHaveLength(3);
  expect(lines).toContain('"stored":"{\\"name\\":"');

  const copy = temporaryFile();
  expect(await importJsonl(sqlite(copy), () => lines, { types, unreadable: "leave out" })).toMatchObject({
    nodes: 5,
    leftOut: 2,
  });
  const whole = await fileText(copy);
  expect(lines.split("\n").filter((line) => !whole.includes(line))).toEqual([
    expect.stringContaining("unreadable"),
    // The edge by which her root is connected to it.
    expect.stringContaining('"type":"Edge"'),
  ]);
});

test("an export is of one moment while another process's graph commits, and the file can be closed", async () => {
  const path = temporaryFile();
  const graph = await openGraph({ types, store: sqlite(path) });
  await graph.transaction((tx) => {
    for (let i = 0; i < 3_000; i++) tx.create(Room, { name: `room ${i}` });
  });
  const before = await text(graph);
  const other = await openGraph({ types, store: sqlite(path) });
  const reading = exportJsonl(graph);
  let read = (await reading.next()).value as string;
  await other.nodes(Room, { name: "room 2999" }).deleteAll();
  await other.transaction((tx) => void tx.create(Room, { name: "new" }));
  await other.close();
  for await (const piece of reading) read += piece;
  expect(read).toBe(before);
  // Left in the middle, it lets go of the moment.
  for await (const _ of exportJsonl(graph)) break;
  await graph.close();
});
