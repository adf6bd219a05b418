import { join } from "node:path";
import { build } from "esbuild";

const home = join(import.meta.dirname, "..");

/** The command as it is published, near enough, but of the sources as they stand: in one folder beside them. */
export const command: string = join(home, ".cache/rootwalk.js");

export default async function setup(): Promise<void> {
  await buildCommand();
}

/** @param prefix of the files' names, so that several may be built at a time @returns where the command is */
export async function buildCommand(prefix = ""): Promise<string> {
  await build({
    entryPoints: [join(home, "src/rootwalk.ts")],
    outdir: join(home, ".cache"),
    entryNames: `${prefix}[name]`,
    chunkNames: `${prefix}[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@rootwalk/source"],
    external: ["better-sqlite3", "commander", "@clack/prompts"],
  });
  return join(home, `.cache/${prefix}rootwalk.js`);
}
