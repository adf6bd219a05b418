import type { Id } from "../model/id.ts";
import type { StopSignal } from "./stop-signal.ts";

/** Options of `graph.sweep()`. */
export interface SweepOptions {
  /** Told after each stretch of some hundred records. */
  readonly onProgress?: (progress: SweepProgress) => void;
  /** Ends the sweep at its next stretch. What was rewritten by then stays. */
  readonly signal?: StopSignal | undefined;
  /** Goes on behind this place of an earlier sweep, which its progress has told. */
  readonly after?: string;
}

/** What a sweep has come to. */
export interface SweepCounts {
  /** Records looked at. */
  readonly records: number;
  /** Those among them that were rewritten. */
  readonly rewritten: number;
  /** Those that cannot be read: they stay as they are, and `graph.unreadable()` has them. */
  readonly unreadable: number;
  /** Those that newer code has written, in shapes that this code may not write. */
  readonly newer: number;
  /** Those that stay as they are because another record has a key that would be theirs and is unique. */
  readonly taken: number;
}

/** How far a sweep has come. */
export interface SweepProgress extends SweepCounts {
  /** The type at hand. */
  readonly type: string;
  /** For `after`: a sweep that begins there finds what this one has yet to look at. */
  readonly place: string;
}

/** What `graph.sweep()` has done. */
export interface SweepReport extends SweepCounts {
  /** Of the records that `taken` counts those that were met first, a hundred at most. */
  readonly takenKeys: readonly TakenKey[];
}

/** A record that cannot have the key that its fields make, for another one has it. */
export interface TakenKey {
  readonly id: Id;
  readonly type: string;
  /** Names of the key's fields, and their values. */
  readonly fields: readonly string[];
  readonly values: readonly unknown[];
}

/** Options of `graph.unreadable()`. */
export interface UnreadableOptions {
  /** Gives what is stored along with each record, as far as it can be decoded. Default: false */
  readonly stored?: boolean;
}

/** A record whose fields cannot be read, with the reason. */
export interface UnreadableRecord {
  readonly kind: "node" | "edge";
  readonly id: Id;
  readonly type: string;
  /** In plain words: what each validator or a step of the type's history has to say. */
  readonly reason: string;
  /** Where in the record the values stand that are refused, as code would write it; none where nothing can be told. */
  readonly paths: readonly string[];
  /** Where `stored` asks for it: the fields under the names that they have in the store; as text where they are no data. */
  readonly stored?: Readonly<Record<string, unknown>> | string;
}
