import {
  type AnyNode,
  type Drawable,
  type Graph,
  openUntyped,
  type Reading,
  type Session,
  toDOT,
  toMermaid,
} from "@rootwalk/core";
import { sqlite } from "@rootwalk/persist-sqlite";
import { emit, note, print, table } from "../output.ts";
import { type Asked, edgesQuery, find, neighboursQuery, nodesQuery, type Types } from "../query/ask.ts";
import { fieldNames, jsonOf, type Row, rowOf, shown } from "../query/rows.ts";
import { FOUND, OK, UsageError } from "../status.ts";

export interface QueryOptions extends Asked {
  /** The principal; the system root where nobody is named. */
  readonly as: string | undefined;
  readonly count: boolean;
  readonly edges: boolean;
  readonly fields: readonly string[] | undefined;
  readonly json: boolean;
  /** A picture instead of a list, labelled by these fields. */
  readonly draw: "mermaid" | "dot" | undefined;
  readonly label: string | undefined;
}

export async function query(
  file: string,
  what: string,
  target: string | undefined,
  options: QueryOptions,
): Promise<number> {
  if (target === undefined) {
    throw new UsageError(
      what === "nodes" || what === "edges"
        ? `${what}: of which type? rootwalk query ${file} ${what} TYPE`
        : `${what}: of which record? rootwalk query ${file} ${what} ID`,
    );
  }
  const { graph, types } = await openUntyped({ store: sqlite(file, { readOnly: true }) });
  try {
    const session: Session = options.as === undefined ? graph : sessionOf(graph, options.as);
    return await session.transaction((tx) => answer(tx, types, what, target, options));
  } finally {
    await graph.close();
  }
}

