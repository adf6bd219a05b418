import { openGraph } from "@rootwalk/core";
import { expect, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { Database } from "./database.ts";
import { OtherProcess } from "./other-process.ts";
import { Good, Sells, Shop, types } from "./shop.ts";
import { temporaryFile } from "./support.ts";

test("what a killed process deleted is never seen again, and the next ones to open the file purge it", async () => {
  const path = temporaryFile();
  const size = 12_000;
  const file = new Database(path);
  const number = (sql: string): number => Number(file.prepare(sql).pluck().get());
  const left = (): number =>
    number("SELECT count(*) FROM edges WHERE type = (SELECT nr FROM types WHERE name = 'Sells')");
  const tombstones = (): number => number("SELECT count(*) FROM nodes WHERE gone IS NOT NULL");

  const deleting = new OtherProcess("hub-process.ts", path, "delete", `${size}`);
  await deleting.says("delete");
  deleting.kill();
  await deleting.ended;
  const afterKill = left();
  expect(afterKill).toBeGreaterThan(size / 2);
  expect(tombstones()).toBe(1);

  // It gets on while each of those that open the file is killed in turn.
  let before = afterKill;
  for (let round = 0; round < 3; round++) {
    const opening = new OtherProcess("hub-process.ts", path, "open");
    await opening.says("open");
    await expect.poll(left, { timeout: 10_000, interval: 5 }).toBeLessThan(before);
    opening.kill();
    await opening.ended;
    before = left();
  }
  expect(before).toBeGreaterThan(0);
  expect(tombstones()).toBe(1);

  const graph = await openGraph({ types, store: sqlite(path) });
  const seen = async (): Promise<unknown> => [
    await graph.nodes(Shop, { name: "hub" }).count(),
    await graph.edges(Sells).limit(5).count(),
    await graph
      .nodes(Good, { price: size - 1 })
      .in(Sells)
      .count(),
  ];
  // The key of the tombstone is free at once.
  const again = await graph.transaction((tx) => tx.ensure(Shop, { name: "hub" }));
  while (tombstones() > 0) {
    expect(await seen()).toEqual([1, 0, 0]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await seen()).toEqual([1, 0, 0]);
  expect(await graph.get(Shop, again.id)).toBeDefined();
  expect(left()).toBe(0);
  expect(await graph.nodes(Good).count()).toBe(size);
  await graph.close();
  expect(file.prepare("PRAGMA integrity_check").pluck().get()).toBe("ok");
  file.close();
});
