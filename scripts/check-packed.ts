/**
 * Packs every package, installs the tarballs into an empty app and uses them there as an app does:
 * type-checked as apps are set up and run from TypeScript, imported from JavaScript, required from CommonJS, used in
 * jest, and imported by Bun and Deno. (What `rootwalk init` makes, with vitest or node:test, is check-init.ts.)
 * The sources of that app are in scripts/packed-app.
 */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { locate } from "../runtimes/registry.ts";
import { packages, root } from "./packages.ts";
import { type Installed, inEmptyApp, install, installed, pack, run } from "./packed.ts";

/** What an install of what apps use may bring, apart from better-sqlite3 and what it needs itself. */
const MAX_INSTALLED = 12;
/** The same with the command line. */
const MAX_WITH_COMMAND = 16;

/** Jest is too large to be installed for the workspace: it is there while this runs. */
const JEST = ["jest@30.5.2", "@swc/jest@0.2.39", "@swc/core@1.16.22"];

/** Names of what the given packages need, themselves included; `without` is not followed. */
function reachable(all: Record<string, Installed>, from: readonly string[], without?: string): Set<string> {
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

function checkInstalledCount(app: string): void {
  const names = packages().map((folder) => {
    return (JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as { name: string }).name;
  });
  for (const [of, most] of [
    [names.filter((name) => name !== "rootwalk"), MAX_INSTALLED],
    [names, MAX_WITH_COMMAND],
  ] as const) {
    const own = reachable(installed(app), of, "better-sqlite3");
    console.log(`${own.size} packages with ${of.join(", ")}, besides better-sqlite3 and its own`);
    if (own.size > most)
      throw new Error(`${own.size} packages are more than ${most}: ${[...own].join(", ")}`);
  }
}

try {
  inEmptyApp((app) => {
    const tarballs = pack(app);
    cpSync(join(root, "scripts/packed-app"), app, { recursive: true });
    install(app, ...tarballs);
    checkInstalledCount(app);

    // The compiler and Node's types are the workspace's; everything else is what the app installed.
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const nodeTypes = ["--typeRoots", join(root, "node_modules/@types"), "--types", "node"];
    for (const settings of [
      [],
      [
        "--noEmit",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
        "--exactOptionalPropertyTypes",
        "false",
      ],
      ["--noEmit", "--module", "preserve", "--lib", "es2023"],
    ])
      run(app, process.execPath, compiler, "-p", ".", ...nodeTypes, ...settings);
    run(app, process.execPath, compiler, "-p", "plain");
    for (const file of ["out/typescript.js", "javascript.js", "commonjs.cjs"]) {
      console.log(run(app, process.execPath, file).trimEnd());
    }
    for (const [name, ...args] of [
      ["Bun"],
      ["Deno", "run", "--no-prompt", "--allow-env=NODE_ENV"],
    ] as const) {
      const found = locate(name);
      if ("executable" in found)
        console.log(`${name}: ${run(app, found.executable, ...args, "memory.js").trimEnd()}`);
      else if (process.env.CI) throw new Error(`${name} is not here: ${found.remedy}`);
      else console.log(`skipped: ${name} is not here: ${found.remedy}`);
    }

    install(app, ...JEST);
    run(app, process.execPath, compiler, "-p", "jest", "--typeRoots", join(root, "node_modules/@types"));
    const jest = join(app, "node_modules/jest/bin/jest.js");
    run(join(app, "jest"), process.execPath, "--experimental-vm-modules", jest);
    console.log("jest: its tests pass");
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
