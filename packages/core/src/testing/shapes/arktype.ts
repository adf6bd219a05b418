import { bounded, type Range, type Shape, ShapeReader, type Size } from "./shape.ts";

// A type of arktype's is a function whose `json` says what it is. What the JSON cannot say, such as a unit that is
// undefined and not "undefined", is offered either way, and the type takes what it means.

type Json = Readonly<Record<string, unknown>> | readonly unknown[] | string;

interface ArkType {
  readonly "~standard": { readonly vendor: string };
  readonly json: Json;
}

/** Whether it is a type of arktype's. */
export function isArk(schema: object): schema is ArkType {
  return (schema as Partial<ArkType>)["~standard"]?.vendor === "arktype" && "json" in schema;
}

/** What a type of arktype's takes in. */
export function arkShape({ json }: ArkType): Shape {
  return new ShapeReader<object>((node, reader) => read((node as { json: Json }).json, reader)).shapeOf({
    json,
  });
}

/** A constraint may stand alone or with what is said about it. */
function ruleOf<T>(constraint: unknown): T | undefined {
  if (typeof constraint === "object" && constraint !== null && "rule" in constraint)
    return (constraint as { rule: T }).rule;
  return constraint as T | undefined;
}

function nameOf(domain: unknown, key: "domain" | "proto"): string | undefined {
  const found =
    typeof domain === "object" && domain !== null ? (domain as Record<string, unknown>)[key] : domain;
  return typeof found === "string" ? found : undefined;
}

const isExclusive = (constraint: unknown): boolean =>
  (constraint as { exclusive?: boolean } | undefined)?.exclusive === true;

function unitsOf(unit: unknown): unknown[] {
  if (unit === "undefined") return [undefined, unit];
  if (typeof unit !== "string") return [unit];
  const values: unknown[] = [unit];
  if (/^-?\d+n$/.test(unit)) values.push(BigInt(unit.slice(0, -1)));
  if (/^\d{4}-\d\d-\d\dT/.test(unit)) values.push(new Date(unit));
  return values;
}

function sizeOf(node: Readonly<Record<string, unknown>>): Size {
  const exact = ruleOf<number>(node.exactLength);
  return { min: exact ?? ruleOf<number>(node.minLength), max: exact ?? ruleOf<number>(node.maxLength) };
}

function rangeOf<T extends number | Date>(low: unknown, high: unknown, make: (rule: never) => T): Range<T> {
  let range: Range<T> = {};
  if (low !== undefined) range = bounded(range, "low", make(ruleOf(low) as never), isExclusive(low));
  if (high !== undefined) range = bounded(range, "high", make(ruleOf(high) as never), isExclusive(high));
  return range;
}

function read(json: Json, reader: ShapeReader<object>): Shape {
  const at = (inner: unknown, step?: string | number): Shape => reader.shapeOf({ json: inner }, step);
  if (typeof json === "string") {
    if (/^(string|number|bigint|boolean|object|symbol)$/.test(json)) return read({ domain: json }, reader);
    return /^[A-Z]/.test(json) ? read({ proto: json }, reader) : reader.unknown(`arktype's "${json}"`);
  }
  if (Array.isArray(json)) return { kind: "union", options: json.map((branch) => at(branch)) };
  const node = json as Readonly<Record<string, unknown>>;
  if (Array.isArray(node.branches))
    return { kind: "union", options: node.branches.map((branch) => at(branch)) };
  if ("unit" in node) return { kind: "literal", values: unitsOf(node.unit) };
  if ("morphs" in node) return node.in === undefined ? { kind: "any" } : at(node.in);
  if ("alias" in node) return reader.unknown("arktype's scopes");
  if (node.proto !== undefined) return readProto(node, at, reader);
  switch (nameOf(node.domain, "domain")) {
    case "string": {
      const patterns = [node.pattern ?? []].flat().map((pattern) => {
        const { flags = "" } = pattern as { flags?: string };
        return new RegExp(ruleOf<string>(pattern) ?? "", flags);
      });
      const { format } = (node.meta ?? {}) as { format?: string };
      return { kind: "string", ...sizeOf(node), patterns, format: format === "uri" ? "url" : format };
    }
    case "number": {
      const step = ruleOf<number>(node.divisor);
      const range = rangeOf<number>(node.min, node.max, (rule) => rule);
      return { kind: "number", ...range, isWhole: Number.isInteger(step), step };
    }
    case "bigint":
      return { kind: "bigint" };
    case "boolean":
      return { kind: "boolean" };
    case "object":
      return readObject(node, at);
    case undefined:
      return Object.keys(node).some((key) => key !== "meta" && key !== "predicate")
        ? readObject(node, at)
        : { kind: "any" };
    default:
      return reader.unknown(`arktype's ${JSON.stringify(node.domain)}`);
  }
}

type At = (inner: unknown, step?: string | number) => Shape;

function readProto(node: Readonly<Record<string, unknown>>, at: At, reader: ShapeReader<object>): Shape {
  const name = nameOf(node.proto, "proto");
  switch (name) {
    case "Array": {
      if (node.sequence === undefined) return { kind: "array", element: { kind: "any" }, ...sizeOf(node) };
      const { sequence } = node;
      const isTuple =
        typeof sequence === "object" &&
        sequence !== null &&
        ("prefix" in sequence || "optionals" in sequence || "variadic" in sequence);
      if (!isTuple) return { kind: "array", element: at(sequence, 0), ...sizeOf(node) };
      const { prefix = [], optionals = [], variadic } = sequence as Record<string, unknown[]>;
      return {
        kind: "tuple",
        items: prefix.map((item, i) => at(item, i)),
        optional: optionals.map((item, i) => at(item, prefix.length + i)),
        rest: variadic === undefined ? undefined : at(variadic, prefix.length + optionals.length),
        ...sizeOf(node),
      };
    }
    case "Date":
      return { kind: "date", ...rangeOf(node.after, node.before, (rule) => new Date(rule)) };
    case "Uint8Array":
      return { kind: "bytes" };
    case "Map":
      return { kind: "map", key: { kind: "string" }, value: { kind: "any" } };
    case "Set":
      return { kind: "set", element: { kind: "any" } };
    default:
      return reader.unknown(`arktype's ${name ?? "class"}`);
  }
}

function readObject(node: Readonly<Record<string, unknown>>, at: At): Shape {
  type Property = { readonly key: string; readonly value: unknown };
  const fields: Record<string, Shape> = {};
  for (const { key, value } of (node.required ?? []) as Property[]) fields[key] = at(value, key);
  for (const { key, value } of (node.optional ?? []) as Property[])
    fields[key] = { kind: "optional", inner: at(value, key) };
  const [index] = (node.index ?? []) as { readonly signature: unknown; readonly value: unknown }[];
  if (index === undefined) return { kind: "object", fields };
  const value = at(index.value, "value");
  if (Object.keys(fields).length > 0) return { kind: "object", fields, rest: value };
  return { kind: "record", key: at(index.signature, "key"), value };
}
