import { type Id, IdColumn, idBefore } from "../model/id.ts";
import type { CommitRecord, Guard, Token } from "../persistence/change.ts";
import { type RowView, viewsOf } from "../persistence/row-view.ts";
import type { AdjacencyRows } from "../persistence/rows.ts";
import type { AdjacencyRequest, LookupRequest, Store } from "../persistence/store.ts";

/** Records that one call of a store may ask for. */
export const BATCH = 256;

/** How often something is looked at that others change meanwhile. */
const MOST_LOOKS = 50;

/** Ids that several processes may have made in one moment. */
export const FEW = 4;

export type Direction = "out" | "in";

/** One edge of a neighbourhood. */
export interface NeighborView {
  readonly edge: Id;
  readonly type: string;
  readonly forward: boolean;
  readonly far: Id;
}

/** Which records a group of reads has to do with. */
export interface Involved {
  has(id: Id): boolean;
  add(id: Id): void;
}

/**
 * Some reads that are to be of one moment, with what they have to do with. They go to the store itself, past L1: what
 * is looked for is what L1 does not show.
 */
export class Look {
  readonly store: Store;
  readonly involved: Involved;
  /** The same as guards, for a commit that depends on it. */
  readonly guards: Guard[] = [];
  #first: Token | undefined;
  #last: Token | undefined;

  constructor(store: Store, involved: Involved = new Set<Id>()) {
    this.store = store;
    this.involved = involved;
  }

  /** The newest moment of which anything was read. */
  get token(): Token {
    return this.#last as Token;
  }

  async nodes(ids: readonly Id[]): Promise<Map<Id, RowView>> {
    const found = new Map<Id, RowView>();
    for (let from = 0; from < ids.length; from += BATCH) {
      const { rows, token } = await this.store.readNodes(IdColumn.from(ids.slice(from, from + BATCH)));
      this.#note(token);
      for (const view of viewsOf(rows)) found.set(view.id, view);
    }
    this.#noteRecords("node", ids, found);
    return found;
  }

  async edges(ids: readonly Id[]): Promise<Map<Id, RowView>> {
    const found = new Map<Id, RowView>();
    for (let from = 0; from < ids.length; from += BATCH) {
      const { rows, token } = await this.store.readEdges(IdColumn.from(ids.slice(from, from + BATCH)));
      this.#note(token);
      for (const view of viewsOf(rows)) found.set(view.id, view);
    }
    this.#noteRecords("edge", ids, found);
    return found;
  }

  async record(kind: "node" | "edge", id: Id): Promise<RowView | undefined> {
    return (await (kind === "node" ? this.nodes([id]) : this.edges([id]))).get(id);
  }

  /** Neighbourhoods of at most {@link BATCH} nodes, all asked for alike. */
  async around(nodes: readonly Id[], request: Partial<AdjacencyRequest>): Promise<Stretch[]> {
    const asked: AdjacencyRequest = {
      direction: "out",
      edgeType: undefined,
      order: "asc",
      after: undefined,
      limit: 1,
      edgeFields: false,
      ...request,
    };
    const answer = await this.store.readAdjacency(
      IdColumn.from(nodes),
      nodes.map(() => asked),
    );
    this.#note(answer.token);
    for (const node of nodes) {
      this.involved.add(node);
      this.guards.push({ kind: "adjacency", node, direction: asked.direction, edgeType: asked.edgeType });
    }
    return stretchesOf(answer.rows);
  }

  /** What stands at the place of this edge in a neighbourhood. */
  async atPlaceOf(
    edge: Id,
    node: Id,
    direction: Direction,
    edgeType?: string,
  ): Promise<NeighborView | undefined> {
    const request = { direction, edgeType, after: idBefore(edge), limit: FEW };
    const [stretch] = await this.around([node], request);
    return stretch?.edges.find((found) => found.edge === edge);
  }

  async scan(kind: "node" | "edge", type: string, after: Id | undefined, limit: number): Promise<Page> {
    const asked = { type, order: "asc", after, limit } as const;
    const page =
      kind === "node"
        ? await this.store.scan({ ...asked, kind: "node" })
        : await this.store.scan({ ...asked, kind: "edge" });
    this.#note(page.token);
    return { views: viewsOf(page.rows), more: page.more };
  }

  async lookup(request: Omit<LookupRequest, "order">): Promise<Page> {
    const { rows, more, token } = await this.store.lookup({ ...request, order: "asc" });
    this.#note(token);
    const views = viewsOf(rows);
    for (const { id } of views) this.involved.add(id);
    return { views, more };
  }

  /** Whether all that was read was true at one moment. */
  async isOfOneMoment(): Promise<boolean> {
    let since = this.#first;
    while (since !== undefined && since < this.token) {
      const page = await this.store.changes(since);
      if (page === "lost" || page.token <= since) return false;
      if (page.commits.some((commit) => this.#concerns(commit))) return false;
      since = page.token;
    }
    return true;
  }

  #note(token: Token): void {
    if (this.#first === undefined || token < this.#first) this.#first = token;
    if (this.#last === undefined || token > this.#last) this.#last = token;
  }

  #noteRecords(record: "node" | "edge", ids: readonly Id[], found: ReadonlyMap<Id, RowView>): void {
    for (const id of ids) {
      this.involved.add(id);
      const view = found.get(id);
      if (view === undefined) this.guards.push({ kind: "absent", id });
      else
        this.guards.push({
          kind: "record",
          record,
          id,
          dataVersion: view.dataVersion,
          accessVersion: view.accessVersion,
        });
    }
  }

  #concerns({ token, changes }: CommitRecord): boolean {
    return token <= this.token && touches(changes, this.involved);
  }
}

/** Whether a commit has to do with any of these records; of one that does not say, one must assume so. */
export function touches(changes: CommitRecord["changes"], involved: Involved): boolean {
  if (changes === undefined) return true;
  return changes.some(
    ({ id, source, target }) =>
      involved.has(id) ||
      (source !== undefined && involved.has(source)) ||
      (target !== undefined && involved.has(target)),
  );
}

/** Rows of a scan or lookup. */
export interface Page {
  readonly views: readonly RowView[];
  readonly more: boolean;
}

/** What was found of one neighbourhood. */
export interface Stretch {
  readonly edges: readonly NeighborView[];
  readonly more: boolean;
}

/** What a group of reads says, if it could be had of one moment. */
export type Settled<T> = { readonly look: Look; readonly says: T } | undefined;

/**
 * Reads until what was read is of one moment: each read answers with a token, and where the tokens differ, no commit
 * in between may have to do with the records that were read. `undefined` where others change them again and again.
 */
export async function atOneMoment<T>(
  store: Store,
  read: (look: Look) => Promise<T>,
  involved: () => Involved = () => new Set<Id>(),
): Promise<Settled<T>> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const look = new Look(store, involved());
    const says = await read(look);
    if (await look.isOfOneMoment()) return { look, says };
  }
  return undefined;
}

function stretchesOf(rows: AdjacencyRows): Stretch[] {
  return rows.ends.map((end, i) => {
    const edges: NeighborView[] = [];
    for (let at = i === 0 ? 0 : rows.ends[i - 1]!; at < end; at++) {
      edges.push({
        edge: rows.edges.at(at),
        type: rows.edgeTypes[rows.headAt(at)]!,
        forward: rows.forward[at] === 1,
        far: rows.farIds.at(rows.farAt(at)),
      });
    }
    return { edges, more: rows.more[i]! };
  });
}
