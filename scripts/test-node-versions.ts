/**
 * Runs the tests under other releases of Node than the one that runs this, with better-sqlite3 hidden, so that
 * everything that needs SQLite runs over `node:sqlite`. Core's own suites run too.
 *
 * `tsx scripts/test-node-versions.ts [MAJOR…] [-- ARGUMENT…]`, 22 and 24 where nothing is said; the arguments go to vitest.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./packages.ts";

const PROJECTS = ["core", "core over SQLite", "persist-sqlite"];

const cache = join(root, ".cache/node");
const end = process.argv.indexOf("--");
const [majors, rest] =
  end < 0 ? [process.argv.slice(2), []] : [process.argv.slice(2, end), process.argv.slice(end + 1)];

/** The executable of a release, fetched as a package into a folder that git ignores. */
function nodeOf(major: string): string {
  const executable = join(cache, `node_modules/node-${major}/bin/node`);
  if (existsSync(executable)) return executable;
  mkdirSync(cache, { recursive: true });
  const manifest = join(cache, "package.json");
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const name = `node-${major}@npm:node-${process.platform}-${process.arch}@${major}`;
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--no-save", name], {
    cwd: cache,
    stdio: "inherit",
  });
  if (status !== 0 || !existsSync(executable)) throw new Error(`npm could not fetch Node ${major}`);
  return executable;
}

let failed = 0;
for (const major of majors.length > 0 ? majors : ["22", "24"]) {
  const node = nodeOf(major);
  // Options reach worker processes and the processes that tests start.
  const hide = join(root, "scripts/node-versions/hide-better-sqlite3.cjs");
  const options = `--require ${hide} --disable-warning=ExperimentalWarning`;
  const env = { ...process.env, NODE_OPTIONS: options, ROOTWALK_DRIVER: "node:sqlite" };
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  console.log(`\nNode ${version}, node:sqlite`);
  const projects = PROJECTS.flatMap((name) => ["--project", name]);
  const { status } = spawnSync(
    node,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", ...projects, "--reporter=dot", ...rest],
    { cwd: root, env, stdio: "inherit" },
  );
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
