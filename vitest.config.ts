import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Workspace packages resolve to their sources: tests need no build.
const conditions = ["@rootwalk/source", ...defaultServerConditions];

/**
 * What takes half a minute and more begins first: a long file that begins last leaves a core with nothing to do. Where
 * nothing ran before, vitest knows files by their size alone.
 */
const longest = [
  "runtimes/node-22.test.ts",
  "runtimes/node-24.test.ts",
  "scripts/docs/docs.test.ts",
  "bench/src/power-loss/power-loss.test.ts",
  "bench/src/io-faults/io-faults.test.ts",
  "examples/wordnet/test/answers.test.ts",
  "packages/core/test/model/model.test.ts",
  "packages/core/test/history/histories.property.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((file) => moduleId.endsWith(`/${file}`));
      return found < 0 ? longest.length : found;
    };
    return sorted.sort((a, b) => place(a) - place(b));
  }
}

function project(name: string, ...include: string[]) {
  return { extends: true as const, test: { name, include } };
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    environment: "node",
    setupFiles: ["scripts/property-settings.ts"],
    // Vitest leaves one core to itself, which is half of a machine with two.
    maxWorkers: "100%",
    // What hangs is to fail; how fast a busy machine is, is not asked here.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    sequence: { sequencer: LongestFirst },
    coverage: { include: ["packages/*/src/**/*.ts"], exclude: ["**/*.test.ts"] },
    projects: [
      // Files of one process share the modules: they leave nothing behind, and to load all of it anew for each would be
      // a fifth of their time.
      {
        extends: true as const,
        test: { name: "core", isolate: false, include: ["packages/core/{src,test}/**/*.test.ts"] },
      },
      {
        extends: true as const,
        test: {
          name: "core over SQLite",
          isolate: false,
          include: ["packages/core/test/behaviour/**/*.test.ts"],
          setupFiles: ["packages/persist-sqlite/test/behaviour-setup.ts"],
        },
      },
      {
        extends: true as const,
        test: {
          name: "persist-sqlite",
          isolate: false,
          include: ["packages/persist-sqlite/{src,test}/**/*.test.ts"],
        },
      },
      {
        extends: true as const,
        test: {
          name: "cli",
          include: ["packages/cli/{src,test}/**/*.test.ts"],
          globalSetup: ["packages/cli/test/build.ts"],
        },
      },
      project("examples", "examples/*/{src,test}/**/*.test.ts"),
      project("bench", "bench/{src,test}/**/*.test.ts"),
      project("scripts", "scripts/**/*.test.ts"),
      project("runtimes", "runtimes/**/*.test.ts"),
    ],
  },
});
