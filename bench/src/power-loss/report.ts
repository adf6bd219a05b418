import type { LossCounts } from "./losses.ts";
import type { Mode } from "./workload.ts";

export interface LossReport {
  readonly byMode: Readonly<Partial<Record<Mode, Readonly<LossCounts>>>>;
  /** States of the modes that promise something. */
  readonly states: number;
  readonly pass: boolean;
  readonly reasons: readonly string[];
}

/** A run with fewer states at stake proves little. */
const LEAST_UNSYNCED = 0.5;

export function lossReport(counts: ReadonlyMap<Mode, LossCounts>): LossReport {
  const reasons = [...counts].flatMap(([mode, each]) =>
    failures(mode, each).map((reason) => `${mode}: ${reason}`),
  );
  const states = [...counts].reduce((sum, [mode, each]) => sum + (mode === "off" ? 0 : each.states), 0);
  return { byMode: Object.fromEntries(counts), states, pass: reasons.length === 0, reasons };
}

export function lossText({ byMode, pass, reasons }: LossReport): string {
  const lines = Object.entries(byMode).map(
    ([mode, counts]) =>
      `${mode}: ${counts.states} states of ${counts.recordings} recordings (${counts.events} events, ${counts.syncs} syncs), ` +
      `${counts.unsynced} with something at stake; ${counts.losing} lost acknowledged units (${counts.lost}), ` +
      `${counts.partial} have units in part, ${counts.damaged} are damaged, ${counts.badCopies} miss a backup, ` +
      `${counts.unacknowledgedKept} kept units unacknowledged`,
  );
  return [...lines, pass ? "passed" : "FAILED", ...reasons].join("\n");
}

function failures(mode: Mode, counts: LossCounts): string[] {
  const { states, unsynced, losing, partial, damaged, badCopies } = counts;
  const reasons: string[] = [];
  if (unsynced < states * LEAST_UNSYNCED) reasons.push("in too few states anything was at stake");
  if (mode === "off") {
    // Each of both must be seen, or the other modes may owe their success to the test's own blindness.
    if (losing === 0) reasons.push("a database that never syncs was not seen to lose anything");
    if (damaged === 0) reasons.push("a database that never syncs was not seen to be damaged");
    return reasons;
  }
  if (mode === "full" && losing > 0) reasons.push(`acknowledged units are gone in ${losing} states`);
  if (mode === "normal" && losing === 0)
    reasons.push("no state lost anything, which this mode would be free to");
  if (partial > 0) reasons.push(`units are there in part in ${partial} states`);
  if (damaged > 0) reasons.push(`${damaged} states are damaged`);
  if (badCopies > 0) reasons.push(`acknowledged backups are missing in ${badCopies} states`);
  return reasons;
}
