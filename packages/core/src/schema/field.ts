import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ValidationError } from "../errors.ts";
import { equalValues, type StoredValue, takeIn } from "../model/value.ts";
import { describeKind } from "../model/value-kind.ts";
import { isThenable } from "../util/maybe-async.ts";
import { pathText } from "../util/path-text.ts";

/** Any validator that implements Standard Schema: zod, valibot, arktype and others. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** One field of a type. */
export interface FieldDefinition {
  readonly name: string;
  /** The name that its values have in stored records: the first one that the field had. */
  readonly key: string;
  readonly schema: Schema;
  /** Name of the type that declares it: the type itself or one that it extends. */
  readonly declaredBy: string;
  /** The name alone: where its values stand, for errors. */
  readonly path: readonly [name: string];
}

/** What a schema had to say against a value. */
export interface FieldIssue {
  /** The field and the place in its value, as code would write it. */
  readonly path: string;
  readonly message: string;
}

export function isSchema(value: unknown): value is Schema {
  const standard = (value as Schema | null | undefined)?.["~standard"];
  return typeof standard?.validate === "function";
}

/** Whether a validator has answered as Standard Schema says. */
export function isResult(result: unknown): result is StandardSchemaV1.Result<unknown> {
  if (typeof result !== "object" || result === null) return false;
  const { issues } = result as { issues?: unknown };
  return issues === undefined || (Array.isArray(issues) && issues.every(isIssue));
}

function isIssue(issue: unknown): boolean {
  const { message, path = [] } = (issue ?? {}) as { message?: unknown; path?: unknown };
  // What has a path may be a subclass of Array, as arktype's is.
  return (
    typeof message === "string" && Array.isArray(path) && Array.from(path).every((step) => step !== null)
  );
}

/** What is wrong with a validator that answered otherwise. */
export function noResult(): TypeError {
  return new TypeError("it answered with something that is no Standard Schema result");
}

/** @throws {ValidationError} `RW_DEFINITION_FIELD` unless the schema implements Standard Schema. */
export function defineField(
  type: string,
  name: string,
  schema: unknown,
  key: string = name,
): FieldDefinition {
  if (!isSchema(schema)) {
    throw new ValidationError({
      code: "RW_DEFINITION_FIELD",
      message: `${type}.${name} is ${describeKind(schema)}, not a Standard Schema validator`,
      path: [name],
    });
  }
  const path = Object.freeze([name] as const);
  return Object.freeze({ name, key, schema, declaredBy: type, path });
}

/**
 * Runs a field's schema over a value: what comes out is what is stored, undefined standing for an absent field.
 * Called with `undefined` it gives the field's default, anew each time: a default may be a function.
 *
 * @throws {ValidationError} `RW_FIELD_INVALID` with the schema's messages, `RW_FIELD_UNSTABLE` when the schema would
 *   not take its own output, `RW_DEFINITION_ASYNC` when it answers later, `RW_FIELD_FAILED` when it throws,
 *   or what `takeIn` says of the output.
 */
export function validateField(field: FieldDefinition, value: unknown): StoredValue | undefined {
  const issues: FieldIssue[] = [];
  const stored = tryField(field, value, issues);
  if (issues.length > 0) throw invalidFields(field.declaredBy, issues, [field.name], describeKind(value));
  return stored;
}

/**
 * Whether a record must have the field: its schema refuses absence. Asked of every field when a graph is opened, so it
 * does not spell out what the schema has to say: the first path to be written costs a fresh process half a millisecond.
 */
export function isRequired(field: FieldDefinition): boolean {
  try {
    const result = run(field, undefined);
    if (result.issues !== undefined) return result.issues.length > 0;
    storedOf(field, undefined, result.value);
    return false;
  } catch {
    return true;
  }
}

/** `validateField` that collects issues, for records of which all fields are to be reported at once. */
export function tryField(
  field: FieldDefinition,
  value: unknown,
  issues: FieldIssue[],
): StoredValue | undefined {
  const result = run(field, value);
  if (result.issues !== undefined) {
    for (const issue of result.issues) issues.push(readIssue(field, issue));
    return undefined;
  }
  return storedOf(field, value, result.value);
}

/** What is stored where the schema has made `output` of `value`. */
function storedOf(field: FieldDefinition, value: unknown, output: unknown): StoredValue | undefined {
  if (output === undefined) return undefined;
  const stored = takeIn(output, field.path);
  if (output !== value && !equalValues(stored, value)) requireStable(field, value, stored);
  return stored;
}

/** The error for all that schemas had to say about a record. */
export function invalidFields(
  type: string,
  issues: readonly FieldIssue[],
  path: readonly (string | number)[] = [],
  valueKind?: string,
): ValidationError {
  return new ValidationError({
    code: "RW_FIELD_INVALID",
    message: issues.map((issue) => `${type}.${issue.path}: ${issue.message}`).join("; "),
    path,
    valueKind,
    details: { type, issues },
  });
}

