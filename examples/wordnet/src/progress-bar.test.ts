import { describe, expect, it } from "vitest";
import { progressBar } from "./progress-bar.ts";

function draw(isTTY: boolean, steps: readonly (readonly [ms: number, done: number])[]): string[] {
  const written: string[] = [];
  let time = 0;
  const show = progressBar({ isTTY, write: (text) => written.push(text) }, () => time);
  for (const [ms, done] of steps) {
    time = ms;
    show({ stage: "words", done, total: 2_000 });
  }
  return written;
}

describe("a progress bar", () => {
  it("redraws one line on a terminal, ten times a second at most, and always its end", () => {
    const drawn = draw(true, [
      [0, 500],
      [50, 600],
      [120, 1_000],
      [130, 2_000],
    ]);
    expect(drawn).toEqual([
      "\r████████░░░░░░░░░░░░░░░░░░░░░░ 25 %  500 of 2,000 lines, words\x1b[K",
      "\r███████████████░░░░░░░░░░░░░░░ 50 %  1,000 of 2,000 lines, words\x1b[K",
      "\r██████████████████████████████ 100 %  2,000 of 2,000 lines, words\x1b[K\n",
    ]);
  });

  it("writes a line for every tenth elsewhere", () => {
    const drawn = draw(false, [
      [0, 100],
      [1, 250],
      [2, 300],
      [3, 1_100],
      [4, 2_000],
    ]);
    expect(drawn).toEqual(["10 % (words)\n", "50 % (words)\n", "100 % (words)\n"]);
  });
});
