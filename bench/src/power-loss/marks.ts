import { closeSync, openSync, writeSync } from "node:fs";
import type { Progress } from "../crash/journal.ts";

/** What the recorded process tells of itself, by writing a line to a file that the recorder sees like any other. */
export type Mark =
  /** It is about to open the graph: with an index that is to be built, or without. */
  | { readonly kind: "opening"; readonly isIndexed: boolean }
  /** It has opened the graph. Tokens of this incarnation may be known elsewhere from now on. */
  | { readonly kind: "opened"; readonly incarnation: string }
  | { readonly kind: "begun" | "acknowledged"; readonly writer: number; readonly seq: number }
  /** A backup of this name has begun, and is complete. */
  | { readonly kind: "copying" | "copied"; readonly name: string }
  | { readonly kind: "closed" };

/** The file in the recorded folder that the marks are written to. */
export const MARKS = "marks";

export class MarkWriter {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  /** Synchronously: what comes later in the recording came later. */
  tell(mark: Mark): void {
    writeSync(this.#file, `${JSON.stringify(mark)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

interface Unit {
  readonly begun: number;
  acknowledged?: number;
}

interface Copy {
  /** For each writer, the units that were acknowledged when it began. */
  readonly acknowledged: readonly number[];
  isComplete: boolean;
}

/** Everything that was told before the power went. */
export class Told {
  isIndexed = false;
  /** Of the newest graph that was opened. */
  incarnation: string | undefined;
  readonly copies = new Map<string, Copy>();
  readonly #before: readonly number[];
  readonly #units: Unit[][];
  #moment = 0;

  /** @param before for each writer, the units that were there at first */
  constructor(before: readonly number[]) {
    this.#before = before;
    this.#units = before.map(() => []);
  }

  hear(mark: Mark): void {
    this.#moment += 1;
    switch (mark.kind) {
      case "opening":
        this.isIndexed = mark.isIndexed;
        break;
      case "opened":
        this.incarnation = mark.incarnation;
        break;
      case "begun":
        this.#units[mark.writer]?.push({ begun: this.#moment });
        break;
      case "acknowledged": {
        const unit = this.#unit(mark.writer, mark.seq);
        if (unit === undefined) throw new Error(`unit ${mark.seq} of writer ${mark.writer} was never begun`);
        unit.acknowledged = this.#moment;
        break;
      }
      case "copying":
        this.copies.set(mark.name, {
          acknowledged: this.progress().map(({ acknowledged }) => acknowledged),
          isComplete: false,
        });
        break;
      case "copied": {
        const copy = this.copies.get(mark.name);
        if (copy !== undefined) copy.isComplete = true;
        break;
      }
      case "closed":
    }
  }

  /** How far each writer had come; `since` is a number of units that counts as acknowledged at least. */
  progress(): Progress[] {
    return this.#units.map((units, writer) => {
      const before = this.#before[writer] ?? 0;
      const acknowledged = units.filter((unit) => unit.acknowledged !== undefined).length;
      return { begun: before + units.length, committing: 0, acknowledged: before + acknowledged };
    });
  }

  /**
   * Where what was kept is not what was there at any one moment: a unit that is there was begun when one that is not
   * there had been acknowledged.
   *
   * @param kept for each writer, the number of its units that are there
   */
  gaps(kept: readonly number[]): string[] {
    const problems: string[] = [];
    for (const [writer, count] of kept.entries()) {
      const newest = this.#unit(writer, count);
      if (newest === undefined) continue;
      for (const [other, otherCount] of kept.entries()) {
        const missing = this.#unit(other, otherCount + 1);
        if (missing?.acknowledged === undefined || missing.acknowledged > newest.begun) continue;
        problems.push(
          `unit ${count} of writer ${writer} is there, and unit ${otherCount + 1} of writer ${other}, which was acknowledged before, is not`,
        );
      }
    }
    return problems;
  }

  #unit(writer: number, seq: number): Unit | undefined {
    return this.#units[writer]?.[seq - (this.#before[writer] ?? 0) - 1];
  }
}
