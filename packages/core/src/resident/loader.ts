import { type Id, IdColumn } from "../model/id.ts";
import type { Token } from "../persistence/change.ts";
import type { AdjacencyRows, EdgeRows, NodeRows } from "../persistence/rows.ts";
import type {
  AdjacencyRequest,
  EdgePage,
  LookupRequest,
  NodePage,
  Store,
  Tally,
} from "../persistence/store.ts";
import { andThen, type MaybePromise } from "../util/maybe-async.ts";
import { OUT, type Side } from "./adjacency.ts";
import { AdjacencyIntake } from "./adjacency-intake.ts";
import { ACCESS, type AppliedChange, CREATED, NODE, REMOVED, type RecordKind } from "./change-log.ts";
import { Follower } from "./follower.ts";
import { ObservedReads, type ReadCounts, type StoreReads } from "./observed-reads.ts";
import type { RecordTable } from "./record-table.ts";
import type { ResidentGraph } from "./resident-graph.ts";

/** Every type of the side, in {@link NeighborhoodRequest}. */
export const ANY_TYPE = -1;

export interface NeighborhoodRequest {
  readonly node: number;
  readonly side: Side;
  /** An edge type's number, or {@link ANY_TYPE}: then the whole neighbourhood of that side is asked for at once. */
  readonly type: number;
  readonly order: "asc" | "desc";
  /** The edge to go on after. */
  readonly after: Id | undefined;
  readonly limit: number;
  readonly edgeFields: boolean;
}

/** Records that a read asks for at once; the store is never asked for more in one call. */
export const BATCH = 256;

interface Dated {
  readonly token: Token;
}

/**
 * Brings rows from the store into L1.
 *
 * Every method takes what is to be done with them (`use`) and calls it in the same step in which they arrive, before
 * anything else can evict them. What arrives from a later commit than L1's first lets L1 follow; what arrives from an
 * earlier one is asked for again where it may have changed since.
 */
export class Loader {
  readonly follower: Follower;
  readonly #resident: ResidentGraph;
  readonly #store: Store;
  readonly #reads: StoreReads;

  constructor(
    resident: ResidentGraph,
    store: Store,
    reads: StoreReads = store,
    follower: Follower = new Follower(resident, store),
  ) {
    this.#resident = resident;
    this.#store = store;
    this.#reads = reads;
    this.follower = follower;
  }

  /** One that reads the same and counts what the store does for it. @param counts where the next read is counted */
  counted(counts: () => ReadCounts): Loader {
    return new Loader(this.#resident, this.#store, new ObservedReads(this.#store, counts), this.follower);
  }

  /** Reads the states of nodes whose stubs are resident. What the store no longer holds is removed from L1. */
  nodes<R>(slots: readonly number[], use: () => R): MaybePromise<R> {
    if (slots.length === 0) return use();
    const { nodes } = this.#resident;
    const ids = this.#pinned(nodes, slots);
    return this.#read(
      () => this.#reads.readNodes(ids),
      ({ rows }) => {
        const seen = new Set<number>();
        for (let i = 0; i < rows.length; i++) seen.add(this.#resident.absorbNode(rows, i));
        for (let i = 0; i < slots.length; i++) this.#vanishUnseen(nodes, slots[i]!, ids, i, seen);
      },
      (commits) => touchesNodes(commits, new Set(slots)),
      use,
      ownersOf,
    );
  }

  /** Reads nodes that are not resident. `use` finds those that exist. */
  nodesById<R>(ids: readonly Id[], use: () => R): MaybePromise<R> {
    return this.#read(
      () => this.#reads.readNodes(IdColumn.from(ids)),
      ({ rows }) => this.#absorbNodes(rows),
      touchesAnyNode,
      use,
      ownersOf,
    );
  }

