// Law: as of core's model tests, over files that are closed and opened again.

import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { isCutShort } from "../../../scripts/property-limit.ts";
import { runModel } from "../../core/test/model/commands.ts";
import { allRuns, places as corePlaces } from "../../core/test/model/places.ts";
import { filePlaces } from "./model-places.ts";

const { places, remove } = filePlaces();
afterAll(remove);

test.each(places)(
  "a graph is what the model says ($name)",
  async ({ share, ...place }) => {
    const runs = share * allRuns;
    const report = await runModel(fc, place, { runs });
    if (!isCutShort) expect(report.runs).toBe(runs);
    expect(report.steps).toBeGreaterThan(report.runs * 49);
  },
  900_000,
);

test("two thousand runs, over all stores together", () => {
  const shares = [...corePlaces, ...places].map(({ share }) => share * allRuns);
  expect(shares.reduce((sum, each) => sum + each)).toBe(2000);
});
