// What the versions of an app mean by their types, in the plainest words: nothing of the library is used here.

/** A field as people think of it: it stays the same one when it is renamed, and becomes another one in a transform. */
export interface Cell {
  readonly number: number;
}

export interface ModelField {
  readonly name: string;
  readonly cell: Cell;
  /** What records without it show; undefined where they show nothing. */
  readonly fallback: string | undefined;
}

export type ModelStep =
  | { readonly kind: "none" }
  | { readonly kind: "drop"; readonly gone: Cell }
  | {
      readonly kind: "transform";
      readonly from: readonly Cell[];
      readonly to: readonly Cell[];
      readonly keeps: boolean;
      readonly make: (old: readonly (string | undefined)[]) => readonly (string | undefined)[];
    };

export interface ModelVersion {
  readonly fields: readonly ModelField[];
  readonly steps: readonly ModelStep[];
}

/** A value that code from before a transform cannot read. */
export const unknown: unique symbol = Symbol("unknown");

interface ModelRecord {
  cells: Map<Cell, string>;
  /** How many steps of the history it has behind it. */
  steps: number;
}

/** The records of one type, and what each version of the app may see of them and do to them. */
export class EvolutionModel {
  readonly #records: Map<string, ModelRecord> = new Map();

  get tags(): string[] {
    return [...this.#records.keys()];
  }

  create(version: ModelVersion, tag: string, values: ReadonlyMap<string, string>): void {
    const record: ModelRecord = { cells: new Map(), steps: version.steps.length };
    for (const { name, cell } of version.fields) {
      const value = values.get(name);
      if (value !== undefined) record.cells.set(cell, value);
    }
    this.#records.set(tag, record);
    this.rewrite(version, tag);
  }

  remove(tag: string): void {
    this.#records.delete(tag);
  }

  mayWrite(version: ModelVersion, tag: string, all: readonly ModelStep[]): boolean {
    const { steps } = this.#records.get(tag)!;
    return !all.slice(version.steps.length, steps).some(({ kind }) => kind === "transform");
  }

  write(version: ModelVersion, tag: string, field: string, value: string): void {
    this.rewrite(version, tag);
    const { cell } = version.fields.find(({ name }) => name === field)!;
    this.#records.get(tag)!.cells.set(cell, value);
  }

  /** The record as this version stores it, whatever it changes: every field that it shows is there. */
  rewrite(version: ModelVersion, tag: string): void {
    const record = this.#records.get(tag)!;
    record.cells = stepped(record, version);
    record.steps = version.steps.length;
    for (const { cell, fallback } of version.fields) {
      if (!record.cells.has(cell) && fallback !== undefined) record.cells.set(cell, fallback);
    }
  }

  /** @param all the steps that there are by now */
  read(
    version: ModelVersion,
    tag: string,
    all: readonly ModelStep[],
  ): Map<string, string | undefined | typeof unknown> {
    const record = this.#records.get(tag)!;
    const cells = stepped(record, version);
    const lost = new Set<Cell>();
    for (const step of all.slice(version.steps.length, record.steps)) {
      if (step.kind === "transform" && !step.keeps) for (const cell of step.from) lost.add(cell);
    }
    return new Map(
      version.fields.map(({ name, cell, fallback }) => [
        name,
        lost.has(cell) ? unknown : (cells.get(cell) ?? fallback),
      ]),
    );
  }
}

/** What a record holds once it has the steps of this version behind it. */
function stepped(record: ModelRecord, { steps }: ModelVersion): Map<Cell, string> {
  const cells = new Map(record.cells);
  for (const step of steps.slice(record.steps)) {
    if (step.kind === "drop") cells.delete(step.gone);
    if (step.kind !== "transform" || step.from.every((cell) => !cells.has(cell))) continue;
    const made = step.make(step.from.map((cell) => cells.get(cell)));
    if (!step.keeps) for (const cell of step.from) cells.delete(cell);
    for (const [i, cell] of step.to.entries()) {
      const value = made[i];
      if (value !== undefined) cells.set(cell, value);
    }
  }
  return cells;
}
