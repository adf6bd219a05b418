import { type Id, IdColumn } from "../../model/id.ts";
import { IdTable, STORE } from "../../model/id-table.ts";
import { nextCapacity, widened } from "../../util/growth.ts";
import type { Change, CommitRecord, Token } from "../change.ts";
import type { ChangePage, CommitOutcome } from "../store.ts";
import type { Records } from "./records.ts";

/** Commits whose units are known. */
const COMMITS = 100_000;
/** Changes that are listed, over all commits; what older commits did is told as "anything may have changed". */
const CHANGES = 16_384;
/** A commit of more changes is not listed, so that one bulk load does not push out what everyone else did. */
const LISTED = CHANGES / 4;
/** Commits and, roughly, changes in a page of the feed. */
const PAGE = 1_024;

/** A packed change: id, source and target (four words each), type, kind and op, data version, access version. */
const WORDS = 16;
const OPS = ["create", "update", "delete"] as const;
const EDGE = 4;
export type Op = (typeof OPS)[number];

/**
 * What the last 100,000 commits did, packed: 64 bytes a change, a few megabytes at most, and objects only for whoever
 * asks. Commits are numbered from 1.
 */
export class CommitLog {
  readonly #incarnation: string;
  readonly #records: Records;

  #newest = 0;
  #current: Token;
  /** The unit of commit `n` has slot `(n - 1) % COMMITS`: slots are taken in order, then each from the oldest unit. */
  readonly #units: IdTable = new IdTable();
  /** The greatest unit id that was forgotten; ids ascend with time, so a greater one was never known. */
  readonly #forgotten: IdColumn = new IdColumn();
  /** By slot: the position of the commit's first change, and their number. */
  #starts: Float64Array = new Float64Array(16);
  #counts: Int32Array = new Int32Array(16);

  /** Packed changes by position; a ring once it has its full size. */
  #changes: Int32Array = new Int32Array(64 * WORDS);
  #written = 0;
  /** Changes of the commit that is being written. */
  #open = 0;
  /** Records that were asked for lately: units that run at the same time are all checked against the same few. */
  readonly #told: Map<number, CommitRecord> = new Map();
  readonly #scratch: IdColumn = new IdColumn();

  constructor(incarnation: string, records: Records) {
    this.#incarnation = incarnation;
    this.#records = records;
    this.#current = this.#token(0);
  }

  get newest(): number {
    return this.#newest;
  }

  get current(): Token {
    return this.#current;
  }

