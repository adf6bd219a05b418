import { IdColumn } from "../../model/id.ts";
import type { StoreCounters } from "../store.ts";
import { equal, ok } from "./assert.ts";
import { adjacency, type StoreClient } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** Counters, and the bounds on work that they show. */
export function countingConformance(suite: Suite): void {
  suite.group("counting", () => {
    suite.test("a page of a hub reads a page and one row, and one more for each far end", async (session) => {
      const draft = session.draft();
      const hub = draft.node("Person");
      const edges = Array.from({ length: 1_000 }, () => draft.edge("Knows", hub, session.ann));
      await session.commit(draft);
      for (const order of ["asc", "desc"] as const) {
        for (const after of [undefined, edges[500]]) {
          const used = await cost(session, () =>
            session.around(hub, { edgeType: "Knows", order, after, limit: 20 }),
          );
          ok(used.rowsRead <= 41, `20 edges and their far ends, ${order}: read ${used.rowsRead} rows`);
        }
      }
    });

    suite.test("a unique key among many is found by reading at most two rows", async (session) => {
      const draft = session.draft();
      for (let i = 0; i < 2_000; i++) draft.node("Person", { email: `p${i}@x` });
      await session.commit(draft);
      const used = await cost(session, () =>
        session.lookup({ index: "Person.email", equals: ["p777@x"], limit: 2 }),
      );
      ok(used.rowsRead <= 2, `read ${used.rowsRead} rows`);
    });

    suite.test(
      "a key of one owner among many owners is found by reading at most two rows",
      async (session) => {
        const draft = session.draft();
        for (let i = 0; i < 500; i++) {
          const owner = draft.node("Root");
          draft.node("Room", { name: "general" }, { owner });
        }
        const mine = draft.node("Room", { name: "general" });
        await session.commit(draft);
        const request = { index: "Room.name@owner", equals: ["general"], owner: session.ann, limit: 2 };
        const used = await cost(session, async () =>
          equal((await session.lookup(request)).ids, [mine], "the room"),
        );
        ok(used.rowsRead <= 2, `read ${used.rowsRead} rows`);
      },
    );

    suite.test("an indexed page reads its rows and one", async (session) => {
      const draft = session.draft();
      for (let i = 0; i < 1_000; i++)
        draft.node("Person", { team: i % 2 === 0 ? "red" : "blue", rank: i % 10, value: i });
      await session.commit(draft);
      for (const order of ["asc", "desc"] as const) {
        const pages = {
          "of all keys": { index: "Person.value" },
          "of a range": { index: "Person.value", range: { low: 300, high: 900 } },
          "of equal keys": { index: "Person.team+rank", equals: ["red", 4] },
          "of a first field": { index: "Person.team+rank", equals: ["blue"] },
        };
        for (const [name, request] of Object.entries(pages)) {
          const used = await cost(session, () => session.lookup({ ...request, order, limit: 20 }));
          ok(used.rowsRead <= 21, `a page of 20 ${name}, ${order}: read ${used.rowsRead} rows`);
        }
      }
    });

    suite.test("a page of a scan reads its rows and one", async (session) => {
      const draft = session.draft();
      const nodes = Array.from({ length: 500 }, () => draft.node("Person"));
      for (const node of nodes) draft.edge("Knows", node, session.ann);
      await session.commit(draft);
      const ofNodes = await cost(session, () =>
        session.scan({ type: "Person", limit: 20, after: nodes[250]! }),
      );
      ok(ofNodes.rowsRead <= 21, `nodes: read ${ofNodes.rowsRead} rows`);
      const ofEdges = await cost(session, () =>
        session.scan({ kind: "edge", type: "Knows", limit: 20, order: "desc" }),
      );
      ok(ofEdges.rowsRead <= 21, `edges: read ${ofEdges.rowsRead} rows`);
    });

    suite.test("reading by id reads one row a record, in one statement a batch", async (session) => {
      const draft = session.draft();
      const nodes = Array.from({ length: 100 }, () => draft.node("Person"));
      await session.commit(draft);
      const used = await cost(session, () => session.nodes(...nodes));
      ok(used.rowsRead <= 100, `read ${used.rowsRead} rows`);
      equal(used.statements, 1, "statements");
    });

    suite.test(
      "a batch of neighbourhoods takes a few statements, however many there are",
      async (session) => {
        const draft = session.draft();
        const nodes = Array.from({ length: 200 }, () => draft.node("Person"));
        for (const node of nodes) draft.edge("Knows", node, session.ann);
        await session.commit(draft);
        const requests = nodes.map(() => adjacency({ limit: 5 }));
        const used = await cost(session, () => session.store.readAdjacency(IdColumn.from(nodes), requests));
        ok(used.statements <= 4, `200 requests took ${used.statements} statements`);
      },
    );

    suite.test(
      "a small commit is one transaction and three rows at most, and reading writes nothing",
      async (session) => {
        const draft = session.draft();
        const node = draft.node("Person", { rank: 1 });
        draft.edge("Knows", session.ann, node);
        const used = await cost(session, () => session.commit(draft));
        equal(used.transactions, 1, "transactions");
        ok(used.rowsWritten <= 3, `a node and an edge: wrote ${used.rowsWritten} rows`);

        const reading = await cost(session, async () => {
          await session.nodes(node);
          await session.around(session.ann);
          await session.lookup({ index: "Person.value" });
          await session.scan({ type: "Person" });
          await session.changesSince(await session.current());
        });
        equal(
          [reading.transactions, reading.rowsWritten, reading.syncs],
          [0, 0, 0],
          "transactions, rows and syncs of reads",
        );
      },
    );

    suite.test("batches of one call share one sync at most", async (session) => {
      const base = await session.current();
      const batches = Array.from({ length: 64 }, () => {
        const draft = session.draft();
        draft.node("Person");
        return draft.batch(base);
      });
      const used = await cost(session, () => session.store.commit(batches));
      ok(used.syncs <= 1, `64 commits took ${used.syncs} syncs`);
    });
  });
}

/** What the counters grew by. */
async function cost(session: StoreClient, work: () => unknown): Promise<StoreCounters> {
  const { counters } = session.store;
  const before = { ...counters };
  await work();
  return {
    statements: counters.statements - before.statements,
    rowsRead: counters.rowsRead - before.rowsRead,
    rowsWritten: counters.rowsWritten - before.rowsWritten,
    transactions: counters.transactions - before.transactions,
    syncs: counters.syncs - before.syncs,
  };
}
