import { describe, expect, test } from "vitest";
import { type Id, IdColumn } from "../../model/id.ts";
import { FaultyStore } from "../../testing/faulty-store.ts";
import { awkwardBase } from "../awkward-store.ts";
import { memory } from "../memory-store.ts";
import { EdgeRows, type FieldData, NodeRows, type RecordUpdate, RowDamage } from "../rows.ts";
import type { AdjacencyAnswer, CommitBatch, CommitOutcome, NodePage, Store, Tally } from "../store.ts";
import { noGuards } from "./guard-list.ts";
import { storeConformance } from "./store-conformance.ts";
import type { StoreConformanceOptions } from "./suite.ts";

// The suite is worth what it catches: each of these stores breaks one promise and must fail the test that names it.

type Means = Partial<Pick<StoreConformanceOptions, "reopen" | "connect" | "passTime">>;

interface FaultyKind {
  readonly caughtBy: string;
  create(): Store;
  readonly means?: () => Means;
}

const faulty: Readonly<Record<string, FaultyKind>> = {
  "loses an edge where connects run side by side": {
    caughtBy: "concurrent callers > all connects to one node are kept",
    create: () =>
      altered((store) => {
        // As where a node record holds its edge list: written back from what was read at the base.
        return {
          commit: (batches) =>
            store.commit(
              batches.map((batch) => (batch.base === store.current() ? batch : withoutEdges(batch))),
            ),
        };
      }),
  },
  "gives adjacency in the order of insertion": {
    caughtBy: "adjacency > edges come in id order, whatever order they were committed in",
    create: () =>
      altered((store) => {
        const inserted: Id[] = [];
        return {
          commit: (batches) => {
            for (const { edges } of batches) inserted.push(...edges.ids);
            return store.commit(batches);
          },
          readAdjacency: (nodes, requests) => {
            const answer = store.readAdjacency(nodes, requests) as AdjacencyAnswer;
            return requests[0]?.order === "asc" ? inOrderOf(inserted, answer) : answer;
          },
        };
      }),
  },
  "ignores `after`": {
    caughtBy: "adjacency > pages meet without a gap or an overlap, in both orders",
    create: () =>
      altered((store) => ({
        readAdjacency: (nodes, requests) =>
          store.readAdjacency(
            nodes,
            requests.map((request) => ({ ...request, after: undefined })),
          ),
      })),
  },
  "never says that there is more": {
    caughtBy: "scans > pages meet without a gap or an overlap, in both orders",
    create: () =>
      altered((store) => ({
        scan: ((request: never) => ({ ...(store.scan(request) as NodePage), more: false })) as never,
      })),
  },
  "counts what is deleted": {
    caughtBy: "scans > a tally counts what a scan gives, in stretches of any length",
    create: () => {
      let deleted = 0;
      return altered((store) => ({
        commit: (batches) => {
          for (const { updates } of batches) deleted += updates.filter(({ remove }) => remove).length;
          return store.commit(batches);
        },
        tally: (request) => {
          const tally = store.tally!(request) as Tally;
          return { ...tally, count: Math.min(request.limit, tally.count + deleted) };
        },
      }));
    },
  },
  "goes on after a key and not after its record": {
    caughtBy: "lookups > pages meet without a gap or an overlap, ties included, in both orders",
    create: () =>
      altered((store) => ({
        lookup: ({ after, ...request }) => {
          const id =
            request.order === "asc"
              ? "ffffffff-ffff-7fff-bfff-ffffffffffff"
              : "00000000-0000-7000-8000-000000000000";
          return store.lookup({ ...request, after: after && { ...after, id } });
        },
      })),
  },
  "leaves subtypes out of an index": {
    caughtBy: "lookups > an index holds the type's subtypes and no other types",
    create: () =>
      altered((store) => ({
        lookup: (request) => {
          const page = store.lookup(request) as NodePage;
          return { ...page, rows: picked(page.rows, (i) => page.rows.types[i] !== "Employee") };
        },
      })),
  },
  "gives a row twice": {
    caughtBy: "reading by id > a batch gives each record once, and nothing for what is absent",
    create: () =>
      altered((store) => ({
        readNodes: (ids) =>
          store.readNodes(ids.length > 1 ? IdColumn.from([...ids, ids.at(ids.length - 1)]) : ids),
      })),
  },
  "keeps edges of tombstoned nodes visible": {
    caughtBy:
      "adjacency > removed edges and edges to deleted nodes are not there, and pages are filled past them",
    create: () =>
      altered((store) => {
        const gone = new Set<Id>();
        return {
          commit: (batches) =>
            store.commit(
              batches.map((batch) => {
                const updates = batch.updates.filter(({ kind, id, remove }) => {
                  if (kind === "edge" || remove !== true) return true;
                  gone.add(id);
                  return false;
                });
                return { ...batch, updates };
              }),
            ),
          readNodes: (ids) => {
            const { rows, token } = store.readNodes(ids) as { rows: NodeRows; token: string };
            return { rows: picked(rows, (i) => !gone.has(rows.ids.at(i))), token };
          },
        };
      }),
  },
  "skips the check of expected versions": {
    caughtBy: "versions > a write that expects another data version is refused",
    create: () =>
      altered((store) => ({
        commit: (batches) => store.commit(batches.map((batch) => unversioned(store, batch))),
      })),
  },
  "ignores guards": {
    caughtBy: "guards > a guard that a later commit broke refuses the batch",
    create: () =>
      altered((store) => ({
        commit: (batches) => store.commit(batches.map((batch) => ({ ...batch, guards: noGuards }))),
      })),
  },
  "asks guards about commits before their base": {
    caughtBy: "guards > what was committed up to the base breaks nothing",
    create: () =>
      altered((store) => {
        const start = store.current() as string;
        return { commit: (batches) => store.commit(batches.map((batch) => ({ ...batch, base: start }))) };
      }),
  },
  "applies a batch in two steps": {
    caughtBy: "commits > a batch that is refused leaves no trace at all",
    create: () =>
      altered((store) => ({
        commit: (batches) =>
          batches.map((batch) => {
            const nodes = { ...withoutEdges(batch), updates: [], unitId: otherId(batch.unitId) };
            const [first] = store.commit([nodes]) as CommitOutcome[];
            if (first?.status !== "committed") return first as CommitOutcome;
            return (
              store.commit([{ ...batch, nodes: new NodeRows() }]) as CommitOutcome[]
            )[0] as CommitOutcome;
          }),
      })),
  },
  "forgets that a key is unique per owner": {
    caughtBy: "unique keys > an index per owner keeps a key once for each owner",
    create: () =>
      altered((store) => ({
        open: (catalog) => {
          const indexes = catalog.indexes.map((index) =>
            index.per === "owner" ? { ...index, unique: false } : index,
          );
          return store.open({ ...catalog, indexes });
        },
      })),
  },
  "commits a unit again that it knows": {
    caughtBy: "units of work > a batch that is offered again is answered as before and applied once",
    create: () =>
      altered((store) => {
        const known = new Set<Id>();
        return {
          commit: (batches) =>
            store.commit(
              batches.map((batch) => {
                const again = known.has(batch.unitId);
                known.add(batch.unitId);
                return again ? { ...batch, unitId: otherId(batch.unitId) } : batch;
              }),
            ),
        };
      }),
  },
  "tells of commits in another order": {
    caughtBy: "changes > commits come in the order of their tokens, each once, from just after a token",
    create: () =>
      altered((store) => ({
        changes: (since) => {
          const page = store.changes(since) as Exclude<Awaited<ReturnType<Store["changes"]>>, "lost">;
          return typeof page === "string" ? page : { ...page, commits: page.commits.toReversed() };
        },
      })),
  },
  "answers with a token that is behind": {
    caughtBy: "tokens > an answer of any kind carries a token that no acknowledged commit is after",
    create: () =>
      altered((store) => {
        let before = store.current() as string;
        return {
          commit: (batches) => {
            before = store.current() as string;
            return store.commit(batches);
          },
          readNodes: (ids) => ({
            ...(store.readNodes(ids) as { rows: NodeRows; token: string }),
            token: before,
          }),
        };
      }),
  },
  "takes the token of an answer from a later moment": {
    caughtBy: "tokens > an answer beside commits is what was true at its token",
    create: () =>
      altered(
        (store) => ({
          supports: { ...store.supports, shared: false },
          readNodes: async (ids) => {
            const { rows } = await store.readNodes(ids);
            return { rows, token: await store.current() };
          },
        }),
        awkwardBase().connect(),
      ),
  },
  "finds undirected edges from their source alone": {
    caughtBy: "adjacency > an undirected edge is found from both ends under either direction",
    create: () =>
      altered((store) => ({
        open: (catalog) =>
          store.open({ ...catalog, types: catalog.types.map((type) => ({ ...type, undirected: false })) }),
      })),
  },
  "stores dates as text": {
    caughtBy: "values > dates come back as they were, from nodes and from edges",
    create: () =>
      altered((store) => ({
        commit: (batches) => {
          for (const { nodes } of batches)
            nodes.fields.splice(
              0,
              Infinity,
              ...nodes.fields.map((fields) => withDatesAsText(fields as FieldData)),
            );
          return store.commit(batches);
        },
      })),
  },
  "reads a whole neighbourhood for a page of it": {
    caughtBy: "counting > a page of a hub reads a page and one row, and one more for each far end",
    create: () =>
      altered((store) => ({
        readAdjacency: (nodes, requests) => {
          store.readAdjacency(
            nodes,
            requests.map((request) => ({ ...request, after: undefined, limit: 10_000 })),
          );
          return store.readAdjacency(nodes, requests);
        },
      })),
  },
  "loses what it held when it is opened again": {
    caughtBy: "closing > everything acknowledged is there after reopening",
    create: memory,
    means: () => ({ reopen: memory }),
  },
  "fails when it is closed twice": {
    caughtBy: "closing > a store may be closed twice, one call beside the other too",
    create: () =>
      altered(() => {
        let closed = 0;
        return {
          close: () => {
            closed += 1;
            if (closed === 2) throw new Error("closed already");
          },
        };
      }),
  },
  "commits only the nodes of the third batch": {
    caughtBy: "commits > one batch creates, changes and removes together",
    create: () =>
      new FaultyStore(memory(), (method, count) =>
        method === "commit" && count === 2 ? "partial-batch" : undefined,
      ),
  },
  "answers with what it answered before": {
    caughtBy: "tokens > an answer of any kind carries a token that no acknowledged commit is after",
    create: () =>
      new FaultyStore(memory(), (method) => (method === "readAdjacency" ? "stale-read" : undefined)),
  },
  ...sharedFaults(),
};

