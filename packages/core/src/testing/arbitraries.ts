import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ValidationError } from "../errors.ts";
import { describeKind } from "../model/value-kind.ts";
import { definitionOf, type TypeDefinition } from "../schema/definition.ts";
import { defineField, type FieldDefinition, isSchema, validateField } from "../schema/field.ts";
import type { FieldsOf, RecordClass } from "../types/graph-types.ts";
import type { Create, Fields } from "../types/infer.ts";
import type { AnyWalker } from "../types/walker.ts";
import { check, type Issue } from "../walker/validation.ts";
import { requireWalker } from "../walker/walker.ts";
import type { Arbitrary, FastCheck } from "./fast-check.ts";
import { type GraphSketch, type SketchOptions, sketchArbitrary } from "./graph-sketch.ts";
import { placeOf, shapeArbitrary, Underivable } from "./shape-arbitrary.ts";
import { schemaShape } from "./shapes/schema-shape.ts";

/** Arbitraries to take instead of those that are derived, by field. */
export type GivenFields<F extends Fields> = {
  readonly [K in keyof F]?: Arbitrary<StandardSchemaV1.InferInput<F[K]>>;
};

/** Arbitraries made from definitions. Everything they make passes the validators of what it is for. */
export interface Arbitraries {
  /**
   * What records of a type can be created from: `tx.create(Room, fields)`.
   *
   * @param given arbitraries for fields whose validators do not tell what they take, or of which other values are wanted
   * @throws {TypeError} that names the field for which nothing can be derived.
   */
  fields<C extends RecordClass>(type: C, given?: GivenFields<FieldsOf<C>>): Arbitrary<Create<FieldsOf<C>>>;
  /** What a walker can be spawned with: `graph.spawn(walker, input)`. Else as `fields`. */
  input<W extends AnyWalker>(walker: W, given?: GivenFields<W["input"]>): Arbitrary<Create<W["input"]>>;
  /** What any Standard Schema takes in. */
  value<S extends StandardSchemaV1>(schema: S): Arbitrary<StandardSchemaV1.InferInput<S>>;
  /**
   * A small graph of these node and edge types, as a plan of what to create: `await populate(tx, sketch)` creates it.
   * Edges keep to the ends of their types, and no two nodes have the same unique key.
   */
  graph(types: readonly RecordClass[], options?: SketchOptions): Arbitrary<GraphSketch>;
}

/** Values that are shown to a validator without one that it takes, before it is said that none can be found. */
const MOST_REFUSED = 2000;

/**
 * Makes arbitraries from node types, edge types and walkers, out of their validators: those of zod 4, valibot and
 * arktype, and of libraries that describe themselves by Standard JSON Schema. What a refinement or transform asks for
 * is found by trying.
 *
 * ```ts
 * const arbitrary = arbitraries(fc);
 * fc.assert(fc.property(arbitrary.fields(Room), (fields) => …));
 * ```
 *
 * @param fc fast-check, which is not a dependency of this package
 */
