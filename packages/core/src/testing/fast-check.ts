// What of fast-check's types this module needs to name. It is no dependency of core: whoever has it gives it as `fc`.

/** A generator of values, as fast-check has them: every `fc.Arbitrary<T>` is one, and each of these is an `fc.Arbitrary<T>`. */
export interface Arbitrary<T> {
  // biome-ignore lint/suspicious/noExplicitAny: classes of fast-check's, which cannot be named without it
  generate(mrng: any, biasFactor: number | undefined): any;
  canShrinkWithoutContext(value: unknown): value is T;
  // biome-ignore lint/suspicious/noExplicitAny: fast-check's own types, which cannot be named without it
  shrink(value: T, context: unknown): any;
  filter<U extends T>(refinement: (t: T) => t is U): Arbitrary<U>;
  filter(predicate: (t: T) => boolean): Arbitrary<T>;
  map<U>(mapper: (t: T) => U, unmapper?: (possiblyU: unknown) => T): Arbitrary<U>;
  chain<U>(chainer: (t: T) => Arbitrary<U>): Arbitrary<U>;
}

/** A function of fast-check's, of whatever parameters. */
// biome-ignore lint/suspicious/noExplicitAny: fast-check's own types, which cannot be named without it
export type FastCheckFunction = (...args: any[]) => any;

/** The functions of fast-check that are called: give `fc` itself, of version 4. */
export interface FastCheck {
  readonly array: FastCheckFunction;
  readonly asyncProperty: FastCheckFunction;
  readonly base64String: FastCheckFunction;
  readonly bigInt: FastCheckFunction;
  readonly boolean: FastCheckFunction;
  readonly check: FastCheckFunction;
  readonly constant: FastCheckFunction;
  readonly constantFrom: FastCheckFunction;
  readonly date: FastCheckFunction;
  readonly double: FastCheckFunction;
  readonly emailAddress: FastCheckFunction;
  readonly integer: FastCheckFunction;
  readonly ipV4: FastCheckFunction;
  readonly ipV6: FastCheckFunction;
  readonly nat: FastCheckFunction;
  readonly oneof: FastCheckFunction;
  readonly record: FastCheckFunction;
  readonly string: FastCheckFunction;
  readonly stringMatching: FastCheckFunction;
  readonly tuple: FastCheckFunction;
  readonly uint8Array: FastCheckFunction;
  readonly ulid: FastCheckFunction;
  readonly uniqueArray: FastCheckFunction;
  readonly uuid: FastCheckFunction;
  readonly webUrl: FastCheckFunction;
}
