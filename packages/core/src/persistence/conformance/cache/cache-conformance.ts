import { accessRecord } from "../../../model/access-record.ts";
import type { Id } from "../../../model/id.ts";
import { type RowView, viewsOf } from "../../row-view.ts";
import { equal, fails, ok } from "../assert.ts";
import { VALUES } from "../values.ts";
import { type CacheClient, type CacheConformanceOptions, CacheSuite, split } from "./cache-suite.ts";

/**
 * Declares the tests that every `Cache` must pass, with the caller's own test runner.
 *
 * Each test gets a cache of its own and closes its clients. Groups about time, several clients and lost connections run
 * where the options give the means; a test fails where the cache's `supports` says that it should have them.
 *
 * @example
 * ```ts
 * // describe and test are the runner's: vitest's, node:test's, …
 * describe("my cache", () => {
 *   cacheConformance({ describe, test, create: () => new MyCache() });
 * });
 * ```
 */
export function cacheConformance(options: CacheConformanceOptions): void {
  const suite = new CacheSuite(options);
  holding(suite);
  versions(suite);
  floors(suite);
  leases(suite);
  ages(suite);
  incarnations(suite);
  messages(suite);
  severalClients(suite);
  lostConnections(suite);
  closing(suite);
}

/** Records that one call may name, of either kind. */
const MOST = 256;

function holding(suite: CacheSuite): void {
  suite.group("holding", () => {
    for (const [name, fields] of Object.entries(VALUES)) {
      suite.test(`${name} come back as they were, from nodes and from edges`, async (client) => {
        const [node, edge] = [client.node(undefined, { fields }), client.edge(undefined, { fields })];
        await client.set(node, edge);
        const { nodes, edges } = await client.getMany([node.id], [edge.id]);
        equal(viewsOf(nodes), [node], "the node");
        equal(viewsOf(edges), [edge], "the edge");
      });
    }

    suite.test("type, owner, access record, versions, shape and ends come back", async (client) => {
      const access = accessRecord("connect", new Map([[client.newId(), "write"]] as const));
      const parts = { owner: client.newId(), access, dataVersion: 7, accessVersion: 3, shape: 2 };
      const [node, edge] = [client.node(undefined, parts), client.edge(undefined, parts)];
      await client.set(node, edge);
      const { nodes, edges } = await client.getMany([node.id], [edge.id]);
      equal(viewsOf(nodes), [node], "the node");
      equal(viewsOf(edges), [edge], "the edge");
    });

    suite.test(
      "a full call of 256 nodes and 256 edges gives each once, and nothing for what is not held",
      async (client) => {
        const held = Array.from({ length: MOST / 2 }, () => client.node());
        const edges = Array.from({ length: MOST }, () => client.edge());
        const missing = held.map(() => client.newId());
        await client.set(...held, ...edges);
        const before = client.cache.counters.commands;
        const answer = await client.getMany(
          held.flatMap(({ id }, i) => [id, missing[i]!]),
          edges.map(({ id }) => id),
        );
        equal([...answer.nodes.ids].sort(), held.map(({ id }) => id).sort(), "the nodes");
        equal([...answer.edges.ids].sort(), edges.map(({ id }) => id).sort(), "the edges");
        equal(answer.leases.map(({ id }) => id).sort(), [...missing].sort(), "the leases");
        ok(
          client.cache.counters.commands - before <= 4,
          `512 records are asked for together: expected 4 commands at most, got ${client.cache.counters.commands - before}`,
        );
      },
    );

    suite.test("an empty call is answered", async (client) => {
      const { nodes, edges, leases } = await client.getMany([]);
      equal([nodes.length, edges.length, leases.length], [0, 0, 0], "what is in the answer");
      await client.set();
      await client.cache.invalidate([]);
    });

    suite.test("a node and an edge are not taken for one another", async (client) => {
      const [node, edge] = [client.node(), client.edge()];
      await client.set(node, edge);
      const { nodes, edges } = await client.getMany([edge.id], [node.id]);
      equal([nodes.length, edges.length], [0, 0], "a node asked for as an edge, and the other way round");
    });

    suite.test("what is given, and what was set, is nobody else's to change", async (client) => {
      const fields = { list: [1, 2], at: new Date(1) };
      const node = client.node(undefined, { fields });
      await client.set(node);
      fields.list.push(3);
      fields.at.setTime(5);
      const given = (await client.get(node.id))?.fields;
      equal(given, { list: [1, 2], at: new Date(1) }, "after what was set was changed");
      (given as typeof fields).at.setTime(9);
      equal(
        (await client.get(node.id))?.fields,
        { list: [1, 2], at: new Date(1) },
        "after what was given was",
      );
    });

    suite.test("a large record is given whole or left out, and harms no other", async (client) => {
      const large = client.node(undefined, { fields: { text: "0123456789abcdef".repeat(65_536) } });
      const small = client.node();
      await client.set(large, small);
      const { nodes } = await client.getMany([large.id, small.id]);
      const views = viewsOf(nodes);
      equal(
        views.find(({ id }) => id === small.id),
        small,
        "the small one",
      );
      const given = views.find(({ id }) => id === large.id);
      ok(
        given === undefined || (given.fields as { text: string }).text.length === 1_048_576,
        `the large one: expected 1,048,576 characters or nothing, got ${(given?.fields as { text: string } | undefined)?.text.length}`,
      );
    });

    suite.test("hits and misses are counted", async (client) => {
      const node = client.node();
      await client.set(node);
      const { hits, misses } = client.cache.counters;
      await client.getMany([node.id, client.newId()]);
      const { counters } = client.cache;
      equal(
        [counters.hits - hits, counters.misses - misses],
        [1, 1],
        "hits and misses of a call with one of each",
      );
    });

    suite.test("the cache declares what the suite was given the means to see", async ({ cache }) => {
      const { shared } = cache.supports;
      equal(shared && suite.options.connect === undefined, false, "a shared cache comes with `connect`");
      ok(
        cache.ttlMs > 0 && cache.leaseMs > 0,
        `ttlMs and leaseMs: expected times, got ${cache.ttlMs} and ${cache.leaseMs}`,
      );
    });
  });
}

