import { parseId } from "../model/id.ts";
import type { Change, CommitRecord, Guard, Guards, Token } from "../persistence/change.ts";
import { EdgeRows, NodeRows, type RecordUpdate } from "../persistence/rows.ts";
import type { CommitBatch } from "../persistence/store.ts";
import type { Additions } from "../resident/additions.ts";
import {
  ACCESS,
  type AppliedChange,
  CREATED,
  DATA,
  EDGE,
  NODE,
  REMOVED,
  REWRITTEN,
  type RecordKind,
  type RootGrants,
} from "../resident/change-log.ts";
import { PENDING, type RecordState } from "../resident/record-table.ts";
import { readingOfState, storedFields } from "../resident/states.ts";
import type { TypeDefinition } from "../schema/definition.ts";
import { isDataRead } from "../schema/entity.ts";
import { youngArray, youngArrayOf } from "../util/young-array.ts";
import { ChangeWindow } from "./change-window.ts";
import type { PendingRecord } from "./pending.ts";
import type { Unit } from "./unit.ts";

/** A unit's writes, once as the store takes them and once as L1 applies them. */
export interface PreparedCommit {
  readonly batch: CommitBatch;
  /** Of records that are resident. */
  readonly changes: readonly AppliedChange[];
  readonly additions: Additions | undefined;
}

// Classes and not literals: a bulk load makes one of them a record, and a small commit some, see `youngArray`.

class RecordChange implements AppliedChange {
  readonly kind: RecordKind;
  readonly op: number;
  readonly type: number;
  readonly slot: number;
  readonly id: undefined = undefined;
  readonly before: RecordState | undefined;
  readonly after: RecordState | undefined;
  readonly source: number;
  readonly target: number;
  neighbors: readonly number[] | undefined = undefined;
  readonly grants: RootGrants | undefined;
  readonly accessClass: number | undefined;

  constructor(
    kind: RecordKind,
    op: number,
    type: number,
    slot: number,
    before: RecordState | undefined,
    after: RecordState | undefined,
    source: number,
    target: number,
    grants: RootGrants | undefined,
    accessClass: number | undefined,
  ) {
    this.kind = kind;
    this.op = op;
    this.type = type;
    this.slot = slot;
    this.before = before;
    this.after = after;
    this.source = source;
    this.target = target;
    this.grants = grants;
    this.accessClass = accessClass;
  }
}

class Batch implements CommitBatch {
  readonly unitId: string;
  readonly base: Token;
  readonly guards: Guards;
  readonly nodes: NodeRows;
  readonly edges: EdgeRows;
  readonly updates: readonly RecordUpdate[];

  constructor(unit: Unit, base: Token, nodes: NodeRows, edges: EdgeRows, updates: readonly RecordUpdate[]) {
    this.unitId = unit.id;
    this.base = base;
    this.guards = new UnitGuards(unit, base);
    this.nodes = nodes;
    this.edges = edges;
    this.updates = updates;
  }
}

class Prepared implements PreparedCommit {
  readonly batch: CommitBatch;
  readonly changes: readonly AppliedChange[];
  readonly additions: Additions | undefined;

  constructor(batch: CommitBatch, changes: readonly AppliedChange[], additions: Additions | undefined) {
    this.batch = batch;
    this.changes = changes;
    this.additions = additions;
  }
}

/** What a unit that made none of them gives to the store; nobody adds to it. */
const noNodes = new NodeRows();
const noEdges = new EdgeRows();
const noUpdates: readonly RecordUpdate[] = Object.freeze([]);
const noKeys: readonly string[] = Object.freeze([]);