function sessionOf(graph: Graph, id: string): Session {
  try {
    return graph.as(id);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--as ${id}: no id of a root`);
    throw error;
  }
}

async function answer(
  tx: Reading,
  types: Types,
  what: string,
  target: string,
  options: QueryOptions,
): Promise<number> {
  checkFields(types, options);
  switch (what) {
    case "get":
      return get(tx, types, target, options);
    case "neighbours":
      return showNeighbours(tx, types, target, options);
    case "edges":
      return list(edgesQuery(tx, types, target, options), options);
    default: {
      const nodes = nodesQuery(tx, types, target, options);
      return options.edges ? list(lastEdges(nodes), options) : list(nodes, options);
    }
  }
}

/** A name that no type has is a slip; one that some have is left empty where a record has none. */
function checkFields(types: Types, { fields }: QueryOptions): void {
  const known = new Set([...types.values()].flatMap((type) => Object.keys(type.fields)));
  const unknown = fields?.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `--fields ${unknown}: no type has a field of this name`,
    `There are ${[...known].sort().join(", ")}.`,
  );
}

interface Listing {
  limit(count: number): this;
  count(): Promise<number>;
  all(): Promise<Parameters<typeof rowOf>[0][]>;
}

function lastEdges(nodes: unknown): Listing {
  return (nodes as { edges(): Listing }).edges();
}

async function list(asked: Listing, options: QueryOptions): Promise<number> {
  if (options.count) return showCount(await asked.count(), options);
  if (options.draw !== undefined) return draw(asked.limit(options.limit) as unknown as Drawable, options);
  const found = await asked.limit(options.limit + 1).all();
  const rows = found.slice(0, options.limit).map((record) => rowOf(record));
  showRows(rows, options);
  return summary(rows, found.length > options.limit, options);
}

async function draw(source: Drawable, { draw: language, label, limit }: QueryOptions): Promise<number> {
  const options = { maxNodes: limit + 1, ...(label !== undefined && { label }) };
  emit(language === "dot" ? await toDOT(source, options) : await toMermaid(source, options));
  return OK;
}

function showCount(count: number, { json }: QueryOptions): number {
  print(json ? JSON.stringify({ count }) : String(count));
  return OK;
}

function showRows(rows: readonly Row[], { json, fields }: QueryOptions): void {
  if (json) {
    for (const row of rows) print(JSON.stringify(jsonOf(row, fields)));
    return;
  }
  if (rows.length === 0) return;
  const names = fields ?? fieldNames(rows);
  const isEdges = rows[0]?.source !== undefined;
  const head = ["id", "type", ...(isEdges ? ["source", "target"] : []), ...names];
  const lines = rows.map((row) => [
    row.id,
    row.type,
    ...(isEdges ? [row.source ?? "", row.target ?? ""] : []),
    ...cells(row, names),
  ]);
  for (const line of table(head, lines)) print(line);
}

function cells(row: Row, names: readonly string[]): string[] {
  if (row.unreadable !== undefined) return [`unreadable: ${shown(row.unreadable)}`];
  return names.map((name) => shown(row.fields[name]));
}

function summary(rows: readonly Row[], hasMore: boolean, { limit, json }: QueryOptions): number {
  if (hasMore) note(`These are the first ${limit}; --limit gives more, --count their number.`);
  else if (rows.length === 0 && !json) note("Nothing matches.");
  const unreadable = rows.filter((row) => row.unreadable !== undefined).length;
  if (unreadable === 0) return OK;
  note(`${unreadable} of these cannot be read.`);
  return FOUND;
}

async function get(tx: Reading, types: Types, id: string, { json, fields }: QueryOptions): Promise<number> {
  const record = await found(tx, types, id);
  if (record === undefined) return FOUND;
  const row = rowOf(record, true);
  if (json) print(JSON.stringify(jsonOf(row, fields)));
  else {
    const { fields: all, unreadable, ...rest } = row;
    const lines = [
      ...Object.entries(rest).map(([name, value]) => [name, shown(value)]),
      ...(fields ?? Object.keys(all)).map((name) => [`.${name}`, shown(all[name])]),
      ...(unreadable === undefined ? [] : [["unreadable", shown(unreadable)]]),
    ];
    const width = Math.max(...lines.map(([name]) => name?.length ?? 0));
    for (const [name = "", value = ""] of lines) print(`${name.padEnd(width)}  ${value}`);
  }
  return row.unreadable === undefined ? OK : FOUND;
}

async function found(tx: Reading, types: Types, id: string) {
  const record = await find(tx, types, id);
  if (record === undefined) note(`There is no record ${id}, or it may not be read.`);
  return record;
}

async function showNeighbours(tx: Reading, types: Types, id: string, options: QueryOptions): Promise<number> {
  const record = await found(tx, types, id);
  if (record === undefined) return FOUND;
  if ("sourceId" in record) throw new UsageError(`${id} is an edge: only nodes have neighbours`);
  if (options.edges) throw new UsageError("neighbours are edges with their nodes: leave --edges out");
  const asked = neighboursQuery(record as AnyNode, types, options);
  if (options.count) return showCount(await asked.count(), options);
  if (options.draw !== undefined) return draw(asked.limit(options.limit), options);
  const pairs = await asked.limit(options.limit + 1).all();
  const rows = pairs
    .slice(0, options.limit)
    .map(({ edge, node }) => ({ edge: rowOf(edge), node: rowOf(node) }));
  if (options.json) {
    for (const { edge, node } of rows)
      print(JSON.stringify({ edge: jsonOf(edge, options.fields), node: jsonOf(node, options.fields) }));
  } else if (rows.length > 0) {
    const nodes = rows.map(({ node }) => node);
    const names = options.fields ?? fieldNames(nodes);
    const lines = rows.map(({ edge, node }) => [
      edge.target === node.id ? "->" : "<-",
      edge.type,
      fieldsText(edge),
      node.id,
      node.type,
      ...cells(node, names),
    ]);
    for (const line of table(["", "edge", "with", "id", "type", ...names], lines)) print(line);
  }
  return summary(
    rows.flatMap(({ edge, node }) => [edge, node]),
    pairs.length > options.limit,
    options,
  );
}

function fieldsText(row: Row): string {
  if (row.unreadable !== undefined) return "unreadable";
  return Object.entries(row.fields)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(" ");
}
