import type { Id } from "../model/id.ts";
import type { AccessExplanation, AskedLevel, ExplainAccessOptions } from "./access.ts";
import type {
  AnyEdge,
  AnyNode,
  Creatable,
  EdgeClass,
  EdgeQuery,
  FieldsOf,
  Filter,
  NodeClass,
  NodeQuery,
  RecordClass,
  Root,
} from "./graph-types.ts";
import type { Create, CreateArgument, Fields, NoFields } from "./infer.ts";

/** Reading, inside a unit of work or as units of its own. */
export interface Reading {
  /** The root of the principal. */
  readonly root: Root;
  /** The record of this id; undefined when there is none of this type that the principal may read. */
  get<C extends RecordClass>(type: C, id: Id): Promise<InstanceType<C> | undefined>;
  /** @throws {NotFoundError} when there is none of this type that the principal may read. */
  require<C extends RecordClass>(type: C, id: Id): Promise<InstanceType<C>>;
  /** All nodes of a type and its subtypes that the principal may read; by an index where one fits the filter. */
  nodes<C extends NodeClass>(type: C, filter?: Filter<FieldsOf<C>>): NodeQuery<InstanceType<C>>;
  /** All edges of a type and its subtypes that the principal may read, by a scan. */
  edges<C extends EdgeClass>(type: C, filter?: Filter<FieldsOf<C>>): EdgeQuery<InstanceType<C>>;
  /**
   * Why the principal may do something with a record, or may not: the step of the procedure that decides.
   *
   * Of what the principal may not read the answer is the same as where there is no such record (step `hidden`). What
   * others may do, with `for`, is told to the system root and to the record's owner; of an edge, to who owns both ends
   * too. Deleting an edge needs `write` on it or on either end, which `ends` tells.
   *
   * ```ts
   * console.log(await graph.as(bob).explainAccess(note, "write"));
   * // root 0199… may not write to Note 0199…: the record says "read" for everyone
   * ```
   *
   * @throws {AccessDeniedError} for a question about others that is not the principal's to ask, whether or not there is
   * such a record.
   */
  explainAccess(
    record: AnyNode | AnyEdge | Id,
    level: AskedLevel,
    options?: ExplainAccessOptions,
  ): Promise<AccessExplanation>;
}

/** The key and the other fields of what `ensure` may create, as one argument after the key. */
export type EnsureArgument<F extends Fields, K> =
  NoFields extends Omit<Create<F>, keyof K>
    ? [fields?: Omit<Create<F>, keyof K> & Partial<Create<F>>]
    : [fields: Omit<Create<F>, keyof K> & Partial<Create<F>>];

/** One unit of work: what it reads is consistent, what it writes is committed whole or not at all. */
export interface Tx extends Reading {
  /** Creates a node without edges, or one for each of an array of fields. */
  create<C extends NodeClass>(type: C & Creatable, ...fields: CreateArgument<FieldsOf<C>>): InstanceType<C>;
  create<C extends NodeClass>(type: C & Creatable, all: readonly Create<FieldsOf<C>>[]): InstanceType<C>[];
  // The first again: of several signatures the compiler explains the last, and nearly all calls give one object.
  create<C extends NodeClass>(type: C & Creatable, ...fields: CreateArgument<FieldsOf<C>>): InstanceType<C>;
  /**
   * The node whose fields equal `key`, or a new one with `key` and `fields`. Of several callers at once, one creates.
   */
  ensure<C extends NodeClass, const K extends Partial<Create<FieldsOf<C>>>>(
    type: C & Creatable,
    key: K & { readonly [P in Exclude<keyof K, keyof FieldsOf<C>>]: never },
    ...fields: EnsureArgument<FieldsOf<C>, K>
  ): Promise<InstanceType<C>>;
  /** Runs `f` after the commit that won; its errors go to the graph's `onError`. */
  onCommit(f: () => unknown): void;
}
