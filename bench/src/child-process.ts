import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

/** Under this condition the packages' export maps point at their sources. */
const SOURCE_CONDITION = "@rootwalk/source";

/** Found at run time: addons, which cannot be bundled, and the package that loads one. */
const ADDONS = ["better-sqlite3", "msgpackr-extract"];

/**
 * Compiles a child's entry into one file that plain Node starts at once: a loader that compiles on the way would be
 * most of what a fresh process measures.
 *
 * @param entry relative to this folder
 * @param packages `"external"` leaves dependencies where they are, as in a published package
 */
export async function bundle(
  entry: string,
  outfile: string,
  packages: "bundle" | "external" = "bundle",
): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile,
    bundle: true,
    packages,
    external: ADDONS,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: [SOURCE_CONDITION],
    logLevel: "warning",
  });
  return outfile;
}

const run = promisify(execFile);

/** Runs a compiled entry in a process of its own and gives what it printed as JSON. */
export async function runChild(
  file: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<unknown> {
  const { stdout } = await run(process.execPath, [...flags, file, ...args]);
  return JSON.parse(stdout);
}
