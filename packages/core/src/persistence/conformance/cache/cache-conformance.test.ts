import { describe, expect, test } from "vitest";
import type { Cache, CacheAnswer, CacheListener, FillLease, Invalidation } from "../../cache.ts";
import { pushRow } from "../../copy-rows.ts";
import { referenceCache } from "../../reference-cache.ts";
import { EdgeRows, type FieldData, NodeRows } from "../../rows.ts";
import { cacheConformance } from "./cache-conformance.ts";
import type { CacheConformanceOptions } from "./cache-suite.ts";

// The suite is worth what it catches: each of these caches breaks one promise and must fail the test that names it.

interface FaultyKind {
  readonly caughtBy: string;
  alter(cache: Cache): Partial<Cache>;
}

/** Remembers, for all clients of one server, what a fault needs. */
const faulty: Readonly<Record<string, FaultyKind>> = {
  "lets whoever comes last win": {
    caughtBy: "versions > an older version changes nothing, whichever of the two is older",
    alter: (cache) => ({
      setMany: async (nodes, edges, leases) => {
        // As a plain SET does: whatever is there goes first.
        const ahead = new NodeRows();
        for (let i = 0; i < nodes.length; i++) pushRow(ahead, nodes, i);
        const { nodes: held } = await cache.getMany([...nodes.ids], []);
        for (let i = 0; i < ahead.length; i++) {
          const at = [...held.ids].indexOf(ahead.ids.at(i));
          if (at < 0) continue;
          ahead.dataVersions[i] = Math.max(held.dataVersions[at]! + 1, ahead.dataVersions[i]!);
        }
        await cache.setMany(ahead, edges, leases);
      },
    }),
  },
  "looks at the version of the fields alone": {
    caughtBy: "versions > a newer version replaces what is held, by its fields or by its access record",
    alter: (cache) => ({
      setMany: async (nodes, edges, leases) => {
        const { nodes: held } = await cache.getMany([...nodes.ids], []);
        const newer = new NodeRows();
        for (let i = 0; i < nodes.length; i++) {
          const at = [...held.ids].indexOf(nodes.ids.at(i));
          if (at < 0 || nodes.dataVersions[i]! > held.dataVersions[at]!) pushRow(newer, nodes, i);
        }
        await cache.setMany(newer, edges, leases);
      },
    }),
  },
  "compares versions as text": {
    caughtBy: "versions > versions are numbers: 10 is newer than 9",
    alter: (cache) => ({
      setMany: async (nodes, edges, leases) => {
        const { nodes: held } = await cache.getMany([...nodes.ids], []);
        const newer = new NodeRows();
        for (let i = 0; i < nodes.length; i++) {
          const at = [...held.ids].indexOf(nodes.ids.at(i));
          if (at < 0 || String(nodes.dataVersions[i]) >= String(held.dataVersions[at]))
            pushRow(newer, nodes, i);
        }
        await cache.setMany(newer, edges, leases);
      },
    }),
  },
  "refuses a whole call for one older record": {
    caughtBy: "versions > of one call the newer records are taken beside those that are older",
    alter: (cache) => ({
      setMany: async (nodes, edges, leases) => {
        const { nodes: held } = await cache.getMany([...nodes.ids], []);
        const isOlder = [...held.ids].some(
          (id, at) => nodes.dataVersions[[...nodes.ids].indexOf(id)]! < held.dataVersions[at]!,
        );
        if (!isOlder) await cache.setMany(nodes, edges, leases);
      },
    }),
  },
  "takes fills without looking at their leases": {
    caughtBy:
      "leases > an invalidation of a version that the reader has voids the lease of a reader that is under way",
    alter: (cache) => ({ setMany: (nodes, edges) => cache.setMany(nodes, edges) }),
  },
  "gives every reader a lease": {
    caughtBy: "leases > one reader gets the lease for what is missing, the next one none",
    alter: (cache) => {
      const given = new Map<string, FillLease>();
      return {
        getMany: async (nodes, edges) => {
          const answer = await cache.getMany(nodes, edges);
          for (const lease of answer.leases) given.set(lease.id, lease);
          const held = new Set([...answer.nodes.ids, ...answer.edges.ids]);
          const leases = [...nodes, ...edges].flatMap((id) => (held.has(id) ? [] : (given.get(id) ?? [])));
          return { ...answer, leases };
        },
      };
    },
  },
  "takes any token for a lease of any record": {
    caughtBy: "leases > a lease that the cache did not give fills nothing",
    alter: (cache) => {
      const real = new Map<string, FillLease>();
      return {
        getMany: async (nodes, edges) => {
          const answer = await cache.getMany(nodes, edges);
          for (const lease of answer.leases) real.set(lease.id, lease);
          return answer;
        },
        setMany: (nodes, edges, leases = []) =>
          cache.setMany(
            nodes,
            edges,
            leases.map((lease) => real.get(lease.id) ?? lease),
          ),
      };
    },
  },
  "forgets the version that an invalidation named": {
    caughtBy: "floors > a slow writer does not bring back what an invalidation has dropped",
    alter: (cache) => {
      // As a plain DEL does: nothing remembers what was there.
      const generation = new Map<string, number>();
      const at = (id: string): string =>
        `${id.slice(0, 24)}${(generation.get(id) ?? 0).toString(16).padStart(4, "0")}${id.slice(28)}`;
      const back = new Map<string, string>();
      const moved = <R extends NodeRows>(rows: R, to: R, move: (id: string) => string): R => {
        for (let i = 0; i < rows.length; i++) pushRow(to, rows, i);
        to.ids.clear();
        for (const id of rows.ids) {
          back.set(move(id), back.get(id) ?? id);
          to.ids.push(move(id));
        }
        return to;
      };
      return {
        setMany: (nodes, edges, leases = []) =>
          cache.setMany(
            moved(nodes, new NodeRows(), at),
            moved(edges, new EdgeRows(), at),
            leases.map((lease) => ({ ...lease, id: at(lease.id) })),
          ),
        getMany: async (nodes, edges) => {
          for (const id of [...nodes, ...edges]) back.set(at(id), id);
          const answer = await cache.getMany(nodes.map(at), edges.map(at));
          return {
            nodes: moved(answer.nodes, new NodeRows(), (id) => back.get(id) ?? id),
            edges: moved(answer.edges, new EdgeRows(), (id) => back.get(id) ?? id),
            leases: answer.leases.map((lease) => ({ ...lease, id: back.get(lease.id) ?? lease.id })),
          };
        },
        invalidate: async (records) => {
          const { nodes, edges } = await cache.getMany(
            records.map(({ id }) => at(id)),
            records.map(({ id }) => at(id)),
          );
          for (const { id, version } of records) {
            const rows = [nodes, edges].find((each) => [...each.ids].includes(at(id)));
            const held = rows?.dataVersions[[...(rows?.ids ?? [])].indexOf(at(id))];
            if (held === undefined || version === "gone" || held < version.dataVersion)
              generation.set(id, (generation.get(id) ?? 0) + 1);
          }
          await cache.invalidate(records);
        },
      };
    },
  },
  "lets a late message drop what is newer": {
    caughtBy: "floors > an invalidation that comes late drops nothing newer",
    alter: (cache) => ({
      invalidate: (records) =>
        cache.invalidate(
          records.map(({ id }) => ({ id, version: { dataVersion: 2 ** 45, accessVersion: 1 } })),
        ),
    }),
  },
  "takes what is gone for one version among others": {
    caughtBy: "floors > what is gone does not come back, however new it says it is",
    alter: (cache) => ({
      invalidate: (records) =>
        cache.invalidate(
          records.map(({ id, version }) => ({
            id,
            version: version === "gone" ? { dataVersion: 8, accessVersion: 1 } : version,
          })),
        ),
    }),
  },
  "gives what it holds for ever": {
    caughtBy: "ages > nothing is given after its time",
    alter: (cache) => {
      const ever = new Map<string, NodeRows>();
      return {
        setMany: async (nodes, edges, leases) => {
          for (let i = 0; i < nodes.length; i++) {
            const row = new NodeRows();
            pushRow(row, nodes, i);
            ever.set(row.ids.at(0), row);
          }
          await cache.setMany(nodes, edges, leases);
        },
        invalidate: async (records) => {
          for (const { id } of records) ever.delete(id);
          await cache.invalidate(records);
        },
        getMany: async (nodes, edges) => {
          const answer = await cache.getMany(nodes, edges);
          const held = new Set(answer.nodes.ids);
          for (const id of nodes) {
            const row = ever.get(id);
            if (row !== undefined && !held.has(id) && answer.leases.length === 1)
              pushRow(answer.nodes, row, 0);
          }
          return answer;
        },
      };
    },
  },
  "keeps incarnations in one place": {
    caughtBy:
      "incarnations > what was put under another incarnation is not given and does not stand in the way",
    alter: (cache) => ({ open: () => cache.open("the only one") }),
  },
  "tells of an invalidation before it has taken effect": {
    caughtBy: "messages > whoever is told finds nothing older",
    alter: (cache) => {
      const listeners = new Set<CacheListener>();
      return {
        subscribe: (listener) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        invalidate: async (records) => {
          for (const listener of listeners) quietly(() => listener.onInvalidated(records));
          await cache.invalidate(records);
        },
        close: () => {
          listeners.clear();
          return cache.close();
        },
      };
    },
  },
  "tells everybody but the caller": {
    caughtBy: "messages > every subscriber is told of each record with its version, the caller's own too",
    alter: (cache) => {
      let isOwn = false;
      return {
        subscribe: (listener) =>
          cache.subscribe({
            onInvalidated: (records) => {
              if (!isOwn) listener.onInvalidated(records);
            },
            onLost: () => listener.onLost(),
          }),
        invalidate: async (records) => {
          isOwn = true;
          try {
            await cache.invalidate(records);
          } finally {
            isOwn = false;
          }
        },
      };
    },
  },
  "puts fewer records into a message than there are": {
    caughtBy: "messages > all 256 records of a call are told of",
    alter: (cache) => ({
      subscribe: (listener) =>
        cache.subscribe({
          onInvalidated: (records: readonly Invalidation[]) => listener.onInvalidated(records.slice(0, 100)),
          onLost: () => listener.onLost(),
        }),
    }),
  },
  "waits in silence for its connection": {
    caughtBy:
      "lost connections > every call is refused while the connection is lost, and answered once it is back",
    alter: (cache) => ({
      setMany: (nodes, edges, leases) => (async () => cache.setMany(nodes, edges, leases))().catch(() => {}),
    }),
  },
  "does not tell that messages were lost": {
    caughtBy:
      "lost connections > a subscriber is told that messages may be lost, and is told of those that follow",
    alter: (cache) => ({
      subscribe: (listener) =>
        cache.subscribe({ onInvalidated: (records) => listener.onInvalidated(records), onLost: () => {} }),
    }),
  },
  "asks for one record after another": {
    caughtBy:
      "holding > a full call of 256 nodes and 256 edges gives each once, and nothing for what is not held",
    alter: (cache) => ({
      getMany: async (nodes, edges) => {
        const all: CacheAnswer = { nodes: new NodeRows(), edges: new EdgeRows(), leases: [] };
        const take = (answer: CacheAnswer): void => {
          for (let i = 0; i < answer.nodes.length; i++) pushRow(all.nodes, answer.nodes, i);
          for (let i = 0; i < answer.edges.length; i++) pushRow(all.edges, answer.edges, i);
          (all.leases as FillLease[]).push(...answer.leases);
        };
        for (const id of nodes) take(await cache.getMany([id], []));
        for (const id of edges) take(await cache.getMany([], [id]));
        return all;
      },
    }),
  },
  "keeps values as JSON": {
    caughtBy: "holding > dates come back as they were, from nodes and from edges",
    alter: (cache) => ({
      setMany: (nodes, edges, leases) => {
        for (const rows of [nodes, edges])
          rows.fields.splice(
            0,
            Number.POSITIVE_INFINITY,
            ...rows.fields.map(
              (fields) =>
                JSON.parse(
                  JSON.stringify(fields, (_key, value: unknown) =>
                    typeof value === "bigint" ? `${value}` : value,
                  ),
                ) as FieldData,
            ),
          );
        return cache.setMany(nodes, edges, leases);
      },
    }),
  },
};

