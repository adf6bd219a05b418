import { formatCount } from "./text.ts";

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const width = 30;

/**
 * Shows how far something has come: a bar that redraws itself on a terminal, a line for every tenth elsewhere.
 * Call the result whenever there is progress; it draws at most ten times a second.
 */
export function progressBar(output: Output, now: () => number = performance.now.bind(performance)) {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let tenth = 0;
  return ({ stage, done, total }: { stage: string; done: number; total: number }): void => {
    const share = done / total;
    if (!output.isTTY) {
      if (Math.floor(share * 10) === tenth) return;
      tenth = Math.floor(share * 10);
      output.write(`${tenth * 10} % (${stage})\n`);
      return;
    }
    const finished = done >= total;
    if (!finished && now() - drawnAt < 100) return;
    drawnAt = now();
    const bar = "█".repeat(Math.round(share * width)).padEnd(width, "░");
    const text = `${bar} ${Math.floor(share * 100)} %  ${formatCount(done)} of ${formatCount(total)} lines, ${stage}`;
    // Erases to the end of the line: stages have names of different lengths.
    output.write(`\r${text}\x1b[K${finished ? "\n" : ""}`);
  };
}
