/** A range of numbers, bigints or times; an end that is absent is open to infinity. */
export interface Range<T> {
  readonly low?: T | undefined;
  readonly isLowOpen?: boolean | undefined;
  readonly high?: T | undefined;
  readonly isHighOpen?: boolean | undefined;
}

/** How long or how large. */
export interface Size {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** What values a schema takes in, as far as it can be known from outside: what is made of it is shown to the schema. */
export type Shape =
  | ({
      readonly kind: "string";
      readonly patterns?: readonly RegExp[];
      readonly format?: string | undefined;
      readonly startsWith?: string | undefined;
      readonly endsWith?: string | undefined;
      readonly includes?: string | undefined;
    } & Size)
  | ({
      readonly kind: "number";
      readonly isWhole?: boolean;
      readonly step?: number | undefined;
    } & Range<number>)
  | ({ readonly kind: "bigint"; readonly step?: bigint | undefined } & Range<bigint>)
  | ({ readonly kind: "date" } & Range<Date>)
  | ({ readonly kind: "bytes" } & Size)
  | { readonly kind: "boolean" }
  | { readonly kind: "literal"; readonly values: readonly unknown[] }
  | ({ readonly kind: "array"; readonly element: Shape } & Size)
  | ({
      readonly kind: "tuple";
      readonly items: readonly Shape[];
      /** Items that may be left out, after the others. */
      readonly optional?: readonly Shape[];
      readonly rest?: Shape | undefined;
    } & Size)
  | {
      readonly kind: "object";
      readonly fields: Readonly<Record<string, Shape>>;
      readonly rest?: Shape | undefined;
    }
  | ({ readonly kind: "record"; readonly key: Shape; readonly value: Shape } & Size)
  | ({ readonly kind: "map"; readonly key: Shape; readonly value: Shape } & Size)
  | ({ readonly kind: "set"; readonly element: Shape } & Size)
  | { readonly kind: "union"; readonly options: readonly Shape[] }
  | { readonly kind: "both"; readonly left: Shape; readonly right: Shape }
  /** The same or undefined; of a key of an object, the same or no such key. */
  | { readonly kind: "optional"; readonly inner: Shape }
  | { readonly kind: "any" }
  /** Nothing: where a schema that contains itself is cut off. */
  | { readonly kind: "never" }
  | { readonly kind: "unknown"; readonly what: string; readonly at: readonly (string | number)[] };

/** How often a schema may contain itself before it is cut off. */
const MOST_NESTED = 3;

/** Reads one library's schemas. */
export class ShapeReader<S extends object> {
  readonly #read: (schema: S, reader: ShapeReader<S>) => Shape;
  readonly #within: S[] = [];
  readonly #path: (string | number)[] = [];

  constructor(read: (schema: S, reader: ShapeReader<S>) => Shape) {
    this.#read = read;
  }

  /** @param at the place of the schema in the one around it */
  shapeOf(schema: S, at?: string | number): Shape {
    let nested = 0;
    for (const outer of this.#within) if (outer === schema) nested += 1;
    if (nested > MOST_NESTED) return { kind: "never" };
    this.#within.push(schema);
    if (at !== undefined) this.#path.push(at);
    try {
      return this.#read(schema, this);
    } finally {
      this.#within.pop();
      if (at !== undefined) this.#path.pop();
    }
  }

  unknown(what: string): Shape {
    return { kind: "unknown", what, at: [...this.#path] };
  }
}

/** The range without what lies below, or above, a bound. */
export function bounded<T extends number | bigint | Date>(
  range: Range<T>,
  end: "low" | "high",
  bound: T,
  isOpen = false,
): Range<T> {
  const known = range[end];
  const isKnownOpen = (end === "low" ? range.isLowOpen : range.isHighOpen) ?? false;
  if (known !== undefined) {
    if (end === "low" ? known > bound : known < bound) return range;
    if (known >= bound && known <= bound && isKnownOpen) return range;
  }
  return end === "low"
    ? { ...range, low: bound, isLowOpen: isOpen }
    : { ...range, high: bound, isHighOpen: isOpen };
}

/** The narrower of both sizes. */
export function fitting(size: Size, other: Size): Size {
  const min = Math.max(size.min ?? 0, other.min ?? 0);
  const max = Math.min(size.max ?? Number.POSITIVE_INFINITY, other.max ?? Number.POSITIVE_INFINITY);
  return { min, ...(max !== Number.POSITIVE_INFINITY && { max }) };
}
