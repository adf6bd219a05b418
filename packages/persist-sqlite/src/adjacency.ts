import {
  type AdjacencyRequest,
  AdjacencyRows,
  type CatalogDescription,
  type Id,
  type IdColumn,
} from "@rootwalk/core/store";
import {
  type AdjacencyBounds,
  type AdjacencyShape,
  type Arm,
  adjacencyParameters,
  adjacencySql,
  column,
} from "./adjacency-sql.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { maxKey, pushId, restOf } from "./id-halves.ts";
import { halvesOf, idOf, isBeyond, keysOf, mergeById } from "./reader.ts";
import { decodeFields, Head } from "./row-codec.ts";

/** The part of an answer that belongs to one request, ascending whatever was asked for. */
interface Page {
  readonly rows: SqlRow[];
  readonly from: number;
  readonly to: number;
  readonly more: boolean;
}

/** What requests of one form have in common. */
interface Form {
  readonly arms: readonly Arm[];
  readonly order: "asc" | "desc";
  readonly usual: Query;
  /** Edges that were moved aside. */
  readonly moved: Query;
}

interface Query {
  readonly shape: AdjacencyShape;
  readonly sql: string;
}

const emptyPage: Page = Object.freeze({ rows: [], from: 0, to: 0, more: false });
const minKey = -maxKey - 1n;
const largestStep = 1_024;

const nodeNumbers =
  "SELECT CAST(r.key AS REAL) AS i, n.rest AS rest, CAST(n.nr AS REAL) AS nr " +
  "FROM json_each(?) r CROSS JOIN nodes n ON n.key = r.value WHERE n.gone IS NULL";

