import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packages, root } from "./packages.ts";

const folder = join(root, ".changeset");
const names = packages().map(
  (each) => (JSON.parse(readFileSync(join(root, each, "package.json"), "utf8")) as { name: string }).name,
);
const files = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");

// A release reads these files; whoever writes one should learn before that what is wrong with it.
test.for(files)("%s names packages, how they change, and what changes for the user", (name) => {
  const [, head = "", text = ""] =
    /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(join(folder, name), "utf8")) ?? [];
  const concerned = head.split("\n").map((line) => /^"(.+)": (?:major|minor|patch)$/.exec(line)?.[1]);
  expect(concerned.length).toBeGreaterThan(0);
  expect(names).toEqual(expect.arrayContaining(concerned));
  expect(text.trim()).not.toBe("");
});
