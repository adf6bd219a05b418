// What of fast-check's types this module needs to name. It is no dependency of core: whoever has it gives it as `fc`.

/** A generator of values, as fast-check has them: every `fc.Arbitrary<T>` is one, and each of these is an `fc.Arbitrary<T>`. */
export interface Arbitrary<T> {
  // biome-ignore lint/suspicious/noExplicitAny: classes of fast-check's, which cannot be named without it
  generate(mrng: any, biasFactor: number | undefined): any;
  canShrinkWithoutContext(value: unknown): value is T;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  shrink(value: T, context: unknown): any;
  filter<U extends T>(refinement: (t: T) => t is U): Arbitrary<U>;
  filter(predicate: (t: T) => boolean): Arbitrary<T>;
  map<U>(mapper: (t: T) => U, unmapper?: (possiblyU: unknown) => T): Arbitrary<U>;
  chain<U>(chainer: (t: T) => Arbitrary<U>): Arbitrary<U>;
}

// biome-ignore lint/suspicious/noExplicitAny: a function of fast-check's, of any parameters
type Maker = (...args: any[]) => any;

/** The functions of fast-check that are called: give `fc` itself, of version 4. */
export interface FastCheck {
  readonly array: Maker;
  readonly asyncProperty: Maker;
  readonly base64String: Maker;
  readonly bigInt: Maker;
  readonly boolean: Maker;
  readonly check: Maker;
  readonly constant: Maker;
  readonly constantFrom: Maker;
  readonly date: Maker;
  readonly double: Maker;
  readonly emailAddress: Maker;
  readonly integer: Maker;
  readonly ipV4: Maker;
  readonly ipV6: Maker;
  readonly nat: Maker;
  readonly oneof: Maker;
  readonly record: Maker;
  readonly string: Maker;
  readonly stringMatching: Maker;
  readonly tuple: Maker;
  readonly uint8Array: Maker;
  readonly ulid: Maker;
  readonly uniqueArray: Maker;
  readonly uuid: Maker;
  readonly webUrl: Maker;
}
