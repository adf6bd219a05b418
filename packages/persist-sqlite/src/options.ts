import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { ValidationError } from "@rootwalk/core/store";
import { requireDriver, type SqliteDriver } from "./drivers.ts";

/** How far a new index has been built over the records that were there before it. */
export interface IndexProgress {
  readonly index: string;
  /** Rows looked at, of `total`. */
  readonly done: number;
  readonly total: number;
}

/** Options of `sqlite(path, options)`. */
export interface SqliteOptions {
  /**
   * What an acknowledged commit survives: `"full"` a power loss; `"normal"` the end of the process alone, and a power
   * loss may take the last commits with it, never consistency. Default: `"full"`
   */
  readonly durability?: "full" | "normal";
  /**
   * Opens what is there and never writes: no file is created, nothing in it changes, every write ends in `RW_READ_ONLY`.
   * Commits of other processes are seen as ever. Types and indexes of the code must be in the file already. Default: false
   */
  readonly readOnly?: boolean;
  /** A SQLite library of one's own. Default: better-sqlite3 12 where it is installed, else `node:sqlite`. */
  readonly driver?: SqliteDriver;
  /** Memory for pages of the file, in MiB. Default: 64 */
  readonly cacheMiB?: number;
  /** How long a commit waits for another process to let go of the file, in milliseconds. Default: 60,000 */
  readonly busyTimeoutMs?: number;
  /** Told while an index is built over records that were there before it. */
  readonly onProgress?: (progress: IndexProgress) => void;
  /** Told of what fails in the background: the building of an index. Default: a warning of the process. */
  readonly onError?: (error: unknown) => void;
  /** What tests replace. */
  readonly environment?: Partial<SqliteEnvironment>;
}

/** Time and randomness, and limits that tests lower. */
export interface SqliteEnvironment {
  /** Milliseconds since 1970; the clock of all processes that share the file. */
  now(): number;
  random(bytes: Uint8Array<ArrayBuffer>): void;
  /** Calls back after so many milliseconds. */
  after(ms: number, callback: () => void): void;
  /** Names the time since the machine was started: another name means that it may have lost power meanwhile. */
  boot(): string;
  /** Commits whose records are kept. */
  readonly keptCommits: number;
  /** Rows that one step of building an index looks at. */
  readonly indexStep: number;
  /** Pages of the write-ahead log after which it is written back into the file. */
  readonly checkpointPages: number;
}

export interface ResolvedOptions {
  readonly path: string;
  readonly durability: "full" | "normal";
  readonly readOnly: boolean;
  readonly driver: SqliteDriver | undefined;
  readonly cacheMiB: number;
  readonly busyTimeoutMs: number;
  readonly onProgress: ((progress: IndexProgress) => void) | undefined;
  readonly onError: (error: unknown) => void;
  readonly environment: SqliteEnvironment;
}

const optionNames: readonly (keyof SqliteOptions)[] = [
  "durability",
  "driver",
  "readOnly",
  "cacheMiB",
  "busyTimeoutMs",
  "onProgress",
  "onError",
  "environment",
];

/**
 * @throws {ValidationError} `RW_OPTION_INVALID`
 * @throws {TypeError} for a path, options or a callback of another type
 */
export function resolveOptions(given: string, options: SqliteOptions): ResolvedOptions {
  const path = requirePath("sqlite(path)", given);
  requireOptions("sqlite(path, options)", options, optionNames);
  const {
    durability = "full",
    readOnly = false,
    driver,
    cacheMiB = 64,
    busyTimeoutMs = 60_000,
    onProgress,
    onError = warn,
  } = options;
  if (durability !== "full" && durability !== "normal") {
    throw invalid(`durability: expected "full" or "normal", got ${shown(durability)}`);
  }
  if (typeof readOnly !== "boolean")
    throw new TypeError(`readOnly: expected true or false, got ${kind(readOnly)}`);
  positive("cacheMiB", cacheMiB);
  positive("busyTimeoutMs", busyTimeoutMs);
  requireFunction("onProgress", onProgress);
  requireFunction("onError", onError);
  requireDriver(driver);
  return Object.freeze({
    path,
    durability,
    readOnly,
    driver,
    cacheMiB,
    busyTimeoutMs,
    onProgress,
    onError,
    environment: Object.freeze({ ...systemEnvironment, ...options.environment }),
  });
}

const systemEnvironment: SqliteEnvironment = {
  now: Date.now,
  random: (bytes) => {
    globalThis.crypto.getRandomValues(bytes);
  },
  after: (ms, callback) => {
    setTimeout(callback, ms);
  },
  boot,
  keptCommits: 100_000,
  indexStep: 1_000,
  // 1.4 to 1.7 times the commits of SQLite's own 1,000.
  checkpointPages: 10_000,
};

function boot(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    // Elsewhere the time at which the machine was started, which clocks tell to within some seconds.
    return `started ${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

function positive(name: string, value: number): void {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return;
  throw invalid(`${name}: expected a positive number, got ${shown(value)}`);
}

/** The path of a file on disk. @throws as `resolveOptions` */
export function requirePath(call: string, path: unknown): string {
  if (typeof path !== "string") throw new TypeError(`${call}: expected a path, got ${kind(path)}`);
  const isUri = path.startsWith("file:");
  if (
    path.trim() !== "" &&
    !path.includes("\0") &&
    !/\p{Surrogate}/u.test(path) &&
    path !== ":memory:" &&
    !isUri
  )
    return path;
  throw invalid(
    `${call}: ${JSON.stringify(path)} is not the path of a file`,
    path === ":memory:"
      ? "For a graph that need not outlive its process, leave `store` out or use memory() of @rootwalk/core."
      : isUri
        ? "Give a plain path instead of a URI."
        : undefined,
  );
}

/** @throws {TypeError} for what is no object; {ValidationError} for a name that is no option's, misspelt ones included */
export function requireOptions(call: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${call}: expected an object of options, got ${kind(options)}`);
  for (const name of Object.keys(options)) {
    if (!names.includes(name))
      throw invalid(`${call}: there is no option "${name}"; there are ${names.join(", ")}`);
  }
}

export function requireFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function")
    throw new TypeError(`${name}: expected a function, got ${kind(value)}`);
}

/** A value in a message. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "number" ? String(value) : kind(value);
}

function kind(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function invalid(message: string, remedy?: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message, remedy });
}
