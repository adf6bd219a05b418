import type { Id } from "../../model/id.ts";
import { equal, ok } from "./assert.ts";
import { GuardList } from "./guard-list.ts";
import type { Suite } from "./suite.ts";

/** Many callers of one store at the same time. */
export function concurrencyConformance(suite: Suite): void {
  suite.group("concurrent callers", () => {
    suite.test("all connects to one node are kept", async (session) => {
      const hub = await session.newNode("Person");
      const base = await session.current();
      const connect = async (): Promise<Id> => {
        const draft = session.draft();
        const far = draft.node("Room");
        const edge = draft.edge("Knows", hub, far);
        await session.commit(draft, undefined, base);
        return edge;
      };
      const edges = await Promise.all(Array.from({ length: 100 }, connect));
      equal((await session.around(hub, { limit: 200 })).edges, edges.toSorted(), "the edges, in id order");
    });

    suite.test(
      "of increments that expect one version a single one wins, and retried ones all count",
      async (session) => {
        const id = await session.newNode("Person", { rank: 0 });
        await Promise.all(Array.from({ length: 40 }, () => session.increment(id)));
        equal((await session.node(id))?.fields, { rank: 40 }, "the sum");
      },
    );

    suite.test("of finders that create what they did not find a single one creates", async (session) => {
      const base = await session.current();
      const create = async (): Promise<string> => {
        const draft = session.draft();
        draft.node("Room", { name: "general" });
        const guards = new GuardList({ kind: "index", index: "Room.name@owner" });
        return (await session.offer(draft, guards, base)).status;
      };
      const statuses = await Promise.all(Array.from({ length: 30 }, create));
      equal(statuses.filter((status) => status === "committed").length, 1, "creators");
      equal((await session.scan({ type: "Room" })).ids.length, 1, "rooms");
    });

    suite.test("of takers of one unique key a single one gets it", async (session) => {
      const take = async (): Promise<string> => {
        const draft = session.draft();
        draft.node("Person", { email: "a@x" });
        return (await session.offer(draft)).status;
      };
      const statuses = await Promise.all(Array.from({ length: 30 }, take));
      equal(statuses.filter((status) => status === "committed").length, 1, "those who got it");
      equal(
        statuses.filter((status) => status === "duplicate").length,
        29,
        "those who were told that it is taken",
      );
    });

    suite.test("no reader sees a part of a batch", async (session) => {
      const hub = await session.newNode("Person");
      const write = async (): Promise<void> => {
        for (let i = 0; i < 15; i++) {
          const draft = session.draft();
          for (let k = 0; k < 3; k++) draft.edge("Knows", hub, draft.node("Room"));
          await session.commit(draft);
        }
      };
      const read = async (): Promise<void> => {
        for (let i = 0; i < 15; i++) {
          const edges = (await session.around(hub)).edges.length;
          ok(edges % 3 === 0, `edges come by threes, ${edges} were read`);
          const rooms = (await session.scan({ type: "Room" })).ids.length;
          ok(rooms % 3 === 0, `nodes come by threes, ${rooms} were read`);
        }
      };
      await Promise.all([write(), read(), read(), write()]);
    });

    suite.test("commits that run beside one another have tokens of their own", async (session) => {
      const since = await session.current();
      const tokens = await Promise.all(Array.from({ length: 50 }, () => session.commit(withNode())));
      equal(new Set(tokens).size, 50, "the tokens");
      const told = (await session.changesSince(since)).map(({ token }) => token);
      equal(told, tokens.toSorted(), "the feed tells them in their order");

      function withNode() {
        const draft = session.draft();
        draft.node("Person");
        return draft;
      }
    });
  });
}
