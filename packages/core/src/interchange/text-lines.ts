import { ValidationError } from "../errors.ts";

/** Text in pieces that need not be whole lines: strings, or bytes in UTF-8. A web stream is one, and Node's are. */
export type TextSource =
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | ReadableStreamLike;

/** As much of a web `ReadableStream` as is used. Not every engine can iterate over one. */
export interface ReadableStreamLike {
  getReader(): {
    read(): Promise<{ done: boolean; value?: string | Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
}

/** Eight times what a record may hold: escapes make six characters of one. */
const longestLine = 64 * 1024 * 1024;

/**
 * The lines without their ends, each with its number from 1. Blank ones are counted and left out.
 *
 * @throws {TypeError} for anything that is no source; {ValidationError} `RW_IMPORT_LINE` for a line that no record is
 * as long as, and for bytes that are no UTF-8
 */
export async function* linesOf(
  what: string,
  source: TextSource,
): AsyncGenerator<readonly [line: number, text: string]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let number = 0;
  const decoded = (piece: string | Uint8Array | undefined): string => {
    try {
      if (typeof piece === "string") return piece;
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch (cause) {
      throw wrongLine(number + 1, "it is no UTF-8", cause);
    }
  };
  for await (const piece of piecesOf(what, source)) {
    if (typeof piece !== "string" && !(piece instanceof Uint8Array))
      throw new TypeError(`${what}: expected strings or bytes, got ${typeof piece}`);
    const lines = (rest + decoded(piece)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      number += 1;
      const text = trimmed(line, number);
      if (text !== "") yield [number, text];
    }
    if (rest.length > longestLine) throw wrongLine(number + 1, `it is longer than ${longestLine} characters`);
  }
  const text = trimmed(rest + decoded(undefined), number + 1);
  if (text !== "") yield [number + 1, text];
}

function trimmed(line: string, number: number): string {
  return (number === 1 && line.startsWith("\ufeff") ? line.slice(1) : line).trim();
}

async function* piecesOf(what: string, source: TextSource): AsyncGenerator<string | Uint8Array> {
  // A string is iterable, letter by letter.
  if (typeof source === "string") {
    yield source;
    return;
  }
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const given = source as Partial<
    AsyncIterable<string | Uint8Array> & Iterable<string | Uint8Array> & ReadableStreamLike
  > | null;
  if (given?.[Symbol.asyncIterator] !== undefined || given?.[Symbol.iterator] !== undefined) {
    yield* given as AsyncIterable<string | Uint8Array>;
    return;
  }
  if (typeof given?.getReader !== "function")
    throw new TypeError(
      `${what} takes lines as a stream or an iterable of strings or bytes, or a function that opens them`,
    );
  const reader = given.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    await reader.cancel();
    reader.releaseLock();
  }
}

export function wrongLine(line: number, reason: string, cause?: unknown): ValidationError {
  return new ValidationError({
    code: "RW_IMPORT_LINE",
    message: `line ${line}: ${reason}`,
    details: { line, reason },
    path: cause instanceof ValidationError ? cause.path : [],
    valueKind: cause instanceof ValidationError ? cause.valueKind : undefined,
    cause,
  });
}
