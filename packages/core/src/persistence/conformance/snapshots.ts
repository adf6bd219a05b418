import type { Id } from "../../model/id.ts";
import type { StoreSnapshot } from "../store.ts";
import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** `snapshot`: the records of one moment. A store need not have it. */
export function snapshotConformance(suite: Suite): void {
  suite.group("snapshots", () => {
    suite.test(
      "a snapshot gives all nodes and all edges, in id order whatever their types",
      async (session) => {
        if (session.store.snapshot === undefined) return;
        const draft = session.draft();
        const ids = Array.from({ length: 6 }, () => session.newId());
        for (const i of [4, 1, 5, 0, 3, 2]) draft.node(i % 2 === 0 ? "Person" : "Room", {}, { id: ids[i]! });
        const edges = ["Likes", "Knows", "Near", "Likes", "Edge"].map((type, i) =>
          draft.edge(type, ids[0]!, ids[i]!),
        );
        await session.commit(draft);
        const snapshot = await session.store.snapshot();
        equal(snapshot.token, await session.current(), "the moment of the snapshot");
        for (const limit of [1, 3, 100]) {
          equal(await all(snapshot, "nodes", limit), [session.ann, session.bob, ...ids], "the nodes");
          equal(await all(snapshot, "edges", limit), edges, "the edges");
        }
        await snapshot.close();
        await snapshot.close();
      },
    );

    suite.test("nothing that is committed later is in it", async (session) => {
      if (session.store.snapshot === undefined) return;
      const first = session.draft();
      const people = Array.from({ length: 4 }, (_, rank) => first.node("Person", { rank }));
      const [written, removed, deleted, kept] = people as [Id, Id, Id, Id];
      const gone = first.edge("Knows", written, removed);
      const orphan = first.edge("Knows", kept, deleted);
      await session.commit(first);

      const snapshot = await session.store.snapshot();
      const later = session.draft();
      later.node("Person", { rank: 9 });
      later.edge("Likes", written, kept);
      later.write("Person", written, 1, { rank: 7 });
      later.disconnect("Knows", gone, written, removed);
      await session.commit(later);
      await session.commit(session.draft().remove("Person", deleted));
      await session.purgeAll();

      equal(await all(snapshot, "nodes", 2), [session.ann, session.bob, ...people], "the nodes of then");
      equal(await all(snapshot, "edges", 1), [gone, orphan], "the edges of then");
      const { rows } = await snapshot.nodes(session.bob, 3);
      equal(
        rows.fields.map((fields) => (fields as { rank: number }).rank),
        [0, 1, 2],
        "the fields of then",
      );
      await snapshot.close();
      const present = await session.store.snapshot();
      equal((await all(present, "edges", 100)).length, 1, "the edges of a later snapshot");
      await present.close();
    });

    suite.test("a snapshot that nobody has closed does not keep the store from closing", async (session) => {
      await session.store.snapshot?.();
    });
  });
}

async function all(snapshot: StoreSnapshot, kind: "nodes" | "edges", limit: number): Promise<Id[]> {
  const ids: Id[] = [];
  for (let more = true; more; ) {
    const page = await snapshot[kind](ids.at(-1), limit);
    equal(page.rows.length <= limit, true, "a page is no longer than was asked");
    ids.push(...page.rows.ids);
    more = page.more;
  }
  return ids;
}
