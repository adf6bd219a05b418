import type { Id } from "../model/id.ts";

/** A place in a store's history, opaque outside it; of two tokens of one incarnation the later one is greater as a string. */
export type Token = string;

/** What one commit did to one record. `"delete"` of a node stands for the node with all its edges. */
export interface Change {
  readonly kind: "node" | "edge";
  readonly op: "create" | "update" | "delete";
  readonly id: Id;
  readonly type: string;
  /** The data version after the commit where the fields changed, else `undefined`. */
  readonly dataVersion?: number | undefined;
  /** The access version after the commit where the access record changed, else `undefined`. */
  readonly accessVersion?: number | undefined;
  readonly source?: Id | undefined;
  readonly target?: Id | undefined;
}

/** One commit as the change feed tells it. */
export interface CommitRecord {
  readonly token: Token;
  readonly unitId: Id;
  /** `undefined` where the commit was too large to be listed: anything may have changed. */
  readonly changes: readonly Change[] | undefined;
}

/**
 * A predicate that the unit's result depends on. A store that validates by keys locks or checks these; one that
 * serializes its writers needs only {@link Guards.conflictsWith}.
 */
export type Guard =
  | {
      readonly kind: "record";
      readonly record: "node" | "edge";
      readonly id: Id;
      readonly dataVersion?: number;
      readonly accessVersion: number;
    }
  | { readonly kind: "absent"; readonly id: Id }
  | {
      readonly kind: "adjacency";
      readonly node: Id;
      readonly direction: "out" | "in";
      readonly edgeType: string | undefined;
    }
  | { readonly kind: "type"; readonly record: "node" | "edge"; readonly type: string }
  | { readonly kind: "index"; readonly index: string };

/** Everything a unit read, as predicates that held at its batch's `base`. */
export interface Guards extends Iterable<Guard> {
  /** True where the unit depends on nothing that a commit could change. */
  readonly isEmpty: boolean;
  /**
   * Whether these commits, visible after `base`, touch anything the unit depends on. Coarser than the truth where the
   * records' contents would be needed to tell: core then reads them and offers the batch again with a later base.
   */
  conflictsWith(commits: readonly CommitRecord[]): boolean;
}