/** @param base the commit as of which the unit's reads were checked */
export function prepareCommit(unit: Unit, base: Token): PreparedCommit {
  const { resident } = unit.runtime;
  const pending = unit.pending!;
  const { additions } = pending;
  const nodes = additions?.nodes ?? (pending.createdNodes.length > 0 ? new NodeRows() : noNodes);
  const edges = additions?.edges ?? (pending.createdEdges.length > 0 ? new EdgeRows() : noEdges);
  const changes = youngArray<AppliedChange>();
  for (const slot of pending.createdNodes) {
    if (pending.nodes.get(slot)?.removed === true) continue;
    pushRow(unit, NODE, nodes, slot);
    changes.push(created(unit, NODE, slot));
  }
  const table = resident.edges;
  for (const slot of pending.createdEdges) {
    if (unit.isRemoved(EDGE, slot)) continue;
    pushRow(unit, EDGE, edges, slot);
    pushSlot(edges.sources, resident.nodes.ids, table.sources[slot]!);
    pushSlot(edges.targets, resident.nodes.ids, table.targets[slot]!);
    changes.push(created(unit, EDGE, slot));
  }
  let updates = noUpdates;
  if (pending.nodes.size > 0 || pending.edges.size > 0) {
    const made = youngArray<RecordUpdate>();
    pushUpdates(unit, NODE, made, changes);
    pushUpdates(unit, EDGE, made, changes);
    updates = made;
  }
  return new Prepared(new Batch(unit, base, nodes, edges, updates), changes, additions);
}

function pushUpdates(unit: Unit, kind: RecordKind, updates: RecordUpdate[], changes: AppliedChange[]): void {
  const records = kind === NODE ? unit.pending!.nodes : unit.pending!.edges;
  if (records.size === 0) return;
  const { flags } = unit.table(kind);
  for (const slot of records.keys()) {
    if ((flags[slot]! & PENDING) === 0) pushUpdate(unit, kind, slot, updates, changes);
  }
}

function pushRow(unit: Unit, kind: RecordKind, rows: NodeRows, slot: number): void {
  const { catalog, resident } = unit.runtime;
  const table = unit.table(kind);
  pushSlot(rows.ids, table.ids, slot);
  const accessClass = table.accessClasses[slot]!;
  resident.classes.pushOwner(rows.owners, accessClass);
  const definition = catalog.definition(table.types[slot]!);
  const access = resident.classes.recordOf(accessClass)!;
  const state = table.states[slot]!;
  // What the type no longer declares is kept beside the fields of stored records alone: a new one has none.
  const fields = definition.hasPlainKeys ? state : storedFields(definition, state);
  rows.push(definition.storedName, access, 1, 1, definition.shape, fields);
}

function pushUpdate(
  unit: Unit,
  kind: RecordKind,
  slot: number,
  updates: RecordUpdate[],
  changes: AppliedChange[],
): void {
  const { catalog, resident } = unit.runtime;
  const table = unit.table(kind);
  const pending = unit.pending!;
  const record = (kind === NODE ? pending.nodes : pending.edges).get(slot)!;
  // An edge that goes with its node needs no entry of its own.
  if (kind === EDGE && !record.removed && unit.isRemoved(EDGE, slot)) return;
  const before = table.states[slot];
  const type = table.types[slot]!;
  const definition = catalog.definition(type);
  const source = kind === EDGE ? resident.edges.sources[slot]! : -1;
  const target = kind === EDGE ? resident.edges.targets[slot]! : -1;
  const changed =
    record.state === undefined || record.removed ? noKeys : changedKeys(definition, before, record.state);
  // A record of another shape is stored in the code's whenever it is written.
  const isRewritten =
    changed.length === 0 &&
    record.state !== undefined &&
    !record.removed &&
    readingOfState(record.state) !== undefined;
  const writesData = changed.length > 0 || isRewritten;
  const writesAccess = record.access !== undefined && !record.removed;
  if (!record.removed && !writesData && !writesAccess) return;
  updates.push({
    kind: kind === NODE ? "node" : "edge",
    id: table.idOf(slot),
    type: definition.storedName,
    source: source < 0 ? undefined : resident.nodes.idOf(source),
    target: target < 0 ? undefined : resident.nodes.idOf(target),
    data: writesData
      ? {
          fields: storedFields(definition, record.state!),
          changed,
          shape: readingOfState(record.state!)?.shape ?? definition.shape,
          expected: table.dataVersions.at(slot),
        }
      : undefined,
    access: writesAccess ? { record: record.access!, expected: table.accessVersions.at(slot) } : undefined,
    remove: record.removed ? true : undefined,
  });
  const wrote = isRewritten && !writesAccess ? DATA | REWRITTEN : writesData ? DATA : 0;
  const op = record.removed ? REMOVED : wrote | (writesAccess ? ACCESS : 0);
  changes.push(
    new RecordChange(
      kind,
      op,
      type,
      slot,
      before,
      record.removed ? undefined : (record.state ?? before),
      source,
      target,
      grantsOf(unit, kind, slot, record),
      record.accessClass,
    ),
  );
}

