import { type Id, IdColumn, parseId } from "../model/id.ts";
import type { Change, CommitRecord, Token } from "../persistence/change.ts";
import { type EdgeRows, type NodeRows, RowDamage } from "../persistence/rows.ts";
import type { ChangePage, Store } from "../persistence/store.ts";
import { andThen, isThenable, type MaybePromise } from "../util/maybe-async.ts";
import type { Additions } from "./additions.ts";
import {
  ACCESS,
  type AppliedChange,
  CREATED,
  DATA,
  EDGE,
  NODE,
  REMOVED,
  REWRITTEN,
  type SeenNode,
} from "./change-log.ts";
import type { RecordState } from "./record-table.ts";
import { EDGE_FIELDS, FAR_END, type ResidentGraph } from "./resident-graph.ts";
import { damageOf, isStoredAnew } from "./states.ts";

/** Rows read again for one stretch of commits at most; beyond that L1 starts afresh, which is cheaper. */
const MOST_REFRESHED = 2048;
const ROUNDS = 8;

/** A row as it was read at some moment; `i` is -1 where the record was not there. */
interface Read<R> {
  readonly rows: R;
  readonly i: number;
  readonly token: Token;
}

interface OwnCommit {
  readonly changes: readonly AppliedChange[];
  readonly began: number;
  readonly additions: Additions | undefined;
}

interface Stretch {
  readonly commits: CommitRecord[];
  token: Token;
  /** Rows of changed records that L1 or a guard of an open unit must know, by id. */
  readonly nodes: Map<Id, Read<NodeRows>>;
  readonly edges: Map<Id, Read<EdgeRows>>;
  /** The latest moment at which any of these rows was read. */
  read: Token;
}

/**
 * Lets L1 follow the commits of others. Everything that a stretch of commits makes necessary is read first and then
 * applied in one step, so that no unit ever sees half of it.
 */
export class Follower {
  readonly #resident: ResidentGraph;
  readonly #store: Store;
  /** Commits of this process that L1 has not applied, because others landed before them. */
  readonly #own: Map<Id, OwnCommit> = new Map();
  #running: Promise<void> | undefined;
  /** Which catalog is known. */
  #catalogVersion: number | undefined;
  readonly #words: Int32Array = new Int32Array(4);

  /** @param catalogVersion of the catalog that the resident graph has */
  constructor(resident: ResidentGraph, store: Store, catalogVersion?: number) {
    this.#resident = resident;
    this.#store = store;
    this.#catalogVersion = catalogVersion;
  }

  /** A commit of this process is on its way: whoever learns first that it landed applies it. */
  expect(unitId: Id, changes: readonly AppliedChange[], began: number, additions?: Additions): void {
    this.#own.set(unitId, { changes, began, additions });
  }

  /** It did not land, or nobody knows. */
  forget(unitId: Id): void {
    this.#own.delete(unitId);
  }

  /** Whether L1 is at this commit, and what lands behind it can be applied at once. */
  isAt(token: Token): boolean {
    return token === this.#resident.token && this.#running === undefined;
  }

  /** Applies this process's own commit, after those that landed before it. */
  own(unitId: Id, token: Token, previous: Token): MaybePromise<void> {
    const own = this.#own.get(unitId);
    // Applied already, or everything was forgotten since it was sent: then it is like anybody's.
    if (own === undefined) return this.follow(token);
    if (this.isAt(previous)) {
      this.#own.delete(unitId);
      this.#resident.advance(own.changes, token, own.began, own.additions);
      return;
    }
    return andThen(this.follow(token), () => this.forget(unitId));
  }

