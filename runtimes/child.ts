import { spawn } from "node:child_process";
import { root } from "./registry.ts";

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the workspace's folder until it ends by itself, and gives what it printed. */
export function finished(
  command: string,
  args: readonly string[],
  env?: Record<string, string>,
  onOutput: (text: string) => void = () => {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    // Colours would be part of what is compared; what vitest tells its own workers is not for other programs.
    const { NODE_OPTIONS: _, VITEST: __, ...rest } = process.env;
    const child = spawn(command, args, { cwd: root, env: { ...rest, NO_COLOR: "1", ...env } });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
        onOutput(text);
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...output }));
  });
}
