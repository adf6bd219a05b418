import { type Id, IdColumn, IdSource } from "../../model/id.ts";
import type { CatalogDescription } from "../../schema/catalog-description.ts";
import type { CommitRecord, Guards, Token } from "../change.ts";
import { type RowView, viewsOf } from "../row-view.ts";
import type { FieldData } from "../rows.ts";
import type { AdjacencyRequest, CommitOutcome, LookupRequest, ScanRequest, Store } from "../store.ts";
import { ConformanceError } from "./assert.ts";
import { BatchDraft } from "./batch-draft.ts";
import { catalog } from "./catalog.ts";

/** One request's part of an adjacency answer. */
export interface Neighborhood {
  readonly edges: readonly Id[];
  readonly types: readonly string[];
  readonly forward: readonly boolean[];
  readonly far: readonly Id[];
  readonly more: boolean;
}

/** A page of records, by their ids. */
export interface PageView {
  readonly ids: readonly Id[];
  readonly more: boolean;
}

/**
 * A client of an open store in which two roots exist, with the words that tests of stores are written in. It asks the
 * store alone: no graph and no cache stands in between.
 *
 * ```ts
 * const client = await StoreClient.start({ create: () => checkedStore(myStore(path)) });
 * const id = await client.newNode("Person", { name: "Ann" });
 * (await client.node(id))?.fields; // { name: "Ann" }
 * ```
 */
export class StoreClient {
  readonly store: Store;
  /** The roots that own what tests make; `ann` unless another is named. */
  readonly ann: Id;
  readonly bob: Id;
  readonly #ids: IdSource;
  /** How this client came to be; kept to make further ones. */
  readonly #origin: StoreOrigin;

  private constructor(store: Store, origin: StoreOrigin, ids: IdSource, ann: Id, bob: Id) {
    this.store = store;
    this.#origin = origin;
    this.#ids = ids;
    this.ann = ann;
    this.bob = bob;
  }

  /** Opens a new store with the catalog of the suite, and makes the two roots. */
  static async start(origin: StoreOrigin): Promise<StoreClient> {
    const store = await origin.create();
    await store.open(catalog);
    const ids = new IdSource();
    const [ann, bob] = [ids.nextId(), ids.nextId()];
    const session = new StoreClient(store, origin, ids, ann, bob);
    const draft = session.draft();
    draft.node("Root", {}, { id: ann, owner: ann });
    draft.node("Root", {}, { id: bob, owner: bob });
    await session.commit(draft);
    return session;
  }

