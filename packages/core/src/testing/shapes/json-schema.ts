import { bounded, type Range, type Shape, ShapeReader } from "./shape.ts";

// Libraries that can say in JSON Schema what they take in, as Standard JSON Schema has it.

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
}

interface Describing {
  readonly "~standard": { readonly jsonSchema: { input(options: { target: string }): JsonSchema } };
}

/** Whether it can say what it takes in. */
export function saysJsonSchema(schema: object): schema is Describing {
  return typeof (schema as Partial<Describing>)["~standard"]?.jsonSchema?.input === "function";
}

/** What a schema takes in by its own account; undefined where it cannot say. */
export function describedShape(schema: Describing): Shape | undefined {
  try {
    const described = schema["~standard"].jsonSchema.input({ target: "draft-2020-12" });
    return new ShapeReader(read).shapeOf(described);
  } catch {
    // It may have no words for itself: JSON Schema knows no Map and no Date.
    return undefined;
  }
}

function rangeOf(schema: JsonSchema): Range<number> {
  let range: Range<number> = {};
  if (schema.minimum !== undefined) range = bounded(range, "low", schema.minimum);
  if (schema.exclusiveMinimum !== undefined) range = bounded(range, "low", schema.exclusiveMinimum, true);
  if (schema.maximum !== undefined) range = bounded(range, "high", schema.maximum);
  if (schema.exclusiveMaximum !== undefined) range = bounded(range, "high", schema.exclusiveMaximum, true);
  return range;
}

const formats: Readonly<Record<string, string>> = { uri: "url", "date-time": "datetime" };

function read(schema: JsonSchema, reader: ShapeReader<JsonSchema>): Shape {
  const options = schema.anyOf ?? schema.oneOf;
  if ("const" in schema) return { kind: "literal", values: [schema.const] };
  if (schema.enum !== undefined) return { kind: "literal", values: schema.enum };
  if (options !== undefined)
    return { kind: "union", options: options.map((option) => reader.shapeOf(option)) };
  if (schema.allOf !== undefined)
    return schema.allOf
      .map((part) => reader.shapeOf(part))
      .reduce((left, right) => ({ kind: "both", left, right }));
  if (Array.isArray(schema.type))
    return { kind: "union", options: schema.type.map((type) => reader.shapeOf({ ...schema, type })) };
  switch (schema.type) {
    case "string":
      return {
        kind: "string",
        min: schema.minLength,
        max: schema.maxLength,
        patterns: schema.pattern === undefined ? [] : [new RegExp(schema.pattern, "u")],
        format: formats[schema.format ?? ""] ?? schema.format,
      };
    case "number":
    case "integer":
      return {
        kind: "number",
        ...rangeOf(schema),
        isWhole: schema.type === "integer",
        step: schema.multipleOf,
      };
    case "boolean":
      return { kind: "boolean" };
    case "null":
      return { kind: "literal", values: [null] };
    case "array": {
      const size = { min: schema.minItems, max: schema.maxItems };
      const element: Shape = schema.items === undefined ? { kind: "any" } : reader.shapeOf(schema.items, 0);
      if (schema.prefixItems === undefined) return { kind: "array", element, ...size };
      const items = schema.prefixItems.map((item, at) => reader.shapeOf(item, at));
      return { kind: "tuple", items, rest: schema.items === undefined ? undefined : element, ...size };
    }
    case "object": {
      const required = new Set(schema.required);
      const rest =
        typeof schema.additionalProperties === "object"
          ? reader.shapeOf(schema.additionalProperties)
          : undefined;
      const fields = Object.entries(schema.properties ?? {}).map(([name, field]): [string, Shape] => {
        const inner = reader.shapeOf(field, name);
        return [name, required.has(name) ? inner : { kind: "optional", inner }];
      });
      if (fields.length === 0 && rest !== undefined)
        return { kind: "record", key: { kind: "string" }, value: rest };
      return { kind: "object", fields: Object.fromEntries(fields), rest };
    }
    case undefined:
      return Object.keys(schema).every((key) => key.startsWith("$"))
        ? { kind: "any" }
        : reader.unknown("a JSON Schema without a type");
    default:
      return reader.unknown(`a JSON Schema of type ${JSON.stringify(schema.type)}`);
  }
}
