import { type Id, openGraph } from "@rootwalk/core";
import { expect, onTestFinished, test } from "vitest";
import { sqlite } from "../src/index.ts";
import { OtherProcess } from "./other-process.ts";
import { temporaryFile } from "./support.ts";
import { versions } from "./versions.ts";

const TIMES = 60;
const ACCOUNTS = 10;

interface Done {
  readonly counted: number;
  readonly paid: number;
  readonly refused: number;
}

test("two versions of an app in processes of their own lose nothing of each other", {
  timeout: 240_000,
}, async () => {
  const { old, current } = versions;
  const path = temporaryFile();
  const before = await openGraph({ types: old.types, store: sqlite(path) });
  const [tally, ...accounts] = await before.transaction((tx): Id[] => {
    const made = tx.root.connect(
      old.Account,
      Array.from({ length: ACCOUNTS }, () => ({ euros: "0" })),
    );
    return [tx.root.connect(old.Counter, { name: "all", count: 0 }).id, ...made.map(({ id }) => id)];
  });
  await before.close();

  const processes = ["old", "current"].map(
    (version) =>
      new OtherProcess("versions-process.ts", path, version, String(TIMES), tally as Id, ...accounts),
  );
  const done: Done[] = [];
  for (const each of processes)
    done.push(JSON.parse((await each.says("done")).slice("done ".length)) as Done);
  const sum = (key: keyof Done): number => done.reduce((all, each) => all + each[key], 0);

  const graph = await openGraph({ types: current.types, store: sqlite(path) });
  onTestFinished(() => graph.close());
  expect((await graph.nodes(current.Tally, { title: "all" }).one()).count).toBe(sum("counted"));
  expect(await graph.nodes(current.Item).count()).toBe(sum("counted"));
  expect(await graph.nodes(current.Parcel).count()).toBe(TIMES / 3);
  const sizes = await graph.nodes(current.Item).countBy("size");
  expect([...sizes.values()].reduce((all, count) => all + count, 0)).toBe(sum("counted"));
  expect(await graph.nodes(current.Account).sum("cents")).toBe(sum("paid") * 100);
  expect((await graph.check()).findings).toEqual([]);
  await graph.sweep();
  expect(await graph.sweep()).toMatchObject({ rewritten: 0, unreadable: 0, newer: 0 });
  expect(done[0]?.refused).toBeGreaterThan(0);
});
