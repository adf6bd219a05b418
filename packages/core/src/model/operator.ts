/** The tests on one field. */
export type FilterOp = "eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "oneOf" | "startsWith" | "contains";

declare const testsField: unique symbol;
declare const testsRecord: unique symbol;

/** A test of a field of type `T`, made by one of the operators. */
export interface Op<in T> {
  readonly [testsField]: (value: T) => void;
}

/** A test of a whole record with the fields `T`, made by `and`, `or` or `not`. */
export interface RecordOp<in T> {
  readonly [testsRecord]: (record: T) => void;
}

/** What an operator makes at run time. A class of its own, so that no plain value is mistaken for it. */
export class FieldTest {
  // Private instead of frozen: freezing takes 0.3 us, and handlers make one of these a visit.
  readonly #op: FilterOp;
  readonly #value: unknown;

  constructor(op: FilterOp, value: unknown) {
    this.#op = op;
    this.#value = value;
  }

  get op(): FilterOp {
    return this.#op;
  }

  get value(): unknown {
    return this.#value;
  }
}

/** What `and`, `or` and `not` make at run time. */
export class RecordTest {
  readonly kind: "and" | "or" | "not";
  readonly parts: readonly unknown[];

  constructor(kind: "and" | "or" | "not", parts: readonly unknown[]) {
    this.kind = kind;
    this.parts = Object.freeze([...parts]);
    Object.freeze(this);
  }
}

// Each operator takes its types one by one: inferred from `gte(5)` alone, T would be 5.

function test<T>(op: FilterOp, value: unknown): Op<T> {
  return new FieldTest(op, value) as unknown as Op<T>;
}

/**
 * The field equals the value; Dates, arrays, objects, Maps, Sets and bytes by their contents.
 * A plain value in a filter means the same. `eq(undefined)` is true where the field is absent.
 */
export function eq(value: string): Op<string>;
export function eq(value: number): Op<number>;
export function eq(value: bigint): Op<bigint>;
export function eq(value: boolean): Op<boolean>;
export function eq(value: undefined): Op<unknown>;
export function eq<T>(value: T): Op<T>;
export function eq(value: unknown): Op<never> {
  return test("eq", value);
}

/** The field is present, of the value's kind and different from it. */
export function ne(value: string): Op<string>;
export function ne(value: number): Op<number>;
export function ne(value: bigint): Op<bigint>;
export function ne(value: boolean): Op<boolean>;
export function ne<T>(value: T): Op<T>;
export function ne(value: unknown): Op<never> {
  return test("ne", value);
}

/** The field is of the value's kind and greater. Strings compare by code point, bytes one by one. */
export function gt(value: string): Op<string>;
export function gt(value: number): Op<number>;
export function gt(value: bigint): Op<bigint>;
export function gt(value: boolean): Op<boolean>;
export function gt(value: Date): Op<Date>;
export function gt(value: Uint8Array): Op<Uint8Array>;
export function gt(value: unknown): Op<never> {
  return test("gt", value);
}

/** The field is of the value's kind and greater or equal. */
export function gte(value: string): Op<string>;
export function gte(value: number): Op<number>;
export function gte(value: bigint): Op<bigint>;
export function gte(value: boolean): Op<boolean>;
export function gte(value: Date): Op<Date>;
export function gte(value: Uint8Array): Op<Uint8Array>;
export function gte(value: unknown): Op<never> {
  return test("gte", value);
}

/** The field is of the value's kind and less. */
export function lt(value: string): Op<string>;
export function lt(value: number): Op<number>;
export function lt(value: bigint): Op<bigint>;
export function lt(value: boolean): Op<boolean>;
export function lt(value: Date): Op<Date>;
export function lt(value: Uint8Array): Op<Uint8Array>;
export function lt(value: unknown): Op<never> {
  return test("lt", value);
}

/** The field is of the value's kind and less or equal. */
export function lte(value: string): Op<string>;
export function lte(value: number): Op<number>;
export function lte(value: bigint): Op<bigint>;
export function lte(value: boolean): Op<boolean>;
export function lte(value: Date): Op<Date>;
export function lte(value: Uint8Array): Op<Uint8Array>;
export function lte(value: unknown): Op<never> {
  return test("lte", value);
}

/** The field equals one of the values; of an empty list none. */
export function oneOf(values: readonly string[]): Op<string>;
export function oneOf(values: readonly number[]): Op<number>;
export function oneOf(values: readonly bigint[]): Op<bigint>;
export function oneOf<T>(values: readonly T[]): Op<T>;
export function oneOf(values: readonly unknown[]): Op<never> {
  return test("oneOf", values);
}

/** The field is a string that starts so. */
export function startsWith(prefix: string): Op<string> {
  return test("startsWith", prefix);
}

/** The field is a string with this text in it, or an array or Set with this member. */
export function contains(value: string): Op<string | readonly string[] | ReadonlySet<string>>;
export function contains(value: number): Op<readonly number[] | ReadonlySet<number>>;
export function contains(value: bigint): Op<readonly bigint[] | ReadonlySet<bigint>>;
export function contains<T>(value: T): Op<readonly T[] | ReadonlySet<T>>;
export function contains(value: unknown): Op<never> {
  return test("contains", value);
}

/** What a filter may say of a field of type `T`: the value itself, or an operator that takes all of `T` or a part of it. */
export type FieldTestOf<T> = T | (T extends undefined ? never : Op<T>);

/** A filter of records with the fields `T`: tests that must all hold, or what `and`, `or` and `not` make. */
export type RecordFilter<T> = RecordOp<T> | { readonly [K in keyof T]?: FieldTestOf<T[K]> };

// T comes from the query that a filter is written in, never from the filters: each names some of the fields.

/** The record passes all filters. */
export function and<T>(...filters: readonly RecordFilter<NoInfer<T>>[]): RecordOp<T> {
  return new RecordTest("and", filters) as unknown as RecordOp<T>;
}

/** The record passes at least one filter. */
export function or<T>(...filters: readonly RecordFilter<NoInfer<T>>[]): RecordOp<T> {
  return new RecordTest("or", filters) as unknown as RecordOp<T>;
}

/** The record does not pass the filter. An absent field, which fails every test, passes its negation. */
export function not<T>(filter: RecordFilter<NoInfer<T>>): RecordOp<T> {
  return new RecordTest("not", [filter]) as unknown as RecordOp<T>;
}
