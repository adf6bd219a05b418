import type { Principal } from "../access/principal.ts";
import { equalValues } from "../model/compare.ts";
import type { Id } from "../model/id.ts";
import {
  ACCESS,
  type AppliedChange,
  CREATED,
  DATA,
  EDGE,
  NODE,
  REMOVED,
  type RecordKind,
} from "../resident/change-log.ts";
import type { RecordState } from "../resident/record-table.ts";
import type { ResidentGraph } from "../resident/resident-graph.ts";
import type { RecordChange, RecordVersions } from "../types/changes.ts";

/** A record as somebody who watches it was told of it last. */
export interface KnownRecord {
  readonly kind: RecordKind;
  readonly type: number;
  readonly versions: RecordVersions;
  /** Its ends, of an edge. */
  readonly sourceId: Id | undefined;
  readonly targetId: Id | undefined;
}

/** The record as L1 has it. */
export function knownRecord(resident: ResidentGraph, kind: RecordKind, slot: number): KnownRecord {
  const table = kind === NODE ? resident.nodes : resident.edges;
  const { edges, nodes } = resident;
  return {
    kind,
    type: table.types[slot]!,
    versions: Object.freeze({ data: table.dataVersions.at(slot), access: table.accessVersions.at(slot) }),
    sourceId: kind === EDGE ? nodes.idOf(edges.sources[slot]!) : undefined,
    targetId: kind === EDGE ? nodes.idOf(edges.targets[slot]!) : undefined,
  };
}

export function sameVersions(left: RecordVersions, right: RecordVersions): boolean {
  return left.data === right.data && left.access === right.access;
}

/** The fields of which the two states have other values; `undefined` where one is not known. */
export function changedFields(
  before: RecordState | undefined,
  after: RecordState | undefined,
): readonly string[] | undefined {
  if (before === undefined || after === undefined) return undefined;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.freeze([...names].filter((name) => !equalValues(before[name], after[name])));
}

/** What became of a record for somebody who knew it so and knows it so now; `undefined` where nothing did. */
export function recordChange(
  resident: ResidentGraph,
  id: Id,
  before: KnownRecord | undefined,
  after: KnownRecord | undefined,
  does: { readonly isNew: boolean; readonly isGone: boolean; readonly fields: readonly string[] | undefined },
): RecordChange | undefined {
  const known = after ?? before;
  if (known === undefined) return undefined;
  if (before !== undefined && after !== undefined && sameVersions(before.versions, after.versions))
    return undefined;
  const op =
    before === undefined
      ? does.isNew
        ? "created"
        : "entered"
      : after !== undefined
        ? "changed"
        : does.isGone
          ? "deleted"
          : "left";
  return Object.freeze({
    op,
    kind: known.kind === NODE ? "node" : "edge",
    id,
    type: resident.catalog.definition(known.type).name,
    sourceId: known.sourceId,
    targetId: known.targetId,
    withEdges: op === "deleted" && known.kind === NODE,
    before: before?.versions,
    after: after?.versions,
    fields: op === "changed" ? does.fields : undefined,
    access: op === "changed" && before!.versions.access !== after!.versions.access,
  });
}

/** The id of a changed record; in the midst of its commit, for slots are used again. */
export function idOf(resident: ResidentGraph, { id, kind, slot }: AppliedChange): Id {
  return id ?? (kind === NODE ? resident.nodes : resident.edges).idOf(slot);
}

/** Whether the change may close the record that it is of to the principal. */
export function mayClose({ catalog }: ResidentGraph, principal: Principal, change: AppliedChange): boolean {
  const { op, type } = change;
  if (principal.isSystem) return false;
  return (op & ACCESS) !== 0 || ((op & DATA) !== 0 && catalog.isRuled(type));
}

/** Whether the change may close whatever a root owns to the principal. */
export function mayCloseOwned(
  { catalog }: ResidentGraph,
  principal: Principal,
  change: AppliedChange,
): boolean {
  const { op, type, grants } = change;
  if (principal.isSystem) return false;
  if (grants !== undefined) return principal.isRegranted(grants.root, grants.before, grants.after);
  // What a root grants of which L1 knows no record: it may have known some when they were told.
  return type === catalog.rootNumber && (op & (ACCESS | REMOVED)) !== 0;
}

/** What a commit did, told to somebody who sees everything. */
export function wholeChange(resident: ResidentGraph, change: AppliedChange): RecordChange {
  const { kind, op, slot, told } = change;
  const table = kind === NODE ? resident.nodes : resident.edges;
  const isGone = (op & REMOVED) !== 0;
  const isResident = told === undefined && slot >= 0;
  const data = isResident ? table.dataVersions.at(slot) : told?.dataVersion;
  const access = isResident ? table.accessVersions.at(slot) : told?.accessVersion;
  const versions = (less: boolean): RecordVersions => ({
    data: data === undefined ? undefined : data - (less && (op & DATA) !== 0 ? 1 : 0),
    access: access === undefined ? undefined : access - (less && (op & ACCESS) !== 0 ? 1 : 0),
  });
  const isKnown = data !== undefined || access !== undefined;
  const isNew = (op & CREATED) !== 0;
  const end = (which: "source" | "target"): Id | undefined =>
    kind === NODE
      ? undefined
      : (told?.[which] ?? (change[which] < 0 ? undefined : resident.nodes.idOf(change[which])));
  return Object.freeze({
    op: isGone ? "deleted" : isNew ? "created" : "changed",
    kind: kind === NODE ? "node" : "edge",
    id: idOf(resident, change),
    type: resident.catalog.definition(change.type).name,
    sourceId: end("source"),
    targetId: end("target"),
    withEdges: isGone && kind === NODE,
    before: isNew || !isKnown ? undefined : Object.freeze(versions(true)),
    after: isGone ? undefined : Object.freeze(versions(false)),
    fields:
      isGone || isNew ? undefined : (op & DATA) === 0 ? noFields : changedFields(change.before, change.after),
    access: !isGone && !isNew && (op & ACCESS) !== 0,
  });
}

const noFields: readonly string[] = Object.freeze([]);
