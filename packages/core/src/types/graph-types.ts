import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AccessRecord } from "../model/access-record.ts";
import type { Id } from "../model/id.ts";
import type { Level } from "../model/level.ts";
import type { RecordFilter } from "../model/operator.ts";
import type { FollowOptions, LiveList } from "./changes.ts";
import type { Explanation } from "./explanation.ts";
import type { HistoryStep } from "./history.ts";
import type {
  AnyFields,
  CheckFields,
  CheckTypeName,
  Create,
  CreateArgument,
  Draft,
  Fields,
  Flat,
  NoFields,
  ReservedEdgeField,
  ReservedNodeField,
  State,
} from "./infer.ts";

// Nodes, edges, their classes and the queries between them. They refer to one another, so they stand together.

// Marks that exist for the compiler alone.
declare const fieldsMark: unique symbol;
declare const endsMark: unique symbol;
declare const typeMark: unique symbol;
declare const sealMark: unique symbol;
declare const nestedMark: unique symbol;
declare const locationsMark: unique symbol;
declare const useCreateRootInstead: unique symbol;

/** What no user has: instances come from `connect`, `create` and queries, not from `new`. */
export interface Sealed {
  readonly [sealMark]: never;
}

/** Tells types of equal fields apart, and lets a subtype pass for its base type. */
export interface TypeMark<N extends string> {
  readonly [typeMark]: { readonly [K in N]: true };
}

// Records

/** What nodes and edges have in common. */
export interface RecordInstance<F extends Fields = AnyFields> {
  readonly [fieldsMark]?: F;
  /** UUIDv7 in canonical text. */
  readonly id: Id;
  /** Name of its type. */
  readonly $type: string;
  /**
   * All fields as one frozen object. This is what to spread, enumerate or give to `structuredClone`: the record's own
   * fields are getters of its class, which these do not see.
   */
  readonly $data: Readonly<State<F>>;
  readonly $access: AccessRecord;
  /** The root that owns it. */
  readonly $ownerId: Id;
  /**
   * Id, type name and fields, of edges the ids of both ends too, as `JSON.stringify` can write them: bigints and bytes
   * (base64) as text, Sets as arrays, Maps as arrays of entries, at any depth; `$data` has the values themselves.
   */
  toJSON(): { id: Id; type: string } & JsonFields<F>;
  /** Type name and id. */
  toString(): string;
  /**
   * Edits fields at any depth; changed ones are validated and stored. Needs `write`.
   *
   * @throws {ValidationError} and leaves the record as it was.
   */
  update(edit: (draft: Draft<F>) => void): void;
  /** Sets what everyone may do. Needs `write`, as all grants do. */
  grant(level: Level): void;
  /** `grant("none")`. */
  revoke(): void;
  /** Sets what one root may do, whatever everyone may; `"none"` locks it out. */
  allowRoot(root: Id | Root, level: Level): void;
  /** Removes what `allowRoot` has set. */
  disallowRoot(root: Id | Root): void;
}

/** Fields as `toJSON` gives them. */
export type JsonFields<F extends Fields> = { -readonly [K in keyof State<F>]: JsonOf<State<F>[K]> };

/** A value as `toJSON` gives it. */
export type JsonOf<V> = V extends bigint | Uint8Array
  ? string
  : V extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
    ? unknown[]
    : V;

