import { bounded, fitting, type Range, type Shape, ShapeReader, type Size } from "./shape.ts";

// Schemas of zod 4 and zod mini: what they are stands in `_zod.def`, and is documented for those who build upon them.

interface ZodSchema {
  readonly _zod: {
    readonly def: ZodDefinition;
    readonly bag?: Readonly<Record<string, unknown>>;
    readonly pattern?: RegExp;
  };
}

interface ZodDefinition {
  readonly type: string;
  readonly format?: string;
  readonly check?: string;
  readonly pattern?: RegExp;
  readonly checks?: readonly { readonly _zod: { readonly def: ZodCheck } }[];
  readonly innerType?: ZodSchema;
  readonly element?: ZodSchema;
  readonly items?: readonly ZodSchema[];
  readonly rest?: ZodSchema | null;
  readonly shape?: Readonly<Record<string, ZodSchema>>;
  readonly catchall?: ZodSchema;
  readonly keyType?: ZodSchema;
  readonly valueType?: ZodSchema;
  readonly partial?: boolean;
  readonly options?: readonly ZodSchema[];
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly left?: ZodSchema;
  readonly right?: ZodSchema;
  readonly in?: ZodSchema;
  readonly out?: ZodSchema;
  readonly getter?: () => ZodSchema;
}

interface ZodCheck {
  readonly check: string;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly value?: number | bigint | Date;
  readonly inclusive?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly length?: number;
  readonly size?: number;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly includes?: string;
}

const numberRanges: Readonly<Record<string, Range<number>>> = {
  int32: { low: -(2 ** 31), high: 2 ** 31 - 1 },
  uint32: { low: 0, high: 2 ** 32 - 1 },
  float32: { low: -3.4028234663852886e38, high: 3.4028234663852886e38 },
};

/** Whether it is a schema of zod 4. */
export function isZod(schema: object): schema is ZodSchema {
  return (schema as Partial<ZodSchema>)._zod?.def !== undefined;
}

/** What a schema of zod's takes in. */
export function zodShape(schema: ZodSchema): Shape {
  return new ShapeReader(read).shapeOf(schema);
}

function checksOf({ check, checks = [], ...own }: ZodDefinition): ZodCheck[] {
  // `z.int()` and `z.email()` are themselves the first check.
  const first = check === undefined ? [] : [{ check, ...own } as ZodCheck];
  return [...first, ...checks.map((each) => each._zod.def)];
}

function sizeOf(checks: readonly ZodCheck[]): Size {
  let size: Size = {};
  for (const { check, minimum, maximum, length, size: exact } of checks) {
    if (check.startsWith("min_")) size = fitting(size, { min: minimum });
    else if (check.startsWith("max_")) size = fitting(size, { max: maximum });
    else if (check === "length_equals") size = fitting(size, { min: length, max: length });
    else if (check === "size_equals") size = fitting(size, { min: exact, max: exact });
  }
  return size;
}

function rangeOf<T extends number | bigint | Date>(
  checks: readonly ZodCheck[],
  begin: Range<T> = {},
): Range<T> {
  let range = begin;
  for (const { check, value, inclusive } of checks) {
    if (check === "greater_than") range = bounded(range, "low", value as T, !inclusive);
    else if (check === "less_than") range = bounded(range, "high", value as T, !inclusive);
  }
  return range;
}

const stepOf = (checks: readonly ZodCheck[]): number | bigint | undefined =>
  checks.find(({ check }) => check === "multiple_of")?.value as number | bigint | undefined;

function readString(checks: readonly ZodCheck[]): Shape {
  const formats = checks.filter(({ check }) => check === "string_format");
  const named = formats.find(
    ({ format }) =>
      !["regex", "starts_with", "ends_with", "includes", "lowercase", "uppercase"].includes(format ?? ""),
  );
  return {
    kind: "string",
    ...sizeOf(checks),
    patterns: formats.flatMap(({ format, pattern }) =>
      pattern === undefined || ["starts_with", "ends_with", "includes"].includes(format ?? "")
        ? []
        : [pattern],
    ),
    format: named?.format,
    startsWith: formats.find(({ prefix }) => prefix !== undefined)?.prefix,
    endsWith: formats.find(({ suffix }) => suffix !== undefined)?.suffix,
    includes: formats.find(({ includes }) => includes !== undefined)?.includes,
  };
}

