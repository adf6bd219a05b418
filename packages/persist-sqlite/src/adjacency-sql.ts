import { packedSql } from "./packed-edges.ts";
import { farHeadSql, headSql } from "./row-codec.ts";

/** Edges of one type at one side of a node. */
export interface Arm {
  readonly side: "source" | "target";
  readonly type: number;
}

export interface AdjacencyShape {
  readonly arms: readonly Arm[];
  readonly order: "asc" | "desc";
  readonly fields: boolean;
  /** Whether each row comes with that of its far end. */
  readonly far: boolean;
  /** Edges whose key was taken by another id, instead of all others. */
  readonly moved: boolean;
}

/**
 * Columns of an answer: request and a bit, key, rest, head, number of the far end, then the edge's fields where they
 * are asked for, then key, rest and head of the far end where they are. The bit is 1 where, of a single arm, there is
 * more, and where, of several, the node is the edge's source.
 */
export const column: { readonly request: 0; readonly farNumber: 4; readonly fields: 5 } = {
  request: 0,
  farNumber: 4,
  fields: 5,
};

/** The first of the columns that tell of the far end. */
export function farColumn({ fields }: AdjacencyShape): number {
  return fields ? column.fields + 1 : column.fields;
}

/** Beyond this number of arms the types that a node has are looked for first. */
const mostArms = 12;

/**
 * One statement for the neighbourhoods of many nodes, each up to a limit, in ascending order of keys within each.
 * Parameters: see {@link adjacencyParameters}.
 *
 * A node with a million edges costs a page: of a single arm the key just beyond the page is found in the index first,
 * so that the row behind it is never read; several arms are merged by a compound query, which stops at its limit.
 * Beside it were measured: a statement a node (2.4 times as long), window functions and ordering by key alone (both
 * read the whole neighbourhood).
 */
export function adjacencySql(shape: AdjacencyShape): string {
  return shape.arms.length === 1 ? singleArmSql(shape) : severalArmsSql(shape);
}

export interface AdjacencyBounds {
  /** The nodes' numbers as a JSON array. */
  readonly nodes: string;
  /** Keys from `low` to `high`, both inclusive. */
  readonly low: bigint;
  readonly high: bigint;
  readonly limit: number;
}

export function adjacencyParameters(
  { arms, order }: AdjacencyShape,
  { nodes, low, high, limit }: AdjacencyBounds,
): (string | number | bigint)[] {
  if (arms.length > 1) return [nodes, low, high, limit + 1];
  const [arm] = arms as readonly [Arm];
  const otherwise = order === "asc" ? high : low;
  return [arm.type, low, high, limit, otherwise, nodes, otherwise, arm.type, order === "asc" ? low : high];
}

function singleArmSql(shape: AdjacencyShape): string {
  const { far, requests, edges, where } = singleArm(shape);
  return (
    `${requests} SELECT ${columns("r.i", "r.bound <> ?", far, shape)} ` +
    `FROM r CROSS JOIN ${edges} ${joins(far, shape)} ${where}`
  );
}

/**
 * The same, of a single arm and without edges that were moved, with the edges of each request as one text; see
 * `packed-edges.ts`. Columns: request and bit, text.
 */
export function packedAdjacencySql(shape: AdjacencyShape): string {
  const { far, requests, edges, where } = singleArm(shape);
  return (
    `${requests} SELECT CAST(2 * r.i + (r.bound <> ?) AS REAL) AS i, ` +
    `(SELECT ${packedSql(far, shape.fields, shape.far)} FROM ${edges} ${joins(far, shape)} ${where}) AS edges FROM r`
  );
}

