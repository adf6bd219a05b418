import { describe, expect, test } from "vitest";
import { finished } from "./child.ts";
import { type PortableReport, runEverything } from "./portable/suites.ts";
import type { RuntimeName } from "./registry.ts";
import { withRuntime } from "./suite.ts";

// Core over the memory store, from its TypeScript sources, in runtimes that are not the one of the other tests.

/** Lets the workspace's packages be found as sources. */
const SOURCES = "--conditions=@rootwalk/source";
const NO_EVAL = "--disallow-code-generation-from-strings";

interface How {
  readonly runtime?: RuntimeName;
  readonly args: readonly string[];
  readonly generatesCode: boolean;
}

const ways: Record<string, How> = {
  "this Node, without code from strings": {
    args: ["--import", "tsx", NO_EVAL, SOURCES],
    generatesCode: false,
  },
  "Node 22": { runtime: "Node 22", args: [SOURCES], generatesCode: true },
  "Node 24": { runtime: "Node 24", args: [SOURCES], generatesCode: true },
  Bun: { runtime: "Bun", args: [SOURCES], generatesCode: true },
  // immer asks for NODE_ENV; everything else is denied, as Deno does by itself.
  Deno: {
    runtime: "Deno",
    args: ["run", "--no-prompt", "--allow-env=NODE_ENV", SOURCES],
    generatesCode: true,
  },
  "Deno, without code from strings": {
    runtime: "Deno",
    args: ["run", "--no-prompt", "--allow-env=NODE_ENV", `--v8-flags=${NO_EVAL}`, SOURCES],
    generatesCode: false,
  },
};

const expected = runEverything();

test("the portable suites pass in the Node that runs the tests", async () => {
  const { passed, failed } = await expected;
  expect(failed).toEqual([]);
  expect(passed.length).toBeGreaterThan(100);
});

function suite(name: string, command: string, how: How): void {
  test(`${name}: the same tests pass`, async () => {
    const { status, stdout, stderr } = await finished(command, [...how.args, "runtimes/portable/console.ts"]);
    expect(status, stderr).toBe(0);
    const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as PortableReport;
    expect(report).toEqual({ ...(await expected), generatesCode: how.generatesCode });
  });

  test(`${name}: an open graph does not keep the process alive`, async () => {
    const ended = await finished(command, [...how.args, "runtimes/portable/left-open.ts"]);
    expect(ended, ended.stderr).toMatchObject({ status: 0, stdout: "1\n" });
  });
}

for (const [name, how] of Object.entries(ways)) {
  if (how.runtime === undefined) describe(name, () => suite(name, process.execPath, how));
  else withRuntime(how.runtime, (executable) => suite(name, executable, how));
}
