import { ValidationError } from "../errors.ts";
import { kindOf } from "../model/value-kind.ts";
import { requireName } from "./names.ts";

/** A step of a type's history as plain data, as stores keep it. What a transform does is code and not in it. */
export interface StepDescription {
  readonly kind: "formerly" | "rename" | "transform" | "drop" | "add" | "recheck" | "aside";
  /** Names of fields before the step; of `formerly` the type's. */
  readonly from: readonly string[];
  /** Names after it: of `rename` one for each in `from`, of `transform` what it gives, of `add` the new fields. */
  readonly to: readonly string[];
  /** Of `transform`: the fields in `from` stay. */
  readonly keep?: true;
}

/** The steps of one type of a line of types, in the description of a shape. */
export interface HistoryDescription {
  /** The name under which stores know the type. */
  readonly type: string;
  readonly steps: readonly StepDescription[];
}

export type Transform = (old: never) => unknown;

/** A field beside the key that its values have in stored records. */
export type KeyedField = readonly [name: string, key: string];

/** What a step does to stored records: takes some keys out and gives others. */
export interface KeyStep {
  readonly kind: "transform" | "drop";
  /** Its place among the steps, from 0. */
  readonly at: number;
  readonly from: readonly KeyedField[];
  readonly to: readonly KeyedField[];
  readonly keep: boolean;
}

/**
 * What the steps of one type come to. Names in stored records never change, so that a renamed field is read and written
 * by every version of an app: a *key* is the name that a field had first. What a transform gives is something new, which
 * code without the step must not take for the old, and gets a key that no field ever had.
 */
export interface KeyPlan {
  readonly steps: readonly KeyStep[];
  /** The key of a field by its name after all steps; of those that no step names it is the name. */
  readonly keys: ReadonlyMap<string, string>;
  /** Names that are no field's after all steps, with the number of the step that did away with them. */
  readonly gone: ReadonlyMap<string, number>;
  /** Names that the type has to have after all steps, with the number of the step that says so. */
  readonly expected: ReadonlyMap<string, number>;
}

/** The history of a type as it is declared, without what the types that it extends declare. */
export class TypeHistory {
  readonly steps: readonly StepDescription[];
  /** By their places; of other steps undefined. */
  readonly transforms: readonly (Transform | undefined)[];
  readonly plan: KeyPlan;
  /** Names that the type had, the first one first. */
  readonly formerNames: readonly string[];

  constructor(
    type: string,
    steps: readonly StepDescription[],
    transforms: readonly (Transform | undefined)[],
  ) {
    this.steps = Object.freeze([...steps]);
    this.transforms = transforms;
    this.formerNames = this.steps.filter(({ kind }) => kind === "formerly").map(({ from }) => from[0]!);
    this.plan = planOf(this.steps, this.formerNames[0] ?? type, (at, message) => refuse(type, at, message));
  }
}

/** What a type has that declares no history. */
export const noHistory: TypeHistory = new TypeHistory("", [], []);

/**
 * Reads the `history` option of a type.
 *
 * @param own names of the fields that the type itself declares
 * @param inherited names of those that it inherits
 * @throws {ValidationError} `RW_DEFINITION_HISTORY` that names the step and what is wrong with it, `RW_DEFINITION_ASYNC`
 */
