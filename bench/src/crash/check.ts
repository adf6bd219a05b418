import type { Progress } from "./journal.ts";
import { batchSize, KEPT_BATCHES, type LedgerState, type WriterState } from "./ledger.ts";

export interface Findings {
  /** Units that were acknowledged and are not there. */
  readonly lost: number;
  /** Units of which some is there and some is not, or of which more is there than was ever attempted. */
  readonly partial: number;
  /** Units that are there although their acknowledgement had not arrived: allowed, and a sign of close kills. */
  readonly unacknowledged: number;
  /** What was found, for people. */
  readonly problems: readonly string[];
}

/** Compares what a reopened ledger holds with what its writers told: acknowledged ⊆ present ⊆ attempted, all whole. */
export function check(state: LedgerState, progress: readonly Progress[]): Findings {
  let lost = 0;
  let unacknowledged = 0;
  const problems: string[] = [];
  const partial = new Set<string>();
  const report = (unit: string, problem: string) => {
    partial.add(unit);
    problems.push(`${unit}: ${problem}`);
  };

  for (const [number, { begun, acknowledged }] of progress.entries()) {
    const writer = state.writers[number] ?? { units: 0, batches: [] };
    if (writer.units < acknowledged) {
      lost += acknowledged - writer.units;
      problems.push(`writer ${number}: ${acknowledged} units were acknowledged, ${writer.units} are there`);
    }
    if (writer.units > begun)
      report(`writer ${number}`, `${writer.units} units are there, ${begun} were begun`);
    unacknowledged += Math.max(0, writer.units - acknowledged);
    checkBatches(number, writer, report);
  }

  const batches = state.writers.flatMap((writer) => writer.batches);
  const items = batches.reduce((sum, { positions }) => sum + positions.length, 0);
  if (state.batchCount !== batches.length) {
    report("batches", `${state.batchCount} exist, ${batches.length} have a writer`);
  }
  if (state.itemCount !== items) report("items", `${state.itemCount} exist, ${items} are in a batch`);
  if (state.balance !== 0) report("accounts", `they sum to ${state.balance}, not to 0`);
  return { lost, partial: partial.size, unacknowledged, problems };
}

function checkBatches(
  number: number,
  { units, batches }: WriterState,
  report: (unit: string, problem: string) => void,
) {
  const found = new Map(batches.map((batch) => [batch.seq, batch]));
  if (found.size !== batches.length) report(`writer ${number}`, "a batch is there twice");
  for (let seq = Math.max(1, units - KEPT_BATCHES + 1); seq <= units; seq += 1) {
    const unit = `unit ${seq} of writer ${number}`;
    const batch = found.get(seq);
    found.delete(seq);
    if (batch === undefined) {
      report(unit, "its batch is missing");
      continue;
    }
    const expected = batchSize(number, seq);
    const positions = [...batch.positions].sort((a, b) => a - b);
    if (
      batch.size !== expected ||
      positions.length !== expected ||
      positions.some((at, index) => at !== index)
    ) {
      report(unit, `it holds the items ${positions.join(", ")} of ${expected}`);
    }
  }
  for (const seq of found.keys())
    report(`unit ${seq} of writer ${number}`, `its batch is there after ${units} units`);
}
