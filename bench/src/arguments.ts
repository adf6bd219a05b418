import { parseArgs } from "node:util";

/** What a command line asked for cannot be had; the message is for the person who typed it. */
export class UsageError extends Error {}

export interface BenchArguments {
  readonly json: boolean;
  readonly scale: number;
  /** Ids of rows; every row where it is `undefined`. */
  readonly only?: ReadonlySet<string>;
}

export const DEFAULT_SCALE = 16;
const SCALES = { lowest: 8, highest: 20 };

/** @throws {UsageError} saying what is wrong and what would be right */
export function benchArguments(args: readonly string[], rowIds: readonly string[]): BenchArguments {
  const {
    json = false,
    scale,
    only,
  } = parse(args, {
    json: { type: "boolean" },
    scale: { type: "string" },
    only: { type: "string" },
  });
  return {
    json,
    scale: wholeNumber("--scale", scale, SCALES.lowest, SCALES.highest) ?? DEFAULT_SCALE,
    ...(only !== undefined && { only: knownIds(only, rowIds) }),
  };
}

/** `parseArgs` with its complaints as {@link UsageError}s. */
export function parse<const Options extends NonNullable<Parameters<typeof parseArgs>[0]>["options"]>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function wholeNumber(
  name: string,
  text: string | undefined,
  lowest: number,
  highest: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= lowest && number <= highest) return number;
  throw new UsageError(`${name} takes a whole number from ${lowest} to ${highest}, not "${text}".`);
}

function knownIds(text: string, rowIds: readonly string[]): ReadonlySet<string> {
  const ids = text.split(",").map((id) => id.trim());
  const unknown = ids.filter((id) => !rowIds.includes(id));
  if (unknown.length === 0) return new Set(ids);
  throw new UsageError(
    `--only does not know ${unknown.map((id) => `"${id}"`).join(", ")}; the rows are ${rowIds.join(", ")}.`,
  );
}
