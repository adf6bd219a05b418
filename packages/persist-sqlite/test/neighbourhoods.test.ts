import type { Id } from "@rootwalk/core/store";
import { describe, expect, test } from "vitest";
import { catalog, edgeType, index, type StoreClient, session, temporaryFile } from "./support.ts";

/** A catalog with so many edge types beside the suite's own that they are looked for rather than listed. */
const manyTypes = {
  ...catalog,
  types: [
    ...catalog.types,
    ...Array.from({ length: 40 }, (_, i) => ({ ...edgeType(`Link${i}`), undirected: i % 5 === 0 })),
  ],
};

async function allPages(client: StoreClient, node: Id, request: object): Promise<Id[]> {
  const seen: Id[] = [];
  for (let after: Id | undefined, more = true; more; after = seen.at(-1)) {
    const page = await client.around(node, { ...request, after });
    expect(page.edges.length).toBeGreaterThan(0);
    seen.push(...page.edges);
    more = page.more;
  }
  return seen;
}

describe("a catalog with many edge types", () => {
  test("neighbourhoods of every type are merged in id order, from both ends, in pages", async () => {
    const first = await session();
    const client = await first.connected(manyTypes);
    const hub = await client.newNode("Person");
    const draft = client.draft();
    const out: Id[] = [];
    const into: Id[] = [];
    for (let i = 0; i < 120; i++) {
      const k = (i * 7) % 40;
      const isUndirected = k % 5 === 0;
      const leaves = i % 3 !== 0;
      const edge = leaves ? draft.edge(`Link${k}`, hub, client.ann) : draft.edge(`Link${k}`, client.bob, hub);
      if (leaves || isUndirected) out.push(edge);
      if (!leaves || isUndirected) into.push(edge);
    }
    const loops = [draft.edge("Link5", hub, hub), draft.edge("Link6", hub, hub)];
    out.push(...loops);
    into.push(...loops);
    await client.commit(draft);
    for (const [direction, expected] of [
      ["out", out],
      ["in", into],
    ] as const) {
      for (const limit of [1, 9, 119, 500]) {
        expect(await allPages(client, hub, { direction, limit })).toEqual(expected);
        expect(await allPages(client, hub, { direction, limit, order: "desc" })).toEqual(
          expected.toReversed(),
        );
      }
    }
    const found = await client.around(hub, { limit: 500 });
    expect(found.forward).toEqual(found.far.map((far) => far !== client.bob));
  });
});

describe("a hub of which most far ends were deleted", () => {
  test("is paged through in both orders, page after full page, before and after the purge", async () => {
    const client = await session();
    const hub = await client.newNode("Person");
    const draft = client.draft();
    const far = Array.from({ length: 3_000 }, () => draft.node("Room"));
    const edges = far.map((node) => draft.edge("Knows", hub, node));
    await client.commit(draft);
    const kept = edges.filter((_, i) => i % 500 === 250);
    const removal = client.draft();
    for (const [i, node] of far.entries()) if (i % 500 !== 250) removal.remove("Room", node);
    await client.commit(removal);
    const check = async (): Promise<void> => {
      for (const edgeType of ["Knows", undefined]) {
        for (const limit of [1, 2, 100]) {
          expect(await allPages(client, hub, { edgeType, limit })).toEqual(kept);
          expect(await allPages(client, hub, { edgeType, limit, order: "desc" })).toEqual(kept.toReversed());
        }
      }
    };
    await check();
    await client.store.purge(1_500);
    await check();
    await client.purgeAll();
    await check();
    const before = client.store.counters.rowsRead;
    await client.around(hub, { edgeType: "Knows" });
    expect(client.store.counters.rowsRead - before).toBeLessThanOrEqual(12);
  });
});

describe("large files", () => {
  test("a node with 200,000 edges is paged, connected to and deleted without reading its neighbourhood", async () => {
    const client = await session(temporaryFile());
    const { counters } = client.store;
    const hub = await client.newNode("Person");
    const middle: Id[] = [];
    for (let i = 0; i < 10; i++) {
      const draft = client.draft();
      for (let k = 0; k < 20_000; k++) draft.edge("Knows", hub, k % 2 === 0 ? client.ann : client.bob);
      await client.commit(draft);
      middle.push(draft.edges.ids.at(10_000));
    }
    const cost = async (work: () => unknown): Promise<{ read: number; written: number }> => {
      const before = { ...counters };
      await work();
      return {
        read: counters.rowsRead - before.rowsRead,
        written: counters.rowsWritten - before.rowsWritten,
      };
    };
    for (const order of ["asc", "desc"] as const) {
      for (const after of [undefined, ...middle]) {
        expect(
          (await cost(() => client.around(hub, { edgeType: "Knows", order, after, limit: 50 }))).read,
        ).toBeLessThanOrEqual(101);
      }
    }
    const connect = client.draft();
    connect.edge("Knows", hub, client.ann);
    expect((await cost(() => client.commit(connect))).written).toBe(2);
    expect((await cost(() => client.commit(client.draft().remove("Person", hub)))).written).toBe(2);
    expect((await client.around(client.ann, { direction: "in", limit: 5 })).edges).toEqual([]);
    expect((await cost(() => client.store.purge(100))).written).toBeLessThanOrEqual(100);
  });

  test("a key among 100,000 is found by reading one row", async () => {
    const first = await session();
    const client = await first.connected({
      ...catalog,
      indexes: [...catalog.indexes, index("Person", ["name"])],
    });
    for (let i = 0; i < 5; i++) {
      const draft = client.draft();
      for (let k = 0; k < 20_000; k++) draft.node("Person", { email: `${i}-${k}@x`, name: `${k}` });
      await client.commit(draft);
    }
    const { counters } = client.store;
    const before = counters.rowsRead;
    expect((await client.lookup({ index: "Person.email", equals: ["3-777@x"] })).ids).toHaveLength(1);
    expect(counters.rowsRead - before).toBe(1);
    expect((await client.lookup({ index: "Person.name", equals: ["777"], limit: 4 })).ids).toHaveLength(4);
    expect(counters.rowsRead - before).toBe(6);
  });
});