function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // As the reference does it.
  }
}

describe("the cache suite", () => {
  test("passes the reference cache", async () => {
    const { failed, count } = await run(() => ({}));
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(50);
  });

  test.each(Object.entries(faulty))("catches a cache that %s", async (_name, { alter, caughtBy }) => {
    const { failed, count } = await run(alter);
    expect(failed).toContain(caughtBy);
    expect(failed.length, `all that failed:\n${failed.join("\n")}`).toBeLessThan(count / 3);
  });

  test("asks a shared cache for a second client", async () => {
    const { failed } = await run(() => ({}), { connect: undefined });
    expect(failed).toEqual(["holding > the cache declares what the suite was given the means to see"]);
  });
});

/** Runs the suite over the reference cache with some methods replaced; gives the full names of the tests that failed. */
async function run(
  alter: (cache: Cache) => Partial<Cache>,
  without: { connect?: undefined } | undefined = undefined,
): Promise<{ failed: string[]; count: number }> {
  const servers = new Map<
    Cache,
    { server: ReturnType<typeof referenceCache>; client: Cache; clock: { now: number } }
  >();
  const connect = (server: ReturnType<typeof referenceCache>, clock: { now: number }): Cache => {
    const client = server.connect();
    const replaced: Partial<Cache> = alter(client);
    const cache = new Proxy(client, {
      get(target, name: keyof Cache) {
        const value: unknown = replaced[name] ?? target[name];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    servers.set(cache, { server, client, clock });
    return cache;
  };
  const options: Omit<CacheConformanceOptions, "describe" | "test"> = {
    create: () => {
      const clock = { now: 1_000_000 };
      return connect(referenceCache({ now: () => clock.now }), clock);
    },
    ...(without === undefined && {
      connect: (cache: Cache) => {
        const { server, clock } = servers.get(cache)!;
        return connect(server, clock);
      },
    }),
    // What is to come has come when a call of the reference is done.
    patienceMs: 20,
    passTime: (cache, ms) => {
      servers.get(cache)!.clock.now += ms;
    },
    cut: (cache) => {
      const { server, client } = servers.get(cache)!;
      server.cut(client);
      return () => server.mend(client);
    },
  };
  const tests: [name: string, body: () => Promise<void>][] = [];
  let group = "";
  cacheConformance({
    ...options,
    describe: (name, body) => {
      group = name;
      body();
    },
    test: (name, body) => void tests.push([`${group} > ${name}`, body]),
  });
  const failed: string[] = [];
  for (const [name, body] of tests) await body().catch(() => failed.push(name));
  return { failed, count: tests.length };
}
