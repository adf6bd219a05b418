import { CorruptRecordError } from "../errors.ts";
import { fromBase64, toBase64 } from "../util/base64.ts";
import { objectKind, type StoredValue } from "./value-kind.ts";

/** What JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

// A tag is an object with one key, which starts with "@". A user's object of that form is wrapped in "@plain".
// "@" rather than "$": MongoDB's own tools give a meaning to "$date", and its queries to every "$".

/**
 * A stored value as JSON, with tags for what JSON lacks:
 *
 * | kind | form |
 * |---|---|
 * | Date | `{"@date": "2026-01-31T12:00:00.000Z"}` |
 * | bigint | `{"@bigint": "-9007199254740993"}` |
 * | Uint8Array | `{"@bytes": "AQID"}` (base64) |
 * | Map | `{"@map": [[key, value], …]}` |
 * | Set | `{"@set": [member, …]}` |
 * | an object whose only key starts with `@` | `{"@plain": {…}}` |
 *
 * Gives the value itself when nothing in it needs a tag. It is not changed and may be frozen.
 */
export function toTaggedJson(value: unknown): JsonValue {
  switch (typeof value) {
    case "bigint":
      return { "@bigint": String(value) };
    case "object":
      return value === null ? null : tagObject(value);
    default:
      return value as JsonValue;
  }
}

function tagObject(value: object): JsonValue {
  switch (objectKind(value)) {
    case "date":
      return { "@date": (value as Date).toISOString() };
    case "bytes":
      return { "@bytes": toBase64(value as Uint8Array) };
    case "map":
      return {
        "@map": Array.from(value as Map<unknown, unknown>, ([key, item]) => [
          toTaggedJson(key),
          toTaggedJson(item),
        ]),
      };
    case "set":
      return { "@set": Array.from(value as Set<unknown>, toTaggedJson) };
    case "array":
      return tagArray(value as unknown[]);
    default:
      return tagPlain(value as Record<string, unknown>);
  }
}

/** The array itself as long as every element is its own JSON, a copy from the first that is not. */
function tagArray(value: readonly unknown[]): JsonValue {
  for (let i = 0; i < value.length; i++) {
    const tagged = toTaggedJson(value[i]);
    if (tagged === value[i]) continue;
    const copy = value.slice(0, i) as JsonValue[];
    copy.push(tagged);
    for (i++; i < value.length; i++) copy.push(toTaggedJson(value[i]));
    return copy;
  }
  return value as JsonValue;
}

function tagPlain(value: Record<string, unknown>): JsonValue {
  const keys = Object.keys(value);
  let copy: Record<string, unknown> | undefined;
  for (const key of keys) {
    const tagged = toTaggedJson(value[key]);
    if (tagged === value[key]) continue;
    copy ??= { ...value };
    copy[key] = tagged;
  }
  const tagged = (copy ?? value) as JsonValue;
  return keys.length === 1 && isTag(keys[0] as string) ? { "@plain": tagged } : tagged;
}

function isTag(key: string): boolean {
  return key.charCodeAt(0) === 64;
}

// JSON text nests as deep as its writer pleased; values that were taken in stay far below.
const maxJsonDepth = 200;

/**
 * Reads what `toTaggedJson` wrote, as a value that satisfies the invariant of `takeIn`: plain data is frozen.
 * Takes over `json`, which must be fresh from a parser: parts of it become parts of the result.
 *
 * @throws {CorruptRecordError} for a tag that is unknown or malformed, an unsafe key, or absurd nesting.
 */
export function fromTaggedJson(json: unknown): StoredValue {
  return typeof json === "object" && json !== null ? untag(json, 0) : (json as StoredValue);
}

function untagChild(json: unknown, depth: number): StoredValue {
  return typeof json === "object" && json !== null ? untag(json, depth + 1) : (json as StoredValue);
}

function untag(json: object, depth: number): StoredValue {
  if (depth > maxJsonDepth) throw corrupt("nested too deeply");
  if (Array.isArray(json)) return untagArray(json, depth);
  const keys = Object.keys(json);
  if (keys.length === 1 && isTag(keys[0] as string)) {
    return untagTag(keys[0] as string, (json as Record<string, unknown>)[keys[0] as string], depth);
  }
  return untagPlain(json as Record<string, unknown>, keys, depth);
}

function untagArray(json: unknown[], depth: number): StoredValue {
  let special = false;
  for (let i = 0; i < json.length; i++) {
    const item = json[i];
    if (typeof item !== "object" || item === null) continue;
    const value = untag(item, depth + 1);
    special ||= isExtensible(value);
    json[i] = value;
  }
  return (special ? json : Object.freeze(json)) as StoredValue;
}

function isExtensible(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.isExtensible(value);
}

function untagPlain(json: Record<string, unknown>, keys: readonly string[], depth: number): StoredValue {
  let special = false;
  for (const key of keys) {
    if (key === "__proto__" || key === "constructor" || key === "prototype") {
      throw corrupt(`unsafe key ${JSON.stringify(key)}`);
    }
    const item = json[key];
    if (typeof item !== "object" || item === null) continue;
    const value = untag(item, depth + 1);
    special ||= isExtensible(value);
    json[key] = value;
  }
  return (special ? json : Object.freeze(json)) as StoredValue;
}

function untagTag(tag: string, content: unknown, depth: number): StoredValue {
  switch (tag) {
    case "@date": {
      const date = new Date(text(tag, content));
      if (Number.isNaN(date.getTime())) throw corrupt(`malformed ${tag}`);
      return date;
    }
    case "@bigint": {
      const digits = text(tag, content);
      const value = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
      if (value === undefined || BigInt.asIntN(64, value) !== value) throw corrupt(`malformed ${tag}`);
      return value;
    }
    case "@bytes":
      try {
        return fromBase64(text(tag, content));
      } catch (cause) {
        throw corrupt(`malformed ${tag}`, cause);
      }
    case "@map":
      return new Map(list(tag, content).map((entry) => untagEntry(entry, depth)));
    case "@set":
      return new Set(list(tag, content).map((member) => untagChild(member, depth)));
    case "@plain":
      if (typeof content !== "object" || content === null || Array.isArray(content)) {
        throw corrupt(`malformed ${tag}`);
      }
      return untagPlain(content as Record<string, unknown>, Object.keys(content), depth + 1);
    default:
      throw corrupt(`unknown tag ${JSON.stringify(tag)}`);
  }
}

function untagEntry(entry: unknown, depth: number): [StoredValue, StoredValue] {
  if (!Array.isArray(entry) || entry.length !== 2) throw corrupt("malformed @map");
  return [untagChild(entry[0], depth), untagChild(entry[1], depth)];
}

function text(tag: string, content: unknown): string {
  if (typeof content !== "string") throw corrupt(`malformed ${tag}`);
  return content;
}

function list(tag: string, content: unknown): unknown[] {
  if (!Array.isArray(content)) throw corrupt(`malformed ${tag}`);
  return content;
}

function corrupt(reason: string, cause?: unknown): CorruptRecordError {
  return new CorruptRecordError({ message: `Stored JSON: ${reason}`, details: { reason }, cause });
}
