import { accessRecord } from "../../model/access-record.ts";
import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

const READ = accessRecord("read");

/** Versions of data and access, and commits that expect them. */
export function versionConformance(suite: Suite): void {
  suite.group("versions", () => {
    suite.test("data and access count up from 1, each by itself", async (session) => {
      const id = await session.newNode("Person");
      const versions = async (): Promise<unknown> => {
        const node = await session.node(id);
        return [node?.dataVersion, node?.accessVersion];
      };
      equal(await versions(), [1, 1], "of a new record");
      await session.commit(session.draft().write("Person", id, 1, { rank: 1 }));
      equal(await versions(), [2, 1], "after new data");
      const access = { record: READ, expected: 1 };
      await session.commit(session.draft().update({ kind: "node", id, type: "Person", access }));
      equal(await versions(), [2, 2], "after a grant");
      const data = { fields: { rank: 2 }, changed: ["rank"], shape: 1, expected: 2 };
      await session.commit(
        session
          .draft()
          .update({ kind: "node", id, type: "Person", data, access: { ...access, expected: 2 } }),
      );
      equal(await versions(), [3, 3], "after both at once");
    });

    suite.test("an edge has versions as a node has, and keeps its ends", async (session) => {
      const draft = session.draft();
      const id = draft.edge("Knows", session.ann, session.bob, { since: 1 });
      await session.commit(draft);
      const edge = { kind: "edge", id, type: "Knows", source: session.ann, target: session.bob } as const;
      const data = { fields: { since: 2 }, changed: ["since"], shape: 1, expected: 1 };
      await session.commit(session.draft().update({ ...edge, data, access: { record: READ, expected: 1 } }));
      const view = await session.edge(id);
      equal(
        [view?.dataVersion, view?.accessVersion, view?.fields, view?.access],
        [2, 2, { since: 2 }, READ],
        "the edge",
      );
      equal([view?.source, view?.target], [session.ann, session.bob], "its ends");
      equal(
        (await session.offer(session.draft().update({ ...edge, data }))).status,
        "conflict",
        "an older expected version",
      );
    });

    suite.test("a write that expects another data version is refused", async (session) => {
      const id = await session.newNode("Person", { rank: 1 });
      await session.commit(session.draft().write("Person", id, 1, { rank: 2 }));
      for (const expected of [1, 3]) {
        const { status } = await session.offer(session.draft().write("Person", id, expected, { rank: 3 }));
        equal(status, "conflict", `expected version ${expected} of a record at version 2`);
      }
      equal((await session.node(id))?.fields, { rank: 2 }, "the fields");
    });

    suite.test("a grant that expects another access version is refused", async (session) => {
      const id = await session.newNode("Person");
      const grant = (expected: number) =>
        session.draft().update({ kind: "node", id, type: "Person", access: { record: READ, expected } });
      await session.commit(grant(1));
      equal(
        (await session.offer(grant(1))).status,
        "conflict",
        "expected version 1 of an access record at version 2",
      );
      equal((await session.node(id))?.accessVersion, 2, "the access version");
    });

    suite.test(
      "a grant leaves the data version alone, so that a write goes through beside it",
      async (session) => {
        const id = await session.newNode("Person", { rank: 1 });
        await session.commit(
          session.draft().update({ kind: "node", id, type: "Person", access: { record: READ, expected: 1 } }),
        );
        await session.commit(session.draft().write("Person", id, 1, { rank: 2 }));
        const node = await session.node(id);
        equal([node?.fields, node?.access], [{ rank: 2 }, READ], "the fields and the access record");
      },
    );

    suite.test("connecting to a node changes none of its versions", async (session) => {
      const id = await session.newNode("Person");
      const draft = session.draft();
      draft.edge("Knows", id, session.ann);
      draft.edge("Near", session.ann, id);
      await session.commit(draft);
      const node = await session.node(id);
      equal([node?.dataVersion, node?.accessVersion], [1, 1], "its versions");
    });

    suite.test("what was deleted can be neither written nor deleted again", async (session) => {
      const draft = session.draft();
      const node = draft.node("Person");
      const edge = draft.edge("Knows", session.ann, session.bob);
      const hidden = draft.edge("Knows", node, session.bob);
      await session.commit(draft);
      const removal = session
        .draft()
        .remove("Person", node)
        .disconnect("Knows", edge, session.ann, session.bob);
      await session.commit(removal);
      const attempts = {
        "a write to the node": session.draft().write("Person", node, 1, {}),
        "a second delete of the node": session.draft().remove("Person", node),
        "a second delete of the edge": session.draft().disconnect("Knows", edge, session.ann, session.bob),
        "a delete of an edge that went with its node": session
          .draft()
          .disconnect("Knows", hidden, node, session.bob),
      };
      for (const [attempt, tried] of Object.entries(attempts)) {
        equal((await session.offer(tried)).status, "conflict", attempt);
      }
    });

    suite.test("the shape that fields were written under comes back with them", async (session) => {
      const id = await session.newNode("Person", { name: "a" });
      const data = { fields: { name: "b" }, changed: ["name"], shape: 3, expected: 1 };
      await session.commit(session.draft().update({ kind: "node", id, type: "Person", data }));
      equal((await session.node(id))?.shape, 3, "the shape after an update");
    });
  });
}