/** Neighbourhoods, batched: requests of one form share a statement. */
export class AdjacencyReader {
  readonly #file: SqliteFile;
  readonly #head: Head = new Head();
  readonly #far: Head = new Head();
  /** Forms that were asked for, under the types that the file had then. */
  readonly #forms: Map<string, Form> = new Map();
  #formsOf: CatalogDescription | undefined;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  read(connection: Connection, nodes: IdColumn, requests: readonly AdjacencyRequest[]): AdjacencyRows {
    const numbers = this.#resolve(connection, nodes);
    const pages: Page[] = new Array<Page>(requests.length).fill(emptyPage);
    for (const group of grouped(requests, numbers))
      this.#readGroup(connection, group, requests, numbers, pages);
    const rows = new AdjacencyRows();
    for (let i = 0; i < requests.length; i++) {
      this.#push(rows, pages[i] as Page, requests[i] as AdjacencyRequest, numbers[i] as number);
    }
    this.#file.settleIds(connection);
    return rows;
  }

  /** The numbers of nodes, 0 for what is absent. */
  #resolve(connection: Connection, nodes: IdColumn): number[] {
    const { known } = this.#file;
    const numbers: number[] = [];
    let isComplete = true;
    for (let i = 0; i < nodes.length; i++) {
      const number = known.find(nodes.words, i * 4);
      numbers.push(number);
      isComplete &&= number !== 0;
    }
    if (isComplete) return numbers;
    for (const [at, rest, number] of connection.all(nodeNumbers, keysOf(nodes))) {
      const i = at as number;
      if (rest !== restOf(nodes.words, i * 4)) continue;
      numbers[i] = number as number;
      known.note(nodes.words, i * 4, number as number);
    }
    return numbers;
  }

  #readGroup(
    connection: Connection,
    group: readonly number[],
    requests: readonly AdjacencyRequest[],
    numbers: readonly number[],
    pages: Page[],
  ): void {
    const { hasCollisions, hasTombstones } = this.#file.state;
    const request = requests[group[0] as number] as AdjacencyRequest;
    const form = this.#form(request);
    if (form.arms.length === 0) return;
    const nodes = group.map((i) => numbers[i] as number);
    const read = hasCollisions ? this.#fetchWithMoved : this.#fetch;
    const found = read.call(this, connection, nodes, form, request.after, request.limit);
    for (let k = 0; k < group.length; k++) {
      const page = found[k] as Page;
      const isSettled = !hasTombstones || (!page.more && !hasGone(page, this.#far));
      pages[group[k] as number] = isSettled
        ? page
        : this.#fillPast(connection, nodes[k] as number, form, request);
    }
  }

  /** Pages of some nodes. Edges to tombstones are in them. */
  #fetch(
    connection: Connection,
    nodes: readonly number[],
    { order, usual }: Form,
    after: Id | undefined,
    limit: number,
  ): Page[] {
    const [key] = after === undefined ? [undefined] : halvesOf(after);
    const low = order === "asc" && key !== undefined ? key + 1n : 0n;
    const high = order === "desc" && key !== undefined ? key - 1n : maxKey;
    if (low > high || high < 0n) return nodes.map(() => emptyPage);
    return this.#pages(connection, nodes, usual, { nodes: `[${nodes.join()}]`, low, high, limit });
  }

  /**
   * The same in a file in which edges were moved aside because their key was taken: these are read by themselves and
   * put in their places, and an edge may share its key with the one that the page begins after.
   */
  #fetchWithMoved(
    connection: Connection,
    nodes: readonly number[],
    form: Form,
    after: Id | undefined,
    limit: number,
  ): Page[] {
    const { order } = form;
    const [key, rest] = after === undefined ? [undefined, undefined] : halvesOf(after);
    const low = order === "asc" && key !== undefined ? key : 0n;
    const high = order === "desc" && key !== undefined ? key : maxKey;
    const numbers = `[${nodes.join()}]`;
    const bounds = { nodes: numbers, low, high, limit: limit + 1 };
    const usual = this.#pages(connection, nodes, form.usual, bounds);
    const all = { nodes: numbers, low: minKey, high: -1n, limit: 2 ** 31 };
    const moved = this.#pages(connection, nodes, form.moved, all);
    return usual.map((page, k) => {
      const other = moved[k] as Page;
      const { rows } = page;
      let merged = mergeById(
        rows.slice(page.from, page.to),
        other.rows.slice(other.from, other.to),
        "asc",
        1,
      );
      if (key !== undefined) merged = merged.filter(isBeyond(order, key, rest, 1));
      const more = page.more || merged.length > limit;
      merged = order === "asc" ? merged.slice(0, limit) : merged.slice(Math.max(0, merged.length - limit));
      return { rows: merged, from: 0, to: merged.length, more };
    });
  }

  /** One page without edges to tombstones, however many of those lie in between. */
  #fillPast(connection: Connection, node: number, form: Form, request: AdjacencyRequest): Page {
    const { order, limit } = request;
    const read = this.#file.state.hasCollisions ? this.#fetchWithMoved : this.#fetch;
    const rows: SqlRow[] = [];
    let { after } = request;
    for (let step = limit + 1; ; step = Math.min(step * 2, Math.max(limit + 1, largestStep))) {
      const [page] = read.call(this, connection, [node], form, after, step) as [Page];
      const found = page.rows.slice(page.from, page.to);
      if (order === "desc") found.reverse();
      for (const row of found) {
        this.#far.readFar(row[column.farHead]);
        if (!this.#far.isGone) rows.push(row);
      }
      if (rows.length > limit || !page.more) break;
      after = idOf(found.at(-1) as SqlRow, 1);
    }
    const more = rows.length > limit;
    if (more) rows.length = limit;
    if (order === "desc") rows.reverse();
    return { rows, from: 0, to: rows.length, more };
  }

  #pages(
    connection: Connection,
    nodes: readonly number[],
    { shape, sql }: Query,
    bounds: AdjacencyBounds,
  ): Page[] {
    const rows = connection.all(sql, ...adjacencyParameters(shape, bounds));
    // Each row came with that of its far end.
    connection.countRead(rows.length);
    const pages: Page[] = new Array<Page>(nodes.length).fill(emptyPage);
    for (let from = 0; from < rows.length; ) {
      const i = requestOf(rows[from] as SqlRow);
      let to = from + 1;
      while (to < rows.length && requestOf(rows[to] as SqlRow) === i) to += 1;
      pages[i] = pageOf(rows, from, to, shape, bounds.limit);
      // Of a single arm the row beyond the page was seen in the index alone.
      if (shape.arms.length === 1 && (pages[i] as Page).more) connection.countRead(1);
      from = to;
    }
    return pages;
  }

  #form(request: AdjacencyRequest): Form {
    const { description } = this.#file.catalog;
    if (description !== this.#formsOf) {
      this.#forms.clear();
      this.#formsOf = description;
    }
    const { direction, edgeType, order, edgeFields: fields } = request;
    const name = `${direction} ${edgeType} ${order} ${fields}`;
    let form = this.#forms.get(name);
    if (form === undefined) {
      const arms = this.#arms(request);
      const query = (moved: boolean): Query => {
        const shape = { arms, order, fields, moved };
        return { shape, sql: arms.length === 0 ? "" : adjacencySql(shape) };
      };
      form = { arms, order, usual: query(false), moved: query(true) };
      this.#forms.set(name, form);
    }
    return form;
  }

  /** What is asked for, as types and sides. An edge without direction is found at both. */
  #arms({ direction, edgeType }: AdjacencyRequest): Arm[] {
    const { catalog } = this.#file;
    const types = edgeType === undefined ? catalog.edgeTypes : [catalog.typeNamed(edgeType)];
    const [side, other] =
      direction === "out" ? (["source", "target"] as const) : (["target", "source"] as const);
    const arms: Arm[] = [];
    for (const { number, description } of types) {
      arms.push({ side, type: number });
      if (description.undirected) arms.push({ side: other, type: number });
    }
    return arms;
  }

  #push(
    rows: AdjacencyRows,
    { rows: found, from, to, more }: Page,
    { direction, order, edgeType, edgeFields }: AdjacencyRequest,
    near: number,
  ): void {
    const { access, catalog, ids, known } = this.#file;
    const head = this.#head;
    const far = this.#far;
    // Of a single arm the side is known, and that of a self-loop is the source; several arms tell it in each row.
    const isOneArm = edgeType !== undefined && !catalog.typeNamed(edgeType).description.undirected;
    for (let k = 0; k < to - from; k++) {
      const row = found[order === "asc" ? from + k : to - 1 - k] as SqlRow;
      far.readFar(row[column.farHead]);
      if (far.isGone) continue;
      head.read(row[3]);
      const edgeType = catalog.type(head.type);
      const farType = catalog.type(far.type);
      if (edgeType === undefined || farType === undefined) continue;
      pushId(rows.edges, row[1] as bigint, row[2] as bigint);
      ids.pushOwner(rows.edgeOwners, head.owner);
      const at = pushId(rows.farIds, row[4] as bigint, row[5] as bigint);
      const number = row[column.farNumber] as number;
      known.note(rows.farIds.words, at * 4, number);
      ids.pushOwner(rows.farOwners, far.owner);
      rows.push(
        edgeType.description.name,
        access.decode(head.access, "edge"),
        head.dataVersion,
        head.accessVersion,
        head.shape,
        edgeFields ? decodeFields(row[column.fields]) : undefined,
        isOneArm ? direction === "out" || number === near : bitOf(row) === 1,
        farType.description.name,
        access.decode(far.access, "node"),
        far.accessVersion,
      );
    }
    rows.endRequest(more);
  }
}

