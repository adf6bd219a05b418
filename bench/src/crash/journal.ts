/**
 * What a child tells before it dies: one line for each moment of a unit. What was written to the pipe survives the
 * kill, so a line that arrived is a fact.
 */
export type Moment = "begun" | "committing" | "acknowledged";

const LETTERS: Readonly<Record<Moment, string>> = { begun: "b", committing: "c", acknowledged: "a" };

/** What lines of this moment begin with, and no other line has in it. */
export function journalLetter(moment: Moment): string {
  return LETTERS[moment];
}

export function journalLine(moment: Moment, writer: number, seq: number): string {
  return `${LETTERS[moment]} ${writer} ${seq}\n`;
}

/** How far one writer had come, as numbers of units; each starts at what was there before the child did. */
export interface Progress {
  readonly begun: number;
  readonly committing: number;
  readonly acknowledged: number;
}

/** Reads a journal back. A last line that the kill cut off says nothing. */
export function readJournal(text: string, unitsBefore: readonly number[]): Progress[] {
  const progress = unitsBefore.map((units) => ({ begun: units, committing: units, acknowledged: units }));
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  for (const line of complete.split("\n")) {
    const [letter, writer, seq] = line.split(" ");
    const moment = (Object.keys(LETTERS) as Moment[]).find((name) => LETTERS[name] === letter);
    const of = progress[Number(writer)];
    if (moment !== undefined && of !== undefined) of[moment] = Math.max(of[moment], Number(seq));
  }
  return progress;
}
