import type { FieldFilter, Filter } from "./filter.ts";
import { toTaggedJson } from "./tagged-json.ts";

const signs: Readonly<Partial<Record<FieldFilter["op"], string>>> = {
  eq: "=",
  ne: "!=",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  oneOf: "one of",
  startsWith: "starts with",
};

/** The longest value that is shown whole. */
const longest = 60;

/** A filter for people to read: `age >= 18 and not (name starts with "x")`. */
export function filterText(filter: Filter): string {
  switch (filter.kind) {
    case "and":
    case "or":
      if (filter.parts.length === 0) return filter.kind === "and" ? "anything" : "nothing";
      return filter.parts
        .map((part) =>
          part.kind === "and" || part.kind === "or" ? `(${filterText(part)})` : filterText(part),
        )
        .join(` ${filter.kind} `);
    case "not":
      return `not (${filterText(filter.part)})`;
    case "field": {
      const { field, op, value } = filter;
      if (value === undefined) return `${field} is absent`;
      return `${field} ${signs[op] ?? op} ${valueText(value)}`;
    }
  }
}

/** A stored value for people to read, cut where it is long. */
export function valueText(value: unknown): string {
  if (value === undefined) return "absent";
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date) return value.toISOString();
  const text = JSON.stringify(toTaggedJson(value as never)) ?? String(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
