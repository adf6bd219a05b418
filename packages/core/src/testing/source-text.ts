/** A value as TypeScript that makes it: what is printed can be pasted. */
export function sourceText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      return value === null ? "null" : objectText(value);
    default:
      return String(value);
  }
}

function objectText(value: object): string {
  const all = (items: Iterable<unknown>): string => Array.from(items, sourceText).join(", ");
  if (Array.isArray(value)) return `[${all(value)}]`;
  if (value instanceof Date) return `new Date(${Number.isNaN(+value) ? "NaN" : JSON.stringify(value)})`;
  if (value instanceof Map) return `new Map([${all(value)}])`;
  if (value instanceof Set) return `new Set([${all(value)}])`;
  if (value instanceof Uint8Array) return `new Uint8Array([${value.join(", ")}])`;
  const fields = Object.entries(value).map(([key, field]) => {
    const name = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? key : JSON.stringify(key);
    return `${name}: ${sourceText(field)}`;
  });
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** The name that a walker's variable most likely has: `post_message` is `postMessage`. */
export function variableName(name: string): string {
  const camel = name.replaceAll(/[^\p{L}\p{N}$]+(.?)/gu, (_, next: string) => next.toUpperCase());
  return /^[\p{L}$]/u.test(camel) ? camel.charAt(0).toLowerCase() + camel.slice(1) : `_${camel}`;
}