function versions(suite: CacheSuite): void {
  suite.group("versions", () => {
    suite.test(
      "a newer version replaces what is held, by its fields or by its access record",
      async (client) => {
        const node = client.node();
        await client.set(node);
        await client.set({ ...node, dataVersion: 2, fields: { name: "two" } });
        equal((await client.get(node.id))?.fields, { name: "two" }, "the fields");
        await client.set({ ...node, dataVersion: 2, accessVersion: 2, access: accessRecord("read") });
        equal((await client.get(node.id))?.access, accessRecord("read"), "the access record");
      },
    );

    suite.test("an older version changes nothing, whichever of the two is older", async (client) => {
      const node = client.node(undefined, { dataVersion: 5, accessVersion: 5, fields: { name: "five" } });
      await client.set(node);
      await client.set({ ...node, dataVersion: 4, fields: { name: "four" } });
      await client.set({ ...node, accessVersion: 4, fields: { name: "four" } });
      equal(await client.get(node.id), node, "what is held");
    });

    suite.test("versions are numbers: 10 is newer than 9", async (client) => {
      const node = client.node(undefined, { dataVersion: 9 });
      await client.set(node);
      await client.set({ ...node, dataVersion: 10 });
      await client.set({ ...node, dataVersion: 9 });
      equal((await client.versionOf(node.id))?.dataVersion, 10, "the version held");
    });

    suite.test("of one call the newer records are taken beside those that are older", async (client) => {
      const nodes = [1, 2, 3].map(() => client.node(undefined, { dataVersion: 2 }));
      await client.set(...nodes);
      await client.set(
        ...nodes.map(
          (node, i): RowView => ({ ...node, dataVersion: i === 1 ? 1 : 3, fields: { name: "new" } }),
        ),
      );
      const held = await Promise.all(nodes.map(({ id }) => client.versionOf(id)));
      equal(
        held.map((version) => version?.dataVersion),
        [3, 2, 3],
        "their versions",
      );
    });

    suite.test("of sets that run side by side the newest stays", async (client) => {
      const node = client.node();
      const order = [7, 2, 9, 4, 1, 8, 3, 6, 5];
      await Promise.all(
        order.map((dataVersion) => client.set({ ...node, dataVersion, fields: { dataVersion } })),
      );
      const held = await client.get(node.id);
      equal([held?.dataVersion, held?.fields], [9, { dataVersion: 9 }], "what is held");
    });
  });
}