/** A node as a unit of work hands it out, with the fields `F`. */
export interface NodeInstance<F extends Fields = AnyFields> extends RecordInstance<F> {
  /** The nodes at the other end of its outgoing edges. Reads nothing until it is asked for results. */
  out(): HopQuery<AnyNode, AnyEdge>;
  out<C extends NodeClass | EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>, options?: HopOptions): OutOf<C>;
  /** The same against the direction of its incoming edges. */
  in(): HopQuery<AnyNode, AnyEdge>;
  in<C extends NodeClass | EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>, options?: HopOptions): InOf<C>;
  /** The same in either direction. */
  both(): HopQuery<AnyNode, AnyEdge>;
  both<C extends NodeClass | EdgeClass>(
    type: C,
    filter?: Filter<FieldsOf<C>>,
    options?: HopOptions,
  ): BothOf<C>;
  /**
   * Creates a node and an edge to it, and gives the node; an array of fields gives an array of nodes.
   * Without `via(…)` the edge is an untyped `Edge`. Needs `connect`.
   */
  connect<C extends NodeClass>(type: C & Creatable, ...fields: CreateArgument<FieldsOf<C>>): InstanceType<C>;
  connect<C extends NodeClass>(type: C & Creatable, all: readonly Create<FieldsOf<C>>[]): InstanceType<C>[];
  connect<C extends NodeClass, E extends EdgeClass>(
    this: FromOf<E>,
    type: C & Creatable & EndsAt<E, InstanceType<C>>,
    fields: Create<FieldsOf<C>>,
    through: Via<E>,
  ): InstanceType<C>;
  connect<C extends NodeClass, E extends EdgeClass>(
    this: FromOf<E>,
    type: C & Creatable & EndsAt<E, InstanceType<C>>,
    all: readonly Create<FieldsOf<C>>[],
    through: Via<E>,
  ): InstanceType<C>[];
  // Those of one object again: of several signatures the compiler explains the last, and nearly all calls give one.
  connect<C extends NodeClass>(type: C & Creatable, ...fields: CreateArgument<FieldsOf<C>>): InstanceType<C>;
  connect<C extends NodeClass, E extends EdgeClass>(
    this: FromOf<E>,
    type: C & Creatable & EndsAt<E, InstanceType<C>>,
    fields: Create<FieldsOf<C>>,
    through: Via<E>,
  ): InstanceType<C>;
  /**
   * Creates an edge to a node that exists, and gives the edge. Needs `connect` at both ends.
   *
   * A node of an earlier unit of work is looked for by its id, as this principal. Over a store that answers later that
   * succeeds while the node is in memory: `get` it in this unit to be sure.
   *
   * @throws {NotFoundError} for a node that is gone, that this principal may not read, or that is not in memory.
   */
  link(node: AnyNode): Edge;
  link<E extends EdgeClass>(this: FromOf<E>, node: ToOf<E>, through: Via<E>): InstanceType<E>;
  /**
   * Deletes the edges from this node to that one, of one type or of all, and gives their number.
   * Needs `write` on each or on either end.
   */
  disconnect(node: AnyNode): Promise<number>;
  disconnect<E extends EdgeClass>(node: AnyNode, type: E, filter?: Filter<FieldsOf<E>>): Promise<number>;
  /** Deletes the node; its edges vanish with it. Needs `write`. */
  delete(): void;
}

/** An edge as a unit of work hands it out, with the fields `F`. */
export interface EdgeInstance<F extends Fields = AnyFields, From = AnyNode, To = AnyNode>
  extends RecordInstance<F> {
  readonly [endsMark]?: () => readonly [From, To];
  readonly sourceId: Id;
  readonly targetId: Id;
  /** As of every record, with the ids of both ends. */
  toJSON(): { id: Id; type: string; sourceId: Id; targetId: Id } & JsonFields<F>;
  /** The node that it leads from. */
  source(): Promise<From>;
  /** The node that it leads to. */
  target(): Promise<To>;
  /** Deletes the edge. Needs `write` on it or on either end. */
  delete(): void;
}

/** A node of any type. */
export type AnyNode = NodeInstance;
/** An edge of any type. */
// biome-ignore lint/suspicious/noExplicitAny: every edge fits, whatever its ends
export type AnyEdge = EdgeInstance<AnyFields, any, any>;

/** The node type without fields that every graph begins with: one root a user, and the system's own. */
export interface Root extends NodeInstance<NoFields>, TypeMark<"Root"> {}

/** The edge type without fields that `connect` and `link` use where none is named. */
export interface Edge extends EdgeInstance<NoFields, AnyNode, AnyNode>, TypeMark<"Edge"> {}