  /** Applies every commit up to this one at least. */
  follow(until: Token): MaybePromise<void> {
    if (this.#resident.token >= until) return;
    if (this.#running !== undefined) return this.#running.then(() => this.follow(until));
    return this.#hold(this.#stretch(until));
  }

  /** Asks the store for its newest commit and follows up to it. */
  catchUp(): MaybePromise<void> {
    const known = this.#resident.token;
    return andThen(this.#store.current(), (token) => {
      if (token > this.#resident.token) return this.follow(token);
      // A store that was restored begins again: its tokens say nothing about the ones known so far.
      if (token < known) return this.startAfresh();
    });
  }

  /** Drops what L1 knows, so that open units begin again. */
  startAfresh(): MaybePromise<void> {
    if (this.#running !== undefined) return this.#running.then(noop, noop).then(() => this.startAfresh());
    return this.#hold(this.#startAfresh());
  }

  /** Nothing else may follow meanwhile. */
  #hold(run: MaybePromise<void>): MaybePromise<void> {
    if (!isThenable(run)) return run;
    this.#running = (run as Promise<void>).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #stretch(until: Token): MaybePromise<void> {
    const stretch: Stretch = {
      commits: [],
      token: this.#resident.token,
      nodes: new Map(),
      edges: new Map(),
      read: until,
    };
    const round = (left: number): MaybePromise<void> =>
      andThen(this.#store.changes(stretch.token), (page) => {
        if (page === "lost" || left === 0) return this.#startAfresh();
        if (!this.#isOfOtherTypes(page)) return take(page, left);
        return andThen(this.#learnTypes(), (isNew) => (isNew ? this.#startAfresh() : take(page, left)));
      });
    const take = (page: ChangePage, left: number): MaybePromise<void> =>
      andThen(this.#extend(stretch, page), (complete) => {
        if (complete === undefined) return this.#startAfresh();
        if (!complete) return round(page.more ? left : left - 1);
        this.#apply(stretch);
      });
    return round(ROUNDS);
  }

  /** Whether other code has opened the data with types or shapes of its own. */
  #isOfOtherTypes({ catalogVersion }: ChangePage): boolean {
    return catalogVersion !== this.#catalogVersion && this.#store.readCatalog !== undefined;
  }

  /**
   * Takes in what other code has added to the catalog. Nothing that is open may go on with what it took for granted then.
   * @returns whether there was anything new: an index that is complete makes another version too
   */
  #learnTypes(): MaybePromise<boolean> {
    if (this.#store.readCatalog === undefined) return false;
    return andThen(this.#store.readCatalog(), ({ catalog, version }) => {
      this.#catalogVersion = version;
      const known = this.#resident.catalog;
      if (JSON.stringify(catalog) === JSON.stringify(known.stored)) return false;
      known.adopt(catalog);
      return true;
    });
  }

  /** @returns whether the stretch can be applied; `undefined` where L1 had better start afresh */
  #extend(stretch: Stretch, page: ChangePage): MaybePromise<boolean | undefined> {
    stretch.commits.push(...page.commits);
    stretch.token = page.token;
    if (page.more) return false;
    if (page.commits.some(({ changes, unitId }) => changes === undefined && !this.#own.has(unitId)))
      return undefined;
    return this.#refresh(stretch);
  }

  #refresh(stretch: Stretch): MaybePromise<boolean | undefined> {
    const { nodes, edges } = this.#needed(stretch);
    if (nodes.length + edges.length > MOST_REFRESHED) return undefined;
    if (nodes.length + edges.length === 0) return stretch.token >= stretch.read;
    return andThen(this.#readNodes(stretch, nodes), () =>
      andThen(this.#readEdges(stretch, edges), () =>
        // While this was read other records may have become resident; those are looked at again.
        stretch.token >= stretch.read ? this.#refresh(stretch) : false,
      ),
    );
  }

  /** The changed records of which the new row must be known before L1 can go on. */
  #needed(stretch: Stretch): { nodes: Id[]; edges: Id[] } {
    const needed = this.#residentOnes(stretch);
    if (this.#resident.checkedUnits === 0) return needed;
    const watched = this.#watchedOnes(stretch);
    const nodes = [...new Set([...needed.nodes, ...watched.nodes])];
    const edges = [...new Set([...needed.edges, ...watched.edges])];
    // Beyond that, units that watch these types had better begin again than everything be forgotten.
    return nodes.length + edges.length > MOST_REFRESHED ? needed : { nodes, edges };
  }

  /** Records that are not in L1, by the fields of which a guard of an open unit tells whether they concern it. */
  #watchedOnes(stretch: Stretch): { nodes: Id[]; edges: Id[] } {
    const resident = this.#resident;
    const { nodes: table, catalog } = resident;
    const nodes: Id[] = [];
    const edges: Id[] = [];
    const find = (id: Id): number => {
      const [a, b, c, d] = this.#parse(id);
      return table.find(a, b, c, d);
    };
    for (const { changes, unitId, token } of stretch.commits) {
      if (this.#own.has(unitId)) continue;
      const isKnown = (row: Read<unknown> | undefined): boolean => row !== undefined && row.token >= token;
      for (const { kind, op, id, type: name, source, target } of changes!) {
        if (op === "delete") continue;
        const type = catalog.numberOfStored(name);
        if (kind === "node") {
          if (resident.watchesType(NODE, type) && !isKnown(stretch.nodes.get(id))) nodes.push(id);
          continue;
        }
        const from = find(source!);
        const to = find(target!);
        const wanted = op === "create" ? resident.watchesEdge(from, to, type) : 0;
        const byFields = (wanted & EDGE_FIELDS) !== 0 || resident.watchesType(EDGE, type);
        if (byFields && !isKnown(stretch.edges.get(id))) edges.push(id);
        if ((wanted & FAR_END) === 0) continue;
        for (const [slot, end] of [[from, source!] as const, [to, target!] as const]) {
          if ((slot < 0 || table.states[slot] === undefined) && !isKnown(stretch.nodes.get(end)))
            nodes.push(end);
        }
      }
    }
    return { nodes, edges };
  }

