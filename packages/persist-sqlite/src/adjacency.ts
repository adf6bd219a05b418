import {
  type AdjacencyRequest,
  type AdjacencyRows,
  type CatalogDescription,
  type Id,
  IdColumn,
} from "@rootwalk/core/store";
import {
  type AdjacencyBounds,
  type AdjacencyShape,
  type Arm,
  adjacencyParameters,
  adjacencySql,
  column,
  farColumn,
  packedAdjacencySql,
} from "./adjacency-sql.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlValue } from "./drivers.ts";
import type { SqliteFile } from "./file.ts";
import { maxKey, pushId, restOf } from "./id-halves.ts";
import { mostPacked, PackedPage, packedTypes } from "./packed-edges.ts";
import { halvesOf, idOf, isBeyond, keysOf, mergeById } from "./reader.ts";
import { decodeFields, farHeadSql, Head } from "./row-codec.ts";
import { SharedRows } from "./shared-rows.ts";

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
  readonly usual: Queries;
  /** Edges that were moved aside. */
  readonly moved: Queries;
  /** How many more answers are read row by row because a text was refused. */
  rowsFor: number;
}

/** The same with and without the rows of far ends. */
interface Queries {
  readonly withFar: Query;
  readonly alone: Query;
}

interface Query {
  readonly shape: AdjacencyShape;
  readonly sql: string;
  /** Gives a text for each request; `undefined` where there is no such statement. */
  readonly packed: string | undefined;
}

const emptyPage: Page = Object.freeze({ rows: [], from: 0, to: 0, more: false });
const minKey = -maxKey - 1n;
const largestStep = 1_024;

const nodeNumbers =
  "SELECT CAST(r.key AS REAL) AS i, n.rest AS rest, CAST(n.nr AS REAL) AS nr " +
  "FROM json_each(?) r CROSS JOIN nodes n ON n.key = r.value WHERE n.gone IS NULL";

const farEnds =
  `SELECT CAST(f.nr AS REAL) AS nr, f.key AS key, f.rest AS rest, ${farHeadSql("f")} AS head ` +
  "FROM json_each(?) r CROSS JOIN nodes f ON f.nr = r.value WHERE f.gone IS NULL";

/** Answers that are read row by row once a text was refused. */
const rowsAfterRefusal = 64;

/** Far ends looked for at once; `KnownNodes` has room for many more. */
const farAtOnce = 1 << 15;
/** Of far ends, how many may be strangers where a statement of their own is still cheaper than joining each of them. */
const fewStrangers = 1 / 2;

/**
 * Neighbourhoods, batched: requests of one form share a statement.
 *
 * While most far ends are met for the first time, their rows are joined to those of the edges; once most are known
 * here, which halves the time of an edge, only those that are not are read, by a statement of their own.
 */
export class AdjacencyReader {
  readonly #file: SqliteFile;
  readonly #far: Head = new Head();
  readonly #shared: SharedRows;
  /** Forms that were asked for, under the types that the file had then. */
  readonly #forms: Map<string, Form> = new Map();
  #formsOf: CatalogDescription | undefined;
  readonly #ids: IdColumn = new IdColumn();
  /** The share of far ends that were not known, of late. */
  #strangers = 1;
  /** Far ends that are tombstones, or have no row, which only damage can bring about; of one answer. */
  readonly #gone: Set<number> = new Set();

  constructor(file: SqliteFile) {
    this.#file = file;
    this.#shared = new SharedRows(file);
  }