export function arbitraries(fc: FastCheck): Arbitraries {
  if (typeof fc?.asyncProperty !== "function")
    throw new TypeError("arbitraries takes fast-check itself, its default export");

  const fieldsOf = (type: TypeDefinition, given: Given = {}): Arbitrary<unknown> => {
    requireKnown(type.name, Object.keys(given), type.fieldNames);
    const made = type.fields.map((field): [string, Arbitrary<unknown>] => [
      field.name,
      ofField(fc, type.name, field, given[field.name], (value) => {
        validateField(field, value);
        return true;
      }),
    ]);
    // Beyond the fields by themselves: how large a record may be, and what an index can hold.
    return passing(record(fc, made), `${type.name}`, (fields) => type.create(fields) !== undefined);
  };

  return Object.freeze({
    fields(type: RecordClass, given?: Given) {
      const definition = definitionOf(type);
      if (definition === undefined)
        throw new TypeError(`arbitraries.fields takes a node or edge type, got ${describeKind(type)}`);
      return fieldsOf(definition, given);
    },
    input(walker: AnyWalker, given: Given = {}) {
      const { name, input, inputNames } = requireWalker(walker);
      requireKnown(name, Object.keys(given), inputNames);
      const made = inputNames.map((field): [string, Arbitrary<unknown>] => {
        const schema = input[field]!;
        return [
          field,
          ofField(fc, name, defineField(name, field, schema), given[field], (value) => {
            const issues: Issue[] = [];
            check(name, schema, value, [field], issues);
            return issues.length === 0;
          }),
        ];
      });
      return record(fc, made);
    },
    value(schema: unknown) {
      if (!isSchema(schema))
        throw new TypeError(`arbitraries.value takes a schema, got ${describeKind(schema)}`);
      return ofField(fc, "", defineField("", "value", schema), undefined, (value) => {
        const issues: Issue[] = [];
        check("value", schema, value, [], issues);
        return issues.length === 0;
      });
    },
    graph: (types: readonly RecordClass[], options: SketchOptions = {}) =>
      sketchArbitrary(fc, types, options, (type, given) => fieldsOf(type, given as Given)),
  }) as Arbitraries;
}

type Given = Readonly<Record<string, Arbitrary<unknown> | undefined>>;

function requireKnown(owner: string, given: readonly string[], names: readonly string[]): void {
  for (const name of given)
    if (!names.includes(name))
      throw new TypeError(
        `${owner} has no field ${JSON.stringify(name)}; ${names.length === 0 ? "it has none" : `it has ${names.join(", ")}`}`,
      );
}

function ofField(
  fc: FastCheck,
  owner: string,
  field: FieldDefinition,
  given: Arbitrary<unknown> | undefined,
  passes: (value: unknown) => boolean,
): Arbitrary<unknown> {
  if (given !== undefined) return given;
  const where = owner === "" ? "the schema" : placeOf(owner, field.name, []);
  let made: Arbitrary<unknown> | undefined;
  try {
    made = shapeArbitrary(fc, schemaShape(field.schema));
  } catch (error) {
    if (!(error instanceof Underivable)) throw error;
    const place = owner === "" ? pathOf(error.at) : placeOf(owner, field.name, error.at);
    throw new TypeError(
      `${place}: no values can be derived from ${error.message}. ${giveByHand(field.name)}`,
    );
  }
  if (made === undefined) throw new TypeError(`${where}: no value passes its validator`);
  return passing(made, where, passes, giveByHand(field.name));
}

const pathOf = (at: readonly (string | number)[]): string => placeOf("schema", "value", at);

const giveByHand = (name: string): string => `Give an arbitrary of your own: { ${name}: fc.… }.`;

/** Those that pass. Where none does the search would go on for good, so it ends with an error. */
function passing(
  made: Arbitrary<unknown>,
  where: string,
  passes: (value: unknown) => boolean,
  remedy = "",
): Arbitrary<unknown> {
  let refused = 0;
  let hasPassed = false;
  return made.filter((value) => {
    try {
      if (passes(value)) {
        hasPassed = true;
        return true;
      }
    } catch (error) {
      if (!(error instanceof ValidationError) || error.code === "RW_DEFINITION_ASYNC") throw error;
    }
    refused += 1;
    if (!hasPassed && refused >= MOST_REFUSED)
      throw new TypeError(
        `${where}: its validator took none of ${MOST_REFUSED} values that were derived from it. ${remedy}`,
      );
    return false;
  });
}

/** An object of these fields; those that are undefined are not in it. */
function record(
  fc: FastCheck,
  fields: readonly (readonly [string, Arbitrary<unknown>])[],
): Arbitrary<unknown> {
  return (fc.tuple(...fields.map(([, arbitrary]) => arbitrary)) as Arbitrary<unknown[]>).map((values) => {
    const made: Record<string, unknown> = {};
    for (const [i, [name]] of fields.entries()) if (values[i] !== undefined) made[name] = values[i];
    return made;
  });
}
