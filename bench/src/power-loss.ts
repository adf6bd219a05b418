import { parse, UsageError, wholeNumber } from "./arguments.ts";
import { bundle } from "./child-process.ts";
import { powerLosses } from "./power-loss/losses.ts";
import { missingForRecording } from "./power-loss/recorder.ts";
import { lossReport, lossText } from "./power-loss/report.ts";
import { shares } from "./power-loss/shares.ts";
import { seededRandom } from "./random.ts";
import { Scratch } from "./scratch.ts";

// npm run power-loss -- [--states N] [--durability full|normal|both] [--seed N] [--json]
// Exit status: 0 when every state holds what it must and the control was caught, else 1; 2 for bad arguments and tools
// that are missing.

const DEFAULT_STATES = 2_000;

function lossArguments(args: readonly string[]) {
  const values = parse(args, {
    states: { type: "string" },
    durability: { type: "string" },
    seed: { type: "string" },
    json: { type: "boolean" },
  });
  const states = wholeNumber("--states", values.states, 1, 10_000_000) ?? DEFAULT_STATES;
  const seed = wholeNumber("--seed", values.seed, 0, 0xffff_ffff) ?? Date.now() >>> 0;
  return { states: shares(states, values.durability ?? "both"), seed, json: values.json ?? false };
}

try {
  const { states, seed, json } = lossArguments(process.argv.slice(2));
  const missing = missingForRecording();
  if (missing !== undefined) throw new UsageError(`Nothing can be recorded: ${missing}.`);
  const scratch = new Scratch();
  const memory = Scratch.inMemory();
  try {
    const counts = await powerLosses({
      child: await bundle("power-loss/child.ts", scratch.file("child.mjs")),
      folder: memory.folder,
      states,
      random: seededRandom(seed),
      onProblem: (mode, problem) => {
        // The control is expected to be caught: its hundreds of problems are no news.
        if (mode !== "off") console.error(problem);
      },
    });
    const report = lossReport(counts);
    console.log(json ? JSON.stringify({ seed, ...report }, null, 2) : `${lossText(report)}\nseed ${seed}`);
    if (!report.pass) process.exitCode = 1;
  } finally {
    memory.remove();
    scratch.remove();
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
