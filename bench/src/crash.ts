import { parse, UsageError, wholeNumber } from "./arguments.ts";
import { bundle } from "./child-process.ts";
import type { Durability } from "./crash/ledger.ts";
import { oursSubject } from "./crash/ours-ledger.ts";
import { crashReport, crashText } from "./crash/report.ts";
import { crashRounds } from "./crash/rounds.ts";
import type { Conduct } from "./crash/writer.ts";
import { seededRandom } from "./random.ts";
import { Scratch } from "./scratch.ts";

// npm run crash -- [--rounds N] [--durability full|normal|both] [--control | --control-split] [--json]
// Exit status: 0 when nothing was lost or halved (of a control: when it was caught), else 1; 2 for bad arguments.

const DEFAULT_ROUNDS = 100;
const DURABILITIES: Readonly<Record<string, readonly Durability[]>> = {
  full: ["full"],
  normal: ["normal"],
  both: ["full", "normal"],
};

function crashArguments(args: readonly string[]) {
  const values = parse(args, {
    rounds: { type: "string" },
    durability: { type: "string" },
    control: { type: "boolean" },
    "control-split": { type: "boolean" },
    json: { type: "boolean" },
  });
  const durabilities = DURABILITIES[values.durability ?? "both"];
  if (durabilities === undefined) {
    throw new UsageError(`--durability takes full, normal or both, not "${values.durability}".`);
  }
  if (values.control && values["control-split"]) throw new UsageError("One control at a time.");
  const conduct: Conduct = values.control ? "early" : values["control-split"] ? "split" : "honest";
  const rounds = wholeNumber("--rounds", values.rounds, 1, 1_000_000) ?? DEFAULT_ROUNDS;
  return { rounds, durabilities, conduct, json: values.json ?? false };
}

try {
  const { json, ...options } = crashArguments(process.argv.slice(2));
  const scratch = new Scratch();
  try {
    const counts = await crashRounds({
      ...options,
      subject: oursSubject,
      child: await bundle("crash/child-ours.ts", scratch.file("child.mjs")),
      folder: scratch.folder,
      random: seededRandom(Date.now()),
      // A control is expected to be caught: its hundreds of problems are no news.
      ...(options.conduct === "honest" && { onProblem: (problem: string) => console.error(problem) }),
    });
    const report = crashReport(counts, options.conduct);
    console.log(json ? JSON.stringify(report, null, 2) : crashText(report));
    if (!report.pass) process.exitCode = 1;
  } finally {
    scratch.remove();
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
