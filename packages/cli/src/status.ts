import { ConflictError, GraphError, NotFoundError } from "@rootwalk/core";
import { note, safe } from "./output.ts";

/** What a command ends with. */
export const OK = 0;
/** Something was found that should not be there, or what was asked for is not there. */
export const FOUND = 1;
/** It could not be done: called in a wrong way, or on a file that is none of this library's or cannot be read. */
export const TROUBLE = 2;

/** Called in a wrong way: says how it is called. */
export class UsageError extends Error {
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Says what went wrong and gives the status to end with. */
export function failure(error: unknown): number {
  const isOurs = error instanceof GraphError || error instanceof UsageError;
  const message =
    error instanceof ConflictError
      ? "others have written meanwhile, each time it was tried"
      : error instanceof Error
        ? error.message
        : String(error);
  note(`rootwalk: ${safe(message)}`);
  if (error instanceof ConflictError) {
    // Its own remedy is for whoever writes units of work.
    note(
      "The file is written to faster than this can be read from it: ask a copy, which `rootwalk backup` makes.",
    );
  } else if (isOurs) {
    if (error.remedy) note(safe(error.remedy));
  } else if (error instanceof Error && (error as NodeJS.ErrnoException).syscall === undefined) {
    // None of what can go wrong in use: for a report of the fault.
    note(error.stack ?? "");
  }
  return error instanceof NotFoundError ? FOUND : TROUBLE;
}
