import { formatId, type Id, IdColumn } from "@rootwalk/core/store";
import { describe, expect, test } from "vitest";
import { Database } from "./database.ts";
import { GuardList, type StoreClient, session, temporaryFile } from "./support.ts";

// Ids of other processes may have the same 63 bits of time and counter, which are an edge's row id in the file.

/** An id with a chosen place in time and chosen random bits. */
function id(place: number, random: number): Id {
  return formatId(0x0199_0000, 0x1234_7000 | (place >>> 3), 0x8000_0000 | ((place & 7) << 27) | 0, random);
}

/** Edges from a hub whose ids crowd on a few places; gives the ids in order. */
async function crowd(client: StoreClient, hub: Id, type = "Knows", far: Id = client.ann): Promise<Id[]> {
  const ids: Id[] = [];
  for (const random of [5, 1, 9, 3, 7])
    for (const place of [40, 41, 40, 43]) ids.push(id(place, random * 4 + place));
  const distinct = [...new Set(ids)];
  for (const edge of distinct) {
    const draft = client.draft();
    draft.edge(type, hub, far, { name: edge }, { id: edge });
    await client.commit(draft);
  }
  return distinct.toSorted();
}

async function pagesOf(client: StoreClient, hub: Id, request: object): Promise<Id[]> {
  const seen: Id[] = [];
  for (let after: Id | undefined, more = true; more; after = seen.at(-1)) {
    const page = await client.around(hub, { ...request, after });
    expect(page.edges.length, "a page with more behind it is full").toBeGreaterThan(0);
    seen.push(...page.edges);
    more = page.more;
  }
  return seen;
}

describe("edges whose ids share time and counter", () => {
  test("are all there, each with its own fields, after reopening too", async () => {
    const client = await session();
    const ids = await crowd(client, client.ann);
    for (const open of [async () => client, () => client.connected(), () => client.reopened()]) {
      const reader = await open();
      const found = await reader.edges(...ids);
      expect(new Map(found.map((edge) => [edge.id, edge.fields]))).toEqual(
        new Map(ids.map((edge) => [edge, { name: edge }])),
      );
      expect(found).toHaveLength(ids.length);
      expect(await reader.edges(id(40, 999), id(42, 1))).toEqual([]);
    }
  });

  test.each([["Knows"], ["Near"], [undefined]])(
    "come in id order in every page, asked for as %s",
    async (edgeType) => {
      const client = await session();
      const type = edgeType ?? "Knows";
      const hub = await client.newNode("Person");
      const before = client.draft();
      before.edge(type, hub, client.bob, {}, { id: id(39, 0) });
      before.edge(type, hub, client.bob, {}, { id: id(60, 0) });
      await client.commit(before);
      const ids = [id(39, 0), ...(await crowd(client, hub, type)), id(60, 0)];
      for (const limit of [1, 2, 3, 7, 100]) {
        expect(await pagesOf(client, hub, { edgeType, limit })).toEqual(ids);
        expect(await pagesOf(client, hub, { edgeType, limit, order: "desc" })).toEqual(ids.toReversed());
      }
      expect((await client.around(client.ann, { edgeType, direction: "in" })).edges).toEqual(
        ids.slice(1, -1),
      );
    },
  );

  test("are found after an id between them that was never stored", async () => {
    const client = await session();
    const ids = await crowd(client, client.ann);
    for (const after of [id(40, 0), id(40, 50), id(41, 0), id(42, 0), id(43, 2 ** 31 - 1)]) {
      const beyond = ids.filter((edge) => edge > after);
      expect((await client.around(client.ann, { after })).edges).toEqual(beyond);
      expect((await client.around(client.ann, { after, order: "desc" })).edges).toEqual(
        ids.filter((edge) => edge < after).toReversed(),
      );
    }
  });

  test("are added among many others in one commit, and an id that is there refuses them all", async () => {
    const client = await session();
    const hub = await client.newNode("Person");
    const many = (place: number): Id[] => Array.from({ length: 40 }, (_, i) => id(place + i, i));
    const offer = (ids: readonly Id[]) => {
      const draft = client.draft();
      for (const edge of ids) draft.edge("Knows", hub, client.bob, { name: edge }, { id: edge });
      return client.offer(draft);
    };
    const first = many(100);
    expect((await offer(first)).status).toBe("committed");
    expect((await offer([...many(300), first[20] as Id, ...many(400)])).status).toBe("conflict");
    expect(await client.edges(id(300, 0))).toEqual([]);

    const others = [...many(200), id(110, 77), id(201, 77), ...many(500)];
    expect((await offer(others)).status).toBe("committed");
    expect((await offer([...many(300), others[40] as Id])).status).toBe("conflict");
    const all = [...first, ...others].toSorted();
    for (const reader of [client, await client.connected()]) {
      expect((await reader.around(hub, { limit: 200 })).edges).toEqual(all);
      expect(new Map((await reader.edges(...all)).map((edge) => [edge.id, edge.fields]))).toEqual(
        new Map(all.map((edge) => [edge, { name: edge }])),
      );
    }
  });

  test("come in id order in scans", async () => {
    const client = await session();
    const ids = await crowd(client, client.ann);
    for (const limit of [1, 3, 100]) {
      const seen: Id[] = [];
      for (let after: Id | undefined, more = true; more; after = seen.at(-1)) {
        const page = await client.scan({ kind: "edge", type: "Knows", limit, after });
        seen.push(...page.ids);
        more = page.more;
      }
      expect(seen).toEqual(ids);
    }
    const backwards = await client.scan({ kind: "edge", type: "Knows", order: "desc" });
    expect(backwards.ids).toEqual(ids.toReversed());
  });

  test("are changed and removed one by one, and each id is refused a second time", async () => {
    const client = await session();
    const ids = await crowd(client, client.ann);
    for (const [i, edge] of ids.entries()) {
      const again = client.draft();
      again.edge("Knows", client.ann, client.ann, {}, { id: edge });
      expect((await client.offer(again)).status).toBe("conflict");
      const data = { fields: { since: i }, changed: ["since"], shape: 1, expected: 1 };
      await client.commit(client.draft().update({ kind: "edge", id: edge, type: "Knows", data }));
    }
    const found = await client.edges(...ids);
    expect(found.map(({ dataVersion }) => dataVersion)).toEqual(ids.map(() => 2));
    expect(new Map(found.map((edge) => [edge.id, edge.fields]))).toEqual(
      new Map(ids.map((edge, i) => [edge, { since: i }])),
    );

    const left = new Set(ids);
    for (const edge of [ids[3], ids[0], ids[8]] as Id[]) {
      await client.commit(client.draft().disconnect("Knows", edge, client.ann, client.ann));
      left.delete(edge);
      expect((await client.around(client.ann)).edges).toEqual([...left]);
    }
    // A place that has become free is taken again without anyone noticing.
    const draft = client.draft();
    draft.edge("Knows", client.ann, client.ann, {}, { id: ids[0] as Id });
    await client.commit(draft);
    expect((await client.around(client.ann)).edges).toEqual([ids[0], ...left]);
  });

  test("are purged with their node, and hidden before", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const hub = await client.newNode("Person");
    const ids = await crowd(client, hub);
    const kept = id(44, 1);
    const draft = client.draft();
    draft.edge("Knows", client.bob, client.ann, {}, { id: kept });
    await client.commit(draft);
    await client.commit(client.draft().remove("Person", hub));
    expect(await client.edges(...ids)).toEqual([]);
    expect((await client.around(client.ann, { direction: "in", limit: 2 })).edges).toEqual([kept]);
    expect((await client.scan({ kind: "edge", type: "Knows" })).ids).toEqual([kept]);
    for (let more = true; more; ) more = await client.store.purge(3);
    const database = new Database(path, { readonly: true });
    expect(database.prepare("SELECT count(*) FROM edges").pluck().get()).toBe(1);
    expect(database.prepare("SELECT count(*) FROM edge_collisions").pluck().get()).toBe(0);
    database.close();
  });

  test("are told apart by guards and the change feed", async () => {
    const client = await session();
    const other = await client.connected();
    const since = await client.current();
    const ids = await crowd(other, client.ann);
    const told = (await client.changesSince(since)).flatMap(({ changes }) =>
      changes?.map((change) => change.id),
    );
    expect(told.toSorted()).toEqual(ids);
    const guarded = client.draft();
    guarded.node("Room");
    const guards = new GuardList({ kind: "absent", id: ids[4] as Id });
    expect((await client.offer(guarded, guards, since)).status).toBe("conflict");
  });

  test("show their whole ids in the view", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const ids = await crowd(client, client.ann);
    const database = new Database(path, { readonly: true });
    expect(database.prepare("SELECT id FROM edge ORDER BY id").pluck().all()).toEqual(ids);
    database.close();
  });
});