/** Faults between the clients of one database. */
function sharedFaults(): Record<string, FaultyKind> {
  const kind = (caughtBy: string, second: (store: Store) => Store): FaultyKind => {
    const bases = new Map<Store, ReturnType<typeof awkwardBase>>();
    return {
      caughtBy,
      create: () => {
        const base = awkwardBase();
        const store = base.connect();
        bases.set(store, base);
        return store;
      },
      means: () => ({ connect: (store) => second(bases.get(store)!.connect()) }),
    };
  };
  return {
    "a second client stays at what it read first": kind(
      "several clients > what one client committed, another one reads",
      (store) => new FaultyStore(store, (method) => (method.startsWith("read") ? "stale-read" : undefined)),
    ),
    "a second client does not see the lease of another": kind(
      "leases > the holder commits and everyone else waits, until it is released",
      (store) => altered(() => ({ lease: () => Promise.resolve(true) }), store),
    ),
    "a second client hears only of its own commits": kind(
      "several clients > the change feed tells each client what the others did",
      (store) => {
        const own = new Set<Id>();
        return altered(
          () => ({
            commit: (batches) => {
              for (const { unitId } of batches) own.add(unitId);
              return store.commit(batches);
            },
            changes: async (since) => {
              const page = await store.changes(since);
              return page === "lost"
                ? page
                : { ...page, commits: page.commits.filter(({ unitId }) => own.has(unitId)) };
            },
          }),
          store,
        );
      },
    ),
  };
}

