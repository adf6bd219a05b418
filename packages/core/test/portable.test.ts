import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, object>;

/** Which published sources import which packages, relative paths aside. */
function importedPackages(): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const entry of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts") || /\.test(-d)?\.ts$/.test(entry)) continue;
    const text = readFileSync(join(root, "src", entry), "utf8");
    const specifiers = text.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*["']([^"'.][^"']*)["']/gm);
    for (const name of new Set(Array.from(specifiers, (match) => match[1] as string))) {
      importers.set(name, [...(importers.get(name) ?? []), entry]);
    }
  }
  return importers;
}

test("core depends on these packages and on no others", () => {
  expect(Object.keys(manifest.dependencies ?? {}).sort()).toEqual([
    "@standard-schema/spec",
    "fast-json-stable-stringify",
    "immer",
    "lru-cache",
  ]);
  expect(manifest.peerDependencies).toBeUndefined();
  expect(manifest.optionalDependencies).toBeUndefined();
});

test("core imports nothing that only Node has", () => {
  const builtins = [...importedPackages()].filter(([name]) => isBuiltin(name));
  expect(builtins).toEqual([]);
});

test("core imports only what it declares, each library from one file", () => {
  const declared = Object.keys(manifest.dependencies ?? {});
  for (const [name, importers] of importedPackages()) {
    expect(declared).toContain(name);
    // Types alone, which several files may name.
    if (name === "@standard-schema/spec") continue;
    expect(importers, `${name} is imported by exactly one file`).toHaveLength(1);
  }
});
