import { type ErrorCode, ValidationError, type ValuePath } from "../errors.ts";
import { pathText } from "../util/path-text.ts";
import { UnknownValue } from "./unknown-value.ts";
import { describeKind, objectKind, type StoredValue } from "./value-kind.ts";

export { compareForOrder, compareStrings, compareValues, equalValues } from "./compare.ts";
export { indexKey, keyRange, maxIndexKeyBytes } from "./index-key.ts";
export { maxRecordBytes, measureBytes, requireRecordSize } from "./measure.ts";
export { fromTaggedJson, toTaggedJson } from "./tagged-json.ts";
export { kindOf, type StoredValue, type ValueKind } from "./value-kind.ts";

/**
 * Levels of nesting that every store can hold: MongoDB takes 100, of which the record itself needs a few.
 * A Map counts as three and a Set as two, for that is how they are stored.
 */
export const maxDepth = 90;

/**
 * Takes a value of the caller's into the graph: a deep copy that nobody else holds.
 *
 * Accepted are JSON types, Date, bigint of 64 bits, Map, Set and Uint8Array at any depth. `-0` becomes `0`,
 * properties that are undefined are left out, further properties of arrays are too.
 *
 * Objects and arrays of the copy are frozen when all they contain is plain data. Those with a Map, Set, Date or
 * Uint8Array at any depth stay extensible, as these are: that one bit tells `handOut` what to copy.
 *
 * @param path where the value stands, for errors.
 * @throws {ValidationError} `RW_VALUE_KIND`, `RW_VALUE_KEY`, `RW_VALUE_CYCLE` or `RW_VALUE_DEPTH` with path and kind.
 */
export function takeIn(value: unknown, path: ValuePath = []): StoredValue {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return takeScalar(value, path);
    default:
      return new Intake(path).take(value, 0);
  }
}

/**
 * What a reader may be given of a stored value: itself when it is frozen or a scalar, else a copy of its own.
 * Decided in constant time; a copy shares those of its parts that are frozen.
 *
 * @throws {NewerShapeError} for what newer code has stored there
 */
export function handOut<T>(value: T): T {
  return isSpecial(value) ? (copySpecial(value as object) as T) : value;
}

/** Whether a stored value contains a Map, Set, Date or Uint8Array at any depth. */
export function isSpecial(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.isExtensible(value);
}

function copySpecial(value: object): object {
  switch (objectKind(value)) {
    case "date":
      return new Date((value as Date).getTime());
    case "bytes":
      return (value as Uint8Array).slice();
    case "array":
      return (value as unknown[]).map(handOut);
    case "map": {
      const copy = new Map<unknown, unknown>();
      for (const [key, item] of value as Map<unknown, unknown>) copy.set(handOut(key), handOut(item));
      return copy;
    }
    case "set": {
      const copy = new Set<unknown>();
      for (const item of value as Set<unknown>) copy.add(handOut(item));
      return copy;
    }
    default: {
      if (value instanceof UnknownValue) throw value.error();
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(value)) copy[key] = handOut((value as Record<string, unknown>)[key]);
      return copy;
    }
  }
}

function takeScalar(value: string | number | bigint | boolean, path: ValuePath): StoredValue {
  switch (typeof value) {
    case "string":
      if (!isWellFormed(value)) refuse(value, path, "a string with a lone surrogate", "lone surrogate");
      return value;
    case "number":
      if (!Number.isFinite(value)) refuse(value, path, String(value));
      return value === 0 ? 0 : value;
    case "bigint":
      if (BigInt.asIntN(64, value) !== value)
        refuse(value, path, "a bigint beyond 64 bits", "bigint beyond 64 bits");
      return value;
    default:
      return value;
  }
}

