import { judgedLevel } from "../access/judged-level.ts";
import { grantedLevel } from "../access/policy.ts";
import type { Principal } from "../access/principal.ts";
import { ConflictError, NotFoundError } from "../errors.ts";
import { partsOf, type SessionCore } from "../graph/session.ts";
import { type AccessRecord, newNodeAccess } from "../model/access-record.ts";
import { compareIdWords, type Id } from "../model/id.ts";
import { IdTable, STORE } from "../model/id-table.ts";
import { UnknownValue } from "../model/unknown-value.ts";
import { pushRow } from "../persistence/copy-rows.ts";
import { EdgeRows, type FieldData, NodeRows, RowDamage } from "../persistence/rows.ts";
import type { EdgePage, NodePage, Store, StoreSnapshot } from "../persistence/store.ts";
import type { RecordState } from "../resident/record-table.ts";
import { damageOf } from "../resident/states.ts";
import type { CatalogDescription } from "../schema/catalog-description.ts";
import type { State } from "../schema/entity.ts";

const pageRows = 1_000;

/** A stretch of rows, and which of them the principal may see. */
export interface SeenRows<R extends NodeRows> {
  readonly rows: R;
  readonly seen: readonly number[];
}

/**
 * What a principal may see of a graph at one moment, read in stretches, nodes and edges each in the order of their ids.
 * Nothing of it passes through L1, so that an export of everything evicts nothing.
 */
export class Moment {
  readonly catalog: CatalogDescription;
  readonly #core: SessionCore;
  readonly #principal: Principal;
  readonly #snapshot: StoreSnapshot;
  /** What roots grant, where they grant anything; and who the roots are. The system root needs to know neither. */
  readonly #grants: Map<Id, AccessRecord> = new Map();
  readonly #roots: IdTable = new IdTable();
  /** Nodes that may be seen: an edge is where both its ends are. */
  readonly #seen: IdTable = new IdTable();
  #knowsNodes = false;

  private constructor(core: SessionCore, principal: Principal, snapshot: StoreSnapshot) {
    this.#core = core;
    this.#principal = principal;
    this.#snapshot = snapshot;
    this.catalog = snapshot.catalog;
  }

  /**
   * Holds a moment for as long as `body` goes on.
   *
   * @param session of whoever looks
   * @throws {TypeError} for anything but a session; {NotFoundError} where its principal is no root
   */
  static async *during<T>(
    what: string,
    session: unknown,
    body: (moment: Moment) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    const parts = partsOf(session);
    if (parts === undefined)
      throw new TypeError(`${what} takes a graph, or what graph.as(root) gives: it reads as that principal`);
    const { core, principal } = parts;
    core.enter();
    try {
      const snapshot = await hold(core);
      try {
        const moment = new Moment(core, principal, snapshot);
        await moment.#begin();
        yield* body(moment);
      } finally {
        await snapshot.close();
      }
    } finally {
      core.leave();
    }
  }