// Classes

/** A node type, as a value: what `node(…)` or `X.extend(…)` gives, or a class that extends it. */
export interface NodeClass<F extends Fields = AnyFields, I = AnyNode> {
  new (useConnectOrCreateInstead: Sealed): I;
  readonly typeName: string;
  readonly fields: F;
  readonly kind: "node";
}

/** What each node type is but `Root`: its nodes are made by `create`, `connect` and `ensure`. */
export interface Creatable {
  readonly [useCreateRootInstead]?: never;
}

/** The class of roots, which `graph.createRoot()` alone makes, and which cannot be extended. */
export interface RootClass extends Omit<NodeStatics<NoFields>, "extend"> {
  new (useCreateRootInstead: Sealed): Root;
  readonly [useCreateRootInstead]: true;
}

/** An edge type, as a value. */
// biome-ignore lint/suspicious/noExplicitAny: every edge type fits, whatever its ends
export interface EdgeClass<F extends Fields = AnyFields, From = any, To = any, I = AnyEdge> {
  new (useConnectOrLinkInstead: Sealed): I;
  readonly typeName: string;
  readonly fields: F;
  readonly kind: "edge";
  // Inside a function, for node and edge types that refer to each other in circles.
  readonly [endsMark]?: () => readonly [From, To];
}

/** A node or edge type, as a value. */
export type RecordClass = NodeClass | EdgeClass;

/** The fields of a node or edge type. */
export type FieldsOf<C extends { readonly fields: Fields }> = C["fields"];

/** The fields of a node or edge. */
export type FieldsOfRecord<R> = R extends { readonly [fieldsMark]?: infer F extends Fields } ? F : never;

/** The nodes that an edge type leads from. */
export type FromOf<E> = E extends { readonly [endsMark]?: () => readonly [infer From, unknown] }
  ? From
  : never;

/** The nodes that an edge type leads to. */
export type ToOf<E> = E extends { readonly [endsMark]?: () => readonly [unknown, infer To] } ? To : never;

/** Nothing where the edge type ends at `N`, else what makes an argument not fit, with the reason. */
export type EndsAt<E extends EdgeClass, N> =
  N extends ToOf<E> ? unknown : { readonly "this edge type does not end at this node type": never };

/** A key of an index: one field, or several, for all records or each owner's by themselves. */
export type IndexKey<F> =
  | (keyof F & string)
  | { readonly fields: readonly (keyof F & string)[]; readonly per?: "owner" };

/** What a node type may declare beside its fields. */
export interface NodeOptions<F extends Fields> {
  /** Keys that no two records share; a record in which a field of the key is absent is exempt. */
  readonly unique?: readonly IndexKey<F>[];
  /** Keys by which records are found without a scan. */
  readonly index?: readonly IndexKey<F>[];
  /**
   * The type's own say about what the root `me` may do with a record, before grants are looked at; undefined leaves it
   * to them. Sees that record alone, and answers at once.
   */
  readonly access?: (record: Readonly<State<F>>, me: Id) => Level | undefined;
  /** What happened to the type since its first version, oldest first: renamed fields, transformed values and the like. */
  readonly history?: readonly HistoryStep[];
}

/** What an edge type may declare beside its fields. */
export interface EdgeOptions<F extends Fields, A = EdgeEnd, B = EdgeEnd> {
  /** The node type that these edges lead from; without it any. */
  readonly from?: A;
  /** The node type that these edges lead to; without it any. */
  readonly to?: B;
  /** One edge that is seen from both ends under every direction. */
  readonly undirected?: boolean;
  /** As of node types. */
  readonly access?: (record: Readonly<State<F>>, me: Id) => Level | undefined;
  /** As of node types. */
  readonly history?: readonly HistoryStep[];
}

/** An end of an edge type: a node class, or a function that gives it where modules import each other. */
export type EdgeEnd = NodeClass | (() => NodeClass);

