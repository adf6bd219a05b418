import { type Explained, explanation } from "../access/explanation.ts";
import { Deciding } from "../access/policy.ts";
import type { Principal } from "../access/principal.ts";
import { AccessDeniedError, CorruptRecordError, ValidationError } from "../errors.ts";
import { type Id, requireId } from "../model/id.ts";
import { type Level, type LevelValue, levelName, levelValue } from "../model/level.ts";
import { readOptions } from "../model/options.ts";
import { describeKind } from "../model/value-kind.ts";
import { findRecord } from "../query/select.ts";
import { EDGE, NODE, type RecordKind } from "../resident/change-log.ts";
import { Entity, isEdgeEntity, markDataRead, NodeEntity, requireGraph } from "../schema/entity.ts";
import type { AccessExplanation, AskedLevel } from "../types/access.ts";
import { NOW } from "../unit/pending.ts";
import type { Unit } from "../unit/unit.ts";

/**
 * Why a principal may do something with a record, or may not: the decision itself, made by the unit with somebody
 * listening, so that no second copy of the rules can differ from them.
 *
 * Whoever acts is told about records that it may read, and of all others the same. About other principals only the
 * system root is told, and who owns the record (of an edge, both ends too).
 */
export async function explainAccess(
  unit: Unit,
  record: unknown,
  level: unknown,
  options: unknown,
): Promise<AccessExplanation> {
  const required = readLevel(level);
  const id = idOf(unit, record);
  const about = readPrincipal(unit, options);
  const isSelf = about === unit.principal;
  for (const kind of kindsOf(record)) {
    const slot = await findRecord(unit, kind, id);
    if (slot < 0) continue;
    const ends = kind === EDGE ? await findEnds(unit, slot) : [];
    if (!isSelf) {
      refuseStranger(unit, kind, slot, ends);
      await readForOthers(unit, kind, slot, ends);
    }
    unit.keepUp();
    return explain(unit, kind, slot, about, required);
  }
  if (!isSelf && !unit.principal.isSystem) throw denied(id, 0);
  return explanation({
    principal: about.id,
    isSystem: about.isSystem,
    record: id,
    type: undefined,
    level: "none",
    required,
    allowed: false,
    step: unit.principal.isSystem ? "absent" : "hidden",
    ends: undefined,
  });
}

function explain(
  unit: Unit,
  kind: RecordKind,
  slot: number,
  principal: Principal,
  required: AskedLevel,
): AccessExplanation {
  const deciding = new Deciding();
  const value =
    kind === NODE
      ? unit.levelOf(NODE, slot, NOW, principal, deciding)
      : unit.seesEdge(slot, NOW, principal, deciding);
  const table = unit.table(kind);
  const end = (node: number): AccessExplanation => explain(unit, NODE, node, principal, "read");
  const { sources, targets } = unit.runtime.resident.edges;
  const explained: Explained = {
    principal: principal.id,
    isSystem: principal.isSystem,
    record: table.idOf(slot),
    type: unit.runtime.catalog.definition(table.types[slot]!).name,
    level: levelName(value as LevelValue),
    required,
    allowed: value >= levelValue(required),
    step: deciding.step,
    ends:
      kind === NODE ? undefined : Object.freeze({ source: end(sources[slot]!), target: end(targets[slot]!) }),
  };
  return explanation(explained);
}

/** Both ends as records of the unit, for as long as it is open: what is said of them then is of one moment. */
async function findEnds(unit: Unit, edge: number): Promise<readonly number[]> {
  const { edges, nodes } = unit.runtime.resident;
  const ids = [nodes.idOf(edges.sources[edge]!), nodes.idOf(edges.targets[edge]!)];
  const ends: number[] = [];
  for (const id of ids) ends.push(await findRecord(unit, NODE, id));
  return ends;
}

/** What others may do is the business of who owns the record, and of nobody else. */
function refuseStranger(unit: Unit, kind: RecordKind, slot: number, ends: readonly number[]): void {
  if (unit.principal.isSystem) return;
  const owns = (entity: Entity): boolean => entity.$ownerId === unit.principal.id;
  if (owns(entityAt(unit, kind, slot)) && ends.every((end) => owns(unit.node(end)))) return;
  const actual = kind === NODE ? unit.levelOf(NODE, slot) : unit.seesEdge(slot);
  throw denied(unit.table(kind).idOf(slot), actual as LevelValue);
}

/** Who acts depends on other things than who is asked about: what the latter is judged by is read here, and guarded. */
async function readForOthers(
  unit: Unit,
  kind: RecordKind,
  slot: number,
  ends: readonly number[],
): Promise<void> {
  const judged = [entityAt(unit, kind, slot), ...ends.map((end) => unit.node(end))];
  for (const entity of judged) {
    await findRecord(unit, NODE, entity.$ownerId);
    if (!unit.catalog.isRuled(unit.catalog.numberOf(entity.$type))) continue;
    try {
      void entity.$data;
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error;
      markDataRead(entity);
    }
  }
}

function entityAt(unit: Unit, kind: RecordKind, slot: number): Entity {
  return kind === NODE ? unit.node(slot) : unit.edge(slot);
}

function denied(target: Id, actual: LevelValue): AccessDeniedError {
  return new AccessDeniedError({
    message: `explainAccess: what others may do with ${target} is told to its owner and to the system root`,
    target,
    required: "write",
    actual: levelName(actual),
  });
}

function readLevel(level: unknown): AskedLevel {
  const value = levelValue(level as Level);
  if (value === 0)
    throw new ValidationError({
      code: "RW_ACCESS_LEVEL",
      message: 'explainAccess: "none" takes no permission; ask about "read", "connect" or "write"',
    });
  return level as AskedLevel;
}

function idOf(unit: Unit, record: unknown): Id {
  if (record instanceof Entity) {
    requireGraph(record, unit.graph, "explainAccess");
    return record.id;
  }
  if (typeof record !== "string")
    throw new TypeError(`explainAccess takes a record or its id, got ${describeKind(record)}`);
  requireId(record);
  return record;
}

/** What the record can be: an id does not tell. */
function kindsOf(record: unknown): readonly RecordKind[] {
  if (record instanceof Entity) return [isEdgeEntity(record) ? EDGE : NODE];
  return [NODE, EDGE];
}

function readPrincipal(unit: Unit, options: unknown): Principal {
  const { for: root } = readOptions("explainAccess", options, ["for"]);
  if (root === undefined) return unit.principal;
  let id: unknown = root;
  if (root instanceof NodeEntity && root.$type === "Root") {
    requireGraph(root, unit.graph, "explainAccess");
    id = root.id;
  }
  if (typeof id !== "string")
    throw new TypeError(`explainAccess: for takes a root or its id, got ${describeKind(root)}`);
  requireId(id, "for");
  return id === unit.principal.id ? unit.principal : unit.runtime.principal(id);
}
