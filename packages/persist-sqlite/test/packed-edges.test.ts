import { type AdjacencyRows, accessRecord, type Id, IdColumn, RowDamage } from "@rootwalk/core/store";
import { describe, expect, test } from "vitest";
import { mostPacked } from "../src/packed-edges.ts";
import { Database } from "./database.ts";
import { adjacency, type StoreClient, session, temporaryFile } from "./support.ts";

// Edges that come as one text a page say what they say row by row, whatever is in them. Pages of more than `mostPacked`
// edges are read row by row.

const odd = [
  {},
  { note: 'quotes " and \\ and \u2028 and ä€🙂' },
  { at: new Date(5), big: 7n, bytes: new Uint8Array([1, 2]), list: [1, { deep: [null] }], nothing: null },
  { tags: new Set(["a"]), map: new Map([["k", 1]]) },
  { "@date": "no date", "@plain": 1 },
  { since: 1.5e300, low: -0.1, zero: 0 },
] as const;

/** What damage may have left in place of the fields. */
const damages = ["{", "", "null", "[1]", "7", '"text"', '{"a":1},{"b":2}', '{"@date":5}', '{"a":[1', "2]}"];

interface Row {
  readonly [name: string]: unknown;
}

function rowsOf(rows: AdjacencyRows): Row[] {
  return Array.from({ length: rows.length }, (_, i) => {
    const fields = rows.edgeFields[i];
    const head = rows.headAt(i);
    const far = rows.farAt(i);
    return {
      edge: rows.edges.at(i),
      type: rows.edgeTypes[head],
      owner: rows.edgeOwners.at(head),
      access: rows.edgeAccess[head],
      versions: [rows.edgeDataVersions[head], rows.edgeAccessVersions[head], rows.edgeShapes[head]],
      fields: fields instanceof RowDamage ? { damage: fields.reason, stored: fields.stored } : fields,
      forward: rows.forward[i],
      far: rows.farIds.at(far),
      farType: rows.farTypes[far],
      farOwner: rows.farOwners.at(far),
      farAccess: [rows.farAccess[far], rows.farAccessVersions[far]],
    };
  });
}

async function around(client: StoreClient, node: Id, limit: number, more: object): Promise<Row[]> {
  const request = adjacency({ edgeType: "Knows", limit, ...more });
  const { rows } = await client.store.readAdjacency(IdColumn.of(node), [request]);
  return rowsOf(rows);
}

async function expectSame(client: StoreClient, node: Id, length: number): Promise<void> {
  for (const direction of ["out", "in"] as const) {
    for (const edgeFields of [true, false]) {
      for (const order of ["asc", "desc"] as const) {
        // A handle that knows no node reads them with the edges, one that knows most reads the others.
        const fresh = await client.connected();
        const asked = { direction, edgeFields, order };
        const expected = await around(client, node, mostPacked + 1, asked);
        if (direction === "out") expect(expected).toHaveLength(length);
        expect(await around(fresh, node, mostPacked, asked)).toEqual(expected);
        expect(await around(fresh, node, mostPacked, asked)).toEqual(expected);
        const after = expected[2]?.edge;
        if (after !== undefined)
          expect(await around(fresh, node, mostPacked, { ...asked, after })).toEqual(expected.slice(3));
      }
    }
  }
}

describe("a page of edges as one text", () => {
  test("holds fields, versions, owners and access records of every kind", async () => {
    const client = await session();
    const { ann, bob } = client;
    const shared = accessRecord("connect", new Map([[bob, "write"]] as const));
    const draft = client.draft();
    const hub = draft.node("Person");
    const far = [draft.node("Room"), draft.node("Room", {}, { owner: bob, access: shared }), hub];
    const edges = odd.flatMap((fields, i) => [
      draft.edge("Knows", hub, far[i % 3] as Id, fields),
      draft.edge("Knows", hub, far[(i + 1) % 3] as Id, fields, {
        owner: i % 2 === 0 ? ann : bob,
        access: i % 3 === 0 ? shared : accessRecord("none"),
      }),
    ]);
    await client.commit(draft);
    const update = client.draft();
    update.update({
      kind: "edge",
      id: edges[4] as Id,
      type: "Knows",
      data: { fields: { since: 2 }, changed: ["since"], shape: 1, expected: 1 },
      access: { record: shared, expected: 1 },
    });
    await client.commit(update);
    await expectSame(client, hub, edges.length);
  });

  test("is read row by row where fields are too long for it, the pages after it too", async () => {
    const client = await session();
    const draft = client.draft();
    const hub = draft.node("Person");
    for (let i = 0; i < 5; i++) draft.edge("Knows", hub, client.ann, { note: "ä".repeat(i * 5_000) });
    await client.commit(draft);
    await expectSame(client, hub, 5);
    const fresh = await client.connected();
    const statements = async (): Promise<number> => {
      const before = fresh.store.counters.statements;
      expect(await around(fresh, hub, 5, { edgeFields: true })).toHaveLength(5);
      return fresh.store.counters.statements - before;
    };
    const first = await statements();
    expect(await statements()).toBeLessThan(first);
  });

  test("is read row by row where damage is in it", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const draft = client.draft();
    const hub = draft.node("Person");
    for (let i = 0; i < 4 * damages.length; i++) draft.edge("Knows", hub, client.ann, { since: i });
    await client.commit(draft);
    const set = (at: number, data: string): void => {
      const database = new Database(path);
      database.exec(
        `UPDATE edges SET data = '${data}' WHERE key = (SELECT key FROM edges ORDER BY key LIMIT 1 OFFSET ${at})`,
      );
      database.close();
    };
    for (const [i, data] of damages.entries()) {
      set(2 * i + 1, data);
      await expectSame(await client.connected(), hub, 4 * damages.length);
    }
    const found = await around(await client.connected(), hub, mostPacked, { edgeFields: true });
    expect(found.filter(({ fields }) => "damage" in (fields as Row))).toHaveLength(damages.length);
  });

  test("leaves out edges whose far end has no row", async () => {
    const path = temporaryFile();
    const client = await session(path);
    const draft = client.draft();
    const hub = draft.node("Person");
    const lost = draft.node("Room");
    for (let i = 0; i < 8; i++) draft.edge("Knows", hub, i % 4 === 1 ? lost : client.ann, { since: i });
    await client.commit(draft);
    const database = new Database(path);
    database.exec("DELETE FROM nodes WHERE type = (SELECT nr FROM types WHERE name = 'Room')");
    database.close();
    await expectSame(await client.connected(), hub, 6);
  });
});
