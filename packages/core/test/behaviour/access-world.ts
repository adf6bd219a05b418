import { z } from "zod";
import {
  AccessDeniedError,
  edge,
  type Graph,
  type Id,
  type Level,
  node,
  type Session,
  systemRootId,
  type Tx,
} from "../../src/index.ts";
import { ReferenceGraph, type ReferenceType, type Rule } from "../access-reference.ts";

/** What strangers may do as the field `says` has it: a level, a level for the one root it names, or nothing. */
export const bySaying: Rule = (fields, me) => {
  const says = String(fields.says);
  const [who, level] = says.includes("=") ? says.split("=") : [me, says];
  return who === me && level !== "" ? (level as Level) : undefined;
};

const rule = (fields: { readonly says: string }, me: Id): Level | undefined => bySaying(fields, me);

export class Room extends node(
  "Room",
  { key: z.string(), size: z.number(), tag: z.string().default("") },
  { unique: ["key"], index: ["size"] },
) {}
export class Suite extends Room.extend("Suite", { stars: z.number().default(1) }) {}
export class Notice extends node(
  "Notice",
  { key: z.string(), size: z.number(), tag: z.string().default(""), says: z.string().default("") },
  { unique: ["key"], index: ["size"], access: rule },
) {}
export class Door extends edge("Door", { size: z.number().default(0) }) {}
export class Wire extends edge(
  "Wire",
  { size: z.number().default(0), says: z.string().default("") },
  { access: rule },
) {}
export class Wall extends edge("Wall", { size: z.number().default(0) }, { undirected: true }) {}

export const worldTypes = [Room, Suite, Notice, Door, Wire, Wall];

const referenceTypes: Readonly<Record<string, ReferenceType>> = {
  Root: {},
  Room: {},
  Suite: { parent: "Room" },
  Notice: { rule: bySaying },
  Edge: {},
  Door: {},
  Wire: { rule: bySaying },
  Wall: { undirected: true },
};

export function emptyReference(): ReferenceGraph {
  const reference = new ReferenceGraph(systemRootId, referenceTypes);
  reference.add({
    id: systemRootId,
    kind: "node",
    type: "Root",
    owner: systemRootId,
    fields: {},
    all: "none",
    roots: {},
  });
  return reference;
}

/** A root in both. */
export async function makeRoot(graph: Graph, reference: ReferenceGraph): Promise<Id> {
  const { id } = await graph.createRoot();
  reference.add({ id, kind: "node", type: "Root", owner: id, fields: {}, all: "none", roots: {} });
  return id;
}

export type RecordEntity = Room | Suite | Notice | Door | Wire | Wall;

/** Adds to the reference what a unit has made, as it says it is. */
export function mirror(reference: ReferenceGraph, entity: RecordEntity, createdBy?: Id): void {
  const ends = "sourceId" in entity ? { source: entity.sourceId, target: entity.targetId } : {};
  reference.add({
    id: entity.id,
    kind: "sourceId" in entity ? "edge" : "node",
    type: entity.$type,
    owner: entity.$ownerId,
    ...ends,
    fields: { ...entity.$data },
    all: entity.$access.all,
    roots: Object.fromEntries(entity.$access.roots),
    createdBy,
  });
}

const rollback = new Error("nothing of this is meant");

/** Runs the body as a unit of work and undoes it; gives what it gave. */
export async function undone<T>(session: Session, body: (tx: Tx) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  try {
    await session.transaction(async (tx) => {
      result = { value: await body(tx) };
      throw rollback;
    });
  } catch (error) {
    if (error !== rollback) throw error;
  }
  return (result as { value: T }).value;
}

/** "done", or "denied" with the record, what it takes and what there was. */
export async function outcome(call: () => unknown): Promise<string> {
  try {
    await call();
    return "done";
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    return denied(error.target, error.required, error.actual);
  }
}

export function denied(target: string, required: string, actual: string): string {
  return `denied: ${required} on ${target}, has ${actual}`;
}
