/** Time and turns of the event loop, injected so that tests can own them. */
export interface Scheduler {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Calls back in a later turn of the event loop, after what is due now; never keeps the process alive for long. */
  nextTurn(callback: () => void): void;
  /**
   * Calls back after so many milliseconds.
   * @param isAwaited whether somebody's call waits for it: else it does not keep the process alive
   * @returns what cancels it
   */
  after(ms: number, callback: () => void, isAwaited?: boolean): () => void;
}

/** The platforms' types disagree about these, and sources are compiled under those of whoever imports them. */
interface Platform {
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly MessageChannel?: new () => {
    readonly port1: { onmessage: unknown };
    readonly port2: { postMessage(message: unknown): void };
  };
}

const platform = globalThis as unknown as Platform;

/** The platform's own clock and timers. */
export function systemScheduler(): Scheduler {
  return {
    now: () => performance.now(),
    nextTurn: nextTurn(),
    after(ms, callback, isAwaited = false) {
      const timer: unknown = setTimeout(callback, ms);
      // Node, Bun and Deno keep a process alive for its timers; an open graph must not.
      if (!isAwaited) (timer as { unref?: () => void }).unref?.();
      return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0]);
    },
  };
}

/**
 * Browsers have no setImmediate, and their setTimeout waits 4 ms; some hosts have nothing else. `MessageChannel` is not
 * so much as looked at where it is not needed: Node then loads what it takes, half a millisecond.
 */
function nextTurn(): (callback: () => void) => void {
  const { setImmediate } = platform;
  if (setImmediate !== undefined) return (callback) => void setImmediate(callback);
  return nextMessage();
}

function nextMessage(): (callback: () => void) => void {
  const { MessageChannel } = platform;
  if (MessageChannel === undefined) return (callback) => void setTimeout(callback, 0);
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(undefined);
  };
}
