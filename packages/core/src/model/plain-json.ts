import { toBase64 } from "../util/base64.ts";
import { objectKind } from "./value-kind.ts";

/**
 * A stored value as `JSON.stringify` can write it, in the form that people expect: a bigint and bytes as text (base64), a
 * Set as an array, a Map as an array of entries. Dates stay, for they know how to. Unlike tagged JSON it does not lead back.
 */
export function toPlainJson(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  switch (objectKind(value)) {
    case "date":
      return value;
    case "bytes":
      return toBase64(value as Uint8Array);
    case "map":
      return Array.from(value as Map<unknown, unknown>, ([key, item]) => [
        toPlainJson(key),
        toPlainJson(item),
      ]);
    case "set":
      return Array.from(value as Set<unknown>, toPlainJson);
    case "array":
      return (value as unknown[]).map(toPlainJson);
    default:
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlainJson(item)]));
  }
}

/** A text that is the same for values that are deeply equal, whatever the order of keys and of members of Maps and Sets. */
export function canonicalText(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  switch (objectKind(value)) {
    case "date":
      return `Date ${(value as Date).toISOString()}`;
    case "bytes":
      return `bytes ${toBase64(value as Uint8Array)}`;
    case "map":
      return `Map ${inOrder(Array.from(value as Map<unknown, unknown>, ([key, item]) => `${canonicalText(key)} => ${canonicalText(item)}`))}`;
    case "set":
      return `Set ${inOrder(Array.from(value as Set<unknown>, canonicalText))}`;
    case "array":
      return `[${(value as unknown[]).map(canonicalText).join(", ")}]`;
    default:
      return inOrder(
        Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${canonicalText(item)}`),
      );
  }
}

function inOrder(parts: string[]): string {
  return `{${parts.sort().join(", ")}}`;
}
