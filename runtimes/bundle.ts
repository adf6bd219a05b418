import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { root } from "./registry.ts";

export interface Bundle {
  readonly code: string;
  /** Bytes. */
  readonly minified: number;
  /** Bytes, compressed as most servers do. */
  readonly gzip: number;
  /** The files that something of is in the bundle, from the workspace's folder. */
  readonly files: readonly string[];
  /** What it still imports when it runs. */
  readonly imports: readonly string[];
}

/**
 * Bundles a program for browsers as an app's build does: one ES module, minified, its dependencies inside. Fails where
 * something only Node has is imported.
 *
 * @param program source text; it may import what the workspace's root can
 */
export async function bundle(program: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: root, sourcefile: "program.ts", loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    // Sources instead of a build: what the packages publish is made of them by the same bundler.
    conditions: ["@rootwalk/source"],
    logLevel: "silent",
  });
  const { contents, text } = outputFiles[0]!;
  return {
    code: text,
    minified: contents.length,
    gzip: gzipSync(contents, { level: 9 }).length,
    files: contained(metafile),
    imports: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
  };
}

function contained({ outputs }: Metafile): string[] {
  return Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file);
}