function grantsOf(
  { runtime }: Unit,
  kind: RecordKind,
  slot: number,
  { access, removed }: PendingRecord,
): RootGrants | undefined {
  const { resident, catalog } = runtime;
  const { nodes, classes } = resident;
  if (kind === EDGE || nodes.types[slot] !== catalog.rootNumber || (access === undefined && !removed))
    return undefined;
  const before = classes.recordOf(nodes.accessClasses[slot]!);
  return { root: nodes.idOf(slot), before, after: removed ? null : access };
}

function created(unit: Unit, kind: RecordKind, slot: number): AppliedChange {
  const table = unit.table(kind);
  const { sources, targets } = unit.runtime.resident.edges;
  return new RecordChange(
    kind,
    CREATED,
    table.types[slot]!,
    slot,
    undefined,
    table.states[slot],
    kind === EDGE ? sources[slot]! : -1,
    kind === EDGE ? targets[slot]! : -1,
    undefined,
    undefined,
  );
}

/** What the fields that differ are stored under. */
function changedKeys(
  definition: TypeDefinition,
  before: RecordState | undefined,
  after: RecordState,
): readonly string[] {
  let keys: string[] | undefined;
  for (const name of Object.keys(after)) {
    if (before !== undefined && before[name] === after[name]) continue;
    const { key } = definition.field(name)!;
    if (keys === undefined) keys = youngArrayOf(key);
    else keys.push(key);
  }
  return keys ?? noKeys;
}

function pushSlot(
  ids: { pushWords(a: number, b: number, c: number, d: number): unknown },
  words: Int32Array,
  slot: number,
): void {
  const at = slot << 2;
  ids.pushWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
}

/** The unit's read set as a store sees it: by ids and names, made only when a store asks. */
class UnitGuards implements Guards {
  readonly #unit: Unit;
  readonly #base: Token;
  readonly #flushes: number;

  constructor(unit: Unit, base: Token) {
    this.#unit = unit;
    this.#base = base;
    this.#flushes = unit.runtime.resident.flushes;
  }

  get isEmpty(): boolean {
    const { entities, readSet } = this.#unit;
    return readSet.isEmpty && readSet.actor < 0 && entities.nodes.size === 0 && entities.edges.size === 0;
  }

