import fc from "fast-check";
import { expect, test } from "vitest";
import { isCutShort } from "../../../scripts/property-limit.ts";
import { LEAST_CONTENDED, runs } from "../../core/test/history/runs.ts";
import { playRounds } from "./history-rounds.ts";
import { temporaryFile } from "./support.ts";

test("units of four processes on one file, at random moments, have a serial order", async () => {
  const { seed = Date.now() % 2 ** 31 } = fc.readConfigureGlobal();
  const histories = isCutShort ? 6 : runs.processes;
  // When processes meet is up to the machine: of few rounds no share is certain.
  const contended = isCutShort ? 0 : Math.ceil(LEAST_CONTENDED * histories);
  const tally = await playRounds(temporaryFile(), { histories, contended }, seed);
  expect(tally.histories).toBeGreaterThanOrEqual(histories);
  expect(tally.contended).toBeGreaterThanOrEqual(contended);
}, 900_000);