export function declareHistory(
  type: string,
  history: unknown,
  own: readonly string[],
  inherited: readonly string[],
): TypeHistory {
  if (history === undefined) return noHistory;
  if (!Array.isArray(history)) throw new TypeError(`${type}: its history is not an array of steps`);
  const steps: StepDescription[] = [];
  const transforms: (Transform | undefined)[] = [];
  for (const [at, step] of Array.from(history as unknown[]).entries()) {
    const read = readStep(type, at, step);
    for (const name of read.kind === "formerly" ? [] : [...read.from, ...read.to]) {
      if (inherited.includes(name))
        throw refuse(
          type,
          at,
          `${name} is a field that ${type} inherits: its history belongs to the type that declares it`,
        );
    }
    steps.push(read);
    transforms.push(read.kind === "transform" ? (step as { by: Transform }).by : undefined);
  }
  const names = steps.filter(({ kind }) => kind === "formerly").map(({ from }) => from[0]!);
  for (const [i, name] of names.entries()) {
    if (name === type || names.indexOf(name) < i)
      throw refuse(
        type,
        steps.findLastIndex(({ from }) => from[0] === name),
        `${name} is a name that the type has already`,
      );
  }
  const declared = new TypeHistory(type, steps, transforms);
  for (const name of own) {
    const at = declared.plan.gone.get(name);
    if (at === undefined) continue;
    throw refuse(
      type,
      at,
      `${name} is still a field, and this step does away with it; leave the field out, or, where it is a new one of an old name, add the step { add: ["${name}"] }`,
    );
  }
  // A name that is mistyped would be the stored one for good.
  for (const [name, at] of declared.plan.expected) {
    if (own.includes(name)) continue;
    throw refuse(
      type,
      at,
      `${name} is no field of the type; mend the name, or, where the field was left out since, add the step { aside: ["${name}"] }`,
    );
  }
  return declared;
}

/** What the steps do, in terms of keys. @param fail throws what is wrong with a step */
function planOf(
  steps: readonly StepDescription[],
  type: string,
  fail: (at: number, message: string) => Error,
): KeyPlan {
  const keys = new Map<string, string>();
  const gone = new Map<string, number>();
  /** Names that a step has made a field of, with the step. */
  const made = new Map<string, number>();
  const expected = new Map<string, number>();
  const key = (name: string): string => keys.get(name) ?? name;
  const planned: KeyStep[] = [];
  const step = (at: number, { kind, from, to, keep }: StepDescription): void => {
    if (kind === "formerly") return;
    for (const name of kind === "add" ? [] : from) {
      const since = gone.get(name);
      if (since !== undefined)
        throw fail(at, `there is no field ${name} any more: ${stepName(since)} did away with it`);
    }
    if (kind === "add") {
      for (const name of to) {
        if (!gone.has(name))
          throw fail(
            at,
            `a new field needs a step only where an earlier one did away with its name, and ${name} is free`,
          );
      }
    }
    const stays = kind === "recheck" || kind === "add" || kind === "aside" || keep === true;
    const leaving = stays ? [] : from;
    for (const name of to) {
      const by = made.get(name);
      if (by !== undefined && !leaving.includes(name))
        throw fail(at, `${name} is what ${stepName(by)} has made already`);
    }
    const before = from.map((name) => [name, key(name)] as const);
    const after = to.map(
      (name, i) => [name, kind === "rename" ? before[i]![1] : `${name}@${type}:${at + 1}`] as const,
    );
    if (kind === "transform" || kind === "drop")
      planned.push({ kind, at, from: before, to: after, keep: keep === true });
    for (const name of kind === "aside" ? from : leaving) expected.delete(name);
    for (const name of kind === "recheck" ? from : to) expected.set(name, at);
    for (const name of leaving) {
      keys.delete(name);
      made.delete(name);
      gone.set(name, at);
    }
    for (const [name, its] of after) {
      keys.set(name, its);
      made.set(name, at);
      gone.delete(name);
    }
  };
  for (const [at, each] of steps.entries()) step(at, each);
  return { steps: planned, keys, gone, expected };
}

/** What steps that a store holds come to. @param type the name under which the store knows the type */
export function planOfStored(steps: readonly StepDescription[], type: string): KeyPlan {
  return planOf(steps, type, (_, message) => new RangeError(message));
}

/** The place of the first step that both have and that differs; -1 where there is none. */
export function firstDifference(left: readonly StepDescription[], right: readonly StepDescription[]): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) if (stepText(left[at]!) !== stepText(right[at]!)) return at;
  return -1;
}

