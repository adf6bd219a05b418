import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelPlace } from "../../core/test/model/commands.ts";
import { sqlite } from "../src/index.ts";

/** Files, opened again and again; what is tested is what they hold and not the disk, so commits need not reach it. */
export function filePlaces(): {
  readonly places: readonly (ModelPlace & { readonly share: number })[];
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), "rootwalk-model-"));
  let files = 0;
  const place = () => {
    const path = join(folder, `${++files}.db`);
    return () => sqlite(path, { durability: "normal" });
  };
  return {
    places: [
      { name: "SQLite", share: 0.04, place },
      { name: "SQLite, L1 of 16 entries", share: 0.06, cache: { maxEntries: 16 }, place },
    ],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
