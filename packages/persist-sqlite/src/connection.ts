import type { StoreCounters } from "@rootwalk/core/store";
import type { Driver, SqlRow, Statement } from "./drivers.ts";
import type { ResolvedOptions } from "./options.ts";
import type { WriteBack } from "./write-back.ts";

/**
 * One open database: its statements, prepared once each, and its transactions.
 *
 * Reads of one synchronous stretch share a read transaction, which ends in the first microtask after it: half of a
 * point read's cost is taking and giving back the lock on the write-ahead log, and no transaction outlives an `await`.
 */
export class Connection {
  readonly driver: Driver;
  readonly #counters: StoreCounters;
  readonly #isFull: boolean;
  /** Done in the first write transaction; a handle that only reads writes nothing. */
  #first: ((connection: Connection) => void) | undefined;
  readonly #statements: Map<string, Statement> = new Map();
  #dataVersion: Statement | undefined;
  #writeBack: WriteBack | undefined;
  #isReading = false;
  #isWriting = false;
  #isClosed = false;
  /** What was counted as written before the transaction and before the savepoint: what is rolled back was not. */
  #writtenBefore = 0;
  #writtenAtSavepoint = 0;
  readonly #endStretch = (): void => this.endRead();
  // A microtask by way of a promise: `queueMicrotask` makes a resource for async hooks each time, a microsecond.
  readonly #now: Promise<void> = Promise.resolve();

  constructor(driver: Driver, counters: StoreCounters, options: ResolvedOptions) {
    this.driver = driver;
    this.#counters = counters;
    this.#isFull = options.durability === "full";
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  /** Whether it has committed anything but what `open` needed. */
  get hasWritten(): boolean {
    return this.#first === undefined;
  }

  /** Starts a read transaction, which ends by itself; its moment is that of the first statement. */
  beginRead(): void {
    this.statement("BEGIN").run();
    this.#isReading = true;
    void this.#now.then(this.#endStretch);
  }

  /** Starts a read transaction that is for the caller to end. */
  holdRead(): void {
    this.endRead();
    this.statement("BEGIN").run();
    this.#isReading = true;
  }

  endRead(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    if (this.#isClosed) return;
    try {
      this.statement("COMMIT").run();
    } catch {
      // After some failures SQLite has ended the transaction by itself; a read has nothing to lose.
    }
  }

  /** Takes the write lock, or fails at once where another process has it. */
  beginWrite(): void {
    this.endRead();
    if (this.#first !== undefined) this.driver.exec("PRAGMA synchronous = FULL");
    this.statement("BEGIN IMMEDIATE").run();
    this.#isWriting = true;
    this.#writtenBefore = this.#counters.rowsWritten;
    this.#first?.(this);
  }

  /**
   * Lets something be done in the first write transaction that is committed, and in any that is rolled back before.
   * That commit waits for the disk, below full durability too: what is noted there must outlive all that comes later.
   */
  inFirstWrite(work: (connection: Connection) => void): void {
    this.#first = work;
  }

  /** Has commits written to the disk that do not wait for it. */
  writeBackBy(writeBack: WriteBack): void {
    this.#writeBack = writeBack;
  }

  commit(): void {
    this.statement("COMMIT").run();
    const isFirst = this.#first !== undefined;
    this.#first = undefined;
    this.#isWriting = false;
    this.#counters.transactions += 1;
    if (this.#isFull || isFirst) this.#counters.syncs += 1;
    if (isFirst && !this.#isFull) this.driver.exec("PRAGMA synchronous = NORMAL");
    this.#writeBack?.note(this.#counters.rowsWritten - this.#writtenBefore);
  }

  rollback(): void {
    if (!this.#isWriting) return;
    this.#isWriting = false;
    this.#counters.rowsWritten = this.#writtenBefore;
    try {
      this.statement("ROLLBACK").run();
    } catch {
      // After some failures SQLite has rolled back by itself.
    }
  }

  savepoint(): void {
    this.statement("SAVEPOINT batch").run();
    this.#writtenAtSavepoint = this.#counters.rowsWritten;
  }

  release(): void {
    this.statement("RELEASE batch").run();
  }

  rollbackToSavepoint(): void {
    this.statement("ROLLBACK TO batch").run();
    this.release();
    this.#counters.rowsWritten = this.#writtenAtSavepoint;
  }

  /** Changes whenever another connection commits. */
  dataVersion(): number {
    this.#dataVersion ??= this.driver.prepare("PRAGMA data_version", "number");
    return (this.#dataVersion.get() as SqlRow)[0] as number;
  }

  /** Rows of a query; counts them and the statement. */
  all(sql: string, ...values: Parameters<Statement["all"]>): SqlRow[] {
    const rows = this.statement(sql).all(...values);
    this.#counters.statements += 1;
    this.#counters.rowsRead += rows.length;
    return rows;
  }

  get(sql: string, ...values: Parameters<Statement["get"]>): SqlRow | undefined {
    const row = this.statement(sql).get(...values);
    this.#counters.statements += 1;
    if (row !== undefined) this.#counters.rowsRead += 1;
    return row;
  }

  /** Changes rows; counts them and the statement. */
  run(sql: string, ...values: Parameters<Statement["run"]>): number {
    const changes = Number(this.statement(sql).run(...values).changes);
    this.#counters.statements += 1;
    this.#counters.rowsWritten += changes;
    return changes;
  }

  /** Rows that a statement read beside those that it answered with. */
  countRead(rows: number): void {
    this.#counters.rowsRead += rows;
  }

  statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.driver.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    if (this.#isClosed) return;
    this.rollback();
    this.endRead();
    this.#isClosed = true;
    this.#statements.clear();
    this.#dataVersion = undefined;
    this.#writeBack?.close();
    this.driver.close();
  }
}
