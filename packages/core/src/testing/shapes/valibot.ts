import { bounded, fitting, type Range, type Shape, ShapeReader, type Size } from "./shape.ts";
import { instanceShape } from "./zod.ts";

// Schemas of valibot are objects that say what they are.

interface ValibotSchema {
  readonly kind: "schema";
  readonly type: string;
  readonly pipe?: readonly ValibotAction[];
  readonly wrapped?: ValibotSchema;
  readonly item?: ValibotSchema;
  readonly items?: readonly ValibotSchema[];
  readonly rest?: ValibotSchema;
  readonly entries?: Readonly<Record<string, ValibotSchema>>;
  readonly key?: ValibotSchema;
  readonly value?: ValibotSchema;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly class?: unknown;
  readonly getter?: (input: unknown) => ValibotSchema;
}

interface ValibotAction {
  readonly kind: "schema" | "validation" | "transformation" | "metadata";
  readonly type: string;
  readonly requirement?: unknown;
}

/** Whether it is a schema of valibot's. */
export function isValibot(schema: object): schema is ValibotSchema {
  const { kind, type } = schema as Partial<ValibotSchema>;
  return kind === "schema" && typeof type === "string";
}

/** What a schema of valibot's takes in. */
export function valibotShape(schema: ValibotSchema): Shape {
  return new ShapeReader(read).shapeOf(schema);
}

/** What is demanded of the value that came in, before anything is made of it. */
function demands({ pipe = [] }: ValibotSchema): readonly ValibotAction[] {
  const made = pipe.findIndex(
    ({ kind, type }, at) =>
      at > 0 &&
      (kind === "schema" ||
        (kind === "transformation" &&
          !/^(trim|trim_start|trim_end|to_lower_case|to_upper_case|normalize|brand|readonly|flavor)$/.test(
            type,
          ))),
  );
  return pipe.slice(1, made < 0 ? undefined : made).filter(({ kind }) => kind === "validation");
}

function sizeOf(actions: readonly ValibotAction[]): Size {
  let size: Size = {};
  for (const { type, requirement } of actions) {
    const bound = requirement as number;
    if (/^min_(length|size|entries)$/.test(type)) size = fitting(size, { min: bound });
    else if (/^max_(length|size|entries)$/.test(type)) size = fitting(size, { max: bound });
    else if (/^(length|size|entries)$/.test(type)) size = fitting(size, { min: bound, max: bound });
    else if (type === "non_empty") size = fitting(size, { min: 1 });
  }
  return size;
}

function rangeOf<T extends number | bigint | Date>(actions: readonly ValibotAction[]): Range<T> {
  let range: Range<T> = {};
  for (const { type, requirement } of actions) {
    const bound = requirement as T;
    if (type === "min_value" || type === "gt_value")
      range = bounded(range, "low", bound, type === "gt_value");
    else if (type === "max_value" || type === "lt_value")
      range = bounded(range, "high", bound, type === "lt_value");
    else if (type === "value") range = bounded(bounded(range, "low", bound), "high", bound);
  }
  return range;
}

const requirementOf = (actions: readonly ValibotAction[], name: string): unknown =>
  actions.find(({ type }) => type === name)?.requirement;

function readString(actions: readonly ValibotAction[]): Shape {
  const values = requirementOf(actions, "values");
  if (Array.isArray(values)) return { kind: "literal", values };
  const patterned = actions.filter(({ requirement }) => requirement instanceof RegExp);
  return {
    kind: "string",
    ...sizeOf(actions),
    patterns: patterned.map(({ requirement }) => requirement as RegExp),
    format: [...patterned, ...actions].find(({ type }) =>
      /^(email|rfc_email|url|uuid|ulid|base64|ip|ipv4|ipv6|iso_[a-z_]+)$/.test(type),
    )?.type,
    startsWith: requirementOf(actions, "starts_with") as string | undefined,
    endsWith: requirementOf(actions, "ends_with") as string | undefined,
    includes: requirementOf(actions, "includes") as string | undefined,
  };
}

function read(schema: ValibotSchema, reader: ShapeReader<ValibotSchema>): Shape {
  const actions = demands(schema);
  const wrapped = (): Shape => reader.shapeOf(schema.wrapped!);
  switch (schema.type) {
    case "string":
      return readString(actions);
    case "number":
      return {
        kind: "number",
        ...rangeOf<number>(actions),
        isWhole: actions.some(({ type }) => type === "integer" || type === "safe_integer"),
        step: requirementOf(actions, "multiple_of") as number | undefined,
      };
    case "bigint":
      return {
        kind: "bigint",
        ...rangeOf<bigint>(actions),
        step: requirementOf(actions, "multiple_of") as bigint | undefined,
      };
    case "date":
      return { kind: "date", ...rangeOf<Date>(actions) };
    case "boolean":
      return { kind: "boolean" };
    case "literal":
      return { kind: "literal", values: [schema.literal] };
    case "picklist":
    case "enum":
      return { kind: "literal", values: schema.options ?? [] };
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
      return { kind: "array", element: reader.shapeOf(schema.item!, 0), ...sizeOf(actions) };
    case "set":
      return { kind: "set", element: reader.shapeOf(schema.value!, "value"), ...sizeOf(actions) };
    case "map":
    case "record": {
      const key = reader.shapeOf(schema.key!, "key");
      const value = reader.shapeOf(schema.value!, "value");
      if (schema.type === "record" && key.kind === "literal") {
        const field: Shape = { kind: "optional", inner: value };
        return {
          kind: "object",
          fields: Object.fromEntries(key.values.map((name) => [String(name), field])),
        };
      }
      return { kind: schema.type, key, value, ...sizeOf(actions) };
    }
    case "tuple":
    case "loose_tuple":
    case "strict_tuple":
    case "tuple_with_rest":
      return {
        kind: "tuple",
        items: (schema.items ?? []).map((item, at) => reader.shapeOf(item, at)),
        rest: schema.rest === undefined ? undefined : reader.shapeOf(schema.rest, "rest"),
      };
    case "object":
    case "loose_object":
    case "strict_object":
    case "object_with_rest":
      return {
        kind: "object",
        fields: Object.fromEntries(
          Object.entries(schema.entries ?? {}).map(([name, field]) => [name, reader.shapeOf(field, name)]),
        ),
        rest: schema.rest === undefined ? undefined : reader.shapeOf(schema.rest, "rest"),
      };
    case "union":
    case "variant":
      return {
        kind: "union",
        options: ((schema.options ?? []) as ValibotSchema[]).map((option) => reader.shapeOf(option)),
      };
    case "intersect":
      return ((schema.options ?? []) as ValibotSchema[])
        .map((option) => reader.shapeOf(option))
        .reduce((left, right) => ({ kind: "both", left, right }));
    case "optional":
    case "exact_optional":
    case "undefinedable":
      return { kind: "optional", inner: wrapped() };
    case "nullable":
      return { kind: "union", options: [{ kind: "literal", values: [null] }, wrapped()] };
    case "nullish":
      return {
        kind: "optional",
        inner: { kind: "union", options: [{ kind: "literal", values: [null] }, wrapped()] },
      };
    case "non_optional":
    case "non_nullable":
    case "non_nullish":
      return wrapped();
    case "lazy":
      return reader.shapeOf(schema.getter!(undefined));
    case "instance":
      return instanceShape(schema.class) ?? reader.unknown("v.instance(…) of a class of yours");
    default:
      return reader.unknown(`a valibot schema of type "${schema.type}"`);
  }
}
