import { GraphError, TierUnavailableError } from "@rootwalk/core/store";

/** What went wrong in SQLite, as far as the store acts on it. */
export type SqliteFailure =
  | "busy"
  | "constraint"
  | "corrupt"
  | "foreign"
  | "full"
  | "readonly"
  | "place"
  | "io"
  | "other";

// Primary result codes (https://www.sqlite.org/rescode.html), by number for node:sqlite and by name for better-sqlite3.
const failures: readonly (readonly [number: number, name: string, failure: SqliteFailure])[] = [
  [3, "SQLITE_PERM", "readonly"],
  [5, "SQLITE_BUSY", "busy"],
  [6, "SQLITE_LOCKED", "busy"],
  [8, "SQLITE_READONLY", "readonly"],
  [10, "SQLITE_IOERR", "io"],
  [11, "SQLITE_CORRUPT", "corrupt"],
  [13, "SQLITE_FULL", "full"],
  [14, "SQLITE_CANTOPEN", "place"],
  [15, "SQLITE_PROTOCOL", "busy"],
  [19, "SQLITE_CONSTRAINT", "constraint"],
  [23, "SQLITE_AUTH", "readonly"],
  [26, "SQLITE_NOTADB", "foreign"],
];
const byNumber = new Map(failures.map(([number, , failure]) => [number, failure]));

/** What an error of either library says; `undefined` for errors of another kind. */
export function sqliteFailure(error: unknown): SqliteFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === "number") return byNumber.get(errcode & 255) ?? "other";
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return undefined;
  // Extended codes begin with the primary one: SQLITE_BUSY_SNAPSHOT.
  const known = failures.find(([, name]) => code === name || code.startsWith(`${name}_`));
  return known?.[2] ?? "other";
}

export function isBusy(error: unknown): boolean {
  return sqliteFailure(error) === "busy";
}

/**
 * An error of a SQLite library as the library's own. What is none of SQLite's passes as it is.
 *
 * @param doing what was tried, for the message
 */
export function graphError(error: unknown, path: string, doing: string): unknown {
  const failure = sqliteFailure(error);
  if (failure === undefined) return error;
  const reason = (error as Error).message;
  const details = { path, reason };
  switch (failure) {
    case "busy":
      return new TierUnavailableError({
        message: `${path}: another process kept it locked while ${doing} (${reason})`,
        remedy: "Try again when the other process has finished its transaction.",
        details,
        cause: error,
      });
    case "foreign":
      return new GraphError({
        code: "RW_STORE_FORMAT",
        message: `${path} is not a SQLite database`,
        details,
        cause: error,
      });
    case "corrupt":
      return new GraphError({
        code: "RW_STORE_FORMAT",
        message: `${path} is damaged, found while ${doing} (${reason})`,
        remedy:
          "Keep the file as it is, restore a backup, or recover what can be read with `sqlite3 FILE .recover`.",
        details: { ...details, isDamaged: true },
        cause: error,
      });
    case "full":
      return place(
        error,
        `The disk of ${path} is full, found while ${doing}`,
        "Free space on the disk.",
        details,
      );
    case "readonly":
      return place(
        error,
        `${path} cannot be written`,
        "Give write permission on the file and its directory, or put it on a disk that is not read-only.",
        details,
      );
    case "place":
      return place(
        error,
        `${path} cannot be opened (${reason})`,
        "Check that the directory exists and may be written to, and that the file is no directory.",
        details,
      );
    default:
      return new GraphError({
        code: "RW_STORE_FAILED",
        message: `${path}: ${reason}, while ${doing}`,
        details,
        cause: error,
      });
  }
}

function place(
  cause: unknown,
  message: string,
  remedy: string,
  details: Readonly<Record<string, unknown>>,
): GraphError {
  return new GraphError({ code: "RW_STORE_PLACE", message, remedy, details, cause });
}