/** As code would have it. */
export function stepText({ kind, from, to, keep }: StepDescription): string {
  switch (kind) {
    case "formerly":
      return `formerly ${from[0]}`;
    case "rename":
      return `rename ${from.map((name, i) => `${name} to ${to[i]}`).join(", ")}`;
    case "transform":
      return `transform ${from.join(", ")} into ${to.join(", ")}${keep ? ", kept" : ""}`;
    default:
      return `${kind} ${(kind === "add" ? to : from).join(", ")}`;
  }
}

function stepName(at: number): string {
  return `step ${at + 1}`;
}

function refuse(type: string, at: number, message: string): ValidationError {
  return new ValidationError({
    code: "RW_DEFINITION_HISTORY",
    message: `${type}: ${stepName(at)} of its history: ${message}`,
    details: { type, step: at + 1 },
  });
}

const members = {
  formerly: ["formerly"],
  rename: ["rename"],
  transform: ["transform", "into", "by", "keep"],
  drop: ["drop"],
  add: ["add"],
  recheck: ["recheck"],
  aside: ["aside"],
} as const;

function readStep(type: string, at: number, step: unknown): StepDescription {
  if (kindOf(step) !== "object") throw refuse(type, at, "it is no object");
  const given = step as Readonly<Record<string, unknown>>;
  const kinds = Object.keys(members).filter((kind) => given[kind] !== undefined) as (keyof typeof members)[];
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1)
    throw refuse(type, at, `it says one of ${Object.keys(members).join(", ")}, and only one`);
  for (const name of Object.keys(given)) {
    if (!(members[kind] as readonly string[]).includes(name))
      throw refuse(type, at, `${kind} has no ${JSON.stringify(name)}`);
  }
  const names = (value: unknown, what: string): string[] => {
    if (!Array.isArray(value)) throw refuse(type, at, `${what} is not an array of names`);
    for (const name of value) requireStepName(type, at, name);
    if (new Set(value).size < value.length) throw refuse(type, at, `${what} names a field twice`);
    return [...value];
  };
  const some = (value: unknown, what: string): string[] => {
    const all = names(value, what);
    if (all.length === 0) throw refuse(type, at, `${what} names no field`);
    return all;
  };
  switch (kind) {
    case "formerly":
      requireStepName(type, at, given.formerly);
      return { kind, from: [given.formerly], to: [] };
    case "rename": {
      if (kindOf(given.rename) !== "object")
        throw refuse(type, at, "rename is not an object of old and new names");
      const pairs = Object.entries(given.rename as object);
      const from = some(
        pairs.map(([old]) => old),
        "rename",
      );
      const to = some(
        pairs.map(([, name]) => name),
        "rename",
      );
      for (const [i, name] of from.entries())
        if (to[i] === name) throw refuse(type, at, `${name} is renamed to itself`);
      return { kind, from, to };
    }
    case "transform": {
      const { by, keep } = given;
      if (typeof by !== "function")
        throw refuse(type, at, "`by` is not a function that makes the new values");
      if (by.constructor.name.includes("Async"))
        throw new ValidationError({
          code: "RW_DEFINITION_ASYNC",
          message: `${type}: ${stepName(at)} of its history: the transform is asynchronous`,
        });
      if (keep !== undefined && typeof keep !== "boolean") throw refuse(type, at, "`keep` is not a boolean");
      const from = names(given.transform, "transform");
      const to = some(given.into, "into");
      const both = keep === true ? to.find((name) => from.includes(name)) : undefined;
      if (both !== undefined) throw refuse(type, at, `${both} is to be kept as it is and to be made anew`);
      return keep === true ? { kind, from, to, keep } : { kind, from, to };
    }
    case "add":
      return { kind, from: [], to: some(given.add, "add") };
    default:
      return { kind, from: some(given[kind], kind), to: [] };
  }
}

function requireStepName(type: string, at: number, name: unknown): asserts name is string {
  try {
    requireName(type, name);
  } catch (error) {
    throw refuse(type, at, error instanceof Error ? error.message.replace(`${type}: `, "") : String(error));
  }
}
