import { ValidationError } from "../errors.ts";
import { describeKind, kindOf } from "./value-kind.ts";

/**
 * The options that a call was given, none of them unknown; their values are still unchecked. Nothing given is no option.
 *
 * @param what what was called, as messages name it
 * @param names all its options
 * @throws {TypeError} for what is no object; {ValidationError} `RW_OPTION_INVALID` for a name that is no option's
 */
export function readOptions(
  what: string,
  options: unknown,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (options === undefined) return {};
  if (kindOf(options) !== "object")
    throw new TypeError(`${what}: options are an object, got ${describeKind(options)}`);
  for (const name of Object.keys(options as object)) {
    if (names.includes(name)) continue;
    throw new ValidationError({
      code: "RW_OPTION_INVALID",
      message: `${what} has no option "${name}"; there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}`,
    });
  }
  return options as Readonly<Record<string, unknown>>;
}