  /** Reads the states of edges that are resident. */
  edges<R>(slots: readonly number[], use: () => R): MaybePromise<R> {
    if (slots.length === 0) return use();
    const { edges } = this.#resident;
    const ids = this.#pinned(edges, slots);
    return this.#read(
      () => this.#reads.readEdges(ids),
      ({ rows }) => {
        const resident = this.#resident;
        const seen = new Set<number>();
        for (let i = 0; i < rows.length; i++) {
          if (resident.findNode(rows.sources.words, i) >= 0 && resident.findNode(rows.targets.words, i) >= 0)
            seen.add(resident.absorbEdge(rows, i));
        }
        for (let i = 0; i < slots.length; i++) this.#vanishUnseen(edges, slots[i]!, ids, i, seen);
      },
      ({ length }) => length > 0,
      use,
      ownersOf,
    );
  }

  edgesById<R>(ids: readonly Id[], use: () => R): MaybePromise<R> {
    return this.#withEnds(
      () => this.#reads.readEdges(IdColumn.from(ids)),
      (answer) => answer.rows,
      () => use(),
    );
  }

  /** Reads pages of neighbourhoods; at most {@link BATCH} at once. */
  neighborhoods<R>(requests: readonly NeighborhoodRequest[], use: () => R): MaybePromise<R> {
    const resident = this.#resident;
    const nodes = requests.map((request) => request.node);
    const ids = this.#pinned(resident.nodes, nodes);
    const asked: AdjacencyRequest[] = [];
    for (const request of requests) {
      asked.push({
        direction: request.side === OUT ? "out" : "in",
        edgeType:
          request.type === ANY_TYPE ? undefined : resident.catalog.definition(request.type).storedName,
        order: request.order,
        after: request.after,
        limit: request.limit,
        edgeFields: request.edgeFields,
      });
    }
    return this.#read(
      () => this.#reads.readAdjacency(ids, asked),
      ({ rows }) => this.#absorbNeighborhoods(requests, ids, rows),
      (changes) => touchesNeighborhoods(changes, new Set(nodes)),
      use,
      ({ rows }) => [rows.farOwners, rows.edgeOwners],
    );
  }

  lookup<R>(request: LookupRequest, use: (slots: number[], page: NodePage) => R): MaybePromise<R> {
    const { catalog } = this.#resident;
    const type = catalog.numberOf(catalog.index(request.index).type);
    return this.#page(
      () => this.#reads.lookup(request),
      (changes) => changes.some((change) => change.kind === NODE && catalog.isA(change.type, type)),
      use,
    );
  }

  scanNodes<R>(
    number: number,
    order: "asc" | "desc",
    after: Id | undefined,
    limit: number,
    use: (slots: number[], page: NodePage) => R,
  ): MaybePromise<R> {
    const type = this.#resident.catalog.definition(number).storedName;
    return this.#page(
      () => this.#reads.scan({ kind: "node", type, order, after, limit }),
      (changes) => changes.some((change) => change.kind === NODE && change.type === number),
      use,
    );
  }

  scanEdges<R>(
    number: number,
    order: "asc" | "desc",
    after: Id | undefined,
    limit: number,
    use: (slots: number[], page: EdgePage) => R,
  ): MaybePromise<R> {
    const type = this.#resident.catalog.definition(number).storedName;
    return this.#withEnds(
      () => this.#reads.scan({ kind: "edge", type, order, after, limit }),
      (page) => page.rows,
      use,
    );
  }

  /** Counts records of a type where the store can. */
  tally(kind: RecordKind, number: number, after: Id | undefined, limit: number): MaybePromise<Tally> {
    const type = this.#resident.catalog.definition(number).storedName;
    let tally: Tally | undefined;
    return this.#read(
      () => this.#reads.tally!({ kind: kind === NODE ? "node" : "edge", type, after, limit }),
      (answer) => {
        tally = answer;
      },
      // An edge goes with either of its ends.
      (changes) =>
        changes.some((change) =>
          change.kind === kind ? change.type === number : (change.op & REMOVED) !== 0,
        ),
      () => tally!,
      undefined,
    );
  }

  #page<R>(
    read: () => MaybePromise<NodePage>,
    mayTouch: (changes: readonly AppliedChange[]) => boolean,
    use: (slots: number[], page: NodePage) => R,
  ): MaybePromise<R> {
    let slots: number[] = [];
    let page: NodePage | undefined;
    return this.#read(
      read,
      (answer) => {
        page = answer;
        slots = this.#absorbNodes(answer.rows);
      },
      mayTouch,
      () => use(slots, page!),
      ownersOf,
    );
  }

  /** Reads edges whose ends may not be resident: these first, then the edges. */
  #withEnds<A extends Dated, R>(
    read: () => MaybePromise<A>,
    rowsOf: (answer: A) => EdgeRows,
    use: (slots: number[], answer: A) => R,
  ): MaybePromise<R> {
    const resident = this.#resident;
    let slots: number[] = [];
    let got: A | undefined;
    return this.#read(
      () => andThen(read(), (answer) => andThen(this.#ends(rowsOf(answer)), () => answer)),
      (answer) => {
        const rows = rowsOf(answer);
        got = answer;
        slots = [];
        for (let i = 0; i < rows.length; i++) {
          const there =
            resident.findNode(rows.sources.words, i) >= 0 && resident.findNode(rows.targets.words, i) >= 0;
          if (there) slots.push(resident.absorbEdge(rows, i));
        }
      },
      ({ length }) => length > 0,
      () => use(slots, got!),
      (answer) => [rowsOf(answer).owners],
    );
  }

  /** Sees to it that the ends of these edges have slots, and keep them until the edges are taken in. */
  #ends(rows: EdgeRows): MaybePromise<void> {
    const missing = new IdColumn();
    this.#pinFound(rows.sources, missing);
    this.#pinFound(rows.targets, missing);
    const ids = [...new Set(missing)];
    const next = (from: number): MaybePromise<void> => {
      if (from >= ids.length) return;
      const batch = ids.slice(from, from + BATCH);
      const pin = (): void => this.#pinFound(IdColumn.from(batch));
      return andThen(this.nodesById(batch, pin), () => next(from + BATCH));
    };
    return next(0);
  }

  #pinFound(ids: IdColumn, missing?: IdColumn): void {
    const resident = this.#resident;
    const { words } = ids;
    for (let i = 0; i < ids.length; i++) {
      const slot = resident.findNode(words, i);
      const at = i << 2;
      if (slot >= 0) resident.pin(resident.nodes, slot);
      else missing?.pushWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    }
  }

  #absorbNodes(rows: NodeRows): number[] {
    const slots: number[] = [];
    for (let i = 0; i < rows.length; i++) slots.push(this.#resident.absorbNode(rows, i));
    return slots;
  }

  #absorbNeighborhoods(requests: readonly NeighborhoodRequest[], ids: IdColumn, rows: AdjacencyRows): void {
    const resident = this.#resident;
    resident.checkUnits();
    const intake = new AdjacencyIntake(rows);
    for (let i = 0; i < requests.length; i++) {
      const { node, side, type, order, after } = requests[i]!;
      if (resident.findNode(ids.words, i) !== node) continue;
      if (type !== ANY_TYPE) resident.absorbPage(node, side, type, intake, i, order, after);
      else if (!rows.more[i]) resident.absorbWhole(node, side, intake, i);
    }
  }

  /** The ids of these records, which keep their slots until the answer is there, whatever makes room for it. */
  #pinned(table: RecordTable, slots: readonly number[]): IdColumn {
    const ids = new IdColumn();
    for (const slot of slots) {
      this.#resident.pin(table, slot);
      pushSlot(ids, table.ids, slot);
    }
    return ids;
  }

  /** Removes what was asked for and is not there, unless its slot is another record's by now: its unit has ended. */
  #vanishUnseen(
    table: RecordTable,
    slot: number,
    { words }: IdColumn,
    i: number,
    seen: ReadonlySet<number>,
  ): void {
    if (seen.has(slot)) return;
    const at = i << 2;
    if (table.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) !== slot) return;
    this.#resident.checkUnits();
    this.#resident.vanish(table, slot);
  }

  /**
   * @param mayTouch whether commits that L1 applied since the answer's moment may have changed what it says
   * @param owners of the rows that came; not asked of the roots themselves, which are their own
   */
  #read<A extends Dated, R>(
    read: () => MaybePromise<A>,
    absorb: (answer: A) => void,
    mayTouch: (changes: readonly AppliedChange[]) => boolean,
    use: () => R,
    owners: ((answer: A) => readonly IdColumn[]) | undefined,
  ): MaybePromise<R> {
    this.#resident.makeRoom();
    let outdated = 0;
    const settle = (answer: A): MaybePromise<R> => {
      const resident = this.#resident;
      if (answer.token !== resident.token) {
        if (answer.token > resident.token)
          return andThen(this.follower.follow(answer.token), () => settle(answer));
        const since = resident.log.sinceToken(answer.token);
        if (since === undefined || since.some(({ changes }) => changes === undefined || mayTouch(changes))) {
          outdated += 1;
          // Answers that stay behind are of another incarnation of the store; following finds that out.
          if (outdated % 3 !== 0) return andThen(read(), settle);
          return andThen(this.follower.catchUp(), () => andThen(read(), settle));
        }
      }
      // Rows in L1 are anybody's to judge, so whatever decides about them must be known before they arrive.
      if (owners !== undefined) {
        for (const { words, length } of owners(answer)) {
          for (let at = 0; at < length << 2; at += 4)
            resident.classes.owner(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
        }
        if (resident.classes.hasUnknown) return andThen(this.#learnOwners(), () => settle(answer));
      }
      absorb(answer);
      return use();
    };
    return andThen(read(), settle);
  }

  /** The access record of an owner root is part of judging what it owns, so it comes with the rows that need it. */
  #learnOwners(): MaybePromise<void> {
    return this.#readOwners(this.#resident.classes.takeUnknown().slice(0, BATCH));
  }

  #readOwners(ids: readonly Id[]): MaybePromise<void> {
    const resident = this.#resident;
    return this.#read(
      () => this.#reads.readNodes(IdColumn.from(ids)),
      ({ rows }) => {
        this.#absorbNodes(rows);
        const found = new Set([...rows.ids]);
        for (const id of ids) if (!found.has(id)) resident.noteMissingOwner(id);
      },
      touchesAnyNode,
      noop,
      undefined,
    );
  }
}

function ownersOf({ rows }: { readonly rows: NodeRows }): readonly IdColumn[] {
  return [rows.owners];
}

function noop(): void {}

function pushSlot(ids: IdColumn, words: Int32Array, slot: number): void {
  const at = slot << 2;
  ids.pushWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
}

function touchesAnyNode(changes: readonly AppliedChange[]): boolean {
  return changes.some((change) => change.kind === NODE);
}

/** Whether a change may have altered one of these nodes. */
function touchesNodes(changes: readonly AppliedChange[], slots: ReadonlySet<number>): boolean {
  return changes.some(
    ({ kind, op, slot }) => kind === NODE && (op & CREATED) === 0 && (slot < 0 || slots.has(slot)),
  );
}

/** Whether a change may have altered one of these neighbourhoods, or what is told of the far ends. */
function touchesNeighborhoods(changes: readonly AppliedChange[], slots: ReadonlySet<number>): boolean {
  return changes.some(({ kind, op, slot, source, target }) =>
    kind === NODE
      ? (op & CREATED) === 0 && ((op & (ACCESS | REMOVED)) !== 0 || slot < 0 || slots.has(slot))
      : source < 0 || target < 0 || slots.has(source) || slots.has(target),
  );
}
