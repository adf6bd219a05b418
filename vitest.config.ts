import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Workspace packages resolve to their sources: tests need no build.
const conditions = ["@rootwalk/source", ...defaultServerConditions];

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
    coverage: { include: ["packages/*/src/**/*.ts"], exclude: ["**/*.test.ts"] },
    projects: [
      project("core", "packages/core/{src,test}/**/*.test.ts"),
      {
        extends: true as const,
        test: {
          name: "core over SQLite",
          include: ["packages/core/test/behaviour/**/*.test.ts"],
          setupFiles: ["packages/persist-sqlite/test/behaviour-setup.ts"],
        },
      },
      project("persist-sqlite", "packages/persist-sqlite/{src,test}/**/*.test.ts"),
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