describe("the conformance suite", () => {
  test.each(Object.entries(faulty))("catches a store that %s", async (_name, { create, means, caughtBy }) => {
    const { failed, count } = await run({ create, ...means?.() });
    expect(failed).toContain(caughtBy);
    expect(failed.length, `all that failed:\n${failed.join("\n")}`).toBeLessThan(count / 3);
  });

  test("passes the memory store, with every test that needs no second client", async () => {
    const { failed, count } = await run({ create: memory, reopen: (store) => store });
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(120);
  });

  test("passes a store whose damaged rows keep their place, and catches one that drops them", async () => {
    const damage = (store: Store, _kind: "node" | "edge", id: Id): void =>
      (store as Damageable).damaged.add(id);
    expect((await run({ create: () => damageable("kept"), damage })).failed).toEqual([]);
    const { failed } = await run({ create: () => damageable("dropped"), damage });
    expect(failed).toEqual(["damaged rows > a damaged node keeps its place in every answer"]);
  });

  test("passes a store that files anew what it writes, and catches one that keeps what it had", async () => {
    const lost = new Map<Store, Set<Id>>();
    const create = (isFiledAnew: boolean) => (): Store => {
      const unfiled = new Set<Id>();
      const store = altered((inner) => ({
        lookup: (request) => {
          const page = inner.lookup(request) as NodePage;
          return { ...page, rows: picked(page.rows, (i) => !unfiled.has(page.rows.ids.at(i))) };
        },
        commit: (batches) => {
          for (const { id, data } of batches.flatMap(({ updates }) => updates))
            if (isFiledAnew && data !== undefined) unfiled.delete(id);
          return inner.commit(batches);
        },
      }));
      lost.set(store, unfiled);
      return store;
    };
    const misfile = (store: Store, _index: string, id: Id): void => void lost.get(store)?.add(id);
    expect((await run({ create: create(true), misfile })).failed).toEqual([]);
    const { failed } = await run({ create: create(false), misfile });
    expect(failed).toEqual(
      ["Person.email", "Person.value", "Room.name@owner"].map(
        (index) => `filing anew > a node that ${index} has lost is there again once its fields are written`,
      ),
    );
  });

  test("asks a durable store for the means to reopen it, and a shared one for a second client", async () => {
    const supports = { durable: true, shared: true, synchronous: true };
    const { failed } = await run({ create: () => altered(() => ({ supports })) });
    expect(failed).toEqual(["opening > the store declares what the suite was given the means to see"]);
  });
});

