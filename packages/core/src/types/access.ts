import type { Id } from "../model/id.ts";
import type { Level } from "../model/level.ts";
import type { Root } from "./graph-types.ts";

/** A level that can be asked about. */
export type AskedLevel = Exclude<Level, "none">;

/**
 * What has decided: a clause of the procedure, from the first that applies to the last.
 *
 * | step | decides |
 * |---|---|
 * | `system-root` `owner` `created-here` | who may do everything |
 * | `rule` | the access rule of the type has answered; `unreadable-fields`: it has one, and nothing to judge by |
 * | `record-entry` | `allowRoot` on the record |
 * | `owner-entry` | `allowRoot` on the root of its owner |
 * | `record-all` `owner-all` | `grant` on the record, or on the root of its owner: the greater of the two |
 * | `end` | of an edge: one of its ends may not be read |
 * | `owner-deleted` `absent` | its owner's root, or the record itself, is gone |
 * | `hidden` | not told: there is no such record, or it may not be read |
 */
export type AccessStep =
  | "system-root"
  | "owner"
  | "created-here"
  | "rule"
  | "unreadable-fields"
  | "record-entry"
  | "owner-entry"
  | "record-all"
  | "owner-all"
  | "end"
  | "owner-deleted"
  | "absent"
  | "hidden";

/** Why a principal may do something with a record, or may not. As text it is a sentence. */
export interface AccessExplanation {
  /** Whether `level` is enough for `required`. */
  readonly allowed: boolean;
  /** What the principal may do with the record; nothing where it is an edge with an end that may not be read. */
  readonly level: Level;
  readonly required: AskedLevel;
  readonly step: AccessStep;
  /** The step in words. */
  readonly because: string;
  /** The root it is about. */
  readonly principal: Id;
  readonly record: Id;
  /** Name of the record's type; undefined where the record is hidden, or there is none. */
  readonly type: string | undefined;
  /** Of an edge: why its ends may be read, or not. */
  readonly ends: { readonly source: AccessExplanation; readonly target: AccessExplanation } | undefined;
  toString(): string;
}

/** Options of `explainAccess`. */
export interface ExplainAccessOptions {
  /** The root it is about; the principal itself where nothing is said. */
  readonly for?: Root | Id;
}