/** The nodes that an end stands for. */
export type NodeAtEnd<C> = C extends { new (sealed: Sealed): infer I }
  ? I
  : C extends () => { new (sealed: Sealed): infer I }
    ? I
    : never;

/** What `node(…)` gives to extend. */
export type NodeBase<N extends string, F extends Fields, Base = unknown> = NodeStatics<F> & {
  new (useConnectOrCreateInstead: Sealed): NodeInstance<F> & State<F> & TypeMark<N> & Base;
};

/** What a node class has beside its instances. */
export interface NodeStatics<F extends Fields> {
  readonly typeName: string;
  readonly fields: F;
  readonly kind: "node";
  /** A type with the fields and methods of this one and more. Wherever this one is named, it matches. */
  extend<C extends NodeClass, const N extends string, const G extends Fields>(
    this: C,
    name: N & CheckTypeName<N>,
    fields: G & CheckFields<G, ReservedNodeField, FieldsOf<C>>,
    options?: NodeOptions<Extended<FieldsOf<C>, G>>,
  ): NodeBase<N, Extended<FieldsOf<C>, G>, InstanceType<C>>;
}

/** The fields of a base type and further ones. */
export type Extended<F extends Fields, G extends Fields> = Flat<Omit<F, keyof G> & G>;

/** What `edge(…)` gives to extend. */
export type EdgeBase<N extends string, F extends Fields, From, To, Base = unknown> = EdgeStatics<
  F,
  From,
  To
> & {
  new (useConnectOrLinkInstead: Sealed): EdgeInstance<F, From, To> & State<F> & TypeMark<N> & Base;
};

/** What an edge class has beside its instances. */
export interface EdgeStatics<F extends Fields, From, To> {
  readonly typeName: string;
  readonly fields: F;
  readonly kind: "edge";
  readonly [endsMark]?: () => readonly [From, To];
  /** An edge type with the fields and ends of this one and more fields. Wherever this one is named, it matches. */
  extend<C extends EdgeClass, const N extends string, const G extends Fields>(
    this: C,
    name: N & CheckTypeName<N>,
    fields: G & CheckFields<G, ReservedEdgeField, FieldsOf<C>>,
    options?: Pick<EdgeOptions<Extended<FieldsOf<C>, G>>, "access" | "history">,
  ): EdgeBase<N, Extended<FieldsOf<C>, G>, From, To, InstanceType<C>>;
}

/** An edge type and the fields of the edge to make. */
export interface Via<E extends EdgeClass = EdgeClass> {
  readonly type: E;
  readonly fields: unknown;
}

// Queries

/**
 * A filter on the fields `F`: an object whose tests must all hold (a plain value means equality, `undefined` absence),
 * or what `and`, `or` and `not` make of such objects.
 */
export type Filter<F extends Fields> = RecordFilter<State<F>>;

/** A filter for the fields of a record type. */
export type FilterOf<R> = Filter<FieldsOfRecord<R>>;

/** Names of a record's fields. */
export type FieldNameOf<R> = keyof FieldsOfRecord<R> & string;

/** Options of a hop. */
export interface HopOptions {
  /**
   * How many edges to follow: exactly so many, or from so many to so many. 1 where nothing is said. Each node is found
   * once, at its shortest distance from where the hop begins, which itself is at 0: a way round a circle leads nowhere new.
   */
  readonly depth?: number | readonly [min: number, max: number];
}

/** A page of results. */
export interface Page<T> {
  readonly items: T[];
  /** Opaque, and good for `after` even when the program was restarted; undefined on the last page. */
  readonly next: string | undefined;
}