  /** Those that L1 holds. */
  #residentOnes(stretch: Stretch): { nodes: Id[]; edges: Id[] } {
    const { nodes: table, edges: edgeTable, checkedUnits, classes, catalog } = this.#resident;
    const nodes = new Set<Id>();
    const edges = new Set<Id>();
    for (const { changes, unitId, token } of stretch.commits) {
      if (this.#own.has(unitId)) continue;
      const isKnown = (row: Read<unknown> | undefined): boolean => row !== undefined && row.token >= token;
      for (const change of changes!) {
        if (change.op !== "update") continue;
        const [a, b, c, d] = this.#parse(change.id);
        if (change.kind === "node") {
          const slot = table.find(a, b, c, d);
          const judged = change.accessVersion !== undefined;
          const asOwner =
            judged &&
            catalog.numberOfStored(change.type) === catalog.rootNumber &&
            classes.findOwner(a, b, c, d) !== undefined;
          const resident = slot >= 0 && (judged || (checkedUnits > 0 && table.states[slot] !== undefined));
          if ((asOwner || resident) && !isKnown(stretch.nodes.get(change.id))) nodes.add(change.id);
        } else {
          const slot = edgeTable.find(a, b, c, d);
          const wanted =
            slot >= 0 &&
            (change.accessVersion !== undefined ||
              (checkedUnits > 0 && edgeTable.states[slot] !== undefined));
          if (wanted && !isKnown(stretch.edges.get(change.id))) edges.add(change.id);
        }
      }
    }
    return { nodes: [...nodes], edges: [...edges] };
  }

