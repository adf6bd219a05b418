type Factory = (...values: never[]) => unknown;

/**
 * Until the platform has refused once. Pages with a content security policy and some hosts forbid functions made of
 * source text, some of them only once a program has started; everything that is generated has a closure that does the
 * same.
 */
let isAllowed = true;

/** Shapes of code that are kept at most; each takes about a kilobyte. */
const most = 1_000;
const factories: Map<string, Factory> = new Map();

/**
 * A function from its source. V8 learns for each place in a source what objects it meets; closures that one place made
 * for a hundred fields share what it learnt, which is then nothing: read through one of them a field takes 40 ns, and
 * through its own code 3.
 *
 * The text must be built of constants and of names quoted by {@link quoted}. Made once for each text.
 *
 * @param names what the code calls the `values`
 * @returns undefined where the platform forbids it
 */
export function generate<T>(names: string, code: string, values: readonly unknown[]): T | undefined {
  if (!isAllowed) return undefined;
  const text = `${names}|${code}`;
  let factory = factories.get(text);
  if (factory === undefined) {
    try {
      factory = new Function(...names.split(","), `"use strict"; return ${code};`) as Factory;
    } catch (error) {
      // What is refused is an EvalError nearly everywhere; a SyntaxError would be ours.
      if (error instanceof SyntaxError) throw error;
      isAllowed = false;
      return undefined;
    }
    if (factories.size >= most) factories.clear();
    factories.set(text, factory);
  }
  return factory(...(values as never[])) as T;
}

/** A name as a string of the source. */
export function quoted(name: string): string {
  return JSON.stringify(name);
}
