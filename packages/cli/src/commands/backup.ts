import { existsSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { openUntyped } from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { bytesText, print, progress, safe } from "../output.ts";
import { OK, UsageError } from "../status.ts";

export interface BackupOptions {
  readonly force: boolean;
  readonly json: boolean;
}

export async function backup(file: string, target: string, { force, json }: BackupOptions): Promise<number> {
  const path = resolve(target);
  const place = existsSync(path) ? checkTaken(file, path, force) : path;
  const store = sqlite(file, { readOnly: true });
  // Opening tells what is wrong with the file before anything is written.
  const { graph } = await openUntyped({ store });
  const stop = (): void => {
    remove(`${place}.partial`);
    if (place !== path) remove(place);
    process.exit(130);
  };
  process.once("SIGINT", stop);
  try {
    await store.backup(place, {
      onProgress: ({ totalPages, remainingPages }) =>
        progress(`${totalPages - remainingPages} of ${totalPages} pages`),
    });
    if (place !== path) renameSync(place, path);
  } finally {
    progress("");
    process.off("SIGINT", stop);
    await graph.close();
  }
  const bytes = statSync(path).size;
  print(
    json
      ? JSON.stringify({ file: resolve(file), target: path, bytes })
      : `${safe(path)}: ${bytesText(bytes)}`,
  );
  return OK;
}

/** The name under which a copy is made that is to replace a file. */
function checkTaken(file: string, path: string, force: boolean): string {
  if (existsSync(file) && realpathSync(file) === realpathSync(path))
    throw new UsageError(`${path} is the file that is to be backed up`);
  if (!statSync(path).isFile()) throw new UsageError(`${path} is not a file`);
  if (!force) throw new UsageError(`${path} exists already`, "Give another path, or --force to replace it.");
  // A log belongs to the file that it was written for: beside another one SQLite would take it for that one's.
  if (existsSync(`${path}-wal`))
    throw new UsageError(
      `${path} is in use: ${path}-wal is there`,
      "Close what uses it, or give another path.",
    );
  const place = `${path}.new`;
  remove(place);
  return place;
}

function remove(path: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${suffix}`, { force: true });
}
