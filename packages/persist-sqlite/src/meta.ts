import type { Connection } from "./connection.ts";
import type { SqlValue } from "./drivers.ts";

/** What the file says of itself, by name. FORMAT.md lists the names. */
export function readMeta(connection: Connection, name: string): SqlValue | undefined {
  return connection.statement("SELECT value FROM meta WHERE name = ?").get(name)?.[0];
}

/** Inside a write transaction. */
export function writeMeta(connection: Connection, name: string, value: SqlValue): void {
  const stored = typeof value === "number" ? BigInt(value) : value;
  connection.run(
    "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    name,
    stored,
  );
}

export function removeMeta(connection: Connection, name: string): void {
  connection.run("DELETE FROM meta WHERE name = ?", name);
}

/**
 * Makes other processes look at the file before their next commit, by a row among the commits that is none: their
 * commits take the next number for granted.
 */
export function markChange(connection: Connection): void {
  connection.run(
    "INSERT INTO commits (seq, unit, newest, changes) " +
      "SELECT ifnull(max(seq), 0) + 1, NULL, (SELECT max(ifnull(unit, x''), ifnull(newest, x'')) FROM commits " +
      "WHERE seq = (SELECT max(seq) FROM commits)), NULL FROM commits",
  );
}
