import { type Id, IdColumn } from "../../model/id.ts";
import { IdTable, STORE } from "../../model/id-table.ts";
import type { AdjacencyRows, EdgeRows, NodeRows } from "../rows.ts";
import { EdgeLists } from "./edge-lists.ts";
import { OrderedSlots } from "./ordered-slots.ts";
import { EdgeTable, NodeTable, type RecordTable } from "./record-table.ts";

/**
 * The graph in memory: records by slot, edge lists by node, records by type. Knows what is linked to what and what is
 * gone, and nothing of commits.
 */
export class Records {
  readonly nodes: NodeTable = new NodeTable();
  readonly edges: EdgeTable = new EdgeTable();
  readonly lists: EdgeLists = new EdgeLists(this.nodes, this.edges);
  readonly typeNames: string[] = [];
  readonly #typeNumbers: Map<string, number> = new Map();
  /** By type number. */
  readonly #isEdge: boolean[] = [];
  /** By type number; `true` for undirected edge types. */
  readonly #undirected: boolean[] = [];
  /** By type number: the records that can be read, in id order. */
  readonly #byType: OrderedSlots[] = [];
  /** Owners are ids of their own, not node slots: what a deleted root owned outlives its row for a while. Kept for good. */
  readonly #owners: IdTable = new IdTable();
  readonly #tombstones: number[] = [];

