import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What is long enough for a browser to start and run the portable suites on a busy machine. */
const PATIENCE_MS = 120_000;

/**
 * Shows a page in a headless browser until `done` is fulfilled, and gives what it is fulfilled with.
 *
 * @throws {Error} with what the browser said, where it ends before that or takes two minutes
 */
export async function showUntil<T>(executable: string, url: string, done: Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), "rootwalk-browser-"));
  const args = ["--headless", "--disable-gpu", "--no-first-run", "--enable-logging=stderr"];
  args.push(`--user-data-dir=${profile}`);
  // The browser's sandbox refuses to run as root, which is who builds in containers.
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  // A process group of its own: the command may be a script, and browsers start further processes.
  const browser = spawn(executable, [...args, url], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  browser.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => {
    browser.on("error", (error) => {
      said += String(error);
      resolve();
    });
    browser.on("exit", () => resolve());
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  const failed = Promise.race([ended, late]).then((): never => {
    throw new Error(`${executable} brought no report\n${said}`);
  });
  try {
    return await Promise.race([done, failed]);
  } finally {
    clearTimeout(timer);
    endGroup(browser.pid);
    await ended;
    browser.stderr.destroy();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