  /** The same data after the store was closed and opened again. */
  async reopened(as: CatalogDescription = catalog): Promise<StoreClient> {
    if (this.#origin.reopen === undefined) throw new ConformanceError("there is no `reopen`");
    await this.store.close();
    return this.#opened(await this.#origin.reopen(this.store), as);
  }

  /** A second client of the same data. */
  async connected(as: CatalogDescription = catalog): Promise<StoreClient> {
    if (this.#origin.connect === undefined) throw new ConformanceError("there is no `connect`");
    return this.#opened(await this.#origin.connect(this.store), as);
  }

  /** The same data through another store object, whichever way there is. */
  async again(as: CatalogDescription = catalog): Promise<StoreClient> {
    return this.#origin.connect === undefined ? this.reopened(as) : this.connected(as);
  }

  async #opened(store: Store, as: CatalogDescription): Promise<StoreClient> {
    await store.open(as);
    return new StoreClient(store, this.#origin, this.#ids, this.ann, this.bob);
  }

  newId(): Id {
    return this.#ids.nextId();
  }

  draft(): BatchDraft {
    return new BatchDraft(() => this.newId(), this.ann);
  }

  async current(): Promise<Token> {
    return this.store.current();
  }

  /** Offers one batch as of now, or as of an earlier token. */
  async offer(draft: BatchDraft, guards?: Guards, base?: Token): Promise<CommitOutcome> {
    const [outcome] = await this.store.commit([draft.batch(base ?? (await this.current()), guards)]);
    if (outcome === undefined) throw new ConformanceError("commit answers for every batch");
    return outcome;
  }

  /** Commits what must be committed. */
  async commit(draft: BatchDraft, guards?: Guards, base?: Token): Promise<Token> {
    const outcome = await this.offer(draft, guards, base);
    if (outcome.status !== "committed") {
      throw new ConformanceError(`the batch is committed: expected "committed", got "${outcome.status}"`);
    }
    return outcome.token;
  }

  /** Makes one node in a commit of its own. */
  async newNode(type: string, fields: FieldData = {}, owner: Id = this.ann): Promise<Id> {
    const draft = this.draft();
    const id = draft.node(type, fields, { owner });
    await this.commit(draft);
    return id;
  }

  /** Adds 1 to the field `rank` of a person, as often tried as it takes. */
  async increment(id: Id): Promise<void> {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const node = await this.node(id);
      if (node === undefined) throw new ConformanceError("the node is there");
      const { rank } = node.fields as { rank: number };
      const outcome = await this.offer(
        this.draft().write("Person", id, node.dataVersion, { rank: rank + 1 }),
      );
      if (outcome.status === "committed") return;
    }
    throw new ConformanceError("an increment that is tried again comes through some time");
  }

  async node(id: Id): Promise<RowView | undefined> {
    return (await this.nodes(id))[0];
  }

  async nodes(...ids: readonly Id[]): Promise<RowView[]> {
    return viewsOf((await this.store.readNodes(IdColumn.from(ids))).rows);
  }

  async edge(id: Id): Promise<RowView | undefined> {
    return (await this.edges(id))[0];
  }

  async edges(...ids: readonly Id[]): Promise<RowView[]> {
    return viewsOf((await this.store.readEdges(IdColumn.from(ids))).rows);
  }

  /** The node's edges: outgoing, of every type, ascending, up to 100, unless said otherwise. */
  async around(node: Id, request: Partial<AdjacencyRequest> = {}): Promise<Neighborhood> {
    const { rows } = await this.store.readAdjacency(IdColumn.of(node), [adjacency(request)]);
    return {
      edges: [...rows.edges],
      types: rows.forward.map((_, i) => rows.edgeTypes[rows.headAt(i)]!),
      forward: rows.forward.map((flag) => flag === 1),
      far: rows.forward.map((_, i) => rows.farIds.at(rows.farAt(i))),
      more: rows.more[0]!,
    };
  }

  async lookup(request: Partial<LookupRequest> & { index: string }): Promise<PageView> {
    const { rows, more } = await this.store.lookup({ equals: [], order: "asc", limit: 100, ...request });
    return { ids: [...rows.ids], more };
  }

  async scan(request: Partial<ScanRequest> & { type: string }): Promise<PageView> {
    const asked = { order: "asc", after: undefined, limit: 100, ...request } as const;
    const { rows, more } =
      request.kind === "edge"
        ? await this.store.scan({ ...asked, kind: "edge" })
        : await this.store.scan({ ...asked, kind: "node" });
    return { ids: [...rows.ids], more };
  }

  /** Every commit after a token. */
  async changesSince(since: Token): Promise<CommitRecord[]> {
    const commits: CommitRecord[] = [];
    for (let from = since; ; ) {
      const page = await this.store.changes(from);
      if (page === "lost") throw new ConformanceError("a token of this store is not lost");
      commits.push(...page.commits);
      if (!page.more) return commits;
      if (page.token === from)
        throw new ConformanceError("a page of changes with more after it goes forward");
      from = page.token;
    }
  }

  async purgeAll(): Promise<void> {
    while (await this.store.purge(100));
  }
}

/** How stores are made, which whoever makes them closes. */
export interface StoreOrigin {
  /** A store that is not open yet, over no data. */
  create(): Store | Promise<Store>;
  /** Another one over the data of this one, which is closed; for a store that keeps them. */
  readonly reopen?: ((store: Store) => Store | Promise<Store>) | undefined;
  /** Another one over the data of this one, which stays open; for a store that several clients share. */
  readonly connect?: ((store: Store) => Store | Promise<Store>) | undefined;
}

export function adjacency(request: Partial<AdjacencyRequest> = {}): AdjacencyRequest {
  return {
    direction: "out",
    edgeType: undefined,
    order: "asc",
    after: undefined,
    limit: 100,
    edgeFields: true,
    ...request,
  };
}