function read(schema: ZodSchema, reader: ShapeReader<ZodSchema>): Shape {
  const { def, bag = {}, pattern } = schema._zod;
  const checks = checksOf(def);
  const inner = (): Shape => reader.shapeOf(def.innerType!);
  switch (def.type) {
    case "string":
      return readString(checks);
    case "template_literal":
      return { kind: "string", patterns: pattern === undefined ? [] : [pattern] };
    case "number":
    case "int": {
      const format = checks.find((each) => each.check === "number_format")?.format ?? "";
      const range = rangeOf<number>(checks, numberRanges[format]);
      return {
        kind: "number",
        ...range,
        isWhole: /int/.test(format),
        step: stepOf(checks) as number | undefined,
      };
    }
    case "bigint": {
      const isUnsigned = checks.some(({ format }) => format === "uint64");
      const range = rangeOf<bigint>(checks, isUnsigned ? { low: 0n } : {});
      return { kind: "bigint", ...range, step: stepOf(checks) as bigint | undefined };
    }
    case "date":
      return { kind: "date", ...rangeOf<Date>(checks) };
    case "boolean":
      return { kind: "boolean" };
    case "literal":
      return { kind: "literal", values: def.values ?? [] };
    case "enum":
      return { kind: "literal", values: Object.values(def.entries ?? {}) };
    case "null":
      return { kind: "literal", values: [null] };
    case "undefined":
    case "void":
      return { kind: "literal", values: [undefined] };
    case "any":
    case "unknown":
      return { kind: "any" };
    case "never":
      return { kind: "never" };
    case "array":
      return { kind: "array", element: reader.shapeOf(def.element!, 0), ...sizeOf(checks) };
    case "set":
      return { kind: "set", element: reader.shapeOf(def.valueType!, "value"), ...sizeOf(checks) };
    case "map":
      return {
        kind: "map",
        key: reader.shapeOf(def.keyType!, "key"),
        value: reader.shapeOf(def.valueType!, "value"),
        ...sizeOf(checks),
      };
    case "record": {
      const key = reader.shapeOf(def.keyType!, "key");
      const value = reader.shapeOf(def.valueType!, "value");
      if (key.kind !== "literal") return { kind: "record", key, value };
      const field: Shape = def.partial ? { kind: "optional", inner: value } : value;
      return { kind: "object", fields: Object.fromEntries(key.values.map((name) => [String(name), field])) };
    }
    case "tuple": {
      const items = (def.items ?? []).map((item, at) => reader.shapeOf(item, at));
      let required = items.length;
      while (required > 0 && items[required - 1]!.kind === "optional") required -= 1;
      return {
        kind: "tuple",
        items: items.slice(0, required),
        optional: items.slice(required),
        rest: def.rest ? reader.shapeOf(def.rest, items.length) : undefined,
      };
    }
    case "object":
      return {
        kind: "object",
        fields: Object.fromEntries(
          Object.entries(def.shape ?? {}).map(([name, field]) => [name, reader.shapeOf(field, name)]),
        ),
        rest:
          def.catchall === undefined || ["never", "unknown"].includes(def.catchall._zod.def.type)
            ? undefined
            : reader.shapeOf(def.catchall),
      };
    case "union":
    case "xor":
      return { kind: "union", options: (def.options ?? []).map((option) => reader.shapeOf(option)) };
    case "intersection":
      return { kind: "both", left: reader.shapeOf(def.left!), right: reader.shapeOf(def.right!) };
    case "optional":
    case "default":
    case "prefault":
      return { kind: "optional", inner: inner() };
    case "nullable":
      return { kind: "union", options: [{ kind: "literal", values: [null] }, inner()] };
    case "nonoptional":
    case "readonly":
    case "catch":
      return inner();
    case "lazy":
      return reader.shapeOf(def.getter!());
    case "pipe":
      if (Array.isArray(bag.truthy) && Array.isArray(bag.falsy))
        return { kind: "literal", values: [...bag.truthy, ...bag.falsy] };
      // What `z.preprocess` takes in nobody knows; what it is to come to does as well.
      return def.in!._zod.def.type === "transform" ? reader.shapeOf(def.out!) : reader.shapeOf(def.in!);
    case "custom":
      return instanceShape(bag.Class) ?? reader.unknown("z.custom(…)");
    default:
      return reader.unknown(`a zod schema of type "${def.type}"`);
  }
}

/** What instances of a built-in class are made of. */
export function instanceShape(Class: unknown): Shape | undefined {
  if (Class === Uint8Array) return { kind: "bytes" };
  if (Class === Date) return { kind: "date" };
  if (Class === Map) return { kind: "map", key: { kind: "string" }, value: { kind: "any" } };
  if (Class === Set) return { kind: "set", element: { kind: "any" } };
  return undefined;
}
