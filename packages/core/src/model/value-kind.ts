/** The kinds of stored values. Values of different kinds never compare. */
export type ValueKind =
  | "null"
  | "boolean"
  | "number"
  | "bigint"
  | "string"
  | "date"
  | "bytes"
  | "array"
  | "object"
  | "map"
  | "set";

/** What a field can hold. Plain objects and arrays are frozen; see `takeIn`. */
export type StoredValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly StoredValue[]
  | { readonly [key: string]: StoredValue }
  | ReadonlyMap<StoredValue, StoredValue>
  | ReadonlySet<StoredValue>;

/** The kind of a stored value; undefined for absence and for what was never taken in. */
export function kindOf(value: unknown): ValueKind | undefined {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "bigint":
      return "bigint";
    case "object":
      return value === null ? "null" : objectKind(value);
    default:
      return undefined;
  }
}

const bytesTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/**
 * The kind of an object that may come from anywhere, other realms included; undefined for class instances,
 * which would lose their class. Node's `Buffer` is the one subclass that counts as what it extends: bytes.
 */
export function objectKind(value: object): ValueKind | undefined {
  if (Array.isArray(value)) return "array";
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "object";
  if (prototype === Date.prototype) return hasSlot(Date.prototype.getTime, value) ? "date" : undefined;
  if (prototype === Map.prototype) return hasSlot(sizeOfMap, value) ? "map" : undefined;
  if (prototype === Set.prototype) return hasSlot(sizeOfSet, value) ? "set" : undefined;
  if (bytesTag.call(value) === "Uint8Array") return "bytes";
  return foreignKind(value, prototype);
}

const sizeOfMap = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get as () => number;
const sizeOfSet = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get as () => number;

/** Whether a built-in method accepts `value`: the test that holds in every realm and cannot be faked. */
function hasSlot(method: (this: never) => unknown, value: object): boolean {
  try {
    method.call(value as never);
    return true;
  } catch {
    return false;
  }
}

/** Plain objects, Dates, Maps and Sets of another realm (test runners and frames have their own built-ins). */
function foreignKind(value: object, prototype: object): ValueKind | undefined {
  const base: object | null = Object.getPrototypeOf(prototype);
  if (base === null) return Object.hasOwn(prototype, "isPrototypeOf") ? "object" : undefined;
  // A built-in's prototype inherits from Object.prototype directly, a subclass's does not.
  if (Object.getPrototypeOf(base) !== null) return undefined;
  if (hasSlot(Date.prototype.getTime, value)) return "date";
  if (hasSlot(sizeOfMap, value)) return "map";
  if (hasSlot(sizeOfSet, value)) return "set";
  return undefined;
}

/** How an error names the kind of anything at all: `"function"`, `"NaN"`, `"instance of Room"`, … */
export function describeKind(value: unknown): string {
  if (value === undefined) return "undefined";
  if (typeof value === "number") return Number.isFinite(value) ? "number" : String(value);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return objectKind(value) ?? instanceName(value);
}

function instanceName(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "" ? `instance of ${name}` : "class instance";
}
