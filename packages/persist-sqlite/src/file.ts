import { resolve } from "node:path";
import { GraphError, type MaybePromise, type StoreCounters, type Token } from "@rootwalk/core/store";
import type { Connection } from "./connection.ts";
import { FileState } from "./file-state.ts";
import { KnownNodes, Owners } from "./known-ids.ts";
import { markChange, writeMeta } from "./meta.ts";
import { closeFile, openFile } from "./open-file.ts";
import type { ResolvedOptions } from "./options.ts";
import { PendingIds } from "./pending-ids.ts";
import { Reader } from "./reader.ts";
import { AccessCodec } from "./row-codec.ts";
import { graphError, sqliteFailure } from "./sqlite-error.ts";
import { StoredCatalog } from "./stored-catalog.ts";
import { UnitLog } from "./unit-log.ts";
import { Turns, untilFree } from "./waiting.ts";

/** The open file: its connection, what is known of it, and the way in for every read and write. */
export class SqliteFile {
  readonly options: ResolvedOptions;
  readonly path: string;
  readonly counters: StoreCounters;
  readonly state: FileState = new FileState();
  readonly catalog: StoredCatalog = new StoredCatalog();
  readonly known: KnownNodes = new KnownNodes();
  readonly owners: Owners = new Owners();
  readonly units: UnitLog = new UnitLog();
  readonly access: AccessCodec = new AccessCodec();
  readonly ids: PendingIds = new PendingIds(this.known, this.owners);
  readonly reader: Reader = new Reader(this);
  readonly #turns: Turns = new Turns();
  #connection: Connection | undefined;

  constructor(options: ResolvedOptions, counters: StoreCounters) {
    this.options = options;
    this.path = resolve(options.path);
    this.counters = counters;
  }

  /** Opens the file, or again after a failure. */
  open(): MaybePromise<void> {
    return this.#whenFree("opening it", () => {
      if (this.#connection === undefined) this.#connect();
    });
  }

  /** The connection, opened again where the last one broke. */
  get connection(): Connection {
    return this.#connection ?? this.#connect();
  }

  /** Reads at one moment: that of the synchronous stretch that the call is in. */
  read<T>(doing: string, work: (connection: Connection) => T): MaybePromise<T> {
    return this.#whenFree(doing, () => {
      const { connection } = this;
      if (!connection.isReading) this.#beginRead(connection);
      try {
        return work(connection);
      } catch (error) {
        this.breakAfter(error);
        throw error;
      }
    });
  }

  /** Keeps to the present moment in every read from here on, until it is closed. */
  hold(doing: string): MaybePromise<void> {
    return this.#whenFree(doing, () => {
      const { connection } = this;
      try {
        connection.holdRead();
        this.refresh(connection);
      } catch (error) {
        this.breakAfter(error);
        throw error;
      }
    });
  }

  /** The token of now. Costs two microseconds where nobody else has committed. */
  current(): MaybePromise<Token> {
    return this.#whenFree("looking for commits", () => {
      const { connection } = this;
      // Within a read transaction nothing that came later is seen.
      connection.endRead();
      if (connection.dataVersion() !== this.state.version) this.#beginRead(connection);
      return this.state.token;
    });
  }

  /**
   * Works in a write transaction, which is rolled back when the work throws or writes nothing. Writers wait for each
   * other.
   */
  write<T>(doing: string, work: (connection: Connection) => T): MaybePromise<T> {
    return this.exclusively(doing, () => {
      const { connection } = this;
      connection.beginWrite();
      const before = this.counters.rowsWritten;
      try {
        this.refresh(connection);
        const answer = work(connection);
        if (this.counters.rowsWritten > before) connection.commit();
        else connection.rollback();
        return answer;
      } catch (error) {
        connection.rollback();
        this.forgetUncommitted();
        // Types and indexes too may have been read inside the transaction.
        this.state.version = -1;
        this.state.catalogVersion = -1;
        this.breakAfter(error);
        throw error;
      }
    });
  }

  /** Works with transactions of its own, alone among the writers of this process. Tries again while the file is locked. */
  exclusively<T>(doing: string, work: () => T): MaybePromise<T> {
    if (this.options.readOnly)
      throw new GraphError({
        code: "RW_READ_ONLY",
        message: `${this.path} is open for reading only: ${doing}`,
      });
    return this.#turns.run(() => this.#whenFree(doing, work));
  }

  /** Inside a write transaction: tells other processes to look at the file before their next commit. */
  announce(connection: Connection): void {
    markChange(connection);
    this.state.seq += 1;
  }

  /** Inside a write transaction in which types or indexes were changed. */
  announceCatalog(connection: Connection): void {
    this.state.catalogVersion += 1;
    writeMeta(connection, "catalog", this.state.catalogVersion);
    this.catalog.load(connection);
    this.announce(connection);
  }

  hasForeignCommits(connection: Connection): boolean {
    return connection.dataVersion() !== this.state.version;
  }

  /** Inside a transaction: looks at the file where another process has committed. */
  refresh(connection: Connection): void {
    const version = connection.dataVersion();
    if (version === this.state.version) return;
    this.#look(connection);
    this.state.version = version;
  }

  /** After a rollback: what was learnt in the transaction may never have been. */
  forgetUncommitted(): void {
    this.known.clear();
    this.owners.clear();
    this.state.nextNode = undefined;
  }

  /** Fills in the ids that rows of an answer have left open. */
  settleIds(connection: Connection): void {
    this.ids.settle(connection);
  }

  /** Gives the connection up: what is in the file is not known until it has been opened again. */
  breakConnection(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      connection?.close();
    } catch {
      // A handle that failed may fail once more.
    }
  }

  /** A handle on which reading or writing failed is not trusted further. */
  breakAfter(error: unknown): void {
    if (sqliteFailure(error) === "io") this.breakConnection();
  }

  async close(): Promise<void> {
    await this.#turns.idle();
    this.#close();
  }

  /** As `close`, where nothing is under way. */
  closeNow(): boolean {
    if (!this.#turns.isIdle) return false;
    this.#close();
    return true;
  }

  #close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) closeFile(connection, this.options);
  }

  #connect(): Connection {
    const connection = openFile(this.path, this.options, this.counters);
    this.#connection = connection;
    this.state.version = -1;
    this.state.seq = -1;
    this.known.clear();
    this.owners.clear();
    return connection;
  }

  #beginRead(connection: Connection): void {
    connection.beginRead();
    this.refresh(connection);
  }

  #look(connection: Connection): void {
    const { state } = this;
    const { seq, incarnation, catalogVersion } = state;
    state.read(connection);
    this.known.clear();
    if (state.incarnation !== incarnation || state.seq < seq || seq < 0) {
      this.units.reset(state.newestUnit);
      this.owners.clear();
    } else if (state.seq > seq) {
      this.units.follow(connection, seq, state.seq, state.newestUnit);
    }
    if (state.catalogVersion !== catalogVersion) this.catalog.load(connection);
  }

  /** Errors come in the library's own kinds. */
  #whenFree<T>(doing: string, attempt: () => T): MaybePromise<T> {
    return untilFree(attempt, this.options, (error) => graphError(error, this.path, doing));
  }
}
