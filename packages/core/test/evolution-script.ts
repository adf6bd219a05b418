import type { Cell, ModelField, ModelStep, ModelVersion } from "./evolution-model.ts";

// Versions of an app, one after another, as they are told to the model and as they are written for the library.

/** A step as code has it, without naming the library's types. */
export type WrittenStep = Readonly<Record<string, unknown>>;

export interface AppVersion extends ModelVersion {
  /** What the code calls the type. */
  readonly type: string;
  readonly history: readonly WrittenStep[];
}

/** Field names of every version; each is somebody's again and again. */
const names = ["a", "b", "c", "d", "e"];

/** What may happen to a type, chosen by numbers. */
export class AppHistory {
  readonly versions: AppVersion[] = [];
  /** Fields that are left out and kept in the records, by name. */
  readonly #aside: Map<string, ModelField> = new Map();
  /** Names that a step has done away with. */
  readonly #gone: Set<string> = new Set();
  /** Names that a step has made a field of. */
  readonly #made: Set<string> = new Set();
  #cells = 0;
  #types = 0;

  constructor() {
    const fields = [this.#field("a", undefined), this.#field("b", "b0")];
    this.versions.push({ type: "T0", fields, steps: [], history: [] });
  }

  get latest(): AppVersion {
    return this.versions.at(-1)!;
  }

  /** Every step that any version has. */
  get steps(): readonly ModelStep[] {
    return this.latest.steps;
  }

  /** The next version: something has changed, or, where that cannot be, nothing. */
  evolve(kind: number, pick: number, other: number): unknown {
    const { type, fields, steps, history } = this.latest;
    const field = fields[pick % Math.max(1, fields.length)];
    const name = this.#freeName(other);
    const step = (what: ModelStep, written: WrittenStep, changed: readonly ModelField[]): unknown => {
      return this.versions.push({
        type,
        fields: changed,
        steps: [...steps, what],
        history: [...history, written],
      });
    };
    const added = (changed: readonly ModelField[]): unknown => {
      return this.versions.push({ ...this.latest, fields: changed });
    };
    const without = (...left: readonly ModelField[]): ModelField[] =>
      fields.filter((each) => !left.includes(each));
    const leaves = (...gone: readonly ModelField[]): void => {
      for (const each of gone) {
        this.#gone.add(each.name);
        this.#made.delete(each.name);
      }
    };
    const makes = (made: string): void => {
      this.#gone.delete(made);
      this.#made.add(made);
    };
    switch (kind % 10) {
      case 0:
      case 1: {
        if (name === undefined) return undefined;
        const made = this.#field(name, kind % 10 === 0 ? `${name}${this.#cells}` : undefined);
        if (!this.#gone.has(name)) return added([...fields, made]);
        makes(name);
        return step({ kind: "none" }, { add: [name] }, [...fields, made]);
      }
      case 2: {
        if (field === undefined) return undefined;
        this.#aside.set(field.name, field);
        if (!this.#made.has(field.name)) return added(without(field));
        return step({ kind: "none" }, { aside: [field.name] }, without(field));
      }
      case 3: {
        const back = [...this.#aside.values()][pick % Math.max(1, this.#aside.size)];
        if (back === undefined) return undefined;
        this.#aside.delete(back.name);
        return added([...fields, back]);
      }
      case 4: {
        if (field === undefined || name === undefined) return undefined;
        leaves(field);
        makes(name);
        return step({ kind: "none" }, { rename: { [field.name]: name } }, [
          ...without(field),
          { ...field, name },
        ]);
      }
      case 5: {
        if (field === undefined) return undefined;
        const made = this.#field(field.name, undefined);
        makes(field.name);
        return step(
          {
            kind: "transform",
            from: [field.cell],
            to: [made.cell],
            keeps: false,
            make: ([old]) => [`${old}!`],
          },
          {
            transform: [field.name],
            into: [field.name],
            by: (old: Values) => ({ [field.name]: `${old[field.name]}!` }),
          },
          [...without(field), made],
        );
      }
      case 6: {
        const second = fields.find((each) => each !== field);
        if (field === undefined || second === undefined || name === undefined) return undefined;
        const made = this.#field(name, undefined);
        leaves(field, second);
        makes(name);
        return step(
          {
            kind: "transform",
            from: [field.cell, second.cell],
            to: [made.cell],
            keeps: false,
            make: ([one, two]) => [`${one}+${two}`],
          },
          {
            transform: [field.name, second.name],
            into: [name],
            by: (old: Values) => ({ [name]: `${old[field.name]}+${old[second.name]}` }),
          },
          [...without(field, second), made],
        );
      }
      case 7: {
        if (field === undefined || name === undefined) return undefined;
        const made = this.#field(name, undefined);
        makes(name);
        return step(
          {
            kind: "transform",
            from: [field.cell],
            to: [made.cell],
            keeps: true,
            make: ([old]) => [`${old}?`],
          },
          {
            transform: [field.name],
            into: [name],
            keep: true,
            by: (old: Values) => ({ [name]: `${old[field.name]}?` }),
          },
          [...fields, made],
        );
      }
      case 8: {
        const left = pick % 2 === 0 ? field : [...this.#aside.values()][0];
        if (left === undefined) return undefined;
        this.#aside.delete(left.name);
        leaves(left);
        return step({ kind: "drop", gone: left.cell }, { drop: [left.name] }, without(left));
      }
      default: {
        this.#types += 1;
        const steps_ = [...steps, { kind: "none" } as const];
        return this.versions.push({
          type: `T${this.#types}`,
          fields,
          steps: steps_,
          history: [...history, { formerly: type }],
        });
      }
    }
  }

  /** A name that is no field's now; it may have been one's. */
  #freeName(pick: number): string | undefined {
    const free = names.filter(
      (name) => !this.latest.fields.some((field) => field.name === name) && !this.#aside.has(name),
    );
    return free[pick % Math.max(1, free.length)];
  }

  #field(name: string, fallback: string | undefined): ModelField {
    this.#cells += 1;
    const cell: Cell = { number: this.#cells };
    return { name, cell, fallback };
  }
}

type Values = Readonly<Record<string, string | undefined>>;
