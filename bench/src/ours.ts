import { edge, type Graph, gt, node, openGraph, type Session, type Tx, via, walker } from "@rootwalk/core";
import { bulkLoad, edgeRow, type LoadRow, nodeRow } from "@rootwalk/core/interchange";
import { testGraph } from "@rootwalk/core/testing";
import { sqlite } from "@rootwalk/persist-sqlite";
import { z } from "zod";
import { LIST_LIMIT, LinkAnswer, type LinkOperation, type LinkRecord, listChecksum } from "./linkbench.ts";
import { type GraphData, personName } from "./rmat.ts";
import {
  type HopFilter,
  type PairWrite,
  PersonAnswer,
  type PersonRecord,
  type WalkTask,
  type WalkTotals,
} from "./workload.ts";

// Everything that the bench asks of the library, through its public API alone.

export type { Graph, Session };

export class Person extends node("Person", { name: z.string(), grp: z.int(), score: z.number() }) {}
export class Knows extends edge("Knows", { weight: z.number(), ts: z.int() }, { from: Person, to: Person }) {}

export type Durability = "full" | "normal";

/** Nodes and edges by their number in the data, and the two roots. */
export interface OursIds {
  /** Owns everything and lets everybody read. */
  readonly owner: string;
  /** Owns nothing: what it reads, it reads by the owner's leave. */
  readonly reader: string;
  readonly nodes: readonly string[];
  readonly edges: readonly string[];
}

const stroll = walker("stroll", {
  input: { aboveWeight: z.number(), maxNodes: z.int() },
  state: () => ({ visits: 0, score: 0 }),
  once: true,
}).entry(Person, (w, person) => {
  w.state.visits += 1;
  w.state.score += person.score;
  if (w.state.visits >= w.maxNodes) w.disengage();
  else w.visit(person.out(Knows, { weight: gt(w.aboveWeight) }));
});

/** @param file a SQLite file; in memory without one */
export async function openOurs(file?: string, durability: Durability = "full"): Promise<Graph> {
  const types = [Person, Knows];
  return openGraph(file === undefined ? { types } : { types, store: sqlite(file, { durability }) });
}

/** What a test begins with, and its end. */
export async function openForOneTest(): Promise<void> {
  const graph = await testGraph({ types: [Person, Knows] });
  await graph.user("ann");
  await graph.close();
}

/** The principals: a root whose people everybody may read, and one that owns nothing. */
export async function createRoots(graph: Graph): Promise<Pick<OursIds, "owner" | "reader">> {
  const owner = await graph.createRoot();
  const reader = await graph.createRoot();
  await graph.as(owner.id).transaction((tx) => tx.root.grant("read"));
  return { owner: owner.id, reader: reader.id };
}

/**
 * Loads the whole graph as one is told to load much, `perTransaction` records at a time.
 *
 * @returns the id of each node by its number in the data
 */
export async function loadAll(
  owner: Session,
  data: GraphData,
  perTransaction: number,
): Promise<(node: number) => string> {
  const { idOf } = await bulkLoad(owner, rowsOf(data), { batch: perTransaction });
  return (node) => idOf(node) as string;
}

function* rowsOf(data: GraphData): Generator<LoadRow> {
  for (let person = 0; person < data.nodeCount; person += 1) {
    const grp = data.groups[person] as number;
    const score = data.scores[person] as number;
    yield nodeRow(Person, person, { name: personName(person), grp, score });
  }
  for (let edge = 0; edge < data.edgeCount; edge += 1) {
    const source = data.sources[edge] as number;
    const target = data.targets[edge] as number;
    const weight = data.weights[edge] as number;
    const ts = data.timestamps[edge] as number;
    yield edgeRow(Knows, source, target, { weight, ts });
  }
}

export async function loadNodes(owner: Session, data: GraphData, perTransaction: number): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < data.nodeCount; from += perTransaction) {
    const to = Math.min(data.nodeCount, from + perTransaction);
    const made = await owner.transaction((tx) => {
      const chunk: string[] = [];
      for (let person = from; person < to; person += 1) {
        const grp = data.groups[person] as number;
        const score = data.scores[person] as number;
        chunk.push(tx.create(Person, { name: personName(person), grp, score }).id);
      }
      return chunk;
    });
    for (const id of made) ids.push(id);
  }
  return ids;
}

export async function loadEdges(
  owner: Session,
  data: GraphData,
  nodes: readonly string[],
  perTransaction: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < data.edgeCount; from += perTransaction) {
    const to = Math.min(data.edgeCount, from + perTransaction);
    const made = await owner.transaction((tx) => linkEdges(tx, data, nodes, from, to));
    for (const id of made) ids.push(id);
  }
  return ids;
}

async function linkEdges(
  tx: Tx,
  data: GraphData,
  nodes: readonly string[],
  from: number,
  to: number,
): Promise<string[]> {
  const made: string[] = [];
  for (let edge = from; edge < to; edge += 1) {
    const source = await tx.require(Person, nodes[data.sources[edge] as number] as string);
    const target = await tx.require(Person, nodes[data.targets[edge] as number] as string);
    const weight = data.weights[edge] as number;
    const ts = data.timestamps[edge] as number;
    made.push(source.link(target, via(Knows, { weight, ts })).id);
  }
  return made;
}

/** Distinct nodes after exactly `hops` edges, for each source; all in one unit. */
export function countHops(session: Session, sources: readonly string[], hops: 2 | 3): Promise<number[]> {
  return eachPerson(session, sources, (person) => {
    const second = person.out(Knows).out(Knows);
    return (hops === 2 ? second : second.out(Knows)).count();
  });
}

