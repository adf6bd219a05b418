import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { serialOrder, type Tally } from "../../core/test/history/histories.ts";
import * as corePlaces from "../../core/test/history/places.ts";
import type { Place } from "../../core/test/history/play.ts";
import { LEAST_CONTENDED, runs } from "../../core/test/history/runs.ts";
import { filePlaces } from "./history-places.ts";
import { playRounds } from "./history-rounds.ts";

// npm run histories -- [--runs N] [--seed S] [--place NAME]
// Plays histories of concurrent units and looks whether each has a serial order; --place is a key of `runs`, of which
// each has its share of N. Exit status: 0 where all have one, else 1, with the seed and the smallest history found.

/** Histories between two lines that say how far it is. */
const STRETCH = 2000;
/** Rounds of one set of processes. */
const ROUNDS = 100;

const { values } = parseArgs({
  options: { runs: { type: "string" }, seed: { type: "string" }, place: { type: "string" } },
});
const total = Number(values.runs ?? 5000);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const names = Object.keys(runs) as (keyof typeof runs)[];
const chosen = names.filter((name) => values.place === undefined || name === values.place);
if (!Number.isSafeInteger(total) || total < 1 || !Number.isSafeInteger(seed) || chosen.length === 0) {
  console.error(
    `histories [--runs N] [--seed S] [--place NAME]: whole numbers, and one of ${names.join(", ")}`,
  );
  process.exit(2);
}

const { places: files, remove } = await filePlaces();
const places: Readonly<Record<Exclude<keyof typeof runs, "processes">, Place>> = {
  memory: corePlaces.inMemory,
  memoryFromAfar: corePlaces.inMemoryFromAfar,
  awkward: corePlaces.awkward,
  awkwardAndSmall: corePlaces.awkwardAndSmall,
  forgetful: corePlaces.forgetful,
  sqlite: files.atOnce,
  sqliteLater: files.later,
  sqliteSmall: files.small,
};

const tally: Tally = { histories: 0, contended: 0, units: 0 };

async function playAt(name: keyof typeof runs, count: number): Promise<void> {
  if (name === "processes") {
    for (let done = 0; done < count; done += ROUNDS)
      await playInProcesses(Math.min(ROUNDS, count - done), seed + done);
    return;
  }
  // A seed for each stretch: memory does not grow with the number of histories.
  for (let done = 0; done < count; done += STRETCH) {
    await fc.assert(serialOrder(places[name], tally), {
      seed: (seed + done) | 0,
      numRuns: Math.min(STRETCH, count - done),
    });
    console.log(`${name}: ${Math.min(count, done + STRETCH)} of ${count}`);
  }
}

async function playInProcesses(rounds: number, from: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rootwalk-rounds-"));
  try {
    const played = await playRounds(join(folder, "graph.db"), { histories: rounds }, from);
    tally.histories += played.histories;
    tally.contended += played.contended;
    tally.units += played.units;
    console.log(`four processes: ${played.histories} rounds`);
    if (played.histories < rounds) throw new Error("most rounds are void");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(`${total} histories, seed ${seed}`);
try {
  const all = chosen.reduce((sum, name) => sum + runs[name], 0);
  for (const name of chosen) await playAt(name, Math.ceil((total * runs[name]) / all));
  const share = tally.contended / tally.histories;
  console.log(
    `${tally.histories} histories of ${tally.units} units, ${(100 * share).toFixed(1)} % with a conflict: each has a serial order`,
  );
  if (share < LEAST_CONTENDED) {
    console.error(`at least ${100 * LEAST_CONTENDED} % must have one: the others say little`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause instanceof Error) console.error(error.cause.message);
  process.exitCode = 1;
} finally {
  remove();
}
