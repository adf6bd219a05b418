import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bundle } from "../bench/src/child-process.ts";
import { ioFaults } from "../bench/src/io-faults/faults.ts";
import { missingForFaults } from "../bench/src/io-faults/tracer.ts";
import { Scratch } from "../bench/src/scratch.ts";
import { root } from "./registry.ts";
import { withRuntime } from "./suite.ts";

// The faults of bench/src/io-faults, some of them, over node:sqlite: its SQLite and its errors are others.

const POINTS = 10;

const missing = missingForFaults();
if (missing !== undefined && process.env.CI !== "true") {
  describe.skip(`no call is made to fail: ${missing}`, () => {});
} else {
  for (const name of ["Node 22", "Node 24"] as const) {
    withRuntime(name, (node) => {
      test("a graph over node:sqlite goes on after an error of the operating system, and has lost nothing", async () => {
        expect(missing).toBeUndefined();
        const scratch = Scratch.inMemory();
        try {
          const problems: string[] = [];
          const counts = await ioFaults({
            child: await bundle("io-faults/child.ts", scratch.file("child.mjs")),
            folder: scratch.folder,
            points: POINTS,
            durabilities: ["full"],
            node,
            environment: { NODE_OPTIONS: `--require ${join(root, "runtimes/hide-better-sqlite3.cjs")}` },
            onProblem: (problem) => problems.push(problem),
          });
          expect(problems).toEqual([]);
          expect(counts).toMatchObject({ points: POINTS, lost: 0, partial: 0, wrong: 0 });
          expect(counts.unknown + counts.refused).toBeGreaterThan(0);
        } finally {
          scratch.remove();
        }
      }, 600_000);
    });
  }
}
