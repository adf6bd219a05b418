import type { Connection } from "./connection.ts";
import { readMeta, removeMeta, writeMeta } from "./meta.ts";
import type { ResolvedOptions } from "./options.ts";

// A token is good within one incarnation of the file, in which no commit that was told of has ever been taken back.
// A new one begins where that may have happened: when a copy is opened for the first time, and when the machine was
// restarted while the file was open below full durability. (The end of a process alone loses nothing: what it had
// committed is with the operating system.)

/** Handles below full durability that were not closed yet, and since which start of the machine. */
interface Unsynced {
  readonly boot: string;
  readonly handles: number;
}

export function newIncarnation({ environment }: ResolvedOptions): string {
  const bytes = new Uint8Array(8);
  environment.random(bytes);
  return Buffer.from(bytes).toString("hex");
}

/** Begins a new incarnation where the last one may have lost commits, and sees to it that the next one will know. */
export function noteOpening(connection: Connection, options: ResolvedOptions): void {
  if (mayHaveLost(connection, options) || readMeta(connection, "copied") !== undefined)
    beginIncarnation(connection, options);
  if (options.durability !== "full") noteUnsynced(connection, options);
}

function beginIncarnation(connection: Connection, options: ResolvedOptions): void {
  connection.beginWrite();
  try {
    writeMeta(connection, "incarnation", newIncarnation(options));
    removeMeta(connection, "copied");
    if (mayHaveLost(connection, options)) removeMeta(connection, "unsynced");
    connection.commit();
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function noteUnsynced(connection: Connection, { environment }: ResolvedOptions): void {
  const boot = environment.boot();
  connection.inFirstWrite(() => {
    const handles = readUnsynced(connection)?.handles ?? 0;
    writeMeta(connection, "unsynced", JSON.stringify({ boot, handles: handles + 1 }));
  });
}

/** Once everything is on disk, a handle below full durability has nothing left to lose. */
export function noteClosing(connection: Connection, { durability }: ResolvedOptions): void {
  if (durability === "full" || !connection.hasWritten) return;
  const isOnDisk = connection.statement("PRAGMA wal_checkpoint(TRUNCATE)").get()?.[0] === 0n;
  if (!isOnDisk) return;
  connection.beginWrite();
  const unsynced = readUnsynced(connection);
  if (unsynced !== undefined && unsynced.handles > 1) {
    writeMeta(connection, "unsynced", JSON.stringify({ ...unsynced, handles: unsynced.handles - 1 }));
  } else {
    removeMeta(connection, "unsynced");
  }
  connection.commit();
}

function mayHaveLost(connection: Connection, { environment }: ResolvedOptions): boolean {
  const unsynced = readUnsynced(connection);
  return unsynced !== undefined && unsynced.boot !== environment.boot();
}

function readUnsynced(connection: Connection): Unsynced | undefined {
  const text = readMeta(connection, "unsynced");
  if (typeof text !== "string") return undefined;
  try {
    const { boot, handles } = JSON.parse(text) as Unsynced;
    return { boot: String(boot), handles: Number(handles) };
  } catch {
    return { boot: "", handles: 1 };
  }
}
