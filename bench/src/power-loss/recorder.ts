import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const COMPILERS = ["cc", "gcc", "clang"];

/** Why nothing can be recorded here; `undefined` where it can. */
export function missingForRecording(): string | undefined {
  if (process.platform !== "linux")
    return `LD_PRELOAD is recorded with on Linux, and this is ${process.platform}`;
  if (compiler() === undefined) return "no C compiler is installed (cc, gcc or clang)";
  return undefined;
}

function compiler(): string | undefined {
  return COMPILERS.find((name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0);
}

/** Compiles the recorder into a library that is preloaded. */
export async function compileRecorder(library: string): Promise<string> {
  const source = fileURLToPath(new URL("recorder.c", import.meta.url));
  const options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", library, source];
  await run(compiler() ?? "cc", [...options, "-ldl", "-lpthread"]);
  return library;
}

export interface RecordedRun {
  /** The compiled entry. */
  readonly child: string;
  readonly args: readonly string[];
  readonly library: string;
  /** The folder whose files are recorded. */
  readonly folder: string;
  readonly log: string;
}

/** Runs a program until it ends by itself, and has what it does to the folder recorded. */
export async function record({ child, args, library, folder, log }: RecordedRun): Promise<void> {
  const { stderr } = await run(process.execPath, [child, ...args], {
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      LD_PRELOAD: library,
      RECORDED_FOLDER: folder,
      RECORDED_LOG: log,
      // What is submitted to the kernel's ring passes the C library by.
      UV_USE_IO_URING: "0",
    },
  });
  if (stderr !== "") throw new Error(`the recorded process said: ${stderr}`);
}