/** The read side of every query. Nothing is read before one of these. */
export interface Results<T> extends AsyncIterable<T> {
  /** Every result. */
  all(): Promise<T[]>;
  /** The first result; undefined where there is none. */
  first(): Promise<T | undefined>;
  /**
   * The only result.
   *
   * @throws {NotFoundError} when nothing or more than one matches.
   */
  one(): Promise<T>;
  /** How many there are; hands out no records. */
  count(): Promise<number>;
  /** Whether there is one; looks no further. */
  exists(): Promise<boolean>;
  /** At most `limit` results (100 where nothing is said), and the cursor of the next page. */
  page(): Promise<Page<T>>;
  /**
   * Runs the query, as `all` or `count` would, and tells what it did: over which index, scan or edges it went, where its
   * filters were tested, what was sorted and what was read. `console.log` shows it as a short plan.
   *
   * In a unit of work it sees what the unit has written, and what it reads is read: it guards as `all` does. Reads that
   * the unit makes while it runs are counted in, so await it. Figures of what it took, which count hidden records too,
   * are for the system root alone.
   */
  explain(of?: "all" | "count"): Promise<Explanation>;
  /**
   * The results, and from then on what becomes of them: they are read again whenever a commit has changed them. Of queries
   * made outside of units of work.
   *
   * ```ts
   * for await (const { results, changes } of graph.nodes(Task, { done: false }).live()) show(results);
   * ```
   */
  live(options?: FollowOptions): LiveList<T>;
}

/** Steps that all queries share. Each gives a new query. */
export interface Steps {
  /** At most so many results. */
  limit(count: number): this;
  /** Newest first; with `orderBy` that order turned round, absent fields still last. */
  reverse(): this;
  /**
   * What follows the page that gave this cursor: of the same query, whose filters may differ. From the beginning where
   * there is no cursor, as before the first page.
   *
   * @throws {ValidationError} `RW_CURSOR_INVALID` when it is read, for a cursor of another query.
   */
  after(cursor: string | undefined): this;
}

interface RecordSteps<R> extends Steps {
  /** Those that pass; several filters must all pass. */
  filter(filter: FilterOf<R>): this;
  /** By a field instead of in connection order; absent last, ties in connection order, in the pages of `page` by id. */
  orderBy(field: FieldNameOf<R>, direction?: "asc" | "desc"): this;
}

/** The value of a record's field. */
export type ValueOf<R, K> = (R & Unnamed)[K & string];

/** Names of the fields that hold numbers or bigints. */
export type NumericFieldOf<R> = FieldsThatHold<R, number | bigint>;

/** Names of the fields whose values have an order, or are equal or not. */
export type ComparableFieldOf<R> = FieldsThatHold<R, string | number | bigint | boolean | Date | Uint8Array>;

type FieldsThatHold<R, V> = {
  [K in FieldNameOf<R>]: ValueOf<R, K> extends V | null | undefined ? K : never;
}[FieldNameOf<R>];

/** A value where there is one. */
export type Present<V> = Exclude<V, null | undefined>;

/** What adding up such values gives: of numbers a number; of bigints a bigint, or 0 where there were none. */
export type SumOf<V> = V extends number ? number : V extends bigint ? bigint | 0 : never;

/**
 * What can be asked of the records' fields without reading them into records. It is about what the query gives, `limit`
 * included. A unit depends on that field of each of them, and on which records there are.
 */
export interface Aggregates<R> {
  /** Absent fields and null add nothing; 0 where nothing else is there. */
  sum<K extends NumericFieldOf<R>>(field: K): Promise<SumOf<ValueOf<R, K>>>;
  /** Without those that are absent or null; undefined where nothing else is there. A number of bigints too. */
  avg<K extends NumericFieldOf<R>>(field: K): Promise<number | undefined>;
  /** The first by the order of `orderBy`; absent fields and null do not count, undefined where nothing else is there. */
  min<K extends ComparableFieldOf<R>>(field: K): Promise<Present<ValueOf<R, K>> | undefined>;
  /** As `min`, the last. */
  max<K extends ComparableFieldOf<R>>(field: K): Promise<Present<ValueOf<R, K>> | undefined>;
  /** How many records have each value, in the order in which the query meets them; an absent field is `undefined`. */
  countBy<K extends ComparableFieldOf<R>>(field: K): Promise<Map<ValueOf<R, K>, number>>;
  /** The records by that value; both groups and records are in the order of the query. */
  groupBy<K extends ComparableFieldOf<R>>(field: K): Promise<Map<ValueOf<R, K>, R[]>>;
}

