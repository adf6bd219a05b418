import { GraphError } from "../../errors.ts";
import { IdColumn } from "../../model/id.ts";
import { isThenable } from "../../util/maybe-async.ts";
import { equal, fails, ok } from "./assert.ts";
import { catalog, edgeType, index, nodeType } from "./catalog.ts";
import { adjacency } from "./store-client.ts";
import type { Suite } from "./suite.ts";

/** What `open` gives, and what the store declares about itself. */
export function openingConformance(suite: Suite): void {
  const { reopen, connect } = suite.options;

  suite.group("opening", () => {
    suite.test("the store declares what the suite was given the means to see", async ({ store }) => {
      ok(store.name !== "", "a store has a name for messages");
      if (store.supports.durable) ok(reopen !== undefined, "the suite needs `reopen` for a durable store");
      if (!store.supports.shared) return;
      ok(connect !== undefined, "the suite needs `connect` for a shared store");
      ok(
        store.lease !== undefined && store.release !== undefined,
        "a shared store has `lease` and `release`",
      );
    });

    suite.test("a synchronous store answers without promises", async (session) => {
      const { store, ann } = session;
      if (!store.supports.synchronous) return;
      const base = await store.current();
      const draft = session.draft();
      draft.node("Person");
      const answers: Record<string, unknown> = {
        readNodes: store.readNodes(IdColumn.of(ann)),
        readEdges: store.readEdges(IdColumn.of(ann)),
        readAdjacency: store.readAdjacency(IdColumn.of(ann), [adjacency()]),
        lookup: store.lookup({ index: "Person.email", equals: ["a"], order: "asc", limit: 1 }),
        scan: store.scan({ kind: "node", type: "Root", order: "asc", after: undefined, limit: 1 }),
        commit: store.commit([draft.batch(base)]),
        outcome: store.outcome(ann),
        current: store.current(),
        changes: store.changes(base),
        purge: store.purge(1),
      };
      for (const [method, answer] of Object.entries(answers))
        ok(!isThenable(answer), `${method} gives no promise`);
    });

    suite.test("the catalog comes back with shapes numbered from 1", async ({ store }) => {
      const opened = await store.open(catalog);
      const names = opened.catalog.types.map((type) => type.name);
      equal(
        names,
        catalog.types.map((type) => type.name),
        "every type, base types first",
      );
      for (const type of opened.catalog.types) {
        equal(
          type.shapes.map((shape) => shape.version),
          [1],
          `the one shape of ${type.name} has version 1`,
        );
      }
      equal(opened.token, await store.current(), "the token is that of now");
    });

    if (reopen === undefined && connect === undefined) return;

    suite.test("new types, shapes and indexes join the stored ones", async (session) => {
      const id = await session.newNode("Person", { name: "Ann" });
      const later = await session.again({
        types: [
          ...catalog.types.map((type) => (type.name === "Room" ? nodeType("Room", "name", "floor") : type)),
          { ...nodeType("Visitor", "name"), parent: "Person" },
          edgeType("Visits"),
        ],
        indexes: [...catalog.indexes, index("Person", ["name"])],
      });
      const visitor = await later.newNode("Visitor", { name: "Zoe" });
      const found = await later.lookup({ index: "Person.name" });
      equal(found.ids, [id, visitor], "the new index holds records from before and those of the new subtype");

      const { catalog: joined } = await later.store.open(catalog);
      const room = joined.types.find((type) => type.name === "Room");
      equal(
        room?.shapes.map((shape) => shape.version),
        [1, 2],
        "the changed shape has the next version",
      );
      ok(
        joined.types.some((type) => type.name === "Visits"),
        "a type that the code does not name is kept",
      );
      ok(
        joined.indexes.some(({ name }) => name === "Person.name"),
        "an index that the code does not name is kept",
      );
    });

    suite.test(
      "a catalog that contradicts the stored one is refused, and the data stays usable",
      async (session) => {
        const id = await session.newNode("Room", { name: "hall" });
        const contradicting = {
          ...catalog,
          types: catalog.types.map((type) => (type.name === "Near" ? { ...type, undirected: false } : type)),
        };
        await fails(
          () => session.again(contradicting),
          (error) => error instanceof GraphError && error.code === "RW_STORE_CATALOG",
          "an edge type that changes whether it has a direction is RW_STORE_CATALOG",
        );
        const later = await session.again();
        equal((await later.node(id))?.fields, { name: "hall" }, "what was stored is there");
      },
    );

    suite.test("a new unique index is refused where stored records break it", async (session) => {
      await session.newNode("Person", { name: "Ann" });
      await session.newNode("Employee", { name: "Ann" });
      const stricter = {
        ...catalog,
        indexes: [...catalog.indexes, index("Person", ["name"], { unique: true })],
      };
      await fails(
        () => session.again(stricter),
        (error) => error instanceof GraphError,
        "two records of one key are a GraphError",
      );
      const later = await session.again();
      equal((await later.scan({ type: "Person" })).ids.length, 1, "the data opens without that index");
    });
  });
}
