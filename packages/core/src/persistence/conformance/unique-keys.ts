import type { Id } from "../../model/id.ts";
import { equal } from "./assert.ts";
import type { BatchDraft } from "./batch-draft.ts";
import type { StoreClient } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** Unique indexes: one record a key, over a type and its subtypes, or for each owner. */
export function uniqueConformance(suite: Suite): void {
  suite.group("unique keys", () => {
    suite.test(
      "a second record of one key is refused; the index and the record are named",
      async (session) => {
        await session.newNode("Person", { email: "a@x" });
        const draft = session.draft();
        draft.node("Person", { email: "b@x" });
        const record = draft.node("Person", { email: "a@x" });
        draft.node("Person", { email: "c@x" });
        equal(
          await session.offer(draft),
          { status: "duplicate", index: "Person.email", record },
          "the outcome",
        );
        await session.newNode("Person", { email: "b@x" });
      },
    );

    suite.test("of many records at once the one whose key is taken is named", async (session) => {
      await session.newNode("Person", { email: "taken" });
      const many = (refused: number): { draft: BatchDraft; record: Id } => {
        const draft = session.draft();
        const ids = Array.from({ length: 40 }, (_, i) =>
          draft.node(i === 5 ? "Room" : "Person", { email: i === refused ? "taken" : i, name: i }),
        );
        return { draft, record: ids[refused]! };
      };
      for (const refused of [0, 20, 39]) {
        const { draft, record } = many(refused);
        equal(
          await session.offer(draft),
          { status: "duplicate", index: "Person.email", record },
          `the outcome for record ${refused}`,
        );
      }
      equal((await session.scan({ type: "Room" })).ids, [], "what refused batches left");
      equal((await session.offer(many(-1).draft)).status, "committed", "the same without that key");
      equal((await session.scan({ type: "Person" })).ids.length, 40, "people");
    });

    suite.test("subtypes share the keys of their base type", async (session) => {
      await session.newNode("Employee", { email: "a@x" });
      equal(
        (await offerNode(session, "Person", { email: "a@x" })).status,
        "duplicate",
        "a person beside an employee",
      );
      equal((await offerNode(session, "Employee", { email: "a@x" })).status, "duplicate", "two employees");
    });

    suite.test("the whole graph shares a key, whoever owns the records", async (session) => {
      await session.newNode("Person", { email: "a@x" }, session.ann);
      equal(
        (await offerNode(session, "Person", { email: "a@x" }, session.bob)).status,
        "duplicate",
        "another owner",
      );
    });

    suite.test("an index per owner keeps a key once for each owner", async (session) => {
      const { ann, bob } = session;
      await session.newNode("Room", { name: "general" }, ann);
      await session.newNode("Room", { name: "general" }, bob);
      const again = await offerNode(session, "Room", { name: "general" }, bob);
      equal(again.status, "duplicate", "a second one of the same owner");
      equal(again.index, "Room.name@owner", "the index");
    });

    suite.test("a record without the field is exempt, null is a key", async (session) => {
      await session.newNode("Person", {});
      await session.newNode("Person", {});
      await session.newNode("Person", { email: null });
      equal((await offerNode(session, "Person", { email: null })).status, "duplicate", "two nulls");
    });

    suite.test("keys of different kinds are different", async (session) => {
      for (const email of [5, 5n, "5", true, new Date(5)]) await session.newNode("Person", { email });
      for (const email of [5, 5n, "5", true, new Date(5)]) {
        equal(
          (await offerNode(session, "Person", { email })).status,
          "duplicate",
          `a second ${typeof email}`,
        );
      }
    });

    suite.test("an update may not take a key that is held", async (session) => {
      await session.newNode("Person", { email: "a@x" });
      const id = await session.newNode("Person", { email: "b@x" });
      const outcome = await session.offer(session.draft().write("Person", id, 1, { email: "a@x" }));
      equal(outcome, { status: "duplicate", index: "Person.email", record: id }, "the outcome");
      equal((await session.node(id))?.dataVersion, 1, "the version");
      equal(
        (await session.lookup({ index: "Person.email", equals: ["b@x"] })).ids,
        [id],
        "the holder of the old key",
      );
    });

    suite.test("a record keeps its own key through an update", async (session) => {
      const id = await session.newNode("Person", { email: "a@x" });
      await session.commit(session.draft().write("Person", id, 1, { email: "a@x", rank: 2 }));
    });

    suite.test("a delete frees the key at once, for later commits and in its own batch", async (session) => {
      const first = await session.newNode("Person", { email: "a@x" });
      await session.commit(session.draft().remove("Person", first));
      const second = await session.newNode("Person", { email: "a@x" });

      const draft = session.draft().remove("Person", second);
      const third = draft.node("Person", { email: "a@x" });
      await session.commit(draft);
      equal(
        (await session.lookup({ index: "Person.email", equals: ["a@x"] })).ids,
        [third],
        "who holds the key",
      );
      await session.purgeAll();
      equal((await offerNode(session, "Person", { email: "a@x" })).status, "duplicate", "after the purge");
    });

    suite.test("a key that is given up in a batch can be taken in it, even in exchange", async (session) => {
      const [a, b] = [
        await session.newNode("Person", { email: "a@x" }),
        await session.newNode("Person", { email: "b@x" }),
      ];
      await session.commit(
        session.draft().write("Person", a, 1, { email: "b@x" }).write("Person", b, 1, { email: "a@x" }),
      );
      equal(
        (await session.lookup({ index: "Person.email", equals: ["a@x"] })).ids,
        [b],
        "who holds the one key",
      );
      equal(
        (await session.lookup({ index: "Person.email", equals: ["b@x"] })).ids,
        [a],
        "who holds the other",
      );
    });

    suite.test("two new records of one key in one batch are refused", async (session) => {
      const draft = session.draft();
      draft.node("Person", { email: "a@x" });
      draft.node("Employee", { email: "a@x" });
      equal((await session.offer(draft)).status, "duplicate", "the outcome");
      equal((await session.scan({ type: "Person" })).ids, [], "what is stored");
    });
  });
}

async function offerNode(
  session: StoreClient,
  type: string,
  fields: object,
  owner = session.ann,
): Promise<{ readonly status: string; readonly index?: string }> {
  const draft = session.draft();
  draft.node(type, { ...fields }, { owner });
  return session.offer(draft);
}
