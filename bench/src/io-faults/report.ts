import type { FaultCounts } from "./faults.ts";

export interface FaultReport extends Readonly<FaultCounts> {
  readonly pass: boolean;
  readonly reasons: readonly string[];
}

export function faultReport(counts: FaultCounts): FaultReport {
  const reasons: string[] = [];
  if (counts.wrong > 0) reasons.push(`at ${counts.wrong} points something is not as it should be`);
  if (counts.lost > 0) reasons.push(`${counts.lost} acknowledged units are gone`);
  if (counts.partial > 0) reasons.push(`${counts.partial} units are there in part`);
  // A run whose faults nobody notices proves nothing.
  if ((counts.unknown + counts.refused) * 2 < counts.points)
    reasons.push("most faults were noticed by nobody");
  return { ...counts, pass: reasons.length === 0, reasons };
}

export function faultText({ pass, reasons, ...counts }: FaultReport): string {
  const byCall = Object.entries(counts.byCall).map(
    ([call, points]) =>
      `${call} ${points} (the script has ${counts.calls[call as keyof FaultCounts["calls"]]})`,
  );
  return [
    `${counts.points} calls made to fail, one in each run: ${byCall.join(", ")}`,
    `${counts.unknown} left the outcome of a commit unknown (after ${counts.unknownKept} of them it was there), ` +
      `${counts.refused} were told by another error, ${counts.silent} needed no telling`,
    `${counts.acknowledged} units acknowledged, ${counts.lost} lost, ${counts.partial} partial; ${counts.wrong} points not as they should be`,
    pass ? "passed" : "FAILED",
    ...reasons,
  ].join("\n");
}
