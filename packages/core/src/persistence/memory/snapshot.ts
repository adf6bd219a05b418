import { type Id, IdColumn } from "../../model/id.ts";
import type { Token } from "../change.ts";
import { EdgeRows, NodeRows } from "../rows.ts";
import type { StoreSnapshot } from "../store.ts";
import type { Records } from "./records.ts";

/**
 * Every row as it is now. Records never change, they are replaced, so that a row costs its place in the columns and
 * shares everything else with the store.
 */
export class MemorySnapshot implements StoreSnapshot {
  readonly token: Token;
  #nodes: NodeRows = new NodeRows();
  #edges: EdgeRows = new EdgeRows();

  constructor(records: Records, token: Token) {
    this.token = token;
    for (const slot of records.inIdOrder("node")) records.pushNode(this.#nodes, slot);
    for (const slot of records.inIdOrder("edge")) records.pushEdge(this.#edges, slot);
  }

  get size(): number {
    return this.#nodes.length + this.#edges.length;
  }

  nodes(after: Id | undefined, limit: number): { rows: NodeRows; more: boolean } {
    return page(this.#nodes, new NodeRows(), after, limit, () => {});
  }

  edges(after: Id | undefined, limit: number): { rows: EdgeRows; more: boolean } {
    const all = this.#edges;
    return page(all, new EdgeRows(), after, limit, (rows, at) => {
      copyId(all.sources, at, rows.sources);
      copyId(all.targets, at, rows.targets);
    });
  }

  close(): void {
    this.#nodes = new NodeRows();
    this.#edges = new EdgeRows();
  }
}

function page<R extends NodeRows>(
  all: NodeRows,
  rows: R,
  after: Id | undefined,
  limit: number,
  pushEnds: (rows: R, at: number) => void,
): { rows: R; more: boolean } {
  const from = after === undefined ? 0 : all.ids.placeAfter(IdColumn.of(after), 0);
  const to = Math.min(all.length, from + limit);
  for (let at = from; at < to; at++) {
    copyId(all.ids, at, rows.ids);
    copyId(all.owners, at, rows.owners);
    rows.push(
      all.types[at]!,
      all.access[at]!,
      all.dataVersions[at]!,
      all.accessVersions[at]!,
      all.shapes[at]!,
      all.fields[at]!,
    );
    pushEnds(rows, at);
  }
  return { rows, more: to < all.length };
}

function copyId(from: IdColumn, at: number, to: IdColumn): void {
  to.pushWords(from.word(at, 0), from.word(at, 1), from.word(at, 2), from.word(at, 3));
}
