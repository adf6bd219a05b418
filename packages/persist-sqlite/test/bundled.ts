import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

const bundles = new Map<string, string>();

/**
 * The script and all that it imports as one file, made once: a process that compiles the sources as it goes takes five
 * times as long to begin as one that runs this.
 */
export function bundled(script: string): string {
  const known = bundles.get(script);
  if (known !== undefined) return known;
  const [output] = buildSync({
    entryPoints: [join(import.meta.dirname, script)],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@rootwalk/source"],
    external: ["better-sqlite3"],
    write: false,
  }).outputFiles;
  // Beside the sources, from where drivers are found; others may be making the same file at this moment.
  const folder = join(import.meta.dirname, "../.cache");
  const path = join(
    folder,
    `${createHash("sha256").update(output!.contents).digest("hex").slice(0, 16)}.mjs`,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.${process.pid}`, output!.contents);
  renameSync(`${path}.${process.pid}`, path);
  bundles.set(script, path);
  return path;
}
