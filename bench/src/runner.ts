import { type FixtureName, FixtureStore } from "./fixtures.ts";
import { measure, type Result, type RowFacts, type Sides } from "./harness.ts";
import type { Row } from "./row.ts";

/** Measures the rows one after another and tells each result at once. A row that throws fails alone. */
export async function runRows(
  rows: readonly Row[],
  scale: number,
  onResult: (result: Result) => void,
): Promise<Result[]> {
  const fixtures = new FixtureStore(scale);
  const results: Result[] = [];
  try {
    for (const [position, row] of rows.entries()) {
      const result = await runRow(row, fixtures);
      results.push(result);
      onResult(result);
      await fixtures.keep(usedBy(rows.slice(position + 1)));
    }
  } finally {
    await fixtures.keep([]);
  }
  return results;
}

async function runRow(row: Row, fixtures: FixtureStore): Promise<Result> {
  const { uses, setup, ...facts } = row;
  let sides: Sides | undefined;
  try {
    sides = await row.setup(await fixtures.provide(uses));
    return await measure(facts, sides);
  } catch (error) {
    return failed(facts, error);
  } finally {
    await sides?.close?.();
  }
}

function failed(facts: RowFacts, error: unknown): Result {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { ...facts, pass: false, reason };
}

function usedBy(rows: readonly Row[]): FixtureName[] {
  return rows.flatMap((row) => row.uses);
}
