import type { Id } from "../../model/id.ts";
import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** `scan`: all records of one type. */
export function scanConformance(suite: Suite): void {
  suite.group("scans", () => {
    suite.test("a scan gives one type without its subtypes, in id order", async (session) => {
      const draft = session.draft();
      const ids = Array.from({ length: 6 }, () => session.newId());
      for (const i of [4, 1, 5, 0, 3, 2])
        draft.node(i < 4 ? "Person" : "Employee", { rank: i }, { id: ids[i]! });
      const edges = [draft.edge("Knows", ids[0]!, ids[1]!), draft.edge("Likes", ids[0]!, ids[1]!)];
      await session.commit(draft);
      equal((await session.scan({ type: "Person" })).ids, ids.slice(0, 4), "people");
      equal((await session.scan({ type: "Employee" })).ids, ids.slice(4), "employees");
      equal((await session.scan({ kind: "edge", type: "Knows" })).ids, [edges[0]], "edges of one type");
      equal(await session.scan({ type: "Room" }), { ids: [], more: false }, "a type without records");
    });

    suite.test("pages meet without a gap or an overlap, in both orders", async (session) => {
      const draft = session.draft();
      const nodes = Array.from({ length: 23 }, () => draft.node("Person"));
      const edges = nodes.map((node) => draft.edge("Knows", node, session.ann));
      await session.commit(draft);
      for (const [kind, type, all] of [
        ["node", "Person", nodes],
        ["edge", "Knows", edges],
      ] as const) {
        for (const order of ["asc", "desc"] as const) {
          for (const limit of [1, 5, 22, 23]) {
            const seen: Id[] = [];
            for (let after: Id | undefined, more = true; more; after = seen.at(-1)) {
              const page = await session.scan({ kind, type, order, limit, after });
              equal(page.ids.length, Math.min(limit, 23 - seen.length), `the ${kind}s in a page of ${limit}`);
              seen.push(...page.ids);
              more = page.more;
            }
            equal(
              seen,
              order === "asc" ? all : all.toReversed(),
              `all ${kind}s in pages of ${limit}, ${order}`,
            );
          }
        }
      }
    });

    suite.test("a tally counts what a scan gives, in stretches of any length", async (session) => {
      const { store } = session;
      // Who cannot count is scanned.
      if (store.tally === undefined) return;
      const draft = session.draft();
      const nodes = Array.from({ length: 11 }, () => draft.node("Person"));
      draft.node("Employee");
      const hub = draft.node("Room");
      for (const node of nodes) draft.edge("Knows", node, session.ann);
      for (const node of nodes.slice(0, 3)) draft.edge("Likes", node, hub);
      await session.commit(draft);
      // An edge goes with either of its ends.
      await session.commit(session.draft().remove("Person", nodes[4]!).remove("Room", hub));
      for (const [kind, type] of [
        ["node", "Person"],
        ["node", "Employee"],
        ["node", "Room"],
        ["edge", "Knows"],
        ["edge", "Likes"],
      ] as const) {
        for (const limit of [1, 4, 10, 100]) {
          let after: Id | undefined;
          for (let more = true; more; ) {
            const { ids } = await session.scan({ kind, type, limit, after });
            const tally = await store.tally({ kind, type, limit, after });
            const stretch = `the ${type}s of a stretch of ${limit}`;
            equal([tally.count, tally.last], [ids.length, ids.at(-1)], stretch);
            more = tally.more;
            after = tally.last ?? after;
            if (!more) equal((await session.scan({ kind, type, after })).ids, [], `what follows ${stretch}`);
          }
        }
      }
    });

    suite.test("deleted nodes and the edges on them are not in a scan", async (session) => {
      const draft = session.draft();
      const nodes = Array.from({ length: 4 }, () => draft.node("Person"));
      const edges = nodes.map((node, i) => draft.edge("Knows", node, nodes[(i + 1) % 4]!));
      await session.commit(draft);
      await session.commit(session.draft().remove("Person", nodes[1]!));
      equal((await session.scan({ type: "Person" })).ids, [nodes[0], nodes[2], nodes[3]], "nodes");
      equal((await session.scan({ kind: "edge", type: "Knows" })).ids, [edges[2], edges[3]], "edges");
      const page = await session.scan({ kind: "edge", type: "Knows", order: "desc", limit: 2 });
      equal(page, { ids: [edges[3], edges[2]], more: false }, "a page with only hidden edges behind it");
    });

    suite.test("`after` may name a record that is gone", async (session) => {
      const draft = session.draft();
      const nodes = Array.from({ length: 4 }, () => draft.node("Person"));
      await session.commit(draft);
      await session.commit(session.draft().remove("Person", nodes[1]!));
      equal((await session.scan({ type: "Person", after: nodes[1]! })).ids, nodes.slice(2), "after it");
      const before = await session.scan({ type: "Person", after: nodes[1]!, order: "desc" });
      equal(before.ids, [nodes[0]], "before it");
    });

    suite.test("rows come with everything that reading by id gives", async (session) => {
      const { ann, bob } = session;
      const draft = session.draft();
      const node = draft.node("Room", { name: "hall" }, { owner: bob });
      const edge = draft.edge("Likes", node, ann, { since: 1 }, { owner: bob });
      await session.commit(draft);
      const asked = { order: "asc", after: undefined, limit: 1 } as const;
      const nodes = await session.store.scan({ ...asked, kind: "node", type: "Room" });
      equal(
        [nodes.rows.ids.at(0), nodes.rows.owners.at(0), nodes.rows.fields[0]],
        [node, bob, { name: "hall" }],
        "the node",
      );
      const { rows } = await session.store.scan({ ...asked, kind: "edge", type: "Likes" });
      equal(
        [rows.ids.at(0), rows.sources.at(0), rows.targets.at(0), rows.fields[0]],
        [edge, node, ann, { since: 1 }],
        "the edge",
      );
    });
  });
}