/** A record as plain data: its id and these of its properties. A field that is absent is undefined. */
export type Row<R, K> = { readonly [P in "id" | (K & string)]: (R & Unnamed)[P] };

/** So that a record of a type nobody named has fields of which nothing is known. */
interface Unnamed {
  readonly [name: string]: unknown;
}

/** What can be selected of an edge: its fields, and the ids of its ends. */
export type EdgePropertyOf<E> = FieldNameOf<E> | "sourceId" | "targetId";

/** Which fields of a node are wanted, and what is to be read from it. */
export type NestedShape<N, S> = {
  readonly [P in keyof S]: string extends FieldNameOf<N>
    ? true | NestedRead<S[P]>
    : P extends FieldNameOf<N>
      ? true
      : NestedRead<S[P]>;
};

/** Says what to read from each record. */
export type NestedRead<T> = (each: NestedStart) => Nested<T>;

/** A node as plain data, with what was read from it. */
export type NestedRow<N, S> = {
  readonly [P in "id" | keyof S]: P extends keyof S ? (unknown extends S[P] ? ValueOf<N, P> : S[P]) : Id;
};

/** Which fields of an edge are wanted. */
export type EdgeShape<E, S> = { readonly [P in keyof S]: P extends EdgePropertyOf<E> ? true : never };

/** Which fields of edges and of the nodes they lead to are wanted. */
export interface PairShape<N, E, A, B> {
  readonly edge: EdgeShape<E, A>;
  readonly node: NestedShape<N, B>;
}

/** What a function in `select` gives: something that is read for each record. */
export interface Nested<T> {
  readonly [nestedMark]: T;
}

/** In the place of each record that a query gives, within `select`: what is read of them begins here. */
export interface NestedStart {
  out(): NestedNodes<AnyNode, AnyEdge>;
  out<C extends NodeClass | EdgeClass>(
    type: C,
    filter?: Filter<FieldsOf<C>>,
    options?: HopOptions,
  ): NestedOutOf<C>;
  in(): NestedNodes<AnyNode, AnyEdge>;
  in<C extends NodeClass | EdgeClass>(
    type: C,
    filter?: Filter<FieldsOf<C>>,
    options?: HopOptions,
  ): NestedInOf<C>;
  both(): NestedNodes<AnyNode, AnyEdge>;
  both<C extends NodeClass | EdgeClass>(
    type: C,
    filter?: Filter<FieldsOf<C>>,
    options?: HopOptions,
  ): NestedBothOf<C>;
}

/** As `Results`, for each record. */
export interface NestedResults<T> extends Nested<T[]> {
  first(): Nested<T | undefined>;
  count(): Nested<number>;
  exists(): Nested<boolean>;
  limit(count: number): this;
  reverse(): this;
}

/** As `RecordSteps` and `Aggregates`, for each record. */
interface NestedRecords<R> extends NestedResults<R> {
  filter(filter: FilterOf<R>): this;
  orderBy(field: FieldNameOf<R>, direction?: "asc" | "desc"): this;
  ids(): Nested<Id[]>;
  sum<K extends NumericFieldOf<R>>(field: K): Nested<SumOf<ValueOf<R, K>>>;
  avg<K extends NumericFieldOf<R>>(field: K): Nested<number | undefined>;
  min<K extends ComparableFieldOf<R>>(field: K): Nested<Present<ValueOf<R, K>> | undefined>;
  max<K extends ComparableFieldOf<R>>(field: K): Nested<Present<ValueOf<R, K>> | undefined>;
  countBy<K extends ComparableFieldOf<R>>(field: K): Nested<Map<ValueOf<R, K>, number>>;
  groupBy<K extends ComparableFieldOf<R>>(field: K): Nested<Map<ValueOf<R, K>, R[]>>;
}

