import {
  accessRecord,
  type FieldData,
  formatId,
  type Id,
  IdColumn,
  RowDamage,
  type Store,
  toTaggedJson,
} from "@rootwalk/core/store";
import type { StoreClient } from "@rootwalk/core/testing";
import { catalog, nodeType } from "../../core/src/persistence/conformance/catalog.ts";
import { adjacency } from "../../core/src/persistence/conformance/store-client.ts";
import { type RowView, viewsOf } from "../../core/src/persistence/row-view.ts";

// What the fixture file of a format holds. To make the file of a new format: `tsx test/make-fixture.ts` in this package.

export const fixtureCatalog = {
  types: [...catalog.types, { ...nodeType("Visitor", "name", "email"), parent: "Employee" }],
  indexes: catalog.indexes,
};

/** Ids that are the same each time. */
export function fixedId(i: number): Id {
  return formatId(
    0x0199_0000,
    0x0000_7000 + (i >>> 3),
    0x8000_0000 | ((i & 7) << 27) | (i * 7919) | 0,
    i * 104_729,
  );
}

/** One record of every kind that there is, and of every kind of value. */
export async function fill(client: StoreClient): Promise<void> {
  const { ann, bob } = client;
  let next = 100;
  const id = (): Id => fixedId(next++);
  const first = client.draft();
  const person = first.node(
    "Person",
    { name: "Ann", email: "ann@x", team: "red", rank: 1, value: 7.5 },
    { id: id() },
  );
  const employee = first.node(
    "Employee",
    { name: "Bob", email: "bob@x", team: "red", rank: 2, value: new Date(0), badge: 9_007_199_254_740_993n },
    { id: id(), owner: bob, access: accessRecord("read", new Map([[ann, "none"]] as const)) },
  );
  const visitor = first.node(
    "Visitor",
    { name: "Zoe \u0000\u{1f600}", email: null, value: Uint8Array.of(0, 255) },
    { id: id() },
  );
  const room = first.node("Room", { name: "hall" }, { id: id(), access: accessRecord("connect") });
  first.node("Room", { name: "hall" }, { id: id(), owner: bob });
  first.node("Person", {}, { id: id() });
  const gone = first.node("Room", { name: "gone" }, { id: id() });
  const fields: FieldData = {
    since: 1999,
    map: new Map([["a", new Set([1])]]),
    plain: { "@date": "no date" },
  };
  const knows = first.edge("Knows", person, employee, fields, { id: id() });
  first.edge("Knows", employee, person, {}, { id: id(), owner: bob, access: accessRecord("none") });
  first.edge("Near", visitor, room, {}, { id: id() });
  first.edge("Likes", person, person, {}, { id: id() });
  first.edge("Edge", person, gone, {}, { id: id() });
  await client.commit(first);
  // Two edges whose ids share time and counter.
  for (const random of [2, 1]) {
    const draft = client.draft();
    draft.edge(
      "Knows",
      person,
      room,
      { random },
      { id: formatId(0x0199_0000, 0x0001_7abc, -0x8000_0000, random) },
    );
    await client.commit(draft);
  }
  const last = client
    .draft()
    .write("Person", person, 1, { name: "Anna", email: "anna@x", rank: 3 })
    .remove("Room", gone);
  last.update({
    kind: "edge",
    id: knows,
    type: "Knows",
    source: person,
    target: employee,
    access: { record: accessRecord("write"), expected: 1 },
  });
  await client.commit(last);
}

/** Everything that the store answers, as JSON. */
export async function dump(store: Store): Promise<unknown> {
  const nodes: RowView[] = [];
  const edges: RowView[] = [];
  for (const { name, kind } of fixtureCatalog.types) {
    const page = { type: name, order: "asc", after: undefined, limit: 100 } as const;
    if (kind === "node") {
      const { rows } = await store.scan({ ...page, kind });
      if (rows.length > 0) nodes.push(...viewsOf((await store.readNodes(rows.ids)).rows));
    } else {
      const { rows } = await store.scan({ ...page, kind });
      if (rows.length > 0) edges.push(...viewsOf((await store.readEdges(rows.ids)).rows));
    }
  }
  const around: unknown[] = [];
  for (const { id } of nodes) {
    const requests = (["out", "in"] as const).map((direction) => adjacency({ direction }));
    const { rows } = await store.readAdjacency(IdColumn.of(id, id), requests);
    const { edges: found, farIds, forward, ends } = rows;
    const far = forward.map((_, i) => farIds.at(rows.farAt(i)));
    around.push({ id, ends, forward, edges: [...found], far });
  }
  const lookups: Record<string, unknown> = {};
  for (const { name } of fixtureCatalog.indexes) {
    const { rows } = await store.lookup({ index: name, equals: [], order: "asc", limit: 100 });
    lookups[name] = [...rows.ids];
  }
  const readable = (records: readonly RowView[]): unknown[] =>
    records
      .map(({ fields, access, ...rest }) => ({
        ...rest,
        access: { all: access.all, roots: [...access.roots] },
        fields: fields instanceof RowDamage ? { damage: fields.reason } : toTaggedJson(fields),
      }))
      .toSorted((x, y) => (x.id < y.id ? -1 : 1));
  return { nodes: readable(nodes), edges: readable(edges), around, lookups };
}
