import { IdColumn } from "../../model/id.ts";
import type { CommitBatch, CommitOutcome } from "../store.ts";
import type { CommitLog } from "./commit-log.ts";
import type { IndexEntry, IndexSet } from "./index-set.ts";
import type { Records } from "./records.ts";

export const CONFLICT: CommitOutcome = Object.freeze({ status: "conflict" });

/** The slots of what a batch creates and changes, row by row. */
interface Staged {
  readonly nodes: number[];
  readonly edges: number[];
  readonly updates: number[];
}

/** Applies a batch whole or not at all: whatever can fail is found out before anything can be seen. */
export class BatchWriter {
  readonly #records: Records;
  readonly #indexes: IndexSet;
  readonly #log: CommitLog;
  readonly #id: IdColumn = new IdColumn(1);

  constructor(records: Records, indexes: IndexSet, log: CommitLog) {
    this.#records = records;
    this.#indexes = indexes;
    this.#log = log;
  }

  write(batch: CommitBatch): CommitOutcome {
    const staged: Staged = { nodes: [], edges: [], updates: new Array<number>(batch.updates.length) };
    let written = false;
    try {
      if (!this.#stage(batch, staged)) return CONFLICT;
      const duplicate = this.#reindex(batch, staged);
      if (duplicate !== undefined) return this.#duplicate(duplicate);
      written = true;
    } finally {
      if (!written) this.#unstage(staged);
    }
    this.#apply(batch, staged);
    return this.#log.close(batch.unitId);
  }

  /** False where a record is not as the batch expects. */
  #stage(batch: CommitBatch, staged: Staged): boolean {
    const { nodes, edges } = this.#records;
    for (let i = 0; i < batch.nodes.length; i++) {
      // Tombstones count: their id is free only once they are purged.
      if (nodes.find(batch.nodes.ids, i) >= 0) return false;
      staged.nodes.push(this.#records.stageNode(batch.nodes, i));
    }
    for (let i = 0; i < batch.edges.length; i++) {
      const source = this.#records.findNode(batch.edges.sources, i);
      const target = this.#records.findNode(batch.edges.targets, i);
      if (source < 0 || target < 0 || edges.find(batch.edges.ids, i) >= 0) return false;
      staged.edges.push(this.#records.stageEdge(batch.edges, i, source, target));
    }
    for (let i = 0; i < batch.updates.length; i++) {
      const update = batch.updates[i]!;
      this.#id.clear();
      this.#id.push(update.id);
      const isNode = update.kind === "node";
      const table = isNode ? nodes : edges;
      const slot = isNode ? this.#records.findNode(this.#id, 0) : this.#records.findEdge(this.#id, 0);
      if (slot < 0) return false;
      if (update.data !== undefined && update.data.expected !== table.dataVersions.at(slot)) return false;
      if (update.access !== undefined && update.access.expected !== table.accessVersions.at(slot))
        return false;
      staged.updates[i] = slot;
    }
    return true;
  }

  #unstage(staged: Staged): void {
    for (const slot of staged.nodes) this.#records.unstageNode(slot);
    for (const slot of staged.edges) this.#records.unstageEdge(slot);
  }

  #duplicate({ index, slot }: IndexEntry): CommitOutcome {
    return { status: "duplicate", index: index.name, record: this.#records.nodes.ids.text(slot) };
  }

  /** Gives the entry whose unique key is taken; no index has changed then. */
  #reindex(batch: CommitBatch, staged: Staged): IndexEntry | undefined {
    const { nodes } = this.#records;
    const removed: IndexEntry[] = [];
    const added: IndexEntry[] = [];
    for (const slot of staged.nodes) {
      for (const index of this.#indexes.ofType(nodes.type(slot)))
        added.push(this.#indexes.entry(index, slot));
    }
    for (let i = 0; i < batch.updates.length; i++) {
      const { kind, data, remove } = batch.updates[i]!;
      if (kind === "edge" || (data === undefined && remove !== true)) continue;
      const slot = staged.updates[i]!;
      for (const index of this.#indexes.ofType(nodes.type(slot))) {
        const held = this.#indexes.entry(index, slot);
        if (remove === true) {
          removed.push(held);
          continue;
        }
        const key = index.keyOf(data!.fields);
        if (key === held.key) continue;
        removed.push(held);
        added.push({ ...held, fields: data!.fields, key });
      }
    }
    return this.#indexes.replace(removed, added);
  }

  #apply(batch: CommitBatch, staged: Staged): void {
    const records = this.#records;
    for (const slot of staged.nodes) {
      records.linkNode(slot);
      this.#log.noteNode("create", slot, 1, 1);
    }
    for (const slot of staged.edges) {
      records.linkEdge(slot);
      this.#log.noteEdge("create", slot, 1, 1);
    }
    for (let i = 0; i < batch.updates.length; i++) this.#update(batch.updates[i]!, staged.updates[i]!);
  }

  #update(update: CommitBatch["updates"][number], slot: number): void {
    const isNode = update.kind === "node";
    const { data, access } = update;
    const table = isNode ? this.#records.nodes : this.#records.edges;
    if (data !== undefined) table.setData(slot, data.fields, data.shape, data.expected + 1);
    if (access !== undefined) table.setAccess(slot, access.record, access.expected + 1);
    const op = update.remove === true ? "delete" : "update";
    const dataVersion = data === undefined || op === "delete" ? 0 : data.expected + 1;
    const accessVersion = access === undefined || op === "delete" ? 0 : access.expected + 1;
    if (isNode) this.#log.noteNode(op, slot, dataVersion, accessVersion);
    else this.#log.noteEdge(op, slot, dataVersion, accessVersion);
    if (op === "update") return;
    if (isNode) this.#records.removeNode(slot);
    else this.#records.removeEdge(slot);
  }
}
