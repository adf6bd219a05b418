import { type Id, IdColumn } from "../model/id.ts";
import { IdTable, STORE } from "../model/id-table.ts";
import type { RowView } from "../persistence/row-view.ts";
import type { Store } from "../persistence/store.ts";
import type { Suspect } from "./finding.ts";
import { atOneMoment, BATCH, type Involved, Look } from "./look.ts";
import type { Repairer } from "./repair.ts";

const PAGE = 256;
/** Nodes that one repair deletes at most. */
const MOST_DELETED = 500;

/** Ids in a table: a fifth of what a `Set` of texts takes. In the order in which they came. */
class IdSet implements Involved {
  readonly table: IdTable = new IdTable();
  readonly #column: IdColumn = new IdColumn();

  get size(): number {
    return this.table.size;
  }

  has(id: Id): boolean {
    return this.table.findText(id) >= 0;
  }

  add(id: Id): void {
    if (!this.has(id)) this.table.takeText(STORE, id);
  }

  /** Some of them, from the one that came as number `from`. */
  slice(from: number, count: number): Id[] {
    this.#column.clear();
    const { words } = this.table;
    for (let at = from * 4; at < Math.min(from + count, this.size) * 4; at += 4)
      this.#column.pushWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    return [...this.#column];
  }
}

/** Nodes that hang together, and whether a root is among them. */
interface Component {
  readonly nodes: readonly RowView[];
  readonly isRooted: boolean;
}

/**
 * Finds nodes that no root leads to, whichever way edges point. Everything that a root leads to is kept as an id, some
 * 24 bytes each: that is all that grows with the graph.
 */
export class OrphanPass {
  readonly #store: Store;
  readonly #pause: () => Promise<void>;
  readonly #reached: IdSet = new IdSet();

  constructor(store: Store, pause: () => Promise<void>) {
    this.#store = store;
    this.#pause = pause;
  }

  get reached(): number {
    return this.#reached.size;
  }

  /** @param onStep after each stretch */
  async begin(rootTypes: readonly string[], onStep: () => Promise<void>): Promise<void> {
    const look = new Look(this.#store, nothing);
    for (const type of rootTypes) {
      let after: Id | undefined;
      do {
        const page = await look.scan("node", type, after, BATCH);
        for (const { id } of page.views) this.#reached.add(id);
        after = page.more ? page.views.at(-1)?.id : undefined;
        await onStep();
      } while (after !== undefined);
    }
    for (let at = 0; at < this.#reached.size; ) {
      const batch = this.#reached.slice(at, BATCH);
      at += batch.length;
      await this.#spread(look, batch, (far) => this.#reached.add(far));
      await onStep();
    }
  }

  /** Those of some nodes that no root leads to, each with all that hangs on it. */
  async orphans(views: readonly RowView[]): Promise<{ orphans: RowView[]; unsettled: number }> {
    const orphans: RowView[] = [];
    let unsettled = 0;
    for (const { id } of views) {
      if (this.#reached.has(id)) continue;
      const settled = await atOneMoment(this.#store, (look) => this.#component(look, id), ids);
      if (settled === undefined) {
        unsettled += 1;
        continue;
      }
      for (const node of settled.says.nodes) this.#reached.add(node.id);
      if (!settled.says.isRooted) orphans.push(...settled.says.nodes);
    }
    return { orphans, unsettled };
  }

  /** Deletes those of the nodes that are orphans still; gives which ones it has deleted. */
  async delete(nodes: readonly RowView[], repairer: Repairer): Promise<Set<Id>> {
    const deleted = new Set<Id>();
    const settled = new Set<Id>();
    const left = (): RowView[] => nodes.filter(({ id }) => !deleted.has(id) && !settled.has(id));
    for (let open = left(); open.length > 0; open = left()) {
      const rooted = new Set<Id>();
      const gone = await repairer.deleteNodes(async (look) => {
        rooted.clear();
        const doomed = new Map<Id, RowView>();
        const seen = new Set<Id>();
        for (const { id } of open) {
          if (doomed.size >= MOST_DELETED) break;
          if (seen.has(id)) continue;
          const component = await this.#component(look, id);
          for (const node of component.nodes) seen.add(node.id);
          // One that others have deleted meanwhile has no component.
          if (component.isRooted || component.nodes.length === 0) rooted.add(id);
          // From its far side, so that what is left still hangs together.
          else
            for (const node of component.nodes.slice(-(MOST_DELETED - doomed.size)))
              doomed.set(node.id, node);
        }
        return [...doomed.values()];
      }, ids);
      if (gone === undefined) break;
      for (const id of gone) deleted.add(id);
      for (const id of rooted) settled.add(id);
      if (gone.length === 0 && rooted.size === 0) break;
      await this.#pause();
    }
    return deleted;
  }

  suspect({ id, type }: RowView): Suspect {
    return { kind: "orphan", record: "node", id, type, look: async () => undefined };
  }

  /** All that hangs together with a node, or as much of it as was met until a root was. */
  async #component(look: Look, start: Id): Promise<Component> {
    const met = new IdSet();
    met.add(start);
    const nodes: RowView[] = [];
    for (let at = 0; at < met.size; ) {
      const batch = met.slice(at, BATCH);
      at += batch.length;
      const views = await look.nodes(batch);
      for (const id of batch) {
        const view = views.get(id);
        if (view === undefined) continue;
        nodes.push(view);
        if (view.type === "Root") return { nodes, isRooted: true };
      }
      await this.#spread(look, batch, (far) => met.add(far));
    }
    return { nodes, isRooted: false };
  }

  /** Meets everything next to some nodes. */
  async #spread(look: Look, nodes: readonly Id[], meet: (far: Id) => void): Promise<void> {
    if (nodes.length === 0) return;
    for (const direction of ["out", "in"] as const) {
      for (const [i, { edges, more }] of (await look.around(nodes, { direction, limit: PAGE })).entries()) {
        for (const { far } of edges) meet(far);
        let after = more ? edges.at(-1)?.edge : undefined;
        while (after !== undefined) {
          const [page] = await look.around([nodes[i]!], { direction, after, limit: PAGE * 4 });
          for (const { far } of page!.edges) meet(far);
          const last: Id | undefined = page!.edges.at(-1)?.edge;
          after = page!.more && last !== undefined && last > after ? last : undefined;
        }
      }
    }
  }
}

const ids = (): Involved => new IdSet();

/** Of reads whose moment does not matter. */
const nothing: Involved = Object.freeze({ has: () => false, add: () => {} });
