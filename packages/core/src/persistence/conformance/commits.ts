import { accessRecord } from "../../model/access-record.ts";
import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** `commit`: batches that are applied whole or not at all, against expected versions. */
export function commitConformance(suite: Suite): void {
  suite.group("commits", () => {
    suite.test("a commit can be read as soon as it is acknowledged", async (session) => {
      for (let i = 0; i < 20; i++) {
        const id = await session.newNode("Person", { rank: i });
        equal((await session.node(id))?.fields, { rank: i }, `record ${i}`);
      }
    });

    suite.test("one batch creates, changes and removes together", async (session) => {
      const first = session.draft();
      const [kept, gone] = [first.node("Person", { name: "a" }), first.node("Person", { name: "b" })];
      const link = first.edge("Knows", kept, session.ann);
      await session.commit(first);

      const draft = session.draft();
      const added = draft.node("Room", { name: "hall" });
      const edge = draft.edge("Likes", kept, added);
      draft.write("Person", kept, 1, { name: "c" }).remove("Person", gone);
      draft.disconnect("Knows", link, kept, session.ann);
      await session.commit(draft);

      equal((await session.node(kept))?.fields, { name: "c" }, "the changed node");
      equal(
        (await session.nodes(gone, added)).map(({ id }) => id),
        [added],
        "the removed and the new node",
      );
      equal((await session.around(kept)).edges, [edge], "the new edge and not the removed one");
    });

    suite.test("a batch that is refused leaves no trace at all", async (session) => {
      const known = await session.newNode("Person", { email: "a@x", value: 1 });
      const before = await session.current();
      const spoilers = {
        "an expected version": session.draft().write("Person", known, 7, { value: 2 }),
        "a record that is not there": session.draft().remove("Person", session.newId()),
        "a unique key": session.draft(),
      };
      spoilers["a unique key"].node("Person", { email: "a@x" });
      for (const [reason, draft] of Object.entries(spoilers)) {
        const node = draft.node("Person", { value: 1, email: "b@x" });
        const edge = draft.edge("Knows", known, node);
        draft.update({
          kind: "node",
          id: session.ann,
          type: "Root",
          access: { record: accessRecord("read"), expected: 1 },
        });
        const { status } = await session.offer(draft);
        equal(status, reason === "a unique key" ? "duplicate" : "conflict", `refused for ${reason}`);
        equal(await session.nodes(node), [], `the new node, refused for ${reason}`);
        equal(await session.edges(edge), [], "the new edge");
        equal((await session.around(known)).edges, [], "the neighbourhood");
        equal((await session.lookup({ index: "Person.value", equals: [1] })).ids, [known], "the index");
        equal((await session.lookup({ index: "Person.email", equals: ["b@x"] })).ids, [], "the unique index");
        equal((await session.scan({ type: "Person" })).ids, [known], "the scan");
        equal(
          (await session.node(session.ann))?.accessVersion,
          1,
          "a version that another part would have raised",
        );
        equal(await session.store.outcome(draft.unitId), "absent", "the outcome");
      }
      equal(await session.changesSince(before), [], "the change feed");
    });

    suite.test("a record's id cannot be created twice", async (session) => {
      const draft = session.draft();
      const node = draft.node("Person", { rank: 1 });
      const edge = draft.edge("Knows", node, node);
      await session.commit(draft);

      const again = session.draft();
      again.node("Person", { rank: 2 }, { id: node });
      equal((await session.offer(again)).status, "conflict", "a node of the same id");
      const edgeAgain = session.draft();
      edgeAgain.edge("Knows", node, session.ann, {}, { id: edge });
      equal((await session.offer(edgeAgain)).status, "conflict", "an edge of the same id");
      equal((await session.node(node))?.fields, { rank: 1 }, "the node");
    });

    suite.test("an edge needs both its ends", async (session) => {
      const gone = await session.newNode("Person");
      await session.commit(session.draft().remove("Person", gone));
      for (const missing of [session.newId(), gone]) {
        for (const [source, target] of [
          [missing, session.ann],
          [session.ann, missing],
        ] as const) {
          const draft = session.draft();
          draft.edge("Knows", source, target);
          equal((await session.offer(draft)).status, "conflict", "an edge whose end is not there");
        }
      }
      equal((await session.around(session.ann)).edges, [], "edges at the end that is there");
    });

    suite.test(
      "batches of one call are answered one by one, and one that fails fails alone",
      async (session) => {
        const { store } = session;
        const known = await session.newNode("Person");
        const base = await session.current();
        const drafts = Array.from({ length: 5 }, () => session.draft());
        const nodes = drafts.map((draft, i) =>
          draft.node("Person", { rank: i, ...(i === 3 && { email: "x" }), ...(i === 4 && { email: "x" }) }),
        );
        drafts[1]!.write("Person", known, 9, {});
        const outcomes = await store.commit(drafts.map((draft) => draft.batch(base)));
        const statuses = outcomes.map(({ status }) => status);
        equal(statuses, ["committed", "conflict", "committed", "committed", "duplicate"], "the outcomes");
        const found = await session.nodes(...nodes);
        equal(
          new Set(found.map(({ id }) => id)),
          new Set([nodes[0], nodes[2], nodes[3]]),
          "the nodes that are there",
        );
      },
    );
  });
}