function floors(suite: CacheSuite): void {
  suite.group("floors", () => {
    suite.test("an invalidation drops what is older and keeps what is as new", async (client) => {
      const [older, same] = [client.node(), client.node(undefined, { dataVersion: 2 })];
      await client.set(older, same);
      await client.cache.invalidate(
        [older, same].map(({ id }) => ({ id, version: { dataVersion: 2, accessVersion: 1 } })),
      );
      equal(await client.get(older.id), undefined, "what was older");
      equal(await client.get(same.id), same, "what was as new");
    });

    suite.test("an invalidation reaches edges as it does nodes", async (client) => {
      const edge = client.edge();
      await client.set(edge);
      await client.invalidate(edge.id, { dataVersion: 2, accessVersion: 1 });
      equal((await client.getMany([], [edge.id])).edges.length, 0, "the edges given");
    });

    suite.test("a slow writer does not bring back what an invalidation has dropped", async (client) => {
      const node = client.node();
      await client.set(node);
      await client.invalidate(node.id, { dataVersion: 3, accessVersion: 1 });
      await client.set({ ...node, dataVersion: 2 });
      equal(await client.get(node.id), undefined, "after an older version was set");
      await client.set({ ...node, dataVersion: 3 });
      equal((await client.versionOf(node.id))?.dataVersion, 3, "after the version that was named was set");
    });

    suite.test("an invalidation that comes late drops nothing newer", async (client) => {
      const node = client.node(undefined, { dataVersion: 5 });
      await client.set(node);
      await client.invalidate(node.id, { dataVersion: 4, accessVersion: 1 });
      equal(await client.get(node.id), node, "what is held");
      await client.invalidate(node.id, { dataVersion: 6, accessVersion: 1 });
      await client.invalidate(node.id, { dataVersion: 4, accessVersion: 1 });
      await client.set(node);
      equal(await client.get(node.id), undefined, "below a floor that a later message named lower");
    });

    suite.test("what is gone does not come back, however new it says it is", async (client) => {
      const node = client.node();
      await client.set(node);
      await client.invalidate(node.id, "gone");
      equal(await client.get(node.id), undefined, "after it was deleted");
      await client.set({ ...node, dataVersion: 9 });
      equal(await client.get(node.id), undefined, "after a slow writer set it");
    });
  });
}

