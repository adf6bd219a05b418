import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { edge } from "../schema/edge.ts";
import { withDefault } from "../schema/field.ts";
import { node } from "../schema/node.ts";
import type { EdgeInstance, FieldsOf, NodeInstance } from "./graph-types.ts";
import type { Create, Draft, ReservedEdgeField, ReservedNodeField, State } from "./infer.ts";

// What a definition's fields mean: read, created and edited.

const schemas = {
  name: z.string(),
  users: z.array(z.object({ id: z.string(), tags: z.array(z.string()) })).default([]),
  topic: z.string().optional(),
  at: z.coerce.date(),
  kind: z.enum(["a", "b"]).nullable(),
  by: z.map(z.string(), z.array(z.number())),
  set: z.set(z.string()),
  bytes: z.instanceof(Uint8Array),
  pair: z.tuple([z.string(), z.number()]),
};
type S = typeof schemas;

expectTypeOf<State<S>>().toEqualTypeOf<{
  name: string;
  users: readonly { readonly id: string; readonly tags: readonly string[] }[];
  topic: string | undefined;
  at: Date;
  kind: "a" | "b" | null;
  by: ReadonlyMap<string, readonly number[]>;
  set: ReadonlySet<string>;
  bytes: Uint8Array<ArrayBuffer>;
  pair: readonly [string, number];
}>();

expectTypeOf<Create<S>>().toEqualTypeOf<{
  readonly name: string;
  // An unknown input takes anything, so it need not be given.
  readonly at?: unknown;
  readonly kind: "a" | "b" | null;
  readonly by: ReadonlyMap<string, readonly number[]>;
  readonly set: ReadonlySet<string>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pair: readonly [string, number];
  readonly users?: readonly { readonly id: string; readonly tags: readonly string[] }[] | undefined;
  readonly topic?: string | undefined;
}>();

expectTypeOf<Draft<S>["users"]>().toEqualTypeOf<{ id: string; tags: string[] }[]>();
expectTypeOf<Draft<S>["by"]>().toEqualTypeOf<Map<string, number[]>>();

// The same with other libraries.

class Valibot extends node("Valibot", {
  name: v.string(),
  count: v.optional(v.number(), 0),
  tags: v.array(v.string()),
}) {}
expectTypeOf<State<FieldsOf<typeof Valibot>>>().toEqualTypeOf<{
  name: string;
  count: number;
  tags: readonly string[];
}>();
expectTypeOf<Create<FieldsOf<typeof Valibot>>>().toEqualTypeOf<{
  readonly name: string;
  readonly tags: readonly string[];
  readonly count?: number | undefined;
}>();

class Arktype extends node("Arktype", {
  name: type("string"),
  count: withDefault(type("number"), 0),
  tags: type("string[]"),
}) {}
expectTypeOf<State<FieldsOf<typeof Arktype>>>().toEqualTypeOf<{
  name: string;
  count: number;
  tags: readonly string[];
}>();
expectTypeOf<Create<FieldsOf<typeof Arktype>>>().toEqualTypeOf<{
  readonly name: string;
  readonly tags: readonly string[];
  readonly count?: number | undefined;
}>();

// Names that a definition cannot have do not compile, with the reason in the error.

// @ts-expect-error "id" is reserved: choose another field name
node("A", { id: z.string() });
// @ts-expect-error "then" is reserved
// biome-ignore lint/suspicious/noThenProperty: that is what does not compile
node("A", { then: z.string() });
// @ts-expect-error "$x" is reserved
node("A", { $x: z.string() });
// @ts-expect-error "__x" is reserved
node("A", { __x: z.string() });
// @ts-expect-error "connect" is reserved on nodes
node("A", { connect: z.string() });
// @ts-expect-error "sourceId" is reserved on edges
edge("A", { sourceId: z.string() });
node("A", { source: z.string(), kind: z.string(), type: z.string() });
edge("A", { out: z.string(), connect: z.string() });
// @ts-expect-error "Root" is the name of a built-in type
node("Root", {});
// @ts-expect-error "$x" is reserved: choose another type name
edge("$x", {});
// @ts-expect-error not a schema
node("A", { a: String });

// Whatever a record has as a member is no name for a field.

expectTypeOf<Exclude<keyof NodeInstance & string, ReservedNodeField>>().toEqualTypeOf<never>();
expectTypeOf<Exclude<keyof EdgeInstance & string, ReservedEdgeField>>().toEqualTypeOf<never>();

class Base extends node("Base", { name: z.string() }) {
  hello() {
    return this.name;
  }
}
// @ts-expect-error "name" is a field of the type that this one extends
Base.extend("Other", { name: z.string() });
// @ts-expect-error an index names a field of the type
node("A", { a: z.string() }, { unique: ["b"] });
// @ts-expect-error an index of a base type's fields names those too, and no others
Base.extend("Other", { more: z.string() }, { index: [{ fields: ["name", "mere"] }] });
Base.extend("Other", { more: z.string() }, { index: [{ fields: ["name", "more"], per: "owner" }] });
node("A", { a: z.string() }, { access: (record, me) => (record.a === me ? "write" : undefined) });
// @ts-expect-error an access rule answers a level
node("A", {}, { access: () => "admin" });
// @ts-expect-error an access rule answers at once
node("A", {}, { access: async () => "read" });
node(
  "A",
  { a: z.string() },
  {
    access: (record) => {
      // @ts-expect-error what an access rule sees cannot be changed
      record.a = "x";
      return undefined;
    },
  },
);

// Inheritance: fields, methods and types.

class Derived extends Base.extend("Derived", { level: z.number() }) {
  louder() {
    return `${this.hello()}!`.repeat(this.level);
  }
}
declare const derived: Derived;
expectTypeOf(derived.name).toEqualTypeOf<string>();
expectTypeOf(derived.level).toEqualTypeOf<number>();
expectTypeOf(derived.hello()).toEqualTypeOf<string>();
expectTypeOf(derived).toExtend<Base>();
expectTypeOf<Base>().not.toExtend<Derived>();
expectTypeOf(derived.$data).toExtend<Readonly<{ name: string; level: number }>>();
derived.update((draft) => {
  draft.level += 1;
  draft.name = "x";
  // @ts-expect-error an unknown field
  draft.nope = 1;
});

// Types with the same fields are not the same type.

class Cat extends node("Cat", { name: z.string() }) {}
class Dog extends node("Dog", { name: z.string() }) {}
expectTypeOf<Cat>().not.toExtend<Dog>();