  conflictsWith(commits: readonly CommitRecord[]): boolean {
    // Slots are found by ids here; once L1 was dropped they are not, and nothing can be said.
    if (this.#flushes !== this.#unit.runtime.resident.flushes) return commits.length > 0;
    const known: { readonly changes: readonly AppliedChange[] }[] = youngArray();
    for (const { changes } of commits) {
      // Of types that other code has added nothing can be said before they are known.
      if (changes === undefined || changes.some(({ type }) => this.#unit.catalog.findStored(type) === 0))
        return true;
      known.push({ changes: changes.map((change) => this.#bySlots(change)) });
    }
    const window = new ChangeWindow(known);
    return commits.some(({ changes }, i) =>
      changes!.some((change, at) => this.#isConflict(change, known[i]!.changes[at]!, window)),
    );
  }

  #isConflict(change: Change, applied: AppliedChange, window: ChangeWindow): boolean {
    // L1 has gone on since the batch was sent, and may have forgotten already what is deleted here.
    const isForgotten = change.op === "delete" && applied.slot < 0;
    if (isForgotten && this.#base !== this.#unit.runtime.resident.token) return true;
    return this.#unit.readSet.conflict(applied, window) !== undefined;
  }

  /** The change as far as its key tells: the fields that it left are not known here, only those that it found. */
  #bySlots(change: Change): AppliedChange {
    const { catalog, resident } = this.#unit.runtime;
    const kind = change.kind === "node" ? NODE : EDGE;
    const op =
      change.op === "create"
        ? CREATED
        : change.op === "delete"
          ? REMOVED
          : (change.dataVersion === undefined ? 0 : DATA) | (change.accessVersion === undefined ? 0 : ACCESS);
    const type = catalog.numberOfStored(change.type);
    const isRoot = kind === NODE && type === catalog.rootNumber;
    const table = kind === NODE ? resident.nodes : resident.edges;
    const slot = find(table, change.id);
    return {
      kind,
      op,
      grants:
        isRoot && (op & (ACCESS | REMOVED)) !== 0
          ? { root: change.id, before: undefined, after: undefined }
          : undefined,
      type,
      slot,
      id: change.id,
      // As of the batch's base, or of a later commit that the unit will be checked against.
      before: slot < 0 ? undefined : table.states[slot],
      after: undefined,
      source: change.source === undefined ? -1 : find(resident.nodes, change.source),
      target: change.target === undefined ? -1 : find(resident.nodes, change.target),
    };
  }

  *[Symbol.iterator](): Iterator<Guard> {
    const { entities, readSet, runtime } = this.#unit;
    const { resident, catalog } = runtime;
    for (const kind of ["node", "edge"] as const) {
      const table = kind === "node" ? resident.nodes : resident.edges;
      for (const [slot, entity] of kind === "node" ? entities.nodes : entities.edges) {
        if ((table.flags[slot]! & PENDING) !== 0) continue;
        const guard = {
          kind: "record",
          record: kind,
          id: table.idOf(slot),
          accessVersion: table.accessVersions.at(slot),
        } as const;
        // A rule judges by the fields.
        const isByData = isDataRead(entity) || catalog.isRuled(table.types[slot]!);
        yield isByData ? { ...guard, dataVersion: table.dataVersions.at(slot) } : guard;
      }
    }
    for (const slot of readSet.actor < 0 ? readSet.ends : [readSet.actor, ...readSet.ends]) {
      const { nodes } = resident;
      if (entities.nodes.has(slot) || (nodes.flags[slot]! & PENDING) !== 0) continue;
      const guard = {
        kind: "record",
        record: "node",
        id: nodes.idOf(slot),
        accessVersion: nodes.accessVersions.at(slot),
      } as const;
      yield catalog.isRuled(nodes.types[slot]!)
        ? { ...guard, dataVersion: nodes.dataVersions.at(slot) }
        : guard;
    }
    for (const { kind, slot } of readSet.judged()) {
      const table = kind === NODE ? resident.nodes : resident.edges;
      if ((table.flags[slot]! & PENDING) !== 0) continue;
      yield {
        kind: "record",
        record: kind === NODE ? "node" : "edge",
        id: table.idOf(slot),
        accessVersion: table.accessVersions.at(slot),
        dataVersion: table.dataVersions.at(slot),
      };
    }
    for (const id of readSet.absent) yield { kind: "absent", id };
    for (const { shape, nodes } of readSet.hops) {
      const types = shape.edgeTypes === undefined ? [undefined] : namesOf(shape.edgeTypes);
      for (const node of nodes) {
        for (const direction of shape.direction === "both" ? (["out", "in"] as const) : [shape.direction]) {
          for (const edgeType of types)
            yield { kind: "adjacency", node: resident.nodes.idOf(node), direction, edgeType };
        }
      }
    }
    for (const { kind, types, isCounted } of readSet.extents) {
      for (const type of namesOf(types))
        yield { kind: "type", record: kind === NODE ? "node" : "edge", type };
      // With a node its edges go, and which those are was not looked at.
      if (isCounted && kind === EDGE)
        for (const type of catalog.nodeNumbers)
          yield { kind: "type", record: "node", type: catalog.definition(type).storedName };
    }
    function namesOf(mask: Uint8Array): string[] {
      return [...mask.keys()]
        .filter((type) => mask[type] === 1)
        .map((type) => catalog.definition(type).storedName);
    }
  }
}

function find(table: { find(a: number, b: number, c: number, d: number): number }, id: string): number {
  const words = new Int32Array(4);
  parseId(id, words);
  return table.find(words[0]!, words[1]!, words[2]!, words[3]!);
}
