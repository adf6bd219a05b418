import type { ChangePage, CommitRecord, Token } from "@rootwalk/core/store";
import { readChanges } from "./commit-record.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { unitText } from "./unit-log.ts";

const commitsAtOnce = 256;
/** A page ends behind the commit that brings it to so many bytes. */
const bytesAtOnce = 1 << 18;

const commitsSince = "SELECT seq, unit, changes FROM commits WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?";

/** What the file's last commits did. */
export class CommitLog {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** The commits after number `since` up to `last`; undefined where the file no longer has them all. */
  between(connection: Connection, since: number, last: number): CommitRecord[] | undefined {
    const rows = connection.all(commitsSince, since, last, -1);
    if (!this.#isComplete(rows, since) || rows.length !== last - since) return undefined;
    return this.#records(rows);
  }

  page(connection: Connection, since: Token): ChangePage | "lost" {
    const { state } = this.#file;
    const from = state.seqOf(since);
    if (from === undefined) return "lost";
    const rows = connection.all(commitsSince, from, state.seq, commitsAtOnce);
    if (!this.#isComplete(rows, from) || (rows.length === 0 && from < state.seq)) return "lost";
    let bytes = 0;
    let end = 0;
    while (end < rows.length && bytes < bytesAtOnce)
      bytes += (rows[end++]?.[2] as Uint8Array | null)?.length ?? 0;
    const last = from + end;
    const commits = this.#records(rows.slice(0, end));
    const { catalogVersion } = state;
    return { commits, catalogVersion, token: state.tokenOf(last), more: last < state.seq };
  }

  /** Whether no commit is missing before the first and between. */
  #isComplete(rows: readonly SqlRow[], since: number): boolean {
    return rows.length === 0 || Number(rows[0]?.[0]) === since + 1;
  }

  /** Rows without a unit tell other processes of something that is no commit: a lease, new types. */
  #records(rows: readonly SqlRow[]): CommitRecord[] {
    const { state, catalog } = this.#file;
    const typeName = (number: number) => catalog.type(number)?.description.name;
    return rows
      .filter(([, unit]) => unit !== null)
      .map(([seq, unit, changes]) => ({
        token: state.tokenOf(Number(seq)),
        unitId: unitText(unit),
        changes: readChanges(changes as Uint8Array | null, typeName),
      }));
  }
}
