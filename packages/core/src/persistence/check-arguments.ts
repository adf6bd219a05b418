import { type Id, IdColumn, isId } from "../model/id.ts";
import type { CatalogDescription, IndexDescription } from "../schema/catalog-description.ts";
import { type AdjacencyRows, EdgeRows, NodeRows, type RecordUpdate } from "./rows.ts";
import type { AdjacencyRequest, CommitBatch, LookupRequest, ScanRequest, TallyRequest } from "./store.ts";

/** Ids or requests that one call may carry. */
const LARGEST_CALL = 256;

/**
 * The guarantees that callers of a store give, checked. What fails here is a mistake in the calling program: a
 * `TypeError` that names the method, the argument and what it should be.
 */
export class ArgumentChecks {
  readonly #kinds: Map<string, "node" | "edge"> = new Map();
  readonly #indexes: Map<string, IndexDescription> = new Map();

  /** Takes note of the names that may be used from now on. */
  learn(catalog: CatalogDescription): void {
    for (const { name, kind } of catalog.types) this.#kinds.set(name, kind);
    for (const index of catalog.indexes) this.#indexes.set(index.name, index);
  }

  ids(method: string, ids: IdColumn): void {
    must(ids instanceof IdColumn, method, "ids must be an IdColumn");
    must(ids.length > 0 && ids.length <= LARGEST_CALL, method, `1 to ${LARGEST_CALL} ids, got ${ids.length}`);
  }

  adjacency(nodes: IdColumn, requests: readonly AdjacencyRequest[]): void {
    this.ids("readAdjacency", nodes);
    must(
      Array.isArray(requests) && requests.length === nodes.length,
      "readAdjacency",
      `as many requests as nodes (${nodes.length})`,
    );
    for (const { direction, edgeType, order, after, limit } of requests) {
      must(direction === "out" || direction === "in", "readAdjacency", 'direction is "out" or "in"');
      if (edgeType !== undefined) this.#type("readAdjacency", "edge", edgeType);
      page("readAdjacency", order, after, limit);
    }
  }

  lookup({ index, equals, range, owner, order, after, limit }: LookupRequest): void {
    const known = this.#indexes.get(index);
    if (known === undefined) throw mistake("lookup", `no index ${JSON.stringify(index)} in the catalog`);
    const fields = known.fields.length;
    must(Array.isArray(equals) && equals.length <= fields, "lookup", `equals has at most ${fields} values`);
    must(
      range === undefined || equals.length < fields,
      "lookup",
      "a range needs a field that equals leaves free",
    );
    must(owner === undefined || known.per === "owner", "lookup", `${index} is not an index per owner`);
    must(owner === undefined || isId(owner), "lookup", "owner must be an id");
    must(
      after === undefined || (Array.isArray(after.key) && after.key.length === fields),
      "lookup",
      `after.key has all ${fields} values of the index`,
    );
    page("lookup", order, after?.id, limit);
  }

  tally({ kind, type, after, limit }: TallyRequest): void {
    this.#type("tally", kind, type);
    page("tally", "asc", after, limit);
  }

  scan({ kind, type, order, after, limit }: ScanRequest): void {
    this.#type("scan", kind, type);
    page("scan", order, after, limit);
  }

  batches(batches: readonly CommitBatch[]): void {
    must(Array.isArray(batches) && batches.length > 0, "commit", "at least one batch");
    for (const { unitId, base, guards, nodes, edges, updates } of batches) {
      this.id("commit", unitId);
      this.token("commit", base);
      must(typeof guards?.conflictsWith === "function", "commit", "guards must be Guards");
      must(nodes instanceof NodeRows && edges instanceof EdgeRows, "commit", "nodes and edges must be rows");
      this.#created("node", nodes);
      this.#created("edge", edges);
      must(Array.isArray(updates), "commit", "updates must be an array");
      for (const update of updates) this.#update(update);
    }
  }

  id(method: string, id: Id): void {
    must(isId(id), method, "expected an id");
  }

