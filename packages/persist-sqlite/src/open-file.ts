import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { GraphError, type StoreCounters } from "@rootwalk/core/store";
import { Connection } from "./connection.ts";
import { chooseDriver, type FileAccess, type OpenDriver, type SqlRow, type SqlValue } from "./drivers.ts";
import { newIncarnation, noteClosing, noteOpening } from "./incarnation.ts";
import { readMeta, writeMeta } from "./meta.ts";
import type { ResolvedOptions } from "./options.ts";
import { isBusy, sqliteFailure } from "./sqlite-error.ts";
import { applicationId, createTables, formatVersion, tableNames } from "./tables.ts";
import { WriteBack } from "./write-back.ts";

/** The page of a SQLite file is a multiple of this. */
const smallestPage = 512;

/**
 * Opens or creates the file and sees that it is one that this version can use. Looks at a fixed number of rows.
 *
 * @throws {GraphError} `RW_STORE_PLACE`, `RW_STORE_FORMAT`, `RW_STORE_DRIVER`; SQLite's own error where the file is locked
 */
export function openFile(path: string, options: ResolvedOptions, counters: StoreCounters): Connection {
  const size = checkPlace(path, options);
  // A whole file ends with a whole page. Where pages are missing SQLite finds out by itself, and is explained below.
  if (size % smallestPage !== 0) checkLength(path);
  const driver = openDriver(options)(path, options.readOnly ? readingAccess(path) : "create");
  const connection = new Connection(driver, counters, options);
  try {
    driver.exec("PRAGMA busy_timeout = 0; PRAGMA trusted_schema = OFF");
    const isOurs = recognize(connection, path);
    if (options.readOnly) {
      prepareToRead(connection, path, options, isOurs);
      return connection;
    }
    configure(connection, path, options);
    prepare(connection, path, options, isOurs);
    return connection;
  } catch (error) {
    connection.close();
    if (sqliteFailure(error) === "corrupt") checkLength(path);
    throw error;
  }
}

export function closeFile(connection: Connection, options: ResolvedOptions): void {
  connection.endRead();
  try {
    if (!options.readOnly) noteClosing(connection, options);
  } catch {
    // The next one to open the file finds out what was left undone.
  }
  connection.close();
}

let usual: OpenDriver | undefined;
const given: WeakMap<ResolvedOptions, OpenDriver> = new WeakMap();

/** The driver of these options, chosen once: trying out what is installed takes milliseconds. */
export function openDriver(options: ResolvedOptions): OpenDriver {
  if (options.driver === undefined) {
    usual ??= chooseDriver(undefined);
    return usual;
  }
  let open = given.get(options);
  if (open === undefined) {
    open = chooseDriver(options.driver);
    given.set(options, open);
  }
  return open;
}

/** @returns the size of the file, 0 where there is none yet */
function checkPlace(path: string, { readOnly }: ResolvedOptions): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw place(`${path} is a directory`, "Name a file in it.");
  if (found !== undefined) return found.size;
  if (readOnly) throw place(`${path} does not exist`, "Name a file that is there: to read creates none.");
  const directory = dirname(path);
  if (!existsSync(directory)) {
    throw place(`${path}: the directory ${directory} does not exist`, `Create it: mkdir -p ${directory}`);
  }
  return 0;
}

/**
 * A file that is shorter than its own header says has lost its end. (While a write-ahead log is there the header may be
 * ahead of the file, and SQLite tells by itself what it misses.)
 */
function checkLength(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const logSize = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size < 100 || logSize > 0) return;
  const header = new DataView(new ArrayBuffer(100));
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, 100, 0);
  } finally {
    closeSync(file);
  }
  const pageSize = header.getUint16(16) === 1 ? 65_536 : header.getUint16(16);
  const isSqlite = header.getUint32(0) === 0x53514c69;
  // The count of pages holds only where it is as new as the rest of the header.
  const pages = header.getUint32(24) === header.getUint32(92) ? header.getUint32(28) : 0;
  if (isSqlite && pages * pageSize > size) {
    throw format(path, `is damaged: ${size} of its ${pages * pageSize} bytes are there`, damageRemedy);
  }
}

const damageRemedy =
  "Keep the file as it is, restore a backup, or recover what can be read with `sqlite3 FILE .recover`.";

/**
 * Refuses what another program or a later version wrote, before anything is changed.
 *
 * @returns whether the file is one of this library already; otherwise it is empty
 */
function recognize(connection: Connection, path: string): boolean {
  const id = pragma(connection, "application_id");
  if (id === applicationId) {
    checkFormat(connection, path);
    return true;
  }
  const [tables] = connection.statement("SELECT count(*) AS n FROM sqlite_schema").get() as SqlRow;
  if (id === 0 && tables === 0n) return false;
  throw format(path, "is a database of another program", "Choose another path.");
}

function checkFormat(connection: Connection, path: string): void {
  const found = new Set<SqlValue | undefined>();
  for (const [name] of connection.statement("SELECT name FROM sqlite_schema WHERE type = 'table'").all())
    found.add(name);
  const missing = tableNames.filter((name) => !found.has(name));
  if (missing.includes("meta")) throw format(path, "is damaged: its tables are missing", damageRemedy);
  const version = Number(readMeta(connection, "format"));
  if (version > formatVersion) throw newer(path, version);
  if (!(version >= 1) || missing.length > 0) {
    throw format(path, `is damaged: it lacks ${missing.join(", ") || "its format"}`, damageRemedy);
  }
}