function isWellFormed(text: string): boolean {
  // In every supported runtime, and not yet among the types of ES2023.
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

function refuse(
  value: unknown,
  path: ValuePath,
  what: string,
  valueKind: string = describeKind(value),
): never {
  fail("RW_VALUE_KIND", path, `${what} cannot be stored`, valueKind);
}

function fail(code: ErrorCode, path: ValuePath, fact: string, valueKind: string): never {
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  throw new ValidationError({ code, message: where + fact, path: [...path], valueKind });
}

const unsafeKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** One deep copy: remembers the way to where it is. */
class Intake {
  readonly #path: (string | number)[];
  readonly #ancestors: object[] = [];

  constructor(path: ValuePath) {
    this.#path = [...path];
  }

  take(value: unknown, depth: number): StoredValue {
    switch (typeof value) {
      case "string":
      case "number":
      case "bigint":
      case "boolean":
        return takeScalar(value, this.#path);
      case "object":
        return value === null ? null : this.#takeObject(value, depth);
      default:
        return refuse(value, this.#path, value === undefined ? "undefined" : `a ${typeof value}`);
    }
  }

  #takeObject(value: object, depth: number): StoredValue {
    const kind = objectKind(value);
    switch (kind) {
      case "date":
        if (Number.isNaN(Date.prototype.getTime.call(value))) {
          refuse(value, this.#path, "an invalid Date", "invalid Date");
        }
        return new Date(Date.prototype.getTime.call(value));
      case "bytes":
        return new Uint8Array(value as Uint8Array);
      case "array":
        this.#enter(value, depth + 1);
        return this.#leave(this.#takeArray(value as unknown[], depth + 1));
      case "object":
        this.#enter(value, depth + 1);
        return this.#leave(this.#takePlain(value, depth + 1));
      case "map":
        this.#enter(value, depth + 3);
        return this.#leave(this.#takeMap(value as Map<unknown, unknown>, depth + 3));
      case "set":
        this.#enter(value, depth + 2);
        return this.#leave(this.#takeSet(value as Set<unknown>, depth + 2));
      default:
        return refuse(value, this.#path, `an ${describeKind(value)}`.replace("an class", "a class"));
    }
  }

  #enter(value: object, depth: number): void {
    if (this.#ancestors.includes(value)) {
      fail(
        "RW_VALUE_CYCLE",
        this.#path,
        "a value that contains itself cannot be stored",
        describeKind(value),
      );
    }
    if (depth > maxDepth) {
      fail("RW_VALUE_DEPTH", this.#path, `nested deeper than ${maxDepth} levels`, describeKind(value));
    }
    this.#ancestors.push(value);
  }

  #leave(taken: StoredValue): StoredValue {
    this.#ancestors.pop();
    return taken;
  }

  /** Takes what stands at `step` inside the current value. */
  #takeAt(step: string | number, value: unknown, depth: number): StoredValue {
    this.#path.push(step);
    const taken = this.take(value, depth);
    this.#path.pop();
    return taken;
  }

  #takeArray(value: readonly unknown[], depth: number): StoredValue {
    const copy: StoredValue[] = [];
    let special = false;
    for (let i = 0; i < value.length; i++) {
      if (!(i in value)) {
        this.#path.push(i);
        refuse(undefined, this.#path, "a hole of a sparse array", "hole");
      }
      const taken = this.#takeAt(i, value[i], depth);
      special ||= isSpecial(taken);
      copy.push(taken);
    }
    return special ? copy : Object.freeze(copy);
  }

  #takePlain(value: object, depth: number): StoredValue {
    const copy: Record<string, StoredValue> = {};
    let special = false;
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      this.#checkProperty(key, property);
      if (property.value === undefined || !property.enumerable) continue;
      const taken = this.#takeAt(key as string, property.value, depth);
      special ||= isSpecial(taken);
      copy[key as string] = taken;
    }
    return special ? copy : Object.freeze(copy);
  }

  #checkProperty(key: string | symbol, property: PropertyDescriptor): void {
    if (typeof key === "symbol") {
      this.#path.push(String(key));
      fail("RW_VALUE_KEY", this.#path, "a symbol cannot be a stored key", "symbol");
    }
    if (unsafeKeys.has(key) || key.includes("\0") || !isWellFormed(key)) {
      this.#path.push(key);
      fail("RW_VALUE_KEY", this.#path, `${JSON.stringify(key)} cannot be a stored key`, "object");
    }
    if (property.get !== undefined || property.set !== undefined) {
      this.#path.push(key);
      fail("RW_VALUE_KEY", this.#path, "an accessor cannot be stored", "accessor");
    }
  }

  #takeMap(value: ReadonlyMap<unknown, unknown>, depth: number): StoredValue {
    const copy = new Map<StoredValue, StoredValue>();
    let position = 0;
    Map.prototype.forEach.call(value, (item, key) => {
      const step = typeof key === "string" ? key : position;
      const takenKey = this.#takeAt(step, key, depth);
      copy.set(takenKey, this.#takeAt(step, item, depth));
      position++;
    });
    return copy;
  }

  #takeSet(value: ReadonlySet<unknown>, depth: number): StoredValue {
    const copy = new Set<StoredValue>();
    let position = 0;
    Set.prototype.forEach.call(value, (item) => {
      copy.add(this.#takeAt(position++, item, depth));
    });
    return copy;
  }
}
