import { describe, expect, test } from "vitest";
import { ClosedError, CommitUnknownError, GraphError, TierUnavailableError } from "../errors.ts";
import { IdColumn, IdSource } from "../model/id.ts";
import { checkedStore } from "./checked-store.ts";
import { BatchDraft } from "./conformance/batch-draft.ts";
import { catalog } from "./conformance/catalog.ts";
import { adjacency } from "./conformance/store-client.ts";
import { memory } from "./memory-store.ts";
import { AdjacencyRows, EdgeRows, NodeRows } from "./rows.ts";
import type { CommitBatch, Store } from "./store.ts";

const ids = new IdSource();
const id = ids.nextId();
const page = { order: "asc", after: undefined, limit: 1 } as const;

/** A memory store of which some methods do something else, checked and open. */
function checked(changes: Partial<Store> = {}): Store {
  const inner = memory();
  const replaced = { ...changes };
  const store = new Proxy(inner, {
    get(target, key: keyof Store) {
      const value: unknown = replaced[key] ?? target[key];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const outer = checkedStore(store);
  void outer.open(catalog);
  return outer;
}

function batch(change: Partial<CommitBatch> = {}): CommitBatch {
  const draft = new BatchDraft(() => ids.nextId(), id);
  draft.node("Person");
  return { ...draft.batch("base"), ...change };
}

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const rejecting = { durable: false, shared: false, synchronous: false };

describe("a caller's mistake is a TypeError that names the method", () => {
  const draft = new BatchDraft(() => ids.nextId(), id);
  draft.node("Nobody");
  const uneven = new NodeRows();
  uneven.ids.push(id);
  const mistakes: Record<string, (store: Store) => unknown> = {
    "readNodes without ids": (store) => store.readNodes(new IdColumn()),
    "readNodes with too many ids": (store) => store.readNodes(IdColumn.from(Array(257).fill(id))),
    "readEdges with an array of ids": (store) => store.readEdges([id] as never),
    "readAdjacency with fewer requests than nodes": (store) => store.readAdjacency(IdColumn.of(id), []),
    "readAdjacency in no direction": (store) =>
      store.readAdjacency(IdColumn.of(id), [adjacency({ direction: "both" as never })]),
    "readAdjacency by a node type": (store) =>
      store.readAdjacency(IdColumn.of(id), [adjacency({ edgeType: "Person" })]),
    "readAdjacency after what is no id": (store) =>
      store.readAdjacency(IdColumn.of(id), [adjacency({ after: "x" })]),
    "readAdjacency without a limit": (store) =>
      store.readAdjacency(IdColumn.of(id), [adjacency({ limit: 0 })]),
    "lookup in an unknown index": (store) =>
      store.lookup({ index: "Person.shoe", equals: [], ...page, after: undefined }),
    "lookup with too many values": (store) =>
      store.lookup({ index: "Person.email", equals: ["a", "b"], ...page, after: undefined }),
    "lookup with a range and no field left": (store) =>
      store.lookup({ index: "Person.email", equals: ["a"], range: { low: "b" }, ...page, after: undefined }),
    "lookup of an owner in an index of all": (store) =>
      store.lookup({ index: "Person.email", equals: [], owner: id, ...page, after: undefined }),
    "lookup after half a key": (store) =>
      store.lookup({ index: "Person.team+rank", equals: [], ...page, after: { key: ["red"], id } }),
    "scan of an unknown type": (store) => store.scan({ kind: "node", type: "Nobody", ...page }),
    "scan of a type of the other kind": (store) => store.scan({ kind: "edge", type: "Person", ...page }),
    "commit of nothing": (store) => store.commit([]),
    "commit without a unit": (store) => store.commit([batch({ unitId: "" })]),
    "commit of an unknown type": (store) => store.commit([batch({ nodes: draft.nodes })]),
    "commit of uneven columns": (store) => store.commit([batch({ nodes: uneven })]),
    "commit of an update that changes nothing": (store) =>
      store.commit([batch({ updates: [{ kind: "node", id, type: "Person" }] })]),
    "outcome of what is no id": (store) => store.outcome("unit 1"),
    "changes since nothing": (store) => store.changes(""),
    "purge of no rows": (store) => store.purge(0.5),
  };
  test.each(Object.entries(mistakes))("%s", (name, run) => {
    const error = thrown(() => run(checked()));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(new RegExp(`^${name.split(" ")[0]}: `));
  });

  test("an asynchronous store rejects with it", async () => {
    await expect(checked({ supports: rejecting }).purge(0)).rejects.toThrow(TypeError);
  });
});

describe("what the store throws", () => {
  const failure = new Error("disk on fire");
  const fail = (): never => {
    throw failure;
  };

  test("is a GraphError with the cause, from a read", () => {
    const error = thrown(() => checked({ readNodes: fail }).readNodes(IdColumn.of(id)));
    expect(error).toBeInstanceOf(GraphError);
    expect(error).toMatchObject({
      code: "RW_STORE_FAILED",
      cause: failure,
      details: { method: "readNodes" },
    });
  });

  test("means an unknown outcome, from a commit", () => {
    const error = thrown(() => checked({ commit: fail }).commit([batch()]));
    expect(error).toBeInstanceOf(CommitUnknownError);
    expect(error).toMatchObject({ cause: failure });
  });

  test("passes as it is where it is a GraphError already", () => {
    const down = new TierUnavailableError();
    const refuse = (): never => {
      throw down;
    };
    expect(thrown(() => checked({ purge: refuse }).purge(1))).toBe(down);
    expect(thrown(() => checked({ commit: refuse }).commit([batch()]))).toBe(down);
  });

  test("is a rejection of an asynchronous store, thrown or rejected", async () => {
    const expected = { code: "RW_STORE_FAILED", cause: failure };
    await expect(checked({ supports: rejecting, purge: fail }).purge(1)).rejects.toMatchObject(expected);
    const later = { supports: rejecting, purge: () => Promise.reject(failure) };
    await expect(checked(later).purge(1)).rejects.toMatchObject(expected);
  });
});

describe("what the store answers", () => {
  test("comes without a promise where it came without one", () => {
    const store = checked();
    expect(store.current()).toBeTypeOf("string");
    expect(store.readNodes(IdColumn.of(id))).not.toBeInstanceOf(Promise);
  });

  test("is refused where its form breaks the contract", () => {
    const rows = new NodeRows();
    rows.push("Person", { all: "none", roots: new Map() }, 1, 1, 1, {});
    const broken: Partial<Store>[] = [
      { readNodes: () => ({ rows, token: "t" }) },
      { readNodes: () => ({ rows: new NodeRows(), token: "" }) },
      { readNodes: () => undefined as never },
    ];
    for (const changes of broken) {
      const error = thrown(() => checked(changes).readNodes(IdColumn.of(id)));
      expect(error).toMatchObject({ code: "RW_STORE_CONTRACT" });
    }
  });

  test("is refused where any one column is longer than the others", () => {
    const refused = (answer: Partial<Store>, call: (store: Store) => unknown, column: string): void =>
      expect(
        thrown(() => call(checked(answer))),
        column,
      ).toMatchObject({ code: "RW_STORE_CONTRACT" });
    const longer = <Rows extends object>(
      make: () => Rows,
      use: (rows: Rows, column: string) => void,
    ): void => {
      for (const column of Object.keys(make())) {
        const rows = make();
        const values = rows[column as keyof Rows] as { push(value: unknown): void };
        values.push(values instanceof IdColumn ? id : 1);
        use(rows, column);
      }
    };
    longer(
      () => new EdgeRows(),
      (rows, column) =>
        refused(
          { readEdges: () => ({ rows, token: "t" }) },
          (store) => store.readEdges(IdColumn.of(id)),
          column,
        ),
    );
    longer(
      () => {
        const rows = new AdjacencyRows();
        rows.endRequest(false);
        return rows;
      },
      (rows, column) =>
        refused(
          { readAdjacency: () => ({ rows, token: "t" }) },
          (store) => store.readAdjacency(IdColumn.of(id), [adjacency()]),
          column,
        ),
    );
  });

  test("leaves the outcome unknown where a commit is answered in a broken form", () => {
    const error = thrown(() => checked({ commit: () => [] }).commit([batch()]));
    expect(error).toMatchObject({ code: "RW_COMMIT_UNKNOWN", cause: { code: "RW_STORE_CONTRACT" } });
  });
});

describe("opening and closing", () => {
  test("nothing is called before open and after close", () => {
    const early = checkedStore(memory());
    expect(thrown(() => early.current())).toBeInstanceOf(ClosedError);
    const late = checked();
    void late.close();
    expect(thrown(() => late.current())).toBeInstanceOf(ClosedError);
    expect(thrown(() => late.open(catalog))).toBeInstanceOf(ClosedError);
  });

  test("the store is closed once, however often it is asked to", async () => {
    let closed = 0;
    const store = checked({
      supports: rejecting,
      close: async () => {
        closed += 1;
      },
    });
    await Promise.all([store.close(), store.close()]);
    await store.close();
    expect(closed).toBe(1);
  });

  test("a store that never opened is not closed", () => {
    let closed = 0;
    const inner = memory();
    inner.close = () => {
      closed += 1;
    };
    void checkedStore(inner).close();
    expect(closed).toBe(0);
  });

  test("checking twice is checking once", () => {
    const store = checked();
    expect(checkedStore(store)).toBe(store);
  });
});
