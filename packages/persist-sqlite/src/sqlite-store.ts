import {
  type AdjacencyAnswer,
  type AdjacencyRequest,
  andThen,
  type CatalogDescription,
  type ChangePage,
  ClosedError,
  type CommitBatch,
  type CommitOutcome,
  type EdgePage,
  type EdgeRows,
  GraphError,
  type Id,
  type IdColumn,
  isThenable,
  type LookupRequest,
  type MaybePromise,
  type NodePage,
  type NodeRows,
  type OpenedStore,
  type ScanRequest,
  type Store,
  type StoreCounters,
  type StoreSnapshot,
  type StoreSupports,
  type Tally,
  type TallyRequest,
  type Token,
} from "@rootwalk/core/store";
import { AdjacencyReader } from "./adjacency.ts";
import { type BackupOptions, backUp } from "./backup.ts";
import { CommitLog } from "./commit-log.ts";
import { SqliteFile } from "./file.ts";
import { GroupCommit } from "./group-commit.ts";
import { Housekeeping } from "./housekeeping.ts";
import { IndexBuilder } from "./index-builder.ts";
import { Lookup } from "./lookup.ts";
import {
  requireFunction,
  requireOptions,
  requirePath,
  resolveOptions,
  type SqliteOptions,
} from "./options.ts";
import { SqliteSnapshot } from "./snapshot.ts";
import { graphError } from "./sqlite-error.ts";

/**
 * A store in one SQLite file, which several processes may use at once.
 *
 * @param path of the file; it is created where it does not exist, its directory is not
 * @throws {ValidationError} `RW_OPTION_INVALID`; what is wrong with the file is told when the store is opened
 * @example
 * ```ts
 * const graph = await openGraph({ types: [Room, Message], store: sqlite("chat.db") });
 * ```
 */
export function sqlite(path: string, options: SqliteOptions = {}): SqliteStore {
  return new SqliteStore(path, options);
}

/** See {@link sqlite}. Wires the parts; FORMAT.md describes the file. */
export class SqliteStore implements Store {
  readonly name: string;
  /** A call answers at once, unless another process has the file locked: then, without blocking, when it is free. */
  readonly supports: StoreSupports;
  readonly counters: StoreCounters = {
    statements: 0,
    rowsRead: 0,
    rowsWritten: 0,
    transactions: 0,
    syncs: 0,
  };

  readonly #file: SqliteFile;
  readonly #adjacency: AdjacencyReader;
  readonly #builder: IndexBuilder;
  // Made when they are first used: a process that opens a file and asks one question needs none of them.
  #usedLookup: Lookup | undefined;
  #usedLog: CommitLog | undefined;
  #usedCommit: GroupCommit | undefined;
  #usedHousekeeping: Housekeeping | undefined;
  readonly #backups: Set<Promise<void>> = new Set();
  readonly #snapshots: Set<SqliteSnapshot> = new Set();
  #closing: MaybePromise<void> = undefined;
  #isClosed = true;

  constructor(path: string, options: SqliteOptions = {}) {
    const resolved = resolveOptions(path, options);
    this.name = `sqlite ${path}`;
    const { readOnly } = resolved;
    this.supports = Object.freeze({ durable: true, shared: true, synchronous: true, readOnly });
    this.#file = new SqliteFile(resolved, this.counters);
    this.#adjacency = new AdjacencyReader(this.#file);
    this.#builder = new IndexBuilder(this.#file);
  }

