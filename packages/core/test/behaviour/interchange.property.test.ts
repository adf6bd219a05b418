// Laws of exports and imports, over random graphs:
// - imported into an empty store, an export gives the same lines again, byte for byte, to every principal;
// - what a principal's export has is what that principal reads.
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { z } from "zod";
import { edge, type Graph, memory, node, openGraph, type Session, via } from "../../src/index.ts";
import { exportJsonl, importJsonl } from "../../src/interchange.ts";
import { storedValues } from "../arbitraries.ts";
import { forEachStore } from "./stores.ts";

const anything = z.any().optional();

// The types of an earlier version of the app, and of the present one: a field and two types are no longer in the code.
class OldThing extends node("Thing", { value: anything, former: anything }) {}
class OldSpecial extends OldThing.extend("Special", { more: anything }) {}
class Lost extends node("Lost", { value: anything }) {}
class Tie extends edge("Tie", { value: anything }, { undirected: true }) {}
class Past extends edge("Past", { value: anything }) {}
const oldTypes = [OldThing, OldSpecial, Lost, Tie, Past];

class Thing extends node("Thing", { value: anything }) {}
class Special extends Thing.extend("Special", { more: anything }) {}
class Ruled extends node(
  "Ruled",
  { open: z.boolean() },
  { access: ({ open }) => (open ? "read" : undefined) },
) {}
class Line extends edge("Line", { value: anything }) {}
class TieNow extends edge("Tie", { value: anything }, { undirected: true }) {}
const types = [Thing, Special, Ruled, Line, TieNow];

const level = fc.constantFrom("none", "read", "connect", "write" as const);
const place = fc.nat(30);

const nodes = fc.array(
  fc.record({
    kind: fc.nat(3),
    owner: fc.nat(2),
    value: fc.option(storedValues(), { nil: undefined }),
    other: fc.option(storedValues(), { nil: undefined }),
    all: fc.option(level, { nil: undefined }),
    entry: fc.option(fc.tuple(fc.nat(2), level), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 8 },
);
const edges = fc.array(
  fc.record({
    kind: fc.nat(2),
    from: place,
    to: place,
    value: fc.option(storedValues(), { nil: undefined }),
    all: fc.option(level, { nil: undefined }),
  }),
  { maxLength: 8 },
);
const graphs = fc.record({
  old: fc.tuple(nodes, edges),
  now: fc.tuple(nodes, edges),
  roots: fc.array(fc.tuple(fc.nat(2), fc.nat(2), level), { maxLength: 3 }),
});
type Described = typeof graphs extends fc.Arbitrary<infer T> ? T : never;

type Instance = { readonly id: string };

async function fill(
  graph: Graph,
  owners: readonly string[],
  [nodes, edges]: Described["now"],
  nodeTypes: readonly unknown[],
  edgeTypes: readonly unknown[],
): Promise<void> {
  for (const [at, owner] of owners.entries()) {
    await graph.as(owner).transaction((tx) => {
      for (const { kind, value, other, all, entry, ...made } of nodes) {
        if (made.owner !== at) continue;
        const type = nodeTypes[kind % nodeTypes.length];
        const fields =
          type === Ruled
            ? { open: other === undefined }
            : {
                value,
                ...(type === OldThing && { former: other }),
                ...((type === Special || type === OldSpecial) && { more: other }),
              };
        const record = tx.create(type as typeof Thing, fields as { value: unknown });
        if (all !== undefined) record.grant(all);
        if (entry !== undefined) record.allowRoot(owners[entry[0]]!, entry[1]);
      }
    });
  }
  await graph.transaction(async (tx) => {
    const all: Instance[] = [];
    for (const type of nodeTypes) all.push(...(await tx.nodes(type as typeof Thing).all()));
    if (all.length === 0) return;
    for (const { kind, from, to, value, all: granted } of edges) {
      const type = edgeTypes[kind % edgeTypes.length] as typeof Line;
      const made = (all[from % all.length] as Thing).link(
        all[to % all.length] as Thing,
        via(type, { value }),
      );
      if (granted !== undefined) made.grant(granted);
    }
  });
}

async function text(lines: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of lines) all += piece;
  return all;
}

async function read(session: Session): Promise<string[]> {
  const ids: string[] = [];
  await session.transaction(async (tx) => {
    for (const type of [Thing, Ruled]) ids.push(...(await tx.nodes(type).ids()));
    for (const type of [Line, TieNow]) ids.push(...(await tx.edges(type).ids()));
  });
  return ids.sort();
}

function idsIn(lines: string): string[] {
  const known = new Set(types.map(({ typeName }) => typeName as string));
  return lines
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line) as { node?: string; edge?: string; type: string })
    .filter(({ type }) => known.has(type))
    .map(({ node, edge }) => (node ?? edge) as string)
    .sort();
}

forEachStore("lines of JSON, of any graph", (open) => {
  property.prop([graphs], { numRuns: 12 })(
    "lead back to the same graph, for every principal, and show each what it reads",
    async ({ old, now, roots }) => {
      const openHere = open.place();
      const before = await openHere({ types: oldTypes });
      const owners: string[] = [];
      for (let i = 0; i < 3; i++) owners.push((await before.createRoot()).id);
      await fill(before, owners, old, [OldThing, OldSpecial, Lost], [Tie, Past]);
      for (const [root, other, granted] of roots)
        await before.as(owners[root]!).transaction((tx) => {
          if (root === other) tx.root.grant(granted);
          else tx.root.allowRoot(owners[other]!, granted);
        });
      await before.close();
      const graph = await openHere({ types });
      await fill(graph, owners, now, [Thing, Special, Ruled], [Line, TieNow]);

      const lines = await text(exportJsonl(graph));
      expect(await text(exportJsonl(graph))).toBe(lines);
      // Into this kind of store, and into another.
      const store = memory();
      const elsewhere = now[0].length % 2 === 0 ? open.store.place() : () => store;
      await importJsonl(elsewhere(), () => lines, { types, batch: 5 });
      const copy = await openGraph({ types, store: elsewhere() });
      expect(await text(exportJsonl(copy))).toBe(lines);
      for (const session of [graph, ...owners.map((owner) => graph.as(owner))]) {
        const same = session === graph ? copy : copy.as(session.root.id);
        const seen = await text(exportJsonl(session));
        expect(await text(exportJsonl(same))).toBe(seen);
        const readable = await read(session);
        expect(idsIn(seen)).toEqual(readable);
        expect(await read(same)).toEqual(readable);
      }
      await copy.close();
      await graph.close();
    },
  );
});