/** As `HopQuery`, for each record: without more the nodes themselves. */
export interface NestedNodes<N, E> extends NestedRecords<N>, NestedStart {
  ofType<C extends NodeClass>(type: C, filter?: Filter<FieldsOf<C>>): NestedNodes<InstanceType<C>, E>;
  edges(): NestedEdges<E>;
  pairs(): NestedPairs<N, E>;
  select<K extends FieldNameOf<N>>(...fields: readonly [K, ...K[]]): NestedResults<Row<N, K>>;
  select<S>(shape: NestedShape<N, S>): NestedResults<NestedRow<N, S>>;
}

/** As `EdgeQuery`, for each record. */
export interface NestedEdges<E> extends NestedRecords<E> {
  ofType<C extends EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>): NestedEdges<InstanceType<C>>;
  select<K extends EdgePropertyOf<E>>(...fields: readonly [K, ...K[]]): NestedResults<Row<E, K>>;
  select<S>(shape: EdgeShape<E, S>): NestedResults<Row<E, keyof S>>;
}

/** As `PairQuery`, for each record. */
export interface NestedPairs<N, E> extends NestedResults<Pair<N, E>> {
  select<A, B>(shape: PairShape<N, E, A, B>): NestedResults<Pair<NestedRow<N, B>, Row<E, keyof A>>>;
}

/** As `OutOf`, for each record. */
export type NestedOutOf<C> = C extends EdgeClass
  ? NestedNodes<ToOf<C>, InstanceType<C>>
  : C extends NodeClass
    ? NestedNodes<InstanceType<C>, AnyEdge>
    : never;

/** As `InOf`, for each record. */
export type NestedInOf<C> = C extends EdgeClass
  ? NestedNodes<FromOf<C>, InstanceType<C>>
  : C extends NodeClass
    ? NestedNodes<InstanceType<C>, AnyEdge>
    : never;

/** As `BothOf`, for each record. */
export type NestedBothOf<C> = C extends EdgeClass
  ? NestedNodes<FromOf<C> | ToOf<C>, InstanceType<C>>
  : C extends NodeClass
    ? NestedNodes<InstanceType<C>, AnyEdge>
    : never;

/**
 * A query that gives nodes or edges: where a walk can go. One mark to look for, since comparing a query member by member
 * with one of any node is most of what a `visit` costs the compiler.
 */
export interface Locations {
  readonly [locationsMark]: true;
}

/** A query whose results are plain data. */
export interface RowQuery<R, T> extends Results<T>, RecordSteps<R> {
  ids(): Promise<Id[]>;
}

/** Nodes, in connection order, each once. */
export interface NodeQuery<N> extends Results<N>, RecordSteps<N>, Aggregates<N>, Locations {
  /**
   * Plain objects with the id and these fields instead of records: nothing to write to, and cheaper where many are
   * read. Nested values are as records hand them out. A unit that read them depends on these fields alone.
   *
   * ```ts
   * const rooms = await tx.nodes(Room).select("name", "visits").all(); // { id, name, visits }[]
   * ```
   */
  select<K extends FieldNameOf<N>>(...fields: readonly [K, ...K[]]): RowQuery<N, Row<N, K>>;
  /**
   * The same as an object, in which further properties are given by functions: what to read from each record. Such a
   * function is called once for the query, with a stand-in for the record, and gives a query or what it counts; each
   * hop of it is read for all records together, 256 at a time. Limits and orders are each record's own.
   *
   * ```ts
   * const rooms = await tx.nodes(Room).select({
   *   name: true,
   *   latest: (room) => room.out(Posted).reverse().limit(5).select("text"),
   *   members: (room) => room.in(Joined).count(),
   * }).all(); // { id, name, latest: { id, text }[], members: number }[]
   * ```
   */
  select<S>(shape: NestedShape<N, S>): RowQuery<N, NestedRow<N, S>>;
  /** Those of a type or its subtypes. */
  ofType<C extends NodeClass>(type: C, filter?: Filter<FieldsOf<C>>): NodeQuery<InstanceType<C>>;
  out(): HopQuery<AnyNode, AnyEdge>;
  out<C extends NodeClass | EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>, options?: HopOptions): OutOf<C>;
  in(): HopQuery<AnyNode, AnyEdge>;
  in<C extends NodeClass | EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>, options?: HopOptions): InOf<C>;
  both(): HopQuery<AnyNode, AnyEdge>;
  both<C extends NodeClass | EdgeClass>(
    type: C,
    filter?: Filter<FieldsOf<C>>,
    options?: HopOptions,
  ): BothOf<C>;
  ids(): Promise<Id[]>;
  /** Edits every node found, as `update` does, and gives their number. */
  updateAll(edit: (draft: Draft<FieldsOfRecord<N>>) => void): Promise<number>;
  /** Deletes every node found and gives their number. */
  deleteAll(): Promise<number>;
}