  /** Also once more, after `close`. */
  open(catalog: CatalogDescription): MaybePromise<OpenedStore> {
    const file = this.#file;
    if (isThenable(this.#closing)) return this.#closing.then(() => this.open(catalog));
    this.#isClosed = false;
    if (file.options.readOnly) return this.#openToRead(catalog);
    this.#builder.start();
    const isNew = andThen(file.open(), () =>
      file.read("reading its types", () => file.catalog.joined(catalog) !== file.catalog.description),
    );
    const written = andThen(isNew, (isNeeded) => {
      if (isNeeded)
        return file.write("writing its types", (connection) => this.#writeCatalog(connection, catalog));
    });
    return andThen(
      andThen(written, () => this.#builder.complete()),
      () =>
        file.read("reading its types", () => ({
          catalog: file.catalog.description,
          catalogVersion: file.state.catalogVersion,
          token: file.state.token,
          hasLeftovers: file.state.hasTombstones,
        })),
    );
  }

  readCatalog(): MaybePromise<{ catalog: CatalogDescription; version: number }> {
    const { catalog, state } = this.#file;
    return this.#file.read("reading its types", () => ({
      catalog: catalog.description,
      version: state.catalogVersion,
    }));
  }

  readNodes(ids: IdColumn): MaybePromise<{ rows: NodeRows; token: Token }> {
    const file = this.#file;
    return file.read("reading nodes", (connection) => ({
      rows: file.reader.nodes(connection, ids),
      token: file.state.token,
    }));
  }

  readEdges(ids: IdColumn): MaybePromise<{ rows: EdgeRows; token: Token }> {
    const file = this.#file;
    return file.read("reading edges", (connection) => ({
      rows: file.reader.edges(connection, ids),
      token: file.state.token,
    }));
  }

  readAdjacency(nodes: IdColumn, requests: readonly AdjacencyRequest[]): MaybePromise<AdjacencyAnswer> {
    return this.#file.read("reading neighbourhoods", (connection) => ({
      rows: this.#adjacency.read(connection, nodes, requests),
      token: this.#file.state.token,
    }));
  }

  lookup(request: LookupRequest): MaybePromise<NodePage> {
    return this.#file.read("looking up keys", (connection) => ({
      ...this.#lookup.read(connection, request),
      token: this.#file.state.token,
    }));
  }

  scan(request: ScanRequest & { kind: "node" }): MaybePromise<NodePage>;
  scan(request: ScanRequest & { kind: "edge" }): MaybePromise<EdgePage>;
  scan(request: ScanRequest): MaybePromise<NodePage | EdgePage> {
    const { reader, state } = this.#file;
    return this.#file.read<NodePage | EdgePage>("scanning", (connection) =>
      request.kind === "node"
        ? { ...reader.scanNodes(connection, request), token: state.token }
        : { ...reader.scanEdges(connection, request), token: state.token },
    );
  }

  tally(request: TallyRequest): MaybePromise<Tally> {
    const { reader, state } = this.#file;
    return this.#file.read("counting", (connection) => ({
      ...reader.tally(connection, request),
      token: state.token,
    }));
  }

  snapshot(): MaybePromise<StoreSnapshot> {
    const held = this.#snapshots;
    const opened = SqliteSnapshot.open(this.#file.options, this.counters, (closed) => held.delete(closed));
    return andThen(opened, (snapshot) => {
      held.add(snapshot);
      if (this.#isClosed) snapshot.close();
      return snapshot;
    });
  }

  commit(batches: readonly CommitBatch[]): MaybePromise<readonly CommitOutcome[]> {
    return this.#file.exclusively("committing", () => this.#commit.run(batches));
  }

  outcome(unitId: Id): MaybePromise<"committed" | "absent" | "expired"> {
    const { units, state } = this.#file;
    return this.#file.read("looking for a unit", (connection) => {
      if (units.find(connection, unitId) !== undefined) return "committed";
      return unitId <= state.forgottenUnit ? "expired" : "absent";
    });
  }

  current(): MaybePromise<Token> {
    return this.#file.current();
  }

  changes(since: Token): MaybePromise<ChangePage | "lost"> {
    return this.#file.read("reading commits", (connection) => this.#log.page(connection, since));
  }

  lease(unitId: Id, ttlMs: number): MaybePromise<boolean> {
    return this.#housekeeping.lease(unitId, ttlMs);
  }

  release(unitId: Id): MaybePromise<void> {
    return this.#housekeeping.release(unitId);
  }

  refile(): MaybePromise<void> {
    return this.#housekeeping.refile();
  }

  purge(limit: number): MaybePromise<boolean> {
    return this.supports.readOnly ? false : this.#housekeeping.purge(limit);
  }

  /**
   * Copies the file while it is in use.
   *
   * @param path of the copy, which must not exist
   * @throws {GraphError} `RW_STORE_PLACE`; nothing is left behind then
   * @throws {ClosedError} when no graph is open on the store
   */
  async backup(path: string, options: BackupOptions = {}): Promise<void> {
    const to = requirePath("backup(path)", path);
    requireOptions("backup(path, options)", options, ["onProgress"]);
    requireFunction("onProgress", options.onProgress);
    if (this.#isClosed)
      throw new ClosedError({ message: `${this.name}: backup was called when it was not open` });
    const work = backUp(this.#file, to, options.onProgress).catch((error: unknown) => {
      throw graphError(error, path, "copying to it");
    });
    this.#backups.add(work);
    const done = (): void => void this.#backups.delete(work);
    work.then(done, done);
    return work;
  }

  close(): MaybePromise<void> {
    if (this.#isClosed) return this.#closing;
    this.#isClosed = true;
    this.#builder.stop();
    for (const snapshot of this.#snapshots) snapshot.close();
    if (this.#backups.size > 0 || !this.#file.closeNow()) {
      this.#closing = Promise.allSettled(this.#backups)
        .then(() => this.#file.close())
        .finally(() => {
          this.#closing = undefined;
        });
    }
    return this.#closing;
  }

  get #lookup(): Lookup {
    this.#usedLookup ??= new Lookup(this.#file);
    return this.#usedLookup;
  }

  get #log(): CommitLog {
    this.#usedLog ??= new CommitLog(this.#file);
    return this.#usedLog;
  }

  get #commit(): GroupCommit {
    this.#usedCommit ??= new GroupCommit(this.#file, this.#log);
    return this.#usedCommit;
  }

  get #housekeeping(): Housekeeping {
    this.#usedHousekeeping ??= new Housekeeping(this.#file);
    return this.#usedHousekeeping;
  }

  /** Where the code has another shape of a type, core reads each record anew: no shape is equal to it then. */
  #openToRead(catalog: CatalogDescription): MaybePromise<OpenedStore> {
    const file = this.#file;
    return andThen(file.open(), () =>
      file.read("reading its types", () => {
        file.catalog.joined(catalog);
        requireStored(file.catalog.description.types, catalog.types, "the type", file.path);
        requireStored(file.catalog.indexes, catalog.indexes, "the index", file.path);
        return {
          catalog: file.catalog.description,
          catalogVersion: file.state.catalogVersion,
          token: file.state.token,
          hasLeftovers: false,
        };
      }),
    );
  }

  #writeCatalog(connection: Parameters<IndexBuilder["begin"]>[0], catalog: CatalogDescription): void {
    const file = this.#file;
    const joined = file.catalog.joined(catalog);
    if (joined === file.catalog.description) return;
    file.catalog.write(connection, joined);
    file.announceCatalog(connection);
    this.#builder.begin(connection);
  }
}

interface Named {
  readonly name: string;
}

/** @throws {GraphError} `RW_STORE_CATALOG` for what the code has and the file has not */
function requireStored(stored: readonly Named[], wanted: readonly Named[], what: string, path: string): void {
  for (const { name } of wanted) {
    if (stored.some((known) => known.name === name)) continue;
    throw new GraphError({
      code: "RW_STORE_CATALOG",
      message: `${path} has not got ${what} ${name}, and is open for reading only`,
      remedy: "Open it once with these types and without `readOnly`, which adds them.",
      details: { path, name },
    });
  }
}
