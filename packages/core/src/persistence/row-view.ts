import type { AccessRecord } from "../model/access-record.ts";
import type { Id } from "../model/id.ts";
import type { EdgeRows, FieldData, NodeRows, RowDamage } from "./rows.ts";

/** One row of an answer. */
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
