/**
 * Packs every package, installs the tarballs into an empty app and uses them there as an app does:
 * type-checked and run from TypeScript, imported from JavaScript, required from CommonJS.
 * The sources of that app are in scripts/packed-app.
 */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packages, root } from "./packages.ts";
import { type Installed, inEmptyApp, install, installed, pack, run } from "./packed.ts";

/** What an install of what apps use may bring, apart from better-sqlite3 and what it needs itself. */
const MAX_INSTALLED = 12;
/** The same with the command line. */
const MAX_WITH_COMMAND = 16;

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
    run(app, process.execPath, compiler, "-p", ".", ...nodeTypes);
    for (const file of ["out/typescript.js", "javascript.js", "commonjs.cjs"]) {
      console.log(run(app, process.execPath, file).trimEnd());
    }
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
