import { equal, ok } from "./assert.ts";
import type { StoreClient } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** `lease` and `release`: one unit has the writers' turn for a short while. */
export function leaseConformance(suite: Suite): void {
  const { connect, passTime } = suite.options;
  if (connect === undefined) return;

  suite.group("leases", () => {
    suite.test("the holder commits and everyone else waits, until it is released", async (session) => {
      const other = await session.connected();
      const holder = draftOf(session);
      equal(await session.store.lease?.(holder.unitId, 10_000), true, "the lease is given");
      equal(await other.store.lease?.(draftOf(other).unitId, 10_000), false, "a second one is not");

      for (const client of [session, other]) {
        const waiting = draftOf(client);
        const outcome = await client.offer(waiting);
        if (outcome.status !== "leased") return ok(false, `another unit waits, and got "${outcome.status}"`);
        ok(outcome.untilMs > 0, "it is told how long at most");
        equal(await client.store.outcome(waiting.unitId), "absent", "the outcome of what waits");
      }
      equal((await session.offer(holder)).status, "committed", "the holder's batch");
      await session.store.release?.(holder.unitId);
      await other.commit(draftOf(other));
    });

    suite.test("one batch of a call may wait while another is committed", async (session) => {
      const holder = draftOf(session);
      await session.store.lease?.(holder.unitId, 10_000);
      const base = await session.current();
      const outcomes = await session.store.commit([draftOf(session).batch(base), holder.batch(base)]);
      equal(
        outcomes.map(({ status }) => status),
        ["leased", "committed"],
        "the outcomes",
      );
      await session.store.release?.(holder.unitId);
    });

    suite.test("releasing a lease of another unit does nothing", async (session) => {
      const holder = draftOf(session);
      await session.store.lease?.(holder.unitId, 10_000);
      await session.store.release?.(session.newId());
      equal((await session.offer(draftOf(session))).status, "leased", "another unit");
      await session.store.release?.(holder.unitId);
    });

    suite.test("reads go on beside a lease", async (session) => {
      const id = await session.newNode("Person");
      const unit = session.newId();
      await session.store.lease?.(unit, 10_000);
      equal((await session.nodes(id)).length, 1, "a read");
      await session.store.release?.(unit);
    });

    if (passTime === undefined) return;

    suite.test("a lease that its holder never released ends by itself", async (session) => {
      await session.store.lease?.(session.newId(), 2_000);
      await passTime(session.store, 1_000);
      equal((await session.offer(draftOf(session))).status, "leased", "half of its time on");
      await passTime(session.store, 1_001);
      await session.commit(draftOf(session));
      equal(await session.store.lease?.(session.newId(), 2_000), true, "another lease");
    });
  });
}

function draftOf(client: StoreClient) {
  const draft = client.draft();
  draft.node("Person");
  return draft;
}