  addType(kind: "node" | "edge", name: string, undirected: boolean): void {
    if (this.#typeNumbers.has(name)) return;
    this.#typeNumbers.set(name, this.typeNames.length);
    this.typeNames.push(name);
    this.#isEdge.push(kind === "edge");
    this.#undirected.push(undirected);
    this.#byType.push(new OrderedSlots((kind === "node" ? this.nodes : this.edges).ids, false));
  }

  /** The number of a type, -1 where the catalog does not have it. */
  typeNumber(name: string): number {
    return this.#typeNumbers.get(name) ?? -1;
  }

  /** The records of a type that can be read, from behind or before an id. */
  *ofType(name: string, order: "asc" | "desc", after: Id | undefined): Generator<number> {
    const type = this.typeNumber(name);
    if (type < 0) return;
    const slots = this.#byType[type]!;
    const beside = after === undefined ? undefined : IdColumn.of(after);
    const from = beside && order === "asc" ? slots.besideEntry("", beside, 0, "after") : slots.start;
    const to = beside && order === "desc" ? slots.besideEntry("", beside, 0, "before") : slots.end;
    const isEdge = this.#isEdge[type]!;
    for (const slot of slots.between(from, to, order)) if (!isEdge || this.isVisible(slot)) yield slot;
  }

  /** All records of a kind that can be read, in id order. */
  inIdOrder(kind: "node" | "edge"): Int32Array {
    const { ids } = kind === "node" ? this.nodes : this.edges;
    const slots: number[] = [];
    for (const [type, name] of this.typeNames.entries()) {
      if (this.#isEdge[type]! !== (kind === "edge")) continue;
      for (const slot of this.ofType(name, "asc", undefined)) slots.push(slot);
    }
    // A few runs that are in order already, one a type.
    return Int32Array.from(slots.sort((left, right) => ids.compare(left, right)));
  }

  /** The id of a record of this type. */
  idOf(name: string, slot: number): Id {
    const table = this.#isEdge[this.typeNumber(name)]! ? this.edges : this.nodes;
    return table.ids.text(slot);
  }

  /** The number of an owner, -1 where it owns nothing. */
  ownerNumber(id: Id): number {
    return this.#owners.findText(id);
  }

  isUndirected(type: number): boolean {
    return this.#undirected[type]!;
  }

  /** The slot of a node that can be read, or -1. */
  findNode(ids: IdColumn, at: number): number {
    const slot = this.nodes.find(ids, at);
    return slot >= 0 && this.nodes.removed[slot] === 0 ? slot : -1;
  }

  /** The slot of an edge that can be read, or -1. */
  findEdge(ids: IdColumn, at: number): number {
    const slot = this.edges.find(ids, at);
    return slot >= 0 && this.isVisible(slot) ? slot : -1;
  }

  /** Whether neither end of the edge is a tombstone. */
  isVisible(edge: number): boolean {
    const { removed } = this.nodes;
    return removed[this.edges.sources[edge]!] === 0 && removed[this.edges.targets[edge]!] === 0;
  }

  /** Gives row `at` a slot. Nobody finds it until `linkNode`; `unstageNode` takes it back. */
  stageNode(rows: NodeRows, at: number): number {
    return this.nodes.take(this.typeNumber(rows.types[at]!), this.#owner(rows.owners, at), rows, at);
  }

  /** As `stageNode`; both ends have slots. */
  stageEdge(rows: EdgeRows, at: number, source: number, target: number): number {
    const slot = this.edges.take(this.typeNumber(rows.types[at]!), this.#owner(rows.owners, at), rows, at);
    this.edges.sources[slot] = source;
    this.edges.targets[slot] = target;
    return slot;
  }

  unstageNode(slot: number): void {
    this.nodes.release(slot);
  }

  unstageEdge(slot: number): void {
    this.edges.release(slot);
  }

  linkNode(slot: number): void {
    this.#byType[this.nodes.type(slot)]!.insert(slot, "");
  }

  linkEdge(slot: number): void {
    const type = this.edges.type(slot);
    const source = this.edges.sources[slot]!;
    const target = this.edges.targets[slot]!;
    this.#byType[type]!.insert(slot, "");
    if (this.isUndirected(type)) {
      this.lists.add(source, "both", type, slot);
      if (source !== target) this.lists.add(target, "both", type, slot);
    } else {
      this.lists.add(source, "out", type, slot);
      this.lists.add(target, "in", type, slot);
    }
  }

  removeEdge(slot: number): void {
    const type = this.edges.type(slot);
    const source = this.edges.sources[slot]!;
    const target = this.edges.targets[slot]!;
    this.#byType[type]!.remove(slot, "");
    if (this.isUndirected(type)) {
      this.lists.remove(source, "both", type, slot);
      if (source !== target) this.lists.remove(target, "both", type, slot);
    } else {
      this.lists.remove(source, "out", type, slot);
      this.lists.remove(target, "in", type, slot);
    }
    this.edges.release(slot);
  }

  /** Makes the node a tombstone; its fields are free at once. */
  removeNode(slot: number): void {
    this.nodes.removed[slot] = 1;
    this.nodes.fields[slot] = undefined;
    this.#byType[this.nodes.type(slot)]!.remove(slot, "");
    this.#tombstones.push(slot);
  }

  /** Removes at most `limit` tombstones and edges of tombstones; gives their number. */
  purge(limit: number): number {
    let removed = 0;
    for (let node = this.#tombstones.at(-1); node !== undefined && removed < limit; removed++) {
      const list = this.lists.any(node);
      if (list >= 0) {
        this.removeEdge(this.lists.at(list, this.lists.length(list) - 1));
        continue;
      }
      this.nodes.release(node);
      this.#tombstones.pop();
      node = this.#tombstones.at(-1);
    }
    return removed;
  }

  get hasTombstones(): boolean {
    return this.#tombstones.length > 0;
  }

  pushNode(rows: NodeRows, slot: number): void {
    this.#pushRecord(rows, this.nodes, slot);
  }

  pushEdge(rows: EdgeRows, slot: number): void {
    this.#pushRecord(rows, this.edges, slot);
    this.nodes.ids.pushTo(rows.sources, this.edges.sources[slot]!);
    this.nodes.ids.pushTo(rows.targets, this.edges.targets[slot]!);
  }

  /** The row of an edge as seen from one of its ends. */
  pushNeighbor(rows: AdjacencyRows, node: number, edge: number, withFields: boolean): void {
    const { nodes, edges } = this;
    const forward = edges.sources[edge] === node;
    const far = forward ? edges.targets[edge]! : edges.sources[edge]!;
    rows.push(
      this.typeNames[edges.type(edge)]!,
      edges.access(edge),
      edges.dataVersions.at(edge),
      edges.accessVersions.at(edge),
      edges.shape(edge),
      withFields ? edges.fields[edge] : undefined,
      forward,
      this.typeNames[nodes.type(far)]!,
      nodes.access(far),
      nodes.accessVersions.at(far),
    );
    edges.ids.pushTo(rows.edges, edge);
    this.#owners.pushTo(rows.edgeOwners, edges.owners[edge]!);
    nodes.ids.pushTo(rows.farIds, far);
    this.#owners.pushTo(rows.farOwners, nodes.owners[far]!);
  }

  #pushRecord(rows: NodeRows, table: RecordTable, slot: number): void {
    rows.push(
      this.typeNames[table.type(slot)]!,
      table.access(slot),
      table.dataVersions.at(slot),
      table.accessVersions.at(slot),
      table.shape(slot),
      table.fields[slot]!,
    );
    table.ids.pushTo(rows.ids, slot);
    this.#owners.pushTo(rows.owners, table.owners[slot]!);
  }

  #owner(owners: IdColumn, at: number): number {
    const known = this.#owners.findIn(owners, at);
    return known >= 0 ? known : this.#owners.takeIn(STORE, owners, at);
  }
}
