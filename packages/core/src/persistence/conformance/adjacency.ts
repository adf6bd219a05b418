import { accessRecord } from "../../model/access-record.ts";
import { type Id, IdColumn } from "../../model/id.ts";
import { equal } from "./assert.ts";
import { adjacency, type StoreClient } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** `readAdjacency`: neighbourhoods in pages. */
export function adjacencyConformance(suite: Suite): void {
  suite.group("adjacency", () => {
    suite.test("edges come in id order, whatever order they were committed in", async (session) => {
      const { hub, edges } = await star(session, 9, [6, 2, 8, 0, 4, 1, 7, 3, 5]);
      equal((await session.around(hub)).edges, edges, "ascending");
      equal((await session.around(hub, { order: "desc" })).edges, edges.toReversed(), "descending");
    });

    suite.test("pages meet without a gap or an overlap, in both orders", async (session) => {
      const { hub, edges } = await star(session, 23);
      for (const order of ["asc", "desc"] as const) {
        for (const limit of [1, 7, 22, 23, 24]) {
          const seen: Id[] = [];
          for (let after: Id | undefined, more = true; more; after = seen.at(-1)) {
            const page = await session.around(hub, { order, limit, after });
            equal(
              page.edges.length,
              Math.min(limit, edges.length - seen.length),
              `the edges in a page of ${limit}`,
            );
            seen.push(...page.edges);
            more = page.more;
          }
          equal(seen, order === "asc" ? edges : edges.toReversed(), `all pages of ${limit}, ${order}`);
        }
      }
    });

    suite.test("`after` may name an edge that is gone, or one of another node", async (session) => {
      const { hub, edges } = await star(session, 5);
      const between = session.newId();
      const draft = session.draft();
      const last = draft.edge("Knows", hub, session.bob);
      draft.disconnect("Knows", edges[2]!, hub, session.ann);
      await session.commit(draft);
      equal(
        (await session.around(hub, { after: edges[2]! })).edges,
        [edges[3], edges[4], last],
        "after the removed one",
      );
      equal(
        (await session.around(hub, { after: between })).edges,
        [last],
        "after an id that never was an edge",
      );
      const before = await session.around(hub, { after: between, order: "desc", limit: 2 });
      equal(before.edges, [edges[4], edges[3]], "before an id that never was an edge");
    });

    suite.test(
      "a request for one type gives that type alone, one for every type all of them",
      async (session) => {
        const draft = session.draft();
        const hub = draft.node("Person");
        const types = ["Knows", "Likes", "Knows", "Near", "Edge", "Likes", "Near"];
        const edges = types.map((type) => draft.edge(type, hub, session.ann));
        await session.commit(draft);
        for (const type of new Set(types)) {
          const expected = edges.filter((_, i) => types[i] === type);
          const found = await session.around(hub, { edgeType: type });
          equal(found.edges, expected, `edges of type ${type}`);
          equal(new Set(found.types), new Set([type]), "their types");
        }
        const all = await session.around(hub);
        equal(all.edges, edges, "edges of every type in one order");
        equal(all.types, types, "their types");
        equal(
          (await session.around(hub, { order: "desc", after: edges[5]!, limit: 3 })).edges,
          [edges[4], edges[3], edges[2]],
          "a page of every type, backwards",
        );
      },
    );

    suite.test("out and in are the two ends of a directed edge", async (session) => {
      const draft = session.draft();
      const [from, to] = [draft.node("Person"), draft.node("Room")];
      const edge = draft.edge("Likes", from, to);
      await session.commit(draft);
      equal(await session.around(from), around(edge, "Likes", true, to), "out of the source");
      equal(
        await session.around(to, { direction: "in" }),
        around(edge, "Likes", false, from),
        "in at the target",
      );
      equal((await session.around(to)).edges, [], "out of the target");
      equal((await session.around(from, { direction: "in" })).edges, [], "in at the source");
    });

    suite.test("an undirected edge is found from both ends under either direction", async (session) => {
      const draft = session.draft();
      const [left, right] = [draft.node("Person"), draft.node("Room")];
      const edge = draft.edge("Near", left, right);
      await session.commit(draft);
      for (const direction of ["out", "in"] as const) {
        for (const edgeType of ["Near", undefined]) {
          const asked = `${direction}, ${edgeType ?? "every type"}`;
          equal(
            await session.around(left, { direction, edgeType }),
            around(edge, "Near", true, right),
            `from the source: ${asked}`,
          );
          equal(
            await session.around(right, { direction, edgeType }),
            around(edge, "Near", false, left),
            `from the target: ${asked}`,
          );
        }
      }
    });

    suite.test("a self-loop is found once under either direction", async (session) => {
      const draft = session.draft();
      const node = draft.node("Person");
      const loops = [draft.edge("Knows", node, node), draft.edge("Near", node, node)];
      await session.commit(draft);
      for (const direction of ["out", "in"] as const) {
        const found = await session.around(node, { direction });
        equal(found.edges, loops, `the loops, ${direction}`);
        equal(found.far, [node, node], "their far end is the node itself");
      }
    });

    suite.test("several edges between two nodes are all kept", async (session) => {
      const draft = session.draft();
      const [a, b] = [draft.node("Person"), draft.node("Person")];
      const edges = [
        draft.edge("Knows", a, b),
        draft.edge("Knows", a, b),
        draft.edge("Knows", b, a),
        draft.edge("Knows", a, b),
      ];
      await session.commit(draft);
      equal((await session.around(a)).edges, [edges[0], edges[1], edges[3]], "out of the one");
      equal(
        (await session.around(b, { direction: "in" })).edges,
        [edges[0], edges[1], edges[3]],
        "in at the other",
      );
    });

    suite.test("a row tells what is needed to judge the far end", async (session) => {
      const { store, bob } = session;
      const access = accessRecord("read", new Map([[bob, "write"]] as const));
      const draft = session.draft();
      const hub = draft.node("Person");
      const far = draft.node("Room", { name: "hall" }, { owner: bob, access });
      const edge = draft.edge(
        "Knows",
        hub,
        far,
        { since: 1999 },
        { owner: bob, access: accessRecord("connect") },
      );
      await session.commit(draft);
      await session.commit(
        session
          .draft()
          .update({ kind: "node", id: far, type: "Room", access: { record: access, expected: 1 } })
          .update({ kind: "edge", id: edge, type: "Knows", access: { record: access, expected: 1 } }),
      );
      for (const edgeFields of [true, false]) {
        const { rows } = await store.readAdjacency(IdColumn.of(hub), [adjacency({ edgeFields })]);
        const row = {
          edge: rows.edges.at(0),
          owner: rows.edgeOwners.at(0),
          access: rows.edgeAccess[0],
          versions: [rows.edgeDataVersions[0], rows.edgeAccessVersions[0], rows.edgeShapes[0]],
          fields: rows.edgeFields[0],
          far: { id: rows.farIds.at(0), type: rows.farTypes[0], owner: rows.farOwners.at(0) },
          farAccess: [rows.farAccess[0], rows.farAccessVersions[0]],
        };
        const expected = {
          edge,
          owner: bob,
          access,
          versions: [1, 2, 1],
          fields: edgeFields ? { since: 1999 } : undefined,
          far: { id: far, type: "Room", owner: bob },
          farAccess: [access, 2],
        };
        equal(row, expected, edgeFields ? "with the edge's fields" : "without them");
      }
    });

    suite.test("requests of one batch are answered one after another", async (session) => {
      const draft = session.draft();
      const [a, b] = [draft.node("Person"), draft.node("Person")];
      const ab = draft.edge("Knows", a, b);
      const ba = draft.edge("Likes", b, a);
      const loop = draft.edge("Knows", a, a);
      await session.commit(draft);
      const nodes = IdColumn.of(b, a, session.newId(), a, a);
      const { rows } = await session.store.readAdjacency(nodes, [
        adjacency({ direction: "in" }),
        adjacency({ limit: 1 }),
        adjacency(),
        adjacency({ edgeType: "Likes" }),
        adjacency({ direction: "in", order: "desc" }),
      ]);
      equal([...rows.edges], [ab, ab, loop, ba], "the edges");
      equal(rows.ends, [1, 2, 2, 2, 4], "where each request ends");
      equal(rows.more, [false, true, false, false, false], "which have more");
    });

    suite.test("a full batch of 256 requests is answered", async (session) => {
      const { hub, edges } = await star(session, 3);
      const nodes = IdColumn.from(Array.from({ length: 256 }, () => hub));
      const requests = Array.from({ length: 256 }, (_, i) => adjacency({ limit: 1 + (i % 3) }));
      const { rows } = await session.store.readAdjacency(nodes, requests);
      const limits = requests.map(({ limit }) => limit);
      equal(
        rows.ends.map((end, i) => end - (rows.ends[i - 1] ?? 0)),
        limits,
        "the edges of each request",
      );
      equal(rows.edges.at(rows.length - 1), edges[limits.at(-1)! - 1], "the last edge");
    });

    suite.test(
      "removed edges and edges to deleted nodes are not there, and pages are filled past them",
      async (session) => {
        const draft = session.draft();
        const hub = draft.node("Person");
        const far = Array.from({ length: 8 }, () => draft.node("Person"));
        const edges = far.map((node) => draft.edge("Knows", hub, node));
        await session.commit(draft);
        const removal = session
          .draft()
          .remove("Person", far[1]!)
          .remove("Person", far[2]!)
          .remove("Person", far[7]!);
        removal.disconnect("Knows", edges[4]!, hub, far[4]!);
        await session.commit(removal);

        const left = [edges[0], edges[3], edges[5], edges[6]];
        equal((await session.around(hub)).edges, left, "what is left");
        const page = await session.around(hub, { limit: 2 });
        equal([page.edges, page.more], [left.slice(0, 2), true], "the first page");
        const rest = await session.around(hub, { limit: 2, after: page.edges[1] });
        equal(
          [rest.edges, rest.more],
          [left.slice(2), false],
          "the second page, with only tombstones behind it",
        );
        equal((await session.around(far[1]!, { direction: "in" })).edges, [], "around a deleted node");
      },
    );

    suite.test("an absent node has no edges", async (session) => {
      const found = await session.around(session.newId());
      equal([found.edges, found.more], [[], false], "its neighbourhood");
    });
  });
}

/** A node with edges whose ids ascend, committed one by one in the given order. */
async function star(
  session: StoreClient,
  size: number,
  order?: readonly number[],
): Promise<{ hub: Id; edges: Id[] }> {
  const hub = await session.newNode("Person");
  const edges = Array.from({ length: size }, () => session.newId());
  if (order === undefined) {
    const draft = session.draft();
    for (const id of edges) draft.edge("Knows", hub, session.ann, {}, { id });
    await session.commit(draft);
  }
  for (const i of order ?? []) {
    const draft = session.draft();
    draft.edge("Knows", hub, session.ann, {}, { id: edges[i]! });
    await session.commit(draft);
  }
  return { hub, edges };
}

function around(edge: Id, type: string, forward: boolean, far: Id): object {
  return { edges: [edge], types: [type], forward: [forward], far: [far], more: false };
}
