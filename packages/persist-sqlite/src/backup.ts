import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { GraphError } from "@rootwalk/core/store";
import { Connection } from "./connection.ts";
import type { BackupProgress } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { newIncarnation } from "./incarnation.ts";
import { removeMeta, writeMeta } from "./meta.ts";
import { openDriver } from "./open-file.ts";
import { sqliteFailure } from "./sqlite-error.ts";

/** Options of `store.backup`. */
export interface BackupOptions {
  /** Told after each stretch of pages that was copied. */
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** What SQLite keeps beside a file while it is open. */
const besideIt = ["-wal", "-shm", "-journal"];

/**
 * Copies the file while it is in use. The copy has its name only once it is complete, and is on the disk when this
 * resolves, whatever the durability of commits. It begins a new incarnation each time that it is put in place and
 * opened: what a cache knows of the original does not hold for it.
 */
export async function backUp(
  file: SqliteFile,
  to: string,
  onProgress: BackupOptions["onProgress"],
): Promise<void> {
  const path = resolve(to);
  for (const taken of [path, `${path}-wal`]) {
    if (existsSync(taken)) throw place(`${taken} exists already`, "Remove it, or give another path.");
  }
  if (!existsSync(dirname(path))) throw place(`The directory ${dirname(path)} does not exist`, "Create it.");
  const partial = `${path}.partial`;
  try {
    removeDatabase(partial);
    await file.connection.driver.backup(partial, (progress) => onProgress?.(progress));
    stamp(file, partial);
    for (const suffix of besideIt) rmSync(`${partial}${suffix}`, { force: true });
    renameSync(partial, path);
    syncName(path);
  } catch (error) {
    try {
      removeDatabase(partial);
    } catch {
      // Then there is nothing of that name.
    }
    const isOfFiles = typeof (error as NodeJS.ErrnoException).syscall === "string";
    if (!isOfFiles || sqliteFailure(error) !== undefined) throw error;
    throw place(`${path} cannot be written: ${(error as Error).message}`, "Give another path.", error);
  }
}

function stamp(file: SqliteFile, path: string): void {
  const counters = { statements: 0, rowsRead: 0, rowsWritten: 0, transactions: 0, syncs: 0 };
  const copy = new Connection(openDriver(file.options)(path), counters, file.options);
  try {
    copy.beginWrite();
    writeMeta(copy, "incarnation", newIncarnation(file.options));
    writeMeta(copy, "copied", 1);
    removeMeta(copy, "lease");
    removeMeta(copy, "unsynced");
    copy.commit();
    // Closing would do it too, and say nothing where it cannot.
    const isWhole = copy.statement("PRAGMA wal_checkpoint(TRUNCATE)").get()?.[0] === 0n;
    if (!isWhole) throw place(`${path} is in use`, "Let nobody open a backup that is not complete.");
  } finally {
    copy.close();
  }
}

/** What is in the copy is on the disk already; its name is once the folder is. */
function syncName(path: string): void {
  // Windows has no handles of folders, and keeps names by itself.
  if (process.platform === "win32") return;
  try {
    const folder = openSync(dirname(path), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ["", ...besideIt]) rmSync(`${path}${suffix}`, { force: true });
}

function place(message: string, remedy: string, cause?: unknown): GraphError {
  return new GraphError({ code: "RW_STORE_PLACE", message, remedy, cause });
}