function singleArm({ arms, order }: AdjacencyShape): Record<"far" | "requests" | "edges" | "where", string> {
  const { side } = arms[0] as Arm;
  const before = order === "asc" ? "- 1" : "+ 1";
  const range = order === "asc" ? "e.key BETWEEN ? AND r.bound" : "e.key BETWEEN r.bound AND ?";
  return {
    far: side === "source" ? "e.target" : "e.source",
    requests:
      `WITH r (i, nr, bound) AS MATERIALIZED (SELECT j.key, j.value, ifnull((SELECT x.key ${before} FROM edges x ` +
      `WHERE x.${side} = j.value AND x.type = ? AND x.key BETWEEN ? AND ? ORDER BY x.key ${order} LIMIT 1 OFFSET ?), ?) ` +
      `FROM json_each(?) j)`,
    edges: `edges e INDEXED BY edges_${side}`,
    where: `WHERE e.${side} = r.nr AND e.type = ? AND ${range}`,
  };
}

function severalArmsSql(shape: AdjacencyShape): string {
  const { arms, order } = shape;
  // A self-loop of a type without direction is at both sides: UNION drops the second.
  const keys = arms.length <= mostArms ? arms.map(armSql).join(" UNION ") : presentTypesSql(shape);
  const sides = new Set(arms.map(({ side }) => side));
  const near = "r.value";
  const far =
    sides.size === 2
      ? `CASE WHEN e.source = ${near} THEN e.target ELSE e.source END`
      : sides.has("source")
        ? "e.target"
        : "e.source";
  return (
    `WITH p (nodes, low, high, size) AS (VALUES (?, ?, ?, ?)) ` +
    `SELECT ${columns("r.key", `e.source = ${near}`, far, shape)} ` +
    `FROM p CROSS JOIN json_each(p.nodes) r CROSS JOIN edges e ON e.key IN (${keys} ORDER BY 1 ${order} LIMIT (SELECT size FROM p)) ` +
    joins(far, shape)
  );
}

function armSql({ side, type }: Arm): string {
  return `SELECT x.key FROM edges x WHERE x.${side} = r.value AND x.type = ${type} AND x.key BETWEEN p.low AND p.high`;
}

/** The same for many types: steps from type to type in the index, and takes a page of each that is there. */
function presentTypesSql({ arms, order }: AdjacencyShape): string {
  return (["source", "target"] as const)
    .filter((side) => arms.some((arm) => arm.side === side))
    .map((side) => {
      const types = arms.filter((arm) => arm.side === side).map(({ type }) => type);
      const next = (beyond: string) => `SELECT min(x.type) FROM edges x WHERE x.${side} = r.value ${beyond}`;
      return (
        `SELECT y.key FROM (WITH RECURSIVE t (type) AS (${next("")} UNION ALL ` +
        `SELECT (${next("AND x.type > t.type")}) FROM t WHERE t.type IS NOT NULL) SELECT type FROM t) t ` +
        `CROSS JOIN edges y ON y.key IN (SELECT z.key FROM edges z WHERE z.${side} = r.value AND z.type = t.type ` +
        `AND z.key BETWEEN p.low AND p.high ORDER BY z.key ${order} LIMIT (SELECT size FROM p)) WHERE t.type IN (${types.join()})`
      );
    })
    .join(" UNION ");
}

function columns(request: string, bit: string, farNumber: string, shape: AdjacencyShape): string {
  const { fields, far, moved } = shape;
  return (
    `CAST(2 * ${request} + (${bit}) AS REAL) AS i, ${moved ? "c.key" : "e.key"} AS key, e.rest AS rest, ` +
    `${headSql("e")} AS head, CAST(${farNumber} AS REAL) AS far_nr${fields ? ", e.data AS data" : ""}` +
    (far ? `, f.key AS far_key, f.rest AS far_rest, ${farHeadSql("f")} AS far_head` : "")
  );
}

function joins(farNumber: string, { far, moved }: AdjacencyShape): string {
  return (
    (far ? `LEFT JOIN nodes f ON f.nr = ${farNumber}` : "") +
    (moved ? " JOIN edge_collisions c ON c.nr = -e.key" : "")
  );
}
