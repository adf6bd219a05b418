import { IdColumn } from "../../model/id.ts";
import { RowDamage } from "../rows.ts";
import { equal, ok } from "./assert.ts";
import { adjacency } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** Rows that cannot be decoded keep their place and harm nobody else. */
export function damageConformance(suite: Suite): void {
  const { damage } = suite.options;
  if (damage === undefined) return;

  suite.group("damaged rows", () => {
    suite.test("a damaged node keeps its place in every answer", async (session) => {
      const { store } = session;
      const draft = session.draft();
      const ids = [1, 2, 3].map((value) => draft.node("Person", { name: `${value}` }));
      await session.commit(draft);
      await damage(store, "node", ids[1]!);

      const byId = await session.nodes(...ids);
      equal(new Set(byId.map(({ id }) => id)), new Set(ids), "reading by id");
      for (const { id, fields } of byId) {
        if (id !== ids[1]) equal(fields instanceof RowDamage, false, "a neighbour is whole");
        else ok(fields instanceof RowDamage && fields.reason !== "", "the damage has a reason");
      }
      const scanned = await store.scan({
        kind: "node",
        type: "Person",
        order: "asc",
        after: undefined,
        limit: 5,
      });
      equal([...scanned.rows.ids], ids, "a scan");
      ok(scanned.rows.fields[1] instanceof RowDamage, "a scan says so too");
    });

    suite.test("a damaged edge keeps its place and its ends", async (session) => {
      const { store, ann, bob } = session;
      const draft = session.draft();
      const ids = [1, 2, 3].map((since) => draft.edge("Knows", ann, bob, { since }));
      await session.commit(draft);
      await damage(store, "edge", ids[1]!);

      const edge = await session.edge(ids[1]!);
      equal([edge?.source, edge?.target], [ann, bob], "its ends");
      ok(edge?.fields instanceof RowDamage, "reading by id says so");
      const { rows } = await store.readAdjacency(IdColumn.of(ann), [adjacency()]);
      equal([...rows.edges], ids, "the neighbourhood");
      equal(
        rows.edgeFields.map((fields) => fields instanceof RowDamage),
        [false, true, false],
        "which is damaged",
      );
    });

    suite.test("a damaged record can be deleted", async (session) => {
      const id = await session.newNode("Person", { value: 1 });
      await damage(session.store, "node", id);
      await session.commit(session.draft().remove("Person", id));
      equal(await session.nodes(id), [], "the record");
    });
  });
}
