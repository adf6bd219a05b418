/** A value that is there, or will be. Internals answer so, to spare promises over loaded data. */
export type MaybePromise<T> = T | Promise<T>;

/** Whether `value` must be awaited. Costs about a nanosecond on everything else. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function"
  );
}

/**
 * Goes on with `f` at once where `value` is there, else when it is.
 * (Not named `then`: a module that exports that name looks like a promise to `await import()`.)
 */
export function andThen<T, R>(value: MaybePromise<T>, f: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isThenable(value) ? value.then(f) : f(value as T);
}
