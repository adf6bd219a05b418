import { createRequire } from "node:module";
import { GraphError } from "@rootwalk/core/store";
import { sqliteFailure } from "./sqlite-error.ts";

/** What a statement takes and gives. Integers come as `bigint`, so that 64 bits survive, unless it is asked otherwise. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = readonly SqlValue[];

/** A prepared statement. */
export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  /** Rows as arrays, in the order of the columns. */
  all(...values: SqlValue[]): SqlRow[];
  get(...values: SqlValue[]): SqlRow | undefined;
}

/** How far a backup has come, in pages of the file. */
export interface BackupProgress {
  readonly totalPages: number;
  readonly remainingPages: number;
}

/** The little that the store needs of a SQLite library. */
export interface Driver {
  /** For messages: which library this is. */
  readonly name: string;
  /** @param integers `"number"` where none is beyond what a number holds exactly: a third of the time of a `bigint` */
  prepare(sql: string, integers?: "bigint" | "number"): Statement;
  exec(sql: string): void;
  close(): void;
  backup(path: string, onProgress: (progress: BackupProgress) => void): Promise<void>;
}

/**
 * How a file is opened: `"create"` where it may not be there yet; `"existing"` where it must be; `"read"` as that, by a
 * handle that cannot write. Of the last two only libraries that create no file by themselves tell them from the first.
 */
export type FileAccess = "create" | "existing" | "read";

/** Opens a file with one library. */
export type OpenDriver = (path: string, access?: FileAccess) => Driver;

/** What of better-sqlite3 is used. Forks with the same interface fit too. */
export interface BetterSqlite3Database {
  prepare(sql: string): BetterSqlite3Statement;
  exec(sql: string): unknown;
  close(): unknown;
  backup(
    path: string,
    options: { progress: (info: { totalPages: number; remainingPages: number }) => number },
  ): Promise<unknown>;
}

interface BetterSqlite3Statement {
  readonly reader: boolean;
  raw(): unknown;
  safeIntegers(enabled: boolean): unknown;
}

/** What `better-sqlite3` exports. */
export type BetterSqlite3Class = new (
  path: string,
  options?: { timeout?: number; readonly?: boolean; fileMustExist?: boolean },
) => BetterSqlite3Database;

/** What of `node:sqlite` is used. */
export interface NodeSqliteDatabase {
  prepare(sql: string): NodeSqliteStatement;
  exec(sql: string): void;
  close(): void;
}

interface NodeSqliteStatement {
  setReadBigInts(enabled: boolean): void;
  setReturnArrays?(enabled: boolean): void;
  run(...values: SqlValue[]): { changes: number | bigint };
  all(...values: SqlValue[]): unknown[];
  get(...values: SqlValue[]): unknown;
}

/** The class `DatabaseSync` of `node:sqlite`. */
export type NodeSqliteClass = new (path: string, options?: { readOnly?: boolean }) => NodeSqliteDatabase;

interface NodeSqliteModule {
  readonly DatabaseSync: NodeSqliteClass;
  readonly backup?: (
    database: NodeSqliteDatabase,
    path: string,
    options: { progress: (info: BackupProgress) => void },
  ) => Promise<unknown>;
}

/**
 * A SQLite library of the caller's own: a class of better-sqlite3 or a fork of it, `DatabaseSync` of `node:sqlite`, or
 * an open database of either. An open database belongs to the store from then on.
 */
export type SqliteDriver = BetterSqlite3Class | BetterSqlite3Database | NodeSqliteClass | NodeSqliteDatabase;

const require = createRequire(import.meta.url);

/**
 * The library to use: the caller's own, else better-sqlite3 12, else `node:sqlite` where Node has it.
 *
 * @throws {GraphError} `RW_STORE_DRIVER`, naming the command that installs one.
 */
export function chooseDriver(given: SqliteDriver | undefined, environment: Environment = system): OpenDriver {
  if (given !== undefined) return givenDriver(given, environment);
  const reasons: string[] = [];
  const database = loadBetterSqlite3(environment, reasons);
  if (database === undefined) return nodeSqlite(environment, reasons);
  let instead: OpenDriver | undefined;
  return (path, access) => {
    if (instead !== undefined) return instead(path, access);
    try {
      return openBetterSqlite3(database, path, access);
    } catch (error) {
      // The addon itself is loaded by the first database only. What SQLite says is about the file.
      if (sqliteFailure(error) !== undefined) throw error;
      reasons.push(`better-sqlite3 does not load: ${text(error)}`);
      instead = nodeSqlite(environment, reasons);
      return instead(path, access);
    }
  };
}

function openBetterSqlite3(
  database: BetterSqlite3Class,
  path: string,
  access: FileAccess = "create",
): Driver {
  const options = access === "create" ? {} : { fileMustExist: true, readonly: access === "read" };
  return new BetterSqlite3Driver(new database(path, { timeout: 0, ...options }));
}

function openNodeSqlite(
  database: NodeSqliteClass,
  module: NodeSqliteModule,
  path: string,
  access?: FileAccess,
): Driver {
  return new NodeSqliteDriver(
    access === "read" ? new database(path, { readOnly: true }) : new database(path),
    module,
  );
}

function nodeSqlite(environment: Environment, reasons: string[]): OpenDriver {
  const node = loadNodeSqlite(environment, reasons);
  if (node !== undefined) return (path, access) => openNodeSqlite(node.DatabaseSync, node, path, access);
  throw new GraphError({
    code: "RW_STORE_DRIVER",
    message: `No SQLite library can be used: ${reasons.join("; ")}. Run: npm install better-sqlite3@12`,
    remedy: "Run `npm install better-sqlite3@12`, or use Node 22.13 or newer, which has one of its own.",
    details: { reasons },
  });
}

