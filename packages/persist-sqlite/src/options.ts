import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { ValidationError } from "@rootwalk/core/store";
import type { SqliteDriver } from "./drivers.ts";

/** How far a new index has been built over the records that were there before it. */
export interface IndexProgress {
  readonly index: string;
  /** Rows looked at, of `total`. */
  readonly done: number;
  readonly total: number;
}

export interface SqliteOptions {
  /**
   * What an acknowledged commit survives: `"full"` a power loss; `"normal"` the end of the process alone, and a power
   * loss may take the last commits with it, never consistency. Default: `"full"`
   */
  readonly durability?: "full" | "normal";
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
}

export interface ResolvedOptions {
  readonly path: string;
  readonly durability: "full" | "normal";
  readonly driver: SqliteDriver | undefined;
  readonly cacheMiB: number;
  readonly busyTimeoutMs: number;
  readonly onProgress: ((progress: IndexProgress) => void) | undefined;
  readonly onError: (error: unknown) => void;
  readonly environment: SqliteEnvironment;
}

/**
 * @throws {ValidationError} `RW_OPTION_INVALID`
 */
export function resolveOptions(path: string, options: SqliteOptions): ResolvedOptions {
  if (typeof path !== "string") throw new TypeError(`sqlite(path): expected a path, got ${typeof path}`);
  if (path.trim() === "" || path.includes("\0")) {
    throw invalid(`sqlite(path): ${JSON.stringify(path)} is not the path of a file`);
  }
  if (path === ":memory:" || path.startsWith("file:")) {
    throw invalid(
      `sqlite(path): ${JSON.stringify(path)} is not the path of a file`,
      path === ":memory:"
        ? "For a graph that need not outlive its process, leave `store` out or use memory() of @rootwalk/core."
        : "Give a plain path instead of a URI.",
    );
  }
  const {
    durability = "full",
    driver,
    cacheMiB = 64,
    busyTimeoutMs = 60_000,
    onProgress,
    onError = warn,
  } = options;
  if (durability !== "full" && durability !== "normal") {
    throw invalid(`durability: expected "full" or "normal", got ${JSON.stringify(durability)}`);
  }
  positive("cacheMiB", cacheMiB);
  positive("busyTimeoutMs", busyTimeoutMs);
  return Object.freeze({
    path,
    durability,
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
  throw invalid(`${name}: expected a positive number, got ${String(value)}`);
}

function invalid(message: string, remedy?: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message, remedy });
}
