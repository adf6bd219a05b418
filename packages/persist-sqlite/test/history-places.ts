import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openGraph } from "@rootwalk/core";
import { memoryFolder } from "../../../scripts/memory-folder.ts";
import type { Place } from "../../core/test/history/play.ts";
import type { Stage } from "../../core/test/history/stage.ts";
import { types } from "../../core/test/history/world.ts";
import { type SqliteStore, sqlite } from "../src/index.ts";

/** Places on files of their own in one folder, which goes with `remove`. */
export async function filePlaces(): Promise<{
  readonly places: Readonly<Record<"atOnce" | "later" | "small", Place>>;
  remove(): void;
}> {
  const folder = mkdtempSync(join(memoryFolder(), "rootwalk-histories-"));
  let files = 0;
  const empty = join(folder, "empty.db");
  const pair = (stage: Stage): SqliteStore[] => {
    // One history is played after the other: the graphs of the one before are closed.
    for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, `${files}.db${end}`), { force: true });
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
