import { type CommitBatch, type CommitOutcome, CommitUnknownError, type Id } from "@rootwalk/core/store";
import { BatchWriter } from "./batch-writer.ts";
import type { CommitLog } from "./commit-log.ts";
import { CommitRecordWriter } from "./commit-record.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { parseLease } from "./file-state.ts";
import { sqliteFailure } from "./sqlite-error.ts";
import { unitBytes } from "./unit-log.ts";

const CONFLICT: CommitOutcome = Object.freeze({ status: "conflict" });

const addCommit = "INSERT INTO commits (seq, unit, newest, changes) VALUES (?, ?, ?, ?)";
const readLease = "SELECT value FROM meta WHERE name = 'lease'";

/** Batches that are tried again in a more careful manner, see `BatchWriter`; hardly ever any. */
interface Manner {
  parked: ReadonlySet<CommitBatch>;
  singly: ReadonlySet<CommitBatch>;
}

const none: ReadonlySet<CommitBatch> = new Set();

/** More passes than a call can need besides one for each batch. */
const mostPasses = 8;

/** Commits that are made with care after another process was seen to commit. */
const cautious = 16;

/**
 * Commits the batches of a call in one transaction.
 *
 * It takes for granted that nobody else has committed since the file was last looked at, and finds out for nothing: the
 * commit's own row has the next number, which is then taken. Only then everything is rolled back, the file is looked at,
 * and guards are asked.
 */
export class GroupCommit {
  readonly #file: SqliteFile;
  readonly #record: CommitRecordWriter = new CommitRecordWriter();
  readonly #writer: BatchWriter;
  readonly #log: CommitLog;
  /** Of the commit at hand: a statement copies what it is given. */
  readonly #unit: Uint8Array = new Uint8Array(16);
  #caution = 0;

  constructor(file: SqliteFile, log: CommitLog) {
    this.#file = file;
    this.#log = log;
    this.#writer = new BatchWriter(file, this.#record);
  }

  /** One try; throws where another process has the lock. */
  run(batches: readonly CommitBatch[]): readonly CommitOutcome[] {
    const outcomes: (CommitOutcome | undefined)[] = new Array(batches.length).fill(undefined);
    const manner: Manner = { parked: none, singly: none };
    let isCareful = this.#caution > 0;
    if (isCareful) this.#caution -= 1;
    let isSplit = false;
    for (let pass = 0; ; pass++) {
      if (pass > batches.length + mostPasses) throw new Error("the file changes while it is locked");
      const failed = this.#pass(batches, outcomes, manner, isCareful, isSplit);
      if (failed === undefined) return outcomes as CommitOutcome[];
      if (failed === "stale") {
        this.#caution = cautious;
        isCareful = true;
      } else {
        // From here on each batch has a savepoint of its own, so that a failed one costs the others nothing more.
        isSplit = true;
      }
    }
  }

