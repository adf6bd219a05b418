import { join } from "node:path";
import { build } from "esbuild";

const home = join(import.meta.dirname, "..");

/** The command as it is published, near enough, but of the sources as they stand: in one folder beside them. */
export const command: string = join(home, ".cache/rootwalk.js");

export default async function setup(): Promise<void> {
  await build({
    entryPoints: [join(home, "src/rootwalk.ts")],
    outdir: join(home, ".cache"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@rootwalk/source"],
    external: ["better-sqlite3", "commander", "@clack/prompts"],
  });
}
