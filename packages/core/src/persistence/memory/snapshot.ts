import { type Id, IdColumn } from "../../model/id.ts";
import type { CatalogDescription } from "../../schema/catalog-description.ts";
import type { Token } from "../change.ts";
import { pushRow } from "../copy-rows.ts";
import { EdgeRows, NodeRows } from "../rows.ts";
import type { StoreSnapshot } from "../store.ts";
import type { Records } from "./records.ts";

/**
 * Every row as it is now. Records never change, they are replaced, so that a row costs its place in the columns and
 * shares everything else with the store.
 */
export class MemorySnapshot implements StoreSnapshot {
  readonly token: Token;
  readonly catalog: CatalogDescription;
  #nodes: NodeRows = new NodeRows();
  #edges: EdgeRows = new EdgeRows();

  constructor(records: Records, token: Token, catalog: CatalogDescription) {
    this.token = token;
    this.catalog = catalog;
    for (const slot of records.inIdOrder("node")) records.pushNode(this.#nodes, slot);
    for (const slot of records.inIdOrder("edge")) records.pushEdge(this.#edges, slot);
  }

  get size(): number {
    return this.#nodes.length + this.#edges.length;
  }

  nodes(after: Id | undefined, limit: number): { rows: NodeRows; more: boolean } {
    return page(this.#nodes, new NodeRows(), after, limit);
  }

  edges(after: Id | undefined, limit: number): { rows: EdgeRows; more: boolean } {
    return page(this.#edges, new EdgeRows(), after, limit);
  }

  close(): void {
    this.#nodes = new NodeRows();
    this.#edges = new EdgeRows();
  }
}

function page<R extends NodeRows>(
  all: R,
  rows: R,
  after: Id | undefined,
  limit: number,
): { rows: R; more: boolean } {
  const from = after === undefined ? 0 : all.ids.placeAfter(IdColumn.of(after), 0);
  const to = Math.min(all.length, from + limit);
  for (let at = from; at < to; at++) pushRow(rows, all, at);
  return { rows, more: to < all.length };
}
