/**
 * What a newcomer does first, with the packages as they would be published: `rootwalk init`, then the app runs, keeps
 * what it was told, passes its test and its type check, with either test runner. Needs a build.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { inEmptyApp, install, pack, run } from "./packed.ts";

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function expectLines(output: string, wanted: string, what: string): void {
  if (output.trimEnd().endsWith(wanted)) return;
  throw new Error(`${what}: expected ${JSON.stringify(wanted)} at the end of ${JSON.stringify(output)}`);
}

/** Lets the app take the packages from the tarballs instead of the registry, which has not got them. */
function takePacked(app: string, tarballs: readonly string[]): void {
  const path = join(app, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as { dependencies: Record<string, string> };
  for (const tarball of tarballs) {
    const name = basename(tarball).replace(/^rootwalk-(core|persist-sqlite)-.*/, "@rootwalk/$1");
    if (manifest.dependencies[name] !== undefined) manifest.dependencies[name] = `file:${tarball}`;
  }
  writeFileSync(path, JSON.stringify(manifest, null, 2));
}

try {
  inEmptyApp((folder) => {
    const tarballs = pack(folder);
    install(folder, ...tarballs);
    const command = join(folder, "node_modules/.bin/rootwalk");
    for (const runner of ["vitest", "node"]) {
      const app = join(folder, `my ${runner} app`);
      const began = performance.now();
      run(folder, command, "init", app, "--yes", "--test", runner);
      takePacked(app, tarballs);
      install(app);
      expectLines(
        run(app, "npm", "start", "--silent", "--", "first words"),
        "me: first words",
        "the first run",
      );
      const answered = seconds(began);
      expectLines(run(app, "npm", "start", "--silent"), "me: hello\nme: first words", "the second run");
      run(app, "npm", "test", "--silent");
      run(app, "npm", "run", "--silent", "typecheck");
      const rooms = run(app, command, "query", "chat.db", "nodes", "Message", "--count").trim();
      if (rooms !== "2") throw new Error(`the command counts ${rooms} messages`);
      console.log(`${runner}: from nothing to the first answer in ${answered}, all in ${seconds(began)}`);
    }
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
