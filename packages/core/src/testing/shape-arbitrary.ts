import { pathText } from "../util/path-text.ts";
import type { Arbitrary, FastCheck } from "./fast-check.ts";
import type { Shape, Size } from "./shapes/shape.ts";

type Any = Arbitrary<unknown>;

/** Longer than this, no value is made just because a bound lies there. */
const LONGEST_BOUND = 2000;
const MOST_ELEMENTS_AT_BOUND = 64;
const safe = Number.MAX_SAFE_INTEGER;
const mostBigInt = 2n ** 63n - 1n;
const earliest = Date.UTC(1970, 0, 1);

/** Where no values can be made of a shape: what it is, and the way to it. */
export class Underivable extends Error {
  readonly at: readonly (string | number)[];

  constructor(what: string, at: readonly (string | number)[]) {
    super(what);
    this.at = at;
  }
}

/**
 * Values of a shape, or undefined where there are none.
 *
 * @throws {Underivable}
 */
export function shapeArbitrary(fc: FastCheck, shape: Shape): Any | undefined {
  switch (shape.kind) {
    case "string":
      return strings(fc, shape);
    case "number":
      return numbers(fc, shape);
    case "bigint":
      return bigints(fc, shape);
    case "date":
      return dates(fc, shape);
    case "bytes":
      return fc.uint8Array({ ...lengths(shape) });
    case "boolean":
      return fc.boolean();
    case "literal":
      return shape.values.length === 0 ? undefined : fc.constantFrom(...shape.values);
    case "any":
      return anything(fc);
    case "never":
      return undefined;
    case "unknown":
      throw new Underivable(shape.what, shape.at);
    case "optional": {
      const inner = shapeArbitrary(fc, shape.inner);
      return inner === undefined
        ? fc.constant(undefined)
        : oneOf(fc, [4, inner], [1, fc.constant(undefined)]);
    }
    case "union": {
      const options = shape.options.flatMap((option) => shapeArbitrary(fc, option) ?? []);
      return options.length === 0 ? undefined : fc.oneof(...options);
    }
    case "both": {
      const left = shapeArbitrary(fc, shape.left);
      const right = shapeArbitrary(fc, shape.right);
      if (left === undefined || right === undefined) return undefined;
      return fc.tuple(left, right).map(([one, other]: [unknown, unknown]) => joined(one, other));
    }
    case "array":
      return elements(fc, shapeArbitrary(fc, shape.element), shape, (element, size) =>
        fc.array(element, size),
      );
    case "set":
      return elements(fc, shapeArbitrary(fc, shape.element), shape, (element, size) =>
        fc.uniqueArray(element, { ...size, comparator: "SameValueZero" }),
      )?.map((members) => new Set(members as unknown[]));
    case "map":
      return entries(fc, shape, (key) => key)?.map((all) => new Map(all));
    case "record":
      return entries(fc, shape, (key) => key.map(String).filter(isKey))?.map((all) =>
        Object.fromEntries(all),
      );
    case "tuple":
      return tuples(fc, shape);
    case "object":
      return objects(fc, shape);
  }
}

/** One of them; a value that shrinks may become one of the first. */
function oneOf(fc: FastCheck, ...weighted: readonly [weight: number, arbitrary: Any][]): Any {
  return fc.oneof(
    { withCrossShrink: true },
    ...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })),
  );
}

function lengths({ min, max }: Size): { minLength?: number; maxLength?: number } {
  return { ...(min !== undefined && { minLength: min }), ...(max !== undefined && { maxLength: max }) };
}

// ---- text

/** Characters of one to four bytes, of one and two code units, that change under case and with what follows them. */
const letters = [
  "a",
  "Z",
  "0",
  " ",
  "_",
  "é",
  "ß",
  "İ",
  "漢",
  "e\u0301",
  "👍🏽",
  "\u{10ffff}",
  "\ud7ff",
  "'",
];