function newer(path: string, version: number): GraphError {
  return format(
    path,
    `has format ${version}, and this version reads formats up to ${formatVersion}`,
    "Update @rootwalk/persist-sqlite to the version that wrote the file, or a later one.",
  );
}

function configure(connection: Connection, path: string, options: ResolvedOptions): void {
  const { driver } = connection;
  const isFull = options.durability === "full";
  const { checkpointPages } = options.environment;
  if (pragma(connection, "journal_mode") !== "wal") {
    // Beyond this statement a file exists, so its pages are of the size that was measured.
    driver.exec("PRAGMA page_size = 4096");
    if (pragma(connection, "journal_mode = WAL") !== "wal") {
      throw place(
        `${path}: the file system has no shared memory, which SQLite's write-ahead log needs`,
        "Put the file on a local disk; network file systems are not supported.",
      );
    }
  }
  driver.exec(`
    PRAGMA synchronous = ${isFull ? "FULL" : "NORMAL"};
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA cache_size = ${-Math.round(options.cacheMiB * 1024)};
    PRAGMA temp_store = MEMORY;
  `);
  // On macOS fsync leaves the data in the drive's cache; this is what reaches the platter.
  if (isFull && process.platform === "darwin") {
    driver.exec("PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1");
  }
  // Measured on Linux. Elsewhere the same call empties the caches of the drive, or is refused to a reader.
  if (!isFull && process.platform === "linux")
    connection.writeBackBy(new WriteBack(`${path}-wal`, checkpointPages));
}

/**
 * A reader needs SQLite's two files beside the graph, and only a handle that could write takes them away again when it
 * is the last one to close. But that one also moves a write-ahead log that a crash left into the file: where there is
 * one, the handle must not be able to.
 */
function readingAccess(path: string): FileAccess {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return log !== undefined && log.size > 0 ? "read" : "existing";
}

function prepareToRead(
  connection: Connection,
  path: string,
  { cacheMiB }: ResolvedOptions,
  isOurs: boolean,
): void {
  if (!isOurs) throw format(path, "is empty: no graph was ever written to it", "Choose another path.");
  connection.driver.exec(`
    PRAGMA query_only = ON;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = ${-Math.round(cacheMiB * 1024)};
    PRAGMA temp_store = MEMORY;
  `);
  touch(connection, path);
}

/** Creates what is missing, and finds out whether the file can be written at all. */
function prepare(connection: Connection, path: string, options: ResolvedOptions, isOurs: boolean): void {
  if (isOurs) {
    checkWritable(connection);
    touch(connection, path);
  } else {
    create(connection, path, options);
  }
  noteOpening(connection, options);
}

function create(connection: Connection, path: string, options: ResolvedOptions): void {
  connection.beginWrite();
  try {
    // Another process may have been faster.
    if (pragma(connection, "application_id") === applicationId) {
      connection.rollback();
      checkFormat(connection, path);
      return;
    }
    connection.driver.exec(`PRAGMA application_id = ${applicationId}; ${createTables}`);
    writeMeta(connection, "format", formatVersion);
    writeMeta(connection, "incarnation", newIncarnation(options));
    writeMeta(connection, "catalog", 0);
    connection.commit();
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function checkWritable(connection: Connection): void {
  try {
    connection.beginWrite();
    // Taking the lock alone is granted on a read-only file too.
    connection.statement("UPDATE meta SET value = value WHERE name = 'format'").run();
  } catch (error) {
    // Another process is writing: it can be done.
    if (!isBusy(error)) throw error;
  } finally {
    connection.rollback();
  }
}

/** Follows each tree to its last leaf: what is cut off or overwritten is noticed here rather than in a commit. */
function touch(connection: Connection, path: string): void {
  try {
    connection
      .statement(
        "SELECT (SELECT max(nr) FROM nodes) AS a, (SELECT max(key) FROM nodes) AS b, (SELECT max(key) FROM edges) AS c, " +
          "(SELECT max(source) FROM edges) AS d, (SELECT max(target) FROM edges) AS e, (SELECT max(seq) FROM commits) AS f, " +
          "(SELECT max(nr) FROM owners) AS g, (SELECT max(nr) FROM types) AS h, (SELECT max(nr) FROM indexes) AS i",
      )
      .get();
  } catch (error) {
    if (sqliteFailure(error) !== "other") throw error;
    throw format(path, `is damaged: ${(error as Error).message}`, damageRemedy, error);
  }
}

/** The value of a pragma, numbers as numbers. */
function pragma(connection: Connection, text: string): SqlValue | undefined {
  const value = connection.driver.prepare(`PRAGMA ${text}`).get()?.[0];
  return typeof value === "bigint" ? Number(value) : value;
}

function place(message: string, remedy: string): GraphError {
  return new GraphError({ code: "RW_STORE_PLACE", message, remedy });
}

function format(path: string, what: string, remedy: string, cause?: unknown): GraphError {
  return new GraphError({
    code: "RW_STORE_FORMAT",
    message: `${path} ${what}`,
    remedy,
    details: { path, ...(remedy === damageRemedy && { isDamaged: true }) },
    cause,
  });
}
