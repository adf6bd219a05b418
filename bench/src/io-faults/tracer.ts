import { execFile, spawnSync } from "node:child_process";

/** What is made to fail: one call of a kind, by its number. */
export interface Fault {
  readonly call: Call;
  readonly error: "EIO" | "ENOSPC";
  /** Which call of the kind, from 1. */
  readonly number: number;
}

/** Kinds of calls to the operating system that change files, and what each of them is called by strace. */
export const CALLS = {
  sync: ["fsync", "fdatasync"],
  write: ["pwrite64"],
  truncate: ["ftruncate"],
  remove: ["unlink"],
  rename: ["rename"],
} as const;

export type Call = keyof typeof CALLS;

/** Why no call can be made to fail here; `undefined` where it can. */
export function missingForFaults(): string | undefined {
  if (process.platform !== "linux")
    return `strace makes calls fail on Linux, and this is ${process.platform}`;
  const probe = spawnSync("strace", [...FLAGS, "-e", "inject=fsync:error=EIO", "true"], { encoding: "utf8" });
  if (probe.error !== undefined) return "strace is not installed";
  // Containers may forbid it; releases before 5.3 trace every call, which takes too long.
  return probe.status === 0 ? undefined : `strace does not work here: ${probe.stderr.trim()}`;
}

const FLAGS = ["-f", "--seccomp-bpf", "-qq", "-e", "signal=none"];

export interface TracedRun {
  readonly status: number | null;
  readonly output: string;
  readonly complaints: string;
}

/** What a child does that takes longer is taken to have stopped. */
const LONGEST_MS = 240_000;

/**
 * Runs a program under strace, which writes down its calls of the kinds that change files.
 *
 * @param fault is met by the thread that makes so many calls of the kind
 */
export function traced(
  program: readonly string[],
  log: string,
  fault?: Fault,
  environment: Readonly<Record<string, string>> = {},
): Promise<TracedRun> {
  const calls = fault === undefined ? Object.values(CALLS).flat() : CALLS[fault.call];
  const inject =
    fault === undefined ? [] : ["-e", `inject=${calls.join()}:error=${fault.error}:when=${fault.number}`];
  const args = [...FLAGS, "-o", log, "-e", `trace=${calls.join()}`, ...inject, ...program];
  return new Promise((resolve) => {
    execFile(
      "strace",
      args,
      {
        timeout: LONGEST_MS,
        killSignal: "SIGKILL",
        maxBuffer: 2 ** 26,
        env: {
          ...process.env,
          NODE_OPTIONS: "",
          // Each thread counts its own calls: with a pool of threads the fault would be met again and again.
          UV_THREADPOOL_SIZE: "1",
          UV_USE_IO_URING: "0",
          ...environment,
        },
      },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === "number" ? error.code : null;
        resolve({ status, output: stdout, complaints: stderr });
      },
    );
  });
}