function strings(fc: FastCheck, shape: Shape & { kind: "string" }): Any {
  const { min = 0, max } = shape;
  const candidates: [number, Any][] = [];
  for (const made of ofFormat(fc, shape.format)) candidates.push([2, made]);
  for (const pattern of shape.patterns ?? []) {
    const made = candidates.length === 0 || shape.format === undefined ? matching(fc, pattern) : undefined;
    if (made !== undefined) candidates.push([3, made]);
  }
  if (candidates.length === 0) {
    candidates.push([5, fc.string(lengths({ min, max }))]);
    const cut = (text: string): string => (max === undefined ? text : cutTo(text, max));
    candidates.push([2, fc.string({ unit: fc.constantFrom(...letters), ...lengths({ min, max }) }).map(cut)]);
    for (const bound of new Set([min, max ?? min]))
      if (bound <= LONGEST_BOUND)
        candidates.push([1, fc.string({ minLength: bound, maxLength: bound, size: "max" })]);
  }
  const text = candidates.length === 1 ? candidates[0]![1] : oneOf(fc, ...candidates);
  const { startsWith = "", includes = "", endsWith = "" } = shape;
  const fixed = startsWith.length + includes.length + endsWith.length;
  if (fixed === 0) return text;
  const room = max === undefined ? undefined : Math.max(0, max - fixed);
  return text.map((given) => {
    const free = room === undefined ? (given as string) : cutTo(given as string, room);
    return startsWith + free + includes + endsWith;
  });
}

/** At most so many code units, and no half of a character. */
function cutTo(text: string, most: number): string {
  if (text.length <= most) return text;
  let cut = "";
  for (const character of text) {
    if (cut.length + character.length > most) break;
    cut += character;
  }
  return cut;
}

function ofFormat(fc: FastCheck, format: string | undefined): Any[] {
  const times = (form: (iso: string) => string): Any =>
    fc
      .date({
        min: new Date("0000-01-01T00:00:00Z"),
        max: new Date("9999-12-31T23:59:59.999Z"),
        noInvalidDate: true,
      })
      .map((date: Date) => form(date.toISOString()));
  switch (format) {
    case "email":
    case "rfc_email":
      return [fc.emailAddress(), fc.stringMatching(/^[a-z0-9]{1,8}@[a-z0-9]{1,8}\.[a-z]{2,4}$/)];
    case "uuid":
    case "guid":
      return [fc.uuid()];
    case "url":
    case "httpUrl":
      return [fc.webUrl(), fc.webUrl({ withQueryParameters: true, withFragments: true })];
    case "ulid":
      return [fc.ulid()];
    case "base64":
      return [fc.base64String()];
    case "ip":
      return [fc.ipV4(), fc.ipV6()];
    case "ipv4":
      return [fc.ipV4()];
    case "ipv6":
      return [fc.ipV6()];
    case "datetime":
    case "iso_timestamp":
      return [times((iso) => iso), times((iso) => `${iso.slice(0, 19)}Z`)];
    case "iso_date_time":
      return [times((iso) => iso.slice(0, 16))];
    case "date":
    case "iso_date":
      return [times((iso) => iso.slice(0, 10))];
    case "time":
    case "iso_time_second":
      return [times((iso) => iso.slice(11, 19))];
    case "iso_time":
      return [times((iso) => iso.slice(11, 16))];
    default:
      return [];
  }
}

/**
 * What matches an expression; of one that fast-check cannot follow, what matches it without its looks ahead and flags,
 * of which the schema then takes what it means.
 */