function leases(suite: CacheSuite): void {
  const { passTime } = suite.options;
  suite.group("leases", () => {
    suite.test("one reader gets the lease for what is missing, the next one none", async (client) => {
      const id = client.newId();
      await client.lease(id);
      equal((await client.getMany([id])).leases, [], "the leases of the second reader");
    });

    suite.test("what is held has no lease", async (client) => {
      const node = client.node();
      await client.set(node);
      equal((await client.getMany([node.id])).leases, [], "the leases");
    });

    suite.test("a fill under its lease is taken, of nodes and of edges", async (client) => {
      const [node, edge] = [client.node(), client.edge()];
      const { leases: given } = await client.getMany([node.id], [edge.id]);
      const { nodes, edges } = split([node, edge]);
      await client.cache.setMany(nodes, edges, given);
      const answer = await client.getMany([node.id], [edge.id]);
      equal([viewsOf(answer.nodes), viewsOf(answer.edges)], [[node], [edge]], "what is held");
    });

    suite.test("a lease is good once", async (client) => {
      const node = client.node();
      const lease = await client.lease(node.id);
      await client.fill(node, lease);
      await client.fill({ ...node, dataVersion: 2 }, lease);
      equal((await client.versionOf(node.id))?.dataVersion, 1, "the version held");
    });

    const voids: Readonly<Record<string, (client: CacheClient, id: Id) => Promise<void>>> = {
      "an invalidation": (client, id) => client.invalidate(id, { dataVersion: 2, accessVersion: 1 }),
      "a deletion": (client, id) => client.invalidate(id, "gone"),
      "an invalidation of a version that the reader has": (client, id) =>
        client.invalidate(id, { dataVersion: 1, accessVersion: 1 }),
    };
    for (const [what, happens] of Object.entries(voids)) {
      suite.test(`${what} voids the lease of a reader that is under way`, async (client) => {
        const node = client.node();
        const lease = await client.lease(node.id);
        await happens(client, node.id);
        await client.fill(node, lease);
        equal(await client.get(node.id), undefined, "after the slow reader filled it");
      });
    }

    suite.test("what a commit sets meanwhile stays, and voids the lease", async (client) => {
      const node = client.node();
      const lease = await client.lease(node.id);
      await client.set({ ...node, dataVersion: 2 });
      await client.fill(node, lease);
      await client.fill({ ...node, dataVersion: 3 }, lease);
      equal((await client.versionOf(node.id))?.dataVersion, 2, "the version held");
    });

    suite.test("a lease that the cache did not give fills nothing", async (client) => {
      const node = client.node();
      const lease = await client.lease(node.id);
      await client.fill(node, { ...lease, token: `${lease.token}0` });
      equal(await client.get(node.id), undefined, "after a fill under a made-up lease");
      const [one, two] = [client.node(), client.node()];
      const { leases: both } = await client.getMany([one.id, two.id]);
      const ofTwo = both.find(({ id }) => id === two.id)!;
      await client.fill(one, { id: one.id, token: ofTwo.token });
      equal(await client.get(one.id), undefined, "after a fill under the lease of another record");
    });

    if (passTime === undefined) return;
    suite.test("a lease ends with its time, and the next reader gets another", async (client) => {
      const node = client.node();
      const lease = await client.lease(node.id);
      await passTime(client.cache, client.cache.leaseMs + 1);
      await client.fill(node, lease);
      equal(await client.get(node.id), undefined, "after a fill that came too late");
      // That read has taken the next lease; its time ends too.
      await passTime(client.cache, client.cache.leaseMs + 1);
      await client.fill(node, await client.lease(node.id));
      equal(await client.get(node.id), node, "after a fill under the next lease");
    });
  });
}

function ages(suite: CacheSuite): void {
  const { passTime } = suite.options;
  if (passTime === undefined) return;
  suite.group("ages", () => {
    suite.test("nothing is given after its time", async (client) => {
      const node = client.node();
      await client.set(node);
      await passTime(client.cache, client.cache.ttlMs + 1);
      equal(await client.get(node.id), undefined, "after `ttlMs`");
      await client.set({ ...node, dataVersion: 2 });
      equal((await client.versionOf(node.id))?.dataVersion, 2, "set once more");
    });

    suite.test("to be read, or set as it is, does not make a record younger", async (client) => {
      const node = client.node();
      await client.set(node);
      const half = Math.ceil(client.cache.ttlMs * 0.6);
      await passTime(client.cache, half);
      equal((await client.get(node.id))?.id, node.id, "within its time");
      await client.set(node);
      await passTime(client.cache, half);
      equal(await client.get(node.id), undefined, "after it");
    });

    suite.test("a floor outlives the record that it was set for", async (client) => {
      const node = client.node(undefined, { dataVersion: 5 });
      await client.set(node);
      await passTime(client.cache, client.cache.ttlMs + 1);
      await client.set({ ...node, dataVersion: 4 });
      equal(await client.get(node.id), undefined, "after an older version was set, late");
    });
  });
}

