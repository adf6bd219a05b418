/** A value that is there, or will be. Internals answer so, to spare promises over loaded data. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Whether a value of the library's own is still to come. Everything that the library answers itself is a promise of
 * its own realm or no promise: what stores answer is brought into this form by `checkedStore`. Looking for a `then`,
 * as one must where users answer, takes 30 ns of objects of many shapes, several times a hop.
 */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Whether what a user's code gave must be awaited. */
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
  return isPromise(value) ? value.then(f) : f(value);
}