/** Runs the suite with a runner of a few lines; gives the full names of the tests that failed. */
async function run(
  options: Omit<StoreConformanceOptions, "describe" | "test">,
): Promise<{ failed: string[]; count: number }> {
  const tests: [name: string, body: () => Promise<void>][] = [];
  let group = "";
  storeConformance({
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

/** A store with some of its methods replaced. */
function altered(changes: (store: Store) => Partial<Store>, store: Store = memory()): Store {
  const replaced: Partial<Store> = changes(store);
  return new Proxy(store, {
    get(target, key: keyof Store) {
      const value: unknown = replaced[key] ?? target[key];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

interface Damageable extends Store {
  readonly damaged: { add(id: Id): void };
}

/** A memory store of which records can be damaged; damaged nodes keep their place in answers or not. */
function damageable(nodes: "kept" | "dropped"): Store {
  const damaged = new Set<Id>();
  const isDamaged = (rows: NodeRows, i: number): boolean => damaged.has(rows.ids.at(i));
  const shown = <T>(answer: unknown): T => {
    const { rows } = answer as NodePage;
    if (!(rows instanceof EdgeRows) && nodes === "dropped") {
      return { ...(answer as NodePage), rows: picked(rows, (i) => !isDamaged(rows, i)) } as T;
    }
    rows.fields.forEach((_, i) => {
      if (isDamaged(rows, i)) rows.fields[i] = new RowDamage("a test damaged it");
    });
    return answer as T;
  };
  return altered((store) => {
    const replaced: Partial<Damageable> = {
      damaged: { add: (id) => void damaged.add(id) },
      readNodes: (ids) => shown(store.readNodes(ids)),
      readEdges: (ids) => shown(store.readEdges(ids)),
      scan: ((request: never) => shown(store.scan(request))) as never,
      readAdjacency: (asked, requests) => {
        const answer = store.readAdjacency(asked, requests) as AdjacencyAnswer;
        const { edges, edgeFields } = answer.rows;
        edgeFields.forEach((_, i) => {
          if (damaged.has(edges.at(i))) edgeFields[i] = new RowDamage("a test damaged it");
        });
        return answer;
      },
    };
    return replaced;
  });
}

function withoutEdges(batch: CommitBatch): CommitBatch {
  return { ...batch, edges: new EdgeRows() };
}

function otherId(id: Id): Id {
  return `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
}

/** The batch with whatever versions its records have now. */
function unversioned(store: Store, batch: CommitBatch): CommitBatch {
  const updates = batch.updates.map((update): RecordUpdate => {
    const ids = IdColumn.of(update.id);
    const { rows } = (update.kind === "node" ? store.readNodes(ids) : store.readEdges(ids)) as {
      rows: NodeRows;
    };
    return {
      ...update,
      data: update.data && { ...update.data, expected: rows.dataVersions[0] ?? 1 },
      access: update.access && { ...update.access, expected: rows.accessVersions[0] ?? 1 },
    };
  });
  return { ...batch, updates };
}

/** The rows at the positions that are kept. */
function picked(rows: NodeRows, keeps: (i: number) => boolean): NodeRows {
  const kept = new NodeRows();
  for (let i = 0; i < rows.length; i++) {
    if (!keeps(i)) continue;
    kept.ids.push(rows.ids.at(i));
    kept.owners.push(rows.owners.at(i));
    kept.push(
      rows.types[i]!,
      rows.access[i]!,
      rows.dataVersions[i]!,
      rows.accessVersions[i]!,
      rows.shapes[i]!,
      rows.fields[i]!,
    );
  }
  return kept;
}

/** The answer with the edges of its first request in another order; of the columns only the one that shows it. */
function inOrderOf(inserted: readonly Id[], answer: AdjacencyAnswer): AdjacencyAnswer {
  const { edges, ends } = answer.rows;
  const ids = [...edges];
  const first = ids
    .splice(0, ends[0])
    .sort((left, right) => inserted.indexOf(left) - inserted.indexOf(right));
  edges.clear();
  for (const id of [...first, ...ids]) edges.push(id);
  return answer;
}

function withDatesAsText(fields: FieldData): FieldData {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Date ? value.toJSON() : value]),
  );
}