  read(connection: Connection, nodes: IdColumn, requests: readonly AdjacencyRequest[]): AdjacencyRows {
    this.#gone.clear();
    this.#shared.begin();
    const numbers = this.#resolve(connection, nodes);
    const pages: (Page | PackedPage)[] = new Array<Page>(requests.length).fill(emptyPage);
    for (const group of grouped(requests, numbers))
      this.#readGroup(connection, group, requests, numbers, pages);
    for (let i = 0; i < requests.length; i++) {
      const page = pages[i] as Page | PackedPage;
      const request = requests[i] as AdjacencyRequest;
      if (page instanceof PackedPage) this.#pushPacked(connection, page, request, numbers[i] as number);
      else this.#push(connection, page, request, numbers[i] as number);
    }
    this.#file.settleIds(connection);
    return this.#shared.end();
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
    pages: (Page | PackedPage)[],
  ): void {
    const { hasCollisions, hasTombstones } = this.#file.state;
    const request = requests[group[0] as number] as AdjacencyRequest;
    const form = this.#form(request);
    if (form.arms.length === 0) return;
    const nodes = group.map((i) => numbers[i] as number);
    if (!hasCollisions && !hasTombstones) {
      const packed = this.#fetchPacked(connection, nodes, form, request);
      if (packed !== undefined) {
        for (let k = 0; k < group.length; k++) pages[group[k] as number] = packed[k] as PackedPage;
        return;
      }
    }
    const read = hasCollisions ? this.#fetchWithMoved : this.#fetch;
    const found = read.call(this, connection, nodes, form, request.after, request.limit);
    for (let k = 0; k < group.length; k++) {
      const page = found[k] as Page;
      const isSettled = !hasTombstones || (!page.more && !this.#hasGone(connection, page));
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
    const bounds = boundsOf(nodes, order, after, limit);
    return bounds === undefined ? nodes.map(() => emptyPage) : this.#pages(connection, nodes, usual, bounds);
  }

  /** The same with the edges of each node as one text; `undefined` where they must be read row by row. */
  #fetchPacked(
    connection: Connection,
    nodes: readonly number[],
    form: Form,
    { after, limit }: AdjacencyRequest,
  ): PackedPage[] | undefined {
    const { order, usual } = form;
    if (form.rowsFor > 0) {
      form.rowsFor -= 1;
      return undefined;
    }
    const { shape, packed } = this.#strangers > fewStrangers ? usual.withFar : usual.alone;
    const bounds = boundsOf(nodes, order, after, limit);
    if (packed === undefined || limit > mostPacked || bounds === undefined) return undefined;
    const pages: PackedPage[] = [];
    let edges = 0;
    const rows = connection.all(packed, ...adjacencyParameters(shape, bounds));
    for (const row of rows) {
      const page = new PackedPage();
      const text = row[1] as string | null;
      if (text !== null && !page.read(text, shape.fields, shape.far)) {
        // Long fields are seldom alone, and each text that is refused was read for nothing.
        form.rowsFor = rowsAfterRefusal;
        return undefined;
      }
      page.more = bitOf(row) === 1;
      pages[requestOf(row)] = page;
      edges += page.length + (page.more ? 1 : 0);
    }
    connection.countRead(edges - rows.length);
    if (edges === 0) return pages;
    this.#noteShare(
      shape.far ? this.#notePackedFar(connection, pages) : this.#learnPacked(connection, pages),
      edges,
    );
    return pages;
  }

