/**
 * Laws: whatever L1 lets go, and whenever, every read answers as a plain Map does, records that a unit holds stay
 * themselves, and once no unit is open L1 is within its bounds and keeps nothing for anybody.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { edge, type Id, node, openGraph, via } from "../src/index.ts";
import { awkwardBase } from "../src/persistence/awkward-store.ts";
import { memory } from "../src/persistence/memory-store.ts";
import type { Store } from "../src/persistence/store.ts";
import { type OpenUnit, ResidentGraph } from "../src/resident/resident-graph.ts";

class Item extends node("Item", { n: z.int(), text: z.string().default("") }, { index: ["n"] }) {}
class Next extends edge("Next", { n: z.int() }, { from: Item, to: Item }) {}
const types = [Item, Next];

const command = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), at: fc.nat(40), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    kind: fc.constantFrom("write", "remove", "unlink", "out", "in", "get", "deep"),
    at: fc.nat(40),
  }),
  fc.record({ kind: fc.constant("link" as const), at: fc.nat(40), to: fc.nat(40) }),
  fc.record({
    kind: fc.constant("hold" as const),
    all: fc.array(fc.nat(40), { minLength: 2, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant("abort" as const), at: fc.nat(40) }),
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

interface Model {
  readonly nodes: Map<Id, { n: number; text: string }>;
  edges: { readonly id: Id; readonly n: number; readonly source: Id; readonly target: Id }[];
}

const residents = new Set<ResidentGraph>();

async function check(store: Store, maxEntries: number, commands: readonly Command[]): Promise<void> {
  residents.clear();
  const graph = await openGraph({ types, store, cache: { maxEntries } });
  const model: Model = { nodes: new Map(), edges: [] };
  let count = 0;
  const first = await graph.transaction((tx) => tx.create(Item, { n: count }).id);
  model.nodes.set(first, { n: count++, text: "" });
  const at = (i: number): Id => [...model.nodes.keys()][i % model.nodes.size]!;
  const fars = (id: Id): Id[] => [
    ...new Set(model.edges.filter(({ source }) => source === id).map(({ target }) => target)),
  ];
  for (const step of commands) {
    if (model.nodes.size === 0) break;
    if (step.kind === "hold") {
      const ids = step.all.map(at);
      await graph.transaction(async (tx) => {
        const held = await Promise.all(ids.map((id) => tx.require(Item, id)));
        const near = await Promise.all(held.map((item) => item.out(Next).ids()));
        // Everything else passes through L1 meanwhile.
        expect((await tx.nodes(Item).ids()).length).toBe(model.nodes.size);
        expect(await tx.edges(Next).count()).toBe(model.edges.length);
        for (const [i, item] of held.entries()) {
          expect(item.id).toBe(ids[i]);
          expect({ n: item.n, text: item.text }).toEqual(model.nodes.get(ids[i]!));
          expect(near[i]).toEqual(fars(ids[i]!));
          expect(await item.out(Next).ids()).toEqual(fars(ids[i]!));
        }
      });
      continue;
    }
    const id = at(step.at);
    switch (step.kind) {
      case "add": {
        const made = await graph.transaction(async (tx) => {
          const from = await tx.require(Item, id);
          return Array.from({ length: step.count }, (_, i) => {
            const n = count + i;
            return { item: from.connect(Item, { n }, via(Next, { n })).id, n };
          });
        });
        count += step.count;
        const edges = await graph.transaction(async (tx) =>
          (await (await tx.require(Item, id)).out(Next).edges().all()).map((each) => ({
            id: each.id,
            n: each.n,
          })),
        );
        for (const { item, n } of made) {
          model.nodes.set(item, { n, text: "" });
          model.edges.push({ id: edges.find((each) => each.n === n)!.id, n, source: id, target: item });
        }
        break;
      }
      case "link": {
        const n = count++;
        const to = at(step.to);
        const made = await graph.transaction(
          async (tx) => (await tx.require(Item, id)).link(await tx.require(Item, to), via(Next, { n })).id,
        );
        model.edges.push({ id: made, n, source: id, target: to });
        break;
      }
      case "write": {
        const text = `t${count}`;
        await graph.transaction(async (tx) => {
          (await tx.require(Item, id)).text = text;
        });
        model.nodes.get(id)!.text = text;
        break;
      }
      case "abort":
        await graph
          .transaction(async (tx) => {
            const item = await tx.require(Item, id);
            item.text = "never";
            item.connect(Item, { n: -1 }, via(Next, { n: -1 }));
            await item.out(Next).edges().deleteAll();
            throw new Error("abort");
          })
          .catch((error: Error) => expect(error.message).toBe("abort"));
        break;
      case "remove":
        if (model.nodes.size === 1) break;
        await graph.transaction(async (tx) => (await tx.require(Item, id)).delete());
        model.nodes.delete(id);
        model.edges = model.edges.filter(({ source, target }) => source !== id && target !== id);
        break;
      case "unlink": {
        const gone = model.edges.find(({ source }) => source === id);
        if (gone === undefined) break;
        await graph.transaction(async (tx) => (await tx.require(Next, gone.id)).delete());
        model.edges = model.edges.filter((each) => each !== gone);
        break;
      }
      case "out":
        expect(await graph.transaction(async (tx) => (await tx.require(Item, id)).out(Next).ids())).toEqual(
          fars(id),
        );
        break;
      case "in":
        expect(
          await graph.transaction(async (tx) =>
            (await (await tx.require(Item, id)).in(Next).edges().all()).map(({ n }) => n),
          ),
        ).toEqual(model.edges.filter(({ target }) => target === id).map(({ n }) => n));
        break;
      case "get":
        expect((await graph.require(Item, id)).$data).toEqual(model.nodes.get(id));
        expect(await graph.nodes(Item, { n: model.nodes.get(id)!.n }).ids()).toEqual([id]);
        break;
      default: {
        const two = [...new Set(fars(id).flatMap(fars))];
        const found = await graph.transaction(async (tx) =>
          (await tx.require(Item, id)).out(Next).out(Next).ids(),
        );
        expect(new Set(found)).toEqual(new Set(two));
        expect(found).toHaveLength(two.length);
      }
    }
    const { cache, units } = graph.status();
    expect(units.open).toBe(0);
    expect(cache.nodes + cache.edges).toBeLessThanOrEqual(maxEntries);
    for (const resident of residents) {
      expect(resident.retained).toBe(0);
      expect(resident.log.length).toBe(0);
    }
  }
  expect(new Set(await graph.nodes(Item).ids())).toEqual(new Set(model.nodes.keys()));
  await graph.close();
}

beforeEach(() => {
  const { enter } = ResidentGraph.prototype;
  vi.spyOn(ResidentGraph.prototype, "enter").mockImplementation(function (
    this: ResidentGraph,
    unit: OpenUnit,
  ) {
    residents.add(this);
    enter.call(this, unit);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a small L1", () => {
  const commands = fc.array(command, { minLength: 1, maxLength: 40 });
  const bound = fc.integer({ min: 8, max: 64 });

  it("answers as a Map does (memory)", async () => {
    await fc.assert(
      fc.asyncProperty(bound, commands, (maxEntries, given) => check(memory(), maxEntries, given)),
      { numRuns: 150 },
    );
  });

  it("answers as a Map does (awkward)", async () => {
    await fc.assert(
      fc.asyncProperty(bound, commands, fc.nat(1000), (maxEntries, given, seed) =>
        check(awkwardBase({ seed: seed + 1 }).connect(), maxEntries, given),
      ),
      { numRuns: 60 },
    );
  });
});
