import fc from "fast-check";
import type { StoredValue } from "../src/model/value-kind.ts";

// Arbitrary data for property tests of graphs and stores. fast-check is an optional peer of this entry point alone.

/** Text of every kind that can be stored: any code points, lone surrogates excepted. */
export function texts(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: "binary", maxLength: 8 }),
    // Where code points and UTF-16 units order differently, and where keys are escaped.
    fc.string({
      unit: fc.constantFrom("a", "\0", "\u0001", "@", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}"),
      maxLength: 6,
    }),
  );
}

/** Values that have an order: null, booleans, numbers, bigints, text, Dates and bytes. */
export function orderedValues(): fc.Arbitrary<StoredValue> {
  return fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 5e-324, 2 ** 53),
    ),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    texts(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 8 }),
  );
}

/** Everything that a field can hold, nested; among it objects that look like tags of the stored form. */
export function storedValues(): fc.Arbitrary<StoredValue> {
  const keys = fc
    .oneof(texts(), fc.constantFrom("@date", "@plain", "@map", "@", "$date", "id"))
    .filter((key) => !["__proto__", "constructor", "prototype"].includes(key) && !key.includes("\0"));
  const { value } = fc.letrec<{ value: StoredValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthIdentifier: "value" },
      { weight: 6, arbitrary: orderedValues() },
      { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.dictionary(keys, tie("value"), { maxKeys: 4, noNullPrototype: true }) },
      {
        weight: 1,
        arbitrary: fc
          .array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 })
          .map((entries) => new Map(entries)),
      },
      { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }).map((members) => new Set(members)) },
    ),
  }));
  return value;
}