  /** As `#noteFar`. */
  #notePackedFar(connection: Connection, pages: readonly PackedPage[]): number {
    const { known } = this.#file;
    const ids = this.#ids;
    let strangers = 0;
    for (const page of pages) {
      connection.countRead(page.length);
      for (let k = 0; k < page.length; k++) {
        const number = page.farNumbers[k] as number;
        if (known.placeOf(number) !== 0) continue;
        strangers += 1;
        const head = page.farHeadAt(k);
        this.#far.readFar(head);
        if (this.#far.isGone) {
          this.#gone.add(number);
          continue;
        }
        ids.clear();
        page.pushFar(ids, k);
        known.note(ids.words, 0, number, head);
      }
    }
    return strangers;
  }

  /** As `#learn`. */
  #learnPacked(connection: Connection, pages: readonly PackedPage[]): number {
    const { known } = this.#file;
    const missing = new Set<number>();
    for (const { farNumbers } of pages) {
      for (let k = 0; k < farNumbers.length && missing.size < farAtOnce; k++) {
        const number = farNumbers[k] as number;
        if (known.placeOf(number) === 0 && !this.#gone.has(number)) missing.add(number);
      }
    }
    return this.#learnAll(connection, missing);
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
      for (let k = 0; k < found.length; k++) {
        if (!this.#isGone(connection, found, k)) rows.push(found[k] as SqlRow);
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
    queries: Queries,
    bounds: AdjacencyBounds,
  ): Page[] {
    const { shape, sql } = this.#strangers > fewStrangers ? queries.withFar : queries.alone;
    const rows = connection.all(sql, ...adjacencyParameters(shape, bounds));
    if (rows.length > 0) this.#noteStrangers(connection, rows, shape);
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

  #noteStrangers(connection: Connection, rows: readonly SqlRow[], shape: AdjacencyShape): void {
    const strangers = shape.far
      ? this.#noteFar(connection, rows, farColumn(shape))
      : this.#learn(connection, rows, 0, Math.min(rows.length, farAtOnce));
    this.#noteShare(strangers, rows.length);
  }

  #noteShare(strangers: number, edges: number): void {
    // A large answer tells more than a small one.
    this.#strangers += (strangers / edges - this.#strangers) * Math.max(0.1, Math.min(1, edges / 256));
  }

  /** Takes note of the far ends that came with their edges; gives how many of them were not known. */
  #noteFar(connection: Connection, rows: readonly SqlRow[], at: number): number {
    const { known } = this.#file;
    const ids = this.#ids;
    connection.countRead(rows.length);
    let strangers = 0;
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k] as SqlRow;
      const number = row[column.farNumber] as number;
      if (known.placeOf(number) !== 0) continue;
      strangers += 1;
      this.#far.readFar(row[at + 2]);
      if (this.#far.isGone) {
        this.#gone.add(number);
        continue;
      }
      ids.clear();
      pushId(ids, row[at] as bigint, row[at + 1] as bigint);
      known.note(ids.words, 0, number, row[at + 2]);
    }
    return strangers;
  }

  /** Reads the far ends of some rows that are not known; gives how many they are. */
  #learn(connection: Connection, rows: readonly SqlRow[], from: number, to: number): number {
    const { known } = this.#file;
    const missing = new Set<number>();
    for (let k = from; k < to; k++) {
      const number = (rows[k] as SqlRow)[column.farNumber] as number;
      if (known.placeOf(number) === 0 && !this.#gone.has(number)) missing.add(number);
    }
    return this.#learnAll(connection, missing);
  }

  /** Reads these far ends; gives how many they were. */
  #learnAll(connection: Connection, missing: Set<number>): number {
    if (missing.size === 0) return 0;
    const { known } = this.#file;
    const strangers = missing.size;
    const ids = this.#ids;
    for (const [number, key, rest, head] of connection.all(farEnds, `[${[...missing].join()}]`)) {
      ids.clear();
      pushId(ids, key as bigint, rest as bigint);
      known.note(ids.words, 0, number as number, head);
      missing.delete(number as number);
    }
    for (const number of missing) this.#gone.add(number);
    return strangers;
  }

  /** Whether a row's far end is not there. */
  #isGone(connection: Connection, rows: readonly SqlRow[], k: number): boolean {
    return this.#knownPlace(connection, rows, k) === 0;
  }

  /** Where a row's far end stands in `KnownNodes`; 0 where it is not there. */
  #knownPlace(connection: Connection, rows: readonly SqlRow[], k: number): number {
    const { known } = this.#file;
    const number = (rows[k] as SqlRow)[column.farNumber] as number;
    const place = known.placeOf(number);
    if (place !== 0 || this.#gone.has(number)) return place;
    // Of a very large answer not all far ends fit at once.
    this.#learn(connection, rows, k, Math.min(rows.length, k + farAtOnce));
    this.#shared.forgetFarEnds();
    return known.placeOf(number);
  }

  #hasGone(connection: Connection, { rows, from, to }: Page): boolean {
    for (let k = from; k < to; k++) if (this.#isGone(connection, rows, k)) return true;
    return false;
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
      const query = (moved: boolean, far: boolean): Query => {
        const shape = { arms, order, fields, far, moved };
        const mayPack = arms.length === 1 && (arms[0] as Arm).type < packedTypes && !moved;
        const packed = mayPack ? packedAdjacencySql(shape) : undefined;
        return { shape, sql: arms.length === 0 ? "" : adjacencySql(shape), packed };
      };
      const queries = (moved: boolean): Queries => ({
        withFar: query(moved, true),
        alone: query(moved, false),
      });
      form = { arms, order, usual: queries(false), moved: queries(true), rowsFor: 0 };
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

  /** The type of all edges that are asked for, where one side of it is all that is read: there is a single arm. */
  #singleType({ edgeType }: AdjacencyRequest): number | undefined {
    const { catalog } = this.#file;
    if (edgeType === undefined && catalog.edgeTypes.length !== 1) return undefined;
    const type = edgeType === undefined ? catalog.edgeTypes[0] : catalog.typeNamed(edgeType);
    return type?.description.undirected ? undefined : type?.number;
  }

  #push(
    connection: Connection,
    { rows: found, from, to, more }: Page,
    request: AdjacencyRequest,
    near: number,
  ): void {
    const { direction, order, edgeFields } = request;
    const shared = this.#shared;
    const { rows } = shared;
    // Of a single arm the side is known, and that of a self-loop is the source; several arms tell it in each row.
    const isOneArm = this.#singleType(request) !== undefined;
    for (let k = 0; k < to - from; k++) {
      const at = order === "asc" ? from + k : to - 1 - k;
      const row = found[at] as SqlRow;
      const place = this.#knownPlace(connection, found, at);
      if (place === 0) continue;
      const far = shared.farAt(place);
      const head = shared.headOf(row[3] as SqlValue);
      if (far < 0 || head < 0) continue;
      const isForward = isOneArm
        ? direction === "out" || (row[column.farNumber] as number) === near
        : bitOf(row) === 1;
      pushId(rows.edges, row[1] as bigint, row[2] as bigint);
      rows.pushShared(head, far, edgeFields ? decodeFields(row[column.fields]) : undefined, isForward);
    }
    rows.endRequest(more);
  }

  /** As `#push`. */
  #pushPacked(connection: Connection, page: PackedPage, request: AdjacencyRequest, near: number): void {
    const { direction, order, edgeFields } = request;
    const { known } = this.#file;
    const shared = this.#shared;
    const { rows } = shared;
    const type = this.#singleType(request) as number;
    for (let k = 0; k < page.length; k++) {
      const at = order === "asc" ? k : page.length - 1 - k;
      const number = page.farNumbers[at] as number;
      let place = known.placeOf(number);
      if (place === 0 && !this.#gone.has(number)) {
        this.#learnPacked(connection, [page]);
        shared.forgetFarEnds();
        place = known.placeOf(number);
      }
      if (place === 0) continue;
      const far = shared.farAt(place);
      const head = shared.headOf(page.headAt(at, type));
      if (far < 0 || head < 0) continue;
      page.pushId(rows.edges, at);
      // Of a single arm the side is known, and that of a self-loop is the source.
      const isForward = direction === "out" || number === near;
      rows.pushShared(head, far, edgeFields ? page.fields[at] : undefined, isForward);
    }
    rows.endRequest(page.more);
  }
}

/** Keys of edges that follow one in the order asked for; `undefined` where none can. */
function boundsOf(
  nodes: readonly number[],
  order: "asc" | "desc",
  after: Id | undefined,
  limit: number,
): AdjacencyBounds | undefined {
  const [key] = after === undefined ? [undefined] : halvesOf(after);
  const low = order === "asc" && key !== undefined ? key + 1n : 0n;
  const high = order === "desc" && key !== undefined ? key - 1n : maxKey;
  return low > high || high < 0n ? undefined : { nodes: `[${nodes.join()}]`, low, high, limit };
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
