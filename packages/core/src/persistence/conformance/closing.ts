import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** `close`, and what it may not lose. */
export function closingConformance(suite: Suite): void {
  const { reopen } = suite.options;

  suite.group("closing", () => {
    suite.test("a store may be closed twice, one call beside the other too", async ({ store }) => {
      await Promise.all([store.close(), store.close()]);
      await store.close();
    });

    suite.test("calls that are under way when the store is closed are answered", async (session) => {
      const draft = session.draft();
      draft.node("Person");
      const commit = session.store.commit([draft.batch(await session.current())]);
      const read = session.store.scan({
        kind: "node",
        type: "Root",
        order: "asc",
        after: undefined,
        limit: 5,
      });
      await session.store.close();
      equal(
        (await commit).map(({ status }) => status),
        ["committed"],
        "a commit",
      );
      equal((await read).rows.length, 2, "a read");
    });

    if (reopen === undefined) return;

    suite.test("everything acknowledged is there after reopening", async (session) => {
      const { ann, bob } = session;
      const start = await session.current();
      const draft = session.draft();
      const nodes = [
        draft.node("Employee", { email: "a@x", value: 1 }),
        draft.node("Person", { email: "b@x", value: 2 }),
      ];
      const edges = [
        draft.edge("Knows", nodes[0]!, nodes[1]!, { since: 1 }),
        draft.edge("Near", ann, nodes[0]!),
      ];
      const gone = draft.node("Person", { email: "c@x" });
      await session.commit(draft);
      const second = session
        .draft()
        .write("Person", nodes[1]!, 1, { email: "d@x", value: 3 })
        .remove("Person", gone);
      const last = await session.commit(second);
      const before = { nodes: await session.nodes(...nodes, ann, bob), edges: await session.edges(...edges) };

      const later = await session.reopened();
      const byId = (rows: readonly { id: string }[]) => new Map(rows.map((row) => [row.id, row]));
      equal(byId(await later.nodes(...nodes, gone, ann, bob)), byId(before.nodes), "nodes");
      equal(byId(await later.edges(...edges)), byId(before.edges), "edges");
      equal((await later.around(nodes[0]!)).edges, edges, "a neighbourhood");
      equal((await later.lookup({ index: "Person.value" })).ids, nodes, "an index");
      equal((await later.scan({ type: "Employee" })).ids, [nodes[0]], "a scan");
      equal(await later.store.outcome(draft.unitId), "committed", "the outcome of a unit");

      const taken = later.draft();
      taken.node("Person", { email: "d@x" });
      equal((await later.offer(taken)).status, "duplicate", "a unique key");
      equal((await later.offer(second)).status, "committed", "a batch that is offered once more");
      equal((await later.node(nodes[1]!))?.dataVersion, 2, "the version, which it does not raise again");

      const feed = await later.store.changes(start);
      // A new incarnation may have begun; within the old one nothing is missing.
      if (feed !== "lost")
        equal(feed.commits.map(({ token }) => token).at(-1), last, "the newest commit in the feed");
    });

    suite.test("a purge goes on after reopening", async (session) => {
      const draft = session.draft();
      const hub = draft.node("Person");
      for (let i = 0; i < 20; i++) draft.edge("Knows", hub, session.ann);
      await session.commit(draft);
      await session.commit(session.draft().remove("Person", hub));
      await session.store.purge(5);
      const later = await session.reopened();
      equal(
        (await later.around(session.ann, { direction: "in" })).edges,
        [],
        "the edges that went with the node",
      );
      await later.purgeAll();
      const again = later.draft();
      again.node("Person", {}, { id: hub });
      await later.commit(again);
    });
  });
}