  #readNodes(stretch: Stretch, ids: readonly Id[]): MaybePromise<void> {
    if (ids.length === 0) return;
    return andThen(this.#store.readNodes(IdColumn.from(ids.slice(0, 256))), ({ rows, token }) => {
      for (const id of ids.slice(0, 256)) stretch.nodes.set(id, { rows, i: -1, token });
      for (let i = 0; i < rows.length; i++) stretch.nodes.set(rows.ids.at(i), { rows, i, token });
      if (token > stretch.read) stretch.read = token;
      return this.#readNodes(stretch, ids.slice(256));
    });
  }

  #readEdges(stretch: Stretch, ids: readonly Id[]): MaybePromise<void> {
    if (ids.length === 0) return;
    return andThen(this.#store.readEdges(IdColumn.from(ids.slice(0, 256))), ({ rows, token }) => {
      for (const id of ids.slice(0, 256)) stretch.edges.set(id, { rows, i: -1, token });
      for (let i = 0; i < rows.length; i++) stretch.edges.set(rows.ids.at(i), { rows, i, token });
      if (token > stretch.read) stretch.read = token;
      return this.#readEdges(stretch, ids.slice(256));
    });
  }

  #apply(stretch: Stretch): void {
    const resident = this.#resident;
    for (const commit of stretch.commits) {
      const own = this.#own.get(commit.unitId);
      if (own !== undefined) {
        resident.advance(own.changes, commit.token, own.began, own.additions);
        this.#own.delete(commit.unitId);
      } else {
        resident.follow(
          commit.changes!.map((change) => this.#applied(change, stretch)),
          commit.token,
        );
      }
    }
    resident.token = stretch.token;
  }

  /** Applies one change of another process to the tables. */
  #applied(change: Change, stretch: Stretch): AppliedChange {
    return change.kind === "node" ? this.#appliedNode(change, stretch) : this.#appliedEdge(change, stretch);
  }

  #appliedNode(change: Change, stretch: Stretch): AppliedChange {
    const resident = this.#resident;
    const { nodes, catalog } = resident;
    const [a, b, c, d] = this.#parse(change.id);
    const slot = nodes.find(a, b, c, d);
    const type = catalog.numberOfStored(change.type);
    const base = { kind: NODE, type, slot, id: change.id, source: -1, target: -1, told: change } as const;
    const row = stretch.nodes.get(change.id);
    if (change.op === "create") {
      // What is deleted in the same stretch has never been, as far as anybody here can tell.
      const op = row !== undefined && row.i < 0 ? 0 : CREATED;
      return { ...base, op, before: undefined, after: this.#stateIn(row, type) };
    }
    const isRoot = type === catalog.rootNumber;
    const granted = isRoot ? resident.classes.findOwner(a, b, c, d) : undefined;
    // Nothing that an unknown owner has was judged yet.
    const grantedBefore = granted?.access;
    const grants = (): AppliedChange["grants"] =>
      granted === undefined ? undefined : { root: change.id, before: grantedBefore, after: granted.access };
    if (change.op === "delete") {
      if (isRoot) resident.noteMissingOwner(change.id);
      const before = slot < 0 ? undefined : nodes.states[slot];
      const neighbors = slot >= 0 ? resident.vanish(nodes, slot) : undefined;
      return { ...base, op: REMOVED, before, after: undefined, grants: grants(), neighbors };
    }
    const op = opOf(change);
    const before = slot < 0 ? undefined : nodes.states[slot];
    // Whose owner is not known must not become resident; a root is its own.
    if (row !== undefined && row.i >= 0 && (slot >= 0 || isRoot)) resident.absorbNode(row.rows, row.i);
    // What is deleted later in the same stretch is judged by the fields that it was known with.
    else if (slot >= 0 && change.dataVersion !== undefined && row === undefined)
      resident.outdate(nodes, slot, change.dataVersion);
    const after = slot < 0 ? this.#stateIn(row, type) : nodes.states[slot];
    return { ...base, op: rewritten(op, before, after), before, after, grants: grants() };
  }

  #appliedEdge(change: Change, stretch: Stretch): AppliedChange {
    const resident = this.#resident;
    const { nodes, edges, catalog } = resident;
    const [sa, sb, sc, sd] = this.#parse(change.source!);
    const source = nodes.find(sa, sb, sc, sd);
    const [ta, tb, tc, td] = this.#parse(change.target!);
    const target = nodes.find(ta, tb, tc, td);
    const [a, b, c, d] = this.#parse(change.id);
    const slot = edges.find(a, b, c, d);
    const type = catalog.numberOfStored(change.type);
    const base = { kind: EDGE, type, slot, id: change.id, source, target, told: change } as const;
    if (change.op === "create") {
      if (slot < 0) resident.forgetEnds(source, target, type, this.#words, 0);
      const row = stretch.edges.get(change.id);
      return {
        ...base,
        op: row !== undefined && row.i < 0 ? 0 : CREATED,
        before: undefined,
        after: slot < 0 ? this.#stateIn(row, type) : edges.states[slot],
        sourceSeen: this.#seen(stretch, change.source!),
        targetSeen: this.#seen(stretch, change.target!),
      };
    }
    const before = slot < 0 ? undefined : edges.states[slot];
    if (change.op === "delete") {
      if (slot >= 0) resident.vanish(edges, slot);
      return { ...base, op: REMOVED, before, after: undefined };
    }
    const row = stretch.edges.get(change.id);
    if (row !== undefined && row.i >= 0 && slot >= 0) resident.absorbEdge(row.rows, row.i);
    else if (slot >= 0 && change.dataVersion !== undefined && row === undefined)
      resident.outdate(edges, slot, change.dataVersion);
    const after = slot < 0 ? this.#stateIn(row, type) : edges.states[slot];
    return { ...base, op: rewritten(opOf(change), before, after), before, after };
  }

  /** The fields that were read for guards; `undefined` where they were not, or cannot be read. */
  #stateIn(row: Read<NodeRows | EdgeRows> | undefined, type: number): RecordState | undefined {
    const fields = row === undefined || row.i < 0 ? undefined : row.rows.fields[row.i];
    if (row === undefined || fields === undefined || fields instanceof RowDamage) return undefined;
    const state = this.#resident.stateOfRow(type, fields, row.rows.shapes[row.i]!);
    return damageOf(state) === undefined ? state : undefined;
  }

  #seen({ nodes }: Stretch, id: Id): SeenNode | undefined {
    const row = nodes.get(id);
    if (row === undefined || row.i < 0) return undefined;
    const type = this.#resident.catalog.numberOfStored(row.rows.types[row.i]!);
    return { type, state: this.#stateIn(row, type) };
  }

  /** What L1 knows cannot be brought up to date: it is dropped, and open units begin again. */
  #startAfresh(): MaybePromise<void> {
    return andThen(this.#store.current(), (token) =>
      andThen(this.#learnTypes(), () => {
        this.#resident.flush(token);
        // What is on its way names slots that nobody finds any more: it will be read like anybody's.
        this.#own.clear();
      }),
    );
  }

  #parse(id: Id): [number, number, number, number] {
    const words = this.#words;
    parseId(id, words);
    return [words[0]!, words[1]!, words[2]!, words[3]!];
  }
}

function noop(): void {}

function rewritten(op: number, before: RecordState | undefined, after: RecordState | undefined): number {
  if (op !== DATA || before === undefined || after === undefined) return op;
  return isStoredAnew(before, after) ? op | REWRITTEN : op;
}

function opOf(change: Change): number {
  return (change.dataVersion === undefined ? 0 : DATA) | (change.accessVersion === undefined ? 0 : ACCESS);
}
