/**
 * Checks what would be published: manifests and export maps (publint), types under every
 * module resolution (attw), and the packed tarballs in an empty app (check-packed.ts).
 * Prints one line a check, "ok NAME" or "not ok NAME", and needs a build.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packages, root } from "./packages.ts";

let failed = 0;

function check(name: string, command: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (status === 0) {
    console.log(`ok ${name}`);
    return;
  }
  failed += 1;
  console.log(`not ok ${name}\n${stdout}${stderr}`);
}

for (const folder of packages()) {
  const manifest = readFileSync(join(root, folder, "package.json"), "utf8");
  const { name, exports } = JSON.parse(manifest) as { name: string; exports: Record<string, unknown> };
  if (!existsSync(join(root, folder, "dist"))) {
    console.error(`${folder}/dist does not exist: run "npm run build" first`);
    process.exit(1);
  }
  check(`publint ${name}`, "npx", "publint", "--strict", folder);
  // A command has nothing that could be imported.
  if (exports["."] === undefined) continue;
  // Packages are ESM only; the rows of older resolutions cannot pass and are not claimed.
  check(`types ${name}`, "npx", "attw", "--pack", folder, "--profile", "esm-only", "--no-emoji");
}
check("packed tarballs in an empty app", "npx", "tsx", "scripts/check-packed.ts");
check("an app that rootwalk init makes", "npx", "tsx", "scripts/check-init.ts");

process.exitCode = failed === 0 ? 0 : 1;
