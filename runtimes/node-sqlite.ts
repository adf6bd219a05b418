import { join } from "node:path";
import { type Finished, finished } from "./child.ts";
import { root } from "./registry.ts";

/**
 * Runs vitest in another release of Node, with better-sqlite3 hidden from it and from every process it starts, so that
 * all that needs SQLite runs over `node:sqlite` and nothing is compiled.
 */
export function vitestOverNodeSqlite(
  node: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  onOutput?: (text: string) => void,
): Promise<Finished> {
  const hide = join(root, "runtimes/hide-better-sqlite3.cjs");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  return finished(
    node,
    [vitest, "run", ...args],
    {
      NODE_OPTIONS: `--require ${hide} --disable-warning=ExperimentalWarning`,
      // What persist-sqlite's suites then expect.
      ROOTWALK_DRIVER: "node:sqlite",
      ...environment,
    },
    onOutput,
  );
}
