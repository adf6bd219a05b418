import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** Unit ids: what a caller that lost an answer can rely on. */
export function unitConformance(suite: Suite): void {
  suite.group("units of work", () => {
    suite.test("the outcome of a unit is committed once it is, and absent before", async (session) => {
      const draft = session.draft();
      draft.node("Person");
      equal(await session.store.outcome(draft.unitId), "absent", "before the commit");
      await session.commit(draft);
      equal(await session.store.outcome(draft.unitId), "committed", "after it");
      equal(await session.store.outcome(session.newId()), "absent", "of an unknown unit");
    });

    suite.test("a batch that is offered again is answered as before and applied once", async (session) => {
      const known = await session.newNode("Person");
      const base = await session.current();
      const draft = session.draft().write("Person", known, 1, { rank: 1 });
      draft.node("Person", { email: "a@x" });
      draft.edge("Knows", known, session.ann);
      const first = await session.offer(draft, undefined, base);
      equal(first.status, "committed", "the first offer");
      await session.newNode("Room");

      equal(await session.offer(draft, undefined, base), first, "the second offer");
      equal((await session.node(known))?.dataVersion, 2, "the version of what it changed");
      equal((await session.around(known)).edges.length, 1, "the edges that it made");
      equal(
        (await session.lookup({ index: "Person.email", equals: ["a@x"] })).ids.length,
        1,
        "the nodes that it made",
      );
      const units = (await session.changesSince(base)).filter(({ unitId }) => unitId === draft.unitId);
      equal(units.length, 1, "the commits of this unit in the change feed");
    });

    suite.test("a unit that was refused may be offered again", async (session) => {
      const id = await session.newNode("Person", { email: "a@x" });
      const draft = session.draft();
      draft.node("Person", { email: "a@x" });
      equal((await session.offer(draft)).status, "duplicate", "while the key is taken");
      await session.commit(session.draft().remove("Person", id));
      await session.commit(draft);
      equal(await session.store.outcome(draft.unitId), "committed", "once it is free");
    });
  });
}
