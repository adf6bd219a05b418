import { equal, ok } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** `purge`: rows that are logically gone leave in small steps. */
export function purgeConformance(suite: Suite): void {
  suite.group("purging", () => {
    suite.test("a purge goes in steps, says when it is done, and changes no answer", async (session) => {
      const draft = session.draft();
      const [hub, other] = [draft.node("Person", { name: "hub" }), draft.node("Person", { name: "other" })];
      const far = Array.from({ length: 30 }, () => draft.node("Room"));
      for (const node of far) draft.edge("Knows", hub, node);
      for (const node of far) draft.edge("Near", node, hub);
      const kept = draft.edge("Likes", far[0]!, other);
      await session.commit(draft);
      await session.commit(session.draft().remove("Person", hub));
      const now = await session.current();

      let steps = 0;
      for (let more = true; more; steps++) {
        more = await session.store.purge(10);
        equal(await session.nodes(hub), [], "the deleted node");
        equal((await session.around(far[3]!)).edges, [], "edges from the other end");
        equal((await session.around(far[0]!)).edges, [kept], "the edges of others");
        ok(steps < 100, "a purge comes to its end");
      }
      ok(steps > 1, "60 edges do not go in one step of 10");
      equal(await session.store.purge(10), false, "once nothing is left");
      equal((await session.scan({ type: "Room" })).ids, far, "the other nodes");
      equal(await session.current(), now, "the newest token");
    });

    suite.test("a step writes no more rows than it is allowed", async (session) => {
      const { store } = session;
      const draft = session.draft();
      const hub = draft.node("Person");
      for (let i = 0; i < 50; i++) draft.edge("Knows", hub, session.ann);
      await session.commit(draft);
      await session.commit(session.draft().remove("Person", hub));
      for (let more = true; more; ) {
        const before = store.counters.rowsWritten;
        more = await store.purge(7);
        ok(store.counters.rowsWritten - before <= 7, "a step of 7 rows");
      }
    });

    suite.test("a deleted id is refused before its purge and free after it", async (session) => {
      const id = await session.newNode("Person");
      await session.commit(session.draft().remove("Person", id));
      const early = session.draft();
      early.node("Person", { name: "again" }, { id });
      equal((await session.offer(early)).status, "conflict", "before the purge");
      await session.purgeAll();
      const late = session.draft();
      late.node("Person", { name: "again" }, { id });
      await session.commit(late);
      equal((await session.node(id))?.fields, { name: "again" }, "the new node");
      equal((await session.around(id)).edges, [], "its edges");
    });

    suite.test("with nothing deleted there is nothing to purge", async (session) => {
      await session.newNode("Person");
      equal(await session.store.purge(100), false, "the answer");
    });
  });
}
