let last = 0;

/** Milliseconds since 1970, never twice the same in this process: newest first is then one order. */
export function now(): number {
  last = Math.max(Date.now(), last + 1);
  return last;
}
