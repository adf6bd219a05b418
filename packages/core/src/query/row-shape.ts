import type { Id } from "../model/id.ts";
import { handOut } from "../model/value.ts";
import { describeKind } from "../model/value-kind.ts";
import type { NodeTable, RecordState, RecordTable } from "../resident/record-table.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { generate, quoted } from "../util/generated-code.ts";
import { invalidQuery, namesOf } from "./plan.ts";

/** A record as plain data, with what was asked for. */
export type Row = Record<string, unknown>;

/** Where the value of a row's property comes from; what is read by a query of its own is filled in later. */
export type Part = "field" | "source" | "target" | "nested";

/** How rows of one shape are made: of a type, with these properties in this order, the id before them. */
export class RowShape {
  readonly names: readonly string[];
  /** Fields of the record that it shows. */
  readonly fields: readonly string[];
  readonly #code: RowCode;

  constructor(type: string, names: readonly string[], parts: readonly Part[]) {
    this.names = names;
    this.fields = names.filter((_, i) => parts[i] === "field");
    this.#code = codeOf(type, names, parts);
  }

  /** @param count how many rows are to be made */
  maker(count: number): RowMaker {
    return this.#code.maker(count);
  }
}

/**
 * From this row of a shape on its rows are made by code of their own. As with records, a process that has just been
 * started to answer one question does not wait for that code to be generated.
 */
const QUICK_FROM = 32;

/** What makes rows of one shape, for all queries that ask for it. */
class RowCode {
  readonly #type: string;
  readonly #names: readonly string[];
  readonly #parts: readonly Part[];
  #maker: RowMaker;
  #made = 0;

  constructor(type: string, names: readonly string[], parts: readonly Part[]) {
    this.#type = type;
    this.#names = names;
    this.#parts = parts;
    this.#maker = interpreted(names, parts);
  }

