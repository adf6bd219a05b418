import stringify from "fast-json-stable-stringify";

/** JSON text that does not depend on the order in which keys were set. Takes plain JSON values only. */
export function stableJson(value: unknown): string {
  return stringify(value);
}