/** Where libraries come from. */
export interface Environment {
  readonly nodeVersion: string;
  load(name: string): unknown;
}

const system: Environment = { nodeVersion: process.versions.node, load: (name) => require(name) as unknown };

function loadBetterSqlite3(environment: Environment, reasons: string[]): BetterSqlite3Class | undefined {
  try {
    // 13 is built for an addon interface that Node 20 lacks: it ends the process while it loads.
    if (Number.parseInt(environment.nodeVersion, 10) < 22) {
      const { version } = environment.load("better-sqlite3/package.json") as { version: string };
      if (Number.parseInt(version, 10) >= 13) {
        reasons.push(`better-sqlite3 ${version} does not run on Node ${environment.nodeVersion}`);
        return undefined;
      }
    }
    return environment.load("better-sqlite3") as BetterSqlite3Class;
  } catch (error) {
    const isMissing = (error as { code?: unknown }).code === "MODULE_NOT_FOUND";
    reasons.push(
      isMissing ? "better-sqlite3 is not installed" : `better-sqlite3 does not load: ${text(error)}`,
    );
    return undefined;
  }
}

function loadNodeSqlite(environment: Environment, reasons: string[]): NodeSqliteModule | undefined {
  try {
    return environment.load("node:sqlite") as NodeSqliteModule;
  } catch {
    reasons.push(`Node ${environment.nodeVersion} has no node:sqlite`);
    return undefined;
  }
}

function text(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0] as string;
}

/** @throws {TypeError} for what cannot be a driver */
export function requireDriver(given: unknown): void {
  if (given === undefined || typeof given === "function") return;
  if (typeof (given as Partial<BetterSqlite3Database> | null)?.prepare === "function") return;
  throw new TypeError(
    "driver: expected better-sqlite3's Database, node:sqlite's DatabaseSync, or an open database of either",
  );
}

function givenDriver(given: SqliteDriver, environment: Environment): OpenDriver {
  requireDriver(given);
  if (typeof given !== "function") {
    let isUsed = false;
    return () => {
      // After a failed commit the file must be opened anew, which only a class can do.
      if (isUsed)
        throw new GraphError({ code: "RW_STORE_DRIVER", message: lostInstance, remedy: lostInstance });
      isUsed = true;
      return isNodeSqlite(given.constructor, environment)
        ? new NodeSqliteDriver(
            given as NodeSqliteDatabase,
            environment.load("node:sqlite") as NodeSqliteModule,
          )
        : new BetterSqlite3Driver(given as BetterSqlite3Database);
    };
  }
  if ("raw" in ((given as { prototype?: object }).prototype ?? {}) || !isNodeSqlite(given, environment)) {
    const database = given as BetterSqlite3Class;
    return (path, access) => openBetterSqlite3(database, path, access);
  }
  const node = environment.load("node:sqlite") as NodeSqliteModule;
  const database = given as NodeSqliteClass;
  return (path, access) => openNodeSqlite(database, node, path, access);
}

const lostInstance =
  "The file must be opened again, which a store that was given an open database cannot do: give the class instead, or open a new graph";

function isNodeSqlite(given: unknown, environment: Environment): boolean {
  try {
    const { DatabaseSync } = environment.load("node:sqlite") as NodeSqliteModule;
    return given === DatabaseSync || (given as { prototype: unknown }).prototype instanceof DatabaseSync;
  } catch {
    return false;
  }
}

class BetterSqlite3Driver implements Driver {
  readonly name: string = "better-sqlite3";
  readonly #database: BetterSqlite3Database;

  constructor(database: BetterSqlite3Database) {
    this.#database = database;
  }

  prepare(sql: string, integers: "bigint" | "number" = "bigint"): Statement {
    const statement = this.#database.prepare(sql);
    if (statement.reader) {
      statement.raw();
      statement.safeIntegers(integers === "bigint");
    }
    return statement as unknown as Statement;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#database.close();
  }

  async backup(path: string, onProgress: (progress: BackupProgress) => void): Promise<void> {
    await this.#database.backup(path, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress({ totalPages, remainingPages });
        return pagesPerStep;
      },
    });
  }
}

const pagesPerStep = 256;

class NodeSqliteDriver implements Driver {
  readonly name: string = "node:sqlite";
  readonly #database: NodeSqliteDatabase;
  readonly #module: NodeSqliteModule;

  constructor(database: NodeSqliteDatabase, module: NodeSqliteModule) {
    this.#database = database;
    this.#module = module;
  }

  prepare(sql: string, integers: "bigint" | "number" = "bigint"): Statement {
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(integers === "bigint");
    if (statement.setReturnArrays !== undefined) {
      statement.setReturnArrays(true);
      return statement as unknown as Statement;
    }
    // The columns of every query have names of their own, none of which looks like a number: their order is kept.
    return {
      run: (...values) => statement.run(...values),
      all: (...values) => statement.all(...values).map((row) => Object.values(row as object) as SqlRow),
      get: (...values) => {
        const row = statement.get(...values);
        return row === undefined ? undefined : (Object.values(row as object) as SqlRow);
      },
    };
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#database.close();
  }

  async backup(path: string, onProgress: (progress: BackupProgress) => void): Promise<void> {
    if (this.#module.backup !== undefined) {
      await this.#module.backup(this.#database, path, { progress: onProgress });
      return;
    }
    // Older releases have no online backup; this copies in one go.
    this.#database.prepare("VACUUM INTO ?").run(path);
    onProgress({ totalPages: 1, remainingPages: 0 });
  }
}
