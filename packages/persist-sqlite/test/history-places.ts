import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGraph } from "@rootwalk/core";
import type { Place } from "../../core/test/history/play.ts";
import type { Stage } from "../../core/test/history/stage.ts";
import { types } from "../../core/test/history/world.ts";
import { type SqliteStore, sqlite } from "../src/index.ts";

/** Places on files of their own in one folder, which goes with `remove`. */
export async function filePlaces(): Promise<{
  readonly places: Readonly<Record<"atOnce" | "later" | "small", Place>>;
  remove(): void;
}> {
  // Thousands of files, none of which needs to outlive the power.
  const inRam = "/dev/shm";
  const folder = mkdtempSync(join(existsSync(inRam) ? inRam : tmpdir(), "rootwalk-histories-"));
  let files = 0;
  const empty = join(folder, "empty.db");
  const pair = (stage: Stage): SqliteStore[] => {
    const path = join(folder, `${++files}.db`);
    copyFileSync(empty, path);
    // What is tested is who sees what: commits need not reach the disk.
    const open = (): SqliteStore =>
      sqlite(path, { durability: "normal", cacheMiB: 1, environment: { now: () => stage.scheduler.now() } });
    return [open(), open()];
  };
  const later = (stage: Stage) => pair(stage).map((store, i) => stage.distant(store, `process ${i}`));
  const graph = await openGraph({ types, store: sqlite(empty) });
  await graph.close();
  return {
    places: {
      atOnce: { name: "SQLite, two graphs on one file", stores: pair },
      later: { name: "SQLite, two graphs on one file, answering later", stores: later },
      small: { name: "SQLite, two graphs on one file, L1 of 8 entries", maxEntries: 8, stores: pair },
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