  async *nodes(): AsyncGenerator<SeenRows<NodeRows>> {
    for await (const rows of this.#pages("nodes")) {
      const seen: number[] = [];
      for (let i = 0; i < rows.length; i++) {
        if (!this.#sees(rows, i)) continue;
        seen.push(i);
        if (!this.#principal.isSystem && !this.#knowsNodes) this.#seen.takeIn(STORE, rows.ids, i);
      }
      yield { rows, seen };
    }
    this.#knowsNodes = true;
  }

  /** After `nodes`. */
  async *edges(): AsyncGenerator<SeenRows<EdgeRows>> {
    for await (const rows of this.#pages("edges")) {
      const seen: number[] = [];
      for (let i = 0; i < rows.length; i++) {
        const hasEnds =
          this.#principal.isSystem ||
          (this.#seen.findIn(rows.sources, i) >= 0 && this.#seen.findIn(rows.targets, i) >= 0);
        if (hasEnds && this.#sees(rows, i)) seen.push(i);
      }
      yield { rows, seen };
    }
  }

  /** The type's number in the catalog of the code; of one that came later that of its base, 0 where there is none. */
  typeOf(name: string): number {
    const { catalog } = this.#core.runtime;
    for (let at: string | undefined = name; at !== undefined; ) {
      const number = catalog.findStored(at);
      if (number !== 0) return number;
      const wanted: string = at;
      at = this.catalog.types.find((type) => type.name === wanted)?.parent;
    }
    return 0;
  }

  /** The fields as the code reads them, `undefined` where it cannot. */
  stateOf(rows: NodeRows, i: number): State | undefined {
    const type = this.typeOf(rows.types[i]!);
    if (type === 0) return {};
    const state = this.#read(type, rows, i);
    return damageOf(state) === undefined ? state : undefined;
  }

  #read(type: number, rows: NodeRows, i: number): RecordState {
    return this.#core.runtime.resident.stateOfRow(type, rows.fields[i]!, rows.shapes[i]!);
  }

  /** Whether everything is seen, and nothing kept back. */
  get isWhole(): boolean {
    return this.#principal.isSystem;
  }

  /** The types as the code has them; of others no more than that they are there. */
  get declaredCatalog(): CatalogDescription {
    const { types, indexes } = this.#core.runtime.catalog.describe();
    const declared = new Map(types.map((type) => [type.name, type]));
    return {
      types: this.catalog.types.map((type) => declared.get(type.name) ?? { ...type, shapes: [] }),
      indexes,
    };
  }

  /** What the principal may read of a record, by the names in stored ones. */
  declaredFields(rows: NodeRows, i: number): FieldData | RowDamage {
    const type = this.typeOf(rows.types[i]!);
    if (type === 0) return {};
    const state = this.#read(type, rows, i);
    const damage = damageOf(state);
    if (damage !== undefined) return new RowDamage(damage.reason);
    const fields: Record<string, unknown> = {};
    for (const { name, key } of this.#core.runtime.catalog.definition(type).fields)
      if (!(state[name] instanceof UnknownValue)) fields[key] = state[name];
    return fields;
  }

  async #begin(): Promise<void> {
    if (this.#principal.isSystem) return;
    for await (const rows of this.#pages("nodes")) {
      for (let i = 0; i < rows.length; i++) {
        if (rows.types[i] !== "Root") continue;
        this.#roots.takeIn(STORE, rows.ids, i);
        if (rows.access[i] !== newNodeAccess) this.#grants.set(rows.ids.at(i), rows.access[i]!);
      }
    }
    const { id } = this.#principal;
    if (this.#roots.findText(id) < 0) throw new NotFoundError({ message: `there is no root ${id}` });
  }

  /** As `Unit.levelOf` decides it, over rows of this moment: the system root, the owner, the type's rule, grants. */
  #sees(rows: NodeRows, i: number): boolean {
    const { id: me, isSystem, words } = this.#principal;
    if (isSystem || compareIdWords(rows.owners.words, i * 4, words, 0) === 0) return true;
    const type = this.typeOf(rows.types[i]!);
    const { catalog } = this.#core.runtime;
    if (type !== 0 && catalog.isRuled(type)) {
      const answer = judgedLevel(catalog.definition(type), this.#read(type, rows, i), me, undefined);
      if (answer !== undefined) return answer > 0;
    }
    const isOwned = this.#roots.findIn(rows.owners, i) >= 0;
    const byOwner = isOwned ? (this.#grants.get(rows.owners.at(i)) ?? newNodeAccess) : null;
    return grantedLevel(rows.access[i]!, byOwner, me) > 0;
  }

  #pages(kind: "nodes"): AsyncGenerator<NodeRows>;
  #pages(kind: "edges"): AsyncGenerator<EdgeRows>;
  async *#pages(kind: "nodes" | "edges"): AsyncGenerator<NodeRows | EdgeRows> {
    const { scheduler } = this.#core.runtime;
    let after: Id | undefined;
    for (let more = true; more; ) {
      const page = await this.#snapshot[kind](after, pageRows);
      if (page.rows.length > 0) after = page.rows.ids.at(page.rows.length - 1);
      more = page.more;
      yield page.rows;
      await new Promise<void>((resolve) => scheduler.nextTurn(resolve));
    }
  }
}

async function hold({ runtime: { store, catalog } }: SessionCore): Promise<StoreSnapshot> {
  if (store.snapshot !== undefined) return store.snapshot();
  return new ScanSnapshot(store, catalog.stored, await store.current());
}

/** Of a store that cannot hold a moment: scans of all types beside one another, which fail once somebody has committed. */
class ScanSnapshot implements StoreSnapshot {
  readonly token: string;
  readonly catalog: CatalogDescription;
  readonly #store: Store;

  constructor(store: Store, catalog: CatalogDescription, token: string) {
    this.#store = store;
    this.catalog = catalog;
    this.token = token;
  }

  nodes(after: Id | undefined, limit: number): Promise<{ rows: NodeRows; more: boolean }> {
    const scan = (type: string) => this.#store.scan({ kind: "node", type, order: "asc", after, limit });
    return this.#merged("node", limit, scan, new NodeRows());
  }

  async edges(after: Id | undefined, limit: number): Promise<{ rows: EdgeRows; more: boolean }> {
    const scan = (type: string) => this.#store.scan({ kind: "edge", type, order: "asc", after, limit });
    return this.#merged("edge", limit, scan, new EdgeRows());
  }

  close(): void {}

  async #merged<R extends NodeRows>(
    kind: "node" | "edge",
    limit: number,
    scan: (type: string) => NodePage | EdgePage | Promise<NodePage | EdgePage>,
    merged: R,
  ): Promise<{ rows: R; more: boolean }> {
    const pages: { page: NodePage | EdgePage; at: number }[] = [];
    for (const type of this.catalog.types) {
      if (type.kind !== kind) continue;
      const page = await scan(type.name);
      if (page.token !== this.token)
        throw new ConflictError({
          message: `somebody committed during an export, and ${this.#store.name} cannot hold a moment`,
          remedy: "Export again while nobody writes, or from a store that has snapshot().",
        });
      if (page.rows.length > 0) pages.push({ page, at: 0 });
    }
    let more = pages.some(({ page }) => page.more);
    while (merged.length < limit && pages.length > 0) {
      let first = 0;
      for (let k = 1; k < pages.length; k++) if (isBefore(pages[k]!, pages[first]!)) first = k;
      const from = pages[first]!;
      pushRow<NodeRows>(merged, from.page.rows, from.at++);
      if (from.at === from.page.rows.length) pages.splice(first, 1);
    }
    more ||= pages.length > 0;
    return { rows: merged, more };
  }
}

interface Place {
  readonly page: { readonly rows: NodeRows };
  readonly at: number;
}

function isBefore(left: Place, right: Place): boolean {
  const { words } = left.page.rows.ids;
  return compareIdWords(words, left.at * 4, right.page.rows.ids.words, right.at * 4) < 0;
}
