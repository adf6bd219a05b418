// Law: as of core's model tests, over files that are closed and opened again.

import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { runModel } from "../../core/test/model/commands.ts";
import { allRuns } from "../../core/test/model/places.ts";
import { filePlaces } from "./model-places.ts";

const { places, remove } = filePlaces();
afterAll(remove);

test.each(places)(
  "a graph is what the model says ($name)",
  async ({ share, ...place }) => {
    const runs = share * allRuns;
    const report = await runModel(fc, place, { runs });
    expect(report.runs).toBe(runs);
    expect(report.steps).toBeGreaterThan(runs * 49);
  },
  900_000,
);