  token(method: string, token: string): void {
    must(typeof token === "string" && token !== "", method, "expected a token of this store");
  }

  amount(method: string, amount: number): void {
    must(Number.isSafeInteger(amount) && amount > 0, method, `expected a positive integer, got ${amount}`);
  }

  #created(kind: "node" | "edge", rows: NodeRows): void {
    must(isEven(rows), "commit", `the columns of the new ${kind}s differ in length`);
    let known: string | undefined;
    for (let i = 0; i < rows.length; i++) {
      const type = rows.types[i]!;
      // Records of one type mostly come in a row.
      if (type !== known) this.#type("commit", kind, type);
      known = type;
      must(
        rows.dataVersions[i] === 1 && rows.accessVersions[i] === 1,
        "commit",
        "the versions of a new record are 1",
      );
    }
  }

  #update({ kind, id, type, data, access, remove }: RecordUpdate): void {
    this.id("commit", id);
    this.#type("commit", kind, type);
    must(
      data !== undefined || access !== undefined || remove === true,
      "commit",
      "an update changes data or access, or removes",
    );
    if (data !== undefined) this.amount("commit", data.expected);
    if (access !== undefined) this.amount("commit", access.expected);
  }

  #type(method: string, kind: "node" | "edge", type: string): void {
    if (this.#kinds.get(type) !== kind)
      throw mistake(method, `no ${kind} type ${JSON.stringify(type)} in the catalog`);
  }
}

/** Whether every column has one entry a row. Every commit and every answer comes by here: a loop would be slower. */
export function isEven(rows: NodeRows): boolean {
  const { length } = rows;
  const { sources, targets } = rows as Partial<EdgeRows>;
  return (
    rows.ids.length === length &&
    rows.owners.length === length &&
    rows.access.length === length &&
    rows.dataVersions.length === length &&
    rows.accessVersions.length === length &&
    rows.shapes.length === length &&
    rows.fields.length === length &&
    (sources === undefined || sources.length === length) &&
    (targets === undefined || targets.length === length)
  );
}

/** Whether these rows can be the answer to the requests, as far as their form goes. */
export function isAdjacency(rows: AdjacencyRows, requests: readonly AdjacencyRequest[]): boolean {
  const { ends, more, length } = rows;
  return (
    rows.edges.length === length &&
    rows.edgeFields.length === length &&
    areEven(
      [
        rows.edgeTypes,
        rows.edgeOwners,
        rows.edgeAccess,
        rows.edgeDataVersions,
        rows.edgeAccessVersions,
        rows.edgeShapes,
      ],
      rows.headPlaces,
      length,
    ) &&
    areEven(
      [rows.farTypes, rows.farIds, rows.farOwners, rows.farAccess, rows.farAccessVersions],
      rows.farPlaces,
      length,
    ) &&
    ends.length === requests.length &&
    more.length === requests.length &&
    ends.at(-1) === rows.length &&
    requests.every(({ limit }, i) => ends[i]! - (ends[i - 1] ?? 0) <= limit)
  );
}

/** Whether the columns are equally long, and hold what stands at each row's place in them. */
function areEven(
  columns: readonly { readonly length: number }[],
  places: readonly number[],
  rows: number,
): boolean {
  const { length } = columns[0]!;
  for (const column of columns) if (column.length !== length) return false;
  if (places.length === 0) return length === rows || rows === 0;
  if (places.length !== rows) return false;
  for (const place of places) if (!(place >= 0 && place < length)) return false;
  return true;
}

function page(method: string, order: "asc" | "desc", after: Id | undefined, limit: number): void {
  must(order === "asc" || order === "desc", method, 'order is "asc" or "desc"');
  must(after === undefined || isId(after), method, "after must be an id");
  must(Number.isSafeInteger(limit) && limit > 0, method, "limit must be a positive integer");
}

function must(holds: boolean, method: string, message: string): void {
  if (!holds) throw mistake(method, message);
}

function mistake(method: string, message: string): TypeError {
  return new TypeError(`${method}: ${message}`);
}
