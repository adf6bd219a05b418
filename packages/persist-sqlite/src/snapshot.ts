import {
  andThen,
  type CatalogDescription,
  ClosedError,
  type EdgeRows,
  GraphError,
  type Id,
  type MaybePromise,
  type NodeRows,
  type StoreCounters,
  type StoreSnapshot,
  type Token,
} from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import { SqliteFile } from "./file.ts";
import type { ResolvedOptions } from "./options.ts";

/**
 * The file as it is when this is opened, through a connection of its own with a read transaction that stays open. What
 * is committed meanwhile stays in the write-ahead log until it is closed.
 */
export class SqliteSnapshot implements StoreSnapshot {
  readonly token: Token;
  readonly catalog: CatalogDescription;
  readonly #file: SqliteFile;
  readonly #connection: Connection;
  readonly #closed: (snapshot: SqliteSnapshot) => void;
  #isClosed = false;

  private constructor(file: SqliteFile, closed: (snapshot: SqliteSnapshot) => void) {
    this.#file = file;
    this.#connection = file.connection;
    this.#closed = closed;
    this.token = file.state.token;
    this.catalog = file.catalog.description;
  }

  static open(
    options: ResolvedOptions,
    counters: StoreCounters,
    closed: (snapshot: SqliteSnapshot) => void,
  ): MaybePromise<SqliteSnapshot> {
    const file = new SqliteFile(Object.freeze({ ...options, readOnly: true }), counters);
    const failed = (error: unknown): never => {
      // Nobody else knows the file yet.
      file.closeNow();
      throw error;
    };
    try {
      const held = andThen(file.open(), () =>
        andThen(file.hold("holding a moment"), () => new SqliteSnapshot(file, closed)),
      );
      return held instanceof Promise ? held.catch(failed) : held;
    } catch (error) {
      return failed(error);
    }
  }

  nodes(after: Id | undefined, limit: number): MaybePromise<{ rows: NodeRows; more: boolean }> {
    return this.#read((connection) => this.#file.reader.allNodes(connection, after, limit));
  }

  edges(after: Id | undefined, limit: number): MaybePromise<{ rows: EdgeRows; more: boolean }> {
    return this.#read((connection) => this.#file.reader.allEdges(connection, after, limit));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.endRead();
    this.#file.closeNow();
    this.#closed(this);
  }

  #read<T>(work: (connection: Connection) => T): MaybePromise<T> {
    if (this.#isClosed) throw new ClosedError({ message: `the snapshot of ${this.#file.path} is closed` });
    // A handle that failed is replaced by one that sees the present.
    if (this.#file.connection !== this.#connection || !this.#connection.isReading)
      throw new GraphError({
        code: "RW_STORE_FAILED",
        message: `${this.#file.path}: the moment that was held is lost, for reading it failed before`,
      });
    return this.#file.read("reading a moment", work);
  }
}