/** The nodes at the far ends of edges. */
export interface HopQuery<N, E> extends NodeQuery<N> {
  ofType<C extends NodeClass>(type: C, filter?: Filter<FieldsOf<C>>): HopQuery<InstanceType<C>, E>;
  /** The edges of the last hop instead of the nodes they lead to; every one of them. */
  edges(): EdgeQuery<E>;
  /** The edges of the last hop, each with the node it leads to. */
  pairs(): PairQuery<N, E>;
  /** Deletes the edges of the last hop, leaves the nodes, and gives the number of edges. */
  disconnectAll(): Promise<number>;
}

/** Edges, in connection order. */
export interface EdgeQuery<E> extends Results<E>, RecordSteps<E>, Aggregates<E>, Locations {
  /** Plain objects instead of edges, as of nodes; `sourceId` and `targetId` can be named too. */
  select<K extends EdgePropertyOf<E>>(...fields: readonly [K, ...K[]]): RowQuery<E, Row<E, K>>;
  select<S>(shape: EdgeShape<E, S>): RowQuery<E, Row<E, keyof S>>;
  ofType<C extends EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>): EdgeQuery<InstanceType<C>>;
  ids(): Promise<Id[]>;
  /** Edits every edge found, as `update` does, and gives their number. */
  updateAll(edit: (draft: Draft<FieldsOfRecord<E>>) => void): Promise<number>;
  /** Deletes every edge found and gives their number. */
  deleteAll(): Promise<number>;
}

/** Edges with the nodes they lead to, in connection order. */
export interface PairQuery<N, E> extends Results<Pair<N, E>>, Steps {
  /** Plain objects of both: `select({ edge: { since: true }, node: { name: true } })`. */
  select<A, B>(shape: PairShape<N, E, A, B>): PairRowQuery<Pair<NestedRow<N, B>, Row<E, keyof A>>>;
}

/** A query whose results are pairs of plain objects. */
export interface PairRowQuery<T> extends Results<T>, Steps {}

/** An edge and the node that it leads to. */
export interface Pair<N, E> {
  readonly edge: E;
  readonly node: N;
}

/** Where `out(type)` leads: by an edge type to its targets, by a node type to such nodes over any edge. */
export type OutOf<C> = C extends EdgeClass
  ? HopQuery<ToOf<C>, InstanceType<C>>
  : C extends NodeClass
    ? HopQuery<InstanceType<C>, AnyEdge>
    : never;

/** Where `in(type)` leads. */
export type InOf<C> = C extends EdgeClass
  ? HopQuery<FromOf<C>, InstanceType<C>>
  : C extends NodeClass
    ? HopQuery<InstanceType<C>, AnyEdge>
    : never;

/** Where `both(type)` leads. */
export type BothOf<C> = C extends EdgeClass
  ? HopQuery<FromOf<C> | ToOf<C>, InstanceType<C>>
  : C extends NodeClass
    ? HopQuery<InstanceType<C>, AnyEdge>
    : never;

/** The type that a schema puts out; of no schema, unknown. */
export type OutputOf<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown;
