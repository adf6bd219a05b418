import type { Id } from "../../model/id.ts";
import type { Token } from "../change.ts";
import { equal, ok } from "./assert.ts";
import { catalog, nodeType } from "./catalog.ts";
import { GuardList } from "./guard-list.ts";
import type { StoreClient } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** Several clients of the same data, as processes are. */
export function clientConformance(suite: Suite): void {
  if (suite.options.connect === undefined) return;

  suite.group("several clients", () => {
    suite.test("what one client committed, another one reads", async (session) => {
      const other = await session.connected();
      const draft = session.draft();
      const node = draft.node("Person", { email: "a@x" });
      const edge = draft.edge("Knows", session.ann, node);
      equal(await other.nodes(node), [], "a node before the commit");
      equal((await other.around(session.ann)).edges, [], "the edges before it");
      const token = await session.commit(draft);
      equal((await other.node(node))?.fields, { email: "a@x" }, "a node");
      equal((await other.around(session.ann)).edges, [edge], "an edge");
      equal((await other.lookup({ index: "Person.email", equals: ["a@x"] })).ids, [node], "an index");
      equal(await other.current(), token, "the newest token");

      await other.commit(other.draft().write("Person", node, 1, { email: "b@x" }));
      equal((await session.node(node))?.fields, { email: "b@x" }, "and back again");
    });

    suite.test("the change feed tells each client what the others did", async (session) => {
      const other = await session.connected();
      const since = await other.current();
      const mine = session.draft();
      mine.node("Person");
      await session.commit(mine);
      const theirs = other.draft();
      theirs.node("Person");
      await other.commit(theirs);
      for (const client of [session, other]) {
        const units = (await client.changesSince(since)).map(({ unitId }) => unitId);
        equal(units, [mine.unitId, theirs.unitId], "the commits");
      }
    });

    suite.test("guards, versions and unique keys hold against the commits of others", async (session) => {
      const other = await session.connected();
      const id = await session.newNode("Person", { email: "a@x" });
      const base = await session.current();
      await other.commit(other.draft().write("Person", id, 1, { email: "b@x" }));

      const guarded = session.draft();
      guarded.node("Room");
      const guards = new GuardList({ kind: "record", record: "node", id, dataVersion: 1, accessVersion: 1 });
      equal((await session.offer(guarded, guards, base)).status, "conflict", "a guard");
      const stale = session.draft().write("Person", id, 1, { email: "c@x" });
      equal((await session.offer(stale, undefined, base)).status, "conflict", "an expected version");
      const taken = session.draft();
      taken.node("Person", { email: "b@x" });
      equal((await session.offer(taken, undefined, base)).status, "duplicate", "a unique key");
    });

    suite.test("`previous` tells a client whether others committed in between", async (session) => {
      const other = await session.connected();
      const known = await session.current();
      const theirs = await other.commit(withNode(other));
      const outcome = await session.offer(withNode(session));
      if (outcome.status !== "committed") return ok(false, "the batch is committed");
      ok(theirs > known, "the other client's token is later");
      equal(outcome.previous, theirs, "`previous`");
    });

    suite.test(
      "any client knows the outcome of a unit, and a batch counts once whoever offers it",
      async (session) => {
        const other = await session.connected();
        const draft = withNode(session);
        const first = await session.offer(draft);
        equal(await other.store.outcome(draft.unitId), "committed", "the outcome");
        equal(await other.offer(draft), first, "the same batch offered by another client");
        equal((await other.scan({ type: "Person" })).ids.length, 1, "the nodes that it made");
      },
    );

    suite.test("clients that commit at the same time lose nothing of each other", async (session) => {
      const clients = [session, await session.connected(), await session.connected()];
      const hub = await session.newNode("Person", { rank: 0 });
      const work = async (client: StoreClient): Promise<Id[]> => {
        const edges: Id[] = [];
        for (let i = 0; i < 15; i++) {
          const draft = client.draft();
          edges.push(draft.edge("Knows", hub, draft.node("Room")));
          await client.commit(draft);
          await client.increment(hub);
        }
        return edges;
      };
      const edges = (await Promise.all(clients.map(work))).flat();
      for (const client of clients) {
        equal((await client.around(hub)).edges, edges.toSorted(), "the edges");
        equal((await client.node(hub))?.fields, { rank: 45 }, "the sum of all increments");
      }
    });

    suite.test("a client meets types that its catalog does not name", async (session) => {
      const newer = { ...catalog, types: [...catalog.types, { ...nodeType("Visitor"), parent: "Person" }] };
      const other = await session.connected(newer);
      const draft = other.draft();
      const visitor = draft.node("Visitor", { email: "v@x", value: 5 });
      draft.edge("Knows", session.ann, visitor);
      await other.commit(draft);
      equal((await session.node(visitor))?.type, "Visitor", "the type of the record");
      equal((await session.around(session.ann)).far, [visitor], "the far end of an edge");
      equal(
        (await session.lookup({ index: "Person.value", equals: [5] })).ids,
        [visitor],
        "the base type's index",
      );
      const taken = session.draft();
      taken.node("Person", { email: "v@x" });
      equal((await session.offer(taken)).status, "duplicate", "the base type's unique key");
    });

    suite.test(
      "a client learns of the types that others add, at the latest with their commits",
      async (session) => {
        const { store } = session;
        ok(store.readCatalog !== undefined, "a store that several clients share has `readCatalog`");
        const before = await store.readCatalog!();
        equal(before.catalog, (await store.readCatalog!()).catalog, "the catalog, read twice");
        const since = await session.current();
        await session.newNode("Person");
        equal(await pageVersion(session, since), before.version, "the version in the change feed");
        const visitor = nodeType("Visitor", "email");
        const described = { ...visitor, shapes: [{ ...visitor.shapes[0]!, history: visitorHistory }] };
        const other = await session.connected({ ...catalog, types: [...catalog.types, described] });
        await other.commit(other.draft().remove("Person", await other.newNode("Person")));
        const version = await pageVersion(session, since);
        ok(version !== before.version, "another version in the change feed");
        const after = await store.readCatalog!();
        equal(after.version, version, "the version of the catalog");
        const type = after.catalog.types.find(({ name }) => name === "Visitor");
        equal(type?.shapes, [{ ...described.shapes[0]!, version: 1 }], "the shapes of the new type");
      },
    );

    suite.test("what one client deleted and purged is gone for another", async (session) => {
      const other = await session.connected();
      const id = await session.newNode("Person");
      await other.commit(other.draft().remove("Person", id));
      equal(await session.nodes(id), [], "after the delete");
      await other.purgeAll();
      equal(await session.nodes(id), [], "after the purge");
    });

    suite.test("a client that closes leaves the others alone", async (session) => {
      const other = await session.connected();
      const id = await other.newNode("Person");
      await other.store.close();
      equal((await session.nodes(id)).length, 1, "what it wrote");
      await session.newNode("Person");
    });
  });
}

/** What a type's history says is kept as it is. */
const visitorHistory = [
  { type: "Visitor", steps: [{ kind: "transform", from: ["name"], to: ["email"], keep: true }] },
] as const;

/** The version that the change feed names, wherever its pages end. */
async function pageVersion({ store }: StoreClient, since: Token): Promise<number | undefined> {
  const page = await store.changes(since);
  return page === "lost" ? undefined : page.catalogVersion;
}

function withNode(client: StoreClient) {
  const draft = client.draft();
  draft.node("Person");
  return draft;
}
