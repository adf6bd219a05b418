import { type Plugin, PreconditionFailure } from "fast-check";

/** Whether properties stop before they have tried as much as they are told to, so that nobody may count their cases. */
export const isCutShort = process.env.PROPERTY_SECONDS !== undefined;

/**
 * Begins no further case after so long. Unlike fast-check's own limits it lets a case that has begun come to its end,
 * and the first one in any case: how fast a busy machine is, is not asked, and nothing goes on behind a test's back.
 */
export function stopAfter(ms: number): Plugin<unknown> {
  return () => {
    const end = performance.now() + ms;
    let isTried = false;
    const noted = <R>(result: R): R => {
      isTried ||= !PreconditionFailure.isFailure(result);
      return result;
    };
    return {
      decorateRun: (run) => (value) => {
        if (isTried && performance.now() >= end) return new PreconditionFailure(true);
        const result = run(value);
        return result instanceof Promise ? result.then(noted) : noted(result);
      },
    };
  };
}
