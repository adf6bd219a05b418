/**
 * What is written while the process is killed: a ledger whose every unit touches many records, so that a unit that
 * was applied in part shows. Unit `seq` of a writer
 * - sets the writer's count of units,
 * - adds a batch with some items,
 * - moves an amount between two accounts that all writers share, so that writers conflict,
 * - deletes the writer's oldest batch with its items, so that every batch but the newest few is gone.
 */
export interface Ledger {
  /**
   * Commits the steps of one unit together and resolves once that is acknowledged.
   *
   * @param onBody called when the unit's body has run and its commit begins
   */
  write(writer: number, seq: number, steps: readonly Step[], onBody: () => void): Promise<void>;
  read(): Promise<LedgerState>;
  /** What the database itself finds wrong with all that it holds, in words. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** `"begin"`: the count, the batch, the debit. `"end"`: the credit, the deletion. A whole unit has both. */
export type Step = "begin" | "end";

export type Durability = "full" | "normal";

/** A database under test. */
export interface Subject {
  /** Opens the file; a new one gets its writers and accounts. */
  open(file: string, durability: Durability): Promise<Ledger>;
}

export interface LedgerState {
  /** One for each writer, by its number. */
  readonly writers: readonly WriterState[];
  /** Counted without the writers' edges, to find what hangs on nobody. */
  readonly batchCount: number;
  readonly itemCount: number;
  /** Over all accounts; every whole unit leaves it at zero. */
  readonly balance: number;
}

export interface WriterState {
  readonly units: number;
  readonly batches: readonly BatchState[];
}

export interface BatchState {
  readonly seq: number;
  readonly size: number;
  /** The positions of the items that it holds. */
  readonly positions: readonly number[];
}

export const WRITERS = 6;
export const ACCOUNTS = 5;
/** Batches of a writer that outlive the next units. */
export const KEPT_BATCHES = 4;

export function batchSize(writer: number, seq: number): number {
  return 2 + ((writer + seq * 3) % 4);
}

export function transfer(writer: number, seq: number): { from: number; to: number; amount: number } {
  const from = (writer + seq) % ACCOUNTS;
  return { from, to: (from + 1 + (seq % (ACCOUNTS - 1))) % ACCOUNTS, amount: 1 + (seq % 7) };
}
