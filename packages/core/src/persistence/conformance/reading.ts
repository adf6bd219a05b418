import { IdColumn } from "../../model/id.ts";
import { equal } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** `readNodes` and `readEdges`: batches by id. */
export function readingConformance(suite: Suite): void {
  suite.group("reading by id", () => {
    suite.test("a batch gives each record once, and nothing for what is absent", async (session) => {
      const draft = session.draft();
      const nodes = [draft.node("Person", { name: "a" }), draft.node("Room"), draft.node("Employee")];
      const edges = [draft.edge("Knows", nodes[0]!, nodes[2]!), draft.edge("Near", nodes[0]!, nodes[1]!)];
      await session.commit(draft);
      const [absent, other] = [session.newId(), session.newId()];

      const readNodes = await session.nodes(nodes[2]!, absent, nodes[0]!, other, nodes[1]!);
      equal(new Set(readNodes.map(({ id }) => id)), new Set(nodes), "the nodes");
      equal(readNodes.length, 3, "the number of nodes");
      const readEdges = await session.edges(absent, ...edges, other);
      equal(new Set(readEdges.map(({ id }) => id)), new Set(edges), "the edges");
      equal(readEdges.length, 2, "the number of edges");
      equal(await session.nodes(absent, other), [], "only absent ids");
    });

    suite.test("nodes are no edges and edges are no nodes", async (session) => {
      const draft = session.draft();
      const node = draft.node("Person");
      const edge = draft.edge("Knows", node, node);
      await session.commit(draft);
      equal(await session.nodes(edge), [], "readNodes of an edge's id");
      equal(await session.edges(node), [], "readEdges of a node's id");
    });

    suite.test("a full batch of 256 is answered", async (session) => {
      const draft = session.draft();
      const nodes = Array.from({ length: 256 }, (_, i) => draft.node("Person", { rank: i }));
      const edges = nodes.map((node) => draft.edge("Knows", session.ann, node));
      await session.commit(draft);
      equal((await session.nodes(...nodes)).length, 256, "nodes");
      equal((await session.edges(...edges)).length, 256, "edges");
    });

    suite.test("an edge on a deleted node is gone with it", async (session) => {
      const draft = session.draft();
      const [left, right] = [draft.node("Person"), draft.node("Person")];
      const edges = [
        draft.edge("Knows", left, right),
        draft.edge("Knows", right, left),
        draft.edge("Near", left, right),
      ];
      await session.commit(draft);
      await session.commit(session.draft().remove("Person", right));
      equal(await session.nodes(left, right).then((rows) => rows.map(({ id }) => id)), [left], "the nodes");
      equal(await session.edges(...edges), [], "the edges");
    });

    suite.test("every row of an answer has all its columns", async ({ store, ann, bob }) => {
      const { rows } = await store.readNodes(IdColumn.of(ann, bob));
      for (const [name, column] of Object.entries(rows)) {
        equal((column as { length: number }).length, rows.length, `the length of ${name}`);
      }
    });
  });
}