/** Nodes that can be reached from each source, the source itself left out; all in one unit. */
export function countReachable(session: Session, sources: readonly string[]): Promise<number[]> {
  return eachPerson(session, sources, (person) =>
    person.out(Knows, {}, { depth: [1, Number.MAX_SAFE_INTEGER] }).count(),
  );
}

export function countOut(session: Session, sources: readonly string[]): Promise<number[]> {
  return eachPerson(session, sources, (person) => person.out(Knows).edges().count());
}

export function neighbours(session: Session, sources: readonly string[]): Promise<PersonRecord[][]> {
  return session.transaction(async (tx) => {
    const answers: PersonRecord[][] = [];
    for (const id of sources) {
      const person = await tx.require(Person, id);
      answers.push(await person.out(Knows).select("name", "grp", "score").all());
    }
    return answers;
  });
}

/**
 * Reads the neighbourhoods of these people into L1 and counts who is in them. Nothing of what it makes outlives it: the
 * warm rows must not find V8 persuaded that their records live long.
 */
export function warmUp(session: Session, sources: readonly string[]): Promise<number[]> {
  return eachPerson(session, sources, async (person) => (await person.out(Knows).all()).length);
}

export function filteredNeighbours(
  session: Session,
  sources: readonly string[],
  { aboveWeight, group }: HopFilter,
): Promise<PersonRecord[][]> {
  return session.transaction(async (tx) => {
    const answers: PersonRecord[][] = [];
    for (const id of sources) {
      const person = await tx.require(Person, id);
      const found = person.out(Knows, { weight: gt(aboveWeight) }).filter({ grp: group });
      answers.push(await found.select("name", "grp", "score").all());
    }
    return answers;
  });
}

/** Point reads by public id, each a unit of its own as each of the peer's is a read transaction; the fields are read. */
export async function people(session: Session, ids: readonly string[]): Promise<PersonRecord[]> {
  const found: PersonRecord[] = [];
  for (const id of ids) found.push(personRecord(await session.require(Person, id)));
  return found;
}

export async function walk(
  session: Session,
  at: string,
  task: Omit<WalkTask, "source">,
): Promise<WalkTotals> {
  const { aboveWeight, maxNodes } = task;
  const run = await session.spawn(stroll, { aboveWeight, maxNodes }, { at });
  return run.state as WalkTotals;
}

/** Opens a file and answers the first question, as a process that has just started does. */
export async function openAndHop(
  file: string,
  source: string,
): Promise<{ graph: Graph; neighbours: PersonRecord[] }> {
  const graph = await openOurs(file);
  const [found = []] = await neighbours(graph, [source]);
  return { graph, neighbours: found };
}

/** One unit: a new person and an edge to it. */
export function addPair(
  session: Session,
  source: string,
  { name, grp, score, weight, ts }: PairWrite,
): Promise<void> {
  return session.transaction(async (tx) => {
    const person = await tx.require(Person, source);
    person.connect(Person, { name, grp, score }, via(Knows, { weight, ts }));
  });
}

/** Performs one operation of the LinkBench mix, a unit of its own, and answers with the number that peers answer. */
export function performLink(session: Session, ids: OursIds, operation: LinkOperation): Promise<number> {
  return session.transaction((tx) => linkOperation(tx, ids, operation));
}

async function linkOperation(tx: Tx, { nodes, edges }: OursIds, operation: LinkOperation): Promise<number> {
  const personAt = (number: number) => tx.get(Person, nodes[number] as string);
  const knowsAt = (number: number) => tx.get(Knows, edges[number] as string);
  switch (operation.kind) {
    case "addLink": {
      const source = await personAt(operation.source);
      const target = await personAt(operation.target);
      if (source === undefined || target === undefined) return 0;
      source.link(target, via(Knows, { weight: operation.weight, ts: operation.ts }));
      return 1;
    }
    case "deleteLink": {
      const link = await knowsAt(operation.link);
      link?.delete();
      return link === undefined ? 0 : 1;
    }
    case "updateLink": {
      const link = await knowsAt(operation.link);
      if (link === undefined) return 0;
      link.weight = operation.weight;
      return 1;
    }
    case "countLinks": {
      const source = await personAt(operation.source);
      return source === undefined ? 0 : source.out(Knows).edges().count();
    }
    case "getLinks": {
      const links: LinkRecord[] = [];
      for (const number of operation.links) {
        const link = await knowsAt(number);
        if (link !== undefined) links.push(linkRecord(link));
      }
      return listChecksum(links);
    }
    case "listLinks": {
      const source = await personAt(operation.source);
      if (source === undefined) return listChecksum([]);
      const newest = source.out(Knows).edges().reverse().limit(LIST_LIMIT);
      return listChecksum(await newest.select("targetId", "weight", "ts").all());
    }
    case "getNode":
      return (await personAt(operation.node))?.grp ?? -1;
    case "addNode":
      tx.create(Person, { name: operation.name, grp: operation.grp, score: operation.score });
      return 1;
    case "updateNode": {
      const person = await personAt(operation.node);
      if (person === undefined) return 0;
      person.score = operation.score;
      return 1;
    }
    case "deleteNode": {
      const person = await personAt(operation.node);
      person?.delete();
      return person === undefined ? 0 : 1;
    }
  }
}

function eachPerson<T>(
  session: Session,
  ids: readonly string[],
  ask: (person: Person) => T | Promise<T>,
): Promise<T[]> {
  return session.transaction(async (tx) => {
    const answers: T[] = [];
    for (const id of ids) answers.push(await ask(await tx.require(Person, id)));
    return answers;
  });
}

function personRecord({ id, name, grp, score }: Person): PersonRecord {
  return new PersonAnswer(id, name, grp, score);
}

function linkRecord({ id, targetId, weight, ts }: Knows): LinkRecord {
  return new LinkAnswer(id, targetId, weight, ts);
}