/** The positions of requests that one statement can answer; those of absent nodes are left out. */
function grouped(requests: readonly AdjacencyRequest[], numbers: readonly number[]): Iterable<number[]> {
  const groups = new Map<string, number[]>();
  let last: AdjacencyRequest | undefined;
  let group: number[] = [];
  for (let i = 0; i < requests.length; i++) {
    if (numbers[i] === 0) continue;
    const request = requests[i] as AdjacencyRequest;
    if (last === undefined || !sameForm(request, last)) {
      const { direction, edgeType, order, after, limit, edgeFields } = request;
      const form = `${direction} ${edgeType} ${order} ${after} ${limit} ${edgeFields}`;
      group = groups.get(form) ?? [];
      groups.set(form, group);
      last = request;
    }
    group.push(i);
  }
  return groups.values();
}

function sameForm(left: AdjacencyRequest, right: AdjacencyRequest): boolean {
  return (
    left.direction === right.direction &&
    left.edgeType === right.edgeType &&
    left.order === right.order &&
    left.after === right.after &&
    left.limit === right.limit &&
    left.edgeFields === right.edgeFields
  );
}

function pageOf(
  rows: SqlRow[],
  from: number,
  to: number,
  { arms, order }: AdjacencyShape,
  limit: number,
): Page {
  if (arms.length === 1) return { rows, from, to, more: bitOf(rows[from] as SqlRow) === 1 };
  // Several arms read one row beyond the page.
  if (to - from <= limit) return { rows, from, to, more: false };
  return order === "asc" ? { rows, from, to: to - 1, more: true } : { rows, from: from + 1, to, more: true };
}

function requestOf(row: SqlRow): number {
  return (row[column.request] as number) >>> 1;
}

function bitOf(row: SqlRow): number {
  return (row[column.request] as number) & 1;
}

function hasGone({ rows, from, to }: Page, far: Head): boolean {
  for (let k = from; k < to; k++) {
    far.readFar((rows[k] as SqlRow)[column.farHead]);
    if (far.isGone) return true;
  }
  return false;
}
