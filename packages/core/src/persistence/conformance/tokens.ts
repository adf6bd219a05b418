import { IdColumn } from "../../model/id.ts";
import type { Token } from "../change.ts";
import { equal, ok } from "./assert.ts";
import { adjacency } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** Tokens: every answer says as of when it is true. */
export function tokenConformance(suite: Suite): void {
  suite.group("tokens", () => {
    suite.test("tokens of commits ascend as text, and each names the one before it", async (session) => {
      let before = await session.current();
      for (let i = 0; i < 15; i++) {
        const draft = session.draft();
        draft.node("Person");
        const outcome = await session.offer(draft);
        if (outcome.status !== "committed") return ok(false, "the batch is committed");
        ok(outcome.token > before, "the token of a commit is greater than all before");
        equal(outcome.previous, before, "`previous`");
        equal(await session.current(), outcome.token, "the newest token");
        before = outcome.token;
      }
    });

    suite.test("the batches of one call follow one another", async (session) => {
      const base = await session.current();
      const batches = Array.from({ length: 4 }, () => {
        const draft = session.draft();
        draft.node("Person");
        return draft.batch(base);
      });
      let before = base;
      for (const outcome of await session.store.commit(batches)) {
        if (outcome.status !== "committed") return ok(false, "the batch is committed");
        equal(outcome.previous, before, "`previous`");
        before = outcome.token;
      }
      equal(await session.current(), before, "the newest token");
    });

    suite.test(
      "an answer of any kind carries a token that no acknowledged commit is after",
      async (session) => {
        const { store, ann } = session;
        for (let i = 0; i < 3; i++) {
          const draft = session.draft();
          draft.node("Person", { value: i });
          draft.edge("Knows", ann, ann);
          const committed = await session.commit(draft);
          const page = { order: "asc", after: undefined, limit: 10 } as const;
          const answers = {
            readNodes: await store.readNodes(IdColumn.of(ann)),
            readEdges: await store.readEdges(IdColumn.of(ann)),
            readAdjacency: await store.readAdjacency(IdColumn.of(ann), [adjacency()]),
            lookup: await store.lookup({ index: "Person.value", equals: [], ...page }),
            "scan of nodes": await store.scan({ kind: "node", type: "Person", ...page }),
            "scan of edges": await store.scan({ kind: "edge", type: "Knows", ...page }),
          };
          for (const [method, { token }] of Object.entries(answers)) {
            equal(token, committed, `the token of ${method}, nothing else having been committed`);
          }
        }
      },
    );

    suite.test("an answer beside commits is what was true at its token", async (session) => {
      const { store } = session;
      const id = await session.newNode("Person", { rank: 0 });
      const tokens: Token[] = [await session.current()];
      const write = async (): Promise<void> => {
        for (let rank = 1; rank <= 20; rank++) {
          tokens[rank] = await session.commit(session.draft().write("Person", id, rank, { rank }));
        }
      };
      const answers: { rank: number; token: Token }[] = [];
      const read = async (): Promise<void> => {
        for (let i = 0; i < 20; i++) {
          const { rows, token } = await store.readNodes(IdColumn.of(id));
          answers.push({ rank: (rows.fields[0] as { rank: number }).rank, token });
        }
      };
      await Promise.all([write(), read(), read()]);
      for (const { rank, token } of answers) {
        const next = tokens[rank + 1];
        ok(
          token >= tokens[rank]! && (next === undefined || token < next),
          `rank ${rank} is true at ${token}`,
        );
      }
    });
  });
}
