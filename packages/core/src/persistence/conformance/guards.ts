import type { Guard } from "../change.ts";
import { equal, ok } from "./assert.ts";
import { GuardList } from "./guard-list.ts";
import type { StoreClient } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** Guards: what a unit read must still hold, and only what others committed after its base can break it. */
export function guardConformance(suite: Suite): void {
  suite.group("guards", () => {
    suite.test("a guard that a later commit broke refuses the batch", async (session) => {
      const { ann } = session;
      const [target, room] = [await session.newNode("Person"), await session.newNode("Room")];
      const id = session.newId();
      const record = (of: string): Guard => ({
        kind: "record",
        record: "node",
        id: of,
        dataVersion: 1,
        accessVersion: 1,
      });
      const cases: [name: string, guard: Guard, breaker: (session: StoreClient) => Promise<unknown>][] = [
        [
          "a record's version",
          record(target),
          () => session.commit(session.draft().write("Person", target, 1, { rank: 1 })),
        ],
        [
          "a record that was deleted",
          record(room),
          () => session.commit(session.draft().remove("Room", room)),
        ],
        [
          "a neighbourhood",
          { kind: "adjacency", node: ann, direction: "out", edgeType: "Knows" },
          () => connect(session, "Knows", ann, target),
        ],
        [
          "a neighbourhood of every type, seen from the other end",
          { kind: "adjacency", node: target, direction: "in", edgeType: undefined },
          () => connect(session, "Likes", ann, target),
        ],
        ["a type", { kind: "type", record: "node", type: "Room" }, () => session.newNode("Room")],
        ["an index", { kind: "index", index: "Person.value" }, () => session.newNode("Person", { value: 5 })],
        [
          "an absent id",
          { kind: "absent", id },
          async () => {
            const draft = session.draft();
            draft.node("Person", {}, { id });
            await session.commit(draft);
          },
        ],
      ];
      for (const [name, guard, breaker] of cases) {
        const base = await session.current();
        await breaker(session);
        const draft = session.draft();
        const node = draft.node("Person");
        const { status } = await session.offer(draft, new GuardList(guard), base);
        equal(status, "conflict", name);
        equal(await session.nodes(node), [], `what the batch would have written, guarded by ${name}`);
      }
    });

    suite.test("a guard that later commits left alone lets the batch through", async (session) => {
      const [read, other] = [await session.newNode("Person"), await session.newNode("Room")];
      const base = await session.current();
      await session.commit(session.draft().write("Room", other, 1, { name: "x" }));
      await connect(session, "Likes", other, session.bob);
      const guards = new GuardList(
        { kind: "record", record: "node", id: read, dataVersion: 1, accessVersion: 1 },
        { kind: "adjacency", node: read, direction: "out", edgeType: "Knows" },
        { kind: "type", record: "node", type: "Employee" },
        { kind: "absent", id: session.newId() },
      );
      await session.commit(session.draft().write("Person", read, 1, { rank: 1 }), guards, base);
    });

    suite.test("what was committed up to the base breaks nothing", async (session) => {
      await connect(session, "Knows", session.ann, session.bob);
      const base = await session.current();
      const guards = new GuardList({
        kind: "adjacency",
        node: session.ann,
        direction: "out",
        edgeType: "Knows",
      });
      const draft = session.draft();
      draft.edge("Knows", session.ann, session.bob);
      await session.commit(draft, guards, base);
      const asked = guards.asked.filter(({ token }) => token <= base);
      equal(asked, [], "commits up to the base that the guards were asked about");
    });

    suite.test("batches without guards are added whatever happened meanwhile", async (session) => {
      const base = await session.current();
      for (let i = 0; i < 5; i++) await connect(session, "Knows", session.ann, session.bob);
      const draft = session.draft();
      draft.edge("Knows", session.ann, session.bob);
      await session.commit(draft, undefined, base);
      equal((await session.around(session.ann)).edges.length, 6, "edges");
    });

    suite.test("batches of one call are not foreign to one another", async (session) => {
      const base = await session.current();
      const drafts = Array.from({ length: 3 }, () => session.draft());
      for (const draft of drafts) draft.edge("Knows", session.ann, session.bob);
      const guards = () =>
        new GuardList({ kind: "adjacency", node: session.ann, direction: "out", edgeType: "Knows" });
      const outcomes = await session.store.commit(drafts.map((draft) => draft.batch(base, guards())));
      equal(
        outcomes.map(({ status }) => status),
        ["committed", "committed", "committed"],
        "the outcomes",
      );
    });

    suite.test("a broken guard is told before a taken key", async (session) => {
      const base = await session.current();
      await session.newNode("Person", { email: "a@x" });
      const draft = session.draft();
      draft.node("Person", { email: "a@x" });
      const guards = new GuardList({ kind: "type", record: "node", type: "Person" });
      equal((await session.offer(draft, guards, base)).status, "conflict", "with a guard");
      const unguarded = session.draft();
      unguarded.node("Person", { email: "a@x" });
      equal((await session.offer(unguarded, undefined, base)).status, "duplicate", "without one");
    });

    suite.test("a base that the store cannot place refuses the batch", async (session) => {
      const guards = new GuardList({ kind: "type", record: "node", type: "Room" });
      const draft = session.draft();
      draft.node("Person");
      const outcome = await session.offer(draft, guards, "~ not a token of this store");
      ok(outcome.status === "conflict", "what happened since then is not known");
    });
  });
}

async function connect(session: StoreClient, type: string, source: string, target: string): Promise<void> {
  const draft = session.draft();
  draft.edge(type, source, target);
  await session.commit(draft);
}
