import { accessRecord } from "../../model/access-record.ts";
import type { Token } from "../change.ts";
import { equal, ok } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** `changes`: what was committed after a token. */
export function changeConformance(suite: Suite): void {
  suite.group("changes", () => {
    suite.test("a commit tells what it did to each record", async (session) => {
      const { ann, bob } = session;
      const first = session.draft();
      const [gone, kept] = [first.node("Room"), first.node("Person")];
      const [link, cut] = [first.edge("Knows", kept, ann), first.edge("Likes", ann, kept)];
      await session.commit(first);
      const since = await session.current();

      const draft = session.draft();
      const node = draft.node("Employee", { rank: 1 });
      const edge = draft.edge("Near", node, kept);
      const access = { record: accessRecord("read"), expected: 1 };
      draft.write("Person", kept, 1, { rank: 2 }).remove("Room", gone);
      draft.update({ kind: "edge", id: link, type: "Knows", source: kept, target: ann, access });
      draft.update({ kind: "node", id: bob, type: "Root", access });
      draft.disconnect("Likes", cut, ann, kept);
      const token = await session.commit(draft);

      const [commit, ...more] = await session.changesSince(since);
      equal(more, [], "further commits");
      equal([commit?.token, commit?.unitId], [token, draft.unitId], "token and unit");
      const told = new Map(commit?.changes?.map((change) => [change.id, change]));
      const summary = (id: string): unknown[] => {
        const { kind, op, type, dataVersion, accessVersion, source, target } = told.get(id) ?? {};
        return [kind, op, type, dataVersion, accessVersion, source, target];
      };
      const none = undefined;
      equal(summary(node), ["node", "create", "Employee", 1, 1, none, none], "the new node");
      equal(summary(edge), ["edge", "create", "Near", 1, 1, node, kept], "the new edge");
      equal(summary(kept), ["node", "update", "Person", 2, none, none, none], "the changed node");
      equal(summary(bob), ["node", "update", "Root", none, 2, none, none], "the node whose access changed");
      equal(summary(link), ["edge", "update", "Knows", none, 2, kept, ann], "the edge whose access changed");
      equal(summary(gone), ["node", "delete", "Room", none, none, none, none], "the deleted node");
      equal(summary(cut), ["edge", "delete", "Likes", none, none, ann, kept], "the deleted edge");
      equal(told.size, 7, "the number of changes");
    });

    suite.test("a deleted node is one change, however many edges go with it", async (session) => {
      const hub = await session.newNode("Person");
      const draft = session.draft();
      for (let i = 0; i < 10; i++) draft.edge("Knows", hub, session.ann);
      await session.commit(draft);
      const since = await session.current();
      await session.commit(session.draft().remove("Person", hub));
      const [commit] = await session.changesSince(since);
      equal(
        commit?.changes?.map(({ op, id }) => [op, id]),
        [["delete", hub]],
        "the changes",
      );
    });

    suite.test(
      "commits come in the order of their tokens, each once, from just after a token",
      async (session) => {
        const start = await session.current();
        const committed: [Token, string][] = [];
        for (let i = 0; i < 12; i++) {
          const draft = session.draft();
          draft.node("Person", { rank: i });
          committed.push([await session.commit(draft), draft.unitId]);
        }
        const all = await session.changesSince(start);
        equal(
          all.map(({ token, unitId }) => [token, unitId]),
          committed,
          "all commits",
        );
        const later = await session.changesSince(committed[6]![0]);
        equal(
          later.map(({ unitId }) => unitId),
          committed.slice(7).map(([, unitId]) => unitId),
          "those after the seventh",
        );
        equal(await session.changesSince(committed[11]![0]), [], "those after the newest");
      },
    );

    suite.test("a page tells everything up to its token", async (session) => {
      const start = await session.current();
      for (let i = 0; i < 40; i++) await session.newNode("Person");
      const units: string[] = [];
      for (let from = start, more = true; more; ) {
        const page = await session.store.changes(from);
        if (page === "lost") return ok(false, "the feed is not lost");
        ok(page.token >= from, "a page never goes back");
        for (const { token } of page.commits)
          ok(token > from && token <= page.token, "its commits lie within it");
        units.push(...page.commits.map(({ unitId }) => unitId));
        from = page.token;
        more = page.more;
        if (!more) equal(from, await session.current(), "the token of the last page");
      }
      equal(new Set(units).size, 40, "the commits of all pages");
    });

    suite.test("a token that is not of this store is lost", async ({ store }) => {
      equal(await store.changes("~ not a token of this store"), "lost", "the answer");
    });

    suite.test("a commit too large to be listed still has its place", async (session) => {
      const since = await session.current();
      const draft = session.draft();
      for (let i = 0; i < 3_000; i++) draft.node("Person");
      const token = await session.commit(draft);
      const [commit, ...more] = await session.changesSince(since);
      equal([commit?.token, commit?.unitId, more], [token, draft.unitId, []], "the commit");
      ok(
        commit?.changes === undefined || commit.changes.length === 3_000,
        "its changes are all there or left out",
      );
    });

    suite.test("refused batches and purges are not in the feed", async (session) => {
      const id = await session.newNode("Person");
      await session.commit(session.draft().remove("Person", id));
      const since = await session.current();
      await session.offer(session.draft().write("Person", id, 1, {}));
      await session.purgeAll();
      equal(await session.changesSince(since), [], "the feed");
      equal(await session.current(), since, "the newest token");
    });
  });
}
