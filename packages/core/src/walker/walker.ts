import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ValidationError } from "../errors.ts";
import { describeKind, kindOf } from "../model/value-kind.ts";
import { isSchema, type Schema } from "../schema/field.ts";
import { requireName } from "../schema/names.ts";
import type { Fields, NoFields } from "../types/infer.ts";
import type { Walker, WalkerOptions } from "../types/walker.ts";
import { contextClass, isControlName, type WalkContext, type WalkControls } from "./context.ts";
import { type Registration, readRegistration } from "./registration.ts";

/** What all values of one chain of `.entry()` and `.exit()` share. Its identity is the walker's. */
export interface WalkerIdentity {
  readonly name: string;
  readonly input: Readonly<Record<string, Schema>>;
  readonly inputNames: readonly string[];
  readonly report: Schema | undefined;
  readonly state: (() => unknown) | undefined;
  readonly once: boolean;
  readonly maxVisits: number | undefined;
  /** What handlers see, with a getter for each input field. */
  readonly Context: new (
    controls: WalkControls,
  ) => WalkContext;
}

/** A walker: inert, frozen, for any number of graphs and walks at once. */
export class WalkerDefinition {
  readonly walkerId: WalkerIdentity;
  /** In declaration order. */
  readonly entries: readonly Registration[];
  readonly exits: readonly Registration[];

  constructor(
    walkerId: WalkerIdentity,
    entries: readonly Registration[] = [],
    exits: readonly Registration[] = [],
  ) {
    this.walkerId = walkerId;
    this.entries = Object.freeze(entries);
    this.exits = Object.freeze(exits);
    Object.freeze(this);
  }

  get name(): string {
    return this.walkerId.name;
  }

  get input(): Readonly<Record<string, Schema>> {
    return this.walkerId.input;
  }

  get inputNames(): readonly string[] {
    return this.walkerId.inputNames;
  }

  /** @throws {ValidationError} `RW_DEFINITION_WALKER` or `RW_DEFINITION_TYPE` */
  entry(...args: readonly unknown[]): WalkerDefinition {
    const entry = readRegistration(`${this.name}.entry`, args);
    return new WalkerDefinition(this.walkerId, [...this.entries, entry], this.exits);
  }

  /** @throws {ValidationError} `RW_DEFINITION_WALKER` or `RW_DEFINITION_TYPE` */
  exit(...args: readonly unknown[]): WalkerDefinition {
    const exit = readRegistration(`${this.name}.exit`, args);
    return new WalkerDefinition(this.walkerId, this.entries, [...this.exits, exit]);
  }
}

/**
 * Describes a walker: computation that moves from node to node. `entry` and `exit` add handlers, each giving a new
 * frozen walker of the same identity.
 *
 * ```ts
 * const countRooms = walker("count_rooms", { state: () => ({ rooms: 0 }) })
 *   .entry(Root, (w, here) => w.visit(here.out(Room)))
 *   .entry(Room, (w) => { w.state.rooms += 1; });
 * ```
 *
 * @param options.input schemas of the input fields, each readable as `w.name`; validated whole on spawn
 * @param options.report schema of what `w.report` takes; its output is what lands in the run's reports
 * @param options.state makes the state of a walk, anew for each attempt; `{}` without it
 * @param options.once leaves out, at its turn, a location that the walk has entered already
 * @param options.maxVisits visits of one walk at most; ten million without it
 * @throws {ValidationError} `RW_DEFINITION_NAME`, `RW_DEFINITION_FIELD` or `RW_DEFINITION_WALKER`
 */
export function walker<
  const I extends Fields = NoFields,
  R extends StandardSchemaV1 = StandardSchemaV1,
  St = NoFields,
>(
  name: string,
  options?: WalkerOptions<I, R, St>,
): Walker<I, St, StandardSchemaV1.InferInput<R>, StandardSchemaV1.InferOutput<R>> {
  return new WalkerDefinition(identify(name, options)) as never;
}

/** @throws {TypeError} for what `walker(…)` did not make */
export function requireWalker(value: unknown): WalkerDefinition {
  if (value instanceof WalkerDefinition) return value;
  throw new TypeError(`expected a walker, as walker(…) makes it, got ${describeKind(value)}`);
}

const optionNames: readonly string[] = ["input", "report", "state", "once", "maxVisits"];

function identify(name: unknown, given: unknown = {}): WalkerIdentity {
  requireName("walker(…)", name);
  const where = `walker ${name}`;
  if (kindOf(given) !== "object")
    refuse(`${where}: expected an object of options, got ${describeKind(given)}`);
  const options = given as Readonly<Record<string, unknown>>;
  for (const option of Object.keys(options)) {
    if (!optionNames.includes(option)) {
      refuse(`${where} has no option ${JSON.stringify(option)}; there are ${optionNames.join(", ")}`);
    }
  }
  const { report, state, once = false, maxVisits } = options;
  const input = readInput(where, options.input ?? {});
  if (report !== undefined && !isSchema(report)) {
    refuse(`${where}: report is ${describeKind(report)}, not a Standard Schema validator`);
  }
  if (state !== undefined && typeof state !== "function") {
    refuse(`${where}: state is ${describeKind(state)}, not a function that makes the state of a walk`);
  }
  if (typeof once !== "boolean") refuse(`${where}: once is ${describeKind(once)}, not true or false`);
  const inputNames = Object.freeze(Object.keys(input));
  return Object.freeze({
    name,
    input,
    inputNames,
    report,
    state: state as (() => unknown) | undefined,
    once,
    maxVisits: maxVisits === undefined ? undefined : requireMaxVisits(where, maxVisits),
    Context: contextClass(inputNames),
  });
}

/** @throws {ValidationError} `RW_DEFINITION_WALKER` */
export function requireMaxVisits(where: string, value: unknown): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) > 0)) {
    return value as number;
  }
  return refuse(`${where}: maxVisits is a positive integer or Infinity, got ${String(value)}`);
}

function readInput(where: string, input: unknown): Readonly<Record<string, Schema>> {
  if (kindOf(input) !== "object") {
    refuse(`${where}: input is ${describeKind(input)}, not an object of Standard Schema validators`);
  }
  const fields: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(input as Readonly<Record<string, unknown>>)) {
    requireName(where, name);
    if (isControlName(name)) {
      throw new ValidationError({
        code: "RW_DEFINITION_NAME",
        message: `${where}: "${name}" is a member of every walk and cannot be an input field`,
        path: [name],
      });
    }
    if (!isSchema(schema)) {
      throw new ValidationError({
        code: "RW_DEFINITION_FIELD",
        message: `${where}: input ${name} is ${describeKind(schema)}, not a Standard Schema validator`,
        path: [name],
      });
    }
    fields[name] = schema;
  }
  return Object.freeze(fields);
}

function refuse(message: string): never {
  throw new ValidationError({ code: "RW_DEFINITION_WALKER", message });
}