describe("nodes whose ids share time and counter", () => {
  test("are told apart everywhere", async () => {
    const client = await session();
    const ids = [id(50, 3), id(50, 1), id(50, 2), id(51, 0)];
    for (const [i, node] of ids.entries()) {
      const draft = client.draft();
      draft.node("Person", { rank: i, email: node, value: 7 }, { id: node });
      draft.edge("Knows", node, client.bob, {}, {});
      await client.commit(draft);
    }
    const sorted = ids.toSorted();
    for (const open of [async () => client, () => client.reopened()]) {
      const reader = await open();
      expect((await reader.nodes(...ids, id(50, 9))).map((node) => node.id).toSorted()).toEqual(sorted);
      for (const [i, node] of ids.entries())
        expect((await reader.node(node))?.fields).toMatchObject({ rank: i });
      expect((await reader.scan({ type: "Person" })).ids).toEqual(sorted);
      expect((await reader.scan({ type: "Person", after: id(50, 1), limit: 1 })).ids).toEqual([id(50, 2)]);
      expect((await reader.scan({ type: "Person", after: id(50, 2), order: "desc" })).ids).toEqual([
        id(50, 1),
      ]);
      expect((await reader.lookup({ index: "Person.value", equals: [7] })).ids).toEqual(sorted);
      expect((await reader.around(id(50, 2))).far).toEqual([client.bob]);
      expect((await reader.around(id(50, 9))).far).toEqual([]);
      const { rows } = await reader.store.readAdjacency(IdColumn.of(id(50, 9), id(50, 1)), [
        {
          direction: "out",
          edgeType: undefined,
          order: "asc",
          after: undefined,
          limit: 5,
          edgeFields: false,
        },
        {
          direction: "out",
          edgeType: undefined,
          order: "asc",
          after: undefined,
          limit: 5,
          edgeFields: false,
        },
      ]);
      expect(rows.ends).toEqual([0, 1]);
    }
  });
});
