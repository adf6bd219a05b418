import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { type ProgramName, programs, recordedSizes } from "./bundle-size.ts";
import { root } from "./registry.ts";

/** How far the size may move from the recorded one before somebody has to say so. */
const TOLERANCE = 0.15;

const recorded = recordedSizes();

test.each(Object.keys(programs) as ProgramName[])("%s weighs what is recorded", async (name) => {
  const { minified, gzip } = await bundle(programs[name]);
  console.log(`${name}: ${(minified / 1000).toFixed(1)} kB minified, ${(gzip / 1000).toFixed(1)} kB gzip`);
  const ratio = gzip / recorded[name].gzip;
  expect(
    Math.abs(ratio - 1),
    `${gzip} bytes instead of ${recorded[name].gzip}: if that is meant, npm run size -- --write`,
  ).toBeLessThan(TOLERANCE);
});

test("the README says about that size", () => {
  const [, said] = /about (\d+) kB gzip/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  const { gzip } = recorded["all of @rootwalk/core"];
  expect(Math.abs(Number(said) * 1000 - gzip) / gzip).toBeLessThan(0.05);
});

test("a bundle imports nothing: no module of Node's, no package", async () => {
  const { imports, code } = await bundle(programs["all of @rootwalk/core"]);
  expect(imports).toEqual([]);
  expect(code).not.toContain('"node:');
});

test("an app without them carries neither the conformance suites nor the stores that tests are made of", async () => {
  const [app, suites] = await Promise.all([
    bundle(programs["node, edge, openGraph"]),
    bundle(
      `export { awkwardBase, storeConformance } from "@rootwalk/core/conformance"; export * from "@rootwalk/core/testing";`,
    ),
  ]);
  const tools = /conformance|awkward-store|\/testing\//;
  expect(suites.files.filter((file) => tools.test(file)).length).toBeGreaterThan(10);
  expect(app.files.filter((file) => tools.test(file))).toEqual([]);
});

test("what is not used is left out: who only defines walkers, or checks ids, carries no engine", async () => {
  const engine = /src\/(unit|query|resident|graph|persistence)\//;
  for (const name of ["walker", "isId"]) {
    const { files, gzip } = await bundle(`export { ${name} } from "@rootwalk/core";`);
    expect(files.filter((file) => engine.test(file))).toEqual([]);
    expect(gzip).toBeLessThan(recorded["all of @rootwalk/core"].gzip / 10);
  }
});
