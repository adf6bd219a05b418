import { ValidationError } from "../errors.ts";
import { readOptions } from "../model/options.ts";
import type { WatchOptions } from "../types/changes.ts";
import type { StopSignal } from "../types/stop-signal.ts";
import { readSignal } from "../util/stop-signal.ts";

/** How long the commits of other processes may go unnoticed. */
const POLL_MS = 100;
/** Changes that may wait for a slow consumer. */
const BUFFER = 10_000;

/** Options with what nothing was said of. */
export interface FollowSettings {
  readonly signal: StopSignal | undefined;
  readonly pollMs: number;
  readonly buffer: number;
}

const names: readonly string[] = ["signal", "pollMs", "buffer"];

/** @throws {ValidationError} `RW_OPTION_INVALID` {TypeError} */
export function readFollowOptions(
  what: string,
  options: unknown,
  allowed: readonly string[] = names,
): FollowSettings {
  const given: WatchOptions = readOptions(what, options, allowed);
  const { pollMs = POLL_MS, buffer = BUFFER } = given;
  const signal = readSignal(what, given.signal);
  if (typeof pollMs !== "number" || !(pollMs >= 1) || pollMs > 0x7fff_ffff)
    throw invalid(`${what}: pollMs is a number of milliseconds from 1, got ${String(pollMs)}`);
  if (!Number.isSafeInteger(buffer) || buffer < 1)
    throw invalid(`${what}: buffer is a positive whole number, got ${String(buffer)}`);
  return { signal, pollMs, buffer };
}

/** Those of a live result, which never has more than one update waiting. */
export const liveOptions: readonly string[] = ["signal", "pollMs"];

function invalid(message: string): ValidationError {
  return new ValidationError({ code: "RW_OPTION_INVALID", message });
}
