import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = join(root, ".cache", "readme");

/** The first example of the README, as a file in the workspace, where its imports resolve to the sources. */
function example(): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  if (code === undefined) throw new Error("the README has no example");
  return code;
}

test("the README's first example compiles and runs as it says", { timeout: 120_000 }, () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "example.ts"), example());
  const tsconfig = { extends: "../../tsconfig.base.json", include: ["example.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", folder], {
    stdio: "pipe",
  });
  const run = (): string =>
    execFileSync(process.execPath, ["--import", "tsx", "--conditions=@rootwalk/source", "example.ts"], {
      cwd: folder,
      encoding: "utf8",
    });
  // The file keeps what the first run wrote.
  expect(run().trim()).toBe("[ 1 ]");
  expect(run().trim()).toBe("[ 2 ]");
});

test("the README's first example is short", () => {
  expect(example().trim().split("\n").length).toBeLessThanOrEqual(18);
});
