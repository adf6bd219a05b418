import type { Durability } from "./ledger.ts";
import type { CrashCounts } from "./rounds.ts";
import type { Conduct } from "./writer.ts";

export interface CrashReport extends Readonly<CrashCounts> {
  readonly conduct: Conduct;
  readonly byDurability: Readonly<Partial<Record<Durability, Readonly<CrashCounts>>>>;
  /** Nothing lost, nothing halved, and the kills were close enough to prove it; of a control: it was caught. */
  readonly pass: boolean;
  readonly reason?: string;
}

export function crashReport(counts: ReadonlyMap<Durability, CrashCounts>, conduct: Conduct): CrashReport {
  const total = sum([...counts.values()]);
  const reason = failure(total, conduct);
  return {
    ...total,
    conduct,
    byDurability: Object.fromEntries(counts),
    pass: reason === undefined,
    ...(reason !== undefined && { reason }),
  };
}

export function crashText({ byDurability, conduct, pass, reason, ...total }: CrashReport): string {
  const lines = Object.entries({ ...byDurability, total }).map(
    ([name, counts]) =>
      `${name}: ${counts.rounds} kills, ${counts.killsInOpenUnit} in an open unit (${counts.killsInCommit} in its commit); ` +
      `${counts.acknowledged} units acknowledged, ${counts.lost} lost, ${counts.partial} partial, ` +
      `${counts.unacknowledgedKept} kept unacknowledged; ${counts.corrupt} damaged files`,
  );
  lines.push(
    conduct === "honest" ? (pass ? "passed" : "FAILED") : pass ? "the control was caught" : "NOT CAUGHT",
  );
  if (reason !== undefined) lines.push(reason);
  return lines.join("\n");
}

function failure(total: CrashCounts, conduct: Conduct): string | undefined {
  if (conduct === "early")
    return total.lost > 0 ? undefined : "what was acknowledged too early was all there";
  if (conduct === "split") return total.partial > 0 ? undefined : "no unit in two halves was found in part";
  if (total.lost + total.partial + total.corrupt > 0) return "see the problems above";
  // Writers that hang lose nothing either.
  if (total.acknowledged * 2 < total.rounds)
    return "fewer units were acknowledged than half of the kills there were";
  if (total.killsInOpenUnit * 2 < total.rounds) return "fewer than half of the kills hit an open unit";
  return undefined;
}

function sum(all: readonly CrashCounts[]): CrashCounts {
  const [first, ...rest] = all;
  if (first === undefined) throw new Error("a crash run without rounds");
  const total = { ...first };
  for (const counts of rest)
    for (const key of Object.keys(total) as (keyof CrashCounts)[]) total[key] += counts[key];
  return total;
}
