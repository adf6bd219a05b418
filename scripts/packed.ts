/**
 * Apps that use the packages as they would be published: packed, installed by npm, away from the workspace.
 * Needs a build (`npm run build`).
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
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

/** Runs a command and gives what it printed; a failing one throws with all that it said. */
export function run(cwd: string, command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed\n${stdout}${stderr}${error ?? ""}`);
  return stdout;
}

/** Packs every package of the workspace into a folder; the tarballs' absolute paths. */
export function pack(destination: string): string[] {
  const folders = packages().map((folder) => `./${folder}`);
  const output = run(root, "npm", "pack", "--json", "--pack-destination", destination, ...folders);
  return (JSON.parse(output) as { filename: string }[]).map(({ filename }) => join(destination, filename));
}

/** What npm is told where an app installs the packages for a test: its own cache first, and no compiling. */
const INSTALL = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];

/**
 * Installs packages into a folder that has a `package.json`, without running their scripts, and gives better-sqlite3,
 * where it is among what was installed, the addon that the workspace has compiled already.
 *
 * @param specifiers what `npm install` takes: tarballs, names with versions; none installs what the `package.json` lists
 */
export function install(app: string, ...specifiers: readonly string[]): void {
  run(app, "npm", ...INSTALL, ...specifiers);
  reuseAddon(app);
}

/** The workspace's own install has compiled the addon for this Node already; that takes a minute. */
function reuseAddon(app: string): void {
  const addon = "build/Release/better_sqlite3.node";
  const source = join(dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json")), addon);
  const target = join(app, "node_modules/better-sqlite3", addon);
  if (!existsSync(source) || !existsSync(dirname(dirname(dirname(target))))) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
}

/** A folder outside the workspace for as long as `body` runs, with an empty app's `package.json`. */
export function inEmptyApp(body: (app: string) => void): void {
  const app = mkdtempSync(join(tmpdir(), "rootwalk-packed-"));
  try {
    writeFileSync(join(app, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
    body(app);
  } finally {
    rmSync(app, { recursive: true, force: true });
  }
}

/** One package of an install, as npm recorded it. */
export interface Installed {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

/** The packages of an app's install by their folders. */
export function installed(app: string): Record<string, Installed> {
  const record = readFileSync(join(app, "node_modules/.package-lock.json"), "utf8");
  const all = (JSON.parse(record) as { packages: Record<string, Installed> }).packages;
  return Object.fromEntries(Object.entries(all).filter(([folder]) => existsSync(join(app, folder))));
}
