import { z } from "zod";
import { edge, type Graph, type Id, node, via } from "../../src/index.ts";
import type { Noted } from "../../src/testing/history/history.ts";

// What the units of a history read and write. `v` names the version: no number is given twice.

const options = { unique: ["key"], index: ["group", "score"] } as const;

export class Hub extends node("Hub", { v: z.int(), twin: z.int() }) {}
export class Leaf extends node(
  "Leaf",
  {
    v: z.int(),
    group: z.int(),
    score: z.number(),
    /** A power of two that no other leaf has: a sum says which ones are in it. */
    weight: z.number(),
    key: z.string().optional(),
  },
  options,
) {}
export class Link extends edge("Link", { v: z.int(), group: z.int() }, { from: Hub, to: Leaf }) {}
export class Bond extends edge("Bond", { v: z.int() }, { from: Leaf, to: Leaf, undirected: true }) {}
export const types = [Hub, Leaf, Link, Bond];

export const accessName = (id: Id): string => `access of ${id}`;

/** The records that are there when the units begin; plain data, for processes of their own too. */
export interface World {
  readonly hubs: readonly Id[];
  readonly leaves: readonly Id[];
  readonly viewer: Id;
  /** What the first version of a leaf's access record is called. */
  readonly firstAccess: Readonly<Record<Id, number>>;
  readonly names: Readonly<Record<string, string>>;
  readonly weights: Readonly<Record<number, Id>>;
  readonly noted: readonly Noted[];
}

export function hubState(v: number): { kind: string; v: number } {
  return { kind: "Hub", v };
}

export function leafNoted(leaf: Leaf, from: number | null, firstAccess: number, isViewers: boolean): Noted[] {
  const { id, v } = leaf;
  const noted: Noted[] = [{ do: "write", record: id, from, to: v, state: leafState(leaf) }];
  if (from === null)
    noted.push({
      do: "write",
      record: accessName(id),
      from: null,
      to: firstAccess,
      state: { kind: "Access", viewer: isViewers },
    });
  return noted;
}

export function leafState({ id, v, group, score, key }: Leaf) {
  return { kind: "Leaf", id, v, group, score, access: accessName(id), ...(key !== undefined && { key }) };
}

export function edgeNoted(made: Link | Bond): Noted {
  const { id, v, sourceId, targetId } = made;
  const group = made instanceof Link ? made.group : 0;
  return {
    do: "write",
    record: id,
    from: null,
    to: v,
    state: {
      kind: made.$type,
      id,
      v,
      group,
      source: sourceId,
      target: targetId,
      ends: `${sourceId} ${targetId}`,
    },
  };
}

export const HUBS = 2;
export const LEAVES = 4;

/** Two hubs and some leaves, half of which the viewer may read, linked in part. */
export async function makeWorld(graph: Graph, stamp: () => number): Promise<World> {
  const viewer = await graph.createRoot();
  return graph.transaction((tx) => {
    const noted: Noted[] = [];
    const names: Record<string, string> = {};
    const firstAccess: Record<Id, number> = {};
    const weights: Record<number, Id> = {};
    const hubs = Array.from({ length: HUBS }, (_, i) => {
      const hub = tx.create(Hub, { v: stamp(), twin: 0 });
      hub.grant("write");
      names[hub.id] = `hub ${i}`;
      noted.push({ do: "write", record: hub.id, from: null, to: hub.v, state: hubState(hub.v) });
      return hub;
    });
    const leaves = Array.from({ length: LEAVES }, (_, i) => {
      const v = stamp();
      const leaf = tx.create(Leaf, { v, group: i % 2, score: 10 + i, weight: 2 ** i });
      const isViewers = i % 2 === 0;
      if (isViewers) leaf.grant("read");
      names[leaf.id] = `leaf ${i}`;
      weights[i] = leaf.id;
      firstAccess[leaf.id] = stamp();
      noted.push(...leafNoted(leaf, null, firstAccess[leaf.id]!, isViewers));
      return leaf;
    });
    const link = (hub: Hub, leaf: Leaf, group: number): void => {
      const made = hub.link(leaf, via(Link, { v: stamp(), group }));
      names[made.id] = `link from ${names[hub.id]} to ${names[leaf.id]}`;
      noted.push(edgeNoted(made));
    };
    link(hubs[0]!, leaves[0]!, 0);
    link(hubs[0]!, leaves[1]!, 1);
    link(hubs[1]!, leaves[2]!, 0);
    link(hubs[1]!, leaves[0]!, 1);
    const bond = leaves[0]!.link(leaves[1]!, via(Bond, { v: stamp() }));
    names[bond.id] = "bond of leaf 0 and leaf 1";
    noted.push(edgeNoted(bond));
    return {
      hubs: hubs.map(({ id }) => id),
      leaves: leaves.map(({ id }) => id),
      viewer: viewer.id,
      firstAccess,
      names,
      weights,
      noted,
    };
  });
}

/** The text with the records by their names. */
export function withNames(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/g, (id) => names[id] ?? id);
}