function matching(fc: FastCheck, pattern: RegExp): Any | undefined {
  const plain = pattern.source.replaceAll(/\(\?<?[=!](?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)|\\[bB]/g, "");
  for (const [source, flags] of [
    [pattern.source, pattern.flags.replaceAll(/[gydi]/g, "")],
    [plain, pattern.flags.replaceAll(/[gydi]/g, "")],
    [plain, "u"],
  ] as const) {
    try {
      return fc.stringMatching(new RegExp(source, flags), { size: "medium" });
    } catch {
      // The next way.
    }
  }
  return undefined;
}

// ---- numbers and times

function numbers(fc: FastCheck, shape: Shape & { kind: "number" }): Any {
  const { low, high, isLowOpen = false, isHighOpen = false, isWhole = false, step } = shape;
  if (step !== undefined && step !== 0) {
    const least = Math.max(-safe, Math.ceil((low ?? -safe * Math.abs(step)) / Math.abs(step)));
    const most = Math.min(safe, Math.floor((high ?? safe * Math.abs(step)) / Math.abs(step)));
    const near = { min: Math.max(least, -1000), max: Math.min(most, 1000) };
    const all = fc.integer({ min: least, max: Math.max(least, most) });
    const factors = near.min <= near.max ? oneOf(fc, [3, fc.integer(near)], [1, all]) : all;
    return factors.map((factor: unknown) => (factor as number) * Math.abs(step) + 0);
  }
  if (isWhole) {
    const least = Math.max(
      -safe,
      low === undefined ? -safe : isLowOpen ? Math.floor(low) + 1 : Math.ceil(low),
    );
    const most = Math.min(
      safe,
      high === undefined ? safe : isHighOpen ? Math.ceil(high) - 1 : Math.floor(high),
    );
    const near = { min: Math.max(least, -1000), max: Math.min(most, 1000) };
    const all: [number, Any][] = [[2, fc.integer({ min: least, max: Math.max(least, most) })]];
    if (near.min <= near.max && (near.min !== least || near.max !== most)) all.push([3, fc.integer(near)]);
    if (low !== undefined || high !== undefined) all.push([1, fc.constantFrom(least, Math.max(least, most))]);
    return oneOf(fc, ...all);
  }
  const limits = {
    noNaN: true,
    noDefaultInfinity: true,
    ...(low !== undefined && { min: low, minExcluded: isLowOpen }),
    ...(high !== undefined && { max: high, maxExcluded: isHighOpen }),
  };
  const bounds = [...(isLowOpen ? [] : [low]), ...(isHighOpen ? [] : [high])].filter(
    (each) => each !== undefined,
  );
  const all: [number, Any][] = [[4, fc.double(limits)]];
  if ((low ?? 0) <= 0 && (high ?? 100) >= 100)
    all.push([2, fc.integer({ min: low === undefined ? -100 : 0, max: 100 })]);
  if (bounds.length > 0) all.push([1, fc.constantFrom(...bounds)]);
  // Minus zero is stored as zero.
  return oneOf(fc, ...all).map((number) => (number as number) + 0);
}

function bigints(fc: FastCheck, { low, high, isLowOpen, isHighOpen, step }: Shape & { kind: "bigint" }): Any {
  let least = low === undefined || low < -mostBigInt - 1n ? -mostBigInt - 1n : low;
  let most = high === undefined || high > mostBigInt ? mostBigInt : high;
  if (isLowOpen) least += 1n;
  if (isHighOpen) most -= 1n;
  const within = (min: bigint, max: bigint): Any => {
    const near = fc.bigInt({ min: min > -1000n ? min : -1000n, max: max < 1000n ? max : 1000n });
    const all = fc.bigInt({ min, max });
    const ends = fc.constantFrom(min, max);
    return min <= 1000n && max >= -1000n
      ? oneOf(fc, [3, near], [1, all], [1, ends])
      : oneOf(fc, [3, all], [1, ends]);
  };
  if (step === undefined || step === 0n) return within(least, most);
  const size = step < 0n ? -step : step;
  return within(least / size, most / size).map((factor) => (factor as bigint) * size);
}

function dates(fc: FastCheck, { low, high, isLowOpen, isHighOpen }: Shape & { kind: "date" }): Any {
  const min = low === undefined ? undefined : new Date(+low + (isLowOpen ? 1 : 0));
  const max = high === undefined ? undefined : new Date(+high - (isHighOpen ? 1 : 0));
  const limits = { noInvalidDate: true, ...(min && { min }), ...(max && { max }) };
  const recent = { min: new Date(earliest), max: new Date("2100-01-01") };
  const all: [number, Any][] = [[2, fc.date(limits)]];
  if ((min ?? recent.min) <= recent.max && (max ?? recent.max) >= recent.min)
    all.push([
      3,
      fc.date({
        noInvalidDate: true,
        min: min === undefined || min < recent.min ? recent.min : min,
        max: max === undefined || max > recent.max ? recent.max : max,
      }),
    ]);
  const bounds = [min, max].filter((each) => each !== undefined);
  if (bounds.length > 0) all.push([1, fc.constantFrom(...bounds).map((date: Date) => new Date(date))]);
  return oneOf(fc, ...all);
}

// ---- what consists of others

function elements(
  fc: FastCheck,
  element: Any | undefined,
  size: Size,
  make: (element: Any, size: { minLength?: number; maxLength?: number; size?: string }) => Any,
): Any | undefined {
  const { min = 0, max } = size;
  if (element === undefined) return min > 0 ? undefined : make(fc.constant(undefined), { maxLength: 0 });
  const usual = make(element, lengths(size));
  const bounds = [...new Set([min, max ?? min])].filter((bound) => bound <= MOST_ELEMENTS_AT_BOUND);
  return oneOf(
    fc,
    [5, usual],
    ...bounds.map((bound): [number, Any] => [
      1,
      make(element, { minLength: bound, maxLength: bound, size: "max" }),
    ]),
  );
}

function entries(
  fc: FastCheck,
  shape: Size & { readonly key: Shape; readonly value: Shape },
  keyOf: (key: Any) => Any,
): Arbitrary<[string, unknown][]> | undefined {
  const key = shapeArbitrary(fc, shape.key);
  const value = shapeArbitrary(fc, shape.value);
  const entry = key && value && fc.tuple(keyOf(key), value);
  return elements(fc, entry, shape, (each, size) =>
    fc.uniqueArray(each, { ...size, selector: ([name]: [unknown]) => name, comparator: "SameValueZero" }),
  ) as Arbitrary<[string, unknown][]> | undefined;
}

function tuples(fc: FastCheck, shape: Shape & { kind: "tuple" }): Any | undefined {
  const items = shape.items.map((item) => shapeArbitrary(fc, item));
  if (items.includes(undefined)) return undefined;
  const optional = (shape.optional ?? []).map((item) => shapeArbitrary(fc, item) ?? fc.constant(undefined));
  const rest = shape.rest && shapeArbitrary(fc, shape.rest);
  const least = Math.max(0, (shape.min ?? 0) - items.length - optional.length);
  return fc
    .tuple(
      fc.tuple(...items),
      fc.tuple(...optional),
      fc.nat(optional.length),
      rest === undefined ? fc.constant([]) : fc.array(rest, { minLength: least }),
    )
    .map(([first, then, given, last]: [unknown[], unknown[], number, unknown[]]) => {
      // What follows an item that is left out is left out too.
      const said = then.slice(0, last.length > 0 && least > 0 ? undefined : given);
      return said.length < then.length ? [...first, ...said] : [...first, ...said, ...last];
    });
}

function objects(fc: FastCheck, shape: Shape & { kind: "object" }): Any | undefined {
  const model: Record<string, Any> = Object.create(null);
  for (const [name, field] of Object.entries(shape.fields)) {
    const made = shapeArbitrary(fc, field);
    if (made === undefined) return undefined;
    model[name] = made;
  }
  const named: Arbitrary<Record<string, unknown>> = fc
    .record(model, { noNullPrototype: true })
    .map(withoutAbsent);
  const rest =
    shape.rest &&
    entries(fc, { key: { kind: "string" }, value: shape.rest }, (key) =>
      (key as Arbitrary<string>).filter(isKey),
    );
  if (rest === undefined) return named;
  return fc
    .tuple(rest, named)
    .map(([others, fields]: [[string, unknown][], object]) => ({ ...Object.fromEntries(others), ...fields }));
}

/** Without keys that are undefined: what a schema means by optional is mostly that the key is not there. */
function withoutAbsent(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function joined(one: unknown, other: unknown): unknown {
  const isPlain = (value: unknown): value is object =>
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain(one) && isPlain(other) ? { ...one, ...other } : one;
}

function isKey(key: unknown): key is string {
  return typeof key === "string" && !/^(?:__proto__|constructor|prototype)$|\0/.test(key);
}

function anything(fc: FastCheck): Any {
  const scalar = fc.oneof(fc.boolean(), fc.integer(), fc.string(), fc.constant(null));
  return oneOf(
    fc,
    [4, scalar],
    [1, fc.array(scalar, { maxLength: 3 })],
    [1, fc.record({ a: scalar, b: fc.array(scalar, { maxLength: 2 }) }, { noNullPrototype: true })],
  );
}

/** The place of what cannot be derived, as code would write it. */
export function placeOf(owner: string, field: string, at: readonly (string | number)[]): string {
  return `${owner}.${pathText([field, ...at])}`;
}
