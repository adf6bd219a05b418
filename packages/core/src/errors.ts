import { type ErrorCatalogueEntry, type ErrorCategory, type ErrorCode, errorCodes } from "./error-codes.ts";

export { type ErrorCategory, type ErrorCode, errorCodes } from "./error-codes.ts";

/** What every error of the library can be given. */
export interface GraphErrorOptions {
  readonly code: ErrorCode;
  /** What happened, where; defaults to the summary of the code. */
  readonly message?: string | undefined;
  /** The way out, where the message can name a better one than the catalogue. */
  readonly remedy?: string | undefined;
  /** Facts for programs: names, ids, keys, limits. Never contents the reader may not see. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** Options of a subclass that has a code of its own, which then need not be given. */
export type ErrorOptionsFor<Extra = unknown> = Omit<GraphErrorOptions, "code"> & {
  readonly code?: ErrorCode | undefined;
} & Extra;

/** Frames of the library's own that lie at most between a mistake and the line that made it. */
const OWN_FRAMES = 20;

/** V8's limit for traces, where there is one that may be changed. */
const traces = Error as { stackTraceLimit?: number };

/** Makes room for the library's own frames, as ten of them would hide the caller. @returns the limit until now */
function deepenTraces(): number | undefined {
  const limit = traces.stackTraceLimit;
  if (typeof limit !== "number" || !Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")?.writable)
    return undefined;
  if (limit > 0) traces.stackTraceLimit = limit + OWN_FRAMES;
  return limit;
}

/**
 * Base of all errors that the library raises about data, rules and stores.
 * A programmer's wrong argument type is a `TypeError` instead.
 */
export class GraphError extends Error {
  /** Stable, to branch on; `docs/errors.md` explains each. */
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  /** What to do about it. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: GraphErrorOptions) {
    const entry: ErrorCatalogueEntry = errorCodes[options.code];
    const limit = deepenTraces();
    super(
      options.message ?? entry.summary,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    if (limit !== undefined) traces.stackTraceLimit = limit;
    this.code = options.code;
    this.category = entry.category;
    this.remedy = options.remedy ?? entry.remedy;
    this.details = options.details ?? {};
  }

  // On the prototype, so that it survives minification and is no own property.
  override get name(): string {
    return "GraphError";
  }

  /** What may leave the process: no stack, no cause. */
  toJSON(): Record<string, unknown> {
    const { name, code, category, message, remedy, details } = this;
    return { name, code, category, message, remedy, details };
  }
}

/** Where in a value something stands: a field name, then keys and positions. */
export type ValuePath = readonly (string | number)[];

/** Bad input: a definition, a value, a filter, an argument. */
export class ValidationError extends GraphError {
  /** The field and the place inside its value; empty where no field is concerned. */
  readonly path: ValuePath;
  /** The kind of the refused value, such as `"function"` or `"NaN"`; undefined where no value is concerned. */
  readonly valueKind: string | undefined;

  constructor(
    options: GraphErrorOptions & {
      readonly path?: ValuePath | undefined;
      readonly valueKind?: string | undefined;
    },
  ) {
    super(options);
    this.path = options.path ?? [];
    this.valueKind = options.valueKind;
  }

  override get name(): string {
    return "ValidationError";
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), path: this.path, valueKind: this.valueKind };
  }
}

/** An access level by name, as in DESIGN: each includes the ones before it. */
type LevelName = "none" | "read" | "connect" | "write";

/** What the principal may not do. Thrown at the call; it leaves no trace and the unit goes on. */
export class AccessDeniedError extends GraphError {
  /** Id of the record concerned. */
  readonly target: string;
  readonly required: LevelName;
  readonly actual: LevelName;

  constructor(
    options: ErrorOptionsFor<{
      readonly target: string;
      readonly required: LevelName;
      readonly actual: LevelName;
    }>,
  ) {
    const { target, required, actual } = options;
    super({
      ...options,
      code: options.code ?? "RW_ACCESS_DENIED",
      message: options.message ?? `"${required}" on ${target} is required, the principal has "${actual}"`,
    });
    this.target = target;
    this.required = required;
    this.actual = actual;
  }

  override get name(): string {
    return "AccessDeniedError";
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), target: this.target, required: this.required, actual: this.actual };
  }
}

/** Optimistic concurrency lost in every attempt. Nothing was written. */
export class ConflictError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_CONFLICT" });
  }

  override get name(): string {
    return "ConflictError";
  }
}

/** No readable record has the id, or none matches. */
export class NotFoundError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_NOT_FOUND" });
  }

  override get name(): string {
    return "NotFoundError";
  }
}

/** By the first letter, which is right for nearly all names of types: "User" and its like keep their "A". */
function articleOf(type: string): "A" | "An" {
  return /^[AEIO]/i.test(type) ? "An" : "A";
}

/**
 * A unique key is taken: found out when the unit commits, so it leaves `transaction` or `spawn`, not the write itself.
 * Names the key and, as `details.id`, the unit's own record that was to have it, never the one that holds it.
 */
export class UniqueViolationError extends GraphError {
  /** The type that declares the key. */
  readonly type: string;
  /** The fields of the key, in the order of its declaration. */
  readonly fields: readonly string[];
  /** What the unit's record has in these fields. */
  readonly values: readonly unknown[];

  constructor(
    options: ErrorOptionsFor<{
      readonly type: string;
      readonly fields: readonly string[];
      readonly values: readonly unknown[];
    }>,
  ) {
    super({
      ...options,
      code: options.code ?? "RW_UNIQUE",
      message:
        options.message ??
        `${articleOf(options.type)} ${options.type} with the same ${options.fields.join(", ")} exists`,
    });
    this.type = options.type;
    this.fields = options.fields;
    this.values = options.values;
  }

  override get name(): string {
    return "UniqueViolationError";
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), type: this.type, fields: this.fields };
  }
}

/** A store or cache that is needed cannot be reached. */
export class TierUnavailableError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_TIER_UNAVAILABLE" });
  }

  override get name(): string {
    return "TierUnavailableError";
  }
}

/** The outcome of a commit is not known. Caches dropped what it wrote; it is never repeated blindly. */
export class CommitUnknownError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_COMMIT_UNKNOWN" });
  }

  override get name(): string {
    return "CommitUnknownError";
  }
}

/** A stored record cannot be read. */
export class CorruptRecordError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_CORRUPT_RECORD" });
  }

  override get name(): string {
    return "CorruptRecordError";
  }
}

/** A walk made more visits than `maxVisits`. */
export class WalkLimitError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_WALK_LIMIT" });
  }

  override get name(): string {
    return "WalkLimitError";
  }
}

/** A unit of work holds more than it may. */
export class UnitTooLargeError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_UNIT_TOO_LARGE" });
  }

  override get name(): string {
    return "UnitTooLargeError";
  }
}

/** A record has a newer shape than this code may write. */
export class NewerShapeError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_NEWER_SHAPE" });
  }

  override get name(): string {
    return "NewerShapeError";
  }
}

/** Something closed was used: a graph, a store, a unit of work or a record of one. */
export class ClosedError extends GraphError {
  constructor(options: ErrorOptionsFor = {}) {
    super({ ...options, code: options.code ?? "RW_CLOSED" });
  }

  override get name(): string {
    return "ClosedError";
  }
}
