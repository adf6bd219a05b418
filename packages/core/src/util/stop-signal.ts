import type { StopSignal } from "../types/stop-signal.ts";

/**
 * Reads a `signal` option.
 *
 * @param what who was called, for the message
 */
export function readSignal(what: string, signal: unknown): StopSignal | undefined {
  if (signal === undefined) return undefined;
  const { aborted, throwIfAborted, addEventListener } = (signal ?? {}) as Partial<StopSignal>;
  if (
    typeof aborted !== "boolean" ||
    typeof throwIfAborted !== "function" ||
    typeof addEventListener !== "function"
  )
    throw new TypeError(`${what}: signal is an AbortSignal`);
  return signal as StopSignal;
}
