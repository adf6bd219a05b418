/** Law: as in core's histories, over files that two graphs share: units have a serial order. */
import { afterAll, describe, it } from "vitest";
import { expectSerialOrder } from "../../core/test/history/histories.ts";
import { runs } from "../../core/test/history/runs.ts";
import { filePlaces } from "./history-places.ts";

const { places, remove } = await filePlaces();
afterAll(remove);

describe("histories of concurrent units have a serial order", () => {
  for (const [place, numRuns] of [
    [places.atOnce, runs.sqlite],
    [places.later, runs.sqliteLater],
    [places.small, runs.sqliteSmall],
  ] as const)
    it(`in ${place.name}`, () => expectSerialOrder(place, numRuns), 900_000);
});
