import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./packages.ts";

type Versions = Record<string, string>;

interface Manifest {
  workspaces: string[];
  dependencies?: Versions;
  devDependencies?: Versions;
  optionalDependencies?: Versions;
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, { resolved?: string; version?: string }>;
};

test("development dependencies are exact: a caret lets in tools whose platform packages lag", () => {
  const folders = Object.values(lock.packages).flatMap(({ resolved }) => (resolved ? [resolved] : []));
  for (const folder of [".", ...folders]) {
    for (const [name, version] of Object.entries(manifest(folder).devDependencies ?? {})) {
      expect(`${folder}: ${name}@${version}`).toMatch(/@\d+\.\d+\.\d+$/);
    }
  }
});

test("the lock file names no host: links to workspaces are all that is resolved in it", () => {
  const hosts = Object.values(lock.packages).filter(({ resolved }) => resolved?.includes("://"));
  expect(hosts).toEqual([]);
});

test("better-sqlite3 stays below 13, which crashes on Node 20, and may fail to install", () => {
  const { dependencies, optionalDependencies } = manifest("packages/persist-sqlite");
  expect(dependencies?.["better-sqlite3"]).toBeUndefined();
  expect(optionalDependencies?.["better-sqlite3"]).toMatch(/^[\^~]?12\.\d+\.\d+$/);
  const locked = Object.entries(lock.packages).filter(([folder]) =>
    folder.endsWith("node_modules/better-sqlite3"),
  );
  expect(locked.map(([, { version }]) => version?.split(".")[0])).toEqual(["12"]);
});