  /**
   * Tries all batches that have no outcome yet.
   *
   * @returns undefined when each has its outcome and what is committed is on disk
   */
  #pass(
    batches: readonly CommitBatch[],
    outcomes: (CommitOutcome | undefined)[],
    manner: Manner,
    isCareful: boolean,
    isSplit: boolean,
  ): "stale" | "again" | undefined {
    const { file } = this;
    const connection = file.connection;
    connection.beginWrite();
    const settled = outcomes.slice();
    const { state, units } = file;
    let { seq: foreign, newestUnit, hasTombstones } = state;
    /** The units of this pass are those that are noted behind so many. */
    let { length: noted, newest } = units;
    const undo = (): void => {
      connection.rollback();
      file.forgetUncommitted();
      state.seq = foreign;
      state.newestUnit = newestUnit;
      state.hasTombstones = hasTombstones;
      units.cut(noted, newest);
    };
    try {
      if (isCareful || state.lease !== undefined || state.version < 0) {
        file.refresh(connection);
        foreign = state.seq;
        newestUnit = state.newestUnit;
        hasTombstones = state.hasTombstones;
        noted = units.length;
        newest = units.newest;
      }
      for (let i = 0; i < batches.length; i++) {
        if (settled[i] !== undefined) continue;
        const batch = batches[i] as CommitBatch;
        if (isSplit) connection.savepoint();
        const outcome = this.#one(connection, batch, foreign, manner);
        if (outcome !== "stale" && outcome !== "again" && outcome.status === "committed") {
          settled[i] = outcome;
          if (isSplit) connection.release();
          continue;
        }
        // What looks like a conflict or a taken key may be another process's doing, which guards must judge first.
        if (outcome === "stale" || (!isCareful && file.hasForeignCommits(connection))) {
          undo();
          return "stale";
        }
        if (isSplit) {
          connection.rollbackToSavepoint();
          file.forgetUncommitted();
          if (outcome === "again") i -= 1;
          else settled[i] = outcome;
        } else if (outcome === "again" || !isHarmless(outcome)) {
          if (outcome !== "again") outcomes[i] = outcome;
          undo();
          return "again";
        } else {
          settled[i] = outcome;
        }
      }
    } catch (error) {
      undo();
      file.breakAfter(error);
      throw error;
    }
    if (units.length === noted) undo();
    else this.#commit(connection, noted);
    for (let i = 0; i < batches.length; i++) outcomes[i] = settled[i];
    return undefined;
  }

  #one(
    connection: Connection,
    batch: CommitBatch,
    foreign: number,
    manner: Manner,
  ): CommitOutcome | "stale" | "again" {
    const { state, units } = this.file;
    const { unitId } = batch;
    const known = units.find(connection, unitId);
    if (known !== undefined) return committed(this.file, known);
    const leasedMs = this.#leasedMs(connection, unitId);
    if (leasedMs > 0) return { status: "leased", untilMs: leasedMs };
    if (!this.#guardsHold(connection, batch, foreign)) return CONFLICT;
    const isParked = manner.parked.has(batch);
    const written = this.#writer.write(connection, batch, isParked, manner.singly.has(batch));
    if (written.status === "stale") return "stale";
    if (written.status === "singly") {
      manner.singly = new Set(manner.singly).add(batch);
      return "again";
    }
    if (written.status === "conflict") return CONFLICT;
    if (written.status === "duplicate") {
      if (isParked || !batch.updates.some(({ data }) => data !== undefined)) return written;
      // The key may be one that the batch itself gives up.
      manner.parked = new Set(manner.parked).add(batch);
      return "again";
    }
    const previous = state.token;
    const seq = state.seq + 1;
    const newest = state.newestUnit > unitId ? unitBytes(state.newestUnit) : null;
    try {
      connection.run(addCommit, seq, unitBytes(unitId, this.#unit), newest, this.#record.finish());
    } catch (error) {
      if (sqliteFailure(error) === "constraint") return "stale";
      throw error;
    }
    state.seq = seq;
    if (newest === null) state.newestUnit = unitId;
    units.note(unitId, seq);
    return { status: "committed", token: state.token, previous };
  }

  #guardsHold(connection: Connection, { base, guards }: CommitBatch, foreign: number): boolean {
    const since = this.file.state.seqOf(base);
    if (since !== undefined && since >= foreign) return true;
    if (guards.isEmpty) return true;
    if (since === undefined) return false;
    const commits = this.#log.between(connection, since, foreign);
    return commits !== undefined && !guards.conflictsWith(commits);
  }

  /** Milliseconds for which another unit's lease holds this one back. */
  #leasedMs(connection: Connection, unitId: Id): number {
    const { state } = this.file;
    if (state.lease === undefined) return 0;
    const lease = parseLease((connection.get(readLease) as SqlRow | undefined)?.[0]);
    state.lease = lease;
    if (lease === undefined || lease.unitId === unitId) return 0;
    return Math.max(0, lease.until - this.file.options.environment.now());
  }

  /** @param noted how many units were noted before those that are committed */
  #commit(connection: Connection, noted: number): void {
    const { units } = this.file;
    try {
      connection.commit();
    } catch (error) {
      // What reached the disk is not known before the file has been opened again.
      this.file.breakConnection();
      const lost = units.since(noted);
      units.reset(this.file.state.newestUnit);
      throw new CommitUnknownError({
        message: `${this.file.path}: committing failed: ${(error as Error).message}`,
        details: { units: lost },
        cause: error,
      });
    }
    units.trim();
  }

  private get file(): SqliteFile {
    return this.#file;
  }
}

/** Whether a refused batch has written nothing. */
function isHarmless(outcome: CommitOutcome): boolean {
  return outcome.status === "leased";
}

function committed(file: SqliteFile, seq: number): CommitOutcome {
  return { status: "committed", token: file.state.tokenOf(seq), previous: file.state.tokenOf(seq - 1) };
}
