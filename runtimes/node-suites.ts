import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { vitestOverNodeSqlite } from "./node-sqlite.ts";
import { cache, type RuntimeName, root } from "./registry.ts";
import { withRuntime } from "./suite.ts";

/** What one file's tests came to, as vitest's JSON reporter tells it. */
interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages?: readonly string[];
  }[];
}

/**
 * How long a property is tried. They take most of the time and are about core's logic, which does not change with the
 * driver: the Node of the other tests tries them all, and `npm run test:node` does so here.
 */
const PROPERTY_SECONDS = "2";

/** The sizes of what grows with the driver's work: enough for several batches and pages of each. */
const SIZES = { HUB: "20000", CHAIN: "10000" };

const PROJECTS: Readonly<Record<string, string>> = {
  "core over SQLite": "packages/core/test/behaviour",
  "persist-sqlite": "packages/persist-sqlite",
};

function testFiles(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const files = entries.filter((entry) => entry.endsWith(".test.ts") && !entry.includes("node_modules"));
  return files.map((entry) => `${folder}/${entry.split(sep).join("/")}`);
}

const files = Object.values(PROJECTS).flatMap(testFiles).sort();

/** The behaviour suites over SQLite and persist-sqlite's own, in that Node over `node:sqlite`: a test for each file. */
export function nodeSuites(name: RuntimeName): void {
  withRuntime(name, (executable) => {
    let results: ReadonlyMap<string, FileResult>;
    let said = "";

    beforeAll(async () => {
      const output = join(cache, `${name.replace(" ", "-")}.json`);
      mkdirSync(cache, { recursive: true });
      rmSync(output, { force: true });
      const projects = Object.keys(PROJECTS).flatMap((project) => ["--project", project]);
      const reporting = ["--reporter=json", `--outputFile.json=${output}`];
      const ended = await vitestOverNodeSqlite(executable, [...projects, ...reporting, ...files], {
        PROPERTY_SECONDS,
        ...SIZES,
        // The other releases run at the same time. (Each project has its own number, which --maxWorkers leaves alone.)
        VITEST_MAX_WORKERS: "1",
      });
      said = ended.stderr;
      if (!existsSync(output)) throw new Error(`vitest in ${name} gave no results\n${ended.stdout}${said}`);
      const { testResults } = JSON.parse(readFileSync(output, "utf8")) as { testResults: FileResult[] };
      results = new Map(
        testResults.map((result) => [relative(root, result.name).split(sep).join("/"), result]),
      );
    }, 1_500_000);

    test.each(files)("%s passes over node:sqlite", (file) => {
      const result = results.get(file);
      if (result === undefined) throw new Error(`it did not run\n${said}`);
      const failures = result.assertionResults.filter(({ status }) => status === "failed");
      const shown = failures.map(
        ({ fullName, failureMessages }) => `${fullName}\n${failureMessages?.join("\n")}`,
      );
      expect(shown, result.message).toEqual([]);
      expect(result.status, result.message).toBe("passed");
      expect(result.assertionResults.length).toBeGreaterThan(0);
    });
  });
}
