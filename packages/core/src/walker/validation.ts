import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ValidationError } from "../errors.ts";
import { describeKind } from "../model/value-kind.ts";
import { isResult, noResult, type Schema } from "../schema/field.ts";
import { isThenable } from "../util/maybe-async.ts";
import { pathText } from "../util/path-text.ts";

/** What a schema had to say, with the place in the whole value. */
export interface Issue {
  readonly path: string;
  readonly message: string;
  readonly steps: readonly (string | number)[];
}

/**
 * Runs a schema over a value that is not stored: the output need not be acceptable as input.
 *
 * @param at where the value stands, such as the name of an input field
 * @param issues gets what the schema says against the value
 * @returns the output, meaningless where issues were added
 * @throws {ValidationError} `RW_DEFINITION_ASYNC` or `RW_FIELD_FAILED`
 */
export function check(
  where: string,
  schema: Schema,
  value: unknown,
  at: readonly string[],
  issues: Issue[],
): unknown {
  let result: StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>>;
  try {
    result = schema["~standard"].validate(value);
    if (!isThenable(result) && !isResult(result)) throw noResult();
  } catch (cause) {
    throw new ValidationError({
      code: "RW_FIELD_FAILED",
      message: `${where}: the validator${at.length > 0 ? ` of ${pathText(at)}` : ""} threw: ${cause instanceof Error ? cause.message : String(cause)}`,
      path: at,
      valueKind: describeKind(value),
      cause,
    });
  }
  if (isThenable(result)) {
    // Nobody waits for it; its failure must not end the process.
    (result as Promise<unknown>).then(undefined, () => {});
    throw new ValidationError({
      code: "RW_DEFINITION_ASYNC",
      message: `${where}: the validator${at.length > 0 ? ` of ${pathText(at)}` : ""} is asynchronous`,
      path: at,
    });
  }
  if (result.issues === undefined) return result.value;
  for (const { message, path = [] } of result.issues) {
    const steps = [...at, ...path.map(step)];
    issues.push({ path: pathText(steps), message, steps });
  }
  return undefined;
}

function step(part: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof part === "object" ? part.key : part;
  return typeof key === "number" ? key : String(key);
}

/** The error for all that schemas had to say; its path is that of the first issue. */
export function refused(where: string, issues: readonly Issue[], valueKind?: string): ValidationError {
  return new ValidationError({
    code: "RW_INPUT_INVALID",
    message: `${where}: ${issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ")}`,
    path: issues[0]?.steps ?? [],
    valueKind,
    details: { issues: issues.map(({ path, message }) => ({ path, message })) },
  });
}