function run(field: FieldDefinition, value: unknown): StandardSchemaV1.Result<unknown> {
  let result: ReturnType<Schema["~standard"]["validate"]>;
  try {
    result = field.schema["~standard"].validate(value);
  } catch (cause) {
    throw failed(field, value, cause);
  }
  if (!isThenable(result)) {
    if (isResult(result)) return result;
    throw failed(field, value, noResult());
  }
  // Nobody waits for it; its failure must not end the process.
  result.then(undefined, () => {});
  const thrown = exceptionOfZod(field.schema, value);
  if (thrown !== undefined) throw failed(field, value, thrown);
  throw new ValidationError({
    code: "RW_DEFINITION_ASYNC",
    message: `${field.declaredBy}.${field.name}: the validator is asynchronous`,
    path: [field.name],
  });
}

function failed(field: FieldDefinition, value: unknown, cause: unknown): ValidationError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ValidationError({
    code: "RW_FIELD_FAILED",
    message: `${field.declaredBy}.${field.name}: the validator threw: ${reason}`,
    path: [field.name],
    valueKind: describeKind(value),
    cause,
  });
}

/**
 * What a zod schema threw. Its Standard Schema face tries again asynchronously after any exception, so a promise may
 * mean either; its own face tells which, in words that all versions share.
 */
function exceptionOfZod(schema: Schema, value: unknown): unknown {
  const { safeParse } = schema as { safeParse?: (value: unknown) => unknown };
  if (schema["~standard"].vendor !== "zod" || typeof safeParse !== "function") return undefined;
  try {
    safeParse.call(schema, value);
    return undefined;
  } catch (error) {
    const isAsync = error instanceof Error && /encountered.*synchronous/i.test(error.message);
    return isAsync ? undefined : error;
  }
}

function readIssue(field: FieldDefinition, issue: StandardSchemaV1.Issue): FieldIssue {
  // Not issue.path.map(): arktype's paths are a subclass of Array that breaks under it.
  const steps = Array.from(issue.path ?? [], (step) => {
    const key = typeof step === "object" ? step.key : step;
    return typeof key === "number" ? key : String(key);
  });
  return { path: pathText([field.name, ...steps]), message: issue.message };
}

/** A stored value is validated again when the definition has changed, and when an edit passes through it. */
function requireStable(field: FieldDefinition, value: unknown, stored: StoredValue): void {
  const again = run(field, stored);
  if (again.issues === undefined) return;
  const [issue] = again.issues;
  throw new ValidationError({
    code: "RW_FIELD_UNSTABLE",
    message:
      `${field.declaredBy}.${field.name}: the schema makes ${describeKind(stored)} of ${describeKind(value)} ` +
      `and does not take that as input${issue === undefined ? "" : `: ${issue.message}`}`,
    path: [field.name],
    valueKind: describeKind(stored),
  });
}

// One of each kind that schemas commonly check further, for finding the asynchronous ones before any data.
const probes: readonly unknown[] = [undefined, "", 0];
const probed = new WeakSet<Schema>();

/**
 * Refuses a field whose validator shows itself to be asynchronous. One that is so only for certain values shows it at
 * its first such write.
 *
 * @throws {ValidationError} `RW_DEFINITION_ASYNC`
 */
export function requireSynchronous(field: FieldDefinition): void {
  if (probed.has(field.schema)) return;
  for (const probe of probes) {
    try {
      run(field, probe);
    } catch (error) {
      // A validator that throws for a probe is heard when it throws for data.
      if (error instanceof ValidationError && error.code === "RW_DEFINITION_ASYNC") throw error;
    }
  }
  probed.add(field.schema);
}

/**
 * A schema with a default, for libraries that have none for single fields (such as arktype).
 *
 * @param fallback what an absent field gets, or a function that makes it, called for each record. Validated like any
 *   input.
 */
export function withDefault<Input, Output>(
  schema: Schema<Input, Output>,
  fallback: Input | (() => Input),
): Schema<Input | undefined, Output> {
  if (!isSchema(schema))
    throw new TypeError(`withDefault takes a schema and a value, got ${describeKind(schema)}`);
  const inner = schema["~standard"];
  const makeDefault = typeof fallback === "function" ? (fallback as () => Input) : () => fallback;
  const defaulted: Schema<Input | undefined, Output> = Object.freeze({
    "~standard": Object.freeze({
      version: 1 as const,
      vendor: inner.vendor,
      validate: (value: unknown) => inner.validate(value === undefined ? makeDefault() : value),
    }),
  });
  behindDefaults.set(defaulted, schema);
  return defaulted;
}

/** The schemas that `withDefault` was given, by what it gave. */
export const behindDefaults: WeakMap<Schema, Schema> = new WeakMap();
