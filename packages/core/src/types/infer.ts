import type { StandardSchemaV1 } from "@standard-schema/spec";

// What a type's fields mean to TypeScript: as they are read, created, edited and filtered.

/** The fields of a definition: names and Standard Schema validators. */
export type Fields = Readonly<Record<string, StandardSchemaV1>>;

/** Unknown fields, in the places where a type is only passed on. */
// biome-ignore lint/suspicious/noExplicitAny: every definition fits, whatever its fields
export type AnyFields = any;

/** No fields at all. */
export type NoFields = Readonly<Record<never, never>>;

/** One object type instead of an intersection, for readable errors and hovers. */
export type Flat<T> = { [K in keyof T]: T[K] } & {};

/** What is handed out: nested objects and arrays are frozen. */
export type DeepReadonly<T> = T extends
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | Date
  | Uint8Array
  ? T
  : T extends ReadonlyMap<infer K, infer V>
    ? ReadonlyMap<DeepReadonly<K>, DeepReadonly<V>>
    : T extends ReadonlySet<infer V>
      ? ReadonlySet<DeepReadonly<V>>
      : T extends readonly (infer V)[]
        ? number extends T["length"]
          ? readonly DeepReadonly<V>[]
          : { readonly [K in keyof T]: DeepReadonly<T[K]> }
        : T extends object
          ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
          : T;

/** The fields as a record has them. Assignable one by one: `node.field = value`. */
export type State<F extends Fields> = {
  -readonly [K in keyof F]: DeepReadonly<StandardSchemaV1.InferOutput<F[K]>>;
};

/** The fields as `update` gives them to be edited, at any depth. */
export type Draft<F extends Fields> = {
  -readonly [K in keyof F]: StandardSchemaV1.InferOutput<F[K]>;
};

/** Fields that need not be given: optional ones and those with a default. */
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: undefined extends StandardSchemaV1.InferInput<F[K]> ? K : never;
}[keyof F];

/** What a record is created from: what the validators take in. */
export type Create<F extends Fields> = Flat<
  {
    readonly [K in Exclude<keyof F, OptionalKeys<F>>]: DeepReadonly<StandardSchemaV1.InferInput<F[K]>>;
  } & {
    readonly [K in OptionalKeys<F>]?: DeepReadonly<StandardSchemaV1.InferInput<F[K]>> | undefined;
  }
>;

/** Fields as the last argument of a call, which may be left out where none is required. */
export type CreateArgument<F extends Fields> =
  Exclude<keyof F, OptionalKeys<F>> extends never ? [fields?: Create<F>] : [fields: Create<F>];

/** Names that no field can have: what all records have, and what JavaScript gives a meaning to. */
type ReservedName =
  | "id"
  | "then"
  | "constructor"
  | "prototype"
  | "toJSON"
  | "toString"
  | "toLocaleString"
  | "valueOf"
  | "hasOwnProperty"
  | "isPrototypeOf"
  | "propertyIsEnumerable"
  | "update"
  | "delete"
  | "grant"
  | "revoke"
  | "allowRoot"
  | "disallowRoot"
  | `$${string}`
  | `__${string}`;

/** Names that no field of a node can have. */
export type ReservedNodeField = ReservedName | "out" | "in" | "both" | "connect" | "link" | "disconnect";

/** Names that no field of an edge can have. */
export type ReservedEdgeField = ReservedName | "source" | "target" | "sourceId" | "targetId";

/** The fields themselves where their names are free; else an error that says why. */
export type CheckFields<F, Reserved, Inherited = unknown> = {
  [K in keyof F]: K extends Reserved
    ? `"${K & string}" is reserved: choose another field name`
    : K extends keyof Inherited
      ? `"${K & string}" is a field of the type that this one extends`
      : F[K];
};

/** A type's name where it is free; else an error that says why. */
export type CheckTypeName<N extends string> = N extends "Root" | "Node" | "Edge"
  ? `"${N}" is the name of a built-in type`
  : N extends `$${string}` | "then" | "constructor" | "prototype" | "__proto__"
    ? `"${N}" is reserved: choose another type name`
    : N;
