import type { AccessRecord } from "../model/access-record.ts";
import type { Id } from "../model/id.ts";
import { EdgeRows, type FieldData, NodeRows, type RowDamage } from "./rows.ts";

/** One row of `NodeRows` or `EdgeRows` as an object; an edge has both ends. */
export interface RowView {
  readonly id: Id;
  readonly type: string;
  readonly owner: Id;
  readonly access: AccessRecord;
  readonly dataVersion: number;
  readonly accessVersion: number;
  readonly shape: number;
  readonly fields: FieldData | RowDamage;
  readonly source?: Id;
  readonly target?: Id;
}

/** The rows one by one, for whoever is not in a hurry. */
export function viewsOf(rows: NodeRows | EdgeRows): RowView[] {
  const ends = "sources" in rows ? rows : undefined;
  return rows.types.map((type, i) => ({
    id: rows.ids.at(i),
    type,
    owner: rows.owners.at(i),
    access: rows.access[i]!,
    dataVersion: rows.dataVersions[i]!,
    accessVersion: rows.accessVersions[i]!,
    shape: rows.shapes[i]!,
    fields: rows.fields[i]!,
    ...(ends && { source: ends.sources.at(i), target: ends.targets.at(i) }),
  }));
}

/** The same rows as columns: of nodes, or of edges where `kind` says so. */
export function rowsOf(kind: "node", views: Iterable<RowView>): NodeRows;
export function rowsOf(kind: "edge", views: Iterable<RowView>): EdgeRows;
export function rowsOf(kind: "node" | "edge", views: Iterable<RowView>): NodeRows | EdgeRows {
  const rows = kind === "edge" ? new EdgeRows() : new NodeRows();
  for (const {
    id,
    type,
    owner,
    access,
    dataVersion,
    accessVersion,
    shape,
    fields,
    source,
    target,
  } of views) {
    rows.ids.push(id);
    rows.owners.push(owner);
    if (rows instanceof EdgeRows) {
      rows.sources.push(source as Id);
      rows.targets.push(target as Id);
    }
    rows.push(type, access, dataVersion, accessVersion, shape, fields);
  }
  return rows;
}
