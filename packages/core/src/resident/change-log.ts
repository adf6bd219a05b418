import type { AccessRecord } from "../model/access-record.ts";
import type { Id } from "../model/id.ts";
import type { Change, Token } from "../persistence/change.ts";
import type { RecordState } from "./record-table.ts";

export const NODE = 0;
export const EDGE = 1;
export type RecordKind = typeof NODE | typeof EDGE;

/** What happened to a record; the bits combine. */
export const CREATED = 1;
export const DATA = 2;
export const ACCESS = 4;
export const REMOVED = 8;
/** Beside `DATA`: the record was stored again as it is, in another shape, so that nobody who reads it sees a difference. */
export const REWRITTEN = 16;

/** One record's part in an applied commit, by slots, with both states where they are known. */
export interface AppliedChange {
  readonly kind: RecordKind;
  readonly op: number;
  readonly type: number;
  /** -1 where the record is not resident. */
  readonly slot: number;
  /** The id of a record that appeared, for guards of absence. */
  readonly id: Id | undefined;
  readonly before: RecordState | undefined;
  /** `undefined` where another process wrote it and nobody here has read it since. */
  readonly after: RecordState | undefined;
  /** Of an edge: its ends, -1 where not resident. */
  readonly source: number;
  readonly target: number;
  /** Of an edge that another process made: what was read of its ends for the guards that look at them. */
  readonly sourceSeen?: SeenNode | undefined;
  readonly targetSeen?: SeenNode | undefined;
  /** Of a removed node: those at the other ends of the edges that went with it, as far as they were resident. */
  neighbors?: readonly number[] | undefined;
  /** Of a root that grants otherwise than before, or is gone (`null`); `undefined` in these where it is not known. */
  readonly grants?: RootGrants | undefined;
  /** The record's new access class where this process changed it. */
  readonly accessClass?: number | undefined;
  /** As the store's feed tells it, of a commit of another process. */
  readonly told?: Change | undefined;
}

/** A node that is not in L1, as far as guards judge by it. */
export interface SeenNode {
  readonly type: number;
  readonly state: RecordState | undefined;
}

/** What a root granted on everything it owns, before and after a change. */
export interface RootGrants {
  readonly root: Id;
  readonly before: AccessRecord | null | undefined;
  readonly after: AccessRecord | null | undefined;
}

export interface AppliedCommit {
  readonly token: Token;
  /** The first mark of the unit that made it, where it was one of this process. */
  readonly began?: number | undefined;
  /** `undefined`: anything may have changed. */
  readonly changes: readonly AppliedChange[] | undefined;
}

/** Beyond this many kept changes the oldest commits go; a unit that has not looked since then replays. */
const MOST_CHANGES = 200_000;

/**
 * The commits that L1 has applied and some open unit has not been checked against. Positions count all commits that
 * were ever applied.
 */
export class ChangeLog {
  #commits: AppliedCommit[] = [];
  /** The commit just before the first one kept. */
  #fromToken: Token = "";
  #from = 0;
  #changes = 0;

  /** The position after the newest commit. */
  get end(): number {
    return this.#from + this.#commits.length;
  }

  add(commit: AppliedCommit): void {
    this.#commits.push(commit);
    this.#changes += commit.changes?.length ?? 1;
    if (this.#changes > MOST_CHANGES) this.forgetBefore(this.#from + (this.#commits.length >> 1));
  }

  /** A commit that no open unit needs to be checked against. */
  skip(token: Token): void {
    this.#from = this.end + 1;
    this.#fromToken = token;
    this.#commits = [];
    this.#changes = 0;
  }

  /** The commits from this position on; `undefined` where some of them are forgotten. */
  since(position: number): readonly AppliedCommit[] | undefined {
    if (position < this.#from) return undefined;
    return position === this.#from ? this.#commits : this.#commits.slice(position - this.#from);
  }

  forgetBefore(position: number): void {
    const drop = Math.min(position - this.#from, this.#commits.length);
    if (drop <= 0) return;
    for (const commit of this.#commits.slice(0, drop)) this.#changes -= commit.changes?.length ?? 1;
    this.#fromToken = this.#commits[drop - 1]!.token;
    this.#commits = this.#commits.slice(drop);
    this.#from += drop;
  }

  /** Whether everything between the token and now is known, and if so the commits. */
  sinceToken(token: Token): readonly AppliedCommit[] | undefined {
    for (let i = this.#commits.length - 1; i >= 0; i--) {
      if (this.#commits[i]!.token === token) return this.#commits.slice(i + 1);
    }
    return token === this.#fromToken ? this.#commits : undefined;
  }

  /** How many commits are kept. */
  get length(): number {
    return this.#commits.length;
  }
}
