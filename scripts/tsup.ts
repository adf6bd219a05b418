import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "tsup";

/** The condition under which an export map points at sources. */
const SOURCE = "@rootwalk/source";

interface Manifest {
  name: string;
  exports: Record<string, string | Record<string, string>>;
  bin?: Record<string, string>;
}

/** A package's entries are what its export map says they are, so that the two cannot drift apart. */
function entries(manifest: Manifest): Record<string, string> {
  const found: Record<string, string> = {};
  for (const target of Object.values(manifest.exports)) {
    if (typeof target === "string") continue;
    const source = target[SOURCE];
    const output = target.default;
    if (source === undefined || output === undefined || !existsSync(source)) continue;
    found[output.replace(/^\.\/dist\//, "").replace(/\.js$/, "")] = source;
  }
  // A command has its source under its own name.
  for (const output of Object.values(manifest.bin ?? {})) {
    const name = output.replace(/^\.\/dist\//, "").replace(/\.js$/, "");
    found[name] = `src/${name}.ts`;
  }
  return found;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

/** One configuration for all packages; each runs it in its own folder. */
export default defineConfig({
  entry: entries(manifest),
  format: ["esm"],
  target: "es2023",
  // Core runs wherever a JavaScript engine does; a backend may use Node's own modules.
  platform: manifest.name === "@rootwalk/core" ? "neutral" : "node",
  // "sqlite" without its prefix is another module than "node:sqlite".
  removeNodeProtocol: false,
  // tsup leaves dependencies and peers outside by itself, optional dependencies not.
  skipNodeModulesBundle: true,
  tsconfig: "tsconfig.src.json",
  // A command is not imported.
  dts: manifest.exports["."] !== undefined && {
    compilerOptions: { composite: false, incremental: false },
    // A graph is an AsyncDisposable, which no dated version of the language's library has.
    banner: '/// <reference lib="esnext.disposable" />',
  },
  sourcemap: true,
  clean: true,
});
