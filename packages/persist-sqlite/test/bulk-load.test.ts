import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Graph, openGraph } from "@rootwalk/core";
import { bulkLoad, edgeRow, type LoadRow, nodeRow } from "@rootwalk/core/interchange";
import { expect, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { checkFile } from "../src/tools.ts";
import { Item, loadTypes, Next, rows } from "./load-rows.ts";
import { temporaryFile } from "./support.ts";

/** Loads in a process of its own, which is killed behind that many units; false when it was done before. */
async function killedAfter(units: number, file: string): Promise<boolean> {
  const script = fileURLToPath(new URL("load-process.ts", import.meta.url));
  const args = ["--import", "tsx", "--conditions=@rootwalk/source", script, file, String(units)];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const [status, signal] = await once(child, "exit");
  if (signal === "SIGKILL") return true;
  if (status !== 0) throw new Error(`the load ended with status ${status ?? signal}`);
  return false;
}

async function contents(graph: Graph): Promise<string[]> {
  return graph.transaction(async (tx) => {
    const numbers = new Map((await tx.nodes(Item).all()).map(({ id, number }) => [id, number]));
    const edges = await tx.edges(Next).all();
    return [
      ...numbers.values(),
      ...edges.map(({ sourceId, targetId, by }) => [numbers.get(sourceId), by, numbers.get(targetId)]),
    ].map(String);
  });
}

test("a bulk load that was killed, again and again, is taken up and makes the same graph", async () => {
  const whole = await openGraph({ types: loadTypes });
  await bulkLoad(whole, rows());
  const expected = await contents(whole);
  await whole.close();

  const file = temporaryFile();
  let kills = 0;
  for (let units = 2; await killedAfter(units, file); units += 2) kills += 1;
  // Of fourteen units behind two, four and six more.
  expect(kills).toBe(3);
  const graph = await openGraph({ types: loadTypes, store: sqlite(file) });
  expect(await contents(graph)).toEqual(expected);
  const again = await bulkLoad(graph, rows(), { name: "rows" });
  expect(again).toMatchObject({ nodes: 0, edges: 0, resumedAt: 3_999 });
  expect((await graph.require(Item, again.idOf(1_234) as string)).number).toBe(1_234);
  await graph.close();
  expect(await checkFile(file)).toMatchObject({ findings: [] });
});

test("a bulk load goes on beside another process that writes, and sees what that one deletes", async () => {
  const file = temporaryFile();
  // One file opened twice works as two processes do.
  const graph = await openGraph({ types: loadTypes, store: sqlite(file) });
  const other = await openGraph({ types: loadTypes, store: sqlite(file) });
  await other.transaction((tx) => void tx.create(Item, { number: -1 }));
  const refused: number[] = [];
  async function* beside(): AsyncGenerator<LoadRow> {
    let row = 0;
    for (; row < 40; row++) {
      if (row % 10 === 0) await other.transaction((tx) => void tx.create(Item, { number: -2 - row }));
      yield nodeRow(Item, row, { number: row });
    }
    await other.transaction(async (tx) => {
      for (const item of await tx.nodes(Item, { number: 7 }).all()) item.delete();
    });
    for (; row < 80; row++) yield edgeRow(Next, row - 40, (row - 39) % 40, { by: 1 });
  }
  const report = await bulkLoad(graph, beside(), { batch: 8, onRefused: ({ row }) => refused.push(row) });
  expect(refused).toEqual([47, 48]);
  expect(report).toMatchObject({ nodes: 40, edges: 38 });
  for (const each of [graph, other]) {
    expect(await each.nodes(Item).count()).toBe(44);
    expect(await each.edges(Next).count()).toBe(38);
    const [first] = await each.nodes(Item, { number: 39 }).all();
    await each.transaction(async (tx) => {
      const item = await tx.require(Item, first!.id);
      expect((await item.out(Next).all()).map(({ number }) => number)).toEqual([0]);
    });
  }
  await graph.close();
  await other.close();
  expect(await checkFile(file)).toMatchObject({ findings: [] });
});
