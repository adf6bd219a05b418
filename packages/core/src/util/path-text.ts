/** Steps of a path that are written out, from its start. */
const STEPS = 24;

/**
 * A path as code would write it: `["users", 2, "first name"]` is `users[2]["first name"]`. One that is nested deeper than
 * anybody reads ends in dots.
 */
export function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const [at, step] of path.entries()) {
    if (at === STEPS) return `${text}…`;
    if (typeof step === "number") text += `[${step}]`;
    else if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}
