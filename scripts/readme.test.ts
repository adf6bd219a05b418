import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = join(root, ".cache", "readme");

/** The first example of a page. */
function example(page: string): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, page), "utf8")) ?? [];
  if (code === undefined) throw new Error(`${page} has no example`);
  return code;
}

const pages = {
  whole: "README.md",
  core: "packages/core/README.md",
  sqlite: "packages/persist-sqlite/README.md",
};

/** Each example as a file in the workspace, where its imports resolve to the sources. */
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const [name, page] of Object.entries(pages)) writeFileSync(join(folder, `${name}.ts`), example(page));
  const tsconfig = { extends: "../../tsconfig.base.json", include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
});

function run(name: keyof typeof pages): string {
  return execFileSync(
    process.execPath,
    ["--import", "tsx", "--conditions=@rootwalk/source", join(folder, `${name}.ts`)],
    { cwd: folder, encoding: "utf8" },
  ).trim();
}

test("the first examples of the READMEs compile", () => {
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", folder], {
    stdio: "pipe",
  });
});

test("the README's first example runs as it says", () => {
  // The file keeps what the first run wrote.
  expect(run("whole")).toBe("[ 1 ]");
  expect(run("whole")).toBe("[ 2 ]");
});

test("the examples of the packages run", () => {
  expect(run("core")).toBe("[ 1 ]");
  // The last page has been copied when none remains.
  expect(run("sqlite")).toMatch(/^\d+(\n\d+)*$/);
});

test("the README's first example is short", () => {
  expect(example(pages.whole).trim().split("\n").length).toBeLessThanOrEqual(18);
});
