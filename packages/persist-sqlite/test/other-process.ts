import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { bundled } from "./bundled.ts";

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real process beside the test's own, which says what it did, a line each. It is killed with the test. */
export class OtherProcess {
  readonly lines: string[] = [];
  /** Resolves when it is gone and all that it said has been read, however it ended. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #script: string;
  readonly #waiting: Set<() => void> = new Set();
  #errors = "";
  #ending: Ending | undefined;

  /** @param script a file beside this one */
  constructor(script: string, ...args: readonly string[]) {
    this.#script = script;
    this.#child = spawn(process.execPath, [bundled(script), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void this.kill());
    const { stdout, stderr } = this.#child;
    let rest = "";
    stdout?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() as string;
      this.lines.push(...parts);
      this.#look();
    });
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.#ending = { code, signal };
        this.#look();
        resolve(this.#ending);
      });
    });
  }

  /**
   * Resolves with the first line that begins so, of those after the first `after`; fails when the process ends without
   * having said one.
   */
  says(beginning: string, after = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = this.lines.slice(after).find((each) => each.startsWith(beginning));
        if (line !== undefined) resolve(line);
        else if (this.#ending !== undefined) reject(this.#silence(beginning, this.#ending));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** What it said behind a word, a line each. */
  told(word: string): string[] {
    return this.lines
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.slice(word.length + 1));
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  #silence(beginning: string, { code, signal }: Ending): Error {
    const last = this.lines.at(-1);
    return new Error(
      `${this.#script} ended with ${signal ?? `status ${code}`} before it said "${beginning}"` +
        `${last === undefined ? "" : `; its last line was "${last}"`}\n${this.#errors}`,
    );
  }
}
