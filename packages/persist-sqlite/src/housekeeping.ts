import { andThen, type Id, type MaybePromise } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import type { SqliteFile } from "./file.ts";
import { removeMeta, writeMeta } from "./meta.ts";
import { unitBytes, unitText } from "./unit-log.ts";

const oneTombstone = "SELECT CAST(nr AS REAL) AS nr FROM nodes WHERE gone IS NOT NULL LIMIT 1";
const removeEdges = (side: "source" | "target"): string =>
  `DELETE FROM edges WHERE key IN (SELECT key FROM edges WHERE ${side} = ? LIMIT ?)`;
const movedEdges =
  "SELECT c.nr AS nr FROM edge_collisions c CROSS JOIN edges e ON e.key = -c.nr WHERE ? IN (e.source, e.target) LIMIT ?";
const oldestCommit = "SELECT CAST(ifnull(min(seq), 0) AS REAL) AS seq FROM commits";
const newestOfOldest =
  "SELECT max(unit) AS unit FROM (SELECT unit FROM commits WHERE seq <= ? ORDER BY seq LIMIT ?)";
const removeCommits =
  "DELETE FROM commits WHERE seq IN (SELECT seq FROM commits WHERE seq <= ? ORDER BY seq LIMIT ?)";

/** What is done beside commits: the writers' lease, and the removal of what is logically gone. */
export class Housekeeping {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  lease(unitId: Id, ttlMs: number): MaybePromise<boolean> {
    return this.#file.write("taking the writers' lease", (connection) => {
      const { state, options } = this.#file;
      const now = options.environment.now();
      const { lease } = state;
      if (lease !== undefined && lease.unitId !== unitId && lease.until > now) return false;
      state.lease = { unitId, until: now + ttlMs };
      writeMeta(connection, "lease", JSON.stringify({ unit: unitId, until: now + ttlMs }));
      // Another process's next commit then finds its number taken, looks, and sees the lease.
      this.#file.announce(connection);
      return true;
    });
  }

  release(unitId: Id): MaybePromise<void> {
    return this.#file.write("giving back the writers' lease", (connection) => {
      const { state } = this.#file;
      if (state.lease?.unitId !== unitId) return;
      removeMeta(connection, "lease");
      state.lease = undefined;
    });
  }

  /** What leads from nodes to their edges is SQLite's own, and is made anew as a whole. */
  refile(): MaybePromise<void> {
    return this.#file.write("filing edges anew", (connection) => {
      connection.driver.exec("REINDEX edges");
      this.#file.announce(connection);
    });
  }

  /** Whether there is more to remove. */
  purge(limit: number): MaybePromise<boolean> {
    const doing = "removing what was deleted";
    const hasWork = this.#file.read(
      doing,
      (connection) => this.#file.state.hasTombstones || this.#oldCommits(connection) > 0,
    );
    return andThen(
      hasWork,
      (isNeeded) => isNeeded && this.#file.write(doing, (connection) => this.#purge(connection, limit)),
    );
  }

  #purge(connection: Connection, limit: number): boolean {
    const { state } = this.#file;
    let left = limit;
    for (;;) {
      const node = connection.get(oneTombstone)?.[0] as number | undefined;
      state.hasTombstones = node !== undefined;
      if (node === undefined || left <= 0) break;
      const moved = state.hasCollisions ? this.#removeMoved(connection, node, left) : 0;
      left -= moved;
      if (moved > 0) continue;
      if (left > 0) left -= connection.run(removeEdges("source"), node, left);
      if (left > 0) left -= connection.run(removeEdges("target"), node, left);
      if (left > 0) left -= connection.run("DELETE FROM nodes WHERE nr = ?", node);
    }
    const old = this.#oldCommits(connection);
    // Beside the records themselves, the greatest of their unit ids is written.
    const trimmed = Math.min(old, left - 1);
    if (trimmed > 0) this.#trim(connection, trimmed);
    return state.hasTombstones || trimmed < old;
  }

  #removeMoved(connection: Connection, node: number, left: number): number {
    const moved = connection.all(movedEdges, node, Math.max(1, left >>> 1));
    for (const [number] of moved) {
      connection.run("DELETE FROM edges WHERE key = ?", -(number as bigint));
      connection.run("DELETE FROM edge_collisions WHERE nr = ?", number as bigint);
    }
    return moved.length * 2;
  }

  /** Commit records beyond those that are kept. */
  #oldCommits(connection: Connection): number {
    const { state, options } = this.#file;
    const oldest = connection.get(oldestCommit)?.[0] as number;
    return oldest === 0 ? 0 : Math.max(0, state.seq - options.environment.keptCommits - oldest + 1);
  }

  #trim(connection: Connection, count: number): void {
    const { state, options } = this.#file;
    const last = state.seq - options.environment.keptCommits;
    const newest = unitText(connection.get(newestOfOldest, last, count)?.[0]);
    if (newest > state.forgottenUnit) {
      state.forgottenUnit = newest;
      writeMeta(connection, "forgotten", unitBytes(newest));
    }
    connection.run(removeCommits, last, count);
  }
}
