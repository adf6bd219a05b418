/** `npm run fetch:runtimes`: Node 22 and 24, Bun and Deno, some 550 MB, into a folder that git ignores. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache, packagesToFetch } from "./registry.ts";

mkdirSync(cache, { recursive: true });
const manifest = { private: true, dependencies: packagesToFetch() };
writeFileSync(join(cache, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
const { status } = spawnSync(
  "npm",
  ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"],
  { cwd: cache, stdio: "inherit" },
);
process.exitCode = status ?? 1;
