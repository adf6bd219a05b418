import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import {
  ACCOUNTS,
  batchSize,
  type Durability,
  KEPT_BATCHES,
  type Ledger,
  type LedgerState,
  type Step,
  type Subject,
  transfer,
  WRITERS,
} from "./ledger.ts";

/** The ledger in hand-written SQLite: what the crash test itself is tested with. */
export const rawSubject: Subject = {
  async open(file, durability) {
    return new RawLedger(file, durability);
  },
};

const DDL = `
  CREATE TABLE writer (number INTEGER PRIMARY KEY, units INTEGER NOT NULL);
  CREATE TABLE account (number INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
  CREATE TABLE batch (writer INTEGER, seq INTEGER, size INTEGER NOT NULL, PRIMARY KEY (writer, seq));
  CREATE TABLE item (writer INTEGER, seq INTEGER, position INTEGER, PRIMARY KEY (writer, seq, position));
`;

class RawLedger implements Ledger {
  readonly #db: Database.Database;

  constructor(file: string, durability: Durability) {
    this.#db = new Database(file);
    this.#db.pragma("journal_mode = WAL");
    this.#db.pragma(`synchronous = ${durability}`);
    const exists = this.#db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'writer'").get();
    if (exists === undefined) this.#db.transaction(() => this.#create()).immediate();
  }

  async write(writer: number, seq: number, steps: readonly Step[], onBody: () => void): Promise<void> {
    // A turn of the event loop between begin and commit: other writers get on with theirs, as in a unit that awaits.
    await setImmediate();
    this.#db
      .transaction(() => {
        if (steps.includes("begin")) this.#begin(writer, seq);
        if (steps.includes("end")) this.#end(writer, seq);
        onBody();
      })
      .immediate();
  }

  async read(): Promise<LedgerState> {
    const writers = this.#db.prepare("SELECT number, units FROM writer ORDER BY number");
    const batches = this.#db.prepare("SELECT seq, size FROM batch WHERE writer = ?");
    const items = this.#db.prepare("SELECT position FROM item WHERE writer = ? AND seq = ?").pluck();
    return {
      writers: (writers.all() as { number: number; units: number }[]).map(({ number, units }) => ({
        units,
        batches: (batches.all(number) as { seq: number; size: number }[]).map(({ seq, size }) => ({
          seq,
          size,
          positions: items.all(number, seq) as number[],
        })),
      })),
      batchCount: this.#number("SELECT count(*) FROM batch"),
      itemCount: this.#number("SELECT count(*) FROM item"),
      balance: this.#number("SELECT sum(balance) FROM account"),
    };
  }

  async check(): Promise<readonly string[]> {
    const answers = this.#db.pragma("foreign_key_check") as object[];
    return answers.map((answer) => JSON.stringify(answer));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #create(): void {
    this.#db.exec(DDL);
    for (let number = 0; number < WRITERS; number += 1) this.#run("INSERT INTO writer VALUES (?, 0)", number);
    for (let number = 0; number < ACCOUNTS; number += 1)
      this.#run("INSERT INTO account VALUES (?, 0)", number);
  }

  #begin(writer: number, seq: number): void {
    const size = batchSize(writer, seq);
    const { from, amount } = transfer(writer, seq);
    this.#run("UPDATE writer SET units = ? WHERE number = ?", seq, writer);
    this.#run("INSERT INTO batch VALUES (?, ?, ?)", writer, seq, size);
    for (let position = 0; position < size; position += 1) {
      this.#run("INSERT INTO item VALUES (?, ?, ?)", writer, seq, position);
    }
    this.#run("UPDATE account SET balance = balance - ? WHERE number = ?", amount, from);
  }

  #end(writer: number, seq: number): void {
    const { to, amount } = transfer(writer, seq);
    this.#run("UPDATE account SET balance = balance + ? WHERE number = ?", amount, to);
    this.#run("DELETE FROM item WHERE writer = ? AND seq = ?", writer, seq - KEPT_BATCHES);
    this.#run("DELETE FROM batch WHERE writer = ? AND seq = ?", writer, seq - KEPT_BATCHES);
  }

  #run(sql: string, ...values: number[]): void {
    this.#db.prepare(sql).run(...values);
  }

  #number(sql: string): number {
    return this.#db.prepare(sql).pluck().get() as number;
  }
}
