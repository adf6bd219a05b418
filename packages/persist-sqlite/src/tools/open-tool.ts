import type { Connection } from "../connection.ts";
import { SqliteFile } from "../file.ts";
import { resolveOptions, type SqliteOptions } from "../options.ts";

/** What the tools take: which SQLite library to use, and how long to wait for a file that is locked. */
export type ToolOptions = Pick<SqliteOptions, "driver" | "busyTimeoutMs" | "cacheMiB">;

/**
 * Opens a file to read, looks at it as it is at one moment, and closes it.
 *
 * @param work must not wait for anything: the moment ends with the stretch that it runs in
 * @throws {GraphError} as a store that is opened for reading only
 */
export async function lookAt<T>(
  path: string,
  options: ToolOptions,
  doing: string,
  work: (file: SqliteFile, connection: Connection) => T,
): Promise<T> {
  const counters = { statements: 0, rowsRead: 0, rowsWritten: 0, transactions: 0, syncs: 0 };
  const file = new SqliteFile(resolveOptions(path, { ...options, readOnly: true }), counters);
  try {
    await file.open();
    return await file.read(doing, (connection) => work(file, connection));
  } finally {
    await file.close();
  }
}
