/**
 * Packs every package, installs the tarballs into an empty app and uses them there as an app does:
 * type-checked and run from TypeScript, imported from JavaScript, required from CommonJS.
 * The sources of that app are in scripts/packed-app.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packages, root } from "./packages.ts";

/** What an install of all packages may bring, apart from better-sqlite3 and what it needs itself. */
const MAX_INSTALLED = 12;

const app = mkdtempSync(join(tmpdir(), "rootwalk-packed-"));

function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed\n${stdout}${stderr}${error ?? ""}`);
  return stdout;
}

/** Tarball paths of all packages. */
function pack(): string[] {
  const folders = packages().map((folder) => `./${folder}`);
  const output = run(root, "npm", "pack", "--json", "--pack-destination", app, ...folders);
  return (JSON.parse(output) as { filename: string }[]).map(({ filename }) => `./${filename}`);
}

interface Installed {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** Package folders of the app's install, as npm recorded them. */
function installed(): Record<string, Installed> {
  const record = readFileSync(join(app, "node_modules/.package-lock.json"), "utf8");
  const all = (JSON.parse(record) as { packages: Record<string, Installed> }).packages;
  return Object.fromEntries(Object.entries(all).filter(([folder]) => existsSync(join(app, folder))));
}

/** Names of what the given packages need, themselves included; `without` is not followed. */
function reachable(all: Record<string, Installed>, from: string[], without?: string): Set<string> {
  const seen = new Set<string>();
  const queue = [...from];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const entry = all[`node_modules/${name}`];
    if (entry === undefined || name === without || seen.has(name)) continue;
    seen.add(name);
    queue.push(...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }));
  }
  return seen;
}

function checkInstalledCount(): void {
  const names = packages().map((folder) => {
    return (JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as { name: string }).name;
  });
  const own = reachable(installed(), names, "better-sqlite3");
  console.log(`${own.size} packages besides better-sqlite3 and its own`);
  if (own.size > MAX_INSTALLED) {
    throw new Error(`${own.size} packages are more than ${MAX_INSTALLED}: ${[...own].join(", ")}`);
  }
}

/** The workspace's own install has compiled the addon for this Node already; that takes a minute. */
function reuseAddon(): void {
  const addon = "build/Release/better_sqlite3.node";
  const source = join(dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json")), addon);
  const target = join(app, "node_modules/better-sqlite3", addon);
  if (!existsSync(source)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
}

try {
  const tarballs = pack();
  cpSync(join(root, "scripts/packed-app"), app, { recursive: true });
  writeFileSync(join(app, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
  run(app, "npm", "install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", ...tarballs);
  checkInstalledCount();
  reuseAddon();

  // The compiler and Node's types are the workspace's; everything else is what the app installed.
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const nodeTypes = ["--typeRoots", join(root, "node_modules/@types"), "--types", "node"];
  run(app, process.execPath, compiler, "-p", ".", ...nodeTypes);
  for (const file of ["out/typescript.js", "javascript.js", "commonjs.cjs"]) {
    console.log(run(app, process.execPath, file).trimEnd());
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(app, { recursive: true, force: true });
}
