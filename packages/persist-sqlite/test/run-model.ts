/**
 * `npm run model -- --runs 200000`: as many runs of the model as wanted, over all stores together.
 * A failure is printed with what repeats it: `--store SQLite --seed 1 --path 3:0`.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { runModel } from "../../core/test/model/commands.ts";
import { allRuns, places as corePlaces } from "../../core/test/model/places.ts";
import { filePlaces } from "./model-places.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: String(allRuns) },
    store: { type: "string", default: "" },
    seed: { type: "string" },
    path: { type: "string" },
  },
});
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1)
  throw new TypeError(`--runs is a positive whole number, got ${values.runs}`);
/** Between two lines of progress, and so that a failure is told soon. */
const STRETCH = 500;

const files = filePlaces();
const places = [...corePlaces, ...files.places].filter(({ name }) => name.startsWith(values.store));
if (places.length === 0) throw new TypeError(`--store ${values.store} is none of the stores`);
const shares = places.reduce((sum, { share }) => sum + share, 0);
const began = Date.now() % 2 ** 31;
let steps = 0;
try {
  for (const { share, ...place } of places) {
    const wanted = Math.ceil((runs * share) / shares);
    for (let done = 0; done < wanted; done += STRETCH) {
      const count = Math.min(STRETCH, wanted - done);
      const propertySeed = values.seed === undefined ? (began + done) | 0 : Number(values.seed);
      const { path } = values;
      const report = await runModel(fc, place, {
        runs: count,
        propertySeed,
        ...(path !== undefined && { path }),
      });
      steps += report.steps;
      console.log(`${place.name}: ${done + report.runs} of ${wanted} runs, ${steps} steps in all`);
      if (values.seed !== undefined) break;
    }
  }
  console.log(`no disagreement in ${steps} steps`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  files.remove();
}
