import type { Id } from "../../model/id.ts";
import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** What repairs rely on. */
export function filingConformance(suite: Suite): void {
  const { misfile } = suite.options;
  suite.group("filing anew", () => {
    suite.test(
      "a commit of the fields that a node has already changes no answer but its version",
      async (session) => {
        const fields = { email: "a@x", team: "red", rank: 3, value: 1 };
        const id = await session.newNode("Person", fields);
        const other = await session.newNode("Person", { ...fields, email: "b@x" });
        await session.commit(session.draft().write("Person", id, 1, fields));
        equal((await session.node(id))?.dataVersion, 2, "its version");
        equal(
          (await session.lookup({ index: "Person.email", equals: ["a@x"] })).ids,
          [id],
          "by its unique key",
        );
        equal(
          (await session.lookup({ index: "Person.team+rank", equals: ["red", 3] })).ids,
          [id, other],
          "by a key that it shares",
        );
      },
    );

    suite.test("filing edges anew changes nothing where nothing is wrong", async (session) => {
      if (session.store.refile === undefined) return;
      const draft = session.draft();
      const [a, b] = [draft.node("Person"), draft.node("Person")];
      const edges: Id[] = [draft.edge("Knows", a, b), draft.edge("Near", b, a), draft.edge("Knows", a, a)];
      await session.commit(draft);
      const now = await session.around(a);
      await session.store.refile([...edges, session.newId()]);
      equal(await session.around(a), now, "a neighbourhood");
      equal((await session.edges(...edges)).length, 3, "the edges by their ids");
    });

    if (misfile === undefined) return;
    for (const index of ["Person.email", "Person.value", "Room.name@owner"]) {
      suite.test(
        `a node that ${index} has lost is there again once its fields are written`,
        async (session) => {
          const isRoom = index.startsWith("Room");
          const fields = isRoom ? { name: "hall" } : { email: "a@x", value: 5 };
          const type = isRoom ? "Room" : "Person";
          const id = await session.newNode(type, fields);
          await misfile(session.store, index, id);
          const asked = { index, equals: [Object.values(fields)[index === "Person.value" ? 1 : 0]] };
          equal((await session.lookup(asked)).ids, [], "while it is lost");
          await session.commit(session.draft().write(type, id, 1, fields));
          equal((await session.lookup(asked)).ids, [id], "afterwards");
          const owned = isRoom ? (await session.lookup({ ...asked, owner: session.ann })).ids : [id];
          equal(owned, [id], "among its owner's");
        },
      );
    }
  });
}
