import type { AccessRecord } from "../model/access-record.ts";
import type { IdColumn } from "../model/id.ts";
import { takeIn } from "../model/value.ts";
import { AdjacencyRows, EdgeRows, type FieldData, NodeRows, RowDamage } from "./rows.ts";
import type { CommitBatch } from "./store.ts";

// What a wire does to rows: everything arrives as a copy that nobody else holds.

export function copyNodeRows(rows: NodeRows): NodeRows {
  return copyInto(new NodeRows(), rows);
}

export function copyEdgeRows(rows: EdgeRows): EdgeRows {
  const copy = copyInto(new EdgeRows(), rows);
  copyColumn(rows.sources, copy.sources);
  copyColumn(rows.targets, copy.targets);
  return copy;
}

export function copyAdjacencyRows(rows: AdjacencyRows): AdjacencyRows {
  const copy = new AdjacencyRows();
  copyColumn(rows.edges, copy.edges);
  for (let i = 0; i < rows.length; i++) {
    const fields = rows.edgeFields[i];
    const head = rows.headAt(i);
    const far = rows.farAt(i);
    pushId(rows.edgeOwners, head, copy.edgeOwners);
    pushId(rows.farIds, far, copy.farIds);
    pushId(rows.farOwners, far, copy.farOwners);
    copy.push(
      rows.edgeTypes[head]!,
      copyAccess(rows.edgeAccess[head]!),
      rows.edgeDataVersions[head]!,
      rows.edgeAccessVersions[head]!,
      rows.edgeShapes[head]!,
      fields === undefined ? undefined : copyFields(fields),
      rows.forward[i] === 1,
      rows.farTypes[far]!,
      copyAccess(rows.farAccess[far]!),
      rows.farAccessVersions[far]!,
    );
  }
  copy.ends.push(...rows.ends);
  copy.more.push(...rows.more);
  return copy;
}

/** The guards stay the caller's own: they are its code. */
export function copyBatch(batch: CommitBatch): CommitBatch {
  return {
    ...batch,
    nodes: copyNodeRows(batch.nodes),
    edges: copyEdgeRows(batch.edges),
    updates: batch.updates.map((update) => ({
      ...update,
      data: update.data && { ...update.data, fields: copyFields(update.data.fields) as FieldData },
      access: update.access && { ...update.access, record: copyAccess(update.access.record) },
    })),
  };
}

/** Appends row `i` of `from`, which shares its contents. */
export function pushRow<R extends NodeRows>(to: R, from: R, i: number): void {
  pushId(from.ids, i, to.ids);
  pushId(from.owners, i, to.owners);
  if (to instanceof EdgeRows && from instanceof EdgeRows) {
    pushId(from.sources, i, to.sources);
    pushId(from.targets, i, to.targets);
  }
  to.push(
    from.types[i]!,
    from.access[i]!,
    from.dataVersions[i]!,
    from.accessVersions[i]!,
    from.shapes[i]!,
    from.fields[i]!,
  );
}

export function pushId(from: IdColumn, i: number, to: IdColumn): void {
  to.pushWords(from.word(i, 0), from.word(i, 1), from.word(i, 2), from.word(i, 3));
}

export function copyColumn(from: IdColumn, to: IdColumn): void {
  for (let i = 0; i < from.length; i++) pushId(from, i, to);
}

function copyInto<T extends NodeRows>(copy: T, rows: T): T {
  copyColumn(rows.ids, copy.ids);
  copyColumn(rows.owners, copy.owners);
  for (let i = 0; i < rows.length; i++) {
    copy.push(
      rows.types[i]!,
      copyAccess(rows.access[i]!),
      rows.dataVersions[i]!,
      rows.accessVersions[i]!,
      rows.shapes[i]!,
      copyFields(rows.fields[i]!),
    );
  }
  return copy;
}

function copyFields(fields: FieldData | RowDamage): FieldData | RowDamage {
  if (fields instanceof RowDamage) return new RowDamage(fields.reason, fields.stored, fields.paths);
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, takeIn(value)]));
}

function copyAccess({ all, roots }: AccessRecord): AccessRecord {
  return { all, roots: new Map(roots) };
}
