import { writeSync } from "node:fs";

// What a command answers goes to stdout and what it says besides to stderr, so that answers can be piped.

/** Writes text whole, also into a pipe that is full for the moment. A reader that has gone ends the process quietly. */
function write(descriptor: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      else if (code === "EPIPE") process.exit(0);
      else throw error;
    }
  }
}

/** To stdout, as it is. */
export function emit(text: string): void {
  write(1, text);
}

/** A line to stdout. */
export function print(line: string): void {
  write(1, `${line}\n`);
}

/** A line to stderr. */
export function note(line: string): void {
  write(2, `${line}\n`);
}

/** Progress, on one line of stderr that the next one replaces; nothing where stderr is no terminal. */
export function progress(text: string): void {
  if (process.stderr.isTTY) write(2, `\r\u001b[K${text}`);
}

const widest = 48;

/** Lines of a table. In a terminal long values are cut; elsewhere they are whole. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const isCut = process.stdout.isTTY === true;
  const shown = [head, ...rows].map((row) => row.map((cell) => (isCut ? cut(cell) : cell)));
  const widths = head.map((_, column) => Math.max(...shown.map((row) => width(row[column] ?? ""))));
  return shown.map((row) =>
    head
      .map((_, column) => pad(row[column] ?? "", widths[column] as number, isNumber(rows, column)))
      .join("  ")
      .trimEnd(),
  );
}

function cut(cell: string): string {
  const points = [...cell];
  return points.length <= widest ? cell : `${points.slice(0, widest - 1).join("")}…`;
}

function width(cell: string): number {
  return [...cell].length;
}

function pad(cell: string, to: number, left: boolean): string {
  const fill = " ".repeat(to - width(cell));
  return left ? fill + cell : cell + fill;
}

function isNumber(rows: readonly (readonly string[])[], column: number): boolean {
  return rows.length > 0 && rows.every((row) => /^-?[\d,.]*$/.test(row[column] ?? ""));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would act on is quoted
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Text that is safe to show: stored text may hold what a terminal takes for commands. */
export function safe(text: string): string {
  if (!control.test(text)) return text;
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A count with commas between its thousands. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${units[unit]}`;
}