  maker(count: number): RowMaker {
    if (this.#made >= QUICK_FROM) return this.#maker;
    this.#made += count;
    if (this.#made >= QUICK_FROM)
      this.#maker = generated(this.#type, this.#names, this.#parts) ?? this.#maker;
    return this.#maker;
  }
}

export interface RowMaker {
  /** The row of one record. @param ends the table of its ends, of an edge */
  make(table: RecordTable, slot: number, state: RecordState, ends: NodeTable): Row;
  /**
   * Rows of records as L1 has them, from one place among the slots up to another, where one is not resident.
   * @returns how far it came
   */
  fill(
    slots: ArrayLike<number>,
    from: number,
    to: number,
    table: RecordTable,
    ends: NodeTable,
    into: Row[],
  ): number;
}

/** Edges by their ends' columns, which tables of nodes lack. */
type WithEnds = RecordTable & { readonly sources: Int32Array; readonly targets: Int32Array };

/** More shapes than a program writes; those it composes at run time share the room. */
const MOST_SHAPES = 1_000;
const codes: Map<string, RowCode> = new Map();

function codeOf(type: string, names: readonly string[], parts: readonly Part[]): RowCode {
  const key = JSON.stringify([type, names, parts]);
  let code = codes.get(key);
  if (code === undefined) {
    code = new RowCode(type, names, parts);
    if (codes.size >= MOST_SHAPES) codes.clear();
    codes.set(key, code);
  }
  return code;
}

/**
 * Code of its own for each type and list of names, see `generate`: read through code that all share, a field takes ten
 * times as long. Rows are made by a function and not by a literal, see `youngArray`, and are plain objects all the same.
 */
function generated(type: string, names: readonly string[], parts: readonly Part[]): RowMaker | undefined {
  const values: Readonly<Record<Part, (name: string) => string>> = {
    field: (name) => `state[${name}]`,
    source: () => "ends.textOf(table.sources[slot])",
    target: () => "ends.textOf(table.targets[slot])",
    nested: () => "undefined",
  };
  const assignments = names.map((name, i) => {
    const value = values[parts[i]!](quoted(name));
    if (parts[i] !== "field") return `this[${quoted(name)}] = ${value};`;
    return (
      `const v${i} = ${value}; ` +
      `this[${quoted(name)}] = typeof v${i} === "object" && v${i} !== null ? handOut(v${i}) : v${i};`
    );
  });
  const code = `(${quoted(type)}, (() => {
  function Row(table, slot, state, ends) { this.id = table.textOf(slot); ${assignments.join(" ")} }
  Row.prototype = Object.prototype;
  return {
    make(table, slot, state, ends) { return new Row(table, slot, state, ends); },
    fill(slots, from, to, table, ends, into) {
      const { states } = table;
      for (let i = from; i < to; i++) {
        const slot = slots[i];
        const state = states[slot];
        if (state === undefined) return i;
        into.push(new Row(table, slot, state, ends));
      }
      return to;
    },
  };
})())`;
  return generate<RowMaker>("handOut", code, [handOut]);
}

/** The same by code that all shapes share. */
function interpreted(names: readonly string[], parts: readonly Part[]): RowMaker {
  const make: RowMaker["make"] = (table, slot, state, ends) => {
    const row: Row = { id: table.textOf(slot) };
    for (const [i, name] of names.entries()) row[name] = partValue(parts[i]!, name, table, slot, state, ends);
    return row;
  };
  return {
    make,
    fill(slots, from, to, table, ends, into) {
      for (let i = from; i < to; i++) {
        const state = table.states[slots[i]!];
        if (state === undefined) return i;
        into.push(make(table, slots[i]!, state, ends));
      }
      return to;
    },
  };
}

function partValue(
  part: Part,
  name: string,
  table: RecordTable,
  slot: number,
  state: RecordState,
  ends: NodeTable,
): unknown {
  if (part === "field") return handOut(state[name]);
  if (part === "nested") return undefined;
  const { sources, targets } = table as WithEnds;
  return ends.textOf((part === "source" ? sources : targets)[slot]!) satisfies Id;
}

/** More than loops alternate between. */
const RECENT_SHAPES = 8;
const recentShapes: WeakMap<TypeDefinition, RowShape[]> = new WeakMap();

/**
 * The shape of rows with these fields of records of a type, or of any.
 * @param ofEdges whether the ends of the records can be named too
 * @throws {ValidationError} `RW_QUERY_INVALID` for what names no field, or names one twice
 */
export function rowShape(
  scope: TypeDefinition | Catalog,
  ofEdges: boolean,
  names: readonly unknown[],
): RowShape {
  if ("definitions" in scope) return newShape(scope, ofEdges, names);
  let recent = recentShapes.get(scope);
  if (recent === undefined) {
    recent = [];
    recentShapes.set(scope, recent);
  }
  for (let i = 0; i < recent.length; i++) if (isSame(recent[i]!.names, names)) return recent[i]!;
  const shape = newShape(scope, ofEdges, names);
  if (recent.length === RECENT_SHAPES) recent.shift();
  recent.push(shape);
  return shape;
}

function newShape(scope: TypeDefinition | Catalog, ofEdges: boolean, names: readonly unknown[]): RowShape {
  if (names.length === 0)
    throw invalidQuery("select takes the names of fields; for ids alone there is ids()");
  const parts = names.map((name) => partOf(scope, ofEdges, name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalidQuery(`select names ${JSON.stringify(twice)} twice`);
  return new RowShape(namesOf(scope).name, names as readonly string[], parts);
}

/** @throws {ValidationError} `RW_QUERY_INVALID` for what names no field */
export function partOf(scope: TypeDefinition | Catalog, ofEdges: boolean, name: unknown): Part {
  if (ofEdges && name === "sourceId") return "source";
  if (ofEdges && name === "targetId") return "target";
  requireField(scope, name, "select");
  return "field";
}

/** @throws {ValidationError} `RW_QUERY_INVALID` */
export function requireField(
  scope: TypeDefinition | Catalog,
  name: unknown,
  what: string,
): asserts name is string {
  const known = namesOf(scope);
  if (typeof name === "string" && known.hasField(name)) return;
  if (typeof name !== "string")
    throw new TypeError(`${what} takes the name of a field, got ${describeKind(name)}`);
  const there =
    name === "id" ? "the id is there without being named" : `it has ${known.fieldNames.join(", ") || "none"}`;
  throw invalidQuery(`${what}: ${known.name} has no field ${JSON.stringify(name)}; ${there}`);
}

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
