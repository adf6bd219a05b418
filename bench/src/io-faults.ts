import { parse, UsageError, wholeNumber } from "./arguments.ts";
import { bundle } from "./child-process.ts";
import { ioFaults } from "./io-faults/faults.ts";
import { faultReport, faultText } from "./io-faults/report.ts";
import { missingForFaults } from "./io-faults/tracer.ts";
import { Scratch } from "./scratch.ts";

// npm run io-faults -- [--points N] [--json]
// Exit status: 0 when every fault was told and nothing was lost, else 1; 2 for bad arguments and tools that are missing.

const DEFAULT_POINTS = 120;

try {
  const values = parse(process.argv.slice(2), { points: { type: "string" }, json: { type: "boolean" } });
  const points = wholeNumber("--points", values.points, 1, 1_000_000) ?? DEFAULT_POINTS;
  const missing = missingForFaults();
  if (missing !== undefined) throw new UsageError(`No call can be made to fail: ${missing}.`);
  const scratch = new Scratch();
  const memory = Scratch.inMemory();
  try {
    const counts = await ioFaults({
      child: await bundle("io-faults/child.ts", scratch.file("child.mjs")),
      folder: memory.folder,
      points,
      durabilities: ["full", "normal"],
      onProblem: (problem) => console.error(problem),
    });
    const report = faultReport(counts);
    console.log(values.json ? JSON.stringify(report, null, 2) : faultText(report));
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