function incarnations(suite: CacheSuite): void {
  if (suite.options.connect === undefined) return;
  suite.group("incarnations", () => {
    suite.test(
      "what was put under another incarnation is not given and does not stand in the way",
      async (client) => {
        const node = client.node(undefined, { dataVersion: 9, fields: { name: "before" } });
        await client.set(node);
        const restored = await client.connected("fedcba9876543210");
        equal(await restored.get(node.id), undefined, "of the other incarnation");
        const older = { ...node, dataVersion: 3, fields: { name: "restored" } };
        await restored.set(older);
        equal(await restored.get(node.id), older, "its own, of a lower version");
        equal(await client.get(node.id), node, "the first one's");
      },
    );

    suite.test("messages of another incarnation are not told", async (client) => {
      const other = await client.connected("fedcba9876543210");
      const heard = await client.listen();
      const [theirs, ours] = [client.newId(), client.newId()];
      await other.invalidate(theirs, "gone");
      await client.invalidate(ours, "gone");
      await client.told(heard, [ours]);
      equal(
        heard.records.some(({ id }) => id === theirs),
        false,
        "whether the other's record was told of",
      );
    });
  });
}

function messages(suite: CacheSuite): void {
  suite.group("messages", () => {
    suite.test(
      "every subscriber is told of each record with its version, the caller's own too",
      async (client) => {
        const heard = [await client.listen(), await client.listen()];
        const [one, two] = [client.newId(), client.newId()];
        const version = { dataVersion: 2 ** 40, accessVersion: 3 };
        await client.cache.invalidate([
          { id: one, version },
          { id: two, version: "gone" },
        ]);
        for (const each of heard) {
          await client.told(each, [one, two]);
          equal(each.records.find(({ id }) => id === one)?.version, version, "the version of the first");
          equal(each.records.find(({ id }) => id === two)?.version, "gone", "that of the second");
        }
      },
    );

    suite.test("whoever is told finds nothing older", async (client) => {
      const node = client.node();
      await client.set(node);
      let found: Promise<RowView | undefined> | undefined;
      await client.cache.subscribe({
        onInvalidated: () => {
          found ??= client.get(node.id);
        },
        onLost: () => {},
      });
      await client.invalidate(node.id, { dataVersion: 2, accessVersion: 1 });
      await client.until(
        () => found !== undefined,
        "the subscriber is told",
        () => "nothing",
      );
      equal(await found, undefined, "what it then finds");
    });

    suite.test("all 256 records of a call are told of", async (client) => {
      const heard = await client.listen();
      const ids = Array.from({ length: MOST }, () => client.newId());
      await client.cache.invalidate(ids.map((id) => ({ id, version: "gone" })));
      await client.told(heard, ids);
    });

    suite.test("a subscription that has ended is told nothing, and may be ended twice", async (client) => {
      const [ended, going] = [await client.listen(), await client.listen()];
      ended.end();
      ended.end();
      const id = client.newId();
      await client.invalidate(id, "gone");
      await client.told(going, [id]);
      equal(ended.records, [], "what the ended one was told");
    });

    suite.test("a listener that throws harms neither the call nor other listeners", async (client) => {
      await client.cache.subscribe({
        onInvalidated: () => {
          throw new Error("a listener's own");
        },
        onLost: () => {},
      });
      const heard = await client.listen();
      const id = client.newId();
      await client.invalidate(id, "gone");
      await client.told(heard, [id]);
    });
  });
}

