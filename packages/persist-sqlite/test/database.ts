import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";

// Tests look at files from outside with the SQLite library that they are run over: better-sqlite3, or node:sqlite where
// that is missing, under the few names that tests use of the former.

const require = createRequire(import.meta.url);

interface NodeStatement {
  get(...values: unknown[]): object | undefined;
  all(...values: unknown[]): object[];
}

interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
    options?: { readOnly?: boolean; timeout?: number },
  ) => { prepare(sql: string): NodeStatement };
}

function overNode(): typeof BetterSqlite3 {
  const { DatabaseSync } = require("node:sqlite") as NodeSqlite;
  class Database extends DatabaseSync {
    constructor(path: string, { readonly = false, timeout = 0 } = {}) {
      super(path, { readOnly: readonly, timeout });
    }

    override prepare(sql: string): NodeStatement {
      const statement = super.prepare(sql);
      const { get, all } = statement;
      const as = (shape: (row: object) => unknown) => ({
        get: (...values: unknown[]) => shape(get.apply(statement, values) ?? {}),
        all: (...values: unknown[]) => all.apply(statement, values).map(shape),
      });
      return Object.assign(statement, {
        pluck: () => as((row) => Object.values(row)[0]),
        raw: () => as(Object.values),
      });
    }

    pragma(text: string, { simple = false } = {}): unknown {
      const rows = super.prepare(`PRAGMA ${text}`).all();
      return simple ? Object.values(rows[0] ?? {})[0] : rows;
    }
  }
  return Database as unknown as typeof BetterSqlite3;
}

/** Whether better-sqlite3 is there; the library then uses it too. */
export const isBetterSqlite3: boolean = (() => {
  try {
    new (require("better-sqlite3") as typeof BetterSqlite3)(":memory:").close();
    return true;
  } catch {
    return false;
  }
})();

export const Database: typeof BetterSqlite3 = isBetterSqlite3
  ? (require("better-sqlite3") as typeof BetterSqlite3)
  : overNode();
