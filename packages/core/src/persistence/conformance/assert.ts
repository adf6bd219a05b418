import { equalValues } from "../../model/compare.ts";

/**
 * What a store or cache did against its contract: what should hold, what was expected and what came, and the sentence of
 * the contract. The suite's own, so that it runs under any test runner.
 */
export class ConformanceError extends Error {
  /** The same with the sentence that was broken. */
  under(contract: string | undefined): ConformanceError {
    if (contract === undefined) return this;
    const told = new ConformanceError(`${this.message}\nThe contract says: ${contract}`);
    if (this.stack !== undefined) told.stack = this.stack.replace(this.message, told.message);
    return told;
  }

  override get name(): string {
    return "ConformanceError";
  }
}

/** @param claim what should hold, as a sentence */
export function ok(holds: boolean, claim: string): void {
  if (!holds) throw new ConformanceError(claim);
}

/** Compares by kind and contents, as stored values are compared. */
export function equal(actual: unknown, expected: unknown, claim: string): void {
  if (!equalValues(actual, expected)) {
    throw new ConformanceError(`${claim}: expected ${show(expected)}, got ${show(actual)}`);
  }
}

/** Whether a thing has failed with an error that `fits`. */
export async function fails(
  run: () => unknown,
  fits: (error: unknown) => boolean,
  claim: string,
): Promise<void> {
  let failure: unknown;
  try {
    await run();
  } catch (error) {
    if (fits(error)) return;
    failure = error;
  }
  throw new ConformanceError(
    failure === undefined ? `${claim}: nothing failed` : `${claim}: ${String(failure)}`,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`;
    if (part instanceof Map) return { Map: [...part] };
    if (part instanceof Set) return { Set: [...part] };
    return part instanceof Uint8Array ? { bytes: part.length } : part;
  });
  return text === undefined ? String(value) : text.slice(0, 600);
}