  noteNode(op: Op, slot: number, dataVersion: number, accessVersion: number): void {
    const { nodes } = this.#records;
    const at = this.#note(OPS.indexOf(op), nodes.type(slot), dataVersion, accessVersion);
    if (at >= 0) nodes.ids.copyTo(this.#changes, at, slot);
  }

  noteEdge(op: Op, slot: number, dataVersion: number, accessVersion: number): void {
    const { nodes, edges } = this.#records;
    const at = this.#note(OPS.indexOf(op) | EDGE, edges.type(slot), dataVersion, accessVersion);
    if (at < 0) return;
    edges.ids.copyTo(this.#changes, at, slot);
    nodes.ids.copyTo(this.#changes, at + 4, edges.sources[slot]!);
    nodes.ids.copyTo(this.#changes, at + 8, edges.targets[slot]!);
  }

  /** Ends the commit: what was noted since the last one is its changes. */
  close(unitId: Id): CommitOutcome {
    this.#forgetOldest();
    const slot = this.#units.takeText(STORE, unitId);
    if (slot >= this.#counts.length) {
      this.#counts = widened(this.#counts, nextCapacity(this.#counts.length, slot + 1));
      const starts = new Float64Array(this.#counts.length);
      starts.set(this.#starts);
      this.#starts = starts;
    }
    this.#starts[slot] = this.#written - Math.min(this.#open, LISTED);
    this.#counts[slot] = this.#open;
    this.#open = 0;
    const previous = this.#current;
    this.#newest += 1;
    this.#current = this.#token(this.#newest);
    return { status: "committed", token: this.#current, previous };
  }

  outcome(unitId: Id): "committed" | "absent" | "expired" {
    if (this.#units.findText(unitId) >= 0) return "committed";
    return this.#forgotten.length > 0 && unitId <= this.#forgotten.at(0) ? "expired" : "absent";
  }

  /** The answer to the unit's batch, where the unit is known. */
  answerTo(unitId: Id): CommitOutcome | undefined {
    const slot = this.#units.findText(unitId);
    if (slot < 0) return undefined;
    const number = this.#newest - ((this.#newest - 1 - slot) % COMMITS);
    return { status: "committed", token: this.#token(number), previous: this.#token(number - 1) };
  }

  /** The commits after `base` up to number `last`; `undefined` where not all of them are known. */
  between(base: Token, last: number): CommitRecord[] | undefined {
    const from = this.#number(base);
    if (from === undefined) return undefined;
    const commits: CommitRecord[] = [];
    for (let number = from + 1; number <= last; number++) commits.push(this.#record(number));
    return commits;
  }

  page(since: Token): ChangePage | "lost" {
    const from = this.#number(since);
    if (from === undefined) return "lost";
    const commits: CommitRecord[] = [];
    let number = from;
    for (let changes = 0; number < this.#newest && commits.length < PAGE && changes < PAGE; ) {
      number += 1;
      const commit = this.#record(number);
      commits.push(commit);
      changes += commit.changes?.length ?? 0;
    }
    return { commits, token: this.#token(number), more: number < this.#newest };
  }

  /** Where the words of the next change go, or -1 where the commit has become too large to be listed. */
  #note(kindAndOp: number, type: number, dataVersion: number, accessVersion: number): number {
    this.#open += 1;
    if (this.#open > LISTED) return -1;
    if (this.#written * WORDS === this.#changes.length && this.#written < CHANGES) {
      this.#changes = widened(this.#changes, this.#changes.length * 2);
    }
    const at = (this.#written % CHANGES) * WORDS;
    this.#written += 1;
    this.#changes[at + 12] = type;
    this.#changes[at + 13] = kindAndOp;
    this.#changes[at + 14] = dataVersion;
    this.#changes[at + 15] = accessVersion;
    return at;
  }

  #forgetOldest(): void {
    if (this.#units.size < COMMITS) return;
    const oldest = this.#newest % COMMITS;
    const forgotten = this.#forgotten;
    if (forgotten.length === 0 || this.#units.compareWith(oldest, forgotten, 0) > 0) {
      forgotten.clear();
      this.#units.pushTo(forgotten, oldest);
    }
    this.#units.release(STORE, oldest);
  }

  #record(number: number): CommitRecord {
    const known = this.#told.get(number);
    if (known !== undefined) return known;
    const slot = (number - 1) % COMMITS;
    const start = this.#starts[slot]!;
    const count = this.#counts[slot]!;
    const listed = count <= LISTED && this.#written - start <= CHANGES;
    const record: CommitRecord = Object.freeze({
      token: this.#token(number),
      unitId: this.#units.text(slot),
      changes: listed
        ? Object.freeze(Array.from({ length: count }, (_, i) => this.#change(start + i)))
        : undefined,
    });
    this.#told.set(number, record);
    if (this.#told.size > PAGE) this.#told.delete(this.#told.keys().next().value!);
    return record;
  }

  #change(position: number): Change {
    const words = this.#changes;
    const at = (position % CHANGES) * WORDS;
    const isEdge = (words[at + 13]! & EDGE) !== 0;
    return Object.freeze({
      kind: isEdge ? "edge" : "node",
      op: OPS[words[at + 13]! & 3]!,
      id: this.#idAt(at),
      type: this.#records.typeNames[words[at + 12]!]!,
      dataVersion: words[at + 14]! || undefined,
      accessVersion: words[at + 15]! || undefined,
      source: isEdge ? this.#idAt(at + 4) : undefined,
      target: isEdge ? this.#idAt(at + 8) : undefined,
    });
  }

  #idAt(at: number): Id {
    const words = this.#changes;
    this.#scratch.clear();
    this.#scratch.pushWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    return this.#scratch.at(0);
  }

  #token(number: number): Token {
    return `${this.#incarnation}.${String(number).padStart(15, "0")}`;
  }

  /** The commit that the token stands behind; `undefined` where not every commit after it is known. */
  #number(token: Token): number | undefined {
    if (token === this.#current) return this.#newest;
    const prefix = `${this.#incarnation}.`;
    if (!token.startsWith(prefix)) return undefined;
    const number = Number(token.slice(prefix.length));
    const known = number >= this.#newest - this.#units.size && number <= this.#newest;
    return known && Number.isInteger(number) ? number : undefined;
  }
}
