/** An `AbortSignal`, as far as it is asked: named by what it has, since neither the DOM nor Node is everywhere. */
export interface StopSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
