import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { useStores } from "../../core/test/behaviour/stores.ts";
import { sqlite } from "../src/index.ts";

// Core's behaviour suites, over real files. What is tested is behaviour and not the disk, so commits need not reach it.
const folder = mkdtempSync(join(tmpdir(), "rootwalk-behaviour-"));
let files = 0;

function place(now?: () => number) {
  files += 1;
  const path = join(folder, `${files}.db`);
  return () => sqlite(path, { durability: "normal", ...(now !== undefined && { environment: { now } }) });
}

useStores(
  { name: "SQLite", isShared: true, place },
  { name: "SQLite, L1 of 64 entries", isShared: true, cache: { maxEntries: 64 }, place },
);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