function severalClients(suite: CacheSuite): void {
  if (suite.options.connect === undefined) return;
  suite.group("several clients", () => {
    suite.test("what one client set or dropped, another one finds so", async (client) => {
      const other = await client.connected();
      const node = client.node();
      await client.set(node);
      equal(await other.get(node.id), node, "what was set");
      await other.invalidate(node.id, { dataVersion: 2, accessVersion: 1 });
      equal(await client.get(node.id), undefined, "what was dropped");
      await client.set(node);
      equal(await other.get(node.id), undefined, "below the floor that the other one named");
    });

    suite.test("what one client invalidates, the others are told of", async (client) => {
      const other = await client.connected();
      const heard = await other.listen();
      const id = client.newId();
      await client.invalidate(id, "gone");
      await client.told(heard, [id]);
    });

    suite.test("a lease is one client's alone, and void for it as for anybody", async (client) => {
      const other = await client.connected();
      const node = client.node();
      const lease = await client.lease(node.id);
      equal((await other.getMany([node.id])).leases, [], "the leases that the other one gets");
      await other.invalidate(node.id, { dataVersion: 2, accessVersion: 1 });
      await client.fill(node, lease);
      equal(await other.get(node.id), undefined, "after the slow reader filled it");
    });

    suite.test("clients that write at the same time leave the newest", async (client) => {
      const clients = [client, await client.connected(), await client.connected()];
      const nodes = Array.from({ length: 20 }, () => client.node());
      await Promise.all(
        clients.map(async (each, i) => {
          for (let version = 1; version <= 9; version += 1) {
            const dataVersion = i === 1 ? 10 - version : version;
            await each.set(...nodes.map((node) => ({ ...node, dataVersion, fields: { dataVersion } })));
          }
        }),
      );
      for (const { id } of nodes) {
        const held = await client.get(id);
        equal([held?.dataVersion, held?.fields], [9, { dataVersion: 9 }], "what is held");
      }
    });

    suite.test("a client that closes leaves records and the others alone", async (client) => {
      const other = await client.connected();
      const node = client.node();
      await other.set(node);
      const heard = await client.listen();
      await other.cache.close();
      equal(await client.get(node.id), node, "what it had set");
      await client.invalidate(node.id, "gone");
      await client.told(heard, [node.id]);
    });
  });
}

function lostConnections(suite: CacheSuite): void {
  const { cut } = suite.options;
  if (cut === undefined) return;
  suite.group("lost connections", () => {
    suite.test(
      "every call is refused while the connection is lost, and answered once it is back",
      async (client) => {
        const node = client.node();
        await client.set(node);
        const mend = await cut(client.cache);
        const refused = (): boolean => true;
        await fails(() => client.getMany([node.id]), refused, "getMany");
        await fails(() => client.set(node), refused, "setMany");
        await fails(() => client.invalidate(node.id, "gone"), refused, "invalidate");
        await mend();
        await client.set({ ...node, dataVersion: 2 });
        equal((await client.versionOf(node.id))?.dataVersion, 2, "the version held afterwards");
      },
    );

    suite.test(
      "a subscriber is told that messages may be lost, and is told of those that follow",
      async (client) => {
        const heard = await client.listen();
        const mend = await cut(client.cache);
        await mend();
        await client.until(
          () => heard.losses > 0,
          "`onLost` is called",
          () => "nothing",
        );
        const id = client.newId();
        await client.invalidate(id, "gone");
        await client.told(heard, [id]);
      },
    );
  });
}

function closing(suite: CacheSuite): void {
  suite.group("closing", () => {
    suite.test("a cache may be closed twice, one call beside the other too", async (client) => {
      await Promise.all([client.cache.close(), client.cache.close()]);
      await client.cache.close();
    });

    if (suite.options.connect === undefined) return;
    suite.test("who has closed is told of nothing any more", async (client) => {
      const other = await client.connected();
      const [closed, going] = [await other.listen(), await client.listen()];
      await other.cache.close();
      const id = client.newId();
      await client.invalidate(id, "gone");
      await client.told(going, [id]);
      equal([closed.records, closed.losses], [[], 0], "what it was told");
    });
  });
}
