/**
 * What core weighs in a browser's bundle. `npm run size` prints it; with `-- --write` it also puts the figures into
 * runtimes/bundle-size.json, to which the tests hold later changes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { type Bundle, bundle } from "./bundle.ts";

export const programs = {
  "all of @rootwalk/core": `export * from "@rootwalk/core";`,
  "node, edge, openGraph": `export { edge, node, openGraph } from "@rootwalk/core";`,
} as const;

export type ProgramName = keyof typeof programs;
export type Sizes = Readonly<Record<ProgramName, Pick<Bundle, "minified" | "gzip">>>;

const record = join(import.meta.dirname, "bundle-size.json");

export function recordedSizes(): Sizes {
  return JSON.parse(readFileSync(record, "utf8")) as Sizes;
}

if (argv[1] === import.meta.filename) {
  const sizes: Record<string, Sizes[ProgramName]> = {};
  for (const [name, program] of Object.entries(programs)) {
    const { minified, gzip } = await bundle(program);
    sizes[name] = { minified, gzip };
    console.log(`${name}: ${(minified / 1000).toFixed(1)} kB minified, ${(gzip / 1000).toFixed(1)} kB gzip`);
  }
  if (argv.includes("--write")) writeFileSync(record, `${JSON.stringify(sizes, undefined, 2)}\n`);
}
