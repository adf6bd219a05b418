import { IdColumn } from "../../model/id.ts";
import type { AdjacencyRows } from "../rows.ts";
import type { AdjacencyRequest } from "../store.ts";
import type { Records } from "./records.ts";

/** Appends one request's page; gives whether there is more. */
export function readNeighbors(
  records: Records,
  node: number,
  request: AdjacencyRequest,
  rows: AdjacencyRows,
): boolean {
  let taken = 0;
  for (const edge of edgesOf(records, node, request)) {
    if (!records.isVisible(edge)) continue;
    if (taken === request.limit) return true;
    records.pushNeighbor(rows, node, edge, request.edgeFields);
    taken += 1;
  }
  return false;
}

function edgesOf(records: Records, node: number, request: AdjacencyRequest): Iterable<number> {
  const lists: number[] = [];
  if (request.edgeType === undefined) {
    records.lists.findAll(node, request.direction, lists);
  } else {
    const type = records.typeNumber(request.edgeType);
    const list =
      type < 0 ? -1 : records.lists.find(node, records.isUndirected(type) ? "both" : request.direction, type);
    if (list >= 0) lists.push(list);
  }
  const after = request.after === undefined ? undefined : IdColumn.of(request.after);
  return lists.length === 1
    ? walk(records, lists[0]!, request.order, after)
    : merge(
        records,
        lists.map((list) => walk(records, list, request.order, after)),
        request.order,
      );
}

function* walk(
  records: Records,
  list: number,
  order: "asc" | "desc",
  after: IdColumn | undefined,
): Generator<number> {
  const { lists } = records;
  const length = lists.length(list);
  if (order === "asc") {
    const start = after === undefined ? 0 : lists.indexBeyond(list, after, 0, "asc");
    for (let at = start; at < length; at++) yield lists.at(list, at);
  } else {
    const end = after === undefined ? length : lists.indexBeyond(list, after, 0, "desc");
    for (let at = end - 1; at >= 0; at--) yield lists.at(list, at);
  }
}

/** The edges of several lists in the common order. A node has few lists, so the next edge is looked for among all. */
function* merge(records: Records, walks: Generator<number>[], order: "asc" | "desc"): Generator<number> {
  const { ids } = records.edges;
  const sign = order === "asc" ? 1 : -1;
  const heads = walks.map((lists) => lists.next());
  for (;;) {
    let first = -1;
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i]!;
      if (head.done === true) continue;
      if (first < 0 || ids.compare(head.value, heads[first]!.value as number) * sign < 0) first = i;
    }
    if (first < 0) return;
    yield heads[first]!.value as number;
    heads[first] = walks[first]!.next();
  }
}
