/** The smallest test runner: it needs nothing but the language, so it runs wherever the library is to run. */

export interface Failure {
  readonly name: string;
  readonly reason: string;
}

/** What a run has found. Plain data, to be sent as JSON from wherever it ran. */
export interface Report {
  /** Names of the tests that passed, in order. */
  readonly passed: string[];
  readonly failed: Failure[];
}

export interface Declare {
  describe(name: string, body: () => void): void;
  test(name: string, body: () => Promise<void>): void;
}

/** Runs what `suites` declares, one test after another. */
export async function run(suites: (declare: Declare) => void): Promise<Report> {
  const groups: string[] = [];
  const tests: { name: string; body: () => Promise<void> }[] = [];
  suites({
    describe(name, body) {
      groups.push(name);
      body();
      groups.pop();
    },
    test: (name, body) => void tests.push({ name: [...groups, name].join(" › "), body }),
  });
  const report: Report = { passed: [], failed: [] };
  for (const { name, body } of tests) {
    try {
      await body();
      report.passed.push(name);
    } catch (error) {
      report.failed.push({
        name,
        reason: error instanceof Error ? `${error.stack ?? error}` : String(error),
      });
    }
  }
  return report;
}

/** Compares plain data; JSON tells apart what these tests tell apart. */
export function same(actual: unknown, expected: unknown, claim: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${claim}: expected ${should}, got ${is}`);
}

/** Whether something fails with a code. */
export async function fails(code: string, body: () => unknown): Promise<void> {
  let got: unknown = "nothing";
  try {
    await body();
  } catch (error) {
    got = (error as { code?: unknown }).code ?? error;
  }
  if (got !== code) throw new Error(`expected ${code}, got ${String(got)}`);
}
