import type { Id, IdColumn } from "../model/id.ts";
import { RESIDENT } from "../model/id-table.ts";
import { type CatalogDescription, emptyCatalog, joinCatalogs } from "../schema/catalog-description.ts";
import type { Token } from "./change.ts";
import { BatchWriter, CONFLICT } from "./memory/batch-writer.ts";
import { CommitLog } from "./memory/commit-log.ts";
import { IndexSet } from "./memory/index-set.ts";
import { readNeighbors } from "./memory/neighbors.ts";
import { Records } from "./memory/records.ts";
import { MemorySnapshot } from "./memory/snapshot.ts";
import { AdjacencyRows, EdgeRows, NodeRows } from "./rows.ts";
import type {
  AdjacencyAnswer,
  AdjacencyRequest,
  ChangePage,
  CommitBatch,
  CommitOutcome,
  EdgePage,
  LentIds,
  LookupRequest,
  NodePage,
  OpenedStore,
  ScanRequest,
  Store,
  StoreCounters,
  StoreSnapshot,
  StoreSupports,
  Tally,
  TallyRequest,
} from "./store.ts";

/**
 * A store in this process's memory: the reference implementation of the SPI, and the store of a graph that need not
 * outlive its process. Every method answers at once.
 */
export function memory(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly name: string = "memory";
  readonly supports: StoreSupports = Object.freeze({ durable: false, shared: false, synchronous: true });
  readonly counters: StoreCounters = {
    statements: 0,
    rowsRead: 0,
    rowsWritten: 0,
    transactions: 0,
    syncs: 0,
  };

  readonly #records: Records = new Records();
  readonly #indexes: IndexSet = new IndexSet(this.#records);
  readonly #log: CommitLog = new CommitLog("memory", this.#records);
  readonly #writer: BatchWriter = new BatchWriter(this.#records, this.#indexes, this.#log);
  #catalog: CatalogDescription = emptyCatalog;
  #catalogVersion = 0;
  #isLent = false;

  open(catalog: CatalogDescription): OpenedStore {
    this.counters.statements += 1;
    const joined = joinCatalogs(this.#catalog, catalog);
    for (const { kind, name, undirected } of joined.types) this.#records.addType(kind, name, undirected);
    this.#indexes.adopt(joined);
    if (joined !== this.#catalog) this.#catalogVersion += 1;
    this.#catalog = joined;
    const { hasTombstones } = this.#records;
    return {
      catalog: joined,
      catalogVersion: this.#catalogVersion,
      token: this.#log.current,
      ids: this.#lend(),
      hasLeftovers: hasTombstones,
    };
  }

  readCatalog(): { catalog: CatalogDescription; version: number } {
    this.counters.statements += 1;
    return { catalog: this.#catalog, version: this.#catalogVersion };
  }

  readNodes(ids: IdColumn): { rows: NodeRows; token: Token } {
    const rows = new NodeRows();
    for (let i = 0; i < ids.length; i++) {
      const slot = this.#records.findNode(ids, i);
      if (slot >= 0) this.#records.pushNode(rows, slot);
    }
    return { rows, token: this.#answered(rows.length) };
  }

  readEdges(ids: IdColumn): { rows: EdgeRows; token: Token } {
    const rows = new EdgeRows();
    for (let i = 0; i < ids.length; i++) {
      const slot = this.#records.findEdge(ids, i);
      if (slot >= 0) this.#records.pushEdge(rows, slot);
    }
    return { rows, token: this.#answered(rows.length) };
  }

  readAdjacency(nodes: IdColumn, requests: readonly AdjacencyRequest[]): AdjacencyAnswer {
    const rows = new AdjacencyRows();
    let peeked = 0;
    for (let i = 0; i < requests.length; i++) {
      const node = this.#records.findNode(nodes, i);
      const more = node >= 0 && readNeighbors(this.#records, node, requests[i]!, rows);
      rows.endRequest(more);
      if (more) peeked += 1;
    }
    // An edge and its far end are two rows, and that there is more is known by one row beyond the page.
    return { rows, token: this.#answered(rows.length * 2 + peeked) };
  }

  lookup(request: LookupRequest): NodePage {
    const rows = new NodeRows();
    const more = takePage(this.#indexes.slots(request), request.limit, (slot) => {
      this.#records.pushNode(rows, slot);
    });
    return { rows, more, token: this.#answered(rows.length + Number(more)) };
  }

  scan(request: ScanRequest & { kind: "node" }): NodePage;
  scan(request: ScanRequest & { kind: "edge" }): EdgePage;
  scan({ kind, type, order, after, limit }: ScanRequest): NodePage | EdgePage {
    const slots = this.#records.ofType(type, order, after);
    const rows = kind === "node" ? new NodeRows() : new EdgeRows();
    const more = takePage(slots, limit, (slot) => {
      if (rows instanceof EdgeRows) this.#records.pushEdge(rows, slot);
      else this.#records.pushNode(rows, slot);
    });
    return { rows, more, token: this.#answered(rows.length + Number(more)) };
  }

  tally({ type, after, limit }: TallyRequest): Tally {
    let count = 0;
    let slot = -1;
    const more = takePage(this.#records.ofType(type, "asc", after), limit, (each) => {
      count += 1;
      slot = each;
    });
    const last = slot < 0 ? undefined : this.#records.idOf(type, slot);
    return { count, last, more, token: this.#answered(1) };
  }

  snapshot(): StoreSnapshot {
    const snapshot = new MemorySnapshot(this.#records, this.#log.current, this.#catalog);
    this.#answered(snapshot.size);
    return snapshot;
  }

  commit(batches: readonly CommitBatch[]): readonly CommitOutcome[] {
    this.counters.statements += 1;
    // The batches of one call are not foreign to one another.
    const foreign = this.#log.newest;
    return batches.map((batch) => this.#commit(batch, foreign));
  }

  outcome(unitId: Id): "committed" | "absent" | "expired" {
    this.counters.statements += 1;
    return this.#log.outcome(unitId);
  }

  current(): Token {
    return this.#log.current;
  }

  changes(since: Token): ChangePage | "lost" {
    this.counters.statements += 1;
    const page = this.#log.page(since);
    return page === "lost" ? page : { ...page, catalogVersion: this.#catalogVersion };
  }

  purge(limit: number): boolean {
    this.counters.statements += 1;
    this.counters.rowsWritten += this.#records.purge(limit);
    return this.#records.hasTombstones;
  }

  close(): void {
    // Nothing is held outside this object.
  }

  #lend(): LentIds | undefined {
    if (this.#isLent) return undefined;
    this.#isLent = true;
    const nodes = this.#records.nodes.ids;
    const edges = this.#records.edges.ids;
    return Object.freeze({
      nodes,
      edges,
      giveBack: () => {
        nodes.releaseAll(RESIDENT);
        edges.releaseAll(RESIDENT);
        this.#isLent = false;
      },
    });
  }

  #commit(batch: CommitBatch, foreign: number): CommitOutcome {
    const answered = this.#log.answerTo(batch.unitId);
    if (answered !== undefined) return answered;
    if (!this.#guardsHold(batch, foreign)) return CONFLICT;
    const outcome = this.#writer.write(batch);
    if (outcome.status === "committed") {
      this.counters.transactions += 1;
      // The record of the commit itself is a row too.
      this.counters.rowsWritten += batch.nodes.length + batch.edges.length + batch.updates.length + 1;
    }
    return outcome;
  }

  #guardsHold({ base, guards }: CommitBatch, foreign: number): boolean {
    if (guards.isEmpty) return true;
    const commits = this.#log.between(base, foreign);
    return commits !== undefined && (commits.length === 0 || !guards.conflictsWith(commits));
  }

  #answered(rowsRead: number): Token {
    this.counters.statements += 1;
    this.counters.rowsRead += rowsRead;
    return this.#log.current;
  }
}

/** Takes at most `limit` slots; gives whether there are more. */
function takePage(slots: Iterable<number>, limit: number, take: (slot: number) => void): boolean {
  let taken = 0;
  for (const slot of slots) {
    if (taken === limit) return true;
    take(slot);
    taken += 1;
  }
  return false;
}
