import fc from "fast-check";
import { expect, test } from "vitest";
import { LEAST_CONTENDED, runs } from "../../core/test/history/runs.ts";
import { playRounds } from "./history-rounds.ts";
import { temporaryFile } from "./support.ts";

test("units of four processes on one file, at random moments, have a serial order", async () => {
  const { seed = Date.now() % 2 ** 31, interruptAfterTimeLimit } = fc.readConfigureGlobal();
  const rounds = interruptAfterTimeLimit === undefined ? runs.processes : 6;
  const tally = await playRounds(temporaryFile(), rounds, seed);
  // Of a walk that lost in the midst of its parts nobody knows what it had committed.
  expect(tally.histories).toBeGreaterThanOrEqual(0.5 * rounds);
  expect(tally.contended / tally.histories).toBeGreaterThanOrEqual(LEAST_CONTENDED);
});
